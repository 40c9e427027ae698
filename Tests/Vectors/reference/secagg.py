# SPDX-License-Identifier: Apache-2.0
"""`secagg` and `secagg+`: [BIK+17] section 4 over the complete graph, [BBG+20] over a circulant one; three threat models."""

import ed25519
import graph
import keys
import sealing
import wire
from graph import require
from primitives import Refused, public_key, shared_secret
from sharing import draw_polynomials, reconstruct, share_at
from rings import add, mask, subtract
from transcript import RoundAborted, Transcript

CURIOUS, SEMI_MALICIOUS, ACTIVE = 0, 1, 2
LARGEST_DEGREE = 20_000


def sends_of(threat):
    """What a client can be lost after, in order; "start" is before its first send."""
    consistency = ["consistency"] if threat else []
    return ["start", "advertise-keys", "share-keys", "masked-input", *consistency, "unmask"]


def make_session(
    scheme, bits, dimension, minimum_contributors, threshold, threat, neighbors, contributors, identity_keys, server, context
):
    """neighbors: None in `secagg`. identity_keys: one for each contributor, in their order; used if the threat is 2."""
    count = len(contributors)
    if scheme == "secagg":
        neighbors, degree = count - 1, count
    else:
        require(neighbors % 2 == 0 and 2 <= neighbors <= min(count - 2, LARGEST_DEGREE), "neighbors-out-of-range")
        degree = neighbors
    require(degree < 2 * threshold <= 2 * degree, "threshold-out-of-range")
    digest = b""
    if threat == ACTIVE:
        require(len(identity_keys) == count, "missing-identity")
        digest = sealing.identities_digest(identity_keys)
    parameters = wire.secagg_parameters(bits, dimension, minimum_contributors, threshold, threat, neighbors, digest)
    session = wire.Session(scheme, bits, dimension, parameters, contributors, [server], context)
    session.threshold, session.threat, session.neighbors = threshold, threat, neighbors
    if threat == ACTIVE:
        session.identity_keys = dict(zip(contributors, identity_keys))
    return session


def abscissa(session, u):
    return 1 + session.contributors.index(u)


def check_advertisement(session, u, keys):
    """Refused if the threat is active and the signature is not that of the enrolled identity."""
    if session.threat == ACTIVE:
        message = graph.advertisement_bytes(session, u, keys)
        ed25519.verify(session.identity_keys[u], message, keys["signature"])


