# SPDX-License-Identifier: Apache-2.0
"""The primitives that the protocols stand on, written from their standards for reading, not for speed.

Nothing here runs in constant time: this is a model for test vectors and must never hold a real secret.
"""

import functools
import hashlib
import hmac


class Refused(Exception):
    """A check failed; the argument is the short kebab-case reason."""


def xor(a, b):
    return bytes(x ^ y for x, y in zip(a, b, strict=True))


# X25519, RFC 7748 section 5

P25519 = 2**255 - 19


@functools.cache  # many cases are of one session, and begin alike
def x25519(scalar, u):
    """The u-coordinate of scalar times the point with coordinate u, without the check for zero."""
    k = bytearray(scalar)
    k[0] &= 248
    k[31] = (k[31] & 127) | 64
    k = int.from_bytes(k, "little")
    x1 = (int.from_bytes(u, "little") & (2**255 - 1)) % P25519
    x2, z2, x3, z3, swap = 1, 0, x1, 1, 0
    for t in reversed(range(255)):
        bit = (k >> t) & 1
        if swap ^ bit:
            x2, x3, z2, z3 = x3, x2, z3, z2
        swap = bit
        a, b = (x2 + z2) % P25519, (x2 - z2) % P25519
        aa, bb = a * a % P25519, b * b % P25519
        e = (aa - bb) % P25519
        da = (x3 - z3) * a % P25519
        cb = (x3 + z3) * b % P25519
        x3, z3 = (da + cb) ** 2 % P25519, x1 * (da - cb) ** 2 % P25519
        x2, z2 = aa * bb % P25519, e * (aa + 121665 * e) % P25519
    if swap:
        x2, z2 = x3, z3
    return (x2 * pow(z2, P25519 - 2, P25519) % P25519).to_bytes(32, "little")


def public_key(private):
    return x25519(private, bytes([9]) + bytes(31))


def shared_secret(private, public):
    """X25519 between two parties; the zero that low-order points give is refused (RFC 7748 section 6.1)."""
    secret = x25519(private, public)
    if secret == bytes(32):
        raise Refused("low-order-point")
    return secret


# SHA-256 and HKDF-SHA256, RFC 5869


def sha256(data):
    return hashlib.sha256(data).digest()


def hkdf(ikm, salt, info, length):
    prk = hmac.new(salt or bytes(32), ikm, hashlib.sha256).digest()
    okm, block, counter = b"", b"", 1
    while len(okm) < length:
        block = hmac.new(prk, block + info + bytes([counter]), hashlib.sha256).digest()
        okm += block
        counter += 1
    return okm[:length]


# AES, FIPS 197


def xtime(a):
    return ((a << 1) ^ (0x11B if a & 0x80 else 0)) & 0xFF


def gf256_multiply(a, b):
    product = 0
    while b:
        if b & 1:
            product ^= a
        a, b = xtime(a), b >> 1
    return product


def make_sbox():
    box = []
    for value in range(256):
        inverse = next((c for c in range(256) if gf256_multiply(value, c) == 1), 0)
        out = 0x63
        for shift in range(5):
            out ^= ((inverse << shift) | (inverse >> (8 - shift))) & 0xFF
        box.append(out)
    return bytes(box)


SBOX = make_sbox()
DOUBLE = bytes(xtime(a) for a in range(256))
SHIFT_ROWS = [0, 5, 10, 15, 4, 9, 14, 3, 8, 13, 2, 7, 12, 1, 6, 11]


@functools.cache
def aes_round_keys(key):
    words = [key[i : i + 4] for i in range(0, len(key), 4)]
    size = len(words)
    rounds = size + 6
    constant = 1
    for i in range(size, 4 * (rounds + 1)):
        word = words[-1]
        if i % size == 0:
            word = bytes(SBOX[b] for b in word[1:] + word[:1])
            word = bytes([word[0] ^ constant]) + word[1:]
            constant = xtime(constant)
        elif size > 6 and i % size == 4:
            word = bytes(SBOX[b] for b in word)
        words.append(xor(words[i - size], word))
    return [b"".join(words[i : i + 4]) for i in range(0, len(words), 4)]


def aes_block(round_keys, block):
    state = xor(block, round_keys[0])
    for number, round_key in enumerate(round_keys[1:], 1):
        state = bytes(SBOX[state[i]] for i in SHIFT_ROWS)
        if number < len(round_keys) - 1:
            mixed = []
            for c in range(0, 16, 4):
                column = state[c : c + 4]
                total = column[0] ^ column[1] ^ column[2] ^ column[3]
                for r in range(4):
                    mixed.append(column[r] ^ total ^ DOUBLE[column[r] ^ column[(r + 1) % 4]])
            state = mixed
        state = xor(state, round_key)
    return state


