# SPDX-License-Identifier: Apache-2.0
"""The JSON Schemas (draft 2020-12) of the vector files, as strict as the files are: every key is named, none may be added."""

DRAFT = "https://json-schema.org/draft/2020-12/schema"


def integer(low=0, high=2**32 - 1):
    return {"type": "integer", "minimum": low, "maximum": high}


def hexadecimal(size=None):
    """Lowercase digits of `size` bytes, or of any number of bytes."""
    return {"type": "string", "pattern": "^([0-9a-f]{2})*$" if size is None else f"^[0-9a-f]{{{2 * size}}}$"}


def const(value):
    return {"const": value}


def one_of(*values):
    return {"enum": list(values)}


def array(items, least=0, most=None):
    out = {"type": "array", "items": items, "minItems": least}
    return out if most is None else {**out, "maxItems": most}


def record(properties):
    """All of these keys, and no other."""
    return {
        "type": "object", "properties": properties, "required": list(properties), "additionalProperties": False,
    }


def either(*schemas):
    return {"oneOf": list(schemas)}


def nullable(schema):
    return either({"type": "null"}, schema)


BITS, FIELD_BITS = integer(1, 64), integer(3, 61)
KEY, SIGNATURE = hexadecimal(32), hexadecimal(64)
PARTY, ANY = integer(), hexadecimal()
PARTIES = array(PARTY)
NUMBER = {"type": "string", "pattern": "^(0|[1-9][0-9]{0,19})$"}  # 0 ... 2^64 - 1
ELEMENTS = array(NUMBER)
NAME = {"type": "string", "pattern": "^[A-Za-z0-9.^-]+$"}
TEXT = {"type": "string", "pattern": "^[ -~]+$"}
COUNT = integer()
DOUBLE = hexadecimal(8)
VALID = {"id": NAME, "result": const("valid")}

# Why bytes are no message of a session.
WIRE_ERRORS = [
    "truncated", "trailing-bytes", "wrong-version", "unknown-type", "wrong-session", "wrong-bits", "wrong-count",
    "nonzero-padding", "element-not-below-prime", "unknown-reason", "ids-not-ascending", "empty-list",
    "vector-length-not-a-multiple-of-the-element-size", "wrong-share-count", "unknown-threat", "depth-out-of-range",
]
# Why a party drops a message that decodes, gives up, or complains.
PARTY_ERRORS = [
    "wrong-seed-count", "wrong-signature", "box-does-not-open", "unknown-party", "too-few-parties", "inconsistent-share",
    "wrong-kind-of-share", "wrong-parties-in-list", "own-keys-replaced", "own-input-dropped", "equal-keys",
    "low-order-point", "wrong-threat", "wrong-path", "root-replaced", "wrong-entropy", "survivors-not-sharers",
    "sharers-contradict-boxes", "circle-cut", "too-few-witnesses", "too-few-shares", "wrong-stage", "conflicting-message",
    "wrong-parties-in-share",
]


def refused(*errors):
    return {"id": NAME, "result": const("invalid"), "error": one_of(*errors)}


def document(name, case, **lists):
    properties = {"schema": const(f"fedsum_{name}"), "comment": TEXT}
    properties |= {key: array(schema, 1) for key, schema in lists.items()}
    return {"$schema": DRAFT, "title": f"fedsum {name}", **record({**properties, "cases": array(case, 1)})}


# Sessions

CONTEXT = record({
    "task": {"type": "string", "pattern": "^([0-9a-f]{2}){1,255}$"}, "round": NUMBER, "attempt": integer(),
    "modelDigest": KEY, "parametersDigest": KEY,
})
ENROLLED = {"helperKeys": array(KEY, 2), "identityKeys": array(KEY, 1), "identitiesDigest": KEY}
IDENTITIES = {"identityKeys": array(KEY, 1), "identitiesDigest": KEY}
NEIGHBORS = integer(2, 20_000)


def masking_own(scheme, threat):
    own = {"threshold": integer(1), "threat": const(threat)} | ({"neighbors": NEIGHBORS} if scheme == "secagg+" else {})
    return own | (IDENTITIES if threat == 2 else {})


