// SPDX-License-Identifier: Apache-2.0

public import ProtocolCryptography
public import RingArithmetic
public import SecureAggregation
public import SecureRandomness

/// Shamir sharing of vectors among K aggregators, any t of which are enough [Sha79]: aggregators may be lost.
///
/// A contributor sends one message, to the *leader*, who holds no share: for the aggregators 1 … t − 1 a seed each, which
/// stands for their share; for the aggregators t … K the share under the mask of a seed, and the seed. Seeds are sealed to
/// their aggregator and signed. The leader adds up the masked shares on arrival and forwards the seeds; each aggregator
/// expands its seeds and returns the sum. That is a share of the sum, or the mask on one, and t of them give the sum.
///
/// - The leader learns the sum. With t aggregators it would learn all; with fewer, nothing else. Every aggregator
///   enforces the minimum cohort itself, takes only seeds that enrolled contributors signed, and answers once in a
///   round; K/2 < t, so that no two lists of contributors can both find t aggregators that have not answered.
/// - A leader that deviates can show the aggregators lists that overlap: at t ≤ 2K/3 it may learn ΣQ − 3·ΣP, say, over two
///   cohorts, in place of one sum. With 3t > 2K (and c aggregators on its side, 3t > 2K + c) every list but one is useless
///   to it.
/// - Up to K − t aggregators may be lost at any time, and any number of contributors down to the minimum cohort.
/// - Answers beyond t are held against the others. A contributor whose shares do not lie on one polynomial, or an
///   aggregator that answers falsely, makes that check fail, and the round ends without a culprit; with exactly t
///   answers it goes unnoticed.
/// - Shares are over the prime field of k bits with N·(2^b − 1) < p, so the leader sees the sum over the integers, of
///   which the result is the remainder mod 2^b. For sums that cannot wrap (`SumCapacity`) they are the same.
/// - Cost: a contributor expands K masks, computes (K − t + 1)·t·d products and sends (K − t + 1)·k·d bits and 144 bytes
///   an aggregator; the leader holds K − t + 1 vectors, and one for each answer at the end.
public struct ShamirAggregation<Element: MaskableElement>: AggregationScheme {
    let plan: SharingPlan
    /// The number t of aggregators whose answers give the sum.
    public var threshold: Int { plan.threshold }
    /// The field of the shares.
    public let shareField: PrimeField

    /// A scheme among these parties.
    /// - Parameters:
    ///   - contributors: in ascending order.
    ///   - leader: the helper that learns the sum; it holds no share.
    ///   - aggregators: the helpers that hold shares, at least two.
    ///   - threshold: t with K/2 < t ≤ K for K aggregators; by default ⌊K/2⌋ + 1.
    ///   - enrollment: the keys of all parties, and the private ones of those that run here.
    ///   - dimension: the elements of a vector.
    ///   - width: the ring of the sum.
    ///   - minimumCohort: the fewest contributors whose sum may be learned.
    ///   - journal: where aggregators' answers are remembered. Pass the same one to the schemes of all attempts of a
    ///     round: a fresh one knows of no answer.
    /// - Throws: `.aggregatorThresholdOutOfRange`, `.ring(.fieldTooSmall)` if N·(2^b − 1) reaches 2^61,
    ///   `.tooManyAggregators` if K reaches the field's prime,
    ///   `.elementTooNarrow` if an element cannot hold the field, `.missingKey`, `.unusableKey`, `.duplicateParty`,
    ///   `.tooFewHelpers`, `.cohortTooSmall`, `.dimensionOutOfRange`, `.tooManyParties`.
    public init(
        contributors: [PartyID], leader: PartyID, aggregators: [PartyID], threshold: Int? = nil,
        enrollment: SharingEnrollment, dimension: Int, width: RingWidth, minimumCohort: MinimumCohort = .standard,
        journal: ShareReleaseJournal = ShareReleaseJournal()
    ) throws(AggregationError) {
        try Roster.validate(
            contributors: contributors, helpers: [leader] + aggregators, minimumHelpers: 3, cohort: minimumCohort,
            dimension: dimension, width: width, element: Element.self)
        let threshold = threshold ?? Self.defaultThreshold(of: aggregators.count)
        guard 2 * threshold > aggregators.count, threshold <= aggregators.count else {
            throw .aggregatorThresholdOutOfRange(threshold: threshold, aggregators: aggregators.count)
        }
        shareField = try Roster.field(holding: contributors.count, of: width, in: Element.self)
        guard shareField.contains(UInt64(aggregators.count)) else {
            throw .tooManyAggregators(aggregators.count, prime: shareField.modulus)
        }
        plan = try SharingPlan(
            contributors: contributors, leader: leader, aggregators: aggregators, enrollment: enrollment,
            dimension: dimension, width: width, cohort: minimumCohort, journal: journal, group: .field(shareField),
            threshold: threshold)
    }

    /// ⌊K/2⌋ + 1.
    public static func defaultThreshold(of aggregators: Int) -> Int { aggregators / 2 + 1 }

    /// The clients, in ascending order.
    public var contributors: [PartyID] { plan.contributors }
    /// The helper that adds up the masked shares and learns the sum.
    public var leader: PartyID { plan.leader }
    /// The holders of shares; the abscissa of each is its position, from 1.
    public var aggregators: [PartyID] { plan.aggregators }
    /// The keys of all parties.
    public var enrollment: SharingEnrollment { plan.enrollment }
    /// The elements of a vector.
    public var dimension: Int { plan.dimension }
    /// The ring of the sum.
    public var width: RingWidth { plan.width }
    /// Vectors travel as elements of this field.
    public var field: PrimeField? { shareField }
    /// The cohort below which nothing is summed.
    public var minimumContributors: Int { plan.minimumContributors }
    /// Remembers in which rounds this process's aggregators have answered.
    public var journal: ShareReleaseJournal { plan.journal }

    /// The name on the command line and in the session.
    public var name: String { "shamir" }
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
        encoder.write(UInt8(shareField.bits))
        encoder.write(UInt16(threshold))
        plan.encodeKeys(into: &encoder)
        return encoder.bytes
    }

    /// One party's side of one aggregation; see `AggregationScheme`.
    /// - Throws: `.missingKey` for a contributor or an aggregator whose private key is not here, besides what the
    ///   protocol says; `.sharesAlreadyReleased` for an aggregator that has answered in this round.
    public func makeParty(
        _ id: PartyID, contributing vector: [Element]?, in context: RoundContext,
        using randomness: consuming some SecureRandomNumberGenerator
    ) throws(AggregationError) -> any AggregationParty<Element, ShamirMessage<Element>> {
        try makeSharingParty(
            id, contributing: vector.map { plan.reduced($0) }, in: context, using: randomness, plan: plan)
    }
}

extension SharingPlan {
    /// Inputs are taken mod 2^b, so that the sum over the integers stays below p.
    func reduced<Element: MaskableElement>(_ vector: [Element]) -> [Element] {
        var vector = vector
        Element.reduce(&vector, to: width)
        return vector
    }
}
