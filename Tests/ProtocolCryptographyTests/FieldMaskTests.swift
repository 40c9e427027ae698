// SPDX-License-Identifier: Apache-2.0

import Crypto
import CryptoExtras
import ProtocolCryptography
import RingArithmetic
@_spi(Simulation) import SecureRandomness
import Testing

@Suite struct FieldMaskTests {
    // MARK: Against AES, block by block

    @Test(arguments: [3, 4, 5, 6, 7, 8, 13, 16, 31, 32, 33, 47, 60, 61])
    func `a mask is the words below p of the keystream`(bits: Int) throws {
        let field = try PrimeField(bits: bits)
        let key = [UInt8](0..<32).map { $0 &* 7 &+ UInt8(bits) }
        for count in [0, 1, 2, 3, 4, 5, 8, 9, 63, 200] {
            let expected = try referenceMask(key, field, count: count).elements
            #expect(try mask(key, UInt64.self, field, count: count) == expected)
            guard bits <= 32 else { continue }
            #expect(try mask(key, UInt32.self, field, count: count).map { UInt64($0) } == expected)
        }
    }

    /// Of the words of 4 bits three in sixteen are skipped: the keystream goes on well beyond the words of the first
    /// 64 KiB, and beyond the blocks that were asked for at first.
    @Test(arguments: [3, 4, 8, 31, 32, 33, 61])
    func `a mask goes on over blocks of keystream until it is whole`(bits: Int) throws {
        let field = try PrimeField(bits: bits)
        let key = [UInt8](repeating: 0x3C, count: 31) + [UInt8(bits)]
        let perBlock = 64 * 1024 / field.wordByteCount
        let reference = try referenceMask(key, field, count: 2 * perBlock + 700)
        if bits == 4 { #expect(reference.wordCount > 2 * perBlock * 6 / 5) }
        for count in [perBlock - 1, perBlock, perBlock + 1, 2 * perBlock, 2 * perBlock + 700] {
            #expect(try mask(key, UInt64.self, field, count: count) == Array(reference.elements.prefix(count)))
        }
    }

    @Test func `the counter goes on at zero after 2^128 - 1`() throws {
        let key = [UInt8](repeating: 9, count: 16) + [UInt8](repeating: 0xFF, count: 16)
        for bits in [3, 8, 32, 61] {
            let field = try PrimeField(bits: bits)
            #expect(try mask(key, UInt64.self, field, count: 30) == referenceMask(key, field, count: 30).elements)
        }
    }

    // MARK: Arithmetic

    @Test(arguments: 3...61)
    func `adds and subtracts the mask mod p, and gives elements`(bits: Int) throws {
        let field = try PrimeField(bits: bits)
        var draw = SeededGenerator(key: [UInt8](repeating: UInt8(bits), count: 32))
        let key = try draw.bytes(32)
        let generator = try MaskGenerator(key: SecretBytes(copying: key))
        let vector = [0, 1, field.modulus - 1] + (0..<40).map { _ in draw.next() % field.modulus }
        let stream = try referenceMask(key, field, count: vector.count).elements
        let sum = zip(vector, stream).map { UInt64((UInt128($0) + UInt128($1)) % UInt128(field.modulus)) }
        let difference = zip(vector, stream).map { ($0 + field.modulus - $1) % field.modulus }
        var wide = vector
        try UInt64.add(generator, to: &wide, in: field)
        #expect(wide == sum)
        try UInt64.subtract(generator, from: &wide, in: field)
        #expect(wide == vector)
        try UInt64.subtract(generator, from: &wide, in: field)
        #expect(wide == difference)
        guard bits <= 32 else { return }
        var narrow = vector.map { UInt32($0) }
        try UInt32.add(generator, to: &narrow, in: field)
        #expect(narrow.map { UInt64($0) } == sum)
        try UInt32.subtract(generator, from: &narrow, in: field)
        #expect(narrow.map { UInt64($0) } == vector)
        try UInt32.subtract(generator, from: &narrow, in: field)
        #expect(narrow.map { UInt64($0) } == difference)
    }

    // MARK: Distribution

    /// Pearson's test over all values of the small fields, and over eight intervals of the large ones. Had the key been
    /// drawn at random, a right generator would exceed a bound with probability 10^-9: the quantiles of chi-square with
    /// 6, 12, 7 and 250 degrees of freedom.
    @Test(arguments: [(3, 7, 53.35), (4, 13, 67.35), (8, 251, 408.22), (32, 8, 55.88), (61, 8, 55.88)])
    func `elements are uniform`(bits: Int, bins: Int, bound: Double) throws {
        let field = try PrimeField(bits: bits)
        let key = [UInt8](repeating: 0x5A, count: 32)
        let elements = try mask(key, UInt64.self, field, count: 1000 * bins)
        #expect(chiSquare(elements, bins: bins, field) < bound)
        // What a reduction of all words would give: small elements twice as often.
        guard bits == 4 else { return }
        let width = try RingWidth(bits: bits)
        var words = [UInt64](repeating: 0, count: 1000 * bins)
        try UInt64.add(MaskGenerator(key: SecretBytes(copying: key)), to: &words, width: width)
        UInt64.reduce(&words, to: width)
        #expect(chiSquare(words.map { $0 % field.modulus }, bins: bins, field) > 10 * bound)
    }

    private func chiSquare(_ elements: [UInt64], bins: Int, _ field: PrimeField) -> Double {
        var counts = [Int](repeating: 0, count: bins)
        for element in elements { counts[Int(UInt128(element) * UInt128(bins) / UInt128(field.modulus))] += 1 }
        let expected = Double(elements.count) / Double(bins)
        return counts.reduce(0) { $0 + (Double($1) - expected) * (Double($1) - expected) / expected }
    }

    // MARK: Oracle

    /// The mask: what is added to zeros.
    private func mask<Word: MaskableElement & RingWord>(
        _ key: [UInt8], _: Word.Type, _ field: PrimeField, count: Int
    ) throws -> [Word] {
        var vector = [Word](repeating: 0, count: count)
        try Word.add(MaskGenerator(key: SecretBytes(copying: key)), to: &vector, in: field)
        return vector
    }

    /// Each counter block through the block cipher alone, each word and each element for itself.
    private func referenceMask(
        _ key: [UInt8], _ field: PrimeField, count: Int
    ) throws -> (elements: [UInt64], wordCount: Int) {
        let aesKey = SymmetricKey(data: key.prefix(16))
        var counter = key.suffix(16).reduce(UInt128(0)) { $0 << 8 | UInt128($1) }
        let wordSize = field.bits <= 32 ? 4 : 8
        var elements: [UInt64] = []
        var wordCount = 0
        while elements.count < count {
            var block = bigEndianBytes(counter)
            try AES.permute(&block, key: aesKey)
            counter &+= 1
            for offset in stride(from: 0, to: 16, by: wordSize) {
                let word = block[offset..<offset + wordSize].reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
                let candidate = word % (1 << UInt64(field.bits))
                wordCount += 1
                if candidate < field.modulus, elements.count < count { elements.append(candidate) }
            }
        }
        return (elements, wordCount)
    }
}
