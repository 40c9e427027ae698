// SPDX-License-Identifier: Apache-2.0

import PaillierAggregation
@_spi(Simulation) import PairwiseMasking
import ProtocolCryptography
import RingArithmetic
@_spi(Simulation) import SecureAggregation
@_spi(Simulation) import SecureRandomness
import SharingAggregation
import Testing

/// What happens when one contributor's generator fails: it gives up with the cause, sends nothing made of weaker
/// randomness, and the others go on without it.
@Suite struct RandomnessFailureTests {
    /// Seeds for two aggregators and two ephemeral keys.
    @Test(arguments: [0, 31, 32, 64, 96, 127])
    func `a contributor to additive sharing gives up with the cause`(limit: Int) throws {
        let outcome = try runAdditive(limit: limit)
        #expect(outcome.aborted == [2: .randomness(LimitedGenerator.failure)])
        #expect(outcome.aggregate?.contributors == [1, 3, 4, 5])
        #expect(outcome.aggregate?.sum == expectedSum(inputs, of: [1, 3, 4, 5], width: 20))
    }

    /// 32 bytes a ciphertext, of which each vector has one; the server makes one too.
    @Test(arguments: [0, 31])
    func `a contributor to paillier gives up with the cause, and its server too`(limit: Int) throws {
        expectGivenUp(try runPaillier(limit: limit))
        let outcome = try runPaillier(victim: 1000, limit: limit)
        #expect(outcome.learned.isEmpty)
        #expect(outcome.aborted[1000] == .randomness(LimitedGenerator.failure))
        #expect(outcome.aborted[1001] == .abortedByPeer(1000, .internalFailure))
        for victim: PartyID in [2, 1000] {
            let enough = try runPaillier(victim: victim, limit: 32)
            #expect(enough.aborted.isEmpty)
            #expect(enough.aggregate?.sum == expectedSum(inputs, of: [1, 2, 3, 4, 5], width: 20))
        }
    }

    /// Three seeds; then two coefficients for each of two elements of two secrets.
    @Test(arguments: [0, 32, 64, 95, 96, 96 + 64, 96 + 127])
    func `a client of SecAgg gives up with the cause`(limit: Int) throws {
        expectGivenUp(try runSecAgg(.curious, limit: limit))
        expectGivenUp(try runSecAgg(.active, limit: limit))
    }

    /// One seed more, of the key that signs who survived.
    @Test(arguments: [0, 96, 127, 128, 128 + 64, 128 + 127])
    func `a client of SecAgg that draws a signing key gives up with the cause`(limit: Int) throws {
        expectGivenUp(try runSecAgg(.semiMalicious, limit: limit))
    }

    /// On a sparse graph with four neighbors, a threshold of three has as many coefficients.
    @Test(arguments: SchemeUnderTest.sparseGraphs, [0, 96, 96 + 127])
    func `a client of SecAgg+ gives up with the cause`(scheme: SchemeUnderTest, limit: Int) throws {
        let seeds = scheme.threat == .semiMalicious ? 32 : 0
        let failing = try runSparse(scheme.threat, limit: limit + seeds)
        #expect(failing.aborted == [2: .randomness(LimitedGenerator.failure)])
        #expect(failing.aggregate?.sum == expectedSum(sparseInputs, of: [1, 3, 4, 5, 6], width: 20))
        let enough = try runSparse(scheme.threat, limit: 96 + 128 + seeds)
        #expect(enough.aborted.isEmpty)
        #expect(enough.aggregate?.sum == expectedSum(sparseInputs, of: [1, 2, 3, 4, 5, 6], width: 20))
    }

    @Test func `a server that cannot draw the graph tells the clients`() throws {
        let outcome = try runSparse(.curious, victim: 1000, limit: 31)
        #expect(outcome.learned.isEmpty)
        #expect(outcome.aborted[1000] == .randomness(LimitedGenerator.failure))
        #expect(Set(outcome.aborted.keys) == [1, 2, 3, 4, 5, 6, 1000])
    }

    @Test func `exactly as many bytes as the wire format says are enough`() throws {
        for outcome in [
            try runAdditive(limit: 128), try runSecAgg(.curious, limit: 96 + 128),
            try runSecAgg(.semiMalicious, limit: 128 + 128), try runSecAgg(.active, limit: 96 + 128),
        ] {
            #expect(outcome.aborted.isEmpty)
            #expect(outcome.aggregate?.sum == expectedSum(inputs, of: [1, 2, 3, 4, 5], width: 20))
        }
    }

