// SPDX-License-Identifier: Apache-2.0

import PairwiseMasking
import ProtocolCryptography
import RingArithmetic
@_spi(Simulation) import SecureAggregation
@_spi(Simulation) import SecureRandomness
import Testing

/// Every lie of a server that a client can see, and what the client then says: that it gives up, and nothing else.
@Suite struct SecAggLyingServerTests {
    private let server = SecAggRound.server
    private let client: PartyID = 2

    private func violation(_ violation: ProtocolViolation) -> AggregationError { .violation(violation, by: server) }

    // MARK: The roster

    private func expectRefused(
        roster change: (inout [RosterEntry]) throws -> Void,
        _ expected: ProtocolViolation,
        _ location: SourceLocation = #_sourceLocation
    ) throws {
        var progress = try SecAggRound().advertised()
        try change(&progress.roster)
        var party = try #require(progress.clients[client])
        let (receipt, transition) = try answer(&party, to: .roster(progress.roster))
        #expect(receipt == .accepted, sourceLocation: location)
        expectOnlyAbort(transition, violation(expected), location)
        #expect(throws: AggregationError.self, sourceLocation: location) {
            // It is over: nothing more comes out of it.
            if case .aborted(let error, _) = try party.advance() { throw error }
        }
    }

    @Test func `the true roster is answered with a box for each other client`() throws {
        let progress = try SecAggRound().shared()
        #expect(progress.boxes[client]?.map(\.party) == [1, 3, 4, 5])
    }

    @Test func `a roster below threshold or cohort is refused`() throws {
        try expectRefused(roster: { $0.removeLast(3) }, .tooFewParties(have: 2, need: 3))
        try expectRefused(roster: { $0 = [$0[1]] }, .tooFewParties(have: 1, need: 3))
        try expectRefused(roster: { $0 = [] }, .tooFewParties(have: 0, need: 3))
        let round = try SecAggRound(threshold: 3, minimumCohort: MinimumCohort(4))
        let progress = try round.advertised()
        var party = try #require(progress.clients[client])
        let (_, transition) = try answer(&party, to: .roster(Array(progress.roster.prefix(3))))
        expectOnlyAbort(transition, violation(.tooFewParties(have: 3, need: 4)))
    }

    @Test func `a roster with a party that is no contributor is refused`() throws {
        try expectRefused(
            roster: { $0[4] = RosterEntry(id: 6, keys: $0[4].keys) },
            .foreignParty(6)
        )
        try expectRefused(
            roster: { $0[4] = RosterEntry(id: 1000, keys: $0[4].keys) },
            .foreignParty(1000)
        )
    }

    @Test func `a roster that lacks the client's own keys or has others is refused`() throws {
        try expectRefused(roster: { $0.remove(at: 1) }, .ownKeysChanged)
        func replace(_ part: Int) -> (inout [RosterEntry]) throws -> Void {
            { roster in
                let own = roster[1].keys
                let foreign = try KeyAgreementPrivateKey(seed: SecretBytes(copying: [UInt8](repeating: 3, count: 32)))
                    .publicKey
                roster[1] = RosterEntry(
                    id: 2,
                    keys: Advertisement(
                        channelPublicKey: part == 0 ? foreign : own.channelPublicKey,
                        maskPublicKey: part == 1 ? foreign : own.maskPublicKey,
                        selfMaskCommitment: part == 2 ? .zero : own.selfMaskCommitment
                    )
                )
            }
        }
        for part in 0..<3 { try expectRefused(roster: replace(part), .ownKeysChanged) }
    }

    @Test func `a roster in which one key stands twice is refused`() throws {
        func copy(_ key: any KeyPath<Advertisement, KeyAgreementPublicKey> & Sendable, asChannelKey: Bool) -> (
            inout [RosterEntry]
        ) -> Void {
            { roster in
                let victim = roster[3].keys
                let copied = roster[2].keys[keyPath: key]
                roster[3] = RosterEntry(
                    id: 4,
                    keys: Advertisement(
                        channelPublicKey: asChannelKey ? copied : victim.channelPublicKey,
                        maskPublicKey: asChannelKey ? victim.maskPublicKey : copied,
                        selfMaskCommitment: victim.selfMaskCommitment
                    )
                )
            }
        }
        try expectRefused(roster: copy(\.channelPublicKey, asChannelKey: true), .duplicateKey(4))
        try expectRefused(roster: copy(\.maskPublicKey, asChannelKey: false), .duplicateKey(4))
        try expectRefused(roster: copy(\.maskPublicKey, asChannelKey: true), .duplicateKey(4))
        // The client's own key under another name: the server would be that client's mirror image.
        try expectRefused(roster: { $0[0] = RosterEntry(id: 1, keys: $0[1].keys) }, .duplicateKey(2))
    }

    /// The points of low order that X25519 knows: 0, 1, and p − 1.
    static let lowOrderPoints: [[UInt8]] = [
        [UInt8](repeating: 0, count: 32), [1] + [UInt8](repeating: 0, count: 31),
        [0xec] + [UInt8](repeating: 0xff, count: 30) + [0x7f],
    ]

    @Test(arguments: lowOrderPoints) func `a channel key of low order is refused before any share is sent`(
        point: [UInt8]
    ) throws {
        try expectRefused(
            roster: { roster in
                roster[3] = RosterEntry(
                    id: 4,
                    keys: Advertisement(
                        channelPublicKey: try KeyAgreementPublicKey(point),
                        maskPublicKey: roster[3].keys.maskPublicKey,
                        selfMaskCommitment: .zero
                    )
                )
            },
            .lowOrderKey(4)
        )
    }

    @Test(arguments: lowOrderPoints) func `a mask key of low order is refused before any share is sent`(point: [UInt8])
        throws
    {
        let round = try SecAggRound()
        let outcome = round.run { sender, envelope in
            guard case .roster(let trueRoster) = envelope.message else { return [envelope] }
            return envelope.receivers.map { receiver in
                var roster = trueRoster
                let victim = receiver == 4 ? 0 : 3
                guard let key = try? KeyAgreementPublicKey(point) else { return envelope }
                roster[victim] = RosterEntry(
                    id: roster[victim].id,
                    keys: Advertisement(
                        channelPublicKey: roster[victim].keys.channelPublicKey,
                        maskPublicKey: key,
                        selfMaskCommitment: roster[victim].keys.selfMaskCommitment
                    )
                )
                return Envelope(to: receiver, .roster(roster))
            }
        }
        #expect(outcome.learned.isEmpty)
        for client in round.scheme.contributors where client != 4 {
            #expect(outcome.aborted[client] == violation(.lowOrderKey(4)))
        }
        #expect(outcome.cost.stages.allSatisfy { $0.ordinal < 2 })
    }

    @Test func `a second roster gets no answer`() throws {
        let progress = try SecAggRound().advertised()
        var party = try #require(progress.clients[client])
        #expect(try party.receive(.roster(progress.roster), from: server) == .accepted)
        #expect(try party.receive(.roster(Array(progress.roster.dropLast())), from: server) == .rejected(.unexpected))
        guard case .encryptedShares(let boxes)? = try party.advance().envelopes.first?.message else {
            Issue.record("The first roster is not answered.")
            return
        }
        #expect(boxes.count == 4)
        #expect(try party.receive(.roster(progress.roster), from: server) == .rejected(.unexpected))
    }

    // MARK: The boxes

    private func expectRefused(
        boxes change: (inout [AddressedBox]) -> Void,
        _ expected: ProtocolViolation,
        _ location: SourceLocation = #_sourceLocation
    ) throws {
        let progress = try SecAggRound().shared()
        var boxes = progress.delivered[client] ?? []
        change(&boxes)
        var party = try #require(progress.clients[client])
        let (_, transition) = try answer(&party, to: .deliveredShares(boxes))
        expectOnlyAbort(transition, violation(expected), location)
    }

    @Test func `boxes of an unknown client are refused`() throws {
        try expectRefused(boxes: { $0[3] = AddressedBox(party: 6, box: $0[3].box) }, .foreignParty(6))
    }

    @Test func `a box from the client to itself is refused`() throws {
        try expectRefused(boxes: { $0[0] = AddressedBox(party: 2, box: $0[0].box) }, .receiverMisplaced)
    }

    @Test func `fewer boxes than threshold or cohort need are refused`() throws {
        try expectRefused(boxes: { $0.removeLast(3) }, .tooFewParties(have: 2, need: 3))
        try expectRefused(boxes: { $0 = [] }, .tooFewParties(have: 1, need: 3))
        let round = try SecAggRound(minimumCohort: MinimumCohort(5))
        let progress = try round.shared()
        var party = try #require(progress.clients[client])
        let (_, transition) = try answer(
            &party,
            to: .deliveredShares(Array((progress.delivered[client] ?? []).dropLast()))
        )
        expectOnlyAbort(transition, violation(.tooFewParties(have: 4, need: 5)))
    }

    @Test func `a second delivery of boxes changes nothing`() throws {
        let round = try SecAggRound()
        let progress = try round.shared()
        let boxes = progress.delivered[client] ?? []
        func masked(after deliveries: [[AddressedBox]]) throws -> [UInt8] {
            var party = try #require(progress.clients[client])
            for (number, delivery) in deliveries.enumerated() {
                let receipt = try party.receive(.deliveredShares(delivery), from: server)
                #expect(receipt == (number == 0 ? .accepted : .rejected(.unexpected)))
            }
            let message = try #require(try party.advance().envelopes.first?.message)
            return message.encoded(as: round.scheme.messageFormat(in: round.context))
        }
        // Two vectors under different masks would show their difference.
        #expect(try masked(after: [boxes, Array(boxes.dropLast())]) == masked(after: [boxes]))
    }

    /// A box that client 1 really sealed for this client, but around other ids.
    @Test func `a box that names another sender or receiver inside counts as not held`() throws {
        let round = try SecAggRound()
        // The first 32 bytes that a client draws are its channel key.
        var drawn = SimulationRandomness(seed: round.seed).generator(for: 1, in: round.context)
        let channelKey = try KeyAgreementPrivateKey(seed: drawn.secretBytes(32))
        let keys = KeySchedule(session: round.scheme.session(in: round.context), round: round.context.round)
        func box(from: UInt32, to: UInt32, in progress: SecAggRound.Progress) throws -> AddressedBox {
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
            let context = keys.session.bytes + [0x32] + bigEndianBytes(1 as UInt32) + bigEndianBytes(client.rawValue)
            let sealed = try SealingKey(key).seal(SecretBytes(copying: plaintext), authenticating: context)
            return AddressedBox(party: 1, box: sealed)
        }
        #expect(try revealed { try box(from: 1, to: 2, in: $0) } == [1, 2, 3, 4, 5])
        for (from, to) in [(3, 2), (1, 3), (2, 1), (0, 0)] as [(UInt32, UInt32)] {
            #expect(try revealed { try box(from: from, to: to, in: $0) } == [2, 3, 4, 5])
        }
    }

    /// What a client reveals when one of its boxes was exchanged for another and client 1 is said to be lost.
    private func revealed(after exchange: (SecAggRound.Progress) throws -> AddressedBox) throws -> [PartyID] {
        let progress = try SecAggRound().shared()
        var boxes = progress.delivered[client] ?? []
        boxes[0] = try exchange(progress)
        #expect(boxes[0].party == 1)
        var party = try #require(progress.clients[client])
        _ = try answer(&party, to: .deliveredShares(boxes))
        let (_, transition) = try answer(&party, to: .survivors([2, 3, 4, 5]))
        guard case .finished(let sending, _) = transition, case .revealedShares(let shares)? = sending.first?.message
        else {
            Issue.record("It does not finish.")
            return []
        }
        return shares.map(\.of)
    }

    @Test func `the true boxes are all used`() throws {
        #expect(try revealed { try #require($0.delivered[2]?[0]) } == [1, 2, 3, 4, 5])
    }

    @Test func `a box of another round, attempt, sender or receiver, or a changed one, counts as not held`() throws {
        let expected: [PartyID] = [2, 3, 4, 5]
        #expect(try revealed { _ in try #require(SecAggRound(round: 2).shared().delivered[2]?[0]) } == expected)
        #expect(try revealed { _ in try #require(SecAggRound(attempt: 1).shared().delivered[2]?[0]) } == expected)
        #expect(
            try revealed { _ in try #require(SecAggRound(threshold: 4).shared().delivered[2]?[0]) } == expected
        )
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

    // MARK: The survivors

    private func expectRefused(
        survivors: [PartyID],
        of round: SecAggRound? = nil,
        _ expected: ProtocolViolation,
        _ location: SourceLocation = #_sourceLocation
    ) throws {
        let progress = try (round ?? SecAggRound()).masked()
        var party = try #require(progress.clients[client])
        let (_, transition) = try answer(&party, to: .survivors(survivors))
        expectOnlyAbort(transition, violation(expected), location)
    }

    @Test func `survivors with a foreign party are refused`() throws {
        try expectRefused(survivors: [1, 2, 3, 6], .foreignParty(6))
        try expectRefused(survivors: [1, 2, 3, 1000], .foreignParty(1000))
    }

    @Test func `survivors that did not deal shares are refused`() throws {
        // Client 5 was in the roster and no box of it came.
        let progress = try SecAggRound().shared()
        var party = try #require(progress.clients[client])
        _ = try answer(&party, to: .deliveredShares(Array((progress.delivered[client] ?? []).dropLast())))
        let (_, transition) = try answer(&party, to: .survivors([1, 2, 3, 5]))
        expectOnlyAbort(transition, violation(.foreignParty(5)))
    }

    @Test func `survivors without the client itself are refused`() throws {
        try expectRefused(survivors: [1, 3, 4, 5], .receiverMisplaced)
    }

    @Test func `survivors below threshold or cohort are refused`() throws {
        try expectRefused(survivors: [1, 2], .tooFewParties(have: 2, need: 3))
        try expectRefused(survivors: [2], .tooFewParties(have: 1, need: 3))
        try expectRefused(survivors: [], .tooFewParties(have: 0, need: 3))
        try expectRefused(
            survivors: [1, 2, 3],
            of: try SecAggRound(threshold: 4),
            .tooFewParties(have: 3, need: 4)
        )
        try expectRefused(
            survivors: [1, 2, 3],
            of: try SecAggRound(threshold: 3, minimumCohort: MinimumCohort(4)),
            .tooFewParties(have: 3, need: 4)
        )
    }

    @Test func `a second list of survivors before the answer ends the round`() throws {
        for second in [[1, 2, 3], [1, 2, 3, 4, 5]] as [[PartyID]] {
            let progress = try SecAggRound().masked()
            var party = try #require(progress.clients[client])
            #expect(try party.receive(.survivors([1, 2, 3, 4, 5]), from: server) == .accepted)
            let (_, transition) = try answer(&party, to: .survivors(second))
            expectOnlyAbort(transition, violation(.repeatedRequest))
        }
    }

    @Test func `a second list of survivors after the answer gets none`() throws {
        let progress = try SecAggRound().masked()
        var party = try #require(progress.clients[client])
        let (_, transition) = try answer(&party, to: .survivors([1, 2, 3, 4, 5]))
        guard case .finished(let sending, nil) = transition else {
            Issue.record("The first list is not answered.")
            return
        }
        #expect(sending.count == 1)
        #expect(try party.receive(.survivors([1, 2, 3, 4]), from: server) == .rejected(.unexpected))
        #expect(throws: AggregationError.outOfOrder) { try party.advance() }
    }

    // MARK: The order of messages

    @Test func `a message of another session does not decode`() throws {
        let progress = try SecAggRound().masked()
        let message = SecAggMessage<UInt32>.roster(progress.roster)
        let here = try SecAggRound()
        let bytes = message.encoded(as: here.scheme.messageFormat(in: here.context))
        for there in [
            try SecAggRound(round: 2), try SecAggRound(attempt: 1), try SecAggRound(threshold: 4),
            try SecAggRound(count: 6, threshold: 4),
        ] {
            let format = there.scheme.messageFormat(in: there.context)
            #expect(throws: WireError.foreignSession) { try SecAggMessage<UInt32>(decoding: bytes, as: format) }
        }
    }

    @Test func `messages of another stage, or not from the server, change nothing`() throws {
        let progress = try SecAggRound().masked()
        let messages: [(ordinal: Int, message: SecAggMessage<UInt32>)] = [
            (0, .advertisement(try #require(progress.advertisements[1]))), (1, .roster(progress.roster)),
            (2, .encryptedShares(progress.boxes[1] ?? [])), (3, .deliveredShares(progress.delivered[2] ?? [])),
            (4, .maskedVector(try #require(progress.masked[1]))), (5, .survivors([1, 2, 3, 4, 5])),
            (6, .revealedShares([])),
        ]
        for (expected, start) in try [
            (1, SecAggRound().advertised()), (3, SecAggRound().shared()), (5, SecAggRound().masked()),
        ] {
            var party = try #require(start.clients[client])
            for (ordinal, message) in messages where ordinal != expected {
                #expect(try party.receive(message, from: server) == .rejected(.unexpected))
            }
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

    @Test func `a server that says nothing is given up on with a notice`() throws {
        for (progress, stage) in try [
            (SecAggRound().advertised(), "advertise-keys"), (SecAggRound().shared(), "share-keys"),
            (SecAggRound().masked(), "unmask"),
        ] {
            var party = try #require(progress.clients[client])
            expectOnlyAbort(try party.advance(), .tooFewParties(stage: stage, have: 0, need: 1))
        }
    }

    @Test func `a server that gives up is believed at every stage`() throws {
        for progress in try [SecAggRound().advertised(), SecAggRound().shared(), SecAggRound().masked()] {
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
            [1, 2, 3, 4, 5], [1, 2, 3, 4], [2, 3, 4, 5], [1, 2, 3], [2, 3, 5], [1, 3, 4, 5], [1, 2], [1, 2, 3, 9],
        ]
        for first in lists {
            for second in lists {
                for advancesBetween in [true, false] {
                    let progress = try SecAggRound().masked()
                    var party = try #require(progress.clients[client])
                    var shares: [PartyID: Int] = [:]
                    func take(_ transition: Transition<UInt32, SecAggMessage<UInt32>>) {
                        for envelope in transition.envelopes {
                            if case .revealedShares(let list) = envelope.message {
                                for share in list { shares[share.of, default: 0] += 1 }
                            }
                        }
                    }
                    for list in [first, second] {
                        _ = try? party.receive(.survivors(list), from: server)
                        if advancesBetween, let transition = try? party.advance() { take(transition) }
                    }
                    for _ in 0..<3 { if let transition = try? party.advance() { take(transition) } }
                    #expect(shares.values.allSatisfy { $0 == 1 })
                }
            }
        }
    }

    @Test func `in every round with losses each client gives one share of each peer, of the right secret`() throws {
        for send in 0...3 {
            for lost in [[], [1], [5], [2, 4]] as [[PartyID]] {
                let log = MessageLog()
                let round = try SecAggRound()
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

    @Test func `different lists to different clients do not give the sum`() throws {
        // Clients 1 to 3 are told that all survived, the others that client 1 was lost: of client 1, two kinds of
        // shares are revealed.
        let round = try SecAggRound(threshold: 4)
        let log = MessageLog()
        let outcome = round.run(log: log) { _, envelope in
            guard case .survivors = envelope.message else { return [envelope] }
            return envelope.receivers.map { Envelope(to: $0, .survivors($0 <= 3 ? [1, 2, 3, 4, 5] : [2, 3, 4, 5])) }
        }
        #expect(outcome.learned.isEmpty)
        #expect(outcome.aborted == [1000: .inconsistentShares(dealer: 1)])
        // With t > N/2 neither secret of client 1 has t shares.
        let kinds = Dictionary(grouping: revealedShares(in: log).filter { $0.value[1] != nil }.keys) { $0 <= 3 }
        #expect(kinds.values.allSatisfy { $0.count < 4 })
    }

    /// Not a promise but its limit (Documentation/Schemes.md): with t = 3 of N = 5, lists that differ from client to
    /// client show the server one client's vector. Where t > 0.62·N they do not.
    @Test func `different boxes and lists to different clients open one vector at a low threshold`() throws {
        let round = try SecAggRound(count: 5, threshold: 3)
        var progress = try round.shared()
        // Client 1 is told that only 2 and 3 shared, so its vector has their two pairwise masks and its own on it.
        progress.delivered[1]?.removeAll { $0.party > 3 }
        let lists: [PartyID: [PartyID]] = [2: [1, 2, 4, 5], 3: [1, 3, 4, 5], 4: [1, 4, 5], 5: [1, 4, 5]]
        var selfSeedShares: [PartyID: Int] = [:]
        var maskSeedShares: [PartyID: Int] = [:]
        for (id, list) in lists {
            var party = try #require(progress.clients[id])
            _ = try answer(&party, to: .deliveredShares(progress.delivered[id] ?? []))
            guard
                case .revealedShares(let shares)? = try answer(&party, to: .survivors(list)).transition.envelopes.first?
                    .message
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
        let (_, transition) = try answer(&victim, to: .deliveredShares(progress.delivered[1] ?? []))
        guard case .maskedVector? = transition.envelopes.first?.message else {
            Issue.record("Client 1 does not send its vector.")
            return
        }
        // t shares of everything that is on it; still of no client both secrets.
        #expect(selfSeedShares[1] == 4)
        #expect(maskSeedShares == [2: 3, 3: 3])
        #expect((selfSeedShares[2] ?? 0) < 3 && (selfSeedShares[3] ?? 0) < 3)
    }
}
