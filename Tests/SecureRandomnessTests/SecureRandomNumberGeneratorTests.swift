// SPDX-License-Identifier: Apache-2.0

import SecureRandomness
import Testing

@Suite struct SecureRandomNumberGeneratorTests {
    /// A byte stays zero in eight draws with probability 2^-64, so the longest case errs with 2^-44.
    @Test(arguments: [0, 1, 255, 256, 257, 511, 512, 513, 1 << 20])
    func `the system's generator fills every byte of every length`(count: Int) throws {
        var generator = SystemRandomness()
        var seen = [UInt8](repeating: 0, count: count)
        var common = [UInt8](repeating: 255, count: count)
        for _ in 0..<8 {
            let drawn = try generator.bytes(count)
            try #require(drawn.count == count)
            for index in seen.indices {
                seen[index] |= drawn[index]
                common[index] &= drawn[index]
            }
        }
        #expect(!seen.contains(0))
        #expect(!common.contains(255))
    }

    @Test func `the system's generator writes inside its span only`() throws {
        var generator = SystemRandomness()
        var buffer = [UInt8](repeating: 0, count: 1024)
        var seen = buffer
        for _ in 0..<8 {
            try fill(&generator, 300..<700, of: &buffer)
            for index in buffer.indices { seen[index] |= buffer[index] }
        }
        #expect(seen[..<300].allSatisfy { $0 == 0 } && seen[700...].allSatisfy { $0 == 0 })
        #expect(!seen[300..<700].contains(0))
    }

    @Test func `two draws of the system's generator differ`() throws {
        var (a, b) = (SystemRandomness(), SystemRandomness())
        let draws = try [a.bytes(32), a.bytes(32), b.bytes(32), a.secretBytes(32).exposed, b.secretBytes(32).exposed]
        #expect(Set(draws).count == draws.count)
    }

    /// Each bit of 2^17 bytes: 6 standard deviations, so it errs with probability below 2e-9 for each of the eight.
    @Test func `every bit of the system's generator is one half of the time`() throws {
        var generator = SystemRandomness()
        let count = 1 << 17
        let drawn = try generator.bytes(count)
        for bit in 0..<UInt8(8) {
            let ones = drawn.count { $0 >> bit & 1 == 1 }
            #expect(abs(Double(ones) - Double(count) / 2) < 6 * Double(count).squareRoot() / 2)
        }
    }

    @Test func `a failure is handed on and never replaced by bytes`() throws {
        var generator = FailingGenerator(remaining: 40)
        #expect(try generator.bytes(40) == [UInt8](repeating: 0xA5, count: 40))
        #expect(throws: FailingGenerator.failure) { try generator.bytes(1) }
        #expect(throws: FailingGenerator.failure) { try generator.secretBytes(1) }
        #expect(try generator.bytes(0) == [])
        #expect(try generator.secretBytes(0).count == 0)
    }
}
