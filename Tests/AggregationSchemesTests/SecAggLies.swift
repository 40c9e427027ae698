// SPDX-License-Identifier: Apache-2.0

@_spi(Simulation) import PairwiseMasking
import ProtocolCryptography
import RingArithmetic
@_spi(Simulation) import SecureAggregation
import SecureRandomness
import Testing

/// First messages that a server made up, and what it tells one client of them.
struct ForgedKeys {
    let round: SecAggRound
    var advertisements: [PartyID: Advertisement]
    var entropy: HashDigest

    /// The true ones, to be changed.
    init(_ round: SecAggRound, _ progress: SecAggRound.Progress) throws {
        self.round = round
        advertisements = progress.advertisements
        entropy = round.setting.hasBeacon ? try #require(ChosenBeacon().output(of: 7)) : .zero
    }

    var tree: MerkleTree { round.scheme.tree(over: advertisements) }

    var commitment: SecAggRound.Message { .commitment(root: tree.root, pulse: 7) }

    func path(of client: PartyID) -> [UInt8] {
        tree.path(of: round.contributors.firstIndex(of: client) ?? 0)
    }

    func neighbors(of client: PartyID) -> [PartyID] {
        let circle = MaskingCircle(
            count: round.contributors.count,
            neighbors: 6,
            binding: SecAgg<UInt32>.binding(session: round.session, root: tree.root, entropy: entropy)
        )
        return circle.neighbors(of: round.contributors.firstIndex(of: client) ?? 0).map { round.contributors[$0] }
    }

