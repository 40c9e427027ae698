# SPDX-License-Identifier: Apache-2.0
"""Vectors over Z/2^b: packing, masks, sums; and the capacity of a ring."""

from primitives import Refused, aes_ctr_keystream


def packed_size(bits, count):
    return (bits * count + 7) // 8


def pack(bits, elements):
    """Element i is bits b*i ..< b*(i+1) of the string whose bit j is bit j mod 8 of byte j // 8."""
    out = bytearray(packed_size(bits, len(elements)))
    for i, element in enumerate(elements):
        assert 0 <= element < 2**bits
        for k in range(bits):
            j = bits * i + k
            out[j // 8] |= ((element >> k) & 1) << (j % 8)
    return bytes(out)


def unpack(bits, count, data):
    if len(data) < packed_size(bits, count):
        raise Refused("too-short")
    if len(data) > packed_size(bits, count):
        raise Refused("too-long")

    def bit(j):
        return (data[j // 8] >> (j % 8)) & 1

    if any(bit(j) for j in range(bits * count, 8 * len(data))):
        raise Refused("nonzero-padding")
    return [sum(bit(bits * i + k) << k for k in range(bits)) for i in range(count)]


def word_size(bits):
    return 4 if bits <= 32 else 8


def mask(mask_key, bits, count):
    """The mask of a 32-byte mask key: AES-128 key, then the initial counter block."""
    size = word_size(bits)
    stream = aes_ctr_keystream(mask_key[:16], mask_key[16:], size * count)
    words = [int.from_bytes(stream[i : i + size], "little") for i in range(0, len(stream), size)]
    return [word % 2**bits for word in words]


def add(bits, x, y):
    return [(a + b) % 2**bits for a, b in zip(x, y, strict=True)]


def subtract(bits, x, y):
    return [(a - b) % 2**bits for a, b in zip(x, y, strict=True)]


def capacity_bits(contributors, quantizer_bits, maximum_weight=1):
    """ceil(log2(N * W * (2^q - 1) + 1)) in exact integers; refused above 64."""
    largest = contributors * maximum_weight * (2**quantizer_bits - 1)
    bits = 0
    while 2**bits < largest + 1:
        bits += 1
    if bits > 64:
        raise Refused("capacity-above-64-bits")
    return bits
