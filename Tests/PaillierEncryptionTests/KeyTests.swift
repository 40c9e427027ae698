// SPDX-License-Identifier: Apache-2.0

import BigIntegers
import PaillierEncryption
@_spi(Simulation) import SecureRandomness
import Testing

struct KeyTests {
    @Test func `lengths are safe unless the caller confesses`() throws {
        #expect(PaillierKeySize.standard.bits == 3072)
        for bits in [2048, 3072, 4096] { #expect(try PaillierKeySize(bits: bits).bits == bits) }
        for bits in [0, 512, 1024, 2047, 2112, 8192] {
            #expect(throws: PaillierError.wrongSize(bits: bits)) { try PaillierKeySize(bits: bits) }
        }
        for bits in [448, 513, 4160] {
            #expect(throws: PaillierError.wrongSize(bits: bits)) { try PaillierKeySize.Insecure.bits(bits) }
        }
    }

    @Test(arguments: [TestKeys.one, TestKeys.other, TestKeys.odd])
    func `made keys have the form that they should`(_ key: PaillierPrivateKey) throws {
        let (p, q) = factors(of: key)
        let bits = key.publicKey.size.bits
        #expect(p * q == key.publicKey.modulus && key.publicKey.modulus.bitWidth == bits && p < q)
        for prime in [p, q] {
            #expect(prime.bitWidth == bits / 2 && prime.isProbablyPrime && ((prime - 1) / 2).isProbablyPrime)
            #expect(prime.bit(bits / 2 - 2) && prime % 4 == 3)
        }
        #expect(Natural.greatestCommonDivisor(p - 1, q - 1) == 2)
        #expect(q - p > .powerOfTwo(bits / 2 - 100))
        #expect(key.isBlum)
    }

    @Test func `progress is told and can end the search`() throws {
        var generator = TestKeys.generator(20)
        var told: [Int] = []
        #expect(throws: PaillierError.cancelled) {
            try PaillierPrivateKey.generate(size: .bits2048, using: &generator) {
                told.append($0)
                return told.count < 5
            }
        }
        #expect(told == [1, 2, 3, 4, 5])
    }

    @Test func `moduli that anybody can see are bad are refused`() throws {
        let n = TestKeys.one.publicKey.modulus
        let (p, _) = factors(of: TestKeys.one)
        func refusal(_ modulus: Natural) -> PaillierError? {
            do throws(PaillierError) { _ = try PaillierPublicKey(modulus: modulus, size: TestKeys.size) } catch {
                return error
            }
            return nil
        }
        #expect(refusal(n) == nil)
        #expect(refusal(n + 1) == .even)
        #expect(refusal(0) == .wrongSize(bits: 0) && refusal(1) == .wrongSize(bits: 1))
        #expect(refusal(p) == .wrongSize(bits: 256) && refusal(n * 2 + 1) == .wrongSize(bits: 513))
        #expect(refusal(p * p) == .perfectPower)
        var prime = n
        while !prime.isProbablyPrime { prime = prime + 2 }
        #expect(refusal(prime) == .prime)
        // A factor of 17 bits, and one just above 2^20, which nobody looks for.
        func multiple(of factor: Natural) -> Natural {
            var cofactor = Natural.powerOfTwo(511) / factor + 2
            if !cofactor.isOdd { cofactor = cofactor + 1 }
            while cofactor.smallFactor != nil { cofactor = cofactor + 2 }
            return cofactor * factor
        }
        #expect(refusal(multiple(of: 65537)) == .smallFactor(65537))
        #expect(refusal(multiple(of: 1_048_573)) == .smallFactor(1_048_573))
        #expect(refusal(multiple(of: 1_048_583)) == nil)
    }

