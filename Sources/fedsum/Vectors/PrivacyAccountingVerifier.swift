// SPDX-License-Identifier: Apache-2.0

import DifferentialPrivacy
import Foundation

/// Reference values of accountants, from mpmath, dp-accounting and prv-accountant: `name` and `rows`. Each file has its
/// tolerance, which is stated at its check.
enum PrivacyAccountingVerifier {
    private static func rowCheck(_ name: String) -> ((VectorFields, VectorFields) throws -> Void)? {
        switch name {
        case "analytic_gaussian": analyticGaussian
        case "gdp_dual": gaussianDual
        case "gdp_clt": centralLimit
        case "zcdp_to_dp": zeroConcentrated
        case "rdp_points": renyiPoint
        case "rdp_epsilon": renyiEpsilon
        case "rdp_epsilon_without_replacement": withoutReplacement
        case "pld_epsilon": privacyLoss
        case "sampled_gaussian_step": sampledGaussianStep
        case "calibration": calibration
        case "distributed_discrete_gaussian": distributedDiscreteGaussian
        default: nil
        }
    }

    static func knows(_ name: String) -> Bool { rowCheck(name) != nil }

    static func check(_ name: String, _ document: VectorFields, into report: inout VectorFileReport) throws {
        guard let check = rowCheck(name) else { throw CaseFailure("there are no reference values of '\(name)'") }
        let rows = try document.array("rows")
        try require(!rows.isEmpty, "the file has no row")
        for (position, row) in rows.enumerated() {
            report.check("rows[\(position)]") {
                try check(VectorFields(row, as: "row"), document.object("params"))
            }
        }
    }

    // MARK: Values

    /// A number, as JSON has it or as a decimal string.
    private static func number(_ fields: VectorFields, _ name: String) throws -> Double {
        switch fields.members[name] {
        case .number(let value): return value
        case .integer(let value): return Double(value)
        case .string(let text):
            if let value = Double(text), value.isFinite { return value }
            throw CaseFailure("'\(name)' is not a number")
        default: throw CaseFailure("'\(name)' is not a number")
        }
    }

    /// The logarithm of a positive number, which may be far below the smallest double.
    private static func logarithm(_ fields: VectorFields, _ name: String) throws -> Double {
        let parts = try fields.string(name).lowercased().split(separator: "e", omittingEmptySubsequences: false)
        guard let digits = parts.first.flatMap({ Double($0) }), digits > 0, parts.count <= 2,
            let exponent = parts.count == 1 ? 0 : Int(parts[1])
        else { throw CaseFailure("'\(name)' is not a positive number") }
        return log(digits) + Double(exponent) * 2.302_585_092_994_045_684
    }

    /// Within a relative tolerance; what is 0 must be 0 to that tolerance.
    private static func requireClose(_ ours: Double, _ expected: Double, _ tolerance: Double, _ name: String) throws {
        try require(
            abs(ours - expected) <= tolerance * (expected == 0 ? 1 : abs(expected)),
            "'\(name)' is \(expected), ours is \(ours)")
    }

    private static func requireWithin(_ ours: Double, _ range: ClosedRange<Double>, _ name: String) throws {
        try require(range.contains(ours), "'\(name)' must be in \(range), ours is \(ours)")
    }

    private static func range(_ low: Double, _ high: Double) throws -> ClosedRange<Double> {
        try require(low <= high, "the bounds \(low) and \(high) are in the wrong order")
        return low...high
    }

    private static func sampled(_ row: VectorFields) throws -> PrivacyEvent {
        .sampledGaussian(
            rate: try number(row, "q"), noiseMultiplier: try number(row, "noise_multiplier"),
            steps: try row.integer("steps"))
    }

    // MARK: One file each

    /// σ in [ref·(1 − 1e-12), ref·(1 + 1e-9)], and δ(σ) ≤ δ.
    private static func analyticGaussian(_ row: VectorFields, _: VectorFields) throws {
        let (epsilon, delta) = (try number(row, "epsilon"), try number(row, "delta"))
        let sensitivity = try number(row, "l2_sensitivity")
        let sigma = try AnalyticGaussian.standardDeviation(
            epsilon: epsilon, delta: delta, l2Sensitivity: sensitivity)
        let expected = try number(row, "sigma_analytic")
        try requireWithin(sigma, range(expected * (1 - 1e-12), expected * (1 + 1e-9)), "sigma_analytic")
        try requireClose(sensitivity / sigma, number(row, "mu"), 1e-9, "mu")
        let logDelta = try GaussianDifferentialPrivacy(mu: sensitivity / sigma).logDelta(epsilon: epsilon)
        try require(logDelta <= log(delta) + 1e-13, "δ(σ) is above δ")
    }

