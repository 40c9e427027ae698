// SPDX-License-Identifier: Apache-2.0

/// A continuous Gaussian that dominates a discrete one up to a factor.
///
/// Round y ~ N(c, s² − η²) to an integer k with probability proportional to exp(−(k − y)²/2η²). Summed over all y that
/// gives k a probability proportional to exp(−(k − c)²/2s²), but for the normalizer of the rounding, which by Poisson
/// summation is η√(2π)·(1 ± e) with e = 2·Σ exp(−2π²η²j²) over j ≥ 1, whatever y is. So the discrete Gaussian
/// N_Z(c, s²) is a post-processing of the continuous one up to a factor within e^±λ at every integer,
/// λ = log((1 + e)/(1 − e)) for each coordinate ([Pei10] Theorem 3.1 has the same argument). Neighbors' integer vectors
/// only move c. A mixture over who was sampled keeps the factor.
struct SmoothedGaussian {
    /// s² − η².
    let variance: Double
    /// The sum of λ over all coordinates.
    let logFactor: Double

    /// Chooses η so that over `releases` releases of `dimension` coordinates the factors add up to less than 1e-8.
    /// - Throws: `.unsupportedEvent(.noiseTooSmall)` if η² would be more than half of `variance`.
    init(variance: Double, dimension: Int, releases: Double) throws(AccountingError) {
        let coordinates = Double(dimension)
        let goal = 1e-8 / (8 * coordinates * max(1, releases))
        // e ≤ 2.1·exp(−2π²η²) here, and λ ≤ 2.1·e.
        let smoothing = Elementary.log(4.5 / goal) / 19.739_208_802_178_716
        guard smoothing <= variance / 2 else { throw .unsupportedEvent(.noiseTooSmall(variance: variance)) }
        self.variance = variance - smoothing
        logFactor = goal * coordinates
    }
}
