# SPDX-License-Identifier: Apache-2.0
"""Paillier's encryption after the paper, and after Damgard, Jurik and Nielsen with a base that everybody can compute."""

import functools
import math

from paillier_numbers import encoded_modulus, hash_to_unit
from primitives import Refused, sha256
from wire import vector

# By the size of n; half of that size where it is not short.
SHORT_EXPONENT_BITS = {2048: 448, 3072: 512, 4096: 512}


def fingerprint(n):
    return sha256(vector(255, b"fedsum/1 paillier key") + encoded_modulus(n))


def signed_bytes(n):
    return vector(255, b"fedsum/1 paillier public key") + encoded_modulus(n)


@functools.cache
def generator(n):
    """(x, h = -x^2 mod n, H = h^n mod n^2)"""
    x, _ = hash_to_unit("fedsum/1 paillier generator", encoded_modulus(n), n)
    h = n - x * x % n
    return x, h, pow(h, n, n * n)


# Checks


def check_plaintext(n, m):
    if not 0 <= m < n:
        raise Refused("plaintext-out-of-range")


def check_randomness(n, r):
    if not 0 < r < n:
        raise Refused("randomness-out-of-range")
    if math.gcd(r, n) != 1:
        raise Refused("randomness-not-a-unit")


def check_exponent(bits, a):
    if not 0 < a < 2**bits:
        raise Refused("exponent-out-of-range")


def check_ciphertexts(n, ciphertexts):
    if any(not 0 < c < n * n for c in ciphertexts):
        raise Refused("ciphertext-out-of-range")
    if any(math.gcd(c, n) != 1 for c in ciphertexts):
        raise Refused("ciphertext-not-a-unit")


# Operations


def obfuscator(n, r=None, a=None, exponent_bits=None):
    """The n-th power that hides a plaintext: from r, or from the exponent a."""
    if r is not None:
        check_randomness(n, r)
        return pow(r, n, n * n)
    check_exponent(exponent_bits, a)
    return pow(generator(n)[2], a, n * n)


def encrypt(n, m, **randomness):
    check_plaintext(n, m)
    return (1 + m * n) * obfuscator(n, **randomness) % (n * n)


def rerandomize(n, c, **randomness):
    check_ciphertexts(n, [c])
    return c * obfuscator(n, **randomness) % (n * n)


def add(n, c1, c2):
    check_ciphertexts(n, [c1, c2])
    return c1 * c2 % (n * n)


def multiply(n, c, weight):
    check_ciphertexts(n, [c])
    if weight == 0:
        raise Refused("zero-weight")
    return pow(c, weight, n * n)


def decrypt(p, q, c):
    n = p * q
    check_ciphertexts(n, [c])
    exponent = math.lcm(p - 1, q - 1)
    return (pow(c, exponent, n * n) - 1) // n * pow(exponent, -1, n) % n
