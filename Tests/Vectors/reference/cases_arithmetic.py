# SPDX-License-Identifier: Apache-2.0
"""Vectors of the layers under the protocols: generator, masks, packing, quantizer, Shamir, capacity."""

import hashlib
import math
import struct

import quantizer
import rings
import sharing
from primitives import Generator, Refused, sha256


def key_for(label):
    """The 32-byte test key of a label."""
    return sha256(b"fedsum vectors: " + label.encode())


def strings(elements):
    return [str(e) for e in elements]


def invalid(case, error, action):
    """A case that the model itself must refuse, for exactly this reason."""
    try:
        action()
    except Refused as reason:
        assert str(reason) == error, (case["id"], str(reason), error)
        return {**case, "result": "invalid", "error": error}
    raise AssertionError(f"{case['id']} was accepted")


def chacha20():
    cases = []
    for name, key, reads in [
        ("zero-key-one-read", bytes(32), [128]),
        ("zero-key-straddling", bytes(32), [1, 62, 2, 63, 65, 0, 64, 3]),
        ("counting-key-words", bytes(range(32)), [4] * 40),
        ("empty-reads", bytes([255]) * 32, [0, 0, 1, 0, 63, 1]),
        ("seeds-then-words", key_for("chacha20"), [32, 32, 32, 4, 4, 16, 16, 200]),
        ("one-byte-at-a-time", key_for("chacha20 bytes"), [1] * 70),
    ]:
        generator = Generator(key)
        outputs = [generator.read(n) for n in reads]
        cases.append({"id": name, "result": "valid", "key": key, "reads": reads, "outputs": outputs})
    key = key_for("chacha20 long")
    stream = Generator(key).read(70000)
    cases.append({
        "id": "long", "result": "valid", "key": key, "reads": [70000],
        "outputsSHA256": sha256(stream), "last16": stream[-16:],
    })
    return cases


def mask_stream():
    cases = []

    def case(name, key, bits, count, shown):
        elements = rings.mask(key, bits, count)
        size = rings.word_size(bits)
        digest = hashlib.sha256(b"".join(e.to_bytes(size, "little") for e in elements)).digest()
        cases.append({
            "id": name, "result": "valid", "key": key, "bits": bits, "count": count, "wordSize": size,
            "first": strings(elements[:shown]), "last": str(elements[-1]) if elements else None, "sha256": digest,
        })

    for bits in [1, 7, 8, 15, 16, 17, 23, 24, 31, 32, 33, 40, 47, 48, 49, 63, 64]:
        case(f"bits-{bits}", key_for(f"mask {bits}"), bits, 37, 9)
    for bits in [32, 33, 64]:
        key = key_for(f"wrap {bits}")[:16]
        case(f"counter-all-ones-bits-{bits}", key + bytes([255]) * 16, bits, 12, 12)
        case(f"counter-wraps-after-three-bits-{bits}", key + bytes([255]) * 15 + b"\xfd", bits, 24, 24)
        case(f"carry-out-of-32-bits-{bits}", key + bytes(12) + bytes([255]) * 4, bits, 12, 12)
        case(f"carry-out-of-64-bits-{bits}", key + bytes(8) + bytes([255]) * 8, bits, 12, 12)
    for bits in [16, 32, 33, 64]:
        case(f"long-bits-{bits}", key_for(f"long mask {bits}"), bits, 10007, 3)
    for count in [0, 1, 2, 3, 4, 5]:
        case(f"count-{count}", key_for("short mask"), 23, count, 5)
    return cases