OWN = {  # the parameters that only one scheme has, or one scheme under one threat model
    ("plain", None): {},
    ("additive", None): ENROLLED,
    ("shamir", None): {"fieldBits": FIELD_BITS, "threshold": integer(1, 65535), **ENROLLED},
    ("peer-to-peer", None): {"fieldBits": either(const(0), FIELD_BITS), "threshold": integer(1)},
    **{(scheme, threat): masking_own(scheme, threat) for scheme in ("secagg", "secagg+") for threat in (0, 1, 2)},
}
SCHEMES = list(dict.fromkeys(scheme for scheme, _ in OWN))


def last_stage(scheme):
    return 10 if is_masking(scheme) else 9


def threats_of(scheme):
    return [threat for name, threat in OWN if name == scheme]


def is_masking(scheme):
    return scheme in ("secagg", "secagg+")


def session(scheme, threat=None):
    helpers = {"plain": (1, 1), "secagg": (1, 1), "secagg+": (1, 1), "peer-to-peer": (0, 0)}.get(scheme, (2, None))
    return {
        "scheme": const(scheme), "bits": BITS, "dimension": integer(), "minimumContributors": integer(1),
        **OWN[scheme, threat], "contributors": array(PARTY, 1), "helpers": array(PARTY, *helpers), "context": CONTEXT,
        "session": KEY,
    }


# Rounds

DRAWN = array(record({
    "name": one_of(
        "seed", "ephemeralPrivateKey", "channelPrivateKey", "maskSeed", "selfMaskSeed", "maskSeedCoefficient",
        "selfMaskSeedCoefficient", "signingSeed", "entropy",
    ),
    "for": nullable(PARTY), "bytes": ANY,
}))
OUTCOMES = array(record({
    "id": PARTY, "outcome": one_of("sum", "lost", *PARTY_ERRORS), "abortStage": nullable(integer(0, 9)),
}), 1)
SENDS = {
    "plain": ["start"], "additive": ["start"], "shamir": ["start"], "peer-to-peer": ["start", "share", "confirm"],
    "secagg": ["start", "advertise-keys", "share-keys", "masked-input", "consistency"],
    "secagg+": ["start", "advertise-keys", "share-keys", "masked-input", "consistency"],
}


def message(scheme):
    return record({"stage": integer(0, last_stage(scheme)), "from": PARTY, "to": PARTY, "bytes": ANY})


def parties(scheme, threat):
    lost = nullable(one_of(*(send for send in SENDS[scheme] if send != "consistency" or threat)))
    client = {"id": PARTY}
    if scheme != "plain":
        client |= {"rand": KEY, "drawn": DRAWN}
    if scheme in ("additive", "shamir") or threat == 2:
        client |= {"identitySeed": KEY, "identityPublicKey": KEY}
    client |= {"input": ELEMENTS, "lostAfter": lost}
    if scheme == "peer-to-peer":
        client["messagesOfLastSend"] = nullable(integer(1))
    out = {"simulationSeed": NUMBER}
    if scheme == "plain" or is_masking(scheme):
        out["server"] = PARTY
    elif scheme != "peer-to-peer":
        out["servers"] = array(record({
            "id": PARTY, "role": one_of("leader", "aggregator"), "privateKey": KEY, "publicKey": KEY,
            "lostAfter": lost,
        }), 2)
    if scheme == "secagg+":
        pulses = array(record({"pulse": NUMBER, "entropy": KEY}), 2, 2)
        out |= {"serverRand": KEY, "serverDrawn": DRAWN} if threat == 0 else {"beacon": record({"pulses": pulses})}
    return out | {"clients": array(record(client), 1)}


def intermediate(scheme, threat, is_complete):
    """What all parties derive; in a round that ends early some of it may be missing."""
    some = (lambda schema: schema) if is_complete else nullable
    fields = {"root": some(KEY), "entropy": some(KEY), "binding": some(KEY), "maskBinding": some(KEY)}
    fields |= {"circle": some(array(COUNT))} if scheme == "secagg+" else {}
    fields |= {"statement": some(KEY)} if threat else {}
    return {"intermediate": record(fields | {"signatureRoot": some(KEY) if scheme == "secagg+" and threat else {"type": "null"}})}


