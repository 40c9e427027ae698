// SPDX-License-Identifier: Apache-2.0

internal import SecureRandomness

/// The probabilities of N_Z(0, σ²), each to about 13 digits, however small.
///
/// For tests, test vectors and accounting; the sampler does not use it. Σ exp(−y²/2σ²) is summed as it is for small σ², and
/// through Poisson's summation formula, √(2πσ²)·Σ exp(−2π²σ²j²), from 1 on.
package struct DiscreteGaussianDistribution: Sendable {
    package let variance: NoiseVariance
    /// The sum of exp(−y²/2σ²) over all integers y.
    package let normalizer: Double

    package init(_ variance: NoiseVariance) {
        self.variance = variance
        normalizer = variance.value < 1 ? Self.direct(variance) { _ in 1 } : Self.transformed(variance).sum
    }

    /// The variance of the distribution, which is below σ² [CKS20].
    package var trueVariance: Double {
        if variance.value < 1 { return Self.direct(variance) { $0 * $0 } / normalizer }
        let (_, theta, slope) = Self.transformed(variance)
        return variance.value * (1 + 2 * variance.value * slope / theta)
    }

    /// P[Y = y].
    package func probability(_ y: Int64) -> Double { Self.weight(Double(y), variance) / normalizer }

    /// P[Y ≥ y].
    /// - Complexity: O(σ).
    package func upperTail(from y: Int64) -> Double {
        if y <= 0 { return 1 - (y == .min ? 0 : upperTail(from: 1 - y)) }
        // From the far end, so that small terms are not lost; 40 standard deviations further there is nothing.
        let deviation = max(1, variance.standardDeviation)
        var end = y
        let first = Self.weight(Double(y), variance)
        guard first > 0 else { return 0 }
        while Self.weight(Double(end), variance) > first * 0x1p-60 { end += Int64(deviation) }
        var sum = 0.0
        for value in stride(from: end, through: y, by: -1) { sum += Self.weight(Double(value), variance) }
        return sum / normalizer
    }

    /// The least δ for which a query of integer sensitivity Δ with this noise is (ε, δ)-private
    /// ([CKS20] Theorem 7): P[Y > εσ²/Δ − Δ/2] − e^ε·P[Y > εσ²/Δ + Δ/2].
    /// - Complexity: O(σ).
    package func delta(epsilon: Double, sensitivity: Int64) -> Double {
        let middle = epsilon * variance.value / Double(sensitivity)
        let half = Double(sensitivity) / 2
        // Where a threshold is an integer, both terms are equal there, and rounding it either way changes nothing.
        let low = Int64((middle - half).rounded(.down)) + 1
        let high = Int64((middle + half).rounded(.down)) + 1
        return max(0, upperTail(from: low) - Platform.exp(epsilon) * upperTail(from: high))
    }

    private static func weight(_ y: Double, _ variance: NoiseVariance) -> Double {
        Platform.exp(-(y * y * Double(variance.denominator)) / (2 * Double(variance.numerator)))
    }

    private static func direct(_ variance: NoiseVariance, _ value: (Double) -> Double) -> Double {
        // exp(−50²/2) is below 10^−500.
        var sum = 0.0
        for y in stride(from: 50.0, through: 1, by: -1) { sum += 2 * value(y) * weight(y, variance) }
        return sum + value(0)
    }

    /// The sum, θ = Σ exp(−2π²σ²j²), and its derivative with respect to σ².
    private static func transformed(_ variance: NoiseVariance) -> (sum: Double, theta: Double, slope: Double) {
        let rate = 2 * Double.pi * Double.pi
        var (theta, slope) = (1.0, 0.0)
        for j in stride(from: 6.0, through: 1, by: -1) {
            let term = 2 * Platform.exp(-rate * variance.value * j * j)
            theta += term
            slope -= rate * j * j * term
        }
        return ((2 * Double.pi * variance.value).squareRoot() * theta, theta, slope)
    }
}
