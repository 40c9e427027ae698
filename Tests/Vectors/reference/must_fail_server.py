# SPDX-License-Identifier: Apache-2.0
"""Disturbed rounds of `plain` and `secagg`."""

import plain
import secagg
import wire
from cases_arithmetic import key_for, strings
from cases_rounds import Setting
from cases_wire import LOW_ORDER, make_context, session_json
from disturbances import BYTES, HEADER, Rounds, at, refusal_entries, vector_changes
from primitives import public_key
from transcript import Faults, RoundAborted, Transcript


def server_rounds(scheme):
    """`plain` and `secagg`: five clients and a server; at least three clients."""
    cases, rounds = [], Rounds()
    clients, server, threshold, minimum, bits, dimension = [1, 2, 3, 70000, 2**32 - 1], 100, 3, 3, 23, 5
    first, second, u = clients[0], clients[1], 3
    context, seed = make_context(f"{scheme} must fail", {"plain": 3, "secagg": 5}[scheme]), {"plain": 11, "secagg": 13}[scheme]
    own = {"minimumContributors": minimum} | ({"threshold": threshold} if scheme == "secagg" else {})

    def run(replace):
        """The fields of the round, its transcript, and how it ends."""
        if scheme == "plain":
            session = plain.make_session(bits, dimension, minimum, clients, server, context)
        else:
            session = secagg.make_session(bits, dimension, minimum, threshold, clients, server, context)
        setting = Setting(context, seed, clients, bits, dimension)
        generators = setting.generators()
        log = Transcript(session, Faults(replace={
            route: lambda data, change=change: change(session, data) for route, change in replace.items()
        }))
        try:
            if scheme == "plain":
                _, included, total = plain.run(session, server, minimum, setting.inputs, set(), log)
                end = {"included": included}
            else:
                _, sets, total = secagg.run(session, server, threshold, minimum, setting.inputs, generators, {}, log)
                included, end = sets[2], dict(zip(["U1", "U2", "U3", "U4"], sets))
            assert total == setting.sum_of(included)
            end = {"outcome": "sum", **end, "sum": strings(total)}
        except RoundAborted as abort:
            end = {"outcome": "abort", "abortStage": abort.stage, "abortParty": abort.party, "abortError": abort.reason}
        drawn = {v: {"rand": setting.rand[v], "drawn": generators[v].drawn} if scheme == "secagg" else {} for v in clients}
        head = {
            **session_json(session, **own), "simulationSeed": str(seed), "server": server,
            "clients": [{"id": v, **drawn[v], "input": strings(setting.inputs[v]), "lostAfter": None} for v in clients],
        }
        return head, log, end

    def undisturbed():
        head, log, end = run({})
        assert end.pop("outcome") == "sum" and not log.refusals and not log.given_up
        return head, log.messages, end

    honest = rounds.number_of(undisturbed, "5-clients")

    def case(name, how, changes, expected):
        _, log, end = run(changes)
        refusals = refusal_entries(log)
        got = [(entry["by"], entry["from"], entry["reaction"], entry["error"]) for entry in refusals]
        assert got == expected, (name, got, expected)
        cases.append({
            "id": name, "round": "5-clients", "result": "invalid", "error": got[0][3], "how": how,
            **rounds.compared(log, honest), "refusals": refusals, **end,
        })
        return end

    def raw(change):
        return lambda session, data: change(data)

    def body(change):
        def apply(session, data):
            kind, body = wire.decode(session, data)
            change(body)
            return wire.encode(session, kind, body)
        return apply

    header = [entry if entry[0] != "type-of-another-scheme" else (*entry[:2], at(1, lambda _: 0x20)) for entry in BYTES]
    vector = vector_changes(bits, dimension, HEADER, None)
    if scheme == "plain":
        for name, error, change in header + vector:
            end = case(f"input-{name}", f"The vector of {u}: {name}.", {(0, u, server): raw(change)},
                       [(server, u, "drop", error)])
            assert u not in end["included"]
        end = case("input-too-few-left", "Of five vectors three are dropped, and three are needed.",
                   {(0, v, server): raw(header[0][2]) for v in clients[:3]},
                   [(server, v, "drop", "trailing-bytes") for v in clients[:3]])
        assert end["outcome"] == "abort"
        return {"rounds": rounds.listed, "cases": cases}

    # What clients send: the server goes on without them.
    sends = {0: "advertisement", 2: "shares", 4: "masked-input", 6: "unmasking"}
    for stage, what in sends.items():
        for name, error, change in header + (vector if stage == 4 else []):
            end = case(f"{what}-{name}", f"{u} at stage {stage}: {name}.", {(stage, u, server): raw(change)},
                       [(server, u, "drop", error)])
            assert u not in end[f"U{stage // 2 + 1}"] and end["outcome"] == "sum"
        end = case(f"{what}-too-few-left", f"Of five messages at stage {stage} three are dropped, and three are needed.",
                   {(stage, v, server): raw(header[0][2]) for v in clients[:3]},
                   [(server, v, "drop", "trailing-bytes") for v in clients[:3]])
        assert end["outcome"] == "abort" and end["abortStage"] == stage
    swap = body(lambda b: b["shares"].reverse())
    for stage, what in [(2, "shares"), (6, "unmasking")]:
        case(f"{what}-not-ascending", "A list out of order.", {(stage, u, server): swap},
             [(server, u, "drop", "ids-not-ascending")])
    case("shares-one-missing", "No box for one of the clients.", {(2, u, server): body(lambda b: b["shares"].pop())},
         [(server, u, "drop", "wrong-parties-in-list")])
    case("shares-one-for-itself", "A box for the sender itself.",
         {(2, u, server): body(lambda b: b["shares"].insert(2, {"to": u, "box": bytes(88)}))},
         [(server, u, "drop", "wrong-parties-in-list")])

    # What the server sends: the client sends nothing but that it gives up.
    lists = {1: "roster", 3: "boxes", 5: "survivors"}
    for stage, what in lists.items():
        for name, error, change in header:
            case(f"{what}-{name}", f"The server to {u} at stage {stage}: {name}.", {(stage, server, u): raw(change)},
                 [(u, server, "drop", error)])

    def client_refuses(stage, name, how, error, change, whom=u):
        end = case(f"{lists[stage]}-{name}", how, {(stage, server, whom): body(change)}, [(whom, server, "abort", error)])
        assert end["outcome"] == "sum" and whom not in end[f"U{(stage + 3) // 2}"]

    def keys_of(b, v):
        return next(entry["keys"] for entry in b["roster"] if entry["id"] == v)

    def without(b, name, key, v):
        b[name] = [entry for entry in b[name] if (entry if key is None else entry[key]) != v]

    for name, error, change in [
        ("not-ascending", "ids-not-ascending", lambda b: b["roster"].reverse()),
        ("repeats-a-client", "ids-not-ascending", lambda b: b["roster"].insert(0, b["roster"][0])),
    ]:
        case(f"roster-{name}", f"The roster for {u}: {name}.", {(1, server, u): body(change)}, [(u, server, "drop", error)])
    client_refuses(1, "without-itself", "The roster leaves out its receiver.", "own-keys-replaced",
                   lambda b: without(b, "roster", "id", u))
    for name in ["channelPublicKey", "maskPublicKey", "selfMaskCommitment"]:
        client_refuses(1, f"own-{name}-replaced", f"The receiver's own {name} is another one.", "own-keys-replaced",
                       lambda b, name=name: keys_of(b, u).update({name: public_key(key_for("another"))}))
    client_refuses(1, "names-no-client", "The roster names a party that is none of the session.", "unknown-party",
                   lambda b: b["roster"].insert(3, {"id": 4, "keys": {
                       name: public_key(key_for(name)) for name in ("channelPublicKey", "maskPublicKey", "selfMaskCommitment")
                   }}))

    def only_two(b):
        b["roster"] = [entry for entry in b["roster"] if entry["id"] in (second, u)]

    client_refuses(1, "two-of-at-least-three", "The roster has two clients.", "too-few-parties", only_two)
    for name in ["channelPublicKey", "maskPublicKey"]:
        client_refuses(1, f"two-of-the-same-{name}", f"Two clients have the same {name}.", "equal-keys",
                       lambda b, name=name: keys_of(b, first).update({name: keys_of(b, second)[name]}))
        for number, point in enumerate(LOW_ORDER):
            client_refuses(1, f"low-order-{name}-{number}", f"A {name} of low order.", "low-order-point",
                           lambda b, name=name, point=point: keys_of(b, first).update({name: bytes.fromhex(point)}))

    client_refuses(3, "one-from-itself", "A box from the receiver itself.", "unknown-party",
                   lambda b: b["shares"].insert(2, {"from": u, "box": bytes(88)}))
    client_refuses(3, "one-from-outside", "A box from a party that is not on the roster.", "unknown-party",
                   lambda b: b["shares"].insert(2, {"from": 4, "box": bytes(88)}))
    client_refuses(3, "one-of-at-least-two", "A single box, where two are needed.", "too-few-parties",
                   lambda b: b["shares"].__delitem__(slice(1, None)))
    client_refuses(5, "without-itself", "The survivors leave out the receiver.", "own-input-dropped",
                   lambda b: b["survivors"].remove(u))
    client_refuses(5, "one-from-outside", "The survivors name a party that sent no box.", "unknown-party",
                   lambda b: b["survivors"].insert(3, 4))
    client_refuses(5, "two-of-at-least-three", "Two survivors.", "too-few-parties",
                   lambda b: b["survivors"].__delitem__(slice(3, None)) or b["survivors"].remove(first))
    return {"rounds": rounds.listed, "cases": cases}
