// SPDX-License-Identifier: Apache-2.0

/// The noise that a target needs: for steps with Gaussian noise over Poisson samples of the users.
public struct NoiseCalibration: Sendable, Equatable {
    /// Standard deviation over ℓ2 sensitivity.
    public let noiseMultiplier: Double
    /// What it gives; its ε is never above the target.
    public let guarantee: PrivacyGuarantee

    /// Largest noise multiplier that is tried.
    public static let largestNoiseMultiplier = 1e6
    /// How far below the target ε may be, of itself; the noise multiplier is then within about this of the least one.
    public static let tolerance = 1e-4

    /// Finds a noise multiplier at which `steps` steps at this sampling rate have at most this ε at this δ, by the
    /// accountant named: `.privacyLossDistribution`, `.renyi`, or `.analytic` where the rate is 1. δ covers
    /// `failureProbability` besides, such as that of aborts caused by cohort size, over all steps.
    /// - Throws: `.targetUnreachable`, or what is wrong with a parameter; `.unsupportedEvent` for another accountant.
    public init(
        epsilon: Double, delta: Double, rate: Double, steps: Int,
        accountant: AccountantName = .privacyLossDistribution, failureProbability: Double = 0
    ) throws(AccountingError) {
        guard epsilon > 0, epsilon <= 1e6 else { throw .epsilonOutOfRange(epsilon) }
        guard delta > 0, delta < 1 else { throw .probabilityOutOfRange(delta) }
        guard rate > 0, rate <= 1 else { throw .samplingRateOutOfRange(rate) }
        guard steps >= 1 else { throw .countOutOfRange(steps) }
        func event(_ noiseMultiplier: Double) -> PrivacyEvent {
            let releases = PrivacyEvent.sampledGaussian(rate: rate, noiseMultiplier: noiseMultiplier, steps: steps)
            return failureProbability == 0
                ? releases : .composed([.failure(probability: failureProbability), releases])
        }
        guard failureProbability >= 0 else { throw .probabilityOutOfRange(failureProbability) }
        guard failureProbability < delta else {
            throw .failureProbabilityExceedsDelta(failure: failureProbability, delta: delta)
        }
        let renyi = try RenyiAccountant()
        let losses = try PrivacyLossAccountant()
        var noiseMultiplier: Double
        if rate == 1, accountant != .renyi {
            noiseMultiplier =
                Double(steps).squareRoot()
                / (try AnalyticGaussian.largestMu(epsilon: epsilon, delta: delta - failureProbability))
            // Both directions are rounded to the safe side.
            while try losses.epsilon(for: event(noiseMultiplier), delta: delta) > epsilon {
                noiseMultiplier *= 1 + 1e-12
                guard noiseMultiplier <= Self.largestNoiseMultiplier else {
                    throw .targetUnreachable(limit: Self.largestNoiseMultiplier)
                }
            }
        } else {
            guard accountant == .renyi || accountant == .privacyLossDistribution else {
                throw .unsupportedEvent(.sampling(of: "gaussian"))
            }
            // Rényi is fast and asks for a little more noise than is needed.
            noiseMultiplier = try Self.least(near: 1, epsilon: epsilon) { z throws(AccountingError) in
                try renyi.guarantee(for: event(z), delta: delta).epsilon
            }
            if accountant == .privacyLossDistribution {
                noiseMultiplier = try Self.least(near: 0.95 * noiseMultiplier, epsilon: epsilon) {
                    z throws(AccountingError) in
                    try losses.epsilon(for: event(z), delta: delta)
                }
            }
        }
        self.noiseMultiplier = noiseMultiplier
        switch accountant {
        case .renyi: guarantee = try renyi.guarantee(for: event(noiseMultiplier), delta: delta)
        case .analytic:
            let value = try losses.epsilon(for: event(noiseMultiplier), delta: delta)
            guarantee = PrivacyGuarantee(epsilon: value, delta: delta, accountant: .analytic)
        case .privacyLossDistribution: guarantee = try losses.guarantee(for: event(noiseMultiplier), delta: delta)
        default: throw .unsupportedEvent(.kind(accountant.rawValue))
        }
    }

    /// A noise multiplier whose ε is at most the target and by at most the tolerance below it; ε falls with noise.
    private static func least(
        near start: Double, epsilon target: Double, _ epsilon: (Double) throws(AccountingError) -> Double
    ) throws(AccountingError) -> Double {
        var (low, high): ((Double, Double)?, (Double, Double)?) = (nil, nil)
        var z = start
        for _ in 0..<120 {
            let value: Double
            do {
                value = try epsilon(z)
            } catch {
                // So little noise that nothing can be proved.
                guard error == .unbounded, z < 1 else { throw error }
                value = .infinity
            }
            if value <= target {
                if value >= target * (1 - tolerance) { return z }
                high = (z, value)
            } else {
                low = (z, value)
            }
            if let low, let high {
                if high.0 <= low.0 * (1 + 1e-6) { return high.0 }
                // A line through log ε over log z.
                let slope = Elementary.log(low.1 / max(high.1, 1e-300)) / Elementary.log(high.0 / low.0)
                let wanted = Elementary.log(low.1 / (target * (1 - 0.5 * tolerance))) / slope
                let width = Elementary.log(high.0 / low.0)
                let share = wanted.isFinite ? min(max(wanted / width, 0.001), 0.999) : 0.5
                z = low.0 * Elementary.exp(share * width)
            } else {
                z *= min(max(value / target, 0.5), 2)
                if z > largestNoiseMultiplier { throw .targetUnreachable(limit: largestNoiseMultiplier) }
            }
        }
        guard let high else { throw .targetUnreachable(limit: largestNoiseMultiplier) }
        return high.0
    }
}
