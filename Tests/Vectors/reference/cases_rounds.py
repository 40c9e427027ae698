# SPDX-License-Identifier: Apache-2.0
"""Whole rounds, every message as bytes. Each sum is checked against the inputs before it is written."""

import additive
import ed25519
import keys
import peers
import plain
import sealing
import secagg
import shamir
from cases_arithmetic import strings
from cases_wire import make_context, session_json
from primitives import Generator, public_key
from transcript import Faults, RoundAborted, Transcript


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
            **case, "result": "invalid", "error": abort.reason, "abortStage": abort.stage, "abortParty": abort.party,
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


def lost_after(u, lost, stages=("start",)):
    """The name of the last send that a party makes; lost: party -> number of sends that it makes."""
    return stages[lost[u]] if u in lost else None


class Enrolled:
    """Long-lived keys, which belong to no round: drawn from a simulation's seed, for aggregators and contributors."""

    CONTEXT = {"task": b"simulation", "round": 0, "attempt": 0}

    def __init__(self, seed, contributors, helpers):
        def draw(purpose, party):
            return Generator(keys.simulation_key(seed, purpose, self.CONTEXT, party)).read(32)

        self.private = {j: draw("aggregator key", j) for j in helpers}
        self.helper_keys = [public_key(self.private[j]) for j in helpers]
        self.identities = {u: draw("contributor identity", u) for u in contributors}
        self.identity_keys = [ed25519.public_key(self.identities[u]) for u in contributors]

    def own(self):
        return {
            "helperKeys": self.helper_keys, "identityKeys": self.identity_keys,
            "identitiesDigest": sealing.identities_digest(self.identity_keys),
        }

    def servers(self, helpers, lost):
        return [
            {"id": j, "role": "leader" if j == helpers[0] else "aggregator", "privateKey": self.private[j],
             "publicKey": self.helper_keys[i], "lostAfter": lost_after(j, lost)}
            for i, j in enumerate(helpers)
        ]

    def clients(self, contributors, setting, generators, lost):
        return [
            {"id": u, "rand": setting.rand[u], "drawn": generators[u].drawn, "identitySeed": self.identities[u],
             "identityPublicKey": self.identity_keys[i], "input": strings(setting.inputs[u]),
             "lostAfter": lost_after(u, lost)}
            for i, u in enumerate(contributors)
        ]


def leader_round(scheme, name, bits, dimension, contributors, helpers, minimum, threshold=None, lost=(), replace=None):
    """One round of `additive` or `shamir`: the case without its end, and what gives the end."""
    seed = {"additive": 12, "shamir": 14}[scheme]
    context = make_context(f"{scheme} {name}", 4)
    enrolled = Enrolled(seed, contributors, helpers)
    parties = (contributors, helpers, enrolled.helper_keys, enrolled.identity_keys, context)
    own = {"minimumContributors": minimum}
    if scheme == "additive":
        session = additive.make_session(bits, dimension, minimum, *parties)
    else:
        session = shamir.make_session(bits, dimension, minimum, threshold, *parties)
        own |= {"fieldBits": session.field_bits, "threshold": threshold}
    setting = Setting(context, seed, contributors, bits, dimension)
    generators, lost = setting.generators(), dict.fromkeys(lost, 0)
    log = Transcript(session, Faults(lost=lost, replace=replace))

    def head():
        return {
            "id": name, **session_json(session, **own, **enrolled.own()), "simulationSeed": str(seed),
            "servers": enrolled.servers(helpers, lost),
            "clients": enrolled.clients(contributors, setting, generators, lost),
        }

    def action():
        run = {"additive": additive.run, "shamir": shamir.run}[scheme]
        included, total, *answered = run(
            session, minimum, enrolled.identities, enrolled.private, setting.inputs, generators, log
        )
        fields = {"included": included} | ({"answered": answered[0]} if answered else {})
        return log, fields, included, total

    return session, enrolled, setting, log, head, action


