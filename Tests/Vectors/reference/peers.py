# SPDX-License-Identifier: Apache-2.0
"""Peer-to-peer sharing: N peers, no servers; T of them suffice at the end, and all who stay learn the sum."""

import fields
import keys
import rings
import wire
from primitives import Refused

SHARE, CONFIRM, COMBINE = 0, 1, 2  # stages


def make_session(bits, dimension, minimum_contributors, threshold, contributors, context):
    count = len(contributors)
    if not count < 2 * threshold <= 2 * count:
        raise Refused("threshold-out-of-range")
    k = 0 if threshold == count else fields.field_bits(count, bits)
    parameters = wire.peer_parameters(bits, dimension, minimum_contributors, k, threshold)
    session = wire.Session("peer-to-peer", bits, dimension, parameters, contributors, [], context)
    session.field_bits, session.threshold = k, threshold
    return session


def seed_mask(session, seed, dealer, holder):
    width = session.field_bits or session.bits
    key = keys.derive(session, seed, "peer share", dealer, holder, width)
    return (fields.mask if session.field_bits else rings.mask)(key, width, session.dimension)


def add(session, x, y):
    return fields.add(session.field_bits, x, y) if session.field_bits else rings.add(session.bits, x, y)


def has_seeded_share(session, dealer, holder):
    ids = session.contributors
    return 1 <= (ids.index(holder) - ids.index(dealer)) % len(ids) < session.threshold


def deal(session, u, x, generator):
    """The dealer's own share, and its messages: receiver -> (type, body)."""
    ids, t = session.contributors, session.threshold
    a, count = ids.index(u), len(ids)
    seeded, messages = {}, {}
    for step in range(1, t):
        holder = ids[(a + step) % count]
        seed = generator.draw("seed", holder, 32)
        messages[holder] = (0x50, {"seed": seed})
        seeded[holder] = seed_mask(session, seed, u, holder)
    if t == count:
        own = list(x)
        for share in seeded.values():
            own = rings.subtract(session.bits, own, share)
        return own, messages
    points = [(0, list(x))] + [(1 + ids.index(v), share) for v, share in seeded.items()]
    own = fields.value_at(session.field_bits, points, 1 + a)
    for v in ids:
        if v != u and v not in seeded:
            share = fields.value_at(session.field_bits, points, 1 + ids.index(v))
            messages[v] = (0x51, {"elements": share})
    return own, messages


def run(session, minimum_contributors, inputs, generators, log):
    """Returns the outcome of each peer: id -> {"outcome", "abortStage", "included", "sum"}.

    The outcome is "sum", "lost", or why the peer gives up.
    """
    ids, t = session.contributors, session.threshold
    count, everybody = len(ids), set(session.contributors)
    outcomes, own, held = {}, {}, {}

    def give_up(u, stage, reason="too-few-parties"):
        outcomes[u] = {"outcome": reason, "abortStage": stage, "included": None, "sum": None}

    def active():
        return [u for u in ids if u not in log.gone and u not in outcomes]

    for u in ids:
        own[u], messages = deal(session, u, inputs[u], generators[u])
        log.send_all(SHARE, u, [(v, *messages[v]) for v in sorted(messages)])
    for u in active():

        def check_share(dealer, kind, body, u=u):
            if kind != (0x50 if has_seeded_share(session, dealer, u) else 0x51):
                raise Refused("wrong-kind-of-share")

        shares = {u: own[u]}
        for dealer, body in log.received(SHARE, u, check_share).items():
            shares[dealer] = body["elements"] if "elements" in body else seed_mask(session, body["seed"], dealer, u)
        held[u] = shares
        if len(shares) < max(t, minimum_contributors):
            give_up(u, SHARE)

    included = {}
    if t == count:
        included = {u: list(ids) for u in active()}
    else:
        for u in active():
            body = {"held": sorted(held[u])}
            log.send_all(CONFIRM, u, [(v, 0x52, body) for v in ids if v != u])

        def check_confirmation(sender, kind, body):
            if kind != 0x52:
                raise Refused("unexpected-type")
            if sender not in body["held"] or not set(body["held"]) <= everybody:
                raise Refused("wrong-parties-in-list")

        for u in active():
            heard = {u: set(held[u])}
            for v, body in log.received(CONFIRM, u, check_confirmation).items():
                heard[v] = set(body["held"])
            said = [frozenset(dealers) for dealers in heard.values()]
            # t > count/2: there is one such list at the most.
            agreed = [dealers for dealers in set(said) if said.count(dealers) >= t]
            if not agreed or len(agreed[0]) < max(1, minimum_contributors):
                give_up(u, CONFIRM)
            else:
                included[u] = sorted(agreed[0])

    partial = {}
    for u in active():
        if not set(included[u]) == set(held[u]):
            # It waits for the sums of the others, and has none.
            log.send_all(COMBINE, u, [])
            continue
        partial[u] = [0] * session.dimension
        for dealer in included[u]:
            partial[u] = add(session, partial[u], held[u][dealer])
        body = {"contributors": included[u], "elements": partial[u]}
        log.send_all(COMBINE, u, [(v, 0x53, body) for v in ids if v != u])
    for u in active():

        def check_answer(sender, kind, body, u=u):
            if kind != 0x53:
                raise Refused("unexpected-type")
            if body["contributors"] != included[u]:
                raise Refused("other-contributors")

        answers = {u: partial[u]} if u in partial else {}
        answers |= {v: body["elements"] for v, body in log.received(COMBINE, u, check_answer).items()}
        if len(answers) < t:
            give_up(u, COMBINE)
            continue
        if t == count:
            total = [0] * session.dimension
            for vector in answers.values():
                total = rings.add(session.bits, total, vector)
        else:
            shares = [(1 + ids.index(v), answers[v]) for v in sorted(answers)]
            try:
                total = [s % 2**session.bits for s in fields.combine(session.field_bits, t, shares)]
            except Refused as reason:
                give_up(u, COMBINE, str(reason))
                continue
        outcomes[u] = {"outcome": "sum", "abortStage": None, "included": included[u], "sum": total}
    for u in log.gone:
        outcomes.setdefault(u, {"outcome": "lost", "abortStage": None, "included": None, "sum": None})
    return {u: outcomes[u] for u in ids}
