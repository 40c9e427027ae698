// SPDX-License-Identifier: Apache-2.0

internal import BigIntegers
public import SecureRandomness

/// A ciphertext with the public exponent of its plaintext's encoding, as python-paillier has it [PHE].
public struct EncryptedNumber: Sendable {
    /// The ciphertext of the encoding.
    public let ciphertext: PaillierCiphertext
    /// The power of 16.
    public let exponent: Int

    /// A ciphertext and its exponent.
    /// - Throws: `.encodingOverflow` for an exponent beyond ±4,096.
    public init(_ ciphertext: PaillierCiphertext, exponent: Int) throws(PaillierError) {
        guard (-EncodedNumber.largestExponent...EncodedNumber.largestExponent).contains(exponent) else {
            throw .encodingOverflow
        }
        (self.ciphertext, self.exponent) = (ciphertext, exponent)
    }

    /// The sum; the one with the greater exponent is brought to the other's, as python-paillier does.
    /// - Throws: `.wrongKey` if the keys differ.
    public func adding(_ other: EncryptedNumber) throws(PaillierError) -> EncryptedNumber {
        let least = min(exponent, other.exponent)
        return try EncryptedNumber(lowered(to: least).adding(other.lowered(to: least)), exponent: least)
    }

    private func lowered(to least: Int) throws(PaillierError) -> PaillierCiphertext {
        exponent == least
            ? ciphertext
            : try ciphertext.multiplied(by: .powerOfTwo(EncodedNumber.baseBits * (exponent - least)))
    }

    /// Python-paillier's JSON: `{"v": "…", "e": …}`.
    public var json: String { "{\"v\": \"\(ciphertext.number)\", \"e\": \(exponent)}" }

    /// Reads that JSON, and checks the ciphertext.
    /// - Throws: `.malformedJSON`, `.ciphertextOutOfRange`, `.ciphertextNotAUnit`.
    public init(json text: String, under key: PaillierPublicKey) throws(PaillierError) {
        guard let value = JSONText(text) else { throw .malformedJSON(member: "") }
        guard let digits = value["v"]?.string else { throw .malformedJSON(member: "v") }
        guard let exponent = value["e"]?.integer else { throw .malformedJSON(member: "e") }
        try self.init(PaillierCiphertext(decimal: digits, under: key), exponent: exponent)
    }
}

/// A vector of ciphertexts with their exponents, as python-paillier's documentation serializes it: `{"public_key": {"n":
/// "…"}, "values": [["…", e], …]}`, all numbers decimal.
public struct EncryptedNumberList: Sendable {
    /// The key.
    public let key: PaillierPublicKey
    /// The ciphertexts.
    public let numbers: [EncryptedNumber]

    /// Ciphertexts under one key.
    /// - Throws: `.wrongKey` if one is under another.
    public init(_ numbers: [EncryptedNumber], under key: PaillierPublicKey) throws(PaillierError) {
        guard numbers.allSatisfy({ $0.ciphertext.key == key }) else { throw .wrongKey }
        (self.numbers, self.key) = (numbers, key)
    }

    /// The JSON.
    public var json: String {
        let values = numbers.map { "[\"\($0.ciphertext.number)\", \($0.exponent)]" }
        return "{\"public_key\": {\"n\": \"\(key.modulus)\"}, \"values\": [\(values.joined(separator: ", "))]}"
    }

    /// Reads the JSON, which must be under this key (python-paillier writes n as a string or as a number; only strings are
    /// read), and checks every ciphertext.
    /// - Throws: `.malformedJSON`, `.wrongKey`, `.ciphertextOutOfRange`, `.ciphertextNotAUnit`.
    public init(json text: String, under key: PaillierPublicKey) throws(PaillierError) {
        guard let document = JSONText(text) else { throw .malformedJSON(member: "") }
        guard let n = document["public_key"]?["n"]?.string, let modulus = Natural(publicDecimal: n, key) else {
            throw .malformedJSON(member: "public_key")
        }
        guard modulus == key.modulus else { throw .wrongKey }
        guard let values = document["values"]?.list else { throw .malformedJSON(member: "values") }
        var numbers: [EncryptedNumber] = []
        for value in values {
            guard let pair = value.list, pair.count == 2, let digits = pair[0].string, let exponent = pair[1].integer
            else { throw .malformedJSON(member: "values") }
            numbers.append(try EncryptedNumber(PaillierCiphertext(decimal: digits, under: key), exponent: exponent))
        }
        (self.numbers, self.key) = (numbers, key)
    }
}

extension PaillierEncryptor {
    /// Encrypts an encoded number.
    /// - Throws: `.wrongKey` if it was encoded for another key; `.randomness` if the source fails.
    public func encrypt(
        _ number: EncodedNumber, using generator: inout some SecureRandomNumberGenerator
    ) throws(PaillierError) -> EncryptedNumber {
        guard number.modulus == publicKey.modulus else { throw .wrongKey }
        return try EncryptedNumber(encrypt(number.encoding, using: &generator), exponent: number.exponent)
    }
}

extension PaillierPrivateKey {
    /// The encoded number of a ciphertext.
    /// - Throws: `.wrongKey`; `.decryptionFailed`.
    public func decrypt(_ number: EncryptedNumber) throws(PaillierError) -> EncodedNumber {
        try EncodedNumber(encoding: decrypt(number.ciphertext), exponent: number.exponent, under: publicKey)
    }
}

extension PaillierCiphertext {
    /// A ciphertext in decimal digits.
    fileprivate init(decimal digits: String, under key: PaillierPublicKey) throws(PaillierError) {
        guard let number = Natural(publicDecimal: digits, key) else { throw .malformedJSON(member: "v") }
        try self.init(number, under: key)
    }
}

extension Natural {
    /// Digits of a number that is not much longer than n², so that nobody makes us read a novel.
    fileprivate init?(publicDecimal digits: String, _ key: PaillierPublicKey) {
        guard digits.utf8.count <= key.size.bits else { return nil }
        self.init(decimal: digits)
    }
}
