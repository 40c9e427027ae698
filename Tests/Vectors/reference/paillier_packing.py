# SPDX-License-Identifier: Apache-2.0
"""Many values in one plaintext, with head-room for a stated weight."""

import dataclasses

from primitives import Refused
from wire import u8, u16, u32


@dataclasses.dataclass(frozen=True)
class Layout:
    modulus_bits: int
    value_bits: int
    is_signed: int
    maximum_weight: int

    def __post_init__(self):
        assert 1 <= self.value_bits <= 64 and self.is_signed in (0, 1) and 1 <= self.maximum_weight < 2**32
        if self.slot_bits > 64:
            raise Refused("slot-too-wide")

    @property
    def slot_bits(self):
        """The least s with W * (2^q - 1) <= 2^s - 1."""
        return (self.maximum_weight * (2**self.value_bits - 1)).bit_length()

    @property
    def slots(self):
        return (self.modulus_bits - 2) // self.slot_bits

    @property
    def bias(self):
        return 2 ** (self.value_bits - 1) if self.is_signed else 0

    def ciphertexts(self, count):
        return -(-count // self.slots)

    def encoded(self):
        return u8(self.value_bits) + u8(self.is_signed) + u32(self.maximum_weight) + u8(self.slot_bits) + u16(self.slots)


def pack(layout, values):
    """The plaintexts of a vector."""
    if not values:
        raise Refused("empty-vector")
    stored = [value + layout.bias for value in values]
    if any(not 0 <= u < 2**layout.value_bits for u in stored):
        raise Refused("value-out-of-range")
    groups = [stored[i : i + layout.slots] for i in range(0, len(stored), layout.slots)]
    return [sum(u << layout.slot_bits * i for i, u in enumerate(group)) for group in groups]


def unpack(layout, count, weight, plaintexts):
    """The sums of the values, each counted with its weight; `weight` is that of all together."""
    assert len(plaintexts) == layout.ciphertexts(count) and 1 <= weight <= layout.maximum_weight
    sums, s, k = [], layout.slot_bits, layout.slots
    for m in plaintexts:
        if m >> s * k:
            raise Refused("decryption-failed")
        sums += [(m >> s * i) % 2**s for i in range(k)]
    if any(sums[count:]) or max(sums) > weight * (2**layout.value_bits - 1):
        raise Refused("decryption-failed")
    return [value - weight * layout.bias for value in sums[:count]]


def check_sum(layout, one, other):
    """Both are (key fingerprint, layout, count, weight); the weight of the sum."""
    if one[0] != other[0]:
        raise Refused("wrong-key")
    if one[1] != other[1]:
        raise Refused("wrong-layout")
    if one[2] != other[2]:
        raise Refused("wrong-count")
    if one[3] + other[3] > layout.maximum_weight:
        raise Refused("no-head-room")
    return one[3] + other[3]


def check_product(layout, weight, factor):
    if factor == 0:
        raise Refused("zero-weight")
    if weight * factor > layout.maximum_weight:
        raise Refused("no-head-room")
    return weight * factor
