// SPDX-License-Identifier: Apache-2.0

import DifferentialPrivacy
import Foundation
@_spi(Simulation) import SecureRandomness
import Testing

@Suite("The discrete Gaussian")
struct DiscreteGaussianSamplerTests {
    static let isSlow = ProcessInfo.processInfo.environment["FEDSUM_SLOW_TESTS"] == "1"
    static let count = 60_000

    static let variances: [(UInt64, UInt64)] = [
        (1, 10), (1, 3), (1, 2), (1, 1), (4, 1), (2999, 1000), (100, 1), (12345, 67), (1_000_000, 1),
    ]

    private func statistics(_ samples: [Int64], _ variance: NoiseVariance) -> SampleStatistics {
        let distribution = DiscreteGaussianDistribution(variance)
        return SampleStatistics(samples, reach: Int64(8 * variance.standardDeviation) + 4) {
            distribution.probability($0)
        }
    }

    @Test(arguments: variances)
    func `60,000 samples have the distribution: χ², mean, variance, tails and distance`(
        _ numerator: UInt64, _ denominator: UInt64
    ) throws {
        let variance = try NoiseVariance(numerator: numerator, denominator: denominator)
        var generator = SeededGenerator(key: [UInt8](repeating: 4, count: 32))
        let samples = try DiscreteGaussianSampler(variance).samples(Self.count, using: &generator)
        #expect(statistics(samples, variance).worst < 1)
    }

    @Test func `so have those of the largest variance, in bins`() throws {
        let variance = try NoiseVariance(numerator: 1_000_000_000_000)
        var generator = SeededGenerator(key: [UInt8](repeating: 5, count: 32))
        let samples = try DiscreteGaussianSampler(variance).samples(Self.count, using: &generator)
        // In steps of 10,000, a hundredth of σ, the density is a Gaussian's to four digits.
        let binned = samples.map { Int64((Double($0) / 10_000).rounded()) }
        let coarse = try NoiseVariance(10_000.0 + 1.0 / 12)
        #expect(statistics(binned, coarse).worst < 1)
        // And the lowest digit is uniform: 10 cells, χ² with 9 degrees of freedom is below 46 at α = 10^−6.
        var digits = [Double](repeating: 0, count: 10)
        for sample in samples { digits[Int(sample.magnitude % 10)] += 1 }
        let expected = Double(Self.count) / 10
        #expect(digits.reduce(0) { $0 + ($1 - expected) * ($1 - expected) / expected } < 46)
    }

    @Test func `the same statistics notice a variance that is 5 % off, a bias, and a doubled zero`() throws {
        let variance = try NoiseVariance(numerator: 100)
        var generator = SeededGenerator(key: [UInt8](repeating: 6, count: 32))
        let wide = try DiscreteGaussianSampler(NoiseVariance(numerator: 105)).samples(Self.count, using: &generator)
        #expect(statistics(wide, variance).worst > 1)
        let right = try DiscreteGaussianSampler(variance).samples(Self.count, using: &generator)
        #expect(statistics(right, variance).worst < 1)
        #expect(statistics(right.map { $0 + 1 }, variance).mean > 1)
        let small = try NoiseVariance(numerator: 1)
        var samples = try DiscreteGaussianSampler(small).samples(Self.count, using: &generator)
        samples += samples.filter { $0 == 0 }
        #expect(statistics(samples, small).chiSquare > 1)
    }

