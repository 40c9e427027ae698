// SPDX-License-Identifier: Apache-2.0

import DifferentialPrivacy
import RingArithmetic
import Testing

/// What a mechanism is charged for, in the words of the accountants, held against what it does.
@Suite struct NoiseEventTests {
    static let deltas = [1e-1, 1e-2, 1e-3, 1e-5]

    private func mechanism(
        dimension: Int = 1, variance: NoiseVariance, mode: DiscreteGaussianMechanism.Mode = .central, bits: Int = 8
    ) throws -> DiscreteGaussianMechanism {
        let encoder = try IntegerEncoder(dimension: dimension, clippingNorm: 2, scale: 2)
        return try DiscreteGaussianMechanism(
            encoder: encoder, variance: variance, mode: mode, contributors: 3, width: RingWidth(bits: bits),
            largestWrapAroundProbability: 1)
    }

    /// Whether for all inputs and every δ the enumerated δ at the ε that the accountant prints is at most that δ.
    private func holds(
        _ mechanism: DiscreteGaussianMechanism, noise: (NoiseVariance, Int), clipped: Bool = true,
        by accountant: Accountant
    ) throws -> Bool {
        let pipeline = EnumeratedPipeline(mechanism: mechanism, noise: noise)
        let event = try mechanism.description.event(adjacency: .addOrRemoveUser)
        let dimension = mechanism.encoder.dimension
        let inputs: [[Double]] =
            dimension == 1
            ? [0.8125, 1.9375, 2, -7].map { [$0] } : [[0.5, 0.5], [0, -2], [100, 0], [0.8125, -1.0625]]
        let without = pipeline.released([[Int64](repeating: 0, count: dimension): 1])
        let released = try inputs.map { pipeline.released(try pipeline.encodings(of: $0, clipped: clipped)) }
        for delta in Self.deltas {
            let epsilon = try accountant.epsilon(event, delta)
            for with in released where trueDelta(with, without, epsilon: epsilon) > delta * (1 + 1e-9) + 1e-13 {
                return false
            }
        }
        return true
    }

    private enum Accountant: CaseIterable {
        case losses
        case concentration
        case renyi

        func epsilon(_ event: PrivacyEvent, _ delta: Double) throws -> Double {
            switch self {
            case .losses: try PrivacyLossAccountant().epsilon(for: event, delta: delta)
            case .concentration: try ZeroConcentratedPrivacy.guarantee(for: event, delta: delta).epsilon
            case .renyi: try RenyiAccountant().guarantee(for: event, delta: delta).epsilon
            }
        }
    }

    @Test
    func `the exact ε of one coordinate is at most what every accountant prints; half the noise and no clip are not`()
        throws
    {
        for variance in try [NoiseVariance(numerator: 9), NoiseVariance(numerator: 61, denominator: 2)] {
            let mechanism = try mechanism(variance: variance)
            let half = try NoiseVariance(numerator: variance.numerator, denominator: 4 * variance.denominator)
            for accountant in Accountant.allCases {
                #expect(try holds(mechanism, noise: (variance, 1), by: accountant))
                #expect(try !holds(mechanism, noise: (half, 1), by: accountant))
                #expect(try !holds(mechanism, noise: (variance, 1), clipped: false, by: accountant))
            }
        }
    }

    @Test func `the exact ε of two coordinates is at most what every accountant prints; half the noise is not`() throws
    {
        let variance = try NoiseVariance(numerator: 20)
        let mechanism = try mechanism(dimension: 2, variance: variance, bits: 7)
        let half = try NoiseVariance(numerator: 5)
        for accountant in Accountant.allCases {
            #expect(try holds(mechanism, noise: (variance, 1), by: accountant))
            #expect(try !holds(mechanism, noise: (half, 1), by: accountant))
        }
    }

    @Test
    func `the exact ε of distributed noise is at most what is printed; one share missing and half the noise are not`()
        throws
    {
        // τ is 7·10^−17 and 0.003 here.
        for total in try [NoiseVariance(numerator: 12), NoiseVariance(numerator: 5, denominator: 2)] {
            let mechanism = try mechanism(variance: total, mode: .distributed(minimumHonestSurvivors: 3))
            let local = mechanism.description.localVariance
            let half = try NoiseVariance(numerator: local.numerator, denominator: 4 * local.denominator)
            for accountant in [Accountant.concentration, .renyi] {
                #expect(try holds(mechanism, noise: (local, 3), by: accountant))
                #expect(try !holds(mechanism, noise: (local, 1), by: accountant))
                #expect(try !holds(mechanism, noise: (half, 3), by: accountant))
            }
        }
    }

