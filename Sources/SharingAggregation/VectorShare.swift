// SPDX-License-Identifier: Apache-2.0

public import ProtocolCryptography
internal import RingArithmetic
internal import SecureAggregation

/// One share of a vector: pseudo-random to whoever lacks another share of it. Safe for its holder to see.
///
/// There are two ways to one: splitting a vector (at its owner) and decoding a message. Nothing turns a clear vector
/// into a share, so a helper, which has no seeds but its own, cannot hold a clear vector in a value of this type.
public struct VectorShare<Element: MaskableElement>: Sendable {
    fileprivate(set) var elements: [Element]

    /// The leader's share of `vector`: what is left when the shares of the aggregators are taken away.
    init(
        ofLeaderFor vector: consuming [Element], subtracting masks: [MaskGenerator], width: RingWidth
    ) throws(CryptographyError) {
        elements = vector
        for mask in masks { try Element.subtract(mask, from: &elements, width: width) }
        Element.reduce(&elements, to: width)
    }

    /// An aggregator's answer: the sum of the shares that its seeds stand for.
    init(sumOf masks: [MaskGenerator], dimension: Int, width: RingWidth) throws(CryptographyError) {
        elements = [Element](repeating: .zero, count: dimension)
        for mask in masks { try Element.add(mask, to: &elements, width: width) }
        Element.reduce(&elements, to: width)
    }

    init(from decoder: inout WireDecoder, as format: MessageFormat) throws(WireError) {
        elements = try decoder.readVector(as: format)
    }

    func encode(into encoder: inout WireEncoder, as format: MessageFormat) {
        encoder.write(vector: elements, as: format)
    }
}

/// The running sum of shares at the leader: one vector, whatever the number of contributors.
struct ShareSum<Element: MaskableElement>: Sendable {
    private var elements: [Element]

    init(dimension: Int) { elements = [Element](repeating: .zero, count: dimension) }

    mutating func fold(_ share: consuming VectorShare<Element>) { Element.add(share.elements, to: &elements) }

    /// The sum in the clear, once the shares of all helpers are in.
    consuming func opened(width: RingWidth) -> [Element] {
        Element.reduce(&elements, to: width)
        return elements
    }
}
