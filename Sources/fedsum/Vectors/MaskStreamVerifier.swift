// SPDX-License-Identifier: Apache-2.0

import ProtocolCryptography
import RingArithmetic
import SecureRandomness

/// `fedsum_mask_stream_v1`: the elements of a ring that a mask key expands to.
enum MaskStreamVerifier: CaseVerifier {
    static func check(_ fields: VectorFields) throws {
        try require(fields.isValid(), "no case of this file is invalid")
        let width = try RingWidth(bits: fields.integer("bits"))
        if width.bits <= 32 { try check(fields, width, UInt32.self) }
        try check(fields, width, UInt64.self)
    }

    private static func check<Element: MaskableElement & RingWord>(
        _ fields: VectorFields,
        _ width: RingWidth,
        _: Element.Type
    ) throws {
        let count = try fields.integer("count", in: 0...VectorFields.largestCount)
        let generator = try MaskGenerator(key: SecretBytes(copying: fields.bytes("key")))
        var mask = [Element](repeating: 0, count: count)
        try Element.add(generator, to: &mask, width: width)
        var difference = mask
        Element.reduce(&mask, to: width)
        try requireStated(mask, wordByteCount: MaskGenerator.wordByteCount(for: width), fields)

        try Element.subtract(generator, from: &difference, width: width)
        Element.reduce(&difference, to: width)
        try require(difference.allSatisfy { $0 == 0 }, "subtracting the mask does not undo adding it")
    }
}

/// `fedsum_field_mask_v1`: the elements of a prime field that a mask key expands to.
enum FieldMaskVerifier: CaseVerifier {
    static func check(_ fields: VectorFields) throws {
        try require(fields.isValid(), "no case of this file is invalid")
        let field = try PrimeField(bits: fields.integer("fieldBits"))
        if field.bits <= 32 { try check(fields, field, UInt32.self) }
        try check(fields, field, UInt64.self)
    }

    private static func check<Element: MaskableElement & RingWord>(
        _ fields: VectorFields,
        _ field: PrimeField,
        _: Element.Type
    ) throws {
        let count = try fields.integer("count", in: 0...VectorFields.largestCount)
        let generator = try MaskGenerator(key: SecretBytes(copying: fields.bytes("key")))
        var mask = [Element](repeating: 0, count: count)
        try Element.add(generator, to: &mask, in: field)
        try requireStated(mask, wordByteCount: field.wordByteCount, fields)

        var difference = mask
        try Element.subtract(generator, from: &difference, in: field)
        try require(difference.allSatisfy { $0 == 0 }, "subtracting the mask does not undo adding it")

        // The words themselves are the mask over the ring of k bits. Those below p are the elements, the last one too.
        let wordsRead = try fields.integer("wordsRead", in: 0...VectorFields.largestCount)
        var words = [Element](repeating: 0, count: wordsRead)
        try Element.add(generator, to: &words, width: field.elementWidth)
        Element.reduce(&words, to: field.elementWidth)
        try requireEqual(words.filter { field.contains(UInt64($0)) }, mask, "elements among the words")
        try require(words.last.map { field.contains(UInt64($0)) } ?? true, "'wordsRead' goes beyond the last element")
    }
}

/// Checks a mask against what a file says of it.
private func requireStated<Element: RingWord>(_ mask: [Element], wordByteCount: Int, _ fields: VectorFields) throws {
    try requireEqual(wordByteCount, fields.integer("wordSize"), "wordSize")
    let first = try fields.unsignedList("first")
    try require(mask.isEmpty || !first.isEmpty, "'first' is empty")
    try requireEqual(mask.prefix(first.count).map { UInt64($0) }, first, "first")
    if let last = mask.last {
        try requireEqual(UInt64(last), fields.unsigned("last"), "last")
    } else {
        try require(fields.isNull("last"), "'last' is not null")
    }
    let bytes = mask.flatMap { element in
        (0..<wordByteCount).map { UInt8(truncatingIfNeeded: element >> Element(8 * $0)) }
    }
    try requireEqual(HashDigest(of: bytes).bytes, fields.bytes("sha256"), "sha256")
}
