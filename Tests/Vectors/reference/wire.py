# SPDX-License-Identifier: Apache-2.0
"""Messages as bytes: the TLS presentation language, version 1 of the wire format.

A message body is a plain dict; `encode` and `decode` are inverse to each other, and `decode` refuses everything else.
"""

from fields import PRIMES
from primitives import Refused, sha256
from rings import pack, packed_size, unpack

VERSION = 1
ABORT = 0x01
TYPES = {
    "plain": {0x10: "input"},
    "additive": {0x20: "share", 0x21: "forward", 0x22: "combine", 0x23: "complaint"},
    "shamir": {0x40: "share", 0x41: "forward", 0x42: "combine", 0x43: "complaint"},
    "peer-to-peer": {0x50: "seed", 0x51: "share", 0x52: "confirm", 0x53: "combine"},
    "secagg": {
        0x30: "advertise-keys",
        0x31: "roster",
        0x32: "share-keys",
        0x33: "shares",
        0x34: "masked-input",
        0x35: "survivors",
        0x36: "unmask",
    },
    "secagg+": {
        0x30: "advertise-keys",
        0x38: "neighborhood",
        0x32: "share-keys",
        0x33: "shares",
        0x34: "masked-input",
        0x35: "survivors",
        0x36: "unmask",
    },
}
# What there is besides under a threat model.
FURTHER_TYPES = {
    ("secagg", 0): {},
    ("secagg", 1): {0x39: "consistency", 0x3A: "signatures"},
    ("secagg", 2): {0x39: "consistency", 0x3A: "signatures"},
    ("secagg+", 0): {},
    ("secagg+", 1): {0x37: "root", 0x39: "consistency", 0x3C: "signature-root", 0x3B: "witnesses"},
    ("secagg+", 2): {0x37: "root", 0x39: "consistency", 0x3C: "signature-root", 0x3B: "witnesses"},
}
LARGEST_DEPTH = 17
SEALED_SEED_SIZE = 32 + 48 + 64
ABORT_REASONS = {1: "too-few-parties", 2: "inconsistent-messages", 3: "refused", 4: "internal"}


def u8(value):
    return value.to_bytes(1, "big")


def u16(value):
    return value.to_bytes(2, "big")


def u32(value):
    return value.to_bytes(4, "big")


def u64(value):
    return value.to_bytes(8, "big")


