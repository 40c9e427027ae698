// SPDX-License-Identifier: Apache-2.0

import DifferentialPrivacy
import Foundation
import Testing

@Suite struct PrivacyLossAccountantTests {
    private func bounds(
        _ event: PrivacyEvent, _ delta: Double, grid: Double = PrivacyLossAccountant.defaultGrid
    ) throws -> (upper: Double, lower: Double) {
        let guarantee = try PrivacyLossAccountant(grid: grid).guarantee(for: event, delta: delta)
        return (guarantee.epsilon, try #require(guarantee.lowerBound))
    }

    @Test func `ε lies between other programs' bounds`() throws {
        for row in try referenceRows("pld_epsilon") {
            let event = PrivacyEvent.sampledGaussian(
                rate: row.number("q"), noiseMultiplier: row.number("noise_multiplier"), steps: row.integer("steps"))
            let (upper, lower) = try bounds(event, row.number("delta"))
            let least =
                (row.members["prv"] as? [String: Any]).map { ReferenceRow(members: $0).number("lower") }
                ?? row.number("epsilon_exact") * (1 - 1e-12)
            #expect(upper >= least && upper <= row.number("epsilon_upper_dots_1e-4") + 1e-3, "\(row.members)")
            #expect(lower <= row.number("epsilon_upper_dots_5e-5") && lower <= upper)
        }
    }

    /// The closed form of one step, at 40 digits, over a wide range.
    @Test(arguments: [1e-4, 1e-3, 1e-2])
    func `the truth of one step is between the bounds on every grid`(grid: Double) throws {
        for row in try referenceRows("sampled_gaussian_step_wide") {
            let event = PrivacyEvent.sampledGaussian(
                rate: row.number("q"), noiseMultiplier: row.number("noise_multiplier"), steps: 1)
            let (upper, lower) = try bounds(event, row.number("delta"), grid: grid)
            let exact = row.number("epsilon")
            #expect(upper >= exact * (1 - 1e-12), "\(row.members): \(upper)")
            #expect(lower <= exact * (1 + 1e-12), "\(row.members): \(lower)")
            #expect(upper <= exact + 3 * grid, "\(row.members): \(upper)")
        }
    }

    /// A rate just below 1 takes the way over lattices; the composition at rate 1 is known exactly.
    @Test func `compositions of Gaussian steps are bounded from both sides, and tighter on finer grids`() throws {
        for (z, steps, delta) in [(20.0, 100, 1e-5), (4.0, 10, 1e-9), (50.0, 3000, 1e-6)] {
            let exact = try GaussianDifferentialPrivacy(mu: Double(steps).squareRoot() / z).epsilon(delta: delta)
            let rate = 1 - 1e-11
            var last = Double.infinity
            for grid in [1e-2, 1e-3, 1e-4] {
                let (upper, lower) = try bounds(
                    .sampledGaussian(rate: rate, noiseMultiplier: z, steps: steps), delta, grid: grid)
                #expect(upper >= exact - 1e-8 && lower <= exact)
                #expect(upper < last)
                last = upper
            }
            #expect(last - exact < 2e-5)
        }
    }

    @Test func `unlike events compose, in any order and nesting`() throws {
        let first = PrivacyEvent.sampledGaussian(rate: 0.02, noiseMultiplier: 1.1, steps: 500)
        let second = PrivacyEvent.sampledGaussian(rate: 0.1, noiseMultiplier: 4, steps: 300)
        let third = PrivacyEvent.gaussian(noiseMultiplier: 5)
        let (upper, lower) = try bounds(.composed([first, second, third]), 1e-5)
        let (other, _) = try bounds(.composed([third, .composed([second, first])]), 1e-5)
        #expect(abs(upper - other) < 1e-9)
        #expect(lower <= upper && upper - lower < 2e-3)
        // More than each alone, less than Rényi says.
        #expect(try upper > bounds(first, 1e-5).upper)
        #expect(try upper < RenyiAccountant().guarantee(for: .composed([first, second, third]), delta: 1e-5).epsilon)
        // Split in two halves it is the same composition.
        let half = PrivacyEvent.sampledGaussian(rate: 0.02, noiseMultiplier: 1.1, steps: 250)
        #expect(try bounds(.selfComposed(half, count: 2), 1e-5).upper == bounds(first, 1e-5).upper)
    }

    @Test func `discrete noise is dominated by continuous noise, at a price that is charged`() throws {
        let continuous = PrivacyEvent.sampledGaussian(rate: 0.1, noiseMultiplier: 1.25, steps: 50)
        let least = try bounds(continuous, 1e-5).upper
        let discrete = PrivacyEvent.discreteGaussian(variance: 10_000, l2Sensitivity: 80, dimension: 1000)
        let (upper, lower) = try bounds(.selfComposed(.poissonSampled(rate: 0.1, discrete), count: 50), 1e-5)
        #expect(upper > least && upper < least * 1.001 && lower <= upper)
        // With τ of [KLS21], which is large for little noise in each share.
        let shares = PrivacyEvent.distributedDiscreteGaussian(
            contributors: 10_000, localVariance: 1, l2Sensitivity: 80, dimension: 10)
        let (more, _) = try bounds(.selfComposed(.poissonSampled(rate: 0.1, shares), count: 50), 1e-5)
        #expect(more > upper + 2 * 50 * 10 * 5e-4)
        let tiny = PrivacyEvent.discreteGaussian(variance: 1, l2Sensitivity: 1, dimension: 1000)
        #expect(throws: AccountingError.unsupportedEvent(.noiseTooSmall(variance: 1))) {
            try PrivacyLossAccountant().guarantee(for: tiny, delta: 1e-5)
        }
    }

