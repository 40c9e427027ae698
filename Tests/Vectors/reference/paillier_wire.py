# SPDX-License-Identifier: Apache-2.0
"""Keys, ciphertexts, packed vectors and proofs as bytes."""

import ed25519
import paillier
import paillier_proof
from paillier_numbers import SIZES, check_factors, check_modulus, from_bytes, number, size_in_bytes, square_number
from paillier_packing import Layout
from primitives import Refused
from wire import u8, u16, u32

VERSION = 1
PUBLIC_KEY, PROVED_PUBLIC_KEY, CIPHERTEXT, PACKED_VECTOR, PRIVATE_KEY, MODULUS_PROOF = range(0x70, 0x76)


def head(kind):
    return u8(VERSION) + u8(kind)


def encode_public_key(n):
    return head(PUBLIC_KEY) + u16(n.bit_length()) + number(n, n)


def encode_rounds(n, proof):
    w, rounds = proof
    return number(n, w) + b"".join(u8(signs) + number(n, x) + number(n, z) for signs, x, z in rounds)


def encode_proof(n, proof):
    return head(MODULUS_PROOF) + u16(n.bit_length()) + encode_rounds(n, proof)


def encode_proved_public_key(n, signature, proof):
    return head(PROVED_PUBLIC_KEY) + u16(n.bit_length()) + number(n, n) + signature + encode_rounds(n, proof)


def encode_ciphertext(n, c):
    return head(CIPHERTEXT) + paillier.fingerprint(n) + square_number(n, c)


def encode_packed_vector(n, layout, count, weight, ciphertexts):
    data = b"".join(square_number(n, c) for c in ciphertexts)
    return head(PACKED_VECTOR) + paillier.fingerprint(n) + layout.encoded() + u32(count) + u32(weight) + data


def encode_private_key(p, q):
    bits, size = (p * q).bit_length(), size_in_bytes((p * q).bit_length() // 2)
    return head(PRIVATE_KEY) + u16(bits) + min(p, q).to_bytes(size, "big") + max(p, q).to_bytes(size, "big")


class Reader:
    """Fields of known lengths, the first of which are the fixed part."""

    def __init__(self, data, kind, fixed):
        if len(data) < fixed:
            raise Refused("truncated")
        self.data, self.at = data, 0
        if self.number(1) != VERSION:
            raise Refused("wrong-version")
        if self.number(1) != kind:
            raise Refused("unknown-type")

    def bytes(self, count):
        assert self.at + count <= len(self.data)
        self.at += count
        return self.data[self.at - count : self.at]

    def number(self, count):
        return from_bytes(self.bytes(count))

    def size(self):
        bits = self.number(2)
        if bits not in SIZES:
            raise Refused("wrong-size")
        return bits

    def rest(self, length):
        """What follows has exactly this length."""
        if len(self.data) - self.at < length:
            raise Refused("truncated")
        if len(self.data) - self.at > length:
            raise Refused("trailing-bytes")


def decode_public_key(data):
    reader = Reader(data, PUBLIC_KEY, 4)
    bits = reader.size()
    reader.rest(size_in_bytes(bits))
    n = reader.number(size_in_bytes(bits))
    check_modulus(n, bits)
    return n


def proof_size(bits):
    return size_in_bytes(bits) + paillier_proof.ROUNDS * (1 + 2 * size_in_bytes(bits))


def read_rounds(reader, bits):
    size = size_in_bytes(bits)
    w = reader.number(size)
    return w, [(reader.number(1), reader.number(size), reader.number(size)) for _ in range(paillier_proof.ROUNDS)]


def check_proof(n, bits, session, data):
    """Decodes the proof and holds it against n."""
    reader = Reader(data, MODULUS_PROOF, 4)
    if reader.size() != bits:
        raise Refused("wrong-size")
    reader.rest(proof_size(bits))
    paillier_proof.check(n, bits, session, read_rounds(reader, bits))


def decode_proved_public_key(data, holder, session):
    """n, if the enrolled key `holder` signed it and it is proved in this session."""
    reader = Reader(data, PROVED_PUBLIC_KEY, 4)
    bits = reader.size()
    reader.rest(size_in_bytes(bits) + 64 + proof_size(bits))
    encoded = data[2 : 4 + size_in_bytes(bits)]
    n, signature = reader.number(size_in_bytes(bits)), reader.bytes(64)
    ed25519.verify(holder, paillier.vector(255, b"fedsum/1 paillier public key") + encoded, signature)
    paillier_proof.check(n, bits, session, read_rounds(reader, bits))
    return n


def decode_ciphertext(data, n):
    reader = Reader(data, CIPHERTEXT, 34)
    if reader.bytes(32) != paillier.fingerprint(n):
        raise Refused("wrong-key")
    size = size_in_bytes(2 * n.bit_length())
    reader.rest(size)
    c = reader.number(size)
    paillier.check_ciphertexts(n, [c])
    return c


def decode_packed_vector(data, n, layout, count):
    """(weight, ciphertexts) of a vector with the layout and count that are expected."""
    reader = Reader(data, PACKED_VECTOR, 51)
    if reader.bytes(32) != paillier.fingerprint(n):
        raise Refused("wrong-key")
    encoded = reader.bytes(9)
    value_bits, is_signed, maximum = encoded[0], encoded[1], from_bytes(encoded[2:6])
    if not 1 <= value_bits <= 64 or is_signed > 1 or maximum == 0:
        raise Refused("inconsistent-layout")
    try:
        stated = Layout(n.bit_length(), value_bits, is_signed, maximum)
    except Refused:
        raise Refused("inconsistent-layout") from None
    if stated.encoded() != encoded:
        raise Refused("inconsistent-layout")
    if stated != layout:
        raise Refused("wrong-layout")
    if reader.number(4) != count:
        raise Refused("wrong-count")
    weight = reader.number(4)
    if not 1 <= weight <= layout.maximum_weight:
        raise Refused("weight-out-of-range")
    size = size_in_bytes(2 * n.bit_length())
    reader.rest(size * layout.ciphertexts(count))
    ciphertexts = [reader.number(size) for _ in range(layout.ciphertexts(count))]
    paillier.check_ciphertexts(n, ciphertexts)
    return weight, ciphertexts


def decode_private_key(data):
    reader = Reader(data, PRIVATE_KEY, 4)
    bits = reader.size()
    size = size_in_bytes(bits // 2)
    reader.rest(2 * size)
    p, q = reader.number(size), reader.number(size)
    if p >= q:
        raise Refused("not-canonical")
    check_factors(p * q, bits, p, q, is_blum=True)
    return p, q
