// SPDX-License-Identifier: Apache-2.0

import DifferentialPrivacy
@_spi(Simulation) import SecureRandomness
import Testing

func testGenerator(_ byte: UInt8) -> SeededGenerator { SeededGenerator(key: [UInt8](repeating: byte, count: 32)) }

func squaredNorm(_ vector: [Int64]) -> UInt64 { vector.reduce(0) { $0 + $1.magnitude * $1.magnitude } }

@Suite("Encoding of vectors as integers")
struct IntegerEncoderTests {
    @Test(arguments: [nil, [UInt8](repeating: 7, count: 32)])
    func `no vector leaves above the bound, however long it was`(_ seed: [UInt8]?) throws {
        let encoder = try IntegerEncoder(dimension: 100, clippingNorm: 0.5, scale: 40, rotationSeed: seed)
        // c = 20, d = 100 or 128: c² + d/4 + (c + √d/2).
        #expect(encoder.rounding.squaredNormBound == (seed == nil ? 450 : 457))
        var generator = testGenerator(11)
        for length in [0, 1e-300, 1e-9, 0.2, 0.5, 1, 1e9, 1e300] {
            for _ in 0..<20 {
                let vector = (0..<100).map { _ in Double(Int64(bitPattern: generator.next())) * 0x1p-63 * length }
                let integers = try encoder.encode(vector, using: &generator)
                #expect(integers.count == encoder.encodedDimension)
                #expect(squaredNorm(integers) <= encoder.rounding.squaredNormBound)
                if length >= 0.2 { #expect(squaredNorm(integers) > 0) }
            }
        }
        // Without the condition, some would be above it.
        let free = try IntegerEncoder(dimension: 100, clippingNorm: 0.5, scale: 40, rotationSeed: seed, bias: 0)
        #expect(free.rounding.squaredNormBound >= 900)
        let vector = [Double](repeating: 0.0625, count: 64) + [Double](repeating: 0, count: 36)
        let norms = try (0..<200).map { _ in squaredNorm(try free.encode(vector, using: &generator)) }
        #expect(norms.contains { $0 > encoder.rounding.squaredNormBound })
    }

    @Test(arguments: [nil, [UInt8](repeating: 8, count: 32)])
    func `rounding is unbiased, and the sum of many encodings comes back`(_ seed: [UInt8]?) throws {
        let encoder = try IntegerEncoder(dimension: 37, clippingNorm: 4, scale: 50, rotationSeed: seed)
        var generator = testGenerator(12)
        let vector = (0..<37).map { 0.5 * (Double($0) / 37 - 0.5) }
        let count = 2000
        var sum = [Int64](repeating: 0, count: encoder.encodedDimension)
        for _ in 0..<count {
            let encoded = try encoder.encode(vector, using: &generator)
            for index in sum.indices { sum[index] += encoded[index] }
        }
        let mean = try encoder.decode(sum).map { $0 / Double(count) }
        // Each coordinate errs by at most half an integer in standard deviation.
        for (a, b) in zip(mean, vector) { #expect(abs(a - b) < 5 * 0.5 / 50 / Double(count).squareRoot()) }
    }

    @Test func `weights shrink within their bound, and other bounds are refused`() throws {
        let bound = try WeightBound(8)
        let encoder = try IntegerEncoder(dimension: 4, clippingNorm: 1, scale: 1000, weights: bound)
        let vector = [3.0, 0, -4, 0]
        #expect(try encoder.scaled(vector, weight: bound.weight(8)).map { $0.rounded() } == [600, 0, -800, 0])
        #expect(try encoder.scaled(vector, weight: bound.weight(2)).map { $0.rounded() } == [150, 0, -200, 0])
        #expect(try encoder.decode([600, 0, -800, 0]).map { ($0 * 1e6).rounded() / 1e6 } == [4.8, 0, -6.4, 0])
        #expect(throws: DifferentialPrivacyError.weightOutOfRange) { try encoder.scaled(vector) }
        for value in [-1, 8.000001, .nan, .infinity] {
            #expect(throws: DifferentialPrivacyError.weightOutOfRange) { try bound.weight(value) }
        }
        #expect(throws: DifferentialPrivacyError.notPositive) { try WeightBound(.infinity) }
    }

    @Test func `vectors of another length and numbers that are none are refused`() throws {
        let encoder = try IntegerEncoder(dimension: 3, clippingNorm: 1, scale: 10)
        var generator = testGenerator(13)
        #expect(throws: DifferentialPrivacyError.lengthMismatch(expected: 3, actual: 2)) {
            try encoder.encode([1, 2], using: &generator)
        }
        for bad in [Double.nan, .infinity, -.infinity] {
            #expect(throws: DifferentialPrivacyError.notFinite(coordinate: 1)) {
                try encoder.encode([1, bad, bad], using: &generator)
            }
        }
        #expect(throws: DifferentialPrivacyError.notPositive) {
            try IntegerEncoder(dimension: 3, clippingNorm: .infinity, scale: 1)
        }
        #expect(throws: DifferentialPrivacyError.normOutOfRange) {
            try IntegerEncoder(dimension: 3, clippingNorm: 1, scale: 0x1p31)
        }
        #expect(throws: DifferentialPrivacyError.dimensionOutOfRange(0)) {
            try IntegerEncoder(dimension: 0, clippingNorm: 1, scale: 1)
        }
        #expect(throws: DifferentialPrivacyError.rotationSeedLength(31)) {
            try IntegerEncoder(dimension: 3, clippingNorm: 1, scale: 1, rotationSeed: [UInt8](repeating: 0, count: 31))
        }
        #expect(throws: DifferentialPrivacyError.roundingBiasOutOfRange) {
            try ConditionalRounding(norm: 1, dimension: 1, bias: 1)
        }
    }

    @Test func `a rotation keeps norms, spreads one coordinate over all, and can be undone`() throws {
        let rotation = try WalshHadamardRotation(dimension: 100, seed: [UInt8](0..<32))
        #expect(rotation.paddedDimension == 128)
        var unit = [Double](repeating: 0, count: 100)
        unit[42] = 8
        let spread = rotation.rotate(unit)
        #expect(spread.allSatisfy { abs(abs($0) - 8 / 128.0.squareRoot()) < 1e-12 })
        let vector = (0..<100).map { Double($0 * $0 % 17) - 8 }
        let rotated = rotation.rotate(vector)
        let norm = { (v: [Double]) in v.reduce(0) { $0 + $1 * $1 } }
        #expect(abs(norm(rotated) / norm(vector) - 1) < 1e-12)
        for (a, b) in zip(rotation.rotateBack(rotated), vector) { #expect(abs(a - b) < 1e-12) }
        // By the definition, with the signs read off the unit vectors of the first row.
        var signs: [Double] = []
        for index in 0..<100 {
            var e = [Double](repeating: 0, count: 100)
            e[index] = 1
            signs.append(rotation.rotate(e)[0] > 0 ? 1 : -1)
        }
        #expect(signs.contains(1) && signs.contains(-1))
        for row in [0, 5, 127] {
            var sum = 0.0
            for (column, x) in vector.enumerated() {
                sum += (row & column).nonzeroBitCount % 2 == 0 ? signs[column] * x : -signs[column] * x
            }
            #expect(abs(sum / 128.0.squareRoot() - rotated[row]) < 1e-12)
        }
        let other = try WalshHadamardRotation(dimension: 100, seed: [UInt8](1..<33))
        #expect(other.rotate(vector) != rotated)
    }

    @Test func `rounding goes up exactly for words below the fraction, and is refused above the bound`() throws {
        let rounding = try ConditionalRounding(norm: 3, dimension: 2, bias: 0.5)
        let quarter = UInt64(1) << 62
        #expect(rounding.round([1.25, -0.75], by: [quarter - 1, quarter - 1]) == [2, 0])
        #expect(rounding.round([1.25, -0.75], by: [quarter, quarter]) == [1, -1])
        #expect(rounding.round([2, -2], by: [0, .max]) == [2, -2])
        #expect(rounding.round([100, 0], by: [0, 0]) == nil)
        #expect(rounding.round([-1e-300, 0], by: [.max, 0]) == [0, 0])
        // Where nothing fits within 100 attempts, what leaves fits nevertheless.
        var generator = testGenerator(14)
        #expect(try rounding.round([100, 0], using: &generator) == [0, 0])
    }
}
