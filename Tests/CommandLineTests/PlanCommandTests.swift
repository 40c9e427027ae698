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

    // MARK: Noise

    /// The keys that only a plan with noise fills.
    static let noiseKeys = [
        "epsilon", "epsilon_coordinator", "delta", "accountant", "clip", "rounds", "sampling_rate", "noise_multiplier",
        "noise_standard_deviation", "released_noise_standard_deviation", "local_variance", "integers_per_unit",
        "cohort_minimum", "cohort_mean", "cohort_maximum", "minimum_contributors_with_noise", "participation_cap",
        "modulus_bits_with_noise", "upload_bytes_per_parameter_with_noise", "is_rotated",
    ]

    @Test(arguments: ["central", "local", "distributed"])
    func `noise is what the analytic Gaussian asks for, and the rest is as without it`(mode: String) throws {
        let flags = ["plan", "--clients", "1000", "--dimension", "300", "--json"]
        let without = try FedsumProgram.run(flags).json()
        #expect(without["dp"] == .string("none") && Self.noiseKeys.allSatisfy { without[$0] == .null })
        // analytic_gaussian.json, ε = 0.1, δ = 1e-5: 30.749566131977450.
        let run = try FedsumProgram.run(
            flags + ["--epsilon", "0.1", "--delta", "1e-5", "--clip", "0.5", "--bits", "16", "--dp", mode])
        #expect(run.exitCode == 0, "\(run.errors)")
        let plan = try run.json()
        #expect(
            plan.without { Self.noiseKeys.contains($0) || $0 == "dp" }
                == without.without { Self.noiseKeys.contains($0) || $0 == "dp" })
        #expect(plan["dp"] == .string(mode))
        func number(_ key: String) throws -> Double { try #require(plan[key]?.number, "\(key)") }

        let sigma = try number("noise_standard_deviation") / 0.5
        let least = 30.749566131977450 * (mode == "local" ? 2 : 1)
        #expect(sigma >= least && sigma < least * (mode == "local" ? 1.2 : 1.01))
        #expect(try number("epsilon") <= 0.1 && number("epsilon") > 0.0999)
        #expect(plan["epsilon_coordinator"] == (mode == "central" ? .null : plan["epsilon"]))
        for key in ["cohort_minimum", "cohort_mean", "cohort_maximum"] { #expect(plan[key] == .integer(1000)) }
        #expect(plan["participation_cap"] == .integer(1))
        #expect(plan["minimum_contributors_with_noise"] == .integer(mode == "distributed" ? 900 : 1))
        // Of σ² in integers each of 1000 clients has 1/800 with shares, and all of it without.
        let variance = try pow(number("noise_standard_deviation") * number("integers_per_unit"), 2)
        let local = plan["local_variance"]?.number
        switch mode {
        case "central": #expect(local == nil)
        case "local": #expect(try abs(#require(local) / variance - 1) < 1e-9)
        default: #expect(try abs(#require(local) * 800 / variance - 1) < 1e-9)
        }
        let released = try number("released_noise_standard_deviation") / number("noise_standard_deviation")
        let shares = mode == "central" ? 1 : mode == "local" ? 1000 : 1 / 0.8
        #expect(abs(released * released - shares) < 1e-9 * shares)
        let elements = plan["is_rotated"] == .bool(true) ? 512.0 : 300
        #expect(
            try abs(
                number("upload_bytes_per_parameter_with_noise")
                    - number("modulus_bits_with_noise") / 8 * elements / 300) < 1e-12)

        let text = try FedsumProgram.run(flags.dropLast() + ["--epsilon", "0.1", "--dp", mode]).output
        #expect(text.contains("Noise (\(mode)) for ε = 0.1") && text.contains("σ = "))
        #expect(text.contains("abort  ") == (mode == "distributed"))
    }

    @Test func `with sampling, the graph is that of the smallest cohort and the ring that of the largest`() throws {
        let run = try FedsumProgram.run(
            "plan", "--clients", "1000", "--sampling-rate", "0.5", "--rounds", "30", "--epsilon", "8", "--delta",
            "1e-5", "--dimension", "10", "--json")
        #expect(run.exitCode == 0, "\(run.errors)")
        let plan = try run.json()
        // Binomial tails in 60 digits, by Python.
        #expect(plan["cohort_minimum"] == .integer(402) && plan["cohort_maximum"] == .integer(597))
        #expect(plan["cohort_mean"] == .integer(500) && plan["participation_cap"] == .integer(24))
        #expect(plan["minimum_contributors_with_noise"] == .integer(450))
        #expect(plan["clients"] == .integer(1000) && plan["graph_clients"] == .integer(402))
        let small = try FedsumProgram.run("plan", "--clients", "402", "--json").json()
        for key in ["neighbors", "threshold", "adversaries", "dropouts", "cut_floor"] {
            #expect(plan[key] == small[key], "\(key)")
        }
        // 597 · 65,535 is above 2^25, and 402 · 65,535 is not.
        #expect(plan["modulus_bits"] == .integer(26) && small["modulus_bits"] == .integer(25))
        let coordinator = try #require(plan["epsilon_coordinator"]?.number)
        #expect(try coordinator > #require(plan["epsilon"]?.number))
        let text = try FedsumProgram.run(
            "plan", "--clients", "1000", "--sampling-rate", "0.5", "--epsilon", "8", "--dimension", "10"
        ).output
        #expect(text.contains(", the smallest cohort that is accepted of 1000, against"))
    }

    @Test(arguments: [
        (["--clients", "20", "--sampling-rate", "0.1"], "P(cohort < 3) ≤ "),
        // Eight integers to the clipping norm, shared by a thousand.
        (["--clients", "1000", "--bits", "4"], "take more --bits"),
    ])
    func `says what noise cannot do`(flags: [String], reason: String) throws {
        for json in [[], ["--json"]] {
            let run = try FedsumProgram.run(["plan", "--epsilon", "8", "--dimension", "10"] + flags + json)
            #expect(run.exitCode == 1)
            #expect(run.output.isEmpty)
            #expect(run.errors.contains(reason), "\(run.errors)")
        }
    }

    @Test(arguments: [
        (["--epsilon", "0", "--dimension", "9"], "ε must be above 0"), (["--epsilon", "8"], "needs --dimension"),
        (["--epsilon", "8", "--dimension", "9", "--delta", "0"], "0 < δ < 1"),
        (["--epsilon", "8", "--dimension", "9", "--clip", "0"], "above 0"),
        (["--epsilon", "8", "--dimension", "9", "--rounds", "0"], "at least one round"),
        (["--epsilon", "8", "--dimension", "9", "--sampling-rate", "1.5"], "sampling rate"),
        (["--epsilon", "8", "--dimension", "9", "--dp", "perhaps"], "perhaps"),
        (["--epsilon", "8", "--dimension", "9", "--dp", "none"], "not none"),
        (["--epsilon", "8", "--dimension", "9", "--bits", "3"], "between 4 and 32"),
        (["--epsilon", "8", "--dimension", "9", "--adversary-fraction", "0.5", "--dropout-fraction", "0.5"], "≤ 0.9"),
        (["--delta", "1e-5"], "needs --epsilon"), (["--clip", "1"], "needs --epsilon"),
        (["--rounds", "9"], "needs --epsilon"), (["--sampling-rate", "0.5"], "needs --epsilon"),
        (["--dp", "central"], "needs --epsilon"),
    ])
    func `flags of noise that make no sense are wrong usage`(flags: [String], reason: String) throws {
        let run = try FedsumProgram.run(["plan", "--clients", "500"] + flags)
        #expect(run.exitCode == 64, "\(run.errors)")
        #expect(run.output.isEmpty)
        #expect(run.errors.contains(reason), "\(run.errors)")
    }
}
