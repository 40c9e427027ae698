// SPDX-License-Identifier: Apache-2.0

import DifferentialPrivacy

/// Discrete noise and rounding, as other programs computed them: rows of decimal strings.
enum DiscreteNoiseVerifier {
    static func knows(_ schema: String) -> Bool { check(schema) != nil }

    private static func check(_ schema: String) -> ((VectorFields) throws -> Void)? {
        switch schema {
        case "discrete_gaussian": checkDiscreteGaussian
        case "discrete_gaussian_delta": checkDelta
        case "sum_of_discrete_gaussians": checkSum
        case "skellam": checkSkellam
        case "conditional_rounding": checkConditionalRounding
        default: nil
        }
    }

    /// Checks every row under its number.
    static func check(_ schema: String, _ document: VectorFields, into report: inout VectorFileReport) throws {
        guard let check = check(schema) else { throw CaseFailure("there are no test vectors of the kind '\(schema)'") }
        let rows = try document.array("rows")
        try require(!rows.isEmpty, "the file has no case")
        for (position, row) in rows.enumerated() {
            report.check("#\(position + 1)") { try check(VectorFields(row, as: "row")) }
        }
    }

    private static func checkDiscreteGaussian(_ row: VectorFields) throws {
        let distribution = DiscreteGaussianDistribution(try NoiseVariance(row.finiteNumber("sigma2")))
        try requireClose(distribution.normalizer, row.finiteNumber("normaliser"), 1e-12, "normaliser")
        try requireClose(distribution.trueVariance, row.finiteNumber("variance"), 1e-12, "variance")
        try forEach(row, "pmf") { y, p in
            try requireClose(distribution.probability(y), p, 1e-12, "pmf[\(y)]")
            try requireClose(distribution.probability(-y), p, 1e-12, "pmf[\(-y)]")
        }
        if try !row.isNull("tail_ge") {
            try forEach(row, "tail_ge") { y, p in
                try requireClose(distribution.upperTail(from: y), p, 1e-12, "tail_ge[\(y)]")
            }
        }
    }

    private static func checkDelta(_ row: VectorFields) throws {
        let variance = try NoiseVariance(row.finiteNumber("sigma2"))
        let sensitivity = try row.integer("integer_sensitivity", in: 1...1 << 20)
        let delta = DiscreteGaussianDistribution(variance).delta(
            epsilon: try row.finiteNumber("epsilon"), sensitivity: Int64(sensitivity))
        try requireClose(delta, row.finiteNumber("delta"), 1e-9, "delta")
        let rho = Double(sensitivity * sensitivity) / (2 * variance.value)
        try requireClose(rho, row.finiteNumber("zcdp_rho"), 1e-9, "zcdp_rho")
    }

    private static func checkSum(_ row: VectorFields) throws {
        let variance = try NoiseVariance(row.finiteNumber("local_sigma2"))
        try require(variance.value <= 16, "'local_sigma2' is above 16")
        let clients = try row.integer("clients", in: 1...16)
        let sum = DiscreteGaussianSum(variance, count: clients)
        try forEach(row, "pmf_sum") { y, p in try requireClose(sum.probability(y), p, 1e-9, "pmf_sum[\(y)]") }
        let ratio = sum.largestLogRatio(withinDeviations: 6)
        let name = "max_abs_log_ratio_to_dgauss_n_s2_within_6_sigma"
        try requireClose(ratio, row.finiteNumber(name), 1e-9, name)
        let closeness = DistributedNoise.closeness(localVariance: variance, shares: clients)
        try requireClose(closeness, row.finiteNumber("tau_bound"), 1e-9, "tau_bound")
        try require(ratio <= closeness, "the largest ratio is above τ")
    }

    private static func checkSkellam(_ row: VectorFields) throws {
        let variance = try row.finiteNumber("variance")
        try require(variance > 0 && variance <= 1e6, "'variance' is not in 0 … 10^6")
        let distribution = SkellamDistribution(variance: variance)
        try forEach(row, "pmf") { y, p in
            try requireClose(distribution.probability(y), p, 1e-9, "pmf[\(y)]")
            try requireClose(distribution.probability(-y), p, 1e-9, "pmf[\(-y)]")
        }
        for entry in try row.objects("rdp") {
            let divergence = SkellamDistribution.divergenceBound(
                order: try entry.integer("alpha", in: 2...1 << 20), variance: variance,
                absoluteSensitivity: Double(try entry.integer("l1")), sensitivity: Double(try entry.integer("l2")))
            try requireClose(divergence, entry.finiteNumber("rdp"), 1e-9, "rdp")
        }
    }

    private static func checkConditionalRounding(_ row: VectorFields) throws {
        let square = try ConditionalRounding.squaredBound(
            norm: row.finiteNumber("scaled_l2_clip"), dimension: row.integer("dim"), bias: row.finiteNumber("beta"))
        try requireClose(square.squareRoot(), row.finiteNumber("rounded_l2_bound"), 1e-9, "rounded_l2_bound")
    }

    /// Integers with their probabilities.
    private static func forEach(
        _ row: VectorFields, _ name: String, _ check: (Int64, Double) throws -> Void
    ) throws {
        let members = try row.object(name)
        try require(!members.members.isEmpty, "'\(name)' is empty")
        for key in members.members.keys.sorted() {
            guard let y = Int64(key), y.magnitude <= 1 << 40 else { throw CaseFailure("'\(name)' has the key \(key)") }
            try check(y, members.finiteNumber(key))
        }
    }

    private static func requireClose(
        _ ours: Double, _ stated: Double, _ tolerance: Double, _ name: String
    ) throws {
        try require(abs(ours - stated) <= tolerance * abs(stated), "'\(name)' is \(ours)")
    }
}

extension VectorFields {
    /// A finite number that is written as a decimal string.
    fileprivate func finiteNumber(_ name: String) throws -> Double {
        guard let value = Double(try string(name)), value.isFinite else {
            throw CaseFailure("'\(name)' is not a decimal number")
        }
        return value
    }
}
