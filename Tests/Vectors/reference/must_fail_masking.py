# SPDX-License-Identifier: Apache-2.0
"""Disturbed rounds of `secagg` and `secagg+`, under each threat model."""

import ed25519
import graph
import keys
import secagg
import wire
from cases_arithmetic import key_for, strings
from cases_rounds import MaskingRound
from cases_wire import LOW_ORDER
from disturbances import BYTES, HEADER, Rounds, at, flip, refusal_entries, vector_changes
from primitives import public_key
from transcript import Faults, RoundAborted

SERVER, BITS, DIMENSION, THRESHOLD = 100, 23, 5, 3
OWN_KEYS = ["channelPublicKey", "maskPublicKey", "selfMaskCommitment"]


def flipped(data, byte=0):
    return flip(byte)(data)


def raw(change):
    """A change of bytes, where one is asked for that knows the round."""
    return lambda made, data: change(data)


def body(change):
    """A change of the message's fields: change(made, body)."""

    def apply(made, data):
        kind, fields = wire.decode(made.session, data)
        change(made, fields)
        return wire.encode(made.session, kind, fields)

    return apply


def fields(change):
    return body(lambda made, b: change(b))


def another(kind, make):
    """Another message in place of the sender's: make(made) gives its fields."""
    return lambda made, data: wire.encode(made.session, kind, make(made))


def advertisements(made):
    """Those of U1, from the messages that the server got."""
    out = {}
    for m in made.log.messages:
        if m["stage"] == 0:
            out[m["from"]] = wire.decode(made.session, m["bytes"])[1]["keys"]
    return out


def sent(made, stage, sender, receiver=SERVER):
    data, = [m["bytes"] for m in made.log.messages if (m["stage"], m["from"], m["to"]) == (stage, sender, receiver)]
    return wire.decode(made.session, data)[1]


def signed_again(made, v, advertised):
    """With the signature of v's identity under the keys as they are now."""
    if made.threat == secagg.ACTIVE:
        message = graph.advertisement_bytes(made.session, v, advertised)
        advertised["signature"] = ed25519.sign(made.enrolled.identities[v], message)
    return advertised


def of_threat(threat, label="another"):
    """An advertisement of that form, over made-up keys."""
    out = {}
    for name, size in wire.ADVERTISEMENTS[threat].items():
        out[name] = public_key(key_for(f"{label} {name}")) if size == 32 else ed25519.sign(key_for(label), b"")
    return out


