// SPDX-License-Identifier: Apache-2.0

public import ProtocolCryptography
@_spi(Simulation) public import SecureAggregation
internal import SecureRandomness

/// Public randomness that nobody can foresee or choose, in numbered pulses, such as drand or the NIST beacon.
///
/// It decides who is whose neighbor, and later whose signatures a client wants to see. The server names a pulse together
/// with the root of what must not depend on it: the clients' first messages, and the survivors' signatures. Every client
/// asks its own beacon whether that pulse is still to come, and refuses if it is not: otherwise the server could have tried
/// until the draw suited it.
public protocol PublicBeacon: Sendable {
    /// A pulse after `previous` that is not out yet, and that will not be out before all clients have the root. The server
    /// asks.
    func nextPulse(after previous: UInt64?) -> UInt64

    /// Whether nobody can know the output of `pulse` yet. Each client asks, when the root arrives.
    func isStillSecret(_ pulse: UInt64) -> Bool

    /// The output of `pulse`, or its hash: 32 bytes. May wait for it; nil if it cannot be had.
    func output(of pulse: UInt64) -> HashDigest?
}

/// A beacon for simulations, tests and vectors: known to whoever knows the seed.
@_spi(Simulation)
public struct SimulatedBeacon: PublicBeacon {
    private let randomness: SimulationRandomness

    /// The beacon of a simulation's seed.
    public init(randomness: SimulationRandomness) { self.randomness = randomness }

    /// 1, 2, …: every round has its own roots.
    public func nextPulse(after previous: UInt64?) -> UInt64 { (previous ?? 0) + 1 }

    /// True: in a simulation nobody looks ahead.
    public func isStillSecret(_ pulse: UInt64) -> Bool { true }

    /// The first bytes of the generator of purpose "beacon" (Documentation/WireFormat.md).
    public func output(of pulse: UInt64) -> HashDigest? {
        var generator = randomness.generator(purpose: "beacon", round: pulse, party: 0)
        guard let bytes = try? generator.secretBytes(32) else { return nil }
        return try? HashDigest(bytes.withSpan { span in span.indices.map { span[$0] } })
    }
}
