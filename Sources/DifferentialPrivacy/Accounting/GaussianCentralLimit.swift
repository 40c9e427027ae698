// SPDX-License-Identifier: Apache-2.0

/// The central limit approximation of many sampled Gaussian steps, [BDLS20]. An estimate and no bound: the true ε can be
/// larger, and is in every case that we compared.
public enum GaussianCentralLimit {
    /// How a step's users are drawn.
    public enum Sampling: Sendable, Equatable {
        /// Independently, neighbors by adding or removing a user.
        case poisson
        /// As a set of fixed size, neighbors by substitution.
        case uniform
    }

    /// The μ that the composition tends to.
    /// - Throws: `.samplingRateOutOfRange`, `.noiseOutOfRange`, `.countOutOfRange`.
    public static func mu(
        rate: Double, noiseMultiplier: Double, steps: Int, sampling: Sampling = .poisson
    ) throws(AccountingError) -> Double {
        guard rate > 0, rate <= 1 else { throw .samplingRateOutOfRange(rate) }
        guard noiseMultiplier > 0, noiseMultiplier.isFinite else { throw .noiseOutOfRange(noiseMultiplier) }
        guard steps > 0 else { throw .countOutOfRange(steps) }
        let inverse = 1 / noiseMultiplier
        switch sampling {
        case .poisson:
            return rate * (Double(steps) * Elementary.expm1(inverse * inverse)).squareRoot()
        case .uniform:
            let inner =
                Elementary.exp(inverse * inverse) * StandardNormal.upperTail(-1.5 * inverse)
                + 3 * StandardNormal.upperTail(0.5 * inverse) - 2
            return rate * (2 * Double(steps) * inner).squareRoot()
        }
    }

    /// The ε of that μ, labeled `.estimate`.
    /// - Throws: as `mu`, and `.probabilityOutOfRange`.
    public static func estimate(
        rate: Double, noiseMultiplier: Double, steps: Int, delta: Double, sampling: Sampling = .poisson
    ) throws(AccountingError) -> PrivacyGuarantee {
        let mu = try mu(rate: rate, noiseMultiplier: noiseMultiplier, steps: steps, sampling: sampling)
        return PrivacyGuarantee(
            epsilon: try GaussianDifferentialPrivacy(mu: mu).epsilon(delta: delta), delta: delta,
            adjacency: sampling == .poisson ? .addOrRemoveUser : .substituteUser, accountant: .centralLimit,
            kind: .estimate)
    }
}
