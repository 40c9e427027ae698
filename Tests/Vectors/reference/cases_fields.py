# SPDX-License-Identifier: Apache-2.0
"""Vectors of the prime fields (parameters, masks, Shamir sharing of vectors) and of signatures."""

import hashlib

import ed25519
import fields
import sealing
from cases_arithmetic import invalid, key_for, strings
from cases_wire import sample_sessions
from primitives import SBOX, SHIFT_ROWS, Generator, Refused, aes_block, aes_round_keys, gf256_multiply, xor
from rings import word_size


def drawn_elements(label, k, count):
    draw = Generator(key_for(label))
    return [int.from_bytes(draw.read(16), "little") % fields.PRIMES[k] for _ in range(count)]


# Masks


def aes_inverse(round_keys, block):
    """The block that encrypts to this one (FIPS 197 section 5.3)."""
    inverse_box = bytes(SBOX.index(value) for value in range(256))
    state = xor(block, round_keys[-1])
    for number in range(len(round_keys) - 2, -1, -1):
        shifted = bytearray(16)
        for to, source in enumerate(SHIFT_ROWS):
            shifted[source] = inverse_box[state[to]]
        state = xor(shifted, round_keys[number])
        if number:
            mixed = bytearray()
            for c in range(0, 16, 4):
                for r in range(4):
                    factors = [14, 11, 13, 9]
                    value = 0
                    for i in range(4):
                        value ^= gf256_multiply(state[c + (r + i) % 4], factors[i])
                    mixed.append(value)
            state = bytes(mixed)
    return state


def mask_key_with_first_block(key, block):
    """A mask key whose keystream begins with this block."""
    round_keys = aes_round_keys(key)
    counter = aes_inverse(round_keys, block)
    assert aes_block(round_keys, counter) == block
    return key + counter


