// SPDX-License-Identifier: Apache-2.0

import BigIntegers
import PaillierEncryption

/// `fedsum_paillier_packing_v1`: layouts, vectors of many values in few ciphertexts, and their sums.
enum PaillierPackingVerifier {
    private static let layout: Set<String> = ["valueBits", "isSigned", "maximumWeight"]
    private static let kinds: [String: PaillierModel.Members] = [
        "layout": (layout.union(["bits"]), ["slotBits", "slots", "encoded"]),
        "pack": (layout.union(["key", "values"]), ["plaintexts"]),
        "unpack": (layout.union(["key", "count", "weight", "plaintexts"]), ["values"]),
        "sum": (layout.union(["key", "exponentBits", "clients"]), ["weight", "ciphertexts", "sums"]),
        "check-add": (["one", "other"], ["sumWeight"]),
        "check-multiply": (layout.union(["bits", "weight", "factor"]), ["productWeight"]),
    ]

    static func check(_ document: VectorFields, into report: inout VectorFileReport) throws {
        let model = try PaillierModel(document)
        try checkCases(of: document, into: &report) { fields in
            switch try PaillierModel.kind(of: fields, kinds) {
            case "layout": try checkLayout(fields)
            case "pack": try checkPacking(fields, model.key(fields))
            case "unpack": try checkUnpacking(fields, model.key(fields))
            case "sum": try checkSum(fields, model.key(fields))
            case "check-add": try checkAddition(fields, model)
            default: try checkMultiplication(fields, model)
            }
        }
    }

    private static func checkLayout(_ fields: VectorFields) throws {
        let size = try PaillierModel.size(fields.integer("bits"))
        let (valueBits, isSigned) = try (fields.integer("valueBits"), fields.flag("isSigned"))
        let weight = UInt32(try fields.integer("maximumWeight"))
        try PaillierModel.check(fields) { () throws(PaillierError) in
            try SlotLayout(valueBits: valueBits, isSigned: isSigned, maximumWeight: weight)
        } giving: { layout in
            try requireEqual(layout.slotBits, fields.integer("slotBits"), "slotBits")
            try requireEqual(layout.slots(in: size), fields.integer("slots"), "slots")
            try requireEqual(layout.serialized(in: size), fields.bytes("encoded", count: 9), "encoded")
        }
    }

    /// Encrypted and decrypted without the layout.
    private static func checkPacking(_ fields: VectorFields, _ key: PaillierPrivateKey) throws {
        let (layout, values) = try (fields.slotLayout(), fields.decimals("values"))
        let encryptor = PaillierEncryptor(textbook: key.publicKey)
        try PaillierModel.check(fields) { () throws(PaillierError) in
            var generator = PaillierModel.generator()
            return try layout.encrypt(values, by: encryptor, using: &generator)
        } giving: { vector in
            try requireEqual(Int(vector.weight), 1, "weight")
            let plaintexts = try vector.ciphertexts.map {
                try key.decrypt(PaillierCiphertext($0, under: key.publicKey))
            }
            let stated = try fields.numbers("plaintexts", count: key.publicKey.size.byteCount)
            try requireEqual(plaintexts, stated, "plaintexts")
            try requireEqual(layout.open(vector, with: key), values, "values")
        }
    }

    /// Encrypted without the layout, and decrypted with it.
    private static func checkUnpacking(_ fields: VectorFields, _ key: PaillierPrivateKey) throws {
        let (layout, size) = try (fields.slotLayout(), key.publicKey.size)
        let (count, weight) = try (fields.integer("count"), fields.integer("weight"))
        let plaintexts = try fields.numbers("plaintexts", count: size.byteCount)
        try requireEqual(layout.ciphertexts(for: count, in: size), plaintexts.count, "plaintexts")
        let ciphertexts = try plaintexts.map {
            try PaillierEncryptor.encrypt($0, randomness: 1, under: key.publicKey).number
        }
        let vector = try layout.vector(ciphertexts, count: count, weight: weight, under: key.publicKey)
        try PaillierModel.check(fields) { () throws(PaillierError) in
            try layout.open(vector, with: key)
        } giving: {
            try requireEqual($0, fields.decimals("values"), "values")
        }
    }

    // MARK: Sums

    private static func checkSum(_ fields: VectorFields, _ key: PaillierPrivateKey) throws {
        try require(fields.isValid(), "no case of this kind is invalid")
        let (layout, bits) = try (fields.slotLayout(), fields.integer("exponentBits"))
        let width = key.publicKey.size.ciphertextByteCount
        let encryptor = try PaillierEncryptionVerifier.encryptors(key.publicKey, exponentBits: bits)[0]
        let clients = try fields.objects("clients")
        var count: Int?
        var accumulator: PackedAccumulator?
        for client in clients {
            try client.requireMembers(["values", "a", "factor", "ciphertexts"])
            let values = try client.decimals("values")
            try requireEqual(values.count, count ?? values.count, "values of a client")
            count = values.count
            var drawn = try StatedNumbers(client.shortNumbers("a"), count: bits / 8)
            var vector = try layout.encrypt(values, by: encryptor, using: &drawn)
            try drawn.requireUsedUp()
            try requireEqual(vector.ciphertexts, client.numbers("ciphertexts", count: width), "a client's ciphertexts")
            try vector.multiply(by: UInt32(client.integer("factor")))
            if accumulator == nil {
                accumulator = PackedAccumulator(key: key.publicKey, layout: layout, count: values.count)
            }
            try accumulator?.fold(serialized: vector.serialized)
        }
        guard let sum = accumulator?.unrandomizedSum else { throw CaseFailure("'clients' is empty") }
        try requireEqual(Int(sum.weight), fields.integer("weight"), "weight")
        try requireEqual(sum.ciphertexts, fields.numbers("ciphertexts", count: width), "ciphertexts")
        try requireEqual(layout.open(sum, with: key), fields.decimals("sums"), "sums")
    }

    private static func checkAddition(_ fields: VectorFields, _ model: PaillierModel) throws {
        func vector(_ name: String) throws -> PackedVector {
            let stated = try fields.object(name)
            try stated.requireMembers(layout.union(["key", "count", "weight"]))
            return try stated.slotLayout().zeros(
                stated.integer("count"), weight: stated.integer("weight"), under: model.key(stated).publicKey)
        }
        let (one, other) = try (vector("one"), vector("other"))
        try PaillierModel.check(fields) { () throws(PaillierError) in
            var sum = one
            try sum.add(other)
            return sum
        } giving: {
            try requireEqual(Int($0.weight), fields.integer("sumWeight"), "sumWeight")
        }
        var accumulator = PackedAccumulator(key: one.key, layout: one.layout, count: one.count)
        try accumulator.fold(one)
        try PaillierModel.check(fields) { () throws(PaillierError) in
            try accumulator.fold(other)
        } giving: {
            try requireEqual(Int(accumulator.weight), fields.integer("sumWeight"), "sumWeight")
        }
    }

    private static func checkMultiplication(_ fields: VectorFields, _ model: PaillierModel) throws {
        let key = try model.key(id: String(fields.integer("bits"))).publicKey
        let vector = try fields.slotLayout().zeros(1, weight: fields.integer("weight"), under: key)
        let factor = UInt32(try fields.integer("factor"))
        try PaillierModel.check(fields) { () throws(PaillierError) in
            var product = vector
            try product.multiply(by: factor)
            return product
        } giving: {
            try requireEqual(Int($0.weight), fields.integer("productWeight"), "productWeight")
        }
    }
}
