// SPDX-License-Identifier: Apache-2.0

import BigIntegers
@_spi(Simulation) import SecureRandomness
import Testing

struct NaturalTests {
    @Test func `sums, products and remainders agree with each other`() {
        var numbers = Numbers(1)
        for _ in 0..<2000 {
            let a = numbers.number(Int(1 + numbers.word(below: 20)))
            let b = numbers.number(Int(1 + numbers.word(below: 20)))
            let c = numbers.number(3) + 1
            #expect(a + b == b + a)
            #expect((a + b) - b == a)
            #expect((a + b) * c == a * c + b * c)
            let (quotient, remainder) = a.quotientAndRemainder(dividingBy: c)
            #expect(quotient * c + remainder == a && remainder < c)
        }
    }

    @Test func `products of words are those of the machine`() {
        var numbers = Numbers(2)
        for _ in 0..<1000 {
            let (a, b) = (numbers.generator.next(), numbers.generator.next())
            let (high, low) = a.multipliedFullWidth(by: b)
            #expect(Natural(a) * Natural(b) == Natural(limbs: [low, high]))
        }
    }

    @Test func `writes and reads bytes, decimal and hexadecimal digits`() throws {
        #expect(Natural(decimal: "340282366920938463463374607431768211456") == .powerOfTwo(128))
        #expect(Natural.powerOfTwo(128).description == "340282366920938463463374607431768211456")
        #expect(Natural(hexadecimal: "0fF") == 255 && Natural(255).hexadecimal == "ff")
        #expect(Natural.zero.description == "0" && Natural.zero.hexadecimal == "0" && Natural.zero.bigEndian == [])
        #expect(Natural(258).bigEndian(count: 4) == [0, 0, 1, 2])
        #expect(Natural(258).bigEndian(count: 1) == nil)
        #expect(Natural(decimal: "") == nil && Natural(decimal: "-1") == nil && Natural(decimal: "1 ") == nil)
        #expect(Natural(hexadecimal: "") == nil && Natural(hexadecimal: "0x1") == nil)
        var numbers = Numbers(3)
        for _ in 0..<300 {
            let number = numbers.number(Int(1 + numbers.word(below: 40)))
            #expect(Natural(decimal: number.description) == number)
            #expect(Natural(decimal: "000" + number.description) == number)
            #expect(Natural(hexadecimal: number.hexadecimal) == number)
            #expect(Natural(bigEndian: number.bigEndian) == number)
            #expect(Natural(bigEndian: try #require(number.bigEndian(count: 400))) == number)
        }
    }

    @Test func `powers, inverses and divisors hold what defines them`() throws {
        var numbers = Numbers(4)
        for _ in 0..<200 {
            let modulus = numbers.modulus(bits: 200)
            let a = numbers.number(4)
            let (e, f) = (numbers.number(2), numbers.number(1))
            #expect(
                a.power(e + f, modulo: modulus) == a.power(e, modulo: modulus) * a.power(f, modulo: modulus) % modulus)
            #expect(a.power(1, modulo: modulus) == a % modulus)
            let divisor = Natural.greatestCommonDivisor(a, modulus)
            if divisor == 1 {
                #expect(try a.inverse(modulo: modulus) * a % modulus == 1)
            } else {
                #expect(throws: BigIntegerError.notInvertible) { try a.inverse(modulo: modulus) }
            }
        }
        #expect(Natural.greatestCommonDivisor(12, 18) == 6)
        #expect(Natural.greatestCommonDivisor(0, 18) == 18)
        #expect(throws: BigIntegerError.notInvertible) { try Natural(6).inverse(modulo: 9) }
        #expect(throws: BigIntegerError.notInvertible) { try Natural.zero.inverse(modulo: 9) }
    }

    @Test func `Jacobi symbols are those of squares mod a prime`() {
        let prime: Natural = 1009
        let squares = Set((1..<1009).map { Natural(UInt64($0 * $0 % 1009)) })
        for value in 1..<1009 {
            #expect(
                Natural(UInt64(value)).jacobiSymbol(modulo: prime)
                    == (squares.contains(Natural(UInt64(value))) ? 1 : -1))
        }
        #expect(Natural(1009).jacobiSymbol(modulo: prime) == 0)
    }

    @Test func `finds primes prime, and numbers that fool weak tests composite`() throws {
        var generator = SeededGenerator(key: [UInt8](repeating: 5, count: 32))
        let small = Set(primesBelow(2000))
        for value in 0..<2000 {
            #expect(
                try Natural(UInt64(value)).isPrime(rounds: 20, using: &generator) == small.contains(value), "\(value)")
            #expect(Natural(UInt64(value)).isProbablyPrime == small.contains(value), "\(value)")
        }
        // Carmichael numbers, strong pseudoprimes to base 2, and to the first nine primes.
        for composite: Natural in [561, 1105, 1729, 2047, 3277, 3_825_123_056_546_413_051] {
            #expect(try !composite.isPrime(rounds: 20, using: &generator))
            #expect(!composite.isProbablyPrime)
        }
        // 2^127 − 1 and 2^521 − 1 are prime, 2^128 + 1 is not.
        #expect(try (Natural.powerOfTwo(127) - 1).isPrime(rounds: 5, using: &generator))
        #expect(try (Natural.powerOfTwo(521) - 1).isPrime(rounds: 5, using: &generator))
        #expect(try !(Natural.powerOfTwo(128) + 1).isPrime(rounds: 5, using: &generator))
    }

    @Test func `finds the least prime factor below 2^20`() {
        #expect((Natural.powerOfTwo(127) - 1).smallFactor == nil)
        let large = Natural.powerOfTwo(521) - 1
        #expect((large * 3).smallFactor == 3)
        // The largest prime below 2^20, and the least above it.
        #expect((large * 1_048_573).smallFactor == 1_048_573)
        #expect((large * 1_048_583).smallFactor == nil)
        #expect((large * 65537 * 1_048_573).smallFactor == 65537)
    }

    @Test func `finds perfect powers`() {
        let base = Natural.powerOfTwo(61) - 1
        #expect((base * base).isPerfectPower)
        #expect((base * base * base).isPerfectPower)
        #expect(!(base * base * 3).isPerfectPower)
        #expect(!base.isPerfectPower)
    }

    private func primesBelow(_ limit: Int) -> [Int] {
        (2..<limit).filter { number in !(2..<number).contains { $0 * $0 <= number && number % $0 == 0 } }
    }
}