def packing():
    cases = []
    for bits in range(1, 65):
        draw = Generator(key_for(f"packing {bits}"))
        for count in [0, 1, 3, 8, 11]:
            elements = [int.from_bytes(draw.read(8), "little") % 2**bits for _ in range(count)]
            if count == 3:
                elements = [2**bits - 1, 0, 1]
            packed = rings.pack(bits, elements)
            assert rings.unpack(bits, count, packed) == elements
            cases.append({
                "id": f"bits-{bits}-count-{count}", "result": "valid",
                "bits": bits, "count": count, "elements": strings(elements), "packed": packed,
            })

    def refused(name, error, bits, count, packed):
        case = {"id": name, "bits": bits, "count": count, "packed": packed}
        cases.append(invalid(case, error, lambda: rings.unpack(bits, count, packed)))

    for bits, count in [(1, 1), (1, 7), (3, 3), (7, 5), (23, 3), (33, 1), (63, 2)]:
        packed = rings.pack(bits, [1] * count)
        top = packed[:-1] + bytes([packed[-1] | 0x80])
        lowest = packed[:-1] + bytes([packed[-1] | 1 << (bits * count % 8)])
        refused(f"padding-highest-{bits}-{count}", "nonzero-padding", bits, count, top)
        refused(f"padding-lowest-{bits}-{count}", "nonzero-padding", bits, count, lowest)
    for bits, count in [(1, 1), (1, 9), (8, 2), (23, 5), (64, 3)]:
        packed = rings.pack(bits, [1] * count)
        refused(f"too-short-{bits}-{count}", "too-short", bits, count, packed[:-1])
        refused(f"empty-{bits}-{count}", "too-short", bits, count, b"")
        refused(f"too-long-{bits}-{count}", "too-long", bits, count, packed + b"\0")
    refused("too-long-8-0", "too-long", 8, 0, b"\0")
    return cases


def double(value):
    """The 16 hex digits of a double's bits, most significant first."""
    return struct.pack(">d", value)


