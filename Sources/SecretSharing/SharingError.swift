// SPDX-License-Identifier: Apache-2.0

public import SecureRandomness

/// What can be wrong with shares.
public enum SharingError: Error, Equatable, Sendable {
    /// A threshold t of n needs 1 ≤ t ≤ n.
    case thresholdOutOfRange(threshold: Int, shares: Int)
    /// Sharing additively needs at least one share; a field of p elements has indices for p − 1.
    case shareCountOutOfRange(Int)
    /// Index 0 (mod p, over a prime field) is the secret itself and belongs to nobody.
    case zeroIndex
    /// Two shares have this index (mod p, over a prime field).
    case duplicateIndex(UInt64)
    /// Fewer shares than the threshold: they say nothing about the secret.
    case tooFewShares(have: Int, need: Int)
    /// More shares than needed, and they do not lie on one polynomial; `index` is one that disagrees with the first
    /// ones.
    case inconsistentShares(index: UInt64)
    /// Shares of different secrets: their lengths differ, or are not whole field elements.
    case lengthMismatch(expected: Int, actual: Int)
    /// The element at `position` of the share with this index is not below p; index 0 is the secret.
    case elementOutOfRange(index: UInt64, position: Int)
    /// What was reconstructed does not end as a secret of `byteCount` bytes ends.
    case paddingNotZero(byteCount: Int)
    /// The source of randomness failed.
    case randomness(RandomnessError)
}
