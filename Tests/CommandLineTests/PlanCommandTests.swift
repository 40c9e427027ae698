// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

@Suite struct PlanCommandTests {
    /// Published by google-parfait/federated-compute (the first four), or from its formulas in exact integers.
    @Test(arguments: [
        (100, 0.05, 0.05, "curious", 12, 6), (10_000, 0.33, 0.05, "semi-malicious", 178, 146),
        (100_000, 0.3, 0.3, "semi-malicious", 9388, 6286), (1_000_000, 0.33, 0.33, "curious", 518, 270),
        (100, 0.1, 0.1, "semi-malicious", 32, 22), (1000, 0.1, 0.1, "active", 96, 67),
        (10_000, 0.33, 0.33, "semi-malicious", 9872, 6584), (1000, 0.33, 0.1, "curious", 102, 72),
    ])
    func `prints the known answers`(
        clients: Int, adversaries: Double, dropouts: Double, threat: String, neighbors: Int, threshold: Int
    ) throws {
        let flags = [
            "plan", "--clients", "\(clients)", "--adversary-fraction", "\(adversaries)", "--dropout-fraction",
            "\(dropouts)", "--threat", threat,
        ]
        let run = try FedsumProgram.run(flags + ["--bits", "16", "--json"])
        #expect(run.exitCode == 0, "\(run.errors)")
        let plan = try run.json()
        #expect(plan["neighbors"] == .integer(neighbors))
        #expect(plan["threshold"] == .integer(threshold))
        #expect(plan["threat"] == .string(threat))
        #expect(plan["clients"] == .integer(clients))
        // The least b with N · (2^16 − 1) < 2^b.
        let bits = try #require((1...64).first { clients * 65_535 < 1 << $0 })
        #expect(plan["modulus_bits"] == .integer(bits))
        #expect(plan["upload_bytes_per_parameter"]?.number == Double(bits) / 8)
        #expect(plan["complete_graph_is_default"] == .bool(clients <= 100))
        #expect(plan["cut_floor"] == (threat == "curious" ? .null : .integer((3 * threshold - neighbors + 1) / 2)))
        let text = try FedsumProgram.run(flags)
        #expect(text.exitCode == 0)
        #expect(text.output.contains("k = \(neighbors) ") && text.output.contains("t = \(threshold) "))
    }

    /// A third may collude and a third be lost: 2t > 98 + 33 and t ≤ 98 − 33 exclude each other.
    @Test(arguments: ["semi-malicious", "active"])
    func `says the inequality that cannot hold, and the way out`(threat: String) throws {
        for json in [[], ["--json"]] {
            let run = try FedsumProgram.run(
                [
                    "plan", "--clients", "100", "--adversary-fraction", "0.33", "--dropout-fraction", "0.33",
                    "--threat", threat,
                ] + json)
            #expect(run.exitCode == 1)
            #expect(run.output.isEmpty)
            #expect(run.errors.contains("66 ≤ t ≤ 65 does not hold"))
            #expect(run.errors.contains("k = 98"))
            #expect(run.errors.contains("--schemes secagg --threshold 67"))
        }
    }

    @Test func `what neither graph can do is said of both`() throws {
        let run = try FedsumProgram.run(
            "plan", "--clients", "10", "--adversary-fraction", "0.6", "--dropout-fraction", "0.5", "--threat", "curious"
        )
        #expect(run.exitCode == 1)
        #expect(run.errors.contains("< 2^-41 does not hold"))
        #expect(run.errors.contains("7 ≤ t ≤ 5 does not hold"))
        let few = try FedsumProgram.run(
            "plan", "--clients", "3", "--adversary-fraction", "0", "--dropout-fraction", "0")
        #expect(few.exitCode == 1)
        #expect(few.errors.contains("2 ≤ k ≤ N − 2"))
    }

