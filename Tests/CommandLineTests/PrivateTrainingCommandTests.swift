// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

@Suite("Differential privacy of compare and train")
struct PrivateTrainingCommandTests {
    private static let small = [
        "--model", "softmax", "--clients", "60", "--local-epochs", "1", "--clip", "0.3", "--seed", "7", "--json",
    ]

    private func isMeasured(_ key: String) -> Bool { key.contains("seconds") }

    @Test func `compare has every mode over schemes, with its ε`() throws {
        let arguments =
            ["compare", "--schemes", "plain,additive,secagg", "--dp", "all", "--epsilon", "5", "--rounds", "2"]
            + Self.small
        let run = try FedsumProgram.run(arguments)
        #expect(run.exitCode == 0, "\(run.errors)")
        let document = try run.json()
        let rows = try #require(document["rows"]).entries
        #expect(rows.map { $0["dp"]?.text } == ["none", "central", "local", "distributed"].flatMap { [$0, $0, $0] })
        for row in rows {
            #expect(row["max_sum_error"] == .integer(0) && row["rounds_completed"] == .integer(2))
            #expect(row["gap_to_plain"]?.number == 0)
            guard row["dp"]?.text != "none" else {
                for key in ["epsilon", "epsilon_coordinator", "delta", "accountant", "epsilon_is"] {
                    #expect(row[key] == .null)
                }
                continue
            }
            let epsilon = try #require(row["epsilon"]?.number)
            #expect(epsilon <= 5 && epsilon > 4.99)
            #expect(row["delta"]?.number == 1e-5 && row["epsilon_is"]?.text == "simulation")
            #expect(row["accountant"]?.text == (row["dp"]?.text == "local" ? "rdp" : "pld"))
            switch (row["dp"]?.text, row["scheme"]?.text) {
            case ("central", _), ("distributed", "plain"): #expect(row["epsilon_coordinator"] == .null)
            // Everybody takes part in every round: knowing who did says nothing more.
            default: #expect(abs((row["epsilon_coordinator"]?.number ?? 0) - epsilon) < 0.01)
            }
        }
        // Noise costs accuracy, and local noise most.
        let accuracies = rows.compactMap { $0["accuracy"]?.number }
        #expect(accuracies[0] > accuracies[3] && accuracies[3] > accuracies[6] && accuracies[9] > accuracies[6])
        #expect(try FedsumProgram.run(arguments).json().without(isMeasured) == document.without(isMeasured))
    }

    @Test func `sampled clients cost less, but not against the coordinator`() throws {
        let run = try FedsumProgram.run(
            [
                "train", "--scheme", "secagg", "--dp", "distributed", "--rounds", "6", "--sampling-rate", "0.5",
                "--epsilon", "4",
            ] + Self.small)
        #expect(run.exitCode == 0, "\(run.errors)")
        let document = try run.json()
        let epsilon = try #require(document["epsilon"]?.number)
        #expect(epsilon <= 4 && epsilon > 3.99 && document["stop_reason"]?.text == "round limit")
        #expect(try #require(document["epsilon_coordinator"]?.number) > 5)
        let rounds = try #require(document["rounds"]).entries
        let spent = rounds.compactMap { $0["epsilon"]?.number }
        #expect(spent.count == 6 && zip(spent, spent.dropFirst()).allSatisfy { $0 < $1 } && spent.last == epsilon)
        #expect(Set(rounds.map { $0["contributors"]?.number }).count > 1)
        #expect(rounds.allSatisfy { $0["training_loss"] == .null })
    }

    @Test func `training stops when ε is spent, and stays stopped across a resumption`() throws {
        let scratch = try Scratch()
        let path = "\(scratch.path)/run"
        let flags = [
            "train", "--scheme", "plain", "--dp", "central", "--noise-multiplier", "3", "--epsilon", "3",
            "--sampling-rate", "0.5", "--features", "gradients", "--server-momentum", "0.5",
        ]
        func run(_ more: String...) throws -> FedsumProgram.Result {
            try FedsumProgram.run(flags + Self.small + more)
        }
        let whole = try run("--rounds", "100").json()
        #expect(whole["stop_reason"]?.text == "privacy budget")
        let count = try #require(whole["rounds"]).entries.count
        #expect(count > 8 && count < 100)
        #expect(try #require(whole["epsilon"]?.number) <= 3)

        #expect(try run("--rounds", "4", "--checkpoint", path).exitCode == 0)
        let second = try run("--rounds", "100", "--checkpoint", path, "--resume")
        let resumed = try second.json()
        #expect(second.exitCode == 0, "\(second.errors)")
        #expect(resumed["stop_reason"]?.text == "privacy budget")
        #expect(try #require(resumed["rounds"]).entries.count == count - 4)
        #expect(resumed["parameters_sha256"] == whole["parameters_sha256"])
        // The shares of δ for failures are of as many rounds as were planned, 4 and 100.
        #expect(abs(try #require(resumed["epsilon"]?.number) - (try #require(whole["epsilon"]?.number))) < 1e-3)
        let third = try run("--rounds", "100", "--checkpoint", path, "--resume")
        #expect(third.exitCode == 0)
        #expect(try third.json()["rounds"]?.entries.isEmpty == true)
        #expect(try third.json()["stop_reason"]?.text == "privacy budget")

        // Without its ledger, or with a damaged one, nothing goes on.
        let ledger = path + ".ledger"
        let bytes = try Data(contentsOf: URL(fileURLWithPath: ledger))
        var damaged = bytes
        damaged[damaged.count / 2] ^= 1
        try damaged.write(to: URL(fileURLWithPath: ledger))
        let refused = try run("--rounds", "100", "--checkpoint", path, "--resume")
        #expect(refused.exitCode == 1 && refused.errors.contains("ledger"))
        try FileManager.default.removeItem(atPath: ledger)
        #expect(try run("--rounds", "100", "--checkpoint", path, "--resume").exitCode == 1)
        // And a ledger without its checkpoint is not begun anew.
        try bytes.write(to: URL(fileURLWithPath: ledger))
        try FileManager.default.removeItem(atPath: path)
        let anew = try run("--rounds", "100", "--checkpoint", path)
        #expect(anew.exitCode == 64 && anew.errors.contains(".ledger"))
        #expect(try Data(contentsOf: URL(fileURLWithPath: ledger)) == bytes)
    }

