// SPDX-License-Identifier: Apache-2.0

import PairwiseMasking
import ProtocolCryptography
import RingArithmetic
@_spi(Simulation) import SecureAggregation
@_spi(Simulation) import SecureRandomness
import SharingAggregation

/// A scheme, and what of its view is sampled.
enum ViewedScheme: String, CaseIterable, Sendable {
    /// The vector as the server of the insecure baseline gets it.
    case plain
    /// The leader's share.
    case additive
    /// The masked vector.
    case secagg
    /// The masked vector, the client's own mask taken off: what the server has of a survivor after the last round.
    case secaggUnmasked

    /// Whether the view may tell inputs apart.
    var isPrivate: Bool { self != .plain }

    /// The elements of every client's vector in one aggregation, as the server has them.
    func view<Element: MaskableElement>(
        of inputs: [PartyID: [Element]],
        width: RingWidth,
        aggregators: Int = 2,
        round: UInt64,
        seed: UInt64
    ) throws -> [PartyID: [UInt64]] {
        let contributors = inputs.keys.sorted()
        let dimension = inputs.values.first?.count ?? 0
        let context = RoundContext(task: "view", round: round)
        let server: PartyID = 1_000_000
        func frames<Scheme: AggregationScheme>(of scheme: Scheme) throws -> [Frame] where Scheme.Element == Element {
            var frames: [Frame] = []
            var driver = AggregationDriver(
                scheme: scheme, context: context, randomness: SimulationRandomness(seed: seed))
            let log = Log()
            driver.observer = { frame, _ in if frame.receiver == server { log.frames.append(frame) } }
            let outcome = driver.run { inputs[$0] ?? [] }
            guard outcome.aggregate != nil else { throw AggregationError.outOfOrder }
            frames = log.frames
            return frames
        }
        switch self {
        case .plain:
            let scheme = try Insecure.Plain<Element>(
                contributors: contributors, server: server, dimension: dimension, width: width)
            return try vectors(in: frames(of: scheme), type: 0x10, dimension: dimension, width: width)
        case .additive:
            var keys: [(id: PartyID, key: KeyAgreementPrivateKey)] = []
            for index in 1...UInt32(aggregators) {
                let id = PartyID(server.rawValue + index)
                var generator = SimulationRandomness(seed: seed).generator(purpose: "aggregator key", party: id)
                keys.append((id, try KeyAgreementPrivateKey(seed: generator.secretBytes(32))))
            }
            let scheme = try AdditiveAggregation<Element>(
                contributors: contributors,
                leader: server,
                aggregators: keys.map { ($0.id, $0.key.publicKey) },
                privateKeys: Dictionary(uniqueKeysWithValues: keys.map { ($0.id, $0.key) }),
                dimension: dimension,
                width: width
            )
            return try vectors(in: frames(of: scheme), type: 0x20, dimension: dimension, width: width)
        case .secagg, .secaggUnmasked:
            let scheme = try SecAgg<Element>(
                contributors: contributors, server: server, dimension: dimension, width: width)
            var views = try vectors(in: frames(of: scheme), type: 0x34, dimension: dimension, width: width)
            guard self == .secaggUnmasked else { return views }
            let keys = KeySchedule(session: scheme.session(in: context), round: round)
            for id in contributors {
                var generator = SimulationRandomness(seed: seed).generator(for: id, in: context)
                // The channel key and the mask seed come first.
                _ = try generator.secretBytes(64)
                let key = keys.key(
                    from: try generator.secretBytes(32), for: .selfMask, from: id.rawValue, to: id.rawValue,
                    bits: width.bits)
                try UInt64.subtract(MaskGenerator(key: key), from: &views[id, default: []], width: width)
                UInt64.reduce(&views[id, default: []], to: width)
            }
            return views
        }
    }

    private func vectors(
        in frames: [Frame], type: UInt8, dimension: Int, width: RingWidth
    ) throws -> [PartyID: [UInt64]] {
        var found: [PartyID: [UInt64]] = [:]
        for frame in frames where frame.bytes[1] == type {
            // The header has 34 bytes, the vector's width and count 5.
            let packed = Array(frame.bytes.dropFirst(39).prefix(width.packedByteCount(of: dimension) ?? 0))
            found[frame.sender] = try UInt64.unpack(packed.span, count: dimension, width: width)
        }
        return found
    }
}

private final class Log {
    var frames: [Frame] = []
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
        self.rounds = try rounds.map {
            try scheme.view(of: inputs, width: width, aggregators: aggregators, round: $0, seed: seed)
        }
        modulus = width.bits == 64 ? nil : 1 << UInt64(width.bits)
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
