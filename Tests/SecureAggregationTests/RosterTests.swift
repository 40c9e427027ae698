// SPDX-License-Identifier: Apache-2.0

import RingArithmetic
import SecureAggregation
import Testing

@Suite struct RosterTests {
    private func validate(
        contributors: [PartyID] = [1, 2, 3],
        helpers: [PartyID] = [9],
        minimumHelpers: Int = 1,
        cohort: MinimumCohort = .standard,
        dimension: Int = 5,
        bits: Int = 32
    ) throws {
        try Roster.validate(
            contributors: contributors,
            helpers: helpers,
            minimumHelpers: minimumHelpers,
            cohort: cohort,
            dimension: dimension,
            width: RingWidth(bits: bits),
            element: UInt32.self
        )
    }

    @Test func `three contributors and a server are enough`() throws { try validate() }

    @Test func `a party twice, out of order or in both lists is refused`() {
        #expect(throws: AggregationError.duplicateParty(2)) { try validate(contributors: [1, 2, 2, 3]) }
        #expect(throws: AggregationError.duplicateParty(1)) { try validate(contributors: [2, 1, 3]) }
        #expect(throws: AggregationError.duplicateParty(3)) { try validate(helpers: [3]) }
        #expect(throws: AggregationError.duplicateParty(9)) { try validate(helpers: [9, 8, 9]) }
    }

    @Test func `helpers are needed in the number that the scheme says, in any order`() throws {
        #expect(throws: AggregationError.tooFewHelpers(have: 1, minimum: 2)) { try validate(minimumHelpers: 2) }
        try validate(helpers: [12, 9, 10], minimumHelpers: 2)
        try validate(helpers: [], minimumHelpers: 0)
    }

    @Test func `fewer contributors than the minimum cohort are refused`() throws {
        #expect(throws: AggregationError.cohortTooSmall(contributors: 2, minimum: 3)) {
            try validate(contributors: [1, 2])
        }
        #expect(throws: AggregationError.cohortTooSmall(contributors: 3, minimum: 4)) {
            try validate(cohort: try MinimumCohort(4))
        }
        try validate(contributors: [1, 2], cohort: .twoWhoMayLearnEachOthersVectors)
        #expect(throws: AggregationError.cohortTooSmall(contributors: 1, minimum: 2)) {
            try validate(contributors: [1], cohort: .twoWhoMayLearnEachOthersVectors)
        }
    }

    @Test func `a minimum cohort below three takes the option that says what it gives away`() throws {
        for count in [2, 1, 0, -1, Int.min] {
            #expect(throws: AggregationError.minimumCohortTooSmall(count)) { try MinimumCohort(count) }
        }
        #expect(try MinimumCohort(3) == .standard)
        #expect(MinimumCohort.twoWhoMayLearnEachOthersVectors.count == 2)
    }

    @Test func `dimensions that do not fit the wire are refused`() throws {
        for dimension in [0, -1, Int(UInt32.max) + 1, Int.max] {
            #expect(throws: AggregationError.dimensionOutOfRange(dimension)) { try validate(dimension: dimension) }
        }
        try validate(dimension: 1)
        try validate(dimension: Int(UInt32.max))
    }

    @Test func `a ring wider than the element is refused`() {
        #expect(throws: AggregationError.elementTooNarrow(needed: 33, available: 32)) { try validate(bits: 33) }
    }

    @Test func `more parties than a list on the wire can name are refused`() throws {
        let most = (1...UInt32(Roster.maximumContributors)).map { PartyID($0) }
        try validate(contributors: most, helpers: [1_000_000])
        #expect(throws: AggregationError.tooManyParties(most.count + 2)) {
            try validate(contributors: [0] + most, helpers: [1_000_000])
        }
        let helpers = (0..<501).map { PartyID(1_000_000 + $0) }
        #expect(throws: AggregationError.tooManyParties(504)) { try validate(helpers: helpers) }
        // 164 bytes an entry of a signed SecAgg roster, 144 of a forwarded seed, in three bytes of length.
        #expect(Roster.maximumContributors == 100_000 && Roster.maximumContributors * 164 < 1 << 24)
        // 144 bytes a seed for each aggregator, in two.
        #expect(Roster.maximumHelpers * 144 < 1 << 16)
    }
}
