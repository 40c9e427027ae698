// SPDX-License-Identifier: Apache-2.0

import DifferentialPrivacy
import SecureRandomness

/// Statistics of samples against the probabilities that they should have; each as a number of standard deviations, or a multiple
/// of its bound, at α = 10^−6.
struct SampleStatistics {
    /// χ² over its quantile at 1 − α.
    let chiSquare: Double
    /// |mean|, |mean of squares − variance| over five standard errors (4.89 is the two-sided quantile).
    let mean: Double
    let variance: Double
    /// The Kolmogorov–Smirnov distance over √(ln(2/α)/2n), which is conservative for discrete distributions.
    let distance: Double
    /// The number beyond 3 and 4.5 standard deviations, as deviations from what is expected over 5.
    let tails: Double

    var worst: Double { max(chiSquare, mean, variance, distance, tails) }

    /// Compares samples with probabilities over `-reach ... reach`, and merges cells until 20 samples are expected in each.
    init(_ samples: [Int64], reach: Int64, probability: (Int64) -> Double) {
        let n = Double(samples.count)
        var probabilities: [Double] = []
        for y in -reach...reach { probabilities.append(probability(y)) }
        var counts = [Int](repeating: 0, count: probabilities.count + 1)
        for sample in samples { counts[sample.magnitude <= reach ? Int(sample + reach) : probabilities.count] += 1 }

        var (chi, cells, expected, observed) = (0.0, 0, 0.0, 0.0)
        var (cumulative, empirical, largest) = (0.0, 0.0, 0.0)
        for (index, p) in probabilities.enumerated() {
            expected += n * p
            observed += Double(counts[index])
            if expected >= 20 {
                chi += (observed - expected) * (observed - expected) / expected
                cells += 1
                (expected, observed) = (0, 0)
            }
            cumulative += p
            empirical += Double(counts[index]) / n
            largest = max(largest, abs(cumulative - empirical))
        }
        // What is left joins nothing: it is small, and counted in the tails. Wilson and Hilferty's quantile.
        let k = Double(max(cells - 1, 1))
        let root = 1 - 2 / (9 * k) + 4.7534 * (2 / (9 * k)).squareRoot()
        chiSquare = chi / (k * root * root * root)
        distance = largest / (Platform.log(2 / 1e-6) / (2 * n)).squareRoot()

        var (second, fourth) = (0.0, 0.0)
        for (index, p) in probabilities.enumerated() {
            let y = Double(Int64(index) - reach)
            second += p * y * y
            fourth += p * y * y * y * y
        }
        var (sum, squares) = (0.0, 0.0)
        for sample in samples {
            sum += Double(sample)
            squares += Double(sample) * Double(sample)
        }
        mean = abs(sum / n) / (5 * (second / n).squareRoot())
        variance = abs(squares / n - second) / (5 * ((fourth - second * second) / n).squareRoot())

        var worstTail = 0.0
        for multiple in [3.0, 4.5] {
            let edge = multiple * second.squareRoot()
            var p = 0.0
            for (index, value) in probabilities.enumerated() where abs(Double(Int64(index) - reach)) > edge {
                p += value
            }
            let seen = samples.count { abs(Double($0)) > edge }
            // A small number of rare events is a Poisson variable: 14 is beyond all of mean 0.4 at this α.
            worstTail = max(worstTail, abs(Double(seen) - n * p) / (5 * (n * p).squareRoot() + 10))
        }
        tails = worstTail
    }
}
