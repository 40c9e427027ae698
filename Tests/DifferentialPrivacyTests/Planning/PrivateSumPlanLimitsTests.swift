// SPDX-License-Identifier: Apache-2.0

import DifferentialPrivacy
import Foundation
import Testing

@Suite struct PrivateSumPlanLimitsTests {
    private func terms(
        _ mode: PrivateSumTerms.Mode = .distributed, population: Int, samplingRate: Double = 1, releases: Int = 10,
        lostShare: Double = 0.1, colludingShare: Double = 0.1
    ) -> PrivateSumTerms {
        PrivateSumTerms(
            mode: mode, dimension: 100, clippingNorm: 1, population: population, samplingRate: samplingRate,
            releases: releases, lostShare: lostShare, colludingShare: colludingShare, epsilon: 8, delta: 1e-6,
            noiseMultiplier: 20)
    }

    /// log of the binomial probability of `count`, by the C library.
    private func logMass(_ count: Int, of users: Int, _ rate: Double) -> Double {
        let (n, k) = (Double(users), Double(count))
        return lgamma(n + 1) - lgamma(k + 1) - lgamma(n - k + 1) + k * log(rate) + (n - k) * log1p(-rate)
    }

    @Test(arguments: [(0.1, 0.1), (0, 0), (0, 0.3), (0.35, 0), (0.2, 0.0005), (0.8, 0.1), (0.123456, 0.234567)])
    func `whoever is lost or colludes, honest clients have σ² between them`(lost: Double, colluding: Double) throws {
        for count in Array(3...120) + [999, 1000, 1001, 4321] {
            let plan = try PrivateSumPlan(
                terms(population: count, lostShare: lost, colludingShare: colluding))
            let mechanism = try plan.mechanism(cohort: count, rotationSeed: [UInt8](repeating: 0, count: 32))
            let minimum = plan.minimumContributors(cohort: count)
            #expect(minimum <= count)
            let honest = minimum - Int((colluding * Double(count) + 1e-9).rounded(.down))
            let (share, whole) = (mechanism.description.localVariance, plan.variance)
            // honest · share ≥ σ², in fractions; and one client fewer than the minimum is less than was asked for.
            #expect(
                UInt128(honest) * UInt128(share.numerator) * UInt128(whole.denominator)
                    >= UInt128(whole.numerator) * UInt128(share.denominator), "\(count)")
            #expect(Double(minimum - 1) < (1 - lost) * Double(count) + 0.003 * Double(count), "\(count)")
            // All of them have σ²/ρ, whatever their number.
            let total = share.value * Double(count) / whole.value
            #expect(abs(total * (1 - lost - colluding) - 1) < 0.011, "\(count)")
        }
    }

    @Test func `bounds of large cohorts are above the exact probabilities, and not far`() throws {
        // The bound takes over above 2^20 users; there both can be had.
        let users = Participation.largestExactCount + 1
        for (rate, minimums) in [(1e-4, [40, 60, 80, 100]), (0.01, [9900, 10_000, 10_200]), (0.999, [1_047_300])] {
            for minimum in minimums {
                let exact = try Participation.probabilityOfSmallCohort(users: users, rate: rate, minimum: minimum)
                let bound = try Participation.boundOfSmallCohort(users: users, rate: rate, minimum: minimum)
                #expect(bound >= exact && bound < 40 * exact, "\(rate) \(minimum) \(exact) \(bound)")
            }
        }
        #expect(try Participation.boundOfSmallCohort(users: users, rate: 0.5, minimum: users) == 1)
        #expect(try Participation.boundOfSmallCohort(users: users, rate: 0.5, minimum: 0) == 0)
        #expect(try Participation.boundOfSmallCohort(users: users, rate: 0, minimum: 1) == 1)
        #expect(try Participation.boundOfSmallCohort(users: users, rate: 1, minimum: users) == 0)
        #expect(try Participation.boundOfSmallCohort(users: users, rate: 1, minimum: users + 1) == 1)
        #expect(throws: AccountingError.countOutOfRange(-1)) {
            try Participation.boundOfSmallCohort(users: users, rate: 0.5, minimum: -1)
        }
        #expect(throws: AccountingError.samplingRateOutOfRange(2)) {
            try Participation.boundOfSmallCohort(users: users, rate: 2, minimum: 5)
        }
    }

    @Test func `a hundred million clients and a million releases have a plan`() throws {
        let plan = try PrivateSumPlan(
            terms(.central, population: 100_000_000, samplingRate: 1e-6, releases: 1_000_000))
        // A client is drawn once on average, and a cohort has 100. Poisson tails, term by term.
        #expect((6...10).contains(plan.participationCap))
        let share = 1e-6 / 1024 / 1e6
        func mass(_ range: Range<Int>) -> Double {
            range.reduce(0) { $0 + exp(logMass($1, of: 100_000_000, 1e-6)) }
        }
        #expect(mass(0..<plan.cohort.lowerBound) <= share)
        #expect(mass(plan.cohort.upperBound + 1..<1000) <= share)
        // Not much wider than it must be.
        #expect(mass(0..<plan.cohort.lowerBound + 3) > share)
        #expect(mass(plan.cohort.upperBound - 5..<1000) > share)
    }

    @Test func `a hundred million shares of noise have a bound that is no slower than a million`() throws {
        let variance = try NoiseVariance(numerator: 2)
        let (million, more) = (1 << 20, 100_000_000)
        let first = DistributedNoise.closeness(localVariance: variance, shares: million)
        let all = DistributedNoise.closeness(localVariance: variance, shares: more)
        // τ has a term for each share, of exp(−4π²) nearly.
        let term = 10 * exp(-4 * Double.pi * Double.pi)
        #expect(abs(all - first - Double(more - million) * term) < 1e-3 * Double(more) * term)
        #expect(all >= Double(more - 1) * term)
    }
}
