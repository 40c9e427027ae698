// SPDX-License-Identifier: Apache-2.0

import RingArithmetic
import SecretSharing
@_spi(Simulation) import SecureRandomness
import Testing

@Suite struct PrimeFieldSharingTests {
    // MARK: By enumeration

    /// Over Z/7, for every secret and every polynomial: any t shares give the secret, and any t − 1 take each of their
    /// 7^(t − 1) values for exactly one polynomial, whatever the secret is. That is secrecy, exactly.
    @Test(arguments: [[1, 2, 3, 4], [6, 3, 5, 1], [9, 1, 13, 697]] as [[UInt64]])
    func `t shares give the secret, and t - 1 are uniform whatever it is`(indices: [UInt64]) throws {
        let field = try PrimeField(bits: 3)
        #expect(field.modulus == 7)
        for threshold in 1...4 {
            let sharing = try PrimeFieldSharing(threshold: threshold, of: indices.count, in: field)
            let polynomials = tuples(of: 7, count: threshold - 1)
            for secret in 0..<UInt32(7) {
                var seen: [[Int]: [[UInt32]: Int]] = [:]
                for polynomial in polynomials {
                    var generator = ScriptedGenerator(bytes: polynomial.flatMap { [UInt8($0), 0, 0, 0] })
                    let shares = try sharing.split([secret], for: indices, using: &generator)
                    #expect(generator.bytes.isEmpty)
                    for (share, index) in zip(shares, indices) {
                        #expect(share.index == index)
                        let expected = value(of: [UInt64(secret)] + polynomial, at: index, field)
                        #expect(share.elements == [UInt32(expected)])
                    }
                    for some in subsets(of: Array(shares.indices), count: threshold) {
                        #expect(try sharing.combine(some.map { shares[$0] }) == [secret])
                        #expect(try sharing.combine(some.reversed().map { shares[$0] }) == [secret])
                    }
                    #expect(try sharing.combine(shares) == [secret])
                    for some in subsets(of: Array(shares.indices), count: threshold - 1) {
                        seen[some, default: [:]][some.map { shares[$0].elements[0] }, default: 0] += 1
                    }
                }
                for views in seen.values {
                    #expect(views.count == polynomials.count && views.values.allSatisfy { $0 == 1 })
                }
                #expect(!seen.isEmpty)
            }
        }
    }

    /// Every set of four values at four indices of Z/7, two more than a threshold of 2 needs: exactly those on a line are
    /// taken, and else the first is named that is not on the line of the first two.
    @Test func `takes further shares exactly if they are on the polynomial`() throws {
        let field = try PrimeField(bits: 3)
        let sharing = try PrimeFieldSharing(threshold: 2, of: 4, in: field)
        let indices: [UInt64] = [2, 5, 1, 6]
        var taken = 0
        for values in tuples(of: 7, count: 4) {
            // Through the first two: slope (y₂ − y₁)/(5 − 2), and 1/3 = 5 mod 7.
            let slope = (values[1] + 7 - values[0]) * 5 % 7
            let line = indices.map { (values[0] + slope * ($0 + 7 - 2)) % 7 }
            let shares = zip(indices, values).map { PrimeFieldShare(index: $0, elements: [UInt64($1)]) }
            let found = Result { () throws(SharingError) in try sharing.combine(shares) }
            if let wrong = indices.indices.first(where: { line[$0] != values[$0] }) {
                #expect(found == .failure(.inconsistentShares(index: indices[wrong])))
            } else {
                taken += 1
                #expect(found == .success([(values[0] + slope * 5) % 7]))
            }
        }
        #expect(taken == 49)
    }

    // MARK: Vectors

    @Test(arguments: [3, 8, 17, 31, 32, 33, 60, 61])
    func `vectors of every field come back from any t shares`(bits: Int) throws {
        let field = try PrimeField(bits: bits)
        if bits <= 32 { try check(UInt32.self, field) }
        try check(UInt64.self, field)
    }

    private func check<Word: PrimeFieldElement & RingWord>(_: Word.Type, _ field: PrimeField) throws {
        var generator = SeededGenerator(key: [UInt8](repeating: UInt8(field.bits), count: 32))
        let edges = [0, 1, field.modulus - 1]
        let secret = (edges + (0..<20).map { _ in generator.next() % field.modulus }).map { Word($0) }
        let indices = [1, 5, field.modulus - 1, field.modulus + 2, 3]
        for threshold in 1...5 {
            let sharing = try PrimeFieldSharing(threshold: threshold, of: 5, in: field)
            var script = generator
            let shares = try sharing.split(secret, for: indices, using: &generator)
            // What was drawn, word by word: the coefficients of x for all elements, then those of x².
            let coefficients = try (1..<threshold).map { _ in
                try secret.map { _ in try draw(from: &script, field) }
            }
            #expect(try generator.bytes(8) == script.bytes(8))
            for (share, index) in zip(shares, indices) {
                #expect(share.index == index)
                let expected = secret.indices.map { position in
                    value(of: [UInt64(secret[position])] + coefficients.map { $0[position] }, at: index, field)
                }
                #expect(share.elements.map { UInt64($0) } == expected)
            }
            for count in threshold...5 {
                for some in subsets(of: shares, count: count) { #expect(try sharing.combine(some) == secret) }
            }
            for count in 0..<threshold {
                #expect(throws: SharingError.tooFewShares(have: count, need: threshold)) {
                    try sharing.combine(Array(shares.prefix(count)))
                }
            }
        }
    }

