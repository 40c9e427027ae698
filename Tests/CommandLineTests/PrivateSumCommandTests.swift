// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

@Suite struct PrivateSumCommandTests {
    static let modes = ["central", "local", "distributed"]

    /// Ten short vectors, of which the ninth and the tenth are longer than 2.
    private func files(_ scratch: Scratch) throws -> [String] {
        try (0..<10).map { client in
            let length = client < 8 ? 0.25 : 4.0
            let values = [length, -length / 2, 0.125 * Double(client % 3), 0]
            return try scratch.file("v\(client).csv", values.map { "\($0)" }.joined(separator: ","))
        }
    }

    private func run(_ files: [String], _ flags: [String]) throws -> FedsumProgram.Result {
        try FedsumProgram.run(["sum"] + files + flags + ["--json"])
    }

    private func number(_ document: JSON, _ key: String) throws -> Double { try #require(document[key]?.number) }

    // MARK: The noise

    /// The smallest standard deviation there is, from Tests/Vectors: mpmath, 50 digits.
    private func analytic() throws -> [(epsilon: String, delta: String, sigma: Double)] {
        let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        let document = try JSON(
            Data(contentsOf: folder.appending(path: "Vectors/differential-privacy/analytic_gaussian.json")))
        return try #require(document["rows"]).entries.filter { $0["l2_sensitivity"]?.text == "1" }.map {
            (
                try #require($0["epsilon"]?.text), try #require($0["delta"]?.text),
                try #require(Double($0["sigma_analytic"]?.text ?? ""))
            )
        }
    }

    @Test func `noise is that of the analytic Gaussian, and at most one percent more`() throws {
        let scratch = try Scratch()
        let vectors = try files(scratch)
        let rows = try analytic()
        #expect(rows.count >= 8)
        for row in rows {
            let flags = ["--scheme", "plain", "--epsilon", row.epsilon, "--delta", row.delta, "--clip", "2"]
            let central = try run(vectors, flags + ["--dp", "central"]).json()
            #expect(try number(central, "epsilon") <= Double(row.epsilon) ?? 0)
            #expect(try number(central, "delta") == Double(row.delta))
            let sigma = try number(central, "noise_standard_deviation") / 2
            #expect(sigma >= row.sigma && sigma <= 1.01 * row.sigma)
            #expect(try abs(number(central, "noise_multiplier") / sigma - 1) < 0.01)
        }
        // Shares of eight in ten clients are enough, so that those of all are 1/0.8 of it.
        let row = try #require(rows.first)
        let flags = ["--scheme", "plain", "--epsilon", row.epsilon, "--delta", row.delta, "--clip", "2"]
        let shares = try run(vectors, flags + ["--dp", "distributed"]).json()
        let all = try number(shares, "noise_standard_deviation") / 2 * 0.8.squareRoot()
        #expect(all >= row.sigma && all <= 1.01 * row.sigma)
        let honest = try run(
            vectors, flags + ["--dp", "distributed", "--lost-share", "0", "--colluding-share", "0"]
        ).json()
        let exact = try number(honest, "noise_standard_deviation") / 2
        #expect(exact >= row.sigma && exact <= 1.01 * row.sigma)
        // Each of ten vectors hides its replacement, which is twice as far away.
        let local = try run(vectors, flags + ["--dp", "local"]).json()
        #expect(local["accountant"] == .string("rdp"))
        let each = try number(local, "noise_standard_deviation") / 2 / 10.0.squareRoot()
        #expect(each >= 2 * row.sigma && each <= 2.5 * row.sigma)
    }

    /// Thousands of coordinates are as many samples.
    @Test(arguments: modes, ["", "2,5"])
    func `the released sum is that of the shortened vectors, with that noise`(mode: String, lost: String) throws {
        let scratch = try Scratch()
        let count = 4000
        var (vectors, expected) = ([String](), [Double](repeating: 0, count: count))
        for client in 0..<10 {
            let values = (0..<count).map { Double(($0 * (client + 3)) % 7 - 3) }
            let norm = values.reduce(0) { $0 + $1 * $1 }.squareRoot()
            vectors.append(try scratch.file("v\(client).csv", values.map { "\($0)" }.joined(separator: ",")))
            guard !lost.split(separator: ",").contains("\(client + 1)") else { continue }
            for index in values.indices { expected[index] += values[index] * min(1, 100 / norm) }
        }
        let drop = lost.isEmpty ? [] : ["--drop", lost]
        let share = mode == "distributed" ? ["--lost-share", "0.2"] : []
        let document = try run(
            vectors, ["--dp", mode, "--clip", "100", "--scheme", "plain", "--seed", "11"] + drop + share
        ).json()
        #expect(document["clipped_vectors"] == .integer(10))
        let sum = try #require(document["sum"]).entries.compactMap(\.number)
        #expect(sum.count == count)
        let sigma = try number(document, "noise_standard_deviation")
        let noise = zip(sum, expected).map { ($0 - $1) / sigma }
        // Both within what happens once in a million runs.
        #expect(abs(noise.reduce(0, +)) < 4.9 * Double(count).squareRoot())
        #expect(abs(noise.reduce(0) { $0 + $1 * $1 } / Double(count) - 1) < 5.1 * (2 / Double(count)).squareRoot())
    }