    @Test(arguments: [
        (1 as UInt64, 10 as UInt64), (1, 1), (2999, 1000), (100, 1),
    ])
    func `the sampler of Canonne, Kamath and Steinke gives the same distribution`(
        _ numerator: UInt64, _ denominator: UInt64
    ) throws {
        let variance = try NoiseVariance(numerator: numerator, denominator: denominator)
        var generator = SeededGenerator(key: [UInt8](repeating: 7, count: 32))
        let theirs = try CanonneKamathSteinkeSampler(variance).samples(20_000, using: &generator)
        #expect(statistics(theirs, variance).worst < 1)
        // Two samples: Σ (a/n − b/m)²/((a + b)/nm) over cells of 20 and more.
        let ours = try DiscreteGaussianSampler(variance).samples(Self.count, using: &generator)
        var counts: [Int64: (Double, Double)] = [:]
        for sample in ours { counts[sample, default: (0, 0)].0 += 1 }
        for sample in theirs { counts[sample, default: (0, 0)].1 += 1 }
        let (n, m) = (Double(ours.count), Double(theirs.count))
        var (chi, cells) = (0.0, 0.0)
        for (a, b) in counts.values where a + b >= 20 {
            let difference = a / n - b / m
            chi += difference * difference / ((a + b) / (n * m))
            cells += 1
        }
        #expect(chi < cells + 5 * (2 * cells).squareRoot() + 12)
    }

    @Test func `noise is added in the ring, and is what samples would be`() throws {
        let sampler = DiscreteGaussianSampler(try NoiseVariance(numerator: 10_000))
        let generator = SeededGenerator(key: [UInt8](repeating: 8, count: 32))
        var (first, second, third) = (generator, generator, generator)
        let samples = try sampler.samples(1000, using: &first)
        var words = [UInt32](repeating: 7, count: 1000)
        try sampler.addNoise(to: &words, using: &second)
        #expect(words == samples.map { 7 &+ UInt32(truncatingIfNeeded: $0) })
        var long = [UInt64](repeating: .max, count: 1000)
        try sampler.addNoise(to: &long, using: &third)
        #expect(long == samples.map { .max &+ UInt64(bitPattern: $0) })
        #expect(try sampler.samples(1000, using: &first) != samples)
    }

    static let refused: [(UInt64, UInt64)] = [
        (0, 1), (1, 0), (1, 11), (99, 1000), (1_000_000_000_001, 1), (UInt64.max, 1 << 20), (1 << 63, (1 << 63) - 1),
    ]

    @Test(arguments: refused)
    func `variances are fractions within their range`(_ numerator: UInt64, _ denominator: UInt64) {
        #expect(throws: DifferentialPrivacyError.varianceOutOfRange) {
            try NoiseVariance(numerator: numerator, denominator: denominator)
        }
    }

    @Test func `doubles are fractions, and standard deviations are squared upwards`() throws {
        #expect(try NoiseVariance(6.25) == NoiseVariance(numerator: 25, denominator: 4))
        #expect(try NoiseVariance(0.1).value == 0.1)
        #expect(try NoiseVariance(0.1) != NoiseVariance(numerator: 1, denominator: 10))
        #expect(try NoiseVariance(standardDeviation: 1e6) == NoiseVariance(numerator: 1_000_000_000_000))
        for deviation in [0.33, 0.7, 1.1, 3.3, 1234.567] {
            let variance = try NoiseVariance(standardDeviation: deviation)
            let exact = Decimal(deviation) * Decimal(deviation)
            #expect(Decimal(variance.value) >= exact * (1 - Decimal(sign: .plus, exponent: -30, significand: 1)))
            #expect(variance.value <= (deviation * deviation).nextUp)
        }
        for value in [0.0999, 1.1e12, .infinity, .nan, -4, 0] {
            #expect(throws: DifferentialPrivacyError.varianceOutOfRange) { try NoiseVariance(value) }
        }
    }

    @Test(
        .enabled(if: isSlow),
        arguments: [
            (1 as UInt64, 10 as UInt64), (100, 1), (1_000_000, 1),
        ])
    func `10^8 samples have the distribution, three variances`(_ numerator: UInt64, _ denominator: UInt64) throws {
        let variance = try NoiseVariance(numerator: numerator, denominator: denominator)
        var generator = SystemRandomness()
        let samples = try DiscreteGaussianSampler(variance).samples(100_000_000, using: &generator)
        let statistics = statistics(samples, variance)
        print("σ² = \(variance.value), 10^8 samples, each over its bound:", statistics)
        #expect(statistics.worst < 1)
    }
}
