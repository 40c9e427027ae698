// SPDX-License-Identifier: Apache-2.0

import PairwiseMasking
import ProtocolCryptography
import RingArithmetic
@_spi(Simulation) import SecureAggregation
@_spi(Simulation) import SecureRandomness
import SharingAggregation

/// The schemes that every test of this target runs.
enum SchemeUnderTest: String, CaseIterable, Sendable {
    case plain, additive, secagg

    /// How many times a client sends; the sum is fixed by the send of its vector, `vectorSend`.
    var sends: Int { self == .secagg ? 4 : 1 }
    var vectorSend: Int { self == .secagg ? 2 : 0 }

    /// Runs one aggregation over clients 1…N with server 1000 (and aggregators 1001, 1002).
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
            var keys: [PartyID: KeyAgreementPrivateKey] = [:]
            for id: PartyID in [1001, 1002] {
                var generator = SimulationRandomness(seed: seed).generator(purpose: "aggregator key", party: id)
                keys[id] = try KeyAgreementPrivateKey(seed: generator.secretBytes(32))
            }
            return run(
                try AdditiveAggregation<Element>(
                    contributors: contributors,
                    leader: 1000,
                    aggregators: keys.sorted { $0.key < $1.key }.map { ($0.key, $0.value.publicKey) },
                    privateKeys: keys,
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
