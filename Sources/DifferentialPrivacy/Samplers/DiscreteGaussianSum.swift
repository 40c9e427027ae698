// SPDX-License-Identifier: Apache-2.0

internal import SecureRandomness

/// The probabilities of a sum of independent N_Z(0, σ²), by convolution in integers; for tests and test vectors.
///
/// In fixed point with 192 bits, so that the tiny difference from one discrete Gaussian of variance nσ² keeps its digits.
package struct DiscreteGaussianSum {
    private let variance: NoiseVariance
    private let count: Int
    /// Weights of y = −reach … reach, and their sum.
    private let weights: [Natural]
    private let total: Natural
    private var reach: Int64 { Int64(weights.count / 2) }

    private static let precision = 192

    /// The sum of `count` samples.
    /// - Complexity: O(count² · σ²) products of some hundred bits.
    package init(_ variance: NoiseVariance, count: Int) {
        precondition(count >= 1, "A sum has a term.")
        self.variance = variance
        self.count = count
        // exp(−12²/2) is 10^−31, and more for small variances.
        let one = Self.weights(variance, reach: Int64(12 * variance.standardDeviation) + 6)
        var sum = one
        for _ in 1..<count {
            var next = [Natural](repeating: Natural(0 as UInt64), count: sum.count + one.count - 1)
            for i in sum.indices where !sum[i].isZero {
                for j in one.indices { next[i + j] = next[i + j] + (sum[i] * one[j]) >> Self.precision }
            }
            sum = next
        }
        weights = sum
        total = sum.reduce(Natural(0 as UInt64), +)
    }

    /// P[Y = y].
    package func probability(_ y: Int64) -> Double {
        y.magnitude <= reach ? weights[Int(y + reach)].ratio(to: total) : 0
    }

    /// The largest |ln P[Y = y]/Q[y]| over |y| ≤ deviations·√(nσ²), with Q the discrete Gaussian of variance nσ².
    package func largestLogRatio(withinDeviations deviations: Double) -> Double {
        guard let variance = try? NoiseVariance(variance.value * Double(count)) else { return .infinity }
        let single = Self.weights(variance, reach: reach)
        let singleTotal = single.reduce(Natural(0 as UInt64), +)
        let edge = min(reach, Int64(deviations * variance.standardDeviation))
        var largest = 0.0
        for index in Int(reach - edge)...Int(reach + edge) {
            let (p, q) = (weights[index] * singleTotal, single[index] * total)
            let excess = p >= q ? (p - q).ratio(to: q) : -(q - p).ratio(to: q)
            largest = max(largest, abs(Self.logarithm(ofOnePlus: excess)))
        }
        return largest
    }

    /// exp(−y²/2σ²)·2^192 for y = −reach … reach.
    private static func weights(_ variance: NoiseVariance, reach: Int64) -> [Natural] {
        let half = (0...UInt64(reach)).map { y in
            let exponent = (Natural(y) * Natural(y) * Natural(variance.denominator), Natural(variance.numerator) << 1)
            let bounds = ExactDecision.exponential(of: exponent, precision: precision)
            return bounds.lower >> (bounds.precision - precision)
        }
        return half.dropFirst().reversed() + half
    }

    private static func logarithm(ofOnePlus x: Double) -> Double {
        guard abs(x) < 1e-3 else { return Platform.log(1 + x) }
        return x * (1 - x * (1.0 / 2 - x * (1.0 / 3 - x * (1.0 / 4 - x * (1.0 / 5 - x / 6)))))
    }
}
