// SPDX-License-Identifier: Apache-2.0

public import SecureRandomness

/// The running sum of packed vectors: what an aggregator holds, and folds every vector into as it arrives.
///
/// Its memory is that of one vector, whatever the number of clients. The sum leaves it only re-randomized, so that nobody
/// who knows the parts can tell which ones are in it.
public struct PackedAccumulator: Sendable {
    /// The key.
    public let key: PaillierPublicKey
    /// The layout.
    public let layout: SlotLayout
    /// How many values the vectors have.
    public let count: Int
    private var sum: PackedVector?

    /// A sum of nothing yet.
    public init(key: PaillierPublicKey, layout: SlotLayout, count: Int) {
        (self.key, self.layout, self.count) = (key, layout, count)
    }

    /// The sum of weights so far.
    public var weight: UInt32 { sum?.weight ?? 0 }

    /// Adds a vector.
    /// - Throws: `.wrongKey`, `.wrongLayout`, `.wrongCount` or `.noHeadRoom`; the sum is then unchanged.
    public mutating func fold(_ vector: PackedVector) throws(PaillierError) {
        guard vector.key == key else { throw .wrongKey }
        guard vector.layout == layout else { throw .wrongLayout }
        guard vector.count == count else { throw .wrongCount }
        if sum == nil { sum = vector } else { try sum?.add(vector) }
    }

    /// Reads a vector, checks it and adds it.
    /// - Throws: what reading or `fold(_:)` throws; the sum is then unchanged.
    public mutating func fold(serialized bytes: [UInt8]) throws(PaillierError) {
        try fold(PackedVector(serialized: bytes, under: key, layout: layout, count: count))
    }

    /// The sum under fresh randomness.
    /// - Throws: `.emptyVector` if nothing was added; `.wrongKey` if the encryptor has another key; `.randomness` if the
    ///   source fails.
    public func sum(
        rerandomizedBy encryptor: PaillierEncryptor, using generator: inout some SecureRandomNumberGenerator
    ) throws(PaillierError) -> PackedVector {
        guard let sum else { throw .emptyVector }
        return try encryptor.rerandomize(sum, using: &generator)
    }

    /// The sum as it is, for parts that are re-randomized together.
    package var unrandomizedSum: PackedVector? { sum }
}
