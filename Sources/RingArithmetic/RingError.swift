// SPDX-License-Identifier: Apache-2.0

public import SecureRandomness

/// What can be wrong with numbers that are to be summed in a ring.
public enum RingError: Error, Equatable, Sendable {
    /// A ring Z/2^b needs 1 ≤ b ≤ 64.
    case bitWidthOutOfRange(Int)
    /// The words of this element type have `available` bits, and the ring needs `needed`.
    case elementTooNarrow(needed: Int, available: Int)
    /// A prime field has 3 to 61 bits.
    case fieldBitsOutOfRange(Int)
    /// No field of at most 61 bits holds the sum of `terms` elements of Z/2^`bits`.
    case fieldTooSmall(terms: Int, bits: Int)
    /// Input values have 1 to 32 bits.
    case inputBitsOutOfRange(Int)
    /// The clipping bound is not a finite number above zero (or so small or large that 2C or (2^q − 1)/2C is not
    /// finite).
    case clipNotPositive
    /// A number of terms or a weight bound is below 1.
    case capacityNotPositive
    /// `terms · maximumWeight · (2^inputBits − 1) + 1 ≤ 2^availableBits` does not hold: it takes `neededBits`.
    case capacityExceeded(terms: Int, maximumWeight: Int, inputBits: Int, neededBits: Int, availableBits: Int)
    /// A weight is outside 0 … `maximum`.
    case weightOutOfRange(Int, maximum: Int)
    /// The value at this coordinate is NaN or infinite.
    case notFinite(coordinate: Int)
    /// Packed bytes have the wrong length for their element count.
    case packedLengthMismatch(expected: Int, actual: Int)
    /// The unused bits of the last packed byte are not zero.
    case nonZeroPadding
    /// Two vectors that must have the same length do not.
    case lengthMismatch(expected: Int, actual: Int)
    /// A mean over nothing.
    case emptySum
    /// The source of randomness failed.
    case randomness(RandomnessError)
}
