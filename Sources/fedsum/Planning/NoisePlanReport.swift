// SPDX-License-Identifier: Apache-2.0

import DifferentialPrivacy
import Foundation
import RingArithmetic

/// The noise of a plan, for people and for programs.
struct NoisePlanReport {
    let plan: PrivateSumPlan
    private let guarantee: PrivacyGuarantee
    private let coordinator: PrivacyGuarantee?
    private let meanCohort: Int
    /// What a client adds in a round with a cohort of the mean size, in squared integers; nil for `central`.
    private let localVariance: Double?

    init(_ plan: PrivateSumPlan) throws {
        self.plan = plan
        let terms = plan.terms
        guarantee = try plan.guarantee(releases: terms.mode == .local ? plan.participationCap : terms.releases)
        coordinator = try plan.guaranteeAgainstCoordinator(participations: plan.participationCap)
        let mean = Int((terms.samplingRate * Double(terms.population)).rounded())
        meanCohort = min(max(mean, plan.cohort.lowerBound), plan.cohort.upperBound)
        let mechanism = try plan.mechanism(cohort: meanCohort, rotationSeed: [UInt8](repeating: 0, count: 32))
        localVariance = terms.mode == .central ? nil : mechanism.description.localVariance.value
    }

    private var bytesPerParameter: Double {
        Double(plan.width.bits) / 8 * Double(plan.encodedDimension) / Double(plan.terms.dimension)
    }
    private var releasedDeviation: Double { plan.releasedStandardDeviation(of: meanCohort) }

    var members: [String: JSONValue] {
        let terms = plan.terms
        return [
            "dp": .string(terms.mode.rawValue), "epsilon": .number(guarantee.epsilon),
            "epsilon_coordinator": .optional(coordinator?.epsilon), "delta": .number(terms.delta),
            "accountant": .string(plan.accountant.rawValue), "clip": .number(terms.clippingNorm),
            "rounds": .integer(terms.releases), "sampling_rate": .number(terms.samplingRate),
            "noise_multiplier": .number(plan.noiseMultiplier),
            "noise_standard_deviation": .number(plan.standardDeviation),
            "released_noise_standard_deviation": .number(releasedDeviation),
            "local_variance": .optional(localVariance), "integers_per_unit": .number(plan.scale),
            "cohort_minimum": .integer(plan.cohort.lowerBound), "cohort_mean": .integer(meanCohort),
            "cohort_maximum": .integer(plan.cohort.upperBound),
            "minimum_contributors_with_noise": .integer(plan.minimumContributors(cohort: meanCohort)),
            "participation_cap": .integer(plan.participationCap), "modulus_bits_with_noise": .integer(plan.width.bits),
            "upload_bytes_per_parameter_with_noise": .number(bytesPerParameter),
            "is_rotated": .bool(plan.isRotated),
        ]
    }

    /// The members of a plan without noise.
    static let membersWithoutNoise: [String: JSONValue] = Dictionary(
        uniqueKeysWithValues: [
            "epsilon", "epsilon_coordinator", "delta", "accountant", "clip", "rounds", "sampling_rate",
            "noise_multiplier", "noise_standard_deviation", "released_noise_standard_deviation", "local_variance",
            "integers_per_unit", "cohort_minimum", "cohort_mean", "cohort_maximum", "minimum_contributors_with_noise",
            "participation_cap", "modulus_bits_with_noise", "upload_bytes_per_parameter_with_noise", "is_rotated",
        ].map { ($0, .null) } + [("dp", .string(PrivacyMode.none.rawValue))])

    var text: String {
        let terms = plan.terms
        let isSampled = terms.samplingRate < 1
        let rounds = terms.releases == 1 ? "one round" : "\(terms.releases) rounds"
        var lines = [
            "Noise (\(terms.mode.rawValue)) for ε = \(PrivacyText.shown(guarantee.epsilon)) at δ = \(terms.delta) (accountant \(plan.accountant.rawValue)) over \(rounds), "
                + (terms.mode == .local
                    ? "against everybody, for another vector in a client's place"
                    : "for one client more or less, against whoever sees the results\(isSampled ? ", and neither who took part nor how many did" : "")"),
            against, "",
            String(
                format:
                    "  noise      σ = %.6g  in the unit of the values, in each coordinate of %@ at the least: %.4f × %@clipping norm %g%@",
                plan.standardDeviation, terms.mode == .local ? "a client's vector" : "the sum", plan.noiseMultiplier,
                terms.mode == .local ? "twice the " : "", terms.clippingNorm,
                terms.weights.maximum > 1 ? String(format: " × weight %g", terms.weights.maximum) : ""),
            String(
                format: "  released   ± %.6g  is what a sum of a whole cohort has in it%@", releasedDeviation,
                isSampled ? ", of \(meanCohort) clients in the mean" : ""),
        ]
        if let localVariance {
            lines.append(
                String(
                    format:
                        "  share      %.6g  of variance from each client of %d, in integers of which %.6g are a unit",
                    localVariance, meanCohort, plan.scale))
        }
        lines.append(
            isSampled
                ? "  cohorts    \(plan.cohort.lowerBound) … \(plan.cohort.upperBound)  clients are accepted in a round, of \(terms.population) who each take part with probability \(terms.samplingRate)"
                : "  cohort     \(terms.population)  clients, all of them in every round")
        if terms.mode == .distributed {
            lines.append(
                "  abort      below \(plan.minimumContributors(cohort: meanCohort)) contributors of \(meanCohort), whose noise would be too little"
            )
        }
        lines.append(
            "  cap        \(plan.participationCap)  times a client takes part at the most")
        lines.append(
            "  ring       b = \(plan.width.bits) bits  hold the sum with its noise: \(bytesPerParameter) bytes for each parameter"
                + (plan.isRotated
                    ? ", of vectors that are rotated\(plan.encodedDimension > terms.dimension ? " and padded to \(plan.encodedDimension)" : "")"
                    : ", of vectors that are not rotated"))
        return lines.joined(separator: "\n")
    }

    private var against: String {
        guard plan.terms.mode != .local else { return "in all rounds that it takes part in." }
        guard let coordinator else { return "and against the server none, since it sees sums without noise." }
        return
            "and ε = \(PrivacyText.shown(coordinator.epsilon)) against the server, which knows who took part, for a client whose vectors are replaced by zero."
    }
}
