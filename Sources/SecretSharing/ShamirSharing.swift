// SPDX-License-Identifier: Apache-2.0

internal import RingArithmetic
public import SecureRandomness

/// One holder's share of a byte string.
public struct ShamirShare: Sendable {
    /// The abscissa of the holder, not zero: who holds the share.
    public let index: UInt64
    /// One field element for each 16 bytes of the secret.
    public let bytes: SecretBytes

    /// A share, as its holder stored or received it.
    public init(index: UInt64, bytes: SecretBytes) {
        self.index = index
        self.bytes = bytes
    }
}

/// t-of-n sharing of byte strings over GF(2^128) [Sha79]: any t shares give the secret, t − 1 say nothing.
///
/// Each 16 bytes of the secret are the constant coefficient of a polynomial of degree t − 1 whose other coefficients
/// are uniform. The dealer's and the combiner's arithmetic takes constant time in secrets and shares; indices are
/// public.
public struct ShamirSharing: Hashable, Sendable {
    /// The number t of shares that give the secret.
    public let threshold: Int
    /// The number n of shares.
    public let shareCount: Int

    /// Sharing with threshold `threshold` among `shareCount` holders.
    /// - Throws: `.thresholdOutOfRange` unless 1 ≤ t ≤ n.
    public init(threshold: Int, of shareCount: Int) throws(SharingError) {
        guard threshold >= 1, threshold <= shareCount else {
            throw .thresholdOutOfRange(threshold: threshold, shares: shareCount)
        }
        self.threshold = threshold
        self.shareCount = shareCount
    }

    /// Splits a secret among the holders with these indices.
    ///
    /// A secret whose length is not a multiple of 16 is padded with zeros; `combine` is told the length.
    /// - Parameters:
    ///   - secret: the byte string.
    ///   - indices: n different numbers, none of them zero.
    ///   - generator: 16·(t − 1) bytes for each 16 bytes of the secret are drawn from it, the coefficient of x first.
    /// - Returns: one share for each index, in their order.
    /// - Throws: `.zeroIndex`, `.duplicateIndex`; `.lengthMismatch` unless there are n indices; `.randomness`.
    /// - Complexity: O(n · t) multiplications by indices for each 16 bytes: 10 ns each where indices are below 2^7, and
    ///   15 ns where they are below 2^17.
    public func split(
        _ secret: SecretBytes, for indices: [UInt64], using generator: inout some SecureRandomNumberGenerator
    ) throws(SharingError) -> [ShamirShare] {
        guard indices.count == shareCount else {
            throw .lengthMismatch(expected: shareCount, actual: indices.count)
        }
        try Self.validate(indices)
        let elementCount = Self.elementCount(ofBytes: secret.count)
        var shares = [[BinaryField128]](repeating: [], count: indices.count)
        for element in 0..<elementCount {
            let constant = secret.withSpan { Self.element(element, of: $0) }
            let drawn: SecretBytes
            do { drawn = try generator.secretBytes(16 * (threshold - 1)) } catch { throw .randomness(error) }
            for (position, index) in indices.enumerated() {
                // Horner's rule, from the coefficient of x^(t − 1) down.
                let value = drawn.withSpan { coefficients in
                    var value = BinaryField128.zero
                    for degree in stride(from: threshold - 2, through: 0, by: -1) {
                        value += BinaryField128(bigEndian: coefficients, at: 16 * degree)
                        value = value.multiplied(byPublic: index)
                    }
                    return value + constant
                }
                shares[position].append(value)
            }
        }
        return zip(indices, shares).map { ShamirShare(index: $0, bytes: Self.bytes(of: $1)) }
    }

    /// The secret behind at least t shares; every share beyond the first t must agree with them.
    /// - Parameters:
    ///   - shares: in any order.
    ///   - byteCount: the length of the secret; nil where it is a multiple of 16.
    /// - Returns: the secret.
    /// - Throws: `.tooFewShares`, `.zeroIndex`, `.duplicateIndex`, `.lengthMismatch`, `.inconsistentShares` with the
    ///   index of a share that is not on the polynomial of the first t, `.paddingNotZero`.
    public func combine(_ shares: [ShamirShare], byteCount: Int? = nil) throws(SharingError) -> SecretBytes {
        guard shares.count >= threshold else { throw .tooFewShares(have: shares.count, need: threshold) }
        try Self.validate(shares.map(\.index))
        let length = shares[0].bytes.count
        for share in shares where share.bytes.count != length || length % 16 != 0 {
            throw .lengthMismatch(expected: length / 16 * 16, actual: share.bytes.count)
        }
        let basis = Array(shares.prefix(threshold))
        for extra in shares.dropFirst(threshold) {
            let coefficients = try LagrangeCoefficients(indices: basis.map(\.index), at: extra.index)
            guard try coefficients.interpolate(basis.map(\.bytes)).isEqual(to: extra.bytes) else {
                throw .inconsistentShares(index: extra.index)
            }
        }
        let padded = try LagrangeCoefficients(indices: basis.map(\.index)).interpolate(basis.map(\.bytes))
        guard let byteCount, byteCount != length else { return padded }
        guard byteCount >= 0, Self.elementCount(ofBytes: byteCount) * 16 == length else {
            throw .lengthMismatch(expected: Self.elementCount(ofBytes: max(0, byteCount)) * 16, actual: length)
        }
        let paddingIsZero = padded.withSpan { span in
            var all: UInt8 = 0
            for index in byteCount..<length { all |= span[index] }
            return all == 0
        }
        guard paddingIsZero else { throw .paddingNotZero(byteCount: byteCount) }
        return SecretBytes(count: byteCount) { (target) in
            padded.withSpan { source in for index in 0..<byteCount { target[index] = source[index] } }
        }
    }

