// SPDX-License-Identifier: Apache-2.0

/// The Rényi divergence of one step of the Poisson-sampled Gaussian mechanism at any order, [MTZ19].
///
/// With r = 1 − q + q·exp((2x − 1)/(2z²)), the ratio of densities, and w = r − 1, the divergence of order α is
/// log(1 + E[r^α − 1 − αw])/(α − 1) over x ~ N(0, z²); [MTZ19] Theorem 5 says that this direction is the larger one.
/// Since E[w] = 0 the subtraction changes nothing, and what is left has only terms of one sign: at integer orders
/// Σ C(α, k)·(1 − q)^(α − k)·q^k·(exp(k(k − 1)/2z²) − 1), at others an integral that the trapezoid rule gives with an
/// error that falls exponentially, as the integrand is analytic up to |Im x| < πz². So small divergences have all their
/// digits, and no order is dropped.
struct SampledGaussianDivergence {
    let rate: Double
    let noiseMultiplier: Double
    private let nodes: [Node]
    private let step: Double

    /// A node of the trapezoid rule.
    private struct Node {
        let x: Double
        /// r − 1.
        let excess: Double
        /// log r.
        let logRatio: Double
        /// log of the normal density times √(2π)·z.
        let logDensity: Double
        let density: Double
    }

    /// More than this many standard deviations away the density is below 2^−64.
    private static let reach = 9.6

    /// Readies the orders up to `largestFractionalOrder`, and all integer ones. 0 < rate ≤ 1, noise multiplier > 0.
    init(rate: Double, noiseMultiplier: Double, largestFractionalOrder: Double) {
        self.rate = rate
        self.noiseMultiplier = noiseMultiplier
        guard rate < 1, largestFractionalOrder > 1 else {
            (nodes, step) = ([], 0)
            return
        }
        let variance = noiseMultiplier * noiseMultiplier
        // Off the real axis by c the integrand grows by exp(c²/2z²), so that the error is exp(−2πc/h + c²/2z²) with
        // c = 2πz²/h, or c just below πz² where the logarithm ends it: here below exp(−42).
        let unconstrained = 0.68 * noiseMultiplier
        let h = unconstrained >= 2 ? unconstrained : 2 / (4.3 / variance + 0.5)
        let start = -Self.reach * noiseMultiplier
        let end = max(2, largestFractionalOrder) + Self.reach * noiseMultiplier
        let count = Int((end - start) / h) + 2
        step = h
        nodes = (0..<count).map { index in
            let x = start + h * Double(index)
            let excess = rate * Elementary.expm1((2 * x - 1) / (2 * variance))
            let logDensity = -x * x / (2 * variance)
            // r may be past the largest double, its logarithm is not.
            let logRatio =
                excess < 1e300
                ? Elementary.log1p(excess) : Elementary.log(rate) + (2 * x - 1) / (2 * variance)
            return Node(
                x: x, excess: excess, logRatio: logRatio, logDensity: logDensity,
                density: Elementary.exp(logDensity))
        }
    }

    /// The divergence of order α > 1.
    func callAsFunction(_ order: Double) -> Double {
        let variance = noiseMultiplier * noiseMultiplier
        if rate == 1 { return order / (2 * variance) }
        if order == order.rounded(), order <= Self.largestSummedOrder { return integer(Int(order)) / (order - 1) }
        return fractional(order) / (order - 1)
    }

    /// Above this, integers are integrated too.
    static let largestSummedOrder = 16_384.0

    /// log E[r^α] for an integer α ≥ 2.
    private func integer(_ order: Int) -> Double {
        let inverse = 1 / (2 * noiseMultiplier * noiseMultiplier)
        let logOdds = Elementary.log(rate) - Elementary.log1p(-rate)
        var logTerm = Double(order) * Elementary.log1p(-rate)
        var (shift, sum) = (-Double.infinity, 0.0)
        for index in 1...order {
            logTerm += Elementary.log(Double(order - index + 1) / Double(index)) + logOdds
            guard index >= 2 else { continue }
            let exponent = Double(index) * Double(index - 1) * inverse
            let value =
                logTerm
                + (exponent > 1
                    ? exponent + Elementary.log1p(-Elementary.exp(-exponent))
                    : Elementary.log(Elementary.expm1(exponent)))
            if value <= shift {
                sum += Elementary.exp(value - shift)
            } else {
                sum = sum * Elementary.exp(shift - value) + 1
                shift = value
            }
        }
        return Self.logOnePlus(shift: shift, sum: sum)
    }

    /// log E[r^α] for any α > 1.
    private func fractional(_ order: Double) -> Double {
        let excessOrder = order - 1
        let scale = step / (noiseMultiplier * 2.506_628_274_631_000_2)
        let end = max(2, order) + Self.reach * noiseMultiplier
        var shift = 0.0
        for node in nodes where node.x <= end { shift = max(shift, order * node.logRatio + node.logDensity) }
        if shift < 600 { shift = 0 }
        var sum = 0.0
        for node in nodes {
            if node.x > end { break }
            let w = node.excess
            if abs(w) < 0.1, order * abs(w) < 0.5 {
                // r^α − 1 − αw = Σ C(α, k)·w^k from k = 2.
                var term = 0.5 * order * excessOrder * w * w
                var series = term
                var index = 2.0
                while abs(term) > 1e-18 * series, index < 60 {
                    term *= w * (order - index) / (index + 1)
                    series += term
                    index += 1
                }
                sum += series * (shift == 0 ? node.density : Elementary.exp(node.logDensity - shift))
            } else if excessOrder * node.logRatio < 40 {
                // r·(r^(α − 1) − 1) − (α − 1)·w.
                let value = (1 + w) * Elementary.expm1(excessOrder * node.logRatio) - excessOrder * w
                sum += value * (shift == 0 ? node.density : Elementary.exp(node.logDensity - shift))
            } else {
                let exponent = order * node.logRatio
                let rest = 1 - order * Elementary.exp(node.logRatio - exponent)
                sum += rest * Elementary.exp(exponent + node.logDensity - shift)
            }
        }
        return Self.logOnePlus(shift: shift + Elementary.log(scale), sum: sum)
    }

    /// log(1 + sum·exp(shift)).
    private static func logOnePlus(shift: Double, sum: Double) -> Double {
        let logarithm = shift + Elementary.log(sum)
        return logarithm < 1
            ? Elementary.log1p(Elementary.exp(logarithm)) : logarithm + Elementary.log1p(Elementary.exp(-logarithm))
    }
}
