// SPDX-License-Identifier: Apache-2.0

public import RingArithmetic
public import SecureRandomness

extension PrivateSumPlan {
    /// How many of a cohort must have contributed for their sum to be released.
    public func minimumContributors(cohort count: Int) -> Int {
        guard terms.mode == .distributed else { return 1 }
        // In thousandths, so that what is asked of honest clients is never below ρ of the cohort.
        let colluding = Int((terms.colludingShare * 1000 - 1e-6).rounded(.up))
        return min(count, (count * (honestPermille + max(0, colluding)) + 999) / 1000)
    }

    /// What noise adds to a coordinate of a released sum of so many clients' vectors, in their unit: never less than
    /// `standardDeviation`. Where noise is `distributed`, all shares are in it, those of clients who were lost too.
    public func releasedStandardDeviation(of contributors: Int) -> Double {
        switch terms.mode {
        case .central: standardDeviation
        case .local: standardDeviation * Double(max(1, contributors)).squareRoot()
        case .distributed: standardDeviation * (1000 / Double(honestPermille)).squareRoot()
        }
    }

    /// Makes a sum fit to be released: adds the noise of the recipient, and the shares of clients who were lost.
    /// - Parameters:
    ///   - sum: the words of the scheme's sum.
    ///   - contributors: how many clients are in it.
    ///   - count: how many of the cohort there were.
    ///   - mechanism: that of the cohort, `mechanism(cohort:rotationSeed:)`.
    ///   - generator: for the noise.
    /// - Throws: `.tooFewSurvivors` with the contributors that are missing, `.cohortOutOfRange`, `.lengthMismatch`,
    ///   `.randomness`. The sum must then not be released.
    public func release<Word: RingWord>(
        _ sum: inout [Word], of contributors: Int, cohort count: Int, mechanism: DiscreteGaussianMechanism,
        using generator: inout some SecureRandomNumberGenerator
    ) throws(DifferentialPrivacyError) {
        guard contributors >= 1, contributors <= count else { throw .cohortOutOfRange }
        let minimum = minimumContributors(cohort: count)
        guard contributors >= minimum else { throw .tooFewSurvivors(contributors, minimum: minimum) }
        let colluding = Int((terms.colludingShare * Double(count)).rounded(.down))
        let honest =
            terms.mode == .distributed ? max(mechanism.description.shares, contributors - colluding) : contributors
        try mechanism.release(&sum, survivors: honest, using: &generator)
        guard terms.mode == .distributed else { return }
        // In parts whose variance has terms below 2^62.
        var missing = count - contributors
        let share = mechanism.description.localVariance
        while missing > 0 {
            let part = min(missing, 1000)
            let variance = try NoiseVariance(
                numerator: share.numerator * UInt64(part), denominator: share.denominator)
            try DiscreteGaussianSampler(variance).addNoise(to: &sum, using: &generator)
            missing -= part
        }
        Word.reduce(&sum, to: width)
    }
}
