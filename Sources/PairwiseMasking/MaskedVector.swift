// SPDX-License-Identifier: Apache-2.0

public import ProtocolCryptography
internal import RingArithmetic
internal import SecureAggregation

/// A client's vector under its own mask and one for each other client: pseudo-random to whoever lacks one of them. Safe
/// for the server to see.
///
/// There are two ways to one: masking a vector, which takes masks that only its owner has, and decoding a message.
/// Nothing turns a clear vector into a masked one, so a server that stores only values of this type and their sums
/// cannot hold a clear vector.
public struct MaskedVector<Element: MaskableElement>: Sendable {
    fileprivate var elements: [Element]

    /// Masks a vector [BIK+17] §4, on at most `threads` threads.
    init(
        masking vector: consuming [Element], selfMask: MaskGenerator, pairwiseMasks: [SignedMask], width: RingWidth,
        threads: Int = 1
    ) throws(CryptographyError) {
        elements = vector
        let masks = [SignedMask(generator: selfMask, isAdded: true)] + pairwiseMasks
        try Element.apply(masks, to: &elements, width: width, threads: threads)
        Element.reduce(&elements, to: width)
    }

    init(from decoder: inout WireDecoder, as format: MessageFormat) throws(WireError) {
        elements = try decoder.readVector(as: format)
    }

    func encode(into encoder: inout WireEncoder, as format: MessageFormat) {
        encoder.write(vector: elements, as: format)
    }
}

/// The running sum of masked vectors at the server: one vector, whatever the number of clients.
struct MaskedSum<Element: MaskableElement>: Sendable {
    private var elements: [Element]

    init(dimension: Int) { elements = [Element](repeating: .zero, count: dimension) }

    mutating func fold(_ vector: consuming MaskedVector<Element>) { Element.add(vector.elements, to: &elements) }

    /// Takes back masks that clients added or subtracted, on at most `threads` threads.
    ///
    /// One call with all masks goes through the sum once; calls with one mask each go through it as often.
    mutating func remove(_ masks: [SignedMask], width: RingWidth, threads: Int) throws(CryptographyError) {
        try Element.apply(masks.map(\.opposite), to: &elements, width: width, threads: threads)
    }

    /// The sum in the clear, once no mask is left on it.
    consuming func opened(width: RingWidth) -> [Element] {
        Element.reduce(&elements, to: width)
        return elements
    }
}