    @Test func `counts what a client sends`() throws {
        let run = try FedsumProgram.run(
            "plan", "--clients", "1000", "--dimension", "1000003", "--max-weight", "100", "--threat", "curious",
            "--json")
        let plan = try run.json()
        let neighbors = try #require(plan["neighbors"]?.number)
        // 1000 · 100 · 65,535 < 2^33.
        #expect(plan["modulus_bits"] == .integer(33))
        #expect(plan["upload_bytes_vector"] == .integer((33 * 1_000_003 + 7) / 8))
        // Four headers of 34 bytes, 97 of keys, 5 before the vector, two lists of 3 + 92 and 3 + 36 bytes a neighbor.
        #expect(plan["upload_bytes_keys_and_shares"]?.number == 4 * 34 + 97 + 5 + 6 + 128 * neighbors)
        let signed = try FedsumProgram.run("plan", "--clients", "1000", "--threat", "active", "--json").json()
        let more = try #require(signed["neighbors"]?.number)
        // And two signatures, one of them with a header.
        #expect(signed["upload_bytes_keys_and_shares"]?.number == 5 * 34 + 97 + 5 + 6 + 128 * more + 128)
        #expect(signed["upload_bytes_vector"] == .null)
    }

    @Test func `probabilities are powers of two below what is asked`() throws {
        let plan = try FedsumProgram.run("plan", "--clients", "10000", "--json").json()
        // From the integers of Tests/Vectors/reference/plan.py.
        for (name, log2) in [
            ("disconnected", -262.083947469), ("exposed", -43.968744803), ("stranded", -20.365629878),
            ("hidden_cut", -90.316952271), ("broken_circle", -54.235667421), ("false_statement", -10.684928148),
        ] {
            let ours = try #require(plan["log2_probability_\(name)"]?.number)
            #expect(abs(ours - log2) < 1.1e-9, "\(name)")
        }
        #expect(plan["minimum_contributors"] == .integer(3))
        #expect(plan["complete_graph_threshold"] == .integer(5501))
    }

    @Test func `says for which plans the proof holds`() throws {
        for (clients, isProved) in [("150", false), ("10000", true)] {
            let plan = try FedsumProgram.run("plan", "--clients", clients, "--json").json()
            #expect(plan["proved"] == .bool(isProved))
            let overrun = try #require(plan["log2_probability_overrun"]?.number)
            #expect((overrun < -41) == isProved)
            let text = try FedsumProgram.run("plan", "--clients", clients).output
            #expect(
                text.contains(
                    isProved ? "it is proved that no smaller sum" : "is proved of the complete graph (secagg), not of"))
        }
        let curious = try FedsumProgram.run("plan", "--clients", "150", "--threat", "curious", "--json").json()
        #expect(curious["log2_probability_overrun"] == .null && curious["proved"] == .bool(true))
    }

    @Test(arguments: [
        ["--clients", "2"], ["--clients", "0"], ["--clients", "-1"], ["--clients", "1000001"], ["--clients", "x"], [],
        ["--clients", "100", "--adversary-fraction", "1"], ["--clients", "100", "--adversary-fraction", "-0.1"],
        ["--clients", "100", "--dropout-fraction", "nan"], ["--clients", "100", "--dropout-fraction", "1"],
        ["--clients", "100", "--threat", "lunch"], ["--clients", "100", "--bits", "0"],
        ["--clients", "100", "--bits", "33"], ["--clients", "100", "--max-weight", "0"],
        ["--clients", "100", "--dimension", "0"], ["--clients", "100", "--security-bits", "0"],
        ["--clients", "100", "--failure-bits", "129"], ["--clients", "100", "--seed", "1"],
        ["--clients", "1000000", "--bits", "32", "--max-weight", "1000000"],
    ])
    func `what makes no sense is wrong usage`(flags: [String]) throws {
        let run = try FedsumProgram.run(["plan"] + flags)
        #expect(run.exitCode == 64, "\(run.errors)")
        #expect(run.output.isEmpty)
        #expect(!run.errors.isEmpty)
    }
}
