// SPDX-License-Identifier: Apache-2.0

import ProtocolCryptography
import RingArithmetic
@_spi(Simulation) import SecureAggregation
import SecureRandomness
import SharingAggregation
import Testing

/// What a peer refuses, at each stage: the tests drive peer 1 of five by hand.
@Suite struct PeerRefusalTests {
    private typealias Message = PeerToPeerMessage<UInt64>
    private typealias Party = any AggregationParty<UInt64, Message>

    private static let peer: PartyID = 1
    private let all: [PartyID] = [1, 2, 3, 4, 5]
    private let inputs: [PartyID: [UInt64]] = randomInputs(count: 5, dimension: 2, width: 20, seed: 71)

    private func scheme(
        _ contributors: [PartyID] = [1, 2, 3, 4, 5],
        threshold: Int = 3,
        cohort: MinimumCohort = .standard,
        journal: ShareReleaseJournal = ShareReleaseJournal()
    ) throws -> PeerToPeerAggregation<UInt64> {
        try PeerToPeerAggregation(
            contributors: contributors,
            threshold: threshold,
            dimension: 2,
            width: RingWidth(bits: 20),
            minimumCohort: cohort,
            journal: journal
        )
    }

    private func party(_ id: PartyID, of scheme: PeerToPeerAggregation<UInt64>, attempt: UInt32 = 0) throws -> Party {
        let context = RoundContext(task: "test", round: 1, attempt: attempt)
        return try scheme.makeParty(
            id,
            contributing: inputs[id],
            in: context,
            using: SimulationRandomness(seed: 1).generator(for: id, in: context)
        )
    }

    /// What peer 1 gets in an honest round: by stage, then by sender.
    private func inbox(
        threshold: Int = 3,
        cohort: MinimumCohort = .standard,
        attempt: UInt32 = 0
    ) throws -> [[PartyID: Message]] {
        let scheme = try scheme(threshold: threshold, cohort: cohort)
        var parties: [PartyID: Party] = [:]
        var sent: [(from: PartyID, envelope: Envelope<Message>)] = []
        for id in all {
            var party = try party(id, of: scheme, attempt: attempt)
            sent += try party.start().envelopes.map { (id, $0) }
            parties[id] = party
        }
        var stages: [[PartyID: Message]] = []
        while !sent.isEmpty {
            var received: [PartyID: Message] = [:]
            for (sender, envelope) in sent {
                for receiver in envelope.receivers {
                    if receiver == Self.peer { received[sender] = envelope.message }
                    #expect(try parties[receiver]?.receive(envelope.message, from: sender) == .accepted)
                }
            }
            stages.append(received)
            sent = []
            for id in all { sent += try parties[id]?.advance().envelopes.map { (id, $0) } ?? [] }
        }
        return stages
    }

    /// Peer 1 after so many stages of that round.
    private func peer(
        after stages: [[PartyID: Message]],
        of scheme: PeerToPeerAggregation<UInt64>,
        attempt: UInt32 = 0
    ) throws -> Party {
        var party = try party(Self.peer, of: scheme, attempt: attempt)
        _ = try party.start()
        for stage in stages {
            for (sender, message) in stage { #expect(try party.receive(message, from: sender) == .accepted) }
            _ = try party.advance()
        }
        return party
    }

    // MARK: Configurations

    @Test func `thresholds are more than half of the peers and at most all`() throws {
        for (count, threshold) in [(5, 2), (5, 6), (5, 0), (4, 2), (3, 1)] {
            #expect(throws: AggregationError.thresholdOutOfRange(threshold: threshold, contributors: count)) {
                try scheme(Array(all.prefix(count)), threshold: threshold)
            }
        }
        let context = RoundContext(task: "test", round: 1)
        let sessions = try (3...5).map { try scheme(threshold: $0).session(in: context) }
        #expect(Set(sessions).count == 3)
    }

    @Test(arguments: [3, 5]) func `inputs above the ring count mod 2^b, peer to peer`(threshold: Int) throws {
        let scheme = try scheme(threshold: threshold)
        let outcome = AggregationDriver(
            scheme: scheme,
            context: RoundContext(task: "test", round: 1),
            randomness: SimulationRandomness(seed: 1)
        ).run { inputs[$0, default: []].map { $0 + 1 << 62 } }
        #expect(outcome.aggregate?.sum == expectedSum(inputs, of: all, width: 20))
    }

    // MARK: Senders

