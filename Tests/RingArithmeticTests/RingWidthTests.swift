// SPDX-License-Identifier: Apache-2.0

import RingArithmetic
import Testing

@Suite struct RingWidthTests {
    @Test func `takes 1 to 64 bits and nothing else`() throws {
        for bits in 1...64 { #expect(try RingWidth(bits: bits).bits == bits) }
        for bits in [Int.min, -1, 0, 65, 128, Int.max] {
            #expect(throws: RingError.bitWidthOutOfRange(bits)) { try RingWidth(bits: bits) }
        }
    }

    @Test func `its mask has as many ones as it has bits`() throws {
        var expected: UInt64 = 0
        for bits in 1...64 {
            expected = expected << 1 | 1
            #expect(try RingWidth(bits: bits).mask == expected)
        }
    }

    @Test func `counts packed bytes by rounding up`() throws {
        for bits in 1...64 {
            let width = try RingWidth(bits: bits)
            for count in 0...130 {
                var size = 0
                while 8 * size < bits * count { size += 1 }
                #expect(width.packedByteCount(of: count) == size)
            }
        }
    }

    @Test func `a packed length that does not fit in Int is nil`() throws {
        let (one, eight, widest) = try (RingWidth(bits: 1), RingWidth(bits: 8), RingWidth(bits: 64))
        #expect(one.packedByteCount(of: .max - 7) == (Int.max - 7 + 7) / 8)
        #expect(one.packedByteCount(of: .max) == nil)
        #expect(eight.packedByteCount(of: .max) == nil)
        #expect(eight.packedByteCount(of: .max / 8) == .max / 8)
        #expect(widest.packedByteCount(of: .max / 64) == .max / 64 * 8)
        #expect(widest.packedByteCount(of: .max / 64 + 1) == nil)
        #expect(widest.packedByteCount(of: -1) == nil)
        #expect(widest.packedByteCount(of: .min) == nil)
    }

    @Test func `says which ring it is`() throws {
        #expect(try "\(RingWidth(bits: 23))" == "Z/2^23")
    }
}