def sum_fields(scheme, threat=None):
    """threat: None in `secagg` and `secagg+` if the threat model is not known."""
    if not is_masking(scheme):
        return {"included": PARTIES} | ({"answered": PARTIES} if scheme == "shamir" else {}) | {"sum": ELEMENTS}
    signers = {None: nullable(PARTIES), 0: {"type": "null"}}.get(threat, PARTIES)
    return {"U1": PARTIES, "U2": PARTIES, "U3": PARTIES, "U4": signers, "U5": PARTIES, "sum": ELEMENTS}


def rounds(name, scheme):
    forms = []
    for threat in threats_of(scheme):
        always = {**session(scheme, threat), **parties(scheme, threat), "messages": array(message(scheme))}
        if scheme == "peer-to-peer":
            always["outcomes"] = OUTCOMES
        abort = {"abortStage": integer(0, last_stage(scheme)), "abortParty": PARTY}
        ends = [intermediate(scheme, threat, done) if is_masking(scheme) else {} for done in (True, False)]
        reasons = ["too-few-parties"] + (["circle-cut"] if scheme == "secagg+" and threat else [])
        forms.append(record({**VALID, **always, **sum_fields(scheme, threat), **ends[0]}))
        forms.append(record({**refused(*reasons), **always, **abort, **ends[1]}))
    return document(name, either(*forms))


def disturbed_rounds(name, scheme):
    undisturbed = either(*(
        record({
            "id": NAME, **session(scheme, threat), **parties(scheme, threat), "messages": array(message(scheme), 1),
            **sum_fields(scheme, threat),
            **(intermediate(scheme, threat, True) | {"others": array(message(scheme))} if is_masking(scheme) else {}),
        })
        for threat in threats_of(scheme)
    ))
    reactions = ["drop", "complain", "abort"] + (["leave-out"] if is_masking(scheme) else [])
    refusal = record({
        "stage": integer(0, last_stage(scheme)), "by": PARTY, "from": nullable(PARTY), "reaction": one_of(*reactions),
        "error": one_of(*WIRE_ERRORS, *PARTY_ERRORS),
    })
    case = {
        **refused(*WIRE_ERRORS, *PARTY_ERRORS), "round": NAME, "how": TEXT,
        "replaced": array(record({"index": COUNT, "original": COUNT}), 0 if is_masking(scheme) else 1),
        **({"added": array(COUNT)} if is_masking(scheme) else {}),
        "messages": array(either(COUNT, message(scheme)), 1), "refusals": array(refusal, 1),
    }
    if scheme == "peer-to-peer":
        case["outcomes"] = OUTCOMES
        abort = {}
    else:
        abort = {
            "abortStage": integer(0, last_stage(scheme)), "abortParty": PARTY,
            "abortError": one_of("complaint", *WIRE_ERRORS, *PARTY_ERRORS),
        }
    return document(name, either(
        record({**case, "outcome": const("sum"), **sum_fields(scheme)}),
        record({**case, "outcome": const("abort"), **abort}),
    ), rounds=undisturbed)


def impossible_sessions(name):
    always = {
        "bits": BITS, "dimension": integer(), "minimumContributors": integer(1), "threshold": integer(),
        "contributors": array(PARTY, 1), "helpers": PARTIES,
    }
    others = ["threshold-out-of-range", "capacity-above-61-bits", "too-few-aggregators", "abscissa-not-below-prime"]
    masking = ["threshold-out-of-range", "missing-identity"]
    own = {"threat": integer(0, 2), "identityKeys": nullable(array(KEY))}
    return document(name, either(
        record({**refused(*others), "scheme": one_of("shamir", "peer-to-peer"), **always}),
        record({**refused(*masking), "scheme": const("secagg"), **always, **own}),
        record({**refused("neighbors-out-of-range", *masking), "scheme": const("secagg+"), **always, **own, "neighbors": integer()}),
    ))


# Messages

