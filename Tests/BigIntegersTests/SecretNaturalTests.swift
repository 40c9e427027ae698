// SPDX-License-Identifier: Apache-2.0

import BigIntegers
@_spi(Simulation) import SecureRandomness
import Testing

struct SecretNaturalTests {
    private func secret(_ number: Natural, _ limbs: Int) -> SecretNatural {
        SecretNatural(number, bitCapacity: 64 * limbs)
    }

    @Test func `computes as public numbers do`() throws {
        var numbers = Numbers(21)
        for _ in 0..<300 {
            let size = Int(1 + numbers.word(below: 12))
            let modulus = numbers.modulus(bits: 64 * size)
            let (a, b) = (numbers.number(size) % modulus, numbers.number(size) % modulus)
            let (x, y, m) = (secret(a, size), secret(b, size), secret(modulus, size))
            #expect(x.times(y).revealed == a * b)
            #expect(x.times(secret(b, size + 3)).revealed == a * b)
            #expect(x.times(y).remainder(modulo: m).revealed == a * b % modulus)
            #expect(x.minus(y, modulo: m).revealed == (a + modulus - b) % modulus)
            #expect(x.minus(y).borrow == (a < b ? 1 : 0))
            #expect(x.resized(to: size + 1).plus(y).revealed == a + b)
            #expect(x.plus(y, if: 0).revealed == a)
            #expect(x.resized(to: size + 1).plus(y.resized(to: size + 1), if: 1).revealed == a + b)
            #expect(x.halved.revealed == a / 2)
            #expect(x.isEqual(to: y) == (a == b) && x.isEqual(to: secret(a, size + 2)))
            let exponent = numbers.number(2)
            #expect(x.power(secret(exponent, 2), bits: 128, modulo: m).revealed == a.power(exponent, modulo: modulus))
            if Natural.greatestCommonDivisor(a, modulus) == 1 {
                #expect(try x.inverse(modulo: m).revealed == a.inverse(modulo: modulus))
            } else {
                #expect(!x.isCoprime(to: m))
            }
        }
    }

    @Test func `packs values where they belong, and sees bits beyond them`() throws {
        var numbers = Numbers(22)
        for width in 1...64 {
            let count = 1000 / width
            let values = (0..<count).map { _ in numbers.generator.next() >> UInt64(64 - width) }
            let packed = SecretNatural(packing: count, of: width, bitCapacity: 1024) { values[$0] }
            var sum = Natural.zero
            for value in values.reversed() { sum = sum * .powerOfTwo(width) + Natural(value) }
            #expect(packed.revealed == sum)
            #expect(packed.unpacked(count, of: width) == values)
            let over = packed.plus(SecretNatural(.powerOfTwo(count * width), bitCapacity: 1024))
            #expect(over.unpacked(count, of: width) == nil)
        }
    }

    @Test func `keeps its number to itself`() {
        let number = SecretNatural(123_456_789, bitCapacity: 64)
        #expect("\(number)" == "SecretNatural(64 bits)")
        #expect(String(reflecting: number) == "SecretNatural(64 bits)")
        #expect(Mirror(reflecting: number).children.isEmpty)
    }

    @Test func `makes safe primes of exactly the length`() throws {
        var generator = SeededGenerator(key: [UInt8](repeating: 23, count: 32))
        for bits in [128, 192, 200, 256, 288] {
            let prime = try SafePrime.generate(bits: bits, rounds: 8, using: &generator) { _ in true }.revealed
            #expect(prime.bitWidth == bits && prime.bit(bits - 2))
            #expect(prime.isProbablyPrime && ((prime - 1) / 2).isProbablyPrime)
        }
        #expect(throws: BigIntegerError.cancelled) {
            try SafePrime.generate(bits: 256, rounds: 8, using: &generator) { $0 < 3 }
        }
    }

    @Test func `tells secret primes from composites`() throws {
        var generator = SeededGenerator(key: [UInt8](repeating: 24, count: 32))
        for (number, isPrime): (Natural, Bool) in [
            (.powerOfTwo(127) - 1, true), (.powerOfTwo(128) + 1, false), (.powerOfTwo(521) - 1, true),
            // 3 · 2^189 + 1: a prime with many twos in p − 1.
            (3 * .powerOfTwo(189) + 1, true), (561, false), (1729, false), (3_825_123_056_546_413_051, false),
            (97, true),
        ] {
            let secret = SecretNatural(number, bitCapacity: number.bitWidth)
            #expect(
                try SafePrime.isPrime(secret, bits: number.bitWidth, rounds: 20, using: &generator) == isPrime,
                "\(number)")
        }
    }
}
