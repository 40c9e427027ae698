// SPDX-License-Identifier: Apache-2.0

import FedsumTestVectors
import RingArithmetic
@_spi(Simulation) import SecureRandomness
import Testing

@Suite struct FixedPointQuantizerTests {
    /// Doubles travel as the 16 hexadecimal digits of their bits.
    struct Case: Decodable {
        let id, kind, clip: String
        let bits: Int
        let key, error: String?
        let values, sums, means: [String]?
        let integers: [Integer]?
        let clipped, coordinate, weight, contributors: Int?

        var bound: Double { double(clip) }
    }

    /// Written as a number or as a decimal string.
    struct Integer: Decodable {
        let value: UInt64

        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            if let text = try? container.decode(String.self) {
                value = UInt64(text)!
            } else {
                value = try container.decode(UInt64.self)
            }
        }
    }

    @Test func `encodes as the model does, bit for bit`() throws {
        var count = 0
        for vector in try modelCases("quantizer_v1", as: Case.self)
        where vector.kind.hasPrefix("encode") && vector.error == nil {
            var generator = SeededGenerator(key: bytes(vector.key!))
            let quantizer = try FixedPointQuantizer(bits: vector.bits, clip: vector.bound)
            let result = try quantizer.quantize(vector.values!.map(double), using: &generator)
            var expected = vector.integers!.map(\.value)
            var found = result.integers.map { UInt64($0) }
            if let weight = vector.weight {
                #expect(expected.removeFirst() == UInt64(weight))
                found = found.map { $0 * UInt64(weight) }
            }
            #expect(found == expected, "\(vector.id)")
            #expect(result.clippedCount == vector.clipped, "\(vector.id)")
            count += 1
        }
        #expect(count >= 30)
    }

    @Test func `refuses what the model refuses, with the coordinate`() throws {
        var count = 0
        for vector in try modelCases("quantizer_v1", as: Case.self) where vector.error == "not-finite" {
            let quantizer = try FixedPointQuantizer(bits: vector.bits, clip: vector.bound)
            #expect(throws: RingError.notFinite(coordinate: vector.coordinate!), "\(vector.id)") {
                var generator = SystemRandomness()
                return try quantizer.quantize(vector.values!.map(double), using: &generator)
            }
            count += 1
        }
        #expect(count == 3)
    }

    /// The means are single precision: half a unit in the last place, and the rounding of doubles near the bound.
    @Test func `decodes as the model does`() throws {
        var count = 0
        for vector in try modelCases("quantizer_v1", as: Case.self) where vector.kind.hasPrefix("decode") {
            let quantizer = try FixedPointQuantizer(bits: vector.bits, clip: vector.bound)
            var sums = vector.sums!.map { UInt64($0)! }
            let divisor = vector.contributors.map { UInt64($0) } ?? sums.removeFirst()
            count += 1
            if vector.error != nil {
                #expect(throws: RingError.emptySum) { try quantizer.decodeMean(sums, dividedBy: divisor) }
                continue
            }
            let means = try quantizer.decodeMean(sums, dividedBy: divisor)
            for (found, expected) in zip(means, vector.means!.map(double)) {
                #expect(
                    abs(Double(found) - expected) <= abs(expected) * 0x1p-24 + vector.bound * 0x1p-50,
                    "\(vector.id)"
                )
            }
            if sums.allSatisfy({ $0 <= UInt64(UInt32.max) }) {
                #expect(try quantizer.decodeMean(sums.map { UInt32($0) }, dividedBy: divisor) == means)
            }
        }
        #expect(count >= 7)
    }

    @Test func `the bounds give the extreme integers, and what is outside is clipped and counted`() throws {
        for bits in 1...32 {
            for clip in [1.0, 0.25, 1024, 0x1p-900, 0x1p1000] {
                let quantizer = try FixedPointQuantizer(bits: bits, clip: clip)
                let largest = UInt32((UInt64(1) << UInt64(bits)) - 1)
                #expect(quantizer.largest == largest)
                let edges = try quantize(quantizer, [clip, -clip])
                #expect(edges.integers == [largest, 0] && edges.clippedCount == 0)
                let beyond = try quantize(
                    quantizer,
                    [clip.nextUp, -clip.nextUp, .greatestFiniteMagnitude, -.greatestFiniteMagnitude]
                )
                #expect(beyond.integers == [largest, 0, largest, 0] && beyond.clippedCount == 4)
                #expect(try quantize(quantizer, [clip.nextDown, -clip.nextDown]).clippedCount == 0)
            }
        }
    }

    /// Bounds that are no powers of two, where (2C)·((2^q − 1)/2C) need not be 2^q − 1. A generator of zeros rounds
    /// every fraction up and one of ones rounds every fraction down, so the first shows whether anything can be above
    /// the largest integer.
    @Test func `no rounding error makes an integer that the ring does not count on`() throws {
        var draw = SeededGenerator(key: [UInt8](repeating: 3, count: 32))
        for _ in 0..<2000 {
            let clip = Double.random(in: 0.001...1000, using: &draw)
            let quantizer = try FixedPointQuantizer(bits: Int.random(in: 1...32, using: &draw), clip: clip)
            let (values, largest) = ([clip, clip.nextUp, -clip, -clip.nextUp], quantizer.largest)
            // Twelve times four: the first 48 coordinates are taken eight at a time.
            let many = [[Double]](repeating: values, count: 13).flatMap { $0 }
            var (zeros, ones) = (ConstantGenerator(byte: 0), ConstantGenerator(byte: 0xff))
            let up = try quantizer.quantize(many, using: &zeros).integers
            #expect(up == [[UInt32]](repeating: [largest, largest, 0, 0], count: 13).flatMap { $0 })
            let down = try quantizer.quantize(many, using: &ones).integers
            #expect(down[0] >= largest - 1 && down[0] <= largest)
            #expect(down == [[UInt32]](repeating: [down[0], down[0], 0, 0], count: 13).flatMap { $0 })
        }
    }

    @Test func `rounds up when the words are below the fraction, and down when they are not`() throws {
        // C = 127.5 makes y = x + 127.5, here 41 and a fraction in 2^-32 that equals the word 0xA5A5A5A5, or 1 more or
        // 1 less.
        let quantizer = try FixedPointQuantizer(bits: 8, clip: 127.5)
        for (fraction, expected) in [(0xA5A5_A5A6, 42), (0xA5A5_A5A5, 41), (0xA5A5_A5A4, 41)] as [(UInt32, UInt32)] {
            var generator = ConstantGenerator(byte: 0xA5)
            let x = 41 - 127.5 + Double(fraction) * 0x1p-32
            #expect(try quantizer.quantize([x], using: &generator).integers == [expected])
        }
    }

    /// Eight coordinates are rounded at once where nothing needs more care; fewer than eight never are.
    @Test func `many coordinates at once are rounded as each alone, ties, bounds and all`() throws {
        var draw = SeededGenerator(key: [UInt8](repeating: 5, count: 32))
        for bits in [1, 8, 16, 20, 21] {
            let quantizer = try FixedPointQuantizer(bits: bits, clip: Double(UInt32.max >> UInt32(32 - bits)) / 2)
            for position in 0..<40 {
                var values = (0..<40).map { _ in Double.random(in: -1.25...1.25, using: &draw) * quantizer.clip }
                // A tie whose rest, one half, is below the second word is rounded down, although the next integer is above.
                let fraction = position % 5 == 4 ? Double(0xA5A5_A5A5) + 0.5 : Double(0xA5A5_A5A4 + position % 5)
                values[position] = fraction * 0x1p-32 - quantizer.clip
                values[(position + 9) % 40] = quantizer.clip * (position % 2 == 0 ? 1 : -1)
                var generator = ConstantGenerator(byte: 0xA5)
                let together = try quantizer.quantize(values, using: &generator)
                let alone = try values.map { value in
                    var generator = ConstantGenerator(byte: 0xA5)
                    return try quantizer.quantize([value], using: &generator)
                }
                #expect(together.integers == alone.flatMap(\.integers))
                #expect(together.clippedCount == alone.reduce(0) { $0 + $1.clippedCount })
                #expect(together.integers[position] == (fraction >= Double(0xA5A5_A5A6) ? 1 : 0))
            }
        }
    }

    @Test func `a coordinate that is no number is named wherever it stands`() throws {
        let quantizer = try FixedPointQuantizer(bits: 16, clip: 1)
        for (coordinate, value) in [
            (0, Float.nan), (7, .infinity), (8, -.infinity), (23, .nan), (38, .infinity), (39, .nan),
        ] {
            var values = [Float](repeating: 0.5, count: 40)
            values[coordinate] = value
            let doubles = values.map(Double.init)
            #expect(throws: RingError.notFinite(coordinate: coordinate)) { try quantize(quantizer, doubles) }
            #expect(throws: RingError.notFinite(coordinate: coordinate)) {
                var generator = SystemRandomness()
                return try quantizer.quantize(values, using: &generator)
            }
        }
    }

    @Test func `negative zero and subnormals are treated like zero`() throws {
        for bits in [1, 8, 16, 32] {
            let quantizer = try FixedPointQuantizer(bits: bits, clip: 1.5)
            let zeros = try quantize(quantizer, [Double](repeating: 0, count: 50))
            for tiny in [
                -0.0, .leastNonzeroMagnitude, -.leastNonzeroMagnitude, .leastNormalMagnitude, -.leastNormalMagnitude,
            ] {
                #expect(try quantize(quantizer, [Double](repeating: tiny, count: 50)) == zeros)
            }
            #expect(zeros.clippedCount == 0)
        }
    }

    @Test func `refuses what is no number and names the first coordinate`() throws {
        let quantizer = try FixedPointQuantizer(bits: 8, clip: 1)
        for bad in [Double.nan, .signalingNaN, .infinity, -.infinity] {
            for place in [0, 1, 4] {
                var values = [Double](repeating: 0.5, count: 6)
                values[place] = bad
                values[5] = .nan
                #expect(throws: RingError.notFinite(coordinate: place)) { try quantize(quantizer, values) }
                #expect(throws: RingError.notFinite(coordinate: place)) {
                    var generator = SystemRandomness()
                    return try quantizer.quantize(values.map { Float($0) }, using: &generator)
                }
            }
        }
    }

    @Test func `single precision gives what the same numbers in double precision give`() throws {
        let quantizer = try FixedPointQuantizer(bits: 20, clip: 0.7)
        let values = (0..<300).map { Float($0 - 150) / 190 }
        var generator = SeededGenerator(key: [UInt8](repeating: 0, count: 32))
        let narrow = try quantizer.quantize(values, using: &generator)
        #expect(try narrow == quantize(quantizer, values.map { Double($0) }))
        #expect(narrow.clippedCount == values.count { abs(Double($0)) > 0.7 } && narrow.clippedCount > 0)
    }

    /// y is computed here in the other order of operations; its error is below 2^-18 for y < 2^32.
    @Test func `rounds to one of the two neighbors, and decoding is within one step`() throws {
        var draw = SeededGenerator(key: [UInt8](repeating: 4, count: 32))
        for bits in 1...32 {
            let clip = Double.random(in: 0.01...50, using: &draw)
            let quantizer = try FixedPointQuantizer(bits: bits, clip: clip)
            let values = (0..<200).map { _ in Double.random(in: -clip...clip, using: &draw) }
            let integers = try quantize(quantizer, values).integers
            for (x, integer) in zip(values, integers) {
                let y = (x / clip + 1) / 2 * Double(quantizer.largest)
                #expect(Double(integer) > y - 1 - 0x1p-18 && Double(integer) < y + 1 + 0x1p-18)
                #expect(integer <= quantizer.largest)
                #expect(abs(quantizer.decode(Double(integer)) - x) <= quantizer.step * (1 + 0x1p-18))
            }
        }
    }

    @Test func `values on the grid are not changed by rounding`() throws {
        // C = 127.5 makes a step exactly 1.
        let quantizer = try FixedPointQuantizer(bits: 8, clip: 127.5)
        #expect(quantizer.step == 1)
        let values = (0...255).map { Double($0) - 127.5 }
        #expect(try quantize(quantizer, values).integers == Array(0...255))
        #expect((0...255).map { quantizer.decode(Double($0)) } == values)
    }

    /// Six standard deviations: an unbiased quantizer fails with probability 2e-9, if the seed were drawn anew; it is
    /// fixed.
    @Test(arguments: [0.0, 0.125, 0.3, 0.5, 0.999])
    func `the mean of many roundings is the value`(fraction: Double) throws {
        let count = isOptimized ? 1_000_000 : 50_000
        let quantizer = try FixedPointQuantizer(bits: 8, clip: 127.5)
        let value = 41 - 127.5 + fraction
        let exactFraction = value + 127.5 - 41
        let result = try quantize(quantizer, [Double](repeating: value, count: count))
        #expect(result.integers.allSatisfy { $0 == 41 || $0 == 42 })
        let mean = Double(result.integers.reduce(0) { $0 + UInt64($1) }) / Double(count)
        let deviation = (exactFraction * (1 - exactFraction) / Double(count)).squareRoot()
        #expect(abs(mean - 41 - exactFraction) <= 6 * deviation)
        // The probe sees a bias of a tenth.
        #expect(abs(mean + 0.1 - 41 - exactFraction) > 6 * deviation)
    }

    /// The same over values that differ, at other widths and bounds, through `decode`.
    @Test(arguments: [(1, 0.3), (4, 2.5), (16, 1.0), (32, 10.0)])
    func `decoded values are unbiased`(bits: Int, clip: Double) throws {
        let count = isOptimized ? 1_000_000 : 50_000
        let quantizer = try FixedPointQuantizer(bits: bits, clip: clip)
        var draw = SeededGenerator(key: [UInt8](repeating: 6, count: 32))
        let values = (0..<count).map { _ in Double.random(in: -clip...clip, using: &draw) }
        let integers = try quantize(quantizer, values).integers
        let error = zip(values, integers).reduce(0) { $0 + quantizer.decode(Double($1.1)) - $1.0 } / Double(count)
        #expect(abs(error) <= 6 * quantizer.step / 2 / Double(count).squareRoot() + clip * 0x1p-40)
    }

    @Test func `takes 1 to 32 bits and finite bounds above zero`() throws {
        for bits in 1...32 { #expect(try FixedPointQuantizer(bits: bits, clip: 1).bits == bits) }
        for bits in [Int.min, -1, 0, 33, 64, Int.max] {
            #expect(throws: RingError.inputBitsOutOfRange(bits)) { try FixedPointQuantizer(bits: bits, clip: 1) }
        }
        let bad = [
            0, -0.0, -1, .nan, .infinity, -.infinity, .greatestFiniteMagnitude, .greatestFiniteMagnitude / 2 * 1.0001,
            .leastNonzeroMagnitude,
        ]
        for clip in bad {
            #expect(throws: RingError.clipNotPositive) { try FixedPointQuantizer(bits: 8, clip: clip) }
        }
        #expect(throws: Never.self) { try FixedPointQuantizer(bits: 32, clip: .leastNormalMagnitude * 0x1p33) }
        #expect(throws: Never.self) { try FixedPointQuantizer(bits: 32, clip: .greatestFiniteMagnitude / 2) }
    }

    @Test func `a mean over nothing is refused`() throws {
        let quantizer = try FixedPointQuantizer(bits: 8, clip: 1)
        #expect(throws: RingError.emptySum) { try quantizer.decodeMean([1] as [UInt32], dividedBy: 0) }
        #expect(try quantizer.decodeMean([] as [UInt64], dividedBy: 1) == [])
    }

    @Test func `a failing generator fails the quantization and nothing takes its place`() throws {
        let quantizer = try FixedPointQuantizer(bits: 8, clip: 1)
        for remaining in [0, 4096] {
            var generator = FailingGenerator(remaining: remaining)
            #expect(throws: RingError.randomness(FailingGenerator.failure)) {
                try quantizer.quantize([Double](repeating: 0.1, count: 1025), using: &generator)
            }
            generator.remaining = remaining
            #expect(throws: RingError.randomness(FailingGenerator.failure)) {
                try quantizer.quantize([Float](repeating: 0.1, count: 1025), using: &generator)
            }
        }
        var generator = FailingGenerator(remaining: 4096)
        #expect(try quantizer.quantize([Double](repeating: 0.1, count: 1000), using: &generator).integers.count == 1000)
    }

    @Test func `two quantizations do not use the same bytes`() throws {
        let quantizer = try FixedPointQuantizer(bits: 16, clip: 1)
        var generator = SeededGenerator(key: [UInt8](repeating: 8, count: 32))
        let values = [Double](repeating: 0.1, count: 100)
        let first = try quantizer.quantize(values, using: &generator)
        #expect(try quantizer.quantize(values, using: &generator) != first)
        #expect(try quantizer.quantize([] as [Double], using: &generator).integers == [])
    }

    /// With the generator of an all-zero key, so that two calls can be compared.
    private func quantize(_ quantizer: FixedPointQuantizer, _ values: [Double]) throws -> FixedPointQuantizer.Quantized
    {
        var generator = SeededGenerator(key: [UInt8](repeating: 0, count: 32))
        return try quantizer.quantize(values, using: &generator)
    }
}

private func double(_ bits: String) -> Double { Double(bitPattern: UInt64(bits, radix: 16)!) }

#if DEBUG
private let isOptimized = false
#else
private let isOptimized = true
#endif
