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
    /// - Throws: `.scaleOutOfRange` for an exponent beyond ±1,024.
    public init(_ ciphertext: PaillierCiphertext, exponent: Int) throws(PaillierError) {
        guard (-EncodedNumber.largestExponent...EncodedNumber.largestExponent).contains(exponent) else {
            throw .scaleOutOfRange
        }
        (self.ciphertext, self.exponent) = (ciphertext, exponent)
    }

    /// The sum; the one with the greater exponent is brought to the other's, as python-paillier does.
    /// - Throws: `.wrongKey` if the keys differ; `.exponentsTooFarApart` if 16^difference alone would fill the plaintext.
    public func adding(_ other: EncryptedNumber) throws(PaillierError) -> EncryptedNumber {
        let (least, most) = (min(exponent, other.exponent), max(exponent, other.exponent))
        guard EncodedNumber.baseBits * (most - least) <= ciphertext.key.size.bits - 2 else {
            throw .exponentsTooFarApart
        }
        return try EncryptedNumber(lowered(to: least).adding(other.lowered(to: least)), exponent: least)
    }

    private func lowered(to least: Int) throws(PaillierError) -> PaillierCiphertext {
        exponent == least
            ? ciphertext
            : try ciphertext.multiplied(by: .powerOfTwo(EncodedNumber.baseBits * (exponent - least)))
    }

    /// Python-paillier's JSON: `{"v": "…", "e": …}`.
    public var json: String { "{\"v\": \"\(ciphertext.number)\", \"e\": \(exponent)}" }

    /// Reads that JSON, and checks exponent and ciphertext.
    /// - Throws: `.malformedJSON`, `.scaleOutOfRange`, `.ciphertextOutOfRange`, `.ciphertextNotAUnit`.
    public init(json text: String, under key: PaillierPublicKey) throws(PaillierError) {
        guard let value = JSONText(text), value.isObject else { throw .malformedJSON(member: "") }
        guard let number = value["v"]?.decimalString else { throw .malformedJSON(member: "v") }
        guard let exponent = value["e"]?.integerDigits else { throw .malformedJSON(member: "e") }
        try self.init(number, exponentDigits: exponent, under: key)
    }

    fileprivate init(
        _ number: Natural, exponentDigits digits: String, under key: PaillierPublicKey
    ) throws(PaillierError) {
        // The exponent is looked at before the ciphertext.
        guard let exponent = Int(digits), exponent.magnitude <= EncodedNumber.largestExponent else {
            throw .scaleOutOfRange
        }
        try self.init(PaillierCiphertext(number, under: key), exponent: exponent)
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

    /// Reads the JSON, which must be under this key, and checks every exponent and ciphertext. n may be a string or a JSON
    /// number, since python-paillier's documentation has both.
    /// - Throws: `.malformedJSON`, `.emptyVector`, `.wrongKey`, `.scaleOutOfRange`, `.ciphertextOutOfRange`,
    ///   `.ciphertextNotAUnit`.
    public init(json text: String, under key: PaillierPublicKey) throws(PaillierError) {
        guard let document = JSONText(text), document.isObject else { throw .malformedJSON(member: "") }
        guard let n = document["public_key"]?["n"], let modulus = n.decimalString ?? n.naturalNumber else {
            throw .malformedJSON(member: "public_key")
        }
        guard let values = document["values"]?.list else { throw .malformedJSON(member: "values") }
        var pairs: [(number: Natural, exponent: String)] = []
        for value in values {
            guard let pair = value.list, pair.count == 2, let number = pair[0].decimalString,
                let exponent = pair[1].integerDigits
            else { throw .malformedJSON(member: "values") }
            pairs.append((number, exponent))
        }
        guard !pairs.isEmpty else { throw .emptyVector }
        guard modulus == key.modulus else { throw .wrongKey }
        var numbers: [EncryptedNumber] = []
        for pair in pairs {
            numbers.append(try EncryptedNumber(pair.number, exponentDigits: pair.exponent, under: key))
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

extension JSONText {
    /// Digits of numbers longer than this are not read: n² has fewer.
    private static let mostDigits = 2500

    /// A natural number in a string, without zeros at the front.
    fileprivate var decimalString: Natural? { string.flatMap { Self.natural($0) } }
    /// A natural number that is a JSON number.
    fileprivate var naturalNumber: Natural? { integerDigits.flatMap { Self.natural($0) } }

    private static func natural(_ digits: String) -> Natural? {
        guard digits.utf8.count <= mostDigits, digits == "0" || digits.utf8.first != UInt8(ascii: "0") else {
            return nil
        }
        return Natural(decimal: digits)
    }
}
