# SPDX-License-Identifier: Apache-2.0
"""Disturbed rounds of `peer-to-peer`."""

import fields
import peers
import wire
from cases_arithmetic import key_for
from cases_rounds import peer_round
from cases_wire import make_context
from disturbances import BYTES, HEADER, Rounds, refusal_entries, vector_changes


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
        _, included = case(f"seed-{name}", f"The seed of 3 for 5: {name}. 5 has no sum to send.", {(0, 3, 5): raw(change)},
                           [(5, 3, "drop", error)])
        assert included == five
    for name, error, change in BYTES + vector_changes(width, dimension, HEADER, prime):
        _, included = case(f"share-{name}", f"The share of 3 for 2: {name}. 2 has no sum to send.",
                           {(0, 3, 2): raw(change)}, [(2, 3, "drop", error)])
        assert included == five
    case("seed-where-a-share-is-due", "A seed for a peer that is due a share.",
         {(0, 3, 2): other(0x50, {"seed": key_for("seed")})}, [(2, 3, "drop", "wrong-kind-of-share")])
    case("share-where-a-seed-is-due", "A share for a peer that is due a seed.",
         {(0, 3, 5): other(0x51, {"elements": [1] * dimension})}, [(5, 3, "drop", "wrong-kind-of-share")])
    trailing = raw(BYTES[0][2])
    outcomes, _ = case("share-too-few-held", "A peer that is left with too few shares gives up, and the others go on.",
                       {(0, v, 5): trailing for v in [2, 3, 70000]},
                       [(5, v, "drop", "trailing-bytes") for v in [2, 3, 70000]])
    assert outcomes[5] == "too-few-parties" and set(outcomes.values()) == {"sum", "too-few-parties"}
    outcomes, _ = case("share-no-list-of-three", "Each peer holds at least four of five, but no three hold the same.",
                       {(0, 2, 3): trailing, (0, 3, 5): trailing, (0, 5, 70000): trailing},
                       [(3, 2, "drop", "trailing-bytes"), (5, 3, "drop", "trailing-bytes"),
                        (70000, 5, "drop", "trailing-bytes")])
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
    without_2 = body(lambda b: b["held"].remove(2))
    outcomes, _ = case("confirm-another-list-for-one",
                       "Three tell 5 alone that they do not hold 2: nobody else has the list of 5.",
                       {(1, v, 5): without_2 for v in [3, 70000, 2**32 - 1]}, [(5, None, "abort", "too-few-parties")])
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
