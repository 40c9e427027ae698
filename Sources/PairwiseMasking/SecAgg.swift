// SPDX-License-Identifier: Apache-2.0

public import ProtocolCryptography
public import RingArithmetic
public import SecureAggregation
public import SecureRandomness

/// Secure aggregation with pairwise masks [BIK+17] §4, on the complete graph or a sparse one [BBG+20]: the server learns the
/// sum over the survivors and nothing else.
///
/// Each pair of neighbors agrees on a mask that one adds and the other subtracts; each client adds a mask of its own on
/// top. Both secrets of a client are shared among its neighbors beforehand (t of them, Shamir over GF(2^128)), and for each
/// client they release shares of exactly one: of its own mask if its vector arrived, of its pairwise key if it did not.
///
/// - Threat model: ``ThreatModel``. Against a server that lies fewer than 2t − k of any client's k neighbors may collude with
///   it, against a curious one fewer than t.
///   <doc:SecAggSemiMaliciousThreats> and its neighbors say who may do what, and what a lie can open.
/// - Dropouts: any, at any stage, that leave t neighbors of each client.
/// - Cost for a client: two key agreements and a mask for each neighbor; about 128 bytes a neighbor besides its b·d bits,
///   and 32·log2 N more on a sparse graph. For the server: a mask for each survivor, and one for each pair of a survivor
///   and a neighbor that was lost between sharing and sending.
public struct SecAgg<Element: MaskableElement>: AggregationScheme {
    /// The clients, in ascending order.
    public let contributors: [PartyID]
    /// The server, which learns the sum.
    public let server: PartyID
    /// Who is whose neighbor.
    public let graph: MaskingGraph
    /// Against whom the aggregation protects.
    public let threat: ThreatModel
    /// The elements of a vector.
    public let dimension: Int
    /// The ring of the sum.
    public let width: RingWidth
    /// The cohort below which nothing is summed.
    public let minimumContributors: Int
    /// The number t of neighbors whose shares give a secret.
    public let threshold: Int
    /// The clients' identities; nil unless ``threat`` is `.active`.
    public let enrollment: ClientEnrollment?
    /// Remembers in which rounds this process's clients have released shares.
    public let journal: ShareReleaseJournal
    /// How many threads the server takes the masks off with.
    public var unmaskingThreads = 1
    /// Checks that clients leave out: for tests that show what each is good for.
    package var waivedRefusals: Set<SecAggRefusal> = []

    let positions: [PartyID: Int]
    private let identitiesDigest: HashDigest?

    /// A scheme among these parties.
    /// - Parameters:
    ///   - contributors: the clients, in ascending order.
    ///   - server: the party that learns the sum.
    ///   - graph: who is whose neighbor.
    ///   - threat: against whom the aggregation protects.
    ///   - threshold: t: more than half of the neighbors, on the complete graph of all clients (on a sparse graph against a
    ///     curious server at least 2); by default two thirds of them, rounded down, and one. ``MaskingPlan`` has the one that fits the clients one must reckon with.
    ///   - enrollment: the clients' identities, for `.active`.
    ///   - dimension: the elements of a vector.
    ///   - width: the ring; wide enough that the sum cannot wrap (`SumCapacity`).
    ///   - minimumCohort: the fewest contributors whose sum may be learned.
    ///   - journal: where releases of shares are remembered. Pass the same one to the schemes of all attempts of a
    ///     round: a fresh one knows of no release.
    /// - Throws: `.thresholdOutOfRange`, `.neighborsOutOfRange`, `.missingBeacon` for a sparse graph against a server that
    ///   lies, `.missingKey` and `.unusableKey` for `.active`, `.duplicateParty`, `.cohortTooSmall`,
    ///   `.dimensionOutOfRange`, `.elementTooNarrow`, `.tooManyParties`.
    public init(
        contributors: [PartyID], server: PartyID, graph: MaskingGraph = .complete,
        threat: ThreatModel = .semiMalicious, threshold: Int? = nil, enrollment: ClientEnrollment? = nil,
        dimension: Int, width: RingWidth, minimumCohort: MinimumCohort = .standard,
        journal: ShareReleaseJournal = ShareReleaseJournal()
    ) throws(AggregationError) {
        try Roster.validate(
            contributors: contributors, helpers: [server], minimumHelpers: 1, cohort: minimumCohort,
            dimension: dimension, width: width, element: Element.self)
        let count = contributors.count
        var holders = count
        if case .sparse(let neighbors, let beacon) = graph {
            guard neighbors % 2 == 0, neighbors >= 2, neighbors <= min(count - 2, MaskingPlan.maximumNeighbors) else {
                throw .neighborsOutOfRange(neighbors, maximum: min(count - 2, MaskingPlan.maximumNeighbors))
            }
            guard threat == .curious || beacon != nil else { throw .missingBeacon }
            holders = neighbors
        }
        let threshold = threshold ?? Self.defaultThreshold(of: holders)
        // A curious server follows the protocol: on a sparse graph the threshold only has to be above the colluding
        // neighbors, which may be fewer than half.
        let isMajority = 2 * threshold > holders || (threat == .curious && holders < count && threshold >= 2)
        guard isMajority, threshold <= holders else {
            throw .thresholdOutOfRange(threshold: threshold, contributors: holders)
        }
        if threat == .active {
            guard let enrollment else { throw .missingKey(contributors[0]) }
            identitiesDigest = try enrollment.digest(of: contributors)
            self.enrollment = enrollment
        } else {
            identitiesDigest = nil
            self.enrollment = nil
        }
        self.contributors = contributors
        self.server = server
        self.graph = graph
        self.threat = threat
        self.threshold = threshold
        self.dimension = dimension
        self.width = width
        self.journal = journal
        minimumContributors = minimumCohort.count
        positions = Dictionary(uniqueKeysWithValues: zip(contributors, 0...))
    }

