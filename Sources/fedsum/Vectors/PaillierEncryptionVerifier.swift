// SPDX-License-Identifier: Apache-2.0

import BigIntegers
import PaillierEncryption

/// `fedsum_paillier_encryption_v1`: encryption with given randomness, sums, products and decryption.
enum PaillierEncryptionVerifier {
    static func check(_ document: VectorFields, into report: inout VectorFileReport) throws {
        let model = try PaillierModel(document)
        try checkCases(of: document, into: &report) { fields in
            try PaillierModel.check(fields) { try check(fields, model.key(fields)) }
        }
    }

    private static func check(_ fields: VectorFields, _ key: PaillierPrivateKey) throws {
        func ciphertext(_ name: String) throws -> PaillierCiphertext {
            try PaillierCiphertext(fields.paillierNumber(name), under: key.publicKey)
        }
        let result: PaillierCiphertext
        switch try fields.string("kind") {
        case "djn":
            result = try encryptor(fields, key).encrypt(
                fields.paillierNumber("m"), exponent: fields.paillierNumber("a"))
        case "textbook":
            result = try PaillierEncryptor.encrypt(
                fields.paillierNumber("m"), randomness: fields.paillierNumber("r"), under: key.publicKey)
        case "add": result = try ciphertext("c1").adding(ciphertext("c2"))
        case "multiply": result = try ciphertext("c1").multiplied(by: Natural(fields.unsigned("weight")))
        case "rerandomize":
            let given = try ciphertext("c1")
            let zero =
                if try fields.isNull("r") {
                    try encryptor(fields, key).encrypt(.zero, exponent: fields.paillierNumber("a"))
                } else {
                    try PaillierEncryptor.encrypt(
                        .zero, randomness: fields.paillierNumber("r"), under: key.publicKey)
                }
            result = try given.adding(zero)
            try requireEqual(key.decrypt(result), key.decrypt(given), "plaintext")
        case "decrypt": result = try ciphertext("c")
        case let kind: throw CaseFailure("there is no kind '\(kind)'")
        }
        try requireEqual(result.number, fields.bytes("c"), "c")
        if fields.has("m") { try requireEqual(key.decrypt(result), fields.bytes("m"), "m") }
    }

    /// The encryptor whose exponents have the case's length; the two look-ups give the same.
    static func encryptor(_ fields: VectorFields, _ key: PaillierPrivateKey) throws -> PaillierEncryptor {
        let bits = try fields.integer("exponentBits")
        let verified = try VerifiedPaillierKey(trusting: key.publicKey)
        let length: PaillierEncryptor.ExponentLength
        switch bits {
        case key.publicKey.size.bits / 2: length = .half
        case 448, 512: length = .shortAssumingHardness
        default: throw CaseFailure("there are no exponents of \(bits) bits")
        }
        return try PaillierEncryptor(verified, exponents: length)
    }
}
