// SPDX-License-Identifier: Apache-2.0

import FedsumTestVectors
import ProtocolCryptography
import RingArithmetic
@_spi(Simulation) import SecureRandomness
import Testing

@Suite struct MaskGeneratorTests {
    // MARK: Published vectors

    static let aesKey = bytes("2b7e151628aed2a6abf7158809cf4f3c")

    /// SP 800-38A F.5.1 (AES-128, counter mode): ciphertext exclusive-or plaintext. The last byte of the counter wraps
    /// at once.
    @Test func `the keystream is the published one`() throws {
        let plaintext = bytes(
            """
            6bc1bee22e409f96e93d7e117393172a ae2d8a571e03ac9c9eb76fac45af8e51
            30c81c46a35ce411e5fbc1191a0a52ef f69f2445df4f9b17ad2b417be66c3710
            """
        )
        let ciphertext = bytes(
            """
            874d6191b620e3261bef6864990db6ce 9806f66b7970fdff8617187bb9fffdff
            5ae4df3edbd5d35e5b4f09020db03eab 1e031dda2fbe03d1792170a0f3009cee
            """
        )
        let keystream = zip(plaintext, ciphertext).map { $0 ^ $1 }
        let key = Self.aesKey + bytes("f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff")
        #expect(try mask(key, UInt32.self, bits: 32, count: 16) == words(keystream))
        #expect(try mask(key, UInt64.self, bits: 64, count: 8) == words(keystream))
        #expect(try mask(key, UInt64.self, bits: 64, count: 7) == words(keystream).dropLast())
        for changed in [0, 15, 16, 31] {
            var other = key
            other[changed] ^= 1
            #expect(try mask(other, UInt32.self, bits: 32, count: 16) != words(keystream))
        }
    }

    /// The AES-128 encryptions of 2^128 − 1, 0 and 1 under the same key, block by block, by OpenSSL 3.0.
    @Test func `the counter goes on at zero after 2^128 - 1`() throws {
        let keystream = bytes(
            "8af2860142f786f409307c1a3f7eaaac 7df76b0c1ab899b33e42f047b91b546f 57127d4034b1bebfaef466b9c7726fc6"
        )
        let key = Self.aesKey + [UInt8](repeating: 0xff, count: 16)
        #expect(try mask(key, UInt32.self, bits: 32, count: 12) == words(keystream))
        #expect(try mask(key, UInt64.self, bits: 64, count: 6) == words(keystream))
    }

    // MARK: Model