class Cases:
    """The cases of one scheme under one threat model."""

    def __init__(self, scheme, threat, rounds, cases, needs_all=False):
        """needs_all: the minimum cohort is all clients; otherwise it is the threshold."""
        self.scheme, self.threat, self.rounds, self.cases = scheme, threat, rounds, cases
        self.is_complete = scheme == "secagg"
        # In SecAgg+ a client has one other that is no neighbor, and one that is no witness.
        self.clients = [1, 2, 3, 70000, 2**32 - 1] if self.is_complete else [1, 2, 3, 70000, 70001, 2**32 - 1]
        self.u = 3
        # What a decoder refuses is tried once for each message: of those that only some threat models have, with threat 1.
        self.is_first = threat == 0
        # The keys that are changed: all in one variant, else what the threat model brings.
        self.keys = OWN_KEYS if self.is_first and self.is_complete else [list(wire.ADVERTISEMENTS[threat])[-1]]
        self.minimum = len(self.clients) if needs_all else THRESHOLD
        self.label = f"{len(self.clients)}-clients-threat-{threat}" + ("-all-needed" if needs_all else "")
        self.honest_round = self.make()
        self.honest = rounds.number_of(self.undisturbed, self.label)
        # Who is whose neighbor and witness in the undisturbed round.
        the_graph, u = self.honest_round.round.graph, self.u
        self.near = the_graph.neighbors(u)
        self.far = [v for v in self.clients if v != u and v not in self.near]
        self.v, self.w = self.near[0], self.near[-1]
        if threat:
            drawn = self.drawn(self.honest_round)
            self.witnesses = sorted(drawn)[: THRESHOLD - self.is_complete]
            self.no_witness = next((v for v in self.clients if v != u and v not in drawn), u)

    def drawn(self, made, root=None, entropy=None):
        """The witnesses of u, over another root of signatures or under other entropy."""
        known, setup = made.round.intermediate, made.round.setup
        if not self.is_complete:
            root, entropy = root or known["signatureRoot"], entropy or setup.beacon(setup.pulses[1])
        return made.round.graph.witnesses(self.u, known["statement"], root, entropy)

    def make(self, **faults):
        return MaskingRound(
            self.scheme, "must fail", BITS, DIMENSION, self.clients, SERVER, THRESHOLD, self.threat,
            None if self.is_complete else 4, minimum=self.minimum, faults=Faults(**faults),
        )

    def undisturbed(self):
        made = self.honest_round
        log, end, included, total = made.run()
        assert total == made.setting.sum_of(included) and not log.refusals and not log.given_up and not log.left_out
        head = made.head()
        del head["id"]
        return head, log.messages, {**end, "sum": strings(total)}

    def case(self, name, how, changes, expected, added=None, end=None, cancels=True):
        """changes, added: route -> change(made, bytes). end: "sum", or (stage, error) of the server, or None for either.
        cancels: whether the masks of those who are in the sum do."""
        made = self.make()
        for given, into in [(changes, made.log.faults.replace), (added or {}, made.log.faults.added)]:
            for route, change in given.items():
                into[route] = lambda data, change=change: change(made, data)
        try:
            _, fields_, included, total = made.run()
            assert (total == made.setting.sum_of(included)) == cancels, name
            del fields_["intermediate"]
            got_end, outcome = "sum", {"outcome": "sum", **fields_, "sum": strings(total)}
        except RoundAborted as abort:
            got_end = (abort.stage, abort.reason)
            outcome = {"outcome": "abort", "abortStage": abort.stage, "abortParty": abort.party, "abortError": abort.reason}
        refusals = refusal_entries(made.log)
        got = [(entry["by"], entry["from"], entry["reaction"], entry["error"]) for entry in refusals]
        assert got == expected, (self.scheme, self.threat, name, got, expected)
        assert end is None or got_end == end, (self.scheme, self.threat, name, got_end)
        self.cases.append({
            "id": f"threat-{self.threat}-{name}", "round": self.label, "result": "invalid", "error": got[0][3], "how": how,
            **self.rounds.compared(made.log, self.honest, with_added=True), "refusals": refusals, **outcome,
        })
        return outcome

    # What clients send: the server goes on without them.

    def server_drops(self, stage, name, how, error, change, whom=None):
        whom = whom or self.u
        outcome = self.case(name, how, {(stage, whom, SERVER): change}, [(SERVER, whom, "drop", error)], end="sum")
        missing_in = {0: "U1", 3: "U2", 5: "U3", 7: "U4", 10: "U5"}[stage]
        assert whom not in outcome[missing_in]

    def client_messages(self):
        u, threat = self.u, self.threat
        every = self.is_complete and threat == 0
        sends = {0: "advertisement", 3: "shares", 5: "masked-input"} | ({7: "consistency"} if threat else {}) | {10: "unmasking"}
        header = [entry if entry[0] != "type-of-another-scheme" else (*entry[:2], at(1, lambda _: 0x20)) for entry in BYTES]
        for stage, what in sends.items():
            tried = header + (vector_changes(BITS, DIMENSION, HEADER, None) if stage == 5 else [])
            if not every:
                tried = header if stage == 7 and self.is_complete and threat == 1 else header[:1]
            for name, error, change in tried:
                self.server_drops(stage, f"{what}-{name}", f"{u} at stage {stage}: {name}.", error, raw(change))
            left = len(self.clients) - 2
            changes = {(stage, v, SERVER): raw(header[0][2]) for v in self.clients[:left]}
            outcome = self.case(
                f"{what}-too-few-left", f"Of the messages at stage {stage} two are left.", changes,
                [(SERVER, v, "drop", "trailing-bytes") for v in self.clients[:left]],
            )
            assert outcome["outcome"] == "abort" and outcome["abortStage"] == stage
        for other in range(3):
            if other == (threat + 1) % 3 or (other != threat and self.is_complete):
                make = another(0x30, lambda made, other=other: {"threat": other, "keys": of_threat(other)})
                self.server_drops(0, f"advertisement-of-threat-{other}", "An advertisement of another threat model.",
                                  "wrong-threat", make)
        if self.is_first:
            self.server_drops(0, "advertisement-unknown-threat", "A threat model that there is not.", "unknown-threat",
                              raw(at(HEADER, lambda _: 3)))
        if threat == secagg.ACTIVE:
            self.signed_advertisements()
        if self.is_first:
            swap = fields(lambda b: b["shares"].reverse())
            self.server_drops(3, "shares-not-ascending", "A list out of order.", "ids-not-ascending", swap)
            self.server_drops(10, "unmasking-not-ascending", "A list out of order.", "ids-not-ascending", swap)

        def dealt(name, how, change):
            self.server_drops(3, f"shares-{name}", how, "wrong-parties-in-list", fields(change))

        def insert(v):
            return lambda b: b.update(shares=sorted([*b["shares"], {"to": v, "box": bytes(88)}], key=lambda e: e["to"]))

        dealt("one-missing", "No box for one of the clients.", lambda b: b["shares"].pop())
        dealt("one-for-itself", "A box for the sender itself.", insert(u))
        dealt("one-for-an-outsider", "A box for a party that is none of the session.", insert(4))
        if not self.is_complete:
            dealt("one-for-no-neighbor", "A box for a client that is no neighbor.", insert(self.far[0]))
        if every or threat == secagg.ACTIVE:
            for stage in [3, 5, 10]:
                late = another(0x30, lambda made: {"threat": made.threat, "keys": of_threat(made.threat)})
                self.server_drops(stage, f"advertisement-at-stage-{stage}", "Another advertisement, when its stage is over.",
                                  "wrong-stage", late)
        if threat:
            self.consistency_signatures()
            if not self.is_complete:
                gone = [self.v, self.far[0]]
                self.case("masked-input-circle-cut", "Two vectors are dropped, which leaves two runs of the circle with two survivors.",
                          {(5, v, SERVER): raw(header[0][2]) for v in sorted(gone)},
                          [(SERVER, v, "drop", "trailing-bytes") for v in sorted(gone)], end=(5, "circle-cut"))
        self.revealed_shares()

    def minimum_cohort(self):
        """Enough for the threshold, and too few for the cohort."""
        u, clients = self.u, self.clients
        one = self.v if self.is_complete else self.far[0]
        others = wire.bitmap(clients, [v for v in clients if v != one])

        def refuses(stage, name, how, change):
            self.refuses(stage, "minimum", name, how, "too-few-parties", change)

        if self.is_complete:
            refuses(2, "roster", "A roster above the threshold and below the minimum cohort.", fields(lambda b: b["roster"].pop()))
            refuses(4, "boxes", "Boxes above the threshold and below the minimum cohort.", fields(lambda b: self.hide(b, one)))
        else:
            refuses(4, "sharers", "Sharers above the threshold and below the minimum cohort.",
                    fields(lambda b: b.update(sharers=others)))
        refuses(6, "survivors", "Survivors above the threshold and below the minimum cohort.",
                another(0x35, lambda made: {"survivors": others}))
        for stage in (0, 3, 5):
            self.case(f"minimum-server-at-{stage}", "A message is dropped, and all are needed.",
                      {(stage, u, SERVER): raw(BYTES[0][2])}, [(SERVER, u, "drop", "trailing-bytes")], end=(stage, "too-few-parties"))

    def signed_advertisements(self):
        def drops(name, how, change):
            self.server_drops(0, f"advertisement-{name}", how, "wrong-signature", body(change))

        def sign(made, b, identity, u=self.u, session=None):
            message = graph.advertisement_bytes(session or made.session, u, b["keys"])
            b["keys"]["signature"] = ed25519.sign(identity, message)

        drops("signature-changed", "A bit of the signature.", lambda made, b: b["keys"].update(
            signature=flipped(b["keys"]["signature"])))
        for name in OWN_KEYS if self.is_complete else OWN_KEYS[:1]:
            drops(f"{name}-changed", f"Another {name} under the same signature.",
                  lambda made, b, name=name: b["keys"].update({name: public_key(key_for("another"))}))
        drops("signed-by-another", "Signed by another enrolled identity.",
              lambda made, b: sign(made, b, made.enrolled.identities[self.v]))
        drops("signed-for-another", "Signed by its identity, for another client's advertisement.",
              lambda made, b: sign(made, b, made.enrolled.identities[self.u], self.v))
        drops("of-another-session", "Signed in another round of the same task.",
              lambda made, b: sign(made, b, made.enrolled.identities[self.u], session=other_session(made)))

    def consistency_signatures(self):
        u = self.u

        def drops(name, how, signature):
            self.server_drops(7, f"consistency-{name}", how, "wrong-signature",
                              another(0x39, lambda made: {"signature": signature(made)}))

        drops("signature-changed", "A bit of the signature.", lambda made: flipped(signature_of(made, u)))
        drops("of-another-statement", "A signature under other survivors.",
              lambda made: signature_of(made, u, survivors=[v for v in self.clients if v != self.v]))
        drops("of-other-sharers", "A signature under other sharers.",
              lambda made: signature_of(made, u, sharers=[v for v in self.clients if v != self.v]))
        drops("of-another-round", "A signature under another binding.", lambda made: signature_of(made, u, binding=key_for("binding")))
        drops("of-another-sender", "Another client's signature.", lambda made: signature_of(made, self.v))
        drops("signed-for-another", "Its own signature over another client's id.", lambda made: signature_of(made, u, name=self.v))

    def revealed_shares(self):
        """Shares that are not those that were dealt: `dealer` is the dealer; who holds its shares, ascending."""
        dealer = self.v
        holders = [v for v in self.clients if v in self.honest_round.round.graph.neighbors(dealer) or (self.is_complete and v == dealer)]

        def spoil(b):
            for entry in b["shares"]:
                if entry["of"] == dealer:
                    entry["share"] = flipped(entry["share"], 31)

        def case(name, how, liars, expected, end):
            self.case(f"unmasking-{name}", how, {(10, v, SERVER): fields(spoil) for v in liars}, expected, end=end)

        for number, liar in [(1, holders[0]), (len(holders), holders[-1])]:
            case(f"one-false-share-{number}", "One holder of a client's shares lies: other shares give the secret.", [liar],
                 [(SERVER, liar, "leave-out", "inconsistent-share")], "sum")
        liars = holders[1::2]
        case("too-many-false-shares", "No t shares of a dealer in a row are true.", liars,
             [(SERVER, dealer, "abort", "inconsistent-share")], (10, "inconsistent-share"))

        def without(b):
            b["shares"] = [entry for entry in b["shares"] if entry["of"] != dealer]

        gone = holders[: len(holders) - THRESHOLD + 1]
        self.case("unmasking-too-few-shares", "All answer, but too few reveal a share of one dealer.",
                  {(10, v, SERVER): fields(without) for v in gone}, [(SERVER, dealer, "abort", "too-few-shares")],
                  end=(10, "too-few-shares"))

    # What the server sends: the client sends nothing but that it gives up.

    def header_of(self, stage, what, every):
        header = [entry if entry[0] != "type-of-another-scheme" else (*entry[:2], at(1, lambda _: 0x20)) for entry in BYTES]
        for name, error, change in header if every else header[:1]:
            self.case(f"{what}-{name}", f"The server to {self.u} at stage {stage}: {name}.", {(stage, SERVER, self.u): raw(change)},
                      [(self.u, SERVER, "drop", error)])

    def refuses(self, stage, what, name, how, error, change, reaction="abort", further=None, before=()):
        """further: other messages that are changed as well; before: refusals that come of those."""
        self.case(f"{what}-{name}", how, {(stage, SERVER, self.u): change, **(further or {})},
                  [*before, (self.u, SERVER, reaction, error)])

    def server_messages(self):
        every = self.is_complete and self.is_first
        if self.is_complete:
            self.header_of(2, "roster", every)
            self.rosters()
        else:
            if self.threat:
                self.header_of(1, "root", self.threat == 1)
            self.header_of(2, "neighborhood", self.threat == 0)
            self.neighborhoods()
        self.header_of(4, "boxes", every)
        self.boxes()
        self.sharers()
        self.header_of(6, "survivors", every)
        self.survivors()
        if self.threat:
            if not self.is_complete:
                self.header_of(8, "signature-root", self.threat == 1)
                self.signature_roots()
            self.header_of(9, "witnesses", self.threat == 1)
            self.signatures()

    def rosters(self):
        u, v, threat = self.u, self.clients[0], self.threat

        def refuses(name, how, error, change, reaction="abort"):
            self.refuses(2, "roster", name, how, error, body(change), reaction)

        def keys_of(b, v):
            return next(entry["keys"] for entry in b["roster"] if entry["id"] == v)

        def keep(b, ids):
            b["roster"] = [entry for entry in b["roster"] if entry["id"] in ids]

        if self.is_first:
            refuses("not-ascending", "A roster out of order.", "ids-not-ascending", lambda made, b: b["roster"].reverse(), "drop")
            refuses("repeats-a-client", "A roster with a client twice.", "ids-not-ascending",
                    lambda made, b: b["roster"].insert(0, b["roster"][0]), "drop")
        refuses("without-itself", "The roster leaves out its receiver.", "own-keys-replaced",
                lambda made, b: keep(b, [v for v in self.clients if v != u]))
        for name in self.keys:
            refuses(f"own-{name}-replaced", f"The receiver's own {name} is another one.", "own-keys-replaced",
                    lambda made, b, name=name: keys_of(b, u).update({name: of_threat(threat)[name]}))
        refuses("names-no-client", "The roster names a party that is none of the session.", "unknown-party",
                lambda made, b: b["roster"].insert(3, {"id": 4, "keys": of_threat(threat)}))
        refuses("two-of-at-least-three", "The roster has two clients.", "too-few-parties", lambda made, b: keep(b, [2, u]))
        for other in range(3):
            if other != threat:
                self.refuses(2, "roster", f"of-threat-{other}", "A roster of another threat model.", "wrong-threat", another(
                    0x31, lambda made, other=other: {
                        "threat": other, "roster": [{"id": v, "keys": of_threat(other, f"{v}")} for v in self.clients],
                    }))

        def replace(made, b, name, value):
            keys_of(b, v)[name] = value
            signed_again(made, v, keys_of(b, v))

        for name in ["channelPublicKey", "maskPublicKey"]:
            refuses(f"two-of-the-same-{name}", f"Two clients have the same {name}.", "equal-keys",
                    lambda made, b, name=name: replace(made, b, name, keys_of(b, 2)[name]))
            refuses(f"the-receivers-{name}", f"Another client has the receiver's {name}.", "equal-keys",
                    lambda made, b, name=name: replace(made, b, name, keys_of(b, u)[name]))
            for number, point in enumerate(LOW_ORDER if threat == 0 else LOW_ORDER[1:2]):
                refuses(f"low-order-{name}-{number}", f"A {name} of low order.", "low-order-point",
                        lambda made, b, name=name, point=point: replace(made, b, name, bytes.fromhex(point)))
        refuses("one-key-for-both", "A client has the same channel key and mask key.", "equal-keys",
                lambda made, b: replace(made, b, "channelPublicKey", keys_of(b, v)["maskPublicKey"]))
        if threat == secagg.ACTIVE:
            refuses("keys-of-the-server", "The server's keys in place of a client's.", "wrong-signature",
                    lambda made, b: keys_of(b, v).update({name: of_threat(0)[name] for name in OWN_KEYS}))
            refuses("signature-changed", "A bit of a signature.", "wrong-signature",
                    lambda made, b: keys_of(b, v).update(signature=flipped(keys_of(b, v)["signature"], 40)))
            refuses("of-another-session", "A client's advertisement of another round.", "wrong-signature",
                    lambda made, b: keys_of(b, v).update(old_advertisement(made, v)))
            refuses("of-another-client", "Another client's advertisement, with its signature.", "wrong-signature",
                    lambda made, b: keys_of(b, v).update(old_advertisement(made, 2, made.session)))

    def lie(self, change=None, then=None):
        """A neighborhood of a tree of its own over other advertisements: change(made, advertisements), then(made, body)."""

        def make(made):
            listed = {v: dict(advertised) for v, advertised in advertisements(made).items()}
            if change:
                change(made, listed)
            b = secagg.neighborhood(made.session, listed, made.round.intermediate["entropy"], self.u)
            if then:
                then(made, b)
            return b

        further = {}
        if self.threat:  # the same root was committed to
            def commit(made, data):
                listed = {v: dict(advertised) for v, advertised in advertisements(made).items()}
                change(made, listed)
                root = graph.key_tree(made.session, listed).root
                return wire.encode(made.session, 0x37, {"root": root, "pulse": made.round.setup.pulses[0]})

            further = {(1, SERVER, self.u): commit} if change else {}
        return another(0x38, make), further

    def neighborhoods(self):
        u, v, threat = self.u, self.v, self.threat

        def refuses(name, how, error, change, reaction="abort", further=None):
            self.refuses(2, "neighborhood", name, how, error, change, reaction, further)

        def entry(b, w, where="present"):
            return next(entry for entry in b[where] if entry["id"] == w)

        def lies(name, how, error, change, then=None):
            made_up, further = self.lie(change, then)
            refuses(name, how, error, made_up, further=further)

        def spoil(path):
            path[-1] = flipped(path[-1])

        # Who is named.
        if self.is_first:
            refuses("not-ascending", "The neighbors out of order.", "ids-not-ascending",
                    fields(lambda b: b["present"].reverse()), "drop")
            refuses("repeats-a-neighbor", "A neighbor twice.", "ids-not-ascending",
                    fields(lambda b: b["present"].insert(0, b["present"][0])), "drop")
        refuses("neighbor-missing", "A neighbor is named neither as present nor as absent.", "wrong-parties-in-list",
                fields(lambda b: b["present"].pop()))

        def with_stranger(made, b):
            stranger, tree = self.far[0], graph.key_tree(made.session, advertisements(made))
            path = tree.path(self.clients.index(stranger))
            b["present"] = sorted([*b["present"], {"id": stranger, "keys": advertisements(made)[stranger], "path": path}],
                                  key=lambda e: e["id"])

        refuses("one-that-is-no-neighbor", "A client too many, which is there but no neighbor.", "wrong-parties-in-list",
                body(with_stranger))

        def with_stranger_instead(made, b):
            b["present"].remove(entry(b, v))
            with_stranger(made, b)

        refuses("another-in-place-of-a-neighbor", "A client that is no neighbor in place of one that is.", "wrong-parties-in-list",
                body(with_stranger_instead))
        refuses("absent-and-present", "A neighbor both present and absent.", "wrong-parties-in-list",
                fields(lambda b: b["absent"].append({"id": v, "path": entry(b, v)["path"]})))
        refuses("names-no-client", "A party that is none of the session.", "wrong-parties-in-list",
                fields(lambda b: b["absent"].append({"id": 4, "path": entry(b, v)["path"]})))
        refuses("names-its-receiver", "The receiver among its neighbors.", "wrong-parties-in-list",
                fields(lambda b: b["absent"].append({"id": u, "path": b["ownPath"]})))

        # Paths.
        refuses("own-path-changed", "The receiver's own path.", "own-keys-replaced", fields(lambda b: spoil(b["ownPath"])))
        refuses("path-of-a-present-one-changed", "The path of a neighbor that is there.", "wrong-path",
                fields(lambda b: spoil(entry(b, v)["path"])))
        refuses("present-called-absent", "A neighbor that is there is said to be absent.", "wrong-path", fields(
            lambda b: (b["absent"].append({"id": v, "path": entry(b, v)["path"]}), b["present"].remove(entry(b, v)))))
        for name in self.keys:
            refuses(f"{name}-changed", f"The {name} of a neighbor is not that of the tree.", "wrong-path",
                    fields(lambda b, name=name: entry(b, v)["keys"].update({name: of_threat(threat)[name]})))

        def deeper(b):
            b["depth"] += 1
            for path in [b["ownPath"], *(entry["path"] for entry in b["present"])]:
                path.append(bytes(32))

        refuses("another-depth", "Paths with a sibling more.", "wrong-path", fields(deeper))

        def above(made):
            """The root of a tree that is deeper by one."""
            return graph.node(made.round.tree.root, bytes(32))

        def deeper_tree(made, data):
            listed, root, entropy = advertisements(made), above(made), made.round.intermediate["entropy"]
            binding = graph.binding_of(made.session, root, entropy)

            def path(w):
                return [*made.round.tree.path(self.clients.index(w)), bytes(32)]

            return wire.encode(made.session, 0x38, {
                "threat": threat, "depth": made.round.tree.depth + 1, "root": root, "entropy": entropy, "ownPath": path(u),
                "present": [
                    {"id": w, "keys": listed[w], "path": path(w)} for w in graph.graph_of(made.session, binding).neighbors(u)
                ],
                "absent": [],
            })

        def deeper_root(made, data):
            return wire.encode(made.session, 0x37, {"root": above(made), "pulse": made.round.setup.pulses[0]})

        refuses("deeper-tree", "A tree that is deeper by one, in which all paths lead to the root.", "wrong-path", deeper_tree,
                further={(1, SERVER, u): deeper_root} if threat else {})

        def absent(made, listed):
            del listed[self.missing(made, listed)]

        def absent_path(made, b):
            spoil(b["absent"][0]["path"])

        def absent_present(made, b):
            gone = b["absent"].pop()
            b["present"] = sorted([*b["present"], {**gone, "keys": of_threat(threat)}], key=lambda e: e["id"])

        lies("path-of-an-absent-one-changed", "The path of a neighbor that is not there.", "wrong-path", absent, absent_path)
        lies("absent-called-present", "A neighbor that is not in the tree, with keys that somebody made up.", "wrong-path",
             absent, absent_present)
        lies("without-itself", "A tree without its receiver.", "own-keys-replaced", lambda made, listed: listed.pop(u))
        for name in self.keys:
            lies(f"own-{name}-replaced", f"A tree in which the receiver has another {name}.", "own-keys-replaced",
                 lambda made, listed, name=name: listed[u].update({name: of_threat(threat)[name]}))
        lies("too-few-neighbors", "A tree with two neighbors of the receiver.", "too-few-parties",
             lambda made, listed: self.leave(made, listed, 2))

        # Root, entropy, threat model.
        if threat:
            def other_root(made, listed):
                listed[v] = signed_again(made, v, {**listed[v], "maskPublicKey": public_key(key_for("other root"))})

            made_up, _ = self.lie(other_root)
            refuses("another-root", "Another tree than the server has committed to.", "root-replaced", made_up)
            self.case("root-another", "The server commits to another root.",
                      {(1, SERVER, u): fields(lambda b: b.update(root=flipped(b["root"])))}, [(u, SERVER, "abort", "root-replaced")])
            self.case("root-another-pulse", "The server commits to another pulse.",
                      {(1, SERVER, u): fields(lambda b: b.update(pulse=b["pulse"] + 1))}, [(u, SERVER, "abort", "wrong-entropy")])

            def own_entropy(made, data):
                entropy = key_for("chosen entropy")
                return wire.encode(made.session, 0x38, secagg.neighborhood(made.session, advertisements(made), entropy, u))

            refuses("chosen-entropy", "Entropy that the server chose, and the neighborhood that comes of it.", "wrong-entropy",
                    own_entropy)
        else:
            refuses("another-root", "A root to which no path leads.", "own-keys-replaced",
                    fields(lambda b: b.update(root=flipped(b["root"]))))
        for other in range(3):
            if other != threat:
                def of_other(made, other=other):
                    b = secagg.neighborhood(made.session, advertisements(made), made.round.intermediate["entropy"], u)
                    for listed in b["present"]:
                        listed["keys"] = of_threat(other, str(listed["id"]))
                    return {**b, "threat": other}

                refuses(f"of-threat-{other}", "A neighborhood of another threat model.", "wrong-threat", another(0x38, of_other))

        # Keys, in trees that fit.
        def replace(made, listed, name, value):
            whom = self.neighbor_after(made, listed, name, value)
            listed[whom] = signed_again(made, whom, {**listed[whom], name: value(whom) if callable(value) else value})

        for name in ["channelPublicKey", "maskPublicKey"]:
            lies(f"the-receivers-{name}", f"A neighbor has the receiver's {name}.", "equal-keys",
                 lambda made, listed, name=name: replace(made, listed, name, listed[u][name]))
            for number, point in enumerate(LOW_ORDER[1:2]):
                lies(f"low-order-{name}-{number}", f"A {name} of low order.", "low-order-point",
                     lambda made, listed, name=name, point=point: replace(made, listed, name, bytes.fromhex(point)))
        lies("one-key-for-both", "A neighbor has the same channel key and mask key.", "equal-keys",
             lambda made, listed: replace(made, listed, "channelPublicKey", lambda w: listed[w]["maskPublicKey"]))
        if threat == secagg.ACTIVE:
            def forge(made, listed, forged):
                """forged(w) gives another advertisement, for a neighbor in the tree that it makes."""
                for w in self.clients:
                    tried = {**listed, w: {**listed[w], **forged(w)}}
                    if w != u and w in self.neighbors_in(made, tried):
                        listed.update(tried)
                        return
                raise AssertionError

            lies("keys-of-the-server", "The server's keys in place of a client's, in a tree that fits.", "wrong-signature",
                 lambda made, listed: forge(made, listed, lambda w: {name: of_threat(0)[name] for name in OWN_KEYS}))
            lies("signature-changed-in-the-tree", "A bit of a signature, in a tree that fits.", "wrong-signature",
                 lambda made, listed: forge(made, listed, lambda w: {"signature": flipped(listed[w]["signature"], 40)}))
            lies("of-another-session", "A client's advertisement of another round.", "wrong-signature",
                 lambda made, listed: forge(made, listed, lambda w: old_advertisement(made, w)))

    def neighbors_in(self, made, listed):
        """The neighbors of u in the graph that a tree over these advertisements makes."""
        session = made.session
        binding = graph.binding_of(session, graph.key_tree(session, listed).root, made.round.intermediate["entropy"])
        return graph.graph_of(session, binding).neighbors(self.u)

    def missing(self, made, listed):
        """A client whose absence makes it an absent neighbor."""
        for w in self.clients:
            if w != self.u and w in self.neighbors_in(made, {x: keys_ for x, keys_ in listed.items() if x != w}):
                return w
        raise AssertionError

    def leave(self, made, listed, count):
        """Takes clients away until u has `count` neighbors."""
        others = [w for w in self.clients if w != self.u]
        for gone in range(1, len(others)):
            tried = {w: keys_ for w, keys_ in listed.items() if w not in others[:gone]}
            if len(set(self.neighbors_in(made, tried)) & set(tried)) == count:
                for w in others[:gone]:
                    del listed[w]
                return
        raise AssertionError

    def neighbor_after(self, made, listed, name, value):
        """A client that is a neighbor once it has this key."""
        for w in self.clients:
            changed = signed_again(made, w, {**listed[w], name: value(w) if callable(value) else value})
            if w != self.u and w in self.neighbors_in(made, {**listed, w: changed}):
                return w
        raise AssertionError

    def boxes(self):
        u, v, w = self.u, self.v, self.w

        def refuses(name, how, error, change, reaction="abort"):
            self.refuses(4, "boxes", name, how, error, fields(change), reaction)

        def insert(sender):
            return lambda b: b.update(shares=sorted([*b["shares"], {"from": sender, "box": bytes(88)}], key=lambda e: e["from"]))

        if self.is_first:
            refuses("not-ascending", "Boxes out of order.", "ids-not-ascending", lambda b: b["shares"].reverse(), "drop")
        refuses("one-from-itself", "A box from the receiver itself.", "unknown-party", insert(u))
        refuses("one-from-outside", "A box from a party that is none of the session.", "unknown-party", insert(4))
        if not self.is_complete:
            refuses("one-from-no-neighbor", "A box from a client that is no neighbor.", "unknown-party", insert(self.far[0]))
        few = THRESHOLD - 1 - self.is_complete
        refuses("one-too-few", "A box less than is needed, and sharers that fit.", "too-few-parties",
                lambda b: self.hide(b, *[entry["from"] for entry in b["shares"]][few:]))

        def left_out(name, how, change, error="box-does-not-open", route=(4, SERVER, u)):
            self.case(f"boxes-{name}", how, {route: change}, [(u, v, "leave-out", error)], end="sum")

        def put(make):
            def change(made, b):
                for entry in b["shares"]:
                    if entry["from"] == v:
                        entry["box"] = make(made, entry["box"])
            return body(change)

        left_out("one-changed", "A bit of a box: its receiver holds no share of that dealer.", put(lambda made, box: flipped(box, 7)))
        left_out("one-for-another", "The box that the same dealer has sealed for another client.",
                 put(lambda made, box: next(e["box"] for e in sent(made, 3, v)["shares"] if e["to"] == self.other_holder())))
        left_out("one-of-another-round", "A box under the keys of this round, and the binding of another.",
                 put(lambda made, box: sealed_again(made, v, u, box, binding=key_for("binding"))))

        def wrong_names(made, b):
            for entry in b["shares"]:
                if entry["to"] == u:
                    entry["box"] = sealed_again(made, v, u, entry["box"], names=(w, u))

        left_out("one-names-another", "A dealer seals a share for its receiver that names another dealer.", body(wrong_names),
                 "wrong-parties-in-share", (3, v, SERVER))

    def other_holder(self):
        near = self.honest_round.round.graph.neighbors(self.v)
        return next(w for w in near if w != self.u)

    def but(self, *gone):
        return [w for w in self.clients if w not in gone]

    def hide(self, b, *gone):
        """0x33 as if these had dealt no shares."""
        b["sharers"] = wire.bitmap(self.clients, [w for w in wire.members(self.clients, b["sharers"]) if w not in gone])
        b["shares"] = [entry for entry in b["shares"] if entry["from"] not in gone]

    def bitmaps(self, stage, what):
        """The bitmap is the first thing in the body."""
        size, where = (len(self.clients) + 7) // 8, HEADER
        for name, how, error, change in [
            ("bit-beyond-the-clients", f"A bit of {what} that is nobody's.", "nonzero-padding",
             at(where + 1 + size, lambda byte: byte | 0x80)),
            ("one-byte-more", f"A byte more of {what}.", "wrong-count",
             lambda data: data[:where] + wire.u16(size + 1) + data[where + 2 : where + 2 + size] + b"\0" + data[where + 2 + size :]),
            ("empty", f"No byte of {what}.", "wrong-count",
             lambda data: data[:where] + wire.u16(0) + data[where + 2 + size :]),
        ]:
            self.refuses(stage, what, name, how, error, raw(change), "drop")

    def sharers(self):
        u, v, but = self.u, self.v, self.but
        # Whom the receiver cannot tell to be hidden: over the complete graph the box is hidden too.
        hidden = v if self.is_complete else self.far[0]

        def told(listed):
            return fields(lambda b: b.update(sharers=wire.bitmap(self.clients, listed)))

        def without_box(sender):
            return fields(lambda b: b.update(shares=[entry for entry in b["shares"] if entry["from"] != sender]))

        def refuses(name, how, error, change, **more):
            self.refuses(4, "sharers", name, how, error, change, **more)

        if self.is_first:
            self.bitmaps(4, "sharers")
        refuses("without-itself", "The sharers leave out the receiver.", "own-input-dropped", told(but(u)))
        refuses("without-one-whose-box-came", "The sharers leave out one whose box came.", "sharers-contradict-boxes", told(but(v)))
        refuses("of-the-receiver-alone", "The sharers are the receiver, and all boxes came.", "sharers-contradict-boxes", told([u]))
        refuses("box-missing", "The sharers name a neighbor, and its box is not there.", "sharers-contradict-boxes", without_box(v))
        if self.is_complete:
            # v's shares are dropped, and the receiver is told that they came.
            refuses("one-that-has-not-dealt", "The sharers name a client whose shares did not come.", "sharers-contradict-boxes",
                    told(self.clients), further={(3, v, SERVER): raw(BYTES[0][2])}, before=[(SERVER, v, "drop", "trailing-bytes")])

        def hide(b):
            if self.is_complete:
                self.hide(b, hidden)
            else:
                b["sharers"] = wire.bitmap(self.clients, but(hidden))

        def second(made, data):
            return fields(hide)(made, data)

        self.case("sharers-a-second-time", "The boxes a second time, with other sharers: the first count.", {},
                  [(u, SERVER, "drop", "conflicting-message")], added={(4, SERVER, u): second}, end="sum")

        def others(name, how, error, changes, who=(u, SERVER, "abort")):
            """One client is told other sharers, and masks what nobody can unmask."""
            self.case(f"sharers-others-for-one-{name}", how, {(4, SERVER, u): fields(hide), **changes}, [(*who, error)], end="sum",
                      cancels=False)

        told_survivors = {(6, SERVER, u): another(0x35, lambda made: {"survivors": wire.bitmap(self.clients, but(hidden))})}
        others("who-survive", "One client is told other sharers, which it accepts; its masks do not cancel; who survives tells it.",
               "survivors-not-sharers", {})
        if self.threat:
            others("who-are-lost", "One client is told other sharers, and survivors that fit: it signs another statement.",
                   "wrong-signature", told_survivors, who=(SERVER, u, "drop"))
            # A signature that the server takes, so that the client is sent those of the rest.
            taken = {(7, u, SERVER): another(0x39, lambda made: {"signature": signature_of(made, u, variation=b"another nonce")})}
            others("and-the-others-signatures", "One client is told other sharers, survivors that fit, and what the rest has signed.",
                   "too-few-witnesses", told_survivors | taken)

    def survivors(self):
        u, v, clients, but = self.u, self.v, self.clients, self.but

        def shown(survivors):
            return another(0x35, lambda made: {"survivors": wire.bitmap(clients, survivors)})

        def refuses(name, how, error, change, reaction="abort", **more):
            self.refuses(6, "survivors", name, how, error, change, reaction, **more)

        def no_sharer(name, how, whom, lost):
            refuses(name, how, "survivors-not-sharers", shown(but(lost)), further={(3, whom, SERVER): raw(BYTES[0][2])},
                    before=[(SERVER, whom, "drop", "trailing-bytes")])

        if self.is_first:
            self.bitmaps(6, "survivors")
        no_sharer("one-that-is-no-sharer", "A survivor that has dealt no shares.", v, self.w if self.is_complete else self.far[0])
        refuses("without-itself", "The survivors leave out the receiver.", "own-input-dropped", shown(but(u)))
        if not self.is_complete:
            no_sharer("stranger-that-is-no-sharer", "A survivor that is no neighbor and has dealt no shares.", self.far[0], v)
            refuses("two-neighbors-left", "Of the receiver's neighbors two survive.", "too-few-parties", shown(but(*self.near[2:])))
        refuses("two-of-at-least-three", "Two survivors.", "too-few-parties", shown([u, v]))
        if self.threat and not self.is_complete:
            refuses("circle-cut", "Three neighbors survive, but two runs of the circle have two survivors together.", "circle-cut",
                    shown(but(v, self.far[0])))
        if self.threat:
            self.case("survivors-others-for-one", "One client is told other survivors, which it accepts: it signs another statement.",
                      {(6, SERVER, u): shown(but(v))}, [(SERVER, u, "drop", "wrong-signature")], end="sum")

        def second(made, data):
            return shown(but(v))(made, data)

        self.case("survivors-a-second-time", "A second request with other survivors: the first counts.", {},
                  [(u, SERVER, "drop", "conflicting-message")], added={(6, SERVER, u): second}, end="sum")

        def old_boxes(made, data):
            b = sent(made, 4, SERVER, u)
            return wire.encode(made.session, 0x33, {**b, "shares": b["shares"][1:]})

        refuses("boxes-in-their-place", "Other boxes, when their stage is over.", "wrong-stage", old_boxes, "drop")

    def signature_roots(self):
        u = self.u

        def refuses(name, how, error, change, reaction="abort"):
            self.refuses(8, "signature-root", name, how, error, change, reaction)

        def numbers(first):
            return range(first, first + 1000)

        def another_root(made, b):
            """One over which the witnesses whose signatures come are witnesses too."""
            roots = (key_for(f"signature root {number}") for number in numbers(0))
            b["signatureRoot"] = next(root for root in roots if set(self.witnesses) <= set(self.drawn(made, root=root)))

        def another_pulse(made, b):
            """One under which somebody is no witness whose signature comes."""
            beacon = made.round.setup.beacon
            b["pulse"] = next(
                pulse for pulse in numbers(b["pulse"] + 1)
                if not set(self.witnesses) <= set(self.drawn(made, entropy=beacon(pulse)))
            )

        def old_root(made, data):
            b = sent(made, 1, SERVER, u)
            return wire.encode(made.session, 0x37, {**b, "root": flipped(b["root"])})

        refuses("another", "Another root, to which no path of a signature leads.", "wrong-path", body(another_root))
        refuses("another-pulse", "Another pulse, by which the signatures that come are not all of witnesses.", "too-few-witnesses",
                body(another_pulse))
        refuses("first-root-in-its-place", "Another root of the keys, when its stage is over, and no root of the signatures.",
                "wrong-stage", old_root, "drop")

    def lie_about_signatures(self, change, then=None):
        """0x3c and 0x3b to the receiver over other signatures: change(made, signed), then(made, body)."""
        def listed(made):
            signed = dict(made.round.signed)
            change(made, signed)
            return signed

        def root(made, data):
            tree, pulse = graph.signature_tree(made.session, listed(made)), made.round.setup.pulses[1]
            return wire.encode(made.session, 0x3C, {"signatureRoot": tree.root, "pulse": pulse})

        def witnesses(made):
            setup = made.round.setup
            b = secagg.witnesses(
                made.session, made.round.graph, advertisements(made), made.round.intermediate["statement"], listed(made),
                setup.beacon(setup.pulses[1]), self.u,
            )
            if then:
                then(made, b)
            return b

        return {(8, SERVER, self.u): root, (9, SERVER, self.u): another(0x3B, witnesses)}

    def spoiled(self, made, signed, signature):
        """Spoils the signature of a client that is, with the tree that comes of it, a witness whose signature is sent."""
        for w in self.clients:
            tried = {**signed, w: signature(made, w)}
            drawn = self.drawn(made, root=graph.signature_tree(made.session, tried).root)
            if w in sorted(drawn)[:THRESHOLD]:
                signed.update(tried)
                return w
        raise AssertionError

    def signatures(self):
        u, threat = self.u, self.threat

        def other_than(w):
            return next(x for x in self.clients if x not in (u, w))

        name_of_list = "signatures" if self.is_complete else "witnesses"

        def refuses(name, how, change, error="too-few-witnesses", reaction="abort"):
            self.refuses(9, "witnesses", name, how, error, body(lambda made, b: change(made, b[name_of_list])), reaction)

        def false(name, how, signature, then=None):
            """A signature that is not the witness's, in a tree that fits: signature(made, witness)."""
            if self.is_complete:
                refuses(name, how, lambda made, entries: entries[0].update(signature=signature(made, entries[0]["id"])))
                return
            lie = self.lie_about_signatures(lambda made, signed: self.spoiled(made, signed, signature), then)
            self.case(f"witnesses-{name}", how, lie, [(u, SERVER, "abort", "too-few-witnesses")], end="sum")

        refuses("one-too-few", "A signature less than is needed.", lambda made, entries: entries.pop())
        refuses("none", "No signature.", lambda made, entries: entries.clear())
        if threat == secagg.SEMI_MALICIOUS:
            refuses("not-ascending", "Signatures out of order.", lambda made, entries: entries.reverse(), "ids-not-ascending", "drop")
            refuses("one-twice", "A signature twice.", lambda made, entries: entries.insert(0, entries[0]), "ids-not-ascending",
                    "drop")
        false("signature-changed", "A bit of a signature.", lambda made, w: flipped(signature_of(made, w), 40))
        false("of-another-statement", "A witness's signature under other survivors.",
              lambda made, w: signature_of(made, w, survivors=self.but(self.v)))
        false("of-other-sharers", "A witness's signature under other sharers.",
              lambda made, w: signature_of(made, w, sharers=self.but(self.v)))
        false("of-another-round", "A witness's signature under another binding.",
              lambda made, w: signature_of(made, w, binding=key_for("binding")))
        false("of-another-sender", "Another client's signature in a witness's name.", lambda made, w: signature_of(made, u))
        false("signed-for-another", "A witness's signature over another client's id.",
              lambda made, w: signature_of(made, w, name=other_than(w)))

        def entry_of(made, w):
            """As the server would send it, with the tree that there is."""
            if self.is_complete:
                return {"id": w, "signature": signature_of(made, w)}
            entry, = secagg.witnesses(
                made.session, made.round.graph, advertisements(made), None, made.round.signed, None, u, [w]
            )["witnesses"]
            return entry

        def ascending(entries):
            return sorted(entries, key=lambda entry: entry["id"])

        refuses("one-that-is-no-witness", "A valid signature of a client that is no witness of the receiver's.",
                lambda made, entries: entries.__setitem__(
                    slice(None), ascending([*entries[1:], entry_of(made, self.no_witness)])))
        refuses("enough-and-one-that-is-no-witness", "Enough signatures of witnesses, and one of a client that is no witness.",
                lambda made, entries: entries.__setitem__(slice(None), ascending([*entries, entry_of(made, self.no_witness)])))
        if self.is_complete:
            return

        # The tree over the signatures.
        refuses("signature-path-changed", "The path of a signature.", lambda made, entries: entries[0]["signaturePath"].__setitem__(
            0, flipped(entries[0]["signaturePath"][0])), "wrong-path")
        refuses("signature-path-of-another", "The path of another client's signature.", lambda made, entries: entries[0].update(
            signaturePath=entries[1]["signaturePath"]), "wrong-path")

        def lies(name, how, change, then):
            self.case(f"witnesses-{name}", how, self.lie_about_signatures(change, then), [(u, SERVER, "abort", "wrong-path")], end="sum")

        def absent(made, signed):
            """Leaves out the signature of one who is a witness then."""
            for w in self.clients:
                tried = {x: signature for x, signature in signed.items() if x != w}
                if w in self.drawn(made, root=graph.signature_tree(made.session, tried).root):
                    del signed[w]
                    return w
            raise AssertionError

        def sent_all_the_same(made, b):
            signed = dict(made.round.signed)
            w = absent(made, signed)
            path = graph.signature_tree(made.session, signed).path(self.clients.index(w))
            b["witnesses"] = ascending([*b["witnesses"][1:], {**entry_of(made, w), "signaturePath": path}])

        lies("signature-not-in-the-tree", "A valid signature of a witness that is not in the tree.", absent, sent_all_the_same)

        def deeper_root(made):
            return graph.node(made.round.intermediate["signatureRoot"], bytes(32))

        def deeper(made):
            entries = [entry_of(made, w) for w in sorted(self.drawn(made, root=deeper_root(made)))[:THRESHOLD]]
            for entry in entries:
                for name in ["signaturePath", *(["path"] if "path" in entry else [])]:
                    entry[name] = [*entry[name], bytes(32)]
            return {"threat": threat, "depth": made.round.tree.depth + 1, "witnesses": entries}

        self.case("witnesses-deeper-tree", "A tree of signatures that is deeper by one, in which all their paths lead to the root.", {
            (8, SERVER, u): body(lambda made, b: b.update(signatureRoot=deeper_root(made))), (9, SERVER, u): another(0x3B, deeper),
        }, [(u, SERVER, "abort", "wrong-path")], end="sum")

        # The keys of witnesses, which come along where they are not enrolled.
        if threat == secagg.SEMI_MALICIOUS:
            for name in ["channelPublicKey", "verifyingKey"]:
                refuses(f"{name}-changed", f"Another {name} of a witness than that of the tree.",
                        lambda made, entries, name=name: entries[0]["keys"].update({name: of_threat(1)[name]}))
            seed = key_for("forger")

            def forged(made, b):
                """The server's key for whom it has signed."""
                for entry in b["witnesses"]:
                    if entry["signature"] != made.round.signed[entry["id"]]:
                        entry["keys"]["verifyingKey"] = ed25519.public_key(seed)

            false("signed-by-the-server", "A key of the server's in a witness's name, and its signature.",
                  lambda made, w: signature_of(made, w, seed=seed), forged)
            refuses("path-changed", "The path of a witness.",
                    lambda made, entries: entries[0]["path"].__setitem__(0, flipped(entries[0]["path"][0])))
        self.refuses(9, "witnesses", "of-threat-0", "Witnesses of a threat model that has none.", "unknown-threat",
                     raw(at(HEADER, lambda _: 0)), "drop")
        other = 3 - threat

        def of_other(made):
            entries = [entry_of(made, w) for w in self.witnesses]
            for entry in entries:
                path = entry.pop("path", None) or made.round.tree.path(self.clients.index(entry["id"]))
                entry.pop("keys", None)
                entry |= {"keys": of_threat(1), "path": path} if other == secagg.SEMI_MALICIOUS else {}
            return {"threat": other, "depth": made.round.tree.depth, "witnesses": entries}

        self.refuses(9, "witnesses", f"of-threat-{other}", "Witnesses of another threat model.", "wrong-threat",
                     another(0x3B, of_other))


