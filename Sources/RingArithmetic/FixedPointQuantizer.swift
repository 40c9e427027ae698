// SPDX-License-Identifier: Apache-2.0

public import SecureRandomness

/// Turns real numbers into q-bit integers without bias, and sums of those integers back into means.
///
/// A value x is clipped to [−C, C], scaled to y = (x + C)·(2^q − 1)/(2C) ∈ [0, 2^q − 1], and rounded at random to one
/// of its two neighboring integers: up with probability y − ⌊y⌋. So E[X] = y, and the mean of n decoded values is
/// unbiased with a rounding error of standard deviation at most `step`/(2√n).
///
/// The choice compares the fraction, scaled by 2^32, with a random 32-bit word and, in the tie, its rest with a second
/// one: the probability is exact whenever the fraction is a multiple of 2^−52, which it is for every y ≥ 1, and within
/// 2^−64 otherwise.
public struct FixedPointQuantizer: Hashable, Sendable {
    /// The bits q of an integer, 1 to 32.
    public let bits: Int
    /// The clipping bound C, in the unit of the values.
    public let clip: Double
    private let scale: Double

    /// Integers of `bits` bits for values between −`clip` and `clip`.
    /// - Throws: `.inputBitsOutOfRange` unless 1 ≤ bits ≤ 32; `.clipNotPositive` unless 0 < clip and both 2·clip and
    ///   (2^bits − 1)/(2·clip) are finite.
    public init(bits: Int, clip: Double) throws(RingError) {
        guard (1...32).contains(bits) else { throw .inputBitsOutOfRange(bits) }
        let largest = Double((UInt64(1) << UInt64(bits)) - 1)
        let scale = largest / (2 * clip)
        guard clip > 0, (2 * clip).isFinite, scale.isFinite, scale > 0 else { throw .clipNotPositive }
        self.bits = bits
        self.clip = clip
        self.scale = scale
    }

    /// The largest integer, 2^q − 1.
    public var largest: UInt32 { UInt32.max >> UInt32(32 - bits) }

    /// The distance between the values of two neighboring integers, 2C/(2^q − 1).
    public var step: Double { 2 * clip / Double(largest) }

    /// The integers of a vector, and how many of its coordinates were clipped.
    public struct Quantized: Equatable, Sendable {
        /// One integer a coordinate, each at most 2^q − 1.
        public var integers: [UInt32]
        /// How many coordinates were outside [−C, C]. Known to the owner of the vector only: it depends on private
        /// data.
        public var clippedCount: Int
    }

    /// Quantizes a vector of single-precision values.
    /// - Parameters:
    ///   - values: finite numbers.
    ///   - generator: four bytes a coordinate are drawn from it, in blocks.
    /// - Returns: one integer a coordinate, and how many were clipped.
    /// - Throws: `.notFinite` with the first coordinate that is NaN or infinite; `.randomness` if the generator fails.
    public func quantize(
        _ values: [Float], using generator: inout some SecureRandomNumberGenerator
    ) throws(RingError) -> Quantized {
        try quantize(
            values.count, { Double(values[$0]) },
            {
                // SAFETY: `quantize` asks for eight only where eight coordinates are left.
                let eight = unsafe values.span.bytes.unsafeLoadUnaligned(fromByteOffset: 4 * $0, as: SIMD8<Float>.self)
                return SIMD8<Double>(eight)
            }, &generator)
    }

    /// Quantizes a vector of double-precision values; as for single precision.
    /// - Throws: `.notFinite` with the first coordinate that is NaN or infinite; `.randomness` if the generator fails.
    public func quantize(
        _ values: [Double], using generator: inout some SecureRandomNumberGenerator
    ) throws(RingError) -> Quantized {
        try quantize(
            values.count, { values[$0] },
            {
                // SAFETY: `quantize` asks for eight only where eight coordinates are left.
                unsafe values.span.bytes.unsafeLoadUnaligned(fromByteOffset: 8 * $0, as: SIMD8<Double>.self)
            }, &generator)
    }

    /// Eight coordinates at a time while eight words are there; one at a time at the ends and around whatever is not plain.
    @inline(__always)
    private func quantize(
        _ count: Int, _ value: (Int) -> Double, _ eightValues: (Int) -> SIMD8<Double>,
        _ generator: inout some SecureRandomNumberGenerator
    ) throws(RingError) -> Quantized {
        var words = WordBlock()
        var integers = [UInt32](repeating: 0, count: count)
        var clippedCounts = SIMD8<UInt64>()
        var clippedCount = 0
        var index = 0
        while index < count {
            if words.isEmpty { try words.refill(from: &generator) }
            if bits <= Self.bitsAtOnce, (scale * 0x1p32).isFinite {
                var groups = min(words.count, count - index) / 8
                while groups > 0,
                    let eight = eightIntegers(of: eightValues(index), words: words.eight, counting: &clippedCounts)
                {
                    for lane in 0..<8 { integers[index &+ lane] = eight[lane] }
                    words.skipEight()
                    index &+= 8
                    groups &-= 1
                }
            }
            // What is left of the block, or eight among which one takes more care.
            for _ in 0..<min(8, count - index) {
                let x = value(index)
                guard x.isFinite else { throw .notFinite(coordinate: index) }
                if x > clip || x < -clip { clippedCount += 1 }
                integers[index] = try integer(of: max(-clip, min(x, clip)), &words, &generator)
                index += 1
            }
        }
        return Quantized(integers: integers, clippedCount: clippedCount + Int(clippedCounts.wrappedSum()))
    }

