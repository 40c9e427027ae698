// SPDX-License-Identifier: Apache-2.0

/// What is assumed of the clients of an aggregation: how many there are, how many collude with the server, how many are
/// lost; and how unlikely it must be that luck helps the one or the other.
///
/// Which clients are corrupt and which are lost is fixed before anybody can know the graph.
public struct MaskingAssumptions: Hashable, Sendable {
    /// The number N of clients.
    public let clients: Int
    /// The most clients that collude with the server.
    public let adversaries: Int
    /// The most clients that are lost in a round.
    public let dropouts: Int
    /// What the server may do.
    public let threat: ThreatModel
    /// s: privacy fails with a probability below 2^−s.
    public let securityBits: Int
    /// c: losses within the assumed number end a round, or cost a client its place, with a probability of about 2^−c: each
    /// of the two ways is below that.
    public let failureBits: Int

    /// The statistical security of [FCP].
    public static let defaultSecurityBits = 40
    /// The failure probability of [FCP].
    public static let defaultFailureBits = 20
    /// As far as [FCP] has published answers to compare with.
    public static let maximumClients = 1_000_000

    /// Assumptions in numbers of clients.
    /// - Throws: `.clientsOutOfRange` unless 3 ≤ N ≤ 1,000,000, `.countOutOfRange` unless `adversaries` and `dropouts` are in
    ///   0 … N − 1, `.bitsOutOfRange` unless both bits are in 1 … 128.
    public init(
        clients: Int, adversaries: Int, dropouts: Int, threat: ThreatModel,
        securityBits: Int = Self.defaultSecurityBits, failureBits: Int = Self.defaultFailureBits
    ) throws(MaskingPlanError) {
        try Self.check(clients: clients)
        for count in [adversaries, dropouts] where !(0..<clients).contains(count) {
            throw .countOutOfRange(count: count, clients: clients)
        }
        for bits in [securityBits, failureBits] where !(1...128).contains(bits) { throw .bitsOutOfRange(bits) }
        self.clients = clients
        self.adversaries = adversaries
        self.dropouts = dropouts
        self.threat = threat
        self.securityBits = securityBits
        self.failureBits = failureBits
    }

    /// Assumptions in fractions of the clients, rounded down to whole clients.
    /// - Throws: `.fractionOutOfRange` unless 0 ≤ fraction < 1, and what the other initializer throws.
    public init(
        clients: Int, adversaryFraction: Double, dropoutFraction: Double, threat: ThreatModel,
        securityBits: Int = Self.defaultSecurityBits, failureBits: Int = Self.defaultFailureBits
    ) throws(MaskingPlanError) {
        try Self.check(clients: clients)
        try self.init(
            clients: clients, adversaries: Self.count(adversaryFraction, of: clients),
            dropouts: Self.count(dropoutFraction, of: clients), threat: threat, securityBits: securityBits,
            failureBits: failureBits)
    }

    private static func check(clients: Int) throws(MaskingPlanError) {
        guard (3...Self.maximumClients).contains(clients) else { throw .clientsOutOfRange(clients) }
    }

    /// ⌊fraction · N⌋, for the decimal number that was meant: 0.29 of 100 is 29, though the double below 0.29 is less. The
    /// slack is that of [FCP], and far above the rounding error of N ≤ 10^6.
    private static func count(_ fraction: Double, of clients: Int) throws(MaskingPlanError) -> Int {
        guard fraction >= 0, fraction < 1 else { throw .fractionOutOfRange(fraction) }
        return Int(((fraction + 1e-14) * Double(clients)).rounded(.down))
    }

    /// The least threshold on the complete graph.
    ///
    /// An honest client gives a share of only one secret of another. Against a server that lies, both secrets of a client
    /// take 2·t shares of N − A honest clients and twice those of A corrupt ones, so that 2·t > N + A keeps them apart; in
    /// the curious model t > A does. The scheme asks for 2·t > N in any case.
    /// - Throws: `.completeGraph` if so many clients may be lost that fewer than t are left.
    public func completeGraphThreshold() throws(MaskingPlanError) -> Int {
        let threshold =
            threat == .curious ? max(clients / 2, adversaries) + 1 : (clients + adversaries) / 2 + 1
        guard threshold <= clients - dropouts else {
            throw .completeGraph(threshold: threshold, survivors: clients - dropouts)
        }
        return threshold
    }

    /// Whether a configuration misses a bound: less secure than assumed here, or more easily ended by losses.
    ///
    /// - Parameters:
    ///   - neighbors: k; N − 1 is the complete graph.
    ///   - threshold: t.
    ///   - minimumContributors: the cohort below which clients refuse.
    /// - Returns: true if a bound is missed, and for what is no sparse graph (2 ≤ k ≤ N − 2, even, with 2 ≤ t ≤ k) and not
    ///   the complete one either.
    /// - Complexity: time grows with k.
    public func isBelowPlan(neighbors: Int, threshold: Int, minimumContributors: Int = 3) -> Bool {
        if neighbors == clients - 1 {
            guard let least = try? completeGraphThreshold() else { return true }
            return threshold < least || threshold > clients - dropouts
        }
        guard neighbors % 2 == 0, (2...max(2, clients - 2)).contains(neighbors), (2...neighbors).contains(threshold)
        else { return true }
        let bounds = MaskingBounds(
            neighbors: neighbors, threshold: threshold, minimumContributors: minimumContributors, of: self)
        return !bounds.areMet
    }

    /// What each of the two ways in which privacy can fail must be below: half of 2^−s.
    var log2Security: Double { -Double(securityBits + 1) }
    /// What each way in which losses can do harm must be below.
    var log2Failure: Double { -Double(failureBits) }
}
