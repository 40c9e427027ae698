// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// Files that other programs made.
@Suite struct ForeignVectorsTests {
    static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("ForeignVectors").path

    @Test(arguments: [512, 1024, 2048, 3072])
    func `every case of python-paillier's vectors holds`(bits: Int) throws {
        let run = try FedsumProgram.run("vectors", "verify", "\(Self.folder)/paillier_\(bits).json")
        #expect(run.exitCode == 0, "\(run.output)")
        #expect(run.lines.last == "83 passed, 0 failed")
    }

    /// What to change, and the cases that must then fail.
    @Test(arguments: [
        // A digit of a ciphertext, of a plaintext, of an encoding; a case that is valid said to be invalid and the other way.
        (1, "c"), (2, "m"), (18, "m"), (19, "r"), (30, "k"), (39, "m"), (50, "encoding"), (54, "result"), (1, "result"),
        (42, "additions"), (69, "n"),
    ])
    func `a case that is changed fails, and no other`(id: Int, field: String) throws {
        let scratch = try Scratch()
        var document = try #require(
            JSONSerialization.jsonObject(
                with: Data(contentsOf: URL(fileURLWithPath: "\(Self.folder)/paillier_512.json")))
                as? [String: Any])
        var groups = try #require(document["testGroups"] as? [[String: Any]])
        for index in groups.indices {
            var tests = try #require(groups[index]["tests"] as? [[String: Any]])
            for place in tests.indices where tests[place]["tcId"] as? Int == id {
                switch tests[place][field] {
                case let text as String where field == "result":
                    tests[place][field] = text == "valid" ? "invalid" : "valid"
                case let text as String where field == "n":
                    // n + 1 becomes n.
                    tests[place][field] = text.dropLast() + "3"
                case let text as String: tests[place][field] = (text.first == "7" ? "6" : "7") + text.dropFirst()
                case let number as Int: tests[place][field] = number - 1
                default: Issue.record("case \(id) has no \(field)")
                }
            }
            groups[index]["tests"] = tests
        }
        document["testGroups"] = groups
        let path = try scratch.file(
            "changed.json", String(decoding: JSONSerialization.data(withJSONObject: document), as: UTF8.self))
        let run = try FedsumProgram.run("vectors", "verify", path)
        #expect(run.exitCode == 2)
        #expect(run.lines.last == "82 passed, 1 failed", "\(run.output)")
        #expect(run.output.contains("  \(id): "))
    }
}
