// SPDX-License-Identifier: Apache-2.0

public import DifferentialPrivacy
public import RingArithmetic
public import SecureAggregation
public import SecureRandomness

/// A round as its codec and its mechanism know it. All parties of the round know it; to others, who see results only, the size
/// of a Poisson sample must not be shown.
public struct UpdateRound: Sendable, Equatable {
    /// The number of the round, from 0.
    public let number: Int
    /// How many clients contribute, if none is lost.
    public let cohort: Int
    /// 32 random bytes that the coordinator draws and announces.
    public let publicSeed: [UInt8]

    /// A round.
    public init(number: Int, cohort: Int, publicSeed: [UInt8]) {
        self.number = number
        self.cohort = cohort
        self.publicSeed = publicSeed
    }
}

/// What a training run has cost so far, for one client at the most.
public struct PrivacySpending: Sendable, Equatable {
    /// Against whoever sees the model of every round, and neither who took part nor how many did.
    public let guarantee: PrivacyGuarantee
    /// Against the coordinator, which knows who took part; nil where it sees sums without noise.
    public let againstCoordinator: PrivacyGuarantee?
}

/// Differential privacy around a scheme: who takes part, noise on what a client contributes, on what the recipient
/// releases, or on both, and what that costs.
///
/// It wraps any scheme and is not one: clip → quantize → `perturb` → scheme → `release`.
public protocol UpdateMechanism<Element>: Sendable {
    /// What the scheme sums.
    associatedtype Element: RingWord

    /// The clients who take part in a round, drawn where the privacy depends on how; nil: whom the trainer asks.
    ///
    /// The round is paid for before this returns, so before anything leaves a client, and is not refunded.
    /// - Throws: `PrivacyLedgerError`, of which `.overBudget` ends training.
    func participants(
        among clients: [PartyID], round: Int, using generator: inout some SecureRandomNumberGenerator
    ) throws -> [PartyID]?

    /// In how many rounds each of the clients took part; empty where nobody counts.
    func participations(of clients: [PartyID]) -> [Int]

    /// Takes note of how often the clients took part before this round, in which training goes on.
    /// - Throws: `PrivacyLedgerError` if the rounds before were not paid for.
    func recall(_ participations: [Int], of clients: [PartyID], before round: Int) throws

    /// The mechanism of one round; itself if all rounds have the same.
    /// - Throws: `AggregationError` where the cohort is too small or too large: the round then ends without a sum.
    func mechanism(for round: UpdateRound) throws -> Self

    /// Adds a client's noise to its encoded update.
    func perturb(
        _ vector: inout [Element], width: RingWidth, using generator: inout some SecureRandomNumberGenerator
    ) throws

    /// Adds the recipient's noise to a sum of so many contributions.
    /// - Throws: `RingError`, `DifferentialPrivacyError`; then nothing is released.
    func release(
        _ sum: inout [Element], contributors: Int, width: RingWidth,
        using generator: inout some SecureRandomNumberGenerator
    ) throws

    /// What the rounds so far have cost; nil where nothing bounds it.
    func spending() throws -> PrivacySpending?
}

extension UpdateMechanism {
    /// Whom the trainer asks.
    public func participants(
        among clients: [PartyID], round: Int, using generator: inout some SecureRandomNumberGenerator
    ) -> [PartyID]? { nil }

    /// Nobody counts.
    public func participations(of clients: [PartyID]) -> [Int] { [] }

    /// Does nothing.
    public func recall(_ participations: [Int], of clients: [PartyID], before round: Int) {}

    /// Itself.
    public func mechanism(for round: UpdateRound) -> Self { self }

    /// No bound.
    public func spending() -> PrivacySpending? { nil }
}

/// No noise: the sum is exact, and whoever learns it learns all that it says.
public struct NoMechanism<Element: RingWord>: UpdateMechanism {
    /// No noise.
    public init() {}

    /// Leaves the vector as it is.
    public func perturb(
        _ vector: inout [Element], width: RingWidth, using generator: inout some SecureRandomNumberGenerator
    ) {}

    /// Leaves the sum as it is.
    public func release(
        _ sum: inout [Element], contributors: Int, width: RingWidth,
        using generator: inout some SecureRandomNumberGenerator
    ) {}
}
