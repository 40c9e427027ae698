# SPDX-License-Identifier: Apache-2.0
"""The proof that n is a Paillier-Blum modulus, without interaction and bound to a session."""

import functools

from paillier_numbers import check_modulus, encoded_modulus, hash_to_unit, jacobi, number
from primitives import Refused, sha256
from wire import u16, vector

ROUNDS = 128


def transcript(n, session, w):
    head = vector(255, b"fedsum/1 paillier modulus proof") + vector(255, session)
    return sha256(head + encoded_modulus(n) + number(n, w))


@functools.cache
def challenges(n, session, w):
    digest = transcript(n, session, w)
    return [hash_to_unit("fedsum/1 paillier modulus challenge", digest + u16(i), n)[0] for i in range(ROUNDS)]


def is_square(value, prime):
    return pow(value, (prime - 1) // 2, prime) == 1


def prove(p, q, session, w):
    """(w, rounds of (signs, x, z))"""
    n, order = p * q, (p - 1) * (q - 1)
    assert 0 < w < n and jacobi(w, n) == -1
    inverse, fourth_root = pow(n, -1, order), pow((order + 4) // 8, 2, order)
    rounds = []
    for y in challenges(n, session, w):
        fits = [s for s in range(4) if is_square(turned(n, w, s, y), p) and is_square(turned(n, w, s, y), q)]
        assert len(fits) == 1
        rounds.append((fits[0], pow(turned(n, w, fits[0], y), fourth_root, n), pow(y, inverse, n)))
    return w, rounds


def turned(n, w, signs, y):
    """(-1)^a w^b y"""
    return (-1) ** (signs & 1) * w ** (signs >> 1) * y % n


def check(n, bits, session, proof):
    check_modulus(n, bits)
    check_answers(n, session, proof)


def check_answers(n, session, proof):
    """The half of the check that says nothing of primes and small factors."""
    w, rounds = proof
    if not 0 < w < n or jacobi(w, n) != -1:
        raise Refused("wrong-proof")
    for y, (signs, x, z) in zip(challenges(n, session, w), rounds, strict=True):
        if signs > 3 or not 0 < x < n or not 0 < z < n:
            raise Refused("wrong-proof")
        if pow(z, n, n) != y or pow(x, 4, n) != turned(n, w, signs, y):
            raise Refused("wrong-proof")
