// SPDX-License-Identifier: Apache-2.0

import DifferentialPrivacy
import RingArithmetic
@_spi(Simulation) import SecureRandomness
import Testing

@Suite("The discrete Gaussian mechanism")
struct DiscreteGaussianMechanismTests {
    static let modes: [DiscreteGaussianMechanism.Mode] = [.central, .local, .distributed(minimumHonestSurvivors: 8)]

    private func mechanism(
        _ mode: DiscreteGaussianMechanism.Mode, bits: Int = 24, variance: UInt64 = 400, contributors: Int = 10
    ) throws -> DiscreteGaussianMechanism {
        let encoder = try IntegerEncoder(
            dimension: 200, clippingNorm: 1, scale: 100, rotationSeed: [UInt8](repeating: 3, count: 32))
        return try DiscreteGaussianMechanism(
            encoder: encoder, variance: NoiseVariance(numerator: variance), mode: mode, contributors: contributors,
            width: RingWidth(bits: bits))
    }

    @Test(arguments: modes)
    func `a sum comes back with the noise that its mode says`(_ mode: DiscreteGaussianMechanism.Mode) throws {
        let mechanism = try mechanism(mode)
        var generator = testGenerator(20)
        let vector = (0..<200).map { Double($0 - 100) / 2000 }
        let noises: Double =
            switch mode {
            case .central: 1
            case .local: 10
            case .distributed: 10.0 / 8
            }
        var (squares, count) = (0.0, 0)
        for _ in 0..<40 {
            var sum = [UInt32](repeating: 0, count: 256)
            for _ in 0..<10 {
                let words: [UInt32] = try mechanism.contribution(of: vector, using: &generator)
                #expect(words.allSatisfy { $0 < 1 << 24 })
                UInt32.add(words, to: &sum)
            }
            try mechanism.release(&sum, survivors: 10, using: &generator)
            #expect(sum.allSatisfy { $0 < 1 << 24 })
            for (a, b) in zip(try mechanism.decode(sum), vector) {
                squares += (a - 10 * b) * (a - 10 * b)
                count += 1
            }
        }
        // Noise of variance 400 a share, and rounding: at most 1/4 each.
        let measured = squares / Double(count) * 10_000
        #expect(measured > 400 * noises * 0.94 && measured < (400 * noises + 2.5) * 1.06)
    }

    @Test func `too few survivors are refused, and the sum is not touched`() throws {
        let mechanism = try mechanism(.distributed(minimumHonestSurvivors: 8))
        var generator = testGenerator(21)
        var sum = [UInt32](repeating: 5, count: 256)
        #expect(throws: DifferentialPrivacyError.tooFewSurvivors(7, minimum: 8)) {
            try mechanism.release(&sum, survivors: 7, using: &generator)
        }
        for survivors in [0, 11] {
            #expect(throws: DifferentialPrivacyError.cohortOutOfRange) {
                try mechanism.release(&sum, survivors: survivors, using: &generator)
            }
        }
        var short = [UInt32](repeating: 5, count: 255)
        #expect(throws: DifferentialPrivacyError.lengthMismatch(expected: 256, actual: 255)) {
            try mechanism.release(&short, survivors: 8, using: &generator)
        }
        #expect(sum == [UInt32](repeating: 5, count: 256))
        try mechanism.release(&sum, survivors: 8, using: &generator)
    }

    @Test func `what is charged: sensitivities in integers, the guaranteed shares, τ, the ring`() throws {
        let bound: UInt64 = 10_000 + 64 + 100 + 8
        let central = try mechanism(.central).description
        #expect(central.squaredSensitivity == bound && central.absoluteSensitivity == 1613)
        #expect(central.coordinateSensitivity == 100 && central.dimension == 256 && central.modulusBits == 24)
        #expect(central.shares == 1 && central.closeness == 0)
        #expect(central.concentration == Double(bound) / 800)
        let local = try mechanism(.local).description
        #expect(local.mode == .local && local.squaredSensitivity == 4 * bound)
        let distributed = try mechanism(.distributed(minimumHonestSurvivors: 8)).description
        #expect(distributed.shares == 8 && distributed.localVariance.value == 50)
        #expect(try distributed.localVariance == NoiseVariance(numerator: 50))
        #expect(distributed.closeness > 0 && distributed.closeness < 1e-100)
        // The same as in the oracle's first row: τ, and ρ of one share in 100 coordinates.
        let closeness = DistributedNoise.closeness(localVariance: try NoiseVariance(numerator: 1), shares: 10)
        #expect(abs(closeness / 0.00054352425816199973 - 1) < 1e-12)
        // A share is never short of its part.
        let third = try NoiseVariance(0.7).share(of: 7)
        #expect(UInt128(third.numerator) * 7 * 10 >= UInt128(third.denominator) * 7)
    }

    @Test func `ρ of the distributed discrete Gaussian is at most the oracle's bound, and at least the ideal`() throws {
        // distributed_discrete_gaussian.json, first row: n = 10, σ² = 1, Δ₂ = Δ₁ = 1, d = 100.
        let encoder = try IntegerEncoder(dimension: 100, clippingNorm: 1, scale: 1, bias: 0)
        let mechanism = try DiscreteGaussianMechanism(
            encoder: encoder, variance: NoiseVariance(numerator: 10), mode: .distributed(minimumHonestSurvivors: 10),
            contributors: 10, width: RingWidth(bits: 16))
        let description = mechanism.description
        // Rounded at random without a condition, a vector of norm 1 is up to 11 long.
        #expect(description.squaredSensitivity == 121 && description.absoluteSensitivity == 110)
        let ideal = 121.0 / 10
        let (tau, d) = (0.00054352425816199973, 100.0)
        let expected = min(ideal + 2 * tau * d, ideal + 2 * tau * 110 / 10.0.squareRoot() + tau * tau * d) / 2
        #expect(abs(description.concentration / expected - 1) < 1e-12)
    }

    @Test func `a ring that the sum could leave is refused, with the one that would do`() throws {
        let wide = try mechanism(.distributed(minimumHonestSurvivors: 8), bits: 10)
        #expect(wide.description.wrapAroundProbability < 0x1p-20)
        #expect(throws: DifferentialPrivacyError.ringTooNarrow(bits: 10)) {
            try mechanism(.distributed(minimumHonestSurvivors: 8), bits: 9)
        }
        #expect(throws: DifferentialPrivacyError.elementTooNarrow(needed: 40, available: 32)) {
            let mechanism = try mechanism(.central, bits: 40)
            var generator = testGenerator(22)
            _ = try mechanism.contribution(of: [Double](repeating: 0, count: 200), as: UInt32.self, using: &generator)
        }
        for survivors in [0, 11] {
            #expect(throws: DifferentialPrivacyError.cohortOutOfRange) {
                try mechanism(.distributed(minimumHonestSurvivors: survivors))
            }
        }
        #expect(throws: DifferentialPrivacyError.varianceOutOfRange) {
            try mechanism(.distributed(minimumHonestSurvivors: 11), variance: 1, contributors: 11)
        }
    }
}
