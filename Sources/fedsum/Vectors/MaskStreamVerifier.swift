// SPDX-License-Identifier: Apache-2.0

import ProtocolCryptography
import RingArithmetic
import SecureRandomness

/// `fedsum_mask_stream_v1`: the elements that a mask key expands to.
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

        let wordSize = MaskGenerator.wordByteCount(for: width)
        try requireEqual(wordSize, fields.integer("wordSize"), "wordSize")
        let first = try fields.unsignedList("first")
        try require(count == 0 || !first.isEmpty, "'first' is empty")
        try requireEqual(mask.prefix(first.count).map { UInt64($0) }, first, "first")
        if let last = mask.last {
            try requireEqual(UInt64(last), fields.unsigned("last"), "last")
        } else {
            try require(fields.isNull("last"), "'last' is not null")
        }
        let bytes = mask.flatMap { element in
            (0..<wordSize).map { UInt8(truncatingIfNeeded: element >> Element(8 * $0)) }
        }
        try requireEqual(HashDigest(of: bytes).bytes, fields.bytes("sha256"), "sha256")

        try Element.subtract(generator, from: &difference, width: width)
        Element.reduce(&difference, to: width)
        try require(difference.allSatisfy { $0 == 0 }, "subtracting the mask does not undo adding it")
    }
}