    @Test func `events name the noise, its shares, and the probabilities of failure`() throws {
        let variance = try NoiseVariance(numerator: 400)
        let central = try mechanism(variance: variance, bits: 16).description
        let l2 = Double(central.squaredSensitivity).squareRoot()
        #expect(central.wrapAroundProbability == 0)
        #expect(
            try central.event(adjacency: .addOrRemoveUser)
                == .discreteGaussian(variance: 400, l2Sensitivity: l2, dimension: 1))
        // One is removed and one added.
        #expect(
            try central.event(adjacency: .substituteUser)
                == .discreteGaussian(variance: 400, l2Sensitivity: 2 * l2, dimension: 1))
        let distributed = try mechanism(variance: variance, mode: .distributed(minimumHonestSurvivors: 2), bits: 16)
            .description
        #expect(
            try distributed.event(adjacency: .addOrRemoveUser)
                == .distributedDiscreteGaussian(contributors: 2, localVariance: 200, l2Sensitivity: l2, dimension: 1))
        // The bound on the two vectors' distance is that of twice the norm, already.
        let local = try mechanism(variance: variance, mode: .local, bits: 16).description
        #expect(
            try local.event(adjacency: .substituteUser)
                == .discreteGaussian(variance: 400, l2Sensitivity: 2 * l2, dimension: 1))
        #expect(throws: AccountingError.unsupportedEvent(.adjacency("local"))) {
            try local.event(adjacency: .addOrRemoveUser)
        }
        #expect(local.adjacency == .substituteUser && central.adjacency == .addOrRemoveUser)
    }

    @Test func `wrap-around and small cohorts are charged to δ`() throws {
        let narrow = try mechanism(variance: NoiseVariance(numerator: 30), bits: 6).description
        #expect(narrow.wrapAroundProbability > 0.01 && narrow.wrapAroundProbability < 0.1)
        for abort in [0, 1e-3] {
            let event = try narrow.event(adjacency: .addOrRemoveUser, cohortAbortProbability: abort)
            guard case .composed(let parts) = event, parts.count == 2, case .failure(let probability) = parts[1] else {
                Issue.record("\(event)")
                continue
            }
            #expect(probability >= narrow.wrapAroundProbability + abort)
            #expect(probability < (narrow.wrapAroundProbability + abort) * (1 + 1e-12))
            #expect(
                throws: AccountingError.failureProbabilityExceedsDelta(failure: probability.nextUp.nextUp, delta: 1e-3)
            ) { try PrivacyLossAccountant().epsilon(for: event, delta: 1e-3) }
            let charged = try PrivacyLossAccountant().epsilon(for: event, delta: 0.2)
            #expect(try charged > PrivacyLossAccountant().epsilon(for: parts[0], delta: 0.2))
        }
        for wrong in [-1e-9, .nan, 1, .infinity] as [Double] {
            #expect(throws: AccountingError.self) {
                try narrow.event(adjacency: .addOrRemoveUser, cohortAbortProbability: wrong)
            }
        }
        // Any sum leaves a ring of one bit.
        let hopeless = try mechanism(variance: NoiseVariance(numerator: 30), bits: 1).description
        #expect(throws: AccountingError.probabilityOutOfRange(1)) {
            try hopeless.event(adjacency: .addOrRemoveUser)
        }
    }

    @Test func `a sensitivity of zero has no noise to be measured by`() throws {
        let encoder = try IntegerEncoder(dimension: 1, clippingNorm: 0.01, scale: 1, bias: 0.9999)
        #expect(encoder.rounding.squaredNormBound == 0)
        let mechanism = try DiscreteGaussianMechanism(
            encoder: encoder, variance: NoiseVariance(numerator: 1), mode: .central, contributors: 1,
            width: RingWidth(bits: 16))
        #expect(throws: AccountingError.noiseOutOfRange(0)) {
            try mechanism.description.event(adjacency: .addOrRemoveUser)
        }
    }

    @Test func `variances are rounded down and sensitivities up`() throws {
        for (numerator, denominator) in [(1, 3), (2, 3), (1 << 62 - 1, 1 << 61 - 1), (10, 7)] as [(UInt64, UInt64)] {
            let variance = try NoiseVariance(numerator: numerator, denominator: denominator)
            let event = try mechanism(variance: variance, bits: 32).description.event(adjacency: .addOrRemoveUser)
            guard case .discreteGaussian(let charged, _, _) = event else {
                Issue.record("\(event)")
                continue
            }
            // Compared as fractions.
            let exact = try NoiseVariance(charged)
            #expect(
                UInt128(exact.numerator) * UInt128(variance.denominator)
                    < UInt128(variance.numerator) * UInt128(exact.denominator))
            #expect(charged > variance.value * (1 - 1e-15))
        }
        for norm in [1, 3, 1000, 123_456_789.25, 2_000_000_000] {
            let encoder = try IntegerEncoder(dimension: 3, clippingNorm: norm, scale: 1)
            let mechanism = try DiscreteGaussianMechanism(
                encoder: encoder, variance: NoiseVariance(numerator: 1), mode: .central, contributors: 1,
                width: RingWidth(bits: 64))
            guard
                case .discreteGaussian(_, let l2, _) = try mechanism.description.event(adjacency: .addOrRemoveUser)
            else {
                Issue.record("No single release")
                continue
            }
            // l2 = significand·2^exponent, squared in 128 bits.
            let shift = 52 - Int(l2.exponent)
            let significand = UInt128(l2.significandBitPattern | 1 << 52)
            let square = UInt128(mechanism.description.squaredSensitivity)
            #expect(shift >= 0 && significand * significand >= square << UInt128(2 * shift))
            #expect((significand - 1) * (significand - 1) <= square << UInt128(2 * shift))
        }
    }

    @Test func `concentrated privacy adds up, and refuses what it has no ρ for`() throws {
        let event = PrivacyEvent.composed([
            .selfComposed(.gaussian(noiseMultiplier: 2), count: 3),
            .discreteGaussian(variance: 100, l2Sensitivity: 5, dimension: 7),
            .distributedDiscreteGaussian(contributors: 4, localVariance: 25, l2Sensitivity: 5, dimension: 7),
            .failure(probability: 1e-6),
        ])
        let sum = try ZeroConcentratedPrivacy(composing: event, adjacency: .addOrRemoveUser)
        #expect(abs(sum.rho - (3.0 / 8 + 1.0 / 8 + 1.0 / 8)) < 1e-9)
        let guarantee = try ZeroConcentratedPrivacy.guarantee(for: event, delta: 1e-5)
        #expect(guarantee.accountant == .zeroConcentrated && guarantee.kind == .bound)
        let alone = try ZeroConcentratedPrivacy(rho: 0.625)
        #expect(try guarantee.epsilon >= alone.epsilon(delta: 9e-6))
        #expect(try guarantee.epsilon < alone.epsilon(delta: 8.9e-6))
        #expect(throws: AccountingError.unsupportedEvent(.sampling(of: "gaussian"))) {
            try ZeroConcentratedPrivacy.guarantee(
                for: .poissonSampled(rate: 0.1, .gaussian(noiseMultiplier: 1)), delta: 1e-5)
        }
        #expect(throws: AccountingError.unsupportedEvent(.kind("skellam"))) {
            try ZeroConcentratedPrivacy.guarantee(
                for: .skellam(variance: 1, l1Sensitivity: 1, l2Sensitivity: 1), delta: 1e-5)
        }
        #expect(throws: AccountingError.failureProbabilityExceedsDelta(failure: 1e-6.nextUp.nextUp, delta: 1e-6)) {
            try ZeroConcentratedPrivacy.guarantee(for: .failure(probability: 1e-6), delta: 1e-6)
        }
        for delta in [0, 1, .nan] as [Double] {
            #expect(throws: AccountingError.self) { try ZeroConcentratedPrivacy.guarantee(for: event, delta: delta) }
        }
    }
}