    /// ⌊2n/3⌋ + 1 of n neighbors (on the complete graph: clients), at most n.
    public static func defaultThreshold(of holders: Int) -> Int { min(holders, 2 * holders / 3 + 1) }

    /// The name on the command line and in the session.
    public var name: String { isSparse ? "secagg+" : "secagg" }
    /// The parties that own no vector.
    public var helpers: [PartyID] { [server] }
    /// Vectors travel in the ring of the sum.
    public var field: PrimeField? { nil }
    /// Who learns the sum.
    public var recipients: Set<PartyID> { [server] }

    /// The number k of neighbors of each client.
    public var neighbors: Int {
        switch graph {
        case .complete: contributors.count - 1
        case .sparse(let neighbors, _): neighbors
        }
    }

    var isSparse: Bool {
        switch graph {
        case .complete: false
        case .sparse: true
        }
    }

    var beacon: (any PublicBeacon)? {
        guard threat.hasConsistencyRound, case .sparse(_, let beacon) = graph else { return nil }
        return beacon
    }

    /// How many clients the server needs at every stage.
    var quorum: Int { isSparse ? minimumContributors : max(threshold, minimumContributors) }

    /// How many signatures of others a client needs.
    var signaturesNeeded: Int { isSparse ? threshold : threshold - 1 }

    /// The parameters as the wire format writes them (Documentation/WireFormat.md).
    public var encodedParameters: [UInt8] {
        var encoder = WireEncoder()
        encoder.write(UInt8(width.bits))
        encoder.write(UInt32(dimension))
        encoder.write(UInt32(minimumContributors))
        encoder.write(UInt32(threshold))
        encoder.write(threat.rawValue)
        encoder.write(UInt32(neighbors))
        if let identitiesDigest { encoder.write(bytes: identitiesDigest.bytes) }
        return encoder.bytes
    }

    /// One party's side of one aggregation; see `AggregationScheme`.
    public func makeParty(
        _ id: PartyID, contributing vector: [Element]?, in context: RoundContext,
        using randomness: consuming some SecureRandomNumberGenerator
    ) throws(AggregationError) -> any AggregationParty<Element, SecAggMessage<Element>> {
        let session = session(in: context)
        if id == server {
            return SecAggServer(scheme: self, session: session, round: context.round, randomness: randomness)
        }
        guard let position = positions[id] else { throw .unknownParty(id) }
        if !waivedRefusals.contains(.sharesAlreadyReleased) { try journal.check(id, in: context) }
        return try SecAggClient(
            id: id, position: position, scheme: self, session: session, context: context,
            vector: validated(vector, of: id), randomness: randomness)
    }

    /// The abscissa of a client's shares: its position among the contributors, from 1.
    func shareIndex(of client: PartyID) -> UInt64? { positions[client].map { UInt64($0) + 1 } }

    /// What binds all later keys to the first messages and, on a sparse graph, to what drew it.
    package static func binding(session: HashDigest, root: HashDigest, entropy: HashDigest) -> HashDigest {
        var encoder = WireEncoder()
        encoder.write(Array("fedsum/1 roster".utf8), lengthBytes: 1)
        encoder.write(bytes: session.bytes)
        encoder.write(bytes: root.bytes)
        encoder.write(bytes: entropy.bytes)
        return HashDigest(of: encoder.bytes)
    }

    /// The tree over the first messages of these clients.
    package func tree(over advertisements: [PartyID: Advertisement]) -> MerkleTree {
        MerkleTree(leaves: contributors.map { advertisements[$0]?.leaf(of: $0) ?? MerkleTree.absentLeaf })
    }
}
