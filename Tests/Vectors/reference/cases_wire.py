# SPDX-License-Identifier: Apache-2.0
"""Vectors of the key schedule and of every message, with the byte strings that a decoder refuses."""

import additive
import keys
import plain
import secagg
import wire
from cases_arithmetic import invalid, key_for, strings
from primitives import Generator, public_key, shared_secret

LOW_ORDER = [
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0100000000000000000000000000000000000000000000000000000000000000",
    "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
    "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
]


def make_context(label, number=7, attempt=0):
    return {
        "task": label.encode(), "round": number, "attempt": attempt,
        "modelDigest": key_for(f"model {label}"), "parametersDigest": key_for(f"parameters {label}"),
    }


def context_json(context):
    return {**context, "round": str(context["round"])}


def session_json(session, **own):
    """own: the scheme's own parameters."""
    return {
        "scheme": session.scheme, "bits": session.bits, "dimension": session.dimension, **own,
        "contributors": session.contributors, "helpers": session.helpers, "context": context_json(session.context),
        "session": session.digest,
    }


def sample_sessions():
    """id -> (session, the scheme's own parameters)"""
    zeros = {"task": b"t", "round": 0, "attempt": 0, "modelDigest": bytes(32), "parametersDigest": bytes(32)}
    largest = {
        "task": (bytes(range(128)).decode() + "\u00ff\u20ac\U0001d11e" * 14 + "~").encode(), "round": 2**64 - 1, "attempt": 2**32 - 1,
        "modelDigest": bytes([255]) * 32, "parametersDigest": bytes([254]) * 32,
    }
    helpers = [900, 20, 21]  # in the scheme's order, which is not ascending
    helper_keys = [public_key(key_for(f"helper {j}")) for j in helpers]
    two = helper_keys[:2]
    return {
        "plain": (plain.make_session(16, 3, 2, [1, 2, 3], 0, zeros), {"minimumContributors": 2}),
        "plain-large": (
            plain.make_session(64, 2**32 - 1, 3, [0, 5, 2**32 - 1], 6, largest),
            {"minimumContributors": 3},
        ),
        "additive": (
            additive.make_session(23, 5, 3, [1, 4, 7], helpers, helper_keys, make_context("additive")),
            {"minimumContributors": 3, "helperKeys": helper_keys},
        ),
        "additive-two-helpers": (
            additive.make_session(33, 2, 2, [1, 2], helpers[:2], two, make_context("additive", 2**40, 3)),
            {"minimumContributors": 2, "helperKeys": two},
        ),
        "secagg": (
            secagg.make_session(23, 5, 3, 3, [3, 17, 250, 251, 70000], 1000, make_context("secagg")),
            {"minimumContributors": 3, "threshold": 3},
        ),
        "secagg-next-attempt": (
            secagg.make_session(23, 5, 3, 3, [3, 17, 250, 251, 70000], 1000, make_context("secagg", 7, 1)),
            {"minimumContributors": 3, "threshold": 3},
        ),
        "secagg-64": (
            secagg.make_session(64, 1, 2, 2, [1, 2, 3], 0, make_context("secagg")),
            {"minimumContributors": 2, "threshold": 2},
        ),
    }


