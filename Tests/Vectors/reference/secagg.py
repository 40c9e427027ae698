# SPDX-License-Identifier: Apache-2.0
"""SecAgg, [BIK+17] section 4 and Figure 4, over the complete graph, against an honest-but-curious server."""

import keys
import wire
from primitives import Refused, public_key, shared_secret
from rings import add, mask, subtract
from sharing import draw_polynomials, reconstruct, share_at
from transcript import RoundAborted, Transcript

# What a client can be lost after, in order; "start" is before its first send.
SENDS = ["start", "advertise-keys", "share-keys", "masked-input", "unmask"]


def make_session(bits, dimension, minimum_contributors, threshold, contributors, server, context):
    require(len(contributors) < 2 * threshold <= 2 * len(contributors), "threshold-out-of-range")
    parameters = wire.secagg_parameters(bits, dimension, minimum_contributors, threshold)
    return wire.Session("secagg", bits, dimension, parameters, contributors, [server], context)


def abscissa(session, u):
    return 1 + session.contributors.index(u)


def require(condition, reason):
    if not condition:
        raise Refused(reason)


class Client:
    def __init__(self, session, u, threshold, quorum, x, generator):
        self.session, self.u, self.threshold, self.x, self.generator = session, u, threshold, x, generator
        self.quorum = quorum  # the fewest clients that it accepts at any stage
        self.channel_private = generator.draw("channelPrivateKey", None, 32)
        self.mask_seed = generator.draw("maskSeed", None, 32)
        self.self_seed = generator.draw("selfMaskSeed", None, 32)

    def advertise_keys(self):
        return {
            "channelPublicKey": public_key(self.channel_private),
            "maskPublicKey": public_key(self.mask_seed),
            "selfMaskCommitment": keys.self_mask_commitment(self.session, self.u, self.self_seed),
        }

    def share_keys(self, roster):
        self.roster = {entry["id"]: entry["keys"] for entry in roster}
        require(set(self.roster) <= set(self.session.contributors), "unknown-party")
        require(self.roster.get(self.u) == self.advertise_keys(), "own-keys-replaced")
        require(len(self.roster) >= self.quorum, "too-few-parties")
        public_keys = [keys[name] for keys in self.roster.values() for name in ("channelPublicKey", "maskPublicKey")]
        require(len(set(public_keys)) == len(public_keys), "equal-keys")
        for v in self.roster:
            if v != self.u:
                shared_secret(self.mask_seed, self.roster[v]["maskPublicKey"])  # refuses one of low order
        mask_polynomials = draw_polynomials(self.mask_seed, self.threshold, self.generator, "maskSeedCoefficient")
        self_polynomials = draw_polynomials(self.self_seed, self.threshold, self.generator, "selfMaskSeedCoefficient")
        shares = []
        for v in sorted(self.roster):
            x = abscissa(self.session, v)
            mask_share, self_share = share_at(mask_polynomials, x), share_at(self_polynomials, x)
            if v == self.u:
                self.own_shares = (mask_share, self_share)
                continue
            plaintext = wire.u32(self.u) + wire.u32(v) + mask_share + self_share
            key = self.channel_key(self.u, v)
            shares.append({"to": v, "box": keys.seal(self.session, key, 0x32, self.u, v, plaintext)})
        return {"shares": shares}

    def channel_key(self, sender, receiver):
        peer = receiver if sender == self.u else sender
        peer_public = self.roster[peer]["channelPublicKey"]
        return keys.share_encryption_key(
            self.session, self.channel_private, peer_public, sender, receiver, sender == self.u
        )

    def masked_input(self, shares):
        self.boxes = {entry["from"]: entry["box"] for entry in shares}
        self.u2 = sorted([*self.boxes, self.u])
        require(self.u not in self.boxes and set(self.boxes) <= set(self.roster), "unknown-party")
        require(len(self.u2) >= self.quorum, "too-few-parties")
        bits, dimension = self.session.bits, self.session.dimension
        y = add(bits, self.x, mask(keys.self_mask_key(self.session, self.self_seed, self.u), bits, dimension))
        for v in self.u2:
            if v == self.u:
                continue
            public = self.roster[v]["maskPublicKey"]
            key = keys.pairwise_mask_key(self.session, self.mask_seed, self.u, public, v)
            y = (add if v < self.u else subtract)(bits, y, mask(key, bits, dimension))
        return {"elements": y}

    def unmask(self, survivors):
        require(set(survivors) <= set(self.u2), "unknown-party")
        require(self.u in survivors, "own-input-dropped")
        require(len(survivors) >= self.quorum, "too-few-parties")
        shares = []
        for v in self.u2:
            try:
                mask_share, self_share = self.own_shares if v == self.u else self.open_shares(v)
            except Refused:
                continue  # a box that does not open is a share that is not held
            shares.append({"of": v, "share": self_share if v in survivors else mask_share})
        return {"shares": shares}

    def open_shares(self, v):
        key = self.channel_key(v, self.u)
        plaintext = keys.open_box(self.session, key, 0x32, v, self.u, self.boxes[v])
        require(plaintext[:8] == wire.u32(v) + wire.u32(self.u), "wrong-parties-in-share")
        return plaintext[8:40], plaintext[40:72]


