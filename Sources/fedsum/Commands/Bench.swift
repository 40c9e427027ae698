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
            Example:
              fedsum bench --schemes all --clients 100 --dimension 100000 --dropout 0.1

            Lists of clients, dimensions or dropout shares give a row for each combination. All parties run in this process, one after the other, on
            one core; CPU is that of the parties' own work, their messages' encoding and decoding included.
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
            let names = try SchemeName.list(schemes)
            let clientCounts = try list(clients, "clients", "whole numbers between 3 and \(Roster.maximumContributors)") {
                Int($0).flatMap { (3...Roster.maximumContributors).contains($0) ? $0 : nil }
            }
            let dimensions = try list(dimension, "dimension", "whole numbers between 1 and 2^32 − 1") {
                Int($0).flatMap { (1...Int(UInt32.max)).contains($0) ? $0 : nil }
            }
            let dropouts = try list(dropout, "dropout", "shares of at least 0 and below 1") {
                Double($0).flatMap { (0..<1).contains($0) ? $0 : nil }
            }
            let seed = try self.seed ?? drawnSeed()
            var rows: [SchemeBenchmark.Row] = []
            for count in clientCounts {
                for dimension in dimensions {
                    for dropout in dropouts {
                        for scheme in names where !Platform.interruptionRequested {
                            Terminal.progress("\(scheme.rawValue): \(count) clients × \(dimension)")
                            rows.append(
                                try SchemeBenchmark(
                                    scheme: scheme, clients: count, dimension: dimension, dropout: dropout,
                                    dropoutStage: dropoutStage, bits: bits, parties: parties, seed: seed
                                ).run())
                        }
                    }
                }
            }
            Terminal.endProgress()
            if Platform.interruptionRequested { Terminal.note("interrupted: the rows that were finished follow.") }
            Terminal.output(json ? try document(rows).text() : text(rows))
            if rows.contains(where: \.aborted) { throw ExitStatus.failure }
            if rows.contains(where: { !$0.correct }) { throw ExitStatus.falseCheck }
        }
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

    private func document(_ rows: [SchemeBenchmark.Row]) -> JSONValue {
        ["machine": Machine.json, "rows": .array(rows.map(\.json))]
    }

    private func text(_ rows: [SchemeBenchmark.Row]) -> String {
        let table = Terminal.table(
            header: [
                "scheme", "clients", "lost", "dimension", "ring", "correct", "client CPU", "server CPU", "up/client",
                "down/client",
                "messages", "rounds", "peak memory",
            ], rows: rows.map(\.cells))
        let stages = rows.map { row in
            "\(row.scheme.rawValue), \(row.clients) × \(row.dimension): client "
                + row.stages(.client).map { "\($0.name) \(Format.seconds($0.seconds))" }.joined(separator: ", ")
                + "; server "
                + row.stages(.server).map { "\($0.name) \(Format.seconds($0.seconds))" }.joined(separator: ", ")
        }
        return table + "\n\nCPU by stage\n" + stages.joined(separator: "\n")
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
