// SPDX-License-Identifier: Apache-2.0

@_spi(Simulation) import PaillierAggregation
import PaillierEncryption
@_spi(Simulation) import PairwiseMasking
import ProtocolCryptography
import RingArithmetic
@_spi(Simulation) import SecureAggregation
@_spi(Simulation) import SecureRandomness
@_spi(Simulation) import SharingAggregation

/// The schemes that every test of this target runs. `peers` are peer to peer over Shamir shares, `additivePeers` over
/// additive ones; `secagg` is SecAgg on the complete graph and `sparse` SecAgg+, each under every threat model; `paillier` is
/// that with a key holder who believes the server, and with one who audits it.
enum SchemeUnderTest: String, CaseIterable, Sendable {
    case plain, additive, shamir, peers, additivePeers
    case secaggCurious, secagg, secaggActive
    case sparseCurious, sparse, sparseActive
    case paillier, paillierAudited

    /// Under Paillier's encryption.
    static let encrypted: [SchemeUnderTest] = [.paillier, .paillierAudited]
    /// SecAgg on the complete graph.
    static let complete: [SchemeUnderTest] = [.secaggCurious, .secagg, .secaggActive]
    /// SecAgg on a sparse graph.
    static let sparseGraphs: [SchemeUnderTest] = [.sparseCurious, .sparse, .sparseActive]
    /// The schemes in which contributors talk to helpers, and lose their place if they are lost.
    static let withServer: [SchemeUnderTest] = [.plain, .additive, .shamir] + encrypted + complete + sparseGraphs
    /// The schemes that go on when a contributor is lost.
    static let tolerant: [SchemeUnderTest] = [.plain, .additive, .shamir, .peers] + encrypted + complete + sparseGraphs

    var isSparse: Bool { Self.sparseGraphs.contains(self) }
    var isSecAgg: Bool { isSparse || Self.complete.contains(self) }
    /// Of the schemes with pairwise masks.
    var threat: ThreatModel {
        switch self {
        case .secaggCurious, .sparseCurious: .curious
        case .secaggActive, .sparseActive: .active
        default: .semiMalicious
        }
    }

    /// The steps in which a client sends; the sum is fixed by the send of its vector, `vectorSend`.
    var clientOrdinals: [Int] {
        switch self {
        case .plain, .additive, .shamir, .paillier, .paillierAudited: [0]
        case .additivePeers: [0, 2]
        case .peers: [0, 1, 2]
        case .secaggCurious, .sparseCurious: [0, 3, 5, 10]
        case .secagg, .secaggActive, .sparse, .sparseActive: [0, 3, 5, 7, 10]
        }
    }
    /// The steps in which the server of SecAgg sends, after its start.
    var serverOrdinals: [Int] {
        guard isSecAgg else { return [] }
        guard threat != .curious else { return [2, 4, 6] }
        return isSparse ? [1, 2, 4, 6, 8, 9] : [2, 4, 6, 9]
    }
    var sends: Int { clientOrdinals.count }
    var vectorSend: Int { isSecAgg ? 2 : 0 }
    var isPeerToPeer: Bool { self == .peers || self == .additivePeers }

    /// The even number of neighbors of a small sparse graph among `count` clients; nil where only the complete one is.
    static func neighbors(among count: Int) -> Int? { count < 4 ? nil : min(12, (count - 2) / 2 * 2) }
    /// The threshold of a scheme's contributors or, on a sparse graph, of their neighbors: the least there is.
    func leastThreshold(of count: Int) -> Int {
        (isSparse ? Self.neighbors(among: count) ?? count : count) / 2 + 1
    }
    /// How many clients may be lost, whoever they are, with the least threshold and the standard cohort.
    func tolerableLosses(of count: Int) -> Int {
        let holders = isSparse ? Self.neighbors(among: count) ?? count : count
        return min(count - 3, holders - leastThreshold(of: count))
    }
    /// The fewest clients that the server needs at each stage.
    func quorum(of count: Int) -> Int {
        guard isSecAgg, !isSparse || Self.neighbors(among: count) == nil else { return 3 }
        return max(3, leastThreshold(of: count))
    }
    var isEncrypted: Bool { Self.encrypted.contains(self) }

