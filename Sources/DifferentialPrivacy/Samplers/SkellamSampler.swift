// SPDX-License-Identifier: Apache-2.0

public import SecureRandomness

/// The Skellam distribution of variance μ: the difference of two Poisson variables of mean μ/2 [AKL21].
///
/// Exact given uniform random bits, and slow: a Poisson variable is a sum of ⌈μ⌉ ones of mean at most 1/2, so a sample costs
/// O(μ). **Its running time depends on the values** that it draws. Sums of Skellam variables are Skellam variables, which sums
/// of discrete Gaussians are not; for everything else the discrete Gaussian is the better choice.
public struct SkellamSampler: Sendable {
    /// The variance μ.
    public let variance: NoiseVariance
    /// The number of pieces ⌈μ⌉ of each Poisson variable.
    private let pieces: UInt64
    /// The mean of a piece is μ/(2·pieces) ≤ 1/2: its numerator over this.
    private let pieceDenominator: UInt128
    /// ⌊2^64 · mean of a piece⌋, and what is left of it over `pieceDenominator`.
    private let threshold: UInt64
    private let rest: UInt128

    /// The largest variance, 2^20.
    public static let largestVariance: UInt64 = 1 << 20

    /// The sampler of variance μ.
    /// - Throws: `.varianceOutOfRange` if the variance is above 2^20.
    public init(_ variance: NoiseVariance) throws(DifferentialPrivacyError) {
        guard variance.numerator / variance.denominator < Self.largestVariance else { throw .varianceOutOfRange }
        self.variance = variance
        pieces = (variance.numerator - 1) / variance.denominator + 1
        pieceDenominator = 2 * UInt128(variance.denominator) * UInt128(pieces)
        let (quotient, remainder) = (UInt128(variance.numerator) << 64).quotientAndRemainder(
            dividingBy: pieceDenominator)
        threshold = UInt64(quotient)
        rest = remainder
    }

    /// `count` independent samples.
    /// - Throws: `.randomness` if the generator fails.
    public func samples(
        _ count: Int, using generator: inout some SecureRandomNumberGenerator
    ) throws(DifferentialPrivacyError) -> [Int64] {
        var trials = BernoulliTrials(source: try NoiseStream(from: &generator))
        defer { trials.erase() }
        var result = [Int64](repeating: 0, count: count)
        for index in result.indices { result[index] = poisson(&trials) - poisson(&trials) }
        return result
    }

    private func poisson(_ trials: inout BernoulliTrials) -> Int64 {
        var sum: Int64 = 0
        for _ in 0..<pieces { sum += piece(&trials) }
        return sum
    }

    /// A Poisson variable of mean λ ≤ 1/2, by von Neumann's method [FPS11]: N with probability (1 − λ)·λ^N, accepted with
    /// probability 1/N!.
    private func piece(_ trials: inout BernoulliTrials) -> Int64 {
        while true {
            var n: UInt64 = 0
            while isPoint(&trials) { n += 1 }
            var isAccepted = true
            var factor: UInt64 = 2
            while isAccepted && factor <= n {
                isAccepted = trials.uniform(below: Natural(factor)).isZero
                factor += 1
            }
            if isAccepted { return Int64(n) }
        }
    }

    /// True with probability λ.
    private func isPoint(_ trials: inout BernoulliTrials) -> Bool {
        let word = trials.word()
        if word != threshold { return word < threshold }
        return trials.uniform(below: Natural(pieceDenominator)) < Natural(rest)
    }
}
