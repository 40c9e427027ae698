// SPDX-License-Identifier: Apache-2.0

import BigIntegers
import PaillierEncryption

/// `fedsum_paillier_keys_v1`: numbers made by hashing, moduli and factors.
enum PaillierKeysVerifier: CaseVerifier {
    private static let kinds: [String: PaillierModel.Members] = [
        "expand": (["label", "attempt", "input"], ["bytes"]),
        "hash-to-unit": (["label", "input", "modulus"], ["value", "attempt"]),
        "generator": (["bits", "modulus"], ["input", "x", "h", "base", "fingerprint", "signedBytes"]),
        "modulus": (["bits", "modulus"], []),
        "factors": (["bits", "modulus", "p", "q", "isBlum"], []),
    ]

    static func check(_ fields: VectorFields) throws {
        switch try PaillierModel.kind(of: fields, kinds) {
        case "expand": try checkExpansion(fields)
        case "hash-to-unit": try checkUnit(fields)
        case "generator": try checkGenerator(fields)
        case "modulus":
            let (n, bits) = try (fields.shortNumber("modulus"), fields.integer("bits"))
            try PaillierModel.check(fields) { () throws(PaillierError) in
                try PaillierPublicKey(modulus: n, size: PaillierModel.size(bits))
            } giving: {
                try requireEqual($0.modulus, n, "modulus")
            }
        default: try checkFactors(fields)
        }
    }

    // MARK: Hashing

    /// As long as the form of what is hashed allows.
    private static func hashed(_ fields: VectorFields) throws -> (label: String, input: [UInt8]) {
        let (bytes, input) = try (fields.bytes("label"), fields.bytes("input"))
        guard bytes.count < 256, let label = String(validating: bytes, as: UTF8.self) else {
            throw CaseFailure("'label' is not at most 255 bytes of text")
        }
        try require(input.count < 65536, "'input' has more than 65,535 bytes")
        return (label, input)
    }

    private static func checkExpansion(_ fields: VectorFields) throws {
        try require(fields.isValid(), "no case of this kind is invalid")
        let (label, input) = try hashed(fields)
        let (attempt, expected) = try (fields.integer("attempt", in: 0...255), fields.bytes("bytes"))
        try require(!expected.isEmpty, "'bytes' is empty")
        let ours = HashedNumbers.expand(label, attempt: UInt32(attempt), input, count: expected.count)
        try requireEqual(ours, expected, "bytes")
    }

    private static func checkUnit(_ fields: VectorFields) throws {
        try require(fields.isValid(), "no case of this kind is invalid")
        let (label, input) = try hashed(fields)
        let n = try fields.shortNumber("modulus")
        try require(n > 1, "'modulus' is not above 1")
        let (unit, attempt) = try HashedNumbers.unitAndAttempt(label, input, modulo: n)
        try requireEqual(unit, fields.number("value", count: n.bigEndian.count), "value")
        try requireEqual(attempt, fields.integer("attempt"), "attempt")
    }

    private static func checkGenerator(_ fields: VectorFields) throws {
        try require(fields.isValid(), "no case of this kind is invalid")
        let size = try PaillierModel.size(fields.integer("bits"))
        let n = try fields.number("modulus", count: size.byteCount)
        let key = try PaillierPublicKey(modulus: n, size: size)
        let input = try fields.bytes("input", count: 2 + size.byteCount)
        let x = try HashedNumbers.unitAndAttempt("fedsum/1 paillier generator", input, modulo: n).unit
        try requireEqual(x, fields.number("x", count: size.byteCount), "x")
        try requireEqual(n - x * x % n, fields.number("h", count: size.byteCount), "h")
        // The package makes its own x and h on the way.
        let base = try VerifiedPaillierKey(trusting: key).generator
        try requireEqual(base, fields.number("base", count: size.ciphertextByteCount), "base")
        try requireEqual(key.fingerprint, fields.bytes("fingerprint"), "fingerprint")
        let signed = ProvedPublicKey.signedMessage(n, size)
        try requireEqual(signed, fields.bytes("signedBytes"), "signedBytes")
        try requireEqual(Array(signed.suffix(input.count)), input, "input")
    }

    // MARK: Factors

    private static func checkFactors(_ fields: VectorFields) throws {
        let (n, bits) = try (fields.shortNumber("modulus"), fields.integer("bits"))
        let (p, q) = try (fields.shortNumber("p"), fields.shortNumber("q"))
        let isBlum = try fields.flag("isBlum")
        try PaillierModel.check(fields) { () throws(PaillierError) in
            try PaillierModel.key(p: p, q: q, n: n, size: PaillierModel.size(bits), requiringBlum: isBlum)
        } giving: { key in
            try requireEqual(key.publicKey.modulus, n, "modulus")
            try require(key.isBlum || !isBlum, "the key is not of the form that was asked for")
            let factors = contents(key.serialized).dropFirst(4)
            try requireEqual(Array(factors), min(p, q).bigEndian + max(p, q).bigEndian, "p and q")
        }
    }
}