    @Test func `gives the model's masks`() throws {
        struct Case: Decodable {
            let id, key, sha256: String
            let bits, count, wordSize: Int
            let first: [String]
            let last: String?
        }
        let cases = try modelCases("mask_stream_v1", as: Case.self)
        #expect(cases.contains { $0.count * $0.wordSize > 2 * 16 * 1024 })
        for vector in cases {
            let width = try RingWidth(bits: vector.bits)
            #expect(MaskGenerator.wordByteCount(for: width) == vector.wordSize)
            let found = try mask(bytes(vector.key), UInt64.self, bits: vector.bits, count: vector.count)
            #expect(found.prefix(vector.first.count).map { String($0) } == vector.first, "\(vector.id)")
            #expect(found.last.map { String($0) } == vector.last, "\(vector.id)")
            let littleEndian = found.flatMap { word in
                (0..<vector.wordSize).map { UInt8(truncatingIfNeeded: word >> UInt64(8 * $0)) }
            }
            #expect(HashDigest(of: littleEndian).description == vector.sha256, "\(vector.id)")
            if vector.bits <= 32 {
                #expect(
                    try mask(bytes(vector.key), UInt32.self, bits: vector.bits, count: vector.count).map { UInt64($0) }
                        == found
                )
            }
        }
    }

    // MARK: Blocks

    /// The keystream is made 96 KiB at a time. Block n of it must be the first block of the counter plus n, and a
    /// shorter mask the beginning of a longer one, on both sides of every border.
    @Test func `borders between blocks do not show, in words of 4 bytes`() throws {
        try checkBorders(UInt32.self, bits: 32)
    }

    @Test func `borders between blocks do not show, in words of 8 bytes`() throws {
        try checkBorders(UInt64.self, bits: 64)
    }

    private func checkBorders<Word: MaskableElement & RingWord>(_: Word.Type, bits: Int) throws {
        // The counter carries out of its last 8 bytes in the second block of 96 KiB.
        let start = (UInt128(7) << 64 | UInt128(UInt64.max)) - 8000
        func key(_ counter: UInt128) -> [UInt8] { Self.aesKey + bigEndianBytes(counter) }
        let perBlock = 96 * 1024 / (bits / 8)
        let perCounter = 16 / (bits / 8)
        let long = try mask(key(start), Word.self, bits: bits, count: 3 * perBlock + 5)
        for border in [perBlock, 2 * perBlock, 3 * perBlock] {
            for count in border - 5...border + 5 {
                #expect(try mask(key(start), Word.self, bits: bits, count: count) == Array(long.prefix(count)))
            }
        }
        for number in [0, 1, 6142, 6143, 6144, 6145, 7999, 8000, 8001, 12287, 12288, 18431] {
            let expected = try mask(key(start + UInt128(number)), Word.self, bits: bits, count: perCounter)
            #expect(Array(long[number * perCounter..<(number + 1) * perCounter]) == expected, "\(number)")
        }
        #expect(Set(long.map { UInt64($0) }).count > long.count - 10)
    }

    @Test func `nothing is masked by nothing`() throws {
        #expect(try mask([UInt8](0..<32), UInt32.self, bits: 8, count: 0) == [])
        #expect(try mask([UInt8](0..<32), UInt64.self, bits: 64, count: 0) == [])
    }

    // MARK: Arithmetic

    @Test func `adding and then subtracting gives the vector back, for every width`() throws {
        var draw = SeededGenerator(key: [UInt8](repeating: 5, count: 32))
        for bits in 1...64 {
            let width = try RingWidth(bits: bits)
            let generator = try MaskGenerator(key: draw.secretBytes(32))
            if bits <= 32 {
                let vector = (0..<50).map { _ in UInt32(truncatingIfNeeded: draw.next()) }
                var masked = vector
                try UInt32.add(generator, to: &masked, width: width)
                #expect(masked != vector)
                try UInt32.subtract(generator, from: &masked, width: width)
                #expect(masked == vector)
            }
            let vector = (0..<50).map { _ in draw.next() as UInt64 }
            var masked = vector
            try UInt64.subtract(generator, from: &masked, width: width)
            #expect(masked != vector)
            try UInt64.add(generator, to: &masked, width: width)
            #expect(masked == vector)
        }
    }

    @Test func `a masked vector is the vector plus the mask mod 2^b`() throws {
        var draw = SeededGenerator(key: [UInt8](repeating: 6, count: 32))
        for bits in [1, 7, 16, 31, 32, 33, 63, 64] {
            let width = try RingWidth(bits: bits)
            let modulus = UInt128(1) << UInt128(bits)
            let key = try draw.bytes(32)
            let vector = [0, width.mask] + (0..<30).map { _ in draw.next() & width.mask }
            let stream = try mask(key, UInt64.self, bits: bits, count: vector.count)
            #expect(stream.allSatisfy { UInt128($0) < modulus })
            var (sum, difference) = (vector, vector)
            let generator = try MaskGenerator(key: SecretBytes(copying: key))
            try UInt64.add(generator, to: &sum, width: width)
            try UInt64.subtract(generator, from: &difference, width: width)
            for index in vector.indices {
                #expect(UInt128(sum[index]) % modulus == (UInt128(vector[index]) + UInt128(stream[index])) % modulus)
                #expect(
                    UInt128(difference[index]) % modulus
                        == (UInt128(vector[index]) + modulus - UInt128(stream[index])) % modulus
                )
            }
        }
    }

    @Test func `masks of rings up to 32 bits are the same for both words`() throws {
        let key = [UInt8](repeating: 9, count: 32)
        for bits in 1...32 {
            let narrow = try mask(key, UInt32.self, bits: bits, count: 101)
            #expect(try mask(key, UInt64.self, bits: bits, count: 101) == narrow.map { UInt64($0) })
            #expect(try MaskGenerator.wordByteCount(for: RingWidth(bits: bits)) == 4)
        }
        // Above, a word takes 8 bytes: the lower half of the first one is the first narrow one.
        let narrow = try mask(key, UInt32.self, bits: 32, count: 4)
        for bits in 33...64 {
            let wide = try mask(key, UInt64.self, bits: bits, count: 2)
            #expect(wide.map { UInt32(truncatingIfNeeded: $0) } == [narrow[0], narrow[2]])
            #expect(try MaskGenerator.wordByteCount(for: RingWidth(bits: bits)) == 8)
        }
    }

    @Test func `keys have 32 bytes`() {
        for count in [0, 16, 31, 33, 64] {
            #expect(throws: CryptographyError.wrongLength(expected: 32, actual: count)) {
                try MaskGenerator(key: SecretBytes(copying: [UInt8](repeating: 1, count: count)))
            }
        }
        #expect(MaskGenerator.keyByteCount == 32)
    }

    /// The mask: what is added to zeros, reduced.
    private func mask<Word: MaskableElement & RingWord>(
        _ key: [UInt8],
        _: Word.Type,
        bits: Int,
        count: Int
    ) throws -> [Word] {
        let width = try RingWidth(bits: bits)
        var vector = [Word](repeating: 0, count: count)
        try Word.add(MaskGenerator(key: SecretBytes(copying: key)), to: &vector, width: width)
        Word.reduce(&vector, to: width)
        return vector
    }

    /// Little-endian words of a byte string.
    private func words<Word: FixedWidthInteger>(_ bytes: [UInt8]) -> [Word] {
        let size = Word.bitWidth / 8
        return stride(from: 0, to: bytes.count, by: size).map { offset in
            (0..<size).reduce(0) { $0 | Word(bytes[offset + $1]) << Word(8 * $1) }
        }
    }
}
