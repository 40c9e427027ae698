// SPDX-License-Identifier: Apache-2.0

import DifferentialPrivacy
import Foundation
import RingArithmetic
@_spi(Simulation) import SecureRandomness
import Testing

@Suite("The plan of a private sum")
struct PrivateSumPlanTests {
    /// Terms with what no test looks at left out.
    private static func terms(
        _ mode: PrivateSumTerms.Mode, dimension: Int = 20, bits: Int = 16, clients: Int = 50, rate: Double = 1,
        releases: Int = 1, lost: Double = 0.1, colluding: Double = 0.1, epsilon: Double = 1, delta: Double = 1e-6,
        multiplier: Double? = nil
    ) -> PrivateSumTerms {
        PrivateSumTerms(
            mode: mode, dimension: dimension, clippingNorm: 0.7, inputBits: bits, population: clients,
            samplingRate: rate, releases: releases, lostShare: lost, colludingShare: colluding, epsilon: epsilon,
            delta: delta, noiseMultiplier: multiplier)
    }

    /// Every parameter moves, for each mode.
    static let everybody: [PrivateSumTerms] = PrivateSumTerms.Mode.allCases.flatMap { mode in
        [
            terms(mode), terms(mode, dimension: 1, bits: 24, clients: 3, lost: 0, colluding: 0),
            terms(mode, dimension: 1000, bits: 8, clients: 200, epsilon: 8, delta: 1e-9),
            terms(mode, dimension: 300, bits: 12, releases: 400, lost: 0.3, colluding: 1.0 / 3, epsilon: 20),
            terms(mode, dimension: 5, bits: 4, clients: 10, releases: 40, epsilon: 0.5, delta: 1e-3),
            terms(mode, dimension: 70_000, bits: 16, clients: 5000, epsilon: 0.05, delta: 1e-8),
            terms(mode, bits: 32, clients: 30, lost: 0.85, colluding: 0.05, epsilon: 100),
        ]
    }

    // MARK: What it costs

    /// δ(ε) of the Gaussian mechanism, from its closed formula.
    private func gaussianDelta(_ epsilon: Double, mu: Double) -> Double {
        func normal(_ x: Double) -> Double { 0.5 * erfc(-x / 2.0.squareRoot()) }
        return normal(mu / 2 - epsilon / mu) - exp(epsilon) * normal(-mu / 2 - epsilon / mu)
    }

    /// The norm of a rounded vector in the integers' unit, squared, by the formula of [KLS21].
    private func squaredNorm(_ plan: PrivateSumPlan) -> Double {
        let (c, d) = (plan.terms.clippingNorm * plan.scale, Double(plan.encodedDimension))
        return min(c * c + d / 4 + (c + d.squareRoot() / 2), (c + d.squareRoot()) * (c + d.squareRoot())).rounded(.down)
    }

