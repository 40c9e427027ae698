// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Foundation
import SecureRandomness

/// `fedsum vectors`: files of test vectors.
struct Vectors: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Checks files of test vectors against this program's own code.",
        discussion: """
            Example:
              fedsum vectors verify Tests/Vectors
            """,
        subcommands: [Verify.self]
    )
}

extension Vectors {
    /// `fedsum vectors verify PATH…`: recomputes what the files say.
    struct Verify: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Recomputes every case of files of test vectors, and says which do not hold.",
            discussion: """
                Example:
                  fedsum vectors verify Tests/Vectors --json

                A file is recognized by its 'schema', 'algorithm' or 'name'. Every value is compared to the bit; what must be refused must be refused \
                for the reason given. Rows of other suites, and of features that this version lacks, are skipped and named. The exit code is 2 if a case \
                fails, if a file is unknown, unreadable or empty, and if all rows of a file were skipped.
                """
        )

        @Argument(help: ArgumentHelp("Files, or folders whose *.json files are checked.", valueName: "path"))
        var paths: [String]

        @Flag(help: "Print one JSON document on standard output.")
        var json = false

        func run() throws {
            try report {
                var reports: [VectorFileReport] = []
                for file in try paths.flatMap(Self.files) {
                    if Platform.interruptionRequested { break }
                    let report = VectorFileVerifier.verify(file)
                    reports.append(report)
                    if !json { Terminal.output(report.text) }
                }
                let (passed, failed, skipped) = reports.reduce((0, 0, 0)) {
                    ($0.0 + $1.passed, $0.1 + $1.failures.count, $0.2 + $1.skipped)
                }
                if json {
                    let document: JSONValue = [
                        "passed": .integer(passed), "failed": .integer(failed), "skipped": .integer(skipped),
                        "files": .array(reports.map(\.json)),
                    ]
                    Terminal.output(try document.text())
                } else {
                    Terminal.output("\(passed) passed, \(failed) failed" + (skipped > 0 ? ", \(skipped) skipped" : ""))
                }
                if Platform.interruptionRequested {
                    Terminal.note("interrupted: only the files above were checked.")
                    throw ExitStatus.failure
                }
                for report in reports where report.isOnlySkipped {
                    Terminal.note(
                        "note: nothing in '\(report.path)' was checked: all \(report.skipped) rows were skipped."
                    )
                }
                if failed > 0 || reports.contains(where: \.isOnlySkipped) { throw ExitStatus.falseCheck }
            }
        }

        /// The file itself, or the *.json files directly in a folder, by name.
        private static func files(at path: String) throws -> [String] {
            guard FileManager.default.fileExists(atPath: path) else {
                throw UsageError("there is no file or folder '\(path)'.")
            }
            // What cannot be listed is a file.
            guard let entries = try? FileManager.default.contentsOfDirectory(atPath: path) else { return [path] }
            let names = entries.filter { $0.hasSuffix(".json") }.sorted()
            // A folder without a file would pass by checking nothing.
            guard !names.isEmpty else { throw UsageError("the folder '\(path)' has no .json file.") }
            return names.map { path.hasSuffix("/") ? path + $0 : "\(path)/\($0)" }
        }
    }
}
