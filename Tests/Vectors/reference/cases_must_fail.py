# SPDX-License-Identifier: Apache-2.0
"""What must be refused: whole rounds with messages that somebody changed, and sessions that must not exist."""

import ed25519
import fields
import keys
import peers
import sealing
import secagg
import shamir
import wire
from cases_arithmetic import invalid, key_for, strings
from cases_rounds import leader_round, peer_round
from cases_wire import LOW_ORDER, make_context
from primitives import public_key, shared_secret
from rings import packed_size
from transcript import RoundAborted

HEADER = 34  # version, type, session


# Ways to change a message: bytes -> bytes


def at(position, change):
    """Changes the byte at a position."""
    return lambda data: data[:position] + bytes([change(data[position])]) + data[position + 1 :]


def flip(position, bit=0):
    return at(position, lambda byte: byte ^ 1 << bit)


BYTES = [
    ("trailing-byte", "trailing-bytes", lambda data: data + b"\0"),
    ("last-byte-missing", "truncated", lambda data: data[:-1]),
    ("nothing-but-the-version", "truncated", lambda data: data[:1]),
    ("version-2", "wrong-version", at(0, lambda _: 2)),
    ("unknown-type", "unknown-type", at(1, lambda byte: byte & 0xF0 | 0xF)),
    ("type-of-another-scheme", "unknown-type", at(1, lambda _: 0x34)),
    ("foreign-session", "wrong-session", flip(2, 7)),
]


def vector_changes(width, dimension, where, prime):
    """Ways in which the vector at a position of the message can be wrong."""
    size = packed_size(width, dimension)
    out = [
        ("bits-too-small", "wrong-bits", at(where, lambda b: b - 1)),
        ("bits-too-large", "wrong-bits", at(where, lambda b: b + 1)),
        ("count-too-large", "wrong-count", at(where + 4, lambda b: b + 1)),
        ("one-element-less", "wrong-count", lambda data: (
            data[: where + 1] + wire.u32(dimension - 1) + data[where + 5 : where + 5 + packed_size(width, dimension - 1)]
            + data[where + 5 + size :]
        )),
    ]
    if width * dimension % 8:
        out.append(("padding-not-zero", "nonzero-padding", at(where + 5 + size - 1, lambda b: b | 0x80)))
    if prime:

        def first_element(value):
            def change(data):
                packed = int.from_bytes(data[where + 5 : where + 5 + size], "little") >> width << width | value
                return data[: where + 5] + packed.to_bytes(size, "little") + data[where + 5 + size :]

            return change

        out.append(("element-is-the-prime", "element-not-below-prime", first_element(prime)))
        out.append(("element-is-all-ones", "element-not-below-prime", first_element(2**width - 1)))
    return out


# Rounds


def refusal_entries(log):
    """Who refused what, and what it did about it."""
    out = [
        {"stage": stage, "by": receiver, "from": sender, "reaction": "drop", "error": reason}
        for stage, receiver, sender, reason in log.refusals
    ]
    for j, reason in log.given_up:
        out.append({"stage": 1, "by": j, "from": log.session.helpers[0], "reaction": "abort", "error": reason})
    for m in log.messages:
        if (m["stage"], m["from"], m["to"]) not in log.faults.replace:
            for u in wire.decode(log.session, m["bytes"])[1].get("contributors", []) if is_complaint(m) else []:
                out.append({"stage": 1, "by": m["from"], "from": u, "reaction": "complain", "error": "box-does-not-open"})
    return out


def is_complaint(message):
    return message["bytes"][1] in (0x23, 0x43)


class Rounds:
    """The rounds as they are when nobody changes a message; a case says in which of them, and what differs."""

    def __init__(self):
        self.listed = []

    def number_of(self, make, name):
        """make() gives the fields of a round and its messages; made once for each name."""
        if not any(listed["id"] == name for listed in self.listed):
            head, messages, end = make()
            self.listed.append({**head, "id": name, "messages": messages, **end})
        return next(listed for listed in self.listed if listed["id"] == name)

    def compared(self, log, honest):
        """The fields of a case: messages, those of the undisturbed round by number, and which are replaced."""
        routes = [(m["stage"], m["from"], m["to"]) for m in honest["messages"]]
        messages, replaced = [], []
        for index, m in enumerate(log.messages):
            route = (m["stage"], m["from"], m["to"])
            number = routes.index(route) if route in routes else None
            if route in log.faults.replace:
                replaced.append({"index": index, "original": number})
                assert honest["messages"][number]["bytes"] != m["bytes"], route
            same = number is not None and honest["messages"][number] == m
            messages.append(number if same else m)
        assert len(replaced) == len(log.faults.replace)
        return {"replaced": replaced, "messages": messages}


