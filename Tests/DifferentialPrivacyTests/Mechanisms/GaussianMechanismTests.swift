// SPDX-License-Identifier: Apache-2.0

import DifferentialPrivacy
@_spi(Simulation) import SecureRandomness
import Testing

@Suite("Gaussian noise for real numbers")
struct GaussianMechanismTests {
    @Test func `released values are multiples of the step around the values, with the variance asked for`() throws {
        let mechanism = try GaussianMechanism(sensitivity: 0.5, standardDeviation: 3, dimension: 20_000)
        #expect(mechanism.step == 0x1p-17)
        var generator = testGenerator(30)
        let values = (0..<20_000).map { Double($0) / 7 }
        let released = try mechanism.release(values, using: &generator)
        #expect(released.allSatisfy { ($0 / mechanism.step).rounded() == $0 / mechanism.step })
        let square = zip(released, values).reduce(0.0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) } / 20_000
        #expect(abs(square / 9 - 1) < 5 * (2.0 / 20_000).squareRoot())
    }

    @Test func `the sensitivity that is charged covers rounding`() throws {
        let mechanism = try GaussianMechanism(sensitivity: 1, standardDeviation: 1, dimension: 4)
        // 2^18 steps, and √4 more.
        let distance: UInt64 = (1 << 18) + 2
        #expect(mechanism.description.squaredSensitivity >= distance * distance)
        #expect(mechanism.description.squaredSensitivity <= distance * distance + 10)
        #expect(try mechanism.description.localVariance == NoiseVariance(numerator: 1 << 36))
        let half = 0.5 * mechanism.step
        let far = try mechanism.rounded([half * 0.999, 1 + half * 1.001, -half * 0.999, 5])
        let near = try mechanism.rounded([0, 1, 0, 5])
        #expect(zip(far, near).map { $0 - $1 } == [0, 1, 0, 0])
    }

    @Test func `huge values saturate, and what is no number is refused`() throws {
        let mechanism = try GaussianMechanism(sensitivity: 1, standardDeviation: 1, dimension: 3)
        #expect(try mechanism.rounded([1e300, -.infinity, 0]) == [1 << 61, -(1 << 61), 0])
        var generator = testGenerator(31)
        #expect(abs(try mechanism.release([1e300, -1e300, 0], using: &generator)[0] - 0x1p43) < 100)
        #expect(throws: DifferentialPrivacyError.notFinite(coordinate: 2)) {
            try mechanism.release([0, 0, .nan], using: &generator)
        }
        #expect(throws: DifferentialPrivacyError.lengthMismatch(expected: 3, actual: 1)) {
            try mechanism.release([0], using: &generator)
        }
        for (sensitivity, deviation) in [(0.0, 1.0), (1, 0), (.nan, 1), (1, .infinity), (1, 1e-305)] {
            #expect(throws: DifferentialPrivacyError.notPositive) {
                try GaussianMechanism(sensitivity: sensitivity, standardDeviation: deviation, dimension: 1)
            }
        }
        #expect(throws: DifferentialPrivacyError.normOutOfRange) {
            try GaussianMechanism(sensitivity: 1e6, standardDeviation: 1, dimension: 1)
        }
    }
}
