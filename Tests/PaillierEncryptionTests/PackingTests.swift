// SPDX-License-Identifier: Apache-2.0

import BigIntegers
import PaillierEncryption
@_spi(Simulation) import SecureRandomness
import Testing

struct PackingTests {
    private let size = TestKeys.size

    private func signed(_ bits: Int, _ weight: UInt32) throws -> SlotLayout {
        try SlotLayout(valueBits: bits, isSigned: true, maximumWeight: weight)
    }

    @Test func `a slot is the narrowest that no sum overflows`() throws {
        for bits in 1...24 {
            for weight: UInt32 in [1, 2, 3, 4, 5, 7, 8, 9, 100, 255, 256, 257, 1000, 65536, 65537] {
                let layout = try SlotLayout(valueBits: bits, isSigned: false, maximumWeight: weight)
                let largest = UInt64(weight) * (1 << UInt64(bits) - 1)
                #expect(largest < 1 << UInt64(layout.slotBits) && largest >= 1 << UInt64(layout.slotBits - 1))
            }
        }
        #expect(try SlotLayout(valueBits: 64, isSigned: true, maximumWeight: 1).slotBits == 64)
        #expect(throws: PaillierError.slotTooWide(bits: 65)) {
            try SlotLayout(valueBits: 64, isSigned: true, maximumWeight: 2)
        }
        #expect(throws: PaillierError.slotTooWide(bits: 65)) {
            try SlotLayout(valueBits: 33, isSigned: false, maximumWeight: 1 << 31 + 1)
        }
        for (bits, weight): (Int, UInt32) in [(0, 1), (65, 1), (8, 0), (-1, 1)] {
            #expect(throws: PaillierError.layoutOutOfRange) {
                try SlotLayout(valueBits: bits, isSigned: false, maximumWeight: weight)
            }
        }
    }

    @Test func `a value of 32 bits takes at most 8 point 3 bytes, and one of 24 at most 6 point 7`() throws {
        for size: PaillierKeySize in [.bits2048, .bits3072, .bits4096] {
            // 25 bits and 128 clients, 32 bits and 2, 16 bits and 256, 16 bits and 1,024.
            #expect(try signed(25, 128).slotBits == 32 && signed(25, 128).bytesPerValue(in: size) <= 8.13)
            #expect(try signed(32, 2).slotBits == 33 && signed(32, 2).bytesPerValue(in: size) <= 8.3)
            #expect(try signed(16, 256).slotBits == 24 && signed(16, 256).bytesPerValue(in: size) <= 6.1)
            #expect(try signed(16, 1024).slotBits == 26 && signed(16, 1024).bytesPerValue(in: size) <= 6.7)
            // What is sent is that and the header.
            let bytes = PackedVector.serializedByteCount(of: 100_000, layout: try signed(25, 128), size: size)
            #expect(Double(bytes) / 100_000 <= 8.3)
        }
        #expect(try signed(32, 1).slots(in: .bits2048) == 63 && signed(32, 2).slots(in: .bits2048) == 62)
    }

    @Test(arguments: [(1, 1), (8, 3), (16, 256), (17, 5), (31, 2), (63, 1), (64, 1), (33, 1 << 20)])
    func `sums are exact up to the last addition, and refused after it`(bits: Int, weight: UInt32) throws {
        var generator = TestKeys.generator(30)
        let layout = try signed(bits, weight)
        let (least, most) = (Int64.min >> Int64(64 - bits), Int64.max >> Int64(64 - bits))
        let count = layout.slots(in: size) + 3
        var accumulator = PackedAccumulator(key: TestKeys.one.publicKey, layout: layout, count: count)
        let additions = min(weight, 5)
        var expected = [Int64](repeating: 0, count: count)
        for addition in 0..<additions {
            let values = (0..<count).map { index in
                index % 3 == 0 ? least : index % 3 == 1 ? most : Int64(bitPattern: generator.next()) >> Int64(64 - bits)
            }
            let vector = try TestKeys.fast.encryptSigned(values, layout: layout, using: &generator)
            #expect(try TestKeys.one.decryptSigned(vector) == values)
            expected = zip(expected, values).map { $0 &+ $1 }
            if addition % 2 == 0 {
                try accumulator.fold(vector)
            } else {
                try accumulator.fold(serialized: vector.serialized)
            }
        }
        let sum = try accumulator.sum(rerandomizedBy: TestKeys.fast, using: &generator)
        #expect(sum.weight == additions && sum.count == count)
        #expect(try TestKeys.one.decryptSigned(sum) == expected)
        // As many more as there is room for, and one.
        guard weight <= 256 else { return }
        let one = try TestKeys.fast.encryptSigned(
            [Int64](repeating: least, count: count), layout: layout, using: &generator)
        for _ in additions..<weight { try accumulator.fold(one) }
        let full = try accumulator.sum(rerandomizedBy: TestKeys.fast, using: &generator)
        #expect(try TestKeys.one.decryptSigned(full) == expected.map { $0 + Int64(weight - additions) * least })
        #expect(throws: PaillierError.noHeadRoom(weight: UInt64(weight) + 1, maximum: weight)) {
            try accumulator.fold(one)
        }
        #expect(accumulator.weight == weight)
    }

    @Test func `weighted sums are exact, and weights use up head-room`() throws {
        var generator = TestKeys.generator(31)
        let layout = try signed(10, 100)
        let (a, b): ([Int64], [Int64]) = ([-512, 511, 0, 7], [511, -512, -1, 100])
        var x = try TestKeys.fast.encryptSigned(a, layout: layout, using: &generator)
        var y = try TestKeys.fast.encryptSigned(b, layout: layout, using: &generator)
        try x.multiply(by: 30)
        try y.multiply(by: 7)
        try y.multiply(by: 10)
        #expect(x.weight == 30 && y.weight == 70)
        #expect(throws: PaillierError.noHeadRoom(weight: 120, maximum: 100)) { try x.multiply(by: 4) }
        #expect(throws: PaillierError.zeroWeight) { try x.multiply(by: 0) }
        try x.add(y)
        #expect(try TestKeys.one.decryptSigned(x) == zip(a, b).map { 30 * $0 + 70 * $1 })
        #expect(throws: PaillierError.noHeadRoom(weight: 101, maximum: 100)) {
            try x.add(TestKeys.fast.encryptSigned(a, layout: layout, using: &generator))
        }
    }

    @Test func `unsigned values are not shifted`() throws {
        var generator = TestKeys.generator(32)
        let layout = try SlotLayout(valueBits: 20, isSigned: false, maximumWeight: 3)
        let values: [UInt64] = [0, 1, 1 << 20 - 1, 77]
        var x = try PaillierEncryptor(textbook: TestKeys.one.publicKey).encryptUnsigned(
            values, layout: layout, using: &generator)
        #expect(try TestKeys.one.decryptUnsigned(x) == values)
        try x.multiply(by: 3)
        #expect(try TestKeys.one.decryptUnsigned(x) == values.map { 3 * $0 })
        #expect(throws: PaillierError.wrongLayout) { try TestKeys.one.decryptSigned(x) }
    }

    @Test func `values that do not fit are refused, with their place`() throws {
        var generator = TestKeys.generator(33)
        let layout = try signed(8, 2)
        for value: Int64 in [128, -129, .max, .min] {
            #expect(throws: PaillierError.valueOutOfRange(index: 1)) {
                try TestKeys.fast.encryptSigned([0, value], layout: layout, using: &generator)
            }
        }
        let unsigned = try SlotLayout(valueBits: 8, isSigned: false, maximumWeight: 2)
        #expect(throws: PaillierError.valueOutOfRange(index: 0)) {
            try TestKeys.fast.encryptUnsigned([256], layout: unsigned, using: &generator)
        }
        #expect(throws: PaillierError.emptyVector) {
            try TestKeys.fast.encryptSigned([], layout: layout, using: &generator)
        }
        #expect(throws: PaillierError.wrongLayout) {
            try TestKeys.fast.encryptUnsigned([1], layout: layout, using: &generator)
        }
        #expect(throws: PaillierError.wrongLayout) {
            try TestKeys.fast.encryptSigned([1], layout: unsigned, using: &generator)
        }
    }

    @Test func `keys, layouts and lengths are not mixed`() throws {
        var generator = TestKeys.generator(34)
        let layout = try signed(8, 5)
        var x = try TestKeys.fast.encryptSigned([1, 2, 3], layout: layout, using: &generator)
        let before = x.serialized
        let foreign = try PaillierEncryptor(holder: TestKeys.other).encryptSigned(
            [1, 2, 3], layout: layout, using: &generator)
        #expect(throws: PaillierError.wrongKey) { try x.add(foreign) }
        #expect(throws: PaillierError.wrongKey) { try TestKeys.fast.rerandomize(foreign, using: &generator) }
        #expect(throws: PaillierError.wrongKey) { try TestKeys.one.decryptSigned(foreign) }
        for other in [try signed(8, 6), try signed(9, 5)] {
            #expect(throws: PaillierError.wrongLayout) {
                try x.add(TestKeys.fast.encryptSigned([1, 2, 3], layout: other, using: &generator))
            }
        }
        #expect(throws: PaillierError.wrongCount) {
            try x.add(TestKeys.fast.encryptSigned([1, 2], layout: layout, using: &generator))
        }
        #expect(x.serialized == before)
        let empty = PackedAccumulator(key: x.key, layout: layout, count: 3)
        #expect(throws: PaillierError.emptyVector) { try empty.sum(rerandomizedBy: TestKeys.fast, using: &generator) }
    }

    @Test func `a sum that leaves the aggregator tells nothing of its parts`() throws {
        var generator = TestKeys.generator(35)
        let layout = try signed(8, 5)
        var accumulator = PackedAccumulator(key: TestKeys.one.publicKey, layout: layout, count: 3)
        let x = try TestKeys.fast.encryptSigned([1, 2, 3], layout: layout, using: &generator)
        try accumulator.fold(x)
        let sums = try (0..<3).map { _ in
            try accumulator.sum(rerandomizedBy: TestKeys.fast, using: &generator).serialized
        }
        #expect(Set(sums + [x.serialized]).count == 4)
        for sum in sums {
            let read = try PackedVector(serialized: sum, under: x.key, layout: layout, count: 3)
            #expect(try TestKeys.one.decryptSigned(read) == [1, 2, 3])
        }
    }

    @Test func `vectors come back from bytes, and from no other bytes`() throws {
        var generator = TestKeys.generator(36)
        let layout = try signed(16, 300)
        let values = (0..<50).map { Int64($0 * 7 - 100) }
        let x = try TestKeys.fast.encryptSigned(values, layout: layout, using: &generator)
        let bytes = x.serialized
        #expect(bytes.count == PackedVector.serializedByteCount(of: 50, layout: layout, size: size))
        func refusal(_ bytes: [UInt8], layout: SlotLayout = layout, count: Int = 50) -> PaillierError? {
            do throws(PaillierError) {
                _ = try PackedVector(serialized: bytes, under: TestKeys.one.publicKey, layout: layout, count: count)
            } catch { return error }
            return nil
        }
        func changed(_ index: Int, _ value: UInt8) -> [UInt8] {
            var copy = bytes
            copy[index] = value
            return copy
        }
        #expect(refusal(bytes) == nil)
        for length in 0..<bytes.count where length % 37 == 0 || length < 60 {
            #expect(refusal(Array(bytes.prefix(length))) == .truncated, "\(length)")
        }
        #expect(refusal(bytes + [0]) == .trailingBytes)
        #expect(refusal(changed(0, 2)) == .wrongVersion(2) && refusal(changed(1, 0x72)) == .unknownType(0x72))
        #expect(refusal(changed(2, bytes[2] ^ 1)) == .wrongKey && refusal(changed(33, bytes[33] ^ 1)) == .wrongKey)
        #expect(refusal(bytes, layout: try signed(16, 301)) == .wrongLayout && refusal(bytes, count: 51) == .wrongCount)
        // The layout, field by field.
        for index in 34..<43 { #expect(refusal(changed(index, bytes[index] ^ 1)) != nil) }
        #expect(refusal(changed(35, 2)) == .inconsistentLayout && refusal(changed(40, 24)) == .inconsistentLayout)
        #expect(refusal(changed(34, 0)) == .inconsistentLayout && refusal(changed(34, 65)) == .inconsistentLayout)
        #expect(refusal(changed(46, 51)) == .wrongCount)
        #expect(refusal(changed(50, 0)) == .weightOutOfRange && refusal(changed(47, 1)) == .weightOutOfRange)
        // A ciphertext of zeros, and one of ones, wherever it stands.
        for index in 0..<layout.ciphertexts(for: 50, in: size) {
            var copy = bytes
            for place in 0..<128 { copy[51 + 128 * index + place] = 0 }
            #expect(refusal(copy) == .ciphertextOutOfRange)
            for place in 0..<128 { copy[51 + 128 * index + place] = 255 }
            #expect(refusal(copy) == .ciphertextOutOfRange)
            copy.replaceSubrange(
                51 + 128 * index..<51 + 128 * (index + 1), with: factors(of: TestKeys.one).0.bigEndian(count: 128) ?? []
            )
            #expect(refusal(copy) == .ciphertextNotAUnit)
        }
    }

    @Test func `slots that no honest sum has are refused when they are decrypted`() throws {
        var generator = TestKeys.generator(37)
        let layout = try signed(8, 3)
        let key = TestKeys.one.publicKey
        // A plaintext by hand, under the header of a vector of weight 1.
        func decrypt(_ plaintext: Natural, count: Int) throws -> [Int64] {
            let honest = try TestKeys.fast.encryptSigned(
                [Int64](repeating: 0, count: count), layout: layout, using: &generator)
            let bytes =
                try honest.serialized.prefix(51)
                + TestKeys.fast.encrypt(plaintext, using: &generator).serialized.dropFirst(34)
            return try TestKeys.one.decryptSigned(
                PackedVector(serialized: Array(bytes), under: key, layout: layout, count: count))
        }
        #expect(layout.slotBits == 10)
        #expect(try decrypt(255 + 0x400 * 128, count: 2) == [127, 0])
        #expect(throws: PaillierError.decryptionFailed) { try decrypt(256 + 0x400 * 128, count: 2) }
        #expect(throws: PaillierError.decryptionFailed) { try decrypt(255 + 0x400 * 128 + 0x100000, count: 2) }
        #expect(throws: PaillierError.decryptionFailed) { try decrypt(.powerOfTwo(510), count: 2) }
        #expect(throws: PaillierError.decryptionFailed) { try decrypt(key.modulus - 1, count: 2) }
    }

    @Test func `parts are the vector`() throws {
        var generator = TestKeys.generator(38)
        let layout = try signed(16, 300)
        let values = (0..<100).map { Int64($0) }
        let x = try TestKeys.fast.encryptSigned(values, layout: layout, using: &generator)
        let parts = (0..<x.ciphertextCount).map { x.part(ciphertexts: $0..<$0 + 1) }
        #expect(try parts.flatMap { try TestKeys.one.decryptSigned($0) } == values)
        #expect(PackedVector(joining: parts).serialized == x.serialized)
    }
}
