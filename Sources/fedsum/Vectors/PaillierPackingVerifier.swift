// SPDX-License-Identifier: Apache-2.0

import BigIntegers
import PaillierEncryption
@_spi(Simulation) import SecureRandomness

/// `fedsum_paillier_packing_v1`: layouts, plaintexts of many values, and sums of vectors.
enum PaillierPackingVerifier {
    static func check(_ document: VectorFields, into report: inout VectorFileReport) throws {
        let model = try PaillierModel(document)
        try checkCases(of: document, into: &report) { fields in
            try PaillierModel.check(fields) { try check(fields, model) }
        }
    }

    private static func check(_ fields: VectorFields, _ model: PaillierModel) throws {
        switch try fields.string("kind") {
        case "layout":
            let size = try PaillierModel.size(fields.integer("bits"))
            let layout = try fields.slotLayout()
            try requireEqual(layout.slotBits, fields.integer("slotBits"), "slotBits")
            try requireEqual(layout.slots(in: size), fields.integer("slots"), "slots")
            try requireEqual(layout.serialized(in: size), fields.bytes("encoded"), "encoded")
        case "pack":
            let (layout, size) = try (fields.slotLayout(), model.key(fields).publicKey.size)
            let stored = try layout.stored(fields.decimals("values"))
            let plaintexts = try layout.plaintexts(stored.count, in: size) { stored[$0] }
            let expected = try fields.byteStrings("plaintexts")
            try requireEqual(plaintexts.count, expected.count, "plaintexts.count")
            for (ours, theirs) in zip(plaintexts, expected) { try requireEqual(ours.revealed, theirs, "plaintexts") }
        case "unpack": try checkUnpacking(fields, model.key(fields).publicKey.size)
        case "sum": try checkSum(fields, model.key(fields))
        case "check-add":
            var one = try vector(fields.object("one"), model)
            try one.add(vector(fields.object("other"), model))
            try requireEqual(Int(one.weight), fields.integer("sumWeight"), "sumWeight")
        case "check-multiply":
            // Weights do not depend on the key.
            let key = try PaillierModel.smallKey()
            let layout = try fields.slotLayout()
            var vector = try layout.zeros(1, weight: fields.integer("weight"), under: key)
            try vector.multiply(by: UInt32(fields.integer("factor")))
            try requireEqual(Int(vector.weight), fields.integer("productWeight"), "productWeight")
        case let kind: throw CaseFailure("there is no kind '\(kind)'")
        }
    }

    private static func vector(_ fields: VectorFields, _ model: PaillierModel) throws -> PackedVector {
        try fields.slotLayout().zeros(
            fields.integer("count"), weight: fields.integer("weight"), under: model.key(fields).publicKey)
    }

    private static func checkUnpacking(_ fields: VectorFields, _ size: PaillierKeySize) throws {
        let layout = try fields.slotLayout()
        let (count, weight) = try (fields.integer("count"), UInt32(fields.integer("weight")))
        let plaintexts = try fields.paillierNumbers("plaintexts")
        try requireEqual(layout.ciphertexts(for: count, in: size), plaintexts.count, "plaintexts.count")
        let slots = layout.slots(in: size)
        var sums: [UInt64] = []
        for plaintext in plaintexts {
            sums += try layout.storedSums(
                of: SecretNatural(plaintext, bitCapacity: size.bits), count: min(slots, count - sums.count),
                weight: weight, in: size)
        }
        try requireEqual(layout.values(sums, weight: weight), fields.decimals("values"), "values")
    }