    /// Whether sums of `count` elements of Z/2^`width` fit: Shamir shares are over a field of at most 61 bits, which the
    /// words must hold; a slot of a ciphertext has at most 64.
    func holds(_ count: Int, ofWidth width: Int, inWordsOf bits: Int) -> Bool {
        if isEncrypted { return width <= bits && UInt128(count) * ((1 << UInt128(width)) - 1) < 1 << 64 }
        guard self == .shamir || self == .peers else { return width <= bits }
        guard let ring = try? RingWidth(bits: width), let field = try? PrimeField(holding: count, of: ring) else {
            return false
        }
        return field.bits <= bits
    }

    /// Runs one aggregation over clients 1…N with server 1000 and aggregators from 1001 on: two of additive sharing,
    /// three of Shamir's.
    func run<Element: MaskableElement & RingWord>(
        inputs: [PartyID: [Element]],
        width: Int,
        threshold: Int? = nil,
        minimumCohort: MinimumCohort = .standard,
        faults: FaultSchedule = .none,
        seed: UInt64 = 1,
        round: UInt64 = 1,
        recordsTranscript: Bool = false,
        messages: MessageLog? = nil
    ) throws -> AggregationOutcome<Element> {
        let contributors = inputs.keys.sorted()
        let dimension = inputs.values.first?.count ?? 0
        let ring = try RingWidth(bits: width)
        let context = RoundContext(task: "test", round: round)
        func run<Scheme: AggregationScheme>(_ scheme: Scheme) -> AggregationOutcome<Element>
        where Scheme.Element == Element {
            AggregationDriver(
                scheme: InterceptedScheme(scheme, log: messages),
                context: context,
                randomness: SimulationRandomness(seed: seed),
                faults: faults,
                recordsTranscript: recordsTranscript
            ).run { inputs[$0] ?? [] }
        }
        switch self {
        case .plain:
            return run(
                try Insecure.Plain<Element>(
                    contributors: contributors,
                    server: 1000,
                    dimension: dimension,
                    width: ring,
                    minimumCohort: minimumCohort
                )
            )
        case .additive:
            return run(
                try AdditiveAggregation<Element>(
                    contributors: contributors,
                    leader: 1000,
                    aggregators: [1001, 1002],
                    enrollment: .simulated(contributors, [1001, 1002], seed: seed),
                    dimension: dimension,
                    width: ring,
                    minimumCohort: minimumCohort
                )
            )
        case .shamir:
            return run(
                try ShamirAggregation<Element>(
                    contributors: contributors,
                    leader: 1000,
                    aggregators: [1001, 1002, 1003],
                    enrollment: .simulated(contributors, [1001, 1002, 1003], seed: seed),
                    dimension: dimension,
                    width: ring,
                    minimumCohort: minimumCohort
                )
            )
        case .peers, .additivePeers:
            return run(
                try PeerToPeerAggregation<Element>(
                    contributors: contributors,
                    threshold: self == .peers ? threshold : contributors.count,
                    dimension: dimension,
                    width: ring,
                    minimumCohort: minimumCohort
                )
            )
        case .paillier, .paillierAudited:
            return run(
                try PaillierAggregation<Element>(
                    contributors: contributors,
                    server: 1000,
                    keyHolder: 1001,
                    enrollment: .simulated(signers: self == .paillierAudited ? contributors : [], seed: seed),
                    audit: self == .paillierAudited ? .recomputesProduct : .trustsReportedContributors,
                    dimension: dimension,
                    width: ring,
                    minimumCohort: minimumCohort
                )
            )
        case .secaggCurious, .secagg, .secaggActive:
            return run(
                try SecAgg<Element>(
                    contributors: contributors,
                    server: 1000,
                    threat: threat,
                    threshold: threshold,
                    enrollment: threat == .active ? .simulated(contributors, seed: seed) : nil,
                    dimension: dimension,
                    width: ring,
                    minimumCohort: minimumCohort
                )
            )
        case .sparseCurious, .sparse, .sparseActive:
            // A threshold of contributors says nothing about neighbors.
            return run(
                try SecAgg<Element>(
                    contributors: contributors,
                    server: 1000,
                    graph: Self.graph(among: contributors.count, threat: threat, seed: seed),
                    threat: threat,
                    threshold: threshold.map { _ in leastThreshold(of: contributors.count) },
                    enrollment: threat == .active ? .simulated(contributors, seed: seed) : nil,
                    dimension: dimension,
                    width: ring,
                    minimumCohort: minimumCohort
                )
            )
        }
    }