def quantizer_cases():
    cases = []

    def encoded(name, bits, clip, values, key=None):
        key = key or key_for(f"quantizer {name}")
        generator = Generator(key)
        integers, clipped = quantizer.encode(values, bits, clip, generator)
        drawn = 64 * generator.counter - len(generator.buffer)
        cases.append({
            "id": name, "result": "valid", "kind": "encode", "bits": bits, "clip": double(clip), "key": key,
            "values": [double(v) for v in values], "integers": integers, "clipped": clipped, "bytesDrawn": drawn,
        })

    smallest, tiny = math.ulp(0.0), 2.0**-1022
    for bits in [1, 2, 7, 8, 16, 23, 24, 31, 32]:
        for clip in [1.0, 0.3]:
            beyond = math.nextafter(clip, math.inf)
            within = math.nextafter(clip, 0.0)
            values = [clip, -clip, beyond, -beyond, within, -within, 0.0, -0.0, smallest, -smallest, tiny, -tiny]
            values += [1e300, -1e300, clip / 3, -clip / 7, clip / 1024]
            encoded(f"edges-{bits}-clip-{clip}", bits, clip, values)
    for bits, clip in [(1, 2.5), (8, 0.01), (16, 1.0), (20, 10.0), (32, 123456.789)]:
        draw = Generator(key_for(f"quantizer inputs {bits}"))
        values = [(draw.word32() / 2**31 - 1.0) * clip * 1.25 for _ in range(40)]
        encoded(f"random-{bits}", bits, clip, values)
    encoded("empty", 16, 1.0, [])

    # A tie: the first word equals the fraction's first 32 bits. C = 127.5 makes the factor 1, so x picks the fraction.
    for name, low in [("tie-up", 0.999), ("tie-down", 0.0)]:
        key = key_for(f"quantizer {name}")
        word = Generator(key).word32()
        x = (3.0 + (word + low) / 2**32) - 127.5
        t = ((x + 127.5) - 3.0) * 2**32
        assert math.floor(t) == word
        encoded(name, 8, 127.5, [x, 0.25, -3.5], key)
        assert cases[-1]["bytesDrawn"] == 16 and cases[-1]["integers"][0] == (4 if name == "tie-up" else 3)

    def weighted(name, bits, clip, values, weight, maximum):
        key = key_for(f"quantizer {name}")
        generator = Generator(key)
        vector, clipped = quantizer.encode_weighted(values, weight, maximum, bits, clip, generator)
        cases.append({
            "id": name, "result": "valid", "kind": "encode-weighted", "bits": bits, "clip": double(clip), "key": key,
            "weight": weight, "maximumWeight": maximum, "values": [double(v) for v in values],
            "integers": strings(vector), "clipped": clipped,
        })

    for weight in [0, 1, 37, 1000]:
        weighted(f"weighted-{weight}", 16, 1.0, [0.5, -1.0, 2.0, 0.123456789, -0.0], weight, 1000)
    weighted("weighted-32-bits", 32, 1.0, [1.0, -1.0, 0.7], 2**31, 2**31)
    case = {
        "id": "weight-above-maximum", "kind": "encode-weighted", "bits": 16, "clip": double(1.0),
        "key": key_for("weight"), "weight": 1001, "maximumWeight": 1000, "values": [double(0.5)],
    }
    cases.append(invalid(case, "weight-out-of-range",
                         lambda: quantizer.encode_weighted([0.5], 1001, 1000, 16, 1.0, Generator(bytes(32)))))

    for name, values, coordinate in [
        ("nan", [0.0, 1.0, math.nan], 2), ("infinity", [math.inf], 0), ("minus-infinity", [0.5, -math.inf, math.nan], 1),
    ]:
        key = key_for(f"quantizer {name}")
        case = {
            "id": name, "kind": "encode", "bits": 8, "clip": double(1.0), "key": key,
            "values": [double(v) for v in values], "coordinate": coordinate,
        }
        try:
            quantizer.encode(values, 8, 1.0, Generator(key))
        except quantizer.NotFinite as error:
            assert error.coordinate == coordinate
        cases.append(invalid(case, "not-finite", lambda v=values: quantizer.encode(v, 8, 1.0, Generator(bytes(32)))))

    for bits, clip, n, sums in [
        (1, 1.0, 3, [0, 1, 2, 3]), (8, 0.3, 7, [0, 7 * 255, 900, 1]), (16, 2.5, 100, [0, 6553500, 3276750, 12345]),
        (32, 1.0, 1000, [0, 1000 * (2**32 - 1), 2**41 + 1, 999999999999]),
    ]:
        means = quantizer.decode_mean(sums, n, bits, clip)
        cases.append({
            "id": f"decode-{bits}", "result": "valid", "kind": "decode", "bits": bits, "clip": double(clip),
            "contributors": n, "sums": strings(sums), "means": [double(m) for m in means],
        })
    for bits, clip, sums in [(16, 1.0, [37, 0, 37 * 65535, 1000000]), (32, 0.7, [2**31, 2**63 - 2**31, 2**62 + 3])]:
        means = quantizer.decode_weighted_mean(sums, bits, clip)
        cases.append({
            "id": f"decode-weighted-{bits}", "result": "valid", "kind": "decode-weighted", "bits": bits,
            "clip": double(clip), "sums": strings(sums), "means": [double(m) for m in means],
        })
    case = {"id": "decode-zero-weight", "kind": "decode-weighted", "bits": 16, "clip": double(1.0), "sums": ["0", "0"]}
    cases.append(invalid(case, "zero-weight", lambda: quantizer.decode_weighted_mean([0, 0], 16, 1.0)))
    return cases


