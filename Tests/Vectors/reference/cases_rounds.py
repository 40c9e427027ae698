# SPDX-License-Identifier: Apache-2.0
"""Whole rounds, every message as bytes. Each sum is checked against the inputs before it is written."""

import additive
import keys
import plain
import secagg
from cases_arithmetic import key_for, strings
from cases_wire import make_context, session_json
from primitives import Generator, public_key
from transcript import RoundAborted


class Setting:
    """The contributors' inputs and generators of one case, from a simulation seed."""

    def __init__(self, context, seed, contributors, bits, dimension):
        self.seed, self.rand, self.inputs = seed, {}, {}
        for u in contributors:
            draw = Generator(keys.simulation_key(seed, "input", context, u))
            self.inputs[u] = [int.from_bytes(draw.read(8), "little") % 2**bits for _ in range(dimension)]
            self.rand[u] = keys.simulation_key(seed, "party", context, u)
        self.bits, self.dimension = bits, dimension

    def generators(self):
        return {u: Generator(key) for u, key in self.rand.items()}

    def sum_of(self, ids):
        return [sum(self.inputs[u][i] for u in ids) % 2**self.bits for i in range(self.dimension)]


def finish(case, setting, action):
    """action() gives (transcript, outcome fields, who is in the sum, sum), or aborts for want of parties."""
    try:
        log, fields, included, total = action()
    except RoundAborted as abort:
        return {
            **case, "result": "invalid", "error": "too-few-parties", "abortStage": abort.stage, "abortParty": abort.party,
            "messages": abort.transcript.messages,
        }
    assert total == setting.sum_of(included), case["id"]
    return {**case, "result": "valid", "messages": log.messages, **fields, "sum": strings(total)}


def plain_rounds():
    cases = []

    def case(name, bits, dimension, contributors, server, minimum, lost=()):
        context = make_context(f"plain {name}", 3)
        session = plain.make_session(bits, dimension, minimum, contributors, server, context)
        setting = Setting(context, 11, contributors, bits, dimension)
        head = {
            "id": name, **session_json(session, minimumContributors=minimum), "simulationSeed": str(11), "server": server,
            "clients": [
                {"id": u, "input": strings(setting.inputs[u]), "lostAfter": "start" if u in lost else None}
                for u in contributors
            ],
        }

        def action():
            log, included, total = plain.run(session, server, minimum, setting.inputs, set(lost))
            return log, {"included": included}, included, total

        cases.append(finish(head, setting, action))

    case("three-of-three-16", 16, 5, [1, 2, 3], 0, 3)
    case("sparse-ids-23", 23, 4, [3, 17, 250], 1000, 2, [17])
    case("bits-1", 1, 9, [1, 2, 3], 0, 3)
    case("bits-32", 32, 3, [0, 7, 2**32 - 1], 5, 3)
    case("bits-64", 64, 3, [1, 2, 3, 4, 5], 0, 3, [1, 5])
    case("too-few", 16, 2, [1, 2, 3, 4, 5], 0, 3, [1, 3, 5])
    case("nobody", 16, 2, [1, 2, 3], 0, 2, [1, 2, 3])
    return cases


def additive_rounds():
    cases = []

    def case(name, bits, dimension, contributors, helpers, minimum, lost=()):
        context = make_context(f"additive {name}", 4)
        private = {j: key_for(f"{name} helper {j}") for j in helpers}
        public = [public_key(private[j]) for j in helpers]
        session = additive.make_session(bits, dimension, minimum, contributors, helpers, public, context)
        setting = Setting(context, 12, contributors, bits, dimension)
        head = {
            "id": name, **session_json(session, minimumContributors=minimum, helperKeys=public), "simulationSeed": str(12),
            "servers": [
                {"id": j, "role": "leader" if j == helpers[0] else "aggregator", "privateKey": private[j],
                 "publicKey": public[i], "lostAfter": "start" if j in lost else None}
                for i, j in enumerate(helpers)
            ],
            "clients": [
                {"id": u, "rand": setting.rand[u], "input": strings(setting.inputs[u]),
                 "lostAfter": "start" if u in lost else None}
                for u in contributors
            ],
        }

        def action():
            generators = setting.generators()
            log, included, total = additive.run(session, minimum, private, setting.inputs, generators, set(lost))
            return log, {"included": included}, included, total

        cases.append(finish(head, setting, action))

    for bits in [16, 23, 32, 33, 64]:
        case(f"two-helpers-three-contributors-{bits}", bits, 5, [1, 2, 3], [100, 101], 3)
    case("three-helpers-three-contributors", 32, 5, [1, 2, 3], [100, 101, 102], 3)
    case("three-helpers-not-ascending", 23, 4, [3, 17, 250], [102, 9, 101], 2, [17])
    case("two-helpers-five-contributors-one-lost", 16, 6, [1, 2, 3, 4, 5], [100, 101], 3, [1])
    case("three-helpers-five-contributors-two-lost", 33, 3, [2, 30, 400, 5000, 60000], [7, 8, 9], 3, [30, 60000])
    case("three-helpers-64-one-lost", 64, 3, [1, 2, 3, 4, 5], [100, 101, 102], 3, [3])
    case("one-element-one-bit", 1, 1, [1, 2, 3], [100, 101], 3)
    case("too-few-contributors", 16, 2, [1, 2, 3, 4, 5], [100, 101], 3, [1, 3, 5])
    case("aggregator-lost", 16, 2, [1, 2, 3], [100, 101, 102], 3, [102])
    return cases