    private static func checkSum(_ fields: VectorFields, _ key: PaillierPrivateKey) throws {
        let layout = try fields.slotLayout()
        let encryptor = try PaillierEncryptionVerifier.encryptor(fields, key)
        var sum: PackedVector?
        for client in try fields.objects("clients") {
            let stored = try layout.stored(client.decimals("values"))
            let plaintexts = try layout.plaintexts(stored.count, in: key.publicKey.size) { stored[$0] }
            let exponents = try client.paillierNumbers("a")
            try requireEqual(exponents.count, plaintexts.count, "a.count")
            let ciphertexts = try zip(plaintexts, exponents).map {
                try encryptor.encrypt($0.revealed, exponent: $1).number
            }
            var vector = try layout.vector(ciphertexts, count: stored.count, weight: 1, under: key.publicKey)
            // Stated after the vector was multiplied, or before: both are there if the factor is 1.
            let factor = UInt32(try client.integer("factor"))
            try compare(ciphertexts, client.byteStrings("ciphertexts"))
            try vector.multiply(by: factor)
            if sum == nil { sum = vector } else { try sum?.add(vector) }
        }
        guard let sum else { throw CaseFailure("'clients' is empty") }
        try requireEqual(Int(sum.weight), fields.integer("weight"), "weight")
        try compare(layout.numbers(of: sum), fields.byteStrings("ciphertexts"))
        try requireEqual(layout.open(sum, with: key), fields.decimals("sums"), "sums")
    }

    private static func compare(_ ours: [Natural], _ expected: [[UInt8]]) throws {
        try requireEqual(ours.count, expected.count, "ciphertexts.count")
        for (ours, theirs) in zip(ours, expected) { try requireEqual(ours, theirs, "ciphertexts") }
    }
}

extension PaillierModel {
    /// A modulus of 512 bits for what does not depend on it.
    static func smallKey() throws -> PaillierPublicKey {
        var generator = generator()
        return try PaillierPrivateKey.generate(size: size(512), using: &generator).publicKey
    }
}

// Values as decimal strings, signed or unsigned.
extension SlotLayout {
    /// Values as they are stored; one that does not fit becomes one above the largest.
    func stored(_ values: [String]) throws -> [UInt64] {
        try values.map { text in
            if isSigned, let value = Int64(text) { return UInt64(bitPattern: value) &+ 1 << UInt64(valueBits - 1) }
            if !isSigned, let value = UInt64(text) { return value }
            // A number that no word holds is outside every range.
            let digits = text.hasPrefix("-") ? text.dropFirst() : text[...]
            guard Natural(decimal: digits) != nil else { throw CaseFailure("'values' is not of integers") }
            throw PaillierError.valueOutOfRange(index: 0)
        }
    }

    /// Stored sums as the sums of values.
    func values(_ sums: [UInt64], weight: UInt32) -> [String] {
        sums.map { isSigned ? String(Int64(bitPattern: $0 &- UInt64(weight) << UInt64(valueBits - 1))) : String($0) }
    }

    /// The bytes of a packed vector with these ciphertexts, read.
    func vector(_ ciphertexts: [Natural], count: Int, weight: Int, under key: PaillierPublicKey) throws -> PackedVector
    {
        var bytes: [UInt8] = [1, 0x73] + key.fingerprint + serialized(in: key.size)
        for number in [count, weight] {
            bytes += (0..<4).reversed().map { UInt8(truncatingIfNeeded: number >> (8 * $0)) }
        }
        for ciphertext in ciphertexts {
            guard let part = ciphertext.bigEndian(count: key.size.ciphertextByteCount) else {
                throw CaseFailure("a ciphertext is too long")
            }
            bytes += part
        }
        return try PackedVector(serialized: bytes, under: key, layout: self, count: count)
    }

    /// A vector of this weight under no randomness, for what only looks at headers.
    func zeros(_ count: Int, weight: Int, under key: PaillierPublicKey) throws -> PackedVector {
        try vector(
            [Natural](repeating: 1, count: ciphertexts(for: count, in: key.size)), count: count, weight: weight,
            under: key)
    }

    func numbers(of vector: PackedVector) -> [Natural] {
        let body = vector.serialized.dropFirst(51)
        let width = vector.key.size.ciphertextByteCount
        return stride(from: body.startIndex, to: body.endIndex, by: width).map {
            Natural(bigEndian: body[$0..<$0 + width])
        }
    }

    func open(_ vector: PackedVector, with key: PaillierPrivateKey) throws -> [String] {
        isSigned ? try key.decryptSigned(vector).map { String($0) } : try key.decryptUnsigned(vector).map { String($0) }
    }
}
