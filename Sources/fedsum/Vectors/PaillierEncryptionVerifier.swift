// SPDX-License-Identifier: Apache-2.0

import BigIntegers
import PaillierEncryption

/// `fedsum_paillier_encryption_v1`: encryption with given randomness, sums, products and decryption.
enum PaillierEncryptionVerifier {
    private static let kinds: [String: PaillierModel.Members] = [
        "djn": (["key", "exponentBits", "m", "a"], ["c"]),
        "textbook": (["key", "m", "r"], ["c"]),
        "add": (["key", "c1", "c2"], ["c", "m"]),
        "multiply": (["key", "c1", "weight"], ["c", "m"]),
        "rerandomize": (["key", "c1", "exponentBits", "a", "r"], ["c"]),
        "decrypt": (["key", "c"], ["m"]),
    ]

    static func check(_ document: VectorFields, into report: inout VectorFileReport) throws {
        let model = try PaillierModel(document)
        try checkCases(of: document, into: &report) { fields in
            let kind = try PaillierModel.kind(of: fields, kinds)
            try EncryptionCase(fields: fields, key: model.key(fields)).check(kind)
        }
    }

    /// Encryptors with exponents of a length, one for each way to read their tables.
    static func encryptors(_ key: PaillierPublicKey, exponentBits: Int) throws -> [PaillierEncryptor] {
        let lengths: [PaillierEncryptor.ExponentLength] = [.half, .shortAssumingHardness]
        guard let length = lengths.first(where: { $0.bits(key.size) == exponentBits }) else {
            throw CaseFailure("there are no exponents of \(exponentBits) bits")
        }
        let verified = try VerifiedPaillierKey(trusting: key)
        return try [.constantTime, .variableTimeLeakingExponents].map {
            try PaillierEncryptor(verified, exponents: length, lookUp: $0)
        }
    }
}

/// One case.
private struct EncryptionCase {
    let fields: VectorFields
    let key: PaillierPrivateKey

    var publicKey: PaillierPublicKey { key.publicKey }
    /// Bytes of a number mod n, and of one mod n².
    var width: Int { publicKey.size.byteCount }
    var squareWidth: Int { publicKey.size.ciphertextByteCount }

    func check(_ kind: String) throws {
        switch kind {
        case "djn": try checkFastEncryption()
        case "textbook": try checkTextbookEncryption()
        case "add":
            let (c1, c2) = try (ciphertext("c1"), ciphertext("c2"))
            try PaillierModel.check(fields) { () throws(PaillierError) in
                try PaillierCiphertext(c1, under: publicKey).adding(PaillierCiphertext(c2, under: publicKey))
            } giving: {
                try compare($0, fields.number("m", count: width))
            }
        case "multiply":
            let (c1, weight) = try (ciphertext("c1"), Natural(fields.unsigned("weight")))
            try PaillierModel.check(fields) { () throws(PaillierError) in
                try PaillierCiphertext(c1, under: publicKey).multiplied(by: weight)
            } giving: {
                try compare($0, fields.number("m", count: width))
            }
        case "rerandomize": try checkRerandomization()
        default:
            let c = try ciphertext("c")
            try PaillierModel.check(fields) { () throws(PaillierError) in
                try key.decrypt(PaillierCiphertext(c, under: publicKey))
            } giving: {
                try requireEqual($0, fields.number("m", count: width), "m")
            }
        }
    }

    private func ciphertext(_ name: String) throws -> Natural { try fields.number(name, count: squareWidth) }

    /// It is the ciphertext of the file, and decrypts to m.
    private func compare(_ ours: PaillierCiphertext, _ m: Natural) throws {
        try requireEqual(ours.number, ciphertext("c"), "c")
        try requireEqual(key.decrypt(ours), m, "m")
    }

    // MARK: Encryption

    private func checkFastEncryption() throws {
        let (m, a) = try (fields.number("m", count: width), fields.shortNumber("a"))
        let bits = try fields.integer("exponentBits")
        for encryptor in try PaillierEncryptionVerifier.encryptors(publicKey, exponentBits: bits) {
            try PaillierModel.check(fields) { () throws(PaillierError) in
                try encryptor.encrypt(m, exponent: a)
            } giving: { ours in
                try compare(ours, m)
                // As it is drawn.
                var drawn = try StatedNumbers([a], count: bits / 8)
                try compare(encryptor.encrypt(m, using: &drawn), m)
                try drawn.requireUsedUp()
            }
        }
    }

    private func checkTextbookEncryption() throws {
        let (m, r) = try (fields.number("m", count: width), fields.number("r", count: width))
        try PaillierModel.check(fields) { () throws(PaillierError) in
            try PaillierEncryptor.encrypt(m, randomness: r, under: publicKey)
        } giving: { ours in
            try compare(ours, m)
            var drawn = try StatedNumbers([r], count: width)
            try compare(PaillierEncryptor(textbook: publicKey).encrypt(m, using: &drawn), m)
            try drawn.requireUsedUp()
        }
    }

    /// With an exponent or in the textbook way, of which the other is null.
    private func checkRerandomization() throws {
        let c1 = try ciphertext("c1")
        let isTextbook = try fields.isNull("a")
        try require(fields.isNull("exponentBits") == isTextbook, "'a' or 'exponentBits' alone is null")
        try require(fields.isNull("r") != isTextbook, "of 'a' and 'r' one is null")
        if isTextbook {
            let r = try fields.number("r", count: width)
            try checkRerandomization(c1, PaillierEncryptor(textbook: publicKey), draws: r, count: width) {
                () throws(PaillierError) in
                try PaillierEncryptor.encrypt(.zero, randomness: r, under: publicKey)
            }
        } else {
            let (a, bits) = try (fields.shortNumber("a"), fields.integer("exponentBits"))
            for encryptor in try PaillierEncryptionVerifier.encryptors(publicKey, exponentBits: bits) {
                try checkRerandomization(c1, encryptor, draws: a, count: bits / 8) { () throws(PaillierError) in
                    try encryptor.encrypt(.zero, exponent: a)
                }
            }
        }
    }

    private func checkRerandomization(
        _ c1: Natural, _ encryptor: PaillierEncryptor, draws number: Natural, count: Int,
        _ zero: () throws(PaillierError) -> PaillierCiphertext
    ) throws {
        try PaillierModel.check(fields) { () throws(PaillierError) in
            let given = try PaillierCiphertext(c1, under: publicKey)
            return (given: given, result: try given.adding(zero()))
        } giving: { given, result in
            let m = try key.decrypt(given)
            try compare(result, m)
            var drawn = try StatedNumbers([number], count: count)
            try compare(encryptor.rerandomize(given, using: &drawn), m)
            try drawn.requireUsedUp()
        }
    }
}
