// SPDX-License-Identifier: Apache-2.0

import BigIntegers
import Foundation
import PaillierEncryption
import RingArithmetic
import SecureRandomness

/// Keys and ciphertexts in files, in python-paillier's forms and in our own (Documentation/Paillier.md).
enum PaillierFiles {
    /// A key, as a file has it.
    enum Key {
        case published(PaillierPublicKey)
        case secret(PaillierPrivateKey)

        var publicKey: PaillierPublicKey {
            switch self {
            case .published(let key): key
            case .secret(let key): key.publicKey
            }
        }

        /// Textbook encryption, since nothing is proved of a key in a file; by the factors apart for its holder.
        var encryptor: PaillierEncryptor {
            switch self {
            case .published(let key): PaillierEncryptor(textbook: key)
            case .secret(let key): PaillierEncryptor(holder: key)
            }
        }
    }

    /// The most that is read of a file: a million ciphertexts of 4,096 bits.
    private static let largestFile = 3_000_000_000

    /// Everything in a file, or in standard input for `-`.
    static func bytes(_ path: String) throws -> [UInt8] {
        if path == "-" { return [UInt8](FileHandle.standardInput.readDataToEndOfFile()) }
        guard let attributes = try? FileManager.default.attributesOfItem(atPath: path) else {
            throw UsageError("there is no file '\(path)', or it cannot be read.")
        }
        guard (attributes[.size] as? Int ?? 0) <= largestFile else {
            throw UsageError("'\(path)' is larger than \(largestFile) bytes; split it.")
        }
        do {
            return [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
        } catch {
            throw UsageError("'\(path)' cannot be read: \(error.localizedDescription)")
        }
    }

    private static func text(_ path: String) throws -> String {
        guard let text = String(validating: try bytes(path), as: UTF8.self) else {
            throw UsageError("'\(path)' is not text in UTF-8.")
        }
        return text
    }

    /// A public or a private key.
    static func key(_ path: String) throws -> Key {
        var bytes = try bytes(path)
        defer { wipe(&bytes) }
        return try inFile(path) {
            if bytes.count > 1, bytes[0] == 1 {
                guard bytes[1] == 0x74 else { return .published(try PaillierPublicKey(serialized: bytes)) }
                var randomness = SystemRandomness()
                return .secret(
                    try PaillierPrivateKey(serialized: SecretBytes(copying: bytes), using: &randomness))
            }
            let text = String(decoding: bytes, as: UTF8.self)
            // A private key has its factors beside the public one.
            guard text.contains("\"pub\"") else {
                return .published(try PaillierPublicKey(pythonPaillierJSON: text))
            }
            var randomness = SystemRandomness()
            return .secret(try PaillierPrivateKey(pythonPaillierJSON: text, using: &randomness))
        }
    }

    /// Ciphertexts under a key: many in a file, or one as `pheutil` writes it.
    static func numbers(_ path: String, under key: PaillierPublicKey) throws -> [EncryptedNumber] {
        let text = try text(path)
        return try inFile(path) {
            guard text.contains("\"values\"") else { return [try EncryptedNumber(json: text, under: key)] }
            let numbers = try EncryptedNumberList(json: text, under: key).numbers
            guard !numbers.isEmpty else { throw PaillierError.emptyVector }
            return numbers
        }
    }

    /// The numbers of a text, one a line: whole ones as integers, all others as doubles.
    static func encoded(_ path: String, under key: PaillierPublicKey) throws -> [EncodedNumber] {
        var numbers: [EncodedNumber] = []
        for (position, line) in try text(path).split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            let word = line.trimmingCharacters(in: .whitespaces)
            if word.isEmpty { continue }
            do {
                if let integer = Int(word) {
                    numbers.append(try EncodedNumber(integer, under: key))
                } else if let value = Double(word), value.isFinite {
                    numbers.append(try EncodedNumber(value, under: key))
                } else {
                    throw UsageError("'\(path)', line \(position + 1) is not a finite number.")
                }
            } catch let error as PaillierError {
                throw UsageError("'\(path)', line \(position + 1): \(explain(error))")
            }
        }
        guard !numbers.isEmpty else { throw UsageError("'\(path)' holds no number; write one a line.") }
        return numbers
    }

    /// Writes ciphertexts in the form for many numbers.
    static func write(_ numbers: [EncryptedNumber], under key: PaillierPublicKey, to path: String) throws {
        let json = try EncryptedNumberList(numbers, under: key).json
        do {
            try Data((json + "\n").utf8).write(to: URL(fileURLWithPath: path), options: .atomic)
        } catch {
            throw UsageError("'\(path)' cannot be written: \(error.localizedDescription)")
        }
    }

    /// Says in which file something was wrong.
    private static func inFile<Result>(_ path: String, _ body: () throws -> Result) throws -> Result {
        do { return try body() } catch let error as PaillierError { throw PaillierFileError(path: path, error: error) }
    }
}

/// A file that holds something else than it should.
struct PaillierFileError: Error {
    let path: String
    let error: PaillierError
}

/// One sentence for an error of Paillier's encryption.
func explain(_ error: PaillierError) -> String {
    switch error {
    case .wrongSize(let bits):
        "a modulus of \(bits) bits; only 2048, 3072 and 4096 are accepted. Make another key with fedsum keygen paillier."
    case .even, .smallFactor, .prime, .perfectPower:
        "the modulus is no product of two large primes (\(error)); do not use this key."
    case .wrongProduct: "p·q is not n: the parts of the key do not belong together."
    case .unequalLength, .compositeFactor, .factorsTooClose, .commonFactor:
        "the factors are not two primes of half the length (\(error)); do not use this key."
    case .notBlum, .commonDivisor, .notCanonical: "the factors have another form than fedsum's own keys (\(error))."
    case .malformedJSON(let member):
        member.isEmpty
            ? "this is not the JSON of python-paillier." : "the member '\(member)' is missing or malformed."
    case .wrongKey: "the numbers are encrypted under another key than the one given."
    case .ciphertextOutOfRange, .ciphertextNotAUnit:
        "a ciphertext is none: it must be from 1 to n² − 1 and have no factor in common with n."
    case .decryptionFailed: "decryption failed: the file is damaged, or was made to look like one of this key."
    case .encodingOverflow: "a number is too large for the key, or a sum has left the range."
    case .emptyVector: "there is no number in it."
    case .wrongCount: "the files have different numbers of values."
    case .truncated, .trailingBytes, .wrongVersion, .unknownType:
        "this is no key or ciphertext of fedsum (\(error))."
    case .randomness(let error): explain(RingError.randomness(error))
    default: "Paillier's encryption refused: \(error)."
    }
}
