# SPDX-License-Identifier: Apache-2.0
"""Vectors of the key schedule and of every message, with the byte strings that a decoder refuses."""

import additive
import ed25519
import graph
import keys
import peers
import plain
import sealing
import secagg
import shamir
import wire
from cases_arithmetic import invalid, key_for, strings
from fields import PRIMES
from primitives import Generator, public_key, shared_secret
from rings import pack

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
    assert own.get("fieldBits", 0) == session.field_bits
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

    def identities(contributors):
        return [ed25519.public_key(key_for(f"identity {u}")) for u in contributors]

    def enrolled(helper_keys, contributors):
        identity_keys = identities(contributors)
        digest = sealing.identities_digest(identity_keys)
        return {"helperKeys": helper_keys, "identityKeys": identity_keys, "identitiesDigest": digest}

    five = [3, 17, 250, 251, 70000]
    masking_sessions = {}

    def masking(name, scheme, threat, bits, dimension, minimum, threshold, contributors, server, context, neighbors=None):
        identity_keys = identities(contributors) if threat == secagg.ACTIVE else None
        session = secagg.make_session(
            scheme, bits, dimension, minimum, threshold, threat, neighbors, contributors, identity_keys, server, context
        )
        own = {"minimumContributors": minimum, "threshold": threshold, "threat": threat}
        own |= {"neighbors": neighbors} if scheme == "secagg+" else {}
        if identity_keys:
            own |= {"identityKeys": identity_keys, "identitiesDigest": sealing.identities_digest(identity_keys)}
        masking_sessions[name] = session, own

    masking("secagg", "secagg", 0, 23, 5, 3, 3, five, 1000, make_context("secagg"))
    masking("secagg-next-attempt", "secagg", 0, 23, 5, 3, 3, five, 1000, make_context("secagg", 7, 1))
    masking("secagg-64", "secagg", 0, 64, 1, 2, 2, [1, 2, 3], 0, make_context("secagg"))
    masking("secagg-semi-malicious", "secagg", 1, 23, 5, 3, 3, five, 1000, make_context("secagg"))
    masking("secagg-active", "secagg", 2, 23, 5, 3, 3, five, 1000, make_context("secagg"))
    # Nine contributors: bitmaps of two bytes, paths of four siblings.
    nine = [*five, 70001, 2**31, 2**31 + 1, 2**32 - 1]
    plus = (23, 5, 3, 3, nine, 1000, make_context("secagg+"), 4)
    masking("secagg-plus", "secagg+", 0, *plus)
    masking("secagg-plus-semi-malicious", "secagg+", 1, *plus)
    masking("secagg-plus-active", "secagg+", 2, *plus)
    masking("secagg-plus-six-neighbors", "secagg+", 0, 23, 5, 3, 4, nine, 1000, make_context("secagg+"), 6)
    four, four_keys = [900, 20, 21, 4000000000], [*helper_keys, public_key(key_for("helper 4000000000"))]
    peer = {"minimumContributors": 2, "threshold": 3}
    return {
        "plain": (plain.make_session(16, 3, 2, [1, 2, 3], 0, zeros), {"minimumContributors": 2}),
        "plain-large": (
            plain.make_session(64, 2**32 - 1, 3, [0, 5, 2**32 - 1], 6, largest),
            {"minimumContributors": 3},
        ),
        "additive": (
            additive.make_session(
                23, 5, 3, [1, 4, 7], helpers, helper_keys, identities([1, 4, 7]), make_context("additive")
            ),
            {"minimumContributors": 3, **enrolled(helper_keys, [1, 4, 7])},
        ),
        "additive-two-helpers": (
            additive.make_session(
                33, 2, 2, [1, 2], helpers[:2], two, identities([1, 2]), make_context("additive", 2**40, 3)
            ),
            {"minimumContributors": 2, **enrolled(two, [1, 2])},
        ),
        # Two of three aggregators: two masked shares in each message, over the field of 25 bits.
        "shamir": (
            shamir.make_session(
                23, 5, 3, 2, [1, 4, 7], four, four_keys, identities([1, 4, 7]), make_context("shamir")
            ),
            {"minimumContributors": 3, "fieldBits": 25, "threshold": 2, **enrolled(four_keys, [1, 4, 7])},
        ),
        "shamir-all-61": (
            shamir.make_session(
                60, 1, 2, 2, [1, 2], helpers, helper_keys, identities([1, 2]), make_context("shamir", 2**40, 3)
            ),
            {"minimumContributors": 2, "fieldBits": 61, "threshold": 2, **enrolled(helper_keys, [1, 2])},
        ),
        # b = 1 and five parties: the field of three bits, whose padding and whose 7 are refused.
        "peer-to-peer": (
            peers.make_session(1, 3, 2, 3, [3, 17, 250, 251, 70000], make_context("peer-to-peer")),
            {**peer, "fieldBits": 3},
        ),
        "peer-to-peer-26": (
            peers.make_session(23, 5, 2, 3, [1, 2, 3, 4], make_context("peer-to-peer", 8)),
            {**peer, "fieldBits": 26},
        ),
        "peer-to-peer-all": (
            peers.make_session(33, 2, 2, 3, [1, 4, 7], make_context("peer-to-peer", 9)),
            {**peer, "fieldBits": 0},
        ),
        **masking_sessions,
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
    # Where there is a binding, it is the salt in place of the session.
    bound = {
        name: graph.Bound(sessions[name][0], key_for(f"binding {name}")) for name in ("secagg", "secagg-next-attempt", "secagg-64")
    }

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

    session = bound["secagg"]
    derived("share-encryption-3-to-17", session, "share encryption", secret, 3, 17, 0, pair)
    derived("share-encryption-17-to-3", session, "share encryption", secret, 17, 3, 0, riap)
    assert cases[-2]["key"] == keys.share_encryption_key(session, a, public_key(b), 3, 17, True)
    assert cases[-2]["key"] == keys.share_encryption_key(session, b, public_key(a), 3, 17, False)
    derived("pairwise-mask", session, "pairwise mask", secret, 3, 17, 23, pair)
    assert cases[-1]["key"] == keys.pairwise_mask_key(session, a, 3, public_key(b), 17)
    assert cases[-1]["key"] == keys.pairwise_mask_key(session, b, 17, public_key(a), 3)
    derived("pairwise-mask-next-attempt", bound["secagg-next-attempt"], "pairwise mask", secret, 3, 17, 23, pair)
    derived("pairwise-mask-64", bound["secagg-64"], "pairwise mask", secret, 1, 3, 64, pair)
    derived("self-mask", session, "self mask", key_for("seed"), 70000, 70000, 23, b"")
    additive_session = sessions["additive"][0]
    derived("additive-share", additive_session, "additive share", key_for("seed"), 4, 20, 23, b"")
    derived("additive-share-other-aggregator", additive_session, "additive share", key_for("seed"), 4, 21, 23, b"")
    derived("share-seal", additive_session, "share seal", secret, 4, 20, 0, pair)
    derived("share-seal-large-round", sessions["additive-two-helpers"][0], "share seal", secret, 1, 20, 0, pair)
    shamir_session = sessions["shamir"][0]
    derived("shamir-share", shamir_session, "shamir share", key_for("seed"), 4, 20, 25, b"")
    derived("shamir-share-other-aggregator", shamir_session, "shamir share", key_for("seed"), 4, 4000000000, 25, b"")
    derived("shamir-share-61", sessions["shamir-all-61"][0], "shamir share", key_for("seed"), 1, 20, 61, b"")
    derived("shamir-share-seal", shamir_session, "share seal", secret, 4, 20, 0, pair)
    derived("peer-share", sessions["peer-to-peer"][0], "peer share", key_for("seed"), 3, 250, 3, b"")
    derived("peer-share-back", sessions["peer-to-peer"][0], "peer share", key_for("seed"), 250, 3, 3, b"")
    derived("peer-share-all", sessions["peer-to-peer-all"][0], "peer share", key_for("seed"), 4, 7, 33, b"")
    derived("longest-ids", sessions["plain-large"][0], "self mask", key_for("seed"), 2**32 - 1, 2**32 - 1, 64, b"")

    session = sessions["secagg"][0]
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
    # Long-lived keys belong to no round.
    none = {"task": b"simulation", "round": 0, "attempt": 0, "modelDigest": bytes(32), "parametersDigest": bytes(32)}
    for purpose, party in [("aggregator key", 101), ("contributor identity", 1), ("contributor identity", 2**32 - 1)]:
        cases.append({
            "id": f"simulation-long-lived-{purpose.replace(' ', '-')}-{party}", "result": "valid", "kind": "simulation-key",
            "seed": "12", "purpose": purpose, "context": context_json(none), "party": party,
            "info": keys.simulation_info(purpose, none, party), "key": keys.simulation_key(12, purpose, none, party),
        })
    for pulse in [0, 1, 2**64 - 1]:
        context = {**none, "round": pulse}
        cases.append({
            "id": f"simulation-beacon-{pulse}", "result": "valid", "kind": "simulation-key", "seed": "12", "purpose": "beacon",
            "context": context_json(context), "party": 0, "info": keys.simulation_info("beacon", context, 0),
            "key": keys.simulation_key(12, "beacon", context, 0),
        })
    return cases


def shown(body):
    """A body for the file: ring elements as decimal strings."""
    out = {k: strings(v) if k in ("elements", "leaderShare") else v for k, v in body.items()}
    if "pulse" in out:
        out["pulse"] = str(body["pulse"])
    if "masked" in out:
        out["masked"] = [strings(elements) for elements in body["masked"]]
    return out


def sample_bodies(scheme, session):
    draw = Generator(key_for(f"bodies {scheme}"))

    def vector():
        modulus = PRIMES[session.field_bits] if session.field_bits else 2**session.bits
        return [int.from_bytes(draw.read(8), "little") % modulus for _ in range(session.dimension)]

    elements = vector()

    threat, depth = session.threat, graph.depth_of(len(session.contributors))

    def advertisement():
        return {name: draw.read(size) for name, size in wire.ADVERTISEMENTS[threat].items()}

    def path():
        return [draw.read(32) for _ in range(depth)]

    def seed():
        return {"ephemeralPublicKey": draw.read(32), "box": draw.read(48), "signature": draw.read(64)}

    ids = session.contributors
    masked = [vector() for _ in range(len(session.helpers) - session.threshold)] if session.scheme == "shamir" else []
    bodies = {
        "plain": [("input", 0x10, {"elements": elements})],
        "additive": [
            ("share", 0x20, {"leaderShare": elements, "seeds": [seed() for _ in session.helpers[1:]]}),
            ("forward", 0x21, {"entries": [{"contributor": u, "seed": seed()} for u in ids]}),
            ("combine", 0x22, {"elements": elements}),
            ("complaint", 0x23, {"contributors": ids}),
        ],
        "shamir": [
            ("share", 0x40, {"masked": masked, "seeds": [seed() for _ in session.helpers[1:]]}),
            ("forward", 0x41, {"entries": [{"contributor": u, "seed": seed()} for u in ids]}),
            ("combine", 0x42, {"elements": elements}),
            ("complaint", 0x43, {"contributors": ids}),
        ],
        # With T = N there are no shares but seeds, and nobody confirms.
        "peer-to-peer": [
            ("seed", 0x50, {"seed": draw.read(32)}),
            *([("share", 0x51, {"elements": elements}), ("confirm", 0x52, {"held": ids})] if session.field_bits else []),
            ("combine", 0x53, {"contributors": ids, "elements": elements}),
        ],
    }
    if session.scheme in bodies:
        return bodies[session.scheme]
    near, far = ids[1:4], ids[4:5]
    masking = {
        0x30: lambda: {"threat": threat, "keys": advertisement()},
        0x31: lambda: {"threat": threat, "roster": [{"id": u, "keys": advertisement()} for u in ids]},
        0x32: lambda: {"shares": [{"to": u, "box": draw.read(88)} for u in ids[1:]]},
        0x33: lambda: {"sharers": wire.bitmap(ids, ids[::3]), "shares": [{"from": u, "box": draw.read(88)} for u in ids[1:]]},
        0x34: lambda: {"elements": elements},
        0x35: lambda: {"survivors": wire.bitmap(ids, ids[::2])},
        0x36: lambda: {"shares": [{"of": u, "share": draw.read(32)} for u in ids]},
        0x37: lambda: {"root": draw.read(32), "pulse": 2**63 + 12345},
        0x38: lambda: {
            "threat": threat, "depth": depth, "root": draw.read(32), "entropy": draw.read(32), "ownPath": path(),
            "present": [{"id": u, "keys": advertisement(), "path": path()} for u in near],
            "absent": [{"id": u, "path": path()} for u in far],
        },
        0x39: lambda: {"signature": draw.read(64)},
        0x3A: lambda: {"signatures": [{"id": u, "signature": draw.read(64)} for u in near]},
        0x3B: lambda: {
            "threat": threat, "depth": depth,
            "witnesses": [
                {"id": u, "signature": draw.read(64), "signaturePath": path()}
                | ({"keys": advertisement(), "path": path()} if threat == secagg.SEMI_MALICIOUS else {})
                for u in near
            ],
        },
        0x3C: lambda: {"signatureRoot": draw.read(32), "pulse": 2**64 - 1},
    }
    return [(name, kind, masking[kind]()) for kind, name in sorted(session.types.items())]


EMPTY = [("forward", 0x21, "entries"), ("forward", 0x41, "entries"), ("confirm", 0x52, "held"), ("roster", 0x31, "roster"), ("share-keys", 0x32, "shares"),
         ("shares", 0x33, "shares"), ("unmask", 0x36, "shares"), ("neighborhood", 0x38, "present"), ("neighborhood", 0x38, "absent"),
         ("signatures", 0x3A, "signatures"), ("witnesses", 0x3B, "witnesses")]
LISTS = {0x21: ("entries", "contributor"), 0x41: ("entries", "contributor"), 0x31: ("roster", "id"), 0x32: ("shares", "to"), 0x33: ("shares", "from"),
         0x36: ("shares", "of"), 0x38: ("present", "id"), 0x3A: ("signatures", "id"), 0x3B: ("witnesses", "id")}
ID_LISTS = {0x23: "contributors", 0x43: "contributors", 0x52: "held", 0x53: "contributors"}
# Those sessions of which every message is spoiled in every way.
SPOILED = [
    "plain", "additive", "shamir", "peer-to-peer", "secagg", "secagg-active", "secagg-plus", "secagg-plus-semi-malicious",
]
HEADER = 34  # version, type, session


# The messages that differ between the threat models.
ADVERTISING = [0x30, 0x31, 0x37, 0x38, 0x39, 0x3A, 0x3B, 0x3C]


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
        for reason in [1, 2, 3, 4] if name in SPOILED else [1]:
            data = valid(f"{name}-abort-{reason}", name, 0x01, {"reason": reason})
        if name in SPOILED:
            refused(f"{name}-abort-reason-0", "unknown-reason", name, data[:-1] + b"\0")
            refused(f"{name}-abort-reason-5", "unknown-reason", name, data[:-1] + b"\5")
            refused(f"{name}-abort-truncated", "truncated", name, data[:-1])
            refused(f"{name}-abort-trailing", "trailing-bytes", name, data + b"\0")
            refused(f"{name}-empty", "truncated", name, b"")
            refused(f"{name}-version-only", "truncated", name, b"\1")
            others = {"plain": [0x20], "additive": [0x40], "shamir": [0x20], "peer-to-peer": [0x40]}.get(scheme)
            # Types of the same letter that another graph or threat model has.
            others = others or [0x10, *(kind for kind in range(0x30, 0x3D) if kind not in session.types)]
            for kind in [0x00, 0x02, 0x0F, *others, 0xFF]:
                refused(f"{name}-unknown-type-{kind:02x}", "unknown-type", name, data[:1] + bytes([kind]) + data[2:])
        for kind_name, kind, body in sample_bodies(name, session):
            data = valid(f"{name}-{kind_name}", name, kind, body)
            is_spoiled = name in SPOILED and (kind in ADVERTISING or name in ("secagg", *wire.TYPES))
            # Under threat 2 witnesses have a form of their own; and bitmaps of two bytes.
            if is_spoiled or (name, kind) in [("secagg-plus-active", 0x3B), ("secagg-plus", 0x33), ("secagg-plus", 0x35)]:
                refuse_variants(refused, f"{name}-{kind_name}", name, session, kind, body, data)
        if name in SPOILED:
            for kind_name, kind, field in EMPTY:
                body = next((b for _, k, b in sample_bodies(name, session) if k == kind), None)
                if body:
                    which = f"{field}-" if kind == 0x38 else ""
                    valid(f"{name}-{kind_name}-empty-{which}list", name, kind, {**body, field: []})
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

    # Where vectors over the ring or field begin, and where a list of sealed seeds does.
    width, size = session.vector_bits, wire.packed_size(session.vector_bits, session.dimension)
    vectors, seeds = {
        0x10: ([HEADER], None), 0x22: ([HEADER], None), 0x34: ([HEADER], None), 0x42: ([HEADER], None),
        0x51: ([HEADER], None), 0x20: ([HEADER], HEADER + 5 + size),
        0x40: ([HEADER + 2, HEADER + 2 + 5 + size], HEADER + 2 + 2 * (5 + size)),
        0x53: ([HEADER + 3 + 4 * len(session.contributors)], None),
    }.get(kind, ([], None))
    for number, at in enumerate(vectors):
        label = prefix if number == 0 else f"{prefix}-second"
        for bits in sorted({0, width - 1, width + 1, session.bits, 65, 255} - {width}):
            refused(f"{label}-bits-{bits}", "wrong-bits", name, patched(at, [bits]))
        for count in [0, session.dimension - 1, session.dimension + 1, 2**32 - 1]:
            refused(f"{label}-count-{count}", "wrong-count", name, patched(at + 1, count.to_bytes(4, "big")))
        shorter = data[: at + 1] + (session.dimension - 1).to_bytes(4, "big") + data[at + 5 : at + 9]
        refused(f"{label}-consistent-but-short", "wrong-count", name, shorter)
        last = at + 5 + size - 1
        if width * session.dimension % 8:
            refused(f"{label}-padding", "nonzero-padding", name, patched(last, [data[last] | 0x80]))
        if session.field_bits:
            for value in sorted({PRIMES[width], 2**width - 1}):
                for position in [0, session.dimension - 1]:
                    elements = [0] * session.dimension
                    elements[position] = value
                    packed = pack(width, elements)
                    refused(f"{label}-element-{position}-is-{value}", "element-not-below-prime", name,
                            patched(at + 5, packed))
    if kind == 0x40:
        for count in [0, 1, 3, 2**16 - 1]:
            refused(f"{prefix}-{count}-masked-shares", "wrong-share-count", name, patched(HEADER, wire.u16(count)))
        end = seeds
        fewer = wire.u16(1) + data[HEADER + 2 : HEADER + 7 + size] + data[end:]
        refused(f"{prefix}-consistent-but-one-masked-share", "wrong-share-count", name, data[:HEADER] + fewer)
        # The right count over two vectors and no third, and one vector too many.
        refused(f"{prefix}-one-masked-share-missing", "wrong-bits", name, data[: HEADER + 7 + size] + data[end:])
    if seeds is not None:
        length = int.from_bytes(data[seeds : seeds + 2], "big")
        refused(f"{prefix}-list-length-short", "vector-length-not-a-multiple-of-the-element-size", name,
                data[:seeds] + (length - 1).to_bytes(2, "big") + data[seeds + 2 : -1])
        refused(f"{prefix}-list-length-beyond-end", "truncated", name, patched(seeds, [255, 255]))
        unsigned = b"".join(seed["ephemeralPublicKey"] + seed["box"] for seed in body["seeds"])
        refused(f"{prefix}-seeds-without-signatures", "vector-length-not-a-multiple-of-the-element-size", name,
                data[:seeds] + len(unsigned).to_bytes(2, "big") + unsigned)
    if kind in (0x30, 0x31, 0x38, 0x3B):
        for threat in [3, 255]:
            refused(f"{prefix}-threat-{threat}", "unknown-threat", name, patched(HEADER, [threat]))
    if kind == 0x3B:
        refused(f"{prefix}-threat-0", "unknown-threat", name, patched(HEADER, [0]))
    if kind in (0x38, 0x3B):
        for depth in [18, 255]:
            refused(f"{prefix}-depth-{depth}", "depth-out-of-range", name, patched(HEADER + 1, [depth]))
    if kind in (0x33, 0x35):
        size, count = session.bitmap_size, len(session.contributors)
        label = f"{prefix}-{'sharers' if kind == 0x33 else 'survivors'}"
        head, rest = data[:HEADER], data[HEADER + 2 + size :]
        bits = data[HEADER + 2 : HEADER + 2 + size]
        refused(f"{label}-one-byte-less", "wrong-count", name, head + wire.vector(2**16 - 1, bits[:-1]) + rest)
        refused(f"{label}-one-byte-more", "wrong-count", name, head + wire.vector(2**16 - 1, bits + b"\0") + rest)
        refused(f"{label}-empty", "wrong-count", name, head + wire.vector(2**16 - 1, b"") + rest)
        refused(f"{label}-length-beyond-end", "truncated", name, patched(HEADER, [255, 255]))
        for position in range(count, 8 * size):
            byte = data[HEADER + 1 + size] | 1 << position % 8
            refused(f"{label}-bit-{position}", "nonzero-padding", name, patched(HEADER + 1 + size, [byte]))
    if kind in LISTS or kind in ID_LISTS:
        start = HEADER + {0x31: 1, 0x33: 2 + session.bitmap_size, 0x38: 66 + 32 * (body["depth"] if kind == 0x38 else 0), 0x3B: 2}.get(kind, 0)
        length = int.from_bytes(data[start : start + 3], "big")
        rest = data[start + 3 + length :]
        refused(f"{prefix}-list-length-short", "vector-length-not-a-multiple-of-the-element-size", name,
                data[:start] + (length - 1).to_bytes(3, "big") + data[start + 3 : start + 2 + length] + rest)
        refused(f"{prefix}-list-length-beyond-end", "truncated", name, patched(start, [255, 255, 255]))
        field = ID_LISTS.get(kind) or LISTS[kind][0]
        entries = body[field]
        swapped = [entries[1], entries[0], *entries[2:]]
        repeated = [entries[0], *entries]
        refused(f"{prefix}-ids-not-sorted", "ids-not-ascending", name, wire.encode(session, kind, {**body, field: swapped}))
        refused(f"{prefix}-id-repeated", "ids-not-ascending", name, wire.encode(session, kind, {**body, field: repeated}))
    if kind == 0x38:
        repeated = [*body["absent"], *body["absent"]]
        refused(f"{prefix}-absent-repeated", "ids-not-ascending", name, wire.encode(session, kind, {**body, "absent": repeated}))
    if kind in (0x23, 0x43):
        refused(f"{prefix}-empty-list", "empty-list", name, wire.encode(session, kind, {"contributors": []}))
