# SPDX-License-Identifier: Apache-2.0
"""Seed-compressed additive sharing over k helpers: the leader holds a vector, each aggregator a sealed seed."""

import ed25519
import keys
import sealing
import wire
from primitives import Refused, public_key
from rings import add, mask, subtract
from transcript import RoundAborted

SHARE, FORWARD, COMBINE = 0, 1, 2  # stages


def make_session(bits, dimension, minimum_contributors, contributors, helpers, helper_keys, identity_keys, context):
    """helper_keys: one for each helper, leader first; the leader's, which nobody seals to, is not part of the parameters.

    identity_keys: the contributors' Ed25519 public keys, in their order.
    """
    digest = sealing.identities_digest(identity_keys)
    parameters = wire.additive_parameters(bits, dimension, minimum_contributors, digest, helper_keys[1:])
    return wire.Session("additive", bits, dimension, parameters, contributors, helpers, context)


def seed_mask(session, seed, contributor, aggregator):
    key = keys.additive_share_key(session, seed, contributor, aggregator)
    return mask(key, session.bits, session.dimension)


def contribute(session, u, x, identity, aggregator_public_keys, generator):
    """The body of the contributor's one message; aggregator_public_keys: list of (id, key) in the scheme's order."""
    share, seeds = list(x), []
    for aggregator, public in aggregator_public_keys:
        seed, ephemeral = generator.draw("seed", aggregator, 32), generator.draw("ephemeralPrivateKey", aggregator, 32)
        share = subtract(session.bits, share, seed_mask(session, seed, u, aggregator))
        seeds.append(sealing.seal(session, identity, u, aggregator, public, seed, ephemeral))
    return {"leaderShare": share, "seeds": seeds}


def combine(session, aggregator, seeds):
    total = [0] * session.dimension
    for u, seed in seeds.items():
        total = add(session.bits, total, seed_mask(session, seed, u, aggregator))
    return total


def run(session, minimum_contributors, identities, private_keys, inputs, generators, log):
    """identities: contributor -> Ed25519 seed. private_keys: one for each helper. log: a Transcript, with its faults."""
    leader, *aggregators = session.helpers
    public_keys = [(j, public_key(private_keys[j])) for j in aggregators]
    identity_keys = {u: ed25519.public_key(identities[u]) for u in session.contributors}
    for u in session.contributors:
        body = contribute(session, u, inputs[u], identities[u], public_keys, generators[u])
        log.send(SHARE, u, leader, 0x20, body)

    def check(sender, kind, body):
        sealing.check_share(session, identity_keys, sender, aggregators, body["seeds"])

    held = log.received(SHARE, leader, check)
    if len(held) < minimum_contributors:
        raise RoundAborted(SHARE, leader, log)
    forwards = []
    for position, j in enumerate(aggregators):
        entries = [{"contributor": u, "seed": held[u]["seeds"][position]} for u in sorted(held)]
        forwards.append((j, 0x21, {"entries": entries}))
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
            log.send(COMBINE, j, leader, 0x23, {"contributors": unopened})
        else:
            log.send(COMBINE, j, leader, 0x22, {"elements": combine(session, j, seeds)})
    if given_up:
        raise RoundAborted(FORWARD, given_up[0][1], log, given_up[0][3])
    answers = log.received(COMBINE, leader)
    if any("contributors" in body for body in answers.values()):
        raise RoundAborted(COMBINE, leader, log, "complaint")
    if len(answers) < len(aggregators):
        raise RoundAborted(COMBINE, leader, log)
    total = [0] * session.dimension
    for vector in [held[u]["leaderShare"] for u in held] + [body["elements"] for body in answers.values()]:
        total = add(session.bits, total, vector)
    return sorted(held), total