def shamir():
    cases = []

    def deal(name, threshold, indices, secret=None):
        secret = secret or key_for(f"secret {name}")
        key = key_for(f"shamir {name}")
        polynomials = sharing.draw_polynomials(secret, threshold, Generator(key))
        shares = [(x, sharing.share_at(polynomials, x)) for x in indices]
        case = {
            "id": name, "result": "valid", "kind": "share", "secret": secret, "key": key, "threshold": threshold,
            "coefficients": [[a.to_bytes(16, "big") for a in p[1:]] for p in polynomials],
            "shares": listed(shares),
        }
        for subset in [shares, shares[:threshold], shares[-threshold:], shares[::-1]]:
            assert sharing.reconstruct(threshold, subset) == secret
        return case, shares

    def listed(shares):
        return [{"index": x, "share": share} for x, share in shares]

    for threshold, indices in [
        (1, [1, 2]), (2, [1, 2, 3]), (3, [1, 2, 3, 4, 5]), (4, [7, 1, 6, 3, 5]), (5, [1, 2, 3, 4, 5, 6, 7]),
        (10, list(range(1, 13))), (2, [255, 256, 65536, 2**22]), (34, list(range(1, 35))),
    ]:
        cases.append(deal(f"threshold-{threshold}-of-{len(indices)}-last-index-{indices[-1]}", threshold, indices)[0])
    cases.append(deal("zero-secret", 3, [1, 2, 3, 4], bytes(32))[0])
    cases.append(deal("all-ones-secret", 3, [1, 2, 3, 4], bytes([255]) * 32)[0])

    _, shares = deal("negatives", 3, [1, 2, 3, 4, 5])

    def reconstruction(name, error, points):
        case = {"id": name, "kind": "reconstruct", "threshold": 3, "shares": listed(points)}
        if error:
            cases.append(invalid(case, error, lambda: sharing.reconstruct(3, points)))
        else:
            cases.append({**case, "result": "valid", "secret": sharing.reconstruct(3, points)})

    def changed(share, byte):
        return share[:byte] + bytes([share[byte] ^ 1]) + share[byte + 1 :]

    reconstruction("any-order", None, [shares[4], shares[0], shares[2]])
    reconstruction("all-five", None, shares)
    reconstruction("zero-index", "zero-index", [(0, shares[0][1]), *shares[1:3]])
    reconstruction("duplicate-index", "duplicate-index", [shares[0], shares[1], shares[1]])
    reconstruction("duplicate-index-other-share", "duplicate-index", [*shares[:3], (1, shares[4][1])])
    reconstruction("too-few", "too-few-shares", shares[:2])
    reconstruction("none", "too-few-shares", [])
    reconstruction("extra-share-disagrees-first-element", "inconsistent-share", [*shares[:3], (4, changed(shares[3][1], 15))])
    reconstruction("extra-share-disagrees-second-element", "inconsistent-share", [*shares[:3], (4, changed(shares[3][1], 31))])
    reconstruction("first-share-disagrees", "inconsistent-share", [(1, changed(shares[0][1], 0)), *shares[1:]])
    return cases


def capacity():
    cases = []

    def case(n, q, w):
        form = {"contributors": n, "quantizerBits": q, "maximumWeight": w}
        name = f"n-{n}-q-{q}" + ("" if w is None else f"-w-{w}")
        try:
            bits = rings.capacity_bits(n, q, 1 if w is None else w)
            cases.append({"id": name, "result": "valid", **form, "bits": bits})
        except Refused as reason:
            cases.append({"id": name, "result": "invalid", "error": str(reason), **form})

    for q in [1, 2, 8, 16, 24, 31, 32]:
        for n in [1, 2, 3, 4, 5, 127, 128, 129, 255, 256, 257, 65535, 65536, 65537, 2**24 - 1, 2**24, 2**32 - 1]:
            case(n, q, None)
    for q, n, w in [
        (1, 1, 1), (8, 3, 1), (8, 3, 85), (8, 257, 257), (16, 100, 1000), (16, 65537, 65537), (16, 65537, 65538),
        (16, 2**24 - 1, 2**24 + 1), (32, 2**16, 2**16), (32, 2**16 + 1, 2**16), (32, 2**16 + 1, 2**16 - 1),
        (32, 1, 2**32 - 1), (32, 3, 2**31), (32, 2**24 - 1, 2**32 - 1), (1, 2**32 - 1, 2**32 - 1),
    ]:
        case(n, q, w)
    # N * (2^q - 1) + 1 on both sides of a power of two: 2^32 - 1 = 65535 * 65537, 2^64 - 1 = (2^32 - 1)(2^32 + 1).
    for n, q, w in [(65536, 16, 1), (65537, 16, 1), (65538, 16, 1), (2**32 - 1, 32, 1)]:
        case(n, q, w)
    return cases
