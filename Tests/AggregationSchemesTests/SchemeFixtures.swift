// SPDX-License-Identifier: Apache-2.0

import PairwiseMasking
import ProtocolCryptography
import RingArithmetic
@_spi(Simulation) import SecureAggregation
@_spi(Simulation) import SecureRandomness
@_spi(Simulation) import SharingAggregation

/// The schemes that every test of this target runs. `peers` are peer to peer over Shamir shares, `additivePeers` over
/// additive ones.
enum SchemeUnderTest: String, CaseIterable, Sendable {
    case plain, additive, shamir, peers, additivePeers, secagg

    /// The schemes in which contributors talk to helpers, and lose their place if they are lost.
    static let withServer: [SchemeUnderTest] = [.plain, .additive, .shamir, .secagg]
    /// The schemes that go on when a contributor is lost.
    static let tolerant: [SchemeUnderTest] = [.plain, .additive, .shamir, .peers, .secagg]

    /// How many times a client sends; the sum is fixed by the send of its vector, `vectorSend`.
    var sends: Int {
        switch self {
        case .plain, .additive, .shamir: 1
        case .additivePeers: 2
        case .peers: 3
        case .secagg: 4
        }
    }
    var vectorSend: Int { self == .secagg ? 2 : 0 }
    var isPeerToPeer: Bool { self == .peers || self == .additivePeers }
    /// Whether the threshold is one of contributors, all of whom each stage then waits for.
    var hasThreshold: Bool { self == .secagg || self == .peers }
    /// Whether sums of `count` elements of Z/2^`width` fit: Shamir shares are over a field of at most 61 bits, which the
    /// words must hold.
    func holds(_ count: Int, ofWidth width: Int, inWordsOf bits: Int) -> Bool {
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
        case .secagg:
            return run(
                try SecAgg<Element>(
                    contributors: contributors,
                    server: 1000,
                    threshold: threshold,
                    dimension: dimension,
                    width: ring,
                    minimumCohort: minimumCohort
                )
            )
        }
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
