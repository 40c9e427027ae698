// SPDX-License-Identifier: Apache-2.0

import DifferentialPrivacy

/// The accountants, timed where other libraries are timed too: q = 0.01, z = 1, 10,000 steps, δ = 1e-5.
extension PrimitiveBenchmark {
    static let accountingNames = ["rdp-epsilon", "pld-epsilon", "calibrate", "analytic-gaussian"]

    static func accounting(_ name: String) throws -> PrimitiveBenchmark {
        let (rate, z, steps, delta) = (0.01, 1.0, 10_000, 1e-5)
        let event = PrivacyEvent.sampledGaussian(rate: rate, noiseMultiplier: z, steps: steps)
        var parameters: [String: JSONValue] = [
            "sampling_rate": .number(rate), "noise_multiplier": .number(z), "steps": .integer(steps),
            "delta": .number(delta),
        ]
        var result = 0.0
        let seconds: Double
        let expected: ClosedRange<Double>
        switch name {
        case "rdp-epsilon":
            parameters["orders"] = .integer(RenyiAccountant.defaultOrders.count)
            seconds = try least { result = try RenyiAccountant().guarantee(for: event, delta: delta).epsilon }
            expected = 6.712_738...6.712_739
        case "pld-epsilon":
            // Both bounds.
            parameters["grid"] = .number(PrivacyLossAccountant.defaultGrid)
            let accountant = try PrivacyLossAccountant()
            seconds = try least { result = try accountant.guarantee(for: event, delta: delta).epsilon }
            expected = 6.177...6.1888
        case "calibrate":
            parameters["grid"] = .number(PrivacyLossAccountant.defaultGrid)
            parameters["noise_multiplier"] = nil
            parameters["epsilon"] = 8
            seconds = try least {
                result = try NoiseCalibration(epsilon: 8, delta: delta, rate: rate, steps: steps).noiseMultiplier
            }
            expected = 0.8817...0.8834
        default:
            parameters = ["epsilon": 1, "delta": .number(delta)]
            seconds = try least {
                result = try AnalyticGaussian.standardDeviation(epsilon: 1, delta: delta, l2Sensitivity: 1)
            }
            expected = 3.7306...3.7307
        }
        guard expected.contains(result) else { throw WrongResult(name: name) }
        return PrimitiveBenchmark(name: name, parameters: parameters, seconds: seconds, bytes: nil)
    }
}
