// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import DifferentialPrivacy

/// The flags of one private sum.
struct PrivateSumOptions: ParsableArguments {
    @Option(help: "Differential privacy: \(PrivacyMode.listed).")
    var dp = PrivacyMode.none

    @Option(help: "With --dp: the ε that the sum may cost a client. (default: 1)")
    var epsilon: Double?

    @Option(help: "With --dp: the δ, probabilities of failure included. (default: 1e-06)")
    var delta: Double?

    @Option(
        help:
            "With --dp distributed: the share of the clients that may be lost; the sum is refused where more are. (default: 0.1)"
    )
    var lostShare: Double?

    @Option(
        help:
            "With --dp distributed: the share of the clients that may add no noise, or tell others what they added. (default: 0.1)"
    )
    var colludingShare: Double?

    /// - Throws: `UsageError` for flags that make no sense together.
    func validate(_ command: Sum) throws {
        guard dp != .none else {
            guard epsilon == nil, delta == nil else {
                throw UsageError("--epsilon and --delta are for --dp central, local or distributed.")
            }
            return try refuseShares()
        }
        if dp != .distributed { try refuseShares() }
        guard command.weights == nil else {
            throw UsageError(
                "--weights cannot go with --dp: a weighted mean divides by a sum of weights that is private too, so that nothing bounds what one client changes. "
                    + "Give vectors that are multiplied by their weights, and sum them.")
        }
        guard command.clip != nil else {
            throw UsageError(
                "--dp \(dp.rawValue) needs --clip C, the ℓ2 norm that longer vectors are shortened to and that the noise is in proportion to. "
                    + "Choose it from what is public: one that was chosen by looking at the vectors would tell of them."
            )
        }
    }

    private func refuseShares() throws {
        guard lostShare == nil, colludingShare == nil else {
            throw UsageError("--lost-share and --colluding-share are for --dp distributed.")
        }
    }

    /// The plan of one release in which everybody takes part.
    func plan(
        _ mode: PrivateSumTerms.Mode, dimension: Int, clippingNorm: Double, bits: Int, clients: Int, minimumCohort: Int
    ) throws -> PrivateSumPlan {
        try PrivateSumPlan(
            PrivateSumTerms(
                mode: mode, dimension: dimension, clippingNorm: clippingNorm, inputBits: bits, population: clients,
                minimumCohort: minimumCohort, lostShare: lostShare ?? 0.1, colludingShare: colludingShare ?? 0.1,
                epsilon: epsilon ?? 1, delta: delta ?? 1e-6))
    }
}