    @Test func `a peer takes one message of each other peer in a stage, and of nobody else`() throws {
        let inbox = try inbox()
        #expect(inbox.count == 3 && inbox.allSatisfy { $0.count == 4 })
        for stage in inbox.indices {
            var party = try peer(after: Array(inbox.prefix(stage)), of: scheme())
            for (sender, message) in inbox[stage] {
                for stranger in [Self.peer, 77] as [PartyID] {
                    #expect(try party.receive(message, from: stranger) == .rejected(.unexpected))
                }
                #expect(try party.receive(message, from: sender) == .accepted)
                #expect(try party.receive(message, from: sender) == .rejected(.conflicting), "stage \(stage)")
            }
            for other in inbox.indices where other != stage {
                let message = try #require(inbox[other][2])
                #expect(try party.receive(message, from: 2) == .rejected(.unexpected))
            }
        }
    }

    @Test func `a seed where a share is due, or a share where a seed is, is refused`() throws {
        let stage = try inbox()[0]
        var party = try peer(after: [], of: scheme())
        // Each peer sends seeds to the two after it: peer 1 has them of 4 and 5.
        for id in all.dropFirst() {
            guard case .seed? = stage[id] else {
                #expect(id < 4)
                continue
            }
            #expect(id >= 4)
        }
        for (sender, other) in [(2, 5), (3, 4), (4, 3), (5, 2)] as [(PartyID, PartyID)] {
            #expect(try party.receive(#require(stage[other]), from: sender) == .rejected(.unexpected))
        }
    }

    @Test func `a peer that gives up ends nobody else's round`() throws {
        var tolerant = try peer(after: [], of: scheme())
        #expect(try tolerant.receive(.abort(.refused), from: 2) == .rejected(.senderAborted(.refused)))
        #expect(try tolerant.receive(.abort(.refused), from: 77) == .rejected(.unexpected))
        // Nor where all are needed: each finds that out at the end of its own stage.
        var additive = try peer(after: [], of: scheme(threshold: 5))
        #expect(try additive.receive(.abort(.refused), from: 77) == .rejected(.unexpected))
        #expect(try additive.receive(.abort(.refused), from: 2) == .rejected(.senderAborted(.refused)))
    }

    // MARK: Lists

    @Test func `a confirmation with a stranger, or without its sender, is refused`() throws {
        var party = try peer(after: Array(inbox().prefix(1)), of: scheme())
        #expect(try party.receive(.confirm([1, 2, 77]), from: 2) == .rejected(.invalid(.foreignParty(77))))
        #expect(try party.receive(.confirm([1, 3, 4]), from: 2) == .rejected(.invalid(.receiverMisplaced)))
        #expect(try party.receive(.confirm([]), from: 2) == .rejected(.invalid(.receiverMisplaced)))
        #expect(try party.receive(.confirm([1, 2]), from: 2) == .accepted)
    }

    @Test func `only a list that T peers have told word for word is summed`() throws {
        let shares = try Array(inbox().prefix(1))
        func list(after confirmations: [PartyID: [PartyID]]) throws -> Transition<UInt64, Message> {
            var party = try peer(after: shares, of: scheme())
            for (sender, dealers) in confirmations { _ = try party.receive(.confirm(dealers), from: sender) }
            return try party.advance()
        }
        let transition = try list(after: [2: all, 3: all, 4: [1, 2, 4], 5: [1, 2, 3, 5]])
        guard case .partialSum(_, let dealers)? = transition.envelopes.first?.message else {
            Issue.record("It sends no sum.")
            return
        }
        #expect(dealers == all)
        expectAborted(try list(after: [2: all, 3: [1, 3, 4, 5], 4: [1, 2, 4]]), "confirm", have: 2, need: 3)
        expectAborted(try list(after: [2: [1, 2, 3], 3: [1, 2, 3], 4: all]), "confirm", have: 2, need: 3)
        expectAborted(try list(after: [2: all]), "confirm", have: 2, need: 3)
    }

    @Test func `a list below the minimum cohort is not summed`() throws {
        let cohort = try MinimumCohort(4)
        var party = try peer(after: Array(inbox(cohort: cohort).prefix(1)), of: scheme(cohort: cohort))
        for sender in [2, 3, 4] as [PartyID] { _ = try party.receive(.confirm([2, 3, 4]), from: sender) }
        expectAborted(try party.advance(), "confirm", have: 3, need: 4)
    }

