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
        let survivors = survivors ?? others
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

    @Test(arguments: SecAggLyingServerTests.lowOrderPoints, [true, false])
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
                        selfMaskCommitment: own.selfMaskCommitment
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
                        selfMaskCommitment: own.selfMaskCommitment
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

    @Test func `too few boxes, or boxes for the wrong parties, cost their dealer its place`() throws {
        let round = try SecAggRound()
        // A round of its own each time: its clients have released shares.
        func outcome(
            _ change: @escaping @Sendable ([AddressedBox]) -> [AddressedBox]
        ) throws -> AggregationOutcome<UInt32> {
            try SecAggRound().run(
                rewriting: replacing { message in
                    if case .encryptedShares(let boxes) = message { .encryptedShares(change(boxes)) } else { message }
                }
            )
        }
        expectDropped(
            try outcome { Array($0.dropLast()) },
            of: round,
            .invalid(.wrongCount(expected: 4, actual: 3))
        )
        expectDropped(try outcome { _ in [] }, of: round, .invalid(.wrongCount(expected: 4, actual: 0)))
        expectDropped(
            try outcome { boxes in boxes.dropLast() + [AddressedBox(party: 9, box: boxes[3].box)] },
            of: round,
            .invalid(.foreignParty(9))
        )
        expectDropped(
            try outcome { boxes in
                [boxes[0], boxes[1], AddressedBox(party: 3, box: boxes[2].box), boxes[3]]
            },
            of: round,
            .invalid(.foreignParty(3))
        )
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
        #expect(roster.map(\.id) == all)
        // Boxes for clients 1 to 4, as many as a client sends.
        let boxes = try #require(done.boxes[5])
        #expect(try party.receive(.encryptedShares(boxes), from: 9) == .rejected(.unexpected))
    }

    @Test func `a server takes no shares from a client whose vector never came`() throws {
        var progress = try SecAggRound().shared()
        let done = try SecAggRound().masked()
        for id in others { _ = try progress.server.receive(.maskedVector(#require(done.masked[id])), from: id) }
        _ = try progress.server.advance()
        #expect(try progress.server.receive(.revealedShares([]), from: bad) == .rejected(.unexpected))
        #expect(try progress.server.receive(.revealedShares([]), from: 9) == .rejected(.unexpected))
        #expect(try progress.server.receive(.revealedShares([]), from: 1) == .accepted)
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
            faults: .losing(others.suffix(lost), beforeSend: 3),
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
            faults: .losing([4, 5], beforeSend: 3),
            rewriting: wrongShare(of: dealer)
        )
        #expect(outcome.learned.isEmpty)
        #expect(outcome.aborted == [server: .inconsistentShares(dealer: dealer)])
    }

    @Test func `shares of a party that dealt none cost their sender its answer and nothing else`() throws {
        let round = try SecAggRound()
        let outcome = round.run(
            rewriting: replacing { message in
                guard case .revealedShares(let shares) = message else { return message }
                return .revealedShares(shares + [RevealedShare(of: 9, share: shares[0].share)])
            }
        )
        expectDropped(outcome, of: round, .invalid(.foreignParty(9)), sum: all)
    }

    @Test func `an answer without shares does no harm where enough others answer`() throws {
        let round = try SecAggRound()
        let silent = replacing { message in
            if case .revealedShares = message { .revealedShares([]) } else { message }
        }
        #expect(round.run(rewriting: silent).aggregate?.sum == round.sum(of: all))
        let tooFew = try SecAggRound().run(faults: .losing([4, 5], beforeSend: 3), rewriting: silent)
        #expect(tooFew.aborted == [server: .inconsistentShares(dealer: 1)])
    }

    // MARK: The same again

    @Test func `a server takes each message of a client once, in its step, and the sum is right`() throws {
        let round = try SecAggRound()
        let done = try round.masked()
        var party = try round.party(server)
        _ = try party.start()
        func give(_ messages: [PartyID: SecAggRound.Message], again: Rejection) throws {
            for id in all {
                let message = try #require(messages[id])
                #expect(try party.receive(message, from: id) == .accepted)
                #expect(try party.receive(message, from: id) == .rejected(again))
                // Only the messages of the step are taken, and none that a server sends.
                #expect(try party.receive(.survivors([1, 2, 3]), from: id) == .rejected(.unexpected))
                #expect(try party.receive(.roster(done.roster), from: id) == .rejected(.unexpected))
            }
            if case .advertisement? = messages[1] {
            } else {
                let advertisement = try #require(done.advertisements[1])
                #expect(try party.receive(.advertisement(advertisement), from: 1) == .rejected(.unexpected))
            }
        }
        try give(done.advertisements.mapValues { .advertisement($0) }, again: .conflicting)
        _ = try party.advance()
        try give(done.boxes.mapValues { .encryptedShares($0) }, again: .unexpected)
        _ = try party.advance()
        try give(done.masked.mapValues { .maskedVector($0) }, again: .conflicting)
        _ = try party.advance()
        var revealed: [PartyID: SecAggRound.Message] = [:]
        for id in all {
            var client = try #require(done.clients[id])
            revealed[id] = try answer(&client, to: .survivors(all)).transition.envelopes.first?.message
        }
        try give(revealed, again: .conflicting)
        guard case .finished(_, let aggregate?) = try party.advance() else {
            Issue.record("The server does not finish.")
            return
        }
        #expect(aggregate.sum == round.sum(of: all))
    }

    // MARK: Giving up

    @Test(arguments: 0...3) func `a client that gives up is dropped at that step`(send: Int) throws {
        let round = try SecAggRound()
        let ordinal = 2 * send
        let outcome = round.run(
            rewriting: replacing { message in message.stage?.ordinal == ordinal ? .abort(.internalFailure) : message }
        )
        expectDropped(
            outcome,
            of: round,
            .senderAborted(.internalFailure),
            sum: send > 2 ? all : others
        )
    }
}
