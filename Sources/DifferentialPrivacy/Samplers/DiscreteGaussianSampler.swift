// SPDX-License-Identifier: Apache-2.0

public import RingArithmetic
public import SecureRandomness

/// The discrete Gaussian N_Z(0, σ²): P[y] ∝ exp(−y²/2σ²) on the integers [CKS20], for a rational σ² from 0.1 to 10^12.
///
/// Given uniform random bits the distribution is exact: no rounding of a probability enters it. The bits are the ChaCha20
/// keystream of a key that each call draws from the caller's generator. All attempts do the same work whatever their
/// values, about 1.25 of them a sample, and how many a vector takes says nothing about those that were kept;
/// `ExactSampling.md` has both arguments, and says what is left.
public struct DiscreteGaussianSampler: Sendable {
    /// σ².
    public var variance: NoiseVariance { rejection.variance }

    let rejection: BlockRejection

    /// The sampler of N_Z(0, σ²).
    public init(_ variance: NoiseVariance) { rejection = BlockRejection(variance) }

    /// `count` independent samples.
    /// - Throws: `.randomness` if the generator fails.
    public func samples(
        _ count: Int, using generator: inout some SecureRandomNumberGenerator
    ) throws(DifferentialPrivacyError) -> [Int64] {
        var result = [Int64](repeating: 0, count: count)
        var source = try NoiseStream(from: &generator)
        var workspace = BlockRejection.Workspace()
        defer {
            source.erase()
            workspace.erase()
        }
        var filled = 0
        while filled < count {
            let accepted = min(rejection.attempt(&workspace, from: &source), count - filled)
            for index in 0..<accepted { result[filled + index] = workspace.samples[index] }
            filled += accepted
        }
        return result
    }

    /// Adds a sample to every element of a vector, in its ring. Nothing of the samples is left in memory but the sums.
    ///
    /// - Throws: `.randomness` if the generator fails; the vector is then as it was.
    public func addNoise<Word: RingWord>(
        to vector: inout [Word], using generator: inout some SecureRandomNumberGenerator
    ) throws(DifferentialPrivacyError) {
        var source = try NoiseStream(from: &generator)
        var workspace = BlockRejection.Workspace()
        defer {
            source.erase()
            workspace.erase()
        }
        var done = 0
        while done < vector.count {
            let accepted = min(rejection.attempt(&workspace, from: &source), vector.count - done)
            for index in 0..<accepted {
                vector[done + index] &+= Word(truncatingIfNeeded: workspace.samples[index])
            }
            done += accepted
        }
    }
}