def remove_masks(session, threshold, advertisements, u2, inputs, revealed):
    """The server's last step: U3's vectors without the self masks of U3 and the pairwise masks with U2 \\ U3."""
    bits, dimension = session.bits, session.dimension
    total = [0] * dimension
    for u in inputs:
        total = add(bits, total, inputs[u])
    for u in u2:
        shares = [(abscissa(session, v), share) for v in sorted(revealed) for of, share in revealed[v] if of == u]
        seed = reconstruct(threshold, shares)
        if u in inputs:
            commitment = keys.self_mask_commitment(session, u, seed)
            require(commitment == advertisements[u]["selfMaskCommitment"], "wrong-self-mask-seed")
            total = subtract(bits, total, mask(keys.self_mask_key(session, seed, u), bits, dimension))
        else:
            require(public_key(seed) == advertisements[u]["maskPublicKey"], "wrong-mask-seed")
            for v in inputs:
                key = keys.pairwise_mask_key(session, seed, u, advertisements[v]["maskPublicKey"], v)
                # v added this mask if u < v and subtracted it otherwise.
                total = (subtract if u < v else add)(bits, total, mask(key, bits, dimension))
    return total


def run(session, server, threshold, minimum_contributors, inputs, generators, lost_after, log=None):
    """lost_after: id -> one of SENDS. Returns (transcript, [U1, U2, U3, U4], sum)."""
    log = log or Transcript(session)
    quorum = max(threshold, minimum_contributors)
    clients = {u: Client(session, u, threshold, quorum, inputs[u], generators[u]) for u in session.contributors}

    def sends(u, what):
        return SENDS.index(what) <= SENDS.index(lost_after.get(u, "unmask"))

    def collect(stage, fewest=quorum, check=lambda sender, kind, body: None):
        bodies = log.received(stage, server, check)
        if len(bodies) < fewest:
            raise RoundAborted(stage, server, log)
        return bodies

    def answer(stage, u, kind, name, act):
        """A client's answer to the server's message of the stage; none if that was dropped, or makes the client give up."""
        message = log.received(stage, u).get(server)
        if message is not None:
            try:
                body = act(message[name])
            except Refused as reason:
                log.given_up.append((stage, u, server, str(reason)))
            else:
                log.send(stage + 1, u, server, kind, body)

    for u in session.contributors:
        if sends(u, "advertise-keys"):
            log.send(0, u, server, 0x30, clients[u].advertise_keys())
    advertisements = collect(0)
    u1 = sorted(advertisements)
    for u in u1:
        log.send(1, server, u, 0x31, {"roster": [{"id": v, "keys": advertisements[v]} for v in u1]})

    for u in u1:
        if sends(u, "share-keys"):
            answer(1, u, 0x32, "roster", clients[u].share_keys)

    def check_shares(sender, kind, body):
        require([entry["to"] for entry in body["shares"]] == [v for v in u1 if v != sender], "wrong-parties-in-list")

    dealt = collect(2, check=check_shares)
    u2 = sorted(dealt)
    for u in u2:
        boxes = [{"from": v, "box": e["box"]} for v in u2 if v != u for e in dealt[v]["shares"] if e["to"] == u]
        log.send(3, server, u, 0x33, {"shares": boxes})

    for u in u2:
        if sends(u, "masked-input"):
            answer(3, u, 0x34, "shares", clients[u].masked_input)
    masked = collect(4)
    u3 = sorted(masked)
    for u in u3:
        log.send(5, server, u, 0x35, {"survivors": u3})

    for u in u3:
        if sends(u, "unmask"):
            answer(5, u, 0x36, "survivors", clients[u].unmask)
    answers = collect(6, threshold)
    revealed = {v: [(e["of"], e["share"]) for e in body["shares"]] for v, body in answers.items()}
    vectors = {u: body["elements"] for u, body in masked.items()}
    total = remove_masks(session, threshold, advertisements, u2, vectors, revealed)
    return log, [u1, u2, u3, sorted(answers)], total
