// SPDX-License-Identifier: Apache-2.0

import RingArithmetic
import SecretSharing
@_spi(Simulation) import SecureRandomness
import Testing

@Suite struct AdditiveSharingTests {
    @Test(arguments: [1, 2, 3, 7])
    func `shares of every width sum to the secret`(shareCount: Int) throws {
        for bits in 1...64 {
            if bits <= 32 { try check(UInt32.self, shareCount, bits) }
            try check(UInt64.self, shareCount, bits)
        }
    }

    /// All but the last share are the words that were drawn, mod 2^b, and the last one is what is missing.
    private func check<Word: RingWord>(_: Word.Type, _ shareCount: Int, _ bits: Int) throws {
        let modulus = UInt128(1) << UInt128(bits)
        var generator = SeededGenerator(key: [UInt8](repeating: UInt8(bits), count: 32))
        let secret = [0, .max, 1] + (0..<4).map { _ in Word(truncatingIfNeeded: generator.next()) }
        var script = generator
        let sharing = try AdditiveSharing(shareCount: shareCount, width: .init(bits: bits))
        let shares = try sharing.split(secret, using: &generator)
        #expect(shares.count == shareCount)
        var missing = secret.map { UInt128($0) % modulus }
        for share in shares.dropLast() {
            let drawn = try secret.map { _ in
                try script.bytes(Word.bitWidth / 8).reversed().reduce(UInt128(0)) { $0 << 8 | UInt128($1) } % modulus
            }
            #expect(share.map { UInt128($0) } == drawn)
            for index in missing.indices { missing[index] = (missing[index] + modulus - drawn[index]) % modulus }
        }
        #expect(shares.last!.map { UInt128($0) } == missing)
        #expect(try sharing.combine(shares).map { UInt128($0) } == secret.map { UInt128($0) % modulus })
        #expect(try sharing.combine(shares.reversed()) == sharing.combine(shares))
        // Nothing else was drawn.
        #expect(try generator.bytes(8) == script.bytes(8))
    }

    /// Every draw for one element of Z/4 shared among three: any two holders see each pair of values once, whatever the
    /// secret is.
    @Test func `any n - 1 shares are uniform, by enumeration`() throws {
        let sharing = try AdditiveSharing(shareCount: 3, width: .init(bits: 2))
        for secret in 0..<UInt32(4) {
            for hidden in 0..<3 {
                var seen: [[UInt32]: Int] = [:]
                for first in 0..<UInt8(4) {
                    for second in 0..<UInt8(4) {
                        var generator = ScriptedGenerator(bytes: [first, 0, 0, 0, second, 0, 0, 0])
                        var shares = try sharing.split([secret], using: &generator).map { $0[0] }
                        #expect(shares.reduce(0, +) % 4 == secret)
                        shares.remove(at: hidden)
                        seen[shares, default: 0] += 1
                    }
                }
                #expect(seen.count == 16 && seen.values.allSatisfy { $0 == 1 })
            }
        }
    }

    @Test func `shares nothing into nothing`() throws {
        var generator = SystemRandomness()
        let sharing = try AdditiveSharing(shareCount: 3, width: .init(bits: 8))
        let shares = try sharing.split([] as [UInt32], using: &generator)
        #expect(shares == [[], [], []])
        #expect(try sharing.combine(shares) == [])
    }

    @Test func `refuses too few holders, another number of shares and shares of different lengths`() throws {
        let width = try RingWidth(bits: 8)
        for count in [0, -1, Int.min] {
            #expect(throws: SharingError.shareCountOutOfRange(count)) {
                try AdditiveSharing(shareCount: count, width: width)
            }
        }
        let sharing = try AdditiveSharing(shareCount: 3, width: width)
        for count in [0, 1, 2, 4] {
            #expect(throws: SharingError.tooFewShares(have: count, need: 3)) {
                try sharing.combine([[UInt32]](repeating: [1, 2], count: count))
            }
        }
        #expect(throws: SharingError.lengthMismatch(expected: 2, actual: 1)) {
            try sharing.combine([[1, 2], [3, 4], [5]] as [[UInt64]])
        }
        #expect(throws: SharingError.lengthMismatch(expected: 0, actual: 1)) {
            try sharing.combine([[], [], [5]] as [[UInt64]])
        }
    }

    @Test func `a failing generator fails the sharing`() throws {
        let sharing = try AdditiveSharing(shareCount: 3, width: .init(bits: 8))
        for remaining in [0, 7, 8, 15] {
            var generator = FailingGenerator(remaining: remaining)
            #expect(throws: SharingError.randomness(FailingGenerator.failure)) {
                try sharing.split([1, 2] as [UInt32], using: &generator)
            }
        }
        var generator = FailingGenerator(remaining: 16)
        #expect(try sharing.split([1, 2] as [UInt32], using: &generator).count == 3)
    }
}