class Client:
    def __init__(self, session, u, minimum, x, identity, beacon, generator):
        """identity: the Ed25519 seed, if the threat is active. beacon: pulse -> entropy."""
        self.session, self.u, self.x, self.beacon, self.generator = session, u, x, beacon, generator
        self.threshold, self.minimum = session.threshold, minimum
        self.is_complete = session.scheme == "secagg"
        self.left_out = []  # (dealer, reason): whose box did not open
        self.channel_private = generator.draw("channelPrivateKey", None, 32)
        self.mask_seed = generator.draw("maskSeed", None, 32)
        self.self_seed = generator.draw("selfMaskSeed", None, 32)
        self.signing_seed = identity if session.threat == ACTIVE else None
        if session.threat == SEMI_MALICIOUS:
            self.signing_seed = generator.draw("signingSeed", None, 32)

    # The fewest that it accepts: of all clients, and of its neighbors.

    def check_numbers(self, everybody, neighbors):
        """neighbors: those of them that are in the set, without the client itself."""
        if self.is_complete:
            require(len(neighbors) + 1 >= max(self.threshold, self.minimum), "too-few-parties")
        else:
            require(everybody is None or len(everybody) >= self.minimum, "too-few-parties")
            require(len(neighbors) >= self.threshold, "too-few-parties")

    def advertise_keys(self):
        keys_ = {
            "channelPublicKey": public_key(self.channel_private),
            "maskPublicKey": public_key(self.mask_seed),
            "selfMaskCommitment": keys.self_mask_commitment(self.session, self.u, self.self_seed),
        }
        if self.session.threat == SEMI_MALICIOUS:
            keys_["verifyingKey"] = ed25519.public_key(self.signing_seed)
        elif self.session.threat == ACTIVE:
            message = graph.advertisement_bytes(self.session, self.u, keys_)
            keys_["signature"] = ed25519.sign(self.signing_seed, message)
        self.own_keys = keys_
        return {"threat": self.session.threat, "keys": keys_}

    def commit(self, body):
        """0x37: the root, before anybody knows the beacon."""
        self.committed_root, self.pulse = body["root"], body["pulse"]

    def take_roster(self, body):
        """0x31"""
        roster = {entry["id"]: entry["keys"] for entry in body["roster"]}
        require(body["threat"] == self.session.threat, "wrong-threat")
        require(set(roster) <= set(self.session.contributors), "unknown-party")
        require(roster.get(self.u) == self.own_keys, "own-keys-replaced")
        self.root = graph.key_tree(self.session, roster).root
        self.bind(bytes(32))
        self.peers = {v: advertised for v, advertised in roster.items() if v != self.u}

    def take_neighborhood(self, body):
        """0x38"""
        session, ids = self.session, self.session.contributors
        require(body["threat"] == session.threat, "wrong-threat")
        require(body["depth"] == graph.depth_of(len(ids)), "wrong-path")
        if session.threat != CURIOUS:
            require(body["root"] == self.committed_root, "root-replaced")
            require(body["entropy"] == self.beacon(self.pulse), "wrong-entropy")
        self.root = body["root"]
        require(self.is_leaf(self.u, self.own_keys, body["ownPath"]), "own-keys-replaced")
        self.bind(body["entropy"])
        named = [entry["id"] for entry in body["present"] + body["absent"]]
        require(sorted(named) == self.graph.neighbors(self.u), "wrong-parties-in-list")
        for entry in body["present"] + body["absent"]:
            require(self.is_leaf(entry["id"], entry.get("keys"), entry["path"]), "wrong-path")
        self.peers = {entry["id"]: entry["keys"] for entry in body["present"]}

    def is_leaf(self, v, advertised, path):
        position = self.session.contributors.index(v)
        return graph.top(position, graph.leaf(self.session.threat, v, advertised), path) == self.root

    def bind(self, entropy):
        self.binding = graph.binding_of(self.session, self.root, entropy)
        self.bound = graph.Bound(self.session, self.binding)
        self.graph = graph.graph_of(self.session, self.binding)

    def share_keys(self, body):
        (self.take_roster if self.is_complete else self.take_neighborhood)(body)
        self.check_numbers(None, self.peers)
        for v, advertised in self.peers.items():
            check_advertisement(self.session, v, advertised)
        advertised = [self.own_keys, *self.peers.values()]
        public_keys = [keys_[name] for keys_ in advertised for name in ("channelPublicKey", "maskPublicKey")]
        require(len(set(public_keys)) == len(public_keys), "equal-keys")
        for v in self.peers:
            shared_secret(self.mask_seed, self.peers[v]["maskPublicKey"])  # refuses one of low order
            shared_secret(self.channel_private, self.peers[v]["channelPublicKey"])
        mask_polynomials = draw_polynomials(self.mask_seed, self.threshold, self.generator, "maskSeedCoefficient")
        self_polynomials = draw_polynomials(self.self_seed, self.threshold, self.generator, "selfMaskSeedCoefficient")

        def shares_for(v):
            x = abscissa(self.session, v)
            return share_at(mask_polynomials, x), share_at(self_polynomials, x)

        # Over the complete graph a client holds shares of its own secrets too.
        self.own_shares = shares_for(self.u) if self.is_complete else None
        return {"shares": [{"to": v, "box": self.seal(v, *shares_for(v))} for v in sorted(self.peers)]}

    def seal(self, v, mask_share, self_share):
        plaintext = wire.u32(self.u) + wire.u32(v) + mask_share + self_share
        return keys.seal(self.bound, self.channel_key(self.u, v), 0x32, self.u, v, plaintext)

    def channel_key(self, sender, receiver):
        peer_public = self.peers[receiver if sender == self.u else sender]["channelPublicKey"]
        return keys.share_encryption_key(
            self.bound, self.channel_private, peer_public, sender, receiver, sender == self.u
        )

    def masked_input(self, body):
        """0x33"""
        self.boxes = {entry["from"]: entry["box"] for entry in body["shares"]}
        self.sharers = set(wire.members(self.session.contributors, body["sharers"]))
        require(set(self.boxes) <= set(self.peers), "unknown-party")
        require(self.u in self.sharers, "own-input-dropped")
        require(self.sharers & set(self.graph.neighbors(self.u)) == set(self.boxes), "sharers-contradict-boxes")
        self.check_numbers(self.sharers, self.boxes)
        self.mask_binding = graph.mask_binding_of(self.binding, body["sharers"])
        bound = graph.Bound(self.session, self.mask_binding)
        bits, dimension = self.session.bits, self.session.dimension
        y = add(bits, self.x, mask(keys.self_mask_key(bound, self.self_seed, self.u), bits, dimension))
        for v in self.boxes:
            public = self.peers[v]["maskPublicKey"]
            key = keys.pairwise_mask_key(bound, self.mask_seed, self.u, public, v)
            y = (add if v < self.u else subtract)(bits, y, mask(key, bits, dimension))
        return {"elements": y}

    def take_survivors(self, body):
        """0x35"""
        self.survivors = set(wire.members(self.session.contributors, body["survivors"]))
        require(self.survivors <= self.sharers, "survivors-not-sharers")
        require(self.u in self.survivors, "own-input-dropped")
        self.check_numbers(self.survivors, self.survivors & set(self.boxes))
        if self.session.threat != CURIOUS:
            require(self.graph.holds_together(self.survivors), "circle-cut")
        self.statement = graph.statement_of(self.mask_binding, body["survivors"])

    def sign_survivors(self, body):
        self.take_survivors(body)
        message = graph.consistency_bytes(self.mask_binding, self.u, self.statement)
        return {"signature": ed25519.sign(self.signing_seed, message)}

    def note_signatures(self, body):
        """0x3c: what has been signed, before anybody knows the beacon."""
        self.signature_root, self.second_pulse = body["signatureRoot"], body["pulse"]

    def unmask(self, body):
        """Its shares, once enough of its witnesses have told the same; without a consistency round at once."""
        if self.session.threat == CURIOUS:
            self.take_survivors(body)
        else:
            self.check_witnesses(body)
        shares = []
        for v in sorted([*self.boxes, self.u] if self.is_complete else self.boxes):
            try:
                mask_share, self_share = self.own_shares if v == self.u else self.open_shares(v)
            except Refused as reason:
                self.left_out.append((v, str(reason)))  # a box that does not open is a share that is not held
                continue
            shares.append({"of": v, "share": self_share if v in self.survivors else mask_share})
        return {"shares": shares}

    def check_witnesses(self, body):
        """0x3a or 0x3b. What is not the valid signature of a witness ends the round, as if there were too few."""
        if self.is_complete:
            entries, witnesses = body["signatures"], self.graph.witnesses(self.u, self.statement)
        else:
            require(body["threat"] == self.session.threat, "wrong-threat")
            require(body["depth"] == graph.depth_of(len(self.session.contributors)), "wrong-path")
            entries, entropy = body["witnesses"], self.beacon(self.second_pulse)
            witnesses = self.graph.witnesses(self.u, self.statement, self.signature_root, entropy)
        for entry in entries:
            require(entry["id"] in witnesses, "too-few-witnesses")
            require(self.is_complete or self.is_in_signature_tree(entry), "wrong-path")
            require(self.is_signed(entry), "too-few-witnesses")
        require(len(entries) >= self.threshold - self.is_complete, "too-few-witnesses")

    def is_in_signature_tree(self, entry):
        position = self.session.contributors.index(entry["id"])
        leaf = graph.signature_leaf(entry["id"], entry["signature"])
        return graph.top(position, leaf, entry["signaturePath"]) == self.signature_root

    def is_signed(self, entry):
        v = entry["id"]
        if self.session.threat == ACTIVE:
            key = self.session.identity_keys[v]
        elif self.is_complete:
            if v not in self.peers:
                return False
            key = self.peers[v]["verifyingKey"]
        else:
            if not self.is_leaf(v, entry["keys"], entry["path"]):
                return False
            key = entry["keys"]["verifyingKey"]
        message = graph.consistency_bytes(self.mask_binding, v, self.statement)
        return ed25519.fault(key, message, entry["signature"]) is None

    def open_shares(self, v):
        try:
            plaintext = keys.open_box(self.bound, self.channel_key(v, self.u), 0x32, v, self.u, self.boxes[v])
        except Refused:
            raise Refused("box-does-not-open") from None
        require(plaintext[:8] == wire.u32(v) + wire.u32(self.u), "wrong-parties-in-share")
        return plaintext[8:40], plaintext[40:72]


