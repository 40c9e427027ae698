// SPDX-License-Identifier: Apache-2.0

@_spi(Simulation) import PairwiseMasking
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

    private func sparse(
        _ count: Int,
        neighbors: Int,
        threat: ThreatModel = .semiMalicious,
        threshold: Int? = nil,
        hasBeacon: Bool = true
    ) throws(AggregationError) -> SecAgg<UInt32> {
        let width: RingWidth
        do { width = try RingWidth(bits: 20) } catch { throw .ring(error) }
        return try SecAgg(
            contributors: (0..<UInt32(count)).map { PartyID($0 + 1) },
            server: 1_000_000,
            graph: .sparse(neighbors: neighbors, beacon: hasBeacon ? ChosenBeacon() : nil),
            threat: threat,
            threshold: threshold,
            dimension: 2,
            width: width
        )
    }

    @Test(arguments: 3...20) func `neighbors are an even number from two to all but one of the others`(count: Int)
        throws
    {
        for neighbors in -3...count + 3 {
            if neighbors % 2 == 0, neighbors >= 2, neighbors <= count - 2 {
                let scheme = try sparse(count, neighbors: neighbors)
                #expect(scheme.neighbors == neighbors && scheme.name == "secagg+")
                for threshold in -1...count + 2 {
                    if 2 * threshold > neighbors, threshold <= neighbors {
                        #expect(try sparse(count, neighbors: neighbors, threshold: threshold).threshold == threshold)
                    } else {
                        #expect(
                            throws: AggregationError.thresholdOutOfRange(threshold: threshold, contributors: neighbors)
                        ) { try sparse(count, neighbors: neighbors, threshold: threshold) }
                    }
                }
            } else {
                #expect(throws: AggregationError.neighborsOutOfRange(neighbors, maximum: count - 2)) {
                    try sparse(count, neighbors: neighbors)
                }
            }
        }
    }

    @Test func `more neighbors than a message can list are refused`() throws {
        #expect(throws: AggregationError.neighborsOutOfRange(20_002, maximum: 20_000)) {
            try sparse(30_000, neighbors: 20_002)
        }
        #expect(try sparse(30_000, neighbors: 20_000).neighbors == 20_000)
        // 708 bytes a neighbor with signed keys and 17 hashes, 740 a witness, in three bytes of length.
        #expect(20_000 * 740 < 1 << 24)
    }

    @Test func `only a server that is believed may draw the graph itself`() throws {
        for threat in [ThreatModel.semiMalicious, .active] {
            #expect(throws: AggregationError.missingBeacon) {
                try sparse(10, neighbors: 4, threat: threat, hasBeacon: false)
            }
        }
        #expect(throws: Never.self) { try sparse(10, neighbors: 4, threat: .curious, hasBeacon: false) }
    }

    @Test func `against an active server everybody's identity must be known, and one's own be here`() throws {
        let parties: [PartyID] = [1, 2, 3]
        let full = try ClientEnrollment.simulated(parties)
        func make(_ enrollment: ClientEnrollment?) throws -> SecAgg<UInt32> {
            try SecAgg(
                contributors: parties,
                server: 1000,
                threat: .active,
                enrollment: enrollment,
                dimension: 2,
                width: RingWidth(bits: 20)
            )
        }
        #expect(throws: AggregationError.missingKey(1)) { try make(nil) }
        var missing = full
        missing.verifyingKeys[3] = nil
        #expect(throws: AggregationError.missingKey(3)) { try make(missing) }
        var twice = full
        twice.verifyingKeys[3] = full.verifyingKeys[1]
        #expect(throws: AggregationError.unusableKey(.duplicateKey(3))) { try make(twice) }
        var elsewhere = full
        elsewhere.signingKeys[2] = nil
        let scheme = try make(elsewhere)
        let context = RoundContext(task: "test", round: 1)
        #expect(throws: AggregationError.missingKey(2)) {
            try scheme.makeParty(2, contributing: [1, 2], in: context, using: SystemRandomness())
        }
        for id in [1, 3, 1000] as [PartyID] {
            #expect(throws: Never.self) {
                try scheme.makeParty(
                    id, contributing: id == 1000 ? nil : [1, 2], in: context, using: SystemRandomness())
            }
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
