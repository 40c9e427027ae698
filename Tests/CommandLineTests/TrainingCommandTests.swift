// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

@Suite struct TrainingCommandTests {
    /// A task that takes a moment even in a debug build.
    static let small = ["--dataset", "breast-cancer", "--model", "softmax", "--clients", "4", "--local-epochs", "1"]

    private func isMeasured(_ key: String) -> Bool { key.contains("seconds") }

    @Test func `the same seed gives the same comparison, times aside`() throws {
        let arguments = ["compare", "--seed", "7", "--rounds", "2", "--json"] + Self.small
        let (first, second) = (try FedsumProgram.run(arguments), try FedsumProgram.run(arguments))
        #expect(first.exitCode == 0)
        let (a, b) = (try first.json(), try second.json())
        #expect(a.without(isMeasured) == b.without(isMeasured))
        let rows = try #require(a["rows"]).entries
        #expect(
            rows.map { $0["scheme"]?.text } == [
                "plain", "additive", "shamir", "peer-to-peer", "secagg", "secagg+", "paillier",
            ])
        for row in rows {
            #expect(row["max_sum_error"] == .integer(0))
            #expect(row["rounds_completed"] == .integer(2))
            #expect((0...1).contains(row["accuracy"]?.number ?? -1))
            #expect(row["epsilon"] == .null)
        }
        // Every scheme sums the same integers.
        #expect(Set(rows.map { $0["accuracy"]?.number }).count == 1)
        #expect(rows.allSatisfy { $0["gap_to_plain"]?.number == 0 })
        // And another seed is another run.
        let other = try FedsumProgram.run(["compare", "--seed", "8", "--rounds", "2", "--json"] + Self.small)
        #expect(try other.json().without(isMeasured) != a.without(isMeasured))
    }

    @Test func `the comparison of the standard task repeats too`() throws {
        let arguments = [
            "compare", "--seed", "7", "--rounds", "2", "--local-epochs", "1", "--json", "--schemes", "plain,secagg",
        ]
        let (first, second) = (try FedsumProgram.run(arguments), try FedsumProgram.run(arguments))
        #expect(first.exitCode == 0)
        #expect(try first.json().without(isMeasured) == second.json().without(isMeasured))
    }

    @Test func `reports in a folder hold what standard output says`() throws {
        let scratch = try Scratch()
        let out = "\(scratch.path)/report"
        let run = try FedsumProgram.run(
            ["compare", "--seed", "7", "--rounds", "1", "--json", "--out", out, "--schemes", "plain"] + Self.small
        )
        #expect(run.exitCode == 0)
        #expect(try JSON(Data(contentsOf: URL(fileURLWithPath: "\(out)/report.json"))) == run.json())
        for name in ["report.md", "report.csv"] {
            #expect(try !String(contentsOfFile: "\(out)/\(name)", encoding: .utf8).isEmpty)
        }
    }

    // MARK: Configuration

    private func rounds(_ arguments: String...) throws -> Int {
        let run = try FedsumProgram.run(["train", "--seed", "1", "--json"] + arguments)
        #expect(run.exitCode == 0, "\(run.errors)")
        return try #require(try run.json()["rounds"]).entries.count
    }

    @Test func `flags come from a file, from --set and from the command line, and the last one wins`() throws {
        let scratch = try Scratch()
        let file = try scratch.file(
            "run.toml",
            """
            dataset = "breast-cancer"
            model = "softmax"
            clients = 4
            local_epochs = 1
            scheme = "plain"
            rounds = 1
            """
        )
        #expect(try rounds("--config", file) == 1)
        #expect(try rounds("--config=\(file)") == 1)
        #expect(try rounds("--config", file, "--set", "rounds=2") == 2)
        #expect(try rounds("--set", "rounds=2", "--config", file) == 2)
        #expect(try rounds("--set", "rounds=3", "--config", file, "--set", "rounds=2") == 2)
        #expect(try rounds("--config", file, "--set", "rounds=2", "--rounds", "3") == 3)
        #expect(try rounds("--rounds", "3", "--config", file) == 3)

        let broken = try scratch.file("broken.toml", "rounds = = 1")
        #expect(try FedsumProgram.run("train", "--config", broken).exitCode == 64)
        let unknown = try scratch.file("unknown.toml", "laps = 1")
        #expect(try FedsumProgram.run("train", "--config", unknown).exitCode == 64)
        let senseless = try scratch.file("senseless.toml", "rounds = \"many\"")
        #expect(try FedsumProgram.run("train", "--config", senseless).exitCode == 64)
    }

    // MARK: Checkpoints

    private func train(_ arguments: [String]) throws -> FedsumProgram.Result {
        try FedsumProgram.run(["train", "--seed", "5", "--json"] + Self.small + arguments)
    }

    @Test(arguments: SumCommandTests.schemes)
    func `a run that was interrupted and resumed ends with the same parameters`(scheme: String) throws {
        let scratch = try Scratch()
        let checkpoint = "\(scratch.path)/model.checkpoint"
        let whole = try train(["--scheme", scheme, "--rounds", "4"]).json()
        let half = try train(["--scheme", scheme, "--rounds", "2", "--checkpoint", checkpoint])
        #expect(half.exitCode == 0)
        let resumed = try train(["--scheme", scheme, "--rounds", "4", "--checkpoint", checkpoint, "--resume"])
        #expect(resumed.exitCode == 0, "\(resumed.errors)")
        let document = try resumed.json()
        #expect(document["parameters_sha256"]?.text != nil)
        #expect(document["parameters_sha256"] == whole["parameters_sha256"])
        #expect(try document["parameters_sha256"] != half.json()["parameters_sha256"])
        #expect(document["accuracy"] == whole["accuracy"])
        #expect(document["rounds"]?.entries.map { $0["round"] } == [.integer(3), .integer(4)])
    }

    @Test func `a checkpoint that is there is not written over without --resume`() throws {
        let scratch = try Scratch()
        let checkpoint = "\(scratch.path)/model.checkpoint"
        #expect(try train(["--scheme", "plain", "--rounds", "1", "--checkpoint", checkpoint]).exitCode == 0)
        let good = try Data(contentsOf: URL(fileURLWithPath: checkpoint))
        let again = try train(["--scheme", "plain", "--rounds", "1", "--checkpoint", checkpoint])
        #expect(again.exitCode == 64 && again.errors.contains("--resume"))
        #expect(try Data(contentsOf: URL(fileURLWithPath: checkpoint)) == good)
    }

    @Test func `a checkpoint that is damaged, or of another run, is refused and left as it is`() throws {
        let scratch = try Scratch()
        let checkpoint = "\(scratch.path)/model.checkpoint"
        #expect(try train(["--scheme", "plain", "--rounds", "1", "--checkpoint", checkpoint]).exitCode == 0)
        let good = try Data(contentsOf: URL(fileURLWithPath: checkpoint))
        var document = try JSON(good)
        document["nextRound"] = .integer(-1)
        var foreign = try JSON(good)
        foreign["fingerprint"] = .string("0")
        var short = try JSON(good)
        short["parameterBytes"] = .string("AAAAAA==")
        let damaged = [
            Data(), Data(good.dropLast(1)), Data(good.prefix(good.count / 2)), Data("{}".utf8), try document.data(),
            try foreign.data(), try short.data(), Data(good.reversed()),
        ]
        for bytes in damaged {
            try scratch.file("model.checkpoint", bytes)
            let run = try train(["--scheme", "plain", "--rounds", "2", "--checkpoint", checkpoint, "--resume"])
            #expect(run.exitCode == 64)
            #expect(run.output.isEmpty)
            #expect(try Data(contentsOf: URL(fileURLWithPath: checkpoint)) == bytes)
        }
        // Other flags are another run.
        try scratch.file("model.checkpoint", good)
        for flags in [
            ["--scheme", "secagg"], ["--scheme", "plain", "--bits", "20"], ["--scheme", "plain", "--clip", "2"],
        ] {
            let run = try train(["--rounds", "2", "--checkpoint", checkpoint, "--resume"] + flags)
            #expect(run.exitCode == 64)
            #expect(try Data(contentsOf: URL(fileURLWithPath: checkpoint)) == good)
        }
        // And one that is not there is not made up.
        let run = try train(["--scheme", "plain", "--rounds", "2", "--checkpoint", checkpoint + "x", "--resume"])
        #expect(run.exitCode == 64)
        #expect(!FileManager.default.fileExists(atPath: checkpoint + "x"))
    }

    @Test func `a flipped bit in the saved parameters is noticed`() throws {
        let scratch = try Scratch()
        let checkpoint = "\(scratch.path)/model.checkpoint"
        #expect(try train(["--scheme", "plain", "--rounds", "1", "--checkpoint", checkpoint]).exitCode == 0)
        var document = try JSON(Data(contentsOf: URL(fileURLWithPath: checkpoint)))
        let base64 = try #require(document["parameterBytes"]?.text)
        document["parameterBytes"] = .string((base64.first == "A" ? "B" : "A") + base64.dropFirst())
        let changed = try document.data()
        try scratch.file("model.checkpoint", changed)
        let run = try train(["--scheme", "plain", "--rounds", "2", "--checkpoint", checkpoint, "--resume"])
        #expect(run.exitCode == 64)
        #expect(try Data(contentsOf: URL(fileURLWithPath: checkpoint)) == changed)
    }
}
