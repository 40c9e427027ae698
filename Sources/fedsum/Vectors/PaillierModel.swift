// SPDX-License-Identifier: Apache-2.0

import BigIntegers
import PaillierEncryption
@_spi(Simulation) import SecureRandomness

/// What the families `fedsum_paillier_*` have in common: keys that cases name, and the words for errors.
struct PaillierModel {
    private let document: VectorFields
    private let keys: [String: PaillierPrivateKey]

    init(_ document: VectorFields) throws {
        self.document = document
        var keys: [String: PaillierPrivateKey] = [:]
        for fields in document.has("keys") ? try document.objects("keys") : [] {
            let key = try Self.key(fields, size: Self.size(fields.integer("bits")))
            try require(keys.updateValue(key, forKey: fields.string("id")) == nil, "a key is there twice")
        }
        self.keys = keys
    }

    /// The entry of a list of the document with this `id`.
    func entry(_ list: String, _ id: String) throws -> VectorFields {
        guard let entry = try document.objects(list).first(where: { try $0.string("id") == id }) else {
            throw CaseFailure("'\(list)' has no '\(id)'")
        }
        return entry
    }

    func key(_ fields: VectorFields) throws -> PaillierPrivateKey {
        guard let key = keys[try fields.string("key")] else { throw CaseFailure("there is no such key") }
        return key
    }

    /// Every length that there may be in tests.
    static let allowed = Set(
        stride(from: 512, through: 4096, by: 64).compactMap { try? PaillierKeySize.Insecure.bits($0) })

    static func size(_ bits: Int) throws -> PaillierKeySize { try PaillierKeySize.Insecure.bits(bits) }

    static func generator() -> SeededGenerator { SeededGenerator(key: [UInt8](repeating: 3, count: 32)) }

    /// A key of `n`, `p` and `q`.
    static func key(
        _ fields: VectorFields, modulus: String = "n", size: PaillierKeySize, requiringBlum: Bool = true
    ) throws -> PaillierPrivateKey {
        var generator = generator()
        let (p, q) = try (fields.paillierNumber("p"), fields.paillierNumber("q"))
        return try PaillierPrivateKey(
            p: SecretNatural(p, bitCapacity: max(64, p.bitWidth)),
            q: SecretNatural(q, bitCapacity: max(64, q.bitWidth)),
            size: size, expecting: fields.paillierNumber(modulus), requiringBlum: requiringBlum, using: &generator)
    }

    /// Runs a case: one that is invalid must be refused for the reason that it names.
    static func check(_ fields: VectorFields, _ body: () throws -> Void) throws {
        guard try !fields.isValid() else { return try body() }
        let expected = try fields.string("error")
        do {
            try body()
        } catch let error as PaillierError {
            try require(name(error) == expected, "must be refused for '\(expected)', was refused for \(error)")
            return
        }
        throw CaseFailure("must be refused for '\(expected)', was accepted")
    }

    // swift-format-ignore
    private static func name(_ error: PaillierError) -> String {
        switch error {
        case .wrongSize: "wrong-size"
        case .even: "even"
        case .smallFactor: "small-factor"
        case .prime: "prime"
        case .perfectPower: "perfect-power"
        case .wrongProduct: "wrong-product"
        case .unequalLength: "unequal-length"
        case .compositeFactor: "composite-factor"
        case .factorsTooClose: "factors-too-close"
        case .commonFactor: "common-factor"
        case .notBlum: "not-blum"
        case .commonDivisor: "common-divisor"
        case .notCanonical: "not-canonical"
        case .noUnit: "no-unit"
        case .wrongProof: "wrong-proof"
        case .wrongSignature: "wrong-signature"
        case .plaintextOutOfRange: "plaintext-out-of-range"
        case .randomnessOutOfRange: "randomness-out-of-range"
        case .randomnessNotAUnit: "randomness-not-a-unit"
        case .exponentOutOfRange: "exponent-out-of-range"
        case .ciphertextOutOfRange: "ciphertext-out-of-range"
        case .ciphertextNotAUnit: "ciphertext-not-a-unit"
        case .zeroWeight: "zero-weight"
        case .decryptionFailed: "decryption-failed"
        case .slotTooWide: "slot-too-wide"
        case .valueOutOfRange, .encodingOverflow: "value-out-of-range"
        case .emptyVector: "empty-vector"
        case .noHeadRoom, .exponentsTooFarApart: "no-head-room"
        case .wrongLayout: "wrong-layout"
        case .wrongKey: "wrong-key"
        case .wrongCount: "wrong-count"
        case .truncated: "truncated"
        case .wrongVersion: "wrong-version"
        case .unknownType: "unknown-type"
        case .trailingBytes: "trailing-bytes"
        case .weightOutOfRange: "weight-out-of-range"
        case .inconsistentLayout: "inconsistent-layout"
        case .malformedJSON: "malformed"
        case .wrongAlgorithm: "wrong-algorithm"
        case .scaleOutOfRange: "scale-out-of-range"
        case .notFinite: "not-finite"
        case .layoutOutOfRange, .poolIsEmpty, .cancelled, .randomness: "\(error)"
        }
    }
}

extension VectorFields {
    /// A number as big-endian bytes.
    func paillierNumber(_ name: String) throws -> Natural { Natural(bigEndian: try bytes(name)) }

    func paillierNumbers(_ name: String) throws -> [Natural] { try byteStrings(name).map { Natural(bigEndian: $0) } }

    /// 0 or 1.
    func flag(_ name: String) throws -> Bool { try integer(name, in: 0...1) == 1 }

    /// A layout of `valueBits`, `isSigned` and `maximumWeight`.
    func slotLayout() throws -> SlotLayout {
        try SlotLayout(
            valueBits: integer("valueBits"), isSigned: flag("isSigned"), maximumWeight: UInt32(integer("maximumWeight"))
        )
    }

    /// Signed or unsigned 64-bit integers as decimal strings.
    func decimals(_ name: String) throws -> [String] {
        try array(name).map { value in
            guard case .string(let text) = value else { throw CaseFailure("'\(name)' is not a list of strings") }
            return text
        }
    }

    func decimal(_ name: String) throws -> Int {
        let text = try string(name)
        guard let value = Int(text), String(value) == text else { throw CaseFailure("'\(name)' is not an integer") }
        return value
    }
}

/// Compares numbers that the file has in a fixed width.
func requireEqual(_ ours: Natural, _ expected: [UInt8], _ name: String) throws {
    guard let bytes = ours.bigEndian(count: expected.count) else {
        throw CaseFailure("'\(name)' has \(expected.count) bytes, ours does not fit")
    }
    try requireEqual(bytes, expected, name)
}