def leader_rounds(scheme):
    """`additive` and `shamir`: five contributors, at least three; three aggregators, of which `shamir` needs two."""
    cases, rounds = [], Rounds()
    types = {"additive": (0x20, 0x21, 0x22, 0x23), "shamir": (0x40, 0x41, 0x42, 0x43)}[scheme]
    contributors, helpers = [1, 2, 3, 70000, 2**32 - 1], [100, 103, 101, 102]
    leader, *aggregators = helpers
    bits, dimension = {"additive": (23, 5), "shamir": (22, 5)}[scheme]

    def case(name, how, changes, expected, threshold=2, members=contributors, minimum=3):
        """changes(session, enrolled): route -> how the bytes change. expected: (by, from, reaction, error) of each."""
        threshold = threshold if scheme == "shamir" else None
        parameters = (scheme, "must fail", bits, dimension, members, helpers, minimum, threshold)

        def undisturbed():
            _, _, setting, log, head, action = leader_round(*parameters)
            _, end, included, total = action()
            assert included == members and total == setting.sum_of(members) and not log.refusals
            return head(), log.messages, {**end, "sum": strings(total)}

        label = f"{len(members)}-contributors" + (f"-threshold-{threshold}" if threshold else "")
        honest = rounds.number_of(undisturbed, label)
        session, enrolled, setting, log, _, action = leader_round(*parameters)
        log.faults.replace |= changes(session, enrolled)
        try:
            _, end, included, total = action()
            assert total == setting.sum_of(included), name
            end = {"outcome": "sum", **end, "sum": strings(total)}
        except RoundAborted as abort:
            end = {
                "outcome": "abort", "abortStage": abort.stage, "abortParty": abort.party, "abortError": abort.reason,
            }
        refusals = refusal_entries(log)
        got = [(entry["by"], entry["from"], entry["reaction"], entry["error"]) for entry in refusals]
        if end["outcome"] == "abort" and not got:
            got = [(end["abortParty"], None, "abort", end["abortError"])]
            refusals = [{"stage": end["abortStage"], "by": end["abortParty"], "from": None, "reaction": "abort",
                         "error": end["abortError"]}]
        assert got == expected, (name, got, expected)
        cases.append({
            "id": name, "round": label, "result": "invalid", "error": got[0][3], "how": how,
            **rounds.compared(log, honest), "refusals": refusals, **end,
        })
        return end["outcome"], end.get("included")

    def bytes_of(stage, sender, receiver, change):
        return lambda session, enrolled: {(stage, sender, receiver): change}

    def body_of(stage, sender, receiver, change):
        """change(session, enrolled, body) alters the decoded body in place, or gives another one."""

        def changes(session, enrolled):
            def replace(data):
                kind, body = wire.decode(session, data)
                return wire.encode(session, kind, change(session, enrolled, body) or body)

            return {(stage, sender, receiver): replace}

        return changes

    def together(*parts):
        return lambda session, enrolled: {r: c for part in parts for r, c in part(session, enrolled).items()}

    width = bits if scheme == "additive" else fields.field_bits(len(contributors), bits)
    prime = None if scheme == "additive" else fields.PRIMES[width]
    u, j = 3, 101
    position = aggregators.index(j)

    # A contributor's share: its sender is left out, and the round goes on.
    dropped = lambda error: [(leader, u, "drop", error)]
    where = HEADER if scheme == "additive" else HEADER + 2
    for name, error, change in BYTES + vector_changes(width, dimension, where, prime):
        result, included = case(
            f"share-{name}", f"The share of {u}: {name}.", bytes_of(0, u, leader, change), dropped(error)
        )
        assert result == "sum" and u not in included
    if scheme == "shamir":
        second = HEADER + 2 + 5 + packed_size(width, dimension)
        for name, error, change in vector_changes(width, dimension, second, prime):
            case(f"share-second-{name}", f"The second masked share of {u}: {name}.", bytes_of(0, u, leader, change),
                 dropped(error))
        for count in [1, 3]:
            case(f"share-says-{count}-masked-shares", "The count of masked shares is not K - t + 1.",
                 bytes_of(0, u, leader, at(HEADER + 1, lambda _, n=count: n)), dropped("wrong-share-count"))

    def seed_change(change):
        """change(seed) alters the sealed seed for j, without a new signature."""
        def apply(session, enrolled, body):
            change(body["seeds"][position])
        return apply

    def flipped(field, index):
        def change(seed):
            seed[field] = flip(index)(seed[field])
        return change

    for name, change in [
        ("first-bit-of-signature", flipped("signature", 0)), ("last-byte-of-signature", flipped("signature", 63)),
        ("box", flipped("box", 47)), ("ephemeral-key", flipped("ephemeralPublicKey", 0)),
        ("signature-of-zeros", lambda seed: seed.update(signature=bytes(64))),
    ]:
        case(f"share-{name}-changed", f"The signature of the seed of {u} for {j} is wrong.",
             body_of(0, u, leader, seed_change(change)), dropped("wrong-signature"))

    def plus_order(seed):
        s = int.from_bytes(seed["signature"][32:], "little") + ed25519.ORDER
        seed["signature"] = seed["signature"][:32] + s.to_bytes(32, "little")

    case("share-signature-plus-the-order", "S of the signature is not below L.",
         body_of(0, u, leader, seed_change(plus_order)), dropped("wrong-signature"))

    def resigned(contributor=u, aggregator=j, identity=u, ephemeral=None, box=None, session_of=None):
        """The sealed seed for j signed anew, well or as another would."""
        def apply(session, enrolled, body):
            old = body["seeds"][position]
            body["seeds"][position] = sealing.signed(
                session, enrolled.identities[identity], contributor, aggregator, ephemeral or old["ephemeralPublicKey"],
                box or old["box"],
            )
        return apply

    case("share-signed-by-another-contributor", "Contributor 1 signed the seed of 3.",
         body_of(0, u, leader, resigned(identity=1)), dropped("wrong-signature"))
    case("share-signed-for-another-aggregator", "The signature names another aggregator.",
         body_of(0, u, leader, resigned(aggregator=102)), dropped("wrong-signature"))

    def swap(session, enrolled, body):
        body["seeds"][0], body["seeds"][1] = body["seeds"][1], body["seeds"][0]

    case("share-seeds-swapped", "The seeds are not in the order of the aggregators.", body_of(0, u, leader, swap),
         dropped("wrong-signature"))
    for name, change in [
        ("one-seed-missing", lambda body: body["seeds"].pop()),
        ("one-seed-too-many", lambda body: body["seeds"].append(body["seeds"][0])),
        ("no-seeds", lambda body: body["seeds"].clear()),
    ]:
        def apply(session, enrolled, body, change=change):
            change(body)
        case(f"share-{name}", "There is not one seed for each aggregator.", body_of(0, u, leader, apply),
             dropped("wrong-seed-count"))
    result, _ = case(
        "share-refused-and-too-few-left", "Of three contributors, of whom three are needed, one is left out.",
        bytes_of(0, 2, leader, BYTES[0][2]), [(leader, 2, "drop", "trailing-bytes")], members=[1, 2, 3],
    )
    assert result == "abort"

    # Well signed boxes that do not open: the aggregator complains.
    bad_boxes = [("random", {"box": key_for("box") + key_for("box")[:16]})]
    bad_boxes += [(f"low-order-{n}", {"ephemeral": bytes.fromhex(point)}) for n, point in enumerate(LOW_ORDER)]
    bad_boxes.append(("other-ephemeral-key", {"ephemeral": public_key(key_for("other ephemeral"))}))
    for name, what in bad_boxes:
        for threshold in [2, 3] if scheme == "shamir" and name == "random" else [2]:
            label = f"box-{name}" + ("" if threshold == 2 else "-and-all-needed")
            result, included = case(
                label, f"The box of {u} for {j} is well signed and does not open.",
                body_of(0, u, leader, resigned(**what)), [(j, u, "complain", "box-does-not-open")], threshold,
            )
            assert (result == "sum") == (scheme == "shamir" and threshold == 2)
            assert result == "abort" or u in included

    def bound_elsewhere(session, enrolled, body):
        """A box that opens with the right key, but whose associated data are those of another receiver."""
        ephemeral = key_for("an ephemeral key")
        public, aggregator_public = public_key(ephemeral), public_key(enrolled.private[j])
        secret = shared_secret(ephemeral, aggregator_public)
        key = sealing.seal_key(session, secret, public, aggregator_public, u, j)
        box = keys.seal(session, key, types[0], u, 102, key_for("a seed"))
        body["seeds"][position] = sealing.signed(session, enrolled.identities[u], u, j, public, box)

    case("box-bound-to-another-aggregator", "The associated data of the box name another aggregator.",
         body_of(0, u, leader, bound_elsewhere), [(j, u, "complain", "box-does-not-open")])

    def bad_of(v):
        return body_of(0, v, leader, resigned(contributor=v, identity=v, box=key_for("box") + key_for("box")[:16]))

    case("box-two-do-not-open", "Two boxes for the same aggregator do not open: the complaint names both.",
         together(bad_of(2), bad_of(70000)),
         [(j, 2, "complain", "box-does-not-open"), (j, 70000, "complain", "box-does-not-open")])

    # What the leader forwards.
    for name, error, change in BYTES:
        result, _ = case(f"forward-{name}", f"The list for {j}: {name}.", bytes_of(1, leader, j, change),
                          [(j, leader, "drop", error)])
        assert (result == "sum") == (scheme == "shamir")

    def listed(change):
        def apply(session, enrolled, body):
            change(session, enrolled, body["entries"])
        return body_of(1, leader, j, apply)

    def swap_entries(session, enrolled, entries):
        entries[1], entries[2] = entries[2], entries[1]

    def repeat_entry(session, enrolled, entries):
        entries.insert(1, entries[0])

    for name, error, change in [
        ("not-ascending", "ids-not-ascending", swap_entries), ("repeats-a-contributor", "ids-not-ascending", repeat_entry),
    ]:
        case(f"forward-{name}", f"The list for {j}: {name}.", listed(change), [(j, leader, "drop", error)])

    def swap_seeds(session, enrolled, entries):
        entries[0]["seed"], entries[1]["seed"] = entries[1]["seed"], entries[0]["seed"]

    def flip_signature(session, enrolled, entries):
        entries[-1]["seed"]["signature"] = flip(63)(entries[-1]["seed"]["signature"])

    def own_seed(session, enrolled, entries):
        old = entries[1]["seed"]
        entries[1]["seed"] = sealing.signed(
            session, key_for("the leader's own"), entries[1]["contributor"], j, old["ephemeralPublicKey"], old["box"]
        )

    def foreign(session, enrolled, entries):
        entries.insert(3, {"contributor": 4, "seed": entries[2]["seed"]})

    def two(session, enrolled, entries):
        del entries[2:]

    def clear(session, enrolled, entries):
        entries.clear()

    for name, error, change in [
        ("seeds-swapped", "wrong-signature", swap_seeds), ("signature-changed", "wrong-signature", flip_signature),
        ("signed-by-the-leader", "wrong-signature", own_seed), ("names-no-contributor", "unknown-party", foreign),
        ("two-of-at-least-three", "too-few-parties", two), ("empty", "too-few-parties", clear),
    ]:
        result, _ = case(f"forward-{name}", f"The list for {j}: {name}.", listed(change), [(j, leader, "abort", error)])
        assert (result == "sum") == (scheme == "shamir")

    # What an aggregator answers.
    for name, error, change in BYTES + vector_changes(width, dimension, HEADER, prime):
        result, _ = case(f"combine-{name}", f"The answer of {j}: {name}.", bytes_of(2, j, leader, change),
                          [(leader, j, "drop", error)])
        assert (result == "sum") == (scheme == "shamir")

    def complaint(names):
        return lambda session, enrolled: {(2, j, leader): lambda data: wire.encode(session, types[3], {"contributors": names})}

    case("complaint-empty", "A complaint that names nobody.", complaint([]), [(leader, j, "drop", "empty-list")])
    case("complaint-not-ascending", "A complaint whose names are out of order.", complaint([3, 2]),
         [(leader, j, "drop", "ids-not-ascending")])
    if scheme == "shamir":

        def one_more(session, enrolled, body):
            body["elements"][2] = (body["elements"][2] + 1) % prime

        for who in aggregators:
            case(f"combine-wrong-sum-of-{who}", "A sum that is not on the polynomial; with one answer more than needed it shows.",
                 body_of(2, who, leader, one_more), [(leader, None, "abort", "inconsistent-share")])
        result, _ = case("combine-two-dropped", "Two of three answers are dropped, and two are needed.",
                          together(bytes_of(2, 101, leader, BYTES[0][2]), bytes_of(2, 103, leader, BYTES[6][2])),
                          [(leader, 103, "drop", "wrong-session"), (leader, 101, "drop", "trailing-bytes")])
        assert result == "abort"
    return {"rounds": rounds.listed, "cases": cases}


