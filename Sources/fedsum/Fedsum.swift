// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Foundation
import SecureRandomness

/// The command line.
struct Fedsum: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "fedsum",
        abstract: "Sums private vectors, and trains models on data that stays where it is.",
        discussion: """
            Example: compare private schemes on handwritten digits of ten clients:
              fedsum compare

            Exit codes: 0 success, 1 a run failed, 2 a check found something false, 64 wrong usage.
            """,
        version: "0.1.0-dev",
        subcommands: [
            Compare.self, Train.self, Sum.self, Bench.self, Plan.self, Epsilon.self, Calibrate.self, Vectors.self,
            Keygen.self, Encrypt.self, Add.self, Decrypt.self,
        ])
}

@main
enum Main {
    static func main() {
        Platform.watchForInterruption()
        do {
            let arguments = try ConfigurationFile.expand(Array(CommandLine.arguments.dropFirst()))
            Fedsum.main(arguments)
        } catch {
            Terminal.note("error: \(explain(error))")
            Foundation.exit(64)
        }
    }
}

/// Exit codes that other programs rely on.
enum ExitStatus {
    /// A run that failed.
    static let failure = ExitCode(1)
    /// A check that found something false.
    static let falseCheck = ExitCode(2)
}

/// Runs a verb's work: an error becomes one sentence on standard error and exit code 1, or 64 where the user can mend
/// the call.
func report(_ work: () throws -> Void) throws {
    do {
        try work()
    } catch let error as ExitCode {
        throw error
    } catch {
        Terminal.note("error: \(explain(error))")
        throw isUsage(error) ? ExitCode(64) : ExitStatus.failure
    }
}
