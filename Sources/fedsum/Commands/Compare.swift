// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import FederatedLearning
import Foundation
import RingArithmetic
import SecureAggregation
import SecureRandomness

/// `fedsum compare`: the same federated task under several schemes.
struct Compare: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Trains the same federated task under several schemes and compares them.",
        discussion: """
            Examples:
              fedsum compare --dataset breast-cancer --model softmax --clients 5 --schemes plain,secagg
              fedsum compare --model softmax --clients 300 --schemes secagg+ --dp all --epsilon 8 --clip 0.3 --server-learning-rate 4

            Everything runs in this process; with --seed the result is the same on every run.
            """)

    @OptionGroup var learning: LearningOptions

    @Option(help: "Schemes, separated by commas: \(SchemeName.listed); or all.")
    var schemes = "all"

    @Option(
        help: ArgumentHelp(
            "Differential privacy: \(PrivacyMode.listed); several separated by commas, or all.", valueName: "modes"))
    var dp = "none"

    @Option(help: "Seed of the simulation. (default: drawn)")
    var seed: UInt64?

    @Option(help: "Number of seeds, counted up from --seed; accuracies are their means.")
    var seeds = 1

    @Option(help: ArgumentHelp("Write report.md, report.csv and report.json into this folder.", valueName: "dir"))
    var out: String?

    @Flag(help: "Print one JSON document on standard output.")
    var json = false

    @OptionGroup var configurationFile: ConfigurationFile

    func validate() throws {
        guard (1...1000).contains(seeds) else { throw ValidationError("--seeds must be between 1 and 1000.") }
    }

    func run() throws {
        try report {
            let names = try SchemeName.list(schemes)
            let modes = try PrivacyMode.list(dp)
            try learning.privacy.validate(modes)
            let comparison = try Comparison(
                learning, schemes: names, modes: modes, firstSeed: seed ?? drawnSeed(), seeds: seeds)
            // Before the work, which a folder that cannot be made would waste.
            if let out { try ComparisonResult.makeFolder(out) }
            let result = try comparison.run()
            Terminal.output(json ? try result.json.text() : result.text)
            if let out { try result.write(to: out) }
            if result.rows.contains(where: { $0.maximumSumError > 0 }) { throw ExitStatus.falseCheck }
            if result.rows.contains(where: { $0.roundsCompleted == 0 }) { throw ExitStatus.failure }
        }
    }
}

/// A seed that nobody chose, for a simulation that needs not be repeated.
func drawnSeed() throws -> UInt64 {
    var generator = SystemRandomness()
    // 53 bits, so that every reader of JSON keeps it whole.
    return try generator.bytes(8).reduce(0) { $0 << 8 | UInt64($1) } >> 11
}
