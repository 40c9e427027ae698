# SPDX-License-Identifier: Apache-2.0
"""Seed-compressed additive sharing over k helpers: the leader holds a vector, each aggregator a sealed seed."""

import keys
import wire
from primitives import public_key, shared_secret
from rings import add, mask, subtract
from transcript import RoundAborted, Transcript

SHARE, FORWARD, COMBINE = 0, 1, 2  # stages


def make_session(bits, dimension, minimum_contributors, contributors, helpers, helper_keys, context):
    """helper_keys: one for each helper, leader first; the leader's, which nobody seals to, is not part of the parameters."""
    parameters = wire.additive_parameters(bits, dimension, minimum_contributors, helper_keys[1:])
    return wire.Session("additive", bits, dimension, parameters, contributors, helpers, context)


def seed_mask(session, seed, contributor, aggregator):
    key = keys.additive_share_key(session, seed, contributor, aggregator)
    return mask(key, session.bits, session.dimension)


def seal_key(session, secret, ephemeral_public, aggregator_public, contributor, aggregator):
    both = ephemeral_public + aggregator_public
    return keys.derive(session, secret, "share seal", contributor, aggregator, 0, both)


def contribute(session, u, x, aggregator_public_keys, generator):
    """The body of the contributor's one message; aggregator_public_keys: list of (id, key) in the scheme's order."""
    share, seeds = list(x), []
    for aggregator, public in aggregator_public_keys:
        seed, ephemeral = generator.read(32), generator.read(32)
        share = subtract(session.bits, share, seed_mask(session, seed, u, aggregator))
        ephemeral_public = public_key(ephemeral)
        secret = shared_secret(ephemeral, public)
        key = seal_key(session, secret, ephemeral_public, public, u, aggregator)
        seeds.append({
            "ephemeralPublicKey": ephemeral_public,
            "box": keys.seal(session, key, 0x20, u, aggregator, seed),
        })
    return {"leaderShare": share, "seeds": seeds}


def combine(session, aggregator, private, entries):
    total, public = [0] * session.dimension, public_key(private)
    for entry in entries:
        u, sealed = entry["contributor"], entry["seed"]
        secret = shared_secret(private, sealed["ephemeralPublicKey"])
        key = seal_key(session, secret, sealed["ephemeralPublicKey"], public, u, aggregator)
        seed = keys.open_box(session, key, 0x20, u, aggregator, sealed["box"])
        total = add(session.bits, total, seed_mask(session, seed, u, aggregator))
    return total


def run(session, minimum_contributors, private_keys, inputs, generators, lost):
    """private_keys: one for each helper. lost: ids, of contributors or aggregators, that send nothing."""
    leader, *aggregators = session.helpers
    log = Transcript(session)
    public_keys = [(j, public_key(private_keys[j])) for j in aggregators]
    for u in session.contributors:
        if u not in lost:
            log.send(SHARE, u, leader, 0x20, contribute(session, u, inputs[u], public_keys, generators[u]))
    held = log.received(SHARE, leader)
    if len(held) < minimum_contributors:
        raise RoundAborted(SHARE, leader, log)
    for position, j in enumerate(aggregators):
        entries = [{"contributor": u, "seed": held[u]["seeds"][position]} for u in sorted(held)]
        log.send(FORWARD, leader, j, 0x21, {"entries": entries})
    for j in aggregators:
        if j not in lost:
            entries = log.received(FORWARD, j)[leader]["entries"]
            log.send(COMBINE, j, leader, 0x22, {"elements": combine(session, j, private_keys[j], entries)})
    sums = log.received(COMBINE, leader)
    if len(sums) < len(aggregators):
        raise RoundAborted(COMBINE, leader, log)
    total = [0] * session.dimension
    for vector in [held[u]["leaderShare"] for u in held] + [body["elements"] for body in sums.values()]:
        total = add(session.bits, total, vector)
    return log, sorted(held), total
