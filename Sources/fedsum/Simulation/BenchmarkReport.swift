// SPDX-License-Identifier: Apache-2.0

import Foundation
import SecureAggregation

/// The rows of a benchmark, as text, JSON, CSV and pictures.
struct BenchmarkReport {
    /// The rows of one parameter's values, for every scheme.
    struct Series {
        /// Nil: the rows are combinations of lists, not a sweep.
        let sweep: BenchmarkSweep?
        var rows: [SchemeBenchmark.Row] = []
    }

    /// Of the inputs and all keys.
    let seed: UInt64
    var series: [Series] = []

    var rows: [SchemeBenchmark.Row] { series.flatMap(\.rows) }

    // MARK: Growth

    /// How the cost of a scheme grows with a parameter.
    struct Growth {
        let parameter: BenchmarkSweep.Parameter
        let scheme: SchemeName
        let quantity: Quantity
        /// Over all points.
        let exponent: Double
        /// From the last point but one to the last, where what grows slowest counts least.
        let lastExponent: Double
        let range: ClosedRange<Int>
        let count: Int
    }

    /// What is drawn and fitted.
    enum Quantity: String, CaseIterable {
        case clientCPU = "client_cpu_seconds"
        case serverCPU = "server_cpu_seconds"

        var title: String {
            switch self {
            case .clientCPU: "CPU time of one client"
            case .serverCPU: "CPU time of all servers"
            }
        }

        func value(of row: SchemeBenchmark.Row) -> Double {
            switch self {
            case .clientCPU: row.seconds(.client)
            case .serverCPU: row.seconds(.server)
            }
        }
    }

    private func schemes(of series: Series) -> [SchemeName] {
        SchemeName.allCases.filter { scheme in series.rows.contains { $0.scheme == scheme } }
    }

    private func points(
        _ series: Series, _ parameter: BenchmarkSweep.Parameter, _ scheme: SchemeName, _ quantity: Quantity
    ) -> [(x: Double, y: Double)] {
        // A wrong or an aborted run says nothing about the cost of a right one.
        series.rows.filter { $0.scheme == scheme && $0.correct }
            .map { (x: Double(parameter.value(of: $0)), y: quantity.value(of: $0)) }
    }

    private func growth(of series: Series) -> [Growth] {
        guard let parameter = series.sweep?.parameter else { return [] }
        return schemes(of: series).flatMap { scheme in
            Quantity.allCases.compactMap { quantity in
                let points = points(series, parameter, scheme, quantity).filter { $0.y > 0 }.sorted { $0.x < $1.x }
                guard let law = PowerLaw(points), let last = PowerLaw(Array(points.suffix(2))),
                    let least = points.first?.x, let most = points.last?.x
                else { return nil }
                return Growth(
                    parameter: parameter, scheme: scheme, quantity: quantity, exponent: law.exponent,
                    lastExponent: last.exponent, range: Int(least)...Int(most), count: points.count)
            }
        }
    }

    // MARK: Text

    var text: String {
        let table = Terminal.table(header: SchemeBenchmark.Row.header, rows: rows.map(\.cells))
        let stages = rows.map { row in
            func list(_ stages: [(name: String, seconds: Double)]) -> String {
                stages.map { "\($0.name) \(Format.seconds($0.seconds))" }.joined(separator: ", ")
            }
            var text = "\(row.scheme.rawValue), \(row.clients) × \(row.dimension): client \(list(row.stages(.client)))"
            if !row.stages(.server).isEmpty { text += "; server \(list(row.stages(.server)))" }
            return text
        }
        var parts = [table, "CPU by stage\n" + stages.joined(separator: "\n")]
        let growth = series.flatMap(growth)
        if !growth.isEmpty {
            parts.append(
                "Growth: CPU ∝ parameter^p, by least squares on log-log axes, and between the last two points\n"
                    + Terminal.table(
                        header: ["parameter", "range", "scheme", "CPU of", "p", "last p"],
                        rows: growth.map {
                            [
                                $0.parameter.rawValue, "\($0.range.lowerBound) … \($0.range.upperBound)",
                                $0.scheme.rawValue, $0.quantity == .clientCPU ? "a client" : "the servers",
                                Self.exponent($0.exponent), Self.exponent($0.lastExponent),
                            ]
                        }))
        }
        return parts.joined(separator: "\n\n")
    }

    private static func exponent(_ value: Double) -> String {
        String(format: "%.2f", value).replacingOccurrences(of: "-", with: "−")
    }

    // MARK: JSON

    var json: JSONValue {
        var members: [String: JSONValue] = [
            "machine": Machine.json, "seed": .unsigned(seed), "rows": .array(rows.map(\.json)),
        ]
        let swept = series.filter { $0.sweep != nil }
        if !swept.isEmpty {
            members["sweeps"] = .array(
                swept.map { series in
                    [
                        "parameter": .string(series.sweep?.parameter.rawValue ?? ""),
                        "rows": .integer(series.rows.count), "growth": .array(growth(of: series).map(json)),
                    ]
                })
        }
        return .object(members)
    }

