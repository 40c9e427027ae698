// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Foundation
import ProtocolCryptography
import RingArithmetic
@_spi(Simulation) import SecureAggregation
@_spi(Simulation) import SecureRandomness

/// `fedsum sum FILE…`: the sum of one vector a file.
struct Sum: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Sums one vector a file, one party each, and shows what every party saw.",
        discussion: """
            Example:
              fedsum sum a.csv b.csv c.csv d.csv --scheme secagg --drop 2

            A file is CSV, or NumPy's .npy. Whole numbers are summed exactly; other values in fixed point of --bits bits. File i is client i.
            """)

    @Argument(help: "Files with one vector each, all of the same length.")
    var files: [String]

    @Option(help: "plain, additive or secagg.")
    var scheme = SchemeName.secagg

    @Option(help: "Integer weights, one for each file, separated by commas: the result is then the weighted mean.")
    var weights: String?

    @Option(help: "Clients that are lost, separated by commas.")
    var drop: String?

    @Option(help: "Stage before whose message they are lost. (default: the stage of the vector)")
    var dropStage: String?

    @Option(help: "Bits of a value in fixed point, 1 to 32.")
    var bits = 24

    @Option(
        help: "Bound on absolute values; larger ones are clipped. (default: the next power of two above all values)")
    var clip: Double?

    @Option(help: "Helpers of the sharing schemes.")
    var aggregators = 3

    @Option(help: "Shares that give a secret, in secagg. (default: ⌊2N/3⌋ + 1)")
    var threshold: Int?

    @Flag(help: "Allow two parties, of which each learns the other's vector.")
    var twoMayLearnEachOther = false

    @Option(
        help:
            "Seed, to repeat a run byte for byte; the keys are then known to whoever knows it. (default: system randomness)"
    )
    var seed: UInt64?

    @Flag(help: "Print one JSON document on standard output.")
    var json = false

    @OptionGroup var configurationFile: ConfigurationFile

    func validate() throws {
        // Whole numbers need no fixed point, but a flag that makes no sense is not passed over.
        guard (1...32).contains(bits) else { throw ValidationError("--bits must be between 1 and 32, not \(bits).") }
        if let clip, !(clip.isFinite && clip > 0) {
            throw ValidationError("--clip must be a finite number above 0, not \(clip).")
        }
    }

    func run() throws {
        try report {
            let input = try SumInput(self)
            let outcome = input.capacity.width.bits <= 32 ? try sum(input, UInt32.self) : try sum(input, UInt64.self)
            Terminal.output(json ? try outcome.json.text() : outcome.text)
            if outcome.sum == nil {
                Terminal.note("error: \(outcome.failure.map(explain) ?? "nothing was learned")")
                throw ExitStatus.failure
            }
            guard outcome.isCorrect else { throw ExitStatus.falseCheck }
        }
    }

    private func sum<Element: MaskableElement & RingWord>(_ input: SumInput, _: Element.Type) throws -> SumOutcome {
        let settings = SchemeSettings(
            dimension: input.dimension, width: input.capacity.width,
            minimumCohort: twoMayLearnEachOther ? .twoWhoMayLearnEachOthersVectors : .standard,
            aggregators: aggregators, threshold: threshold, seed: try seed ?? drawnSeed())
        return try scheme.accept(SumRun<Element>(input: input, command: self), settings: settings)
    }
}

/// What the files hold, as integers in a ring.
struct SumInput {
    /// One vector a client, w·X or [w, w·X].
    let vectors: [[UInt64]]
    let weights: [Int]?
    let capacity: SumCapacity
    /// X = (x + offset) · scale.
    let offset: Double
    let scale: Double
    let isExact: Bool
    let clippedCount: Int
    let lost: [PartyID]
    let lostBeforeSend: Int

    var dimension: Int { vectors[0].count }

