// SPDX-License-Identifier: Apache-2.0

import DifferentialPrivacy
import FederatedLearning
import Foundation
import SecureAggregation

/// A comparison, as text, JSON, Markdown and CSV.
struct ComparisonResult {
    let options: LearningOptions
    let task: LearningTask
    let seeds: (first: UInt64, count: Int)
    /// One accuracy a seed.
    let centralizedAccuracies: [Double]
    let localOnlyAccuracies: [Double]
    let rows: [ComparisonRow]

    private var centralized: Double { centralizedAccuracies.mean }
    private var localOnly: Double { localOnlyAccuracies.mean }
    private func plainAccuracy(_ mode: PrivacyMode) -> Double? {
        rows.first { $0.scheme == .plain && $0.mode == mode }?.accuracy
    }
    /// Each once.
    private var schemes: [SchemeName] { SchemeName.allCases.filter { scheme in rows.contains { $0.scheme == scheme } } }
    private var isPrivate: Bool { rows.contains { $0.mode != .none } }

    // MARK: JSON

    var json: JSONValue {
        [
            "dataset": task.dataSetJSON,
            "seed": .unsigned(seeds.first),
            "seeds": .integer(seeds.count),
            "split": .array(
                task.split.clients.enumerated().map { position, client in
                    [
                        "client": .integer(position + 1), "rows": .integer(client.rowCount),
                        "labels": .array(client.labelCounts.map { .integer($0) }),
                        "label_entropy_bits": .number(client.labelEntropyInBits),
                    ]
                }),
            "centralized": baseline(centralizedAccuracies),
            "local_only": baseline(localOnlyAccuracies, ["clients": .integer(task.clientRowsAlone.count)]),
            "rows": .array(rows.map(json)),
        ]
    }

    private func baseline(_ accuracies: [Double], _ others: [String: JSONValue] = [:]) -> JSONValue {
        let figures: [String: JSONValue] = [
            "accuracy": .number(accuracies.mean),
            "accuracy_sd": .optional(accuracies.count > 1 ? accuracies.standardDeviation : nil),
        ]
        return .object(figures.merging(others) { _, other in other })
    }

    private func json(_ row: ComparisonRow) -> JSONValue {
        [
            "scheme": .string(row.scheme.rawValue),
            "dp": .string(row.mode.rawValue),
            "accuracy": .number(row.accuracy),
            "accuracy_sd": .optional(row.accuracyDeviation),
            "gap_to_centralized": .number(centralized - row.accuracy),
            "gap_to_plain": .optional(plainAccuracy(row.mode).map { $0 - row.accuracy }),
            "max_sum_error": .unsigned(row.maximumSumError),
            "rounds_completed": .integer(row.roundsCompleted),
            "epsilon": .optional(row.privacy?.spending.guarantee.epsilon),
            "epsilon_coordinator": .optional(row.privacy?.epsilonAgainstCoordinator),
            "delta": .optional(row.privacy?.plan.terms.delta),
            "accountant": row.privacy.map { .string($0.plan.accountant.rawValue) } ?? .null,
            "epsilon_is": row.privacy == nil ? .null : "simulation",
            "epsilon_does_not_cover": task.notCovered(by: row.mode),
            "noise_multiplier": .optional(row.privacy?.plan.noiseMultiplier),
            "upload_bytes_per_client_per_round": .number(row.uploadBytes),
            "download_bytes_per_client_per_round": .number(row.downloadBytes),
            "expansion": .number(row.expansion),
            "client_cpu_seconds": .number(row.clientSeconds),
            "server_cpu_seconds": .number(row.serverSeconds),
            "message_rounds": .integer(row.messageRounds),
            "dropouts_tolerated": .integer(row.dropoutsTolerated),
            "colluders_tolerated": .integer(row.colludersTolerated),
            "modulus_bits": .integer(row.modulusBits),
            "seconds": .number(row.seconds),
            "who_sees_what": .string(row.scheme.whoSeesWhat),
        ]
    }

    // MARK: Text

    private var title: String {
        "\(task.data.name): \(task.trainCount) rows for training, \(task.testRows.count) for testing; \(options.model);\n"
            + "\(options.clients) clients (\(options.split)), \(options.rounds) rounds × \(options.localEpochs) epochs; "
            + (seeds.count == 1
                ? "seed \(seeds.first)" : "seeds \(seeds.first) … \(seeds.first &+ UInt64(seeds.count - 1))")
    }

    /// Two tables, so that neither is wider than a terminal: what came out, and what it cost.
    private static let resultHeader = [
        "scheme", "accuracy", "gap to pooled", "gap to plain", "max sum error", "rounds",
    ]
    private static let costHeader = [
        "scheme", "up", "down", "client CPU", "server CPU", "stages", "dropouts", "colluders",
    ]

