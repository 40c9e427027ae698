// SPDX-License-Identifier: Apache-2.0

import DifferentialPrivacy
@_spi(Simulation) import SecureRandomness
import Testing

@Suite("Insecure noise")
struct InsecureNoiseTests {
    @Test func `the continuous Gaussian has its first four moments`() {
        var generator = SeededGenerator(key: [UInt8](repeating: 10, count: 32))
        let samples = InsecureNoise.ContinuousGaussian(standardDeviation: 3).samples(60_001, using: &generator)
        #expect(samples.count == 60_001)
        let n = Double(samples.count)
        let moment = { (power: Int) in
            samples.reduce(0.0) { sum, x in sum + (0..<power).reduce(1.0) { product, _ in product * x / 3 } } / n
        }
        // Standard errors: 1, √2, √15, √96 over √n.
        #expect(abs(moment(1)) < 5 / n.squareRoot())
        #expect(abs(moment(2) - 1) < 5 * (2 / n).squareRoot())
        #expect(abs(moment(3)) < 5 * (15 / n).squareRoot())
        #expect(abs(moment(4) - 3) < 5 * (96 / n).squareRoot())
    }
}