def other_session(made):
    """The session of the next round of the same task."""
    context = {**made.session.context, "round": made.session.context["round"] + 1}
    session = wire.Session(
        made.session.scheme, BITS, DIMENSION, made.session.parameters, made.session.contributors, made.session.helpers, context
    )
    session.threat = made.threat
    return session


def old_advertisement(made, v, session=None):
    """What v's identity has signed in another round (or, in this one, for itself), over other keys."""
    out = {name: public_key(key_for(f"old {name}")) for name in OWN_KEYS}
    message = graph.advertisement_bytes(session or other_session(made), v, out)
    return {**out, "signature": ed25519.sign(made.enrolled.identities[v], message)}


def signature_of(made, v, survivors=None, sharers=None, binding=None, name=None, seed=None, variation=b""):
    """v's consistency signature; over other survivors or sharers, under another binding, in another's name, by another key, or
    with another nonce."""
    clients, binding = made.session.contributors, binding or made.round.intermediate["binding"]
    mask_binding = graph.mask_binding_of(binding, wire.bitmap(clients, clients if sharers is None else sharers))
    statement = graph.statement_of(mask_binding, wire.bitmap(clients, clients if survivors is None else survivors))
    message = graph.consistency_bytes(mask_binding, v if name is None else name, statement)
    return ed25519.sign(seed or made.round.clients[v].signing_seed, message, variation)


