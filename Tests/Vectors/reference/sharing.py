# SPDX-License-Identifier: Apache-2.0
"""Shamir sharing over GF(2^128), two field elements to a 32-byte secret."""

import functools

from primitives import Refused

MODULUS = 1 << 128 | 1 << 7 | 1 << 2 | 1 << 1 | 1


@functools.cache
def multiply(a, b):
    product = 0
    for i in range(128):
        if (b >> i) & 1:
            product ^= a << i
    for i in reversed(range(128, 256)):
        if (product >> i) & 1:
            product ^= MODULUS << (i - 128)
    return product


def power(a, exponent):
    out = 1
    while exponent:
        if exponent & 1:
            out = multiply(out, a)
        a, exponent = multiply(a, a), exponent >> 1
    return out


@functools.cache
def inverse(a):
    assert a != 0
    return power(a, 2**128 - 2)


def evaluate(coefficients, x):
    """coefficients[i] is that of x^i; coefficients[0] is the secret."""
    y, x_power = 0, 1
    for coefficient in coefficients:
        y ^= multiply(coefficient, x_power)
        x_power = multiply(x_power, x)
    return y


def interpolate(points, at):
    """The value at `at` of the polynomial of least degree through the points (Lagrange; minus is plus here)."""
    total = 0
    for j, (xj, yj) in enumerate(points):
        numerator, denominator = 1, 1
        for m, (xm, _) in enumerate(points):
            if m != j:
                numerator = multiply(numerator, at ^ xm)
                denominator = multiply(denominator, xj ^ xm)
        total ^= multiply(yj, multiply(numerator, inverse(denominator)))
    return total


def halves(data):
    return [int.from_bytes(data[:16], "big"), int.from_bytes(data[16:], "big")]


def draw_polynomials(secret, threshold, generator, name="coefficient"):
    """One polynomial for each of the two elements; a_1 ... a_(t-1) of the first element are drawn first."""
    polynomials = []
    for element in halves(secret):
        drawn = [int.from_bytes(generator.draw(name, None, 16), "big") for _ in range(threshold - 1)]
        polynomials.append([element] + drawn)
    return polynomials


def share_at(polynomials, x):
    if x == 0:
        raise Refused("zero-index")
    return b"".join(evaluate(p, x).to_bytes(16, "big") for p in polynomials)


def reconstruct(threshold, shares):
    """shares: list of (x, 32 bytes). The first `threshold` decide; every further one must lie on the polynomials."""
    indices = [x for x, _ in shares]
    if 0 in indices:
        raise Refused("zero-index")
    if len(set(indices)) != len(indices):
        raise Refused("duplicate-index")
    if len(shares) < threshold:
        raise Refused("too-few-shares")
    secret = b""
    for element in range(2):
        points = [(x, halves(share)[element]) for x, share in shares]
        basis = points[:threshold]
        for x, y in points[threshold:]:
            if interpolate(basis, x) != y:
                raise Refused("inconsistent-share")
        secret += interpolate(basis, 0).to_bytes(16, "big")
    return secret
