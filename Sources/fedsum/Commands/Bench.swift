// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Foundation
import RingArithmetic
import SecureAggregation
import SecureRandomness

/// `fedsum bench`: what schemes cost, without training.
struct Bench: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Measures what schemes cost: CPU by stage and role, bytes, messages, memory.",
        discussion: """
            Examples:
              fedsum bench --schemes all --clients 100 --dimension 100000 --dropout 0.1
              fedsum bench --dimension 1000 --sweep clients=10,30,100,300 --sweep dimension=1000,10000,100000 --out bench

            Lists of clients, dimensions or dropout shares give a row for each combination. A sweep varies one parameter
            while the others keep their one value; it fits the exponent of the growth and, with --out, draws it on
            log-log axes.

            All parties run in this process, one after the other, on one core; CPU is that of the parties' own work,
            their messages' encoding, sending and decoding included.
            """)

    @Option(help: "Schemes, separated by commas: \(SchemeName.listed); or all.")
    var schemes = "all"

    @Option(help: "Numbers of clients, separated by commas.")
    var clients = "10"

    @Option(help: "Elements of a vector; several, separated by commas.")
    var dimension = "10000"

    @Option(help: "Shares of the clients that are lost, separated by commas.")
    var dropout = "0"

    @Option(help: "Stage before whose message they are lost. (default: the stage of the vector)")
    var dropoutStage: String?

    @Option(help: "Bits of an input value, 1 to 32.")
    var bits = 16

    @OptionGroup var parties: PartyOptions

    @Option(
        help: ArgumentHelp(
            "Vary one parameter, clients or dimension, over these values; may be repeated.", valueName: "name=list"))
    var sweep: [String] = []

    @Option(help: "How often each row is measured; the run with the least CPU counts.")
    var repeats = 1

    @Option(
        help: ArgumentHelp(
            "Write bench.json, bench.csv and a log-log plot of each sweep (SVG) into this folder.", valueName: "dir"))
    var out: String?

    @Option(help: "Seed of the inputs and of all keys. (default: drawn)")
    var seed: UInt64?

    @Option(
        parsing: .upToNextOption,
        help: ArgumentHelp(
            "Measure building blocks instead: all, or some of \(PrimitiveBenchmark.names.joined(separator: ", ")).",
            valueName: "name"))
    var primitives: [String] = []

    @Flag(help: "Print one JSON document on standard output.")
    var json = false

    @OptionGroup var configurationFile: ConfigurationFile

    func run() throws {
        try report {
            if !primitives.isEmpty { return try runPrimitives() }
            var result = BenchmarkReport(seed: try seed ?? drawnSeed())
            let work = try plan(seed: result.seed)
            // Before the work, which a folder that cannot be made would waste.
            if let out { try ComparisonResult.makeFolder(out) }
            for (sweep, benchmarks) in work {
                var series = BenchmarkReport.Series(sweep: sweep)
                for benchmark in benchmarks where !Platform.interruptionRequested {
                    Terminal.progress(
                        "\(benchmark.scheme.rawValue): \(benchmark.clients) clients × \(benchmark.dimension)")
                    series.rows.append(try benchmark.run())
                }
                result.series.append(series)
            }
            Terminal.endProgress()
            if Platform.interruptionRequested { Terminal.note("interrupted: the rows that were finished follow.") }
            Terminal.output(json ? try result.json.text() : result.text)
            if let out { try result.write(to: out) }
            if result.rows.contains(where: \.aborted) { throw ExitStatus.failure }
            if result.rows.contains(where: { !$0.correct }) { throw ExitStatus.falseCheck }
        }
    }

    /// Everything to be measured, held against its bounds before anything runs.
    private func plan(seed: UInt64) throws -> [(sweep: BenchmarkSweep?, benchmarks: [SchemeBenchmark])] {
        let sweeps = try BenchmarkSweep.list(sweep)
        guard (1...1000).contains(repeats) else {
            throw UsageError("--repeats must be between 1 and 1000, not \(repeats).")
        }
        if sweeps.isEmpty { return [(nil, try combinations(clients: clients, dimensions: dimension, seed: seed))] }
        for (flag, text) in [("clients", clients), ("dimension", dimension), ("dropout", dropout)]
        where text.contains(",") {
            throw UsageError("with --sweep, --\(flag) takes one value.")
        }
        return try sweeps.map { sweep in
            let values = sweep.values.joined(separator: ",")
            return switch sweep.parameter {
            case .clients: (sweep, try combinations(clients: values, dimensions: dimension, seed: seed))
            case .dimension: (sweep, try combinations(clients: clients, dimensions: values, seed: seed))
            }
        }
    }

    private func combinations(clients: String, dimensions: String, seed: UInt64) throws -> [SchemeBenchmark] {
        let names = try SchemeName.list(schemes)
        let clientCounts = try list(clients, "clients", "whole numbers between 3 and \(Roster.maximumContributors)") {
            Int($0).flatMap { (3...Roster.maximumContributors).contains($0) ? $0 : nil }
        }
        let dimensions = try list(dimensions, "dimension", "whole numbers between 1 and 2^32 − 1") {
            Int($0).flatMap { (1...Int(UInt32.max)).contains($0) ? $0 : nil }
        }
        let dropouts = try list(dropout, "dropout", "shares of at least 0 and below 1") {
            Double($0).flatMap { (0..<1).contains($0) ? $0 : nil }
        }
        let available = Machine.availableMemory
        var benchmarks: [SchemeBenchmark] = []
        for count in clientCounts {
            for dimension in dimensions {
                for dropout in dropouts {
                    for scheme in names {
                        let benchmark = SchemeBenchmark(
                            scheme: scheme, clients: count, dimension: dimension, dropout: dropout,
                            dropoutStage: dropoutStage, bits: bits, parties: parties, repeats: repeats, seed: seed)
                        try benchmark.checkMemory(available: available)
                        benchmarks.append(benchmark)
                    }
                }
            }
        }
        return benchmarks
    }

    private func list<Value>(
        _ text: String, _ flag: String, _ what: String, _ read: (String) -> Value?
    ) throws -> [Value] {
        try text.split(separator: ",", omittingEmptySubsequences: false).map { part in
            guard let value = read(part.trimmingCharacters(in: .whitespaces)) else {
                throw UsageError("--\(flag) takes \(what), separated by commas, not '\(part)'.")
            }
            return value
        }
    }

    private func runPrimitives() throws {
        let wanted = primitives.flatMap { $0.split(separator: ",").map(String.init) }
        for name in wanted where name != "all" && !PrimitiveBenchmark.names.contains(name) {
            throw UsageError(
                "there is no primitive '\(name)'; there are \(PrimitiveBenchmark.names.joined(separator: ", ")), and all."
            )
        }
        var results: [PrimitiveBenchmark] = []
        for name in PrimitiveBenchmark.names where wanted.contains("all") || wanted.contains(name) {
            Terminal.progress(name)
            results += try PrimitiveBenchmark.run(name)
        }
        Terminal.endProgress()
        guard json else {
            return Terminal.output(
                Terminal.table(
                    header: ["primitive", "parameters", "time", "per second", "throughput"], rows: results.map(\.cells))
            )
        }
        let document: JSONValue = ["machine": Machine.json, "primitives": .array(results.map(\.json))]
        Terminal.output(try document.text())
    }
}