    /// δ and ε to 1e-9.
    private static func gaussianDual(_ row: VectorFields, _: VectorFields) throws {
        let curve = try GaussianDifferentialPrivacy(mu: number(row, "mu"))
        let (epsilon, logDelta) = (try number(row, "epsilon"), try logarithm(row, "delta"))
        let ours = try curve.logDelta(epsilon: epsilon)
        try require(abs(ours - logDelta) <= 1e-9, "log δ is \(logDelta), ours is \(ours)")
        // Where δ is a double, and not so near 1 that its digits do not hold those of ε.
        if logDelta > -700, logDelta < -1e-3 {
            try requireClose(curve.epsilon(delta: number(row, "delta")), epsilon, 1e-9, "epsilon")
        }
    }

    /// To 1e-6, and labeled an estimate.
    private static func centralLimit(_ row: VectorFields, _: VectorFields) throws {
        for (suffix, sampling) in [("poisson", GaussianCentralLimit.Sampling.poisson), ("uniform", .uniform)] {
            let (rate, z) = (try number(row, "q"), try number(row, "noise_multiplier"))
            let steps = try row.integer("steps")
            let mu = try GaussianCentralLimit.mu(rate: rate, noiseMultiplier: z, steps: steps, sampling: sampling)
            try requireClose(mu, number(row, "mu_\(suffix)"), 1e-6, "mu_\(suffix)")
            let estimate = try GaussianCentralLimit.estimate(
                rate: rate, noiseMultiplier: z, steps: steps, delta: number(row, "delta"), sampling: sampling)
            try requireClose(estimate.epsilon, number(row, "epsilon_\(suffix)"), 1e-6, "epsilon_\(suffix)")
            try require(estimate.kind == .estimate, "the result is not labeled an estimate")
        }
    }

    /// `epsilon_simple` to 1e-12; `epsilon_optimal` to 1e-6, and not below it by more than 1e-9.
    private static func zeroConcentrated(_ row: VectorFields, _: VectorFields) throws {
        let privacy = try ZeroConcentratedPrivacy(rho: number(row, "rho"))
        let delta = try number(row, "delta")
        try requireClose(
            privacy.simpleEpsilon(delta: delta), number(row, "epsilon_simple"), 1e-12, "epsilon_simple")
        let optimal = try number(row, "epsilon_optimal")
        try requireWithin(
            privacy.epsilon(delta: delta), range(optimal * (1 - 1e-9), optimal * (1 + 1e-6)), "epsilon_optimal")
    }

    /// To 1e-9.
    private static func renyiPoint(_ row: VectorFields, _: VectorFields) throws {
        let accountant = try RenyiAccountant(orders: [number(row, "alpha")])
        let event = PrivacyEvent.poissonSampled(
            rate: try number(row, "q"), .gaussian(noiseMultiplier: try number(row, "noise_multiplier")))
        try requireClose(accountant.divergences(of: event)[0], number(row, "rdp"), 1e-9, "rdp")
    }

    private static func orders(_ params: VectorFields) throws -> [Double] {
        try params.array("orders").map { value in
            switch value {
            case .integer(let order): Double(order)
            case .number(let order): order
            default: throw CaseFailure("'orders' has what is no number")
            }
        }
    }

    /// ε in [mpmath·(1 − 1e-9), max(mpmath, dp-accounting)·(1 + 1e-6)]; where the best order is above 64,
    /// dp-accounting's may be the smaller bound.
    private static func renyiEpsilon(_ row: VectorFields, _ params: VectorFields) throws {
        let accountant = try RenyiAccountant(orders: orders(params))
        let ours = try accountant.bestEpsilon(for: sampled(row), delta: number(row, "delta"))
        let (exact, other) = (try number(row, "epsilon_mpmath_orders_to_64"), try number(row, "epsilon"))
        let least = ours.order > 64 ? min(exact, other) : exact
        try requireWithin(
            ours.epsilon, range(least * (1 - 1e-9), max(exact, other) * (1 + 1e-6)), "epsilon")
    }