    /// One draw after the other, as the specification of `split` says.
    private func draw(from generator: inout SeededGenerator, _ field: PrimeField) throws -> UInt64 {
        while true {
            let bytes = try generator.bytes(field.bits <= 32 ? 4 : 8)
            let word = bytes.reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
            let candidate = word % (1 << UInt64(field.bits))
            if candidate < field.modulus { return candidate }
        }
    }

    @Test func `draws again for a word that is no element`() throws {
        let field = try PrimeField(bits: 3)
        let sharing = try PrimeFieldSharing(threshold: 2, of: 2, in: field)
        // Of 3 bits the low ones count: 7 and 15 are skipped, 12 is 4.
        let words: [UInt8] = [7, 1, 15, 12, 7, 6, 99]
        var generator = ScriptedGenerator(bytes: words.flatMap { [$0, 0xFF, 0xFF, 0xFF] })
        let shares = try sharing.split([0, 0, 0] as [UInt64], for: [1, 2], using: &generator)
        #expect(shares.map(\.elements) == [[1, 4, 6], [2, 1, 5]])
        #expect(generator.bytes == [99, 0xFF, 0xFF, 0xFF])
    }

    @Test func `the sum of shares is a share of the sum`() throws {
        let field = try PrimeField(bits: 61)
        var generator = SeededGenerator(key: [UInt8](repeating: 3, count: 32))
        let sharing = try PrimeFieldSharing(threshold: 3, of: 5, in: field)
        var sums = (1...5).map { PrimeFieldShare(index: $0, elements: [UInt64](repeating: 0, count: 4)) }
        var expected = [UInt128](repeating: 0, count: 4)
        for _ in 0..<9 {
            let secret = (0..<4).map { _ in generator.next() % field.modulus }
            for position in secret.indices { expected[position] += UInt128(secret[position]) }
            let shares = try sharing.split(secret, for: sums.map(\.index), using: &generator)
            sums = zip(sums, shares).map { sum, share in
                var elements = sum.elements
                UInt64.add(share.elements, to: &elements, in: field)
                return PrimeFieldShare(index: sum.index, elements: elements)
            }
        }
        #expect(try sharing.combine(sums) == expected.map { UInt64($0 % UInt128(field.modulus)) })
    }

    @Test func `shares nothing into nothing`() throws {
        var generator = FailingGenerator(remaining: 0)
        let sharing = try PrimeFieldSharing(threshold: 2, of: 3, in: PrimeField(bits: 31))
        let shares = try sharing.split([] as [UInt32], for: [1, 2, 3], using: &generator)
        #expect(shares.map(\.elements) == [[], [], []])
        #expect(try sharing.combine(shares) == [])
    }

    // MARK: Refusals

