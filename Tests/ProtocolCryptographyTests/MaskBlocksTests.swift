// SPDX-License-Identifier: Apache-2.0

import Crypto
import CryptoExtras
import ProtocolCryptography
import RingArithmetic
@_spi(Simulation) import SecureRandomness
import Testing

/// Many masks over a vector, in blocks and on threads.
@Suite struct MaskBlocksTests {
    // MARK: Against AES, one block of the cipher at a time

    @Test(arguments: [32, 64, 208])
    func `a vector gets the words of every mask, whatever the blocks and threads are`(blockByteCount: Int) throws {
        let keys = keys(count: 5)
        let signs = [true, false, false, true, true]
        for count in counts(perBlock: blockByteCount / 4) {
            let start = values(count).map { UInt32(truncatingIfNeeded: $0) }
            let expected = try reference(start.map { UInt64($0) }, keys, signs, wordSize: 4)
                .map { UInt32(truncatingIfNeeded: $0) }
            for threads in 1...3 {
                #expect(try masked(start, keys, signs, bits: 32, threads, blockByteCount) == expected)
            }
        }
        for (bits, wordSize) in [(20, 4), (64, 8)] {
            for count in counts(perBlock: blockByteCount / wordSize) {
                let start = values(count)
                let expected = try reference(start, keys, signs, wordSize: wordSize)
                for threads in 1...3 {
                    #expect(try masked(start, keys, signs, bits: bits, threads, blockByteCount) == expected)
                }
            }
        }
    }

    @Test func `the counter carries at 2^32, 2^64 and 2^128, wherever blocks and parts begin`() throws {
        for bits in [32, 64, 128] {
            let border = bits == 128 ? 0 : UInt128(1) << UInt128(bits)
            for before in [UInt128(0), 1, 2, 3, 4, 7, 8] {
                let key = [UInt8](repeating: 0x2B, count: 16) + bigEndianBytes(border &- before)
                let start = values(50)
                let expected = try reference(start, [key], [true], wordSize: 8)
                for threads in 1...3 {
                    for blockByteCount in [16, 32, 64, 1024] {
                        #expect(try masked(start, [key], [true], bits: 64, threads, blockByteCount) == expected)
                    }
                }
                // A counter of 8 bytes would have been noticed.
                guard bits == 64, before > 0 else { continue }
                let wrapped = try reference(start, [key], [true], wordSize: 8) { $0 & UInt128(UInt64.max) }
                #expect(wrapped != expected)
            }
        }
    }

    // MARK: Against masks one by one

    /// Of the usual size, in which no test can count blocks of the cipher for long.
    @Test func `blocks, threads and masks one by one give the same`() throws {
        try check(UInt32.self, bits: 32, perBlock: 96 * 1024 / 4)
        try check(UInt64.self, bits: 30, perBlock: 96 * 1024 / 4)
        try check(UInt64.self, bits: 61, perBlock: 96 * 1024 / 8)
    }

    private func check<Word: MaskableElement & RingWord>(_: Word.Type, bits: Int, perBlock: Int) throws {
        let width = try RingWidth(bits: bits)
        let masks = try keys(count: 23).enumerated().map { number, key in
            SignedMask(generator: try MaskGenerator(key: SecretBytes(copying: key)), isAdded: number % 3 != 0)
        }
        for count in counts(perBlock: perBlock) {
            let start = values(count).map { Word(truncatingIfNeeded: $0) }
            var expected = start
            for mask in masks {
                if mask.isAdded {
                    try Word.add(mask.generator, to: &expected, width: width)
                } else {
                    try Word.subtract(mask.generator, from: &expected, width: width)
                }
            }
            for threads in [1, 2, 3, 64] {
                var vector = start
                try Word.apply(masks, to: &vector, width: width, threads: threads)
                #expect(vector == expected, "\(count) elements, \(threads) threads")
                try Word.apply(masks.map(\.opposite), to: &vector, width: width)
                #expect(vector == start)
            }
            guard count > 0 else { continue }
            // A mask that is left out, or has the other sign, is noticed.
            var without = start
            try Word.apply(Array(masks.dropLast()), to: &without, width: width, threads: 2)
            #expect(without != expected)
            try Word.apply([masks[masks.count - 1].opposite], to: &without, width: width, threads: 2)
            #expect(without != expected)
        }
    }

    @Test func `no masks change nothing`() throws {
        var vector: [UInt32] = [1, 2, 3]
        try UInt32.apply([], to: &vector, width: RingWidth(bits: 32), threads: 2)
        #expect(vector == [1, 2, 3])
    }

    // MARK: Inputs and oracle

    private func counts(perBlock: Int) -> [Int] { [0, 1, perBlock - 1, perBlock, perBlock + 1, 3 * perBlock + 7] }

    private func keys(count: Int) -> [[UInt8]] {
        (0..<count).map { number in (0..<32).map { UInt8(truncatingIfNeeded: 7 * $0 + 31 * number) } }
    }

    private func values(_ count: Int) -> [UInt64] {
        var draw = SeededGenerator(key: [UInt8](repeating: 3, count: 32))
        return (0..<count).map { _ in draw.next() }
    }

    private func masked<Word: MaskableElement & RingWord>(
        _ start: [Word], _ keys: [[UInt8]], _ signs: [Bool], bits: Int, _ threads: Int, _ blockByteCount: Int
    ) throws -> [Word] {
        let width = try RingWidth(bits: bits)
        let masks = try zip(keys, signs).map { key, isAdded in
            SignedMask(generator: try MaskGenerator(key: SecretBytes(copying: key)), isAdded: isAdded)
        }
        if Word.self == UInt32.self {
            var vector = start.map { UInt32(truncatingIfNeeded: $0) }
            try UInt32.apply(masks, to: &vector, width: width, threads: threads, blockByteCount: blockByteCount)
            return vector.map { Word(truncatingIfNeeded: $0) }
        }
        var vector = start.map { UInt64(truncatingIfNeeded: $0) }
        try UInt64.apply(masks, to: &vector, width: width, threads: threads, blockByteCount: blockByteCount)
        return vector.map { Word(truncatingIfNeeded: $0) }
    }

    /// Each counter block through the block cipher alone, each word for itself.
    private func reference(
        _ start: [UInt64], _ keys: [[UInt8]], _ signs: [Bool], wordSize: Int,
        counting change: (UInt128) -> UInt128 = { $0 }
    ) throws -> [UInt64] {
        var vector = start
        for (key, isAdded) in zip(keys, signs) {
            let aesKey = SymmetricKey(data: key.prefix(16))
            let first = key.suffix(16).reduce(UInt128(0)) { $0 << 8 | UInt128($1) }
            for index in vector.indices {
                var block = bigEndianBytes(change(first &+ UInt128(index * wordSize / 16)))
                try AES.permute(&block, key: aesKey)
                let offset = index * wordSize % 16
                let word = (0..<wordSize).reduce(UInt64(0)) { $0 | UInt64(block[offset + $1]) << UInt64(8 * $1) }
                vector[index] = isAdded ? vector[index] &+ word : vector[index] &- word
            }
        }
        return vector
    }
}
