// SPDX-License-Identifier: Apache-2.0

// The code of a page of documentation: see SnippetPage.
import DifferentialPrivacy
import SecureRandomness

@Sendable func noise(_ page: SnippetRun, print: (Any...) -> Void) throws {
    page.begin()
    let calibration = try NoiseCalibration(epsilon: 1, delta: 1e-6, rate: 1, steps: 10)
    let mechanism = try GaussianMechanism(
        sensitivity: 2, standardDeviation: 2 * calibration.noiseMultiplier, dimension: 3)
    var generator = SystemRandomness()
    let noisy = try mechanism.release([0.5, 0, -1], using: &generator)
    print(calibration.guarantee.epsilon <= 1, noisy.count)
    let spent = try PrivacyLossAccountant().guarantee(
        for: .sampledGaussian(rate: 0.01, noiseMultiplier: 1, steps: 1000), delta: 1e-5)
    print(spent.epsilon < 2, spent.kind, spent.adjacency)
    page.end()
}
