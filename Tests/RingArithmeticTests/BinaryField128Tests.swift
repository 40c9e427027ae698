// SPDX-License-Identifier: Apache-2.0

import FedsumTestVectors
import RingArithmetic
@_spi(Simulation) import SecureRandomness
import Testing

@Suite struct BinaryField128Tests {
    /// Multiplication as the definition says: for each bit of b, the highest first, double and maybe add; reduce when
    /// X^128 appears.
    static func product(_ a: UInt128, _ b: UInt128) -> UInt128 {
        var result: UInt128 = 0
        for bit in (0..<UInt128(128)).reversed() {
            let carry = result >> 127 == 1
            result <<= 1
            if carry { result ^= 0b1000_0111 }
            if b >> bit & 1 == 1 { result ^= a }
        }
        return result
    }

    static let special: [UInt128] =
        [
            0, 1, 2, 3, 0x87, .max, .max >> 1, .max << 64, .max >> 64, 0x5555_5555_5555_5555_5555_5555_5555_5555,
            1 << 127,
        ]
        + (0..<16).map { (1 as UInt128) << UInt128(8 * $0 + 7) } + [(1 << 63) | (1 << 64), 0x1111 << 112]

    static func random(_ count: Int, seed: UInt8) -> [UInt128] {
        var generator = SeededGenerator(key: [UInt8](repeating: seed, count: 32))
        return (0..<count).map { _ in UInt128(generator.next()) << 64 | UInt128(generator.next()) }
    }

    @Test func `multiplies as the definition says`() {
        for a in Self.special {
            for b in Self.special + Self.random(4, seed: 1) {
                #expect(BinaryField128(a) * BinaryField128(b) == BinaryField128(Self.product(a, b)), "\(a) · \(b)")
            }
        }
        for (a, b) in zip(Self.random(500, seed: 2), Self.random(500, seed: 3)) {
            #expect(BinaryField128(a) * BinaryField128(b) == BinaryField128(Self.product(a, b)), "\(a) · \(b)")
        }
    }

    /// Reduction is linear, so the products of powers of X prove it for all operands as far as the multiplication is
    /// bilinear.
    @Test func `multiplies all powers of X`() {
        for i in 0..<128 {
            for j in 0..<128 {
                let (a, b) = ((1 as UInt128) << UInt128(i), (1 as UInt128) << UInt128(j))
                // X^(i + j) mod the polynomial, by X^128 = X^7 + X^2 + X + 1, twice for the topmost.
                var expected: UInt128 = 0
                for exponent in i + j < 128 ? [i + j] : [0, 1, 2, 7].map({ i + j - 128 + $0 }) {
                    if exponent < 128 {
                        expected ^= 1 << UInt128(exponent)
                    } else {
                        expected ^= 0x87 << UInt128(exponent - 128)
                    }
                }
                if BinaryField128(a) * BinaryField128(b) != BinaryField128(expected) { Issue.record("X^\(i) · X^\(j)") }
            }
        }
    }

    @Test func `multiplies by public factors as by any other element`() {
        let factors: [UInt64] =
            [0, 3, 5, 122, 0x1_ffff, 1 << 57 - 1, 1 << 57 + 1, .max] + (0..<64).map { 1 << $0 }
        for factor in factors {
            for a in Self.special + Self.random(20, seed: 6) + (0..<128).map({ (1 as UInt128) << UInt128($0) }) {
                let expected = BinaryField128(Self.product(a, UInt128(factor)))
                if BinaryField128(a).multiplied(byPublic: factor) != expected { Issue.record("\(a) · \(factor)") }
            }
        }
    }

    @Test func `is a field`() {
        let values = (Self.special + Self.random(20, seed: 4)).map { BinaryField128($0) }
        let (zero, one) = (BinaryField128.zero, BinaryField128.one)
        for (index, a) in values.enumerated() {
            let b = values[(7 * index + 3) % values.count]
            let c = values[(11 * index + 5) % values.count]
            #expect(a + b == b + a && a * b == b * a)
            #expect((a + b) + c == a + (b + c))
            #expect((a * b) * c == a * (b * c))
            #expect(a * (b + c) == a * b + a * c)
            #expect(a + zero == a && a * one == a && a * zero == zero)
            #expect(a + a == zero)
            #expect((a + b) * (a + b) == a * a + b * b)
            if a != zero { #expect(a * a.inverse == one && a.inverse.inverse == a) }
            var sum = a
            sum += b
            #expect(sum == a + b)
        }
    }

    @Test func `zero has zero for an inverse, and one itself`() {
        #expect(BinaryField128.zero.inverse == .zero)
        #expect(BinaryField128.one.inverse == .one)
    }

    /// a^(2^128) = a holds for every element, and says that the polynomial has no factor that the others would miss.
    @Test func `squaring 128 times is the identity, and fewer times is not`() {
        for value in Self.random(5, seed: 5) {
            let element = BinaryField128(value)
            var power = element
            for squarings in 1...128 {
                power = power * power
                if [1, 2, 4, 8, 16, 32, 64].contains(squarings) { #expect(power != element) }
            }
            #expect(power == element)
        }
    }

    @Test func `reads and writes 16 bytes, most significant first, and no others`() {
        let text = bytes("ff 000102030405060708090a0b0c0d0e0f ff")
        let element = BinaryField128(bigEndian: text.span, at: 1)
        #expect(element == BinaryField128(high: 0x0001_0203_0405_0607, low: 0x0809_0a0b_0c0d_0e0f))
        var target = [UInt8](repeating: 0xff, count: 18)
        var span = target.mutableSpan
        element.store(bigEndianTo: &span, at: 1)
        #expect(target == text)
        #expect(BinaryField128.byteCount == 16)
        #expect(BinaryField128(5 as UInt64) == BinaryField128(high: 0, low: 5))
    }
}

extension BinaryField128 {
    fileprivate init(_ integer: UInt128) {
        self.init(high: UInt64(integer >> 64), low: UInt64(truncatingIfNeeded: integer))
    }
}
