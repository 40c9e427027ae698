// SPDX-License-Identifier: Apache-2.0

public import RingArithmetic
public import SecureRandomness

/// n-of-n sharing of vectors over Z/2^b: all shares together sum to the secret, and any n − 1 of them are uniform.
///
/// Perfectly hiding against n − 1 holders, whatever they can compute.
public struct AdditiveSharing: Hashable, Sendable {
    /// The number n of shares.
    public let shareCount: Int
    /// The ring Z/2^b.
    public let width: RingWidth

    /// Sharing among `shareCount` holders.
    /// - Throws: `.shareCountOutOfRange` if there is not at least one.
    public init(shareCount: Int, width: RingWidth) throws(SharingError) {
        guard shareCount >= 1 else { throw .shareCountOutOfRange(shareCount) }
        self.shareCount = shareCount
        self.width = width
    }

    /// Splits a vector: n − 1 shares are drawn, the last one is the difference.
    /// - Complexity: O(n · count); 8 random bytes an element and drawn share (4 for `UInt32`).
    /// - Throws: `.randomness` if the generator fails.
    public func split<Word: RingWord>(
        _ secret: [Word], using generator: inout some SecureRandomNumberGenerator
    ) throws(SharingError) -> [[Word]] {
        precondition(width.bits <= Word.capacityInBits, "The element type is narrower than the ring.")
        var last = secret
        var shares: [[Word]] = []
        for _ in 1..<shareCount {
            var share = try Self.uniform(count: secret.count, using: &generator) as [Word]
            Word.subtract(share, from: &last)
            Word.reduce(&share, to: width)
            shares.append(share)
        }
        Word.reduce(&last, to: width)
        return shares + [last]
    }

    /// The vector whose shares these are.
    /// - Throws: `.tooFewShares` unless there are exactly n, `.lengthMismatch` if they differ in length.
    public func combine<Word: RingWord>(_ shares: [[Word]]) throws(SharingError) -> [Word] {
        guard shares.count == shareCount else { throw .tooFewShares(have: shares.count, need: shareCount) }
        var sum = shares[0]
        for share in shares.dropFirst() {
            guard share.count == sum.count else { throw .lengthMismatch(expected: sum.count, actual: share.count) }
            Word.add(share, to: &sum)
        }
        Word.reduce(&sum, to: width)
        return sum
    }

    private static func uniform<Word: RingWord>(
        count: Int, using generator: inout some SecureRandomNumberGenerator
    ) throws(SharingError) -> [Word] {
        let size = Word.bitWidth / 8
        var bytes: [UInt8]
        do { bytes = try generator.bytes(count * size) } catch { throw .randomness(error) }
        defer { wipe(&bytes) }
        return (0..<count).map { index in
            (0..<size).reduce(0) { $0 | Word(bytes[index * size + $1]) << Word(8 * $1) }
        }
    }
}
