// SPDX-License-Identifier: Apache-2.0
//
// swift-format-ignore-file: NeverUseForceTry

import BigIntegers
import PaillierEncryption
@_spi(Simulation) import SecureRandomness

/// Keys that tests share, each made once from a known seed.
enum TestKeys {
    static let size = try! PaillierKeySize.Insecure.bits(512)
    static let one = make(1, size)
    static let other = make(2, size)
    /// Half of its length is no multiple of 64.
    static let odd = make(3, try! PaillierKeySize.Insecure.bits(576))
    static let verified = try! one.verifiedKey()
    static let fast = try! PaillierEncryptor(verified)

    static func generator(_ seed: UInt8) -> SeededGenerator {
        SeededGenerator(key: [UInt8](repeating: seed, count: 32))
    }

    private static func make(_ seed: UInt8, _ size: PaillierKeySize) -> PaillierPrivateKey {
        var generator = generator(seed)
        return try! PaillierPrivateKey.generate(size: size, using: &generator)
    }

    /// All ways of encrypting under a key.
    static func encryptors(_ key: PaillierPrivateKey) throws -> [PaillierEncryptor] {
        let verified = try key.verifiedKey()
        return [
            PaillierEncryptor(textbook: key.publicKey), PaillierEncryptor(holder: key), try PaillierEncryptor(verified),
            try PaillierEncryptor(verified, exponents: .shortAssumingHardness),
            try PaillierEncryptor(verified, lookUp: .variableTimeLeakingExponents),
        ]
    }
}

/// Decryption as [Pai99] defines it, on public numbers.
func textbookDecryption(_ c: Natural, p: Natural, q: Natural) throws -> Natural {
    let n = p * q
    let lambda = (p - 1) * (q - 1) / Natural.greatestCommonDivisor(p - 1, q - 1)
    let l = (c.power(lambda, modulo: n * n) - 1) / n
    return try l * lambda.inverse(modulo: n) % n
}
