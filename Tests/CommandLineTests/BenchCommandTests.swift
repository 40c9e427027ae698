// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

#if canImport(FoundationXML)
import FoundationXML
#endif

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
        #expect(
            rows.map { $0["scheme"]?.text } == [
                "plain", "additive", "shamir", "peer-to-peer", "secagg", "secagg+", "paillier",
            ])
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
            // ⌈log2(10 · (2^16 − 1) + 1)⌉; over a field, the width of the least prime above 10 · (2^20 − 1).
            let isOverField = ["shamir", "peer-to-peer"].contains(row["scheme"]?.text)
            #expect(row["modulus_bits"] == .integer(isOverField ? 24 : 20))
            #expect(row["clear_vector_bytes_per_client"]?.number == 2000)
            #expect((row["client_cpu_seconds"]?["total"]?.number ?? 0) > 0)
            // Peers need no server.
            #expect(((row["server_cpu_seconds"]?["total"]?.number ?? 0) > 0) == (row["scheme"]?.text != "peer-to-peer"))
            #expect(row["below_plan"] == .bool(false))
        }
        // Of 3 aggregators, of 10 peers, of 10 clients.
        #expect(
            rows.map { $0["threshold"] } == [.null, .null, .integer(2), .integer(6), .integer(7), .integer(7), .null])
        #expect(rows.map { $0["neighbors"] } == [.null, .null, .null, .null, .integer(9), .integer(9), .null])
        let stages = ["advertise-keys", "share-keys", "masked-input", "consistency", "unmask", "total"]
        for stage in stages { #expect(rows[4]["client_cpu_seconds"]?[stage] != nil, "\(stage)") }
        // 8 of 10 clients send their vector: a header of 34 bytes, 5 of the vector's, 2,500 of 20-bit values.
        #expect(rows[0]["upload_bytes_per_client"]?.number == 0.8 * 2539)
        // And in SecAgg, by the formula of Documentation/WireFormat.md: advertisement and shares of all, vector, signature and
        // reveal of 8.
        let advertisement = 34.0 + 1 + 96 + 32
        let shares = 37.0 + 9 * 92
        let signature = 34.0 + 64
        let reveal = 37.0 + 10 * 36
        let upload = try #require(rows[4]["upload_bytes_per_client"]?.number)
        #expect(abs(upload - (advertisement + shares + 0.8 * (2539 + signature + reveal))) < 1e-6)
    }

    /// 3,070 bits of plaintext hold 153 slots of 20 bits, so that 1,000 values take 7 ciphertexts of 768 bytes, after
    /// headers of 34, 4 and 51 bytes.
    @Test func `under paillier stages, bytes and audits are as the wire format says`() throws {
        for (flags, signature) in [([], 0.0), (["--key-holder-audits"], 64.0)] as [([String], Double)] {
            let run = try FedsumProgram.run(Self.arguments + ["--schemes", "paillier"] + flags)
            #expect(run.exitCode == 0, "\(run.errors)")
            let row = try #require(try run.json()["rows"]?.entries.first)
            #expect(row["correct"] == .bool(true) && row["rounds"] == .integer(2))
            #expect(row["upload_bytes_per_client"]?.number == 0.8 * (34 + 4 + 51 + 7 * 768 + signature))
            #expect(row["download_bytes_per_client"]?.number == 0 && row["messages_per_client"]?.number == 0.8)
            #expect((row["client_cpu_seconds"]?["encrypt"]?.number ?? 0) > 0)
            for stage in ["encrypt", "sum", "decrypt"] {
                #expect((row["server_cpu_seconds"]?[stage]?.number ?? 0) > 0, "\(stage)")
            }
        }
        let wrong = try FedsumProgram.run("bench", "--schemes", "paillier", "--key-bits", "1024")
        #expect(wrong.exitCode == 64 && wrong.errors.contains("2048, 3072 or 4096"), "\(wrong.errors)")
    }

    @Test func `one thread and two give the same bytes under paillier`() throws {
        func rows(_ threads: String) throws -> JSON? {
            let run = try FedsumProgram.run(
                Self.arguments + ["--schemes", "paillier", "--key-bits", "2048", "--threads", threads])
            #expect(run.exitCode == 0, "\(run.errors)")
            return try run.json().without { isMeasured($0) || $0 == "threads" }
        }
        #expect(try rows("1") == rows("2"))
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

    @Test func `the parties' accounts hold nearly all CPU time of the aggregation`() throws {
        let measured = ["--clients", "20", "--repeats", "2", "--seed", "1", "--json"]
        let others = try FedsumProgram.run(
            ["bench", "--schemes", "plain,additive,shamir,peer-to-peer,secagg,secagg+", "--dimension", "100000"]
                + measured)
        let encrypted = try FedsumProgram.run(["bench", "--schemes", "paillier", "--dimension", "1000"] + measured)
        for row in try [others, encrypted].flatMap({ try #require(try $0.json()["rows"]).entries }) {
            let clients = try #require(row["client_cpu_seconds"]?["total"]?.number)
            let servers = try #require(row["server_cpu_seconds"]?["total"]?.number)
            let process = try #require(row["process_cpu_seconds"]?.number)
            let share = (20 * clients + servers) / process
            // Nothing is charged twice, and what is charged to nobody is small. An aggregation of a few milliseconds
            // leaves the clocks themselves a larger part.
            #expect(share <= 1.001, "\(row["scheme"]?.text ?? ""): \(share)")
            #expect(share > (process > 0.05 ? 0.9 : 0.6), "\(row["scheme"]?.text ?? ""): \(share)")
        }
    }

    /// 10 % adversaries and 10 % losses of 100 clients take 32 neighbors and a threshold of 22.
    @Test func `neighbors or a threshold below the plan's are said to be below it`() throws {
        for (neighbors, threshold, isBelow) in [("20", "14", true), ("32", "21", true), ("32", "22", false)] {
            let run = try FedsumProgram.run(
                "bench", "--schemes", "secagg+", "--clients", "100", "--dimension", "10", "--neighbors", neighbors,
                "--threshold", threshold, "--json")
            let row = try #require(try run.json()["rows"]?.entries.first)
            #expect(row["threshold"] == .integer(try #require(Int(threshold))))
            #expect(row["neighbors"] == .integer(try #require(Int(neighbors))))
            #expect(row["below_plan"] == .bool(isBelow) && row["correct"] == .bool(true), "\(neighbors), \(threshold)")
        }
    }

    @Test func `every threat model, one thread and two give the right sum`() throws {
        for threat in ["curious", "semi-malicious", "active"] {
            var rows: [JSON] = []
            for threads in ["1", "2"] {
                let run = try FedsumProgram.run(
                    "bench", "--schemes", "secagg,secagg+", "--clients", "20", "--dimension", "100", "--threat", threat,
                    "--neighbors", "8", "--dropout", "0.1", "--seed", "3", "--threads", threads, "--json")
                #expect(run.exitCode == 0, "\(run.errors)")
                rows = try #require(try run.json()["rows"]).entries
                #expect(rows.map { $0["correct"] } == [.bool(true), .bool(true)])
                #expect(rows.map { $0["threat"]?.text } == [threat, threat])
            }
            let hasConsistency = rows[1]["client_cpu_seconds"]?["consistency"] != nil
            #expect(hasConsistency == (threat != "curious"))
        }
        let wrong = try FedsumProgram.run("bench", "--schemes", "secagg+", "--threat", "evil")
        #expect(wrong.exitCode == 64 && wrong.errors.contains("curious, semi-malicious, active"), "\(wrong.errors)")
    }

    @Test func `what cannot fit in memory is refused before anything runs`() throws {
        for arguments in [["--clients", "1000", "--dimension", "4294967295"], ["--clients", "100000"]] {
            let run = try FedsumProgram.run(["bench", "--schemes", "secagg"] + arguments)
            #expect(run.exitCode == 64 && run.errors.contains("memory are available"), "\(run.errors)")
        }
    }

    @Test func `a sweep varies one parameter, and its rows, fits and pictures are written`() throws {
        let scratch = try Scratch()
        let run = try FedsumProgram.run(
            "bench", "--schemes", "plain,secagg", "--clients", "5", "--dimension", "100", "--sweep", "clients=4,8,16",
            "--sweep", "dimension=100,1000", "--seed", "1", "--json", "--out", scratch.path)
        #expect(run.exitCode == 0, "\(run.errors)")
        let document = try run.json()
        let rows = try #require(document["rows"]).entries
        #expect(rows.count == 2 * 3 + 2 * 2)
        #expect(rows.prefix(6).compactMap { $0["clients"]?.number } == [4, 4, 8, 8, 16, 16])
        #expect(rows.suffix(4).allSatisfy { $0["clients"] == .integer(5) })
        #expect(rows.suffix(4).compactMap { $0["dimension"]?.number } == [100, 100, 1000, 1000])
        let sweeps = try #require(document["sweeps"]).entries
        #expect(sweeps.map { $0["parameter"]?.text } == ["clients", "dimension"])
        // Two schemes, a client's time and the servers'.
        #expect(sweeps.allSatisfy { $0["growth"]?.entries.count == 4 })

        func content(_ name: String) throws -> String {
            try String(contentsOfFile: "\(scratch.path)/\(name)", encoding: .utf8)
        }
        #expect(try JSON(Data(content("bench.json").utf8)) == document)
        let lines = try content("bench.csv").split(separator: "\n")
        #expect(lines.count == 1 + rows.count)
        let columns = try #require(lines.first).split(separator: ",").count
        #expect(lines.allSatisfy { $0.split(separator: ",", omittingEmptySubsequences: false).count == columns })
        for name in ["cpu-by-clients.svg", "cpu-by-dimension.svg"] {
            let picture = try content(name)
            // Two panels with a line a scheme, and a legend that names both.
            #expect(picture.components(separatedBy: "<polyline").count == 1 + 4, "\(name)")
            #expect(picture.contains(">secagg<") && picture.contains("slope "))
            #expect(XMLParser(data: Data(picture.utf8)).parse(), "\(name) is not well-formed")
        }
    }

    @Test func `the fitted slope of the clients' time follows their messages`() throws {
        // Every client seals a pair of shares for every other one: the server's time grows at least linearly, and
        // with the square while sharing dominates.
        let run = try FedsumProgram.run(
            "bench", "--schemes", "secagg", "--dimension", "10", "--sweep", "clients=10,20,40", "--repeats", "3",
            "--json")
        let growth = try #require(try run.json()["sweeps"]?.entries.first?["growth"]).entries
        let exponent = try #require(growth.first { $0["quantity"]?.text == "client_cpu_seconds" }?["exponent"]?.number)
        #expect(exponent > 0.7 && exponent < 2.2)
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
            ["--schemes", "nothing"], ["--clients", "2"], ["--repeats", "0"], ["--sweep", "clients"],
            ["--sweep", "5,10"],
            ["--sweep", "bits=1,2"], ["--sweep", "clients=5"], ["--sweep", "clients=5,x"],
            ["--sweep", "clients=5,6", "--sweep", "clients=7,8"], ["--sweep", "clients=5,6", "--dimension", "1,2"],
        ] {
            #expect(try FedsumProgram.run(["bench"] + arguments).exitCode == 64, "\(arguments)")
        }
    }
}
