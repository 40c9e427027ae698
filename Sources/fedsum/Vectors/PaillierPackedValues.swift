// SPDX-License-Identifier: Apache-2.0

import BigIntegers
import PaillierEncryption
import SecureRandomness

// Packed vectors as files have them: values as decimal strings, ciphertexts as numbers.

extension VectorFields {
    /// A layout of `valueBits`, `isSigned` and `maximumWeight`.
    func slotLayout() throws -> SlotLayout {
        try SlotLayout(
            valueBits: integer("valueBits"), isSigned: flag("isSigned"), maximumWeight: UInt32(integer("maximumWeight"))
        )
    }

    /// Integers as decimal strings, with a minus sign or none.
    func decimals(_ name: String) throws -> [String] {
        try array(name).map { value in
            guard case .string(let text) = value, text != "-0",
                let number = Natural(decimal: text.hasPrefix("-") ? text.dropFirst() : text[...]),
                text == "\(number)" || text == "-\(number)"
            else { throw CaseFailure("'\(name)' is not a list of integers") }
            return text
        }
    }
}

extension SlotLayout {
    /// The vector of these values. One that has no place in the package's integers is in no layout's range either.
    func encrypt(
        _ values: [String], by encryptor: PaillierEncryptor, using generator: inout some SecureRandomNumberGenerator
    ) throws(PaillierError) -> PackedVector {
        if isSigned {
            return try encryptor.encryptSigned(Self.converted(values), layout: self, using: &generator)
        }
        return try encryptor.encryptUnsigned(Self.converted(values), layout: self, using: &generator)
    }

    private static func converted<Value: FixedWidthInteger>(_ values: [String]) throws(PaillierError) -> [Value] {
        var result: [Value] = []
        for (index, text) in values.enumerated() {
            guard let value = Value(text) else { throw .valueOutOfRange(index: index) }
            result.append(value)
        }
        return result
    }

    /// What a vector opens to.
    func open(_ vector: PackedVector, with key: PaillierPrivateKey) throws(PaillierError) -> [String] {
        isSigned ? try key.decryptSigned(vector).map { String($0) } : try key.decryptUnsigned(vector).map { String($0) }
    }

    /// A vector of ciphertexts from elsewhere: its bytes, read.
    func vector(
        _ ciphertexts: [Natural], count: Int, weight: Int, under key: PaillierPublicKey
    ) throws -> PackedVector {
        var bytes: [UInt8] = [1, 0x73] + key.fingerprint + serialized(in: key.size)
        for number in [count, weight] {
            bytes += (0..<4).reversed().map { UInt8(truncatingIfNeeded: number >> (8 * $0)) }
        }
        for ciphertext in ciphertexts {
            guard let part = ciphertext.bigEndian(count: key.size.ciphertextByteCount) else {
                throw CaseFailure("a ciphertext is too long")
            }
            bytes += part
        }
        return try PackedVector(serialized: bytes, under: key, layout: self, count: count)
    }

    /// A vector of which only what is beside the ciphertexts is looked at: those encrypt zero without randomness.
    func zeros(_ count: Int, weight: Int, under key: PaillierPublicKey) throws -> PackedVector {
        try require((1...10_000).contains(count), "'count' is not from 1 to 10,000")
        let ones = [Natural](repeating: 1, count: ciphertexts(for: count, in: key.size))
        return try vector(ones, count: count, weight: weight, under: key)
    }
}

extension PackedVector {
    /// The ciphertexts as they are sent.
    var ciphertexts: [Natural] {
        let width = key.size.ciphertextByteCount
        let bytes = serialized.suffix(ciphertextCount * width)
        return stride(from: bytes.startIndex, to: bytes.endIndex, by: width).map {
            Natural(bigEndian: bytes[$0..<$0 + width])
        }
    }
}
