// SPDX-License-Identifier: Apache-2.0

import RingArithmetic

/// `fedsum_capacity_v1`: the bits of the ring in which a sum cannot wrap.
enum CapacityVerifier: CaseVerifier {
    static func check(_ fields: VectorFields) throws {
        let terms = try fields.integer("contributors")
        let bits = try fields.integer("quantizerBits")
        let weight = try fields.isNull("maximumWeight") ? 1 : fields.integer("maximumWeight")
        guard try fields.isValid() else {
            return try requireRefusal(fields, names: names) { () throws(RingError) in
                try SumCapacity(terms: terms, maximumWeight: weight, inputBits: bits)
            }
        }
        let capacity = try SumCapacity(terms: terms, maximumWeight: weight, inputBits: bits)
        try requireEqual(capacity.width.bits, fields.integer("bits"), "bits")
        // It is the narrowest one: with a bit less the sum could wrap.
        guard let narrower = try? RingWidth(bits: capacity.width.bits - 1) else { return }
        let fits = try? SumCapacity(terms: terms, maximumWeight: weight, inputBits: bits, width: narrower)
        try require(fits == nil, "a ring of \(narrower.bits) bits is accepted too")
    }

    private static func names(_ error: RingError) -> Set<String> {
        if case .capacityExceeded = error { return ["capacity-above-64-bits"] }
        return []
    }
}
