// SPDX-License-Identifier: Apache-2.0

import DifferentialPrivacy
@_spi(Simulation) import SecureRandomness
import Testing

@Suite("Natural numbers and exact decisions")
struct NaturalTests {
    @Test func `arithmetic agrees with machine integers of 128 bits`() {
        var generator = SeededGenerator(key: [UInt8](repeating: 2, count: 32))
        for _ in 0..<300 {
            let a = UInt128(generator.next()) >> UInt128(generator.next() % 64)
            let b = UInt128(generator.next()) >> UInt128(generator.next() % 64) + 1
            let shift = Int(generator.next() % 64)
            #expect(Natural(a) * Natural(b) == Natural(a * b))
            #expect(Natural(a) + Natural(b) == Natural(a + b))
            #expect(Natural(max(a, b)) - Natural(min(a, b)) == Natural(max(a, b) - min(a, b)))
            #expect(Natural(a) << shift == Natural(a << UInt128(shift)))
            #expect(Natural(a * b) >> shift == Natural((a * b) >> UInt128(shift)))
            #expect((Natural(a) < Natural(b)) == (a < b))
            let product = a * (b + 12345) + b
            let (quotient, remainder) = Natural(product).quotientAndRemainder(dividingBy: Natural(b + 12345))
            #expect(quotient == Natural(product / (b + 12345)) && remainder == Natural(product % (b + 12345)))
            #expect(Natural(a).bitWidth == 128 - a.leadingZeroBitCount)
        }
    }

    @Test func `division undoes multiplication of large numbers, and both roundings bracket it`() {
        let one = Natural(1 as UInt64)
        let a = (one << 700) - Natural(12345 as UInt64)
        let b = (one << 333) + Natural(678 as UInt64)
        let (quotient, remainder) = (a * b + Natural(99 as UInt64)).quotientAndRemainder(dividingBy: b)
        #expect(quotient == a && remainder == Natural(99 as UInt64))
        #expect((a * b).quotientRoundedUp(dividingBy: b) == a)
        #expect((a * b + one).quotientRoundedUp(dividingBy: b) == a + one)
        #expect(((a << 65) + one).shiftedRightRoundingUp(by: 65) == a + one)
        #expect((a << 65).shiftedRightRoundingUp(by: 65) == a)
    }

    @Test(arguments: [
        // exp(−γ)·2^100, by Python's decimal at 90 digits.
        (1 as UInt64, 1 as UInt64, "466342594412604466517458581545"), (1, 3, "908311345931183799741471574469"),
        (45, 1, "36286733967"), (0, 5, "1267650600228229401496703205376"),
        (7, 2, "38279731220624031599132755981"),
    ])
    func `exp(−γ) is between the bounds, which are close`(_ numerator: UInt64, _ denominator: UInt64, _ floor: String)
        throws
    {
        let bounds = ExactDecision.exponential(
            of: (Natural(numerator), Natural(denominator)), precision: 160)
        let expected = Natural(try #require(UInt128(floor)))
        #expect(bounds.precision >= 160)
        #expect(bounds.lower <= bounds.upper)
        // floor ≤ exp(−γ)·2^100 < floor + 1
        #expect(bounds.lower >> (bounds.precision - 100) <= expected)
        #expect(bounds.upper >= expected << (bounds.precision - 100))
        #expect((bounds.upper - bounds.lower).bitWidth <= 40)
    }
}
