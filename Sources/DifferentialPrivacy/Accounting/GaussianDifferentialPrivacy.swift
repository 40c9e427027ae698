// SPDX-License-Identifier: Apache-2.0

/// μ-Gaussian differential privacy: what one Gaussian release with noise multiplier 1/μ leaks, exactly.
///
/// [DRS22] §2; the dual to (ε, δ) is [BW18] Theorem 8:
/// δ(ε) = Φ(−ε/μ + μ/2) − e^ε·Φ(−ε/μ − μ/2). With t = ε/μ − μ/2 and Mills' ratio R it is φ(t)·(R(t) − R(t + μ)), which
/// is evaluated without cancellation and in logarithms, so that a δ of 10^−2000 keeps its digits.
public struct GaussianDifferentialPrivacy: Sendable, Equatable {
    /// Sensitivity over standard deviation; for k releases √(Σ μ²).
    public let mu: Double

    /// - Throws: `.epsilonOutOfRange` unless `mu` is finite, above 0 and at most 10^6.
    public init(mu: Double) throws(AccountingError) {
        guard mu > 0, mu <= 1e6 else { throw .epsilonOutOfRange(mu) }
        self.mu = mu
    }

    /// The natural logarithm of the smallest δ at this ε; its absolute error is below 1e-13·(1 + t²).
    /// - Throws: `.epsilonOutOfRange` unless ε is finite and not negative.
    public func logDelta(epsilon: Double) throws(AccountingError) -> Double {
        guard epsilon >= 0, epsilon.isFinite else { throw .epsilonOutOfRange(epsilon) }
        return curve(epsilon).logDelta
    }

    /// The smallest δ at this ε; 0 where it is below the smallest double.
    /// - Throws: `.epsilonOutOfRange` unless ε is finite and not negative.
    public func delta(epsilon: Double) throws(AccountingError) -> Double {
        Elementary.exp(try logDelta(epsilon: epsilon))
    }

    /// The smallest ε at this δ, rounded upward by at most 1e-11 of itself.
    /// - Throws: `.probabilityOutOfRange` unless 0 < δ < 1.
    public func epsilon(delta: Double) throws(AccountingError) -> Double {
        guard delta > 0, delta < 1 else { throw .probabilityOutOfRange(delta) }
        return epsilon(logDelta: Elementary.log(delta))
    }

    /// As `epsilon(delta:)`, for a δ given by its logarithm, below 0.
    func epsilon(logDelta target: Double) -> Double {
        if curve(0).logDelta <= target { return 0 }
        var lower = 0.0
        // A Chernoff bound; it is above the answer.
        var upper = mu * (mu / 2 + (-2 * target).squareRoot())
        var guess = upper
        for _ in 0..<200 {
            let point = curve(guess)
            if point.logDelta <= target { upper = guess } else { lower = guess }
            // d log δ / dε = −R(t + μ) / (R(t) − R(t + μ)).
            var next = guess + (point.logDelta - target) * point.stepPerLog
            if !(next > lower && next < upper) { next = 0.5 * (lower + upper) }
            if abs(next - guess) <= 1e-14 * upper || upper - lower <= 1e-14 * upper { break }
            guess = next
        }
        var result = max(guess, lower)
        var change = 1e-14
        while Self.mayExceed(curve(result), target) {
            result += change * (result + mu * mu)
            change *= 2
        }
        return result
    }

    /// Whether δ may be above the target, rounding errors counted against us.
    private static func mayExceed(_ point: Point, _ target: Double) -> Bool {
        point.logDelta + slack(point) > target
    }

    static func slack(_ point: Point) -> Double { 1e-14 + 1e-15 * point.t * point.t }

    /// A point of the trade-off.
    struct Point {
        let t: Double
        let logDelta: Double
        /// R(t) − R(t + μ), or its like where t is far below 0.
        let difference: Double
        /// −dε / d log δ.
        let stepPerLog: Double
    }