    /// To 1e-3.
    private static func withoutReplacement(_ row: VectorFields, _ params: VectorFields) throws {
        let accountant = try RenyiAccountant(orders: orders(params), adjacency: .substituteUser)
        let event = PrivacyEvent.selfComposed(
            .sampledWithoutReplacement(
                sample: try row.integer("sample"), population: try row.integer("population"),
                .gaussian(noiseMultiplier: try number(row, "noise_multiplier"))),
            count: try row.integer("steps"))
        let ours = try accountant.guarantee(for: event, delta: number(row, "delta")).epsilon
        try requireClose(ours, number(row, "epsilon"), 1e-3, "epsilon")
    }

    /// The upper bound in [prv lower, `epsilon_upper_dots_1e-4` + 1e-3]; the lower bound ≤ `epsilon_upper_dots_5e-5`.
    private static func privacyLoss(_ row: VectorFields, _: VectorFields) throws {
        let guarantee = try PrivacyLossAccountant().guarantee(for: sampled(row), delta: number(row, "delta"))
        let least =
            row.has("epsilon_exact")
            ? try number(row, "epsilon_exact") * (1 - 1e-12) : try number(row.object("prv"), "lower")
        try requireWithin(
            guarantee.epsilon, range(least, number(row, "epsilon_upper_dots_1e-4") + 1e-3), "epsilon")
        guard let lower = guarantee.lowerBound else { throw CaseFailure("there is no lower bound") }
        try require(
            try lower <= number(row, "epsilon_upper_dots_5e-5") && lower <= guarantee.epsilon,
            "the lower bound \(lower) is too large")
    }

    /// Bounds on both sides of the closed form, the upper one within 1e-3.
    private static func sampledGaussianStep(_ row: VectorFields, _: VectorFields) throws {
        let event = PrivacyEvent.sampledGaussian(
            rate: try number(row, "q"), noiseMultiplier: try number(row, "noise_multiplier"), steps: 1)
        let guarantee = try PrivacyLossAccountant().guarantee(for: event, delta: number(row, "delta"))
        let exact = try number(row, "epsilon")
        try requireWithin(guarantee.epsilon, range(exact * (1 - 1e-12), exact + 1e-3), "epsilon")
        guard let lower = guarantee.lowerBound, lower <= exact * (1 + 1e-12) else {
            throw CaseFailure("the lower bound is missing or too large")
        }
    }

    /// The noise multiplier to 1e-3, and never such that ε exceeds the target.
    private static func calibration(_ row: VectorFields, _: VectorFields) throws {
        let target = try number(row, "target_epsilon")
        for (name, accountant) in [("rdp", AccountantName.renyi), ("pld", .privacyLossDistribution)] {
            let ours = try NoiseCalibration(
                epsilon: target, delta: number(row, "delta"), rate: number(row, "q"), steps: row.integer("steps"),
                accountant: accountant)
            try requireClose(
                ours.noiseMultiplier, number(row, "noise_multiplier_\(name)"), 1e-3, "noise_multiplier_\(name)")
            try require(ours.guarantee.epsilon <= target, "ε is above the target")
        }
        if row.has("noise_multiplier_exact") {
            let ours = try NoiseCalibration(
                epsilon: target, delta: number(row, "delta"), rate: number(row, "q"), steps: row.integer("steps"))
            try requireClose(
                ours.noiseMultiplier, number(row, "noise_multiplier_exact"), 1e-9, "noise_multiplier_exact")
        }
    }

    /// To 1e-9.
    private static func distributedDiscreteGaussian(_ row: VectorFields, _: VectorFields) throws {
        let bound = try DistributedDiscreteGaussianBound(
            contributors: row.integer("clients"), localVariance: number(row, "local_sigma2"),
            l2Sensitivity: number(row, "l2_sensitivity"), dimension: row.integer("dim"))
        try requireClose(bound.tau, number(row, "tau"), 1e-9, "tau")
        try requireClose(bound.idealRho, number(row, "rho_ideal"), 1e-9, "rho_ideal")
        try requireClose(bound.rho, number(row, "rho_bound"), 1e-9, "rho_bound")
        try requireClose(bound.l1Sensitivity, number(row, "l1_sensitivity"), 1e-9, "l1_sensitivity")
        let divergences = try row.object("rdp")
        try require(!divergences.members.isEmpty, "'rdp' is empty")
        for name in divergences.members.keys.sorted() {
            guard let order = Double(name) else { throw CaseFailure("'\(name)' is no order") }
            try requireClose(bound.divergence(order: order), number(divergences, name), 1e-9, "rdp.\(name)")
        }
    }
}
