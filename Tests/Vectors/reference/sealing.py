# SPDX-License-Identifier: Apache-2.0
"""Sealed seeds: 32 bytes that a leader hands on and only the aggregator opens, signed by the contributor."""

import ed25519
import keys
from primitives import Refused, public_key, sha256, shared_secret
from wire import u32, vector

SHARE = {"additive": 0x20, "shamir": 0x40}  # the type that goes into the associated data


def identities_digest(identity_keys):
    return sha256(b"".join(identity_keys))


def seal_key(session, secret, ephemeral_public, aggregator_public, contributor, aggregator):
    both = ephemeral_public + aggregator_public
    return keys.derive(session, secret, "share seal", contributor, aggregator, 0, both)


def signed_bytes(session, contributor, aggregator, ephemeral_public, box):
    label = vector(255, b"fedsum/1 sealed seed")
    return label + session.digest + u32(contributor) + u32(aggregator) + ephemeral_public + box


def signed(session, identity, contributor, aggregator, ephemeral_public, box):
    message = signed_bytes(session, contributor, aggregator, ephemeral_public, box)
    return {"ephemeralPublicKey": ephemeral_public, "box": box, "signature": ed25519.sign(identity, message)}


def seal(session, identity, contributor, aggregator, aggregator_public, seed, ephemeral):
    ephemeral_public = public_key(ephemeral)
    secret = shared_secret(ephemeral, aggregator_public)
    key = seal_key(session, secret, ephemeral_public, aggregator_public, contributor, aggregator)
    box = keys.seal(session, key, SHARE[session.scheme], contributor, aggregator, seed)
    return signed(session, identity, contributor, aggregator, ephemeral_public, box)


def check(session, identity_key, contributor, aggregator, sealed):
    """Refused if the signature is not the contributor's."""
    message = signed_bytes(session, contributor, aggregator, sealed["ephemeralPublicKey"], sealed["box"])
    ed25519.verify(identity_key, message, sealed["signature"])


def open_seed(session, private, contributor, aggregator, sealed):
    """Refused if the box does not open, or the ephemeral key is of low order."""
    ephemeral_public = sealed["ephemeralPublicKey"]
    secret = shared_secret(private, ephemeral_public)
    key = seal_key(session, secret, ephemeral_public, public_key(private), contributor, aggregator)
    return keys.open_box(session, key, SHARE[session.scheme], contributor, aggregator, sealed["box"])


def open_all(session, identity_keys, private, aggregator, minimum_contributors, entries):
    """What an aggregator does with a forwarded list: contributor -> seed, and whose boxes do not open.

    Refused, so that the aggregator aborts, if the leader is at fault.
    """
    names = [entry["contributor"] for entry in entries]
    if not set(names) <= set(session.contributors):
        raise Refused("unknown-party")
    if len(names) < minimum_contributors:
        raise Refused("too-few-parties")
    for entry in entries:
        u = entry["contributor"]
        check(session, identity_keys[u], u, aggregator, entry["seed"])
    seeds, unopened = {}, []
    for entry in entries:
        u = entry["contributor"]
        try:
            seeds[u] = open_seed(session, private, u, aggregator, entry["seed"])
        except Refused:
            unopened.append(u)
    return seeds, unopened


def check_share(session, identity_keys, contributor, aggregators, seeds):
    """What a leader holds against one share: a seed for each aggregator, each with the contributor's signature."""
    if len(seeds) != len(aggregators):
        raise Refused("wrong-seed-count")
    for aggregator, sealed in zip(aggregators, seeds):
        check(session, identity_keys[contributor], contributor, aggregator, sealed)
