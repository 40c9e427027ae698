// SPDX-License-Identifier: Apache-2.0

import RingArithmetic

/// `fedsum_packing_v1`: packed vectors, both ways, and bytes that are none.
enum PackingVerifier: CaseVerifier {
    static func check(_ fields: VectorFields) throws {
        let width = try RingWidth(bits: fields.integer("bits"))
        if width.bits <= 32 { try check(fields, width, UInt32.self) }
        try check(fields, width, UInt64.self)
    }

    private static func check<Element: RingWord>(_ fields: VectorFields, _ width: RingWidth, _: Element.Type) throws {
        let count = try fields.integer("count")
        let packed = try fields.bytes("packed")
        guard try fields.isValid() else {
            return try requireRefusal(fields, names: names) { () throws(RingError) in
                try Element.unpack(packed.span, count: count, width: width)
            }
        }
        let elements = try fields.unsignedList("elements")
        try requireEqual(elements.count, count, "count")
        try require(elements.allSatisfy { $0 <= width.mask }, "'elements' are not of the ring")
        try requireEqual(Element.pack(elements.map { Element($0) }, width: width), packed, "packed")
        let unpacked: [Element] = try Element.unpack(packed.span, count: count, width: width)
        try requireEqual(unpacked.map { UInt64($0) }, elements, "elements")
    }

    private static func names(_ error: RingError) -> Set<String> {
        switch error {
        case .packedLengthMismatch(let expected, let actual): [actual < expected ? "too-short" : "too-long"]
        case .nonZeroPadding: ["nonzero-padding"]
        default: []
        }
    }
}
