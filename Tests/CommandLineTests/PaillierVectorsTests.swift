// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// The checks of Paillier's families say no.
@Suite struct PaillierVectorsTests {
    static let families = ["keys", "encryption", "packing", "proof", "serialization", "interchange"]

    private typealias Case = [String: JSON]

    /// What a file has beside its cases, and the cases.
    private static func file(_ family: String) throws -> (rest: Case, cases: [Case]) {
        let path = "\(VectorsVerifyTests.folder)/paillier_\(family)_v1.json"
        guard case .object(var members) = try JSON(Data(contentsOf: URL(fileURLWithPath: path))),
            case .array(let cases)? = members.removeValue(forKey: "cases")
        else { throw CocoaError(.propertyListReadCorrupt) }
        return (members, cases.compactMap { if case .object(let fields) = $0 { fields } else { nil } })
    }

    /// Has these cases checked, each under an id of its own; expects so many to pass and the others to fail.
    private static func expect(_ rest: Case, _ cases: [Case], passing: Int) throws {
        var document = rest
        document["cases"] = .array(
            cases.enumerated().map { number, fields in
                .object(fields.merging(["id": .string("\(number) \(fields["id"]?.text ?? "")")]) { $1 })
            })
        let scratch = try Scratch()
        let path = try scratch.file("changed.json", JSON.object(document).data())
        let run = try FedsumProgram.run("vectors", "verify", path)
        #expect(run.exitCode == 2)
        #expect(run.lines.last == "\(passing) passed, \(cases.count - passing) failed", "\(run.output)")
    }

    private static func isInvalid(_ fields: Case) -> Bool { fields["result"] == .string("invalid") }

    @Test(arguments: families)
    func `a refusal for another reason is none`(family: String) throws {
        let (rest, cases) = try Self.file(family)
        let changed = cases.map { fields in
            guard let error = fields["error"]?.text else { return fields }
            return fields.merging(["error": .string(error == "even" ? "prime" : "even")]) { $1 }
        }
        let refused = cases.filter(Self.isInvalid).count
        #expect(refused > 10)
        try Self.expect(rest, changed, passing: cases.count - refused)
    }

    @Test(arguments: families)
    func `what holds is not refused`(family: String) throws {
        let (rest, cases) = try Self.file(family)
        // With the fields that cases of the same kind have which must be refused.
        var given: [String: Case] = [:]
        for fields in cases where Self.isInvalid(fields) { given[fields["kind"]?.text ?? ""] = fields }
        let changed = cases.compactMap { fields -> Case? in
            guard !Self.isInvalid(fields), let other = given[fields["kind"]?.text ?? ""] else { return nil }
            return other.merging(fields.filter { other[$0.key] != nil && $0.key != "result" }) { $1 }
        }
        #expect(changed.count >= 5)
        try Self.expect(rest, changed, passing: 0)
    }

    @Test(arguments: families)
    func `a case without one of its fields fails, and so does one with another field`(family: String) throws {
        let (rest, cases) = try Self.file(family)
        let changed = cases.flatMap { fields in
            fields.keys.sorted().filter { $0 != "id" }.map { name in fields.filter { $0.key != name } }
                + [fields.merging(["more": .null]) { $1 }]
        }
        try Self.expect(rest, changed, passing: 0)
    }

    @Test(arguments: families)
    func `a case of another family or with a key that is not there fails`(family: String) throws {
        let (rest, cases) = try Self.file(family)
        let foreign = try #require(try Self.file(family == "keys" ? "proof" : "keys").cases.first)
        let unknown = cases.filter { $0["key"] != nil }.map { $0.merging(["key": .string("768")]) { $1 } }
        try Self.expect(rest, [foreign] + unknown, passing: 0)
    }

    @Test func `keys that contradict themselves fail the file`() throws {
        let file = try Self.file("interchange")
        var rest = file.rest
        guard case .object(let key)? = rest["keys"]?.entries.first else { throw CocoaError(.propertyListReadCorrupt) }
        let otherFactor = key.merging(["p": try #require(key["q"])]) { $1 }
        let otherName = key.merging(["id": .string("1025")]) { $1 }
        rest["cases"] = .array(file.cases.map { .object($0) })
        for keys in [[otherFactor], [otherName], [key, key], [key.filter { $0.key != "q" }]] {
            rest["keys"] = .array(keys.map { .object($0) })
            let scratch = try Scratch()
            let path = try scratch.file("keys.json", JSON.object(rest).data())
            let run = try FedsumProgram.run("vectors", "verify", path)
            #expect(run.exitCode == 2)
            #expect(run.lines.last == "0 passed, 1 failed", "\(run.output)")
        }
    }

    @Test func `no case passes under a key that is refused, not even one that must be refused`() throws {
        let bad = try #require(
            try Self.file("keys").cases.first { $0["id"] == .string("factors-composite-factor") })
        let key: Case = [
            "id": .string("512"), "bits": .integer(512), "n": try #require(bad["modulus"]),
            "p": try #require(bad["p"]), "q": try #require(bad["q"]),
        ]
        var (rest, cases) = try Self.file("encryption")
        rest["keys"] = .array([.object(key)])
        cases = cases.filter { $0["key"] == .string("512") }
        #expect(cases.contains(where: Self.isInvalid))
        try Self.expect(rest, cases, passing: 0)
    }
}
