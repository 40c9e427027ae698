# SPDX-License-Identifier: Apache-2.0
"""Ed25519 signatures, RFC 8032 section 5.1, for reading, not for speed and not for secrets."""

import functools
import hashlib

from primitives import Refused

P = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493  # L, the order of the base point
D = -121665 * pow(121666, P - 2, P) % P
ROOT_OF_MINUS_ONE = pow(2, (P - 1) // 4, P)
NEUTRAL = (0, 1, 1, 0)


def add(a, b):
    """Points are (X, Y, Z, T) with x = X/Z, y = Y/Z, x*y = T/Z (section 5.1.4)."""
    s = (a[1] - a[0]) * (b[1] - b[0]) % P
    t = (a[1] + a[0]) * (b[1] + b[0]) % P
    u, v = 2 * a[3] * b[3] * D % P, 2 * a[2] * b[2] % P
    e, f, g, h = t - s, v - u, v + u, t + s
    return (e * f % P, g * h % P, f * g % P, e * h % P)


def multiply(scalar, point):
    out = NEUTRAL
    while scalar:
        if scalar & 1:
            out = add(out, point)
        point, scalar = add(point, point), scalar >> 1
    return out


def encode(point):
    inverse = pow(point[2], P - 2, P)
    x, y = point[0] * inverse % P, point[1] * inverse % P
    return (y | (x & 1) << 255).to_bytes(32, "little")


def decode(data):
    """Section 5.1.3; None where no point has this encoding."""
    number = int.from_bytes(data, "little")
    sign, y = number >> 255, number & (2**255 - 1)
    if y >= P:
        return None
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * ROOT_OF_MINUS_ONE % P
    if (x * x - square) % P or (x == 0 and sign):
        return None
    if x & 1 != sign:
        x = P - x
    return (x, y, 1, x * y % P)


BASE = decode((4 * pow(5, P - 2, P) % P).to_bytes(32, "little"))


def sha512(data):
    return hashlib.sha512(data).digest()


def expand(seed):
    """The secret scalar and the prefix of a 32-byte private key (section 5.1.5)."""
    assert len(seed) == 32
    digest = sha512(seed)
    scalar = int.from_bytes(digest[:32], "little")
    scalar &= (1 << 254) - 8
    return scalar | 1 << 254, digest[32:]


@functools.cache
def public_key(seed):
    return encode(multiply(expand(seed)[0], BASE))


def challenge(nonce_point, public, message):
    return int.from_bytes(sha512(nonce_point + public + message), "little") % ORDER


@functools.cache
def sign(seed, message, variation=b""):
    """64 bytes, the same ones every time (section 5.1.6). With a variation, another signature that is as valid."""
    scalar, prefix = expand(seed)
    public = public_key(seed)
    nonce = int.from_bytes(sha512(prefix + variation + message), "little") % ORDER
    nonce_point = encode(multiply(nonce, BASE))
    s = (nonce + challenge(nonce_point, public, message) * scalar) % ORDER
    return nonce_point + s.to_bytes(32, "little")


@functools.cache
def fault(public, message, signature):
    """Why a signature is refused, or None: S*B = R + k*A, without the cofactor, for a canonical S (section 5.1.7)."""
    point = decode(public)
    if point is None:
        return "not-a-public-key"
    s = int.from_bytes(signature[32:], "little")
    if len(signature) != 64 or s >= ORDER:
        return "wrong-signature"
    minus = (P - point[0], point[1], point[2], P - point[3])
    left = add(multiply(s, BASE), multiply(challenge(signature[:32], public, message), minus))
    return None if encode(left) == signature[:32] else "wrong-signature"


def verify(public, message, signature):
    reason = fault(public, message, signature)
    if reason:
        raise Refused(reason)
