// SPDX-License-Identifier: Apache-2.0

import Foundation
import ProtocolCryptography
import RingArithmetic

/// What is wrong with the masks of an element.
protocol MaskFault: Sendable {
    /// The words that are used in place of those that the key expands to.
    static func alter(_ mask: [UInt32], width: RingWidth) -> [UInt32]
}

/// Nothing is wrong.
enum SoundMask: MaskFault {
    static func alter(_ mask: [UInt32], width: RingWidth) -> [UInt32] { mask }
}

/// The masks are 8 bits shorter than the ring, so that the highest bits of a sum show through.
enum ShortMask: MaskFault {
    static func alter(_ mask: [UInt32], width: RingWidth) -> [UInt32] {
        mask.map { $0 & UInt32(width.mask >> 8) }
    }
}

/// Each word of keystream serves for two elements.
enum StretchedMask: MaskFault {
    static func alter(_ mask: [UInt32], width: RingWidth) -> [UInt32] { mask.indices.map { mask[$0 & ~1] } }
}

/// A seed of few bits, as in systems that fold an agreed key into an integer for a library's generator.
protocol FoldedSeed: MaskFault {
    static var bits: UInt32 { get }
}

enum Seed16: FoldedSeed { static let bits: UInt32 = 16 }
enum Seed20: FoldedSeed { static let bits: UInt32 = 20 }

extension FoldedSeed {
    static func alter(_ mask: [UInt32], width: RingWidth) -> [UInt32] {
        // The first word stands for the key.
        var generator = SmallGenerator(seed: mask[0] & (1 << bits - 1))
        return mask.map { _ in generator.next() & UInt32(width.mask) }
    }
}

/// SplitMix64 (Steele, Lea, Flood 2014): a good generator with a small seed, which is all that is wrong with it here.
struct SmallGenerator {
    private var state: UInt64

    init(seed: UInt32) { state = UInt64(seed) }

    mutating func next() -> UInt32 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var word = state
        word = (word ^ word >> 30) &* 0xbf58_476d_1ce4_e5b9
        word = (word ^ word >> 27) &* 0x94d0_49bb_1331_11eb
        return UInt32(truncatingIfNeeded: (word ^ word >> 31) >> 32)
    }
}

/// An element for schemes over rings alone.
protocol RingOnlyElement: MaskableElement {}

extension RingOnlyElement {
    private static var explanation: String { "This element is made for rings." }

    static func add(_ source: [Self], to target: inout [Self], in field: PrimeField) {
        preconditionFailure(explanation)
    }
    static func subtract(_ source: [Self], from target: inout [Self], in field: PrimeField) {
        preconditionFailure(explanation)
    }
    static func addProduct(of source: [Self], by scalar: UInt64, to target: inout [Self], in field: PrimeField) {
        preconditionFailure(explanation)
    }
    static func areCanonical(_ vector: [Self], in field: PrimeField) -> Bool { preconditionFailure(explanation) }
    static func append(elementsAmong bytes: borrowing Span<UInt8>, to vector: inout [Self], in field: PrimeField) {
        preconditionFailure(explanation)
    }
    static func add(_ generator: MaskGenerator, to vector: inout [Self], in field: PrimeField) {
        preconditionFailure(explanation)
    }
    static func subtract(_ generator: MaskGenerator, from vector: inout [Self], in field: PrimeField) {
        preconditionFailure(explanation)
    }
}

/// A word that the schemes' own parties mask, but with masks that have a fault.
struct FaultyWord<Fault: MaskFault>: RingOnlyElement {
    private var word: UInt32

    init(_ word: UInt32) { self.word = word }

    static var zero: FaultyWord { FaultyWord(0) }
    static var capacityInBits: Int { 32 }

    static func add(_ source: [FaultyWord], to target: inout [FaultyWord]) {
        precondition(source.count == target.count, "Vectors of different lengths cannot be added.")
        for index in target.indices { target[index].word &+= source[index].word }
    }

