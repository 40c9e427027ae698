// SPDX-License-Identifier: Apache-2.0

import BigIntegers
import PaillierEncryption

/// `fedsum_paillier_interchange_v1`: python-paillier's files and its encoding of numbers.
enum PaillierInterchangeVerifier {
    private static let kinds: [String: PaillierModel.Members] = [
        "encode": (["key", "value", "magnitude", "isNegative"], ["encoding", "exponent"]),
        "decode": (["key", "encoding", "exponent"], ["value"]),
        "sum": (["key", "one", "other"], ["c", "exponent", "value"]),
        "public-key": (["text"], ["modulus"]),
        "private-key": (["text"], ["modulus", "p", "q"]),
        "number": (["key", "text"], ["c", "exponent"]),
        "vector": (["key", "text"], ["values"]),
    ]

    static func check(_ document: VectorFields, into report: inout VectorFileReport) throws {
        let model = try PaillierModel(document)
        try checkCases(of: document, into: &report) { fields in
            switch try PaillierModel.kind(of: fields, kinds) {
            case "encode": try checkEncoding(fields, model.key(fields).publicKey)
            case "decode": try checkDecoding(fields, model.key(fields).publicKey)
            case "sum": try checkSum(fields, model.key(fields))
            case "public-key": try checkPublicKey(fields)
            case "private-key": try checkPrivateKey(fields)
            case "number": try checkNumber(fields, model.key(fields).publicKey)
            default: try checkVector(fields, model.key(fields).publicKey)
            }
        }
    }

    // MARK: Numbers

    /// A double, or an integer of any size; the fields of the other are null.
    private static func checkEncoding(_ fields: VectorFields, _ key: PaillierPublicKey) throws {
        let isInteger = try fields.isNull("value")
        try require(
            fields.isNull("magnitude") != isInteger && fields.isNull("isNegative") != isInteger,
            "'value', or 'magnitude' and 'isNegative', are null")
        let integer = isInteger ? try (fields.shortNumber("magnitude"), fields.flag("isNegative")) : (.zero, false)
        let double = isInteger ? 0 : try fields.double("value")
        try PaillierModel.check(fields) { () throws(PaillierError) in
            isInteger
                ? try EncodedNumber(magnitude: integer.0, isNegative: integer.1, under: key)
                : try EncodedNumber(double, under: key)
        } giving: { ours in
            try requireEqual(ours.encoding, fields.number("encoding", count: key.size.byteCount), "encoding")
            try requireEqual(ours.exponent, fields.decimal("exponent"), "exponent")
            if !isInteger {
                try requireEqual(ours.double(), double, "value")
            } else if let word = integer.0.word, let value = Int(exactly: word) {
                let again = try EncodedNumber(integer.1 ? -value : value, under: key)
                try requireEqual(again, ours, "encoded number")
                try requireEqual(ours.integer(), integer.1 ? -value : value, "integer")
            }
        }
    }

    private static func checkDecoding(_ fields: VectorFields, _ key: PaillierPublicKey) throws {
        let encoding = try fields.number("encoding", count: key.size.byteCount)
        let exponent = try fields.decimal("exponent")
        try PaillierModel.check(fields) { () throws(PaillierError) in
            try EncodedNumber(encoding: encoding, exponent: exponent, under: key).double()
        } giving: {
            try requireEqual($0.bitPattern, fields.double("value").bitPattern, "bits of the value")
        }
    }

    /// A ciphertext with its exponent.
    private static func stated(_ fields: VectorFields, _ key: PaillierPublicKey) throws -> (c: Natural, exponent: Int) {
        (try fields.number("c", count: key.size.ciphertextByteCount), try fields.decimal("exponent"))
    }

    private static func checkSum(_ fields: VectorFields, _ key: PaillierPrivateKey) throws {
        let parts = try ["one", "other"].map { name in
            let part = try fields.object(name)
            try part.requireMembers(["c", "exponent"])
            return try stated(part, key.publicKey)
        }
        try PaillierModel.check(fields) { () throws(PaillierError) in
            var numbers: [EncryptedNumber] = []
            for part in parts {
                let ciphertext = try PaillierCiphertext(part.c, under: key.publicKey)
                numbers.append(try EncryptedNumber(ciphertext, exponent: part.exponent))
            }
            return try numbers[0].adding(numbers[1])
        } giving: { sum in
            try compare(sum, fields)
            try requireEqual(key.decrypt(sum).double().bitPattern, fields.double("value").bitPattern, "bits of the sum")
        }
    }

    // MARK: Keys

    private static func checkPublicKey(_ fields: VectorFields) throws {
        let text = try fields.string("text")
        try PaillierModel.check(fields) { () throws(PaillierError) in
            try PaillierPublicKey(pythonPaillierJSON: text, allowing: PaillierModel.allowed)
        } giving: { key in
            try requireEqual(key.modulus, fields.number("modulus", count: key.size.byteCount), "modulus")
            let again = try PaillierPublicKey(
                pythonPaillierJSON: key.pythonPaillierJSON(), allowing: PaillierModel.allowed)
            try requireEqual(again.modulus, key.modulus, "modulus that was written")
        }
    }

    private static func privateKey(_ text: String) throws(PaillierError) -> PaillierPrivateKey {
        var generator = PaillierModel.generator()
        return try PaillierPrivateKey(
            pythonPaillierJSON: text, allowing: PaillierModel.allowed, using: &generator)
    }

    private static func checkPrivateKey(_ fields: VectorFields) throws {
        let text = try fields.string("text")
        try PaillierModel.check(fields) { () throws(PaillierError) in
            try privateKey(text)
        } giving: { key in
            let width = key.publicKey.size.byteCount
            try requireEqual(key.publicKey.modulus, fields.number("modulus", count: width), "modulus")
            // The smaller factor first, as the file of our own has them.
            let factors = try fields.bytes("p", count: width / 2) + fields.bytes("q", count: width / 2)
            let written = String(decoding: contents(key.pythonPaillierJSON()), as: UTF8.self)
            for key in [key, try privateKey(written)] {
                try requireEqual(Array(contents(key.serialized).dropFirst(4)), factors, "p and q")
            }
        }
    }

    // MARK: Ciphertexts

    private static func compare(_ number: EncryptedNumber, _ fields: VectorFields) throws {
        let stated = try stated(fields, number.ciphertext.key)
        try requireEqual(number.ciphertext.number, stated.c, "c")
        try requireEqual(number.exponent, stated.exponent, "exponent")
    }

    private static func checkNumber(_ fields: VectorFields, _ key: PaillierPublicKey) throws {
        let text = try fields.string("text")
        try PaillierModel.check(fields) { () throws(PaillierError) in
            try EncryptedNumber(json: text, under: key)
        } giving: { number in
            try compare(number, fields)
            try compare(EncryptedNumber(json: number.json, under: key), fields)
        }
    }

    private static func checkVector(_ fields: VectorFields, _ key: PaillierPublicKey) throws {
        let text = try fields.string("text")
        try PaillierModel.check(fields) { () throws(PaillierError) in
            try EncryptedNumberList(json: text, under: key)
        } giving: { list in
            let values = try fields.objects("values")
            for value in values { try value.requireMembers(["c", "exponent"]) }
            let again = try EncryptedNumberList(json: list.json, under: key)
            for numbers in [list.numbers, again.numbers] {
                try requireEqual(numbers.count, values.count, "values")
                for (number, value) in zip(numbers, values) { try compare(number, value) }
            }
        }
    }
}
