# SPDX-License-Identifier: Apache-2.0
"""The keys of the vector files: anybody can find them again, nobody may use them."""

import functools

from paillier_numbers import from_bytes, is_prime
from primitives import sha256
from wire import u32

# (p - start) / 4 and (q - start) / 4: of the safe primes that follow the start and are 3 mod 4, the first.
STEPS = {512: (18673, 6301), 1024: (21256, 56071), 2048: (194907, 533988), 3072: (122674, 330810)}


def start(label, bits):
    """Hashed from the label; the two highest bits and the two lowest are set."""
    label, data = b"fedsum vectors: paillier prime " + label.encode(), b""
    while 8 * len(data) < bits:
        data += sha256(label + u32(len(data) // 32))
    return from_bytes(data[: bits // 8]) | 3 << bits - 2 | 3


@functools.cache
def key(bits):
    """(p, q), p < q"""
    p, q = (start(f"{bits} {name}", bits // 2) + 4 * step for name, step in zip("pq", STEPS[bits], strict=True))
    return min(p, q), max(p, q)


@functools.cache
def prime(label, bits, residue=3, modulus=4):
    """The first prime from the label's start that leaves this residue."""
    value = start(label, bits)
    value += (residue - value) % modulus
    while not is_prime(value):
        value += modulus
    return value