    private func json(_ growth: Growth) -> JSONValue {
        [
            "scheme": .string(growth.scheme.rawValue), "quantity": .string(growth.quantity.rawValue),
            "exponent": .number(growth.exponent), "last_exponent": .number(growth.lastExponent),
            "points": .integer(growth.count),
        ]
    }

    // MARK: Files

    /// Writes `bench.json`, `bench.csv` and a picture for each sweep; each file appears whole or not at all.
    func write(to folder: String) throws {
        let url = try ComparisonResult.makeFolder(folder)
        var files = ["bench.json": try json.text() + "\n", "bench.csv": csv]
        for series in series {
            if let parameter = series.sweep?.parameter { files["cpu-by-\(parameter.rawValue).svg"] = plot(series).svg }
        }
        for (name, text) in files.sorted(by: { $0.key < $1.key }) {
            do {
                try Data(text.utf8).write(to: url.appendingPathComponent(name), options: .atomic)
            } catch {
                throw ComparisonResult.ReportError(path: "\(folder)/\(name)", reason: error.localizedDescription)
            }
        }
        Terminal.note("wrote \(files.keys.sorted().joined(separator: ", ")) to \(folder)")
    }

    private func plot(_ series: Series) -> LogLogPlot {
        let parameter = series.sweep?.parameter ?? .clients
        let growth = growth(of: series)
        let panels = Quantity.allCases.map { quantity in
            LogLogPlot.Panel(
                title: quantity.title, xLabel: parameter.label,
                series: schemes(of: series).compactMap { scheme in
                    let points = points(series, parameter, scheme, quantity).filter { $0.y > 0 }
                    guard !points.isEmpty else { return nil }
                    let law = growth.first { $0.scheme == scheme && $0.quantity == quantity }
                    return LogLogPlot.Series(
                        name: scheme.rawValue,
                        note: law.map {
                            "slope \(Self.exponent($0.exponent)), at the end \(Self.exponent($0.lastExponent))"
                        } ?? "",
                        style: SchemeName.allCases.firstIndex(of: scheme) ?? 0, points: points)
                }, yTick: LogLogPlot.durationLabel)
        }
        var facts: [String] = []
        if let row = series.rows.first {
            if parameter != .clients { facts.append("\(LogLogPlot.countLabel(Double(row.clients))) clients") }
            if parameter != .dimension { facts.append("\(LogLogPlot.countLabel(Double(row.dimension))) elements") }
            facts.append("\(row.bits)-bit inputs")
            facts.append(String(format: "%.0f %% lost", 100 * Double(row.dropouts) / Double(row.clients)))
        }
        return LogLogPlot(
            title: "CPU time of an aggregation by \(parameter.noun)",
            subtitle: facts.joined(separator: ", ")
                + "; slopes are least-squares fits over all points, and over the last two", panels: panels)
    }

    /// One line a row; a column for each stage of any of them, empty where a scheme has no such stage.
    private var csv: String {
        let roles: [(role: AggregationCost.Role, name: String)] = [(.client, "client"), (.server, "server")]
        var stages: [(role: AggregationCost.Role, prefix: String, stage: String)] = []
        for (role, name) in roles {
            for row in rows {
                for stage in row.stages(role).map(\.name)
                where !stages.contains(where: { $0.role == role && $0.stage == stage }) {
                    stages.append((role, name, stage))
                }
            }
        }
        let fixed = [
            "scheme", "clients", "dimension", "dropouts", "bits", "modulus_bits", "neighbors", "threshold",
            "below_plan", "correct", "aborted", "client_cpu_seconds", "server_cpu_seconds", "process_cpu_seconds",
            "upload_bytes_per_client", "download_bytes_per_client", "clear_vector_bytes_per_client",
            "messages_per_client", "rounds", "peak_memory_bytes",
        ]
        let header = fixed + stages.map { "\($0.prefix)_cpu_seconds:\($0.stage)" }
        let lines = rows.map { row in
            var cells = [
                row.scheme.rawValue, "\(row.clients)", "\(row.dimension)", "\(row.dropouts)", "\(row.bits)",
                "\(row.modulusBits)", row.neighbors.map { "\($0)" } ?? "", row.threshold.map { "\($0)" } ?? "",
                "\(row.belowPlan)", "\(row.correct)", "\(row.aborted)", "\(row.seconds(.client))",
                "\(row.seconds(.server))", "\(row.processSeconds)", "\(row.uploadBytes)", "\(row.downloadBytes)",
                "\(row.clearBytes)", "\(row.messages)", "\(row.rounds)", "\(row.peakMemory)",
            ]
            cells += stages.map { column in
                row.stages(column.role).first { $0.name == column.stage }.map { "\($0.seconds)" } ?? ""
            }
            return cells.joined(separator: ",")
        }
        return ([header.joined(separator: ",")] + lines).joined(separator: "\n") + "\n"
    }
}
