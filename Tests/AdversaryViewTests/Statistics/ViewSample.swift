// SPDX-License-Identifier: Apache-2.0

import PairwiseMasking
import ProtocolCryptography
import RingArithmetic
@_spi(Simulation) import SecureAggregation
@_spi(Simulation) import SecureRandomness
@_spi(Simulation) import SharingAggregation

/// A scheme, and what of its view is sampled.
enum ViewedScheme: String, CaseIterable, Sendable {
    /// The vector as the server of the insecure baseline gets it.
    case plain
    /// The leader's share.
    case additive
    /// The share of an aggregator that the leader gets under a mask.
    case shamir
    /// A share that a peer gets from another one, over a field.
    case peers
    /// A peer's partial sum over additive shares, which all others get.
    case additivePeers
    /// The masked vector.
    case secagg
    /// The masked vector, the client's own mask taken off: what the server has of a survivor after the last round.
    case secaggUnmasked

    /// Whether the view may tell inputs apart.
    var isPrivate: Bool { self != .plain }

    /// The elements of every client's vector in one aggregation, as another party has them.
    func view<Element: MaskableElement>(
        of inputs: [PartyID: [Element]],
        width: RingWidth,
        aggregators: Int = 2,
        round: UInt64,
        seed: UInt64
    ) throws -> (vectors: [PartyID: [UInt64]], modulus: UInt64?) {
        let contributors = inputs.keys.sorted()
        let dimension = inputs.values.first?.count ?? 0
        let context = RoundContext(task: "view", round: round)
        let server: PartyID = 1_000_000
        let advertisements = Advertisements()

        /// The vectors in the first message of a type from each contributor, after `skipping` bytes of its body.
        func vectors<Scheme: AggregationScheme>(
            of scheme: Scheme, in type: UInt8, skipping: Int = 0
        ) throws -> (vectors: [PartyID: [UInt64]], modulus: UInt64?) where Scheme.Element == Element {
            let format = scheme.messageFormat(in: context)
            var driver = AggregationDriver(
                scheme: scheme, context: context, randomness: SimulationRandomness(seed: seed))
            let log = Log()
            driver.observer = { frame, _ in
                if frame.bytes[1] == type { log.frames.append(frame) }
                // The first messages of SecAgg, to which its keys are bound.
                if frame.bytes[1] == 0x30 { advertisements.bodies[frame.sender] = Array(frame.bytes.dropFirst(34)) }
            }
            guard driver.run(input: { inputs[$0] ?? [] }).aggregate != nil else { throw AggregationError.outOfOrder }
            var found: [PartyID: [UInt64]] = [:]
            // The header has 34 bytes, a vector's width and count 5.
            let packedByteCount = format.elementWidth.packedByteCount(of: dimension) ?? 0
            for frame in log.frames where found[frame.sender] == nil {
                let packed = Array(frame.bytes.dropFirst(39 + skipping).prefix(packedByteCount))
                found[frame.sender] = try UInt64.unpack(packed.span, count: dimension, width: format.elementWidth)
            }
            return (found, format.field?.modulus ?? (width.bits == 64 ? nil : 1 << UInt64(width.bits)))
        }
        let holders = (1...UInt32(aggregators)).map { PartyID(server.rawValue + $0) }
        func enrollment() throws -> SharingEnrollment {
            try SharingEnrollment(
                contributors: contributors, aggregators: holders, randomness: SimulationRandomness(seed: seed))
        }
        switch self {
        case .plain:
            return try vectors(
                of: Insecure.Plain<Element>(
                    contributors: contributors, server: server, dimension: dimension, width: width), in: 0x10)
        case .additive:
            return try vectors(
                of: AdditiveAggregation<Element>(
                    contributors: contributors, leader: server, aggregators: holders, enrollment: enrollment(),
                    dimension: dimension, width: width), in: 0x20)
        case .shamir:
            // The count of vectors comes first.
            return try vectors(
                of: ShamirAggregation<Element>(
                    contributors: contributors, leader: server, aggregators: holders, enrollment: enrollment(),
                    dimension: dimension, width: width), in: 0x40, skipping: 2)
        case .peers:
            return try vectors(
                of: PeerToPeerAggregation<Element>(contributors: contributors, dimension: dimension, width: width),
                in: 0x51)
        case .additivePeers:
            // The list of contributors comes first.
            return try vectors(
                of: PeerToPeerAggregation<Element>(
                    contributors: contributors, threshold: contributors.count, dimension: dimension, width: width),
                in: 0x53, skipping: 3 + 4 * contributors.count)
        case .secagg, .secaggUnmasked:
            let scheme = try SecAgg<Element>(
                contributors: contributors, server: server, threat: .curious, dimension: dimension, width: width)
            var views = try vectors(of: scheme, in: 0x34)
            guard self == .secaggUnmasked else { return views }
            let root = SecAggDerivation.root(over: advertisements.bodies, contributors: contributors)
            let keys = KeySchedule(
                session: SecAggDerivation.binding(
                    session: scheme.session(in: context), root: root, entropy: .zero), round: round)
            for id in contributors {
                var generator = SimulationRandomness(seed: seed).generator(for: id, in: context)
                // The channel key and the mask seed come first.
                _ = try generator.secretBytes(64)
                let key = keys.key(
                    from: try generator.secretBytes(32), for: .selfMask, from: id.rawValue, to: id.rawValue,
                    bits: width.bits)
                try UInt64.subtract(MaskGenerator(key: key), from: &views.vectors[id, default: []], width: width)
                UInt64.reduce(&views.vectors[id, default: []], to: width)
            }
            return views
        }
    }
}

private final class Log {
    var frames: [Frame] = []
}

private final class Advertisements {
    var bodies: [PartyID: [UInt8]] = [:]
}

/// What the server has of all clients over several rounds.
struct ViewSample: Sendable {
    /// By round, then by client.
    let rounds: [[PartyID: [UInt64]]]
    /// The number M of values that an element has: 2^b, or the prime; nil for 2^64.
    let modulus: UInt64?

    /// Runs a scheme once a round, with fresh randomness for each, on the same inputs.
    init<Element: MaskableElement>(
        _ scheme: ViewedScheme,
        inputs: [PartyID: [Element]],
        width: RingWidth,
        aggregators: Int = 2,
        rounds: Range<UInt64>,
        seed: UInt64 = 1
    ) throws {
        let views = try rounds.map {
            try scheme.view(of: inputs, width: width, aggregators: aggregators, round: $0, seed: seed)
        }
        self.rounds = views.map(\.vectors)
        modulus = views.first?.modulus
    }

    init(rounds: [[PartyID: [UInt64]]], modulus: UInt64?) {
        self.rounds = rounds
        self.modulus = modulus
    }

    /// One client's elements of all rounds.
    func words(of client: PartyID) -> [UInt64] { rounds.flatMap { $0[client] ?? [] } }

    /// As a number between 0 and 1, in the middle of its cell.
    func fraction(_ word: UInt64) -> Double {
        (Double(word) + 0.5) / (modulus.map { Double($0) } ?? 18_446_744_073_709_551_616)
    }

    /// a − b.
    func difference(_ a: UInt64, _ b: UInt64) -> UInt64 {
        guard let modulus, a < b else { return a &- b }
        return a &+ (modulus - b)
    }
}
