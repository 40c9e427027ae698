// SPDX-License-Identifier: Apache-2.0

package import SecureRandomness

/// Rounding at random to integers, repeated until the norm of the result is within a bound [KLS21].
///
/// A vector of norm c in d coordinates has a rounded norm of at most
///
///     min { √(c² + d/4 + √(2 ln 1/β)·(c + √d/2)), c + √d }
///
/// with probability 1 − β at least; here, always. What privacy rests on is not that formula but the check, in integers, of
/// the vector that leaves. The condition biases the rounding by a factor of at most β/(1 − β).
public struct ConditionalRounding: Hashable, Sendable {
    /// The largest squared norm of a rounded vector.
    public let squaredNormBound: UInt64
    /// After this many refusals, which happen with a probability of at most β^100, the vector is truncated instead.
    static let attemptLimit = 100

    /// β = e^(−1/2), the choice of [KLS21].
    public static let standardBias = 0.6065306597126334

    /// Rounding of vectors of norm `norm` in `dimension` coordinates.
    ///
    /// With a `bias` β of 0, the bound is one that no rounding exceeds, and the rounding has no bias.
    /// - Throws: `.dimensionOutOfRange`, `.notPositive`, `.roundingBiasOutOfRange`; `.normOutOfRange` if the squared bound is
    ///   above 2^62.
    public init(norm: Double, dimension: Int, bias: Double = standardBias) throws(DifferentialPrivacyError) {
        let square = try Self.squaredBound(norm: norm, dimension: dimension, bias: bias)
        guard square <= 0x1p62 else { throw .normOutOfRange }
        squaredNormBound = UInt64(square)
    }

    /// The square of the bound above, as a real number.
    /// - Throws: `.dimensionOutOfRange`, `.notPositive`, `.roundingBiasOutOfRange`.
    package static func squaredBound(
        norm: Double, dimension: Int, bias: Double
    ) throws(DifferentialPrivacyError) -> Double {
        guard dimension >= 1, dimension <= 1 << 32 else { throw .dimensionOutOfRange(dimension) }
        guard norm > 0, norm.isFinite else { throw .notPositive }
        guard bias >= 0, bias < 1 else { throw .roundingBiasOutOfRange }
        let root = Double(dimension).squareRoot()
        let certain = (norm + root) * (norm + root)
        guard bias > 0 else { return certain }
        let deviation = (-2 * Platform.log(bias)).squareRoot()
        return min(norm * norm + Double(dimension) / 4 + deviation * (norm + root / 2), certain)
    }

    /// The rounded vector, whose squared norm is at most `squaredNormBound` in any case.
    ///
    /// Values are finite and at most 2^31 in absolute value. How often rounding is repeated depends on the vector, which
    /// is private to the caller.
    /// - Throws: `.randomness` if the generator fails.
    package func round(
        _ values: [Double], using generator: inout some SecureRandomNumberGenerator
    ) throws(DifferentialPrivacyError) -> [Int64] {
        var source = try NoiseStream(from: &generator)
        defer { source.erase() }
        var words = [UInt64](repeating: 0, count: values.count)
        defer { wipe(&words) }
        for _ in 0..<Self.attemptLimit {
            source.fill(&words)
            if let rounded = round(values, by: words) { return rounded }
        }
        let truncated = values.map { Int64($0) }
        // Doubles may err where the bound is tight; nothing that is too long leaves.
        return isWithinBound(truncated) ? truncated : [Int64](repeating: 0, count: values.count)
    }

    /// One attempt, with one uniform word for each coordinate; nil if the result is too long.
    ///
    /// The word is compared with the fraction times 2^64, which is exact for the fractions of doubles of at least 1.
    package func round(_ values: [Double], by words: [UInt64]) -> [Int64]? {
        var result = [Int64](repeating: 0, count: values.count)
        for index in values.indices {
            let floor = values[index].rounded(.down)
            let fraction = values[index] - floor
            // 1 only by rounding, of a tiny negative number.
            let isUp = fraction >= 1 || words[index] < UInt64(fraction * 0x1p64)
            result[index] = Int64(floor) + (isUp ? 1 : 0)
        }
        return isWithinBound(result) ? result : nil
    }

    /// Whether the sum of squares is within the bound, in integers.
    package func isWithinBound(_ vector: [Int64]) -> Bool {
        var sum: UInt128 = 0
        for value in vector { sum += UInt128(value.magnitude) * UInt128(value.magnitude) }
        return sum <= UInt128(squaredNormBound)
    }
}
