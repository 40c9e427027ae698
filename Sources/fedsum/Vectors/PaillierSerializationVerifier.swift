// SPDX-License-Identifier: Apache-2.0

import BigIntegers
import PaillierEncryption
import SecureRandomness

/// `fedsum_paillier_serialization_v1`: what bytes mean, and which are refused.
enum PaillierSerializationVerifier {
    static func check(_ document: VectorFields, into report: inout VectorFileReport) throws {
        let model = try PaillierModel(document)
        try checkCases(of: document, into: &report) { fields in
            try PaillierModel.check(fields) { try check(fields, model) }
        }
    }

    private static func check(_ fields: VectorFields, _ model: PaillierModel) throws {
        let bytes = try fields.bytes("bytes")
        let allowed = PaillierModel.allowed
        switch try fields.string("kind") {
        case "public-key":
            let key = try PaillierPublicKey(serialized: bytes, allowing: allowed)
            try requireEqual(key.modulus, fields.bytes("modulus"), "modulus")
            try requireEqual(key.serialized, bytes, "bytes")
        case "private-key":
            var generator = PaillierModel.generator()
            let key = try PaillierPrivateKey(
                serialized: SecretBytes(copying: bytes), allowing: allowed, using: &generator)
            try requireEqual(key.publicKey.modulus, fields.paillierNumber("p") * fields.paillierNumber("q"), "modulus")
            try requireEqual(contents(key.serialized), bytes, "bytes")
        case "ciphertext":
            let ciphertext = try PaillierCiphertext(serialized: bytes, under: model.key(fields).publicKey)
            try requireEqual(ciphertext.number, fields.bytes("c"), "c")
            try requireEqual(ciphertext.serialized, bytes, "bytes")
        case "packed-vector":
            let (key, layout) = try (model.key(fields), fields.slotLayout())
            let vector = try PackedVector(
                serialized: bytes, under: key.publicKey, layout: layout, count: fields.integer("count"))
            try requireEqual(Int(vector.weight), fields.integer("weight"), "weight")
            let numbers = layout.numbers(of: vector)
            try requireEqual(numbers.count, fields.byteStrings("ciphertexts").count, "ciphertexts.count")
            for (ours, theirs) in try zip(numbers, fields.byteStrings("ciphertexts")) {
                try requireEqual(ours, theirs, "ciphertexts")
            }
            try requireEqual(layout.open(vector, with: key), fields.decimals("sums"), "sums")
            try requireEqual(vector.serialized, bytes, "bytes")
        case "proved-public-key":
            let key = try ProvedPublicKey(serialized: bytes, allowing: allowed)
            let verified = try key.verified(enrolledKey: fields.bytes("holder"), session: fields.bytes("session"))
            try requireEqual(verified.publicKey.modulus, fields.bytes("modulus"), "modulus")
            try requireEqual(key.signature, fields.bytes("signature"), "signature")
            try requireEqual(
                ProvedPublicKey.signedMessage(key.modulus, verified.publicKey.size), fields.bytes("signedBytes"),
                "signedBytes")
            try requireEqual(key.serialized, bytes, "bytes")
        case let kind: throw CaseFailure("there is no kind '\(kind)'")
        }
    }
}