SEALED_SEED = record({"ephemeralPublicKey": KEY, "box": hexadecimal(48), "signature": SIGNATURE})
ADVERTISEMENT = {"channelPublicKey": KEY, "maskPublicKey": KEY, "selfMaskCommitment": KEY}
ADVERTISEMENTS = [ADVERTISEMENT, {**ADVERTISEMENT, "verifyingKey": KEY}, {**ADVERTISEMENT, "signature": SIGNATURE}]
PATH, DEPTH = array(KEY, 0, 17), integer(0, 17)
FORWARD = {"entries": array(record({"contributor": PARTY, "seed": SEALED_SEED}))}
SHARE_BOX = hexadecimal(88)
FIELDS = {
    0x01: {"reason": integer(1, 4)},
    0x10: {"elements": ELEMENTS},
    0x20: {"leaderShare": ELEMENTS, "seeds": array(SEALED_SEED)},
    0x21: FORWARD,
    0x22: {"elements": ELEMENTS},
    0x23: {"contributors": array(PARTY, 1)},
    0x32: {"shares": array(record({"to": PARTY, "box": SHARE_BOX}))},
    0x33: {"sharers": ANY, "shares": array(record({"from": PARTY, "box": SHARE_BOX}))},
    0x34: {"elements": ELEMENTS},
    0x35: {"survivors": ANY},
    0x36: {"shares": array(record({"of": PARTY, "share": KEY}))},
    0x37: {"root": KEY, "pulse": NUMBER},
    0x39: {"signature": SIGNATURE},
    0x3A: {"signatures": array(record({"id": PARTY, "signature": SIGNATURE}))},
    0x3C: {"signatureRoot": KEY, "pulse": NUMBER},
    0x40: {"masked": array(ELEMENTS, 1), "seeds": array(SEALED_SEED)},
    0x41: FORWARD,
    0x42: {"elements": ELEMENTS},
    0x43: {"contributors": array(PARTY, 1)},
    0x50: {"seed": KEY},
    0x51: {"elements": ELEMENTS},
    0x52: {"held": PARTIES},
    0x53: {"contributors": PARTIES, "elements": ELEMENTS},
}


def threatened():
    """(type, fields) of the messages that depend on the threat model."""
    for threat, advertisement in enumerate(ADVERTISEMENTS):
        head, identified = {"threat": const(threat)}, {"id": PARTY, "keys": record(advertisement)}
        yield 0x30, {**head, "keys": record(advertisement)}
        yield 0x31, {**head, "roster": array(record(identified))}
        yield 0x38, {
            **head, "depth": DEPTH, "root": KEY, "entropy": KEY, "ownPath": PATH,
            "present": array(record({**identified, "path": PATH})), "absent": array(record({"id": PARTY, "path": PATH})),
        }
        # A decoder takes what the byte says; of whom it comes is another matter.
        if threat:
            witness = {"id": PARTY, "signature": SIGNATURE, "signaturePath": PATH}
            witness |= {"keys": record(advertisement), "path": PATH} if threat == 1 else {}
            yield 0x3B, {**head, "depth": DEPTH, "witnesses": array(record(witness))}


def messages(name):
    case = {"session": NAME, "bytes": ANY}
    return document(
        name,
        either(
            record({**refused(*WIRE_ERRORS), **case}),
            *(record({**VALID, **case, "type": const(t), "fields": record(fields)}) for t, fields in [*FIELDS.items(), *threatened()]),
        ),
        sessions=either(*(record({"id": NAME, **session(*sort)}) for sort in OWN)),
    )


# The layers below


def key_schedule(name):
    def kind(value, properties):
        return record({**VALID, "kind": const(value), **properties})

    x25519 = {"kind": const("x25519"), "private": KEY, "peerPublicKey": KEY}
    purposes = [
        "share encryption", "pairwise mask", "self mask", "additive share", "shamir share", "peer share", "share seal",
    ]
    return document(name, either(
        *(kind("session", {**session(*sort), "input": ANY}) for sort in OWN),
        record({**VALID, **x25519, "publicKey": KEY, "peerPrivate": KEY, "sharedSecret": KEY}),
        record({**refused("low-order-point"), **x25519}),
        kind("derive", {
            "session": KEY, "round": NUMBER, "purpose": one_of(*purposes), "ikm": KEY, "from": PARTY, "to": PARTY,
            "bits": integer(0, 64), "publicKeys": {"type": "string", "pattern": "^([0-9a-f]{128})?$"}, "length": const(32),
            "info": ANY, "key": KEY,
        }),
        kind("self-mask-commitment", {"session": KEY, "party": PARTY, "seed": KEY, "commitment": KEY}),
        kind("simulation-key", {
            "seed": NUMBER, "purpose": TEXT, "context": CONTEXT, "party": PARTY, "info": ANY, "key": KEY,
        }),
    ))