    private func expectGivenUp(
        _ outcome: AggregationOutcome<UInt32>,
        _ location: SourceLocation = #_sourceLocation
    ) {
        #expect(outcome.aborted == [2: .randomness(LimitedGenerator.failure)], sourceLocation: location)
        #expect(outcome.aggregate?.contributors == [1, 3, 4, 5], sourceLocation: location)
        #expect(
            outcome.aggregate?.sum == expectedSum(inputs, of: [1, 3, 4, 5], width: 20),
            sourceLocation: location
        )
    }

    private let sparseInputs: [PartyID: [UInt32]] = randomInputs(count: 6, dimension: 4, width: 20, seed: 9)

    private func runSparse(
        _ threat: ThreatModel,
        victim: PartyID = 2,
        limit: Int
    ) throws -> AggregationOutcome<UInt32> {
        let inputs = sparseInputs
        let contributors = inputs.keys.sorted()
        let scheme = try SecAgg<UInt32>(
            contributors: contributors,
            server: 1000,
            graph: .sparse(
                neighbors: 4,
                beacon: SimulatedBeacon(randomness: SimulationRandomness(seed: 1))
            ),
            threat: threat,
            threshold: 3,
            enrollment: threat == .active ? .simulated(contributors) : nil,
            dimension: 4,
            width: RingWidth(bits: 20)
        )
        return AggregationDriver(
            scheme: scheme,
            context: RoundContext(task: "test", round: 1),
            randomness: FailingSource(victim: victim, limit: limit)
        ).run { inputs[$0] ?? [] }
    }

    private let inputs: [PartyID: [UInt32]] = randomInputs(count: 5, dimension: 4, width: 20, seed: 9)

    private func runSecAgg(_ threat: ThreatModel, limit: Int) throws -> AggregationOutcome<UInt32> {
        run(
            try SecAgg<UInt32>(
                contributors: inputs.keys.sorted(),
                server: 1000,
                threat: threat,
                threshold: 3,
                enrollment: threat == .active ? .simulated(inputs.keys.sorted()) : nil,
                dimension: 4,
                width: RingWidth(bits: 20)
            ),
            limit: limit
        )
    }

    private func runAdditive(limit: Int) throws -> AggregationOutcome<UInt32> {
        run(
            try AdditiveAggregation<UInt32>(
                contributors: inputs.keys.sorted(),
                leader: 1000,
                aggregators: [1001, 1002],
                enrollment: .simulated(inputs.keys.sorted(), [1001, 1002]),
                dimension: 4,
                width: RingWidth(bits: 20)
            ),
            limit: limit
        )
    }

    private func runPaillier(victim: PartyID = 2, limit: Int) throws -> AggregationOutcome<UInt32> {
        run(
            try PaillierAggregation<UInt32>(
                contributors: inputs.keys.sorted(),
                server: 1000,
                keyHolder: 1001,
                enrollment: .simulated(),
                dimension: 4,
                width: RingWidth(bits: 20)
            ),
            victim: victim,
            limit: limit
        )
    }

    private func run<Scheme: AggregationScheme<UInt32>>(
        _ scheme: Scheme,
        victim: PartyID = 2,
        limit: Int
    ) -> AggregationOutcome<UInt32> {
        AggregationDriver(
            scheme: scheme,
            context: RoundContext(task: "test", round: 1),
            randomness: FailingSource(victim: victim, limit: limit)
        ).run { inputs[$0] ?? [] }
    }
}

/// Gives `remaining` bytes of a seeded stream, then fails as a kernel would.
private struct LimitedGenerator: SecureRandomNumberGenerator {
    var base: SeededGenerator
    var remaining: Int
    static let failure = RandomnessError.systemSourceUnavailable(code: 5)

    mutating func fill(_ bytes: inout MutableSpan<UInt8>) throws(RandomnessError) {
        guard bytes.count <= remaining else { throw Self.failure }
        remaining -= bytes.count
        try base.fill(&bytes)
    }
}

/// Fails one party after `limit` bytes and nobody else.
private struct FailingSource: RandomnessSource {
    let victim: PartyID
    let limit: Int

    func generator(for party: PartyID, in context: RoundContext) -> LimitedGenerator {
        LimitedGenerator(
            base: SimulationRandomness(seed: 1).generator(for: party, in: context),
            remaining: party == victim ? limit : .max
        )
    }
}
