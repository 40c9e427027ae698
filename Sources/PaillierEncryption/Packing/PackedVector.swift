// SPDX-License-Identifier: Apache-2.0

internal import BigIntegers

/// A vector of small values in as few ciphertexts as they fit into, or the weighted sum of such vectors.
///
/// It knows its key, its layout and the sum of its weights: adding what does not belong together, or more than the slots
/// have room for, is refused. What it cannot know is whether a client kept to its value range; see the threats page.
public struct PackedVector: Sendable {
    /// The key.
    public let key: PaillierPublicKey
    /// The layout.
    public let layout: SlotLayout
    /// How many values there are.
    public let count: Int
    /// The sum of weights: 1 for a vector that was just encrypted.
    public private(set) var weight: UInt32
    private(set) var residues: DualVector

    init(residues: DualVector, key: PaillierPublicKey, layout: SlotLayout, count: Int, weight: UInt32) {
        (self.residues, self.key, self.layout, self.count, self.weight) = (residues, key, layout, count, weight)
    }

    /// Adds another vector to this one. About 3 µs for each ciphertext at 2,048 bits.
    /// - Throws: `.wrongKey`, `.wrongLayout`, `.wrongCount`; `.noHeadRoom` if the weights together are above the maximum.
    ///   This vector is then unchanged.
    public mutating func add(_ other: PackedVector) throws(PaillierError) {
        guard key == other.key else { throw .wrongKey }
        guard layout == other.layout else { throw .wrongLayout }
        guard count == other.count else { throw .wrongCount }
        let sum = UInt64(weight) + UInt64(other.weight)
        guard sum <= UInt64(layout.maximumWeight) else {
            throw .noHeadRoom(weight: sum, maximum: layout.maximumWeight)
        }
        residues.multiply(by: other.residues.sharing(key.ring))
        weight = UInt32(sum)
    }

    /// Multiplies every value by a public weight, in time that depends on it.
    /// - Throws: `.zeroWeight` for 0; `.noHeadRoom` if the weight in all would be above the maximum.
    public mutating func multiply(by factor: UInt32) throws(PaillierError) {
        guard factor > 0 else { throw .zeroWeight }
        let product = UInt64(weight) * UInt64(factor)
        guard product <= UInt64(layout.maximumWeight) else {
            throw .noHeadRoom(weight: product, maximum: layout.maximumWeight)
        }
        residues.raise(to: Natural(UInt64(factor)))
        weight = UInt32(product)
    }
}

extension PackedVector {
    /// The vector in bytes, with the fingerprint of its key, its layout, its length and its weight.
    public var serialized: [UInt8] {
        let header =
            [1, ObjectType.packedVector.rawValue] + key.fingerprint + layout.serialized(in: key.size)
            + bigEndianBytes(UInt64(count), count: 4) + bigEndianBytes(UInt64(weight), count: 4)
        return header + residues.bigEndian()
    }

    /// Bytes of such a vector.
    public static func serializedByteCount(of count: Int, layout: SlotLayout, size: PaillierKeySize) -> Int {
        ObjectType.packedVector.fixedByteCount + layout.ciphertexts(for: count, in: size) * size.ciphertextByteCount
    }

    /// Reads a vector that must be under this key, of this layout and length, and checks every ciphertext; one greatest
    /// common divisor serves all.
    /// - Throws: `.wrongKey`, `.wrongLayout`, `.wrongCount`, `.weightOutOfRange` or another decoding error;
    ///   `.ciphertextOutOfRange` or `.ciphertextNotAUnit` if any ciphertext is bad.
    public init(
        serialized bytes: [UInt8], under key: PaillierPublicKey, layout: SlotLayout, count: Int
    ) throws(PaillierError) {
        var reader = ObjectReader(bytes)
        try reader.readHeader(.packedVector)
        guard reader.read(32) == key.fingerprint else { throw .wrongKey }
        guard try SlotLayout(&reader, in: key.size) == layout else { throw .wrongLayout }
        guard Int(reader.readInteger(4)) == count, count > 0 else { throw .wrongCount }
        let weight = UInt32(reader.readInteger(4))
        guard weight >= 1, weight <= layout.maximumWeight else { throw .weightOutOfRange }
        let ciphertexts = layout.ciphertexts(for: count, in: key.size)
        // No overflow: a count of 32 bits, and at most 1,024 bytes for each.
        try reader.expectRemaining(ciphertexts * key.size.ciphertextByteCount)
        do {
            residues = try DualVector(bigEndian: reader.readRest(), count: ciphertexts, modulus: key.ring)
        } catch { throw PaillierError(error) }
        (self.key, self.layout, self.count, self.weight) = (key, layout, count, weight)
    }
}

// Parts, so that several threads can share the work: each has whole ciphertexts.
extension PackedVector {
    /// The values of some of the ciphertexts.
    package func part(ciphertexts range: Range<Int>) -> PackedVector {
        let slots = layout.slots(in: key.size)
        let values = min(count, range.upperBound * slots) - range.lowerBound * slots
        return PackedVector(residues: residues[range], key: key, layout: layout, count: values, weight: weight)
    }

    /// How many ciphertexts there are.
    package var ciphertextCount: Int { residues.count }

    /// The vector of parts of equal weight, in order; all but the last fill their ciphertexts.
    package init(joining parts: [PackedVector]) {
        let first = parts[0]
        precondition(parts.allSatisfy { $0.key == first.key && $0.layout == first.layout && $0.weight == first.weight })
        self.init(
            residues: DualVector(joining: parts.map(\.residues), modulus: first.key.ring), key: first.key,
            layout: first.layout, count: parts.reduce(0) { $0 + $1.count }, weight: first.weight)
    }
}
