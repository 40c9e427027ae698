// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import DifferentialPrivacy
import PairwiseMasking

/// The flags that ask `fedsum plan` for noise.
struct NoisePlanOptions: ParsableArguments {
    @Option(help: "Find noise with which all rounds cost at most this ε. (default: no noise)")
    var epsilon: Double?

    @Option(help: "With --epsilon: the δ, probabilities of failure included. (default: 1e-05)")
    var delta: Double?

    @Option(
        help:
            "With --epsilon: the ℓ2 norm that longer vectors are shortened to, in the unit of the values. (default: 1)"
    )
    var clip: Double?

    @Option(help: "With --epsilon: how many rounds there are. (default: 1)")
    var rounds: Int?

    @Option(
        help:
            "With --epsilon: the probability that a client takes part in a round. --clients is then all there are, and the graph is for the smallest cohort that is accepted. (default: 1)"
    )
    var samplingRate: Double?

    @Option(
        help: ArgumentHelp(
            "With --epsilon: who adds noise: \(PrivateSumTerms.Mode.allCases.map(\.rawValue).joined(separator: ", ")). (default: distributed)",
            valueName: "mode"))
    var dp: PrivacyMode?

    /// The noise that is asked for; nil for none.
    /// - Throws: `UsageError`, `PrivateSumPlanError`.
    func plan(_ command: Plan) throws -> PrivateSumPlan? {
        guard let epsilon, let mode = (dp ?? .distributed).noise else {
            guard epsilon == nil, delta == nil, clip == nil, rounds == nil, samplingRate == nil, dp?.noise == nil
            else {
                throw UsageError(
                    "--delta, --clip, --rounds, --sampling-rate and --dp are about noise, which needs --epsilon and a --dp that is not none."
                )
            }
            return nil
        }
        guard let dimension = command.dimension else {
            throw UsageError("--epsilon needs --dimension: rounding and ring depend on it.")
        }
        let population = samplingRate == nil ? 3...MaskingAssumptions.maximumClients : 3...100_000_000
        guard population.contains(command.clients) else {
            throw UsageError(
                "--clients must be between 3 and \(population.upperBound)\(samplingRate == nil ? "" : " with --sampling-rate"), not \(command.clients)."
            )
        }
        guard (4...32).contains(command.bits) else {
            throw UsageError("with --epsilon, --bits must be between 4 and 32, not \(command.bits).")
        }
        let (colluding, lost) = (command.adversaryFraction, command.dropoutFraction)
        guard colluding >= 0, lost >= 0, colluding + lost <= 0.9 else {
            throw UsageError(
                "with --epsilon, --adversary-fraction and --dropout-fraction are at least 0 and together at most 0.9, since the rest adds the noise: \(colluding) + \(lost) ≤ 0.9 does not hold."
            )
        }
        return try PrivateSumPlan(
            PrivateSumTerms(
                mode: mode, dimension: dimension, clippingNorm: clip ?? 1,
                weights: WeightBound(Double(command.maxWeight)), inputBits: command.bits, population: command.clients,
                samplingRate: samplingRate ?? 1, releases: rounds ?? 1, lostShare: lost, colludingShare: colluding,
                epsilon: epsilon, delta: delta ?? 1e-5))
    }
}

extension PrivateSumPlanError {
    /// Whether it is an inequality that cannot hold, and not a number out of range.
    var isImpossible: Bool {
        switch self {
        case .cohortTooSmall: true
        case .mechanism(.notPositive), .mechanism(.dimensionOutOfRange): false
        case .mechanism: true
        case .accounting(let error): !isUsage(error)
        case .outOfRange, .capBelowReleases: false
        }
    }
}