def masking_graph(name):
    def kind(value, properties):
        return record({**VALID, "kind": const(value), **properties})

    def tree(threat):
        entry = record({"id": PARTY, "keys": record(ADVERTISEMENTS[threat])})
        return {
            "threat": const(threat), "contributors": array(PARTY, 1), "present": array(entry), "depth": DEPTH,
            "leaves": array(KEY, 1), "root": KEY, "paths": array(record({"id": PARTY, "path": PATH}), 1),
        }

    def path(threat):
        keys = record(ADVERTISEMENTS[threat])
        return {
            "kind": const("path"), "threat": const(threat), "contributors": array(PARTY, 1), "party": PARTY,
            "keys": nullable(keys), "path": PATH, "root": KEY,
        }

    runs = {
        "kind": const("runs"), "circle": array(COUNT, 4), "neighbors": NEIGHBORS, "threshold": integer(1),
        "survivors": array(COUNT), "fewest": COUNT, "allowed": COUNT,
    }
    return document(name, either(
        *(kind("tree", tree(threat)) for threat in (0, 1, 2)),
        *(record({**refused("wrong-path"), **path(threat)}) for threat in (0, 1, 2)),
        kind("binding", {"session": KEY, "root": KEY, "entropy": KEY, "binding": KEY}),
        kind("uniform", {"key": KEY, "bound": integer(1), "values": array(COUNT, 1), "bytesRead": COUNT}),
        kind("circle", {
            "binding": KEY, "count": COUNT, "circle": array(COUNT, 4),
            "graphs": array(record({
                "neighbors": NEIGHBORS, "of": array(record({"position": COUNT, "neighbors": array(COUNT, 2)}), 1),
            }), 1),
        }),
        kind("large-circle", {"binding": KEY, "count": COUNT, "first": array(COUNT, 1), "sha256": KEY}),
        record({**VALID, **runs}),
        record({**refused("circle-cut"), **runs}),
        kind("mask-binding", {
            "binding": KEY, "contributors": array(PARTY, 1), "sharers": PARTIES, "sharersBitmap": ANY, "maskBinding": KEY,
        }),
        kind("statement", {
            "maskBinding": KEY, "contributors": array(PARTY, 1), "survivors": PARTIES, "survivorsBitmap": ANY, "statement": KEY,
        }),
        kind("signature-tree", {
            "contributors": array(PARTY, 1), "signatures": array(record({"id": PARTY, "signature": SIGNATURE})), "depth": DEPTH,
            "leaves": array(KEY, 1), "root": KEY, "paths": array(record({"id": PARTY, "path": PATH}), 1),
        }),
        kind("consistency", {
            "maskBinding": KEY, "statement": KEY, "party": PARTY, "seed": KEY, "publicKey": KEY, "message": ANY,
            "signature": SIGNATURE,
        }),
        kind("witnesses", {
            "statement": KEY, "signatureRoot": KEY, "entropy2": KEY, "contributors": array(PARTY, 1), "neighbors": NEIGHBORS,
            "party": PARTY, "witnesses": PARTIES,
        }),
        kind("advertisement", {
            "session": KEY, "party": PARTY, "keys": record(ADVERTISEMENT), "seed": KEY, "publicKey": KEY, "message": ANY,
            "signature": SIGNATURE,
        }),
    ))


def masks(name, own):
    return document(name, record({
        **VALID, "key": KEY, **own, "count": COUNT, "wordSize": one_of(4, 8), "first": ELEMENTS,
        "last": nullable(NUMBER), "sha256": KEY,
    }))


def packing(name):
    case = {"bits": BITS, "count": COUNT, "packed": ANY}
    return document(name, either(
        record({**VALID, **case, "elements": ELEMENTS}),
        record({**refused("too-short", "too-long", "nonzero-padding"), **case}),
    ))


