# SPDX-License-Identifier: Apache-2.0
"""Vectors of Paillier's numbers: moduli and factors, hashing, encryption, packing."""

import paillier
import paillier_keys
import paillier_packing
from cases_arithmetic import invalid, key_for, strings
from paillier_keys import key, prime
from paillier_numbers import (
    check_factors, check_modulus, encoded_modulus, expand, from_bytes, hash_to_unit, number, size_in_bytes, square_number,
)
from primitives import Generator

SIZES = (512, 1024, 2048, 3072)


def listed_keys(sizes):
    """The keys that the cases of a file name by their size."""
    out = []
    for bits in sizes:
        p, q = key(bits)
        size = bits // 16
        out.append({"id": str(bits), "bits": bits, "n": number(p * q, p * q), "p": p.to_bytes(size, "big"), "q": q.to_bytes(size, "big")})
    return out


def below(label, bound):
    """A number from the label, 0 <= number < bound."""
    return from_bytes(Generator(key_for(f"paillier {label}")).read(size_in_bytes(bound.bit_length()) + 16)) % bound


def small(value):
    """As few bytes as hold it, and one for zero."""
    return value.to_bytes(max(1, size_in_bytes(value.bit_length())), "big")


# Keys


def exact_product(label, bits, sizes):
    """Different primes of these sizes, 3 mod 4, whose product has exactly this many bits."""
    assert sum(sizes) == bits
    factors = [prime(f"{label} {i}", size) for i, size in enumerate(sizes)]
    product = 1
    for factor in factors:
        product *= factor
    assert product.bit_length() == bits, (label, product.bit_length())
    return product, factors


def bad_moduli():
    """name -> (n, bits, error)"""
    p, q = key(512)
    out = {
        "one-bit-short": (p * q, 513, "wrong-size"), "one-bit-long": (p * q, 511, "wrong-size"),
        "other-size": (p * q, 1024, "wrong-size"), "no-multiple-of-64": (prime("a", 264) * prime("b", 264), 528, "wrong-size"),
        "too-small": (prime("c", 224) * prime("d", 224), 448, "wrong-size"),
        "zero": (0, 512, "wrong-size"), "one": (1, 512, "wrong-size"),
        "even": (p * q + 1, 512, "even"), "power-of-two": (2**511, 512, "even"),
        "prime": (prime("a prime modulus", 512), 512, "prime"),
        "square-of-a-prime": (prime("square", 256) ** 2, 512, "perfect-power"),
        "cube-of-a-prime": (prime("cube", 171) ** 3, 512, "perfect-power"),
        "fourth-power-of-a-prime": (prime("fourth", 128) ** 4, 512, "perfect-power"),
        "square-of-a-product": ((prime("e", 128) * prime("f", 128)) ** 2, 512, "perfect-power"),
    }
    for factor in (3, 65537, 1048573):  # the last is the largest prime below 2^20
        beside, step = prime(f"beside {factor}", 513 - factor.bit_length()), 0
        while (factor * beside).bit_length() != 512:
            step += 1
            beside = prime(f"beside {factor} {step}", 512 - factor.bit_length())
        out[f"factor-{factor}"] = factor * beside, 512, "small-factor"
    return out


