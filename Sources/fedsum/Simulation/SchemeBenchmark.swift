// SPDX-License-Identifier: Apache-2.0

import Foundation
import PairwiseMasking
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
    /// How often it is measured; the run with the least CPU time counts.
    let repeats: Int
    let seed: UInt64

    func run() throws -> Row {
        var best = try runOnce()
        for _ in 1..<max(1, repeats) where !Platform.interruptionRequested {
            let row = try runOnce()
            let isCorrect = best.correct && row.correct
            if row.totalSeconds < best.totalSeconds { best = row }
            best.correct = isCorrect
        }
        return best
    }

    private func runOnce() throws -> Row {
        let capacity = try SumCapacity(terms: clients, inputBits: bits)
        let settings = SchemeSettings(
            dimension: dimension, width: capacity.width, parties: parties, elementWidth: try capacity.elementWidth,
            paillierThreads: 1,
            seed: seed)
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
        /// The threat model of a masking scheme.
        let threat: String?
        let threads: Int
        /// Whether the parameters are weaker than those that follow from the number of clients.
        let belowPlan: Bool
        var correct: Bool
        let aborted: Bool
        let cost: AggregationCost
        /// What the process used in the aggregation, whoever for; making the inputs aside.
        let processSeconds: Double
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

        /// The time that passed while the servers worked, by stage.
        private var wallSeconds: JSONValue {
            let stages = (cost.elapsed[.server] ?? [:]).mapValues(\.inSeconds)
            var members = stages.mapValues { JSONValue.number($0) }
            members["total"] = .number(stages.values.reduce(0, +))
            return .object(members)
        }

        /// The CPU time of a role over all stages: a client's mean, or all servers'.
        func seconds(_ role: AggregationCost.Role) -> Double { stages(role).map(\.seconds).reduce(0, +) }

        /// The CPU time of all parties.
        var totalSeconds: Double { Double(clients) * seconds(.client) + seconds(.server) }

        private func cpu(_ role: AggregationCost.Role) -> JSONValue {
            var members = Dictionary(
                uniqueKeysWithValues: stages(role).map { ($0.name, JSONValue.number($0.seconds)) })
            members["total"] = .number(seconds(role))
            return .object(members)
        }

        var json: JSONValue {
            [
                "scheme": .string(scheme.rawValue), "clients": .integer(clients), "dimension": .integer(dimension),
                "dropouts": .integer(dropouts), "bits": .integer(bits), "modulus_bits": .integer(modulusBits),
                "neighbors": neighbors.map { .integer($0) } ?? .null,
                "threshold": threshold.map { .integer($0) } ?? .null,
                "below_plan": .bool(belowPlan), "correct": .bool(correct), "aborted": .bool(aborted),
                "client_cpu_seconds": cpu(.client), "server_cpu_seconds": cpu(.server),
                "server_wall_seconds": wallSeconds, "threat": threat.map { .string($0) } ?? .null,
                "threads": .integer(threads),
                "upload_bytes_per_client": .number(uploadBytes), "download_bytes_per_client": .number(downloadBytes),
                "clear_vector_bytes_per_client": .number(clearBytes), "messages_per_client": .number(messages),
                "rounds": .integer(rounds), "process_cpu_seconds": .number(processSeconds),
                "peak_memory_bytes": .integer(peakMemory),
            ]
        }

        static let header = [
            "scheme", "clients", "lost", "dimension", "ring", "correct", "client CPU", "server CPU", "up/client",
            "down/client", "messages", "rounds", "peak memory",
        ]

        var cells: [String] {
            [
                scheme.rawValue, String(clients), String(dropouts), String(dimension), modulus,
                aborted ? "aborted" : correct ? "yes" : "NO", Format.seconds(seconds(.client)),
                Format.seconds(seconds(.server)), Format.bytes(uploadBytes), Format.bytes(downloadBytes),
                String(format: "%.1f", messages), String(rounds), Format.bytes(Double(peakMemory)),
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
            let inputs = BenchmarkInputs<Element>(
                seed: benchmark.seed, clients: benchmark.clients, dimension: benchmark.dimension, bits: benchmark.bits)
            let oracle = inputs.sum(of: expected, among: benchmark.clients)
            Machine.resetPeakMemory()
            let scheme = try make(parties)
            let start = Platform.processCPUTime()
            var elsewhere = Duration.zero
            // With more than one thread the CPU time is the whole process's: nothing else runs in it.
            let usesThreads = (benchmark.parties.threads ?? 1) > 1
            var driver = AggregationDriver(
                scheme: scheme, context: RoundContext(task: "fedsum bench", round: 0),
                randomness: SimulationRandomness(seed: benchmark.seed), faults: faults,
                cpuClock: { usesThreads ? Platform.processCPUTime() : Platform.threadCPUTime() })
            driver.elapsedClock = { Platform.elapsedTime() }
            let outcome = driver.run { id in
                let start = Platform.processCPUTime()
                let vector = inputs.vector(of: id)
                elsewhere += Platform.processCPUTime() - start
                return vector
            }
            let used = Platform.processCPUTime() - start - elsewhere
            let peakMemory = Machine.peakMemory
            let clients = benchmark.clients
            let threshold = benchmark.scheme.threshold(clients: clients, benchmark.parties)
            let derived = benchmark.scheme.threshold(clients: clients, benchmark.parties.withDerivedThresholds)
            let belowPlan =
                benchmark.scheme.isMasking
                ? benchmark.parties.isBelowPlan(benchmark.scheme, clients: clients)
                : (threshold ?? 0) < (derived ?? 0)
            return Row(
                scheme: benchmark.scheme, clients: clients, dimension: benchmark.dimension,
                dropouts: lostCount, bits: benchmark.bits, modulusBits: scheme.field?.bits ?? scheme.width.bits,
                modulus: scheme.field?.description ?? scheme.width.description, threshold: threshold,
                neighbors: benchmark.scheme.neighbors(clients: clients, benchmark.parties),
                threat: benchmark.scheme.isMasking ? benchmark.parties.threat.name : nil,
                threads: benchmark.parties.threads ?? 1, belowPlan: belowPlan,
                correct: outcome.aggregate?.sum == oracle && Set(outcome.aggregate?.contributors ?? []) == expected,
                aborted: outcome.aggregate == nil, cost: outcome.cost, processSeconds: used.inSeconds,
                peakMemory: peakMemory)
        }
    }
}

extension SchemeName {
    /// With how many others a client shares masks; nil where there are no masks between clients.
    fileprivate func neighbors(clients: Int, _ parties: PartyOptions) -> Int? {
        switch self {
        case .secagg, .secaggPlus: parties.masking(self, clients: clients).neighbors
        case .plain, .additive, .shamir, .peerToPeer, .paillier: nil
        }
    }
}

extension PartyOptions {
    /// The same helpers, and as many of them enough as follows from their number.
    fileprivate var withDerivedThresholds: PartyOptions {
        var options = self
        (options.aggregatorThreshold, options.peerThreshold, options.threshold) = (nil, nil, nil)
        return options
    }
}
