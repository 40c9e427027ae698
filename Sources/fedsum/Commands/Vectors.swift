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

                Of a folder all *.json files are checked, those in its subfolders too; JSON Schemas (files with a '$schema') are passed over. A file \
                is recognized by its 'schema', 'algorithm' or 'name'. Every value is compared to the bit; what must be refused must be refused for \
                the reason given. Rows of other suites, and of features that this version lacks, are skipped and named. The exit code is 2 if a case \
                fails, if a file is unknown, unreadable or empty, and if all rows of a file were skipped.
                """
        )

        @Argument(
            help: ArgumentHelp("Files, or folders, of which all *.json files are checked.", valueName: "path")
        )
        var paths: [String]

        @Flag(help: "Print one JSON document on standard output.")
        var json = false

        func run() throws {
            try report {
                var reports: [VectorFileReport] = []
                for (path, files) in try paths.map({ ($0, try Self.files(at: $0)) }) {
                    var hasVectors = false
                    for file in files {
                        if Platform.interruptionRequested { break }
                        guard let report = VectorFileVerifier.verify(file) else { continue }
                        hasVectors = true
                        reports.append(report)
                        if !json { Terminal.output(report.text) }
                    }
                    // A folder without a file would pass by checking nothing.
                    guard hasVectors || Platform.interruptionRequested else {
                        throw UsageError("the folder '\(path)' has no .json file of test vectors.")
                    }
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

        /// The file itself, or the *.json files in a folder and its subfolders, by path.
        private static func files(at path: String) throws -> [TestVectorFile] {
            guard FileManager.default.fileExists(atPath: path) else {
                throw UsageError("there is no file or folder '\(path)'.")
            }
            // What cannot be listed is a file.
            guard (try? FileManager.default.contentsOfDirectory(atPath: path)) != nil,
                let entries = try? FileManager.default.subpathsOfDirectory(atPath: path)
            else { return [TestVectorFile(path: path, folder: nil)] }
            let folder = path.hasSuffix("/") ? path : path + "/"
            return entries.filter { $0.hasSuffix(".json") }.sorted().map {
                TestVectorFile(path: folder + $0, folder: folder)
            }
        }
    }
}
