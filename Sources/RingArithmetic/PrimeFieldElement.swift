// SPDX-License-Identifier: Apache-2.0

/// A machine word that can stand for an element of a prime field: an integer 0 ..< p in a vector of such.
///
/// The field's `bits` must not exceed `capacityInBits`. The operations take time that depends on the count only, given
/// that the machine's integer multiplication takes constant time. From elements they make elements; a word that is not
/// one gives a result without meaning, and no trap.
public protocol PrimeFieldElement: PackableElement {
    /// Adds `source` to `target` element by element. Both have the same count. About 0.4 ns an element.
    static func add(_ source: [Self], to target: inout [Self], in field: PrimeField)

    /// Subtracts `source` from `target` element by element. Both have the same count. About 0.4 ns an element.
    static func subtract(_ source: [Self], from target: inout [Self], in field: PrimeField)

    /// Adds `scalar` · `source` to `target`. Both have the same count, and `scalar` is an element. About 1.4 ns an
    /// element.
    static func addProduct(of source: [Self], by scalar: UInt64, to target: inout [Self], in field: PrimeField)

    /// Whether every word is an element: below p. What comes from another party is held against this first.
    static func areCanonical(_ vector: [Self], in field: PrimeField) -> Bool

    /// Appends the elements among the words of a byte string, which are uniform if the bytes are: little-endian words
    /// of `field.wordByteCount` bytes, each mod 2^k, without those that are not below p.
    ///
    /// Which words are left out shows in the time, and says nothing of the others. Bytes after the last whole word are
    /// ignored.
    static func append(elementsAmong bytes: borrowing Span<UInt8>, to vector: inout [Self], in field: PrimeField)
}

extension UInt32: PrimeFieldElement {
    /// Adds element by element mod p; the field has at most 32 bits.
    public static func add(_ source: [UInt32], to target: inout [UInt32], in field: PrimeField) {
        precondition(field.bits <= 32, "The element type is narrower than the field.")
        addElements(source, to: &target, modulus: UInt32(truncatingIfNeeded: field.modulus))
    }

    /// Subtracts element by element mod p; the field has at most 32 bits.
    public static func subtract(_ source: [UInt32], from target: inout [UInt32], in field: PrimeField) {
        precondition(field.bits <= 32, "The element type is narrower than the field.")
        subtractElements(source, from: &target, modulus: UInt32(truncatingIfNeeded: field.modulus))
    }

    /// Adds a multiple of a vector mod p; the field has at most 32 bits.
    public static func addProduct(
        of source: [UInt32], by scalar: UInt64, to target: inout [UInt32], in field: PrimeField
    ) {
        precondition(field.bits <= 32, "The element type is narrower than the field.")
        precondition(source.count == target.count, "Vectors of different lengths cannot be added.")
        precondition(field.contains(scalar), "The scalar is not an element of the field.")
        // In words of 64 bits, with ⌊scalar · 2^32 / p⌋; see the loop of `UInt64`.
        let p = field.modulus
        let quotient = field.quotient(of: scalar) &>> 32
        for index in target.indices {
            let element = UInt64(source[index])
            let multiple = (element &* quotient) &>> 32
            let product = element &* scalar &- multiple &* p
            // Below 3p.
            let once = product &+ UInt64(target[index]) &- p
            let twice = once &+ (0 &- once &>> 63) & p &- p
            target[index] = UInt32(truncatingIfNeeded: twice &+ (0 &- twice &>> 63) & p)
        }
    }

    /// Whether every word is below p; the field has at most 32 bits.
    public static func areCanonical(_ vector: [UInt32], in field: PrimeField) -> Bool {
        precondition(field.bits <= 32, "The element type is narrower than the field.")
        return areElements(vector, modulus: UInt32(truncatingIfNeeded: field.modulus))
    }

    /// Appends the words that are elements; the field has at most 32 bits.
    public static func append(
        elementsAmong bytes: borrowing Span<UInt8>, to vector: inout [UInt32], in field: PrimeField
    ) {
        precondition(field.bits <= 32, "The element type is narrower than the field.")
        appendElements(among: bytes, to: &vector, in: field)
    }
}

