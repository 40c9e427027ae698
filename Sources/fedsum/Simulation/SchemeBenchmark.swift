// SPDX-License-Identifier: Apache-2.0

import Foundation
import ProtocolCryptography
import RingArithmetic
@_spi(Simulation) import SecureAggregation
import SecureRandomness

/// One aggregation of made-up vectors, measured.
struct SchemeBenchmark {
    let scheme: SchemeName
    let clients: Int
    let dimension: Int
    let dropout: Double
    let dropoutStage: String?
    let bits: Int
    let parties: PartyOptions
    let seed: UInt64

    func run() throws -> Row {
        let capacity = try SumCapacity(terms: clients, inputBits: bits)
        let settings = SchemeSettings(
            dimension: dimension, width: capacity.width, parties: parties, seed: seed)
        let send = try scheme.lostBeforeSend(stage: dropoutStage, clients: clients, parties)
        return try scheme.elementBits(clients: clients, width: capacity.width, parties) <= 32
            ? try scheme.accept(
                Measurement<UInt32>(benchmark: self, settings: settings, lostBeforeSend: send), settings: settings)
            : try scheme.accept(
                Measurement<UInt64>(benchmark: self, settings: settings, lostBeforeSend: send), settings: settings)
    }

    /// What was measured.
    struct Row {
        let scheme: SchemeName
        let clients: Int
        let dimension: Int
        let dropouts: Int
        let bits: Int
        let modulusBits: Int
        let modulus: String
        let threshold: Int?
        let neighbors: Int?
        let correct: Bool
        let aborted: Bool
        let cost: AggregationCost
        let peakMemory: Int

        var rounds: Int { Set(cost.stages.map(\.name)).count }
        var uploadBytes: Double { Double(cost.bytesSent[.client] ?? 0) / Double(clients) }
        var downloadBytes: Double { Double(cost.bytesReceived[.client] ?? 0) / Double(clients) }
        var messages: Double { Double(cost.messagesSent[.client] ?? 0) / Double(clients) }
        var clearBytes: Double { Double((dimension * bits + 7) / 8) }

        /// CPU by stage: the mean of the clients, or the sum of the servers; in the order of the protocol.
        func stages(_ role: AggregationCost.Role) -> [(name: String, seconds: Double)] {
            let parties = role == .client ? Double(clients) : 1
            let order = Dictionary(cost.stages.map { ($0.name, $0.ordinal) }, uniquingKeysWith: min)
            return (cost.cpu[role] ?? [:])
                .map { ($0.key, $0.value.inSeconds / parties) }
                .sorted { (order[$0.0] ?? .max, $0.0) < (order[$1.0] ?? .max, $1.0) }
        }

        private func cpu(_ role: AggregationCost.Role) -> JSONValue {
            let stages = stages(role)
            var members = Dictionary(uniqueKeysWithValues: stages.map { ($0.name, JSONValue.number($0.seconds)) })
            members["total"] = .number(stages.map(\.seconds).reduce(0, +))
            return .object(members)
        }

        var json: JSONValue {
            [
                "scheme": .string(scheme.rawValue), "clients": .integer(clients), "dimension": .integer(dimension),
                "dropouts": .integer(dropouts), "bits": .integer(bits), "modulus_bits": .integer(modulusBits),
                "neighbors": neighbors.map { .integer($0) } ?? .null,
                "threshold": threshold.map { .integer($0) } ?? .null,
                "below_plan": .bool(false), "correct": .bool(correct), "aborted": .bool(aborted),
                "client_cpu_seconds": cpu(.client), "server_cpu_seconds": cpu(.server),
                "upload_bytes_per_client": .number(uploadBytes), "download_bytes_per_client": .number(downloadBytes),
                "clear_vector_bytes_per_client": .number(clearBytes), "messages_per_client": .number(messages),
                "rounds": .integer(rounds), "peak_memory_bytes": .integer(peakMemory),
            ]
        }

        var cells: [String] {
            func total(_ role: AggregationCost.Role) -> String {
                Format.seconds(stages(role).map(\.seconds).reduce(0, +))
            }
            return [
                scheme.rawValue, String(clients), String(dropouts), String(dimension), modulus,
                aborted ? "aborted" : correct ? "yes" : "NO", total(.client), total(.server), Format.bytes(uploadBytes),
                Format.bytes(downloadBytes), String(format: "%.1f", messages), String(rounds),
                Format.bytes(Double(peakMemory)),
            ]
        }
    }

    private struct Measurement<Element: MaskableElement & RingWord>: SchemeVisitor {
        let benchmark: SchemeBenchmark
        let settings: SchemeSettings
        let lostBeforeSend: Int

        func visit<Scheme: AggregationScheme>(
            _ make: @escaping @Sendable ([PartyID]) throws(AggregationError) -> Scheme
        ) throws -> Row where Scheme.Element == Element {
            let parties = (1...UInt32(benchmark.clients)).map { PartyID($0) }
            let lostCount = Int((benchmark.dropout * Double(benchmark.clients)).rounded())
            let faults = LearningTask.faults(
                seed: benchmark.seed, count: { _ in lostCount }, send: lostBeforeSend)(0, parties)
            var expected = Set(parties)
            if lostBeforeSend <= benchmark.scheme.vectorSend {
                for case .loss(let id, _) in faults.faults { expected.remove(id) }
            }
            let pattern = Self.pattern(seed: benchmark.seed, count: benchmark.dimension)
            Machine.resetPeakMemory()
            let scheme = try make(parties)
            var oracle = [Element](repeating: 0, count: benchmark.dimension)
            let mask = Element.max >> Element(Element.bitWidth - benchmark.bits)
            let outcome = AggregationDriver(
                scheme: scheme, context: RoundContext(task: "fedsum bench", round: 0),
                randomness: SimulationRandomness(seed: benchmark.seed), faults: faults,
                cpuClock: { Platform.threadCPUTime() }
            ).run { id in
                let vector = Self.vector(of: id, from: pattern, mask: mask)
                // The bound of the sum is below 2^b, so the oracle's plain additions cannot wrap.
                if expected.contains(id) { for index in oracle.indices { oracle[index] &+= vector[index] } }
                return vector
            }
            return Row(
                scheme: benchmark.scheme, clients: benchmark.clients, dimension: benchmark.dimension,
                dropouts: lostCount, bits: benchmark.bits, modulusBits: scheme.field?.bits ?? scheme.width.bits,
                modulus: scheme.field?.description ?? scheme.width.description,
                threshold: benchmark.scheme.threshold(clients: benchmark.clients, benchmark.parties),
                neighbors: benchmark.scheme == .secagg ? benchmark.clients - 1 : nil,
                correct: outcome.aggregate?.sum == oracle && Set(outcome.aggregate?.contributors ?? []) == expected,
                aborted: outcome.aggregate == nil, cost: outcome.cost, peakMemory: Machine.peakMemory)
        }

        /// Words that look random: a multiplicative hash of the position.
        private static func pattern(seed: UInt64, count: Int) -> [Element] {
            (0..<count).map { index in
                Element(truncatingIfNeeded: ((seed &+ UInt64(index)) &* 0xD134_2543_DE82_EF95) >> 32)
            }
        }

        /// A vector that is cheap to make, since making it is not what is measured: the pattern, shifted by the client.
        private static func vector(of id: PartyID, from pattern: [Element], mask: Element) -> [Element] {
            var vector = pattern
            let shift = Element(truncatingIfNeeded: UInt64(id.rawValue) &* 0x9E37_79B9_7F4A_7C15)
            for index in vector.indices { vector[index] = (vector[index] &+ shift) & mask }
            return vector
        }
    }
}
