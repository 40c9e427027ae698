# SPDX-License-Identifier: Apache-2.0
"""Numbers under Paillier: bytes, hashing to a unit, tests of moduli and factors. Documentation/Paillier.md defines each."""

import functools
import math

from primitives import Refused, sha256
from wire import u16, u32, vector

SMALL_FACTORS_BELOW = 2**20
SIZES = range(512, 4096 + 1, 64)  # of which 2048, 3072 and 4096 are for use


def size_in_bytes(bits):
    return (bits + 7) // 8


def number(n, value):
    """A number below n, or one that is to be refused, in the bytes that n takes."""
    return value.to_bytes(size_in_bytes(n.bit_length()), "big")


def square_number(n, value):
    """The same below n^2."""
    return value.to_bytes(size_in_bytes(2 * n.bit_length()), "big")


def from_bytes(data):
    return int.from_bytes(data, "big")


def encoded_modulus(n):
    return u16(n.bit_length()) + number(n, n)


# Hashing


def expand(label, attempt, data, length):
    out, block = b"", 0
    while len(out) < length:
        out += sha256(vector(255, label.encode()) + u32(attempt) + u32(block) + vector(65535, data))
        block += 1
    return out[:length]


def hash_to_unit(label, data, n):
    """(the number, the attempts that failed before it)"""
    for attempt in range(256):
        value = from_bytes(expand(label, attempt, data, size_in_bytes(n.bit_length() + 128))) % n
        if math.gcd(value, n) == 1:
            return value, attempt
    raise Refused("no-unit")


# Primes


@functools.cache
def small_primes_product():
    sieve = bytearray([1]) * SMALL_FACTORS_BELOW
    for i in range(2, math.isqrt(SMALL_FACTORS_BELOW) + 1):
        if sieve[i]:
            sieve[i * i :: i] = bytes(len(range(i * i, SMALL_FACTORS_BELOW, i)))
    factors = [i for i in range(3, SMALL_FACTORS_BELOW) if sieve[i]]
    while len(factors) > 1:  # in a tree, since long products are slow
        factors = [math.prod(factors[i : i + 2]) for i in range(0, len(factors), 2)]
    return factors[0]


@functools.cache
def is_prime(n):
    """Miller and Rabin with the first 40 primes as bases: good for the numbers of these files, not for an opponent's."""
    bases = [2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83, 89, 97, 101, 103, 107, 109, 113]
    bases += [127, 131, 137, 139, 149, 151, 157, 163, 167, 173]
    if n < 2:
        return False
    if any(n % base == 0 for base in bases):
        return n in bases
    odd, twos = n - 1, 0
    while odd % 2 == 0:
        odd, twos = odd // 2, twos + 1
    for base in bases:
        power = pow(base, odd, n)
        if power != 1 and all(pow(power, 2**i, n) != n - 1 for i in range(twos)):
            return False
    return True


def root(n, k):
    """The largest r with r^k <= n."""
    low, high = 1, 1 << n.bit_length() // k + 1
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if middle**k <= n else (low, middle)
    return low


def is_perfect_power(n):
    return any(root(n, k) ** k == n for k in range(2, n.bit_length()))


def jacobi(a, n):
    """The Jacobi symbol (a/n) for odd n > 0."""
    a, sign = a % n, 1
    while a:
        while a % 2 == 0:
            a //= 2
            if n % 8 in (3, 5):
                sign = -sign
        a, n = n, a
        if a % 4 == 3 and n % 4 == 3:
            sign = -sign
        a %= n
    return sign if n == 1 else 0


# Moduli


@functools.cache
def modulus_fault(n, bits):
    if n.bit_length() != bits or bits not in SIZES:
        return "wrong-size"
    if n % 2 == 0:
        return "even"
    if math.gcd(n, small_primes_product() % n) != 1:
        return "small-factor"
    if is_prime(n):
        return "prime"
    if is_perfect_power(n):
        return "perfect-power"
    return None


def check_modulus(n, bits):
    fault = modulus_fault(n, bits)
    if fault:
        raise Refused(fault)


def check_factors(n, bits, p, q, is_blum):
    check_modulus(n, bits)
    if p * q != n or p < 2 or q < 2:
        raise Refused("wrong-product")
    if 2 * p.bit_length() != bits or 2 * q.bit_length() != bits:
        raise Refused("unequal-length")
    if not is_prime(p) or not is_prime(q):
        raise Refused("composite-factor")
    if abs(p - q) <= 2 ** (bits // 2 - 100):
        raise Refused("factors-too-close")
    assert math.gcd(n, (p - 1) * (q - 1)) == 1
    if is_blum:
        if p % 4 != 3 or q % 4 != 3:
            raise Refused("not-blum")
        if math.gcd(p - 1, q - 1) != 2:
            raise Refused("common-divisor")