class Setup:
    """What goes into a round besides the session: every party's secrets, and the beacon."""

    def __init__(self, minimum, inputs, generators, identities=None, server_generator=None, pulses=None, beacon=None):
        """identities: id -> Ed25519 seed, if the threat is active. The server draws in `secagg+` with threat 0; the beacon
        (pulse -> entropy) is there with another, and two pulses: of the graph and of the witnesses."""
        self.minimum, self.inputs, self.generators = minimum, inputs, generators
        self.identities, self.server_generator = identities or {}, server_generator
        self.pulses, self.beacon = pulses, beacon


def secret_of(session, shares, is_right):
    """The secret of which these are shares: (abscissa, bytes), ascending. Any t of them in a row, around, may be the right
    ones. Also the abscissas of those shares that are false."""
    t = session.threshold
    require(len(shares) >= t, "too-few-shares")
    for first in range(len(shares)):
        row = [shares[(first + i) % len(shares)] for i in range(t)]
        secret = reconstruct(t, row)
        if is_right(secret):
            return secret, [share[0] for share in shares if not is_on(t, row, share)]
    raise Refused("inconsistent-share")


def is_on(t, row, share):
    try:
        reconstruct(t, row + [share] * (share not in row))
        return True
    except Refused:
        return False


def remove_masks(session, bound, the_graph, advertisements, u2, inputs, revealed, blame, leave_out):
    """The server's last step: U3's vectors without the self masks of U3 and the pairwise masks with U2 \\ U3."""
    bits, dimension = session.bits, session.dimension
    total = [0] * dimension
    for u in inputs:
        total = add(bits, total, inputs[u])
    for u in u2:
        holders = [v for v in sorted(revealed) if v in the_graph.neighbors(u) or (v == u and session.scheme == "secagg")]
        shares = [(abscissa(session, v), share) for v in holders for of, share in revealed[v] if of == u]
        if u in inputs:

            def is_right(seed, u=u):
                return keys.self_mask_commitment(session, u, seed) == advertisements[u]["selfMaskCommitment"]
        else:

            def is_right(seed, u=u):
                return public_key(seed) == advertisements[u]["maskPublicKey"]
        try:
            seed, false = secret_of(session, shares, is_right)
            leave_out([session.contributors[x - 1] for x in false])
        except Refused as reason:
            blame(u, str(reason))
        if u in inputs:
            total = subtract(bits, total, mask(keys.self_mask_key(bound, seed, u), bits, dimension))
            continue
        for v in inputs:
            if v in the_graph.neighbors(u):
                key = keys.pairwise_mask_key(bound, seed, u, advertisements[v]["maskPublicKey"], v)
                # v added this mask if u < v and subtracted it otherwise.
                total = (subtract if u < v else add)(bits, total, mask(key, bits, dimension))
    return total


