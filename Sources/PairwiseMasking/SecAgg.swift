// SPDX-License-Identifier: Apache-2.0

public import ProtocolCryptography
public import RingArithmetic
public import SecureAggregation
public import SecureRandomness

/// Secure aggregation with pairwise masks on the complete graph [BIK+17] §4: the server learns the sum over the
/// survivors and nothing else.
///
/// Each pair of clients agrees on a mask that one adds and the other subtracts; each client adds a mask of its own on
/// top. Both secrets of a client are shared among all clients beforehand (t of N, Shamir over GF(2^128)), and for each
/// client the others release shares of exactly one of them: of its own mask if its vector arrived, of its pairwise key
/// if it did not.
///
/// - Threat model: a server that follows the protocol and colludes with fewer than t clients. Not one that lies: t > N/2
///   keeps any one client's two secrets apart, but the same boxes and survivors must be shown to all clients, which this
///   scheme does not check, and clients' keys reach one another through the server (<doc:SecAggThreats> has what a lie can
///   open: at t ≤ 0.61·N one client's vector).
/// - Dropouts: up to N − t clients, at any stage.
/// - Cost for a client: N − 1 key agreements twice and N masks; at most 128·N + 151 bytes besides its b·d bits. For the
///   server: a mask for each survivor, and one for each pair of a survivor and a client lost between sharing and
///   sending.
public struct SecAgg<Element: MaskableElement>: AggregationScheme {
    /// The clients, in ascending order.
    public let contributors: [PartyID]
    /// The server, which learns the sum.
    public let server: PartyID
    /// The elements of a vector.
    public let dimension: Int
    /// The ring of the sum.
    public let width: RingWidth
    /// The cohort below which nothing is summed.
    public let minimumContributors: Int
    /// The number t of clients whose shares give a secret.
    public let threshold: Int
    /// Remembers in which rounds this process's clients have released shares.
    public let journal: ShareReleaseJournal

    /// A scheme among these parties.
    /// - Parameters:
    ///   - contributors: the clients, in ascending order.
    ///   - server: the party that learns the sum.
    ///   - threshold: t, with N/2 < t ≤ N; by default ⌊2N/3⌋ + 1, which also keeps any one client's two secrets from a
    ///     lying server that colludes with a third of the clients.
    ///   - dimension: the elements of a vector.
    ///   - width: the ring; wide enough that the sum cannot wrap (`SumCapacity`).
    ///   - minimumCohort: the fewest contributors whose sum may be learned.
    ///   - journal: where releases of shares are remembered. Pass the same one to the schemes of all attempts of a
    ///     round: a fresh one knows of no release.
    /// - Throws: `.thresholdOutOfRange`, `.duplicateParty`, `.cohortTooSmall`, `.dimensionOutOfRange`,
    ///   `.elementTooNarrow`, `.tooManyParties`.
    public init(
        contributors: [PartyID], server: PartyID, threshold: Int? = nil, dimension: Int, width: RingWidth,
        minimumCohort: MinimumCohort = .standard, journal: ShareReleaseJournal = ShareReleaseJournal()
    ) throws(AggregationError) {
        try Roster.validate(
            contributors: contributors, helpers: [server], minimumHelpers: 1, cohort: minimumCohort,
            dimension: dimension, width: width, element: Element.self)
        let threshold = threshold ?? Self.defaultThreshold(of: contributors.count)
        guard 2 * threshold > contributors.count, threshold <= contributors.count else {
            throw .thresholdOutOfRange(threshold: threshold, contributors: contributors.count)
        }
        self.contributors = contributors
        self.server = server
        self.threshold = threshold
        self.dimension = dimension
        self.width = width
        self.journal = journal
        minimumContributors = minimumCohort.count
    }

    /// ⌊2N/3⌋ + 1, at most N.
    public static func defaultThreshold(of contributors: Int) -> Int { min(contributors, 2 * contributors / 3 + 1) }

    /// The name on the command line and in the session.
    public var name: String { "secagg" }
    /// The parties that own no vector.
    public var helpers: [PartyID] { [server] }
    /// Vectors travel in the ring of the sum.
    public var field: PrimeField? { nil }
    /// Who learns the sum.
    public var recipients: Set<PartyID> { [server] }

    /// How many clients every stage needs: the threshold and the minimum cohort.
    var quorum: Int { max(threshold, minimumContributors) }

    /// The parameters as the wire format writes them (Documentation/WireFormat.md).
    public var encodedParameters: [UInt8] {
        var encoder = WireEncoder()
        encoder.write(UInt8(width.bits))
        encoder.write(UInt32(dimension))
        encoder.write(UInt32(minimumContributors))
        encoder.write(UInt32(threshold))
        return encoder.bytes
    }

    /// One party's side of one aggregation; see `AggregationScheme`.
    public func makeParty(
        _ id: PartyID, contributing vector: [Element]?, in context: RoundContext,
        using randomness: consuming some SecureRandomNumberGenerator
    ) throws(AggregationError) -> any AggregationParty<Element, SecAggMessage<Element>> {
        let keys = KeySchedule(session: session(in: context), round: context.round)
        if id == server { return SecAggServer(scheme: self, keys: keys) }
        guard contributors.contains(id) else { throw .unknownParty(id) }
        try journal.check(id, in: context)
        return try SecAggClient(
            id: id, scheme: self, context: context, keys: keys, vector: validated(vector, of: id),
            randomness: randomness)
    }

    /// The abscissa of a client's shares: its position among the contributors, from 1.
    var shareIndices: [PartyID: UInt64] {
        Dictionary(uniqueKeysWithValues: zip(contributors, 1...UInt64(contributors.count)))
    }
}
