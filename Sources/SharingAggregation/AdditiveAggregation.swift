// SPDX-License-Identifier: Apache-2.0

public import ProtocolCryptography
public import RingArithmetic
public import SecureAggregation
public import SecureRandomness

/// n-of-n additive sharing over Z/2^b among k helpers, of which one alone learns nothing.
///
/// A contributor sends one message, to the *leader*: its vector minus k − 1 pseudo-random vectors, and the seed of each
/// of those, sealed to one *aggregator* (the shape of DAP [DAP], with the seed-compressed shares of VDAF [VDAF]). The
/// leader adds up what it gets on arrival and forwards the seeds; each aggregator expands its seeds and returns the
/// sum. So a contributor has reached all helpers or none.
///
/// - The leader learns the sum. All k helpers must collude to learn more; every aggregator enforces the minimum cohort
///   itself, and answers once in a round: two answers for lists that differ by one contributor would show its vector.
/// - Any number of contributors may drop out down to the minimum cohort. A lost helper ends the round.
/// - Clients must know the aggregators' true keys: who replaces a key takes that aggregator's place.
/// - Cost: a contributor expands k − 1 masks and sends b·d bits and 80 bytes an aggregator.
public struct AdditiveAggregation<Element: MaskableElement>: AggregationScheme {
    /// The clients, in ascending order.
    public let contributors: [PartyID]
    /// The helper that gets the vectors and learns the sum.
    public let leader: PartyID
    /// The other helpers, in the order of the seeds.
    public let aggregators: [PartyID]
    /// The keys to which seeds are sealed, in the same order.
    public let aggregatorKeys: [KeyAgreementPublicKey]
    /// The elements of a vector.
    public let dimension: Int
    /// The ring of the sum.
    public let width: RingWidth
    /// The cohort below which nothing is summed.
    public let minimumContributors: Int
    /// Remembers in which rounds this process's aggregators have answered.
    public let journal: ShareReleaseJournal
    private let privateKeys: [PartyID: KeyAgreementPrivateKey]

    /// A scheme among these parties.
    /// - Parameters:
    ///   - contributors: in ascending order.
    ///   - leader: the helper that learns the sum.
    ///   - aggregators: the other helpers with their enrolled keys; at least one.
    ///   - privateKeys: the keys of the aggregators that run here; empty at a client.
    ///   - dimension: the elements of a vector.
    ///   - width: the ring; wide enough that the sum cannot wrap (`SumCapacity`).
    ///   - minimumCohort: the fewest contributors whose sum may be learned.
    ///   - journal: where aggregators' answers are remembered. Pass the same one to the schemes of all attempts of a
    ///     round: a fresh one knows of no answer.
    /// - Throws: `.duplicateParty`, `.tooFewHelpers`, `.cohortTooSmall`, `.dimensionOutOfRange`, `.elementTooNarrow`,
    ///   `.tooManyParties`.
    public init(
        contributors: [PartyID], leader: PartyID, aggregators: [(id: PartyID, key: KeyAgreementPublicKey)],
        privateKeys: [PartyID: KeyAgreementPrivateKey] = [:], dimension: Int, width: RingWidth,
        minimumCohort: MinimumCohort = .standard, journal: ShareReleaseJournal = ShareReleaseJournal()
    ) throws(AggregationError) {
        try Roster.validate(
            contributors: contributors, helpers: [leader] + aggregators.map(\.id), minimumHelpers: 2,
            cohort: minimumCohort, dimension: dimension, width: width, element: Element.self)
        self.contributors = contributors
        self.leader = leader
        self.aggregators = aggregators.map(\.id)
        aggregatorKeys = aggregators.map(\.key)
        self.privateKeys = privateKeys
        self.journal = journal
        self.dimension = dimension
        self.width = width
        minimumContributors = minimumCohort.count
    }

    /// The name on the command line and in the session.
    public var name: String { "additive" }
    /// The parties that own no vector.
    public var helpers: [PartyID] { [leader] + aggregators }
    /// Who learns the sum.
    public var recipients: Set<PartyID> { [leader] }

    /// The parameters as the wire format writes them (Documentation/WireFormat.md).
    public var encodedParameters: [UInt8] {
        var encoder = WireEncoder()
        encoder.write(UInt8(width.bits))
        encoder.write(UInt32(dimension))
        encoder.write(UInt32(minimumContributors))
        for key in aggregatorKeys { encoder.write(bytes: key.bytes) }
        return encoder.bytes
    }

    /// One party's side of one aggregation; see `AggregationScheme`.
    public func makeParty(
        _ id: PartyID, contributing vector: [Element]?, in context: RoundContext,
        using randomness: consuming some SecureRandomNumberGenerator
    ) throws(AggregationError) -> any AggregationParty<Element, AdditiveMessage<Element>> {
        if id == leader { return AdditiveLeader(scheme: self) }
        let keys = KeySchedule(session: session(in: context), round: context.round)
        if aggregators.contains(id) {
            guard let key = privateKeys[id] else { throw .unknownParty(id) }
            try journal.check(id, in: context)
            return AdditiveAggregator(id: id, scheme: self, context: context, key: key, keys: keys)
        }
        guard contributors.contains(id) else { throw .unknownParty(id) }
        return AdditiveContributor(
            id: id, scheme: self, keys: keys, vector: try validated(vector, of: id), randomness: randomness)
    }
}
