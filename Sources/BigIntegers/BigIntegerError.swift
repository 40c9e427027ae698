// SPDX-License-Identifier: Apache-2.0

public import SecureRandomness

/// Why a number could not be read or computed.
public enum BigIntegerError: Error, Equatable, Sendable {
    /// There is no inverse: the number and the modulus have a common factor.
    case notInvertible
    /// The number does not fit into the stated length.
    case outOfRange
    /// Some number is not from 1 to n² − 1.
    case residueOutOfRange
    /// Some number has a factor in common with n.
    case residueNotAUnit
    /// The bytes are not as many as the numbers take.
    case wrongLength(expected: Int, actual: Int)
    /// The modulus is even or below 3.
    case unsuitableModulus
    /// Whoever watches the search asked to end it.
    case cancelled
    /// The source of randomness failed.
    case randomness(RandomnessError)
}