def keys():
    cases = []
    labels = ["fedsum/1 paillier generator", "fedsum/1 paillier modulus challenge"]
    for name, label, attempt, data, length in [
        ("nothing", labels[0], 0, b"", 1), ("one-block", labels[0], 0, b"input", 32), ("two-blocks", labels[1], 0, b"input", 33),
        ("attempt-1", labels[0], 1, b"input", 64), ("attempt-255", labels[0], 255, bytes(300), 400), ("no-label", "", 0, b"input", 16),
    ]:
        cases.append({
            "id": f"expand-{name}", "result": "valid", "kind": "expand", "label": label.encode(), "attempt": attempt, "input": data,
            "bytes": expand(label, attempt, data, length),
        })
    seen = set()
    for n in (3, 15, 105, 15015, 255255, 2**61 - 1, key(512)[0] * key(512)[1], key(2048)[0] * key(2048)[1]):
        for i in range(3):
            value, attempt = hash_to_unit(labels[1], bytes([i]), n)
            seen.add(attempt)
            cases.append({
                "id": f"hash-to-unit-{n if n < 2**64 else n.bit_length()}-{i}", "result": "valid", "kind": "hash-to-unit",
                "label": labels[1].encode(), "input": bytes([i]), "modulus": small(n), "value": number(n, value), "attempt": attempt,
            })
    assert len(seen) > 2, "no case shows that a number that is no unit is passed over"
    for bits in SIZES:
        n = key(bits)[0] * key(bits)[1]
        x, h, base = paillier.generator(n)
        cases.append({
            "id": f"generator-{bits}", "result": "valid", "kind": "generator", "bits": bits, "modulus": number(n, n),
            "input": encoded_modulus(n), "x": number(n, x), "h": number(n, h), "base": square_number(n, base),
            "fingerprint": paillier.fingerprint(n), "signedBytes": paillier.signed_bytes(n),
        })

    for bits in SIZES:
        n = key(bits)[0] * key(bits)[1]
        cases.append({"id": f"modulus-{bits}", "result": "valid", "kind": "modulus", "bits": bits, "modulus": number(n, n)})
    accepted = {
        "three-primes": exact_product("three primes", 512, [171, 171, 170])[0],
        "factor-next-above-2-to-the-20": smallest_above(512), "unequal-lengths": exact_product("unequal", 512, [200, 312])[0],
    }
    for name, n in accepted.items():
        check_modulus(n, n.bit_length())
        cases.append({"id": f"modulus-{name}", "result": "valid", "kind": "modulus", "bits": n.bit_length(), "modulus": small(n)})
    for name, (n, bits, error) in bad_moduli().items():
        case = {"id": f"modulus-{name}", "kind": "modulus", "bits": bits, "modulus": small(n)}
        cases.append(invalid(case, error, lambda n=n, bits=bits: check_modulus(n, bits)))
    cases += factor_cases()
    return cases


def smallest_above(bits):
    """A product with 1048583, the first prime that is not too small."""
    factor = 1048583
    beside = prime("beside the first", bits - 20)
    while (factor * beside).bit_length() != bits:
        beside = prime(f"beside the first {beside % 1000}", bits - 20)
    return factor * beside


def factor_cases():
    cases = []

    def case(name, n, p, q, is_blum, error=None):
        bits = n.bit_length()
        out = {
            "id": f"factors-{name}", "kind": "factors", "bits": bits, "modulus": small(n), "p": small(p), "q": small(q),
            "isBlum": int(is_blum),
        }
        if error:
            cases.append(invalid(out, error, lambda: check_factors(n, bits, p, q, is_blum)))
        else:
            check_factors(n, bits, p, q, is_blum)
            cases.append({**out, "result": "valid"})

    for bits in SIZES:
        p, q = key(bits)
        case(str(bits), p * q, p, q, True)
    p, q = key(512)
    case("in-the-other-order", p * q, q, p, True)
    other = prime("other", 256)
    one, five = prime("one mod four", 256, 1), prime("five mod eight", 256, 5, 8)
    case("one-mod-four-is-no-blum", one * q, one, q, False)
    case("one-mod-four", one * q, one, q, True, "not-blum")
    case("both-one-mod-four", one * five, one, five, True, "not-blum")
    case("wrong-product", p * q, p, other, True, "wrong-product")
    case("one-and-n", p * q, 1, p * q, True, "wrong-product")
    case("zero", p * q, 0, q, True, "wrong-product")
    n, (r, s) = exact_product("unequal", 512, [200, 312])
    case("unequal-length", n, r, s, True, "unequal-length")
    n, (r, s, t) = exact_product("two and one", 512, [128, 128, 256])
    case("composite-factor", n, r * s, t, True, "composite-factor")
    n, (r, s, t) = exact_product("three primes", 512, [171, 171, 170])
    case("three-primes", n, r * s, t, True, "unequal-length")
    near = p + 4
    while not paillier_keys.is_prime(near):
        near += 4
    case("next-prime", p * near, p, near, True, "factors-too-close")
    far = p + 2**156 + 4 - 2**156 % 4
    while not paillier_keys.is_prime(far):
        far += 4
    case("just-too-far", p * far, p, far, False)
    close = p + 2**156 - 2**156 % 4
    while not paillier_keys.is_prime(close):
        close -= 4
    case("just-too-close", p * close, p, close, False, "factors-too-close")
    one, step = prime("at the bound", 256), 0
    while not paillier_keys.is_prime(one + 2**156):
        step += 1
        one = prime(f"at the bound {step}", 256)
    case("at-the-bound", one * (one + 2**156), one, one + 2**156, False, "factors-too-close")
    a, b = prime("seven mod twelve", 256, 7, 12), prime("another seven mod twelve", 256, 7, 12)
    case("common-divisor-3", a * b, a, b, True, "common-divisor")
    case("common-divisor-3-is-no-blum", a * b, a, b, False)
    return cases


