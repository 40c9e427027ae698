// SPDX-License-Identifier: Apache-2.0

import BigIntegers
import PaillierEncryption
@_spi(Simulation) import SecureRandomness

/// The building blocks of Paillier encryption, at 2,048 and 3,072 bits.
extension PrimitiveBenchmark {
    static let paillierNames = ["paillier-keygen", "paillier-encrypt", "paillier-add", "paillier-decrypt"]

    static func paillier(_ name: String, _ generator: inout SeededGenerator) throws -> [PrimitiveBenchmark] {
        var rows: [PrimitiveBenchmark] = []
        for size: PaillierKeySize in [.bits2048, .bits3072] {
            if name == "paillier-keygen" {
                rows.append(try keyGeneration(size, &generator))
                continue
            }
            let key = try PaillierPrivateKey.generate(size: size, using: &generator)
            switch name {
            case "paillier-encrypt": rows += try encryption(key, &generator)
            case "paillier-add": rows.append(try addition(key, &generator))
            default: rows.append(try decryption(key, &generator))
            }
        }
        return rows
    }

    private static func row(
        _ name: String, _ size: PaillierKeySize, _ method: String, _ seconds: Double, isConstantTime: Bool = true
    ) -> PrimitiveBenchmark {
        PrimitiveBenchmark(
            name: name,
            parameters: [
                "key_bits": .integer(size.bits), "method": .string(method), "constant_time": .bool(isConstantTime),
            ], seconds: seconds, bytes: nil)
    }

    /// The mean of a few: the search ends when it ends.
    private static func keyGeneration(
        _ size: PaillierKeySize, _ generator: inout SeededGenerator
    ) throws -> PrimitiveBenchmark {
        let count = 3
        let begin = Platform.threadCPUTime()
        for _ in 0..<count {
            let key = try PaillierPrivateKey.generate(size: size, using: &generator)
            guard key.isBlum, key.publicKey.size == size else { throw WrongResult(name: "paillier-keygen") }
        }
        return row("paillier-keygen", size, "djn", (Platform.threadCPUTime() - begin).inSeconds / Double(count))
    }

    private static func encryption(
        _ key: PaillierPrivateKey, _ generator: inout SeededGenerator
    ) throws -> [PrimitiveBenchmark] {
        var system = SystemRandomness()
        let plaintext = try Natural(randomBits: key.publicKey.size.bits - 1, using: &generator)
        let verified = try key.verifiedKey()
        let ways: [(PaillierEncryptor, String, Bool)] = [
            (try PaillierEncryptor(verified), "djn", true),
            (try PaillierEncryptor(verified, lookUp: .variableTimeLeakingExponents), "djn", false),
            (PaillierEncryptor(textbook: key.publicKey), "textbook", true),
            (PaillierEncryptor(holder: key), "textbook-by-holder", true),
        ]
        return try ways.map { encryptor, method, isConstantTime in
            var ciphertext = try encryptor.encrypt(plaintext, using: &system)
            // Until it is bytes that can be sent.
            let seconds = try least {
                ciphertext = try encryptor.encrypt(plaintext, using: &system)
                _ = ciphertext.serialized
            }
            guard try key.decrypt(ciphertext) == plaintext else { throw WrongResult(name: "paillier-encrypt") }
            return row("paillier-encrypt", key.publicKey.size, method, seconds, isConstantTime: isConstantTime)
        }
    }

    private static func addition(
        _ key: PaillierPrivateKey, _ generator: inout SeededGenerator
    ) throws -> PrimitiveBenchmark {
        let encryptor = try PaillierEncryptor(key.verifiedKey())
        let one = try encryptor.encrypt(1, using: &generator)
        var sum = one
        var count: UInt64 = 1
        let seconds = try least {
            try sum.add(one)
            count += 1
        }
        guard try key.decrypt(sum) == Natural(count) else { throw WrongResult(name: "paillier-add") }
        return row("paillier-add", key.publicKey.size, "djn", seconds, isConstantTime: false)
    }

    private static func decryption(
        _ key: PaillierPrivateKey, _ generator: inout SeededGenerator
    ) throws -> PrimitiveBenchmark {
        let plaintext = try Natural(randomBits: key.publicKey.size.bits - 1, using: &generator)
        let ciphertext = try PaillierEncryptor(holder: key).encrypt(plaintext, using: &generator)
        var result = Natural.zero
        let seconds = try least { result = try key.decrypt(ciphertext) }
        guard result == plaintext else { throw WrongResult(name: "paillier-decrypt") }
        return row("paillier-decrypt", key.publicKey.size, "djn", seconds)
    }
}