def secagg_rounds():
    cases = []

    def case(name, bits, dimension, contributors, server, threshold, lost_after=None, minimum=None):
        minimum, lost_after = minimum or threshold, lost_after or {}
        context = make_context(f"secagg {name}", 5)
        session = secagg.make_session(bits, dimension, minimum, threshold, contributors, server, context)
        setting = Setting(context, 13, contributors, bits, dimension)
        head = {
            "id": name, **session_json(session, minimumContributors=minimum, threshold=threshold),
            "simulationSeed": str(13), "server": server,
            "clients": [
                {"id": u, "rand": setting.rand[u], "input": strings(setting.inputs[u]), "lostAfter": lost_after.get(u)}
                for u in contributors
            ],
        }

        def action():
            generators = setting.generators()
            log, sets, total = secagg.run(
                session, server, threshold, minimum, setting.inputs, generators, lost_after
            )
            return log, dict(zip(["U1", "U2", "U3", "U4"], sets)), sets[2], total

        cases.append(finish(head, setting, action))

    sparse, five = [3, 17, 250], [1, 2, 3, 4, 5]
    for bits in [16, 23, 32, 33, 64]:
        case(f"three-all-survive-{bits}", bits, 5, [1, 2, 3], 0, 2)
    case("three-sparse", 23, 7, sparse, 1000, 2)
    case("three-threshold-three", 16, 4, sparse, 1000, 3)
    case("three-lost-before-start", 32, 3, sparse, 1000, 2, {3: "start"})
    case("three-lost-after-advertise", 32, 3, sparse, 1000, 2, {17: "advertise-keys"})
    case("three-lost-after-share", 32, 3, sparse, 1000, 2, {17: "share-keys"})
    case("three-lost-after-masked", 32, 3, sparse, 1000, 2, {250: "masked-input"})
    case("one-bit-one-element", 1, 1, [1, 2, 3], 0, 2, {1: "share-keys"})
    for bits, what in [(16, "start"), (23, "advertise-keys"), (32, "share-keys"), (33, "masked-input")]:
        case(f"five-two-lost-after-{what}-{bits}", bits, 4, five, 100, 3, {2: what, 5: what})
    case("five-first-and-last-lost-after-share-64", 64, 4, five, 100, 3, {1: "share-keys", 5: "share-keys"})
    case("five-one-after-advertise-one-after-share-23", 23, 4, five, 100, 3, {2: "advertise-keys", 4: "share-keys"})
    case("five-one-after-share-one-after-masked-33", 33, 4, five, 100, 3, {3: "share-keys", 4: "masked-input"})
    big = [3, 17, 250, 70000, 2**32 - 1]
    case("five-sparse-one-each-64", 64, 3, big, 5, 3, {3: "advertise-keys", 250: "masked-input"})
    seven = [2, 3, 5, 7, 11, 13, 17]
    case(
        "seven-lost-after-each-send-23", 23, 3, seven, 1, 4,
        {2: "advertise-keys", 7: "share-keys", 17: "masked-input"},
    )
    case(
        "five-aborts-at-advertise", 16, 2, five, 100, 3, {1: "start", 2: "start", 3: "start"},
    )
    case("five-aborts-at-share", 16, 2, five, 100, 3, {1: "start", 2: "advertise-keys", 3: "advertise-keys"})
    case("five-aborts-at-masked", 16, 2, five, 100, 3, {1: "advertise-keys", 2: "share-keys", 3: "share-keys"})
    case("five-aborts-at-unmask", 16, 2, five, 100, 3, {1: "share-keys", 2: "masked-input", 3: "masked-input"})
    case("three-threshold-three-aborts-at-unmask", 16, 2, sparse, 1000, 3, {17: "masked-input"})
    case("five-below-minimum-contributors", 16, 2, five, 100, 3, {4: "share-keys"}, minimum=5)
    return cases
