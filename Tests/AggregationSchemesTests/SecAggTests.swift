// SPDX-License-Identifier: Apache-2.0

import PairwiseMasking
import RingArithmetic
@_spi(Simulation) import SecureAggregation
import SecureRandomness
import Testing

/// Which configurations of SecAgg can be made at all.
@Suite struct SecAggTests {
    private func make(
        _ count: Int,
        threshold: Int? = nil,
        cohort: MinimumCohort = .standard
    ) throws(AggregationError) -> SecAgg<UInt32> {
        let width: RingWidth
        do { width = try RingWidth(bits: 20) } catch { throw .ring(error) }
        return try SecAgg(
            contributors: (0..<UInt32(count)).map { PartyID($0 + 1) },
            server: 1000,
            threshold: threshold,
            dimension: 2,
            width: width,
            minimumCohort: cohort
        )
    }

    @Test(arguments: 3...12) func `a threshold is more than half of the clients and at most all`(count: Int) throws {
        for threshold in -1...count + 2 {
            if 2 * threshold > count, threshold <= count {
                #expect(try make(count, threshold: threshold).threshold == threshold)
            } else {
                #expect(throws: AggregationError.thresholdOutOfRange(threshold: threshold, contributors: count)) {
                    try make(count, threshold: threshold)
                }
            }
        }
        #expect(throws: AggregationError.self) { try make(count, threshold: .max / 2) }
    }

    @Test func `the threshold is more than two thirds by default`() throws {
        for count in 3...200 {
            let threshold = try make(count).threshold
            #expect(3 * threshold > 2 * count && threshold <= count)
            #expect(3 * (threshold - 1) <= 2 * count)
        }
    }

    @Test func `two clients take the option that says what they learn`() throws {
        #expect(throws: AggregationError.cohortTooSmall(contributors: 2, minimum: 3)) { try make(2) }
        #expect(throws: AggregationError.minimumCohortTooSmall(2)) { try MinimumCohort(2) }
        let inputs: [PartyID: [UInt32]] = randomInputs(count: 2, dimension: 2, width: 20, seed: 3)
        for scheme in SchemeUnderTest.allCases {
            #expect(throws: AggregationError.cohortTooSmall(contributors: 2, minimum: 3)) {
                try scheme.run(inputs: inputs, width: 20)
            }
            let outcome = try scheme.run(
                inputs: inputs,
                width: 20,
                minimumCohort: .twoWhoMayLearnEachOthersVectors
            )
            #expect(outcome.aggregate?.sum == expectedSum(inputs, of: [1, 2], width: 20))
        }
    }

    @Test(arguments: SchemeUnderTest.tolerant)
    func `a cohort that is lost below the minimum is not summed`(scheme: SchemeUnderTest) throws {
        let inputs: [PartyID: [UInt32]] = randomInputs(count: 6, dimension: 2, width: 20, seed: 3)
        let outcome = try scheme.run(
            inputs: inputs,
            width: 20,
            threshold: 4,
            minimumCohort: MinimumCohort(5),
            faults: .losing([1, 2], beforeSend: scheme.vectorSend)
        )
        #expect(outcome.learned.isEmpty)
        let enough = try scheme.run(
            inputs: inputs,
            width: 20,
            threshold: 4,
            minimumCohort: MinimumCohort(5),
            faults: .losing([1], beforeSend: scheme.vectorSend)
        )
        #expect(enough.aggregate?.contributors == [2, 3, 4, 5, 6])
    }

    @Test func `threshold, journal and parties: what is part of the session and what is not`() throws {
        let context = RoundContext(task: "test", round: 1)
        let session = try make(5, threshold: 3).session(in: context)
        #expect(try make(5, threshold: 3).session(in: context) == session)
        #expect(try make(5, threshold: 4).session(in: context) != session)
        #expect(try make(5, threshold: 3, cohort: MinimumCohort(4)).session(in: context) != session)
    }

    @Test func `only contributors with a right vector, and the server, become parties`() throws {
        let scheme = try make(3)
        let context = RoundContext(task: "test", round: 1)
        #expect(throws: AggregationError.unknownParty(9)) {
            try scheme.makeParty(9, contributing: [1, 2], in: context, using: SystemRandomness())
        }
        #expect(throws: AggregationError.missingVector(1)) {
            try scheme.makeParty(1, contributing: nil, in: context, using: SystemRandomness())
        }
        #expect(throws: AggregationError.wrongVectorLength(expected: 2, actual: 3)) {
            try scheme.makeParty(1, contributing: [1, 2, 3], in: context, using: SystemRandomness())
        }
    }
}