def vector(maximum, data):
    """A variable-length vector of TLS: the length in bytes, in as many bytes as the maximum needs."""
    assert len(data) <= maximum
    return len(data).to_bytes((maximum.bit_length() + 7) // 8, "big") + data


def party_ids(ids):
    return b"".join(u32(i) for i in ids)


# Sessions


def encode_context(context):
    assert 1 <= len(context["task"]) <= 255
    return (
        vector(255, context["task"])
        + u64(context["round"])
        + u32(context["attempt"])
        + context["modelDigest"]
        + context["parametersDigest"]
    )


def encode_session_input(scheme, parameters, contributors, helpers, context):
    assert list(contributors) == sorted(set(contributors))
    return (
        vector(255, b"fedsum session")
        + u8(VERSION)
        + vector(255, scheme.encode())
        + vector(2**16 - 1, parameters)
        + vector(2**24 - 1, party_ids(contributors))
        + vector(2**16 - 1, party_ids(helpers))
        + encode_context(context)
    )


class Session:
    """What a decoder knows before the first message: the scheme, the digest and the shape of the vectors."""

    def __init__(self, scheme, bits, dimension, parameters, contributors, helpers, context):
        self.scheme, self.bits, self.dimension = scheme, bits, dimension
        self.parameters, self.contributors, self.helpers = parameters, list(contributors), list(helpers)
        self.context, self.round = context, context["round"]
        self.field_bits, self.threshold = 0, None  # of a scheme over a prime field
        # Of `secagg` and `secagg+`: the threat model, the degree of the graph, id -> enrolled Ed25519 key.
        self.threat, self.neighbors, self.identity_keys = None, None, {}
        self.input = encode_session_input(scheme, parameters, contributors, helpers, context)
        self.digest = sha256(self.input)

    @property
    def vector_bits(self):
        """The bits of an element on the wire."""
        return self.field_bits or self.bits

    @property
    def types(self):
        return {**TYPES[self.scheme], **FURTHER_TYPES.get((self.scheme, self.threat), {})}

    @property
    def bitmap_size(self):
        return (len(self.contributors) + 7) // 8


def plain_parameters(bits, dimension, minimum_contributors):
    return u8(bits) + u32(dimension) + u32(minimum_contributors)


def additive_parameters(bits, dimension, minimum_contributors, identities_digest, aggregator_keys):
    return plain_parameters(bits, dimension, minimum_contributors) + identities_digest + b"".join(aggregator_keys)


def shamir_parameters(
    bits, dimension, minimum_contributors, field_bits, threshold, identities_digest, aggregator_keys
):
    own = u8(field_bits) + u16(threshold) + identities_digest + b"".join(aggregator_keys)
    return plain_parameters(bits, dimension, minimum_contributors) + own


def peer_parameters(bits, dimension, minimum_contributors, field_bits, threshold):
    return plain_parameters(bits, dimension, minimum_contributors) + u8(field_bits) + u32(threshold)


def secagg_parameters(bits, dimension, minimum_contributors, threshold, threat, neighbors, identities_digest=b""):
    own = u32(threshold) + u8(threat) + u32(neighbors) + identities_digest
    return plain_parameters(bits, dimension, minimum_contributors) + own


# Encoding


def ring_vector(bits, elements):
    return u8(bits) + u32(len(elements)) + pack(bits, elements)


# The fields of an advertisement under each threat model, with their sizes.
ADVERTISEMENT = {"channelPublicKey": 32, "maskPublicKey": 32, "selfMaskCommitment": 32}
ADVERTISEMENTS = [ADVERTISEMENT, {**ADVERTISEMENT, "verifyingKey": 32}, {**ADVERTISEMENT, "signature": 64}]


def advertisement(threat, keys):
    assert list(keys) == list(ADVERTISEMENTS[threat])
    return b"".join(keys.values())


def bitmap(contributors, members):
    """A bit for each position, the least significant of a byte first."""
    out = bytearray((len(contributors) + 7) // 8)
    for position, u in enumerate(contributors):
        out[position // 8] |= (u in members) << position % 8
    return bytes(out)


def members(contributors, data):
    return [u for position, u in enumerate(contributors) if data[position // 8] >> position % 8 & 1]


def sealed_seed(seed):
    return seed["ephemeralPublicKey"] + seed["box"] + seed["signature"]


def encode_body(session, kind, body):
    def entries(name, encode):
        return vector(2**24 - 1, b"".join(encode(entry) for entry in body[name]))

    def identified(entry):
        return u32(entry["id"]) + advertisement(body["threat"], entry["keys"])

    def path(entry, name="path"):
        assert len(entry[name]) == body["depth"]
        return b"".join(entry[name])

    def witness(entry):
        out = u32(entry["id"]) + entry["signature"] + path(entry, "signaturePath")
        return out + (advertisement(1, entry["keys"]) + path(entry) if body["threat"] == 1 else b"")

    match kind:
        case 0x01:
            return u8(body["reason"])
        case 0x10 | 0x22 | 0x34 | 0x42 | 0x51:
            return ring_vector(session.vector_bits, body["elements"])
        case 0x23 | 0x43:
            return entries("contributors", u32)
        case 0x40:
            masked = b"".join(ring_vector(session.field_bits, elements) for elements in body["masked"])
            seeds = b"".join(sealed_seed(seed) for seed in body["seeds"])
            return u16(len(body["masked"])) + masked + vector(2**16 - 1, seeds)
        case 0x50:
            return body["seed"]
        case 0x52:
            return entries("held", u32)
        case 0x53:
            return entries("contributors", u32) + ring_vector(session.vector_bits, body["elements"])
        case 0x20:
            seeds = b"".join(sealed_seed(seed) for seed in body["seeds"])
            return ring_vector(session.bits, body["leaderShare"]) + vector(2**16 - 1, seeds)
        case 0x21 | 0x41:
            return entries("entries", lambda e: u32(e["contributor"]) + sealed_seed(e["seed"]))
        case 0x30:
            return u8(body["threat"]) + advertisement(body["threat"], body["keys"])
        case 0x31:
            return u8(body["threat"]) + entries("roster", identified)
        case 0x32:
            return entries("shares", lambda e: u32(e["to"]) + e["box"])
        case 0x33:
            return vector(2**16 - 1, body["sharers"]) + entries("shares", lambda e: u32(e["from"]) + e["box"])
        case 0x35:
            return vector(2**16 - 1, body["survivors"])
        case 0x36:
            return entries("shares", lambda e: u32(e["of"]) + e["share"])
        case 0x37:
            return body["root"] + u64(body["pulse"])
        case 0x38:
            head = u8(body["threat"]) + u8(body["depth"]) + body["root"] + body["entropy"] + path(body, "ownPath")
            present = entries("present", lambda e: identified(e) + path(e))
            return head + present + entries("absent", lambda e: u32(e["id"]) + path(e))
        case 0x39:
            return body["signature"]
        case 0x3A:
            return entries("signatures", lambda e: u32(e["id"]) + e["signature"])
        case 0x3B:
            assert body["threat"] in (1, 2)
            return u8(body["threat"]) + u8(body["depth"]) + entries("witnesses", witness)
        case 0x3C:
            return body["signatureRoot"] + u64(body["pulse"])
    raise AssertionError(kind)


def encode(session, kind, body):
    return u8(VERSION) + u8(kind) + session.digest + encode_body(session, kind, body)


# Decoding


class Reader:
    def __init__(self, data):
        self.data, self.at = data, 0

    def take(self, count):
        if self.at + count > len(self.data):
            raise Refused("truncated")
        self.at += count
        return self.data[self.at - count : self.at]

    def uint(self, size):
        return int.from_bytes(self.take(size), "big")

    def entries(self, maximum, size, decode):
        """A vector of entries of one size."""
        data = self.take(self.uint((maximum.bit_length() + 7) // 8))
        if len(data) % size:
            raise Refused("vector-length-not-a-multiple-of-the-element-size")
        return [decode(Reader(data[i : i + size])) for i in range(0, len(data), size)]

    def end(self):
        if self.at != len(self.data):
            raise Refused("trailing-bytes")


def ascending(ids):
    if any(a >= b for a, b in zip(ids, ids[1:])):
        raise Refused("ids-not-ascending")


def read_ring_vector(session, reader):
    bits = session.vector_bits
    if reader.uint(1) != bits:
        raise Refused("wrong-bits")
    if reader.uint(4) != session.dimension:
        raise Refused("wrong-count")
    data = reader.take(packed_size(bits, session.dimension))
    elements = unpack(bits, session.dimension, data)
    if session.field_bits and any(element >= PRIMES[bits] for element in elements):
        raise Refused("element-not-below-prime")
    return elements


def read_threat(reader):
    threat = reader.uint(1)
    if threat > 2:
        raise Refused("unknown-threat")
    return threat


def read_depth(reader):
    depth = reader.uint(1)
    if depth > LARGEST_DEPTH:
        raise Refused("depth-out-of-range")
    return depth


def read_advertisement(threat, reader):
    return {name: reader.take(size) for name, size in ADVERTISEMENTS[threat].items()}


def read_path(depth, reader):
    return [reader.take(32) for _ in range(depth)]


def read_bitmap(session, reader):
    data = reader.take(reader.uint(2))
    if len(data) != session.bitmap_size:
        raise Refused("wrong-count")
    if int.from_bytes(data, "little") >> len(session.contributors):
        raise Refused("nonzero-padding")
    return data


def read_sealed_seed(reader):
    return {"ephemeralPublicKey": reader.take(32), "box": reader.take(48), "signature": reader.take(64)}


def decode_body(session, kind, reader):
    many = 2**24 - 1

    def read_reason():
        reason = reader.uint(1)
        if reason not in ABORT_REASONS:
            raise Refused("unknown-reason")
        return reason

    def ids():
        out = reader.entries(many, 4, lambda r: r.uint(4))
        ascending(out)
        return out

    def keyed(name, size, decode):
        out = reader.entries(many, 4 + size, decode)
        ascending([entry[name] for entry in out])
        return out

    match kind:
        case 0x01:
            return {"reason": read_reason()}
        case 0x10 | 0x22 | 0x34 | 0x42 | 0x51:
            return {"elements": read_ring_vector(session, reader)}
        case 0x20:
            share = read_ring_vector(session, reader)
            return {"leaderShare": share, "seeds": reader.entries(2**16 - 1, SEALED_SEED_SIZE, read_sealed_seed)}
        case 0x21 | 0x41:
            read = lambda r: {"contributor": r.uint(4), "seed": read_sealed_seed(r)}
            return {"entries": keyed("contributor", SEALED_SEED_SIZE, read)}
        case 0x23 | 0x43:
            contributors = ids()
            if not contributors:
                raise Refused("empty-list")
            return {"contributors": contributors}
        case 0x30:
            threat = read_threat(reader)
            return {"threat": threat, "keys": read_advertisement(threat, reader)}
        case 0x31:
            threat = read_threat(reader)
            read = lambda r: {"id": r.uint(4), "keys": read_advertisement(threat, r)}
            return {"threat": threat, "roster": keyed("id", sum(ADVERTISEMENTS[threat].values()), read)}
        case 0x32:
            return {"shares": keyed("to", 88, lambda r: {"to": r.uint(4), "box": r.take(88)})}
        case 0x33:
            sharers = read_bitmap(session, reader)
            return {"sharers": sharers, "shares": keyed("from", 88, lambda r: {"from": r.uint(4), "box": r.take(88)})}
        case 0x35:
            return {"survivors": read_bitmap(session, reader)}
        case 0x36:
            return {"shares": keyed("of", 32, lambda r: {"of": r.uint(4), "share": r.take(32)})}
        case 0x37:
            return {"root": reader.take(32), "pulse": reader.uint(8)}
        case 0x38:
            threat, depth = read_threat(reader), read_depth(reader)
            head = {
                "threat": threat, "depth": depth, "root": reader.take(32), "entropy": reader.take(32),
                "ownPath": read_path(depth, reader),
            }
            size = sum(ADVERTISEMENTS[threat].values())
            read_present = lambda r: {
                "id": r.uint(4), "keys": read_advertisement(threat, r), "path": read_path(depth, r)
            }
            present = keyed("id", size + 32 * depth, read_present)
            absent = keyed("id", 32 * depth, lambda r: {"id": r.uint(4), "path": read_path(depth, r)})
            return {**head, "present": present, "absent": absent}
        case 0x39:
            return {"signature": reader.take(64)}
        case 0x3A:
            return {"signatures": keyed("id", 64, lambda r: {"id": r.uint(4), "signature": r.take(64)})}
        case 0x3B:
            threat = read_threat(reader)
            if threat == 0:  # there is no such witness
                raise Refused("unknown-threat")
            depth = read_depth(reader)

            def read(r):
                out = {"id": r.uint(4), "signature": r.take(64), "signaturePath": read_path(depth, r)}
                return out | ({"keys": read_advertisement(1, r), "path": read_path(depth, r)} if threat == 1 else {})

            size = 64 + 32 * depth + (sum(ADVERTISEMENTS[1].values()) + 32 * depth if threat == 1 else 0)
            return {"threat": threat, "depth": depth, "witnesses": keyed("id", size, read)}
        case 0x3C:
            return {"signatureRoot": reader.take(32), "pulse": reader.uint(8)}
        case 0x40:
            if reader.uint(2) != len(session.helpers) - session.threshold:  # K - t + 1, and the leader is a helper too
                raise Refused("wrong-share-count")
            masked = [read_ring_vector(session, reader) for _ in range(len(session.helpers) - session.threshold)]
            return {"masked": masked, "seeds": reader.entries(2**16 - 1, SEALED_SEED_SIZE, read_sealed_seed)}
        case 0x50:
            return {"seed": reader.take(32)}
        case 0x52:
            return {"held": ids()}
        case 0x53:
            return {"contributors": ids(), "elements": read_ring_vector(session, reader)}
    raise AssertionError(kind)


def decode(session, data):
    """Returns (type, body) of exactly one canonical message of the session."""
    reader = Reader(data)
    if reader.uint(1) != VERSION:
        raise Refused("wrong-version")
    kind = reader.uint(1)
    if kind != ABORT and kind not in session.types:
        raise Refused("unknown-type")
    if reader.take(32) != session.digest:
        raise Refused("wrong-session")
    body = decode_body(session, kind, reader)
    reader.end()
    return kind, body
