# SPDX-License-Identifier: Apache-2.0
"""What must come of a round with faults: who learns a sum, over whom, and who gives up at which stage.

Set logic over the stages of Documentation/WireFormat.md. There are no messages, keys or vectors here, only who is heard by
whom, and it reads the schedule alone. Neither is there a clock: a schedule (`schedules.py`) has only delays of which the
size says whether they are in time. A stage of ordinal s ends at tick (s + 1) * 1000, and whoever sends in it does so at tick
s * 1000 at the latest; so a delay below 1000 is in time and one of (s + 1) * 1000 or more is late, whatever else happens.

A *step* is everything that a party sends at once, counted from 0; a helper's step 0 is its start, in which it says nothing. A
party that gives up makes a step too, in which it tells others so, unless it was told itself. Each party has one fault at the most.
"""

TICKS = 1000  # a stage lasts
LONGEST = 20 * TICKS

# What a fault of a party's step does to the frames of that step. None of these concerns other steps.
HARMLESS = {"duplicate", "conflict", "replay", "repetition", "delay"}
SILENCING = {"corruption", "truncation", "trailing-byte", "substitution", "late"}


class Parties:
    """Who is there, who has made how many steps, and what reaches whom."""

    def __init__(self, ids, faults):
        """faults: party -> fault, as in a schedule, with `late` and `away` for delays and outages beyond the deadline."""
        self.faults, self.steps, self.ends = faults, {p: 0 for p in ids}, {}
        self.lost, self.away = set(), set()

    def hears(self, p):
        """Whether anything that is sent now reaches p."""
        return p not in self.lost and p not in self.away

    def is_waiting(self, p):
        return p not in self.lost and p not in self.ends

    def step(self, p, receivers=()):
        """p sends. Gives the receivers to whom the frames travel: whether they still hear is another matter."""
        number = self.steps[p]
        self.steps[p] += 1
        fault = self.faults.get(p)
        if p in self.lost or p in self.away:
            return []
        if fault is None or fault["send"] > number:
            return list(receivers)
        kind = fault["kind"]
        if kind == "loss":
            self.lost.add(p)
            return []
        if fault["send"] < number:
            return list(receivers)
        if kind == "partial-send":
            self.lost.add(p)
            return list(receivers)[: fault["frames"]]
        if kind == "away":
            self.away.add(p)
            return []
        if kind in SILENCING:
            return []
        # Whoever is cut off and back in time says then what it had to say, and is told again what it missed.
        assert kind in HARMLESS or kind == "outage", kind
        return list(receivers)

    def end(self, p, how):
        """how: learned, done, told, or the ordinal of the stage in which p misses messages."""
        self.ends[p] = how

    def give_up(self, p, stage, telling=()):
        """Gives those whom p's notice reaches."""
        self.end(p, stage)
        return [q for q in self.step(p, telling) if self.hears(q)]

    def letters(self, ids):
        """One for each party: L learned, D done, T told to give up, X lost; a digit, or A for 10, is the stage in which it gave up."""
        names = {"learned": "L", "done": "D", "told": "T"}

        def letter(p):
            how = self.ends.get(p)
            if how == "learned":
                return "L"  # what a lost party learned, it learned
            return "X" if p in self.lost else names[how] if how in names else f"{how:X}"

        return "".join(letter(p) for p in ids)


def plain(parties, clients, helpers, minimum, _):
    server, = helpers
    parties.step(server)
    heard = [u for u in clients if parties.step(u, [server])]
    for u in clients:
        parties.end(u, "done")
    if server in parties.lost:
        return []
    if not parties.hears(server) or len(heard) < minimum:
        parties.give_up(server, 0)
        return []
    parties.step(server)
    parties.end(server, "learned")
    return heard


def through_a_leader(parties, clients, helpers, minimum, needed):
    """`additive` and `shamir`; needed: how many aggregators must answer. If all must, the leader depends on each."""
    leader, *aggregators = helpers
    for helper in helpers:
        parties.step(helper)
    held = [u for u in clients if parties.step(u, [leader])]
    for u in clients:
        parties.end(u, "done")
    forwarded, told = [], []
    if parties.is_waiting(leader):
        if parties.hears(leader) and len(held) >= minimum:
            forwarded = parties.step(leader, aggregators)
        else:
            told = parties.give_up(leader, 0, telling=aggregators)
    answers, giving_up = [], []
    for j in aggregators:
        if not parties.is_waiting(j):
            continue
        if j in told:
            parties.end(j, "told")
        elif j in forwarded and parties.hears(j):
            answers += [j] if parties.step(j, [leader]) else []
            parties.end(j, "done")
        else:
            giving_up += parties.give_up(j, 1, telling=[leader])
    if not parties.is_waiting(leader):
        return []
    if giving_up and needed == len(aggregators):
        parties.end(leader, "told")
        return []
    if not parties.hears(leader) or len(answers) < needed:
        parties.give_up(leader, 2)
        return []
    parties.step(leader)
    parties.end(leader, "learned")
    return held


