// SPDX-License-Identifier: Apache-2.0

/// The default accountant: privacy loss distributions, with bounds of ε from above and below that are both proved.
///
/// Poisson-sampled Gaussian steps are discretized by `PrivacyLossBuckets` and composed by `ComposedPrivacyLoss`;
/// everything that truncation, folding and rounding can do is charged. Adding and removing a user are composed apart, as [ZDW22]
/// shows to be right for adaptive composition, and the larger ε counts. Gaussian steps without sampling compose exactly.
/// Discrete Gaussian noise, also as a sum of several clients' shares, is accounted through the continuous Gaussian that
/// dominates it up to a factor for each coordinate and round (`SmoothedGaussian`, and τ of [KLS21]).
public struct PrivacyLossAccountant: Sendable, Equatable {
    /// The distance of privacy losses on the lattice; widened where a lattice would be too long, narrowed where losses are
    /// far smaller, which changes tightness and nothing else.
    public let grid: Double
    /// The default grid.
    public static let defaultGrid = 1e-4

    /// - Throws: `.gridOutOfRange` unless 1e-8 ≤ grid ≤ 1.
    public init(grid: Double = Self.defaultGrid) throws(AccountingError) {
        guard grid >= 1e-8, grid <= 1 else { throw .gridOutOfRange(grid) }
        self.grid = grid
    }

    /// ε at this δ with its lower bound, for neighbors by adding or removing a user.
    /// - Throws: `.unsupportedEvent` for what has no proved dominating pair here; what is wrong with a parameter;
    ///   `.failureProbabilityExceedsDelta`; `.unbounded` where no ε can be proved.
    public func guarantee(for event: PrivacyEvent, delta: Double) throws(AccountingError) -> PrivacyGuarantee {
        let (upper, lower) = try bounds(for: event, delta: delta, needsLower: true)
        return PrivacyGuarantee(
            epsilon: upper, lowerBound: lower, delta: delta, accountant: .privacyLossDistribution)
    }

    /// The upper bound alone, in about half the time.
    /// - Throws: as `guarantee(for:delta:)`.
    public func epsilon(for event: PrivacyEvent, delta: Double) throws(AccountingError) -> Double {
        try bounds(for: event, delta: delta, needsLower: false).upper
    }

    /// A Gaussian step with sampling, and how often.
    private struct Step {
        var rate: Double
        var noiseMultiplier: Double
        var count: Int
    }

    private func bounds(
        for event: PrivacyEvent, delta: Double, needsLower: Bool
    ) throws(AccountingError) -> (upper: Double, lower: Double?) {
        guard delta > 0, delta < 1 else { throw .probabilityOutOfRange(delta) }
        let releases = try AccountedReleases(event, adjacency: .addOrRemoveUser)
        let failure = releases.failureProbability
        guard failure < delta else { throw .failureProbabilityExceedsDelta(failure: failure, delta: delta) }
        let (steps, logFactor) = try steps(of: releases)
        guard !steps.isEmpty else { return (0, needsLower ? 0 : nil) }
        // P ≤ e^λ·P′ and Q ≥ e^−λ·Q′ turn δ(ε) into at most e^λ·δ′(ε − 2λ).
        let remaining = (failure == 0 ? delta : (delta - failure).nextDown) * Elementary.exp(-logFactor)
        guard remaining > 0 else { throw .unbounded }
        let (upper, lower) = try epsilon(of: steps, delta: remaining, needsLower: needsLower)
        // From below the factor works the other way; probabilities of failure may never happen.
        guard logFactor > 0 || failure > 0 else { return (upper, lower) }
        var honest: Double?
        if needsLower {
            let generous = min(delta * Elementary.exp(logFactor), 1 - 0x1p-50)
            honest = max(0, (try epsilon(of: steps, delta: generous, needsLower: true).lower ?? 0) - 2 * logFactor)
        }
        return (upper + 2 * logFactor, honest)
    }

    /// Everything as Gaussian steps, those without sampling as one, and the sum of the factors' logarithms.
    private func steps(of releases: AccountedReleases) throws(AccountingError) -> ([Step], Double) {
        var steps: [Step] = []
        var squaredMu = 0.0
        var logFactor = 0.0
        for (release, count) in releases.counts {
            let noiseMultiplier: Double
            switch release.noise {
            case .gaussian(let z): noiseMultiplier = z
            case .discreteGaussian(let variance, let sensitivity, let dimension):
                let smooth = try SmoothedGaussian(variance: variance, dimension: dimension, releases: count)
                noiseMultiplier = smooth.variance.squareRoot() / sensitivity
                logFactor += count * smooth.logFactor
            case .distributedDiscreteGaussian(let contributors, let local, let sensitivity, let dimension):
                let smooth = try SmoothedGaussian(
                    variance: Double(contributors) * local, dimension: dimension, releases: count)
                noiseMultiplier = smooth.variance.squareRoot() / sensitivity
                let tau = DistributedDiscreteGaussianBound.tau(contributors: contributors, localVariance: local)
                logFactor += count * (smooth.logFactor + tau * Double(dimension))
            case .skellam: throw .unsupportedEvent(.kind(release.noise.name))
            }
            switch release.sampling {
            case .everybody: squaredMu += count / (noiseMultiplier * noiseMultiplier)
            case .poisson(let rate):
                guard noiseMultiplier >= 0.02, rate >= 1e-12 else { throw .unbounded }
                steps.append(Step(rate: rate, noiseMultiplier: noiseMultiplier, count: Int(count)))
            case .withoutReplacement: throw .unsupportedEvent(.kind("sampled-without-replacement"))
            }
        }
        if squaredMu > 0 {
            steps.append(Step(rate: 1, noiseMultiplier: 1 / squaredMu.squareRoot(), count: 1))
        }
        guard logFactor < 100 else { throw .unbounded }
        return (steps, logFactor * (1 + 0x1p-40))
    }

