// SPDX-License-Identifier: Apache-2.0

/// ρ-zero-concentrated differential privacy: Rényi divergence of order α at most αρ for every α > 1, [BS16].
public struct ZeroConcentratedPrivacy: Sendable, Equatable {
    /// The parameter; it adds up under composition.
    public let rho: Double

    /// - Throws: `.epsilonOutOfRange` unless ρ is finite and not negative.
    public init(rho: Double) throws(AccountingError) {
        guard rho >= 0, rho.isFinite else { throw .epsilonOutOfRange(rho) }
        self.rho = rho
    }

    /// The conversion ρ + 2·√(ρ·ln(1/δ)) of [BS16].
    /// - Throws: `.probabilityOutOfRange` unless 0 < δ < 1.
    public func simpleEpsilon(delta: Double) throws(AccountingError) -> Double {
        guard delta > 0, delta < 1 else { throw .probabilityOutOfRange(delta) }
        return rho + 2 * (rho * -Elementary.log(delta)).squareRoot()
    }

    /// The best conversion that the definition alone allows by [CKS20] Corollary 13, minimized over α. Every α gives a
    /// valid ε, so that the search can only be a little too careful.
    /// - Throws: `.probabilityOutOfRange` unless 0 < δ < 1.
    public func epsilon(delta: Double) throws(AccountingError) -> Double {
        guard delta > 0, delta < 1 else { throw .probabilityOutOfRange(delta) }
        let logDelta = Elementary.log(delta)
        if rho == 0 { return 0 }
        /// ε as a function of log(α − 1).
        func value(_ logarithm: Double) -> Double {
            let excess = Elementary.exp(logarithm)
            return RenyiConversion.epsilon(divergence: (1 + excess) * rho, excess: excess, logDelta: logDelta)
        }
        let ratio = 0.618_033_988_749_894_8
        var (low, high) = (-40.0, 40.0)
        var (left, right) = (high - ratio * (high - low), low + ratio * (high - low))
        var (atLeft, atRight) = (value(left), value(right))
        for _ in 0..<90 {
            if atLeft <= atRight {
                (high, right, atRight) = (right, left, atLeft)
                left = high - ratio * (high - low)
                atLeft = value(left)
            } else {
                (low, left, atLeft) = (left, right, atRight)
                right = low + ratio * (high - low)
                atRight = value(right)
            }
        }
        return max(0, min(atLeft, atRight)) * (1 + 1e-13)
    }
}

/// From Rényi differential privacy to (ε, δ), [CKS20] Proposition 12 (as [BBGHS20] Theorem 21).
enum RenyiConversion {
    /// ε = D + log(1 − 1/α) − log(δα)/(α − 1), with α = 1 + `excess`.
    static func epsilon(divergence: Double, excess: Double, logDelta: Double) -> Double {
        let order = 1 + excess
        // log(1 − 1/α) = log((α − 1)/α).
        let logComplement = excess < 1 ? Elementary.log(excess / order) : Elementary.log1p(-1 / order)
        return divergence + logComplement - (logDelta + Elementary.log1p(excess)) / excess
    }
}

extension ZeroConcentratedPrivacy {
    /// What composes to this ρ: Gaussian noise 1/(2z²), the discrete Gaussian Δ²/(2σ²), sums of several clients' by [KLS21].
    /// Probabilities of failure have no part in it.
    /// - Throws: `.unsupportedEvent` for sampling and Skellam noise; what is wrong with a parameter.
    public init(composing event: PrivacyEvent, adjacency: Adjacency) throws(AccountingError) {
        try self.init(composing: AccountedReleases(event, adjacency: adjacency))
    }

    /// The best ε that ρ allows, after probabilities of failure are taken off δ.
    /// - Throws: as `init(composing:adjacency:)`; `.probabilityOutOfRange` unless 0 < δ < 1;
    ///   `.failureProbabilityExceedsDelta`.
    public static func guarantee(
        for event: PrivacyEvent, delta: Double, adjacency: Adjacency = .addOrRemoveUser
    ) throws(AccountingError) -> PrivacyGuarantee {
        guard delta > 0, delta < 1 else { throw .probabilityOutOfRange(delta) }
        let releases = try AccountedReleases(event, adjacency: adjacency)
        let failure = releases.failureProbability
        guard failure < delta else { throw .failureProbabilityExceedsDelta(failure: failure, delta: delta) }
        let remaining = failure == 0 ? delta : (delta - failure).nextDown
        return PrivacyGuarantee(
            epsilon: try Self(composing: releases).epsilon(delta: remaining), delta: delta, adjacency: adjacency,
            accountant: .zeroConcentrated)
    }

    private init(composing releases: AccountedReleases) throws(AccountingError) {
        var sum = 0.0
        for (release, count) in releases.counts {
            guard release.sampling == .everybody else { throw .unsupportedEvent(.sampling(of: release.noise.name)) }
            switch release.noise {
            case .gaussian(let z): sum += count / (2 * z * z)
            case .discreteGaussian(let variance, let sensitivity, _):
                sum += count * sensitivity * sensitivity / (2 * variance)
            case .distributedDiscreteGaussian(let contributors, let local, let sensitivity, let dimension):
                let bound = try DistributedDiscreteGaussianBound(
                    contributors: contributors, localVariance: local, l2Sensitivity: sensitivity, dimension: dimension)
                sum += count * bound.rho
            case .skellam: throw .unsupportedEvent(.kind(release.noise.name))
            }
        }
        // Roundings, upward.
        try self.init(rho: sum * (1 + 1e-12))
    }
}
