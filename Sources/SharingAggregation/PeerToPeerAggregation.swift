// SPDX-License-Identifier: Apache-2.0

public import ProtocolCryptography
public import RingArithmetic
public import SecureAggregation
public import SecureRandomness

/// Aggregation without a server: every peer shares its vector among all peers, adds up the shares it holds, and
/// broadcasts that sum; all peers learn the total.
///
/// With a threshold T < N the shares are Shamir's over a prime field [Sha79]: T partial sums are enough, so up to N − T
/// peers may be lost, and between sharing and summing the peers tell one another whose shares they hold. With T = N the
/// shares are additive over Z/2^b, and any loss ends the round. T − 1 of a peer's N shares are seeds of 32 bytes.
///
/// - T peers together learn every vector; fewer that follow the protocol learn the sum and nothing else.
/// - The contributors are a list that T peers have confirmed word for word; each confirms one, and N/2 < T, so there are
///   no two such lists, which would differ by somebody's vector. That is for peers that follow the protocol, whatever
///   messages are lost and whoever puts shares together afterwards; against c peers that tell different peers different
///   lists it takes T > (N + c)/2.
/// - Channels between peers must be authenticated and confidential: shares travel as they are.
/// - A vector is in the sum if its shares reached the peers that confirm, even if its owner was lost then. If its owner is
///   lost in the middle of sharing, the round may end without a sum, and can be tried again without it.
/// - Partial sums beyond T are held against the others; one false share or sum ends the round without a culprit.
/// - Cost for a peer with T < N: T masks and (N − T + 1)·T·d products to share, as many to check; it sends (N − T)·k·d bits
///   of shares and (N − 1)·k·d bits of sums, and holds N − T + 1 vectors while it shares and up to N sums at the end. With
///   T = N: N − 1 masks, (N − 1)·b·d bits, one vector and then up to N sums.
public struct PeerToPeerAggregation<Element: MaskableElement>: AggregationScheme {
    /// The peers, in ascending order.
    public let contributors: [PartyID]
    /// The number T of peers whose partial sums give the sum.
    public let threshold: Int
    /// The elements of a vector.
    public let dimension: Int
    /// The ring of the sum.
    public let width: RingWidth
    /// The field of the shares; nil over additive shares.
    public let field: PrimeField?
    /// The cohort below which nothing is summed.
    public let minimumContributors: Int
    /// Remembers in which rounds this process's peers have sent a partial sum.
    public let journal: ShareReleaseJournal

    /// A scheme among these peers.
    /// - Parameters:
    ///   - contributors: the peers, in ascending order.
    ///   - threshold: T with N/2 < T ≤ N, by default ⌊N/2⌋ + 1; N is the additive variant.
    ///   - dimension: the elements of a vector.
    ///   - width: the ring of the sum.
    ///   - minimumCohort: the fewest contributors whose sum may be learned.
    ///   - journal: where partial sums are remembered. Pass the same one to the schemes of all attempts of a round: a
    ///     fresh one knows of none.
    /// - Throws: `.thresholdOutOfRange`, `.ring(.fieldTooSmall)` if N·(2^b − 1) reaches 2^61 and T < N,
    ///   `.elementTooNarrow` if an element cannot hold the field, `.duplicateParty`, `.cohortTooSmall`,
    ///   `.dimensionOutOfRange`, `.tooManyParties`.
    public init(
        contributors: [PartyID], threshold: Int? = nil, dimension: Int, width: RingWidth,
        minimumCohort: MinimumCohort = .standard, journal: ShareReleaseJournal = ShareReleaseJournal()
    ) throws(AggregationError) {
        try Roster.validate(
            contributors: contributors, helpers: [], minimumHelpers: 0, cohort: minimumCohort, dimension: dimension,
            width: width, element: Element.self)
        let threshold = threshold ?? Self.defaultThreshold(of: contributors.count)
        guard 2 * threshold > contributors.count, threshold <= contributors.count else {
            throw .thresholdOutOfRange(threshold: threshold, contributors: contributors.count)
        }
        self.contributors = contributors
        self.threshold = threshold
        self.dimension = dimension
        self.width = width
        self.journal = journal
        minimumContributors = minimumCohort.count
        field =
            threshold == contributors.count
            ? nil : try Roster.field(holding: contributors.count, of: width, in: Element.self)
    }

    /// ⌊N/2⌋ + 1.
    public static func defaultThreshold(of peers: Int) -> Int { peers / 2 + 1 }

    /// The name on the command line and in the session.
    public var name: String { "peer-to-peer" }
    /// There are none.
    public var helpers: [PartyID] { [] }
    /// Who learns the sum: everybody.
    public var recipients: Set<PartyID> { Set(contributors) }

    /// The parameters as the wire format writes them (Documentation/WireFormat.md).
    public var encodedParameters: [UInt8] {
        var encoder = WireEncoder()
        encoder.write(UInt8(width.bits))
        encoder.write(UInt32(dimension))
        encoder.write(UInt32(minimumContributors))
        encoder.write(UInt8(field?.bits ?? 0))
        encoder.write(UInt32(threshold))
        return encoder.bytes
    }

    /// One party's side of one aggregation; see `AggregationScheme`.
    /// - Throws: `.sharesAlreadyReleased` if this peer has sent a partial sum in this round, besides what the protocol
    ///   says.
    public func makeParty(
        _ id: PartyID, contributing vector: [Element]?, in context: RoundContext,
        using randomness: consuming some SecureRandomNumberGenerator
    ) throws(AggregationError) -> any AggregationParty<Element, PeerToPeerMessage<Element>> {
        guard let position = contributors.firstIndex(of: id) else { throw .unknownParty(id) }
        try journal.check(id, in: context)
        var vector = try validated(vector, of: id)
        Element.reduce(&vector, to: width)
        return Peer(
            id: id, position: position, scheme: self, context: context,
            keys: KeySchedule(session: session(in: context), round: context.round), vector: vector,
            randomness: randomness)
    }

    var group: ShareGroup { field.map { .field($0) } ?? .ring(width) }

    /// Whether the dealer at one position gives the peer at another a seed instead of a share.
    func isSeeded(from dealer: Int, to holder: Int) -> Bool {
        let distance = (holder - dealer + contributors.count) % contributors.count
        return (1..<threshold).contains(distance)
    }
}