    private func epsilon(
        of steps: [Step], delta: Double, needsLower: Bool
    ) throws(AccountingError) -> (upper: Double, lower: Double?) {
        if steps.count == 1, steps[0].rate == 1 {
            let exact = try GaussianDifferentialPrivacy(mu: 1 / steps[0].noiseMultiplier).epsilon(delta: delta)
            return (exact, needsLower ? exact * (1 - 1e-10) : nil)
        }
        // Not much wider than the losses of one step: spreading those over the lattice would add to their variance.
        let total = steps.reduce(0.0) { $0 + Double($1.count) }
        let variance = steps.reduce(0.0) { sum, step in
            let inverse = 1 / (step.noiseMultiplier * step.noiseMultiplier)
            return sum + Double(step.count) * min(step.rate * step.rate * Elementary.expm1(min(inverse, 50)), inverse)
        }
        let deviation = (variance / total).squareRoot()
        var step = min(grid, max(1e-10, deviation / 16, min(grid / 16, deviation / 4)))
        for _ in 0..<8 {
            switch try attempt(steps, delta: delta, needsLower: needsLower, grid: step) {
            case .bounds(let upper, let lower): return (max(0, upper), lower.map { max(0, min($0, upper)) })
            case .widen(let factor): step *= factor
            }
        }
        throw .unbounded
    }

    private enum Attempt {
        case bounds(upper: Double, lower: Double?)
        case widen(Double)
    }

    /// Neither lattices nor transforms are longer than this.
    private static let largestCount = 1 << 20
    /// The share of δ that all truncated tails may take.
    private static let tailShare = 1e-7

    private func attempt(
        _ steps: [Step], delta: Double, needsLower: Bool, grid: Double
    ) throws(AccountingError) -> Attempt {
        let total = steps.reduce(0.0) { $0 + Double($1.count) }
        let tail = max(delta * Self.tailShare / total, 1e-290)
        for step in steps {
            let count = PrivacyLossBuckets.count(
                rate: step.rate, noiseMultiplier: step.noiseMultiplier, step: grid, tail: tail)
            if count > Double(Self.largestCount) { return .widen(1.01 * count / Double(Self.largestCount)) }
        }
        let buckets = steps.map {
            PrivacyLossBuckets(rate: $0.rate, noiseMultiplier: $0.noiseMultiplier, step: grid, tail: tail)
        }
        let uppers = buckets.map { $0.upper() }
        let removing = ComposedLosses(parts: zip(uppers, steps).map { ($0.removing, $1.count) })
        let adding = ComposedLosses(parts: zip(uppers, steps).map { ($0.adding, $1.count) })
        let logDelta = Elementary.log(delta)
        let (first, second) = (removing.tilt(logDelta: logDelta), adding.tilt(logDelta: logDelta))
        // Seven standard deviations and 25 decays of g on either side.
        let turn = max(14 * first.deviation, 14 * second.deviation, 50 / first.tilt, 50 / second.tilt)
        if turn / grid > Double(Self.largestCount) { return .widen(1.01 * turn / grid / Double(Self.largestCount)) }
        var count = 1024
        while Double(count) * grid < turn { count *= 2 }
        let transform = FourierTransform(count: count)
        let (a, b) = ComposedPrivacyLoss.compose(
            removing, tilt: first.tilt, adding, tilt: second.tilt, transform: transform)
        guard let forRemoving = a.epsilon(delta: delta, near: first.epsilon, isLower: false),
            let forAdding = b.epsilon(delta: delta, near: second.epsilon, isLower: false)
        else {
            if max(a.infinity, b.infinity) >= delta { throw .unbounded }
            // A lattice too coarse for losses so small.
            return .widen(0.1)
        }
        let upper = max(forRemoving, forAdding)
        guard needsLower else { return .bounds(upper: upper, lower: nil) }
        let lowers = buckets.map { $0.lower() }
        var (c, d) = ComposedPrivacyLoss.compose(
            ComposedLosses(parts: zip(lowers, steps).map { ($0.removing, $1.count) }), tilt: first.tilt,
            ComposedLosses(parts: zip(lowers, steps).map { ($0.adding, $1.count) }), tilt: second.tilt,
            transform: transform)
        c.boundTails()
        d.boundTails()
        let lower = max(
            c.epsilon(delta: delta, near: forRemoving, isLower: true) ?? 0,
            d.epsilon(delta: delta, near: forAdding, isLower: true) ?? 0)
        return .bounds(upper: upper, lower: lower)
    }
}
