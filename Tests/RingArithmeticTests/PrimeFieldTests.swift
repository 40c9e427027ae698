// SPDX-License-Identifier: Apache-2.0

import RingArithmetic
@_spi(Simulation) import SecureRandomness
import Testing

@Suite struct PrimeFieldTests {
    // MARK: The primes

    @Test(arguments: 3...61)
    func `the modulus is the largest prime below 2^k`(bits: Int) throws {
        let field = try PrimeField(bits: bits)
        #expect(field.bits == bits)
        #expect(field.elementWidth.bits == bits)
        #expect(field.description == "Z/\(field.modulus)")
        #expect(field.modulus < 1 << UInt64(bits))
        #expect(isPrime(field.modulus))
        for larger in field.modulus + 1..<1 << UInt64(bits) { #expect(!isPrime(larger)) }
        #expect(field.wordByteCount == (bits <= 32 ? 4 : 8))
    }

    /// The oracle of the test above, against trial division and against numbers that fool the first 1, 4, 9 and 11
    /// bases of the twelve (OEIS A014233).
    @Test func `the primality test knows primes from others`() {
        for n in UInt64(0)...3000 {
            #expect(isPrime(n) == (n >= 2 && !(2..<max(2, n)).contains { n % $0 == 0 }))
        }
        for n in [2047, 3_215_031_751, 3_825_123_056_546_413_051] as [UInt64] { #expect(!isPrime(n)) }
        #expect(isPrime(1 << 61 - 1) && isPrime(18_446_744_073_709_551_557))
        #expect(!isPrime(1 << 59 - 1) && !isPrime(4_294_967_291 * 4_294_967_279))
    }

    @Test func `refuses other widths`() {
        for bits in [2, 1, 0, -1, 62, 64, Int.min, Int.max] {
            #expect(throws: RingError.fieldBitsOutOfRange(bits)) { try PrimeField(bits: bits) }
        }
    }

    // MARK: Arithmetic

    @Test(arguments: 3...8)
    func `every sum, difference, product and inverse is that of integers mod p`(bits: Int) throws {
        let field = try PrimeField(bits: bits)
        let p = field.modulus
        for a in 0..<p {
            #expect(field.contains(a))
            #expect(field.negate(a) == (p - a) % p)
            #expect(a * field.inverse(of: a) % p == (a == 0 ? 0 : 1))
            for b in 0..<p {
                #expect(field.add(a, b) == (a + b) % p)
                #expect(field.subtract(a, b) == (a + p - b) % p)
                #expect(field.multiply(a, b) == a * b % p)
            }
        }
        #expect(!field.contains(p) && !field.contains(.max))
    }

    @Test(arguments: 3...8)
    func `the laws of a field hold for all triples`(bits: Int) throws {
        let field = try PrimeField(bits: bits)
        var failures = 0
        for a in 0..<field.modulus {
            if field.add(a, 0) != a || field.multiply(a, 1) != a || field.add(a, field.negate(a)) != 0 { failures += 1 }
            for b in 0..<field.modulus {
                let (sum, product) = (field.add(a, b), field.multiply(a, b))
                if sum != field.add(b, a) || product != field.multiply(b, a) { failures += 1 }
                if field.add(field.subtract(a, b), b) != a { failures += 1 }
                if (product == 0) != (a == 0 || b == 0) { failures += 1 }
                for c in 0..<field.modulus {
                    if field.add(sum, c) != field.add(a, field.add(b, c)) { failures += 1 }
                    if field.multiply(product, c) != field.multiply(a, field.multiply(b, c)) { failures += 1 }
                    if field.multiply(sum, c) != field.add(field.multiply(a, c), field.multiply(b, c)) { failures += 1 }
                }
            }
        }
        #expect(failures == 0)
    }

    @Test(arguments: 3...61)
    func `arithmetic is that of wider integers at the edges and at random`(bits: Int) throws {
        let field = try PrimeField(bits: bits)
        let p = UInt128(field.modulus)
        for a in elements(of: field, atRandom: 100) {
            #expect(UInt128(field.negate(a)) == (p - UInt128(a)) % p)
            #expect(UInt128(a) * UInt128(field.inverse(of: a)) % p == (a == 0 ? 0 : 1))
            for b in elements(of: field, atRandom: 100) {
                #expect(UInt128(field.add(a, b)) == (UInt128(a) + UInt128(b)) % p)
                #expect(UInt128(field.subtract(a, b)) == (UInt128(a) + p - UInt128(b)) % p)
                #expect(UInt128(field.multiply(a, b)) == UInt128(a) * UInt128(b) % p)
            }
        }
        for edge in [field.modulus - 1, field.modulus, field.modulus + 1, .max] {
            #expect(field.contains(edge) == (edge < field.modulus))
        }
    }

    @Test func `what is no element gives no trap`() throws {
        for bits in [3, 32, 60, 61] {
            let field = try PrimeField(bits: bits)
            for (a, b) in [(UInt64.max, UInt64.max), (.max, 0), (0, .max), (field.modulus, 1 << 63)] {
                _ = field.add(a, b) ^ field.subtract(a, b) ^ field.multiply(a, b) ^ field.negate(a)
                _ = field.inverse(of: a)
            }
        }
    }

    // MARK: The least field

    @Test(arguments: 3...61)
    func `the least field for a sum ends where the sum reaches p`(bits: Int) throws {
        let p = Int(try PrimeField(bits: bits).modulus)
        let bit = try RingWidth(bits: 1)
        #expect(try PrimeField(holding: p - 1, of: bit).bits == bits)
        // A sum that can be p needs the next field.
        if bits < 61 {
            #expect(try PrimeField(holding: p, of: bit).bits == bits + 1)
        } else {
            #expect(throws: RingError.fieldTooSmall(terms: p, bits: 1)) { try PrimeField(holding: p, of: bit) }
        }
    }

    @Test func `the least field is the first that is large enough, for every width of a ring`() throws {
        let fields = try (3...61).map { try PrimeField(bits: $0) }
        var refused = 0
        for bits in 1...64 {
            let width = try RingWidth(bits: bits)
            for terms in [1, 2, 3, 4, 5, 7, 8, 100, 1000, 1 << 16, 1 << 20, 1 << 40, 1 << 61, Int.max] {
                let largest = UInt128(terms) * ((1 << UInt128(bits)) - 1)
                if let least = fields.first(where: { UInt128($0.modulus) > largest }) {
                    #expect(try PrimeField(holding: terms, of: width) == least)
                } else {
                    refused += 1
                    #expect(throws: RingError.fieldTooSmall(terms: terms, bits: bits)) {
                        try PrimeField(holding: terms, of: width)
                    }
                }
            }
            for terms in [0, -1, Int.min] {
                #expect(throws: RingError.capacityNotPositive) { try PrimeField(holding: terms, of: width) }
            }
        }
        #expect(refused > 100)
    }

    @Test func `fields differ by their width`() throws {
        #expect(try PrimeField(bits: 31) == PrimeField(bits: 31))
        #expect(try Set((3...61).map { try PrimeField(bits: $0) }).count == 59)
    }
}

/// 0, 1, 2 and what is near p/2, 2^(k − 1) and p, then random elements.
func elements(of field: PrimeField, atRandom count: Int) -> [UInt64] {
    var draw = SeededGenerator(key: [UInt8](repeating: UInt8(field.bits), count: 32))
    let p = field.modulus
    let half = 1 << UInt64(field.bits - 1)
    let edges = [0, 1, 2, p / 2, p / 2 + 1, UInt64(half - 1), UInt64(half), p - 2, p - 1]
    return edges + (0..<count).map { _ in draw.next() % p }
}

/// Miller and Rabin's test with the first twelve primes as bases, which decides for every n < 2^64 (and beyond).
private func isPrime(_ n: UInt64) -> Bool {
    let bases: [UInt64] = [2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37]
    guard n >= 2 else { return false }
    for base in bases where n % base == 0 { return n == base }
    func product(_ a: UInt64, _ b: UInt64) -> UInt64 { UInt64(UInt128(a) * UInt128(b) % UInt128(n)) }
    let twos = (n - 1).trailingZeroBitCount
    let odd = (n - 1) >> UInt64(twos)
    for base in bases {
        var (power, square, exponent): (UInt64, UInt64, UInt64) = (1, base, odd)
        while exponent > 0 {
            if exponent & 1 == 1 { power = product(power, square) }
            square = product(square, square)
            exponent >>= 1
        }
        if power == 1 || power == n - 1 { continue }
        var isWitness = true
        for _ in 1..<max(1, twos) {
            power = product(power, power)
            if power == n - 1 { isWitness = false }
        }
        if isWitness { return false }
    }
    return true
}
