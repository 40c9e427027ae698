// SPDX-License-Identifier: Apache-2.0

import BigIntegers
import PaillierEncryption

/// `fedsum_paillier_interchange_v1`: python-paillier's files and its encoding of numbers.
enum PaillierInterchangeVerifier {
    static func check(_ document: VectorFields, into report: inout VectorFileReport) throws {
        let model = try PaillierModel(document)
        try checkCases(of: document, into: &report) { fields in
            try PaillierModel.check(fields) { try check(fields, model) }
        }
    }

    private static func check(_ fields: VectorFields, _ model: PaillierModel) throws {
        let allowed = PaillierModel.allowed
        switch try fields.string("kind") {
        case "encode":
            let key = try model.key(fields).publicKey
            let ours =
                if try fields.isNull("value") {
                    try EncodedNumber(
                        magnitude: fields.paillierNumber("magnitude"), isNegative: fields.flag("isNegative"), under: key
                    )
                } else {
                    try EncodedNumber(fields.double("value"), under: key)
                }
            try requireEqual(ours.encoding, fields.bytes("encoding"), "encoding")
            try requireEqual(ours.exponent, fields.decimal("exponent"), "exponent")
        case "decode":
            let key = try model.key(fields).publicKey
            let number = try encoded(fields.paillierNumber("encoding"), fields.decimal("exponent"), key)
            try requireEqual(number.double().bitPattern, fields.double("value").bitPattern, "value")
        case "sum":
            let key = try model.key(fields)
            let sum = try number(fields.object("one"), key.publicKey).adding(
                number(fields.object("other"), key.publicKey))
            try requireEqual(sum.ciphertext.number, fields.bytes("c"), "c")
            try requireEqual(sum.exponent, fields.decimal("exponent"), "exponent")
            try requireEqual(key.decrypt(sum).double().bitPattern, fields.double("value").bitPattern, "value")
        case "public-key":
            let key = try PaillierPublicKey(pythonPaillierJSON: fields.string("text"), allowing: allowed)
            try requireEqual(key.modulus, fields.bytes("modulus"), "modulus")
            let again = try PaillierPublicKey(pythonPaillierJSON: key.pythonPaillierJSON(), allowing: allowed)
            try require(again == key, "the key that was written is another one")
        case "private-key":
            var generator = PaillierModel.generator()
            let key = try PaillierPrivateKey(
                pythonPaillierJSON: fields.string("text"), allowing: allowed, using: &generator)
            try requireEqual(key.publicKey.modulus, fields.bytes("modulus"), "modulus")
            let (p, q) = try (fields.paillierNumber("p"), fields.paillierNumber("q"))
            try requireEqual(key.publicKey.modulus, p * q, "modulus")
        case "number":
            let key = try model.key(fields).publicKey
            let ours = try EncryptedNumber(json: fields.string("text"), under: key)
            try compare(ours, fields)
            try compare(EncryptedNumber(json: ours.json, under: key), fields)
        case "vector":
            let key = try model.key(fields).publicKey
            let ours = try EncryptedNumberList(json: fields.string("text"), under: key)
            let again = try EncryptedNumberList(json: ours.json, under: key)
            let values = try fields.objects("values")
            for numbers in [ours.numbers, again.numbers] {
                try requireEqual(numbers.count, values.count, "values.count")
                for (number, value) in zip(numbers, values) { try compare(number, value) }
            }
        case let kind: throw CaseFailure("there is no kind '\(kind)'")
        }
    }

    /// An encoding at or above n is what a decryption would never give.
    private static func encoded(_ encoding: Natural, _ exponent: Int, _ key: PaillierPublicKey) throws -> EncodedNumber
    {
        do {
            return try EncodedNumber(encoding: encoding, exponent: exponent, under: key)
        } catch PaillierError.plaintextOutOfRange {
            throw PaillierError.decryptionFailed
        }
    }

    private static func number(_ fields: VectorFields, _ key: PaillierPublicKey) throws -> EncryptedNumber {
        try EncryptedNumber(
            PaillierCiphertext(fields.paillierNumber("c"), under: key), exponent: fields.decimal("exponent"))
    }

    private static func compare(_ number: EncryptedNumber, _ fields: VectorFields) throws {
        try requireEqual(number.ciphertext.number, fields.bytes("c"), "c")
        try requireEqual(number.exponent, fields.decimal("exponent"), "exponent")
    }
}