class Round:
    """One round. After `run`, `sets` has U1 ... U5 as far as it came, `intermediate` what all derive, `total` the sum."""

    def __init__(self, session, setup, lost_after=None, log=None):
        """lost_after: id -> one of sends_of(threat)."""
        self.session, self.setup, self.server = session, setup, session.helpers[0]
        self.lost_after, self.log = lost_after or {}, log or Transcript(session)
        self.is_complete, self.threat = session.scheme == "secagg", session.threat
        self.quorum = max(session.threshold, setup.minimum) if self.is_complete else setup.minimum
        self.clients = {
            u: Client(
                session, u, setup.minimum, setup.inputs[u], setup.identities.get(u), setup.beacon, setup.generators[u]
            )
            for u in session.contributors
        }
        self.sets = dict.fromkeys(["U1", "U2", "U3", "U4", "U5"])
        self.intermediate = dict.fromkeys(["root", "entropy", "binding", "maskBinding"])
        self.intermediate |= {} if self.is_complete else {"circle": None}
        self.intermediate |= {"statement": None} if self.threat else {}
        self.intermediate["signatureRoot"] = None  # there is none but in `secagg+` with a consistency round

    def sends(self, u, what):
        names = sends_of(self.threat)
        return names.index(what) <= names.index(self.lost_after.get(u, names[-1]))

    def collect(self, stage, kind, members, check=lambda sender, body: None):
        """sender -> body of the clients' messages of a stage."""

        def check_all(sender, got, body):
            require(got == kind, "wrong-stage")
            check(sender, body)

        return {u: body for u, body in self.log.received(stage, self.server, check_all).items() if u in members}

    def need(self, stage, is_enough, reason="too-few-parties"):
        if not is_enough:
            raise RoundAborted(stage, self.server, self.log, reason)

    def tell(self, stage, members, kind, body_for):
        for u in members:
            self.log.send(stage, self.server, u, kind, body_for(u))

    def hear(self, stage, u, kind, act):
        """What a client makes of the server's message of a stage; None if there is none, or if the client gives up over it."""

        def check(sender, got, body):
            require(got == kind, "wrong-stage")

        body = self.log.received(stage, u, check).get(self.server)
        if body is None:
            return None
        try:
            return act(body)
        except Refused as reason:
            self.log.given_up.append((stage, u, self.server, str(reason)))
            return None

    def answer(self, stage, u, kind, what, act, reply):
        """A client's answer, if it is still there, to the server's message of the stage."""
        if self.sends(u, what):
            body = self.hear(stage, u, kind, act)
            if body is not None:
                if reply == 0x36:
                    self.log.left_out += [(4, u, v, reason) for v, reason in self.clients[u].left_out]
                self.log.send({2: 3, 4: 5, 6: 7 if reply == 0x39 else 10, 9: 10}[stage], u, self.server, reply, body)

    def run(self):
        session, server, log, threat = self.session, self.server, self.log, self.threat
        ids, clients, t = session.contributors, self.clients, session.threshold

        for u in ids:
            body = clients[u].advertise_keys()
            if self.sends(u, "advertise-keys"):
                log.send(0, u, server, 0x30, body)

        def check_keys(sender, body):
            require(body["threat"] == threat, "wrong-threat")
            check_advertisement(session, sender, body["keys"])

        advertisements = {u: body["keys"] for u, body in self.collect(0, 0x30, ids, check_keys).items()}
        self.need(0, len(advertisements) >= self.quorum)
        u1 = self.sets["U1"] = sorted(advertisements)
        tree = graph.key_tree(session, advertisements)
        if self.is_complete:
            entropy = bytes(32)
        elif threat == CURIOUS:
            entropy = self.setup.server_generator.draw("entropy", None, 32)
        else:
            entropy = self.setup.beacon(self.setup.pulses[0])
        binding = graph.binding_of(session, tree.root, entropy)
        the_graph = graph.graph_of(session, binding)
        self.intermediate |= {"root": tree.root, "entropy": entropy, "binding": binding}
        self.intermediate |= {} if self.is_complete else {"circle": the_graph.circle}
        self.graph, self.tree = the_graph, tree
        if not self.is_complete and threat:  # the beacon's pulse comes after this
            self.tell(1, u1, 0x37, lambda u: {"root": tree.root, "pulse": self.setup.pulses[0]})
        if self.is_complete:
            roster = {"threat": threat, "roster": [{"id": v, "keys": advertisements[v]} for v in u1]}
            self.tell(2, u1, 0x31, lambda u: roster)
        else:
            self.tell(2, u1, 0x38, lambda u: neighborhood(session, advertisements, entropy, u))

        ready = u1
        if not self.is_complete and threat:
            ready = []
            for u in u1:
                if self.hear(1, u, 0x37, lambda body, u=u: clients[u].commit(body) or body) is not None:
                    ready.append(u)
        for u in ready:
            self.answer(2, u, 0x31 if self.is_complete else 0x38, "share-keys", clients[u].share_keys, 0x32)

        def check_shares(sender, body):
            due = [v for v in the_graph.neighbors(sender) if v in u1]
            require([entry["to"] for entry in body["shares"]] == due, "wrong-parties-in-list")

        dealt = self.collect(3, 0x32, u1, check_shares)
        self.need(3, len(dealt) >= self.quorum)
        u2 = self.sets["U2"] = sorted(dealt)

        def boxes_for(u):
            entries = [(v, entry) for v in u2 for entry in dealt[v]["shares"] if entry["to"] == u]
            return {"sharers": sharers, "shares": [{"from": v, "box": entry["box"]} for v, entry in entries]}

        sharers = wire.bitmap(ids, u2)
        mask_binding = self.intermediate["maskBinding"] = graph.mask_binding_of(binding, sharers)

        self.tell(4, u2, 0x33, boxes_for)
        for u in u2:
            self.answer(4, u, 0x33, "masked-input", clients[u].masked_input, 0x34)
        masked = self.collect(5, 0x34, u2)
        self.need(5, len(masked) >= self.quorum)
        u3 = self.sets["U3"] = sorted(masked)
        self.need(5, threat == CURIOUS or the_graph.holds_together(u3), "circle-cut")

        survivors = wire.bitmap(ids, u3)
        self.tell(6, u3, 0x35, lambda u: {"survivors": survivors})
        asked = told = u3
        if threat:
            statement = self.intermediate["statement"] = graph.statement_of(mask_binding, survivors)
            self.confirm(advertisements, statement)
            asked = told = self.sets["U4"]
        if threat and not self.is_complete:
            told = []
            for u in asked:
                if self.hear(8, u, 0x3C, lambda body, u=u: clients[u].note_signatures(body) or body) is not None:
                    told.append(u)
        for u in told:
            if threat:
                self.answer(9, u, 0x3A if self.is_complete else 0x3B, "unmask", clients[u].unmask, 0x36)
            else:
                self.answer(6, u, 0x35, "unmask", clients[u].unmask, 0x36)
        answers = self.collect(10, 0x36, asked)
        self.need(10, self.is_answered(answers))
        self.sets["U5"] = sorted(answers)
        revealed = {v: [(e["of"], e["share"]) for e in body["shares"]] for v, body in answers.items()}

        def blame(dealer, reason):
            log.given_up.append((10, server, dealer, reason))
            raise RoundAborted(10, server, log, reason)

        def leave_out(holders):
            for v in holders:
                if (10, server, v, "inconsistent-share") not in log.left_out:
                    log.left_out.append((10, server, v, "inconsistent-share"))

        vectors = {u: body["elements"] for u, body in masked.items()}
        bound = graph.Bound(session, mask_binding)
        self.total = remove_masks(session, bound, the_graph, advertisements, u2, vectors, revealed, blame, leave_out)
        return self

    def is_answered(self, answers):
        """Whether those who answer suffice for the shares of every dealer."""
        t = self.session.threshold
        if self.is_complete:
            return len(answers) >= t
        return all(len(set(self.graph.neighbors(u)) & set(answers)) >= t for u in self.sets["U2"])

    def confirm(self, advertisements, statement):
        """The consistency round, up to what the server sends to each client."""
        session, threat, mask_binding = self.session, self.threat, self.intermediate["maskBinding"]
        for u in self.sets["U3"]:
            self.answer(6, u, 0x35, "consistency", self.clients[u].sign_survivors, 0x39)

        def check_signature(sender, body):
            key = session.identity_keys[sender] if threat == ACTIVE else advertisements[sender]["verifyingKey"]
            ed25519.verify(key, graph.consistency_bytes(mask_binding, sender, statement), body["signature"])

        signed = {u: body["signature"] for u, body in self.collect(7, 0x39, self.sets["U3"], check_signature).items()}
        self.need(7, self.is_answered(signed))
        asked = self.sets["U4"] = sorted(signed)
        if self.is_complete:

            def signatures(u):
                chosen = [v for v in asked if v != u][: session.threshold - 1]
                return {"signatures": [{"id": v, "signature": signed[v]} for v in chosen]}

            self.tell(9, asked, 0x3A, signatures)
            return
        root, pulse = graph.signature_tree(session, signed).root, self.setup.pulses[1]
        self.signed, self.intermediate["signatureRoot"] = signed, root
        self.tell(8, asked, 0x3C, lambda u: {"signatureRoot": root, "pulse": pulse})  # the pulse comes after this
        entropy = self.setup.beacon(pulse)
        self.tell(9, asked, 0x3B, lambda u: witnesses(session, self.graph, advertisements, statement, signed, entropy, u))