    // MARK: Schemes

    @Test(arguments: modes)
    func `every scheme releases the same sum for the same seed`(mode: String) throws {
        let scratch = try Scratch()
        let vectors = try files(scratch)
        let flags = ["--dp", mode, "--clip", "2", "--seed", "7", "--drop", "4", "--key-bits", "2048"]
        var sums: Set<[Double]> = []
        for scheme in ["plain", "additive", "shamir", "peer-to-peer", "secagg", "secagg+", "paillier"] {
            let result = try run(vectors, flags + ["--scheme", scheme])
            #expect(result.exitCode == 0, "\(scheme): \(result.errors)")
            let document = try result.json()
            #expect(document["correct"] == .bool(true) && document["exact"] == .bool(false))
            #expect(document["dp"] == .string(mode) && document["epsilon_is"] == .string("simulation"))
            #expect(document["clipped_vectors"] == .integer(2) && document["clipped_values"] == .null)
            #expect(document["mean"] == .null && document["error_bound"] == .null)
            // What the server can learn: in plain every vector, with central noise the sum as it is.
            let coordinator = document["epsilon_coordinator"]?.number
            let isHidden = mode == "local" || (mode == "distributed" && scheme != "plain")
            #expect((coordinator != nil) == isHidden, "\(scheme)")
            if let coordinator { #expect(try abs(coordinator - number(document, "epsilon")) < 1e-3) }
            sums.insert(try #require(document["sum"]).entries.compactMap(\.number))
        }
        #expect(sums.count == 1)
        #expect(sums.first?.count == 4)
        // Another seed is other noise, and the same one the same bytes.
        let again = try run(vectors, flags + ["--scheme", "plain"])
        #expect(try sums.contains(#require(again.json()["sum"]).entries.compactMap(\.number)))
        let other = try run(vectors, flags + ["--scheme", "plain", "--seed", "8"])
        #expect(try !sums.contains(#require(other.json()["sum"]).entries.compactMap(\.number)))
    }

    @Test(arguments: modes)
    func `without a seed noise is new each time, and ε is a bound`(mode: String) throws {
        let scratch = try Scratch()
        let vectors = try files(scratch)
        var sums: Set<[Double]> = []
        for _ in 0..<3 {
            let document = try run(vectors, ["--dp", mode, "--clip", "2"]).json()
            #expect(document["epsilon_is"] == .string("bound") && document["simulation"] == .bool(false))
            // What is used where nothing is said.
            #expect(try number(document, "epsilon") <= 1 && number(document, "epsilon") > 0.99)
            #expect(try number(document, "delta") == 1e-6)
            sums.insert(try #require(document["sum"]).entries.compactMap(\.number))
        }
        #expect(sums.count == 3)
    }

    @Test func `a sum without noise has no figures of noise`() throws {
        let scratch = try Scratch()
        let document = try run(try files(scratch), ["--scheme", "plain"]).json()
        #expect(document["dp"] == .string("none"))
        for key in [
            "epsilon", "epsilon_coordinator", "epsilon_is", "delta", "accountant", "noise_multiplier",
            "noise_standard_deviation", "clipped_vectors",
        ] {
            #expect(document[key] == .null, "\(key)")
        }
        #expect(document["clipped_values"] == .integer(0))
    }

    @Test func `people are told what ± and ε mean`() throws {
        let scratch = try Scratch()
        let vectors = try files(scratch)
        let secret = try FedsumProgram.run(["sum"] + vectors + ["--dp", "distributed", "--clip", "2"]).output
        #expect(secret.contains("each ± ") && secret.contains("one standard deviation of the noise"))
        #expect(secret.contains("at δ = 1e-06 (accountant pld), for one client more or less"))
        #expect(secret.contains("Against the recipient of the scheme's sum, which knows who took part: ε = "))
        #expect(secret.contains("the sum with noise") && !secret.contains("simulation"))
        #expect(secret.contains("2 vectors were shortened"))
        let known = try FedsumProgram.run(
            ["sum"] + vectors + ["--dp", "central", "--clip", "2", "--seed", "1", "--scheme", "plain"]
        ).output
        #expect(known.contains("Against the recipient of the scheme's sum: none, since it sees the sum without noise."))
        #expect(known.contains("this is a simulation, and keeps nothing private"))
        let peers = try FedsumProgram.run(
            ["sum"] + vectors + ["--dp", "central", "--clip", "2", "--scheme", "peer-to-peer"])
        #expect(peers.errors.contains("every peer sees the sum before its noise"))
    }

    // MARK: What is refused

    @Test func `a sum that lost too much noise is refused, and one within its share is not`() throws {
        let scratch = try Scratch()
        let vectors = try files(scratch)
        let flags = ["--dp", "distributed", "--clip", "2", "--lost-share", "0.2"]
        for scheme in ["plain", "secagg"] {
            let kept = try run(vectors, flags + ["--scheme", scheme, "--drop", "1,2"])
            #expect(kept.exitCode == 0, "\(kept.errors)")
            for json in [[], ["--json"]] {
                let refused = try FedsumProgram.run(
                    ["sum"] + vectors + flags + ["--scheme", scheme, "--drop", "1,2,3"] + json)
                #expect(refused.exitCode == 1)
                #expect(refused.errors.contains("3 of 10 clients are lost, more than --lost-share 0.2: 7 ≥ 8"))
                #expect(!refused.output.contains("private sum"))
                guard !json.isEmpty else { continue }
                let document = try refused.json()
                #expect(document["sum"] == .null && document["noise_standard_deviation"] == .null)
                #expect(document["aborted"] == .bool(true) && document["correct"] == .bool(false))
            }
            // The recipient's noise and that of each vector are whole whoever is lost.
            for mode in ["central", "local"] {
                let whole = try run(
                    vectors, ["--dp", mode, "--clip", "2", "--scheme", scheme, "--drop", "1,2,3"])
                #expect(whole.exitCode == 0, "\(whole.errors)")
            }
        }
    }

    @Test(arguments: [
        (["--dp", "central"], "needs --clip C"), (["--dp", "local"], "needs --clip C"),
        (["--dp", "distributed"], "needs --clip C"),
        (["--dp", "distributed", "--clip", "1", "--weights", "1,1,1,1,1,1,1,1,1,1"], "multiplied by their weights"),
        (["--dp", "central", "--clip", "1", "--epsilon", "0"], "ε must be above 0"),
        (["--dp", "central", "--clip", "1", "--epsilon=-1"], "ε must be above 0"),
        (["--dp", "central", "--clip", "1", "--epsilon", "nan"], "ε must be above 0"),
        (["--dp", "central", "--clip", "1", "--delta", "0"], "0 < δ < 1"),
        (["--dp", "central", "--clip", "1", "--delta", "1"], "0 < δ < 1"),
        (["--dp", "central", "--clip", "0"], "--clip must be"), (["--dp", "perhaps", "--clip", "1"], "perhaps"),
        (["--dp", "central", "--clip", "1", "--lost-share", "0.1"], "for --dp distributed"),
        (["--dp", "local", "--clip", "1", "--colluding-share", "0.1"], "for --dp distributed"),
        (["--dp", "distributed", "--clip", "1", "--lost-share", "0.85"], "together at most 0.9"),
        (["--dp", "distributed", "--clip", "1", "--bits", "3"], "between 4 and 32"),
        (["--epsilon", "1"], "for --dp central"), (["--delta", "1e-5", "--clip", "1"], "for --dp central"),
        (["--lost-share", "0.1"], "for --dp distributed"),
    ])
    func `what makes no sense is wrong usage, and says why`(flags: [String], reason: String) throws {
        let scratch = try Scratch()
        let result = try run(try files(scratch), flags)
        #expect(result.exitCode == 64, "\(result.errors)")
        #expect(result.output.isEmpty)
        #expect(result.errors.contains(reason), "\(result.errors)")
    }

    @Test func `two clients are too few for noise as well`() throws {
        let scratch = try Scratch()
        let two = Array(try files(scratch).prefix(2))
        let flags = ["--dp", "central", "--clip", "2", "--scheme", "plain"]
        let refused = try run(two, flags)
        #expect(refused.exitCode == 64 && refused.errors.contains("minimum cohort of 3"))
        #expect(try run(two, flags + ["--two-may-learn-each-other"]).exitCode == 0)
    }
}
