// SPDX-License-Identifier: Apache-2.0

public import ProtocolCryptography
internal import RingArithmetic
internal import SecretSharing
internal import SecureAggregation

/// One share of a vector: pseudo-random to whoever lacks the other shares of it that it takes. Safe for its holder to
/// see.
///
/// There are three ways to one: splitting a vector (at its owner), expanding seeds, and decoding a message. Nothing
/// turns a clear vector into a share, so a helper, which has no seeds but its own, cannot hold a clear vector in a value
/// of this type.
public struct VectorShare<Element: MaskableElement>: Sendable {
    fileprivate(set) var elements: [Element]

    private init(elements: [Element]) { self.elements = elements }

    /// What is left of `vector` when the shares that seeds stand for are taken away: the last share of additive
    /// sharing.
    init(
        of vector: consuming [Element], subtracting masks: [MaskGenerator], in group: ShareGroup
    ) throws(CryptographyError) {
        elements = vector
        for mask in masks { try group.subtract(mask, from: &elements) }
        group.reduce(&elements)
    }

    /// The sum of the shares that these seeds stand for.
    init(sumOf masks: [MaskGenerator], dimension: Int, in group: ShareGroup) throws(CryptographyError) {
        elements = [Element](repeating: .zero, count: dimension)
        for mask in masks { try group.add(mask, to: &elements) }
        group.reduce(&elements)
    }

    /// The shares at `indices` of the polynomials of degree `masks.count` whose value at 0 is `vector` and whose values
    /// at `seededIndices` are what the masks stand for [Sha79].
    /// - Complexity: O(shares · masks · count) multiplications; all masks are in memory at once.
    static func shamirShares(
        of vector: [Element], seeded masks: [MaskGenerator], at seededIndices: [UInt64], evaluatedAt indices: [UInt64],
        in field: PrimeField
    ) throws(AggregationError) -> [VectorShare] {
        var values = [vector]
        for mask in masks {
            var value = [Element](repeating: .zero, count: vector.count)
            try withCryptography { () throws(CryptographyError) in try Element.add(mask, to: &value, in: field) }
            values.append(value)
        }
        do throws(SharingError) {
            let lagrange = try PrimeFieldLagrange(secretAnd: seededIndices, at: 0, in: field)
            var shares: [VectorShare] = []
            for index in indices {
                shares.append(VectorShare(elements: try lagrange.moved(to: index).interpolate(values)))
            }
            return shares
        } catch {
            // The indices are positions, which differ and are below p.
            throw .outOfOrder
        }
    }

    /// The share under the mask of a seed that its holder gets.
    func masked(by mask: MaskGenerator, in group: ShareGroup) throws(CryptographyError) -> VectorShare {
        var elements = elements
        try group.add(mask, to: &elements)
        return VectorShare(elements: elements)
    }

    init(from decoder: inout WireDecoder, as format: MessageFormat) throws(WireError) {
        elements = try decoder.readVector(as: format)
    }

    func encode(into encoder: inout WireEncoder, as format: MessageFormat) {
        encoder.write(vector: elements, as: format)
    }
}

/// A running sum of shares of one holder: one vector, whatever the number of contributors.
struct ShareSum<Element: MaskableElement>: Sendable {
    private(set) var share: VectorShare<Element>
    private let group: ShareGroup

    init(dimension: Int, in group: ShareGroup) throws(AggregationError) {
        share = try withCryptography { () throws(CryptographyError) in
            try VectorShare(sumOf: [], dimension: dimension, in: group)
        }
        self.group = group
    }

    mutating func fold(_ share: VectorShare<Element>) { group.add(share.elements, to: &self.share.elements) }

    /// Adds the share that a seed stands for.
    mutating func fold(_ mask: MaskGenerator) throws(CryptographyError) {
        try group.add(mask, to: &share.elements)
    }

    /// Takes the sum of masks away under which the shares came.
    mutating func unmask(_ masks: VectorShare<Element>) {
        switch group {
        case .ring: Element.subtract(masks.elements, from: &share.elements)
        case .field(let field): Element.subtract(masks.elements, from: &share.elements, in: field)
        }
    }

    /// The sum of shares as its holder sends it.
    consuming func reduced() -> VectorShare<Element> {
        group.reduce(&share.elements)
        return share
    }
}

/// Where sums of shares become the sum in the clear.
enum ShareCombination {
    /// The sum behind the additive shares of all holders.
    static func additive<Element>(_ shares: [VectorShare<Element>], width: RingWidth) -> [Element] {
        guard var sum = shares.first?.elements else { return [] }
        for share in shares.dropFirst() { Element.add(share.elements, to: &sum) }
        Element.reduce(&sum, to: width)
        return sum
    }

    /// The sum behind at least t Shamir shares, ascending by index; all beyond the first t are held against them.
    /// - Throws: `.inconsistentShares` with the index of one that is not on the polynomials of the first t.
    /// - Complexity: O(shares · t · count).
    static func shamir<Element>(
        _ shares: [(index: UInt64, share: VectorShare<Element>)], threshold: Int, in field: PrimeField,
        reducedTo width: RingWidth
    ) throws(SharingError) -> [Element] {
        guard shares.count >= threshold else { throw .tooFewShares(have: shares.count, need: threshold) }
        let basis = shares.prefix(threshold).map(\.share.elements)
        let lagrange = try PrimeFieldLagrange(indices: shares.prefix(threshold).map(\.index), in: field)
        for extra in shares.dropFirst(threshold) {
            guard try lagrange.moved(to: extra.index).interpolate(basis) == extra.share.elements else {
                throw .inconsistentShares(index: extra.index)
            }
        }
        var sum = try lagrange.interpolate(basis)
        Element.reduce(&sum, to: width)
        return sum
    }
}
