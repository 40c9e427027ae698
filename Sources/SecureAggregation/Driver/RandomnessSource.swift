// SPDX-License-Identifier: Apache-2.0

internal import ProtocolCryptography
@_spi(Simulation) public import SecureRandomness

/// Gives every party of an aggregation a generator of its own.
public protocol RandomnessSource: Sendable {
    /// The generators that it gives.
    associatedtype Generator: SecureRandomNumberGenerator

    /// A generator that no other party, round or attempt shares.
    func generator(for party: PartyID, in context: RoundContext) -> Generator
}

/// The operating system's generator for everybody: what deployments use.
public struct SystemRandomnessSource: RandomnessSource {
    /// The operating system's generator.
    public init() {}

    /// The generator of one party.
    public func generator(for party: PartyID, in context: RoundContext) -> SystemRandomness { SystemRandomness() }
}

/// Generators derived from one seed, so that a simulation can be repeated byte for byte. Nothing that it produces is
/// private.
@_spi(Simulation)
public struct SimulationRandomness: RandomnessSource {
    /// The seed of the whole simulation.
    public let seed: UInt64

    /// The generators of a seed.
    public init(seed: UInt64) { self.seed = seed }

    /// The generator of one party.
    public func generator(for party: PartyID, in context: RoundContext) -> SeededGenerator {
        generator(purpose: "party", task: context.task, round: context.round, attempt: context.attempt, party: party)
    }

    /// A generator for anything else in a simulation, independent of all others (Documentation/WireFormat.md,
    /// "Randomness").
    public func generator(
        purpose: String, task: String = "simulation", round: UInt64 = 0, attempt: UInt32 = 0, party: PartyID = 0
    ) -> SeededGenerator {
        var info = WireEncoder()
        info.write(Array("fedsum/1 simulation \(purpose)".utf8), lengthBytes: 1)
        info.write(Array(task.utf8), lengthBytes: 1)
        info.write(round)
        info.write(attempt)
        info.write(party.rawValue)
        var input = WireEncoder()
        input.write(seed)
        let key = hkdfSHA256(SecretBytes(copying: input.bytes), salt: [], info: info.bytes, byteCount: 32)
        return key.withSpan { SeededGenerator(key: $0) }
    }
}
