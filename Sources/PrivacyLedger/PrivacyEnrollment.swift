// SPDX-License-Identifier: Apache-2.0

public import DifferentialPrivacy

/// How a round protects a client: what a signed context says of it, and what a client enrolled for.
public struct RoundProtection: Sendable, Equatable {
    /// Who adds noise.
    public let mode: NoiseDescription.Mode
    /// σ² of the noise that one party adds, in integers.
    public let localVariance: NoiseVariance
    /// The fewest honest survivors t below which the round aborts.
    public let minimumHonestSurvivors: Int
    /// The clipping norm C.
    public let clippingNorm: Double
    /// Integers to a unit of the vector.
    public let scale: Double

    /// - Throws: `.enrollmentOutOfRange` unless t ≥ 1, and C and the scale are finite and above 0.
    public init(
        mode: NoiseDescription.Mode, localVariance: NoiseVariance, minimumHonestSurvivors: Int, clippingNorm: Double,
        scale: Double
    ) throws(PrivacyLedgerError) {
        guard minimumHonestSurvivors >= 1, clippingNorm > 0, clippingNorm.isFinite, scale > 0, scale.isFinite else {
            throw .enrollmentOutOfRange
        }
        self.mode = mode
        self.localVariance = localVariance
        self.minimumHonestSurvivors = minimumHonestSurvivors
        self.clippingNorm = clippingNorm
        self.scale = scale
    }

    /// The first term in which this protects less than `enrolled`; more noise, more survivors, a tighter clip and fewer integers to a
    /// unit do not. Noise is that of all t survivors together, so that shares may follow the cohort.
    func weakness(against enrolled: RoundProtection) -> PrivacyLedgerError.EnrolledTerm? {
        if mode != enrolled.mode { return .mode }
        if minimumHonestSurvivors < enrolled.minimumHonestSurvivors { return .survivors }
        if !hasNoise(of: enrolled) { return .noise }
        if clippingNorm > enrolled.clippingNorm { return .clippingNorm }
        if scale > enrolled.scale { return .scale }
        return nil
    }
}

extension RoundProtection {
    /// Whether t times the variance of one party is at least what it is there: more survivors may bring smaller shares.
    private func hasNoise(of enrolled: RoundProtection) -> Bool {
        // Fractions: numerators and denominators are at most 2^62, and t is below 2^63.
        func product(_ protection: RoundProtection, over other: RoundProtection) -> (UInt128, UInt128) {
            let noise = UInt128(protection.localVariance.numerator) * UInt128(protection.minimumHonestSurvivors)
            let (high, low) = noise.multipliedFullWidth(by: UInt128(other.localVariance.denominator))
            return (high, low)
        }
        return product(self, over: enrolled) >= product(enrolled, over: self)
    }
}

/// What a client agreed to when it enrolled for a task.
public struct PrivacyEnrollment: Sendable, Equatable {
    /// The name of the task, 1 to 255 bytes of UTF-8.
    public let task: String
    /// In how many rounds the client takes part at most.
    public let participationCap: Int
    /// What every round must hold.
    public let protection: RoundProtection

    /// - Throws: `.taskNameLength`; `.enrollmentOutOfRange` if the cap is negative.
    public init(task: String, participationCap: Int, protection: RoundProtection) throws(PrivacyLedgerError) {
        guard (1...255).contains(task.utf8.count) else { throw .taskNameLength(task.utf8.count) }
        guard participationCap >= 0 else { throw .enrollmentOutOfRange }
        self.task = task
        self.participationCap = participationCap
        self.protection = protection
    }
}

/// A round as the context that the coordinator signed describes it.
public struct SignedRound: Sendable, Equatable {
    /// The name of the task.
    public let task: String
    /// The number of the round.
    public let round: UInt64
    /// 0 for the first try of a round.
    public let attempt: UInt32
    /// How the round protects its clients.
    public let protection: RoundProtection

    /// A round of a context whose signature the caller has verified.
    public init(task: String, round: UInt64, attempt: UInt32 = 0, protection: RoundProtection) {
        self.task = task
        self.round = round
        self.attempt = attempt
        self.protection = protection
    }
}