def additive_rounds():
    cases = []

    def case(name, bits, dimension, contributors, helpers, minimum, lost=()):
        *_, setting, log, head, action = leader_round(
            "additive", name, bits, dimension, contributors, helpers, minimum, lost=lost
        )
        end = finish({}, setting, action)
        assert not log.refusals
        cases.append({**head(), **end})

    for bits in [16, 23, 32, 33, 64]:
        case(f"two-helpers-three-contributors-{bits}", bits, 5, [1, 2, 3], [100, 101], 3)
    case("three-helpers-three-contributors", 32, 5, [1, 2, 3], [100, 101, 102], 3)
    case("three-helpers-not-ascending", 23, 4, [3, 17, 250], [102, 9, 101], 2, [17])
    case("two-helpers-five-contributors-one-lost", 16, 6, [1, 2, 3, 4, 5], [100, 101], 3, [1])
    case("three-helpers-five-contributors-two-lost", 33, 3, [2, 30, 400, 5000, 60000], [7, 8, 9], 3, [30, 60000])
    case("three-helpers-64-one-lost", 64, 3, [1, 2, 3, 4, 5], [100, 101, 102], 3, [3])
    case("six-helpers-twelve-contributors", 27, 3, list(range(1, 13)), [90, 91, 92, 93, 94, 95], 3, [12])
    case("one-element-one-bit", 1, 1, [1, 2, 3], [100, 101], 3)
    case("too-few-contributors", 16, 2, [1, 2, 3, 4, 5], [100, 101], 3, [1, 3, 5])
    case("aggregator-lost", 16, 2, [1, 2, 3], [100, 101, 102], 3, [102])
    return cases


def shamir_rounds():
    cases = []

    def case(name, bits, dimension, contributors, helpers, threshold, minimum, lost=()):
        *_, setting, log, head, action = leader_round(
            "shamir", name, bits, dimension, contributors, helpers, minimum, threshold, lost
        )
        end = finish({}, setting, action)
        assert not log.refusals and not log.given_up
        cases.append({**head(), **end})

    three, five = [1, 2, 3], [1, 2, 3, 4, 5]
    # Three contributors: fields of 3, 10, 18, 31, 32, 33, 34, 35 and 61 bits, on both sides of the words of 4 bytes.
    for bits in [1, 8, 16, 29, 30, 31, 32, 33, 59]:
        case(f"three-contributors-two-of-two-{bits}", bits, 5, three, [100, 101, 102], 2, 3)
    for aggregators, threshold in [(3, 2), (3, 3), (4, 3), (4, 4), (5, 3), (5, 4), (5, 5)]:
        helpers = list(range(100, 101 + aggregators))
        case(f"three-contributors-{threshold}-of-{aggregators}", 16, 4, three, helpers, threshold, 3)
        case(f"five-contributors-{threshold}-of-{aggregators}-40", 40, 3, five, helpers, threshold, 3)
    helpers = [100, 101, 102, 103, 104, 105]
    for lost in [[101], [105], [101, 103], [104, 105]]:
        name = "-".join(map(str, lost))
        case(f"three-of-five-aggregators-lost-{name}", 23, 4, five, helpers, 3, 3, lost)
    case("three-of-five-contributors-and-aggregators-lost", 31, 4, five, helpers, 3, 3, [1, 4, 101, 102])
    case("two-of-three-first-aggregator-lost", 16, 3, three, helpers[:4], 2, 3, [101])
    case("helpers-not-ascending", 20, 4, [3, 17, 250], [500, 9, 404, 12], 2, 2, [17, 404])
    case("largest-ids", 24, 2, [0, 70000, 2**32 - 1], [2**32 - 2, 5, 2**31], 2, 3)
    case("twelve-contributors-three-lost", 27, 3, list(range(1, 13)), helpers[:4], 2, 3, [2, 7, 12, 103])
    case("seven-contributors-58", 58, 3, [2, 3, 5, 7, 11, 13, 17], helpers[:3], 2, 3, [11])
    case("one-element-one-bit", 1, 1, three, helpers[:3], 2, 3)
    case("too-few-contributors", 16, 2, five, helpers[:4], 2, 3, [1, 3, 5])
    case("too-few-answers-two-of-two", 16, 2, three, helpers[:3], 2, 3, [102])
    case("too-few-answers-three-of-five", 16, 2, three, helpers, 3, 3, [101, 103, 105])
    return cases


