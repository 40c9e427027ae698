# SPDX-License-Identifier: Apache-2.0
"""Disturbed rounds of `additive` and `shamir`."""

import ed25519
import fields
import keys
import sealing
import wire
from cases_arithmetic import key_for, strings
from cases_rounds import leader_round
from cases_wire import LOW_ORDER
from disturbances import BYTES, HEADER, Rounds, at, flip, refusal_entries, vector_changes
from primitives import public_key, shared_secret
from rings import packed_size
from transcript import RoundAborted


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
