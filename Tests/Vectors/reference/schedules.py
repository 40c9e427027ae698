# SPDX-License-Identifier: Apache-2.0
"""Schedules of rounds with faults, drawn from a seed, each with the outcome that `outcomes.py` says it must have.

A *cell* is a variant of a scheme, a role, a stage and a kind of fault. Three of five rounds begin with the next cell of the
list of all cells, the others with any cell of the next variant, so that every cell and every pair of a variant and a number of
clients has its share; further faults of other parties are added to half of the rounds. The same seed and index give the same
round, on every machine: draws come from SplitMix64 and from nothing else.
"""

import hashlib

import outcomes
from outcomes import STEPS, TICKS

FEWEST, MOST = 3, 50  # clients
MESSAGE_KINDS = [
    "loss", "partial-send", "duplicate", "conflict", "corruption", "malformed", "replay", "repetition", "substitution",
    "delay", "late", "outage", "away",
]
# Over the circulant graph, whose stages are those of the complete one, fewer do.
GRAPH_KINDS = ["loss", "partial-send", "conflict", "corruption", "malformed", "repetition", "late", "away"]
START_KINDS = ["loss", "outage", "away"]
# What the other faults of a round may be where a party is away for a while: a message to it that was late or changed on its way
# is sent again when the party is back, and then it is neither.
BESIDE_AN_OUTAGE = ["loss", "duplicate"]


class SplitMix64:
    """[Steele, Lea, Flood 2014]; started from a digest."""

    def __init__(self, *key):
        text = "fedsum/1 faulty rounds " + " ".join(map(str, key))
        self.state = int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big")

    def word(self):
        self.state = (self.state + 0x9E3779B97F4A7C15) % 2**64
        z = self.state
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9 % 2**64
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB % 2**64
        return z ^ (z >> 31)

    def below(self, bound):
        return self.word() * bound >> 64

    def between(self, low, high):
        return low + self.below(high - low + 1)

    def choice(self, options):
        return options[self.below(len(options))]

    def chance(self, numerator, denominator):
        return self.below(denominator) < numerator


def cells_of(variant):
    """(role, step, kind) of every fault that can happen in the variant; reordering and nothing at all concern everybody."""
    cells = [("all", None, "none"), ("all", None, "reordering")]
    for role, stages in STEPS[variant].items():
        for step, stage in enumerate(stages):
            message_kinds = GRAPH_KINDS if variant.startswith("secagg+") else MESSAGE_KINDS
            for kind in START_KINDS if stage is None else message_kinds:
                # An earlier send that comes again: there must be one that said something.
                if kind == "repetition" and not [s for s in stages[:step] if s is not None]:
                    continue
                # The last byte of a neighborhood may be that of a length: then the second message does not decode.
                if kind == "conflict" and variant.startswith("secagg+") and (role, stage) == ("server", 2):
                    continue
                cells.append((role, step, kind))
    return cells


VARIANTS = list(STEPS)
CELLS = {variant: cells_of(variant) for variant in VARIANTS}
ALL_CELLS = [(variant, cell) for variant in VARIANTS for cell in CELLS[variant]]
# How often a variant comes before an entry of ALL_CELLS, to count its rounds without drawing them.
PLACES = {}
for _variant, _cell in ALL_CELLS:
    PLACES[len(PLACES)] = sum(1 for v, _ in ALL_CELLS[: len(PLACES)] if v == _variant)


def cell_name(variant, cell):
    role, step, kind = cell
    if step is None:
        return f"{variant}, {role}, {kind}"
    stage = STEPS[variant][role][step]
    name = "start" if stage is None else outcomes.STAGE_NAMES[variant][stage]
    return f"{variant}, {role}, {name}, {kind}"


def cells_in(case):
    """The names of the cells to which a round belongs: one for each fault."""
    variant = outcomes.variant(case)
    names = []
    for fault in case["faults"]:
        if "party" not in fault:
            names.append(cell_name(variant, ("all", None, fault["kind"])))
            continue
        kind = outcomes.kind(case, fault)
        kind = "malformed" if kind in ("truncation", "trailing-byte") else kind
        names.append(cell_name(variant, (outcomes.role(case, fault["party"]), fault["send"], kind)))
    return names


def fewest_clients(variant):
    """A circle of degree 2 needs one client more."""
    return 4 if variant.startswith("secagg+") else FEWEST


