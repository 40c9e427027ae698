// SPDX-License-Identifier: Apache-2.0

public import SecureRandomness

/// Why a mechanism cannot be made, or refuses to go on.
public enum DifferentialPrivacyError: Error, Equatable, Sendable {
    /// A variance of discrete noise is a fraction between 0.1 and 10^12; one of Skellam noise is at most 2^20.
    case varianceOutOfRange
    /// The source of randomness failed; nothing weaker is used in its place.
    case randomness(RandomnessError)
    /// A vector has 1 to 2^32 coordinates.
    case dimensionOutOfRange(Int)
    /// A clipping norm, a scale or a sensitivity is not a finite number above zero.
    case notPositive
    /// β is at least 0 and below 1.
    case roundingBiasOutOfRange
    /// Scaled and rounded vectors would have a squared norm above 2^62.
    case normOutOfRange
    /// The public seed of a rotation has 32 bytes.
    case rotationSeedLength(Int)
    /// A vector does not have the length of the mechanism.
    case lengthMismatch(expected: Int, actual: Int)
    /// The value at this coordinate is NaN or infinite.
    case notFinite(coordinate: Int)
    /// A weight is outside 0 … `maximum`, or was made for another bound than the mechanism's.
    case weightOutOfRange
    /// A number of contributors or survivors is below 1, or more survivors are needed than contribute.
    case cohortOutOfRange
    /// Fewer than `minimum` honest contributors are left, whose noise the guarantee needs.
    case tooFewSurvivors(Int, minimum: Int)
    /// A sum with its noise could leave the ring with a probability above the one allowed.
    case ringTooNarrow(bits: Int)
    /// The words of this element type have `available` bits, and the ring needs `needed`.
    case elementTooNarrow(needed: Int, available: Int)
}
