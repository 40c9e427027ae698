// SPDX-License-Identifier: Apache-2.0

import BigIntegers
import PaillierEncryption
import ProtocolCryptography
import SecureRandomness

/// `fedsum_paillier_serialization_v1`: what bytes mean, and which are refused.
enum PaillierSerializationVerifier {
    private static let kinds: [String: PaillierModel.Members] = [
        "public-key": (["bytes"], ["modulus"]),
        "proved-public-key": (
            ["holder", "session", "bytes"], ["modulus", "holderSeed", "signedBytes", "signature"]
        ),
        "ciphertext": (["key", "bytes"], ["c"]),
        "packed-vector": (
            ["key", "valueBits", "isSigned", "maximumWeight", "count", "bytes"], ["weight", "ciphertexts", "sums"]
        ),
        "private-key": (["bytes"], ["p", "q"]),
    ]

    static func check(_ document: VectorFields, into report: inout VectorFileReport) throws {
        let model = try PaillierModel(document)
        try checkCases(of: document, into: &report) { fields in
            let kind = try PaillierModel.kind(of: fields, kinds)
            let bytes = try fields.bytes("bytes")
            switch kind {
            case "public-key":
                try PaillierModel.check(fields) { () throws(PaillierError) in
                    try PaillierPublicKey(serialized: bytes, allowing: PaillierModel.allowed)
                } giving: { key in
                    try requireEqual(key.modulus, fields.number("modulus", count: key.size.byteCount), "modulus")
                    try requireEqual(key.serialized, bytes, "bytes")
                }
            case "proved-public-key": try checkProvedKey(fields, bytes, model)
            case "ciphertext":
                let key = try model.key(fields).publicKey
                try PaillierModel.check(fields) { () throws(PaillierError) in
                    try PaillierCiphertext(serialized: bytes, under: key)
                } giving: { ciphertext in
                    try requireEqual(ciphertext.number, fields.number("c", count: key.size.ciphertextByteCount), "c")
                    try requireEqual(ciphertext.serialized, bytes, "bytes")
                }
            case "packed-vector": try checkPackedVector(fields, bytes, model.key(fields))
            default: try checkPrivateKey(fields, bytes)
            }
        }
    }

    private static func checkPackedVector(
        _ fields: VectorFields, _ bytes: [UInt8], _ key: PaillierPrivateKey
    ) throws {
        let (layout, count) = try (fields.slotLayout(), fields.integer("count"))
        try PaillierModel.check(fields) { () throws(PaillierError) in
            try PackedVector(serialized: bytes, under: key.publicKey, layout: layout, count: count)
        } giving: { vector in
            try requireEqual(Int(vector.weight), fields.integer("weight"), "weight")
            let stated = try fields.numbers("ciphertexts", count: key.publicKey.size.ciphertextByteCount)
            try requireEqual(vector.ciphertexts, stated, "ciphertexts")
            try requireEqual(layout.open(vector, with: key), fields.decimals("sums"), "sums")
            try requireEqual(vector.serialized, bytes, "bytes")
        }
    }

    private static func checkPrivateKey(_ fields: VectorFields, _ bytes: [UInt8]) throws {
        try PaillierModel.check(fields) { () throws(PaillierError) in
            var generator = PaillierModel.generator()
            return try PaillierPrivateKey(
                serialized: SecretBytes(copying: bytes), allowing: PaillierModel.allowed, using: &generator)
        } giving: { key in
            let width = key.publicKey.size.byteCount / 2
            let (p, q) = try (fields.bytes("p", count: width), fields.bytes("q", count: width))
            try requireEqual(key.publicKey.modulus, Natural(bigEndian: p) * Natural(bigEndian: q), "p·q")
            let ours = contents(key.serialized)
            try requireEqual(ours, bytes, "bytes")
            try requireEqual(Array(ours.dropFirst(4)), p + q, "p and q")
        }
    }

    // MARK: Keys with a proof

    private static func checkProvedKey(_ fields: VectorFields, _ bytes: [UInt8], _ model: PaillierModel) throws {
        let (holder, session) = try (fields.bytes("holder", count: 32), fields.bytes("session"))
        try require(session.count < 256, "'session' has more than 255 bytes")
        try PaillierModel.check(fields) { () throws(PaillierError) in
            let proved = try ProvedPublicKey(serialized: bytes, allowing: PaillierModel.allowed)
            return (proved: proved, key: try proved.verified(enrolledKey: holder, session: session).publicKey)
        } giving: { proved, key in
            let width = key.size.byteCount
            try requireEqual(proved.serialized, bytes, "bytes")
            try requireEqual(key.modulus, fields.number("modulus", count: width), "modulus")
            try requireEqual(proved.signature, fields.bytes("signature"), "signature")
            let signed = ProvedPublicKey.signedMessage(key.modulus, key.size)
            try requireEqual(signed, fields.bytes("signedBytes"), "signedBytes")
            let seed = SecretBytes(copying: try fields.bytes("holderSeed", count: 32))
            try requireEqual(SigningKey(seed: seed).verifyingKey.bytes, holder, "holder")
            // The holder comes to the same bytes, from w on which the proof is built.
            let start = 4 + width + proved.signature.count
            let w = Natural(bigEndian: bytes[start..<start + width])
            var drawn = try StatedNumbers([w], count: width)
            let ours = try model.key(id: String(key.size.bits)).provedPublicKey(
                session: session, signingSeed: seed, using: &drawn)
            #if canImport(Darwin)
            // Signatures are not deterministic there.
            try requireEqual(Array(ours.serialized[start...]), Array(bytes[start...]), "proof")
            #else
            try requireEqual(ours.serialized, bytes, "bytes from the holder")
            #endif
        }
    }
}