    @Test func `takes thresholds from 1 to the number of shares, and no more shares than indices`() throws {
        let field = try PrimeField(bits: 3)
        for (threshold, count) in [(0, 1), (-1, 3), (4, 3), (1, 0), (0, 0), (Int.max, 3), (Int.min, -1)] {
            #expect(throws: SharingError.thresholdOutOfRange(threshold: threshold, shares: count)) {
                try PrimeFieldSharing(threshold: threshold, of: count, in: field)
            }
        }
        for count in [7, 8, Int.max] {
            #expect(throws: SharingError.shareCountOutOfRange(count)) {
                try PrimeFieldSharing(threshold: 2, of: count, in: field)
            }
        }
        let sharing = try PrimeFieldSharing(threshold: 2, of: 6, in: field)
        #expect(sharing.threshold == 2 && sharing.shareCount == 6 && sharing.field == field)
    }

    @Test(arguments: [3, 31, 61])
    func `refuses indices that are 0 or equal mod p`(bits: Int) throws {
        let field = try PrimeField(bits: bits)
        let p = field.modulus
        let sharing = try PrimeFieldSharing(threshold: 2, of: 3, in: field)
        for (indices, error) in [
            ([1, 2], SharingError.lengthMismatch(expected: 3, actual: 2)),
            ([1, 2, 3, 4], .lengthMismatch(expected: 3, actual: 4)),
            ([1, 0, 2], .zeroIndex), ([1, 2, p], .zeroIndex), ([3 * p, 2, 1], .zeroIndex),
            ([1, 2, 1], .duplicateIndex(1)), ([1, 2, p + 2], .duplicateIndex(p + 2)),
            ([p + 3, 2 * p + 3, 1], .duplicateIndex(2 * p + 3)),
        ] as [([UInt64], SharingError)] {
            #expect(throws: error) {
                var generator = SystemRandomness()
                return try sharing.split([1 as UInt64], for: indices, using: &generator)
            }
            guard indices.count == 3 else { continue }
            #expect(throws: error) {
                try sharing.combine(indices.map { PrimeFieldShare(index: $0, elements: [1 as UInt64]) })
            }
        }
    }

    @Test(arguments: [3, 31, 32, 61])
    func `refuses words that are not below p, and says where`(bits: Int) throws {
        let field = try PrimeField(bits: bits)
        let sharing = try PrimeFieldSharing(threshold: 2, of: 3, in: field)
        for wrong in [field.modulus, field.modulus + 1, 1 << 61, .max] {
            #expect(throws: SharingError.elementOutOfRange(index: 0, position: 2)) {
                var generator = SystemRandomness()
                return try sharing.split([0, field.modulus - 1, wrong, wrong], for: [1, 2, 3], using: &generator)
            }
            // One of those that fix the polynomial, and one beyond them.
            for victim in [1, 2] {
                var shares = [4, 5, 6].map { PrimeFieldShare(index: $0, elements: [UInt64](repeating: 1, count: 3)) }
                #expect(try sharing.combine(shares) == [1, 1, 1])
                shares[victim] = PrimeFieldShare(index: shares[victim].index, elements: [1, wrong, 1])
                #expect(throws: SharingError.elementOutOfRange(index: shares[victim].index, position: 1)) {
                    try sharing.combine(shares)
                }
            }
        }
    }

    @Test func `refuses shares of different lengths`() throws {
        let sharing = try PrimeFieldSharing(threshold: 2, of: 3, in: PrimeField(bits: 31))
        func share(_ index: UInt64, _ count: Int) -> PrimeFieldShare<UInt32> {
            PrimeFieldShare(index: index, elements: [UInt32](repeating: 1, count: count))
        }
        #expect(throws: SharingError.lengthMismatch(expected: 2, actual: 3)) {
            try sharing.combine([share(1, 2), share(2, 3)])
        }
        #expect(throws: SharingError.lengthMismatch(expected: 2, actual: 0)) {
            try sharing.combine([share(1, 2), share(2, 2), share(3, 0)])
        }
    }

    @Test func `notices a changed element in any share beyond the threshold, or in any of the first`() throws {
        let field = try PrimeField(bits: 61)
        let sharing = try PrimeFieldSharing(threshold: 3, of: 5, in: field)
        var generator = SeededGenerator(key: [UInt8](repeating: 79, count: 32))
        let secret = [5, 6, 7, field.modulus - 1]
        let shares = try sharing.split(secret, for: [1, 2, 3, 4, 5], using: &generator)
        for victim in shares.indices {
            for position in secret.indices {
                var changed = shares[victim].elements
                changed[position] = field.add(changed[position], 1)
                var all = shares
                all[victim] = PrimeFieldShare(index: shares[victim].index, elements: changed)
                // The first share that is not on the polynomial of the first three.
                #expect(throws: SharingError.inconsistentShares(index: victim == 4 ? 5 : 4)) {
                    try sharing.combine(all)
                }
            }
        }
    }

    @Test func `a failing generator fails the sharing`() throws {
        // The bytes 0xA5 are an element of 31 bits; 2 coefficients for each of 3 elements are 24 bytes.
        let sharing = try PrimeFieldSharing(threshold: 3, of: 4, in: PrimeField(bits: 31))
        for remaining in [0, 11, 12, 23] {
            var generator = FailingGenerator(remaining: remaining)
            #expect(throws: SharingError.randomness(FailingGenerator.failure)) {
                try sharing.split([1, 2, 3] as [UInt32], for: [1, 2, 3, 4], using: &generator)
            }
        }
        var generator = FailingGenerator(remaining: 24)
        #expect(try sharing.split([1, 2, 3] as [UInt32], for: [1, 2, 3, 4], using: &generator).count == 4)
    }
}

/// All tuples of `count` numbers below `base`.
private func tuples(of base: UInt64, count: Int) -> [[UInt64]] {
    (0..<count).reduce([[]]) { tuples, _ in tuples.flatMap { tuple in (0..<base).map { tuple + [$0] } } }
}

private func subsets<Value>(of values: [Value], count: Int) -> [[Value]] {
    guard count > 0 else { return [[]] }
    guard values.count >= count else { return [] }
    let rest = Array(values.dropFirst())
    return subsets(of: rest, count: count - 1).map { [values[0]] + $0 } + subsets(of: rest, count: count)
}