def place(index, draw):
    """(variant, cell, clients) of a round."""
    lap, position = divmod(index, 5)
    if position < 3:
        number, entry = divmod(3 * lap + position, len(ALL_CELLS))
        variant, cell = ALL_CELLS[entry]
        number = number * len(CELLS[variant]) + PLACES[entry]
    else:
        number, entry = divmod(2 * lap + position - 3, len(VARIANTS))
        variant = VARIANTS[entry]
        cell = draw.choice(CELLS[variant])
    # All numbers of clients in turn, and another one for the same cell the next time.
    fewest = fewest_clients(variant)
    span = MOST - fewest + 1
    return variant, cell, fewest + (number + 5 * (number // span)) % span


def draw_round(seed, index):
    draw = SplitMix64(seed, index)
    variant, cell, count = place(index, draw)
    return make_round(f"{seed}-{index}", variant, cell, count, draw)


def make_round(name, variant, cell, count, draw, largest_dimension=20):
    scheme = variant.removesuffix("-all").removesuffix("-consistency")
    case = {"id": name, "result": "valid", "scheme": scheme, "seed": draw.below(2**32), "clients": count}
    case["helpers"] = {
        "plain": lambda: 1, "secagg": lambda: 1, "secagg+": lambda: 1, "peer-to-peer": lambda: 0,
        "additive": lambda: draw.between(2, 5), "shamir": lambda: draw.between(3, 6),
    }[scheme]()
    is_field = variant in ("shamir", "peer-to-peer")
    case["bits"] = draw.between(1, 55 if is_field else 64)  # 50 * (2^55 - 1) is below p_61
    case["dimension"] = draw.between(1, largest_dimension)
    case["minimumContributors"] = case["threshold"] = 0  # below, when the faults are known
    if scheme in ("secagg", "secagg+"):
        case["threat"] = draw.between(1, 2) if variant.endswith("-consistency") else 0
    cells = draw_cells(variant, cell, draw)
    case["faults"] = faults = []
    parties = outcomes.client_ids(case) + outcomes.helper_ids(case)
    for role, step, kind in cells:
        if role == "all":
            faults.append({"kind": "none"} if kind == "none" else {"kind": "reordering", "seed": draw.below(2**32)})
            continue
        taken = [fault.get("party") for fault in faults]
        free = [p for p in parties if p not in taken and outcomes.role(case, p) == role]
        if free:
            stage = STEPS[variant][role][step]
            is_reordered = any(kind == "reordering" for _, _, kind in cells)
            faults.append(make_fault(case, variant, role, draw.choice(free), step, stage, kind, is_reordered, draw))
    if variant == "peer-to-peer" and any(fault["kind"] == "conflict" for fault in faults):
        # A changed element must stay below p_k: whether a second message decodes must not be a matter of luck.
        case["bits"] = draw.between(40, 55)
    # With room for no loss, a few, or many.
    removing = sum(1 for fault in faults if fault.get("party", 1000) < 1000)
    needed = count - draw.below(removing + 1) if draw.chance(7, 10) else draw.between(3, count)
    needed = max(2 if draw.chance(1, 8) else 3, needed)
    majority = count // 2 + 1
    case["minimumContributors"] = needed
    if scheme == "secagg" or variant == "peer-to-peer":
        case["threshold"] = min(max(needed, majority), count - 1 if scheme == "peer-to-peer" else count)
        if draw.chance(1, 2):
            case["minimumContributors"] = min(3, needed)
        elif draw.chance(1, 2):
            case["threshold"] = majority
    elif variant == "peer-to-peer-all":
        case["threshold"] = count
    elif scheme == "secagg+":
        draw_graph(case, removing, draw)
    elif scheme == "shamir":
        aggregators = case["helpers"] - 1
        case["threshold"] = draw.between(aggregators // 2 + 1, aggregators)
    else:
        del case["threshold"]
    case["ends"], case["included"] = outcomes.outcome(case)
    case["sum"] = [str(x) for x in sum_of_included(case)]
    return case


def draw_graph(case, removing, draw):
    """A degree, a threshold and a minimum cohort with which it does not matter who is whose neighbor (see outcomes.py)."""
    largest = (case["clients"] - 2) // 2 * 2
    sparing = [k for k in range(2, largest + 1, 2) if k - (k // 2 + 1) >= removing]
    if sparing and draw.chance(7, 8):
        case["neighbors"] = draw.choice(sparing)
        case["threshold"] = draw.between(case["neighbors"] // 2 + 1, case["neighbors"] - removing)
    else:
        case["neighbors"] = case["threshold"] = 2 * draw.between(1, largest // 2)
        case["minimumContributors"] = case["clients"]


def draw_cells(variant, first, draw):
    """The cell and those of further faults, none of which makes the outcome of another a matter of the order of arrival."""
    cells = [first]
    is_none = first[2] == "none"
    if not is_none and draw.chance(1, 2):
        further = [cell for cell in CELLS[variant] if cell[0] != "all"]
        cells += [draw.choice(further) for _ in range(draw.between(1, 3))]
    if first[0] != "all" and draw.chance(1, 4):
        cells.append(("all", None, "reordering"))
    kept = []
    for cell in cells:
        if all(is_compatible(variant, cell, other) for other in kept):
            kept.append(cell)
    return kept


def is_compatible(variant, a, b):
    for one, other in ((a, b), (b, a)):
        kind = one[2]
        if kind in ("outage", "away") and other[2] not in BESIDE_AN_OUTAGE:
            return False
        # Peer to peer, one who sees at once that too few are left says so at once, and what it says may overtake what it has
        # said before and is delayed.
        if variant.startswith("peer-to-peer") and kind == "malformed" and other[2] == "delay":
            return False
        # Which of two contradicting messages comes first is then open; so is whether one that does not decode comes in the
        # stage before, where it costs its sender the place that it has there.
        if other[2] == "reordering":
            if kind in ("reordering", "conflict"):
                return False
            # The server of secagg+ sends twice in a row too, at the stages 1 and 2, and 8 and 9.
            if kind == "malformed" and (variant.startswith("peer-to-peer") or variant == "secagg+-consistency"):
                return False
    return True


def make_fault(case, variant, role, party, step, stage, kind, is_reordered, draw):
    fault = {"kind": kind, "party": party, "send": step}
    if kind == "partial-send":
        helpers, count = case["helpers"], case["clients"]
        receivers = {"client": 1, "aggregator": 1, "leader": helpers - 1, "server": count, "peer": count - 1}[role]
        fault["frames"] = draw.between(0, receivers)
    elif kind == "malformed":
        fault["kind"] = draw.choice(["truncation", "trailing-byte"])
        if fault["kind"] == "truncation":
            fault["bytes"] = draw.below(35)  # a notice, the shortest message, has 35
    elif kind == "repetition":
        earlier = [n for n, s in enumerate(STEPS[variant][role][:step]) if s is not None]
        fault["of"] = draw.choice(earlier)
    elif kind == "delay":
        # Reordering adds less than an eighth of a stage.
        longest = TICKS - TICKS // 8 if is_reordered else TICKS - 1
        fault["ticks"] = longest if draw.chance(1, 4) else draw.between(1, longest)
    elif kind == "late":
        edge = (stage + 1) * TICKS
        fault |= {"kind": "delay", "ticks": edge if draw.chance(1, 4) else edge + draw.between(1, 3 * TICKS)}
    elif kind == "outage":
        fault["ticks"] = draw.between(1, TICKS - 1)
    elif kind == "away":
        fault |= {"kind": "outage", "ticks": outcomes.LONGEST + draw.below(TICKS)}
    return fault


def vector(case, client):
    """Big-endian words of SHA-256(label, seed, client, block), four a block, mod 2^b."""
    words = []
    for block in range((case["dimension"] + 3) // 4):
        text = b"fedsum faulty round input"
        for number in (case["seed"], client, block):
            text += number.to_bytes(4, "big")
        digest = hashlib.sha256(text).digest()
        words += [int.from_bytes(digest[i : i + 8], "big") for i in range(0, 32, 8)]
    return [word % 2 ** case["bits"] for word in words[: case["dimension"]]]


def sum_of_included(case):
    """Empty where nobody learns a sum."""
    vectors = [vector(case, u) for u, bit in zip(outcomes.client_ids(case), case["included"]) if bit == "1"]
    return [sum(column) % 2 ** case["bits"] for column in zip(*vectors)]


def committed():
    """Every cell once, with a few clients or many."""
    cases = []
    for number, (variant, cell) in enumerate(ALL_CELLS):
        draw = SplitMix64("committed", number)
        # On small circles there is little room for a loss.
        small = (6, 12) if variant.startswith("secagg+") else (FEWEST, 9)
        count = draw.between(*small) if draw.chance(9, 10) else draw.between(10, MOST)
        name = f"{number + 1:03}-{cell_name(variant, cell).replace(', ', '-').replace('+', '-plus')}"
        cases.append(make_round(name, variant, cell, count, draw, 3))
    return cases