    @Test func `factors that do not fit are refused`() throws {
        var generator = TestKeys.generator(21)
        let n = TestKeys.one.publicKey.modulus
        let (p, q) = factors(of: TestKeys.one)
        func refusal(_ p: Natural, _ q: Natural, _ n: Natural? = nil, blum: Bool = true) -> PaillierError? {
            do throws(PaillierError) {
                _ = try PaillierPrivateKey(
                    p: SecretNatural(p, bitCapacity: 512), q: SecretNatural(q, bitCapacity: 512), size: TestKeys.size,
                    expecting: n, requiringBlum: blum, using: &generator)
            } catch { return error }
            return nil
        }
        func nextPrime(_ start: Natural, _ residue: Natural) -> Natural {
            var value = start - start % 4 + residue
            while !value.isProbablyPrime { value = value + 4 }
            return value
        }
        #expect(refusal(p, q) == nil && refusal(q, p) == nil && refusal(p, q, n) == nil)
        #expect(refusal(p, q + 2, n) == .wrongProduct)
        #expect(refusal(1, n, n) == .wrongProduct)
        #expect(refusal(p, p) == .perfectPower)
        let long = nextPrime(.powerOfTwo(257) + .powerOfTwo(256), 3)
        let short = nextPrime(.powerOfTwo(253) + .powerOfTwo(252), 3)
        #expect((short * long).bitWidth == 512 && refusal(short, long) == .unequalLength)
        // 2^20 < both factors of one of the two "primes".
        let half = nextPrime(.powerOfTwo(127) + .powerOfTwo(126), 3)
        let composite = half * nextPrime(.powerOfTwo(127) + .powerOfTwo(126) + .powerOfTwo(100), 1)
        #expect(composite.bitWidth == 256)
        #expect(refusal(composite, q) == .compositeFactor)
        #expect(refusal(p, nextPrime(p + 4, 3)) == .factorsTooClose)
        let oneModFour = nextPrime(.powerOfTwo(255) + .powerOfTwo(254), 1)
        #expect(refusal(oneModFour, q) == .notBlum)
        #expect(refusal(oneModFour, q, blum: false) == nil)
        // 3 divides p − 1 and q − 1.
        func sixthResidue(_ start: Natural) -> Natural {
            var value = start - start % 12 + 7
            while !value.isProbablyPrime { value = value + 12 }
            return value
        }
        let (u, v) = (
            sixthResidue(.powerOfTwo(255) + .powerOfTwo(254)),
            sixthResidue(.powerOfTwo(255) + .powerOfTwo(254) + .powerOfTwo(250))
        )
        #expect(refusal(u, v) == .commonDivisor)
        #expect(refusal(u, v, blum: false) == nil)
    }

    @Test func `a key whose factors are not 3 mod 4 decrypts, and does nothing that needs it`() throws {
        var generator = TestKeys.generator(22)
        var p = Natural.powerOfTwo(255) + .powerOfTwo(254) + 1
        while !p.isProbablyPrime { p = p + 4 }
        let q = factors(of: TestKeys.one).1
        let key = try PaillierPrivateKey(
            p: SecretNatural(p, bitCapacity: 256), q: SecretNatural(q, bitCapacity: 256), size: TestKeys.size,
            requiringBlum: false, using: &generator)
        #expect(!key.isBlum)
        for encryptor in [PaillierEncryptor(textbook: key.publicKey), PaillierEncryptor(holder: key)] {
            #expect(try key.decrypt(encryptor.encrypt(4711, using: &generator)) == 4711)
        }
        #expect(throws: PaillierError.notBlum) { try key.verifiedKey() }
        #expect(throws: PaillierError.notBlum) { try key.proveModulus(session: [], using: &generator) }
    }

    @Test func `keys come back from bytes, and from no other bytes`() throws {
        var generator = TestKeys.generator(23)
        let key = TestKeys.one
        let allowed: Set = [TestKeys.size]
        let copy = try PaillierPrivateKey(serialized: key.serialized, allowing: allowed, using: &generator)
        #expect(copy.publicKey == key.publicKey)
        let bytes = key.publicKey.serialized
        #expect(try PaillierPublicKey(serialized: bytes, allowing: allowed) == key.publicKey)
        #expect(throws: PaillierError.wrongSize(bits: 512)) { try PaillierPublicKey(serialized: bytes) }
        #expect(throws: PaillierError.wrongSize(bits: 512)) {
            try PaillierPrivateKey(serialized: key.serialized, using: &generator)
        }
        #expect(throws: PaillierError.truncated) {
            try PaillierPublicKey(serialized: bytes.dropLast(), allowing: allowed)
        }
        #expect(throws: PaillierError.truncated) { try PaillierPublicKey(serialized: [1, 0x70, 2], allowing: allowed) }
        #expect(throws: PaillierError.trailingBytes) {
            try PaillierPublicKey(serialized: bytes + [0], allowing: allowed)
        }
        #expect(throws: PaillierError.wrongVersion(2)) {
            try PaillierPublicKey(serialized: [2] + bytes.dropFirst(), allowing: allowed)
        }
        #expect(throws: PaillierError.unknownType(0x71)) {
            try PaillierPublicKey(serialized: [1, 0x71] + bytes.dropFirst(2), allowing: allowed)
        }
        var swapped = key.serialized.withSpan { span in span.indices.map { span[$0] } }
        swapped = Array(swapped[..<4] + swapped[36...] + swapped[4..<36])
        #expect(throws: PaillierError.notCanonical) {
            try PaillierPrivateKey(serialized: SecretBytes(copying: swapped), allowing: allowed, using: &generator)
        }
        #expect("\(key)" == "PaillierPrivateKey(512 bits)" && Mirror(reflecting: key).children.isEmpty)
    }
}
