// SPDX-License-Identifier: Apache-2.0

/// The Rényi divergence of a Gaussian step over a sample of fixed size, neighbors by substitution: an upper bound, by
/// [WBK19] Theorem 27 at integer orders and convexity in between (Corollary 10).
struct WithoutReplacementDivergence {
    let rate: Double
    let noiseMultiplier: Double
    /// E[(r − 1)^j] for even j, in logarithms: `logMoments[j/2]`.
    private let logMoments: [Double]

    /// Terms of higher order use the simpler of the theorem's two bounds.
    private static let largestMoment = 64

    init(rate: Double, noiseMultiplier: Double) {
        self.rate = rate
        self.noiseMultiplier = noiseMultiplier
        logMoments = (0...Self.largestMoment / 2).map {
            $0 == 0 ? 0 : Self.logMoment(order: 2 * $0, noiseMultiplier: noiseMultiplier)
        }
    }

    /// The bound at order α > 1, at most 100,000.
    func callAsFunction(_ order: Double) -> Double {
        if rate == 1 { return order / (2 * noiseMultiplier * noiseMultiplier) }
        let floor = order.rounded(.down)
        let fraction = order - floor
        // (α − 1)·D(α) is convex.
        var value = (1 - fraction) * logMomentBound(Int(floor))
        if fraction > 0 { value += fraction * logMomentBound(Int(floor) + 1) }
        return value / (order - 1)
    }

    /// (α − 1) times the bound at an integer order.
    private func logMomentBound(_ order: Int) -> Double {
        guard order >= 2 else { return 0 }
        let inverse = 1 / (2 * noiseMultiplier * noiseMultiplier)
        let logRate = Elementary.log(rate)
        var logBinomial = Elementary.log(Double(order))
        var (shift, sum) = (0.0, 0.0)
        for index in 2...order {
            logBinomial += Elementary.log(Double(order - index + 1) / Double(index))
            // 2·E[r^j], and 4·√(E[(r − 1)^⌊j⌋]·E[(r − 1)^⌈j⌉]) with j rounded to even numbers.
            var bound = 0.693_147_180_559_945_3 + Double(index) * Double(index - 1) * inverse
            if index <= Self.largestMoment {
                let even = 0.5 * (logMoments[index / 2] + logMoments[(index + 1) / 2])
                bound = min(bound, 1.386_294_361_119_890_6 + even)
            }
            let value = logBinomial + Double(index) * logRate + bound
            if value <= shift {
                sum += Elementary.exp(value - shift)
            } else {
                sum = sum * Elementary.exp(shift - value) + 1
                shift = value
            }
        }
        let logarithm = shift + Elementary.log(sum)
        return logarithm < 1
            ? Elementary.log1p(Elementary.exp(logarithm)) : logarithm + Elementary.log1p(Elementary.exp(-logarithm))
    }

    /// log E[(r − 1)^j] for an even j, with r = exp((2x − 1)/2z²) and x ~ N(0, z²): an integral of one sign, entire in x.
    private static func logMoment(order: Int, noiseMultiplier z: Double) -> Double {
        if order == 2 { return Elementary.log(Elementary.expm1(1 / (z * z))) }
        let step = min(0.5 * z, 0.4 * z * z)
        let start = -10 * z
        let count = Int((Double(order) + 20 * z) / step) + 2
        var (shift, sum) = (-Double.infinity, 0.0)
        for index in 0..<count {
            let x = start + step * Double(index)
            let exponent = (2 * x - 1) / (2 * z * z)
            let logExcess =
                exponent > 30
                ? exponent + Elementary.log1p(-Elementary.exp(-exponent))
                : Elementary.log(abs(Elementary.expm1(exponent)))
            let value = Double(order) * logExcess - x * x / (2 * z * z)
            if value <= shift {
                sum += Elementary.exp(value - shift)
            } else if value > -.infinity {
                sum = sum * Elementary.exp(shift - value) + 1
                shift = value
            }
        }
        return shift + Elementary.log(sum * step / (z * 2.506_628_274_631_000_2))
    }
}
