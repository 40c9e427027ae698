// SPDX-License-Identifier: Apache-2.0

public import SecureRandomness

/// Gaussian noise for real numbers that is exact nevertheless: they are rounded to a grid, and the noise is integers of it.
///
/// The addition is done in integers, so that nothing of what is added to can be read from the low bits of the result [HDH22]. The
/// grid is a power of two, some 2^−18 of the standard deviation. Rounding moves neighbors apart by less than one step in each
/// coordinate, which `description` charges.
public struct GaussianMechanism: Sendable {
    /// The largest ℓ2 distance of the vectors of neighbors, in the unit of the values; the caller vouches for it.
    public let sensitivity: Double
    /// The step of the grid, a power of two.
    public let step: Double
    /// What an accountant charges for, in steps.
    public let description: NoiseDescription
    private let sampler: DiscreteGaussianSampler

    /// σ is about 2^18 steps.
    private static let stepsPerDeviation = 18
    /// Values saturate at ±2^61 steps.
    private static let largestMagnitude = 0x1p61

    /// Noise of at least the standard deviation σ for vectors of `dimension` coordinates.
    /// - Throws: `.notPositive` unless sensitivity and σ are finite and above zero, and the steps normal numbers;
    ///   `.dimensionOutOfRange`; `.normOutOfRange` if the sensitivity is above 2^30 steps.
    public init(
        sensitivity: Double, standardDeviation: Double, dimension: Int
    ) throws(DifferentialPrivacyError) {
        guard sensitivity > 0, sensitivity.isFinite, standardDeviation > 0, standardDeviation.isFinite else {
            throw .notPositive
        }
        guard dimension >= 1, dimension <= 1 << 32 else { throw .dimensionOutOfRange(dimension) }
        let exponent = Int(standardDeviation.exponent) - Self.stepsPerDeviation
        guard exponent >= -1000, exponent <= 900 else { throw .notPositive }
        step = Double(sign: .plus, exponent: exponent, significand: 1)
        // Divisions by a power of two are exact. Then three roundings, made good for by two units.
        let distance = (sensitivity / step + Double(dimension).squareRoot()).nextUp.nextUp
        guard distance <= 0x1p30 else { throw .normOutOfRange }
        let squared = UInt64((distance * distance).nextUp.rounded(.up))
        let variance = try NoiseVariance(standardDeviation: standardDeviation / step)
        self.sensitivity = sensitivity
        sampler = DiscreteGaussianSampler(variance)
        let sensitivities = NoiseDescription.sensitivities(squaredNorm: squared, dimension: dimension)
        description = NoiseDescription(
            mode: .central, localVariance: variance, shares: 1, squaredSensitivity: sensitivities.l2,
            absoluteSensitivity: sensitivities.l1, coordinateSensitivity: sensitivities.maximum,
            dimension: dimension, modulusBits: 64, closeness: 0, wrapAroundProbability: 0)
    }

    /// The values with noise. Multiples of the step, as far as doubles hold them.
    ///
    /// Values saturate 2^61 steps from zero, which brings neighbors no further apart.
    /// - Throws: `.lengthMismatch`; `.notFinite` with the first value that is NaN, about which nothing can be promised;
    ///   `.randomness` if the generator fails.
    public func release(
        _ values: [Double], using generator: inout some SecureRandomNumberGenerator
    ) throws(DifferentialPrivacyError) -> [Double] {
        var integers = try rounded(values).map { UInt64(bitPattern: $0) }
        try sampler.addNoise(to: &integers, using: &generator)
        return integers.map { Double(Int64(bitPattern: $0)) * step }
    }

    /// The values in steps.
    /// - Throws: `.lengthMismatch`, `.notFinite`.
    package func rounded(_ values: [Double]) throws(DifferentialPrivacyError) -> [Int64] {
        guard values.count == description.dimension else {
            throw .lengthMismatch(expected: description.dimension, actual: values.count)
        }
        if let coordinate = values.firstIndex(where: { $0.isNaN }) { throw .notFinite(coordinate: coordinate) }
        return values.map {
            Int64(min(max(($0 / step).rounded(), -Self.largestMagnitude), Self.largestMagnitude))
        }
    }
}
