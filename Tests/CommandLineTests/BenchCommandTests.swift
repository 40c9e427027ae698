// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

@Suite struct BenchCommandTests {
    private static let arguments = [
        "bench", "--schemes", "all", "--clients", "10", "--dimension", "1000", "--dropout", "0.2", "--bits", "16",
        "--seed", "1", "--json",
    ]

    private func isMeasured(_ key: String) -> Bool {
        key.contains("seconds") || key.contains("memory") || key == "machine"
    }

    @Test func `every scheme gives the right sum, and every key that readers rely on is there`() throws {
        let run = try FedsumProgram.run(Self.arguments)
        #expect(run.exitCode == 0, "\(run.errors)")
        let rows = try #require(try run.json()["rows"]).entries
        #expect(rows.map { $0["scheme"]?.text } == ["plain", "additive", "secagg"])
        let keys = [
            "scheme", "clients", "dimension", "dropouts", "bits", "modulus_bits", "neighbors", "threshold",
            "below_plan",
            "correct", "client_cpu_seconds", "server_cpu_seconds", "upload_bytes_per_client",
            "download_bytes_per_client",
            "clear_vector_bytes_per_client", "messages_per_client", "rounds", "peak_memory_bytes",
        ]
        for row in rows {
            for key in keys { #expect(row[key] != nil, "\(key)") }
            #expect(row["correct"] == .bool(true))
            #expect(row["dropouts"] == .integer(2))
            // ⌈log2(10 · (2^16 − 1) + 1)⌉
            #expect(row["modulus_bits"] == .integer(20))
            #expect(row["clear_vector_bytes_per_client"]?.number == 2000)
            #expect((row["client_cpu_seconds"]?["total"]?.number ?? 0) > 0)
            #expect((row["server_cpu_seconds"]?["total"]?.number ?? 0) > 0)
        }
        let stages = ["advertise-keys", "share-keys", "masked-input", "unmask", "total"]
        for stage in stages { #expect(rows[2]["client_cpu_seconds"]?[stage] != nil, "\(stage)") }
        // 8 of 10 clients send their vector: a header of 34 bytes, 5 of the vector's, 2,500 of 20-bit values.
        #expect(rows[0]["upload_bytes_per_client"]?.number == 0.8 * 2539)
        // And in SecAgg, by the formula of Documentation/WireFormat.md: advertisement and shares of all, vector and reveal of 8.
        let advertisement = 34.0 + 96
        let shares = 37.0 + 9 * 92
        let reveal = 37.0 + 10 * 36
        #expect(rows[2]["upload_bytes_per_client"]?.number == advertisement + shares + 0.8 * (2539 + reveal))
    }

    @Test func `the same seed gives the same figures, measurements aside`() throws {
        let (first, second) = (try FedsumProgram.run(Self.arguments), try FedsumProgram.run(Self.arguments))
        #expect(try first.json().without(isMeasured) == second.json().without(isMeasured))
    }

    @Test func `lists give a row for each combination, and losing too many is said and exits with 1`() throws {
        let sweep = try FedsumProgram.run(
            "bench", "--schemes", "plain", "--clients", "3,5", "--dimension", "10,20", "--json")
        #expect(try sweep.json()["rows"]?.entries.count == 4)
        let lost = try FedsumProgram.run(
            "bench", "--schemes", "secagg", "--clients", "5", "--dimension", "10", "--dropout", "0.6", "--json")
        #expect(lost.exitCode == 1)
        let row = try #require(try lost.json()["rows"]?.entries.first)
        #expect(row["correct"] == .bool(false) && row["aborted"] == .bool(true))
    }

    @Test func `a primitive's result is checked and timed`() throws {
        let run = try FedsumProgram.run("bench", "--primitives", "key-agreement", "--json")
        #expect(run.exitCode == 0, "\(run.errors)")
        let row = try #require(try run.json()["primitives"]?.entries.first)
        #expect(row["name"]?.text == "key-agreement")
        #expect((row["operations_per_second"]?.number ?? 0) > 0)
        #expect(try FedsumProgram.run("bench", "--primitives", "nothing").exitCode == 64)
    }

    @Test func `wrong arguments are refused`() throws {
        for arguments in [
            ["--clients", "0"], ["--clients", "x"], ["--dimension", "0"], ["--dropout", "1"], ["--bits", "0"],
            ["--schemes", "nothing"], ["--clients", "2"],
        ] {
            #expect(try FedsumProgram.run(["bench"] + arguments).exitCode == 64, "\(arguments)")
        }
    }
}
