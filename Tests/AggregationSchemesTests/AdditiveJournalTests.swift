// SPDX-License-Identifier: Apache-2.0

import ProtocolCryptography
import RingArithmetic
@_spi(Simulation) import SecureAggregation
import SecureRandomness
import SharingAggregation
import Testing

/// An aggregator that answered for two lists of one round would show the vector of whoever is in only one of them.
@Suite struct AdditiveJournalTests {
    private let inputs: [PartyID: [UInt32]] = randomInputs(count: 4, dimension: 2, width: 16, seed: 41)

    private func scheme(journal: ShareReleaseJournal) throws -> AdditiveAggregation<UInt32> {
        let contributors = inputs.keys.sorted()
        return try AdditiveAggregation(
            contributors: contributors, leader: 1000, aggregators: [1001],
            enrollment: .simulated(contributors, [1001]), dimension: 2, width: RingWidth(bits: 16), journal: journal)
    }

    private func run(
        _ scheme: AdditiveAggregation<UInt32>, round: UInt64, attempt: UInt32 = 0, faults: FaultSchedule = .none
    ) -> AggregationOutcome<UInt32> {
        AggregationDriver(
            scheme: scheme, context: RoundContext(task: "test", round: round, attempt: attempt),
            randomness: SimulationRandomness(seed: 1), faults: faults
        ).run { inputs[$0] ?? [] }
    }

    @Test func `no other attempt of a round is answered, nor an earlier round, but the next one is`() throws {
        let scheme = try scheme(journal: ShareReleaseJournal())
        #expect(run(scheme, round: 5).aggregate != nil)
        let again = run(scheme, round: 5, attempt: 1, faults: .losing([3], beforeSend: 0))
        #expect(again.learned.isEmpty)
        #expect(again.aborted[1001] == .sharesAlreadyReleased(round: 5))
        #expect(run(scheme, round: 4).aborted[1001] == .sharesAlreadyReleased(round: 5))
        // It is not even made, so it opens no seed.
        #expect(throws: AggregationError.sharesAlreadyReleased(round: 5)) {
            try scheme.makeParty(
                1001, contributing: nil, in: RoundContext(task: "test", round: 5, attempt: 1),
                using: SystemRandomness())
        }
        #expect(run(scheme, round: 6).aggregate != nil)
    }

    @Test func `an attempt that the aggregator never answered may be repeated`() throws {
        let scheme = try scheme(journal: ShareReleaseJournal())
        #expect(run(scheme, round: 5, faults: .losing([1, 2], beforeSend: 0)).learned.isEmpty)
        #expect(run(scheme, round: 5, attempt: 1).aggregate != nil)
    }

    @Test func `of two aggregators of one round that are asked at once, one answers`() throws {
        let scheme = try scheme(journal: ShareReleaseJournal())
        let context = RoundContext(task: "test", round: 5)
        var answers = 0
        var refusals = 0
        var parties = try (0..<2).map { _ in
            try scheme.makeParty(1001, contributing: nil, in: context, using: SystemRandomness())
        }
        let seeds = try inputs.keys.sorted().map { id -> ForwardedSeed in
            var party = try scheme.makeParty(id, contributing: inputs[id], in: context, using: SystemRandomness())
            guard case .share(_, let sealed)? = try party.start().envelopes.first?.message else {
                throw AggregationError.outOfOrder
            }
            return ForwardedSeed(contributor: id, seed: sealed[0])
        }
        for index in parties.indices {
            _ = try parties[index].start()
            _ = try parties[index].receive(.forward(seeds), from: 1000)
        }
        for index in parties.indices {
            switch try parties[index].advance() {
            case .finished: answers += 1
            case .aborted(.sharesAlreadyReleased(round: 5), _): refusals += 1
            default: break
            }
        }
        #expect(answers == 1 && refusals == 1)
    }
}
