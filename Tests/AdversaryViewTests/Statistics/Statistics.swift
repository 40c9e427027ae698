// SPDX-License-Identifier: Apache-2.0

import Foundation

/// Tests of hypotheses on words, each as a bound on the probability that chance alone does as much.
///
/// For the Kolmogorov-Smirnov tests, the serial correlation and coincidences the bound holds for every sample size. The
/// chi-square tests take the limit law: with 256 cells of at least 128 expected observations each, the third cumulant of
/// the statistic differs from the law's by 2 % (22/8 to the number expected a cell), which at a probability of 1e-9
/// changes it by about an eighth.
enum Statistics {
    /// The probability that a chi-square variable of k degrees of freedom is at least x: a finite sum in closed form.
    static func chiSquareTail(_ x: Double, degrees: Int) -> Double {
        guard x > 0 else { return 1 }
        let y = x / 2
        // Q(k/2, y) = Q(k/2 − 1, y) + y^(k/2 − 1) e^(−y) / Γ(k/2), down to Q(1, y) = e^(−y) or Q(1/2, y) = erfc(√y).
        var order = degrees % 2 == 0 ? 1.0 : 0.5
        var tail = degrees % 2 == 0 ? exp(-y) : erfc(y.squareRoot())
        var term = degrees % 2 == 0 ? exp(-y) * y : 2 * exp(-y) * (y / .pi).squareRoot()
        while order < Double(degrees) / 2 {
            tail += term
            order += 1
            term *= y / order
        }
        return min(1, tail)
    }

    /// Pearson's chi-square test that all cells are equally likely.
    static func uniformity(_ counts: [Int]) -> Double {
        let expected = Double(counts.reduce(0, +)) / Double(counts.count)
        let statistic = counts.reduce(0.0) { $0 + (Double($1) - expected) * (Double($1) - expected) / expected }
        return chiSquareTail(statistic, degrees: counts.count - 1)
    }

    /// The chi-square test that two samples of the same size have the same distribution over cells.
    static func homogeneity(_ a: [Int], _ b: [Int]) -> Double {
        let cells = zip(a, b).filter { $0.0 + $0.1 > 0 }
        let statistic = cells.reduce(0.0) { sum, cell in
            let difference = Double(cell.0 - cell.1)
            return sum + difference * difference / Double(cell.0 + cell.1)
        }
        return chiSquareTail(statistic, degrees: max(1, cells.count - 1))
    }

    /// The Kolmogorov-Smirnov test that ascending numbers in 0 … 1 are uniform: P(D ≥ d) ≤ 2 exp(−2nd²), the inequality
    /// of Dvoretzky, Kiefer and Wolfowitz with Massart's constant.
    static func uniformKolmogorovSmirnov(_ sorted: [Double]) -> Double {
        let n = Double(sorted.count)
        var distance = 0.0
        for (index, value) in sorted.enumerated() {
            distance = max(distance, value - Double(index) / n, Double(index + 1) / n - value)
        }
        return kolmogorovSmirnovBound(distance: distance, count: sorted.count)
    }

    static func kolmogorovSmirnovBound(distance: Double, count: Int) -> Double {
        min(1, 2 * exp(-2 * Double(count) * distance * distance))
    }

    /// The Kolmogorov-Smirnov test that two samples of the same size, ascending, come from one distribution.
    static func twoSampleKolmogorovSmirnov(_ a: [Double], _ b: [Double]) -> Double {
        var i = 0
        var j = 0
        var steps = 0
        while i < a.count, j < b.count {
            let value = min(a[i], b[j])
            while i < a.count, a[i] <= value { i += 1 }
            while j < b.count, b[j] <= value { j += 1 }
            steps = max(steps, abs(i - j))
        }
        return min(1, 2 * oneSidedTwoSampleTail(steps: steps, count: a.count))
    }

    /// P(max(i − j) ≥ k) for two samples of n: C(2n, n − k) / C(2n, n) exactly, by reflecting paths (Gnedenko and
    /// Korolyuk); no more than that where values repeat.
    static func oneSidedTwoSampleTail(steps k: Int, count n: Int) -> Double {
        guard k > 0 else { return 1 }
        return exp((1...k).reduce(0.0) { $0 + log(Double(n - k + $1) / Double(n + $1)) })
    }

    /// The test that words a lag apart are uncorrelated, for numbers between −½ and ½.
    ///
    /// A uniform number of that range is sub-Gaussian with variance factor 1/12, so a product of two, given the first one
    /// (at most ½), with 1/48, and P(|Σ| ≥ s) ≤ 2 exp(−24 s²/n) for n products of which each brings a new number.
    static func correlation(sum: Double, count: Int) -> Double {
        min(1, 2 * exp(-24 * sum * sum / Double(count)))
    }

    static func serialCorrelation(_ values: [Double], lag: Int) -> Double {
        var sum = 0.0
        for index in 0..<(values.count - lag) { sum += values[index] * values[index + lag] }
        return correlation(sum: sum, count: values.count - lag)
    }

    static func correlation(_ a: [Double], _ b: [Double]) -> Double {
        correlation(sum: zip(a, b).reduce(0.0) { $0 + $1.0 * $1.1 }, count: a.count)
    }
}
