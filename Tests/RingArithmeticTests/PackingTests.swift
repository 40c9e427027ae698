// SPDX-License-Identifier: Apache-2.0

import FedsumTestVectors
import RingArithmetic
@_spi(Simulation) import SecureRandomness
import Testing

@Suite struct PackingTests {
    @Test func `packs 32-bit words of every width and count as the bit string says`() throws {
        for bits in 1...32 { try check(UInt32.self, bits: bits) }
    }

    @Test func `packs 64-bit words of every width and count as the bit string says`() throws {
        for bits in 1...64 { try check(UInt64.self, bits: bits) }
    }

    /// Every count from 0 to 130, there and back, and every way to spoil the last byte or the length.
    func check<Word: RingWord>(_: Word.Type, bits: Int) throws {
        var generator = SeededGenerator(key: [UInt8](repeating: UInt8(bits), count: 32))
        let width = try RingWidth(bits: bits)
        let words = (0..<130).map { index -> Word in
            switch index % 7 {
            case 3: .max
            case 5: 0
            default: Word(truncatingIfNeeded: generator.next())
            }
        }
        // The oracle, bit by bit: bit j of the string is bit j mod 8 of byte j / 8.
        var string = [UInt8](repeating: 0, count: (130 * bits + 7) / 8)
        var reduced = [Word](repeating: 0, count: 130)
        for (index, word) in words.enumerated() {
            for position in 0..<bits where word >> Word(position) & 1 == 1 {
                let place = bits * index + position
                string[place / 8] |= 1 << UInt8(place % 8)
                reduced[index] += 1 << Word(position)
            }
        }
        for count in 0...130 {
            let usedBits = bits * count
            var expected = Array(string.prefix((usedBits + 7) / 8))
            if usedBits % 8 != 0 { expected[expected.count - 1] &= (1 << UInt8(usedBits % 8)) - 1 }

            let packed = Word.pack(Array(words.prefix(count)), width: width)
            let unpacked = try Word.unpack(expected.span, count: count, width: width)
            // Compared outside of the macro, which is slow.
            if packed != expected { Issue.record("packing \(count) elements of \(bits) bits") }
            if unpacked != Array(reduced.prefix(count)) { Issue.record("unpacking \(count) elements of \(bits) bits") }

            func expectRefusal(_ error: RingError, of bytes: [UInt8]) {
                if refusal(Word.self, bytes, count, width) != error { Issue.record("\(error) of \(bits)·\(count)") }
            }
            if usedBits % 8 != 0 {
                for bit in usedBits % 8..<8 {
                    expectRefusal(.nonZeroPadding, of: expected.dropLast() + [expected.last! | 1 << UInt8(bit)])
                }
            }
            if !expected.isEmpty {
                expectRefusal(
                    .packedLengthMismatch(expected: expected.count, actual: expected.count - 1),
                    of: expected.dropLast()
                )
                expectRefusal(.packedLengthMismatch(expected: expected.count, actual: 0), of: [])
            }
            expectRefusal(
                .packedLengthMismatch(expected: expected.count, actual: expected.count + 1),
                of: expected + [0]
            )
            expectRefusal(
                .packedLengthMismatch(expected: expected.count, actual: expected.count + 8),
                of: expected + [UInt8](repeating: 0, count: 8)
            )
        }
    }

    @Test func `refuses elements that have more bits than the word`() throws {
        for bits in 33...64 {
            let width = try RingWidth(bits: bits)
            let packed = UInt64.pack([1, 2, 3], width: width)
            #expect(refusal(UInt32.self, packed, 3, width) == .elementTooNarrow(needed: bits, available: 32))
            #expect(refusal(UInt64.self, packed, 3, width) == nil)
            #expect(refusal(UInt32.self, [], 0, width) == .elementTooNarrow(needed: bits, available: 32))
        }
    }

    @Test func `refuses counts that no vector has, without allocating for them`() throws {
        let width = try RingWidth(bits: 64)
        for count in [-1, Int.min] {
            #expect(refusal(UInt64.self, [], count, width) == .packedLengthMismatch(expected: 0, actual: 0))
        }
        #expect(refusal(UInt64.self, [1], .max, width) == .packedLengthMismatch(expected: .max, actual: 1))
        #expect(
            refusal(UInt64.self, [1], .max / 64, width) == .packedLengthMismatch(expected: .max / 64 * 8, actual: 1)
        )
    }

    @Test func `agrees with the model's vectors`() throws {
        struct Case: Decodable {
            let id, result, packed: String
            let bits, count: Int
            let elements: [String]?
            let error: String?
        }
        var refused = 0
        for vector in try modelCases("packing_v1", as: Case.self) {
            let width = try RingWidth(bits: vector.bits)
            let packed = bytes(vector.packed)
            if let error = vector.error {
                refused += 1
                let found = refusal(UInt64.self, packed, vector.count, width)
                let size = (vector.bits * vector.count + 7) / 8
                switch error {
                case "nonzero-padding": #expect(found == .nonZeroPadding, "\(vector.id)")
                case "too-short", "too-long":
                    #expect(found == .packedLengthMismatch(expected: size, actual: packed.count), "\(vector.id)")
                    #expect((packed.count < size) == (error == "too-short"))
                default: Issue.record("\(vector.id): an error that this test does not know, \(error)")
                }
                continue
            }
            let elements = try #require(vector.elements).map { try #require(UInt64($0)) }
            #expect(UInt64.pack(elements, width: width) == packed, "\(vector.id)")
            #expect(try UInt64.unpack(packed.span, count: vector.count, width: width) == elements, "\(vector.id)")
            if vector.bits <= 32 {
                let narrow = elements.map { UInt32($0) }
                #expect(UInt32.pack(narrow, width: width) == packed, "\(vector.id)")
                #expect(try UInt32.unpack(packed.span, count: vector.count, width: width) == narrow, "\(vector.id)")
            }
        }
        #expect(refused >= 20)
    }

    private func refusal<Word: RingWord>(
        _: Word.Type,
        _ bytes: [UInt8],
        _ count: Int,
        _ width: RingWidth
    ) -> RingError? {
        do throws(RingError) {
            _ = try Word.unpack(bytes.span, count: count, width: width)
            return nil
        } catch {
            return error
        }
    }
}