    private static let privacyHeader = ["scheme", "noise", "ε", "ε coordinator", "noise multiplier", "cohort"]

    private func privacyCells(_ row: ComparisonRow) -> [String]? {
        guard let privacy = row.privacy else { return nil }
        func shown(_ epsilon: Double?) -> String {
            // Upward: it is a bound.
            epsilon.map { String(format: "%.2f", ($0 * 100).rounded(.up) / 100) } ?? "–"
        }
        let cohort = privacy.plan.cohort
        return [
            row.scheme.rawValue, row.mode.rawValue, shown(privacy.spending.guarantee.epsilon),
            shown(privacy.epsilonAgainstCoordinator), String(format: "%.3f", privacy.plan.noiseMultiplier),
            cohort.count == 1 ? "\(cohort.lowerBound)" : "\(cohort.lowerBound) … \(cohort.upperBound)",
        ]
    }

    private var privacyTitle: String {
        let terms = rows.compactMap(\.privacy).first?.plan.terms
        return terms.map { terms in
            "Privacy at δ = \(terms.delta) for a client's whole data, of \(options.rounds) rounds"
                + (terms.samplingRate < 1
                    ? " in each of which a client takes part with probability \(terms.samplingRate)" : "")
                + ":"
        } ?? ""
    }

    private static let privacyLegend = """
        ε: for one client more or less, against whoever sees every round's model and
        neither who took part nor how many; of local noise, for another vector in a
        client's place. ε coordinator: against the server and the clients of a round,
        who know that, for a client whose vector is replaced by zero; – where the server
        sees sums or vectors without enough noise. With peer-to-peer the other peers are
        the server. Noise multiplier: standard deviation over clipping norm. All noise
        here comes from a seed: it is a simulation, and keeps nothing private.
        """

    private func resultCells(_ row: ComparisonRow) -> [String] {
        let deviation = row.accuracyDeviation.map { " ± " + String(format: "%.1f", 100 * $0) } ?? ""
        func points(_ gap: Double) -> String { String(format: "%+.1f pt", 100 * gap) }
        return [
            name(of: row), Format.percent(row.accuracy) + deviation, points(centralized - row.accuracy),
            plainAccuracy(row.mode).map { points($0 - row.accuracy) } ?? "–", String(row.maximumSumError),
            "\(row.roundsCompleted)/\(options.rounds)",
        ]
    }

    private func name(of row: ComparisonRow) -> String {
        row.mode == .none ? row.scheme.rawValue : "\(row.scheme.rawValue), \(row.mode.rawValue)"
    }

    private func costCells(_ row: ComparisonRow) -> [String] {
        [
            name(of: row), Format.bytes(row.uploadBytes), Format.bytes(row.downloadBytes),
            Format.seconds(row.clientSeconds), Format.seconds(row.serverSeconds), String(row.messageRounds),
            String(row.dropoutsTolerated), String(row.colludersTolerated),
        ]
    }

    private var baselines: String {
        func text(_ accuracies: [Double]) -> String {
            let deviation = accuracies.count > 1 ? String(format: " ± %.1f", 100 * accuracies.standardDeviation) : ""
            return Format.percent(accuracies.mean) + deviation
        }
        let alone = task.clientRowsAlone.count
        let clients =
            alone < task.clientRows.count
            ? "\(alone) of the \(task.clientRows.count) clients (evenly spaced), each alone" : "each client alone"
        return
            "Baselines: trained on pooled data \(text(centralizedAccuracies)); \(clients), mean \(text(localOnlyAccuracies))."
    }

    private static let legend = """
        Per round: bytes up and down and CPU of one client, CPU of all servers; neither
        local training nor sending out the model is counted. stages: the protocol's
        rounds of messages. max sum error: the largest difference between the scheme's
        integer sum and the true one, over all rounds and coordinates. dropouts:
        clients that may be lost in a round. colluders: parties that may collude with
        whoever learns the sum, and still learn nothing more.
        """

    var text: String {
        var lines = [title, "", Terminal.table(header: Self.resultHeader, rows: rows.map(resultCells)), ""]
        lines += [baselines, ""]
        if isPrivate {
            let table = Terminal.table(header: Self.privacyHeader, rows: rows.compactMap(privacyCells))
            lines += [privacyTitle, table, "", Self.privacyLegend, ""]
        }
        lines += [Terminal.table(header: Self.costHeader, rows: rows.map(costCells)), "", Self.legend]
        lines += ["", "Who sees what"]
        let width = schemes.map(\.rawValue.count).max() ?? 0
        for scheme in schemes {
            let name = scheme.rawValue.padding(toLength: width, withPad: " ", startingAt: 0)
            lines.append("  \(name)  \(scheme.whoSeesWhat);")
            lines.append("  \(String(repeating: " ", count: width))  must not collude: \(scheme.whoMustNotCollude)")
        }
        lines += failures
        return lines.joined(separator: "\n")
    }

