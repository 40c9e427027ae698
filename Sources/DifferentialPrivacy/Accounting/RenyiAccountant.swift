// SPDX-License-Identifier: Apache-2.0

/// Rényi differential privacy at a list of orders, integer and fractional, none of which is ever dropped.
///
/// Divergences of every order add up under adaptive composition, [Mir17]. Poisson sampling of the Gaussian is exact at
/// every order ([MTZ19]); samples of fixed size have the bound of [WBK19]; one discrete Gaussian is not worse than a
/// continuous one ([CKS20]); sums of them have the bounds of [KLS21], and under sampling the bound by way of a
/// continuous Gaussian that dominates them. Skellam noise has [AKL21] Theorem 3.5 where there is no sampling.
public struct RenyiAccountant: Sendable {
    /// The orders, each above 1.
    public let orders: [Double]
    /// Who counts as a neighbor.
    public let adjacency: Adjacency

    /// Orders above this are refused.
    public static let largestOrder = 100_000.0

    /// 1.1, 1.2, …, 10.9, 11, 12, …, 63, 128, 256, 512, 1024.
    public static let defaultOrders: [Double] =
        (11...109).map { Double($0) / 10 } + (11...63).map(Double.init) + [128, 256, 512, 1024]

    /// - Throws: `.orderOutOfRange` unless every order is above 1 and at most 100,000, and there is one.
    public init(
        orders: [Double] = Self.defaultOrders, adjacency: Adjacency = .addOrRemoveUser
    ) throws(AccountingError) {
        guard !orders.isEmpty else { throw .orderOutOfRange(.nan) }
        for order in orders where !(order > 1 && order <= Self.largestOrder) { throw .orderOutOfRange(order) }
        self.orders = orders
        self.adjacency = adjacency
    }

    /// The divergence at each of the orders.
    /// - Throws: `.unsupportedEvent` for what has no proved bound here; what is wrong with a parameter.
    public func divergences(of event: PrivacyEvent) throws(AccountingError) -> [Double] {
        try divergences(of: AccountedReleases(event, adjacency: adjacency))
    }

    private func divergences(of releases: AccountedReleases) throws(AccountingError) -> [Double] {
        var total = [Double](repeating: 0, count: orders.count)
        for (release, count) in releases.counts {
            let step = try divergences(of: release, count: count)
            for index in orders.indices { total[index] += count * step[index] }
        }
        return total
    }

    /// ε at this δ, the least over the orders, by [CKS20] Proposition 12.
    /// - Throws: as `divergences(of:)`; `.probabilityOutOfRange` unless 0 < δ < 1;
    ///   `.failureProbabilityExceedsDelta`.
    public func guarantee(for event: PrivacyEvent, delta: Double) throws(AccountingError) -> PrivacyGuarantee {
        let (epsilon, _) = try bestEpsilon(for: event, delta: delta)
        return PrivacyGuarantee(epsilon: epsilon, delta: delta, adjacency: adjacency, accountant: .renyi)
    }

    /// ε and the order that gave it.
    /// - Throws: as `guarantee(for:delta:)`.
    public func bestEpsilon(
        for event: PrivacyEvent, delta: Double
    ) throws(AccountingError) -> (epsilon: Double, order: Double) {
        guard delta > 0, delta < 1 else { throw .probabilityOutOfRange(delta) }
        let releases = try AccountedReleases(event, adjacency: adjacency)
        let failure = releases.failureProbability
        guard failure < delta else { throw .failureProbabilityExceedsDelta(failure: failure, delta: delta) }
        guard !releases.counts.isEmpty else { return (0, orders[0]) }
        let logDelta = Elementary.log(failure == 0 ? delta : (delta - failure).nextDown)
        let total = try divergences(of: releases)
        var best = (epsilon: Double.infinity, order: orders[0])
        for (order, divergence) in zip(orders, total) {
            let epsilon = RenyiConversion.epsilon(divergence: divergence, excess: order - 1, logDelta: logDelta)
            if epsilon < best.epsilon { best = (epsilon, order) }
        }
        guard best.epsilon < .infinity else { throw .unbounded }
        // Rounding, upward.
        best.epsilon = max(0, best.epsilon + abs(best.epsilon) * 1e-11)
        return best
    }

    private func divergences(
        of release: AccountedReleases.Release, count: Double
    ) throws(AccountingError) -> [Double] {
        switch (release.noise, release.sampling) {
        case (.gaussian(let z), .everybody): return orders.map { $0 / (2 * z * z) }
        case (.gaussian(let z), .poisson(let rate)): return sampledGaussian(rate, z)
        case (.gaussian(let z), .withoutReplacement(let rate)):
            let divergence = WithoutReplacementDivergence(rate: rate, noiseMultiplier: z)
            return orders.map { divergence($0) }
        case (.discreteGaussian(let variance, let sensitivity, _), .everybody):
            return orders.map { $0 * sensitivity * sensitivity / (2 * variance) }
        case (.discreteGaussian(let variance, let sensitivity, let dimension), .poisson(let rate)):
            let smooth = try SmoothedGaussian(variance: variance, dimension: dimension, releases: count)
            return sampled(smooth, logFactor: smooth.logFactor, sensitivity, rate)
        case (.distributedDiscreteGaussian(let contributors, let local, let sensitivity, let dimension), .everybody):
            let bound = try DistributedDiscreteGaussianBound(
                contributors: contributors, localVariance: local, l2Sensitivity: sensitivity, dimension: dimension)
            var result: [Double] = []
            for order in orders { result.append(try bound.divergence(order: order)) }
            return result
        case (
            .distributedDiscreteGaussian(let contributors, let local, let sensitivity, let dimension),
            .poisson(let rate)
        ):
            let tau = DistributedDiscreteGaussianBound.tau(contributors: contributors, localVariance: local)
            let smooth = try SmoothedGaussian(
                variance: Double(contributors) * local, dimension: dimension, releases: count)
            let logFactor = smooth.logFactor + tau * Double(dimension)
            return sampled(smooth, logFactor: logFactor, sensitivity, rate)
        case (.skellam(let variance, let l1, let l2), .everybody):
            return orders.map { order in
                let square = l2 * l2
                let second = ((2 * order - 1) * square + 6 * l1) / (4 * variance * variance)
                return order * square / (2 * variance) + min(second, 3 * l1 / (2 * variance))
            }
        case (let noise, _): throw .unsupportedEvent(.sampling(of: noise.name))
        }
    }

    private func sampledGaussian(_ rate: Double, _ noiseMultiplier: Double) -> [Double] {
        let fractional =
            orders.filter {
                $0 != $0.rounded() || $0 > SampledGaussianDivergence.largestSummedOrder
            }.max() ?? 1
        let divergence = SampledGaussianDivergence(
            rate: rate, noiseMultiplier: noiseMultiplier, largestFractionalOrder: fractional)
        return orders.map { divergence($0) }
    }

    /// Densities within e^±λ on both sides: ∫ P^α·Q^(1 − α) grows by at most e^((2α − 1)·λ).
    private func sampled(
        _ smooth: SmoothedGaussian, logFactor: Double, _ sensitivity: Double, _ rate: Double
    ) -> [Double] {
        zip(orders, sampledGaussian(rate, smooth.variance.squareRoot() / sensitivity)).map { order, divergence in
            divergence + (2 * order - 1) / (order - 1) * logFactor
        }
    }
}