def additive(parties, clients, helpers, minimum, _):
    return through_a_leader(parties, clients, helpers, minimum, len(helpers) - 1)


def shamir(parties, clients, helpers, minimum, threshold):
    return through_a_leader(parties, clients, helpers, minimum, threshold)


# What the clients of `secagg` and `secagg+` send in a stage, and in which stages the server then answers. The server of
# `secagg+` commits to its roots, of the keys and of the signatures, in stages of their own, but for the curious threat model,
# which has no consistency round either.
MASKING_STAGES = {
    ("secagg", False): [(0, [2]), (3, [4]), (5, [6]), (10, [])],
    ("secagg", True): [(0, [2]), (3, [4]), (5, [6]), (7, [9]), (10, [])],
    ("secagg+", False): [(0, [2]), (3, [4]), (5, [6]), (10, [])],
    ("secagg+", True): [(0, [1, 2]), (3, [4]), (5, [6]), (7, [8, 9]), (10, [])],
}


def masking(parties, clients, helpers, is_enough, stages):
    """is_enough(stage, heard): whether the server goes on with those."""
    server, = helpers
    parties.step(server)
    sent = [u for u in clients if parties.step(u, [server])]
    # The clients that the server knows: all of them, then U1, U2, ...
    known, included = list(clients), []
    for stage, answering in stages[:-1]:
        heard = [u for u in sent if u in known]
        answered, told = {}, []
        if parties.is_waiting(server):
            if parties.hears(server) and is_enough(stage, heard):
                answered = {later: parties.step(server, heard) for later in answering}
            else:
                # At the first stage nobody else was heard before.
                told = parties.give_up(server, stage, telling=heard if stage == 0 else known)
        sent = []
        for u in clients:
            if not parties.is_waiting(u):
                continue
            if u in told:
                parties.end(u, "told")
                continue
            missed = [later for later in answering if u not in answered.get(later, []) or not parties.hears(u)]
            if missed:
                parties.give_up(u, missed[0])
                continue
            sent += [u] if parties.step(u, [server]) else []
            if (stage, answering) == stages[-2]:
                parties.end(u, "done")
        known = heard
        included = heard if stage <= 5 else included
    if not parties.is_waiting(server):
        return []
    if not parties.hears(server) or not is_enough(10, [u for u in sent if u in known]):
        parties.give_up(server, 10)
        return []
    parties.step(server)
    parties.end(server, "learned")
    return included


def secagg(parties, clients, helpers, minimum, threshold, threat):
    def is_enough(stage, heard):
        return len(heard) >= (max(threshold, minimum) if stage <= 5 else threshold)

    return masking(parties, clients, helpers, is_enough, MASKING_STAGES["secagg", threat > 0])


def secagg_plus(parties, clients, helpers, minimum, threshold, threat, neighbors):
    """Who is whose neighbor and witness is the affair of keys, of which there are none here: a schedule is such that it does
    not matter. Either no more clients are missing than every client can spare among its neighbors and witnesses, which
    leaves enough on every stretch of the circle too; or nobody can spare any, and the minimum cohort is everybody."""

    def is_enough(stage, heard):
        if not heard or (stage <= 5 and len(heard) < minimum):
            return False
        if len(clients) - len(heard) <= neighbors - threshold:
            return True
        assert neighbors == threshold and minimum == len(clients) and stage > 5
        return False

    return masking(parties, clients, helpers, is_enough, MASKING_STAGES["secagg+", threat > 0])


def peer_to_peer(parties, peers, helpers, minimum, threshold):
    assert not helpers
    count = len(peers)

    others = {p: [q for q in peers if q != p] for p in peers}

    def exchange(says=lambda p: True):
        """Everybody who is still there, and has something to say, sends to all others; gives receiver -> senders."""
        senders = [p for p in peers if parties.is_waiting(p)]
        reached = {p: parties.step(p, others[p] if says(p) else []) for p in senders}
        heard = {q: set() for q in senders if parties.is_waiting(q)}
        for p, receivers in reached.items():
            for q in receivers:
                if q in heard and q not in parties.away:
                    heard[q].add(p)
        return heard

    def drop(waiting, fails, stage):
        """Those who fail give up. That they say so ends nobody else's round."""
        for p in [p for p in waiting if fails(p)]:
            parties.give_up(p, stage, telling=others[p])

    held = {p: senders | {p} for p, senders in exchange().items()}
    drop(held, lambda p: len(held[p]) < (count if threshold == count else max(threshold, minimum)), 0)

    lists = {p: frozenset(held[p]) for p in held}
    if threshold < count:
        heard = {p: senders | {p} for p, senders in exchange().items()}
        said = {p: [frozenset(held[q]) for q in heard[p]] for p in heard}
        # A threshold above N/2: one list at the most was said by so many.
        lists = {p: next((x for x in said[p] if said[p].count(x) >= threshold), frozenset()) for p in heard}
        drop(heard, lambda p: len(lists[p]) < max(1, minimum), 1)

    # Who holds others than the list waits for the sums and has none.
    heard = exchange(lambda p: lists[p] == held[p])
    agreeing = {p: {q for q in heard[p] | {p} if held[q] == lists[p] == lists[q]} for p in heard}
    drop(agreeing, lambda p: len(agreeing[p]) < threshold, 2)
    learning = [p for p in agreeing if parties.is_waiting(p)]
    for p in learning:
        parties.end(p, "learned")
        parties.step(p)
    # A threshold above N/2 leaves room for one list.
    sums = {lists[p] for p in learning}
    assert len(sums) <= 1
    return sorted(sums.pop()) if sums else []