    func curve(_ epsilon: Double) -> Point { Self.curve(mu: mu, epsilon: epsilon) }

    static func curve(mu: Double, epsilon: Double) -> Point {
        let t = epsilon / mu - mu / 2
        if t <= -5 {
            // δ is near 1: its complement has the digits.
            let density = StandardNormal.density(t)
            let other = epsilon / mu + mu / 2
            let ratio = other > -37 ? StandardNormal.millsRatio(other) : .infinity
            let complement = StandardNormal.upperTail(-t) + density * ratio
            let delta = 1 - complement
            return Point(
                t: t, logDelta: Elementary.log1p(-complement), difference: delta / density,
                stepPerLog: delta / max(density * ratio, 1e-300))
        }
        let difference = StandardNormal.millsDifference(from: t, step: mu)
        let logDelta = -0.5 * t * t - StandardNormal.logDensityScale + Elementary.log(difference)
        return Point(
            t: t, logDelta: logDelta, difference: difference,
            stepPerLog: difference / StandardNormal.millsRatio(t + mu))
    }
}

/// The least Gaussian noise for (ε, δ), by the analytic mechanism of [BW18] Algorithm 1.
public enum AnalyticGaussian {
    /// The standard deviation, for one release with ℓ2 sensitivity `l2Sensitivity`: not below the least one that has
    /// δ(σ) ≤ δ by more than rounding, and above it by less than 1e-10 of itself. Costs some microseconds.
    /// - Throws: `.epsilonOutOfRange`, `.probabilityOutOfRange` or `.noiseOutOfRange` for parameters outside ε ≥ 0,
    ///   0 < δ < 1, sensitivity > 0.
    public static func standardDeviation(
        epsilon: Double, delta: Double, l2Sensitivity: Double
    ) throws(AccountingError) -> Double {
        guard l2Sensitivity > 0, l2Sensitivity.isFinite else { throw .noiseOutOfRange(l2Sensitivity) }
        let sigma = l2Sensitivity / (try largestMu(epsilon: epsilon, delta: delta))
        guard sigma.isFinite else { throw .unbounded }
        return sigma.nextUp
    }

    /// The largest μ whose δ(ε) is proved to be at most δ.
    static func largestMu(epsilon: Double, delta: Double) throws(AccountingError) -> Double {
        guard epsilon >= 0, epsilon <= 1e6 else { throw .epsilonOutOfRange(epsilon) }
        guard delta > 0, delta < 1 else { throw .probabilityOutOfRange(delta) }
        let target = Elementary.log(delta)
        // Both are below the answer: the Chernoff bound, and δ ≤ μ/√(2π).
        let root = (-2 * target).squareRoot()
        var lower = max(
            2 * epsilon / (root + (root * root + 2 * epsilon).squareRoot()), delta * 2.506_628_274_631_000_2)
        var upper = Double.infinity
        var mu = lower
        for _ in 0..<200 {
            let point = GaussianDifferentialPrivacy.curve(mu: mu, epsilon: epsilon)
            if point.logDelta <= target { lower = max(lower, mu) } else { upper = min(upper, mu) }
            // ∂δ/∂μ = φ(t), so that d log δ / d log μ = μ / (R(t) − R(t + μ)).
            let step = (target - point.logDelta) * point.difference / mu
            var next = mu * Elementary.exp(min(max(step, -1), 1))
            if !(next >= lower && next <= upper) { next = upper.isFinite ? 0.5 * (lower + upper) : 2 * mu }
            let change = abs(next - mu)
            mu = next
            if change <= 4e-16 * mu || (upper.isFinite && upper - lower <= 4e-16 * upper) { break }
        }
        var change = 1e-14
        while true {
            let point = GaussianDifferentialPrivacy.curve(mu: mu, epsilon: epsilon)
            if point.logDelta + GaussianDifferentialPrivacy.slack(point) <= target { return mu }
            mu *= 1 - change
            change *= 2
        }
    }
}
