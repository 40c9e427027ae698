// SPDX-License-Identifier: Apache-2.0

/// Why an accountant states no guarantee.
public enum AccountingError: Error, Equatable, Sendable {
    /// A noise multiplier, variance or sensitivity that is not a finite number above 0.
    case noiseOutOfRange(Double)
    /// A sampling rate outside 0 … 1, or a sample that is not between 1 and its population.
    case samplingRateOutOfRange(Double)
    /// A probability outside 0 … 1, or a δ outside 0 < δ < 1.
    case probabilityOutOfRange(Double)
    /// An ε, ρ or μ that is negative or not a finite number.
    case epsilonOutOfRange(Double)
    /// A Rényi order that is not above 1 and at most 100,000.
    case orderOutOfRange(Double)
    /// A count of steps, clients or coordinates that is negative or too large.
    case countOutOfRange(Int)
    /// A grid that is not between 1e-8 and 1.
    case gridOutOfRange(Double)
    /// The accountant has no proved bound for this event. Nothing is approximated.
    case unsupportedEvent(UnsupportedEvent)
    /// The probability that the guarantee fails altogether is at least δ.
    case failureProbabilityExceedsDelta(failure: Double, delta: Double)
    /// No finite ε could be proved within the accountant's limits.
    case unbounded
    /// No noise multiplier of at most `limit` reaches the target.
    case targetUnreachable(limit: Double)

    /// What an accountant cannot account for.
    public enum UnsupportedEvent: Equatable, Sendable {
        /// An event of a kind that it does not know, by its name.
        case kind(String)
        /// An event whose neighbors are defined otherwise than the accountant's.
        case adjacency(String)
        /// Sampling of an event for which no amplification is proved here.
        case sampling(of: String)
        /// A discrete Gaussian with so little noise that it is not close to a rounded continuous one.
        case noiseTooSmall(variance: Double)
    }
}