    private static func graph(among count: Int, threat: ThreatModel, seed: UInt64) -> MaskingGraph {
        guard let neighbors = neighbors(among: count) else { return .complete }
        let beacon = SimulatedBeacon(randomness: SimulationRandomness(seed: seed))
        return .sparse(neighbors: neighbors, beacon: threat == .curious ? nil : beacon)
    }
}

extension ClientEnrollment {
    /// Identities of all clients, from a seed.
    static func simulated(_ contributors: [PartyID], seed: UInt64 = 1) throws -> ClientEnrollment {
        try ClientEnrollment(contributors: contributors, randomness: SimulationRandomness(seed: seed))
    }
}

extension SharingEnrollment {
    /// Keys of all parties, from a seed.
    static func simulated(
        _ contributors: [PartyID],
        _ aggregators: [PartyID],
        seed: UInt64 = 1
    ) throws -> SharingEnrollment {
        try SharingEnrollment(
            contributors: contributors,
            aggregators: aggregators,
            randomness: SimulationRandomness(seed: seed)
        )
    }
}

extension PaillierEnrollment {
    /// A small key, made once of a known seed, and its tables.
    private static let small = Result {
        var generator = SimulationRandomness(seed: 1).generator(purpose: "small paillier key")
        let key = try PaillierPrivateKey.generate(size: PaillierKeySize.Insecure.bits(512), using: &generator)
        return (key: key, encryptor: try PaillierEncryptor(key.verifiedKey()))
    }

    /// Keys of all parties under a small key; identities from a seed.
    static func simulated(signers: [PartyID] = [], seed: UInt64 = 1) throws -> PaillierEnrollment {
        let small = try small.get()
        return try PaillierEnrollment(
            encryptor: small.encryptor,
            privateKey: small.key,
            signers: signers,
            randomness: SimulationRandomness(seed: seed)
        )
    }
}

/// Vectors of uniform elements of Z/2^b for clients 1…count.
func randomInputs<Element: RingWord>(
    count: Int,
    dimension: Int,
    width: Int,
    seed: UInt64
) -> [PartyID: [Element]] {
    var generator = SimulationRandomness(seed: seed).generator(purpose: "input")
    let mask = UInt64.max >> UInt64(64 - width)
    return Dictionary(
        uniqueKeysWithValues: (1...UInt32(count)).map { id in
            (PartyID(id), (0..<dimension).map { _ in Element(truncatingIfNeeded: generator.next() & mask) })
        }
    )
}

/// The sum mod 2^b by the school method, independent of the package's vector code.
func expectedSum<Element: RingWord>(_ inputs: [PartyID: [Element]], of parties: some Sequence<PartyID>, width: Int)
    -> [Element]
{
    let modulus = UInt128(1) << UInt128(width)
    let vectors = parties.compactMap { inputs[$0] }
    return (0..<(vectors.first?.count ?? 0)).map { index in
        Element(vectors.reduce(UInt128(0)) { ($0 + UInt128($1[index])) % modulus })
    }
}
