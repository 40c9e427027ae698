// SPDX-License-Identifier: Apache-2.0

public import RingArithmetic
public import SecureRandomness

/// One holder's share of a vector over a prime field.
public struct PrimeFieldShare<Element: PrimeFieldElement & RingWord>: Sendable {
    /// The abscissa of the holder, not 0 mod p: who holds the share.
    public let index: UInt64
    /// One field element for each of the secret.
    public let elements: [Element]

    /// A share, as its holder stored or received it.
    public init(index: UInt64, elements: [Element]) {
        self.index = index
        self.elements = elements
    }
}

/// t-of-n sharing of vectors over a prime field [Sha79]: any t shares give the secret, t − 1 say nothing.
///
/// Each element of the secret is the constant coefficient of a polynomial of degree t − 1 whose other coefficients are
/// uniform. Shares at the same index may be added: the sum is a share of the sum of the secrets. The dealer's and the
/// combiner's arithmetic takes constant time in secrets and shares; indices are public. Vectors are not wiped.
public struct PrimeFieldSharing: Hashable, Sendable {
    /// The number t of shares that give the secret.
    public let threshold: Int
    /// The number n of shares.
    public let shareCount: Int
    /// The field.
    public let field: PrimeField

    /// Sharing with threshold `threshold` among `shareCount` holders.
    /// - Throws: `.thresholdOutOfRange` unless 1 ≤ t ≤ n, `.shareCountOutOfRange` unless n < p, since each holder has
    ///   an index of its own.
    public init(threshold: Int, of shareCount: Int, in field: PrimeField) throws(SharingError) {
        guard threshold >= 1, threshold <= shareCount else {
            throw .thresholdOutOfRange(threshold: threshold, shares: shareCount)
        }
        guard UInt64(shareCount) < field.modulus else { throw .shareCountOutOfRange(shareCount) }
        self.threshold = threshold
        self.shareCount = shareCount
        self.field = field
    }

    /// Splits a vector among the holders with these indices.
    ///
    /// The words of `Element` have at least as many bits as the field.
    /// - Parameters:
    ///   - secret: elements of the field.
    ///   - indices: n numbers, of which no two are equal mod p and none is 0 mod p.
    ///   - generator: the coefficients of x are drawn from it, one for each element, then those of x², up to
    ///     x^(t − 1). A draw takes a little-endian word of 4 bytes if k ≤ 32, else 8, mod 2^k, and is repeated until
    ///     the word is an element.
    /// - Returns: one share for each index, in their order.
    /// - Throws: `.zeroIndex`, `.duplicateIndex`; `.lengthMismatch` unless there are n indices; `.elementOutOfRange` with
    ///   index 0 if an element of the secret is not below p; `.randomness`.
    /// - Complexity: O(n · t · count); about 1.5 ns an element, share and coefficient.
    public func split<Element: PrimeFieldElement & RingWord>(
        _ secret: [Element], for indices: [UInt64], using generator: inout some SecureRandomNumberGenerator
    ) throws(SharingError) -> [PrimeFieldShare<Element>] {
        precondition(field.bits <= Element.capacityInBits, "The element type is narrower than the field.")
        guard indices.count == shareCount else {
            throw .lengthMismatch(expected: shareCount, actual: indices.count)
        }
        try PrimeFieldLagrange.validate(indices, in: field)
        try validate(secret, index: 0)
        var shares = [[Element]](repeating: secret, count: shareCount)
        var powers = [UInt64](repeating: 1, count: shareCount)
        for _ in 1..<threshold {
            let coefficients = try uniform(count: secret.count, using: &generator) as [Element]
            for position in shares.indices {
                powers[position] = field.multiply(powers[position], indices[position] % field.modulus)
                Element.addProduct(of: coefficients, by: powers[position], to: &shares[position], in: field)
            }
        }
        return zip(indices, shares).map { PrimeFieldShare(index: $0, elements: $1) }
    }

    /// The secret behind at least t shares; every share beyond the first t must agree with them.
    ///
    /// The words of `Element` have at least as many bits as the field.
    /// - Parameter shares: in any order.
    /// - Returns: the secret.
    /// - Throws: `.tooFewShares`, `.zeroIndex`, `.duplicateIndex`, `.lengthMismatch`; `.elementOutOfRange` if an element
    ///   of a share is not below p; `.inconsistentShares` with the index of a share that is not on the polynomial of
    ///   the first t.
    /// - Complexity: O(t · count) for the secret and as much for each further share.
    public func combine<Element: PrimeFieldElement & RingWord>(
        _ shares: [PrimeFieldShare<Element>]
    ) throws(SharingError) -> [Element] {
        precondition(field.bits <= Element.capacityInBits, "The element type is narrower than the field.")
        guard shares.count >= threshold else { throw .tooFewShares(have: shares.count, need: threshold) }
        try PrimeFieldLagrange.validate(shares.map(\.index), in: field)
        let length = shares[0].elements.count
        for share in shares {
            guard share.elements.count == length else {
                throw .lengthMismatch(expected: length, actual: share.elements.count)
            }
            try validate(share.elements, index: share.index)
        }
        let basis = shares.prefix(threshold)
        let vectors = basis.map(\.elements)
        let lagrange = try PrimeFieldLagrange(indices: basis.map(\.index), in: field)
        for extra in shares.dropFirst(threshold) {
            // Who combines sees every share, so the time of the comparison tells nobody anything new.
            guard try lagrange.moved(to: extra.index).interpolate(vectors) == extra.elements else {
                throw .inconsistentShares(index: extra.index)
            }
        }
        return try lagrange.interpolate(vectors)
    }

    private func validate<Element: PrimeFieldElement & RingWord>(
        _ elements: [Element], index: UInt64
    ) throws(SharingError) {
        guard !Element.areCanonical(elements, in: field) else { return }
        let position = elements.firstIndex { !field.contains(UInt64($0)) }
        throw .elementOutOfRange(index: index, position: position ?? 0)
    }

    private func uniform<Element: PrimeFieldElement>(
        count: Int, using generator: inout some SecureRandomNumberGenerator
    ) throws(SharingError) -> [Element] {
        var elements: [Element] = []
        elements.reserveCapacity(count)
        while elements.count < count {
            // No more words than elements are missing, so that no accepted one is thrown away.
            var bytes: [UInt8]
            do { bytes = try generator.bytes((count - elements.count) * field.wordByteCount) } catch {
                throw .randomness(error)
            }
            Element.append(elementsAmong: bytes.span, to: &elements, in: field)
            wipe(&bytes)
        }
        return elements
    }
}
