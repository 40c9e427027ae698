// SPDX-License-Identifier: Apache-2.0

@_spi(Simulation) import PairwiseMasking
import ProtocolCryptography
import RingArithmetic
@_spi(Simulation) import SecureAggregation
@_spi(Simulation) import SecureRandomness
import Testing

/// What a server that lies gets out of clients: repeated, foreign and misplaced messages, and different lists for
/// different clients. `SecAggRefusalTests` has the lies that one check is there for.
@Suite struct SecAggLyingServerTests {
    private let server = SecAggRound.server
    private let client: PartyID = 2
    private let curious = SecAggSetting(isSparse: false, threat: .curious)
    private let all: [PartyID] = [1, 2, 3, 4, 5]

    // MARK: The same again

    @Test(arguments: SecAggSetting.all) func `second keys get no answer`(setting: SecAggSetting) throws {
        let progress = try SecAggRound(setting).committed()
        var party = try #require(progress.clients[client])
        let keys = try #require(progress.keys[client])
        let other = try #require(try SecAggRound(setting, seed: 2).advertised().keys[client])
        #expect(try party.receive(keys, from: server) == .accepted)
        #expect(try party.receive(other, from: server) == .rejected(.unexpected))
        if let commitment = progress.commitment {
            #expect(try party.receive(commitment, from: server) == .rejected(.unexpected))
        }
        guard case .encryptedShares(let boxes)? = try party.advance().envelopes.first?.message else {
            Issue.record("The first keys are not answered.")
            return
        }
        #expect(try boxes.map(\.party) == progress.neighbors(of: client))
        #expect(try party.receive(keys, from: server) == .rejected(.unexpected))
    }