    init(_ command: Sum) throws {
        let files = try command.files.map { try VectorFile($0) }
        guard let first = files.first else { throw UsageError("there is no file.") }
        for file in files where file.values.count != first.values.count {
            throw UsageError(
                "'\(file.path)' has \(file.values.count) values and '\(first.path)' has \(first.values.count); all must have the same number."
            )
        }
        for file in files {
            if let position = file.values.firstIndex(where: { !$0.isFinite }) {
                throw UsageError("'\(file.path)': the value at position \(position) is not a finite number.")
            }
        }
        weights = try command.weights.map { text in
            let list = text.split(separator: ",", omittingEmptySubsequences: false).map { Int($0) }
            guard list.count == files.count, list.allSatisfy({ ($0 ?? -1) >= 0 }),
                list.contains(where: { ($0 ?? 0) > 0 })
            else {
                throw UsageError(
                    "--weights takes \(files.count) integers of at least 0, not all 0, separated by commas.")
            }
            return list.compactMap { $0 }
        }
        let parties = Set(1...files.count)
        let dropped = try (command.drop ?? "").split(separator: ",").map { part in
            guard let id = Int(part), parties.contains(id) else {
                throw UsageError("--drop takes numbers between 1 and \(files.count), not '\(part)'.")
            }
            return PartyID(UInt32(id))
        }
        lost = Set(dropped).sorted()
        guard let send = command.dropStage.map({ command.scheme.send(atStage: $0) }) ?? command.scheme.vectorSend else {
            throw UsageError(
                "clients of \(command.scheme.rawValue) send nothing at stage '\(command.dropStage ?? "")'.")
        }
        lostBeforeSend = send

        let largest = files.flatMap(\.values).map(abs).max() ?? 0
        let bound = command.clip ?? Self.nextPowerOfTwo(above: largest)
        guard bound.isFinite, bound > 0 else { throw RingError.clipNotPositive }
        if command.clip == nil {
            Terminal.note(
                "note: the bound ±\(bound) was chosen by looking at all inputs; where they are private, agree on --clip beforehand."
            )
        }
        let isWhole = files.allSatisfy { $0.values.allSatisfy { $0 == $0.rounded() } }
        var clipped = 0
        let maximumWeight = weights?.max() ?? 1
        var integers: [[UInt64]] = []
        if isWhole, bound.rounded(.down) <= 2_147_483_647 {
            // x + C for integers −C … C is exact.
            let limit = bound.rounded(.down)
            let inputBits = max(1, 64 - UInt64(2 * limit).leadingZeroBitCount)
            capacity = try SumCapacity(terms: files.count, maximumWeight: maximumWeight, inputBits: min(32, inputBits))
            (offset, scale, isExact) = (limit, 1, true)
            for file in files {
                clipped += file.values.count { abs($0) > limit }
                integers.append(file.values.map { UInt64(min(max($0, -limit), limit) + limit) })
            }
        } else {
            let quantizer = try FixedPointQuantizer(bits: command.bits, clip: bound)
            capacity = try SumCapacity(terms: files.count, maximumWeight: maximumWeight, inputBits: command.bits)
            (offset, scale, isExact) = (bound, 1 / quantizer.step, false)
            for (position, file) in files.enumerated() {
                let quantized: FixedPointQuantizer.Quantized
                if let seed = command.seed {
                    var generator = SimulationRandomness(seed: seed).generator(
                        purpose: "rounding", party: PartyID(UInt32(position + 1)))
                    quantized = try quantizer.quantize(file.values, using: &generator)
                } else {
                    var generator = SystemRandomness()
                    quantized = try quantizer.quantize(file.values, using: &generator)
                }
                clipped += quantized.clippedCount
                integers.append(quantized.integers.map { UInt64($0) })
            }
        }
        clippedCount = clipped
        if let weights {
            vectors = zip(weights, integers).map { weight, values in
                [UInt64(weight)] + values.map { UInt64(weight) * $0 }
            }
        } else {
            vectors = integers
        }
    }

    private static func nextPowerOfTwo(above value: Double) -> Double {
        var bound = 1.0
        while bound < value { bound *= 2 }
        return bound
    }

    /// The sum, or the weighted mean, behind the integers.
    func decode(_ sum: [UInt64], contributors: Int) throws -> [Double] {
        guard weights != nil else { return sum.map { Double($0) / scale - Double(contributors) * offset } }
        guard sum[0] > 0 else { throw RingError.emptySum }
        return sum.dropFirst().map { Double($0) / Double(sum[0]) / scale - offset }
    }

    /// The largest error of a value of the result, from rounding alone.
    func errorBound(contributors: Int) -> Double {
        isExact ? 0 : (weights == nil ? Double(contributors) : 1) / scale
    }
}

/// How a sum went.
struct SumOutcome {
    let command: Sum
    let input: SumInput
    let sum: [Double]?
    let isCorrect: Bool
    let contributors: [PartyID]
    let failure: AggregationError?
    let views: [PartyView]
    let messageRounds: Int
    let transcriptHead: String

    /// What one party saw.
    struct PartyView {
        let name: String
        let received: [(stage: String, messages: Int, bytes: Int)]
        let learned: String
    }

    var json: JSONValue {
        let values = sum.map { JSONValue.array($0.map { .number($0) }) } ?? .null
        return [
            "scheme": .string(command.scheme.rawValue),
            "clients": .integer(input.vectors.count),
            "contributors": .array(contributors.map { .integer(Int($0.rawValue)) }),
            "dropped": .array(input.lost.map { .integer(Int($0.rawValue)) }),
            "sum": input.weights == nil ? values : .null,
            "mean": input.weights == nil ? .null : values,
            "exact": .bool(input.isExact), "correct": .bool(isCorrect), "aborted": .bool(sum == nil),
            "error_bound": .number(input.errorBound(contributors: contributors.count)),
            "clipped_values": .integer(input.clippedCount),
            "modulus_bits": .integer(input.capacity.width.bits), "message_rounds": .integer(messageRounds),
            "transcript_sha256": .string(transcriptHead),
            "simulation": .bool(command.seed != nil),
            "views": .array(
                views.map { view in
                    [
                        "party": .string(view.name), "learned": .string(view.learned),
                        "received": .array(
                            view.received.map {
                                [
                                    "stage": .string($0.stage), "messages": .integer($0.messages),
                                    "bytes": .integer($0.bytes),
                                ]
                            }),
                    ]
                }),
        ]
    }