    static func validate(_ indices: [UInt64]) throws(SharingError) {
        var seen = Set<UInt64>()
        for index in indices {
            guard index != 0 else { throw .zeroIndex }
            guard seen.insert(index).inserted else { throw .duplicateIndex(index) }
        }
    }

    static func elementCount(ofBytes count: Int) -> Int { (count + 15) / 16 }

    private static func element(_ position: Int, of bytes: borrowing Span<UInt8>) -> BinaryField128 {
        if 16 * position + 16 <= bytes.count { return BinaryField128(bigEndian: bytes, at: 16 * position) }
        var padded = [UInt8](repeating: 0, count: 16)
        for index in 16 * position..<bytes.count { padded[index - 16 * position] = bytes[index] }
        defer { wipe(&padded) }
        return BinaryField128(bigEndian: padded.span, at: 0)
    }

    static func bytes(of elements: [BinaryField128]) -> SecretBytes {
        SecretBytes(count: 16 * elements.count) { (span) in
            for (position, element) in elements.enumerated() { element.store(bigEndianTo: &span, at: 16 * position) }
        }
    }
}

/// The weights that take shares at given indices to the value at one point, by default the secret at 0.
///
/// They depend on who shared and not on what, so a server that reconstructs many secrets of the same holders computes
/// them once.
public struct LagrangeCoefficients: Sendable {
    /// The indices of the shares, in the order in which `interpolate` takes them.
    public let indices: [UInt64]
    private let weights: [BinaryField128]

    /// The weights for shares at `indices`, for the polynomial's value at `point`.
    /// - Throws: `.zeroIndex`, `.duplicateIndex`.
    /// - Complexity: O(t²) multiplications by differences of indices, O(t) others and one inversion.
    public init(indices: [UInt64], at point: UInt64 = 0) throws(SharingError) {
        try ShamirSharing.validate(indices)
        self.indices = indices
        if indices.contains(point) {
            weights = indices.map { $0 == point ? .one : .zero }
            return
        }
        // The weight of x is the product of (point − other)/(x − other) over the others: one product over all of them,
        // divided by (point − x) and the differences from x. Indices are public, and minus is exclusive or.
        let product = indices.reduce(.one) { (product: BinaryField128, x) in product.multiplied(byPublic: point ^ x) }
        let denominators = indices.map { x in
            indices.reduce(BinaryField128.one.multiplied(byPublic: point ^ x)) { (denominator, other) in
                other == x ? denominator : denominator.multiplied(byPublic: x ^ other)
            }
        }
        weights = Self.invert(denominators).map { $0 * product }
    }

    /// The value at the point for shares in the order of `indices`, all of the same length, a multiple of 16.
    /// - Throws: `.lengthMismatch` if a share has another length than the first one, `.tooFewShares` if one is missing.
    /// - Complexity: O(t) multiplications for each 16 bytes.
    public func interpolate(_ shares: [SecretBytes]) throws(SharingError) -> SecretBytes {
        guard shares.count == weights.count else { throw .tooFewShares(have: shares.count, need: weights.count) }
        let length = shares.first?.count ?? 0
        for share in shares where share.count != length || length % 16 != 0 {
            throw .lengthMismatch(expected: length / 16 * 16, actual: share.count)
        }
        var elements = [BinaryField128](repeating: .zero, count: length / 16)
        for (share, weight) in zip(shares, weights) {
            share.withSpan { span in
                for position in elements.indices {
                    elements[position] += BinaryField128(bigEndian: span, at: 16 * position) * weight
                }
            }
        }
        return ShamirSharing.bytes(of: elements)
    }

    /// All inverses for the price of one and three multiplications each (Montgomery's trick). No element may be zero.
    private static func invert(_ elements: [BinaryField128]) -> [BinaryField128] {
        var prefix: [BinaryField128] = []
        var product = BinaryField128.one
        for element in elements {
            prefix.append(product)
            product = product * element
        }
        var inverse = product.inverse
        var inverses = elements
        for position in elements.indices.reversed() {
            inverses[position] = inverse * prefix[position]
            inverse = inverse * elements[position]
        }
        return inverses
    }
}
