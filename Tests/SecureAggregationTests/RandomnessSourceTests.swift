// SPDX-License-Identifier: Apache-2.0

@_spi(Simulation) import SecureAggregation
@_spi(Simulation) import SecureRandomness
import Testing

@Suite struct RandomnessSourceTests {
    private func start(_ generator: SeededGenerator) throws -> [UInt8] {
        var generator = generator
        return try generator.bytes(32)
    }

    @Test func `parties, rounds, attempts, tasks, purposes and seeds get streams of their own`() throws {
        let source = SimulationRandomness(seed: 1)
        let context = RoundContext(task: "a", round: 1)
        let starts = try [
            source.generator(for: 1, in: context),
            source.generator(for: 2, in: context),
            source.generator(for: 1, in: RoundContext(task: "a", round: 2)),
            source.generator(for: 1, in: RoundContext(task: "a", round: 1, attempt: 1)),
            source.generator(for: 1, in: RoundContext(task: "b", round: 1)),
            source.generator(purpose: "input", task: "a", round: 1, party: 1),
            source.generator(purpose: "faults", task: "a", round: 1, party: 1),
            SimulationRandomness(seed: 2).generator(for: 1, in: context),
        ].map(start)
        #expect(Set(starts).count == starts.count)
    }

    @Test func `the same seed gives the same stream`() throws {
        let context = RoundContext(task: "a", round: 3, attempt: 2)
        #expect(
            try start(SimulationRandomness(seed: 5).generator(for: 4, in: context))
                == start(SimulationRandomness(seed: 5).generator(for: 4, in: context))
        )
        #expect(
            try start(SimulationRandomness(seed: 5).generator(for: 4, in: context))
                == start(
                    SimulationRandomness(seed: 5).generator(purpose: "party", task: "a", round: 3, attempt: 2, party: 4)
                )
        )
    }

    @Test func `the system's generator is not repeatable`() throws {
        let context = RoundContext(task: "a", round: 1)
        var first = SystemRandomnessSource().generator(for: 1, in: context)
        var second = SystemRandomnessSource().generator(for: 1, in: context)
        #expect(try first.bytes(32) != second.bytes(32))
    }
}