    @Test func `the probability of failure is part of δ`() throws {
        let release = PrivacyEvent.sampledGaussian(rate: 0.1, noiseMultiplier: 2, steps: 100)
        let failing = PrivacyEvent.composed([release, .selfComposed(.failure(probability: 5e-8), count: 100)])
        let (upper, lower) = try bounds(failing, 1e-5)
        #expect(try abs(upper - bounds(release, 5e-6).upper) < 1e-9)
        // From below failures count as if they never happened.
        #expect(try lower <= bounds(release, 1e-5).upper)
        #expect(throws: AccountingError.self) {
            try PrivacyLossAccountant().guarantee(for: failing, delta: 5e-6)
        }
    }

    @Test func `what has no proved bound is refused`() throws {
        let accountant = try PrivacyLossAccountant()
        let gaussian = PrivacyEvent.gaussian(noiseMultiplier: 1)
        let refused: [(PrivacyEvent, AccountingError)] = [
            (.unknown("laplace"), .unsupportedEvent(.kind("laplace"))),
            (.composed([gaussian, .unknown("x")]), .unsupportedEvent(.kind("x"))),
            (.selfComposed(.unknown("x"), count: 0), .unsupportedEvent(.kind("x"))),
            (.skellam(variance: 9, l1Sensitivity: 1, l2Sensitivity: 1), .unsupportedEvent(.kind("skellam"))),
            (
                .sampledWithoutReplacement(sample: 1, population: 10, gaussian),
                .unsupportedEvent(.adjacency("sampled-without-replacement"))
            ),
            (.poissonSampled(rate: 0.1, .composed([gaussian])), .unsupportedEvent(.sampling(of: "composed"))),
            (
                .poissonSampled(rate: 0.1, .poissonSampled(rate: 0.1, gaussian)),
                .unsupportedEvent(.sampling(of: "poisson-sampled"))
            ),
            (.gaussian(noiseMultiplier: 0), .noiseOutOfRange(0)),
            (.poissonSampled(rate: 1.5, gaussian), .samplingRateOutOfRange(1.5)),
            (.selfComposed(gaussian, count: -1), .countOutOfRange(-1)),
            (.failure(probability: 2), .probabilityOutOfRange(2)),
        ]
        for (event, error) in refused {
            #expect(throws: error) { try accountant.guarantee(for: event, delta: 1e-5) }
        }
        for delta in [0.0, 1, -1] {
            #expect(throws: AccountingError.probabilityOutOfRange(delta)) {
                try accountant.guarantee(for: gaussian, delta: delta)
            }
        }
        #expect(throws: AccountingError.self) { try accountant.guarantee(for: gaussian, delta: .nan) }
        var deep = gaussian
        for _ in 0..<100 { deep = .composed([deep]) }
        #expect(throws: AccountingError.unsupportedEvent(.kind("nested-too-deep"))) {
            try accountant.guarantee(for: deep, delta: 1e-5)
        }
        #expect(try accountant.guarantee(for: .composed([]), delta: 1e-5).epsilon == 0)
    }

    @Test func `every result says for whom and against whom it holds`() throws {
        let guarantee = try PrivacyLossAccountant().guarantee(
            for: .sampledGaussian(rate: 0.1, noiseMultiplier: 2, steps: 10), delta: 1e-5)
        #expect(guarantee.adjacency == .addOrRemoveUser && guarantee.observer == .resultsOnly)
        #expect(guarantee.accountant == .privacyLossDistribution && guarantee.kind == .bound)
    }

    @Test func `calibrated noise reaches its target and never exceeds it`() throws {
        for row in try referenceRows("calibration") {
            let target = row.number("target_epsilon")
            for (name, accountant) in [("rdp", AccountantName.renyi), ("pld", .privacyLossDistribution)] {
                let ours = try NoiseCalibration(
                    epsilon: target, delta: row.number("delta"), rate: row.number("q"), steps: row.integer("steps"),
                    accountant: accountant)
                #expect(relativeError(ours.noiseMultiplier, row.number("noise_multiplier_\(name)")) <= 1e-3)
                #expect(ours.guarantee.epsilon <= target && ours.guarantee.epsilon >= target * 0.9998)
            }
        }
        for (epsilon, delta, rate, steps) in [(0.05, 1e-8, 0.001, 100), (30, 1e-5, 0.5, 10), (0.5, 1e-6, 0.3, 1)] {
            let ours = try NoiseCalibration(epsilon: epsilon, delta: delta, rate: rate, steps: steps)
            #expect(ours.guarantee.epsilon <= epsilon)
            let less = PrivacyEvent.sampledGaussian(
                rate: rate, noiseMultiplier: ours.noiseMultiplier * 0.998, steps: steps)
            #expect(try PrivacyLossAccountant().guarantee(for: less, delta: delta).epsilon > epsilon)
        }
        #expect(throws: AccountingError.self) { try NoiseCalibration(epsilon: 0, delta: 1e-5, rate: 1, steps: 1) }
    }
}
