// SPDX-License-Identifier: Apache-2.0

public import DifferentialPrivacy
internal import PrivacyLedger
public import RingArithmetic
public import SecureAggregation
public import SecureRandomness

/// Discrete Gaussian noise on sums of updates over Poisson samples of the clients, paid for from a ledger [MRTZ18], [KLS21].
///
/// In a round each client takes part with the plan's probability, independently of all others, unless it has taken part as
/// often as it may. Belongs to a `PrivateUpdateCodec` of the same plan.
public struct PrivateMechanism<Element: RingWord>: UpdateMechanism {
    /// Noise, cohort and ring.
    public let plan: PrivateSumPlan
    /// What was spent, and by whom.
    public let account: TrainingPrivacy
    private let mechanism: DiscreteGaussianMechanism?
    private let cohort: Int

    /// The mechanism of the account's plan.
    public init(_ account: TrainingPrivacy) {
        plan = account.plan
        self.account = account
        mechanism = nil
        cohort = 0
    }

    private init(_ mechanism: Self, round: UpdateRound) throws(DifferentialPrivacyError) {
        plan = mechanism.plan
        account = mechanism.account
        cohort = round.cohort
        self.mechanism = try plan.mechanism(cohort: round.cohort, rotationSeed: round.publicSeed)
    }

    /// Draws a Poisson sample, of which those stay away who may not take part any more, and pays for the round.
    /// - Throws: `DifferentialPrivacyError.cohortOutOfRange` if the clients are not as many as the plan's population, of which
    ///   the probabilities of failure are; `PrivacyLedgerError`; `RandomnessError` if the generator fails.
    public func participants(
        among clients: [PartyID], round: Int, using generator: inout some SecureRandomNumberGenerator
    ) throws -> [PartyID]? {
        guard clients.count == plan.terms.population else { throw DifferentialPrivacyError.cohortOutOfRange }
        return try account.begin(round: round, drawn: draw(among: clients, using: &generator))
    }

    /// In how many rounds each of the clients took part.
    public func participations(of clients: [PartyID]) -> [Int] { account.participations(of: clients) }

    /// Takes note of participations before a checkpoint.
    /// - Throws: `PrivacyLedgerError.notCharged` if the ledger does not have the rounds before this one.
    public func recall(_ participations: [Int], of clients: [PartyID], before round: Int) throws {
        try account.recall(participations, of: clients, before: round)
    }

    private func draw(
        among clients: [PartyID], using generator: inout some SecureRandomNumberGenerator
    ) throws(RandomnessError) -> [PartyID] {
        guard plan.terms.samplingRate < 1 else { return clients }
        // The probability is ⌊q·2^64⌋/2^64, at most q.
        let threshold = UInt64(plan.terms.samplingRate * 0x1p64)
        let bytes = try generator.bytes(8 * clients.count)
        return clients.indices.filter { index in
            let word = bytes[8 * index..<8 * index + 8].reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
            return word < threshold
        }.map { clients[$0] }
    }

    /// The mechanism with the shares of noise of the round's cohort.
    /// - Throws: `AggregationError.tooFewParties`, `.tooManyParties` if the plan does not accept the cohort.
    public func mechanism(for round: UpdateRound) throws -> Self {
        try plan.check(round)
        return try Self(self, round: round)
    }

    /// Adds a client's noise, or none if that is the recipient's affair.
    public func perturb(
        _ vector: inout [Element], width: RingWidth, using generator: inout some SecureRandomNumberGenerator
    ) throws(DifferentialPrivacyError) {
        guard let mechanism else { throw .cohortOutOfRange }
        try mechanism.addNoise(to: &vector, using: &generator)
    }

    /// Adds the recipient's noise, or the shares of those who were lost.
    /// - Throws: `.tooFewSurvivors`.
    public func release(
        _ sum: inout [Element], contributors: Int, width: RingWidth,
        using generator: inout some SecureRandomNumberGenerator
    ) throws(DifferentialPrivacyError) {
        guard let mechanism else { throw .cohortOutOfRange }
        try plan.release(&sum, of: contributors, cohort: cohort, mechanism: mechanism, using: &generator)
    }

    /// What was spent so far.
    /// - Throws: `PrivacyLedgerError`.
    public func spending() throws -> PrivacySpending? { try account.spending() }
}
