// SPDX-License-Identifier: Apache-2.0

import DifferentialPrivacy
import PrivacyLedger

/// One sentence for an error of a mechanism.
func explain(_ error: DifferentialPrivacyError) -> String {
    switch error {
    case .varianceOutOfRange:
        "the noise in integers has a variance outside 0.1 … 10^12: take more --bits, or less noise."
    case .randomness(let error): explain(error)
    case .dimensionOutOfRange(let dimension): "a vector has 1 to 2^32 coordinates, not \(dimension)."
    case .notPositive: "a clipping norm and a weight must be finite numbers above 0."
    case .roundingBiasOutOfRange: "the bias of conditional rounding must be at least 0 and below 1."
    case .normOutOfRange: "rounded vectors would be longer than 2^31: take fewer --bits."
    case .rotationSeedLength(let count): "the seed of a rotation has 32 bytes, not \(count)."
    case .lengthMismatch(let expected, let actual): "a vector has \(actual) elements instead of \(expected)."
    case .notFinite(let coordinate): "the value at position \(coordinate) is not a finite number; nothing was sent."
    case .weightOutOfRange: "a weight is outside its bound."
    case .cohortOutOfRange: "so many clients are not what the noise was made for."
    case .tooFewSurvivors(let count, let minimum):
        "\(count) clients are left, and the noise of \(minimum) is needed. Nothing was released."
    case .ringTooNarrow(let bits):
        bits > 64
            ? "no ring of 64 bits holds the sum with its noise: take fewer --bits." : "the ring needs \(bits) bits."
    case .elementTooNarrow(let needed, let available): "the ring needs \(needed) bits and its words have \(available)."
    }
}

/// One sentence for terms that have no plan.
func explain(_ error: PrivateSumPlanError) -> String {
    switch error {
    case .outOfRange(.population): "a private sum has 1 to 10^8 clients."
    case .outOfRange(.inputBits): "with --dp, --bits must be between 4 and 32."
    case .outOfRange(.releases): "there must be at least one round."
    case .outOfRange(.participationCap): "--participations must be at least 1."
    case .outOfRange(.minimumCohort): "a cohort has at least one client."
    case .outOfRange(.shares): "--lost-share and --colluding-share must be at least 0, and together at most 0.9."
    case .cohortTooSmall(let minimum, let bound):
        "clients drawn with --sampling-rate would be fewer than \(minimum) with a probability above \(bound), which is what δ has room for: "
            + "P(cohort < \(minimum)) ≤ \(bound) does not hold. Take more --clients, or a larger --sampling-rate."
    case .capBelowReleases(let cap, let releases):
        "everybody takes part in every round, so that --participations must be at least --rounds: \(cap) ≥ \(releases) does not hold."
    case .mechanism(let error): explain(error)
    case .accounting(let error): explain(error)
    }
}

/// Whether the user can mend the call.
func isUsage(_ error: PrivateSumPlanError) -> Bool {
    switch error {
    case .accounting(let error): isUsage(error)
    default: true
    }
}

/// One sentence for a ledger's error.
func explain(_ error: PrivacyLedgerError) -> String {
    switch error {
    case .file(let error): "the ledger of the privacy budget cannot be used: \(error). Nothing is released without it."
    case .anotherLedger: "the ledger is of another task or budget; give the flags it was made with."
    case .taskNameLength(let count): "the name of a task has 1 to 255 bytes, not \(count)."
    case .budgetOutOfRange: "ε must be a finite number above 0, and 0 < δ < 1."
    case .noBound(let accountant, let adjacency):
        "accountant \(accountant.rawValue) has no proved bound for neighbors by \(adjacency.rawValue)."
    case .overBudget(let spent, let asked):
        "another round would cost ε = \(asked) altogether; ε = \(spent) is spent, and the budget ends there."
    case .notAccountable(let error): explain(error)
    case .samplingIsSeen: "sampling hides nothing from whoever sees who took part."
    case .alreadyCharged(let round, _, _): "round \(round) was paid for before, and cannot be run again."
    case .notCharged(let round):
        "the ledger does not have round \(round), which was run: it is older than the checkpoint, or of another run. Nothing is released."
    case .eventNotEncodable, .malformedEvent: "an event cannot be written into the ledger."
    case .enrollmentOutOfRange: "a number of an enrollment is not a finite one above 0."
    case .anotherTask: "a client enrolled for another task."
    case .weakerThanEnrolled(let term): "a client enrolled for more protection than this round has (\(term))."
    case .participationCapReached(let cap): "a client took part in \(cap) rounds, which is what it enrolled for."
    case .alreadyParticipated(let round, _): "a client took part in round \(round) before."
    }
}
