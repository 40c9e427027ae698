# SPDX-License-Identifier: Apache-2.0
"""The prime fields of Shamir sharing of vectors: which primes, masks over them, polynomials by Lagrange's formula."""

from primitives import Refused, aes_ctr_keystream
from rings import word_size

SMALLEST, LARGEST = 3, 61


def is_prime(n):
    """Miller-Rabin to the first twelve primes, which decides every n < 3.1 * 10^23 [Sorenson and Webster 2015]."""
    bases = [2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37]
    if n < 2:
        return False
    for a in bases:
        if n % a == 0:
            return n == a
    odd, twos = n - 1, 0
    while odd % 2 == 0:
        odd, twos = odd // 2, twos + 1
    for a in bases:
        x = pow(a, odd, n)
        if x in (1, n - 1):
            continue
        for _ in range(twos - 1):
            x = x * x % n
            if x == n - 1:
                break
        else:
            return False
    return True


def largest_prime_below(n):
    n -= 1
    while not is_prime(n):
        n -= 1
    return n


PRIMES = {k: largest_prime_below(2**k) for k in range(SMALLEST, LARGEST + 1)}


def field_bits(contributors, bits):
    """The least k with N * (2^b - 1) < p_k."""
    for k, p in PRIMES.items():
        if contributors * (2**bits - 1) < p:
            return k
    raise Refused("capacity-above-61-bits")


def mask_and_words(mask_key, k, count):
    """The mask over the field, and how many words of the keystream it took."""
    size, p = word_size(k), PRIMES[k]
    key, counter = mask_key[:16], int.from_bytes(mask_key[16:], "big")
    elements, words = [], 0
    while len(elements) < count:
        block = aes_ctr_keystream(key, counter.to_bytes(16, "big"), 16)
        counter = (counter + 1) % 2**128
        for i in range(0, 16, size):
            if len(elements) < count:
                word = int.from_bytes(block[i : i + size], "little") % 2**k
                words += 1
                if word < p:
                    elements.append(word)
    return elements, words


def mask(mask_key, k, count):
    return mask_and_words(mask_key, k, count)[0]


def add(k, x, y):
    return [(a + b) % PRIMES[k] for a, b in zip(x, y, strict=True)]


def subtract(k, x, y):
    return [(a - b) % PRIMES[k] for a, b in zip(x, y, strict=True)]


def checked_indices(k, indices):
    reduced = [x % PRIMES[k] for x in indices]
    if 0 in reduced:
        raise Refused("zero-index")
    if len(set(reduced)) != len(reduced):
        raise Refused("duplicate-index")


def lagrange(k, abscissas, at):
    """c_j with f(at) = sum of c_j * f(x_j) for every polynomial f of degree below the number of abscissas."""
    p, out = PRIMES[k], []
    for j, xj in enumerate(abscissas):
        numerator, denominator = 1, 1
        for m, xm in enumerate(abscissas):
            if m != j:
                numerator = numerator * (at - xm) % p
                denominator = denominator * (xj - xm) % p
        out.append(numerator * pow(denominator, p - 2, p) % p)
    return out


def value_at(k, points, at):
    """points: list of (abscissa, vector). The vector of values at `at` of the polynomials of least degree through them."""
    coefficients = lagrange(k, [x for x, _ in points], at)
    vectors = [vector for _, vector in points]
    return [sum(c * y for c, y in zip(coefficients, ys)) % PRIMES[k] for ys in zip(*vectors, strict=True)]


def split(k, threshold, secret, coefficients, indices):
    """coefficients[i] lists a_1 ... a_(t-1) of coordinate i. Returns the vector of each index."""
    if not 1 <= threshold <= len(indices):
        raise Refused("threshold-out-of-range")
    checked_indices(k, indices)
    p = PRIMES[k]
    for number in secret + [a for own in coefficients for a in own]:
        if not 0 <= number < p:
            raise Refused("element-not-below-prime")
    polynomials = [[s, *own] for s, own in zip(secret, coefficients, strict=True)]
    assert all(len(polynomial) == threshold for polynomial in polynomials)
    return [[sum(a * x**e for e, a in enumerate(f)) % p for f in polynomials] for x in indices]


def combine(k, threshold, shares):
    """shares: list of (index, vector). The first `threshold` decide; every further one must lie on the polynomials."""
    checked_indices(k, [x for x, _ in shares])
    if len(shares) < threshold:
        raise Refused("too-few-shares")
    if any(not 0 <= y < PRIMES[k] for _, vector in shares for y in vector):
        raise Refused("element-not-below-prime")
    basis = shares[:threshold]
    for x, vector in shares[threshold:]:
        if value_at(k, basis, x) != vector:
            raise Refused("inconsistent-share")
    return value_at(k, basis, 0)