def quantizer(name):
    def kind(value, properties):
        return {"kind": const(value), "bits": integer(1, 32), "clip": DOUBLE, **properties}

    encode = kind("encode", {"key": KEY, "values": array(DOUBLE)})
    weighted = kind("encode-weighted", {"key": KEY, "values": array(DOUBLE), "weight": COUNT, "maximumWeight": COUNT})
    decode, decode_weighted = kind("decode", {"sums": ELEMENTS}), kind("decode-weighted", {"sums": ELEMENTS})
    return document(name, either(
        record({**VALID, **encode, "integers": array(COUNT), "clipped": COUNT, "bytesDrawn": COUNT}),
        record({**refused("not-finite"), **encode, "coordinate": COUNT}),
        record({**VALID, **weighted, "integers": ELEMENTS, "clipped": COUNT}),
        record({**refused("weight-out-of-range"), **weighted}),
        record({**VALID, **decode, "contributors": COUNT, "means": array(DOUBLE)}),
        record({**VALID, **decode_weighted, "means": array(DOUBLE)}),
        record({**refused("zero-weight"), **decode_weighted}),
    ))


def chacha20(name):
    case = {**VALID, "key": KEY, "reads": array(COUNT)}
    return document(name, either(
        record({**case, "outputs": array(ANY)}), record({**case, "outputsSHA256": KEY, "last16": hexadecimal(16)}),
    ))


def shamir_gf2_128(name):
    shares = array(record({"index": integer(), "share": KEY}))
    reconstruct = {"kind": const("reconstruct"), "threshold": integer(1), "shares": shares}
    return document(name, either(
        record({
            **VALID, "kind": const("share"), "secret": KEY, "key": KEY, "threshold": integer(1),
            "coefficients": array(array(hexadecimal(16)), 2, 2), "shares": shares,
        }),
        record({**VALID, **reconstruct, "secret": KEY}),
        record({**refused("zero-index", "duplicate-index", "too-few-shares", "inconsistent-share"), **reconstruct}),
    ))


def shamir_prime_field(name):
    shares = array(record({"index": NUMBER, "share": ELEMENTS}))
    bits_for = {"kind": const("field-bits"), "contributors": integer(1), "bits": BITS}
    split = {
        "kind": const("split"), "fieldBits": FIELD_BITS, "threshold": integer(), "secret": ELEMENTS,
        "coefficients": array(ELEMENTS),
    }
    combine = {"kind": const("combine"), "fieldBits": FIELD_BITS, "threshold": integer(1), "shares": shares}
    bad_index = ["zero-index", "duplicate-index", "element-not-below-prime"]
    return document(name, either(
        record({**VALID, "kind": const("field"), "fieldBits": FIELD_BITS, "prime": NUMBER}),
        record({**VALID, **bits_for, "fieldBits": FIELD_BITS}),
        record({**refused("capacity-above-61-bits"), **bits_for}),
        record({**VALID, **split, "shares": shares}),
        record({**refused("threshold-out-of-range", *bad_index), **split, "indices": ELEMENTS}),
        record({
            **VALID, "kind": const("lagrange"), "fieldBits": FIELD_BITS, "indices": ELEMENTS, "at": NUMBER,
            "coefficients": ELEMENTS,
        }),
        record({**VALID, "kind": const("extend"), "fieldBits": FIELD_BITS, "points": shares, "values": shares}),
        record({**VALID, **combine, "secret": ELEMENTS}),
        record({**refused("too-few-shares", "inconsistent-share", *bad_index), **combine}),
    ))


def signing(name):
    verify = {"kind": const("verify"), "publicKey": KEY, "message": ANY, "signature": ANY}
    sealed = {
        "kind": const("sealed-seed"), "session": KEY, "from": PARTY, "to": PARTY, "publicKey": KEY,
        "ephemeralPublicKey": KEY, "box": hexadecimal(48), "signature": SIGNATURE,
    }
    return document(name, either(
        record({**VALID, "kind": const("sign"), "seed": KEY, "publicKey": KEY, "message": ANY, "signature": SIGNATURE}),
        record({**refused("wrong-signature"), **verify}),
        record({**VALID, **sealed, "seed": KEY, "message": ANY}),
        record({**refused("wrong-signature"), **sealed}),
    ))