SCHEMES = {
    "plain": plain, "additive": additive, "shamir": shamir, "peer-to-peer": peer_to_peer, "secagg": secagg,
    "secagg+": secagg_plus,
}

# The stage of each step in which a party says something, by role; None: it says nothing.
STEPS = {
    "plain": {"client": [0], "server": [None]},
    "additive": {"client": [0], "leader": [None, 1], "aggregator": [None, 2]},
    "shamir": {"client": [0], "leader": [None, 1], "aggregator": [None, 2]},
    "peer-to-peer": {"peer": [0, 1, 2]},
    "peer-to-peer-all": {"peer": [0, 2]},  # T = N
    "secagg": {"client": [0, 3, 5, 10], "server": [None, 2, 4, 6]},
    "secagg-consistency": {"client": [0, 3, 5, 7, 10], "server": [None, 2, 4, 6, 9]},  # the other two threat models
    "secagg+": {"client": [0, 3, 5, 10], "server": [None, 2, 4, 6]},
    "secagg+-consistency": {"client": [0, 3, 5, 7, 10], "server": [None, 1, 2, 4, 6, 8, 9]},
}
MASKING_STAGE_NAMES = [
    "advertise-keys", "commit", "advertise-keys", "share-keys", "share-keys", "masked-input", "unmask", "consistency",
    "signature-root", "consistency", "unmask",
]
STAGE_NAMES = {
    "plain": ["input"],
    "additive": ["share", "forward", "combine"],
    "shamir": ["share", "forward", "combine"],
    "peer-to-peer": ["share", "confirm", "combine"],
    "peer-to-peer-all": ["share", "confirm", "combine"],
    **{name: MASKING_STAGE_NAMES for name in ("secagg", "secagg-consistency", "secagg+", "secagg+-consistency")},
}


def variant(case):
    """The scheme, with peer-to-peer in two, T < N and T = N, and masking in two, without a consistency round and with one."""
    if case["scheme"] in ("secagg", "secagg+"):
        return case["scheme"] + ("-consistency" if case["threat"] else "")
    is_additive = case["scheme"] == "peer-to-peer" and case["threshold"] == case["clients"]
    return "peer-to-peer-all" if is_additive else case["scheme"]


def client_ids(case):
    return [2 * u for u in range(1, case["clients"] + 1)]


def helper_ids(case):
    return [1000 + j for j in range(1, case["helpers"] + 1)]


def role(case, party):
    if party < 1000:
        return "peer" if case["scheme"] == "peer-to-peer" else "client"
    if case["helpers"] == 1:
        return "server"
    return "leader" if party == 1001 else "aggregator"


def kind(case, fault):
    """The fault's kind, with delays and outages told apart by whether they are in time."""
    if fault["kind"] == "delay" and fault["ticks"] >= TICKS:
        stage = STEPS[variant(case)][role(case, fault["party"])][fault["send"]]
        assert fault["ticks"] >= (stage + 1) * TICKS
        return "late"
    if fault["kind"] == "outage" and fault["ticks"] >= TICKS:
        assert fault["ticks"] >= LONGEST  # longer than any round
        return "away"
    return fault["kind"]


def outcome(case):
    """(ends, included): a letter for each client and helper, and a 1 for each client that is in the sum."""
    clients, helpers = client_ids(case), helper_ids(case)
    faults = {}
    for fault in case["faults"]:
        if "party" in fault:
            assert fault["party"] not in faults
            faults[fault["party"]] = {**fault, "kind": kind(case, fault)}
    parties = Parties(clients + helpers, faults)
    scheme = SCHEMES[case["scheme"]]
    own = [case[name] for name in ("threat", "neighbors") if name in case]
    included = scheme(parties, clients, helpers, case["minimumContributors"], case.get("threshold"), *own)
    return parties.letters(clients + helpers), "".join("1" if u in included else "0" for u in clients)
