# SPDX-License-Identifier: Apache-2.0
"""Vectors of Paillier's bytes and proofs, and of python-paillier's JSON."""

import functools
import json
import math
import struct

import ed25519
import paillier
import paillier_packing
import paillier_phe
import paillier_proof
import paillier_wire
from cases_arithmetic import invalid, key_for, strings
from cases_paillier import bad_moduli, below, exact_product, layout_fields, listed_keys, small, values_for
from paillier_keys import key, prime
from paillier_numbers import is_prime, jacobi, number, square_number


def non_square(label, n):
    """A w with Jacobi symbol -1."""
    w = below(label, n)
    while jacobi(w, n) != -1:
        w += 1
    return w


def flipped(data, bit):
    return data[: bit // 8] + bytes([data[bit // 8] ^ 1 << bit % 8]) + data[bit // 8 + 1 :]


def replaced(data, offset, part):
    return data[:offset] + part + data[offset + len(part) :]


# Proofs

SESSION = key_for("paillier session")


@functools.cache
def honest(bits, session=SESSION):
    p, q = key(bits)
    return paillier_proof.prove(p, q, session, non_square(f"w {bits}", p * q))


def as_far_as_it_goes(n, factors, session, roots, inverse):
    """A proof for an n that is no such modulus: each round is right if there is a right answer, else 1."""
    w = non_square("w of a bad modulus", n)
    rounds = []
    for y in paillier_proof.challenges(n, session, w):
        answers = [(signs, roots(paillier_proof.turned(n, w, signs, y))) for signs in range(4)]
        signs, x = next((answer for answer in answers if answer[1] is not None), (0, 1))
        rounds.append((signs, x, 1 if inverse is None else pow(y, inverse, n)))
    return w, rounds


def fourth_root(value, prime):
    """A fourth root mod a prime that is 3 mod 4 or 5 mod 8, or None."""
    if pow(value, (prime - 1) // 2, prime) != 1:
        return None
    if prime % 4 == 3:
        return pow(value, ((prime + 1) // 4) ** 2, prime)
    assert prime % 8 == 5
    odd = (prime - 1) // 4
    return pow(value, pow(4, -1, odd), prime) if pow(value, odd, prime) == 1 else None


def combined_root(value, factors):
    roots = [fourth_root(value % factor, factor) for factor in factors]
    if None in roots:
        return None
    n = math.prod(factors)
    return sum(r * (n // f) * pow(n // f, -1, f) for r, f in zip(roots, factors, strict=True)) % n


def bad_proofs():
    """name -> (n, error, proof): moduli that must not be proved, with the best that their maker can say."""
    out = {}

    def add(name, factors, error="wrong-proof", inverse="order"):
        n = math.prod(factors)
        order = math.prod(f - 1 for f in factors)
        if inverse == "order":
            inverse = pow(n, -1, order)
        out[name] = n, error, as_far_as_it_goes(n, factors, SESSION, lambda value: combined_root(value, factors), inverse)

    q = key(512)[1]
    add("p-is-1-mod-4", [prime("five mod eight", 256, 5, 8), q])
    add("both-are-1-mod-4", [prime("five mod eight", 256, 5, 8), prime("another five mod eight", 256, 5, 8)])
    add("three-primes", exact_product("three primes", 512, [171, 171, 170])[1])
    add("prime", [prime("a prime modulus", 512)], "prime")
    square = prime("square", 256)
    # Every unit has the symbol 1 mod a square, so there is no right w either.
    out["square-of-a-prime"] = square**2, "perfect-power", (2, [(0, 1, 1)] * paillier_proof.ROUNDS)
    # q = 1 mod p: n-th powers are no bijection, and only one number in p is one.
    p, multiple = prime("divides the order", 170), 2**172
    while not prime_and_long(multiple * p + 1, p):
        multiple += 2
    add("p-divides-q-minus-1", [p, multiple * p + 1], inverse=None)
    n = bad_moduli()["factor-3"][0]  # 3 and the other factor are 3 mod 4: the proof alone is right
    add("factor-3", [3, n // 3], "small-factor")
    for name in ("prime", "factor-3"):
        paillier_proof.check_answers(out[name][0], SESSION, out[name][2])
    return out


def prime_and_long(q, p):
    return q % 4 == 3 and (p * q).bit_length() == 512 and is_prime(q)


def proofs():
    cases, listed = [], []
    for bits in (512, 1024, 2048):
        p, q = key(bits)
        n, proof = p * q, honest(bits)
        w = proof[0]
        data = paillier_wire.encode_proof(n, proof)
        paillier_wire.check_proof(n, bits, SESSION, data)
        listed.append({"id": f"honest-{bits}", "bits": bits, "modulus": number(n, n), "bytes": data})
        answers = paillier_proof.challenges(n, SESSION, w)
        cases.append({
            "id": f"prove-{bits}", "result": "valid", "kind": "prove", "key": str(bits), "session": SESSION, "w": number(n, w),
            "transcript": paillier_proof.transcript(n, SESSION, w), "challenges": [number(n, y) for y in [*answers[:3], answers[-1]]],
            "proof": f"honest-{bits}",
        })
    p, q = key(512)
    n, proof, data = p * q, honest(512), paillier_wire.encode_proof(p * q, honest(512))
    longest = bytes(range(255))
    for name, session in [("without-a-session", b""), ("longest-session", longest)]:
        own = paillier_wire.encode_proof(n, honest(512, session))
        listed.append({"id": name, "bits": 512, "modulus": number(n, n), "bytes": own})

    def check(name, proof="honest-512", edits=(), cut=0, appended=b"", session=SESSION, bits=512, modulus=n, error=None):
        entry = next(entry for entry in listed if entry["id"] == proof)
        data = entry["bytes"]
        for offset, part in edits:
            data = replaced(data, offset, part)
        data = data[: len(data) - cut] + appended
        case = {
            "id": f"check-{name}", "kind": "check", "bits": bits, "modulus": number(modulus, modulus), "session": session, "proof": proof,
            "edits": [{"offset": offset, "bytes": part} for offset, part in edits], "cut": cut, "appended": appended,
        }
        action = lambda: paillier_wire.check_proof(modulus, bits, session, data)  # noqa: E731
        if error:
            cases.append(invalid(case, error, action))
        else:
            action()
            cases.append({**case, "result": "valid"})

    def at(i, field):
        """Where a field of round i begins."""
        return 4 + 64 + 129 * i + {"signs": 0, "x": 1, "z": 65}[field]

    w, rounds = proof
    wrong = {"error": "wrong-proof"}
    check("honest")
    check("honest-2048", "honest-2048", bits=2048, modulus=key(2048)[0] * key(2048)[1])
    check("without-a-session", "without-a-session", session=b"")
    check("longest-session", "longest-session", session=longest)
    check("another-fourth-root", edits=[(at(7, "x"), number(n, n - rounds[7][1]))])
    check("other-session", session=key_for("another paillier session"), **wrong)
    check("session-longer-by-a-zero", session=SESSION + b"\0", **wrong)
    check("no-session-for-a-session", session=b"", **wrong)
    check("session-for-no-session", "without-a-session", **wrong)
    other = prime("p of another", 256) * prime("q of another", 256)
    check("other-modulus", modulus=other, **wrong)
    check("other-size", bits=1024, modulus=key(1024)[0] * key(1024)[1], error="wrong-size")
    check("stated-size", edits=[(2, b"\x04\x00")], error="wrong-size")
    check("size-of-no-key", edits=[(2, b"\x02\x01")], error="wrong-size")
    check("version-0", edits=[(0, b"\0")], error="wrong-version")
    check("version-2", edits=[(0, b"\2")], error="wrong-version")
    check("type-of-a-public-key", edits=[(1, b"\x70")], error="unknown-type")
    check("empty", cut=len(data), error="truncated")
    check("three-bytes", cut=len(data) - 3, error="truncated")
    check("without-the-last-byte", cut=1, error="truncated")
    check("without-the-last-round", cut=129, error="truncated")
    check("a-byte-more", appended=b"\0", error="trailing-bytes")
    check("a-round-more", appended=data[-129:], error="trailing-bytes")
    for i in (0, 64, 127):
        _, x, z = rounds[i]
        for field, value in [("x", x), ("z", z)]:
            check(f"bit-of-{field}-{i}", edits=[(at(i, field), flipped(number(n, value), 511))], **wrong)
        for change in (1, 2, 3):
            check(f"signs-{i}-other-{change}", edits=[(at(i, "signs"), bytes([rounds[i][0] ^ change]))], **wrong)
        check(f"signs-{i}-more-bits", edits=[(at(i, "signs"), bytes([rounds[i][0] | 4]))], **wrong)
        check(f"signs-{i}-highest-bit", edits=[(at(i, "signs"), bytes([rounds[i][0] | 128]))], **wrong)
    check("z-negated", edits=[(at(5, "z"), number(n, n - rounds[5][2]))], **wrong)
    check("x-is-zero", edits=[(at(5, "x"), bytes(64))], **wrong)
    check("z-is-zero", edits=[(at(5, "z"), bytes(64))], **wrong)
    for field, place in [("x", 1), ("z", 2)]:
        i = next(i for i in range(128) if rounds[i][place] + n < 2**512)
        check(f"{field}-plus-n", edits=[(at(i, field), number(n, rounds[i][place] + n))], **wrong)
    check("w-plus-1", edits=[(4, number(n, w + 1))], **wrong)
    check("w-negated", edits=[(4, number(n, n - w))], **wrong)
    check("w-is-zero", edits=[(4, bytes(64))], **wrong)
    check("w-is-n", edits=[(4, number(n, n))], **wrong)
    first, second = data[68 : 68 + 129], data[68 + 129 : 68 + 258]
    check("two-rounds-swapped", edits=[(68, second), (68 + 129, first)], **wrong)
    check("one-round-twice", edits=[(68 + 129, first)], **wrong)
    # All rounds are answered rightly, for a w whose symbol is 1: half of the y have no answer then, and those are 1.
    square = next(v for v in range(2, 1000) if jacobi(v, n) == 1 and not paillier_proof.is_square(v, p))
    rounds_of_square = []
    for y in paillier_proof.challenges(n, SESSION, square):
        fits = [s for s in range(4) if combined_root(paillier_proof.turned(n, square, s, y), [p, q]) is not None]
        signs = fits[0] if fits else 0
        x = combined_root(paillier_proof.turned(n, square, signs, y), [p, q]) or 1
        rounds_of_square.append((signs, x, pow(y, pow(n, -1, (p - 1) * (q - 1)), n)))
    listed.append({
        "id": "symbol-of-w-is-1", "bits": 512, "modulus": number(n, n), "bytes": paillier_wire.encode_proof(n, (square, rounds_of_square)),
    })
    check("symbol-of-w-is-1", "symbol-of-w-is-1", **wrong)
    for name, (bad, error, proof) in bad_proofs().items():
        assert bad.bit_length() == 512
        listed.append({"id": name, "bits": 512, "modulus": number(bad, bad), "bytes": paillier_wire.encode_proof(bad, proof)})
        check(f"modulus-{name}", name, modulus=bad, error=error)
    return {"keys": listed_keys((512, 1024, 2048)), "proofs": listed, "cases": cases}


# Serialized forms


def serialization():
    cases = []
    holder_seed = key_for("paillier key holder")
    holder = ed25519.public_key(holder_seed)
    p, q = key(512)
    n, n2 = p * q, (p * q) ** 2
    other = key(1024)[0] * key(1024)[1]
    form = paillier_packing.Layout(512, 8, 1, 4)

    def valid(name, kind, context, data, fields):
        cases.append({"id": f"{kind}-{name}", "result": "valid", "kind": kind, **context, "bytes": data, **fields})

    def refused(name, kind, context, data, error, action):
        cases.append(invalid({"id": f"{kind}-{name}", "kind": kind, **context, "bytes": data}, error, lambda: action(data)))

    def framing(kind, context, data, action, fixed):
        """What must fail in every form."""
        refused("empty", kind, context, b"", "truncated", action)
        refused("one-byte", kind, context, data[:1], "truncated", action)
        refused("without-the-last-of-the-fixed-part", kind, context, data[: fixed - 1], "truncated", action)
        refused("only-the-fixed-part", kind, context, data[:fixed], "truncated", action)
        refused("without-the-last-byte", kind, context, data[:-1], "truncated", action)
        refused("a-byte-more", kind, context, data + b"\0", "trailing-bytes", action)
        refused("twice", kind, context, data + data, "trailing-bytes", action)
        refused("version-0", kind, context, replaced(data, 0, b"\0"), "wrong-version", action)
        refused("version-2", kind, context, replaced(data, 0, b"\2"), "wrong-version", action)
        for other_kind in (0x6F, data[1] ^ 1, 0x76, 0):
            refused(f"type-{other_kind}", kind, context, replaced(data, 1, bytes([other_kind])), "unknown-type", action)

    # Public keys
    for bits in (512, 1024, 2048, 3072):
        modulus = key(bits)[0] * key(bits)[1]
        valid(str(bits), "public-key", {}, paillier_wire.encode_public_key(modulus), {"modulus": number(modulus, modulus)})
    data = paillier_wire.encode_public_key(n)
    framing("public-key", {}, data, paillier_wire.decode_public_key, 4)
    for name, bits in [("zero-bits", 0), ("511-bits", 511), ("448-bits", 448), ("4160-bits", 4160), ("65535-bits", 65535)]:
        refused(name, "public-key", {}, replaced(data, 2, bits.to_bytes(2, "big")), "wrong-size", paillier_wire.decode_public_key)
    longer = replaced(data, 2, (576).to_bytes(2, "big"))
    refused("longer-than-there-is", "public-key", {}, longer, "truncated", paillier_wire.decode_public_key)
    padded = longer[:4] + bytes(8) + longer[4:]
    refused("leading-zeros", "public-key", {}, padded, "wrong-size", paillier_wire.decode_public_key)
    for name, (bad, bits, error) in bad_moduli().items():
        if bits == 512 and bad.bit_length() <= 512:
            encoded = data[:4] + bad.to_bytes(64, "big")
            refused(f"modulus-{name}", "public-key", {}, encoded, error, paillier_wire.decode_public_key)

    # Public keys with a signature and a proof
    proof = honest(512)
    signature = ed25519.sign(holder_seed, paillier.signed_bytes(n))
    context = {"holder": holder, "session": SESSION}
    data = paillier_wire.encode_proved_public_key(n, signature, proof)
    assert paillier_wire.decode_proved_public_key(data, holder, SESSION) == n
    fields = {"modulus": number(n, n), "holderSeed": holder_seed, "signedBytes": paillier.signed_bytes(n), "signature": signature}
    valid("512", "proved-public-key", context, data, fields)

    def decode(data, holder=holder, session=SESSION):
        return paillier_wire.decode_proved_public_key(data, holder, session)

    def proved(name, data, error, **changed):
        own = {"holder": changed.get("holder", holder), "session": changed.get("session", SESSION)}
        refused(name, "proved-public-key", own, data, error, lambda data: decode(data, **own))

    proved("without-the-last-byte", data[:-1], "truncated")
    proved("a-byte-more", data + b"\0", "trailing-bytes")
    proved("type-of-a-public-key", replaced(data, 1, b"\x70"), "unknown-type")
    proved("bit-of-the-signature", flipped(data, 8 * 70), "wrong-signature")
    proved("signature-of-zeros", replaced(data, 68, bytes(64)), "wrong-signature")
    proved("other-holder", data, "wrong-signature", holder=ed25519.public_key(key_for("another holder")))
    proved("signature-of-another-modulus", replaced(data, 68, ed25519.sign(holder_seed, paillier.signed_bytes(other))), "wrong-signature")
    bare = paillier_wire.encode_public_key(n)
    proved("signature-of-the-public-key-form", replaced(data, 68, ed25519.sign(holder_seed, bare)), "wrong-signature")
    proved("other-session", data, "wrong-proof", session=key_for("another paillier session"))
    proved("bit-of-the-proof", flipped(data, 8 * (132 + 64 + 1 + 60)), "wrong-proof")
    for name, (bad, error, own) in bad_proofs().items():
        if name in ("p-is-1-mod-4", "prime"):
            signed = ed25519.sign(holder_seed, paillier.signed_bytes(bad))
            proved(f"modulus-{name}-signed", paillier_wire.encode_proved_public_key(bad, signed, own), error)

    # Ciphertexts
    c = paillier.encrypt(n, below("m of bytes", n), r=below("r of bytes", n))
    context = {"key": "512"}
    data = paillier_wire.encode_ciphertext(n, c)
    valid("512", "ciphertext", context, data, {"c": square_number(n, c)})
    c1024 = paillier.encrypt(other, 5, r=below("r of bytes", other))
    valid("1024", "ciphertext", {"key": "1024"}, paillier_wire.encode_ciphertext(other, c1024), {"c": square_number(other, c1024)})
    framing("ciphertext", context, data, lambda data: paillier_wire.decode_ciphertext(data, n), 34)

    def ciphertext(name, data, error, **changed):
        refused(name, "ciphertext", context, data, error, lambda data: paillier_wire.decode_ciphertext(data, n))

    for bit in (0, 255):
        ciphertext(f"bit-{bit}-of-the-fingerprint", flipped(data, 16 + bit), "wrong-key")
    ciphertext("of-another-key", paillier_wire.encode_ciphertext(other, c1024), "wrong-key")
    bad = {
        "0": 0, "n-squared": n2, "n-squared-plus-1": n2 + 1, "ones": 2**1024 - 1,
        "n": n, "p": p, "q-times-17": 17 * q, "n-squared-minus-n": n2 - n,
    }
    for name, value in bad.items():
        error = "ciphertext-out-of-range" if not 0 < value < n2 else "ciphertext-not-a-unit"
        ciphertext(f"c-{name}", data[:34] + value.to_bytes(128, "big"), error)

    # Packed vectors
    def packed(name, bits, form, count, weight):
        p, q = key(bits)
        modulus = p * q
        plaintexts = paillier_packing.pack(form, values_for(f"packed {name}", form, count))
        ciphertexts = [
            paillier.encrypt(modulus, m * weight, a=below(f"packed {name} {i}", 2 ** (bits // 2)), exponent_bits=bits // 2)
            for i, m in enumerate(plaintexts)
        ]
        data = paillier_wire.encode_packed_vector(modulus, form, count, weight, ciphertexts)
        assert paillier_wire.decode_packed_vector(data, modulus, form, count) == (weight, ciphertexts)
        sums = paillier_packing.unpack(form, count, weight, [paillier.decrypt(p, q, c) for c in ciphertexts])
        fields = {"weight": weight, "ciphertexts": [square_number(modulus, c) for c in ciphertexts], "sums": strings(sums)}
        valid(name, "packed-vector", {"key": str(bits), **layout_fields(form), "count": count}, data, fields)
        return data, ciphertexts

    packed("one-value", 512, form, 1, 1)
    packed("one-ciphertext", 512, form, 51, 4)
    data, ciphertexts = packed("two-ciphertexts", 512, form, 52, 3)
    packed("2048-bits", 2048, paillier_packing.Layout(2048, 32, 1, 2), 63, 2)
    context = {"key": "512", **layout_fields(form), "count": 52}
    framing("packed-vector", context, data, lambda data: paillier_wire.decode_packed_vector(data, n, form, 52), 51)

    def vector(name, data, error):
        refused(name, "packed-vector", context, data, error, lambda data: paillier_wire.decode_packed_vector(data, n, form, 52))

    vector("bit-of-the-fingerprint", flipped(data, 16 + 100), "wrong-key")
    vector("fingerprint-of-another-key", replaced(data, 2, paillier.fingerprint(other)), "wrong-key")
    for name, offset, part in [
        ("0-value-bits", 34, b"\0"), ("65-value-bits", 34, b"\x41"), ("9-value-bits-in-the-same-slots", 34, b"\x09"), ("signedness-2", 35, b"\2"),
        ("no-head-room", 36, bytes(4)), ("head-room-without-room", 36, b"\xff\xff\xff\xff"), ("slots-of-11-bits", 40, b"\x0b"),
        ("50-slots", 41, b"\0\x32"), ("52-slots", 41, b"\0\x34"), ("no-slots", 41, b"\0\0"),
    ]:
        vector(f"layout-of-{name}", replaced(data, offset, part), "inconsistent-layout")
    widest = paillier_packing.Layout(512, 8, 1, 4).encoded()
    vector("layout-of-65-bit-slots", replaced(data, 34, b"\x40\1\0\0\0\2" + widest[6:]), "inconsistent-layout")
    for name, stated in [("unsigned", (8, 0, 4)), ("less-head-room", (8, 1, 3)), ("9-bits", (9, 1, 2))]:
        vector(f"layout-of-{name}", replaced(data, 34, paillier_packing.Layout(512, *stated).encoded()), "wrong-layout")
    for count in (0, 1, 51, 53, 2**32 - 1):
        vector(f"count-{count}", replaced(data, 43, count.to_bytes(4, "big")), "wrong-count")
    for weight in (0, 5, 2**32 - 1):
        vector(f"weight-{weight}", replaced(data, 47, weight.to_bytes(4, "big")), "weight-out-of-range")
    vector("one-ciphertext-less", data[:-128], "truncated")
    vector("one-ciphertext-more", data + data[-128:], "trailing-bytes")
    for place, offset in [("first", 51), ("second", 179)]:
        for name, value in bad.items():
            error = "ciphertext-out-of-range" if not 0 < value < n2 else "ciphertext-not-a-unit"
            vector(f"{place}-c-{name}", replaced(data, offset, value.to_bytes(128, "big")), error)

    # Private keys
    for bits in (512, 1024, 2048, 3072):
        a, b = key(bits)
        size = bits // 16
        fields = {"p": a.to_bytes(size, "big"), "q": b.to_bytes(size, "big")}
        valid(str(bits), "private-key", {}, paillier_wire.encode_private_key(a, b), fields)
    data = paillier_wire.encode_private_key(p, q)
    framing("private-key", {}, data, paillier_wire.decode_private_key, 4)

    def private(name, a, b, error, bits=512):
        size = bits // 16
        encoded = data[:2] + bits.to_bytes(2, "big") + a.to_bytes(size, "big") + b.to_bytes(size, "big")
        refused(name, "private-key", {}, encoded, error, paillier_wire.decode_private_key)

    private("in-the-other-order", q, p, "not-canonical")
    private("p-twice", p, p, "not-canonical")
    private("p-is-zero", 0, q, "wrong-size")
    private("p-is-1", 1, q, "wrong-size")
    private("p-even", p + 1, q, "even")
    one = prime("one mod four", 256, 1)
    private("p-is-1-mod-4", min(one, q), max(one, q), "not-blum")
    _, (r, s, t) = exact_product("two and one", 512, [128, 128, 256])
    private("composite", min(r * s, t), max(r * s, t), "composite-factor")
    private("other-size", p, q, "wrong-size", 576)
    return {"keys": listed_keys((512, 1024, 2048)), "cases": cases}


# python-paillier


def double(value):
    return struct.pack(">d", value)


def phe():
    cases = []
    p, q = key(1024)
    n = p * q

    def case(kind, name, fields, made, error=None):
        out = {"id": f"{kind}-{name}", "kind": kind, **fields}
        if error:
            cases.append(invalid(out, error, made))
        else:
            cases.append({**out, "result": "valid", **made()})

    for name, value in [
        ("zero", 0.0), ("minus-zero", -0.0), ("one", 1.0), ("minus-one", -1.0), ("tenth", 0.1), ("minus-tenth", -0.1), ("1e-9", 1e-9), ("1000.5", 1000.5),
        ("third", 1 / 3), ("least", 5e-324), ("least-normal", 2.0**-1022), ("1e100", 1e100), ("2-to-the-53", 2.0**53), ("16", 16.0), ("just-below-16", 15.999999999999998),
    ]:
        def made(value=value):
            encoding, exponent = paillier_phe.encode(n, value)
            assert paillier_phe.decode(n, encoding, exponent) == value
            return {"encoding": number(n, encoding), "exponent": str(exponent)}

        case("encode", name, {"key": "1024", "value": double(value), "magnitude": None, "isNegative": None}, made)
    largest = paillier_phe.largest_integer(n)
    for name, value, error in [
        ("0", 0, None), ("1", 1, None), ("minus-1", -1, None), ("2-to-the-64", 2**64, None), ("largest", largest, None), ("smallest", -largest, None),
        ("past-the-largest", largest + 1, "value-out-of-range"), ("past-the-smallest", -largest - 1, "value-out-of-range"),
    ]:
        def made(value=value):
            encoding, exponent = paillier_phe.encode(n, value)
            return {"encoding": number(n, encoding), "exponent": str(exponent)}

        case("encode", f"integer-{name}", {"key": "1024", "value": None, "magnitude": small(abs(value)), "isNegative": int(value < 0)}, made, error)
    for name, value in [("nan", math.nan), ("infinity", math.inf), ("minus-infinity", -math.inf)]:
        case("encode", name, {"key": "1024", "value": double(value), "magnitude": None, "isNegative": None}, lambda v=value: paillier_phe.encode(n, v), "not-finite")

    for name, encoding, exponent, error in [
        ("integer", 12345, 0, None), ("negative", n - 12345, -3, None), ("largest", largest, -250, None), ("smallest", n - largest, -250, None),
        ("past-the-largest", largest + 1, -250, "decryption-failed"), ("past-the-smallest", n - largest - 1, -250, "decryption-failed"),
        ("n", n, 0, "decryption-failed"), ("tie-to-even", 2**53 + 1, 0, None), ("tie-to-even-up", 2**53 + 3, -5, None),
        ("negative-tie", n - 2**53 - 1, -5, None), ("just-above-a-tie", (2**53 + 1) * 2**64 + 1, -16, None),
        ("subnormal", 3, -269, None), ("subnormal-tie", 3, -269 - 1, None), ("below-all", 1, -1024, None), ("largest-power", 1, 255, None), ("first-power-above", 1, 256, "decryption-failed"),
        ("largest-double", 2**1024 - 2**971 >> 512, 128, None), ("above-all-doubles", 2**64, 250, "decryption-failed"),
        ("exponent-1025", 1, 1025, "scale-out-of-range"), ("exponent-minus-1025", 1, -1025, "scale-out-of-range"),
    ]:
        case(
            "decode", name, {"key": "1024", "encoding": encoding.to_bytes(128, "big"), "exponent": str(exponent)},
            lambda e=encoding, x=exponent: {"value": double(paillier_phe.decode(n, e, x))}, error,
        )
    phe_sums(case, n, p, q)
    phe_keys(case, p, q)
    phe_numbers(case, n)
    return {"keys": listed_keys((1024,)), "cases": cases}


def encrypted(n, value, label):
    encoding, exponent = paillier_phe.encode(n, value)
    return paillier.encrypt(n, encoding, r=below(f"phe {label}", n)), exponent


def phe_sums(case, n, p, q):
    def fields(one, other):
        return {
            "key": "1024", "one": {"c": square_number(n, one[0]), "exponent": str(one[1])},
            "other": {"c": square_number(n, other[0]), "exponent": str(other[1])},
        }

    for name, a, b in [
        ("same-exponents", 1.5, 1.25), ("first-higher", 1e6, 0.1), ("second-higher", -1e-6, 123.0), ("integer-and-double", 7, -0.1),
        ("to-zero", 0.3, -0.3), ("integers", -5, 3),
    ]:
        one, other = encrypted(n, a, f"{name} a"), encrypted(n, b, f"{name} b")

        def made(one=one, other=other):
            c, exponent = paillier_phe.add(n, one, other)
            value = paillier_phe.decode(n, paillier.decrypt(p, q, c), exponent)
            return {"c": square_number(n, c), "exponent": str(exponent), "value": double(value)}

        case("sum", name, fields(one, other), made)
    one = encrypted(n, 1, "far")
    far = (one[0], -300)
    case("sum", "exponents-too-far-apart", fields(one, far), lambda: paillier_phe.add(n, one, far), "no-head-room")
    case("sum", "exponent-1025", fields(one, (one[0], 1025)), lambda: paillier_phe.add(n, one, (one[0], 1025)), "scale-out-of-range")
    case("sum", "c-is-zero", fields(one, (0, 0)), lambda: paillier_phe.add(n, one, (0, 0)), "ciphertext-out-of-range")


def phe_keys(case, p, q):
    n = p * q
    text = paillier_phe.public_key_text(n, "a name")

    def public(name, text, error=None):
        case("public-key", name, {"text": text}, lambda: {"modulus": number(n, paillier_phe.read_public_key(text))}, error)

    def changed(text, **entries):
        value = json.loads(text)
        for name, entry in entries.items():
            if entry is None:
                del value[name]
            else:
                value[name] = entry
        return json.dumps(value)

    encoded = json.loads(text)["n"]
    public("as-it-is-written", text)
    public("without-a-name", changed(text, kid=None))
    public("with-more-members", changed(text, more=[1, 2]))
    public("with-a-name-in-other-letters", changed(text, kid="cl\u00e9 \u0142 \U0001f511 \"\n"))
    public("with-other-numbers", changed(text, more=[0, -0, 1.5, -1e300, 1e-9]))
    for i, word in enumerate(("01", "-01", "+1", "1.", ".5", "1e", "-", "0x1", "1e+", "--1", "1.5.5")):
        public(f"no-number-{i}", text[:-1] + f', "more": {word}' + "}", "malformed")
    for name, escape in [("of-three-digits", "\\u00e"), ("with-a-sign", "\\u+0e9"), ("of-no-name", "\\x"), ("at-the-end", "\\")]:
        public(f"escape-{name}", text.replace("a name", escape), "malformed")
    public("with-white-space", json.dumps(json.loads(text), indent=None, separators=(" ,  ", " :  ")))
    for name, entries, error in [
        ("other-type", {"kty": "RSA"}, "wrong-algorithm"), ("other-algorithm", {"alg": "PAI-GN2"}, "wrong-algorithm"),
        ("for-decryption", {"key_ops": ["decrypt"]}, "wrong-algorithm"), ("for-nothing", {"key_ops": []}, "wrong-algorithm"),
        ("no-type", {"kty": None}, "malformed"), ("no-algorithm", {"alg": None}, "malformed"), ("no-modulus", {"n": None}, "malformed"),
        ("padding", {"n": encoded + "=="}, "malformed"), ("plus-and-slash", {"n": "+/" + encoded[2:]}, "malformed"),
        ("leading-zero-byte", {"n": "AA" + encoded}, "malformed"), ("bits-after-the-last-byte", {"n": encoded[:-1] + "9"}, "malformed"),
        ("one-digit-of-four", {"n": encoded[: len(encoded) // 4 * 4 + 1]}, "malformed"), ("empty", {"n": ""}, "malformed"),
        ("a-number", {"n": 7}, "malformed"), ("zero", {"n": "AA"}, "malformed"),
        ("even", {"n": paillier_phe.base64_text(n + 1)}, "even"), ("35", {"n": "Iw"}, "wrong-size"),
        ("prime", {"n": paillier_phe.base64_text(prime("a prime modulus", 512))}, "prime"),
        ("square", {"n": paillier_phe.base64_text(prime("square", 256) ** 2)}, "perfect-power"),
        ("small-factor", {"n": paillier_phe.base64_text(bad_moduli()["factor-65537"][0])}, "small-factor"),
    ]:
        public(name, changed(text, **entries), error)
    public("an-array", "[]", "malformed")
    public("cut-short", text[:-1], "malformed")
    public("no-text", " ", "malformed")
    public("two-objects", text + text, "malformed")

    text = paillier_phe.private_key_text(p, q, "a name")

    def private(name, text, error=None):
        def made():
            a, b = paillier_phe.read_private_key(text)
            return {"modulus": number(a * b, a * b), "p": small(a), "q": small(b)}

        case("private-key", name, {"text": text}, made, error)

    own = json.loads(text)
    private("as-it-is-written", text)
    private("in-the-other-order", changed(text, p=own["q"], q=own["p"]))
    one, other = prime("one mod four", 256, 1), key(512)[1]
    private("p-is-1-mod-4", paillier_phe.private_key_text(one, other, "a name"))
    wrong = paillier_phe.base64_text(prime("other", 512))
    for name, entries, error in [
        ("other-p", {"p": wrong}, "wrong-product"), ("no-p", {"p": None}, "malformed"), ("no-public-key", {"pub": None}, "malformed"),
        ("public-key-is-a-number", {"pub": 7}, "malformed"), ("for-encryption", {"key_ops": ["encrypt"]}, "wrong-algorithm"),
        ("public-key-of-another-algorithm", {"pub": {**own["pub"], "alg": "x"}}, "wrong-algorithm"),
        ("public-key-even", {"pub": {**own["pub"], "n": paillier_phe.base64_text(n + 1)}}, "even"),
        ("one-and-n", {"p": "AQ", "q": own["pub"]["n"]}, "wrong-product"),
    ]:
        private(name, changed(text, **entries), error)
    _, (r, s, t) = exact_product("two and one", 512, [128, 128, 256])
    private("composite", paillier_phe.private_key_text(r * s, t, "a name"), "composite-factor")


def phe_numbers(case, n):
    c, exponent = encrypted(n, 0.1, "number")

    def read(name, text, error=None):
        def made():
            c, exponent = paillier_phe.read_number(text, n)
            return {"c": square_number(n, c), "exponent": str(exponent)}

        case("number", name, {"key": "1024", "text": text}, made, error)

    def pair(v, e):
        return json.dumps({"v": v, "e": e})

    read("as-it-is-written", paillier_phe.number_text(c, exponent))
    read("exponent-minus-32", pair(str(c), -32))
    read("positive-exponent", pair(str(c), 5))
    for name, text, error in [
        ("a-number", pair(c, exponent), "malformed"), ("leading-zero", pair("0" + str(c), exponent), "malformed"),
        ("minus", pair("-" + str(c), exponent), "malformed"), ("plus", pair("+" + str(c), exponent), "malformed"),
        ("blank", pair(" " + str(c), exponent), "malformed"), ("hexadecimal", pair(f"{c:x}", exponent), "malformed"), ("empty", pair("", exponent), "malformed"),
        ("underscore", pair("1_0", exponent), "malformed"), ("too-many-digits", pair("1" * 2501, exponent), "malformed"),
        ("no-exponent", json.dumps({"v": str(c)}), "malformed"), ("exponent-is-text", pair(str(c), "-14"), "malformed"),
        ("exponent-is-true", pair(str(c), True), "malformed"), ("exponent-is-a-fraction", pair(str(c), 0.5), "malformed"),
        ("exponent-1025", pair(str(c), 1025), "scale-out-of-range"), ("exponent-minus-1025", pair(str(c), -1025), "scale-out-of-range"),
        ("c-0", pair("0", 0), "ciphertext-out-of-range"), ("c-n-squared", pair(str(n * n), 0), "ciphertext-out-of-range"),
        ("c-n", pair(str(n), 0), "ciphertext-not-a-unit"), ("c-p", pair(str(key(1024)[0]), 0), "ciphertext-not-a-unit"),
        ("array", "[1]", "malformed"), ("nothing", "null", "malformed"),
    ]:
        read(name, text, error)

    numbers = [encrypted(n, value, f"vector {value}") for value in (0.1, -3, 1e-9)]
    text = paillier_phe.vector_text(n, numbers)

    def vector(name, text, error=None):
        def made():
            return {"values": [{"c": square_number(n, c), "exponent": str(e)} for c, e in paillier_phe.read_vector(text, n)]}

        case("vector", name, {"key": "1024", "text": text}, made, error)

    values = json.loads(text)["values"]

    def with_values(values, modulus=str(n)):
        return json.dumps({"public_key": {"n": modulus}, "values": values})

    vector("as-it-is-written", text)
    vector("modulus-as-a-number", with_values(values, n))
    vector("one", with_values(values[:1]))
    for name, text, error in [
        ("other-modulus", with_values(values, str(n + 2)), "wrong-key"), ("other-modulus-as-a-number", with_values(values, n + 2), "wrong-key"),
        ("modulus-in-base64", with_values(values, paillier_phe.base64_text(n)), "malformed"), ("empty", with_values([]), "empty-vector"),
        ("no-values", json.dumps({"public_key": {"n": str(n)}}), "malformed"), ("no-key", json.dumps({"values": values}), "malformed"),
        ("three-parts", with_values([[*values[0], 1]]), "malformed"), ("one-part", with_values([values[0][:1]]), "malformed"),
        ("objects", with_values([{"v": values[0][0], "e": 0}]), "malformed"), ("second-is-n", with_values([values[0], [str(n), 0]]), "ciphertext-not-a-unit"),
        ("last-is-0", with_values([*values, ["0", 0]]), "ciphertext-out-of-range"), ("exponent-1025", with_values([[values[0][0], 1025]]), "scale-out-of-range"),
    ]:
        vector(name, text, error)
