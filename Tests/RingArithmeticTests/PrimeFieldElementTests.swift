// SPDX-License-Identifier: Apache-2.0

import RingArithmetic
@_spi(Simulation) import SecureRandomness
import Testing

@Suite struct PrimeFieldElementTests {
    // MARK: Vectors

    @Test(arguments: 3...32)
    func `32-bit words add, subtract and multiply mod p`(bits: Int) throws {
        try check(UInt32.self, PrimeField(bits: bits))
    }

    @Test(arguments: 3...61)
    func `64-bit words add, subtract and multiply mod p`(bits: Int) throws {
        try check(UInt64.self, PrimeField(bits: bits))
    }

    /// Every pair of edges and random elements, against integers that do not wrap.
    private func check<Word: PrimeFieldElement & RingWord>(_: Word.Type, _ field: PrimeField) throws {
        let p = UInt128(field.modulus)
        let some = elements(of: field, atRandom: 20).map { Word($0) }
        let a = some.flatMap { [Word](repeating: $0, count: some.count) }
        let b = some.flatMap { _ in some }
        var (sum, difference) = (a, a)
        Word.add(b, to: &sum, in: field)
        Word.subtract(b, from: &difference, in: field)
        #expect(sum.map { UInt128($0) } == zip(a, b).map { (UInt128($0) + UInt128($1)) % p })
        #expect(difference.map { UInt128($0) } == zip(a, b).map { (UInt128($0) + p - UInt128($1)) % p })
        for scalar in some {
            var result = a
            Word.addProduct(of: b, by: UInt64(scalar), to: &result, in: field)
            #expect(
                result.map { UInt128($0) } == zip(a, b).map { (UInt128($0) + UInt128(scalar) * UInt128($1)) % p }
            )
            #expect(Word.areCanonical(result, in: field))
        }
    }

    /// Loops may be cut into pieces by the compiler: every length up to several pieces.
    @Test func `every length is worked on to its end and not beyond`() throws {
        for count in 0...70 { try checkLength(UInt32.self, count, PrimeField(bits: 31)) }
        for count in 0...70 { try checkLength(UInt32.self, count, PrimeField(bits: 32)) }
        for count in 0...70 { try checkLength(UInt64.self, count, PrimeField(bits: 61)) }
    }

    private func checkLength<Word: PrimeFieldElement & RingWord>(
        _: Word.Type, _ count: Int, _ field: PrimeField
    ) throws {
        var draw = SeededGenerator(key: [UInt8](repeating: UInt8(count), count: 32))
        let a = (0..<count).map { _ in Word(draw.next() % field.modulus) }
        let b = (0..<count).map { _ in Word(draw.next() % field.modulus) }
        let scalar = draw.next() % field.modulus
        var vector = a
        Word.add(b, to: &vector, in: field)
        #expect(vector == zip(a, b).map { Word(field.add(UInt64($0), UInt64($1))) })
        Word.subtract(b, from: &vector, in: field)
        #expect(vector == a)
        Word.addProduct(of: b, by: scalar, to: &vector, in: field)
        Word.addProduct(of: b, by: field.negate(scalar), to: &vector, in: field)
        #expect(vector == a)
        #expect(Word.areCanonical(a, in: field))
        for position in a.indices {
            for wrong in [Word(truncatingIfNeeded: field.modulus), .max] {
                var changed = a
                changed[position] = wrong
                #expect(!Word.areCanonical(changed, in: field))
            }
        }
    }

    @Test func `words are elements up to p - 1, in every field`() throws {
        for bits in 3...61 {
            let field = try PrimeField(bits: bits)
            for word in [0, 1, field.modulus - 1, field.modulus, field.modulus + 1, 1 << 61, 1 << 63, .max] {
                #expect(UInt64.areCanonical([word], in: field) == (word < field.modulus))
                #expect(UInt64.areCanonical([0, word, 1], in: field) == (word < field.modulus))
                guard bits <= 32, let narrow = UInt32(exactly: word) else { continue }
                #expect(UInt32.areCanonical([narrow], in: field) == (word < field.modulus))
            }
            if bits <= 32 { #expect(!UInt32.areCanonical([.max], in: field)) }
            #expect(UInt64.areCanonical([], in: field))
        }
    }

    @Test func `words that are no elements give no trap`() throws {
        for bits in [3, 31, 32, 60, 61] {
            let field = try PrimeField(bits: bits)
            var wide: [UInt64] = [.max, 0, 1 << 63, field.modulus, .max]
            UInt64.add([.max, .max, 1 << 63, field.modulus, 0], to: &wide, in: field)
            UInt64.subtract([1, .max, .max, field.modulus, 0], from: &wide, in: field)
            UInt64.addProduct(of: [1, .max, .max, field.modulus, 0], by: field.modulus - 1, to: &wide, in: field)
            guard bits <= 32 else { continue }
            var narrow: [UInt32] = [.max, 0, 1 << 31, .max]
            UInt32.add([.max, .max, 1 << 31, 0], to: &narrow, in: field)
            UInt32.subtract([1, .max, .max, 0], from: &narrow, in: field)
            UInt32.addProduct(of: [1, .max, .max, 0], by: field.modulus - 1, to: &narrow, in: field)
        }
    }

    @Test func `a field wider than the word is a mistake of the caller`() async {
        await #expect(processExitsWith: .failure) {
            var vector: [UInt32] = [1]
            UInt32.add([1], to: &vector, in: try PrimeField(bits: 33))
        }
        await #expect(processExitsWith: .failure) { _ = UInt32.areCanonical([1], in: try PrimeField(bits: 33)) }
        await #expect(processExitsWith: .success) { _ = UInt32.areCanonical([1], in: try PrimeField(bits: 32)) }
    }

    // MARK: Words of a stream

    /// Every byte in the place of the lowest one, with rubbish above it.
    @Test(arguments: 3...8)
    func `takes the words below p of a stream, in order`(bits: Int) throws {
        let field = try PrimeField(bits: bits)
        let stream = (0...UInt8.max).flatMap { [$0, 0xFF, 0xA5, 0x80] as [UInt8] }
        let expected = (0...UInt64(255)).map { $0 % (1 << UInt64(bits)) }.filter { $0 < field.modulus }
        #expect(expected.count < 256)
        var (narrow, wide): ([UInt32], [UInt64]) = ([7, 8], [])
        UInt32.append(elementsAmong: stream.span, to: &narrow, in: field)
        UInt64.append(elementsAmong: stream.span, to: &wide, in: field)
        #expect(narrow == [7, 8] + expected.map { UInt32($0) })
        #expect(wide == expected)
    }

    @Test(arguments: [31, 32, 33, 60, 61])
    func `skips the words from p to 2^k - 1`(bits: Int) throws {
        let field = try PrimeField(bits: bits)
        let top = UInt64(1) << UInt64(bits)
        let words = [field.modulus, 5, field.modulus - 1, top - 1, 0, top, top | 9, field.modulus | top, .max]
        let stream = words.flatMap { word in
            (0..<field.wordByteCount).map { UInt8(truncatingIfNeeded: word >> UInt64(8 * $0)) }
        }
        var found: [UInt64] = []
        // Bytes after the last whole word are nobody's.
        let longer = stream + [1, 0, 0]
        UInt64.append(elementsAmong: longer.span, to: &found, in: field)
        #expect(found == [5, field.modulus - 1, 0, 0, 9])
        UInt64.append(elementsAmong: longer.span.extracting(first: 3), to: &found, in: field)
        #expect(found.count == 5)
    }
}