PEER_SENDS = ["start", "share", "confirm", "combine"]


def peer_round(name, bits, dimension, contributors, threshold, minimum, lost=None, partial=None, replace=None):
    """lost: peer -> how many of its sends it makes. partial: peer -> (number of a send, how many messages of it leave)."""
    lost, partial, seed = lost or {}, partial or {}, 15
    context = make_context(f"peer-to-peer {name}", 6)
    session = peers.make_session(bits, dimension, minimum, threshold, contributors, context)
    own = {"minimumContributors": minimum, "fieldBits": session.field_bits, "threshold": threshold}
    setting = Setting(context, seed, contributors, bits, dimension)
    generators = setting.generators()
    log = Transcript(session, Faults(lost, partial, replace))
    outcomes = peers.run(session, minimum, setting.inputs, generators, log)
    sends = [s for s in PEER_SENDS if s != "confirm" or threshold < len(contributors)]
    made = lost | {u: send for u, (send, _) in partial.items()}
    learned = [outcome for outcome in outcomes.values() if outcome["outcome"] == "sum"]
    for outcome in learned:
        assert outcome == learned[0] and outcome["sum"] == setting.sum_of(outcome["included"]), name
    case = {
        "id": name, **session_json(session, **own), "simulationSeed": str(seed),
        "clients": [
            {"id": u, "rand": setting.rand[u], "drawn": generators[u].drawn, "input": strings(setting.inputs[u]),
             "lostAfter": lost_after(u, made, sends), "messagesOfLastSend": partial[u][1] if u in partial else None}
            for u in contributors
        ],
        "messages": log.messages,
        "outcomes": [
            {"id": u, "outcome": outcome["outcome"], "abortStage": outcome["abortStage"]}
            for u, outcome in outcomes.items()
        ],
    }
    if learned:
        case |= {"result": "valid", "included": learned[0]["included"], "sum": strings(learned[0]["sum"])}
    else:
        u, first = next((u, o) for u, o in outcomes.items() if o["outcome"] != "lost")
        case |= {"result": "invalid", "error": first["outcome"], "abortStage": first["abortStage"], "abortParty": u}
    return case, log


