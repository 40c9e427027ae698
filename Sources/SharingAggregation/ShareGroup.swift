// SPDX-License-Identifier: Apache-2.0

internal import ProtocolCryptography
internal import RingArithmetic

/// Where the shares of a vector add up: the ring of the sum (additive sharing), or a prime field (Shamir sharing).
enum ShareGroup: Hashable, Sendable {
    case ring(RingWidth)
    case field(PrimeField)

    /// The bits of an element, on the wire and in the derivation of masks.
    var bits: Int {
        switch self {
        case .ring(let width): width.bits
        case .field(let field): field.bits
        }
    }

    /// Adds element by element. In a ring the sum is right mod 2^b, and not reduced.
    func add<Element: MaskableElement>(_ source: [Element], to target: inout [Element]) {
        switch self {
        case .ring: Element.add(source, to: &target)
        case .field(let field): Element.add(source, to: &target, in: field)
        }
    }

    /// Adds the vector that a mask stands for.
    func add<Element: MaskableElement>(
        _ mask: MaskGenerator, to target: inout [Element]
    ) throws(CryptographyError) {
        switch self {
        case .ring(let width): try Element.add(mask, to: &target, width: width)
        case .field(let field): try Element.add(mask, to: &target, in: field)
        }
    }

    /// Subtracts the vector that a mask stands for.
    func subtract<Element: MaskableElement>(
        _ mask: MaskGenerator, from target: inout [Element]
    ) throws(CryptographyError) {
        switch self {
        case .ring(let width): try Element.subtract(mask, from: &target, width: width)
        case .field(let field): try Element.subtract(mask, from: &target, in: field)
        }
    }

    /// Takes every element to its representative. Field elements have no other.
    func reduce<Element: MaskableElement>(_ vector: inout [Element]) {
        if case .ring(let width) = self { Element.reduce(&vector, to: width) }
    }
}
