// SPDX-License-Identifier: Apache-2.0

/// A commutative group in which vectors are summed: a machine word mod 2^w, or an element of a prime field.
///
/// The vector operations are requirements, not extensions, so that generic protocol code reaches a concrete loop with
/// one dynamic call a vector.
public protocol AdditiveGroup: Equatable, Sendable {
    /// The neutral element.
    static var zero: Self { get }

    /// Adds `source` to `target` element by element. Both have the same count.
    static func add(_ source: [Self], to target: inout [Self])

    /// Subtracts `source` from `target` element by element. Both have the same count.
    static func subtract(_ source: [Self], from target: inout [Self])
}

/// An element that travels packed, `width.bits` bits each.
public protocol PackableElement: AdditiveGroup {
    /// How many bits of a ring one element can hold.
    static var capacityInBits: Int { get }

    /// Reduces every element to its representative in 0 ..< 2^b.
    static func reduce(_ vector: inout [Self], to width: RingWidth)

    /// The packed form: element *i* in bits `b·i ..< b·(i + 1)`, least significant first; higher bits of an element are
    /// ignored.
    /// - Complexity: O(count · b).
    static func pack(_ vector: [Self], width: RingWidth) -> [UInt8]

    /// Reads `count` elements from exactly as many bytes as they need.
    /// - Throws: `.packedLengthMismatch` if `bytes` is longer or shorter, `.nonZeroPadding` if unused bits are set,
    ///   `.elementTooNarrow` if an element has more bits than this type.
    static func unpack(_ bytes: borrowing Span<UInt8>, count: Int, width: RingWidth) throws(RingError) -> [Self]
}

/// A machine word that stands for an element of Z/2^b, b at most its own width.
///
/// Sums wrap around the word; `reduce` takes them to Z/2^b, which is right since 2^b divides 2^w.
public protocol RingWord: PackableElement, FixedWidthInteger, UnsignedInteger {}

extension UInt32: RingWord {
    /// Adds element by element, wrapping around the word.
    public static func add(_ source: [UInt32], to target: inout [UInt32]) { addWords(source, to: &target) }
    /// Subtracts element by element, wrapping around the word.
    public static func subtract(_ source: [UInt32], from target: inout [UInt32]) {
        subtractWords(source, from: &target)
    }
    /// Keeps the lower b bits of every element.
    public static func reduce(_ vector: inout [UInt32], to width: RingWidth) { reduceWords(&vector, to: width) }
    /// Packs the lower b bits of every element; see `PackableElement`.
    public static func pack(_ vector: [UInt32], width: RingWidth) -> [UInt8] { packWords(vector, width: width) }
    /// Reads packed elements; see `PackableElement`.
    public static func unpack(
        _ bytes: borrowing Span<UInt8>, count: Int, width: RingWidth
    ) throws(RingError) -> [UInt32] {
        try unpackWords(bytes, count: count, width: width)
    }
}

extension UInt64: RingWord {
    /// Adds element by element, wrapping around the word.
    public static func add(_ source: [UInt64], to target: inout [UInt64]) { addWords(source, to: &target) }
    /// Subtracts element by element, wrapping around the word.
    public static func subtract(_ source: [UInt64], from target: inout [UInt64]) {
        subtractWords(source, from: &target)
    }
    /// Keeps the lower b bits of every element.
    public static func reduce(_ vector: inout [UInt64], to width: RingWidth) { reduceWords(&vector, to: width) }
    /// Packs the lower b bits of every element; see `PackableElement`.
    public static func pack(_ vector: [UInt64], width: RingWidth) -> [UInt8] { packWords(vector, width: width) }
    /// Reads packed elements; see `PackableElement`.
    public static func unpack(
        _ bytes: borrowing Span<UInt8>, count: Int, width: RingWidth
    ) throws(RingError) -> [UInt64] {
        try unpackWords(bytes, count: count, width: width)
    }
}

extension RingWord {
    /// The width of the word.
    public static var capacityInBits: Int { bitWidth }
}

// The loops are generic inside this module only, where the compiler specializes them for the two concrete callers.

private func addWords<Word: RingWord>(_ source: [Word], to target: inout [Word]) {
    precondition(source.count == target.count, "Vectors of different lengths cannot be added.")
    for index in target.indices { target[index] &+= source[index] }
}

private func subtractWords<Word: RingWord>(_ source: [Word], from target: inout [Word]) {
    precondition(source.count == target.count, "Vectors of different lengths cannot be subtracted.")
    for index in target.indices { target[index] &-= source[index] }
}

private func reduceWords<Word: RingWord>(_ vector: inout [Word], to width: RingWidth) {
    guard width.bits < Word.bitWidth else { return }
    let mask = Word(truncatingIfNeeded: width.mask)
    for index in vector.indices { vector[index] &= mask }
}