def peer_rounds():
    cases = []

    def case(*arguments, **faults):
        made, log = peer_round(*arguments, **faults)
        # Answers over other contributors are not wrong, and count for nobody who has another list.
        assert {reason for *_, reason in log.refusals} <= {"other-contributors"}
        cases.append(made)

    three, five, seven = [1, 2, 3], [3, 17, 250, 70000, 2**32 - 1], [2, 3, 5, 7, 11, 13, 17]
    for bits in [1, 8, 16, 29, 30, 31, 32, 33, 59]:
        case(f"two-of-three-{bits}", bits, 5, three, 2, 3)
    for bits in [1, 16, 23, 32, 33, 64]:
        case(f"three-of-three-{bits}", bits, 5, three, 3, 3)
    for count, threshold in [(4, 3), (5, 3), (5, 4), (7, 4), (7, 6), (12, 7)]:
        case(f"{threshold}-of-{count}", 20, 3, list(range(1, count + 1)), threshold, 3)
    for count in [2, 4, 5, 12]:
        case(f"{count}-of-{count}", 24, 3, list(range(1, count + 1)), count, min(count, 3))
    for lost in [{3: 0}, {17: 1}, {2**32 - 1: 2}]:
        (u, sends), = lost.items()
        case(f"three-of-five-one-lost-after-{PEER_SENDS[sends]}", 30, 4, five, 3, 3, lost=lost)
    case("three-of-five-two-lost-after-start", 31, 4, five, 3, 3, lost={17: 0, 70000: 0})
    case("three-of-five-two-lost-after-share", 16, 4, five, 3, 3, lost={3: 1, 250: 1})
    case("three-of-five-two-lost-after-confirm", 45, 4, five, 3, 3, lost={3: 2, 17: 2})
    case("three-of-five-one-lost-after-share-one-after-confirm", 16, 4, five, 3, 3, lost={3: 1, 17: 2})
    case("four-of-seven-one-lost-after-each", 25, 3, seven, 4, 3, lost={2: 0, 7: 1, 17: 2})
    case("seven-of-twelve-five-lost", 28, 2, list(range(1, 13)), 7, 3, lost={1: 0, 4: 1, 6: 2, 9: 1, 12: 0})
    # Lost on the way: some peers hold its share and some do not.
    case("three-of-five-lost-during-share", 16, 4, five, 3, 3, partial={17: (0, 2)})
    case("four-of-seven-two-lost-during-share", 40, 3, seven, 4, 3, partial={3: (0, 5), 13: (0, 1)})
    case("three-of-five-lost-during-confirm", 16, 4, five, 3, 3, partial={250: (1, 1)})
    # Lost while it confirms that it holds less than the others, so that only some of them hear so: no second list comes of it.
    case("four-of-seven-one-has-another-list", 16, 3, seven, 4, 3, partial={2: (0, 5), 17: (1, 2)})
    case("three-of-five-one-hears-of-another-list", 16, 3, [1, 2, 3, 4, 5], 3, 3, partial={1: (0, 3), 5: (1, 2)})
    case("three-of-five-lost-during-combine", 16, 4, five, 3, 3, partial={250: (2, 2)})
    case("three-of-five-only-some-get-enough", 16, 4, five, 3, 3, lost={3: 2, 17: 2}, partial={250: (2, 3)})
    case("two-of-three-aborts-at-share", 16, 2, three, 2, 2, lost={1: 0, 3: 0})
    case("two-of-three-aborts-at-confirm", 16, 2, three, 2, 2, lost={1: 1, 3: 1})
    case("two-of-three-aborts-at-combine", 16, 2, three, 2, 2, lost={1: 2, 3: 2})
    case("three-of-five-below-minimum-contributors", 16, 2, five, 3, 5, lost={17: 0})
    case("three-of-five-one-holds-less-than-the-minimum", 16, 2, [1, 2, 3, 4, 5], 3, 5, partial={2: (0, 3)})
    case("three-of-three-one-lost-after-start", 16, 2, three, 3, 3, lost={2: 0})
    case("three-of-three-one-lost-after-share", 16, 2, three, 3, 3, lost={2: 1})
    case("three-of-three-lost-during-combine", 16, 2, three, 3, 3, partial={2: (1, 1)})
    return cases


def beacon_of(seed):
    """pulse -> what the beacon of a simulation gives."""
    def output(pulse):
        context = {"task": b"simulation", "round": pulse, "attempt": 0}
        return Generator(keys.simulation_key(seed, "beacon", context, 0)).read(32)

    return output


