// SPDX-License-Identifier: Apache-2.0

internal import SecureRandomness

/// How likely it is that luck breaks k neighbors and a threshold t, as exact hypergeometric tails and union bounds over
/// clients and cuts: an upper bound each, as a power of two, −∞ where it cannot happen. It may be above 0, where the
/// bound says nothing.
///
/// A cut of the circle is two disjoint runs of k/2 places: whoever separates the honest survivors must have all honest
/// clients of both runs away. A pair of runs is k of the N places at random.
public struct MaskingBounds: Hashable, Sendable {
    /// The honest survivors are not connected, if all corrupt clients and as many as are assumed lost are taken away: over
    /// the N(N − k − 1)/2 cuts whose runs do not touch. They stay connected with 2^−(s+1).
    public let disconnected: Double
    /// Some client's secrets can be opened. Curious: t of its neighbors are corrupt. Else the server may show two lists:
    /// 2·t − k of them are corrupt. Below 2^−(s+1).
    public let exposed: Double
    /// Some client has fewer than t neighbors left. Below 2^−c; the least threshold, 2, is taken even where it is not.
    public let stranded: Double
    /// Some cut has as many corrupt clients as survivors are asked of it, so that it need not have an honest one. Below
    /// 2^−(s+1); nil in the curious model, in which nobody asks.
    public let hiddenCut: Double?
    /// Losses alone leave some cut with fewer survivors than are asked. Below 2^−c; nil in the curious model.
    public let brokenCircle: Double?
    /// For one client, t of its k witnesses are among the corrupt clients and half of the honest ones, so that a statement
    /// passes which the other half never saw. Nil in the curious model. No bound is asked of it: it takes a server that
    /// has shown two lists and had both signed.
    public let falseStatement: Double?
    /// The survivors that are asked of two disjoint runs together, ⌈(3t − k)/2⌉; nil in the curious model.
    public let cutFloor: Int?
    /// Whether `hiddenCut` is as rare as is asked.
    let hidesNoCut: Bool
    /// Whether `brokenCircle` is as rare as is asked.
    let leavesCircleWhole: Bool
    /// Whether every bound that is asked for holds.
    public let areMet: Bool

    init(neighbors k: Int, threshold t: Int, minimumContributors: Int, of assumptions: MaskingAssumptions) {
        let (n, adversaries, dropouts) = (assumptions.clients, assumptions.adversaries, assumptions.dropouts)
        func log2Tail(_ marked: Int, atLeast count: Int) -> Double {
            Hypergeometric(population: n, marked: marked, draws: k).log2Tail(atLeast: count)
        }
        func isSecure(_ log2: Double) -> Bool { log2 < assumptions.log2Security - Hypergeometric.log2Slack }
        func isRare(_ log2: Double) -> Bool { log2 < assumptions.log2Failure - Hypergeometric.log2Slack }
        let isLying = assumptions.threat != .curious
        let clients = Platform.log2(Double(n))
        // Two runs that touch separate nobody.
        let separatingCuts = Platform.log2(Double(n * (n - k - 1)) / 2)
        disconnected = separatingCuts + log2Tail(min(n, adversaries + dropouts), atLeast: k)
        exposed = clients + log2Tail(adversaries, atLeast: isLying ? 2 * t - k : t)
        stranded = clients + log2Tail(dropouts, atLeast: k - t + 1)
        let isPrivate = isSecure(disconnected) && isSecure(exposed)
        let isLive = isRare(stranded) || t == MaskingPlan.leastThreshold
        guard isLying else {
            (hiddenCut, brokenCircle, falseStatement, cutFloor) = (nil, nil, nil, nil)
            (hidesNoCut, leavesCircleWhole) = (true, true)
            areMet = isPrivate && isLive
            return
        }
        let floor = MaskingPlan.cutFloor(neighbors: k, threshold: t)
        // Of all places no more than N − minimumContributors can be said to be lost.
        let asked = max(floor, k - (n - minimumContributors))
        // Every two disjoint runs are asked, also those that touch.
        let cuts = Platform.log2(Double(n * (n - k + 1)) / 2)
        let hidden = cuts + log2Tail(adversaries, atLeast: asked)
        let broken = cuts + log2Tail(dropouts, atLeast: k - floor + 1)
        cutFloor = floor
        hiddenCut = hidden
        brokenCircle = broken
        falseStatement = log2Tail((n + adversaries) / 2, atLeast: t)
        hidesNoCut = isSecure(hidden)
        leavesCircleWhole = isRare(broken)
        areMet = isPrivate && isLive && hidesNoCut && leavesCircleWhole
    }
}
