// SPDX-License-Identifier: Apache-2.0

public import ProtocolCryptography
public import RingArithmetic
public import SecureAggregation
public import SecureRandomness

/// n-of-n additive sharing over Z/2^b among k helpers, of which one alone learns nothing.
///
/// A contributor sends one message, to the *leader*: its vector minus k − 1 pseudo-random vectors, and the seed of each
/// of those, sealed to one *aggregator* and signed (the shape of DAP [DAP], with the seed-compressed shares of VDAF
/// [VDAF]). The leader adds up what it gets on arrival and forwards the seeds; each aggregator expands its seeds and
/// returns the sum. So a contributor has reached all helpers or none.
///
/// - The leader learns the sum. All k helpers must collude to learn more; every aggregator enforces the minimum cohort
///   itself, takes only seeds that enrolled contributors signed, and answers once in a round: two answers for lists that
///   differ by one contributor would show its vector.
/// - Any number of contributors may drop out down to the minimum cohort. A lost helper ends the round, and so does a
///   contributor whose seed does not open, which is named.
/// - Parties must know one another's true keys (`SharingEnrollment`).
/// - Cost: a contributor expands k − 1 masks and sends b·d bits and 144 bytes an aggregator.
public struct AdditiveAggregation<Element: MaskableElement>: AggregationScheme {
    let plan: SharingPlan

    /// A scheme among these parties.
    /// - Parameters:
    ///   - contributors: in ascending order.
    ///   - leader: the helper that learns the sum.
    ///   - aggregators: the other helpers, at least one.
    ///   - enrollment: the keys of all parties, and the private ones of those that run here.
    ///   - dimension: the elements of a vector.
    ///   - width: the ring; wide enough that the sum cannot wrap (`SumCapacity`).
    ///   - minimumCohort: the fewest contributors whose sum may be learned.
    ///   - journal: where aggregators' answers are remembered. Pass the same one to the schemes of all attempts of a
    ///     round: a fresh one knows of no answer.
    /// - Throws: `.missingKey`, `.unusableKey`, `.duplicateParty`, `.tooFewHelpers`, `.cohortTooSmall`, `.dimensionOutOfRange`,
    ///   `.elementTooNarrow`, `.tooManyParties`.
    public init(
        contributors: [PartyID], leader: PartyID, aggregators: [PartyID], enrollment: SharingEnrollment,
        dimension: Int, width: RingWidth, minimumCohort: MinimumCohort = .standard,
        journal: ShareReleaseJournal = ShareReleaseJournal()
    ) throws(AggregationError) {
        try Roster.validate(
            contributors: contributors, helpers: [leader] + aggregators, minimumHelpers: 2, cohort: minimumCohort,
            dimension: dimension, width: width, element: Element.self)
        plan = try SharingPlan(
            contributors: contributors, leader: leader, aggregators: aggregators, enrollment: enrollment,
            dimension: dimension, width: width, cohort: minimumCohort, journal: journal, group: .ring(width),
            threshold: aggregators.count)
    }

    /// The clients, in ascending order.
    public var contributors: [PartyID] { plan.contributors }
    /// The helper that gets the vectors and learns the sum.
    public var leader: PartyID { plan.leader }
    /// The other helpers, in the order of the seeds.
    public var aggregators: [PartyID] { plan.aggregators }
    /// The keys of all parties.
    public var enrollment: SharingEnrollment { plan.enrollment }
    /// The elements of a vector.
    public var dimension: Int { plan.dimension }
    /// The ring of the sum.
    public var width: RingWidth { plan.width }
    /// The cohort below which nothing is summed.
    public var minimumContributors: Int { plan.minimumContributors }
    /// Remembers in which rounds this process's aggregators have answered.
    public var journal: ShareReleaseJournal { plan.journal }

    /// The name on the command line and in the session.
    public var name: String { "additive" }
    /// The parties that own no vector.
    public var helpers: [PartyID] { [leader] + aggregators }
    /// Vectors travel in the ring of the sum.
    public var field: PrimeField? { nil }
    /// Who learns the sum.
    public var recipients: Set<PartyID> { [leader] }

    /// The parameters as the wire format writes them (Documentation/WireFormat.md).
    public var encodedParameters: [UInt8] {
        var encoder = WireEncoder()
        encoder.write(UInt8(width.bits))
        encoder.write(UInt32(dimension))
        encoder.write(UInt32(minimumContributors))
        plan.encodeKeys(into: &encoder)
        return encoder.bytes
    }

    /// One party's side of one aggregation; see `AggregationScheme`.
    /// - Throws: `.missingKey` for a contributor or an aggregator whose private key is not here, besides what the
    ///   protocol says; `.sharesAlreadyReleased` for an aggregator that has answered in this round.
    public func makeParty(
        _ id: PartyID, contributing vector: [Element]?, in context: RoundContext,
        using randomness: consuming some SecureRandomNumberGenerator
    ) throws(AggregationError) -> any AggregationParty<Element, AdditiveMessage<Element>> {
        try makeSharingParty(id, contributing: vector, in: context, using: randomness, plan: plan)
    }
}

extension AggregationScheme where Element: MaskableElement {
    /// A party of a scheme through a leader.
    func makeSharingParty<Kind: SharingKind>(
        _ id: PartyID, contributing vector: [Element]?, in context: RoundContext,
        using randomness: consuming some SecureRandomNumberGenerator, plan: SharingPlan
    ) throws(AggregationError) -> any AggregationParty<Element, SharingMessage<Element, Kind>>
    where Message == SharingMessage<Element, Kind> {
        let keys = KeySchedule(session: session(in: context), round: context.round)
        if id == plan.leader { return try SharingLeader<Element, Kind>(plan: plan, keys: keys) }
        if plan.aggregators.contains(id) {
            guard let key = plan.enrollment.privateKeys[id] else { throw .missingKey(id) }
            try plan.journal.check(id, in: context)
            return SharingAggregator<Element, Kind>(id: id, plan: plan, context: context, key: key, keys: keys)
        }
        guard plan.contributors.contains(id) else { throw .unknownParty(id) }
        guard let signingKey = plan.enrollment.signingKeys[id] else { throw .missingKey(id) }
        return SharingContributor<Element, Kind, _>(
            id: id, plan: plan, keys: keys, signingKey: signingKey, vector: try validated(vector, of: id),
            randomness: randomness)
    }
}
