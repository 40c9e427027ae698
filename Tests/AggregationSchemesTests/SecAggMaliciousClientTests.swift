// SPDX-License-Identifier: Apache-2.0

import PairwiseMasking
import ProtocolCryptography
import RingArithmetic
@_spi(Simulation) import SecureAggregation
import SecureRandomness
import Testing

/// What one client can do to the round of the others: be left out, or end it with a typed error.
@Suite struct SecAggMaliciousClientTests {
    private let server = SecAggRound.server
    private let bad: PartyID = 3
    private let others: [PartyID] = [1, 2, 4, 5]
    private let all: [PartyID] = [1, 2, 3, 4, 5]

    /// The bad client is refused for a reason, and the others' sum is right.
    private func expectDropped(
        _ outcome: AggregationOutcome<UInt32>,
        of round: SecAggRound,
        _ reason: Rejection,
        sum survivors: [PartyID]? = nil,
        _ location: SourceLocation = #_sourceLocation
    ) {
        let survivors = survivors ?? round.contributors.filter { $0 != bad }
        #expect(outcome.aggregate?.contributors == survivors, sourceLocation: location)
        #expect(outcome.aggregate?.sum == round.sum(of: survivors), sourceLocation: location)
        #expect(
            outcome.rejections == [.init(sender: bad, receiver: server, reason: reason)],
            sourceLocation: location
        )
        #expect(outcome.aborted.keys.allSatisfy { $0 == bad }, sourceLocation: location)
    }

    /// Replaces what the bad client sends in one step.
    private func replacing(
        _ change: @escaping @Sendable (SecAggRound.Message) -> SecAggRound.Message
    ) -> InterceptedScheme<SecAgg<UInt32>>.Rewriting {
        { [bad] sender, envelope in
            sender == bad ? [Envelope(to: envelope.receivers, change(envelope.message))] : [envelope]
        }
    }

    // MARK: Advertisements

    @Test(arguments: lowOrderPoints, [true, false])
    func `a key of low order costs its owner its place`(point: [UInt8], isChannelKey: Bool) throws {
        let round = try SecAggRound()
        let key = try KeyAgreementPublicKey(point)
        let outcome = round.run(
            rewriting: replacing { message in
                guard case .advertisement(let own) = message else { return message }
                return .advertisement(
                    Advertisement(
                        channelPublicKey: isChannelKey ? key : own.channelPublicKey,
                        maskPublicKey: isChannelKey ? own.maskPublicKey : key,
                        selfMaskCommitment: own.selfMaskCommitment,
                        authentication: own.authentication
                    )
                )
            }
        )
        expectDropped(outcome, of: round, .invalid(.lowOrderKey(bad)))
    }

    @Test func `one key for two purposes costs its owner its place`() throws {
        let round = try SecAggRound()
        let outcome = round.run(
            rewriting: replacing { message in
                guard case .advertisement(let own) = message else { return message }
                return .advertisement(
                    Advertisement(
                        channelPublicKey: own.maskPublicKey,
                        maskPublicKey: own.maskPublicKey,
                        selfMaskCommitment: own.selfMaskCommitment,
                        authentication: own.authentication
                    )
                )
            }
        )
        expectDropped(outcome, of: round, .invalid(.duplicateKey(bad)))
    }

    @Test func `another client's keys cost whoever copied them its place`() throws {
        let round = try SecAggRound()
        let victim = try #require(try round.advertised().advertisements[1])
        let outcome = round.run(
            rewriting: replacing { message in
                if case .advertisement = message { .advertisement(victim) } else { message }
            }
        )
        expectDropped(outcome, of: round, .invalid(.duplicateKey(bad)))
    }

    // MARK: Boxes

    @Test(arguments: SecAggSetting.all)
    func `too few boxes, or boxes for the wrong parties, cost their dealer its place`(setting: SecAggSetting) throws {
        let round = try SecAggRound(setting)
        let receivers = try round.shared().boxes[bad].map { $0.map(\.party) } ?? []
        #expect(receivers.count == (setting.isSparse ? 6 : 4))
        // A round of its own each time: its clients have released shares.
        func expectDropped(
            _ reason: ProtocolViolation,
            _ change: @escaping @Sendable ([AddressedBox]) -> [AddressedBox],
            _ location: SourceLocation = #_sourceLocation
        ) throws {
            let outcome = try SecAggRound(setting).run(
                rewriting: replacing { message in
                    if case .encryptedShares(let boxes) = message { .encryptedShares(change(boxes)) } else { message }
                }
            )
            self.expectDropped(outcome, of: round, .invalid(reason), location)
        }
        let count = receivers.count
        try expectDropped(.wrongCount(expected: count, actual: count - 1)) { Array($0.dropLast()) }
        try expectDropped(.wrongCount(expected: count, actual: 0)) { _ in [] }
        let stranger = round.contributors.last { !receivers.contains($0) && $0 != bad } ?? 9
        try expectDropped(.wrongCount(expected: count, actual: count + 1)) { boxes in
            (boxes + [AddressedBox(party: stranger, box: boxes[0].box)]).sorted { $0.party < $1.party }
        }
        // In another's place: the first box that is not where it belongs is named.
        for party in [stranger, bad] {
            let changed = (receivers.dropLast() + [party]).sorted()
            let first = try #require(zip(changed, receivers).first { $0 != $1 }).0
            try expectDropped(.foreignParty(first)) { boxes in
                zip(changed, boxes).map { AddressedBox(party: $0, box: $1.box) }
            }
        }
    }

    private func garbage(for receivers: Set<PartyID>) -> InterceptedScheme<SecAgg<UInt32>>.Rewriting {
        replacing { message in
            guard case .encryptedShares(let boxes) = message else { return message }
            return .encryptedShares(
                boxes.map { entry in
                    receivers.contains(entry.party)
                        ? AddressedBox(party: entry.party, box: [UInt8](repeating: 7, count: entry.box.count)) : entry
                }
            )
        }
    }

    @Test func `boxes that some receivers cannot open do not end the round`() throws {
        for receivers in [[1], [5], [1, 5]] as [Set<PartyID>] {
            let round = try SecAggRound()
            let outcome = round.run(rewriting: garbage(for: receivers))
            #expect(outcome.aggregate?.contributors == all)
            #expect(outcome.aggregate?.sum == round.sum(of: all))
            #expect(outcome.aborted.isEmpty && outcome.rejections.isEmpty)
        }
    }

    @Test func `boxes that nobody can open end the round and name their dealer`() throws {
        let outcome = try SecAggRound().run(rewriting: garbage(for: [1, 2, 4, 5]))
        #expect(outcome.learned.isEmpty)
        #expect(outcome.aborted == [server: .inconsistentShares(dealer: bad)])
    }

    @Test func `boxes that nobody can open, from a client that is then lost, end the round and name it`() throws {
        let outcome = try SecAggRound().run(
            faults: .losing([bad], beforeSend: 2),
            rewriting: garbage(for: [1, 2, 4, 5])
        )
        #expect(outcome.learned.isEmpty)
        #expect(outcome.aborted == [server: .inconsistentShares(dealer: bad)])
    }

    // MARK: Vectors

    @Test func `a server takes no vector from a client that did not share`() throws {
        let progress = try SecAggRound().shared()
        var party = progress.server
        let vector = try #require(try SecAggRound().masked().masked[1])
        #expect(try party.receive(.maskedVector(vector), from: 9) == .rejected(.unexpected))
        #expect(try party.receive(.maskedVector(vector), from: 1) == .accepted)
        #expect(try party.receive(.maskedVector(vector), from: 1) == .rejected(.conflicting))
    }

    @Test func `a server takes no message from a party that is no client`() throws {
        let done = try SecAggRound().masked()
        let foreign = try SecAggRound(seed: 2).masked()
        var party = try SecAggRound().party(server)
        _ = try party.start()
        for id in all {
            _ = try party.receive(.advertisement(#require(done.advertisements[id])), from: id)
        }
        let advertisement = try #require(foreign.advertisements[1])
        #expect(try party.receive(.advertisement(advertisement), from: 9) == .rejected(.unexpected))
        guard case .roster(let roster)? = try party.advance().envelopes.first?.message else {
            Issue.record("The server sends no roster.")
            return
        }
        #expect(roster.entries.map(\.id) == all)
        // Boxes for clients 1 to 4, as many as a client sends.
        let boxes = try #require(done.boxes[5])
        #expect(try party.receive(.encryptedShares(boxes), from: 9) == .rejected(.unexpected))
    }

    @Test func `a server takes no shares from a client whose vector never came`() throws {
        let round = try SecAggRound(SecAggSetting(isSparse: false, threat: .curious))
        var progress = try round.shared()
        let done = try round.masked()
        for id in others { _ = try progress.server.receive(.maskedVector(#require(done.masked[id])), from: id) }
        _ = try progress.server.advance()
        #expect(try progress.server.receive(.revealedShares([]), from: bad) == .rejected(.unexpected))
        #expect(try progress.server.receive(.revealedShares([]), from: 9) == .rejected(.unexpected))
        #expect(try progress.server.receive(.revealedShares([]), from: 1) == .accepted)
    }

    @Test(arguments: SecAggSetting.all.filter(\.hasConsistencyRound))
    func `a server takes no signature from a client whose vector never came`(setting: SecAggSetting) throws {
        let round = try SecAggRound(setting)
        var progress = try round.shared()
        let done = try round.signed()
        for id in round.contributors where id != bad {
            _ = try progress.server.receive(.maskedVector(#require(done.masked[id])), from: id)
        }
        _ = try progress.server.advance()
        let signature = try #require(done.signatures[bad])
        #expect(try progress.server.receive(.signature(signature), from: bad) == .rejected(.unexpected))
        #expect(try progress.server.receive(.signature(signature), from: 99) == .rejected(.unexpected))
    }

    // MARK: Advertisements and signatures

    @Test(arguments: SecAggSetting.all)
    func `keys of another threat model cost their owner its place`(setting: SecAggSetting) throws {
        let round = try SecAggRound(setting)
        let seed = SecretBytes(copying: [UInt8](repeating: 3, count: 32))
        let key = try SigningKey(seed: seed).verifyingKey
        let outcome = round.run(
            rewriting: replacing { message in
                guard case .advertisement(let own) = message else { return message }
                return .advertisement(own.authenticated(by: setting.threat == .curious ? .verifyingKey(key) : .none))
            }
        )
        expectDropped(outcome, of: round, .invalid(.wrongThreatModel))
    }

    @Test(arguments: SecAggSetting.all.filter { $0.threat == .active })
    func `keys with a wrong signature cost their owner its place`(setting: SecAggSetting) throws {
        let other = try #require(try SecAggRound(setting, round: 2).advertised().advertisements[bad])
        // A bit of it; another client's; one of another round.
        let changes: [@Sendable (Advertisement, Advertisement) -> Advertisement.Authentication] = [
            { own, _ in
                guard case .signature(var bytes) = own.authentication else { return .none }
                bytes[0] ^= 1
                return .signature(bytes)
            },
            { _, victim in victim.authentication },
            { _, _ in other.authentication },
        ]
        for change in changes {
            let round = try SecAggRound(setting)
            let victim = try #require(try round.advertised().advertisements[1])
            let outcome = round.run(
                rewriting: replacing { message in
                    guard case .advertisement(let own) = message else { return message }
                    return .advertisement(own.authenticated(by: change(own, victim)))
                }
            )
            expectDropped(outcome, of: round, .invalid(.badSignature(bad)))
        }
    }

    @Test(arguments: SecAggSetting.all.filter(\.hasConsistencyRound))
    func `a signature under anything else costs its sender its answer and nothing else`(setting: SecAggSetting) throws {
        func signature(of client: PartyID, in log: MessageLog) throws -> [UInt8] {
            Array(try #require(log.sent(by: client).first { $0.type == 0x39 }).bytes.dropFirst(34))
        }
        let (here, elsewhere, later) = (MessageLog(), MessageLog(), MessageLog())
        _ = try SecAggRound(setting).run(log: here)
        _ = try SecAggRound(setting).run(faults: .losing([5], beforeSend: 2), log: elsewhere)
        _ = try SecAggRound(setting, round: 2).run(log: later)
        for wrong in [
            // Another client's; its own under other sets; its own of another round; none.
            try signature(of: 1, in: here), try signature(of: bad, in: elsewhere), try signature(of: bad, in: later),
            [UInt8](repeating: 0, count: 64),
        ] {
            let round = try SecAggRound(setting)
            let outcome = round.run(
                rewriting: replacing { message in
                    if case .signature = message { .signature(wrong) } else { message }
                }
            )
            expectDropped(outcome, of: round, .invalid(.badSignature(bad)), sum: round.contributors)
        }
    }

    // MARK: Revealed shares

    /// The bad client reveals a wrong share of one dealer.
    private func wrongShare(of dealer: PartyID) -> InterceptedScheme<SecAgg<UInt32>>.Rewriting {
        replacing { message in
            guard case .revealedShares(let shares) = message else { return message }
            return .revealedShares(
                shares.map { share in
                    guard share.of == dealer else { return share }
                    var bytes = share.share.copy
                    bytes[31] ^= 1
                    return RevealedShare(of: dealer, share: SecretBytes(copying: bytes))
                }
            )
        }
    }

    @Test(arguments: [1, 3, 5] as [PartyID], [0, 1])
    func `a wrong share does no harm where one more than the threshold answer`(dealer: PartyID, lost: Int) throws {
        let round = try SecAggRound()
        let outcome = round.run(
            faults: .losing(others.suffix(lost), beforeSend: 4),
            rewriting: wrongShare(of: dealer)
        )
        #expect(outcome.aggregate?.contributors == all)
        #expect(outcome.aggregate?.sum == round.sum(of: all))
    }

    @Test func `a wrong share of a lost client's seed does no harm where one more than the threshold answer`() throws {
        let round = try SecAggRound()
        let outcome = round.run(faults: .losing([1], beforeSend: 2), rewriting: wrongShare(of: 1))
        #expect(outcome.aggregate?.sum == round.sum(of: [2, 3, 4, 5]))
    }

    @Test(arguments: [1, 3, 5] as [PartyID])
    func `a wrong share among just as many as the threshold ends the round`(dealer: PartyID) throws {
        let outcome = try SecAggRound().run(
            faults: .losing([4, 5], beforeSend: 4),
            rewriting: wrongShare(of: dealer)
        )
        #expect(outcome.learned.isEmpty)
        #expect(outcome.aborted == [server: .inconsistentShares(dealer: dealer)])
    }

    @Test(arguments: SecAggSetting.all)
    func `shares of strangers cost their sender its answer and nothing else`(setting: SecAggSetting) throws {
        let neighbors = try SecAggRound(setting).shared().neighbors(of: bad)
        let known = try SecAggRound(setting).contributors.first { !neighbors.contains($0) && $0 != bad }
        // Somebody who is no client, and a client with whom it shares nothing.
        for stranger in [99] + (known.map { [$0] } ?? []) {
            let round = try SecAggRound(setting)
            let outcome = round.run(
                rewriting: replacing { message in
                    guard case .revealedShares(let shares) = message else { return message }
                    let more = shares + [RevealedShare(of: stranger, share: shares[0].share)]
                    return .revealedShares(more.sorted { $0.of < $1.of })
                }
            )
            expectDropped(outcome, of: round, .invalid(.foreignParty(stranger)), sum: round.contributors)
        }
        #expect((known != nil) == setting.isSparse)
    }

    @Test(arguments: SecAggSetting.complete)
    func `shares of a client that did not share cost their sender its answer`(setting: SecAggSetting) throws {
        let round = try SecAggRound(setting)
        let outcome = round.run(
            faults: .losing([5], beforeSend: 1),
            rewriting: replacing { message in
                guard case .revealedShares(let shares) = message else { return message }
                return .revealedShares(shares + [RevealedShare(of: 5, share: shares[0].share)])
            }
        )
        expectDropped(outcome, of: round, .invalid(.foreignParty(5)), sum: [1, 2, 3, 4])
    }

    @Test func `shares that were revealed in an earlier round are worth nothing in this one`() throws {
        let log = MessageLog()
        let earlier = try SecAggRound(round: 1)
        #expect(earlier.run(log: log).aggregate != nil)
        let old = revealedShares(in: log)[bad] ?? [:]
        #expect(old.count == 5)
        let replay = replacing { message in
            guard case .revealedShares(let shares) = message else { return message }
            return .revealedShares(
                shares.map { RevealedShare(of: $0.of, share: SecretBytes(copying: old[$0.of]?.first ?? [])) }
            )
        }
        let round = try SecAggRound(round: 2)
        #expect(round.run(rewriting: replay).aggregate?.sum == round.sum(of: all))
        let tooFew = try SecAggRound(round: 2).run(faults: .losing([4, 5], beforeSend: 4), rewriting: replay)
        #expect(tooFew.aborted == [server: .inconsistentShares(dealer: 1)])
    }

    @Test func `an answer without shares does no harm where enough others answer`() throws {
        let round = try SecAggRound()
        let silent = replacing { message in
            if case .revealedShares = message { .revealedShares([]) } else { message }
        }
        #expect(round.run(rewriting: silent).aggregate?.sum == round.sum(of: all))
        let tooFew = try SecAggRound().run(faults: .losing([4, 5], beforeSend: 4), rewriting: silent)
        #expect(tooFew.aborted == [server: .inconsistentShares(dealer: 1)])
    }

    // MARK: The same again

    @Test(arguments: SecAggSetting.all)
    func `a server takes each message of a client once, in its step, and the sum is right`(
        setting: SecAggSetting
    ) throws {
        let round = try SecAggRound(setting)
        let done = try round.confirmed()
        var party = try round.party(server)
        _ = try party.start()
        func give(_ messages: [PartyID: SecAggRound.Message], again: Rejection) throws {
            for id in round.contributors {
                let message = try #require(messages[id])
                #expect(try party.receive(message, from: id) == .accepted)
                #expect(try party.receive(message, from: id) == .rejected(again))
                // Only the messages of the step are taken, and none that a server sends.
                #expect(try party.receive(round.survivors([1, 2, 3]), from: id) == .rejected(.unexpected))
                for keys in [done.keys[id], done.commitment].compactMap(\.self) {
                    #expect(try party.receive(keys, from: id) == .rejected(.unexpected))
                }
            }
            if case .advertisement? = messages[1] {
            } else {
                let advertisement = try #require(done.advertisements[1])
                #expect(try party.receive(.advertisement(advertisement), from: 1) == .rejected(.unexpected))
            }
        }
        try give(done.advertisements.mapValues { .advertisement($0) }, again: .conflicting)
        _ = try party.advance()
        if setting.hasBeacon { _ = try party.advance() }
        try give(done.boxes.mapValues { .encryptedShares($0) }, again: .unexpected)
        _ = try party.advance()
        try give(done.masked.mapValues { .maskedVector($0) }, again: .conflicting)
        _ = try party.advance()
        if setting.hasConsistencyRound {
            try give(done.signatures.mapValues { .signature($0) }, again: .unexpected)
            _ = try party.advance()
            if setting.hasBeacon { _ = try party.advance() }
        }
        var revealed: [PartyID: SecAggRound.Message] = [:]
        for id in round.contributors {
            var client = try #require(done.clients[id])
            let last = setting.hasConsistencyRound ? done.confirmations[id] : done.announcement
            revealed[id] = try answer(&client, to: #require(last)).transition.envelopes.first?.message
        }
        try give(revealed, again: .conflicting)
        guard case .finished(_, let aggregate?) = try party.advance() else {
            Issue.record("The server does not finish.")
            return
        }
        #expect(aggregate.sum == round.sum(of: round.contributors))
    }

    // MARK: Giving up

    @Test(arguments: SecAggSetting.all, [0, 3, 5, 7, 10])
    func `a client that gives up is dropped at that step`(setting: SecAggSetting, ordinal: Int) throws {
        guard ordinal != 7 || setting.hasConsistencyRound else { return }
        let round = try SecAggRound(setting)
        let outcome = round.run(
            rewriting: replacing { message in message.stage?.ordinal == ordinal ? .abort(.internalFailure) : message }
        )
        expectDropped(
            outcome,
            of: round,
            .senderAborted(.internalFailure),
            sum: ordinal > 5 ? round.contributors : nil
        )
    }
}

/// The points of low order that X25519 knows: 0, 1, and p − 1.
let lowOrderPoints: [[UInt8]] = [
    [UInt8](repeating: 0, count: 32), [1] + [UInt8](repeating: 0, count: 31),
    [0xec] + [UInt8](repeating: 0xff, count: 30) + [0x7f],
]

extension Advertisement {
    /// The same keys, authenticated otherwise.
    func authenticated(by authentication: Authentication) -> Advertisement {
        Advertisement(
            channelPublicKey: channelPublicKey,
            maskPublicKey: maskPublicKey,
            selfMaskCommitment: selfMaskCommitment,
            authentication: authentication
        )
    }
}
