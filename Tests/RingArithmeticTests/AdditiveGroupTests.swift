// SPDX-License-Identifier: Apache-2.0

import RingArithmetic
@_spi(Simulation) import SecureRandomness
import Testing

@Suite struct AdditiveGroupTests {
    @Test func `adds and subtracts 32-bit words mod 2^b for every b`() throws {
        try check(UInt32.self)
    }

    @Test func `adds and subtracts 64-bit words mod 2^b for every b`() throws {
        try check(UInt64.self)
    }

    /// Against arithmetic in integers that do not wrap.
    func check<Word: RingWord>(_: Word.Type) throws {
        var generator = SeededGenerator(key: [UInt8](repeating: 1, count: 32))
        for bits in 1...Word.bitWidth {
            let width = try RingWidth(bits: bits)
            let modulus = Int128(1) << Int128(bits)
            let special: [Word] = [0, 1, Word.max, Word.max >> 1, Word(truncatingIfNeeded: width.mask)]
            let a = special + special + (0..<20).map { _ in Word(truncatingIfNeeded: generator.next()) }
            let b = special + special.reversed() + (0..<20).map { _ in Word(truncatingIfNeeded: generator.next()) }
            var (sum, difference) = (a, a)
            Word.add(b, to: &sum)
            Word.subtract(b, from: &difference)
            Word.reduce(&sum, to: width)
            Word.reduce(&difference, to: width)
            for index in a.indices {
                #expect(Int128(sum[index]) == (Int128(a[index]) + Int128(b[index])) % modulus)
                let exact = (Int128(a[index]) - Int128(b[index])) % modulus
                #expect(Int128(difference[index]) == (exact + modulus) % modulus)
            }
            Word.add(b, to: &difference)
            Word.reduce(&difference, to: width)
            var reduced = a
            Word.reduce(&reduced, to: width)
            #expect(difference == reduced)
        }
    }

    @Test func `words hold rings of their own width, and zero is neutral`() {
        #expect(UInt32.capacityInBits == 32)
        #expect(UInt64.capacityInBits == 64)
        #expect(UInt32.zero == 0)
        var nothing: [UInt64] = []
        UInt64.add([], to: &nothing)
        #expect(nothing == [])
    }

    @Test func `reducing to a ring as wide as the word or wider changes nothing`() throws {
        var words: [UInt32] = [0, 1, .max]
        for bits in [32, 33, 64] { UInt32.reduce(&words, to: try RingWidth(bits: bits)) }
        #expect(words == [0, 1, .max])
    }
}
