# SPDX-License-Identifier: Apache-2.0
"""The key schedule: derive(), what each purpose puts in, commitments, and the keys of simulated parties."""

from primitives import gcm_open, gcm_seal, hkdf, public_key, sha256, shared_secret
from wire import u8, u32, u64, vector


def derive_info(session, purpose, sender, receiver, bits, public_keys):
    return (
        vector(255, b"fedsum/1 " + purpose.encode())
        + u32(sender)
        + u32(receiver)
        + u8(bits)
        + u64(session.round)
        + vector(255, public_keys)
    )


def derive(session, ikm, purpose, sender, receiver, bits, public_keys=b"", length=32):
    info = derive_info(session, purpose, sender, receiver, bits, public_keys)
    return hkdf(ikm, session.digest, info, length)


def share_encryption_key(session, private, peer_public, sender, receiver, i_am_sender):
    """The key of the one box from sender to receiver; both ends compute it."""
    mine = public_key(private)
    public_keys = mine + peer_public if i_am_sender else peer_public + mine
    return derive(session, shared_secret(private, peer_public), "share encryption", sender, receiver, 0, public_keys)


def pairwise_mask_key(session, private, me, peer_public, peer):
    mine = public_key(private)
    secret = shared_secret(private, peer_public)
    public_keys = mine + peer_public if me < peer else peer_public + mine
    return derive(session, secret, "pairwise mask", min(me, peer), max(me, peer), session.bits, public_keys)


def self_mask_key(session, seed, u):
    return derive(session, seed, "self mask", u, u, session.bits)


def additive_share_key(session, seed, contributor, aggregator):
    return derive(session, seed, "additive share", contributor, aggregator, session.bits)


def self_mask_commitment(session, u, seed):
    return sha256(vector(255, b"fedsum/1 self-mask commitment") + session.digest + u32(u) + seed)


def box_aad(session, kind, sender, receiver):
    return session.digest + u8(kind) + u32(sender) + u32(receiver)


def seal(session, key, kind, sender, receiver, plaintext):
    return gcm_seal(key, bytes(12), box_aad(session, kind, sender, receiver), plaintext)


def open_box(session, key, kind, sender, receiver, box):
    return gcm_open(key, bytes(12), box_aad(session, kind, sender, receiver), box)


def simulation_info(purpose, context, party):
    return (
        vector(255, b"fedsum/1 simulation " + purpose.encode())
        + vector(255, context["task"])
        + u64(context["round"])
        + u32(context["attempt"])
        + u32(party)
    )


def simulation_key(seed, purpose, context, party):
    return hkdf(u64(seed), b"", simulation_info(purpose, context, party), 32)
