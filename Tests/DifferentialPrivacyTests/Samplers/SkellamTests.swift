// SPDX-License-Identifier: Apache-2.0

import DifferentialPrivacy
@_spi(Simulation) import SecureRandomness
import Testing

@Suite("The Skellam distribution")
struct SkellamTests {
    @Test(arguments: [(1 as UInt64, 1 as UInt64), (3, 7), (10, 1), (12345, 1000)])
    func `samples have the distribution`(_ numerator: UInt64, _ denominator: UInt64) throws {
        let variance = try NoiseVariance(numerator: numerator, denominator: denominator)
        var generator = SeededGenerator(key: [UInt8](repeating: 9, count: 32))
        let samples = try SkellamSampler(variance).samples(60_000, using: &generator)
        let distribution = SkellamDistribution(variance: variance.value)
        let reach = Int64(10 * variance.standardDeviation) + 12
        #expect(SampleStatistics(samples, reach: reach) { distribution.probability($0) }.worst < 1)
        let other = SkellamDistribution(variance: variance.value * 1.06)
        #expect(SampleStatistics(samples, reach: reach) { other.probability($0) }.worst > 1)
    }

    @Test func `variances above 2^20 are refused`() throws {
        #expect(throws: DifferentialPrivacyError.varianceOutOfRange) {
            try SkellamSampler(NoiseVariance(numerator: SkellamSampler.largestVariance))
        }
        #expect(throws: Never.self) { try SkellamSampler(NoiseVariance(numerator: SkellamSampler.largestVariance - 1)) }
    }
}