def key_schedule():
    cases = []
    sessions = sample_sessions()
    for name, (session, own) in sessions.items():
        cases.append({
            "id": f"session-{name}", "result": "valid", "kind": "session",
            **session_json(session, **own), "input": session.input,
        })
    session, own = sessions["secagg"]

    def derived(name, session, purpose, ikm, sender, receiver, bits, public_keys, length=32):
        cases.append({
            "id": name, "result": "valid", "kind": "derive", "session": session.digest, "round": str(session.round),
            "purpose": purpose, "ikm": ikm, "from": sender, "to": receiver, "bits": bits, "publicKeys": public_keys,
            "length": length, "info": keys.derive_info(session, purpose, sender, receiver, bits, public_keys),
            "key": keys.derive(session, ikm, purpose, sender, receiver, bits, public_keys, length),
        })

    a, b = key_for("private a"), key_for("private b")
    secret, pair, riap = shared_secret(a, public_key(b)), public_key(a) + public_key(b), public_key(b) + public_key(a)
    cases.append({
        "id": "x25519", "result": "valid", "kind": "x25519", "private": a, "publicKey": public_key(a),
        "peerPrivate": b, "peerPublicKey": public_key(b), "sharedSecret": secret,
    })
    for number, point in enumerate(LOW_ORDER):
        case = {"id": f"x25519-low-order-{number}", "kind": "x25519", "private": a, "peerPublicKey": point}
        cases.append(invalid(case, "low-order-point", lambda p=bytes.fromhex(point): shared_secret(a, p)))

    derived("share-encryption-3-to-17", session, "share encryption", secret, 3, 17, 0, pair)
    derived("share-encryption-17-to-3", session, "share encryption", secret, 17, 3, 0, riap)
    assert cases[-2]["key"] == keys.share_encryption_key(session, a, public_key(b), 3, 17, True)
    assert cases[-2]["key"] == keys.share_encryption_key(session, b, public_key(a), 3, 17, False)
    derived("pairwise-mask", session, "pairwise mask", secret, 3, 17, 23, pair)
    assert cases[-1]["key"] == keys.pairwise_mask_key(session, a, 3, public_key(b), 17)
    assert cases[-1]["key"] == keys.pairwise_mask_key(session, b, 17, public_key(a), 3)
    derived("pairwise-mask-next-attempt", sessions["secagg-next-attempt"][0], "pairwise mask", secret, 3, 17, 23, pair)
    derived("pairwise-mask-64", sessions["secagg-64"][0], "pairwise mask", secret, 1, 3, 64, pair)
    derived("self-mask", session, "self mask", key_for("seed"), 70000, 70000, 23, b"")
    additive_session = sessions["additive"][0]
    derived("additive-share", additive_session, "additive share", key_for("seed"), 4, 20, 23, b"")
    derived("additive-share-other-aggregator", additive_session, "additive share", key_for("seed"), 4, 21, 23, b"")
    derived("share-seal", additive_session, "share seal", secret, 4, 20, 0, pair)
    derived("share-seal-large-round", sessions["additive-two-helpers"][0], "share seal", secret, 1, 20, 0, pair)
    derived("longest-ids", sessions["plain-large"][0], "self mask", key_for("seed"), 2**32 - 1, 2**32 - 1, 64, b"")

    for u in [3, 70000]:
        seed = key_for(f"self-mask seed {u}")
        cases.append({
            "id": f"commitment-{u}", "result": "valid", "kind": "self-mask-commitment", "session": session.digest,
            "party": u, "seed": seed, "commitment": keys.self_mask_commitment(session, u, seed),
        })
    for name in ["secagg", "secagg-next-attempt", "plain", "plain-large"]:
        context = sessions[name][0].context
        for seed, purpose, party in [(0, "party", 0), (1, "party", 17), (2**64 - 1, "input", 2**32 - 1), (1, "faults", 0)]:
            cases.append({
                "id": f"simulation-{name}-{purpose}-{seed}-{party}", "result": "valid", "kind": "simulation-key",
                "seed": str(seed), "purpose": purpose, "context": context_json(context), "party": party,
                "info": keys.simulation_info(purpose, context, party),
                "key": keys.simulation_key(seed, purpose, context, party),
            })
    return cases


def shown(body):
    """A body for the file: ring elements as decimal strings."""
    return {k: strings(v) if k in ("elements", "leaderShare") else v for k, v in body.items()}


def sample_bodies(scheme, session):
    draw = Generator(key_for(f"bodies {scheme}"))
    elements = [int.from_bytes(draw.read(8), "little") % 2**session.bits for _ in range(session.dimension)]

    def advertisement():
        return {name: draw.read(32) for name in ("channelPublicKey", "maskPublicKey", "selfMaskCommitment")}

    def seed():
        return {"ephemeralPublicKey": draw.read(32), "box": draw.read(48)}

    ids = session.contributors
    bodies = {
        "plain": [("input", 0x10, {"elements": elements})],
        "additive": [
            ("share", 0x20, {"leaderShare": elements, "seeds": [seed() for _ in session.helpers[1:]]}),
            ("forward", 0x21, {"entries": [{"contributor": u, "seed": seed()} for u in ids]}),
            ("combine", 0x22, {"elements": elements}),
        ],
        "secagg": [
            ("advertise-keys", 0x30, advertisement()),
            ("roster", 0x31, {"roster": [{"id": u, "keys": advertisement()} for u in ids]}),
            ("share-keys", 0x32, {"shares": [{"to": u, "box": draw.read(88)} for u in ids[1:]]}),
            ("shares", 0x33, {"shares": [{"from": u, "box": draw.read(88)} for u in ids[1:]]}),
            ("masked-input", 0x34, {"elements": elements}),
            ("survivors", 0x35, {"survivors": ids}),
            ("unmask", 0x36, {"shares": [{"of": u, "share": draw.read(32)} for u in ids]}),
        ],
    }
    return bodies[session.scheme]


EMPTY = [("forward", 0x21, "entries"), ("roster", 0x31, "roster"), ("share-keys", 0x32, "shares"),
         ("shares", 0x33, "shares"), ("survivors", 0x35, "survivors"), ("unmask", 0x36, "shares")]
LISTS = {0x21: ("entries", "contributor"), 0x31: ("roster", "id"), 0x32: ("shares", "to"), 0x33: ("shares", "from"),
         0x36: ("shares", "of")}
HEADER = 34  # version, type, session


