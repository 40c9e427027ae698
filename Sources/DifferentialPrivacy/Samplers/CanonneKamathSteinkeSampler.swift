// SPDX-License-Identifier: Apache-2.0

package import SecureRandomness

/// The discrete Gaussian by the sampler of [CKS20], in integers of any size: slow, and the oracle of the fast one.
///
/// Discrete Laplace of scale ⌊σ⌋ + 1, accepted with probability exp(−(|y| − σ²/t)²/2σ²); each exponential is a race of
/// Bernoulli trials with rational probabilities. **Its running time depends on the values** that it draws, and on those
/// that it refuses.
package struct CanonneKamathSteinkeSampler {
    private let variance: NoiseVariance
    /// The scale t = ⌊σ⌋ + 1.
    private let scale: UInt64

    /// The sampler of N_Z(0, σ²).
    package init(_ variance: NoiseVariance) {
        self.variance = variance
        // ⌊√(n/d)⌋ = ⌊√⌊n/d⌋⌋.
        let floor = variance.numerator / variance.denominator
        var root = UInt64(Double(floor).squareRoot())
        while root * root > floor { root -= 1 }
        while (root + 1) * (root + 1) <= floor { root += 1 }
        scale = root + 1
    }

    /// `count` independent samples.
    /// - Throws: `.randomness` if the generator fails.
    package func samples(
        _ count: Int, using generator: inout some SecureRandomNumberGenerator
    ) throws(DifferentialPrivacyError) -> [Int64] {
        var trials = BernoulliTrials(source: try NoiseStream(from: &generator))
        defer { trials.erase() }
        var result = [Int64](repeating: 0, count: count)
        for index in result.indices { result[index] = sample(&trials) }
        return result
    }

    private func sample(_ trials: inout BernoulliTrials) -> Int64 {
        let (n, d, t) = (Natural(variance.numerator), Natural(variance.denominator), Natural(scale))
        let one = Natural(1 as UInt64)
        while true {
            let u = trials.uniform(below: t)
            guard trials.exponential(u, over: t) else { continue }
            var v: UInt64 = 0
            while trials.exponential(one, over: one) { v += 1 }
            let magnitude = u.lowerWord + scale * v
            let isNegative = trials.uniform(below: Natural(2 as UInt64)).isZero
            if isNegative && magnitude == 0 { continue }
            // γ = (|y|·t·d − n)² / (2·n·d·t²)
            let scaled = Natural(magnitude) * t * d
            let distance = scaled >= n ? scaled - n : n - scaled
            guard trials.exponential(distance * distance, over: (n * d * t * t) << 1) else { continue }
            return isNegative ? -Int64(magnitude) : Int64(magnitude)
        }
    }
}

/// Bernoulli trials with exact probabilities, from random words.
struct BernoulliTrials: ~Copyable {
    private var source: NoiseStream

    init(source: consuming NoiseStream) { self.source = source }

    /// Wipes what is left of the random words.
    mutating func erase() { source.erase() }

    /// A fresh word.
    mutating func word() -> UInt64 { source.refinementWord() }

    /// Uniform in 0 ..< bound, by rejection of words that are too large.
    mutating func uniform(below bound: Natural) -> Natural {
        precondition(!bound.isZero, "Nothing is below zero.")
        let bits = (bound - Natural(1 as UInt64)).bitWidth
        while true {
            var value = Natural(0 as UInt64)
            var missing = bits
            while missing > 0 {
                let take = min(64, missing)
                value = (value << take) + Natural(word() >> UInt64(64 - take))
                missing -= take
            }
            if value < bound { return value }
        }
    }

    /// True with probability exp(−numerator/denominator) [CKS20].
    mutating func exponential(_ numerator: Natural, over denominator: Natural) -> Bool {
        let one = Natural(1 as UInt64)
        var rest = numerator
        while rest > denominator {
            guard exponential(one, over: one) else { return false }
            rest = rest - denominator
        }
        var k: UInt64 = 1
        while uniform(below: denominator * Natural(k)) < rest { k += 1 }
        return k % 2 == 1
    }
}
