// SPDX-License-Identifier: Apache-2.0

/// Why there is no plan.
public enum MaskingPlanError: Error, Equatable, Sendable {
    /// A plan is for 3 to 1,000,000 clients.
    case clientsOutOfRange(Int)
    /// A fraction of the clients is at least 0 and below 1.
    case fractionOutOfRange(Double)
    /// Corrupt clients, and lost ones, are each at least 0 and fewer than all.
    case countOutOfRange(count: Int, clients: Int)
    /// Security is 1 to 128 bits, and failure 1 to 128.
    case bitsOutOfRange(Int)
    /// No even k has 2 ≤ k ≤ N − 2.
    case tooFewForGraph(clients: Int)
    /// No k will do; the inequality is one that does not hold at the largest one, `neighbors`.
    case unsatisfiable(MaskingInequality, neighbors: Int)
    /// On the complete graph t must be at least `threshold`, and only `survivors` clients are left.
    case completeGraph(threshold: Int, survivors: Int)
}

/// What must hold of k neighbors and a threshold t, with the numbers for which it does not. Probabilities are powers of
/// two.
public enum MaskingInequality: Equatable, Sendable {
    /// Pr[the honest survivors are not connected] < bound.
    case connected(log2Probability: Double, log2Bound: Double)
    /// least ≤ t ≤ most: below `least` too many neighbors could be corrupt, above `most` too many could be lost.
    case threshold(least: Int, most: Int)
    /// Pr[two runs hold as many corrupt clients as survivors are asked of them] < bound.
    case honestSurvivorInCuts(log2Probability: Double, log2Bound: Double)
    /// Pr[lost clients alone leave two runs with too few survivors] < bound.
    case circleUnderLosses(log2Probability: Double, log2Bound: Double)
}
