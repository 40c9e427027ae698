// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// `fedsum vectors verify` over rounds with faults says no when what it is told to expect is wrong. That it says yes to
/// the committed rounds is a test of `VectorsVerifyTests`.
@Suite(.timeLimit(.minutes(5))) struct FaultyRoundsTests {
    private static let path = "\(VectorsVerifyTests.folder)/faulty_rounds_v1.json"

    private static func cases() throws -> [JSON] {
        try #require(JSON(Data(contentsOf: URL(fileURLWithPath: path)))["cases"]).entries
    }

    /// Verifies these rounds; the reasons of those that fail, by id.
    private func failures(_ cases: [JSON]) throws -> [String: String] {
        let document: JSON = .object(["schema": .string("fedsum_faulty_rounds_v1"), "cases": .array(cases)])
        let file = try Scratch().file("rounds.json", document.data())
        let run = try FedsumProgram.run("vectors", "verify", "--json", file)
        let report = try #require(try run.json()["files"]?.entries.first)
        let failures = try #require(report["failures"]).entries
        #expect(run.exitCode == (failures.isEmpty ? 0 : 2))
        #expect(report["passed"] == .integer(cases.count - failures.count))
        return Dictionary(
            uniqueKeysWithValues: failures.compactMap { entry in
                entry["case"]?.text.flatMap { id in entry["reason"]?.text.map { (id, $0) } }
            }
        )
    }

    /// The rounds that this changes, changed.
    private func changed(_ change: (inout JSON) -> Bool) throws -> [JSON] {
        try Self.cases().compactMap { entry in
            var entry = entry
            return change(&entry) ? entry : nil
        }
    }

    /// Changed this way, every round that can be must be reported, for this reason.
    private func expectAllReported(
        atLeast count: Int,
        because reason: String,
        _ location: SourceLocation = #_sourceLocation,
        _ change: (inout JSON) -> Bool
    ) throws {
        let rounds = try changed(change)
        #expect(rounds.count >= count, sourceLocation: location)
        let reported = try failures(rounds)
        #expect(Set(reported.keys) == Set(rounds.compactMap { $0["id"]?.text }), sourceLocation: location)
        for (id, found) in reported { #expect(found.contains(reason), "\(id): \(found)", sourceLocation: location) }
    }

    @Test func `a sum that is off by one in one element is reported`() throws {
        try expectAllReported(atLeast: 100, because: "sum") { round in
            guard let bits = round["bits"]?.number, var sum = round["sum"]?.entries, let last = sum.last?.text,
                let value = UInt64(last)
            else { return false }
            sum[sum.count - 1] = .string(String(value ^ 1))
            round["sum"] = .array(sum)
            return bits >= 1
        }
    }

    @Test func `a client more or less in the sum is reported`() throws {
        try expectAllReported(atLeast: 100, because: "included") { round in
            guard let included = round["included"]?.text, included.contains("1") else { return false }
            let first = included.hasPrefix("1") ? "0" : "1"
            round["included"] = .string(first + included.dropFirst())
            return true
        }
    }

    @Test func `an abort that was expected to be a sum, and one at another stage, are reported`() throws {
        for other in ["L", "D", "T", "X", "5"] {
            try expectAllReported(atLeast: 40, because: "must end with '\(other)'") { round in
                guard let ends = round["ends"]?.text, ends.last == "0" || ends.last == "2" else { return false }
                round["ends"] = .string(ends.dropLast() + other)
                return true
            }
        }
    }

    @Test func `a sum that was expected to be an abort is reported`() throws {
        try expectAllReported(atLeast: 100, because: "must end with") { round in
            guard let ends = round["ends"]?.text, let learner = ends.lastIndex(of: "L") else { return false }
            round["ends"] = .string(ends.replacingCharacters(in: learner...learner, with: "0"))
            round["included"] = .string(String(repeating: "0", count: ends.count))
            round["sum"] = .array([])
            return true
        }
    }

    @Test func `a fault that the expectation does not know of is reported`() throws {
        try expectAllReported(atLeast: 100, because: "must end with") { round in
            // A client that the schedule leaves alone, and that ends as done or learned.
            guard let ends = round["ends"]?.text.map(Array.init), var faults = round["faults"]?.entries else {
                return false
            }
            let faulty = faults.compactMap { $0["party"]?.number }
            guard ends.contains("L"), let clients = round["clients"]?.number,
                let position = (0..<Int(clients)).first(where: { !faulty.contains(Double(2 * $0 + 2)) })
            else { return false }
            faults.append(
                .object(["kind": .string("loss"), "party": .integer(2 * position + 2), "send": .integer(0)])
            )
            round["faults"] = .array(faults)
            return true
        }
    }

    @Test func `a schedule that cannot be run is reported`() throws {
        let unknown: [[String: JSON]] = [
            ["kind": .string("earthquake"), "party": .integer(2), "send": .integer(0)],
            ["kind": .string("loss"), "party": .integer(3), "send": .integer(0)],
            ["kind": .string("loss"), "party": .integer(2), "send": .integer(11)],
            ["kind": .string("truncation"), "party": .integer(2), "send": .integer(0), "bytes": .integer(35)],
            ["kind": .string("delay"), "party": .integer(2), "send": .integer(0)],
        ]
        let first = try #require(try Self.cases().first)
        for (number, fault) in unknown.enumerated() {
            var round = first
            round["faults"] = .array([.object(fault)])
            #expect(try failures([round]).count == 1, "\(number)")
        }
        var without = first
        without["faults"] = .array([])
        #expect(try failures([without]).count == 1)
    }
}
