// SPDX-License-Identifier: Apache-2.0

import Foundation
@_spi(Simulation) import SecureAggregation
@_spi(Simulation) import SecureRandomness
import Testing

/// The statistics against values from elsewhere, and against counting.
@Suite struct StatisticsTests {
    private func expectClose(_ value: Double, _ reference: Double, _ tolerance: Double = 1e-12) {
        #expect(abs(value - reference) <= tolerance * reference)
    }

    /// `mpmath.gammainc(k/2, x/2, inf, regularized=True)` with 30 digits, mpmath 1.3.0; SciPy 1.17.1 (`chi2.sf`) gives the
    /// same to 12 digits.
    @Test(
        arguments: [
            (3.841, 1, 0.050013683763956699), (0.5, 1, 0.47950012218695346), (2, 2, 0.36787944117144232),
            (1, 3, 0.8012519569012008), (18.307, 10, 0.05000058909139812), (29.588, 10, 0.0010001119410634819),
            (255, 255, 0.48822252177040634), (310.457, 255, 0.010000402186979481), (400, 255, 1.6600025244124518e-8),
            (450.5, 255, 5.1690398606887887e-13),
        ] as [(Double, Int, Double)])
    func `the chi-square law has the tail that others computed`(x: Double, degrees: Int, tail: Double) {
        expectClose(Statistics.chiSquareTail(x, degrees: degrees), tail)
    }

    @Test func `the chi-square law has the critical values of printed tables`() {
        // Any table of the distribution: 95 %, 99 % and 99.9 % points.
        for (x, degrees, tail) in [
            (3.841, 1, 0.05), (6.635, 1, 0.01), (10.828, 1, 0.001), (9.488, 4, 0.05), (15.507, 8, 0.05),
            (23.209, 10, 0.01), (43.773, 30, 0.05), (124.342, 100, 0.05), (149.449, 100, 0.001),
        ] as [(Double, Int, Double)] {
            expectClose(Statistics.chiSquareTail(x, degrees: degrees), tail, 2e-3)
        }
        #expect(Statistics.chiSquareTail(0, degrees: 5) == 1)
        #expect(Statistics.chiSquareTail(1e9, degrees: 255) == 0)
    }

    /// `C(2n, n−k) / C(2n, n)` with Python's integers.
    @Test(
        arguments: [
            (10, 5, 0.083916083916083916), (10, 7, 0.0061703002879473468), (20, 10, 0.0061493062992313367),
            (100, 30, 0.00011243696587464656), (1000, 100, 4.4871387836568341e-5), (65536, 1200, 2.86375689572931e-10),
        ] as [(Int, Int, Double)])
    func `the two-sample law has the tail that others computed`(count: Int, steps: Int, tail: Double) {
        expectClose(Statistics.oneSidedTwoSampleTail(steps: steps, count: count), tail, 1e-9)
    }

    @Test func `the two-sample law is that of counting all orders`() {
        // Of five and five values in all C(10, 5) orders.
        var reached = [Int](repeating: 0, count: 6)
        for order in 0..<1024 where order.nonzeroBitCount == 5 {
            var height = 0
            var highest = 0
            for bit in 0..<10 {
                height += order >> bit & 1 == 1 ? 1 : -1
                highest = max(highest, height)
            }
            for steps in 1...5 where highest >= steps { reached[steps] += 1 }
        }
        for steps in 1...5 {
            expectClose(Statistics.oneSidedTwoSampleTail(steps: steps, count: 5), Double(reached[steps]) / 252)
        }
    }

    /// The exact tail, SciPy 1.17.1 (`kstwo.sf`).
    @Test(arguments: [
        (10, 0.5, 0.00777741), (100, 0.2, 0.0005551927327988775), (1000, 0.07, 0.00010494206285958879),
        (65536, 0.0125, 2.528022959376316e-09),
    ])
    func `the bound of the uniform Kolmogorov-Smirnov test lies above the exact tail, and near it for large samples`(
        count: Int,
        distance: Double,
        exact: Double
    ) {
        let bound = Statistics.kolmogorovSmirnovBound(distance: distance, count: count)
        #expect(bound >= exact)
        if count > 10_000 { #expect(bound <= 1.01 * exact) }
    }

    @Test func `distances of samples are those of the definition`() {
        // By hand: of 0.1, 0.2, 0.9 the largest gap is 2/3 − 0.2.
        let bound = Statistics.uniformKolmogorovSmirnov([0.1, 0.2, 0.9])
        expectClose(bound, min(1, 2 * exp(-6 * (2.0 / 3 - 0.2) * (2.0 / 3 - 0.2))))
        // All of one sample below all of the other; and equal samples.
        let low = (0..<50).map { Double($0) / 200 }
        let high = low.map { $0 + 0.5 }
        expectClose(
            Statistics.twoSampleKolmogorovSmirnov(low, high),
            2 * Statistics.oneSidedTwoSampleTail(steps: 50, count: 50))
        #expect(Statistics.twoSampleKolmogorovSmirnov(low, low) == 1)
    }

    @Test func `the bound on a correlation holds for all sequences of six words of two bits`() {
        var exceeding: [Double: Int] = [:]
        for sequence in 0..<4096 {
            let values = (0..<6).map { (position: Int) -> Double in
                let word = sequence >> (2 * position) & 3
                return Double(2 * word - 3) / 8
            }
            let sum = (0..<5).reduce(0.0) { $0 + values[$1] * values[$1 + 1] }
            exceeding[abs(sum), default: 0] += 1
        }
        var count = 0
        for (sum, number) in exceeding.sorted(by: { $0.key > $1.key }) {
            count += number
            #expect(Double(count) / 4096 <= Statistics.correlation(sum: sum, count: 5))
        }
    }

    /// The chance that fewer than `low` or more than `high` of 2,000 uniform numbers are below 0.01 is under 1e-6.
    @Test func `uniform words fail as often as they should`() throws {
        var generator = SimulationRandomness(seed: 8).generator(purpose: "calibration")
        var below = 0
        var belowTwoSample = 0
        for _ in 0..<2000 {
            func histogram() throws -> [Int] {
                var counts = [Int](repeating: 0, count: 16)
                for byte in try generator.bytes(4096) { counts[Int(byte >> 4)] += 1 }
                return counts
            }
            let first = try histogram()
            let second = try histogram()
            if Statistics.uniformity(first) < 0.01 { below += 1 }
            if Statistics.homogeneity(first, second) < 0.01 { belowTwoSample += 1 }
        }
        // Binomial(2000, 0.01): P(< 3) = 4e-7, P(> 45) = 4e-7.
        #expect((3...45).contains(below) && (3...45).contains(belowTwoSample))
    }
}
