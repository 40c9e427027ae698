// SPDX-License-Identifier: Apache-2.0

import RingArithmetic
import Testing

@Suite struct PrimeFieldTests {
    @Test func `the largest fields multiply as integers mod p do`() throws {
        for bits in 3...61 {
            let field = try PrimeField(bits: bits)
            let p = UInt128(field.modulus)
            #expect(p < 1 << UInt128(bits))
            for (a, b) in [(p - 1, p - 1), (p - 1, 2), (p / 2, p / 2 + 1)] {
                #expect(UInt128(field.multiply(UInt64(a), UInt64(b))) == a * b % p)
            }
        }
    }
}
