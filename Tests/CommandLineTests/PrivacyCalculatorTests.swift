// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

@Suite struct PrivacyCalculatorTests {
    /// dp-accounting's PLD gives 6.18772 and prv-accountant at least 6.17738; exact Rényi orders give 6.712738.
    @Test func `epsilon prints bounds, and whom they are against`() throws {
        let flags = [
            "epsilon", "--noise-multiplier", "1", "--sampling-rate", "0.01", "--steps", "10000", "--delta", "1e-5",
        ]
        let run = try FedsumProgram.run(flags + ["--json"])
        #expect(run.exitCode == 0, "\(run.errors)")
        let document = try run.json()
        let (epsilon, lower) = try (
            #require(document["epsilon"]?.number), #require(document["lower_bound"]?.number)
        )
        #expect((6.17738...6.18875).contains(epsilon) && lower <= epsilon && lower > 6.17)
        #expect(document["accountant"] == .string("pld") && document["kind"] == .string("bound"))
        #expect(document["adjacency"] == .string("add-or-remove-user"))
        #expect(document["observer"] == .string("results-only"))
        #expect(document["epsilon_coordinator"] == .null)
        let renyi = try FedsumProgram.run(flags + ["--accountant", "rdp", "--json"]).json()
        #expect(try abs(#require(renyi["epsilon"]?.number) - 6.712738) < 1e-5)
        #expect(renyi["lower_bound"] == .null)
        let text = try FedsumProgram.run(flags)
        #expect(text.output.contains("ε = 6.1878") && text.output.contains("neither who took part nor how many did"))
    }

    @Test func `against the coordinator sampling does not count`() throws {
        let run = try FedsumProgram.run(
            "epsilon", "--noise-multiplier", "1.13", "--sampling-rate", "0.1", "--steps", "200", "--delta", "1e-5",
            "--participations", "20", "--json")
        #expect(try #require(run.json()["epsilon_coordinator"]?.number).rounded() == 24)
    }

    /// dp-accounting: 1.41463 by PLD, 1.51313 by Rényi; Balle and Wang's own mechanism at rate 1.
    @Test func `calibrate never exceeds its target`() throws {
        for (accountant, expected) in [("pld", 1.41463), ("rdp", 1.51313)] {
            let run = try FedsumProgram.run(
                "calibrate", "--epsilon", "1", "--delta", "1e-5", "--sampling-rate", "0.01", "--steps", "1000",
                "--accountant", accountant, "--json")
            #expect(run.exitCode == 0, "\(run.errors)")
            let document = try run.json()
            #expect(try abs(#require(document["noise_multiplier"]?.number) / expected - 1) < 1e-3)
            #expect(try #require(document["epsilon"]?.number) <= 1)
            #expect(document["accountant"] == .string(accountant))
        }
        let analytic = try FedsumProgram.run(
            "calibrate", "--epsilon", "1", "--delta", "1e-5", "--accountant", "analytic", "--json")
        #expect(try abs(#require(analytic.json()["noise_multiplier"]?.number) - 3.7306316348159418) < 1e-8)
    }

    @Test(arguments: [
        ["epsilon", "--noise-multiplier", "0", "--delta", "1e-5"],
        ["epsilon", "--noise-multiplier", "nan", "--delta", "1e-5"],
        ["epsilon", "--noise-multiplier", "1", "--delta", "0"],
        ["epsilon", "--noise-multiplier", "1", "--delta", "1e-5", "--sampling-rate", "1.5"],
        ["epsilon", "--noise-multiplier", "1", "--delta", "1e-5", "--sampling-rate", "0"],
        ["epsilon", "--noise-multiplier", "1", "--delta", "1e-5", "--steps", "0"],
        ["epsilon", "--noise-multiplier", "1", "--delta", "1e-5", "--accountant", "clt"],
        [
            "epsilon", "--noise-multiplier", "1", "--delta", "1e-5", "--sampling-rate", "0.5", "--accountant",
            "analytic",
        ],
        ["epsilon", "--noise-multiplier", "1", "--delta", "1e-5", "--participations", "-1"],
        ["calibrate", "--epsilon", "0", "--delta", "1e-5"],
        ["calibrate", "--epsilon", "1", "--delta", "1"],
        ["calibrate", "--epsilon", "1", "--delta", "1e-5", "--steps", "0"],
    ])
    func `what makes no sense is refused`(arguments: [String]) throws {
        let run = try FedsumProgram.run(arguments)
        #expect(run.exitCode == 64, "\(arguments): \(run.output)")
        #expect(run.output.isEmpty && !run.errors.isEmpty)
    }
}