class MaskingRound:
    """One round of `secagg` or `secagg+`, and how it is written down. neighbors: None in `secagg`."""

    def __init__(
        self, scheme, name, bits, dimension, contributors, server, threshold, threat, neighbors=None, lost_after=None,
        minimum=None, faults=None,
    ):
        self.name, self.threat, self.is_complete, self.server = name, threat, scheme == "secagg", server
        self.seed = {"secagg": 13, "secagg+": 16}[scheme]
        minimum, self.lost_after = minimum or threshold, lost_after or {}
        context = make_context(f"{scheme} {name}", 5)
        self.enrolled = Enrolled(self.seed, contributors, []) if threat == secagg.ACTIVE else None
        self.session = session = secagg.make_session(
            scheme, bits, dimension, minimum, threshold, threat, neighbors, contributors,
            self.enrolled.identity_keys if self.enrolled else None, server, context,
        )
        self.own = {"minimumContributors": minimum, "threshold": threshold, "threat": threat}
        self.own |= {} if self.is_complete else {"neighbors": neighbors}
        if self.enrolled:
            own = self.enrolled.own()
            del own["helperKeys"]
            self.own |= own
        self.setting = setting = Setting(context, self.seed, contributors, bits, dimension)
        self.generators = setting.generators()
        beacon, pulses = beacon_of(self.seed), [4_000_000_000 + len(contributors), 4_000_000_002 + len(contributors)]
        server_rand = keys.simulation_key(self.seed, "party", context, server)
        self.server_generator = Generator(server_rand)
        self.extra = {}
        if not self.is_complete and threat == secagg.CURIOUS:
            self.extra = {"serverRand": server_rand, "serverDrawn": self.server_generator.drawn}
        elif not self.is_complete:
            self.extra = {"beacon": {"pulses": [{"pulse": str(pulse), "entropy": beacon(pulse)} for pulse in pulses]}}
        identities = self.enrolled.identities if self.enrolled else None
        setup = secagg.Setup(
            minimum, setting.inputs, self.generators, identities, self.server_generator, pulses, beacon
        )
        self.log = Transcript(session, faults)
        self.round = secagg.Round(session, setup, self.lost_after, self.log)

    def head(self):
        def client(u):
            out = {"id": u, "rand": self.setting.rand[u], "drawn": self.generators[u].drawn}
            if self.enrolled:
                seed = self.enrolled.identities[u]
                out |= {"identitySeed": seed, "identityPublicKey": ed25519.public_key(seed)}
            return {**out, "input": strings(self.setting.inputs[u]), "lostAfter": self.lost_after.get(u)}

        return {
            "id": self.name, **session_json(self.session, **self.own), "simulationSeed": str(self.seed),
            "server": self.server, **self.extra, "clients": [client(u) for u in self.session.contributors],
        }

    def run(self):
        """The transcript, the sets and what all derive, who is in the sum, the sum."""
        self.round.run()
        sets = self.round.sets
        return self.log, {**sets, "intermediate": self.round.intermediate}, sets["U3"], self.round.total

    def case(self):
        end = finish({}, self.setting, self.run)
        assert not self.log.refusals, (self.name, self.log.refusals)
        end.setdefault("intermediate", self.round.intermediate)
        head = self.head()
        # A client that has too few neighbors left, or too few witnesses, gives up by itself.
        for _, _, _, reason in self.log.given_up:
            assert reason in ("too-few-parties", "too-few-witnesses", "circle-cut"), (self.name, reason)
        return {**head, **end}


def masking_cases(scheme, cases, threat, suffix):
    def case(name, bits, dimension, contributors, server, threshold, lost_after=None, minimum=None, neighbors=None, ends=None):
        """ends: in which stage the round must end, or None."""
        made = MaskingRound(
            scheme, name + suffix, bits, dimension, contributors, server, threshold, threat, neighbors, lost_after, minimum
        ).case()
        assert made.get("abortStage") == ends, (made["id"], made.get("abortStage"), made.get("error"))
        cases.append(made)
        return made

    return case