@functools.cache
def aes_ctr_keystream(key, initial_counter_block, length):
    """SP 800-38A section 6.5 with the whole block as one big-endian counter mod 2^128."""
    round_keys = aes_round_keys(key)
    counter = int.from_bytes(initial_counter_block, "big")
    parts = []
    for i in range((length + 15) // 16):
        parts.append(aes_block(round_keys, ((counter + i) % 2**128).to_bytes(16, "big")))
    stream = b"".join(parts)
    return stream[:length]


# AES-GCM, SP 800-38D, 12-byte nonces and 16-byte tags


def ghash_multiply(x, y):
    """Section 6.3: bit 0 is the leftmost bit."""
    z, v = 0, y
    for i in range(128):
        if (x >> (127 - i)) & 1:
            z ^= v
        v = (v >> 1) ^ (0xE1 << 120 if v & 1 else 0)
    return z


def gcm_tag(round_keys, nonce, aad, ciphertext):
    h = int.from_bytes(aes_block(round_keys, bytes(16)), "big")
    padded = aad + bytes(-len(aad) % 16) + ciphertext + bytes(-len(ciphertext) % 16)
    padded += (8 * len(aad)).to_bytes(8, "big") + (8 * len(ciphertext)).to_bytes(8, "big")
    y = 0
    for i in range(0, len(padded), 16):
        y = ghash_multiply(y ^ int.from_bytes(padded[i : i + 16], "big"), h)
    return xor(y.to_bytes(16, "big"), aes_block(round_keys, nonce + bytes([0, 0, 0, 1])))


def gcm_crypt(round_keys, nonce, data):
    out = b""
    for i in range(0, len(data), 16):
        pad = aes_block(round_keys, nonce + (2 + i // 16).to_bytes(4, "big"))
        out += xor(data[i : i + 16], pad[: len(data[i : i + 16])])
    return out


@functools.cache
def gcm_seal(key, nonce, aad, plaintext):
    round_keys = aes_round_keys(key)
    ciphertext = gcm_crypt(round_keys, nonce, plaintext)
    return ciphertext + gcm_tag(round_keys, nonce, aad, ciphertext)


@functools.cache
def gcm_open(key, nonce, aad, box):
    round_keys = aes_round_keys(key)
    ciphertext, tag = box[:-16], box[-16:]
    if gcm_tag(round_keys, nonce, aad, ciphertext) != tag:
        raise Refused("authentication-failed")
    return gcm_crypt(round_keys, nonce, ciphertext)


# ChaCha20, RFC 8439 section 2.3


def quarter_round(s, a, b, c, d):
    def rotate(value, by):
        return ((value << by) | (value >> (32 - by))) & 0xFFFFFFFF

    s[a] = (s[a] + s[b]) & 0xFFFFFFFF
    s[d] = rotate(s[d] ^ s[a], 16)
    s[c] = (s[c] + s[d]) & 0xFFFFFFFF
    s[b] = rotate(s[b] ^ s[c], 12)
    s[a] = (s[a] + s[b]) & 0xFFFFFFFF
    s[d] = rotate(s[d] ^ s[a], 8)
    s[c] = (s[c] + s[d]) & 0xFFFFFFFF
    s[b] = rotate(s[b] ^ s[c], 7)


@functools.cache
def chacha20_block(key, counter, nonce):
    def words(data):
        return [int.from_bytes(data[i : i + 4], "little") for i in range(0, len(data), 4)]

    initial = words(b"expand 32-byte k") + words(key) + [counter] + words(nonce)
    s = list(initial)
    for _ in range(10):
        for column in range(4):
            quarter_round(s, column, column + 4, column + 8, column + 12)
        for a in range(4):
            quarter_round(s, a, 4 + (a + 1) % 4, 8 + (a + 2) % 4, 12 + (a + 3) % 4)
    return b"".join(((x + y) & 0xFFFFFFFF).to_bytes(4, "little") for x, y in zip(s, initial))


class Generator:
    """The seeded generator of the specification: the ChaCha20 keystream with a zero nonce from block 0, read in order."""

    def __init__(self, key):
        assert len(key) == 32
        self.key, self.counter, self.buffer = key, 0, b""
        self.drawn = []  # what a party drew, by name: a round writes it down

    def read(self, count):
        while len(self.buffer) < count:
            self.buffer += chacha20_block(self.key, self.counter, bytes(12))
            self.counter += 1
        out, self.buffer = self.buffer[:count], self.buffer[count:]
        return out

    def draw(self, name, party, count):
        """party: whom it is for, or None."""
        out = self.read(count)
        self.drawn.append({"name": name, "for": party, "bytes": out})
        return out

    def word32(self):
        return int.from_bytes(self.read(4), "little")