    @Test func `a private run has its checkpoint before its first round`() throws {
        let scratch = try Scratch()
        let path = "\(scratch.path)/run"
        // Not one round is within the budget, as if the run had been killed in it.
        let flags = [
            "train", "--scheme", "plain", "--dp", "central", "--noise-multiplier", "0.5", "--epsilon", "0.1",
            "--rounds", "3", "--checkpoint", path,
        ]
        let first = try FedsumProgram.run(flags + Self.small)
        #expect(first.exitCode == 0, "\(first.errors)")
        #expect(FileManager.default.fileExists(atPath: path + ".ledger"))
        let resumed = try FedsumProgram.run(flags + Self.small + ["--resume"])
        #expect(resumed.exitCode == 0, "\(resumed.errors)")
        let document = try resumed.json()
        #expect(document["rounds"]?.entries.isEmpty == true && document["epsilon"]?.number == 0)
        #expect(try first.json()["parameters_sha256"] == document["parameters_sha256"])
    }

    @Test func `rounds that lose too many for their noise are aborted`() throws {
        let flags = ["train", "--scheme", "secagg", "--dp", "distributed", "--rounds", "2", "--dropout", "0.2"]
        let enough = try FedsumProgram.run(flags + Self.small).json()
        #expect(try #require(enough["rounds"]).entries.allSatisfy { $0["aborted"] == .null })
        let tooFew = try FedsumProgram.run(flags + ["--lost-share", "0.1"] + Self.small)
        #expect(tooFew.exitCode == 1)
        let rounds = try #require(tooFew.json()["rounds"]).entries
        #expect(rounds.count == 2 && rounds.allSatisfy { $0["aborted"]?.text?.contains("noise") == true })
        // Paid for nevertheless.
        #expect(rounds.allSatisfy { ($0["epsilon"]?.number ?? 0) > 0 })
    }

    @Test(arguments: [
        (["--dp", "central", "--target-accuracy", "0.9"], "paid for"),
        (["--dp", "central", "--loss-tolerance", "0.1"], "paid for"),
        (["--dp", "central", "--clients-per-round", "5"], "--sampling-rate"),
        (["--dp", "distributed", "--weights", "count"], "--max-weight"),
        (["--sampling-rate", "0.5"], "--dp"),
        (["--noise-multiplier", "1"], "--dp"),
        (["--dp", "distributed", "--sampling-rate", "0.05"], "--clients"),
        (["--dp", "distributed", "--participations", "1"], "--rounds"),
        (["--dp", "distributed", "--insecure-continuous-noise"], "central"),
        (["--dp", "distributed", "--lost-share", "0.6", "--colluding-share", "0.6"], "at most 0.9"),
        (["--dp", "central", "--epsilon", "0"], "ε"),
        (["--dp", "central", "--delta", "1"], "δ"),
        (["--dp", "everywhere"], "distributed"),
        (["--features", "edges"], "gradients"),
        (["--features", "gradients:3"], "cell"),
        (["--server-momentum", "1"], "below 1"),
    ])
    func `what makes no sense is refused with what would`(flags: [String], hint: String) throws {
        let run = try FedsumProgram.run(["train", "--scheme", "plain", "--rounds", "3"] + flags + Self.small)
        #expect(run.exitCode == 64 && run.errors.contains(hint), "\(run.errors)")
    }

    @Test func `weights with a bound, and continuous noise, train`() throws {
        let weighted = try FedsumProgram.run(
            ["train", "--scheme", "plain", "--dp", "distributed", "--max-weight", "30", "--rounds", "2"] + Self.small)
        #expect(weighted.exitCode == 0, "\(weighted.errors)")
        let continuous = try FedsumProgram.run(
            ["train", "--scheme", "plain", "--dp", "central", "--insecure-continuous-noise", "--rounds", "2"]
                + Self.small)
        #expect(continuous.exitCode == 0, "\(continuous.errors)")
        #expect(try continuous.json()["modulus_bits"] == .integer(64))
    }
}