def messages():
    sessions = {n: s for n, s in sample_sessions().items() if n != "plain-large"}
    cases = []

    def valid(case_id, name, kind, body):
        session = sessions[name][0]
        data = wire.encode(session, kind, body)
        assert wire.decode(session, data) == (kind, body)
        cases.append({
            "id": case_id, "result": "valid", "session": name, "type": kind, "fields": shown(body), "bytes": data,
        })
        return data

    def refused(case_id, error, name, data):
        session = sessions[name][0]
        case = {"id": case_id, "session": name, "bytes": data}
        cases.append(invalid(case, error, lambda: wire.decode(session, data)))

    for name, (session, _) in sessions.items():
        scheme = session.scheme
        for reason in [1, 2, 3, 4] if name in wire.TYPES else [1]:
            data = valid(f"{name}-abort-{reason}", name, 0x01, {"reason": reason})
        if name in wire.TYPES:
            refused(f"{name}-abort-reason-0", "unknown-reason", name, data[:-1] + b"\0")
            refused(f"{name}-abort-reason-5", "unknown-reason", name, data[:-1] + b"\5")
            refused(f"{name}-abort-truncated", "truncated", name, data[:-1])
            refused(f"{name}-abort-trailing", "trailing-bytes", name, data + b"\0")
            refused(f"{name}-empty", "truncated", name, b"")
            refused(f"{name}-version-only", "truncated", name, b"\1")
            other = {"plain": 0x20, "additive": 0x30, "secagg": 0x10}[scheme]
            for kind in [0x00, 0x02, 0x0F, other, 0xFF]:
                refused(f"{name}-unknown-type-{kind:02x}", "unknown-type", name, data[:1] + bytes([kind]) + data[2:])
        for kind_name, kind, body in sample_bodies(name, session):
            data = valid(f"{name}-{kind_name}", name, kind, body)
            if name in wire.TYPES:
                refuse_variants(refused, f"{name}-{kind_name}", name, session, kind, body, data)
        if name in wire.TYPES:
            for kind_name, kind, field in EMPTY:
                if kind in wire.TYPES[scheme]:
                    valid(f"{name}-{kind_name}-empty-list", name, kind, {field: []})
    listed = [{"id": name, **session_json(session, **own)} for name, (session, own) in sessions.items()]
    return {"sessions": listed, "cases": cases}


def refuse_variants(refused, prefix, name, session, kind, body, data):
    """Every way in which one good message can go bad."""

    def patched(at, new):
        return data[:at] + bytes(new) + data[at + len(new) :]

    def bumped(at):
        return patched(at, [data[at] ^ 1])

    for cut in sorted({HEADER - 1, HEADER, HEADER + 1, HEADER + 3, len(data) - 1}):
        if cut < len(data):
            refused(f"{prefix}-truncated-{cut}", "truncated", name, data[:cut])
    refused(f"{prefix}-trailing", "trailing-bytes", name, data + b"\0")
    refused(f"{prefix}-version-0", "wrong-version", name, patched(0, [0]))
    refused(f"{prefix}-version-2", "wrong-version", name, patched(0, [2]))
    refused(f"{prefix}-session-first-byte", "wrong-session", name, bumped(2))
    refused(f"{prefix}-session-last-byte", "wrong-session", name, bumped(HEADER - 1))

    if kind in (0x10, 0x20, 0x22, 0x34):
        size = wire.packed_size(session.bits, session.dimension)
        vector = HEADER + 5
        for bits in [0, session.bits - 1, session.bits + 1, 65, 255]:
            refused(f"{prefix}-bits-{bits}", "wrong-bits", name, patched(HEADER, [bits]))
        for count in [0, session.dimension - 1, session.dimension + 1, 2**32 - 1]:
            refused(f"{prefix}-count-{count}", "wrong-count", name, patched(HEADER + 1, count.to_bytes(4, "big")))
        shorter = data[: HEADER + 1] + (session.dimension - 1).to_bytes(4, "big") + data[vector : vector + 4]
        refused(f"{prefix}-consistent-but-short", "wrong-count", name, shorter)
        if session.bits * session.dimension % 8:
            last = vector + size - 1
            refused(f"{prefix}-padding", "nonzero-padding", name, patched(last, [data[last] | 0x80]))
    if kind == 0x20:
        at = HEADER + 5 + wire.packed_size(session.bits, session.dimension)
        length = int.from_bytes(data[at : at + 2], "big")
        refused(f"{prefix}-list-length-short", "vector-length-not-a-multiple-of-the-element-size", name,
                data[:at] + (length - 1).to_bytes(2, "big") + data[at + 2 : -1])
        refused(f"{prefix}-list-length-beyond-end", "truncated", name, patched(at, [255, 255]))
    if kind in LISTS or kind == 0x35:
        length = int.from_bytes(data[HEADER : HEADER + 3], "big")
        refused(f"{prefix}-list-length-short", "vector-length-not-a-multiple-of-the-element-size", name,
                data[:HEADER] + (length - 1).to_bytes(3, "big") + data[HEADER + 3 : -1])
        refused(f"{prefix}-list-length-beyond-end", "truncated", name, patched(HEADER, [255, 255, 255]))
        if kind == 0x35:
            lists = {"survivors": body["survivors"]}
        else:
            lists = {LISTS[kind][0]: body[LISTS[kind][0]]}
        for field, entries in lists.items():
            swapped = [entries[1], entries[0], *entries[2:]]
            repeated = [entries[0], *entries]
            refused(f"{prefix}-ids-not-sorted", "ids-not-ascending", name, wire.encode(session, kind, {field: swapped}))
            refused(f"{prefix}-id-repeated", "ids-not-ascending", name, wire.encode(session, kind, {field: repeated}))
