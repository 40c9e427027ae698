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
            statement = self.honest_round.round.intermediate["statement"]
            self.witnesses = sorted(the_graph.witnesses(statement, u))[: THRESHOLD - self.is_complete]
            self.no_witness = next((v for v in self.clients if v != u and v not in the_graph.witnesses(statement, u)), u)

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

    def case(self, name, how, changes, expected, added=None, end=None):
        """changes, added: route -> change(made, bytes). end: "sum", or (stage, error) of the server, or None for either."""
        made = self.make()
        for given, into in [(changes, made.log.faults.replace), (added or {}, made.log.faults.added)]:
            for route, change in given.items():
                into[route] = lambda data, change=change: change(made, data)
        try:
            _, fields_, included, total = made.run()
            assert total == made.setting.sum_of(included), name
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
        missing_in = {0: "U1", 3: "U2", 5: "U3", 7: "U4", 9: "U5"}[stage]
        assert whom not in outcome[missing_in]

    def client_messages(self):
        u, threat = self.u, self.threat
        every = self.is_complete and threat == 0
        sends = {0: "advertisement", 3: "shares", 5: "masked-input"} | ({7: "consistency"} if threat else {}) | {9: "unmasking"}
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
            self.server_drops(9, "unmasking-not-ascending", "A list out of order.", "ids-not-ascending", swap)

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
            for stage in [3, 5, 9]:
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
        everybody = wire.bitmap(clients, clients)
        others = wire.bitmap(clients, [v for v in clients if v != one])

        def refuses(stage, name, how, change):
            self.refuses(stage, "minimum", name, how, "too-few-parties", change)

        if self.is_complete:
            def shorter(name):
                return fields(lambda b: b[name].pop())

            refuses(2, "roster", "A roster above the threshold and below the minimum cohort.", shorter("roster"))
            refuses(4, "boxes", "Boxes above the threshold and below the minimum cohort.", shorter("shares"))
        else:
            refuses(6, "sharers", "Sharers above the threshold and below the minimum cohort.",
                    another(0x35, lambda made: {"sharers": others, "survivors": others}))
        refuses(6, "survivors", "Survivors above the threshold and below the minimum cohort.",
                another(0x35, lambda made: {"sharers": everybody, "survivors": others}))
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
            self.case(f"unmasking-{name}", how, {(9, v, SERVER): fields(spoil) for v in liars}, expected, end=end)

        for number, liar in [(1, holders[0]), (len(holders), holders[-1])]:
            case(f"one-false-share-{number}", "One holder of a client's shares lies: other shares give the secret.", [liar],
                 [(SERVER, liar, "leave-out", "inconsistent-share")], "sum")
        liars = holders[1::2]
        case("too-many-false-shares", "No t shares of a dealer in a row are true.", liars,
             [(SERVER, dealer, "abort", "inconsistent-share")], (9, "inconsistent-share"))

        def without(b):
            b["shares"] = [entry for entry in b["shares"] if entry["of"] != dealer]

        gone = holders[: len(holders) - THRESHOLD + 1]
        self.case("unmasking-too-few-shares", "All answer, but too few reveal a share of one dealer.",
                  {(9, v, SERVER): fields(without) for v in gone}, [(SERVER, dealer, "abort", "too-few-shares")],
                  end=(9, "too-few-shares"))

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
        self.header_of(6, "survivors", every)
        self.survivors()
        if self.threat:
            self.header_of(8, "witnesses", self.threat == 1)
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
                return wire.encode(made.session, 0x37, {"root": root, "pulse": made.round.setup.pulse})

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
            return wire.encode(made.session, 0x37, {"root": above(made), "pulse": made.round.setup.pulse})

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
        refuses("one-too-few", "A box less than is needed.", "too-few-parties", lambda b: b["shares"].__delitem__(slice(few, None)))

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

    def survivors(self):
        u, v, clients = self.u, self.v, self.clients

        def shown(sharers, survivors):
            return another(0x35, lambda made: {
                "sharers": wire.bitmap(clients, sharers), "survivors": wire.bitmap(clients, survivors)})

        def but(*gone):
            return [w for w in clients if w not in gone]

        def refuses(name, how, error, change, reaction="abort", **more):
            self.refuses(6, "survivors", name, how, error, change, reaction, **more)

        for number, which in enumerate(["sharers", "survivors"] if self.is_first else []):
            size = (len(clients) + 7) // 8
            where = HEADER + number * (2 + size)
            refuses(f"{which}-bit-beyond-the-clients", f"A bit of {which} that is nobody's.", "nonzero-padding",
                    raw(at(where + 1 + size, lambda byte: byte | 0x80)), "drop")
            refuses(f"{which}-one-byte-more", f"A byte more of {which}.", "wrong-count",
                    raw(lambda data, where=where, size=size: data[: where] + wire.u16(size + 1) + data[where + 2 : where + 2 + size] + b"\0"
                        + data[where + 2 + size :]), "drop")
            refuses(f"{which}-empty", f"No byte of {which}.", "wrong-count",
                    raw(lambda data, where=where, size=size: data[:where] + wire.u16(0) + data[where + 2 + size :]), "drop")
        refuses("one-that-is-no-sharer", "A survivor that has dealt no shares.", "survivors-not-sharers", shown(but(v), clients))
        refuses("without-itself", "The survivors leave out the receiver.", "own-input-dropped", shown(clients, but(u)))
        refuses("without-itself-at-all", "Both lists leave out the receiver.", "own-input-dropped", shown(but(u), but(u)))
        refuses("sharers-without-itself", "The receiver is said to survive without having dealt.", "survivors-not-sharers",
                shown(but(u), clients))
        refuses("sharer-without-its-box", "The sharers leave out one whose box the receiver has.", "sharers-contradict-boxes",
                shown(but(v), but(v)))
        # v's shares are dropped, and the receiver is told that they came.
        refuses("sharer-whose-box-is-missing", "The sharers name a neighbor whose box the receiver has not.",
                "sharers-contradict-boxes", shown(clients, but(v)), further={(3, v, SERVER): raw(BYTES[0][2])},
                before=[(SERVER, v, "drop", "trailing-bytes")])
        if self.is_complete:
            refuses("two-of-at-least-three", "Two survivors.", "too-few-parties", shown(clients, [u, v]))
        else:
            refuses("stranger-that-is-no-sharer", "A survivor that is no neighbor and has dealt no shares.", "survivors-not-sharers",
                    shown(but(self.far[0]), clients))
            refuses("two-neighbors-left", "Of the receiver's neighbors two survive.", "too-few-parties",
                    shown(clients, but(*self.near[2:])))
            refuses("two-of-at-least-three", "Two survivors.", "too-few-parties", shown(clients, [u, v]))
            if self.threat:
                refuses("circle-cut", "Three neighbors survive, but two runs of the circle have two survivors together.", "circle-cut",
                        shown(clients, but(v, self.far[0])))
        if self.threat:
            self.case("survivors-others-for-one", "One client is told other survivors, which it accepts: it signs another statement.",
                      {(6, SERVER, u): shown(clients, but(v))}, [(SERVER, u, "drop", "wrong-signature")], end="sum")

        def second(made, data):
            return shown(clients, but(v))(made, data)

        self.case("survivors-a-second-time", "A second request with other survivors: the first counts.", {},
                  [(u, SERVER, "drop", "conflicting-message")], added={(6, SERVER, u): second}, end="sum")

        def old_boxes(made, data):
            b = sent(made, 4, SERVER, u)
            return wire.encode(made.session, 0x33, {"shares": b["shares"][1:]})

        refuses("boxes-in-their-place", "Other boxes, when their stage is over.", "wrong-stage", old_boxes, "drop")

    def signatures(self):
        u, threat, chosen = self.u, self.threat, self.witnesses
        is_short = self.is_complete or threat == secagg.ACTIVE
        name_of_list = "signatures" if is_short else "witnesses"

        def refuses(name, how, change, error="too-few-witnesses", reaction="abort"):
            self.refuses(8, "witnesses", name, how, error, body(lambda made, b: change(made, b[name_of_list])), reaction)

        def put(name, how, signature):
            refuses(name, how, lambda made, entries: entries[0].update(signature=signature(made, entries[0])))

        refuses("one-too-few", "A signature less than is needed.", lambda made, entries: entries.pop())
        refuses("none", "No signature.", lambda made, entries: entries.clear())
        if threat == secagg.SEMI_MALICIOUS:
            refuses("not-ascending", "Signatures out of order.", lambda made, entries: entries.reverse(), "ids-not-ascending", "drop")
            refuses("one-twice", "A signature twice.", lambda made, entries: entries.insert(0, entries[0]), "ids-not-ascending",
                    "drop")
        put("signature-changed", "A bit of a signature.", lambda made, entry: flipped(entry["signature"], 40))
        put("of-another-statement", "A witness's signature under other survivors.", lambda made, entry: signature_of(
            made, chosen[0], survivors=[v for v in self.clients if v != self.v]))
        put("of-another-round", "A witness's signature under another binding.",
            lambda made, entry: signature_of(made, chosen[0], binding=key_for("binding")))
        put("of-another-sender", "Another client's signature in a witness's name.", lambda made, entry: signature_of(made, u))
        put("signed-for-another", "A witness's signature over another client's id.",
            lambda made, entry: signature_of(made, chosen[0], name=chosen[1]))

        def no_witness(made, entries):
            stranger = self.no_witness
            if is_short:
                entry = {"id": stranger, "signature": signature_of(made, stranger)}
            else:
                entry = secagg.witness(made.session, made.round.tree, advertisements(made), stranger, signature_of(made, stranger))
            entries[:] = sorted([*entries[1:], entry], key=lambda e: e["id"])

        refuses("one-that-is-no-witness", "A valid signature of a client that is no witness of the receiver's.", no_witness)
        if not is_short:
            for name in ["channelPublicKey", "verifyingKey"]:
                refuses(f"{name}-changed", f"Another {name} of a witness than that of the tree.",
                        lambda made, entries, name=name: entries[0]["keys"].update({name: of_threat(1)[name]}))

            def forged(made, entries):
                seed, v = key_for("forger"), chosen[0]
                entries[0]["keys"]["verifyingKey"] = ed25519.public_key(seed)
                entries[0]["signature"] = signature_of(made, v, seed=seed)

            refuses("signed-by-the-server", "A key of the server's in a witness's name, and its signature.", forged)
            refuses("path-changed", "The path of a witness.",
                    lambda made, entries: entries[0]["path"].__setitem__(0, flipped(entries[0]["path"][0])))
            for other in [0, 2]:
                def of_other(made, other=other):
                    b = {"threat": other, "depth": made.round.tree.depth, "witnesses": []}
                    for v in chosen:
                        entry = secagg.witness(made.session, made.round.tree, advertisements(made), v, signature_of(made, v))
                        b["witnesses"].append({**entry, "keys": of_threat(other)})
                    return b

                self.refuses(8, "witnesses", f"of-threat-{other}", "Witnesses of another threat model.", "wrong-threat",
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


def signature_of(made, v, survivors=None, binding=None, name=None, seed=None):
    """v's consistency signature; over other survivors, under another binding, in another's name or by another key."""
    clients = made.session.contributors
    binding = binding or made.round.intermediate["binding"]
    everybody = wire.bitmap(clients, clients)
    statement = graph.statement_of(binding, everybody, everybody if survivors is None else wire.bitmap(clients, survivors))
    message = graph.consistency_bytes(binding, v if name is None else name, statement)
    return ed25519.sign(seed or made.round.clients[v].signing_seed, message)


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