    func present(_ client: PartyID) throws -> Neighborhood.Present {
        Neighborhood.Present(
            entry: RosterEntry(id: client, keys: try #require(advertisements[client])),
            path: path(of: client)
        )
    }

    func neighborhood(of client: PartyID) throws -> Neighborhood {
        let neighbors = neighbors(of: client)
        return Neighborhood(
            threat: round.setting.threat,
            depth: 4,
            root: tree.root,
            entropy: entropy,
            ownPath: path(of: client),
            present: try neighbors.filter { advertisements[$0] != nil }.map(present),
            absent: neighbors.filter { advertisements[$0] == nil }.map {
                Neighborhood.Absent(id: $0, path: path(of: $0))
            }
        )
    }

    /// What the client is sent until it has its neighbors' keys, one step after the other.
    func messages(for client: PartyID) throws -> [[SecAggRound.Message]] {
        guard round.setting.isSparse else {
            let entries = advertisements.sorted { $0.key < $1.key }.map { RosterEntry(id: $0.key, keys: $0.value) }
            return [[.roster(KeyRoster(threat: round.setting.threat, entries: entries))]]
        }
        return (round.setting.hasBeacon ? [[commitment]] : []) + [[.neighborhood(try neighborhood(of: client))]]
    }

    /// The keys, signed by their owner where they have to be: what it would do if it colluded.
    func signed(_ keys: Advertisement, by id: PartyID) throws -> Advertisement {
        guard round.setting.threat == .active else { return keys }
        let bytes = Advertisement.signedBytes(
            session: round.session,
            client: id,
            channelPublicKey: keys.channelPublicKey,
            maskPublicKey: keys.maskPublicKey,
            selfMaskCommitment: keys.selfMaskCommitment
        )
        let key = try #require(round.scheme.enrollment?.signingKeys[id])
        return keys.authenticated(by: .signature(try key.signature(of: bytes)))
    }

    /// The keys of one neighbor of the client changed: of the first one that, after the change, still is its neighbor.
    func changing(
        aNeighborOf client: PartyID,
        _ change: (Advertisement, PartyID) throws -> Advertisement
    ) throws -> (keys: ForgedKeys, changed: PartyID) {
        for id in round.contributors where id != client {
            var forged = self
            forged.advertisements[id] = try change(try #require(advertisements[id]), id)
            if !round.setting.isSparse || forged.neighbors(of: client).contains(id) { return (forged, id) }
        }
        throw AggregationError.outOfOrder
    }
}

extension Advertisement {
    /// The same with other keys.
    func with(channel: KeyAgreementPublicKey? = nil, mask: KeyAgreementPublicKey? = nil) -> Advertisement {
        Advertisement(
            channelPublicKey: channel ?? channelPublicKey,
            maskPublicKey: mask ?? maskPublicKey,
            selfMaskCommitment: selfMaskCommitment,
            authentication: authentication
        )
    }

    /// The same with an authentication that is wrong in this threat model.
    var unauthentic: Advertisement {
        switch authentication {
        case .none:
            let key = try? VerifyingKey([UInt8](repeating: 1, count: 32))
            return authenticated(by: key.map { .verifyingKey($0) } ?? .none)
        case .verifyingKey: return authenticated(by: .none)
        case .signature(var bytes):
            bytes[0] ^= 1
            return authenticated(by: .signature(bytes))
        }
    }
}

extension Neighborhood {
    func with(
        threat: ThreatModel? = nil,
        depth: Int? = nil,
        ownPath: [UInt8]? = nil,
        present: [Present]? = nil,
        absent: [Absent]? = nil
    ) -> Neighborhood {
        Neighborhood(
            threat: threat ?? self.threat,
            depth: depth ?? self.depth,
            root: root,
            entropy: entropy,
            ownPath: ownPath ?? self.ownPath,
            present: present ?? self.present,
            absent: absent ?? self.absent
        )
    }
}

/// A public key that nobody else has.
func foreignKey(_ byte: UInt8) throws -> KeyAgreementPublicKey {
    try KeyAgreementPrivateKey(seed: SecretBytes(copying: [UInt8](repeating: byte, count: 32))).publicKey
}

/// The same bytes with one bit changed.
func flipped(_ bytes: [UInt8]) -> [UInt8] { bytes.enumerated().map { $0 == 0 ? $1 ^ 1 : $1 } }

/// A lie of the server that one refusal is there for, told to client 2.
struct SecAggLie: Sendable, CustomTestStringConvertible {
    /// What the client has behind it when the lie comes.
    enum Step { case advertised, committed, shared, masked, signed, confirmed }
    /// What the client is sent, step by step, and what it says to that.
    typealias Telling = (messages: [[SecAggRound.Message]], violation: ProtocolViolation)

    static let victim: PartyID = 2

    let refusal: SecAggRefusal
    let name: String
    let setting: SecAggSetting
    let step: Step
    /// Other checks that refuse the same lie where this one does not.
    var others: Set<SecAggRefusal> = []
    var threshold: Int?
    var minimumCohort = 3
    var beacon = ChosenBeacon()
    let tell: @Sendable (SecAggRound, SecAggRound.Progress) throws -> Telling

    var testDescription: String { "\(setting.testDescription): \(refusal.rawValue), \(name)" }

    /// What the client does with the lie in the end.
    func told(
        waiving waived: Set<SecAggRefusal>
    ) throws -> (transition: Transition<UInt32, SecAggRound.Message>, violation: ProtocolViolation) {
        let round = try SecAggRound(
            setting,
            threshold: threshold,
            minimumCohort: MinimumCohort(minimumCohort),
            beacon: beacon,
            waiving: waived
        )
        let progress =
            switch step {
            case .advertised: try round.advertised()
            case .committed: try round.committed()
            case .shared: try round.shared()
            case .masked: try round.masked()
            case .signed: try round.signed()
            case .confirmed: try round.confirmed()
            }
        let telling = try tell(round, progress)
        var party = try #require(progress.clients[Self.victim])
        var last: Transition<UInt32, SecAggRound.Message>?
        for messages in telling.messages {
            if case .aborted? = last { break }
            for message in messages { #expect(try party.receive(message, from: SecAggRound.server) == .accepted) }
            last = try party.advance()
        }
        return (try #require(last), telling.violation)
    }
}

extension SecAggLie {
    /// Every lie in every setting in which it can be told.
    static let all: [SecAggLie] = SecAggSetting.all.flatMap { setting in
        var lies = common(setting)
        lies += setting.isSparse ? sparse(setting) : complete(setting)
        if setting.hasBeacon { lies += beacon(setting) }
        if setting.hasConsistencyRound { lies += consistency(setting) }
        return lies
    }

    /// On either graph.
    private static func common(_ setting: SecAggSetting) -> [SecAggLie] {
        let victim = victim
        let firstKeys: Step = .advertised
        var lies: [SecAggLie] = []
        lies.append(
            SecAggLie(
                refusal: .duplicateKey, name: "a mask key that is the client's own", setting: setting, step: firstKeys
            ) { round, progress in
                let forged = try ForgedKeys(round, progress)
                let own = try #require(progress.advertisements[victim])
                let (lie, id) = try forged.changing(aNeighborOf: victim) { keys, id in
                    try forged.signed(keys.with(mask: own.maskPublicKey), by: id)
                }
                return (try lie.messages(for: victim), .duplicateKey(id))
            })
        lies.append(
            SecAggLie(refusal: .duplicateKey, name: "one key for both uses", setting: setting, step: firstKeys) {
                round, progress in
                let forged = try ForgedKeys(round, progress)
                let (lie, id) = try forged.changing(aNeighborOf: victim) { keys, id in
                    try forged.signed(keys.with(channel: keys.maskPublicKey), by: id)
                }
                return (try lie.messages(for: victim), .duplicateKey(id))
            })
        lies.append(
            SecAggLie(refusal: .ownKeysChanged, name: "other keys in its name", setting: setting, step: firstKeys) {
                round, progress in
                var lie = try ForgedKeys(round, progress)
                let own = try #require(lie.advertisements[victim])
                lie.advertisements[victim] = try lie.signed(own.with(channel: foreignKey(3)), by: victim)
                return (try lie.messages(for: victim), .ownKeysChanged)
            })
        lies.append(
            SecAggLie(refusal: .ownKeysChanged, name: "no keys in its name", setting: setting, step: firstKeys) {
                round, progress in
                var lie = try ForgedKeys(round, progress)
                lie.advertisements[victim] = nil
                return (try lie.messages(for: victim), .ownKeysChanged)
            })
        lies.append(
            SecAggLie(
                refusal: .badAdvertisement, name: "keys of another threat model, or not signed", setting: setting,
                step: firstKeys
            ) { round, progress in
                let (lie, id) = try ForgedKeys(round, progress).changing(aNeighborOf: victim) { keys, _ in
                    keys.unauthentic
                }
                return (try lie.messages(for: victim), .badSignature(id))
            })
        lies.append(
            SecAggLie(
                refusal: .hiddenSharer, name: "a box is kept back", setting: setting, step: .shared
            ) { round, progress in
                let boxes = progress.delivered[victim] ?? []
                return (
                    [[round.delivery(boxes.dropLast())]], .hiddenSharer(try #require(boxes.last).party)
                )
            })
        lies.append(
            SecAggLie(
                refusal: .hiddenSharer, name: "a client whose box came is said not to have shared", setting: setting,
                step: .shared
            ) { round, progress in
                let hidden = try #require(progress.neighbors(of: victim).last)
                let others = round.contributors.filter { $0 != hidden }
                return ([[round.delivery(progress.delivered[victim], sharers: others)]], .hiddenSharer(hidden))
            })
        lies.append(
            SecAggLie(
                refusal: .receiverMisplaced, name: "itself not among the sharers", setting: setting, step: .shared
            ) { round, progress in
                let others = round.contributors.filter { $0 != victim }
                return ([[round.delivery(progress.delivered[victim], sharers: others)]], .receiverMisplaced)
            })
        lies.append(
            SecAggLie(
                refusal: .survivorNotSharer, name: "alive after it was lost", setting: setting, step: .shared
            ) { round, progress in
                let boxes = progress.delivered[victim] ?? []
                let lost = try #require(boxes.last).party
                return (
                    [
                        [round.delivery(boxes.dropLast(), sharers: round.contributors.filter { $0 != lost })],
                        [round.survivors(round.contributors)],
                    ],
                    .survivorNotSharer(lost)
                )
            })
        lies.append(
            SecAggLie(
                refusal: .receiverMisplaced, name: "itself lost", setting: setting, step: .masked
            ) { round, _ in
                ([[round.survivors(round.contributors.filter { $0 != victim })]], .receiverMisplaced)
            })
        lies.append(
            SecAggLie(
                refusal: .badBitmap, name: "a bit beyond the last client", setting: setting, step: .masked,
                others: [.survivorNotSharer]
            ) { round, _ in
                let count = round.contributors.count
                let set = ClientSet(positions: Array(0..<count) + [count + 1], of: (count + 7) / 8 * 8)
                return ([[.survivors(set)]], .badBitmap)
            })
        lies.append(
            SecAggLie(
                refusal: .badBitmap, name: "a byte too many", setting: setting, step: .masked
            ) { round, _ in
                let count = round.contributors.count
                let set = ClientSet(positions: 0..<count, of: count + 8)
                return ([[.survivors(set)]], .badBitmap)
            })
        lies.append(
            SecAggLie(
                refusal: .badBitmap, name: "sharers beyond the last client", setting: setting, step: .shared
            ) { round, progress in
                let count = round.contributors.count
                let set = ClientSet(positions: Array(0..<count) + [count + 1], of: (count + 7) / 8 * 8)
                return ([[.deliveredShares(progress.delivered[victim] ?? [], sharers: set)]], .badBitmap)
            })
        lies.append(
            SecAggLie(
                refusal: .tooFewSurvivors, name: "fewer than the minimum cohort", setting: setting, step: .masked,
                minimumCohort: setting.isSparse ? 13 : 4
            ) { round, _ in
                let (have, need) = setting.isSparse ? (12, 13) : (3, 4)
                return (
                    [[round.survivors(Array(round.contributors.prefix(have)))]], .tooFewParties(have: have, need: need)
                )
            })
        lies.append(
            SecAggLie(
                refusal: .tooFewNeighbors, name: "too few boxes", setting: setting, step: .shared,
                threshold: setting.isSparse ? nil : 5
            ) { round, progress in
                let boxes = progress.delivered[victim] ?? []
                return (
                    [[round.delivery(Array(boxes.prefix(3)), sharers: boxes.prefix(3).map(\.party) + [victim])]],
                    setting.isSparse ? .tooFewParties(have: 3, need: 4) : .tooFewParties(have: 4, need: 5)
                )
            })
        lies.append(
            SecAggLie(
                refusal: .tooFewNeighbors, name: "too few of them alive", setting: setting, step: .masked,
                threshold: 4
            ) { round, progress in
                let lost = try progress.neighbors(of: victim).suffix(setting.isSparse ? 3 : 2)
                return (
                    [[round.survivors(round.contributors.filter { !lost.contains($0) })]],
                    .tooFewParties(have: 3, need: 4)
                )
            })
        lies.append(
            SecAggLie(
                refusal: .repeatedRequest, name: "other survivors before the answer", setting: setting, step: .masked
            ) { round, _ in
                (
                    [[round.survivors(round.contributors), round.survivors(Array(round.contributors.dropLast()))]],
                    .repeatedRequest
                )
            })
        lies.append(
            SecAggLie(
                refusal: .repeatedRequest, name: "the same survivors again", setting: setting, step: .masked
            ) { round, _ in
                ([[round.survivors(round.contributors), round.survivors(round.contributors)]], .repeatedRequest)
            })
        return lies
    }

    /// On the complete graph.
    private static func complete(_ setting: SecAggSetting) -> [SecAggLie] {
        let victim = victim
        func foreign(_ id: PartyID) -> SecAggLie {
            SecAggLie(
                refusal: .foreignParty, name: "keys of \(id)", setting: setting, step: .advertised,
                others: setting.threat == .active ? [.badAdvertisement] : []
            ) { round, progress in
                var lie = try ForgedKeys(round, progress)
                lie.advertisements[id] = try #require(lie.advertisements[1])
                    .with(channel: foreignKey(3), mask: foreignKey(4))
                return (try lie.messages(for: victim), .foreignParty(id))
            }
        }
        return [
            foreign(6), foreign(SecAggRound.server),
            SecAggLie(refusal: .duplicateKey, name: "two others with one key", setting: setting, step: .advertised) {
                round, progress in
                var lie = try ForgedKeys(round, progress)
                let copied = try #require(lie.advertisements[3])
                lie.advertisements[4] = try lie.signed(
                    #require(lie.advertisements[4]).with(channel: copied.channelPublicKey), by: 4)
                return (try lie.messages(for: victim), .duplicateKey(4))
            },
            SecAggLie(
                refusal: .badAdvertisement, name: "a roster of another threat model", setting: setting,
                step: .advertised
            ) { round, progress in
                let other: ThreatModel = setting.threat == .curious ? .active : .curious
                return ([[.roster(KeyRoster(threat: other, entries: progress.roster))]], .wrongThreatModel)
            },
            SecAggLie(
                refusal: .tooFewNeighbors, name: "a roster below the cohort", setting: setting, step: .advertised,
                minimumCohort: 5
            ) { round, progress in
                var lie = try ForgedKeys(round, progress)
                lie.advertisements[5] = nil
                return (try lie.messages(for: victim), .tooFewParties(have: 4, need: 5))
            },
        ]
    }

    /// On a sparse graph.
    private static func sparse(_ setting: SecAggSetting) -> [SecAggLie] {
        let victim = victim
        /// A lie about the neighborhood, under the right root.
        func about(
            _ refusal: SecAggRefusal,
            _ name: String,
            others: Set<SecAggRefusal> = [],
            _ change: @escaping @Sendable (ForgedKeys, Neighborhood) throws -> (Neighborhood, ProtocolViolation)
        ) -> SecAggLie {
            SecAggLie(refusal: refusal, name: name, setting: setting, step: .committed, others: others) {
                round, progress in
                let (lie, violation) = try change(ForgedKeys(round, progress), progress.neighborhood(of: victim))
                return ([[.neighborhood(lie)]], violation)
            }
        }
        return [
            about(.foreignParty, "a client that is no neighbor") { keys, truth in
                let neighbors = truth.present.map(\.entry.id)
                let stranger = try keys.round.last(outside: neighbors + [victim])
                let lie = try (truth.present + [keys.present(stranger)]).sorted { $0.entry.id < $1.entry.id }
                return (truth.with(present: lie), .foreignParty(stranger))
            },
            about(.foreignParty, "a neighbor that is there and is not", others: [.wrongPath]) { keys, truth in
                let twice = truth.present[2]
                let absent = Neighborhood.Absent(id: twice.entry.id, path: twice.path)
                return (truth.with(absent: [absent]), .unorderedParties)
            },
            about(.ownKeysChanged, "another path of its own keys") { _, truth in
                (truth.with(ownPath: flipped(truth.ownPath)), .ownKeysChanged)
            },
            about(.badAdvertisement, "a neighborhood of another threat model") { _, truth in
                (truth.with(threat: setting.threat == .curious ? .active : .curious), .wrongThreatModel)
            },
            about(.wrongPath, "a tree of another depth") { _, truth in
                (truth.with(depth: truth.depth + 1), .wrongPath(victim))
            },
            about(.wrongPath, "another path") { _, truth in
                var lie = truth.present
                lie[1] = Neighborhood.Present(entry: lie[1].entry, path: flipped(lie[1].path))
                return (truth.with(present: lie), .wrongPath(lie[1].entry.id))
            },
            about(.wrongPath, "other keys of a neighbor, signed by it where they must be") { keys, truth in
                var lie = truth.present
                let id = lie[1].entry.id
                let other = try keys.signed(lie[1].entry.keys.with(mask: foreignKey(3)), by: id)
                lie[1] = Neighborhood.Present(entry: RosterEntry(id: id, keys: other), path: lie[1].path)
                return (truth.with(present: lie), .wrongPath(id))
            },
            about(.wrongPath, "a neighbor that is there is said to be absent") { _, truth in
                let gone = truth.present[1]
                let lie = truth.present.filter { $0.entry.id != gone.entry.id }
                let absent = Neighborhood.Absent(id: gone.entry.id, path: gone.path)
                return (truth.with(present: lie, absent: [absent]), .wrongPath(gone.entry.id))
            },
            about(.missingNeighbor, "a neighbor is left out") { _, truth in
                let lie = Array(truth.present.dropFirst())
                return (truth.with(present: lie), .missingNeighbor(truth.present[0].entry.id))
            },
        ]
    }

    /// Where a beacon draws the graph.
    private static func beacon(_ setting: SecAggSetting) -> [SecAggLie] {
        let victim = victim
        return [
            SecAggLie(
                refusal: .predictablePulse, name: "a pulse that is out", setting: setting, step: .advertised,
                beacon: ChosenBeacon(out: [7])
            ) { _, progress in
                ([[try #require(progress.commitment)]], .predictablePulse(7))
            },
            SecAggLie(
                refusal: .predictablePulse, name: "a pulse for the witnesses that is out", setting: setting,
                step: .signed,
                beacon: ChosenBeacon(out: [8])
            ) { _, progress in
                ([[try #require(progress.signatureCommitment)]], .predictablePulse(8))
            },
            SecAggLie(
                refusal: .changedRoot, name: "another root after the pulse", setting: setting, step: .committed
            ) { round, progress in
                var lie = try ForgedKeys(round, progress)
                lie.advertisements[14] = nil
                return ([[.neighborhood(try lie.neighborhood(of: victim))]], .changedRoot)
            },
            SecAggLie(
                refusal: .wrongEntropy, name: "a graph of the server's own", setting: setting, step: .committed
            ) { round, progress in
                var lie = try ForgedKeys(round, progress)
                lie.entropy = HashDigest(of: [1])
                return ([[.neighborhood(try lie.neighborhood(of: victim))]], .wrongEntropy)
            },
            SecAggLie(
                refusal: .wrongEntropy, name: "the output of another pulse", setting: setting, step: .committed
            ) { round, progress in
                var lie = try ForgedKeys(round, progress)
                lie.entropy = try #require(ChosenBeacon().output(of: 8))
                return ([[.neighborhood(try lie.neighborhood(of: victim))]], .wrongEntropy)
            },
            SecAggLie(refusal: .circleCut, name: "only its neighbors survive", setting: setting, step: .masked) {
                round, progress in
                // The seven others stand side by side: two runs of three among them have no survivor.
                let survivors = try (progress.neighbors(of: victim) + [victim]).sorted()
                return ([[round.survivors(survivors)]], .circleCut(have: 0, need: 3))
            },
        ]
    }

    /// What a client signs that is told that somebody was lost.
    private static func signatureUnderOtherSurvivors(of id: PartyID, in round: SecAggRound) throws -> [UInt8] {
        let lost = try round.last(outside: [id, victim])
        var progress = try round.masked()
        let transition = try progress.give(round.survivors(round.contributors.filter { $0 != lost }), to: id)
        if case .signature(let bytes)? = transition.envelopes.first?.message { return bytes }
        throw AggregationError.outOfOrder
    }

    /// Where survivors sign who survived.
    private static func consistency(_ setting: SecAggSetting) -> [SecAggLie] {
        let victim = victim
        /// A lie about the list of signatures that the client is shown, with the true one to change.
        func about(
            _ refusal: SecAggRefusal,
            _ name: String,
            others: Set<SecAggRefusal> = [],
            _ change:
                @escaping @Sendable (ForgedSignatures, inout [PartyID]) throws -> ProtocolViolation
        ) -> SecAggLie {
            SecAggLie(refusal: refusal, name: name, setting: setting, step: .signed, others: others) {
                round, progress in
                let truth = ForgedSignatures(round, progress)
                var list = try truth.list(for: victim)
                let violation = try change(truth, &list)
                return (try truth.messages(showing: list), violation)
            }
        }
        /// The signature of one of those whom the client asks becomes another one, and that is fixed like the others.
        func wrong(
            _ name: String,
            _ signature: @escaping @Sendable (SecAggRound, SecAggRound.Progress, PartyID) throws -> [UInt8]
        ) -> SecAggLie {
            SecAggLie(refusal: .badSignature, name: name, setting: setting, step: .signed) { round, progress in
                for id in round.contributors where id != victim {
                    var lie = ForgedSignatures(round, progress)
                    lie.signatures[id] = try signature(round, progress, id)
                    let list = try lie.list(for: victim)
                    if list.contains(id) { return (try lie.messages(showing: list), .badSignature(id)) }
                }
                throw AggregationError.outOfOrder
            }
        }
        var lies = [
            about(.tooFewSignatures, "one too few") { _, list in
                list.removeLast()
                return .tooFewSignatures(have: list.count, need: list.count + 1)
            },
            about(.tooFewSignatures, "none") { _, list in
                defer { list = [] }
                return .tooFewSignatures(have: 0, need: list.count)
            },
            // Of itself it knows no key on the complete graph.
            about(.foreignWitness, "its own signature", others: setting.isSparse ? [] : [.badSignature]) { _, list in
                list[0] = victim
                list.sort()
                return .foreignParty(victim)
            },
            wrong("a bit of it is changed") { _, progress, id in flipped(try #require(progress.signatures[id])) },
            wrong("it is another client's") { _, progress, id in
                try #require(progress.signatures[id == 1 ? 3 : 1])
            },
            wrong("it is of another round") { _, _, id in
                try #require(try SecAggRound(setting, round: 2).signed().signatures[id])
            },
            wrong("it is of another session") { _, _, id in
                try #require(try SecAggRound(setting, minimumCohort: MinimumCohort(4)).signed().signatures[id])
            },
            wrong("it is under other survivors") { round, _, id in
                try signatureUnderOtherSurvivors(of: id, in: round)
            },
        ]
        guard setting.isSparse else { return lies }
        lies.append(
            about(.foreignWitness, "a survivor that is no witness") { truth, list in
                let witnesses = try truth.witnesses(of: victim)
                #expect(witnesses.count == 6 && list.allSatisfy(witnesses.contains))
                let id = try truth.round.last(outside: witnesses + [victim])
                list.append(id)
                list.sort()
                return .foreignParty(id)
            })
        /// A lie about the proofs in the list.
        func aboutProofs(
            _ refusal: SecAggRefusal,
            _ name: String,
            _ change: @escaping @Sendable (WitnessList) throws -> (WitnessList, ProtocolViolation)
        ) -> SecAggLie {
            SecAggLie(refusal: refusal, name: name, setting: setting, step: .confirmed) { _, progress in
                guard case .witnesses(let truth)? = progress.confirmations[victim] else {
                    throw AggregationError.outOfOrder
                }
                let (lie, violation) = try change(truth)
                return ([[.witnesses(lie)]], violation)
            }
        }
        lies += [
            aboutProofs(.badAdvertisement, "witnesses of another threat model") { truth in
                let other: ThreatModel = truth.threat == .active ? .semiMalicious : .active
                return (WitnessList(threat: other, depth: truth.depth, witnesses: truth.witnesses), .wrongThreatModel)
            },
            aboutProofs(.wrongPath, "witnesses of a tree of another depth") { truth in
                (WitnessList(threat: truth.threat, depth: 5, witnesses: truth.witnesses), .wrongPath(victim))
            },
            aboutProofs(.wrongSignaturePath, "a signature that was not fixed") { truth in
                var lie = truth.witnesses
                let first = lie[0]
                lie[0] = WitnessList.Witness(
                    id: first.id, signature: first.signature, signaturePath: flipped(first.signaturePath),
                    keys: first.keys, path: first.path)
                return (WitnessList(threat: truth.threat, depth: truth.depth, witnesses: lie), .wrongPath(first.id))
            },
        ]
        guard setting.threat == .semiMalicious else { return lies }
        lies.append(
            aboutProofs(.wrongPath, "another path of a witness's keys") { truth in
                var lie = truth.witnesses
                let first = lie[0]
                lie[0] = WitnessList.Witness(
                    id: first.id, signature: first.signature, signaturePath: first.signaturePath, keys: first.keys,
                    path: flipped(first.path))
                return (WitnessList(threat: truth.threat, depth: truth.depth, witnesses: lie), .wrongPath(first.id))
            })
        return lies
    }
}

/// Signatures that a server made up or took from elsewhere, and what it shows one client of them.
struct ForgedSignatures {
    let round: SecAggRound
    let progress: SecAggRound.Progress
    var signatures: [PartyID: [UInt8]]

    /// The true ones, to be changed.
    init(_ round: SecAggRound, _ progress: SecAggRound.Progress) {
        self.round = round
        self.progress = progress
        signatures = progress.signatures
    }

    var tree: MerkleTree {
        MerkleTree(
            leaves: round.contributors.map { id in
                signatures[id].map { SurvivorStatement.leaf(of: $0, by: id) } ?? MerkleTree.absentLeaf
            })
    }

    /// The clients whom one asks on a sparse graph, as the definition has it.
    func witnesses(of client: PartyID) throws -> [PartyID] {
        let keys = try ForgedKeys(round, progress)
        let binding = SecAgg<UInt32>.binding(session: round.session, root: keys.tree.root, entropy: keys.entropy)
        let statement = SurvivorStatement(
            maskBinding: SurvivorStatement.maskBinding(binding, sharers: round.set(round.contributors)),
            survivors: round.set(round.contributors)
        )
        let position = round.contributors.firstIndex(of: client) ?? 0
        return WitnessDraw.witnesses(
            of: client,
            at: position,
            statement: statement.digest,
            signatureRoot: tree.root,
            entropy: try #require(ChosenBeacon().output(of: 8)),
            neighbors: 6,
            count: round.contributors.count
        ).map { round.contributors[$0] }
    }

    /// Whose signatures an honest server would show the client.
    func list(for client: PartyID) throws -> [PartyID] {
        guard round.setting.isSparse else { return Array(round.contributors.filter { $0 != client }.prefix(2)) }
        return Array(try witnesses(of: client).sorted().prefix(4))
    }

    /// What the client is sent that shows these clients' signatures, one step after the other.
    func messages(showing list: [PartyID]) throws -> [[SecAggRound.Message]] {
        guard round.setting.isSparse else {
            return [
                [.signatures(try list.map { SurvivorSignature(id: $0, signature: try #require(signatures[$0])) })]
            ]
        }
        let keys = try ForgedKeys(round, progress)
        let hasKeys = round.setting.threat == .semiMalicious
        let tree = tree
        let witnesses = try list.map { id in
            WitnessList.Witness(
                id: id,
                signature: try #require(signatures[id]),
                signaturePath: tree.path(of: round.contributors.firstIndex(of: id) ?? 0),
                keys: hasKeys ? progress.advertisements[id] : nil,
                path: hasKeys ? keys.path(of: id) : []
            )
        }
        return [
            [.signatureCommitment(root: tree.root, pulse: 8)],
            [.witnesses(WitnessList(threat: round.setting.threat, depth: 4, witnesses: witnesses))],
        ]
    }
}