extension UInt64: PrimeFieldElement {
    /// Adds element by element mod p.
    public static func add(_ source: [UInt64], to target: inout [UInt64], in field: PrimeField) {
        addElements(source, to: &target, modulus: field.modulus)
    }

    /// Subtracts element by element mod p.
    public static func subtract(_ source: [UInt64], from target: inout [UInt64], in field: PrimeField) {
        subtractElements(source, from: &target, modulus: field.modulus)
    }

    /// Adds a multiple of a vector mod p.
    public static func addProduct(
        of source: [UInt64], by scalar: UInt64, to target: inout [UInt64], in field: PrimeField
    ) {
        precondition(source.count == target.count, "Vectors of different lengths cannot be added.")
        precondition(field.contains(scalar), "The scalar is not an element of the field.")
        // With q = ⌊scalar · 2^64 / p⌋, the product minus ⌊element · q / 2^64⌋ · p is at least 0 and below
        // p + element · p / 2^64 < 2p, so its lower word is all of it.
        let p = field.modulus
        let quotient = field.quotient(of: scalar)
        for index in target.indices {
            let element = source[index]
            let multiple = element.multipliedFullWidth(by: quotient).high
            let product = element &* scalar &- multiple &* p
            // Below 3p.
            let once = product &+ target[index] &- p
            let twice = once &+ (0 &- once &>> 63) & p &- p
            target[index] = twice &+ (0 &- twice &>> 63) & p
        }
    }

    /// Whether every word is below p.
    public static func areCanonical(_ vector: [UInt64], in field: PrimeField) -> Bool {
        areElements(vector, modulus: field.modulus)
    }

    /// Appends the words that are elements.
    public static func append(
        elementsAmong bytes: borrowing Span<UInt8>, to vector: inout [UInt64], in field: PrimeField
    ) {
        appendElements(among: bytes, to: &vector, in: field)
    }
}

// Generic inside this module only, where the compiler specializes them for the two concrete callers.

private func addElements<Word: RingWord>(_ source: [Word], to target: inout [Word], modulus: Word) {
    precondition(source.count == target.count, "Vectors of different lengths cannot be added.")
    for index in target.indices {
        // a + b = a − (p − b), which does not need a bit above the word.
        target[index] = difference(target[index], modulus &- source[index], modulus: modulus)
    }
}

private func subtractElements<Word: RingWord>(_ source: [Word], from target: inout [Word], modulus: Word) {
    precondition(source.count == target.count, "Vectors of different lengths cannot be subtracted.")
    for index in target.indices { target[index] = difference(target[index], source[index], modulus: modulus) }
}

private func areElements<Word: RingWord>(_ vector: [Word], modulus: Word) -> Bool {
    var all: Word = 1
    for word in vector { all &= borrow(word, modulus, word &- modulus) }
    return all == 1
}

private func appendElements<Word: RingWord>(
    among bytes: borrowing Span<UInt8>, to vector: inout [Word], in field: PrimeField
) {
    let size = field.wordByteCount
    let mask = field.elementWidth.mask
    for first in stride(from: 0, through: bytes.count - size, by: size) {
        var word: UInt64 = 0
        for index in 0..<size { word |= UInt64(bytes[first + index]) &<< UInt64(8 * index) }
        if field.contains(word & mask) { vector.append(Word(truncatingIfNeeded: word & mask)) }
    }
}

/// a − b mod p.
@inline(__always)
private func difference<Word: RingWord>(_ a: Word, _ b: Word, modulus: Word) -> Word {
    let difference = a &- b
    return difference &+ (0 &- borrow(a, b, difference)) & modulus
}

/// 1 if a < b, else 0, where `difference` is a − b. Written in logic, so that no compiler makes a jump of it.
@inline(__always)
private func borrow<Word: RingWord>(_ a: Word, _ b: Word, _ difference: Word) -> Word {
    (~a & b | (~a | b) & difference) &>> Word(truncatingIfNeeded: Word.bitWidth - 1)
}