    var text: String {
        var lines: [String] = []
        if let sum {
            let shown = sum.prefix(10).map {
                input.isExact && input.weights == nil ? String(format: "%.0f", $0) : String(format: "%.6g", $0)
            }
            let name = input.weights == nil ? "sum" : "weighted mean"
            lines.append(
                "\(name): \(shown.joined(separator: ", "))\(sum.count > 10 ? ", … (\(sum.count) values; --json shows all)" : "")"
            )
            lines.append(
                "of \(contributors.count) of \(input.vectors.count) clients (\(contributors.map(\.description).joined(separator: ", "))), in \(input.capacity.width), "
                    + (input.isExact
                        ? "exact"
                        : String(
                            format: "rounding error at most %.3g a value",
                            input.errorBound(contributors: contributors.count)))
            )
            if input.clippedCount > 0 { lines.append("\(input.clippedCount) values were clipped") }
            lines.append("")
        }
        lines.append("What each party saw (\(command.scheme.rawValue)):")
        lines.append(
            Terminal.table(
                header: ["party", "received", "learned"],
                rows: views.map { view in
                    [
                        view.name,
                        view.received.isEmpty
                            ? "nothing"
                            : view.received.map {
                                "\($0.stage): \($0.messages) × \(Format.bytes(Double($0.bytes) / Double($0.messages)))"
                            }
                            .joined(separator: "; "),
                        view.learned,
                    ]
                }))
        return lines.joined(separator: "\n")
    }
}

/// Runs the aggregation and gathers what every party saw.
private struct SumRun<Element: MaskableElement & RingWord>: SchemeVisitor {
    let input: SumInput
    let command: Sum

    func visit<Scheme: AggregationScheme>(
        _ make: @escaping @Sendable ([PartyID]) throws(AggregationError) -> Scheme
    ) throws -> SumOutcome where Scheme.Element == Element {
        let parties = (1...UInt32(input.vectors.count)).map { PartyID($0) }
        let scheme = try make(parties)
        let context = RoundContext(task: "fedsum sum", round: 0)
        let faults = FaultSchedule.losing(input.lost, beforeSend: input.lostBeforeSend)
        func vector(_ id: PartyID) -> [Element] { input.vectors[Int(id.rawValue) - 1].map { Element($0) } }
        let outcome: AggregationOutcome<Element> =
            if let seed = command.seed {
                AggregationDriver(
                    scheme: scheme, context: context, randomness: SimulationRandomness(seed: seed), faults: faults,
                    recordsTranscript: true
                ).run(input: vector)
            } else {
                AggregationDriver(
                    scheme: scheme, context: context, randomness: SystemRandomnessSource(), faults: faults,
                    recordsTranscript: true
                ).run(input: vector)
            }

        let contributors = outcome.aggregate?.contributors ?? []
        var oracle = [UInt64](repeating: 0, count: input.dimension)
        for id in contributors {
            for (index, value) in input.vectors[Int(id.rawValue) - 1].enumerated() { oracle[index] += value }
        }
        let sum = outcome.aggregate.map { $0.sum.map { UInt64($0) } }
        let views = (parties + scheme.helpers).map { id in
            var received: [(stage: String, messages: Int, bytes: Int)] = []
            for entry in outcome.transcript.entries where entry.to == id {
                if let position = received.firstIndex(where: { $0.stage == entry.stage }) {
                    received[position].messages += 1
                    received[position].bytes += entry.byteCount
                } else {
                    received.append((entry.stage, 1, entry.byteCount))
                }
            }
            let learned =
                if outcome.lost.contains(id) {
                    "lost"
                } else if outcome.learned[id] != nil {
                    command.scheme == .plain ? "the sum, and every vector" : "the sum"
                } else {
                    "nothing"
                }
            return SumOutcome.PartyView(
                name: partyName(id, scheme: command.scheme), received: received, learned: learned)
        }
        return SumOutcome(
            command: command, input: input,
            sum: try sum.map { try input.decode($0, contributors: contributors.count) },
            isCorrect: sum == oracle, contributors: contributors,
            failure: scheme.recipients.compactMap { outcome.aborted[$0] }.first, views: views,
            messageRounds: Set(outcome.cost.stages.map(\.name)).count,
            transcriptHead: outcome.transcript.head.description)
    }
}