def peer_rounds():
    cases, rounds = [], Rounds()
    five = [2, 3, 5, 70000, 2**32 - 1]
    bits, dimension = 22, 5

    def case(name, how, changes, expected, threshold=3, members=five, minimum=3):
        """changes: route -> change(session, bytes). expected: the refusals, or the outcomes that tell of one."""
        session = peers.make_session(
            bits, dimension, minimum, threshold, members, make_context("peer-to-peer must fail", 6)
        )
        replace = {route: lambda data, change=change: change(session, data) for route, change in changes.items()}
        parameters = ("must fail", bits, dimension, members, threshold, minimum)

        def undisturbed():
            made, log = peer_round(*parameters)
            assert made["included"] == members and log.session.digest == session.digest and not log.refusals
            own = ("id", "messages", "result", "outcomes")
            return {}, log.messages, {key: made[key] for key in made if key not in own}

        label = f"{threshold}-of-{len(members)}-minimum-{minimum}"
        honest = rounds.number_of(undisturbed, label)
        made, log = peer_round(*parameters, replace=replace)
        refusals = refusal_entries(log)
        nothing_refused = all(refusal["error"] == "other-contributors" for refusal in refusals)
        for entry in made["outcomes"]:
            if entry["outcome"] not in ("sum", "lost", "too-few-parties") or (
                entry["outcome"] == "too-few-parties" and nothing_refused
            ):
                refusals.append({"stage": entry["abortStage"], "by": entry["id"], "from": None, "reaction": "abort",
                                 "error": entry["outcome"]})
        # Peers that wait for one whose message was dropped have another list than it; that is no fault.
        got = [(r["by"], r["from"], r["reaction"], r["error"]) for r in refusals if r["error"] != "other-contributors"]
        assert got == expected, (name, got, expected)
        outcome = "sum" if made["result"] == "valid" else "abort"
        refusals = [r for r in refusals if r["error"] != "other-contributors"]
        end = {key: made[key] for key in ("included", "sum") if key in made}
        cases.append({
            "id": name, "round": label, "result": "invalid", "error": got[0][3], "how": how,
            **rounds.compared(log, honest), "refusals": refusals, "outcome": outcome, "outcomes": made["outcomes"], **end,
        })
        return {o["id"]: o["outcome"] for o in made["outcomes"]}, made.get("included")

    def raw(change):
        return lambda session, data: change(data)

    def body(change):
        def apply(session, data):
            kind, body = wire.decode(session, data)
            change(body)
            return wire.encode(session, kind, body)
        return apply

    def other(kind, body):
        return lambda session, data: wire.encode(session, kind, body)

    width = fields.field_bits(5, bits)
    prime = fields.PRIMES[width]
    # Peer 3, at position 1, seeds the shares of 5 and 70000, and sends shares to 2 and 2^32 - 1.
    for name, error, change in BYTES:
        _, included = case(f"seed-{name}", f"The seed of 3 for 5: {name}. Nobody's sum has 3.", {(0, 3, 5): raw(change)},
                           [(5, 3, "drop", error)])
        assert included == [2, 5, 70000, 2**32 - 1]
    for name, error, change in BYTES + vector_changes(width, dimension, HEADER, prime):
        _, included = case(f"share-{name}", f"The share of 3 for 2: {name}. Nobody's sum has 3.",
                           {(0, 3, 2): raw(change)}, [(2, 3, "drop", error)])
        assert included == [2, 5, 70000, 2**32 - 1]
    case("seed-where-a-share-is-due", "A seed for a peer that is due a share.",
         {(0, 3, 2): other(0x50, {"seed": key_for("seed")})}, [(2, 3, "drop", "wrong-kind-of-share")])
    case("share-where-a-seed-is-due", "A share for a peer that is due a seed.",
         {(0, 3, 5): other(0x51, {"elements": [1] * dimension})}, [(5, 3, "drop", "wrong-kind-of-share")])
    trailing = raw(BYTES[0][2])
    outcomes, _ = case("share-too-few-held", "A peer that is left with too few shares gives up, and the others go on.",
                       {(0, v, 5): trailing for v in [2, 3, 70000]},
                       [(5, v, "drop", "trailing-bytes") for v in [2, 3, 70000]])
    assert outcomes[5] == "too-few-parties" and set(outcomes.values()) == {"sum", "too-few-parties"}
    outcomes, _ = case("share-agreed-below-minimum", "Each peer holds four of five, but all of them hold only three.",
                       {(0, 2, 3): trailing, (0, 5, 70000): trailing},
                       [(3, 2, "drop", "trailing-bytes"), (70000, 5, "drop", "trailing-bytes")], minimum=4)
    assert set(outcomes.values()) == {"too-few-parties"}
    outcomes, _ = case("all-of-three-seed-trailing-byte", "With T = N one message that is dropped ends the round for all.",
                       {(0, 1, 3): trailing}, [(3, 1, "drop", "trailing-bytes")], threshold=3, members=[1, 2, 3])
    assert set(outcomes.values()) == {"too-few-parties"}

    for name, error, change in BYTES:
        case(f"confirm-{name}", f"What 3 tells 5: {name}.", {(1, 3, 5): raw(change)}, [(5, 3, "drop", error)])
    confirm = (1, 3, 5)
    case("confirm-not-ascending", "A list out of order.", {confirm: body(lambda b: b["held"].reverse())},
         [(5, 3, "drop", "ids-not-ascending")])
    case("confirm-repeats-a-peer", "A list with a peer twice.", {confirm: body(lambda b: b["held"].insert(0, 2))},
         [(5, 3, "drop", "ids-not-ascending")])
    case("confirm-leaves-out-its-sender", "A list without its sender.", {confirm: body(lambda b: b["held"].remove(3))},
         [(5, 3, "drop", "wrong-parties-in-list")])
    case("confirm-names-no-peer", "A list with a party that is none of the session.",
         {confirm: body(lambda b: b["held"].insert(2, 4))}, [(5, 3, "drop", "wrong-parties-in-list")])
    case("confirm-empty", "An empty list.", {confirm: body(lambda b: b["held"].clear())},
         [(5, 3, "drop", "wrong-parties-in-list")])
    outcomes, _ = case("confirm-too-few-heard", "A peer that hears too few gives up, and the others go on.",
                       {(1, v, 5): trailing for v in [2, 3, 70000]},
                       [(5, v, "drop", "trailing-bytes") for v in [2, 3, 70000]])
    assert outcomes[5] == "too-few-parties" and outcomes[2] == "sum"
    outcomes, _ = case("confirm-another-list-for-one", "3 tells 5 alone that it does not hold 2: nobody else has the list of 5.",
                       {confirm: body(lambda b: b["held"].remove(2))}, [(5, None, "abort", "too-few-parties")])
    assert outcomes.pop(5) == "too-few-parties" and set(outcomes.values()) == {"sum"}

    where = HEADER + 3 + 4 * len(five)
    for name, error, change in BYTES + vector_changes(width, dimension, where, prime):
        outcomes, _ = case(f"combine-{name}", f"The answer of 3 to 5: {name}. The others' answers suffice.",
                           {(2, 3, 5): raw(change)}, [(5, 3, "drop", error)])
        assert set(outcomes.values()) == {"sum"}
    case("combine-not-ascending", "A list out of order.", {(2, 3, 5): body(lambda b: b["contributors"].reverse())},
         [(5, 3, "drop", "ids-not-ascending")])
    outcomes, _ = case("combine-too-few-answers", "A peer that gets too few answers gives up; the others do not.",
                       {(2, v, 5): trailing for v in [2, 3, 70000]},
                       [(5, v, "drop", "trailing-bytes") for v in [2, 3, 70000]])
    assert outcomes[5] == "too-few-parties"

    def one_more(b):
        b["elements"][0] = (b["elements"][0] + 1) % prime

    for v in [2, 3, 70000, 2**32 - 1]:
        outcomes, _ = case(f"combine-wrong-sum-of-{v}", f"{v} tells 5 alone a sum that is not on the polynomial.",
                           {(2, v, 5): body(one_more)}, [(5, None, "abort", "inconsistent-share")])
        assert outcomes.pop(5) == "inconsistent-share" and set(outcomes.values()) == {"sum"}
    outcomes, _ = case("combine-wrong-sum-for-all", "3 tells everybody a sum that is not on the polynomial.",
                       {(2, 3, v): body(one_more) for v in five if v != 3},
                       [(v, None, "abort", "inconsistent-share") for v in five if v != 3])
    assert outcomes.pop(3) == "sum"
    return {"rounds": rounds.listed, "cases": cases}


