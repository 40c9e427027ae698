// SPDX-License-Identifier: Apache-2.0

public import SecureRandomness

/// What can be wrong with shares.
public enum SharingError: Error, Equatable, Sendable {
    /// A threshold t of n needs 1 ≤ t ≤ n.
    case thresholdOutOfRange(threshold: Int, shares: Int)
    /// Sharing additively needs at least one share.
    case shareCountOutOfRange(Int)
    /// Index 0 is the secret itself and belongs to nobody.
    case zeroIndex
    /// Two shares have this index.
    case duplicateIndex(UInt64)
    /// Fewer shares than the threshold: they say nothing about the secret.
    case tooFewShares(have: Int, need: Int)
    /// More shares than needed, and they do not lie on one polynomial; `index` is one that disagrees with the first
    /// ones.
    case inconsistentShares(index: UInt64)
    /// Shares of different secrets: their lengths differ, or are not whole field elements.
    case lengthMismatch(expected: Int, actual: Int)
    /// What was reconstructed does not end as a secret of `byteCount` bytes ends.
    case paddingNotZero(byteCount: Int)
    /// The source of randomness failed.
    case randomness(RandomnessError)
}