def field_masks():
    cases = []

    def case(name, key, k, count, shown):
        elements, words = fields.mask_and_words(key, k, count)
        size = word_size(k)
        digest = hashlib.sha256(b"".join(e.to_bytes(size, "little") for e in elements)).digest()
        cases.append({
            "id": name, "result": "valid", "key": key, "fieldBits": k, "count": count, "wordSize": size,
            "wordsRead": words, "first": strings(elements[:shown]), "last": str(elements[-1]) if elements else None,
            "sha256": digest,
        })
        return elements, words

    for k, p in fields.PRIMES.items():
        case(f"field-bits-{k}", key_for(f"field mask {k}"), k, 37, 9)
        # A first block that holds words on both sides of p_k, with and without bits above the k-th.
        size, high = word_size(k), 2**(8 * word_size(k)) - 2**k
        for number, words in enumerate([[2**k - 1 | high, p - 1, p, 0 | high], [p | high, p - 1 | high, 0, 2**k - 1]]):
            block = b"".join(word.to_bytes(size, "little") for word in words[: 16 // size])
            key = mask_key_with_first_block(key_for(f"crafted {k}")[:16], block)
            elements, read = case(f"skips-in-first-block-{number}-field-bits-{k}", key, k, 6, 6)
            kept = [word % 2**k for word in words[: 16 // size] if word % 2**k < p]
            assert elements[: len(kept)] == kept and read > 6
    for k in [3, 4, 5, 16, 32, 33, 61]:
        case(f"long-field-bits-{k}", key_for(f"long field mask {k}"), k, 3001, 3)
    for k in [3, 13, 31, 32, 33, 61]:
        key = key_for(f"field wrap {k}")[:16] + bytes([255]) * 16
        case(f"counter-all-ones-field-bits-{k}", key, k, 12, 12)
    for count in [0, 1, 2, 3, 4, 5]:
        case(f"count-{count}", key_for("short field mask"), 4, count, 5)
    return cases


# Parameters and Shamir sharing


def sharing():
    cases = []
    for k, p in fields.PRIMES.items():
        cases.append({"id": f"field-{k}", "result": "valid", "kind": "field", "fieldBits": k, "prime": str(p)})

    def bits_for(n, bits):
        case = {"id": f"field-for-n-{n}-bits-{bits}", "kind": "field-bits", "contributors": n, "bits": bits}
        try:
            cases.append({**case, "result": "valid", "fieldBits": fields.field_bits(n, bits)})
        except Refused as reason:
            cases.append({**case, "result": "invalid", "error": str(reason)})

    for bits in [1, 2, 8, 16, 30, 31, 32, 33, 58, 59, 60, 61, 62, 64]:
        for n in [2, 3, 5, 6, 7, 12, 1000]:
            bits_for(n, bits)
    # N * (2^b - 1) on both sides of a prime: 2^31 - 1 itself, 12 < 13 = p_4, 2^61 - 1 and below.
    for n, bits in [(1, 31), (13, 1), (65537, 16), (65536, 16), (1, 61), (2**24 - 1, 37), (2**24 - 1, 38)]:
        bits_for(n, bits)

    def listed(shares):
        return [{"index": str(x), "share": strings(vector)} for x, vector in shares]

    def split(name, k, threshold, indices, dimension=3, secret=None, coefficients=None):
        secret = drawn_elements(f"field secret {name}", k, dimension) if secret is None else secret
        if coefficients is None:
            coefficients = [drawn_elements(f"field {name} {i}", k, threshold - 1) for i in range(len(secret))]
        shares = list(zip(indices, fields.split(k, threshold, secret, coefficients, indices)))
        cases.append({
            "id": name, "result": "valid", "kind": "split", "fieldBits": k, "threshold": threshold,
            "secret": strings(secret), "coefficients": [strings(own) for own in coefficients],
            "shares": listed(shares),
        })
        for subset in [shares, shares[:threshold], shares[-threshold:], shares[::-1]]:
            assert fields.combine(k, threshold, subset) == secret
        return shares

    for k, p in fields.PRIMES.items():
        split(f"split-2-of-3-field-bits-{k}", k, 2, [1, 2, 3])
        split(f"split-largest-elements-field-bits-{k}", k, 3, [1, p - 1, 2, p - 2], 1, [p - 1], [[p - 1, p - 1]])
    for k, threshold, indices in [
        (3, 6, [1, 2, 3, 4, 5, 6]), (4, 7, list(range(1, 13))), (18, 1, [1, 2]), (18, 5, [5, 4, 3, 2, 1]),
        (32, 3, [7, 1, 6, 3, 5]), (33, 12, list(range(1, 13))), (61, 4, [2**61 - 2, 2**40, 3, 2**32, 1]),
        (61, 20, list(range(1, 41))),
    ]:
        split(f"split-{threshold}-of-{len(indices)}-field-bits-{k}", k, threshold, indices)
    split("split-zero", 31, 3, [1, 2, 3, 4], 2, [0, 0], [[0, 0], [0, 0]])
    split("split-no-coordinates", 31, 2, [1, 2, 3], 0, [], [])

    def split_refused(name, error, k, threshold, secret, coefficients, indices):
        case = {
            "id": name, "kind": "split", "fieldBits": k, "threshold": threshold, "secret": strings(secret),
            "coefficients": [strings(own) for own in coefficients], "indices": strings(indices),
        }
        cases.append(invalid(case, error, lambda: fields.split(k, threshold, secret, coefficients, indices)))

    split_refused("split-threshold-zero", "threshold-out-of-range", 18, 0, [1], [[]], [1, 2])
    split_refused("split-threshold-above-shares", "threshold-out-of-range", 18, 3, [1], [[2, 3]], [1, 2])
    split_refused("split-index-zero", "zero-index", 18, 2, [1], [[2]], [0, 1, 2])
    split_refused("split-index-is-the-prime", "zero-index", 5, 2, [1], [[2]], [1, 31, 2])
    split_refused("split-index-twice-the-prime", "zero-index", 3, 2, [1], [[2]], [1, 14, 2])
    split_refused("split-index-repeated", "duplicate-index", 18, 2, [1], [[2]], [1, 2, 1])
    split_refused("split-indices-equal-mod-p", "duplicate-index", 3, 2, [1], [[2]], [1, 2, 8])
    for k in [3, 18, 32, 33, 61]:
        p = fields.PRIMES[k]
        split_refused(f"split-secret-is-the-prime-{k}", "element-not-below-prime", k, 2, [0, p], [[1], [1]], [1, 2])
        split_refused(f"split-coefficient-is-the-prime-{k}", "element-not-below-prime", k, 2, [0], [[p]], [1, 2])

    def lagrange(name, k, indices, at):
        cases.append({
            "id": name, "result": "valid", "kind": "lagrange", "fieldBits": k, "indices": strings(indices),
            "at": str(at), "coefficients": strings(fields.lagrange(k, indices, at)),
        })

    for k in [3, 4, 18, 31, 32, 33, 60, 61]:
        p = fields.PRIMES[k]
        lagrange(f"lagrange-one-point-field-bits-{k}", k, [3], 0)
        lagrange(f"lagrange-first-three-at-0-field-bits-{k}", k, [1, 2, 3], 0)
        lagrange(f"lagrange-not-ascending-at-0-field-bits-{k}", k, [p - 1, 2, 4, 1], 0)
        lagrange(f"lagrange-with-0-at-5-field-bits-{k}", k, [0, 1, 2], 5)
        lagrange(f"lagrange-at-a-point-field-bits-{k}", k, [1, 2, 3], 2)
    for k in [4, 33, 61]:
        lagrange(f"lagrange-twelve-points-field-bits-{k}", k, list(range(1, 13)), 0)

    # Values of the polynomial that given points fix, as a contributor of `shamir` and a peer need them.
    for k, points, at in [(3, [0, 1], [2, 3, 4, 5, 6]), (18, [0, 1, 2], [3, 4, 5]), (33, [0, 3, 4], [1, 2, 5]), (61, [0, 2], [1])]:
        fixed = [(x, drawn_elements(f"points {k} {x}", k, 3)) for x in points]
        values = [(x, fields.value_at(k, fixed, x)) for x in at]
        assert all(fields.value_at(k, fixed, x) == vector for x, vector in fixed)
        cases.append({
            "id": f"extend-{len(points)}-points-field-bits-{k}", "result": "valid", "kind": "extend", "fieldBits": k,
            "points": listed(fixed), "values": listed(values),
        })

    def combination(name, error, k, threshold, points):
        case = {"id": name, "kind": "combine", "fieldBits": k, "threshold": threshold, "shares": listed(points)}
        if error:
            cases.append(invalid(case, error, lambda: fields.combine(k, threshold, points)))
        else:
            secret = fields.combine(k, threshold, points)
            cases.append({**case, "result": "valid", "secret": strings(secret)})

    for k in [3, 32, 61]:
        p = fields.PRIMES[k]
        secret, own = drawn_elements(f"combine secret {k}", k, 2), [drawn_elements(f"combine {k} {i}", k, 2) for i in range(2)]
        shares = list(zip([1, 2, 3, 4, 5], fields.split(k, 3, secret, own, [1, 2, 3, 4, 5])))

        def changed(number, coordinate):
            x, vector = shares[number]
            vector = [(y + 1) % p if i == coordinate else y for i, y in enumerate(vector)]
            return [(x, vector) if n == number else share for n, share in enumerate(shares)]

        def outside(number, coordinate, value):
            x, vector = shares[number]
            return [(x, [value if i == coordinate else y for i, y in enumerate(vector)])] + shares[number + 1 :]

        combination(f"combine-any-order-{k}", None, k, 3, [shares[4], shares[0], shares[2]])
        combination(f"combine-all-{k}", None, k, 3, shares)
        combination(f"combine-all-reversed-{k}", None, k, 3, shares[::-1])
        combination(f"combine-zero-index-{k}", "zero-index", k, 3, [(0, shares[0][1]), *shares[1:3]])
        combination(f"combine-index-is-the-prime-{k}", "zero-index", k, 3, [(p, shares[0][1]), *shares[1:3]])
        combination(f"combine-index-repeated-{k}", "duplicate-index", k, 3, [shares[0], shares[1], shares[1]])
        combination(f"combine-indices-equal-mod-p-{k}", "duplicate-index", k, 3, [*shares[:3], (p + 1, shares[0][1])])
        combination(f"combine-too-few-{k}", "too-few-shares", k, 3, shares[:2])
        combination(f"combine-none-{k}", "too-few-shares", k, 3, [])
        for number in [0, 2, 3, 4]:
            combination(f"combine-share-{number}-changed-{k}", "inconsistent-share", k, 3, changed(number, number % 2))
        combination(f"combine-share-is-the-prime-{k}", "element-not-below-prime", k, 3, outside(0, 0, p))
        combination(f"combine-share-is-all-ones-{k}", "element-not-below-prime", k, 3, outside(1, 1, 2**k - 1 if 2**k - 1 >= p else p))
    return cases


# Signatures


def signing():
    cases = []

    def signed(name, seed, message):
        public, signature = ed25519.public_key(seed), ed25519.sign(seed, message)
        ed25519.verify(public, message, signature)
        cases.append({
            "id": name, "result": "valid", "kind": "sign", "seed": seed, "publicKey": public, "message": message,
            "signature": signature,
        })
        return public, signature

    for length in [0, 1, 2, 31, 32, 63, 64, 127, 128, 1000]:
        message = Generator(key_for(f"message {length}")).read(length)
        signed(f"message-of-{length}-bytes", key_for(f"signer {length}"), message)
    signed("seed-of-zeros", bytes(32), b"message")
    signed("seed-of-ones", bytes([255]) * 32, b"message")

    message = b"a message"
    public, signature = signed("the-one-that-is-changed-below", key_for("signer"), message)
    other_public, other_signature = signed("another-signer", key_for("other signer"), message)

    def refused(name, public, message, signature, error="wrong-signature"):
        case = {"id": name, "kind": "verify", "publicKey": public, "message": message, "signature": signature}
        cases.append(invalid(case, error, lambda: ed25519.verify(public, message, signature)))

    def flipped(data, bit):
        return data[: bit // 8] + bytes([data[bit // 8] ^ 1 << bit % 8]) + data[bit // 8 + 1 :]

    for bit in [0, 7, 100, 254, 255]:
        refused(f"bit-{bit}-of-R", public, message, flipped(signature, bit))
    for bit in [256, 300, 507, 508, 509, 511]:
        refused(f"bit-{bit - 256}-of-S", public, message, flipped(signature, bit))
    s = int.from_bytes(signature[32:], "little")
    refused("S-plus-L", public, message, signature[:32] + (s + ed25519.ORDER).to_bytes(32, "little"))
    refused("S-is-L", public, message, signature[:32] + ed25519.ORDER.to_bytes(32, "little"))
    refused("S-negated", public, message, signature[:32] + (ed25519.ORDER - s).to_bytes(32, "little"))
    refused("signature-of-zeros", public, message, bytes(64))
    refused("signature-of-63-bytes", public, message, signature[:-1])
    refused("signature-of-65-bytes", public, message, signature + b"\0")
    refused("signature-empty", public, message, b"")
    refused("halves-swapped", public, message, signature[32:] + signature[:32])
    refused("message-changed", public, flipped(message, 3), signature)
    refused("message-longer", public, message + b"\0", signature)
    refused("message-empty", public, b"", signature)
    refused("other-key", other_public, message, signature)
    refused("other-signature", public, message, other_signature)

    def sealed(name, session, u, j, identity, ephemeral, box):
        seed = sealing.signed(session, identity, u, j, ephemeral, box)
        cases.append({
            "id": name, "result": "valid", "kind": "sealed-seed", "session": session.digest, "from": u, "to": j,
            "seed": identity, "publicKey": ed25519.public_key(identity), "ephemeralPublicKey": ephemeral, "box": box,
            "message": sealing.signed_bytes(session, u, j, ephemeral, box), "signature": seed["signature"],
        })
        return seed["signature"]

    sessions = sample_sessions()
    identity, ephemeral, box = key_for("identity 4"), key_for("ephemeral"), Generator(key_for("box")).read(48)
    first = sessions["additive"][0]
    signature = sealed("sealed-seed-additive", first, 4, 20, identity, ephemeral, box)
    sealed("sealed-seed-shamir", sessions["shamir"][0], 4, 20, identity, ephemeral, box)
    sealed("sealed-seed-largest-id", sessions["shamir"][0], 1, 4000000000, key_for("identity 1"), ephemeral, box)

    def sealed_refused(name, session, u, j, public, ephemeral, box):
        case = {
            "id": name, "kind": "sealed-seed", "session": session.digest, "from": u, "to": j, "publicKey": public,
            "ephemeralPublicKey": ephemeral, "box": box, "signature": signature,
        }
        value = {"ephemeralPublicKey": ephemeral, "box": box, "signature": signature}
        cases.append(invalid(case, "wrong-signature", lambda: sealing.check(session, public, u, j, value)))

    public = ed25519.public_key(identity)
    sealed_refused("sealed-seed-other-session", sessions["shamir"][0], 4, 20, public, ephemeral, box)
    sealed_refused("sealed-seed-other-contributor", first, 7, 20, public, ephemeral, box)
    sealed_refused("sealed-seed-other-aggregator", first, 4, 21, public, ephemeral, box)
    sealed_refused("sealed-seed-parties-swapped", first, 20, 4, public, ephemeral, box)
    sealed_refused("sealed-seed-other-identity", first, 4, 20, other_public, ephemeral, box)
    sealed_refused("sealed-seed-ephemeral-key-changed", first, 4, 20, public, flipped(ephemeral, 0), box)
    sealed_refused("sealed-seed-box-changed", first, 4, 20, public, ephemeral, flipped(box, 383))
    return cases