    private var failures: [String] {
        rows.compactMap { row in
            row.failure.map { "\(name(of: row)): rounds were aborted: \(explain($0))" }
        }
    }

    // MARK: Files

    /// Makes the folder of the reports, where it is not there yet.
    @discardableResult
    static func makeFolder(_ folder: String) throws -> URL {
        let url = URL(fileURLWithPath: folder, isDirectory: true)
        do {
            try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        } catch {
            throw ReportError(path: folder, reason: error.localizedDescription)
        }
        return url
    }

    struct ReportError: LocalizedError {
        let path: String
        let reason: String
        var errorDescription: String? { "'\(path)' cannot be written (--out): \(reason)" }
    }

    /// Writes the reports; each file appears whole or not at all.
    func write(to folder: String) throws {
        let url = try Self.makeFolder(folder)
        let files = [
            "report.json": try json.text() + "\n", "report.md": markdown, "report.csv": csv,
        ]
        for (name, text) in files.sorted(by: { $0.key < $1.key }) {
            do {
                try Data(text.utf8).write(to: url.appendingPathComponent(name), options: .atomic)
            } catch {
                throw ReportError(path: "\(folder)/\(name)", reason: error.localizedDescription)
            }
        }
        Terminal.note("wrote report.csv, report.json and report.md to \(folder)")
    }

    private var markdown: String {
        func row(_ cells: [String]) -> String { "| " + cells.joined(separator: " | ") + " |" }
        var lines = ["# Comparison of private schemes", "", title + ".", ""]
        func table(_ header: [String], _ cells: [[String]]) -> [String] {
            [row(header), row(header.map { _ in "---" })] + cells.map(row)
        }
        lines += table(Self.resultHeader, rows.map(resultCells)) + ["", baselines, ""]
        if isPrivate {
            lines += [privacyTitle, ""] + table(Self.privacyHeader, rows.compactMap(privacyCells))
            lines += ["", Self.privacyLegend, ""]
        }
        lines += table(Self.costHeader, rows.map(costCells)) + ["", Self.legend, "", "## Who sees what", ""]
        lines += [row(["scheme", "seen besides the sum", "must not collude"]), row(["---", "---", "---"])]
        lines += schemes.map { row([$0.rawValue, $0.whoSeesWhat, $0.whoMustNotCollude]) }
        lines += [
            "", "## The clients' data", "", row(["client", "rows", "label entropy, bits", "rows by label"]),
            row(["---", "---", "---", "---"]),
        ]
        lines += task.split.clients.enumerated().map { position, client in
            row([
                String(position + 1), String(client.rowCount), String(format: "%.2f", client.labelEntropyInBits),
                client.labelCounts.map(String.init).joined(separator: " "),
            ])
        }
        return (lines + failures).joined(separator: "\n") + "\n"
    }

    private var csv: String {
        let header =
            "scheme,dp,accuracy,accuracy_sd,gap_to_centralized,max_sum_error,rounds_completed,upload_bytes_per_client_per_round,"
            + "download_bytes_per_client_per_round,client_cpu_seconds,server_cpu_seconds,message_rounds,dropouts_tolerated,colluders_tolerated,"
            + "epsilon,epsilon_coordinator,delta,accountant"
        let lines = rows.map { row in
            [
                row.scheme.rawValue, row.mode.rawValue, "\(row.accuracy)", row.accuracyDeviation.map { "\($0)" } ?? "",
                "\(centralized - row.accuracy)", "\(row.maximumSumError)", "\(row.roundsCompleted)",
                "\(row.uploadBytes)",
                "\(row.downloadBytes)", "\(row.clientSeconds)", "\(row.serverSeconds)", "\(row.messageRounds)",
                "\(row.dropoutsTolerated)", "\(row.colludersTolerated)",
                row.privacy.map { "\($0.spending.guarantee.epsilon)" } ?? "",
                row.privacy?.epsilonAgainstCoordinator.map { "\($0)" } ?? "",
                row.privacy.map { "\($0.plan.terms.delta)" } ?? "",
                row.privacy?.plan.accountant.rawValue ?? "",
            ].joined(separator: ",")
        }
        return ([header] + lines).joined(separator: "\n") + "\n"
    }
}
