// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

@Suite struct SumCommandTests {
    static let schemes = ["plain", "additive", "secagg"]

    /// How one vector is written to a file.
    enum Format: String, CaseIterable, Sendable {
        case csv, int64, int16, float64

        func write(_ values: [Int], to scratch: Scratch, _ name: String) throws -> String {
            switch self {
            case .csv: return try scratch.file(name + ".csv", values.map(String.init).joined(separator: ","))
            case .int64: return try numpy("<i8", values.map { UInt64(bitPattern: Int64($0)) }, to: scratch, name)
            case .int16: return try numpy("<i2", values.map { UInt16(bitPattern: Int16($0)) }, to: scratch, name)
            case .float64: return try numpy("<f8", values.map { Double($0).bitPattern }, to: scratch, name)
            }
        }

        private func numpy(
            _ type: String,
            _ words: [some FixedWidthInteger & UnsignedInteger],
            to scratch: Scratch,
            _ name: String
        ) throws -> String {
            var header = "{'descr': '\(type)', 'fortran_order': False, 'shape': (\(words.count),), }"
            // The header ends with a line break on a multiple of 64 bytes.
            while (10 + header.utf8.count + 1) % 64 != 0 { header += " " }
            header += "\n"
            var bytes: [UInt8] = [0x93] + Array("NUMPY".utf8) + [1, 0]
            bytes += [UInt8(header.utf8.count & 255), UInt8(header.utf8.count >> 8)] + Array(header.utf8)
            for word in words {
                for byte in 0..<word.bitWidth / 8 { bytes.append(UInt8(truncatingIfNeeded: word >> (8 * byte))) }
            }
            return try scratch.file(name + ".npy", Data(bytes))
        }
    }

    static let vectors = [
        [1, -2, 3, 0, 32_767, -32_768], [10, 20, -30, 0, 32_767, -32_768], [5, 5, 5, 0, 32_767, -32_768],
        [-7, 0, 7, 0, 32_767, -32_768], [100, 200, 300, 0, 1, -1],
    ]

    @Test(arguments: schemes, Format.allCases)
    func `sums the clients that are left exactly`(scheme: String, format: Format) throws {
        let scratch = try Scratch()
        let files = try Self.vectors.enumerated().map { try format.write($1, to: scratch, "v\($0)") }
        for lost in [[], [2]] {
            let left = Self.vectors.indices.filter { !lost.contains($0 + 1) }
            let expected = Self.vectors[0].indices.map { column in left.reduce(0) { $0 + Self.vectors[$1][column] } }
            let drop = lost.isEmpty ? [] : ["--drop", lost.map(String.init).joined(separator: ",")]
            let run = try FedsumProgram.run(["sum"] + files + ["--scheme", scheme, "--json"] + drop)
            #expect(run.exitCode == 0, "\(run.errors)")
            let document = try run.json()
            #expect(document["sum"]?.entries.compactMap(\.number) == expected.map(Double.init))
            #expect(document["exact"] == .bool(true))
            #expect(document["correct"] == .bool(true))
            #expect(document["contributors"]?.entries == left.map { .integer($0 + 1) })
            #expect(document["simulation"] == .bool(false))
        }
    }

    @Test(arguments: ["advertise-keys", "share-keys", "masked-input", "unmask"])
    func `a client that is lost after its vector is in the sum`(stage: String) throws {
        let scratch = try Scratch()
        let files = try Self.vectors.enumerated().map { try Format.csv.write($1, to: scratch, "v\($0)") }
        let run = try FedsumProgram.run(["sum"] + files + ["--drop", "5", "--drop-stage", stage, "--json"])
        #expect(run.exitCode == 0)
        let count = stage == "unmask" ? 5 : 4
        let expected = Self.vectors[0].indices.map { column in Self.vectors.prefix(count).reduce(0) { $0 + $1[column] }
        }
        #expect(try run.json()["sum"]?.entries.compactMap(\.number) == expected.map(Double.init))
    }

    @Test(arguments: schemes)
    func `a weighted mean of whole numbers is that of the integers`(scheme: String) throws {
        let scratch = try Scratch()
        let files = try Self.vectors.enumerated().map { try Format.csv.write($1, to: scratch, "v\($0)") }
        let weights = [3, 0, 1, 1, 2]
        let run = try FedsumProgram.run(
            ["sum"] + files + [
                "--scheme", scheme, "--json", "--weights", weights.map(String.init).joined(separator: ","),
            ]
        )
        #expect(run.exitCode == 0)
        let means = try #require(try run.json()["mean"]).entries.compactMap(\.number)
        for (column, mean) in means.enumerated() {
            let sum = zip(weights, Self.vectors).reduce(0) { $0 + $1.0 * $1.1[column] }
            #expect(abs(mean - Double(sum) / 7) < 1e-9)
        }
    }

    @Test func `whole numbers are exact up to 2^31 - 1`() throws {
        let scratch = try Scratch()
        let files = try (0..<3).map { try scratch.file("v\($0).csv", "2147483647 -2147483647 1500000001") }
        let run = try FedsumProgram.run(["sum"] + files + ["--json"])
        let document = try run.json()
        #expect(document["exact"] == .bool(true))
        #expect(document["sum"]?.entries.compactMap(\.number) == [6_442_450_941, -6_442_450_941, 4_500_000_003])
    }

    @Test(arguments: schemes)
    func `too many losses are a failed run and show nothing`(scheme: String) throws {
        let scratch = try Scratch()
        let files = try Self.vectors.enumerated().map { try Format.csv.write($1, to: scratch, "v\($0)") }
        let run = try FedsumProgram.run(["sum"] + files + ["--scheme", scheme, "--drop", "1,2,3", "--json"])
        #expect(run.exitCode == 1)
        let document = try run.json()
        #expect(document["aborted"] == .bool(true))
        #expect(document["sum"] == .null)
    }

    @Test(arguments: schemes)
    func `the same seed gives the same bytes`(scheme: String) throws {
        let scratch = try Scratch()
        let files = try Self.vectors.enumerated().map { try Format.csv.write($1, to: scratch, "v\($0)") }
        let arguments = ["sum"] + files + ["--scheme", scheme, "--seed", "18446744073709551615", "--json"]
        let (first, second) = (try FedsumProgram.run(arguments), try FedsumProgram.run(arguments))
        #expect(first.exitCode == 0)
        #expect(first.output == second.output)
        #expect(try first.json()["simulation"] == .bool(true))
    }
}
