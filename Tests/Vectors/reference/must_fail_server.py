# SPDX-License-Identifier: Apache-2.0
"""Disturbed rounds of `plain`."""

import plain
from cases_arithmetic import strings
from cases_rounds import Setting
from cases_wire import make_context, session_json
from disturbances import BYTES, HEADER, Rounds, at, refusal_entries, vector_changes
from transcript import Faults, RoundAborted, Transcript


def plain_rounds():
    """Five clients and a server; at least three clients."""
    cases, rounds = [], Rounds()
    clients, server, minimum, bits, dimension, u, seed = [1, 2, 3, 70000, 2**32 - 1], 100, 3, 23, 5, 3, 11
    context = make_context("plain must fail", 3)

    def run(replace):
        """The fields of the round, its transcript, and how it ends."""
        session = plain.make_session(bits, dimension, minimum, clients, server, context)
        setting = Setting(context, seed, clients, bits, dimension)
        log = Transcript(session, Faults(replace=replace))
        try:
            _, included, total = plain.run(session, server, minimum, setting.inputs, set(), log)
            assert total == setting.sum_of(included)
            end = {"outcome": "sum", "included": included, "sum": strings(total)}
        except RoundAborted as abort:
            end = {"outcome": "abort", "abortStage": abort.stage, "abortParty": abort.party, "abortError": abort.reason}
        head = {
            **session_json(session, minimumContributors=minimum), "simulationSeed": str(seed), "server": server,
            "clients": [{"id": v, "input": strings(setting.inputs[v]), "lostAfter": None} for v in clients],
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

    header = [entry if entry[0] != "type-of-another-scheme" else (*entry[:2], at(1, lambda _: 0x20)) for entry in BYTES]
    for name, error, change in header + vector_changes(bits, dimension, HEADER, None):
        end = case(f"input-{name}", f"The vector of {u}: {name}.", {(0, u, server): change}, [(server, u, "drop", error)])
        assert u not in end["included"]
    end = case("input-too-few-left", "Of five vectors three are dropped, and three are needed.",
               {(0, v, server): header[0][2] for v in clients[:3]},
               [(server, v, "drop", "trailing-bytes") for v in clients[:3]])
    assert end["outcome"] == "abort"
    return {"rounds": rounds.listed, "cases": cases}