# Encryption


def encryption():
    cases = []

    def add(name, bits, kind, fields, action, error=None):
        """`action` gives what comes of the fields, or is refused."""
        case = {"id": f"{name}-{bits}", "kind": kind, "key": str(bits), **fields}
        if error:
            cases.append(invalid(case, error, action))
        else:
            cases.append({**case, "result": "valid", **action()})

    for bits in SIZES:
        encryption_cases(bits, add)
    return {"keys": listed_keys(SIZES), "cases": cases}


def encryption_cases(bits, add):
    p, q = key(bits)
    n = p * q
    half = bits // 2
    is_small = bits == 512

    def square(value):
        return square_number(n, value)

    def djn(name, m, a, exponent_bits=half, error=None):
        fields = {"exponentBits": exponent_bits, "m": number(n, m), "a": small(a)}

        def action():
            c = paillier.encrypt(n, m, a=a, exponent_bits=exponent_bits)
            assert paillier.decrypt(p, q, c) == m
            return {"c": square(c)}

        add(f"djn-{name}", bits, "djn", fields, action, error)

    def textbook(name, m, r, error=None):
        def action():
            c = paillier.encrypt(n, m, r=r)
            assert paillier.decrypt(p, q, c) == m
            return {"c": square(c)}

        add(f"textbook-{name}", bits, "textbook", {"m": number(n, m), "r": number(n, r)}, action, error)

    m, a, r = below(f"m {bits}", n), below(f"a {bits}", 2**half), below(f"r {bits}", n)
    djn("random", m, a)
    textbook("random", m, r)
    short = paillier.SHORT_EXPONENT_BITS.get(bits)
    if short:
        djn("short-exponent", m, below(f"short {bits}", 2**short), short)
        djn("short-exponent-too-long", m, 2**short, short, "exponent-out-of-range")
    if bits < 2048:
        djn("zero", 0, a)
        djn("one", 1, a)
        djn("largest", n - 1, a)
        djn("smallest-exponent", m, 1)
        djn("largest-exponent", m, 2**half - 1)
        djn("one-bit-exponent", m, 2 ** (half - 1))
        djn("runs-of-ones", from_bytes(b"\0\xff" * (bits // 16)) % n, from_bytes(b"\xff\0" * (half // 16)))
        textbook("one", m, 1)
        textbook("largest", m, n - 1)
    if is_small:
        djn("exponent-zero", m, 0, error="exponent-out-of-range")
        djn("exponent-too-long", m, 2**half, error="exponent-out-of-range")
        djn("plaintext-n", n, a, error="plaintext-out-of-range")
        djn("plaintext-of-ones", 2**bits - 1, a, error="plaintext-out-of-range")
        textbook("r-zero", m, 0, "randomness-out-of-range")
        textbook("r-n", m, n, "randomness-out-of-range")
        textbook("r-p", m, p, "randomness-not-a-unit")
        textbook("r-multiple-of-q", m, 3 * q % n, "randomness-not-a-unit")
        textbook("plaintext-n", n, r, "plaintext-out-of-range")

    c1 = paillier.encrypt(n, m, a=a, exponent_bits=half)
    m2 = below(f"m2 {bits}", n)
    c2 = paillier.encrypt(n, m2, r=r)

    def sum_of(name, one, other, error=None):
        def action():
            total = paillier.add(n, one, other)
            return {"c": square(total), "m": number(n, paillier.decrypt(p, q, total))}

        add(f"add-{name}", bits, "add", {"c1": square(one), "c2": square(other)}, action, error)

    def product(name, c, weight, error=None):
        def action():
            result = paillier.multiply(n, c, weight)
            return {"c": square(result), "m": number(n, paillier.decrypt(p, q, result))}

        add(f"multiply-{name}", bits, "multiply", {"c1": square(c), "weight": str(weight)}, action, error)

    def decryption(name, c, error=None):
        add(f"decrypt-{name}", bits, "decrypt", {"c": square(c)}, lambda: {"m": number(n, paillier.decrypt(p, q, c))}, error)

    def rerandomized(name, c, error=None, **randomness):
        def action():
            result = paillier.rerandomize(n, c, **randomness)
            assert paillier.decrypt(p, q, result) == paillier.decrypt(p, q, c)
            return {"c": square(result)}

        fields = {"c1": square(c)}
        if "r" in randomness:
            fields |= {"exponentBits": None, "a": None, "r": number(n, randomness["r"])}
        else:
            fields |= {"exponentBits": randomness["exponent_bits"], "a": small(randomness["a"]), "r": None}
        add(f"rerandomize-{name}", bits, "rerandomize", fields, action, error)

    sum_of("two", c1, c2)
    rerandomized("djn", c1, a=below(f"again {bits}", 2**half), exponent_bits=half)
    rerandomized("textbook", c2, r=below(f"again r {bits}", n))
    decryption("random", c2)
    product("weight-1000003", c1, 1000003)
    if bits < 2048:
        sum_of("with-itself", c1, c1)
        sum_of("inverse-gives-one", c1, pow(c1, -1, n * n))
        product("weight-1", c1, 1)
        product("weight-of-64-bits", c1, 2**64 - 1)
        decryption("one", 1)
        decryption("n-plus-one", n + 1)
        decryption("minus-one", n * n - 1)
        decryption("n-minus-one", n - 1)
    if is_small:
        product("weight-0", c1, 0, "zero-weight")
        bad = {
            "0": (0, False), "n-squared": (n * n, False), "n-squared-plus-one": (n * n + 1, False), "ones": (2 ** (2 * bits) - 1, False),
            "n": (n, True), "p": (p, True), "q": (q, True), "multiple-of-p": (p * below("factor", n), True),
            "n-squared-minus-n": (n * n - n, True), "multiple-of-n": (n * below("another factor", n), True), "p-squared": (p * p, True),
        }
        for name, (c, is_in_range) in bad.items():
            error = "ciphertext-not-a-unit" if is_in_range else "ciphertext-out-of-range"
            decryption(f"c-{name}", c, error)
            sum_of(f"first-{name}", c, c2, error)
            sum_of(f"second-{name}", c1, c, error)
            product(f"c-{name}", c, 3, error)
            rerandomized(f"c-{name}", c, error, a=a, exponent_bits=half)
        rerandomized("a-zero", c1, "exponent-out-of-range", a=0, exponent_bits=half)
        rerandomized("r-zero", c1, "randomness-out-of-range", r=0)
        rerandomized("r-q", c1, "randomness-not-a-unit", r=q)


# Packing


def layout_fields(layout):
    return {"valueBits": layout.value_bits, "isSigned": layout.is_signed, "maximumWeight": layout.maximum_weight}


def values_for(label, layout, count):
    """Values of a layout, both ends of the range first."""
    low, high = -layout.bias, 2**layout.value_bits - 1 - layout.bias
    drawn = [below(f"value {label} {i}", 2**layout.value_bits) + low for i in range(count)]
    return ([low, high, 0] + drawn)[:count]


def packing():
    cases = []

    def layout_case(bits, q, is_signed, weight):
        case = {
            "id": f"layout-{bits}-{q}-{'signed' if is_signed else 'unsigned'}-{weight}", "kind": "layout", "bits": bits,
            "valueBits": q, "isSigned": is_signed, "maximumWeight": weight,
        }
        try:
            layout = paillier_packing.Layout(bits, q, is_signed, weight)
        except paillier_packing.Refused as reason:
            cases.append({**case, "result": "invalid", "error": str(reason)})
        else:
            cases.append({**case, "result": "valid", "slotBits": layout.slot_bits, "slots": layout.slots, "encoded": layout.encoded()})

    for bits in (512, 2048, 3072, 4096):
        for q, weight in [(16, 256), (24, 4), (16, 1024), (32, 1), (25, 128), (16, 65537), (32, 2), (26, 128), (32, 100)]:
            layout_case(bits, q, 1, weight)
    for q, weight in [
        (1, 1), (1, 2), (1, 3), (1, 2**32 - 1), (2, 85), (2, 86), (8, 257), (8, 258), (16, 65536), (16, 65538), (32, 3), (32, 2**32 - 1), (33, 2**31),
        (33, 2**31 + 1), (63, 1), (63, 2), (63, 3), (64, 1), (64, 2), (40, 2**24), (40, 2**24 + 1), (40, 2**32 - 1), (64, 2**32 - 1),
    ]:
        layout_case(2048, q, 0, weight)

    def pack_case(name, bits, layout, values, error=None):
        n = key(bits)[0] * key(bits)[1]
        case = {"id": f"pack-{name}", "kind": "pack", "key": str(bits), **layout_fields(layout), "values": strings(values)}
        if error:
            cases.append(invalid(case, error, lambda: paillier_packing.pack(layout, values)))
        else:
            plaintexts = paillier_packing.pack(layout, values)
            assert paillier_packing.unpack(layout, len(values), 1, plaintexts) == values
            cases.append({**case, "result": "valid", "plaintexts": [number(n, m) for m in plaintexts]})

    def layout(bits, q, is_signed, weight):
        return paillier_packing.Layout(bits, q, is_signed, weight)

    for bits, q, is_signed, weight, counts in [
        (512, 8, 1, 4, [1, 50, 51, 52, 102, 103]), (512, 8, 0, 4, [1, 51, 52]), (512, 1, 1, 1, [510, 511]), (512, 1, 0, 3, [7]),
        (512, 32, 1, 1, [15, 16]), (512, 64, 1, 1, [7, 8]), (512, 64, 0, 1, [7]), (512, 33, 1, 2**31, [8]), (512, 16, 1, 1000, [40]),
        (1024, 24, 1, 4, [100]), (2048, 32, 1, 1, [63, 64]), (3072, 24, 1, 4, [119]),
    ]:
        form = layout(bits, q, is_signed, weight)
        for count in counts:
            label = f"{bits}-{q}-{'signed' if is_signed else 'unsigned'}-{weight}-of-{count}"
            pack_case(label, bits, form, values_for(label, form, count))
    signed, unsigned = layout(512, 8, 1, 4), layout(512, 8, 0, 4)
    pack_case("all-lowest", 512, signed, [-128] * 51)
    pack_case("all-highest", 512, signed, [127] * 51)
    pack_case("empty", 512, signed, [], "empty-vector")
    pack_case("too-low", 512, signed, [0, -129], "value-out-of-range")
    pack_case("too-high", 512, signed, [128, 0], "value-out-of-range")
    pack_case("negative-unsigned", 512, unsigned, [-1], "value-out-of-range")
    pack_case("too-high-unsigned", 512, unsigned, [256], "value-out-of-range")
    pack_case("too-high-of-64-bits", 512, layout(512, 64, 1, 1), [2**63], "value-out-of-range")
    cases += unpack_cases(layout)
    cases += sum_cases(layout)
    return {"keys": listed_keys(SIZES), "cases": cases}


def unpack_cases(layout):
    cases = []

    def case(name, form, count, weight, plaintexts, error=None):
        n = key(form.modulus_bits)[0] * key(form.modulus_bits)[1]
        out = {
            "id": f"unpack-{name}", "kind": "unpack", "key": str(form.modulus_bits), **layout_fields(form), "count": count, "weight": weight,
            "plaintexts": [number(n, m) for m in plaintexts],
        }
        if error:
            cases.append(invalid(out, error, lambda: paillier_packing.unpack(form, count, weight, plaintexts)))
        else:
            cases.append({**out, "result": "valid", "values": strings(paillier_packing.unpack(form, count, weight, plaintexts))})

    form = layout(512, 8, 1, 3)  # 3 * 255 = 765 in slots of 10 bits: 51 of them
    full = sum(765 << 10 * i for i in range(51))
    case("full-slots", form, 51, 3, [full])
    case("empty-slots", form, 51, 3, [0])
    case("slot-above-the-weight", form, 51, 3, [full + 1], "decryption-failed")
    case("last-slot-above-the-weight", form, 51, 3, [full + (1 << 500)], "decryption-failed")
    case("full-slots-of-less-weight", form, 51, 2, [full], "decryption-failed")
    case("slot-of-ones", form, 51, 3, [1023], "decryption-failed")
    case("slot-without-a-value", form, 50, 3, [full], "decryption-failed")
    case("slot-without-a-value-is-one", form, 1, 1, [1 << 10], "decryption-failed")
    case("above-the-slots", form, 51, 3, [1 << 510], "decryption-failed")
    case("above-the-slots-by-one-bit-more", form, 51, 3, [1 << 511], "decryption-failed")
    case("n-minus-one", form, 51, 3, [key(512)[0] * key(512)[1] - 1], "decryption-failed")
    case("second-above-the-slots", form, 52, 3, [full, 1 << 510], "decryption-failed")
    case("two-plaintexts", form, 53, 2, [sum(255 << 10 * i for i in range(51)), 255 + (510 << 10)])
    wide = layout(512, 33, 1, 2**31)
    largest = 2**31 * (2**33 - 1)
    case("widest-slots", wide, 7, 2**31, [sum((largest if i % 2 else 0) << 64 * i for i in range(7))])
    return cases


def sum_cases(layout):
    """Vectors of several clients: encrypted, weighted, added up, opened."""
    cases = []

    def case(name, bits, form, count, factors, exponent_bits=None):
        p, q = key(bits)
        n, exponent_bits = p * q, exponent_bits or bits // 2
        clients, total, weight = [], None, 0
        for j, factor in enumerate(factors):
            values = values_for(f"{name} {j}", form, count)
            exponents = [below(f"{name} {j} {i}", 2**exponent_bits) for i in range(form.ciphertexts(count))]
            ciphertexts = [
                paillier.encrypt(n, m, a=a, exponent_bits=exponent_bits) for m, a in zip(paillier_packing.pack(form, values), exponents)
            ]
            weighted = [paillier.multiply(n, c, factor) for c in ciphertexts]
            own = paillier_packing.check_product(form, 1, factor)
            if total is None:
                total, weight = weighted, own
            else:
                mark = paillier.fingerprint(n), form, count
                weight = paillier_packing.check_sum(form, (*mark, weight), (*mark, own))
                total = [paillier.add(n, c, d) for c, d in zip(total, weighted, strict=True)]
            clients.append({
                "values": strings(values), "a": [small(a) for a in exponents], "factor": factor,
                "ciphertexts": [square_number(n, c) for c in ciphertexts],
            })
        sums = paillier_packing.unpack(form, count, weight, [paillier.decrypt(p, q, c) for c in total])
        expected = [sum(factor * int(client["values"][i]) for client, factor in zip(clients, factors)) for i in range(count)]
        assert sums == expected
        cases.append({
            "id": f"sum-{name}", "result": "valid", "kind": "sum", "key": str(bits), **layout_fields(form), "exponentBits": exponent_bits,
            "clients": clients, "weight": weight, "ciphertexts": [square_number(n, c) for c in total], "sums": strings(sums),
        })

    case("of-one", 512, layout(512, 8, 1, 1), 5, [1])
    case("up-to-the-head-room", 512, layout(512, 8, 1, 4), 52, [1, 1, 1, 1])
    case("unsigned", 512, layout(512, 8, 0, 4), 51, [1, 1, 1])
    case("weighted-up-to-the-head-room", 512, layout(512, 16, 1, 10), 30, [7, 1, 2])
    case("widest-slots", 512, layout(512, 33, 1, 2**31), 7, [2**30, 2**30])
    case("1024-bits", 1024, layout(1024, 24, 1, 4), 40, [1, 3])
    case("2048-bits", 2048, layout(2048, 32, 1, 2), 63, [1, 1])
    case("2048-bits-short-exponents", 2048, layout(2048, 16, 1, 1024), 100, [1, 1000], 448)

    def refused(name, error, bits, one, other):
        """one, other: (key's bits, layout, count, weight)"""
        def mark(bits, form, count, weight):
            return paillier.fingerprint(key(bits)[0] * key(bits)[1]), form, count, weight

        def fields(bits, form, count, weight):
            return {"key": str(bits), **layout_fields(form), "count": count, "weight": weight}

        out = {"id": f"add-{name}", "kind": "check-add", "one": fields(*one), "other": fields(*other)}
        action = lambda: paillier_packing.check_sum(one[1], mark(*one), mark(*other))  # noqa: E731
        if error:
            cases.append(invalid(out, error, action))
        else:
            cases.append({**out, "result": "valid", "sumWeight": action()})

    form = layout(512, 8, 1, 4)
    refused("at-the-bound", None, 512, (512, form, 9, 3), (512, form, 9, 1))
    refused("past-the-bound", "no-head-room", 512, (512, form, 9, 3), (512, form, 9, 2))
    refused("two-full", "no-head-room", 512, (512, form, 9, 4), (512, form, 9, 4))
    refused("other-key", "wrong-key", 512, (512, form, 9, 1), (1024, layout(1024, 8, 1, 4), 9, 1))
    refused("other-value-bits", "wrong-layout", 512, (512, form, 9, 1), (512, layout(512, 7, 1, 4), 9, 1))
    refused("other-signedness", "wrong-layout", 512, (512, form, 9, 1), (512, layout(512, 8, 0, 4), 9, 1))
    refused("other-head-room-of-one-width", "wrong-layout", 512, (512, form, 9, 1), (512, layout(512, 8, 1, 3), 9, 1))
    refused("other-count", "wrong-count", 512, (512, form, 9, 1), (512, form, 10, 1))
    largest = layout(512, 1, 0, 2**32 - 1)
    refused("weights-past-32-bits", "no-head-room", 512, (512, largest, 9, 2**32 - 1), (512, largest, 9, 2**32 - 1))
    for name, form, weight, factor, error in [
        ("at-the-bound", form, 2, 2, None), ("past-the-bound", form, 2, 3, "no-head-room"), ("by-zero", form, 1, 0, "zero-weight"),
        ("by-one", form, 4, 1, None), ("past-64-bits", largest, 2**32 - 1, 2**32 - 1, "no-head-room"),
    ]:
        out = {"id": f"multiply-{name}", "kind": "check-multiply", "bits": 512, **layout_fields(form), "weight": weight, "factor": factor}
        if error:
            cases.append(invalid(out, error, lambda f=form, w=weight, x=factor: paillier_packing.check_product(f, w, x)))
        else:
            cases.append({**out, "result": "valid", "productWeight": paillier_packing.check_product(form, weight, factor)})
    return cases
