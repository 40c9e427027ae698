# SPDX-License-Identifier: Apache-2.0
"""Shamir sharing over a prime field, through a leader who holds no share; K aggregators, any t of which suffice."""

import ed25519
import fields
import keys
import sealing
import wire
from primitives import Refused, public_key
from transcript import RoundAborted

SHARE, FORWARD, COMBINE = 0, 1, 2  # stages


def make_session(
    bits, dimension, minimum_contributors, threshold, contributors, helpers, helper_keys, identity_keys, context
):
    """helper_keys: one for each helper, leader first; the leader's, which nobody seals to, is not part of the parameters."""
    k, aggregators = fields.field_bits(len(contributors), bits), len(helpers) - 1
    if aggregators < 2:
        raise Refused("too-few-aggregators")
    if not aggregators < 2 * threshold <= 2 * aggregators:
        raise Refused("threshold-out-of-range")
    if aggregators >= fields.PRIMES[k]:
        raise Refused("abscissa-not-below-prime")
    digest = sealing.identities_digest(identity_keys)
    parameters = wire.shamir_parameters(
        bits, dimension, minimum_contributors, k, threshold, digest, helper_keys[1:]
    )
    session = wire.Session("shamir", bits, dimension, parameters, contributors, helpers, context)
    session.field_bits, session.threshold = k, threshold
    return session


def seed_mask(session, seed, contributor, aggregator):
    """The m_j of the specification."""
    key = keys.derive(session, seed, "shamir share", contributor, aggregator, session.field_bits)
    return fields.mask(key, session.field_bits, session.dimension)


def contribute(session, u, x, identity, aggregator_public_keys, generator):
    """The body of the contributor's one message; aggregator_public_keys: list of (id, key) in the scheme's order."""
    k, t = session.field_bits, session.threshold
    masks, seeds = [], []
    for aggregator, public in aggregator_public_keys:
        seed, ephemeral = generator.draw("seed", aggregator, 32), generator.draw("ephemeralPrivateKey", aggregator, 32)
        masks.append(seed_mask(session, seed, u, aggregator))
        seeds.append(sealing.seal(session, identity, u, aggregator, public, seed, ephemeral))
    points = [(0, list(x))] + [(j, masks[j - 1]) for j in range(1, t)]
    masked = [
        fields.add(k, fields.value_at(k, points, j), masks[j - 1]) for j in range(t, len(aggregator_public_keys) + 1)
    ]
    return {"masked": masked, "seeds": seeds}


def sum_of(k, dimension, vectors):
    total = [0] * dimension
    for vector in vectors:
        total = fields.add(k, total, vector)
    return total


def run(session, minimum_contributors, identities, private_keys, inputs, generators, log):
    """identities: contributor -> Ed25519 seed. private_keys: one for each helper. log: a Transcript, with its faults.

    Returns who is in the sum, the sum, and the aggregators whose answers were used.
    """
    k, t, dimension = session.field_bits, session.threshold, session.dimension
    leader, *aggregators = session.helpers
    public_keys = [(j, public_key(private_keys[j])) for j in aggregators]
    identity_keys = {u: ed25519.public_key(identities[u]) for u in session.contributors}
    for u in session.contributors:
        body = contribute(session, u, inputs[u], identities[u], public_keys, generators[u])
        log.send(SHARE, u, leader, 0x40, body)

    def check(sender, kind, body):
        sealing.check_share(session, identity_keys, sender, aggregators, body["seeds"])

    held = log.received(SHARE, leader, check)
    if len(held) < minimum_contributors:
        raise RoundAborted(SHARE, leader, log)
    forwards = []
    for position, j in enumerate(aggregators):
        entries = [{"contributor": u, "seed": held[u]["seeds"][position]} for u in sorted(held)]
        forwards.append((j, 0x41, {"entries": entries}))
    log.send_all(FORWARD, leader, forwards)
    given_up = log.given_up
    for j in aggregators:
        forward = log.received(FORWARD, j).get(leader)
        if forward is None:
            continue
        try:
            seeds, unopened = sealing.open_all(
                session, identity_keys, private_keys[j], j, minimum_contributors, forward["entries"]
            )
        except Refused as reason:
            given_up.append((FORWARD, j, leader, str(reason)))
            continue
        if unopened:
            log.send(COMBINE, j, leader, 0x43, {"contributors": unopened})
        else:
            total = sum_of(k, dimension, [seed_mask(session, seed, u, j) for u, seed in seeds.items()])
            log.send(COMBINE, j, leader, 0x42, {"elements": total})
    answers = log.received(COMBINE, leader)
    shares = []
    for position, j in enumerate(aggregators, 1):
        if j in answers and "elements" in answers[j]:
            share = answers[j]["elements"]
            if position >= t:
                masked = sum_of(k, dimension, [body["masked"][position - t] for body in held.values()])
                share = fields.subtract(k, masked, share)
            shares.append((position, share))
    if len(shares) < t:
        raise RoundAborted(COMBINE, leader, log)
    try:
        total = fields.combine(k, t, shares)
    except Refused as reason:
        raise RoundAborted(COMBINE, leader, log, str(reason)) from None
    return sorted(held), [s % 2**session.bits for s in total], [aggregators[x - 1] for x, _ in shares]
