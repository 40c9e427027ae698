// SPDX-License-Identifier: Apache-2.0

import DifferentialPrivacy
import FederatedLearning
import Foundation

/// What a run's ε means, in words.
struct PrivacyText {
    let privacy: RunPrivacy
    let mode: PrivacyMode

    init(_ privacy: RunPrivacy, mode: PrivacyMode) {
        self.privacy = privacy
        self.mode = mode
    }

    /// An ε with three digits, rounded upward, since it is a bound.
    static func shown(_ epsilon: Double) -> String { String(format: "%.3f", (epsilon * 1000).rounded(.up) / 1000) }

    var text: String {
        let terms = privacy.plan.terms
        let guarantee = privacy.spending.guarantee
        var lines = [
            "",
            "Spent: ε = \(Self.shown(guarantee.epsilon)) of \(terms.epsilon) at δ = \(terms.delta)"
                + " (accountant \(guarantee.accountant.rawValue)), "
                + (mode == .local
                    ? "against everybody, for another vector in a client's place."
                    : "for one client more or less,\nagainst whoever sees every round's model, and neither who took part nor how many did."),
        ]
        if let coordinator = privacy.epsilonAgainstCoordinator, mode == .distributed {
            lines.append(
                "Against the server, which knows who took part: ε = \(Self.shown(coordinator)) so far, for a client whose\nvector is replaced by zero; a client takes part in \(privacy.plan.participationCap) rounds at most."
            )
        } else if mode != .local {
            lines.append(
                "Against the server: none, since it sees \(mode == .central ? "sums without noise" : "every vector").")
        }
        let plan = privacy.plan
        let each =
            mode == .distributed
            ? ", to which each client adds a share; rounds are aborted where more than a share of \(terms.lostShare) is lost"
            : ""
        lines.append(
            "Noise: discrete Gaussian, \(String(format: "%.4f", plan.noiseMultiplier)) times the clipping norm \(terms.clippingNorm) at the least\(each)."
        )
        lines.append("The columns clients, clipped and aborted are the simulation's to know: ε does not cover them.")
        lines.append("It comes from a seed here: this is a simulation, and keeps nothing private.")
        return lines.joined(separator: "\n")
    }
}
