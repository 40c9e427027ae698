// SPDX-License-Identifier: Apache-2.0

public import DifferentialPrivacy

/// What may be spent on a task: ε at δ, for which neighbors, against whom, and by which accountant's reckoning.
public struct PrivacyBudget: Sendable, Equatable {
    /// The name of the task, 1 to 255 bytes of UTF-8.
    public let task: String
    /// The largest ε.
    public let epsilon: Double
    /// The δ, probabilities of failure included.
    public let delta: Double
    /// Who counts as a neighbor. Events that are charged have their sensitivities for this.
    public let adjacency: Adjacency
    /// Against whom ε holds. No sampled event is charged where the observer sees who took part.
    public let observer: PrivacyObserver
    /// The accountant.
    public let accountant: AccountantName

    /// - Throws: `.taskNameLength`; `.budgetOutOfRange` unless 0 < ε ≤ 10^6 and 0 < δ < 1; `.noBound` for an accountant that
    ///   estimates, for `.analytic` (of which `.privacyLossDistribution` is the superset), and for
    ///   `.privacyLossDistribution` where users are substituted.
    public init(
        task: String, epsilon: Double, delta: Double, adjacency: Adjacency = .addOrRemoveUser,
        observer: PrivacyObserver = .resultsOnly, accountant: AccountantName = .privacyLossDistribution
    ) throws(PrivacyLedgerError) {
        guard (1...255).contains(task.utf8.count) else { throw .taskNameLength(task.utf8.count) }
        guard epsilon > 0, epsilon <= 1e6, delta > 0, delta < 1 else { throw .budgetOutOfRange }
        switch (accountant, adjacency) {
        case (.privacyLossDistribution, .addOrRemoveUser), (.renyi, _), (.zeroConcentrated, _): break
        default: throw .noBound(accountant, adjacency)
        }
        self.task = task
        self.epsilon = epsilon
        self.delta = delta
        self.adjacency = adjacency
        self.observer = observer
        self.accountant = accountant
    }

    /// An upper bound of ε for all that this event composes.
    /// - Throws: as the accountant does.
    func epsilon(for event: PrivacyEvent) throws(AccountingError) -> Double {
        switch accountant {
        case .renyi:
            return try RenyiAccountant(adjacency: adjacency).guarantee(for: event, delta: delta).epsilon
        case .zeroConcentrated:
            return try ZeroConcentratedPrivacy.guarantee(for: event, delta: delta, adjacency: adjacency).epsilon
        default: return try PrivacyLossAccountant().epsilon(for: event, delta: delta)
        }
    }
}