def capacity(name):
    case = {"contributors": integer(1), "quantizerBits": integer(1, 32), "maximumWeight": nullable(integer(1))}
    return document(name, either(
        record({**VALID, **case, "bits": BITS}), record({**refused("capacity-above-64-bits"), **case}),
    ))


def masking_plan(name):
    percent, log2 = integer(0, 99), {"type": "string", "pattern": "^-?(0|[1-9][0-9]*)[.][0-9]{9}$"}
    case = {
        "clients": integer(4, 10**6), "adversaryPercent": percent, "dropoutPercent": percent,
        "threat": one_of("curious", "semi-malicious", "active"),
    }
    complete = {"completeGraphThreshold": nullable(integer(2, 10**6))}
    events = ("disconnected", "exposed", "stranded", "hiddenCut", "brokenCircle", "falseStatement")
    return document(name, either(
        record({
            **VALID, **case, "neighbors": integer(2, 20_000), "threshold": integer(2, 20_000),
            "minimumContributors": integer(3, 10**6), "cutFloor": nullable(integer(1, 20_000)), **complete,
            "log2Probabilities": record({event: nullable(log2) for event in events}),
        }),
        record({**refused("no-neighbors"), **case, **complete}),
    ))


def faulty_rounds(name):
    step = {"party": PARTY, "send": integer(0, 6)}
    ticks = integer(1, 40_000)
    plainly = one_of("loss", "duplicate", "conflict", "corruption", "trailing-byte", "replay", "substitution")
    fault = either(
        record({"kind": const("none")}),
        record({"kind": const("reordering"), "seed": COUNT}),
        record({"kind": plainly, **step}),
        record({"kind": const("partial-send"), **step, "frames": integer(0, 50)}),
        record({"kind": const("truncation"), **step, "bytes": integer(0, 34)}),
        record({"kind": const("repetition"), **step, "of": integer(0, 5)}),
        record({"kind": one_of("delay", "outage"), **step, "ticks": ticks}),
    )

    def case(schemes, **more):
        return record({
            **VALID, "scheme": one_of(*schemes), "seed": COUNT, "clients": integer(3, 50), "helpers": integer(0, 6),
            "bits": BITS, "dimension": integer(1, 20), "minimumContributors": integer(2, 50), **more,
            "faults": array(fault, 1), "ends": {"type": "string", "pattern": "^[LDTXA0-9]+$"},
            "included": {"type": "string", "pattern": "^[01]+$"}, "sum": ELEMENTS,
        })

    threshold, threat = {"threshold": integer(2, 50)}, {"threat": integer(0, 2)}
    return document(name, either(
        case(("plain", "additive")), case(("shamir", "peer-to-peer"), **threshold), case(("secagg",), **threshold, **threat),
        case(("secagg+",), **threshold, **threat, neighbors=integer(2, 48)),
    ))


def all_schemas():
    """Family -> its schema."""
    out = {
        "chacha20_v1": chacha20("chacha20_v1"),
        "mask_stream_v1": masks("mask_stream_v1", {"bits": BITS}),
        "field_mask_v1": masks("field_mask_v1", {"fieldBits": FIELD_BITS, "wordsRead": COUNT}),
        "packing_v1": packing("packing_v1"),
        "quantizer_v1": quantizer("quantizer_v1"),
        "shamir_gf2_128_v1": shamir_gf2_128("shamir_gf2_128_v1"),
        "shamir_prime_field_v1": shamir_prime_field("shamir_prime_field_v1"),
        "signing_v1": signing("signing_v1"),
        "capacity_v1": capacity("capacity_v1"),
        "masking_plan_v1": masking_plan("masking_plan_v1"),
        "key_schedule_v1": key_schedule("key_schedule_v1"),
        "wire_v1": messages("wire_v1"),
        "masking_graph_v1": masking_graph("masking_graph_v1"),
        "faulty_rounds_v1": faulty_rounds("faulty_rounds_v1"),
        "must_fail_session_v1": impossible_sessions("must_fail_session_v1"),
    }
    for scheme in SCHEMES:
        name = scheme.replace("-", "_").replace("+", "_plus") + "_round_v1"
        out[name] = rounds(name, scheme)
        out[f"must_fail_{name}"] = disturbed_rounds(f"must_fail_{name}", scheme)
    return out