    static func subtract(_ source: [FaultyWord], from target: inout [FaultyWord]) {
        precondition(source.count == target.count, "Vectors of different lengths cannot be subtracted.")
        for index in target.indices { target[index].word &-= source[index].word }
    }

    static func reduce(_ vector: inout [FaultyWord], to width: RingWidth) {
        for index in vector.indices { vector[index].word &= UInt32(width.mask) }
    }

    static func pack(_ vector: [FaultyWord], width: RingWidth) -> [UInt8] {
        UInt32.pack(vector.map(\.word), width: width)
    }

    static func unpack(
        _ bytes: borrowing Span<UInt8>, count: Int, width: RingWidth
    ) throws(RingError) -> [FaultyWord] {
        try UInt32.unpack(bytes, count: count, width: width).map { FaultyWord($0) }
    }

    static func add(
        _ generator: MaskGenerator, to vector: inout [FaultyWord], width: RingWidth
    ) throws(CryptographyError) {
        add(try mask(of: generator, count: vector.count, width: width), to: &vector)
    }

    static func subtract(
        _ generator: MaskGenerator, from vector: inout [FaultyWord], width: RingWidth
    ) throws(CryptographyError) {
        subtract(try mask(of: generator, count: vector.count, width: width), from: &vector)
    }

    private static func mask(
        of generator: MaskGenerator, count: Int, width: RingWidth
    ) throws(CryptographyError) -> [FaultyWord] {
        var words = [UInt32](repeating: 0, count: count)
        try UInt32.add(generator, to: &words, width: width)
        UInt32.reduce(&words, to: width)
        return Fault.alter(words, width: width).map { FaultyWord($0) }
    }
}

/// A floating-point number under Gaussian masks, without a modulus, as some systems do it.
struct FloatWord: RingOnlyElement {
    private var value: Double

    init(_ word: UInt32) { value = Double(word) }
    private init(value: Double) { self.value = value }

    /// The standard deviation of one mask; inputs go up to 2^16 or so.
    static let standardDeviation = 131_072.0

    static var zero: FloatWord { FloatWord(value: 0) }
    static var capacityInBits: Int { 64 }

    static func add(_ source: [FloatWord], to target: inout [FloatWord]) {
        for index in target.indices { target[index].value += source[index].value }
    }

    static func subtract(_ source: [FloatWord], from target: inout [FloatWord]) {
        for index in target.indices { target[index].value -= source[index].value }
    }

    static func reduce(_ vector: inout [FloatWord], to width: RingWidth) {}

    static func pack(_ vector: [FloatWord], width: RingWidth) -> [UInt8] {
        UInt64.pack(vector.map(\.value.bitPattern), width: width)
    }

    static func unpack(
        _ bytes: borrowing Span<UInt8>, count: Int, width: RingWidth
    ) throws(RingError) -> [FloatWord] {
        try UInt64.unpack(bytes, count: count, width: width).map { FloatWord(value: Double(bitPattern: $0)) }
    }

    static func add(
        _ generator: MaskGenerator, to vector: inout [FloatWord], width: RingWidth
    ) throws(CryptographyError) {
        add(try mask(of: generator, count: vector.count), to: &vector)
    }

    static func subtract(
        _ generator: MaskGenerator, from vector: inout [FloatWord], width: RingWidth
    ) throws(CryptographyError) {
        subtract(try mask(of: generator, count: vector.count), from: &vector)
    }

    /// Box and Muller's method on two halves of a word.
    private static func mask(of generator: MaskGenerator, count: Int) throws(CryptographyError) -> [FloatWord] {
        var words = [UInt64](repeating: 0, count: count)
        guard let width = try? RingWidth(bits: 64) else { throw .libraryFailure }
        try UInt64.add(generator, to: &words, width: width)
        return words.map { word in
            let radius = (-2 * log((Double(word >> 32) + 0.5) / 4_294_967_296)).squareRoot()
            let angle = 2 * Double.pi * Double(word & 0xffff_ffff) / 4_294_967_296
            return FloatWord(value: standardDeviation * radius * cos(angle))
        }
    }
}
