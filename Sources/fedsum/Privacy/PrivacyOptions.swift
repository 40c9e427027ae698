// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import DifferentialPrivacy
import FederatedLearning
import PrivacyLedger

/// Who adds noise, as `--dp` says it.
enum PrivacyMode: String, CaseIterable, ExpressibleByArgument, Sendable {
    case none, central, local, distributed

    /// nil for no noise.
    var noise: PrivateSumTerms.Mode? { PrivateSumTerms.Mode(rawValue: rawValue) }

    static var listed: String { allCases.map(\.rawValue).joined(separator: ", ") }

    /// Reads `none,distributed`, or `all`.
    static func list(_ text: String) throws -> [PrivacyMode] {
        if text == "all" { return allCases }
        var modes: [PrivacyMode] = []
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            guard let mode = PrivacyMode(rawValue: String(part)) else {
                throw UsageError("--dp takes \(listed), several separated by commas, or all; not '\(part)'.")
            }
            if !modes.contains(mode) { modes.append(mode) }
        }
        return modes
    }
}

/// The flags that say what may be spent, and how noise is dealt out. The same on every verb that trains.
struct PrivacyOptions: ParsableArguments {
    @Option(help: "With --dp: the ε that the run may cost a client.")
    var epsilon = 8.0

    @Option(help: "With --dp: the δ, probabilities of failure included.")
    var delta = 1e-5

    @Option(
        help:
            "With --dp: the noise over the clipping norm, where it is given; training then stops when ε is spent. (default: as much as --epsilon asks for over --rounds)"
    )
    var noiseMultiplier: Double?

    @Option(
        help:
            "With --dp: the probability that a client takes part in a round, drawn for each client and round. (default: 1)"
    )
    var samplingRate: Double?

    @Option(
        help:
            "With --dp: rounds in which a client takes part at most. (default: as many as all but one in a thousand are drawn for)"
    )
    var participations: Int?

    @Option(
        help:
            "With --dp distributed: the share of a cohort that may be lost; the round is aborted where more are. (default: 0.1, or --dropout and a little)"
    )
    var lostShare: Double?

    @Option(help: "With --dp distributed: the share of a cohort that may add no noise, or collude.")
    var colludingShare = 0.1

    @Option(
        help:
            "With --dp: the largest weight of a client; heavier ones count as this. Needed for weights that are not uniform."
    )
    var maxWeight: Int?

    @Flag(
        help:
            "With --dp central: add continuous noise in double precision, as most programs do, to see what exactness costs. Not private."
    )
    var insecureContinuousNoise = false

    /// What private sums of vectors of this dimension need; `rounds` of them.
    func plan(
        _ mode: PrivateSumTerms.Mode, dimension: Int, clippingNorm: Double, bits: Int, clients: Int, rounds: Int,
        minimumCohort: Int, dropout: Double
    ) throws -> PrivateSumPlan {
        let weights = try maxWeight.map { try WeightBound(Double($0)) } ?? .uniform
        return try PrivateSumPlan(
            PrivateSumTerms(
                mode: mode, dimension: dimension, clippingNorm: clippingNorm, weights: weights, inputBits: max(4, bits),
                population: clients, samplingRate: samplingRate ?? 1, releases: rounds,
                participationCap: participations, minimumCohort: minimumCohort,
                lostShare: lostShare ?? (dropout > 0.05 ? min(dropout + 0.05, 0.8) : 0.1),
                colludingShare: colludingShare, epsilon: epsilon, delta: delta, noiseMultiplier: noiseMultiplier))
    }

    /// Whatever decides the course of training, for fingerprints.
    func description(_ mode: PrivacyMode, rounds: Int) -> String {
        guard mode != .none else { return "none" }
        return [
            mode.rawValue, "\(epsilon)", "\(delta)", noiseMultiplier.map { "\($0)" } ?? "over \(rounds) rounds",
            "\(samplingRate ?? 1)", "\(participations ?? 0)", "\(lostShare ?? -1)", "\(colludingShare)",
            "\(maxWeight ?? 0)", "\(insecureContinuousNoise)",
        ].joined(separator: " ")
    }

    /// - Throws: `UsageError` for flags that make no sense together.
    func validate(_ modes: [PrivacyMode]) throws {
        let isPrivate = modes.contains { $0 != .none }
        if !isPrivate, samplingRate != nil || participations != nil || noiseMultiplier != nil || maxWeight != nil {
            throw UsageError(
                "--sampling-rate, --participations, --noise-multiplier and --max-weight are for --dp central, local or distributed."
            )
        }
        if insecureContinuousNoise, modes != [.central] {
            throw UsageError("--insecure-continuous-noise is for --dp central alone.")
        }
        if let maxWeight, maxWeight < 1 { throw UsageError("--max-weight must be at least 1, not \(maxWeight).") }
    }
}