    @Test func `a peer that holds other shares than the list sends no sum, and learns it from the others`() throws {
        let inbox = try inbox()
        var party = try peer(after: Array(inbox.prefix(1)), of: scheme())
        let list: [PartyID] = [2, 3, 4]
        for sender in list { #expect(try party.receive(.confirm(list), from: sender) == .accepted) }
        guard case .next(let sending, let expectation) = try party.advance() else {
            Issue.record("It does not wait.")
            return
        }
        #expect(sending.isEmpty && expectation.quorum == 3)
        for sender in list {
            guard case .partialSum(let share, _)? = inbox[2][sender] else {
                Issue.record("Peer \(sender) sends no sum.")
                return
            }
            #expect(try party.receive(.partialSum(share, of: list), from: sender) == .accepted)
        }
        // Three sums lie on some polynomial, so this one learns something, and says whose it should be.
        guard case .finished(_, let aggregate?) = try party.advance() else {
            Issue.record("It does not learn the sum.")
            return
        }
        #expect(aggregate.contributors == list)
    }

    @Test func `a sum over another list is not combined`() throws {
        let inbox = try inbox()
        var party = try peer(after: Array(inbox.prefix(2)), of: scheme())
        guard case .partialSum(let share, let dealers)? = inbox[2][2] else {
            Issue.record("Peer 2 sends no sum.")
            return
        }
        #expect(dealers == all)
        #expect(try party.receive(.partialSum(share, of: [1, 2, 3, 4]), from: 2) == .accepted)
        #expect(try party.receive(#require(inbox[2][3]), from: 3) == .accepted)
        expectAborted(try party.advance(), "combine", have: 2, need: 3)
    }

    // MARK: Numbers

    private func expectAborted(
        _ transition: Transition<UInt64, Message>,
        _ stage: String,
        have: Int,
        need: Int,
        _ location: SourceLocation = #_sourceLocation
    ) {
        guard case .aborted(let error, let sending) = transition else {
            Issue.record("It goes on.", sourceLocation: location)
            return
        }
        #expect(error == .tooFewParties(stage: stage, have: have, need: need), sourceLocation: location)
        #expect(
            sending.allSatisfy { if case .abort = $0.message { true } else { false } },
            sourceLocation: location
        )
    }

    @Test func `too few peers end the round at every stage`() throws {
        let stages = ["share", "confirm", "combine"]
        for (threshold, cohort) in [(3, 3), (4, 3)] {
            let cohort = try MinimumCohort(cohort)
            let inbox = try inbox(threshold: threshold, cohort: cohort)
            for stage in inbox.indices {
                for count in 0..<threshold - 1 {
                    let scheme = try scheme(threshold: threshold, cohort: cohort)
                    var party = try peer(after: Array(inbox.prefix(stage)), of: scheme)
                    for id in all.dropFirst().prefix(count) {
                        _ = try party.receive(#require(inbox[stage][id]), from: id)
                    }
                    expectAborted(try party.advance(), stages[stage], have: count + 1, need: threshold)
                    #expect(throws: AggregationError.outOfOrder) { try party.advance() }
                }
            }
        }
        // The minimum cohort counts where it is more than the threshold.
        let cohort = try MinimumCohort(5)
        let shares = try inbox(cohort: cohort)[0]
        var party = try peer(after: [], of: scheme(cohort: cohort))
        for id in [2, 3, 4] as [PartyID] { _ = try party.receive(#require(shares[id]), from: id) }
        expectAborted(try party.advance(), "share", have: 4, need: 5)
        // Where all are needed, all are.
        let additive = try inbox(threshold: 5)[0]
        var last = try peer(after: [], of: scheme(threshold: 5))
        for id in [2, 3, 4] as [PartyID] { _ = try last.receive(#require(additive[id]), from: id) }
        expectAborted(try last.advance(), "share", have: 4, need: 5)
    }

    // MARK: Releases

    @Test func `a peer sends one partial sum in a round`() throws {
        let journal = ShareReleaseJournal()
        let scheme = try scheme(journal: journal)
        let (first, second) = try (inbox(), inbox(attempt: 1))
        // Two attempts at once, both after the confirmations but for the step.
        var parties = try [
            peer(after: Array(first.prefix(1)), of: scheme),
            peer(after: Array(second.prefix(1)), of: scheme, attempt: 1),
        ]
        for (position, confirmations) in [first[1], second[1]].enumerated() {
            for (sender, message) in confirmations { _ = try parties[position].receive(message, from: sender) }
        }
        guard case .next = try parties[0].advance() else {
            Issue.record("The first attempt is not answered.")
            return
        }
        guard case .aborted(let error, let sending) = try parties[1].advance() else {
            Issue.record("The second attempt is answered.")
            return
        }
        #expect(error == .sharesAlreadyReleased(round: 1) && sending.count == 1)
        // And none is begun afterwards.
        #expect(throws: AggregationError.sharesAlreadyReleased(round: 1)) {
            try party(Self.peer, of: scheme, attempt: 2)
        }
    }
}
