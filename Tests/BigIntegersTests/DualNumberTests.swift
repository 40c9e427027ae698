// SPDX-License-Identifier: Apache-2.0

import BigIntegers
@_spi(Simulation) import SecureRandomness
import Testing

/// Arithmetic on a + b·n against GMP's mod n².
struct DualNumberTests {
    @Test(arguments: adversarialModuli())
    func `products, powers and sums of exponents are those mod n squared`(_ n: Natural) throws {
        var numbers = Numbers(31)
        let ring = try DualModulus(n)
        let square = n * n
        #expect(ring.natural == n)
        for _ in 0..<60 {
            var (x, y) = (Natural.zero, Natural.zero)
            while Natural.greatestCommonDivisor(x, n) != 1 { x = numbers.number(below: square, near: n) }
            while Natural.greatestCommonDivisor(y, n) != 1 { y = numbers.number(below: square, near: n) }
            let (u, v) = (try DualVector(x, modulus: ring), try DualVector(y, modulus: ring))
            #expect(u.naturals == [x])
            var product = u
            product.multiply(by: v)
            #expect(product.naturals == [x * y % square])
            #expect(Natural(bigEndian: product.bigEndian()) == x * y % square)
            product.multiply(by: product)
            product.multiply(by: u)
            #expect(product.naturals == [(x * y).power(2, modulo: square) * x % square])
            for exponent: Natural in [0, 1, 2, 3, 65537, numbers.number(2)] {
                var power = product
                power.raise(to: exponent)
                #expect(power.naturals == [product.naturals[0].power(exponent, modulo: square)])
            }
            let message = numbers.number(below: n, near: n) % n
            var shifted = product
            shifted.addMessage(SecretNatural(message, bitCapacity: n.bitWidth), to: 0)
            #expect(shifted.naturals == [product.naturals[0] * (1 + message * n) % square])
        }
    }

    @Test(arguments: adversarialModuli())
    func `secret powers are those mod n squared`(_ n: Natural) throws {
        var numbers = Numbers(32)
        let ring = DualModulus(secret: SecretNatural(n, bitCapacity: n.bitWidth), bits: n.bitWidth)
        let square = n * n
        for bits in [1, 5, 64, 129] {
            let x = numbers.number(below: square, near: n)
            let exponent = numbers.number(3) % .powerOfTwo(bits)
            let secret = SecretNatural(x, bitCapacity: square.bitWidth)
            let (a, b) = ring.secretPower(of: secret, SecretNatural(exponent, bitCapacity: bits), bits: bits)
            let expected = x.power(exponent, modulo: square)
            #expect(b.revealed * n + a.revealed == expected && a.revealed < n && b.revealed < n)
            #expect(
                ring.secretNumber(ofPowerOf: secret, SecretNatural(exponent, bitCapacity: bits), bits: bits).revealed
                    == expected)
            #expect(
                ring.publishedPower(of: secret, SecretNatural(exponent, bitCapacity: bits), bits: bits).naturals == [
                    expected
                ])
            #expect(ring.published(secret).naturals == [x])
            let (y, z) = (numbers.number(below: n, near: n) % n, x % n)
            let product = ring.secretHalfProduct(
                SecretNatural(y, bitCapacity: n.bitWidth), SecretNatural(z, bitCapacity: n.bitWidth))
            #expect(product.revealed == y * z % n)
        }
    }

    @Test(arguments: [
        (FixedBaseComb.LookUp.constantTime, 6, 19), (.constantTime, 5, 3), (.variableTime, 9, 4), (.constantTime, 1, 1),
    ])
    func `powers of a fixed base are those mod n squared`(_ lookUp: FixedBaseComb.LookUp, _ teeth: Int, _ tables: Int)
        throws
    {
        var numbers = Numbers(33)
        for bits in [512, 576, 1024] {
            for n in [numbers.modulus(bits: bits), .powerOfTwo(bits) - 1, .powerOfTwo(bits - 1) + 1] {
                let (ring, square) = (try DualModulus(n), n * n)
                // A base of which every power is a unit: n is not looked at for being a good modulus.
                let base =
                    try #require(
                        (2..<100).map { Natural($0) + n * numbers.number(4) }
                            .first { Natural.greatestCommonDivisor($0, n) == 1 }) % square
                let comb = try FixedBaseComb(
                    base: base, exponentBits: bits / 2, modulus: ring, lookUp: lookUp, teeth: teeth, tables: tables)
                let exponents =
                    [0, 1, 2, .powerOfTwo(bits / 2) - 1, .powerOfTwo(bits / 2 - 1)]
                    + (0..<8).map { _ in numbers.number(bits / 128) }
                var writer = CombWriter(comb, count: exponents.count)
                var expected: [Natural] = []
                for exponent in exponents {
                    let exponent = exponent % .powerOfTwo(bits / 2)
                    let message = numbers.number(below: n, near: n) % n
                    writer.append(
                        exponent: SecretNatural(exponent, bitCapacity: bits / 2),
                        message: SecretNatural(message, bitCapacity: bits))
                    expected.append(base.power(exponent, modulo: square) * (1 + message * n) % square)
                }
                let vector = writer.finish()
                #expect(vector.naturals == expected)
                #expect(vector[2..<5].naturals == Array(expected[2..<5]))
            }
        }
    }

    @Test func `refuses numbers that are none, and factors in common, wherever they stand`() throws {
        let (p, q): (Natural, Natural) = (.powerOfTwo(127) - 1, .powerOfTwo(89) - 1)
        let n = p * q
        let (ring, square) = (try DualModulus(n), p * q * p * q)
        for bad in [Natural.zero, square, square + 1, .powerOfTwo(8 * ring.squareByteCount) - 1] {
            #expect(throws: BigIntegerError.residueOutOfRange) { try DualVector(bad, modulus: ring) }
        }
        for bad in [p, q, n, p * p, q * q, n * (n - 1), p * 12345] {
            #expect(throws: BigIntegerError.residueNotAUnit) { try DualVector(bad, modulus: ring) }
            for place in 0..<5 {
                var bytes: [UInt8] = []
                for index in 0..<5 {
                    bytes += try #require(
                        (index == place ? bad : Natural(UInt64(7 + index))).bigEndian(count: ring.squareByteCount))
                }
                #expect(throws: BigIntegerError.residueNotAUnit) {
                    try DualVector(bigEndian: bytes, count: 5, modulus: ring)
                }
            }
        }
        let fine = try DualVector(
            bigEndian: [UInt8](repeating: 0, count: ring.squareByteCount - 1) + [1], count: 1, modulus: ring)
        #expect(fine.naturals == [1])
        #expect(throws: BigIntegerError.wrongLength(expected: 2 * ring.squareByteCount, actual: 3)) {
            try DualVector(bigEndian: [1, 2, 3], count: 2, modulus: ring)
        }
        for n: Natural in [0, 1, 2, 1000] {
            #expect(throws: BigIntegerError.unsuitableModulus) { try DualModulus(n) }
        }
    }

    @Test func `joins vectors that are behind by different powers`() throws {
        let ring = try DualModulus(.powerOfTwo(521) - 1)
        let fresh = DualVector(onesOf: ring, count: 2)
        var summed = try DualVector(12345, modulus: ring)
        summed.multiply(by: try DualVector(3, modulus: ring))
        let joined = DualVector(joining: [fresh, summed], modulus: ring)
        #expect(joined.count == 3 && joined.naturals == [1, 1, 37035])
    }
}
