// SPDX-License-Identifier: Apache-2.0

import DifferentialPrivacy
import Foundation
import Testing

@Suite struct GaussianAccountingTests {
    @Test(arguments: ["analytic_gaussian", "analytic_gaussian_wide"])
    func `the analytic noise is the least one, and never below it`(file: String) throws {
        for row in try referenceRows(file) {
            let (epsilon, delta) = (row.number("epsilon"), row.number("delta"))
            let sensitivity = row.number("l2_sensitivity")
            let sigma = try AnalyticGaussian.standardDeviation(
                epsilon: epsilon, delta: delta, l2Sensitivity: sensitivity)
            let excess = sigma / row.number("sigma_analytic") - 1
            #expect(excess >= -1e-12 && excess <= 1e-9, "\(row.members): \(excess)")
            #expect(try GaussianDifferentialPrivacy(mu: sensitivity / sigma).delta(epsilon: epsilon) <= delta)
            // A little less noise is too little.
            let less = try GaussianDifferentialPrivacy(mu: sensitivity / (sigma * (1 - 1e-8)))
            #expect(try less.delta(epsilon: epsilon) > delta)
        }
    }

    @Test(arguments: ["gdp_dual", "gdp_dual_wide"])
    func `δ keeps its digits far below the smallest double, and ε inverts it`(file: String) throws {
        for row in try referenceRows(file) {
            let curve = try GaussianDifferentialPrivacy(mu: row.number("mu"))
            let epsilon = row.number("epsilon")
            let logDelta = row.logarithm("delta")
            let ours = try curve.logDelta(epsilon: epsilon)
            #expect(abs(ours - logDelta) <= 1e-9, "\(row.members): \(ours)")
            // Near δ = 1 the digits of δ do not hold those of ε.
            guard logDelta > -600, logDelta < -1e-3 else { continue }
            let inverse = try curve.epsilon(delta: row.number("delta"))
            #expect(abs(inverse - epsilon) <= 1e-9 * max(epsilon, 1e-2 * curve.mu), "\(row.members): \(inverse)")
        }
    }

    @Test func `zCDP converts as the references do, and the simple conversion is never better`() throws {
        for row in try referenceRows("zcdp_to_dp") {
            let privacy = try ZeroConcentratedPrivacy(rho: row.number("rho"))
            let delta = row.number("delta")
            let (simple, optimal) = (try privacy.simpleEpsilon(delta: delta), try privacy.epsilon(delta: delta))
            #expect(relativeError(simple, row.number("epsilon_simple")) <= 1e-12)
            let excess = optimal / row.number("epsilon_optimal") - 1
            #expect(excess >= -1e-9 && excess <= 1e-6)
            #expect(optimal < simple)
        }
    }

    @Test func `the central limit is an estimate that says so, below what is proved`() throws {
        for row in try referenceRows("gdp_clt") {
            let (rate, z, steps) = (row.number("q"), row.number("noise_multiplier"), row.integer("steps"))
            for (suffix, sampling) in [("poisson", GaussianCentralLimit.Sampling.poisson), ("uniform", .uniform)] {
                let estimate = try GaussianCentralLimit.estimate(
                    rate: rate, noiseMultiplier: z, steps: steps, delta: row.number("delta"), sampling: sampling)
                #expect(estimate.kind == .estimate && estimate.accountant == .centralLimit)
                #expect(relativeError(estimate.epsilon, row.number("epsilon_\(suffix)")) <= 1e-6)
            }
        }
        // The reason for the label: the truth is above it.
        let event = PrivacyEvent.sampledGaussian(rate: 0.01, noiseMultiplier: 1, steps: 10_000)
        let proved = try PrivacyLossAccountant().guarantee(for: event, delta: 1e-5)
        let estimate = try GaussianCentralLimit.estimate(
            rate: 0.01, noiseMultiplier: 1, steps: 10_000, delta: 1e-5)
        #expect(try estimate.epsilon < #require(proved.lowerBound))
        #expect(proved.kind == .bound)
    }

    @Test func `the distributed discrete Gaussian has the bounds of its paper`() throws {
        for row in try referenceRows("distributed_discrete_gaussian") {
            let bound = try DistributedDiscreteGaussianBound(
                contributors: row.integer("clients"), localVariance: row.number("local_sigma2"),
                l2Sensitivity: row.number("l2_sensitivity"), dimension: row.integer("dim"))
            #expect(relativeError(bound.tau, row.number("tau")) <= 1e-9)
            #expect(relativeError(bound.rho, row.number("rho_bound")) <= 1e-9)
            for (order, value) in row.members["rdp"] as! [String: String] {
                let ours = try bound.divergence(order: #require(Double(order)))
                #expect(try relativeError(ours, #require(Double(value))) <= 1e-9)
            }
        }
        #expect(throws: AccountingError.countOutOfRange(0)) {
            try DistributedDiscreteGaussianBound(contributors: 0, localVariance: 1, l2Sensitivity: 1, dimension: 1)
        }
    }

    @Test func `against the coordinator only the cap on participations helps`() throws {
        let few = try Participation.guaranteeAgainstCoordinator(
            noiseMultiplier: 1.13, participations: 20, delta: 1e-5)
        let many = try Participation.guaranteeAgainstCoordinator(
            noiseMultiplier: 1.13, participations: 200, delta: 1e-5)
        #expect(few.epsilon.rounded() == 24 && many.epsilon.rounded() == 131)
        #expect(few.observer == .coordinator)
    }

    /// Binomial tails by exact sums of small integers.
    @Test func `the probability of a small cohort is not below the exact one`() throws {
        // Of 10 users at rate 1/2: (1 + 10 + 45)/1024.
        let ours = try Participation.probabilityOfSmallCohort(users: 10, rate: 0.5, minimum: 3)
        #expect(ours >= 56.0 / 1024 && ours <= 56.0 / 1024 * (1 + 1e-12))
        #expect(try Participation.probabilityOfSmallCohort(users: 10, rate: 0.5, minimum: 0) == 0)
        #expect(try Participation.probabilityOfSmallCohort(users: 10, rate: 0.5, minimum: 11) == 1)
        let all = try Participation.probabilityOfSmallCohort(users: 10_000, rate: 0.5, minimum: 10_000)
        #expect(all >= 1 - 1e-9 && all <= 1)
        #expect(throws: AccountingError.samplingRateOutOfRange(2)) {
            try Participation.probabilityOfSmallCohort(users: 10, rate: 2, minimum: 3)
        }
    }
}
