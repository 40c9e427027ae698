// SPDX-License-Identifier: Apache-2.0

/// What is summed how often, by whom, and what it may cost: whatever `PrivateSumPlan` derives noise from.
public struct PrivateSumTerms: Hashable, Sendable {
    /// Who adds noise.
    public enum Mode: String, Hashable, Sendable, CaseIterable {
        /// The recipient of the sum, which sees it without noise.
        case central
        /// Each client adds enough for itself, against everybody.
        case local
        /// Each client adds a share, and honest clients that are left have enough of them.
        case distributed
    }

    /// Who adds noise.
    public var mode: Mode
    /// The coordinates of a vector.
    public var dimension: Int
    /// The ℓ2 norm C that longer vectors are shortened to.
    public var clippingNorm: Double
    /// The bound W on weights.
    public var weights: WeightBound
    /// A coordinate of ±C takes this many bits, 4 to 32; fewer are taken where noise would drown them.
    public var inputBits: Int
    /// How many clients there are, N.
    public var population: Int
    /// The probability q that a client takes part in a release; 1 for everybody.
    public var samplingRate: Double
    /// How many releases there are, T.
    public var releases: Int
    /// In how many of them a client takes part at most; nil: as seldom too few as `PrivateSumPlan` says.
    public var participationCap: Int?
    /// The fewest clients of a release.
    public var minimumCohort: Int
    /// The share of a cohort that may be lost; where more are, nothing is released. For `distributed` noise.
    public var lostShare: Double
    /// The share of a cohort that may add no noise, or tell others what they added. For `distributed` noise.
    public var colludingShare: Double
    /// The ε that T releases may cost against whoever sees them and not who takes part; for `local` noise, against
    /// everybody.
    public var epsilon: Double
    /// The δ, probabilities of failure included.
    public var delta: Double
    /// The noise over the sensitivity, where it is given; nil: as much as ε asks for.
    public var noiseMultiplier: Double?

    /// Terms, checked by `PrivateSumPlan`.
    public init(
        mode: Mode, dimension: Int, clippingNorm: Double, weights: WeightBound = .uniform, inputBits: Int = 16,
        population: Int, samplingRate: Double = 1, releases: Int = 1, participationCap: Int? = nil,
        minimumCohort: Int = 3, lostShare: Double = 0.1, colludingShare: Double = 0.1, epsilon: Double, delta: Double,
        noiseMultiplier: Double? = nil
    ) {
        self.mode = mode
        self.dimension = dimension
        self.clippingNorm = clippingNorm
        self.weights = weights
        self.inputBits = inputBits
        self.population = population
        self.samplingRate = samplingRate
        self.releases = releases
        self.participationCap = participationCap
        self.minimumCohort = minimumCohort
        self.lostShare = lostShare
        self.colludingShare = colludingShare
        self.epsilon = epsilon
        self.delta = delta
        self.noiseMultiplier = noiseMultiplier
    }
}

/// Why there is no plan for some terms.
public enum PrivateSumPlanError: Error, Equatable, Sendable {
    /// A number of the terms is outside what its documentation says.
    case outOfRange(Term)
    /// With `samplingRate`, a cohort is smaller than `minimum` with a probability above what δ has room for, `bound`.
    case cohortTooSmall(minimum: Int, bound: Double)
    /// Everybody takes part in every release, and the cap would end that before the last.
    case capBelowReleases(cap: Int, releases: Int)
    /// Noise in integers needs more or less precision than there is, shares of it among others: take other bits.
    case mechanism(DifferentialPrivacyError)
    /// No noise has this ε and δ, or a parameter is wrong.
    case accounting(AccountingError)

    /// A number of the terms.
    public enum Term: Equatable, Sendable {
        /// N, at least 1 and at most 10^8.
        case population
        /// 4 to 32 bits.
        case inputBits
        /// T, at least 1.
        case releases
        /// The cap, at least 1.
        case participationCap
        /// The minimum cohort, at least 1.
        case minimumCohort
        /// Shares are at least 0, and together at most 0.9.
        case shares
    }
}
