// SPDX-License-Identifier: Apache-2.0

/// Which data sets count as neighbors. The unit is always the user: all that one client contributes.
public enum Adjacency: String, Sendable, Equatable, CaseIterable {
    /// One user more or less.
    case addOrRemoveUser = "add-or-remove-user"
    /// One user's data replaced by another's; the number of users is public.
    case substituteUser = "substitute-user"
}

/// Against whom a guarantee holds.
public enum PrivacyObserver: String, Sendable, Equatable, CaseIterable {
    /// Sees all released results, and neither who took part nor how many did: amplification by sampling counts.
    ///
    /// A client that takes part is no such observer, as it knows the size of its cohort. With that known, the others' sum is
    /// that of a fixed number, in which a client takes another's place: up to twice the sensitivity.
    case resultsOnly = "results-only"
    /// Sees who took part in which round as well, as a coordinator does: sampling hides nothing from it.
    case coordinator
}

/// The method that gave a guarantee.
public enum AccountantName: String, Sendable, Equatable, CaseIterable {
    /// Privacy loss distributions, with bounds from above and below.
    case privacyLossDistribution = "pld"
    /// Rényi differential privacy.
    case renyi = "rdp"
    /// The exact trade-off of the Gaussian mechanism.
    case analytic
    /// Zero-concentrated differential privacy.
    case zeroConcentrated = "zcdp"
    /// The central limit of Gaussian differential privacy: an estimate, no bound.
    case centralLimit = "clt"
}

/// What a number is worth.
public enum GuaranteeKind: String, Sendable, Equatable {
    /// Proved: the true ε is not larger.
    case bound
    /// An approximation that can lie on either side of the truth. Not for promises to users.
    case estimate
}

/// (ε, δ)-differential privacy, with all that has to be said for the numbers to mean something.
public struct PrivacyGuarantee: Sendable, Equatable {
    /// The ε; not below the true one if `kind` is `.bound`.
    public let epsilon: Double
    /// An ε that is proved not to be above the true one of the events' dominating pairs, where the method has one.
    public let lowerBound: Double?
    /// The δ, which includes every probability of failure among the events.
    public let delta: Double
    /// Who counts as a neighbor.
    public let adjacency: Adjacency
    /// Against whom it holds.
    public let observer: PrivacyObserver
    /// The method.
    public let accountant: AccountantName
    /// A proved bound, or an estimate.
    public let kind: GuaranteeKind

    package init(
        epsilon: Double, lowerBound: Double? = nil, delta: Double, adjacency: Adjacency = .addOrRemoveUser,
        observer: PrivacyObserver = .resultsOnly, accountant: AccountantName, kind: GuaranteeKind = .bound
    ) {
        self.epsilon = epsilon
        self.lowerBound = lowerBound
        self.delta = delta
        self.adjacency = adjacency
        self.observer = observer
        self.accountant = accountant
        self.kind = kind
    }
}