    @Test(arguments: SecAggSetting.all.filter(\.hasBeacon))
    func `a second root is not taken, nor keys before the first`(
        setting: SecAggSetting
    ) throws {
        let progress = try SecAggRound(setting).advertised()
        var party = try #require(progress.clients[client])
        #expect(try party.receive(#require(progress.keys[client]), from: server) == .rejected(.unexpected))
        #expect(try party.receive(#require(progress.commitment), from: server) == .accepted)
        #expect(try party.receive(.commitment(root: .zero, pulse: 7), from: server) == .rejected(.unexpected))
        guard case .next(let sending, let expectation) = try party.advance() else {
            Issue.record("It does not wait for its neighbors' keys.")
            return
        }
        #expect(sending.isEmpty && expectation.stage.ordinal == 2)
        let (_, transition) = try answer(&party, to: #require(progress.keys[client]))
        #expect(transition.envelopes.map(\.message.type) == [0x32])
    }

    @Test(arguments: SecAggSetting.all) func `a second delivery of boxes changes nothing`(setting: SecAggSetting) throws
    {
        let round = try SecAggRound(setting)
        let progress = try round.shared()
        let boxes = progress.delivered[client] ?? []
        func masked(after deliveries: [[AddressedBox]]) throws -> [UInt8] {
            var party = try #require(progress.clients[client])
            for (number, delivery) in deliveries.enumerated() {
                let receipt = try party.receive(round.delivery(delivery), from: server)
                #expect(receipt == (number == 0 ? .accepted : .rejected(.unexpected)))
            }
            let message = try #require(try party.advance().envelopes.first?.message)
            return message.encoded(as: round.scheme.messageFormat(in: round.context))
        }
        // Two vectors under different masks would show their difference.
        #expect(try masked(after: [boxes, Array(boxes.dropLast())]) == masked(after: [boxes]))
        // The masks are those of the boxes that came.
        #expect(try masked(after: [Array(boxes.dropLast())]) != masked(after: [boxes]))
    }

    @Test(arguments: SecAggSetting.all) func `other survivors after the answer get none`(setting: SecAggSetting) throws
    {
        let round = try SecAggRound(setting)
        let progress = try round.confirmed()
        var party = try #require(progress.clients[client])
        let last = setting.hasConsistencyRound ? progress.confirmations[client] : progress.announcement
        guard case .finished(let sending, nil) = try answer(&party, to: #require(last)).transition else {
            Issue.record("The survivors are not answered.")
            return
        }
        #expect(sending.count == 1)
        for again in [round.survivors(round.contributors.filter { $0 != 1 }), try #require(last)] {
            #expect(try party.receive(again, from: server) == .rejected(.unexpected))
        }
        #expect(throws: AggregationError.outOfOrder) { try party.advance() }
    }

    @Test(arguments: SecAggSetting.all.filter(\.hasConsistencyRound))
    func `other survivors after the signature end the round for the client`(setting: SecAggSetting) throws {
        let round = try SecAggRound(setting)
        let progress = try round.signed()
        for second in [round.contributors, round.contributors.filter { $0 != 1 }] {
            var party = try #require(progress.clients[client])
            let (_, transition) = try answer(&party, to: round.survivors(second))
            expectOnlyAbort(transition, .violation(.repeatedRequest, by: server))
        }
    }

    // MARK: Boxes

    /// A box that client 1 really sealed for this client, but around other ids.
    @Test func `a box that names another sender or receiver inside counts as not held`() throws {
        let round = try SecAggRound()
        // The first 32 bytes that a client draws are its channel key.
        var drawn = SimulationRandomness(seed: round.seed).generator(for: 1, in: round.context)
        let channelKey = try KeyAgreementPrivateKey(seed: drawn.secretBytes(32))
        func box(from: UInt32, to: UInt32, in progress: SecAggRound.Progress) throws -> AddressedBox {
            let root = try ForgedKeys(round, progress).tree.root
            let binding = SecAgg<UInt32>.binding(session: round.session, root: root, entropy: .zero)
            let keys = KeySchedule(session: binding, round: round.context.round)
            let receiverKey = try #require(progress.advertisements[client]).channelPublicKey
            #expect(progress.advertisements[1]?.channelPublicKey == channelKey.publicKey)
            let key = keys.key(
                from: try channelKey.sharedSecret(with: receiverKey),
                for: .shareEncryption,
                from: 1,
                to: client.rawValue,
                publicKeys: [channelKey.publicKey, receiverKey]
            )
            let plaintext = bigEndianBytes(from) + bigEndianBytes(to) + [UInt8](repeating: 5, count: 64)
            let context = binding.bytes + [0x32] + bigEndianBytes(1 as UInt32) + bigEndianBytes(client.rawValue)
            let sealed = try SealingKey(key).seal(SecretBytes(copying: plaintext), authenticating: context)
            return AddressedBox(party: 1, box: sealed)
        }
        #expect(try revealed(in: SecAggRound()) { try box(from: 1, to: 2, in: $0) } == [1, 2, 3, 4, 5])
        for (from, to) in [(3, 2), (1, 3), (2, 1), (0, 0)] as [(UInt32, UInt32)] {
            #expect(try revealed(in: SecAggRound()) { try box(from: from, to: to, in: $0) } == [2, 3, 4, 5])
        }
    }

    /// What a client reveals when one of its boxes was exchanged for another and that box's dealer is said to be lost.
    private func revealed(
        in round: SecAggRound,
        after exchange: (SecAggRound.Progress) throws -> AddressedBox
    ) throws -> [PartyID] {
        var progress = try round.shared()
        var boxes = progress.delivered[client] ?? []
        boxes[0] = try exchange(progress)
        #expect(boxes[0].party == 1)
        progress.delivered[client] = boxes
        for id in round.contributors {
            _ = try progress.give(round.delivery(progress.delivered[id] ?? []), to: id)
        }
        return try revelation(of: client, in: round, progress, survivors: [2, 3, 4, 5]).map(\.of)
    }

    @Test(arguments: SecAggSetting.complete) func `the true boxes are all used`(setting: SecAggSetting) throws {
        #expect(try revealed(in: SecAggRound(setting)) { try #require($0.delivered[2]?[0]) } == [1, 2, 3, 4, 5])
    }

    @Test(arguments: SecAggSetting.complete)
    func `a box of another round, session, sender or receiver, or a changed one, counts as not held`(
        setting: SecAggSetting
    ) throws {
        let expected: [PartyID] = [2, 3, 4, 5]
        func revealed(_ exchange: (SecAggRound.Progress) throws -> AddressedBox) throws -> [PartyID] {
            try self.revealed(in: SecAggRound(setting), after: exchange)
        }
        for other in [
            // Recorded in another round or attempt; under other parameters, with the same keys; from other keys.
            try SecAggRound(setting, round: 2), try SecAggRound(setting, attempt: 1),
            try SecAggRound(setting, threshold: 4), try SecAggRound(setting, minimumCohort: MinimumCohort(4)),
            try SecAggRound(setting, seed: 2),
        ] {
            #expect(try revealed { _ in try #require(other.shared().delivered[2]?[0]) } == expected)
        }
        #expect(try revealed { AddressedBox(party: 1, box: try #require($0.delivered[2]?[1]).box) } == expected)
        #expect(try revealed { AddressedBox(party: 1, box: try #require($0.delivered[3]?[0]).box) } == expected)
        #expect(try revealed { AddressedBox(party: 1, box: try #require($0.boxes[2]?[0]).box) } == expected)
        for position in [0, 7, 40, 71, 72, 87] {
            let share = try revealed { progress in
                var box = try #require(progress.delivered[2]?[0]).box
                box[position] ^= 1
                return AddressedBox(party: 1, box: box)
            }
            #expect(share == expected)
        }
    }

    /// One client less in U1 is another root, and so another binding: what was sealed under the one does not open under
    /// the other.
    @Test(arguments: SecAggSetting.all) func `a box under another root counts as not held`(setting: SecAggSetting)
        throws
    {
        let (round, other) = (try SecAggRound(setting), try SecAggRound(setting))
        let last = try #require(round.contributors.last)
        let smaller = try other.shared(without: [last])
        var progress = try round.shared()
        var exchanged: PartyID?
        let boxes = (progress.delivered[client] ?? []).map { entry -> AddressedBox in
            guard exchanged == nil, let box = smaller.delivered[client]?.first(where: { $0.party == entry.party })
            else { return entry }
            exchanged = entry.party
            #expect(box != entry)
            return box
        }
        let dealer = try #require(exchanged)
        progress.delivered[client] = boxes
        for id in round.contributors {
            _ = try progress.give(round.delivery(progress.delivered[id] ?? []), to: id)
        }
        var shares: [RevealedShare]
        if setting.isSparse {
            for id in round.contributors {
                let transition = try progress.give(round.survivors(round.contributors), to: id)
                if case .signature(let signature)? = transition.envelopes.first?.message {
                    progress.signatures[id] = signature
                }
            }
            if setting.hasConsistencyRound {
                let honest = try round.signed()
                _ = try progress.give(honest.signatureCommitment, to: client)
                let transition = try progress.give(honest.confirmations[client], to: client)
                guard case .revealedShares(let list)? = transition.envelopes.first?.message else {
                    throw AggregationError.outOfOrder
                }
                shares = list
            } else {
                return
            }
        } else {
            shares = try revelation(of: client, in: round, progress, survivors: round.contributors)
        }
        #expect(!shares.map(\.of).contains(dealer))
        #expect(shares.count == (setting.isSparse ? 5 : 4))
    }

    // MARK: The order of messages

    @Test(arguments: SecAggSetting.all) func `a message of another session does not decode`(setting: SecAggSetting)
        throws
    {
        let here = try SecAggRound(setting)
        let progress = try here.signed()
        let format = here.scheme.messageFormat(in: here.context)
        var messages: [SecAggRound.Message] = [
            .advertisement(try #require(progress.advertisements[1])), try #require(progress.keys[client]),
            .encryptedShares(progress.boxes[client] ?? []), here.delivery(progress.delivered[client] ?? []),
            .maskedVector(try #require(progress.masked[client])), try #require(progress.announcement),
            .revealedShares([]), .abort(.refused),
        ]
        messages += [progress.commitment, progress.signatureCommitment, progress.confirmations[client]].compactMap(
            \.self)
        messages += progress.signatures.values.prefix(1).map { .signature($0) }
        let others =
            try [
                SecAggRound(setting, round: 2), SecAggRound(setting, attempt: 1), SecAggRound(setting, threshold: 5),
                SecAggRound(setting, count: setting.isSparse ? 13 : 6, threshold: 4),
            ] + SecAggSetting.all.filter { $0 != setting }.map { try SecAggRound($0) }
        for message in messages {
            let bytes = message.encoded(as: format)
            #expect(try SecAggRound.Message(decoding: bytes, as: format).type == message.type)
            for there in others {
                let format = there.scheme.messageFormat(in: there.context)
                #expect(throws: WireError.foreignSession) { try SecAggRound.Message(decoding: bytes, as: format) }
            }
        }
    }

    @Test(arguments: SecAggSetting.all) func `messages of another stage, or not from the server, change nothing`(
        setting: SecAggSetting
    ) throws {
        let round = try SecAggRound(setting)
        let progress = try round.signed()
        var messages: [(ordinal: Int, message: SecAggRound.Message)] = [
            (0, .advertisement(try #require(progress.advertisements[1]))), (2, try #require(progress.keys[client])),
            (3, .encryptedShares(progress.boxes[1] ?? [])), (4, round.delivery(progress.delivered[client] ?? [])),
            (5, .maskedVector(try #require(progress.masked[1]))), (6, try #require(progress.announcement)),
            (7, .signature(progress.signatures[1] ?? [UInt8](repeating: 0, count: 64))), (10, .revealedShares([])),
        ]
        if let commitment = progress.commitment { messages.append((1, commitment)) }
        if let commitment = progress.signatureCommitment { messages.append((8, commitment)) }
        if let confirmation = progress.confirmations[client] { messages.append((9, confirmation)) }
        // What is of the other graph, or of the other way to confirm, has no place at all.
        let foreign = try SecAggSetting.all.filter { $0 != setting }.flatMap { other in
            let progress = try SecAggRound(other).signed()
            return [
                progress.commitment, progress.keys[client], progress.signatureCommitment,
                progress.confirmations[client],
            ].compactMap(\.self)
        }.filter { message in !messages.contains { $0.message.type == message.type } }
        #expect(!foreign.isEmpty)
        var starts: [(Int, SecAggRound.Progress)] = [
            (2, try round.committed()), (4, try round.shared()), (6, try round.masked()),
        ]
        if setting.hasBeacon { starts.append((1, try round.advertised())) }
        if setting.hasConsistencyRound { starts.append((9, try round.confirmed())) }
        if setting.hasBeacon { starts.append((8, progress)) }
        for (expected, start) in starts {
            var party = try #require(start.clients[client])
            for (ordinal, message) in messages
            where ordinal != expected && !([8, 9].contains(expected) && ordinal == 6) {
                #expect(try party.receive(message, from: server) == .rejected(.unexpected))
            }
            for message in foreign { #expect(try party.receive(message, from: server) == .rejected(.unexpected)) }
            for (_, message) in messages {
                #expect(try party.receive(message, from: 1) == .rejected(.unexpected))
            }
            // A client's notice means nothing to another client.
            #expect(try party.receive(.abort(.refused), from: 1) == .rejected(.unexpected))
            let right = try #require(messages.first { $0.ordinal == expected }).message
            let (receipt, transition) = try answer(&party, to: right)
            #expect(receipt == .accepted)
            if case .aborted(let error, _) = transition { Issue.record("\(error)") }
        }
    }

    @Test(arguments: SecAggSetting.all) func `a server that says nothing is given up on with a notice`(
        setting: SecAggSetting
    ) throws {
        let round = try SecAggRound(setting)
        var waiting = [
            (try round.advertised(), "advertise-keys"), (try round.committed(), "advertise-keys"),
            (try round.shared(), "share-keys"), (try round.masked(), "unmask"),
        ]
        if setting.hasConsistencyRound { waiting.append((try round.signed(), "consistency")) }
        for (progress, stage) in waiting {
            var party = try #require(progress.clients[client])
            expectOnlyAbort(try party.advance(), .tooFewParties(stage: stage, have: 0, need: 1))
        }
    }

    @Test(arguments: SecAggSetting.all) func `a server that gives up is believed at every stage`(
        setting: SecAggSetting
    ) throws {
        let round = try SecAggRound(setting)
        for progress in try [round.advertised(), round.committed(), round.shared(), round.masked(), round.signed()] {
            var party = try #require(progress.clients[client])
            #expect(throws: AggregationError.abortedByPeer(1000, .inconsistent)) {
                try party.receive(.abort(.inconsistent), from: server)
            }
        }
    }

    // MARK: One share of each client, for all lies

    /// A client reveals of each peer one share at the most, and its shares of the two secrets never both, whatever two
    /// lists it is shown.
    @Test func `no order of lists makes a client give both shares of a peer`() throws {
        let lists: [[PartyID]] = [
            [1, 2, 3, 4, 5], [1, 2, 3, 4], [2, 3, 4, 5], [1, 2, 3], [2, 3, 5], [1, 3, 4, 5], [1, 2],
        ]
        var revelations = 0
        for first in lists {
            for second in lists {
                for advancesBetween in [true, false] {
                    let round = try SecAggRound(curious)
                    let progress = try round.masked()
                    var party = try #require(progress.clients[client])
                    var shares: [PartyID: Int] = [:]
                    func take(_ transition: Transition<UInt32, SecAggMessage<UInt32>>) {
                        for envelope in transition.envelopes {
                            if case .revealedShares(let list) = envelope.message {
                                revelations += 1
                                for share in list { shares[share.of, default: 0] += 1 }
                            }
                        }
                    }
                    for list in [first, second] {
                        _ = try? party.receive(round.survivors(list), from: server)
                        if advancesBetween, let transition = try? party.advance() { take(transition) }
                    }
                    for _ in 0..<3 { if let transition = try? party.advance() { take(transition) } }
                    #expect(shares.values.allSatisfy { $0 == 1 })
                }
            }
        }
        #expect(revelations > 0)
    }

    @Test(arguments: SecAggSetting.all)
    func `in every round with losses each client gives one share of each peer, of the right secret`(
        setting: SecAggSetting
    ) throws {
        for send in 0...(setting.hasConsistencyRound ? 4 : 3) {
            for lost in [[], [1], [5], [2, 4]] as [[PartyID]] {
                let log = MessageLog()
                let round = try SecAggRound(setting)
                let outcome = round.run(faults: .losing(lost, beforeSend: send), log: log)
                #expect(outcome.aggregate != nil)
                let revealed = revealedShares(in: log)
                #expect(revealed.count >= 3)
                for shares in revealed.values { #expect(shares.values.allSatisfy { $0.count == 1 }) }
                // All shares of one client are of one secret: with t of them that secret comes out, which the server
                // checked.
            }
        }
    }

    // MARK: Different lists for different clients

    @Test func `different lists to different clients do not give the sum`() throws {
        // Clients 1 to 3 are told that all survived, the others that client 1 was lost: of client 1, two kinds of
        // shares are revealed.
        let round = try SecAggRound(curious, threshold: 4)
        let log = MessageLog()
        let outcome = round.run(log: log) { _, envelope in
            guard case .survivors = envelope.message else { return [envelope] }
            return envelope.receivers.map {
                Envelope(to: $0, round.survivors($0 <= 3 ? [1, 2, 3, 4, 5] : [2, 3, 4, 5]))
            }
        }
        #expect(outcome.learned.isEmpty)
        #expect(outcome.aborted == [1000: .inconsistentShares(dealer: 1)])
        // With t > N/2 neither secret of client 1 has t shares.
        let kinds = Dictionary(grouping: revealedShares(in: log).filter { $0.value[1] != nil }.keys) { $0 <= 3 }
        #expect(kinds.values.allSatisfy { $0.count < 4 })
    }

    @Test(arguments: SecAggSetting.all.filter(\.hasConsistencyRound))
    func `with signatures, different lists to different clients give nothing at all`(setting: SecAggSetting) throws {
        let round = try SecAggRound(setting)
        let log = MessageLog()
        let half = PartyID(UInt32(round.contributors.count / 2 + 1))
        let outcome = round.run(log: log) { _, envelope in
            guard case .survivors = envelope.message else { return [envelope] }
            return envelope.receivers.map {
                Envelope(
                    to: $0, round.survivors($0 <= half ? round.contributors : round.contributors.filter { $0 != 1 }))
            }
        }
        // Those who were told another list than the server's signed that one, which it cannot pass on to the others.
        #expect(outcome.rejections.contains { $0.reason == .invalid(.badSignature(half.rawValue < 5 ? 4 : 9)) })
        let revealing = revealedShares(in: log).keys
        #expect(revealing.allSatisfy { $0 <= half })
        // Of no client shares of both secrets are out.
        for dealer in round.contributors {
            #expect(revealedShares(in: log).filter { $0.value[dealer] != nil }.keys.allSatisfy { $0 <= half })
        }
    }

    /// The rows of lists that open a vector where nobody signs, below.
    private static let splittingLists: [PartyID: [PartyID]] = [
        2: [1, 2, 4, 5], 3: [1, 3, 4, 5], 4: [1, 4, 5], 5: [1, 4, 5],
    ]

    /// Not a promise but its limit: with t = 3 of N = 5 and nobody who signs, lists that differ from client to client
    /// show the server one client's vector. Where t > 0.62·N they do not.
    @Test func `different boxes and lists to different clients open one vector at a low threshold`() throws {
        let round = try SecAggRound(curious, count: 5, threshold: 3)
        var progress = try round.shared()
        // Client 1 is told that only 2 and 3 shared, so its vector has their two pairwise masks and its own on it.
        progress.delivered[1]?.removeAll { $0.party > 3 }
        var selfSeedShares: [PartyID: Int] = [:]
        var maskSeedShares: [PartyID: Int] = [:]
        for (id, list) in Self.splittingLists {
            var party = try #require(progress.clients[id])
            _ = try answer(&party, to: round.delivery(progress.delivered[id] ?? []))
            guard
                case .revealedShares(let shares)? = try answer(&party, to: round.survivors(list)).transition.envelopes
                    .first?.message
            else {
                Issue.record("Client \(id) does not answer.")
                continue
            }
            for share in shares {
                if list.contains(share.of) {
                    selfSeedShares[share.of, default: 0] += 1
                } else {
                    maskSeedShares[share.of, default: 0] += 1
                }
            }
        }
        var victim = try #require(progress.clients[1])
        let (_, transition) = try answer(&victim, to: round.delivery(progress.delivered[1] ?? [], sharers: [1, 2, 3]))
        guard case .maskedVector? = transition.envelopes.first?.message else {
            Issue.record("Client 1 does not send its vector.")
            return
        }
        // t shares of everything that is on it; still of no client both secrets.
        #expect(selfSeedShares[1] == 4)
        #expect(maskSeedShares == [2: 3, 3: 3])
        #expect((selfSeedShares[2] ?? 0) < 3 && (selfSeedShares[3] ?? 0) < 3)
    }

    @Test(arguments: [ThreatModel.semiMalicious, .active])
    func `where survivors sign, the same boxes and lists open nothing`(threat: ThreatModel) throws {
        let round = try SecAggRound(SecAggSetting(isSparse: false, threat: threat), count: 5, threshold: 3)
        var progress = try round.shared()
        var signatures: [PartyID: [UInt8]] = [:]
        for (id, list) in Self.splittingLists {
            _ = try progress.give(round.delivery(progress.delivered[id] ?? []), to: id)
            guard
                case .signature(let bytes)? = try progress.give(round.survivors(list), to: id).envelopes.first?.message
            else { throw AggregationError.outOfOrder }
            signatures[id] = bytes
        }
        for id in Self.splittingLists.keys {
            // All others' signatures, or those under its own list: never two of them.
            let others = signatures.keys.sorted().filter { $0 != id }
            let alike = others.filter { Self.splittingLists[$0] == Self.splittingLists[id] }
            for (list, expected) in [
                (alike, ProtocolViolation.tooFewSignatures(have: alike.count, need: 2)),
                (
                    others,
                    .badSignature(
                        try #require(others.first { Self.splittingLists[$0] != Self.splittingLists[id] }))
                ),
            ] {
                var party = try #require(progress.clients[id])
                let message = list.map { SurvivorSignature(id: $0, signature: signatures[$0] ?? []) }
                let (_, transition) = try answer(&party, to: .signatures(message))
                expectOnlyAbort(transition, .violation(expected, by: server))
            }
        }
    }
}
