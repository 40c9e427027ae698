// SPDX-License-Identifier: Apache-2.0

public import SecureRandomness

/// Turns a real vector into integers of bounded norm, and sums of them back [KLS21].
///
/// Clip the ℓ2 norm to C, multiply by w/W, rotate, scale, round at random on condition of the norm. Doubles are used up to the
/// rounding, and no promise rests on them: what is promised is the squared norm of the integers, which is checked in
/// integers.
public struct IntegerEncoder: Sendable {
    /// The coordinates of a vector.
    public let dimension: Int
    /// The clipping norm C.
    public let clippingNorm: Double
    /// How many integers there are to one unit of the vector.
    public let scale: Double
    /// The bound W on weights.
    public let weights: WeightBound
    /// The rotation, if there is one.
    public let rotation: WalshHadamardRotation?
    /// The rounding, with the bound on the squared norm of what `encode` gives.
    public let rounding: ConditionalRounding

    /// An encoder.
    /// - Parameters:
    ///   - dimension: the coordinates of a vector.
    ///   - clippingNorm: the ℓ2 norm C that longer vectors are shortened to.
    ///   - scale: integers to a unit; the clipping norm is then `clippingNorm · scale` integers long.
    ///   - weights: the bound W on weights.
    ///   - rotationSeed: 32 public bytes that all parties share, or nil for no rotation.
    ///   - bias: β of the conditional rounding.
    /// - Throws: `.dimensionOutOfRange`, `.notPositive`, `.rotationSeedLength`, `.roundingBiasOutOfRange`; `.normOutOfRange`
    ///   if integers would have a squared norm above 2^62.
    public init(
        dimension: Int, clippingNorm: Double, scale: Double, weights: WeightBound = .uniform,
        rotationSeed: [UInt8]? = nil, bias: Double = ConditionalRounding.standardBias
    ) throws(DifferentialPrivacyError) {
        guard dimension >= 1, dimension <= 1 << 32 else { throw .dimensionOutOfRange(dimension) }
        guard clippingNorm > 0, clippingNorm.isFinite, scale > 0, scale.isFinite else { throw .notPositive }
        self.dimension = dimension
        self.clippingNorm = clippingNorm
        self.scale = scale
        self.weights = weights
        if let rotationSeed {
            rotation = try WalshHadamardRotation(dimension: dimension, seed: rotationSeed)
        } else {
            rotation = nil
        }
        rounding = try ConditionalRounding(
            norm: clippingNorm * scale, dimension: rotation?.paddedDimension ?? dimension, bias: bias)
    }

    /// The coordinates of an encoded vector.
    public var encodedDimension: Int { rotation?.paddedDimension ?? dimension }

    /// The integers of one client's vector; their squared norm is at most `rounding.squaredNormBound`.
    /// - Throws: `.lengthMismatch`, `.notFinite` with the first such coordinate, `.weightOutOfRange` if the weight was made for
    ///   another bound, `.randomness` if the generator fails.
    public func encode(
        _ vector: [Double], weight: ContributionWeight = .one, using generator: inout some SecureRandomNumberGenerator
    ) throws(DifferentialPrivacyError) -> [Int64] {
        try rounding.round(scaled(vector, weight: weight), using: &generator)
    }

    /// The vector before rounding: clipped, weighted, rotated, scaled.
    /// - Throws: `.lengthMismatch`, `.notFinite`, `.weightOutOfRange`.
    package func scaled(
        _ vector: [Double], weight: ContributionWeight = .one
    ) throws(DifferentialPrivacyError) -> [Double] {
        guard vector.count == dimension else {
            throw .lengthMismatch(expected: dimension, actual: vector.count)
        }
        guard weight.bound == weights else { throw .weightOutOfRange }
        if let coordinate = vector.firstIndex(where: { !$0.isFinite }) { throw .notFinite(coordinate: coordinate) }
        // Relative to the largest coordinate, so that no square overflows.
        let largest = vector.reduce(0) { max($0, abs($1)) }
        guard largest > 0 else { return [Double](repeating: 0, count: encodedDimension) }
        let ratio = vector.reduce(0) { $0 + ($1 / largest) * ($1 / largest) }.squareRoot()
        // clip(x) = x/largest · min(largest, C/ratio)
        let factor = min(largest, clippingNorm / ratio) * (weight.value / weights.maximum)
        let clipped = vector.map { $0 / largest * factor }
        let rotated = rotation?.rotate(clipped) ?? clipped
        let bound = clippingNorm * scale
        return rotated.map { min(max($0 * scale, -bound), bound) }
    }

    /// The weighted sum of the vectors behind a sum of integers.
    /// - Throws: `.lengthMismatch` unless there is an integer for each encoded coordinate.
    public func decode(_ sum: [Int64]) throws(DifferentialPrivacyError) -> [Double] {
        guard sum.count == encodedDimension else {
            throw .lengthMismatch(expected: encodedDimension, actual: sum.count)
        }
        let factor = weights.maximum / scale
        let values = sum.map { Double($0) * factor }
        return rotation?.rotateBack(values) ?? values
    }
}