def secagg_rounds():
    cases = []
    sparse, five = [3, 17, 250], [1, 2, 3, 4, 5]
    big, seven = [3, 17, 250, 70000, 2**32 - 1], [2, 3, 5, 7, 11, 13, 17]

    case = masking_cases("secagg", cases, 0, "")
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
    case("five-sparse-one-each-64", 64, 3, big, 5, 3, {3: "advertise-keys", 250: "masked-input"})
    case("five-aborts-at-advertise", 16, 2, five, 100, 3, {1: "start", 2: "start", 3: "start"}, ends=0)
    case("five-aborts-at-share", 16, 2, five, 100, 3, {1: "start", 2: "advertise-keys", 3: "advertise-keys"}, ends=3)
    case("five-aborts-at-masked", 16, 2, five, 100, 3, {1: "advertise-keys", 2: "share-keys", 3: "share-keys"}, ends=5)
    case("five-aborts-at-unmask", 16, 2, five, 100, 3, {1: "share-keys", 2: "masked-input", 3: "masked-input"}, ends=10)
    case("five-below-minimum-contributors", 16, 2, five, 100, 3, {4: "share-keys"}, minimum=5, ends=5)
    for threat, suffix in [(1, "-semi-malicious"), (2, "-active")]:
        case = masking_cases("secagg", cases, threat, suffix)
        case("three-sparse", 23, 4, sparse, 1000, 2)
        case("three-threshold-three", 33, 3, sparse, 1000, 3)
        for bits, what in [(16, "start"), (23, "advertise-keys"), (32, "share-keys"), (33, "masked-input"), (64, "consistency")]:
            case(f"five-two-lost-after-{what}-{bits}", bits, 3, five, 100, 3, {2: what, 5: what})
        case(
            "seven-lost-after-each-send-23", 23, 3, seven, 1, 4,
            {2: "advertise-keys", 7: "share-keys", 17: "consistency"},
        )
        case("three-aborts-at-consistency", 16, 2, sparse, 1000, 3, {17: "masked-input"}, ends=7)
        case("three-aborts-at-unmask", 16, 2, sparse, 1000, 3, {17: "consistency"}, ends=10)
    return cases


def secagg_plus_rounds():
    cases = []
    nine, twelve = list(range(1, 10)), [2, 3, 5, 7, 11, 13, 17, 250, 251, 70000, 2**31, 2**32 - 1]
    thirty_three = [3 * i * i + 1 for i in range(33)]
    case = masking_cases("secagg+", cases, 0, "")
    case("six-all-survive-16", 16, 4, [1, 2, 3, 4, 5, 6], 0, 3, neighbors=4)
    case("four-two-neighbors-64", 64, 3, [1, 2, 3, 4], 9, 2, neighbors=2)
    for bits, what in [(16, "start"), (23, "advertise-keys"), (32, "share-keys"), (33, "masked-input")]:
        case(f"nine-one-lost-after-{what}-{bits}", bits, 4, nine, 100, 3, {5: what}, neighbors=4)
    case(
        "twelve-lost-after-each-send-23", 23, 3, twelve, 1, 4, {2: "start", 13: "share-keys", 70000: "masked-input"},
        neighbors=6,
    )
    case("nine-aborts-at-masked", 16, 2, nine, 100, 3, {4: "share-keys"}, minimum=9, neighbors=4, ends=5)
    # Three of the four neighbors must stay, and of some clients two are gone.
    case("nine-aborts-at-unmask", 16, 2, nine, 100, 3, {u: "masked-input" for u in (2, 4, 6, 8)}, neighbors=4, ends=10)
    for threat, suffix in [(1, "-semi-malicious"), (2, "-active")]:
        case = masking_cases("secagg+", cases, threat, suffix)
        case("nine-all-survive-64", 64, 3, nine, 100, 3, neighbors=4)
        losses = [(16, "start"), (33, "share-keys")] if threat == 1 else [(33, "masked-input"), (7, "consistency")]
        for bits, what in losses:
            case(f"nine-one-lost-after-{what}-{bits}", bits, 3, nine, 100, 3, {5: what}, neighbors=4)
        if threat == 2:
            lost = {3: "share-keys", 251: "consistency"}
            case("twelve-two-lost-23", 23, 3, twelve, 1, 4, lost, neighbors=6)
        case("nine-aborts-at-masked-circle-cut", 16, 2, nine, 100, 3, {2: "share-keys", 7: "share-keys"}, neighbors=4, ends=5)
        what, stage = ("masked-input", 7) if threat == 1 else ("consistency", 10)
        case(f"nine-aborts-at-{stage}", 16, 2, nine, 100, 3, {u: what for u in (2, 4, 6, 8)}, neighbors=4, ends=stage)
    case = masking_cases("secagg+", cases, 2, "-active")
    case("thirty-three-two-lost-20", 20, 3, thirty_three, 5, 7, {4: "share-keys", 1201: "masked-input"}, neighbors=12)
    return cases