# Sessions


def sessions():
    """Parameters that make no session; `error` is why."""
    cases = []
    context = make_context("must fail session")

    def case(name, error, scheme, bits, contributors, helpers, threshold, minimum=2, dimension=3):
        given = {
            "id": name, "scheme": scheme, "bits": bits, "dimension": dimension, "minimumContributors": minimum,
            "threshold": threshold, "contributors": contributors, "helpers": helpers,
        }
        keys = [bytes(32)] * len(helpers), [bytes(32)] * len(contributors)

        def make():
            if scheme == "shamir":
                shamir.make_session(bits, dimension, minimum, threshold, contributors, helpers, *keys, context)
            elif scheme == "peer-to-peer":
                peers.make_session(bits, dimension, minimum, threshold, contributors, context)
            else:
                secagg.make_session(bits, dimension, minimum, threshold, contributors, helpers[0], context)

        cases.append(invalid(given, error, make))

    four, helpers = [1, 2, 3, 4], [100, 101, 102, 103, 104]
    for aggregators, threshold in [(2, 0), (2, 1), (2, 3), (3, 1), (3, 4), (4, 2), (4, 5)]:
        case(f"shamir-{threshold}-of-{aggregators}", "threshold-out-of-range", "shamir", 16, four,
             helpers[: aggregators + 1], threshold)
    for aggregators in [0, 1]:
        case(f"shamir-{aggregators}-aggregators", "too-few-aggregators", "shamir", 16, four,
             helpers[: aggregators + 1], 1)
    for bits in [60, 61, 64]:
        case(f"shamir-four-contributors-{bits}", "capacity-above-61-bits", "shamir", bits, four, helpers, 3)
        case(f"peer-to-peer-four-{bits}", "capacity-above-61-bits", "peer-to-peer", bits, four, [], 3)
    for aggregators in [7, 8]:
        case(f"shamir-{aggregators}-aggregators-mod-7", "abscissa-not-below-prime", "shamir", 1, [1, 2, 3],
             list(range(100, 101 + aggregators)), aggregators)
    for count, threshold in [(3, 0), (3, 1), (3, 4), (4, 2), (4, 5), (5, 2), (12, 6)]:
        case(f"peer-to-peer-{threshold}-of-{count}", "threshold-out-of-range", "peer-to-peer", 16,
             list(range(1, count + 1)), [], threshold)
        case(f"secagg-{threshold}-of-{count}", "threshold-out-of-range", "secagg", 16,
             list(range(1, count + 1)), [100], threshold)
    return cases