    @inline(__always)
    private func integer(
        of x: Double, _ words: inout WordBlock, _ generator: inout some SecureRandomNumberGenerator
    ) throws(RingError) -> UInt32 {
        // Conversions to integers truncate, which is the floor: nothing here is negative.
        let y = min((x + clip) * scale, Double(largest))
        let floor = UInt32(y)
        let fraction = (y - Double(floor)) * 0x1p32
        let threshold = Int64(fraction)
        if words.isEmpty { try words.refill(from: &generator) }
        let word = Int64(words.next())
        var up = word < threshold
        if word == threshold {
            if words.isEmpty { try words.refill(from: &generator) }
            up = Int64(words.next()) < Int64((fraction - Double(threshold)) * 0x1p32)
        }
        return floor + (up ? 1 : 0)
    }

    /// The most bits for which y·2^32 is below 2^52, where a double's own layout holds it as an integer.
    private static let bitsAtOnce = 20
    private static let carrier = 0x1p52
    private static let sign: UInt64 = 1 << 63

    /// The same for eight values at once, without a branch; nil if one of them takes more care: it is not finite, comes out
    /// above 2^q − 1 by its last bit, or needs a second word.
    ///
    /// With R the integer next to y·2^32 and w the word, ⌊(R + 2^32 − 1 − w)/2^32⌋ is ⌊y⌋, and one more where w < R mod 2^32.
    /// That differs from the rule for ⌊y·2^32⌋ only where w is R or R − 1 mod 2^32, among which are the ties.
    @inline(__always)
    private func eightIntegers(
        of values: SIMD8<Double>, words: SIMD8<UInt32>, counting clippedCounts: inout SIMD8<UInt64>
    ) -> SIMD8<UInt32>? {
        // SAFETY: here and below, both have eight lanes of 64 bits, for which every pattern is a value.
        let bits = unsafe unsafeBitCast(values, to: SIMD8<UInt64>.self)
        let magnitudes = unsafe unsafeBitCast(bits & ~Self.sign, to: SIMD8<Double>.self)
        let bounds = unsafe unsafeBitCast(bits & Self.sign | clip.bitPattern, to: SIMD8<Double>.self)
        let isClipped = magnitudes .> clip
        let x = values.replacing(with: bounds, where: isClipped)
        let y = (x + clip) * (scale * 0x1p32)
        let nearest = unsafe unsafeBitCast(y + Self.carrier, to: SIMD8<UInt64>.self) &- Self.carrier.bitPattern
        let low = SIMD8<UInt32>(truncatingIfNeeded: nearest)
        let isClose = (low .== words) .| (low .== words &+ 1)
        // What is not finite, less itself, is not 0.
        let isSpecial = (y .> Double(largest) * 0x1p32) .| (values - values .!= 0)
        guard !any(isClose), !any(isSpecial) else { return nil }
        clippedCounts &+= SIMD8<UInt64>().replacing(with: 1, where: isClipped)
        return SIMD8<UInt32>(truncatingIfNeeded: (nearest &+ SIMD8<UInt64>(truncatingIfNeeded: ~words)) &>> 32)
    }

    /// The value of one integer, or of a mean of integers: X·2C/(2^q − 1) − C.
    public func decode(_ mean: Double) -> Double { mean * step - clip }

    /// The mean of the values behind a sum of integers.
    /// - Parameters:
    ///   - sum: one sum a coordinate.
    ///   - divisor: the number of terms, or the sum of their weights.
    /// - Returns: one mean a coordinate.
    /// - Throws: `.emptySum` if `divisor` is 0.
    public func decodeMean<Word: RingWord>(_ sum: [Word], dividedBy divisor: UInt64) throws(RingError) -> [Float] {
        guard divisor > 0 else { throw .emptySum }
        let factor = step / Double(divisor)
        return sum.map { Float(Double(UInt64(truncatingIfNeeded: $0)) * factor - clip) }
    }
}

/// Little-endian 32-bit words from a generator, fetched in blocks. The generator is not stored, so that nothing in the loop
/// over the words depends on its type.
private struct WordBlock {
    private var bytes = [UInt8](repeating: 0, count: 4096)
    private var offset = 4096

    /// Whether `refill` comes before `next`.
    var isEmpty: Bool { offset == bytes.count }

    @inline(__always)
    mutating func next() -> UInt32 {
        let start = offset
        precondition(start + 4 <= bytes.count, "No words are left.")
        offset = start + 4
        // SAFETY: 0 ≤ start and start + 4 ≤ count.
        return unsafe UInt32(
            littleEndian: bytes.span.bytes.unsafeLoadUnaligned(fromByteOffset: start, as: UInt32.self))
    }

    /// How many words are left.
    var count: Int { (bytes.count - offset) / 4 }

    /// The next eight words, of which at least eight must be left; `skipEight` goes past them.
    var eight: SIMD8<UInt32> {
        @inline(__always) get {
            let start = offset
            precondition(start + 32 <= bytes.count, "Fewer than eight words are left.")
            // SAFETY: 0 ≤ start and start + 32 ≤ count.
            let words = unsafe bytes.span.bytes.unsafeLoadUnaligned(fromByteOffset: start, as: SIMD8<UInt32>.self)
            return words
        }
    }

    @inline(__always)
    mutating func skipEight() { offset += 32 }

    mutating func refill(from generator: inout some SecureRandomNumberGenerator) throws(RingError) {
        var span = bytes.mutableSpan
        do { try generator.fill(&span) } catch { throw .randomness(error) }
        offset = 0
    }
}
