// SPDX-License-Identifier: Apache-2.0

internal import SecureAggregation
internal import SecureRandomness

/// The fewest neighbors, and the least threshold, with which the sparse graph of [BBG+20] keeps what is assumed.
///
/// The search and its bounds are those of [FCP], for the circulant graph over a random circle: each client is a neighbor of
/// those at the k/2 places before and after its own. Two conditions come with our consistency round, in which clients
/// accept survivors only if every cut of the circle has enough of them (Documentation/WireFormat.md). <doc:ChoosingNeighbors>
/// has the formulas.
///
/// - Complexity: the search takes each even k in turn; a step costs the few terms of a tail that matter. Milliseconds for
///   usual assumptions, below 0.1 s for any.
public struct MaskingPlan: Hashable, Sendable {
    /// What the plan is for.
    public let assumptions: MaskingAssumptions
    /// The number k of a client's neighbors: the least even one for which there is a threshold.
    public let neighbors: Int
    /// The threshold t: the least one that is secure with k neighbors.
    public let threshold: Int
    /// The cohort that clients must insist on. 3, unless the rule for cuts alone leaves too much to luck: that happens where
    /// (nearly) no losses are assumed, and then it is all clients but those assumed lost.
    public let minimumContributors: Int
    /// How unlikely it is that luck breaks the plan.
    public let bounds: MaskingBounds

    /// Up to this many clients the complete graph is the default: sparse graphs save little there, and cannot promise more.
    public static let completeGraphLimit = 100
    /// A session has no more neighbors (Documentation/WireFormat.md).
    public static let maximumNeighbors = 20_000
    /// With fewer than two shares each of them would be the secret.
    static let leastThreshold = 2

    /// Finds the plan.
    /// - Throws: `.tooFewForGraph` below 4 clients, `.unsatisfiable` with an inequality that does not hold for the largest k if
    ///   there is none for which all do.
    public init(_ assumptions: MaskingAssumptions) throws(MaskingPlanError) {
        let clients = assumptions.clients
        guard clients >= 4 else { throw .tooFewForGraph(clients: clients) }
        var search = MaskingSearch(assumptions)
        var failed = MaskingInequality.threshold(least: Self.leastThreshold, most: 0)
        for neighbors in stride(from: 2, through: min(clients - 2, Self.maximumNeighbors), by: 2) {
            switch search.step(to: neighbors) {
            case .fails(let inequality): failed = inequality
            case .fits(let threshold, let minimumContributors, let bounds):
                self.assumptions = assumptions
                self.neighbors = neighbors
                self.threshold = threshold
                self.minimumContributors = minimumContributors
                self.bounds = bounds
                return
            }
        }
        throw .unsatisfiable(failed, neighbors: min(clients / 2 * 2 - 2, Self.maximumNeighbors))
    }

    /// log2 of an upper bound on the probability that some honest client can be shown another round than the others, and is
    /// believed: with it, `exposed` and `hiddenCut` below 2^−(s+1) the proof that no smaller sum opens holds
    /// (Documentation/SparseGraphs.md). Above 0 it says nothing; nil in the curious model.
    ///
    /// [FCP] does not ask for it, and so neither does the search: with a few hundred clients of whom few are corrupt and many
    /// may be lost it can be above 2^−(s+1). Then the complete graph is what is proved.
    ///
    /// - Complexity: milliseconds.
    public var overrun: Double? {
        guard assumptions.threat != .curious else { return nil }
        return MinorStatements(
            neighbors: neighbors, threshold: threshold, clients: assumptions.clients,
            adversaries: assumptions.adversaries
        ).log2Probability
    }

    /// Whether `overrun` is below 2^−(s+1); true in the curious model, in which nobody is shown anything else.
    public var isProved: Bool {
        guard let overrun else { return true }
        return overrun < assumptions.log2Security - Hypergeometric.log2Slack
    }

    /// ⌈(3t − k)/2⌉: the survivors that clients ask of two disjoint runs of k/2 places together, half-way between the 2·t − k
    /// corrupt clients that are too many and the t survivors that every client has.
    package static func cutFloor(neighbors: Int, threshold: Int) -> Int { (3 * threshold - neighbors + 1) >> 1 }
}

/// The search of [FCP]: k = 2, 4, 6, … until there is a threshold.
private struct MaskingSearch {
    let assumptions: MaskingAssumptions
    /// Corrupt neighbors of a client.
    var corrupt: QuantileWalk
    /// Lost neighbors of a client.
    var lost: QuantileWalk
    /// Pr[k given places are all corrupt or lost], for the k so far; 0 once it is far below every bound.
    var allAway = 1.0
    var neighbors = 0

    enum Step {
        case fits(threshold: Int, minimumContributors: Int, MaskingBounds)
        case fails(MaskingInequality)
    }

    init(_ assumptions: MaskingAssumptions) {
        self.assumptions = assumptions
        // A bound for all clients is N times that for one.
        func bound(_ exponent: Int) -> Double {
            Double(sign: .plus, exponent: exponent, significand: 1) / Double(assumptions.clients)
        }
        corrupt = QuantileWalk(
            population: assumptions.clients, marked: assumptions.adversaries,
            bound: bound(-assumptions.securityBits - 1))
        lost = QuantileWalk(
            population: assumptions.clients, marked: assumptions.dropouts, bound: bound(-assumptions.failureBits))
    }

    /// Goes on to this many neighbors.
    mutating func step(to count: Int) -> Step {
        let clients = assumptions.clients
        let away = assumptions.adversaries + assumptions.dropouts
        while neighbors < count {
            allAway *= Double(max(0, away - neighbors)) / Double(clients - neighbors)
            neighbors += 1
            corrupt.draw()
            lost.draw()
        }
        let disconnected = Platform.log2(Double(clients * (clients - count - 1)) / 2) + Platform.log2(min(1, allAway))
        guard disconnected < assumptions.log2Security - Hypergeometric.log2Slack else {
            return .fails(.connected(log2Probability: disconnected, log2Bound: assumptions.log2Security))
        }
        // Curious: more than the corrupt neighbors. Else 2·t more than k and the corrupt ones, who may answer twice.
        let isLying = assumptions.threat != .curious
        let least = (isLying ? (corrupt.quantile + count) / 2 : corrupt.quantile) + 1
        // As many as are left when the most neighbors are lost.
        let most = count - lost.quantile
        guard least <= most else { return .fails(.threshold(least: least, most: most)) }
        return fit(count, max(least, MaskingPlan.leastThreshold))
    }

    /// Holds the answer of [FCP] against what our protocol adds.
    private func fit(_ neighbors: Int, _ threshold: Int) -> Step {
        func bounds(_ minimumContributors: Int) -> MaskingBounds {
            MaskingBounds(
                neighbors: neighbors, threshold: threshold, minimumContributors: minimumContributors, of: assumptions)
        }
        var minimum = MinimumCohort.standard.count
        var found = bounds(minimum)
        if !found.hidesNoCut {
            minimum = max(minimum, assumptions.clients - assumptions.dropouts)
            found = bounds(minimum)
        }
        if let hidden = found.hiddenCut, !found.hidesNoCut {
            return .fails(.honestSurvivorInCuts(log2Probability: hidden, log2Bound: assumptions.log2Security))
        }
        if let broken = found.brokenCircle, !found.leavesCircleWhole {
            return .fails(.circleUnderLosses(log2Probability: broken, log2Bound: assumptions.log2Failure))
        }
        return .fits(threshold: threshold, minimumContributors: minimum, found)
    }
}
