// SPDX-License-Identifier: Apache-2.0

extension NoiseDescription {
    /// The neighbors for which the sensitivities are.
    public var adjacency: Adjacency { mode == .local ? .substituteUser : .addOrRemoveUser }

    /// What an accountant charges for one release, with the probability of failure that goes with it.
    ///
    /// `central` and `local` are a discrete Gaussian, `distributed` is a sum of `shares` of them, whose τ the accountant adds.
    /// Where users are substituted, `central` and `distributed` have twice the sensitivity: one is removed and one added. The
    /// variance is rounded down and the sensitivity up. The bound on the probability that the sum wraps around is charged,
    /// although nothing of privacy is lost when it does, and so is that of an abort that shows how small the cohort was.
    /// - Parameters:
    ///   - adjacency: the neighbors of the budget.
    ///   - cohortAbortProbability: as `Participation.probabilityOfSmallCohort` gives it; 0 where the cohort is public.
    /// - Returns: the noise, composed with `.failure` where a probability is above 0.
    /// - Throws: `.unsupportedEvent(.adjacency)` for `local` noise where users are added or removed: who sends a vector is seen,
    ///   and no noise hides it. `.noiseOutOfRange` if the sensitivity is 0; `.countOutOfRange` if there is no share of noise;
    ///   `.probabilityOutOfRange` unless both probabilities are in 0 … 1 and together below 1.
    public func event(
        adjacency: Adjacency, cohortAbortProbability: Double = 0
    ) throws(AccountingError) -> PrivacyEvent {
        guard mode != .local || adjacency == .substituteUser else { throw .unsupportedEvent(.adjacency("local")) }
        guard squaredSensitivity > 0 else { throw .noiseOutOfRange(0) }
        guard shares >= 1, mode == .distributed || shares == 1 else { throw .countOutOfRange(shares) }
        guard cohortAbortProbability >= 0 else { throw .probabilityOutOfRange(cohortAbortProbability) }
        guard wrapAroundProbability >= 0 else { throw .probabilityOutOfRange(wrapAroundProbability) }
        let failure = cohortAbortProbability + wrapAroundProbability
        guard failure < 1 else { throw .probabilityOutOfRange(failure) }

        let factor = adjacency == self.adjacency ? 1.0 : 2.0
        let l2Sensitivity = factor * Self.squareRootRoundedUp(squaredSensitivity)
        let variance = localVariance.valueRoundedDown
        let noise: PrivacyEvent =
            mode == .distributed
            ? .distributedDiscreteGaussian(
                contributors: shares, localVariance: variance, l2Sensitivity: l2Sensitivity, dimension: dimension)
            : .discreteGaussian(variance: variance, l2Sensitivity: l2Sensitivity, dimension: dimension)
        return failure == 0 ? noise : .composed([noise, .failure(probability: failure.nextUp)])
    }

    /// A double that is at least the square root.
    static func squareRootRoundedUp(_ square: UInt64) -> Double {
        var value = Double(square)
        // What a double does not hold may have been rounded down.
        if UInt64(exactly: value) != square { value = value.nextUp }
        let root = value.squareRoot()
        let residue = (-value).addingProduct(root, root)
        return residue < 0 ? root.nextUp : root
    }
}

extension NoiseVariance {
    /// A double that is at most the fraction.
    var valueRoundedDown: Double {
        if denominator == 1, UInt64(exactly: value) == numerator { return value }
        // Two conversions and a division err by less than four units.
        return value.nextDown.nextDown.nextDown.nextDown
    }
}