def sealed_again(made, v, u, box, binding=None, names=None):
    """v's box for u with the shares that are in it, under another binding, or naming others."""
    dealer = made.round.clients[v]
    key, bound = dealer.channel_key(v, u), dealer.bound
    plaintext = keys.open_box(bound, key, 0x32, v, u, box)
    if names:
        plaintext = wire.u32(names[0]) + wire.u32(names[1]) + plaintext[8:]
    if binding:
        dealer.bound = graph.Bound(made.session, binding)
        key = dealer.channel_key(v, u)
    sealed = keys.seal(dealer.bound, key, 0x32, v, u, plaintext)
    dealer.bound = bound
    return sealed


def masking_rounds(scheme):
    cases, rounds = [], Rounds()
    for threat in [0, 1, 2]:
        made = Cases(scheme, threat, rounds, cases)
        made.client_messages()
        made.server_messages()
        Cases(scheme, threat, rounds, cases, needs_all=True).minimum_cohort()
    for listed in rounds.listed:
        share_messages(listed, [case for case in cases if case["round"] == listed["id"]])
    return {"rounds": rounds.listed, "cases": cases}


def share_messages(listed, cases):
    """Moves what honest parties answer in several cases to a list of the round, and says its number there.

    Of many cases the answers are the same, since the same client has given up.
    """
    counts = {}

    def key(message):
        return message["stage"], message["from"], message["to"], message["bytes"]

    def shared(case):
        special = {entry["index"] for entry in case["replaced"]} | set(case["added"])
        return [i for i, m in enumerate(case["messages"]) if isinstance(m, dict) and i not in special]

    for case in cases:
        for i in shared(case):
            counts[key(case["messages"][i])] = counts.get(key(case["messages"][i]), 0) + 1
    numbers = {}
    listed["others"] = []
    for case in cases:
        for i in shared(case):
            message = case["messages"][i]
            if counts[key(message)] > 1:
                if key(message) not in numbers:
                    numbers[key(message)] = len(listed["messages"]) + len(listed["others"])
                    listed["others"].append(message)
                case["messages"][i] = numbers[key(message)]