    @Test(arguments: everybody)
    func `the noise is as much as ε and δ ask for, and hardly more`(_ terms: PrivateSumTerms) throws {
        let plan = try PrivateSumPlan(terms)
        #expect(plan.participationCap == terms.releases)
        #expect(plan.cohort == terms.population...terms.population)
        let all = PrivacyEvent.selfComposed(plan.event, count: terms.releases)
        let charged =
            terms.mode == .local
            ? try RenyiAccountant(adjacency: .substituteUser).guarantee(for: all, delta: terms.delta).epsilon
            : try PrivacyLossAccountant().epsilon(for: all, delta: terms.delta)
        #expect(charged <= terms.epsilon && charged >= 0.99 * terms.epsilon)
        #expect(try plan.guarantee(releases: terms.releases).epsilon == charged)

        // No accountant of ours: a discrete Gaussian is as good as a continuous one but for parts in 10^4 here.
        let factor = terms.mode == .local ? 4.0 : 1
        let mu = (Double(terms.releases) * factor * squaredNorm(plan) / plan.variance.value).squareRoot()
        #expect(abs(plan.noiseMultiplier * mu / Double(terms.releases).squareRoot() - 1) < 1e-3)
        #expect(gaussianDelta(terms.epsilon, mu: mu) <= terms.delta)
        // Rényi divergences convert with a loss; the others are tight.
        if terms.mode != .local { #expect(gaussianDelta(0.98 * terms.epsilon, mu: mu) > terms.delta) }
        let deviation = plan.variance.value.squareRoot() / plan.scale
        #expect(abs(plan.standardDeviation / deviation - 1) < 1e-12)
    }

    @Test(arguments: PrivateSumTerms.Mode.allCases)
    func `a sample of the clients costs as much as was asked for too`(_ mode: PrivateSumTerms.Mode) throws {
        let terms = Self.terms(
            mode, clients: 1000, rate: 0.5, releases: 30, epsilon: 8, delta: 1e-5)
        let plan = try PrivateSumPlan(terms)
        let count = mode == .local ? plan.participationCap : 30
        let all = PrivacyEvent.selfComposed(plan.event, count: count)
        let charged =
            mode == .local
            ? try RenyiAccountant(adjacency: .substituteUser).guarantee(for: all, delta: 1e-5).epsilon
            : try PrivacyLossAccountant().epsilon(for: all, delta: 1e-5)
        #expect(charged <= 8 && charged >= 0.99 * 8)
        let coordinator = try plan.guaranteeAgainstCoordinator(participations: plan.participationCap)?.epsilon
        switch mode {
        case .central: #expect(coordinator == nil)
        case .local: #expect(try abs(#require(coordinator) - charged) < 0.01)
        case .distributed:
            // It knows when the client took part: Gaussian noise, 24 times.
            let mu = (24 * squaredNorm(plan) / plan.variance.value).squareRoot()
            let value = try #require(coordinator)
            #expect(gaussianDelta(value, mu: mu) <= 1e-5 && gaussianDelta(0.995 * value, mu: mu) > 1e-5)
            #expect(value > charged)
        }
    }

    @Test func `noise that is given is taken, whatever it costs`() throws {
        let plan = try PrivateSumPlan(Self.terms(.distributed, epsilon: 1, multiplier: 0.5))
        #expect(plan.noiseMultiplier == 0.5)
        let mu = (squaredNorm(plan) / plan.variance.value).squareRoot()
        #expect(abs(mu - 2) < 1e-3)
        #expect(try plan.guarantee(releases: 1).epsilon > 1)
    }

    // MARK: Shares of noise

    @Test(
        arguments: everybody.filter { $0.mode == .distributed } + [
            terms(.distributed, clients: 1000, rate: 0.5, lost: 0.123_45, colluding: 0.0307, multiplier: 1.5)
        ])
    func `all shares are σ²/ρ, and those of honest survivors σ² at the least, whatever the cohort`(
        _ terms: PrivateSumTerms
    ) throws {
        let plan = try PrivateSumPlan(terms)
        let permille = UInt128(plan.honestPermille)
        // ρ is rounded down, by less than a thousandth.
        let honest = 1 - terms.lostShare - terms.colludingShare
        #expect(Double(permille) / 1000 <= honest + 1e-8 && Double(permille) / 1000 > honest - 0.001)
        #expect(plan.variance.denominator == 1)
        let variance = UInt128(plan.variance.numerator)
        let cohorts = Set([
            plan.cohort.lowerBound, plan.cohort.lowerBound + plan.cohort.count / 3, plan.cohort.upperBound,
        ])
        for count in cohorts {
            let mechanism = try plan.mechanism(cohort: count, rotationSeed: [UInt8](repeating: 1, count: 32))
            let share = mechanism.description.localVariance
            let (numerator, denominator) = (UInt128(share.numerator), UInt128(share.denominator))
            #expect(UInt128(count) * numerator * permille == variance * 1000 * denominator)
            let shares = UInt128(mechanism.description.shares)
            #expect(shares * numerator >= variance * denominator)
            #expect(shares == 1 || (shares - 1) * numerator < variance * denominator)

            let minimum = plan.minimumContributors(cohort: count)
            let colluding = Int(terms.colludingShare * Double(count))
            #expect(UInt128(minimum - colluding) * numerator >= variance * denominator)
            // Nobody is refused whose losses are within their share.
            #expect(minimum <= count - Int(terms.lostShare * Double(count)))
            #expect(minimum > count - Int((terms.lostShare * Double(count)).rounded(.up)) - count / 500 - 2)
        }
        let released = plan.releasedStandardDeviation(of: 1) / plan.standardDeviation
        #expect(abs(released * released * Double(permille) / 1000 - 1) < 1e-12)
    }

    @Test func `only distributed noise asks for contributors`() throws {
        for mode in [PrivateSumTerms.Mode.central, .local] {
            let plan = try PrivateSumPlan(Self.terms(mode, lost: 0, colluding: 0))
            #expect(plan.minimumContributors(cohort: 50) == 1)
            #expect(plan.releasedStandardDeviation(of: 49) == plan.standardDeviation * (mode == .local ? 7 : 1))
        }
        let plan = try PrivateSumPlan(Self.terms(.distributed, lost: 0, colluding: 0))
        #expect(plan.minimumContributors(cohort: 50) == 50)
        #expect(plan.releasedStandardDeviation(of: 49) == plan.standardDeviation)
    }

    // MARK: Cohorts

    /// N, q, T, δ; the cap, the cohorts and the probability of all others, from binomial sums in 60 digits by Python.
    @Test(arguments: [
        (1000, 0.5, 30, 1e-5, 24, 402...597, 5.702944450929591e-10),
        (300, 0.5, 30, 1e-3, 24, 103...196, 5.280419988171201e-08),
        (5000, 0.1, 200, 1e-5, 35, 368...643, 7.753334356225349e-11),
        (200, 0.3, 1, 1e-6, 1, 24...101, 1.009658931804486e-09),
        (400, 0.75, 12, 1e-5, 12, 245...349, 1.203261888464201e-09),
    ])
    func `the cohorts that are accepted are all but the least likely`(
        clients: Int, rate: Double, releases: Int, delta: Double, cap: Int, cohorts: ClosedRange<Int>,
        probability: Double
    ) throws {
        // Noise that is given needs no search.
        let plan = try PrivateSumPlan(
            Self.terms(.central, clients: clients, rate: rate, releases: releases, delta: delta, multiplier: 2))
        #expect(plan.participationCap == cap)
        #expect(plan.cohort == cohorts)
        guard case .composed(let events) = plan.event, case .failure(let charged)? = events.last else {
            Issue.record("no failure is charged")
            return
        }
        let tolerance = delta / 1024 / Double(releases)
        let wrapping = try plan.mechanism(
            cohort: cohorts.upperBound, rotationSeed: [UInt8](repeating: 0, count: 32)
        ).description.wrapAroundProbability
        #expect(wrapping <= tolerance)
        #expect(charged >= probability + wrapping && charged <= (probability + wrapping) * (1 + 1e-8))
        for count in [cohorts.lowerBound - 1, cohorts.upperBound + 1] {
            #expect(throws: DifferentialPrivacyError.cohortOutOfRange) {
                try plan.mechanism(cohort: count, rotationSeed: [UInt8](repeating: 0, count: 32))
            }
        }
        #expect(throws: DifferentialPrivacyError.rotationSeedLength(31)) {
            try plan.mechanism(cohort: cohorts.lowerBound, rotationSeed: [UInt8](repeating: 0, count: 31))
        }
    }

    // MARK: The ring

    @Test(arguments: everybody)
    func `no narrower ring holds the sum, and rotating is chosen where it saves bits`(_ terms: PrivateSumTerms) throws {
        let plan = try PrivateSumPlan(terms)
        let tolerance = terms.delta / 1024 / Double(terms.releases)
        let n = Double(terms.population)
        let noise =
            switch terms.mode {
            case .central: plan.variance.value
            case .local: n * plan.variance.value
            case .distributed: plan.variance.value * 1000 / Double(plan.honestPermille)
            }
        /// The bound on a sum that leaves its ring: a Gaussian tail in each coordinate.
        func probability(_ bits: Int, isRotated: Bool, dimension: Int) -> Double {
            let norm = n * terms.clippingNorm * plan.scale
            let room = exp2(Double(bits - 1)) - 1 - n - (isRotated ? 0 : norm)
            let variance = noise + (isRotated ? norm * norm / Double(dimension) : 0)
            return room > 0 ? min(1, 2 * Double(dimension) * exp(-room * room / (2 * variance))) : 1
        }
        let bits = plan.width.bits
        #expect(probability(bits, isRotated: plan.isRotated, dimension: plan.encodedDimension) <= tolerance)
        #expect(probability(bits - 1, isRotated: plan.isRotated, dimension: plan.encodedDimension) > tolerance)
        var padded = 1
        while padded < terms.dimension { padded *= 2 }
        #expect(plan.encodedDimension == (plan.isRotated ? padded : terms.dimension))
        // The other choice takes as many bits at the least.
        let other = plan.isRotated ? terms.dimension : padded
        let needed = (1...64).first { probability($0, isRotated: !plan.isRotated, dimension: other) <= tolerance } ?? 65
        #expect(other * needed >= plan.encodedDimension * bits)
    }

    // MARK: What has no plan

    @Test func `terms that make no sense are refused by name`() throws {
        typealias Change = (inout PrivateSumTerms) -> Void
        let cases: [(PrivateSumPlanError, Change)] = [
            (.outOfRange(.population), { $0.population = 0 }),
            (.outOfRange(.population), { $0.population = 100_000_001 }),
            (.outOfRange(.inputBits), { $0.inputBits = 3 }), (.outOfRange(.inputBits), { $0.inputBits = 33 }),
            (.outOfRange(.releases), { $0.releases = 0 }),
            (.outOfRange(.participationCap), { $0.participationCap = 0 }),
            (.outOfRange(.minimumCohort), { $0.minimumCohort = 0 }),
            (.outOfRange(.shares), { $0.lostShare = 0.81 }), (.outOfRange(.shares), { $0.lostShare = -0.1 }),
            (.outOfRange(.shares), { $0.colludingShare = -0.1 }), (.outOfRange(.shares), { $0.lostShare = .nan }),
            (.mechanism(.notPositive), { $0.clippingNorm = 0 }),
            (.mechanism(.notPositive), { $0.clippingNorm = .infinity }),
            (.mechanism(.dimensionOutOfRange(0)), { $0.dimension = 0 }),
            (.accounting(.samplingRateOutOfRange(0)), { $0.samplingRate = 0 }),
            (.accounting(.samplingRateOutOfRange(1.5)), { $0.samplingRate = 1.5 }),
            (.accounting(.epsilonOutOfRange(0)), { $0.epsilon = 0 }),
            (.accounting(.probabilityOutOfRange(0)), { $0.delta = 0 }),
            (.accounting(.probabilityOutOfRange(1)), { $0.delta = 1 }),
            (.accounting(.noiseOutOfRange(0)), { $0.noiseMultiplier = 0 }),
            (.capBelowReleases(cap: 4, releases: 5), { ($0.releases, $0.participationCap) = (5, 4) }),
            (.cohortTooSmall(minimum: 51, bound: 1e-6 / 1024), { $0.minimumCohort = 51 }),
            // P(fewer than 3 of 49 at 0.1) is 0.11.
            (.cohortTooSmall(minimum: 3, bound: 1e-6 / 1024), { $0.samplingRate = 0.1 }),
            // 2^3 integers to a norm, so that a share is a tenth of an integer.
            (.mechanism(.varianceOutOfRange), { ($0.inputBits, $0.population, $0.epsilon) = (4, 3000, 8) }),
            // Large enough for a sampler, and too far from a discrete Gaussian when they are summed.
            (.mechanism(.varianceOutOfRange), { ($0.inputBits, $0.population, $0.epsilon) = (4, 300, 8) }),
        ]
        _ = try PrivateSumPlan(Self.terms(.distributed))
        for (expected, change) in cases {
            var terms = Self.terms(.distributed)
            change(&terms)
            #expect(throws: expected) { try PrivateSumPlan(terms) }
        }
    }

    // MARK: Releases

    /// A quantile of χ² over its degrees of freedom, by Wilson and Hilferty; ±4.8916 is 10^−6 on both sides together.
    private func chiSquareRatio(_ count: Int, _ quantile: Double) -> Double {
        let k = 2 / (9 * Double(count))
        let root = 1 - k + quantile * k.squareRoot()
        return root * root * root
    }

    @Test(arguments: PrivateSumTerms.Mode.allCases, [0, 2])
    func `released noise has its variance with losses and without`(
        _ mode: PrivateSumTerms.Mode, lost: Int
    ) throws {
        let (clients, count) = (10, 20_000)
        let plan = try PrivateSumPlan(Self.terms(mode, dimension: count, clients: clients, lost: 0.2))
        let seed = [UInt8](repeating: 9, count: 32)
        let mechanism = try plan.mechanism(cohort: clients, rotationSeed: seed)
        var generator = SeededGenerator(key: [UInt8](repeating: UInt8(40 + lost), count: 32))
        var sum = [UInt64](repeating: 0, count: plan.encodedDimension)
        for _ in 0..<clients - lost {
            UInt64.add(
                try mechanism.contribution(of: [Double](repeating: 0, count: count), using: &generator), to: &sum)
        }
        UInt64.reduce(&sum, to: plan.width)
        func ratio(_ words: [UInt64]) -> Double {
            let squares = words.reduce(0.0) { $0 + Double(mechanism.centered($1)) * Double(mechanism.centered($1)) }
            return squares / Double(words.count) / plan.variance.value
        }
        let before = ratio(sum)
        try plan.release(&sum, of: clients - lost, cohort: clients, mechanism: mechanism, using: &generator)
        // 1/ρ is 1000/700.
        let expected =
            switch mode {
            case .central: 1.0
            case .local: Double(clients - lost)
            case .distributed: 1000.0 / 700
            }
        let bounds = chiSquareRatio(sum.count, -4.8916)...chiSquareRatio(sum.count, 4.8916)
        #expect(bounds.contains(ratio(sum) / expected))
        let deviation = plan.releasedStandardDeviation(of: clients - lost) / plan.standardDeviation
        #expect(abs(deviation * deviation / expected - 1) < 1e-12)
        // And the test would see it if nothing had been added.
        let isAdded = mode == .central || (mode == .distributed && lost > 0)
        #expect(bounds.contains(before / expected) == !isAdded)
    }

    @Test func `thousands who were lost are made up for`() throws {
        let (clients, lost, count) = (20_000, 2500, 20_000)
        let plan = try PrivateSumPlan(Self.terms(.distributed, dimension: count, clients: clients, lost: 0.2))
        let mechanism = try plan.mechanism(cohort: clients, rotationSeed: [UInt8](repeating: 9, count: 32))
        var generator = SeededGenerator(key: [UInt8](repeating: 60, count: 32))
        var sum = [UInt64](repeating: 0, count: plan.encodedDimension)
        try plan.release(&sum, of: clients - lost, cohort: clients, mechanism: mechanism, using: &generator)
        let squares = sum.reduce(0.0) { $0 + Double(mechanism.centered($1)) * Double(mechanism.centered($1)) }
        let expected = plan.variance.value * 1000 / 700 * Double(lost) / Double(clients)
        let bounds = chiSquareRatio(sum.count, -4.8916)...chiSquareRatio(sum.count, 4.8916)
        #expect(bounds.contains(squares / Double(sum.count) / expected))
    }

    @Test func `a sum with too little noise is refused and left as it is`() throws {
        let plan = try PrivateSumPlan(Self.terms(.distributed, clients: 10, lost: 0.2))
        let mechanism = try plan.mechanism(cohort: 10, rotationSeed: [UInt8](repeating: 9, count: 32))
        var generator = SeededGenerator(key: [UInt8](repeating: 50, count: 32))
        let untouched = [UInt64](repeating: 5, count: plan.encodedDimension)
        var sum = untouched
        #expect(plan.minimumContributors(cohort: 10) == 8)
        #expect(throws: DifferentialPrivacyError.tooFewSurvivors(7, minimum: 8)) {
            try plan.release(&sum, of: 7, cohort: 10, mechanism: mechanism, using: &generator)
        }
        for count in [0, 11] {
            #expect(throws: DifferentialPrivacyError.cohortOutOfRange) {
                try plan.release(&sum, of: count, cohort: 10, mechanism: mechanism, using: &generator)
            }
        }
        #expect(sum == untouched)
        try plan.release(&sum, of: 8, cohort: 10, mechanism: mechanism, using: &generator)
        #expect(sum != untouched)
        var short = [UInt64](repeating: 5, count: plan.encodedDimension - 1)
        #expect(throws: DifferentialPrivacyError.lengthMismatch(expected: sum.count, actual: sum.count - 1)) {
            try plan.release(&short, of: 10, cohort: 10, mechanism: mechanism, using: &generator)
        }
    }
}