def witnesses(session, the_graph, advertisements, statement, signed, entropy, u, chosen=None):
    """The body of 0x3b over these signatures; of these witnesses, or of the t lowest."""
    key_tree, signature_tree = graph.key_tree(session, advertisements), graph.signature_tree(session, signed)
    if chosen is None:
        drawn = the_graph.witnesses(u, statement, signature_tree.root, entropy)
        chosen = sorted(set(drawn) & set(signed))[: session.threshold]

    def witness(v):
        position = session.contributors.index(v)
        out = {"id": v, "signature": signed[v], "signaturePath": signature_tree.path(position)}
        if session.threat == SEMI_MALICIOUS:
            out |= {"keys": advertisements[v], "path": key_tree.path(position)}
        return out

    return {"threat": session.threat, "depth": key_tree.depth, "witnesses": [witness(v) for v in chosen]}


def neighborhood(session, advertisements, entropy, u):
    """The body of 0x38 over these advertisements."""
    ids, tree = session.contributors, graph.key_tree(session, advertisements)
    the_graph = graph.graph_of(session, graph.binding_of(session, tree.root, entropy))

    def path(v):
        return tree.path(ids.index(v))

    near = the_graph.neighbors(u)
    return {
        "threat": session.threat, "depth": tree.depth, "root": tree.root, "entropy": entropy, "ownPath": path(u),
        "present": [{"id": v, "keys": advertisements[v], "path": path(v)} for v in near if v in advertisements],
        "absent": [{"id": v, "path": path(v)} for v in near if v not in advertisements],
    }
