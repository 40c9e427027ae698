// SPDX-License-Identifier: Apache-2.0

import BigIntegers
import PaillierEncryption
@_spi(Simulation) import SecureRandomness
import Testing

struct EncryptionTests {
    @Test(arguments: [TestKeys.one, TestKeys.odd])
    func `every way of encrypting gives a ciphertext that both decryptions read`(_ key: PaillierPrivateKey) throws {
        var generator = TestKeys.generator(10)
        let n = key.publicKey.modulus
        let (p, q) = factors(of: key)
        for encryptor in try TestKeys.encryptors(key) {
            for m in [0, 1, n - 1, n - 2, n / 2, .powerOfTwo(64), try Natural(randomBits: 500, using: &generator)] {
                let c = try encryptor.encrypt(m, using: &generator)
                #expect(try key.decrypt(c) == m)
                #expect(try textbookDecryption(c.number, p: p, q: q) == m)
                let again = try encryptor.rerandomize(c, using: &generator)
                #expect(again.number != c.number)
                #expect(try textbookDecryption(again.number, p: p, q: q) == m)
            }
            #expect(throws: PaillierError.plaintextOutOfRange) { try encryptor.encrypt(n, using: &generator) }
        }
    }

    @Test func `the random factor is an n-th power in each way, and differs each time`() throws {
        var generator = TestKeys.generator(11)
        let key = TestKeys.one
        let n = key.publicKey.modulus
        let (p, q) = factors(of: key)
        let lambda = (p - 1) * (q - 1) / 2
        for encryptor in try TestKeys.encryptors(key) {
            var seen: Set<Natural> = []
            for _ in 0..<20 {
                let c = try encryptor.encrypt(0, using: &generator).number
                #expect(seen.insert(c).inserted && c != 1)
                // The n-th powers are the elements whose order divides λ.
                #expect(c.power(lambda, modulo: n * n) == 1)
            }
        }
    }

    @Test func `fast encryption with a given exponent is what it is defined to be`() throws {
        let key = TestKeys.one.publicKey
        let (n, square) = (key.modulus, key.modulus * key.modulus)
        // The generator is an n-th power of minus a square, Jacobi symbol (h/n) = 1.
        #expect(
            TestKeys.verified.generator.power(
                (factors(of: TestKeys.one).0 - 1) * (factors(of: TestKeys.one).1 - 1) / 2, modulo: square) == 1)
        for a: Natural in [1, 2, 12345, .powerOfTwo(256) - 1, .powerOfTwo(255)] {
            let ours = try TestKeys.fast.encrypt(77, exponent: a)
            #expect(ours.number == TestKeys.verified.generator.power(a, modulo: square) * (1 + 77 * n) % square)
        }
        for a: Natural in [0, .powerOfTwo(256)] {
            #expect(throws: PaillierError.exponentOutOfRange) { try TestKeys.fast.encrypt(77, exponent: a) }
        }
    }

    @Test func `sums and products are those of the plaintexts mod n`() throws {
        var generator = TestKeys.generator(12)
        let key = TestKeys.one
        let n = key.publicKey.modulus
        for _ in 0..<20 {
            let (a, b) = (
                try Natural(randomBits: 520, using: &generator) % n, try Natural(randomBits: 520, using: &generator) % n
            )
            let (x, y) = (
                try TestKeys.fast.encrypt(a, using: &generator), try TestKeys.fast.encrypt(b, using: &generator)
            )
            #expect(try key.decrypt(x.adding(y)) == (a + b) % n)
            #expect(try x.adding(y).number == x.number * y.number % (n * n))
            let w = try Natural(randomBits: 100, using: &generator) + 1
            #expect(try key.decrypt(x.multiplied(by: w)) == a * w % n)
            #expect(
                try x.adding(y).adding(x).multiplied(by: w).number
                    == (x.number * y.number * x.number).power(w, modulo: n * n))
        }
        let x = try TestKeys.fast.encrypt(1, using: &generator)
        #expect(throws: PaillierError.zeroWeight) { try x.multiplied(by: 0) }
    }

    @Test func `keys are not mixed`() throws {
        var generator = TestKeys.generator(13)
        let (mine, foreign) = (TestKeys.fast, PaillierEncryptor(textbook: TestKeys.other.publicKey))
        let (x, y) = (try mine.encrypt(1, using: &generator), try foreign.encrypt(1, using: &generator))
        #expect(throws: PaillierError.wrongKey) { try x.adding(y) }
        #expect(throws: PaillierError.wrongKey) { try TestKeys.one.decrypt(y) }
        #expect(throws: PaillierError.wrongKey) { try mine.rerandomize(y, using: &generator) }
        #expect(throws: PaillierError.wrongKey) { try PaillierCiphertext(serialized: y.serialized, under: x.key) }
        // Another value for the same key is the same key.
        let copy = try PaillierPublicKey(modulus: x.key.modulus, size: TestKeys.size)
        let z = try PaillierCiphertext(serialized: x.serialized, under: copy)
        #expect(try TestKeys.one.decrypt(x.adding(z)) == 2)
        #expect(try TestKeys.one.decrypt(z.adding(x)) == 2)
    }

    @Test func `what is no ciphertext is refused before it is used`() throws {
        let key = TestKeys.one
        let n = key.publicKey.modulus
        let (p, q) = factors(of: key)
        for c in [0, n * n, n * n + 1] {
            #expect(throws: PaillierError.ciphertextOutOfRange) { try PaillierCiphertext(c, under: key.publicKey) }
        }
        for c in [n, p, q, q * q, 5 * n, 5 * p] {
            #expect(throws: PaillierError.ciphertextNotAUnit) { try PaillierCiphertext(c, under: key.publicKey) }
        }
        #expect(try key.decrypt(PaillierCiphertext(1, under: key.publicKey)) == 0)
    }

    @Test func `a pool gives each of its factors once`() throws {
        var generator = TestKeys.generator(14)
        var pool = ObfuscatorPool(TestKeys.fast)
        try pool.add(3, using: &generator)
        #expect(pool.count == 3)
        var seen: Set<Natural> = []
        #expect(throws: PaillierError.plaintextOutOfRange) { try pool.encrypt(TestKeys.one.publicKey.modulus) }
        for m: Natural in [0, 0, 5] {
            let c = try pool.encrypt(m)
            #expect(try TestKeys.one.decrypt(c) == m)
            #expect(seen.insert(c.number).inserted)
        }
        #expect(throws: PaillierError.poolIsEmpty) { try pool.encrypt(0) }
    }

    @Test func `a source that fails makes no ciphertext`() throws {
        var broken = BrokenRandomness()
        for encryptor in try TestKeys.encryptors(TestKeys.one) {
            #expect(throws: PaillierError.randomness(.systemSourceUnavailable(code: 5))) {
                try encryptor.encrypt(1, using: &broken)
            }
        }
        #expect(throws: PaillierError.randomness(.systemSourceUnavailable(code: 5))) {
            try PaillierPrivateKey.generate(using: &broken)
        }
    }
}

/// The factors, from what is serialized.
func factors(of key: PaillierPrivateKey) -> (Natural, Natural) {
    key.serialized.withSpan { span in
        let bytes = span.indices.map { span[$0] }.dropFirst(4)
        let half = bytes.count / 2
        return (Natural(bigEndian: bytes.prefix(half)), Natural(bigEndian: bytes.suffix(half)))
    }
}

struct BrokenRandomness: SecureRandomNumberGenerator {
    mutating func fill(_ bytes: inout MutableSpan<UInt8>) throws(RandomnessError) {
        throw .systemSourceUnavailable(code: 5)
    }
}
