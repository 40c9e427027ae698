// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// `fedsum vectors verify` over rounds that must fail says no when what it is told to expect is wrong. That it says yes
/// to the committed rounds is a test of `VectorsVerifyTests`.
@Suite(.timeLimit(.minutes(5))) struct MustFailVectorsTests {
    private static let files = ["plain", "additive", "shamir", "peer_to_peer", "secagg", "secagg_plus"].map {
        "must_fail/\($0)_round_v1.json"
    }

    private static func document(_ file: String) throws -> JSON {
        try JSON(Data(contentsOf: URL(fileURLWithPath: "\(VectorsVerifyTests.folder)/\(file)")))
    }

    /// Changes the cases of a file, leaves out those that stay as they are, and expects each to fail for this reason.
    private func expectAllFail(
        _ file: String,
        atLeast count: Int = 10,
        because reason: String,
        _ location: SourceLocation = #_sourceLocation,
        _ change: (inout JSON) -> Bool
    ) throws {
        var document = try Self.document(file)
        let cases = try #require(document["cases"]).entries.compactMap { entry in
            var entry = entry
            return change(&entry) ? entry : nil
        }
        #expect(cases.count >= count, sourceLocation: location)
        document["cases"] = .array(cases)
        let path = try Scratch().file("cases.json", document.data())
        let run = try FedsumProgram.run("vectors", "verify", "--json", path)
        #expect(run.exitCode == 2, sourceLocation: location)
        let report = try #require(try run.json()["files"]?.entries.first)
        // The rounds themselves hold.
        #expect(report["passed"] == .integer(document["rounds"]?.entries.count ?? 0), sourceLocation: location)
        let failures = try #require(report["failures"]).entries
        #expect(failures.compactMap { $0["case"] } == cases.compactMap { $0["id"] }, sourceLocation: location)
        for failure in failures {
            let found = failure["reason"]?.text ?? ""
            #expect(found.contains(reason), "\(failure)", sourceLocation: location)
        }
    }

    /// Changes every refusal of a case.
    private func changeRefusals(_ entry: inout JSON, _ change: (inout JSON) -> Void) {
        entry["refusals"] = .array(
            (entry["refusals"]?.entries ?? []).map { refusal in
                var refusal = refusal
                change(&refusal)
                return refusal
            }
        )
    }

    @Test(arguments: files + ["must_fail/session_v1.json"])
    func `a case that is declared valid fails`(file: String) throws {
        try expectAllFail(file, because: "'result' must be invalid") { entry in
            entry["result"] = .string("valid")
            return true
        }
    }

    @Test(arguments: files) func `an error that there is not, and one that it is not, fail`(file: String) throws {
        for error in ["cosmic-ray", "zero-weight", "wrong-version"] {
            try expectAllFail(file, because: "for '\(error)'") { entry in
                guard entry["error"]?.text != error else { return false }
                entry["error"] = .string(error)
                changeRefusals(&entry) { $0["error"] = .string(error) }
                return true
            }
        }
        try expectAllFail(file, because: "'error' is cosmic-ray") { entry in
            entry["error"] = .string("cosmic-ray")
            return true
        }
    }

    @Test func `a session that must not exist fails for another reason`() throws {
        for error in ["cosmic-ray", "zero-weight"] {
            try expectAllFail("must_fail/session_v1.json", atLeast: 31, because: "for '\(error)'") { entry in
                entry["error"] = .string(error)
                return true
            }
        }
    }

    @Test(arguments: files) func `a refusal by or of somebody else, another reaction, and one too many fail`(
        file: String
    ) throws {
        try expectAllFail(file, because: "99 must") { entry in
            changeRefusals(&entry) { $0["by"] = .integer(99) }
            return true
        }
        try expectAllFail(file, because: "from 99") { entry in
            changeRefusals(&entry) { $0["from"] = .integer(99) }
            return true
        }
        try expectAllFail(file, because: "must complain") { entry in
            guard entry["refusals"]?.entries.first?["reaction"]?.text != "complain" else { return false }
            changeRefusals(&entry) { $0["reaction"] = .string("complain") }
            return true
        }
        try expectAllFail(file, because: "must abort") { entry in
            guard entry["refusals"]?.entries.first?["reaction"]?.text != "abort" else { return false }
            changeRefusals(&entry) { $0["reaction"] = .string("abort") }
            return true
        }
        try expectAllFail(file, because: "must ") { entry in
            let refusals = entry["refusals"]?.entries ?? []
            entry["refusals"] = .array(refusals + refusals)
            return true
        }
        try expectAllFail(file, because: "stage") { entry in
            changeRefusals(&entry) { $0["stage"] = .integer(99) }
            return true
        }
    }

    @Test(arguments: files) func `a refusal that the file does not state fails`(file: String) throws {
        try expectAllFail(file, atLeast: 1, because: "further refusal") { entry in
            guard let refusals = entry["refusals"]?.entries, refusals.count > 1 else { return false }
            entry["refusals"] = .array(refusals.dropLast())
            return true
        }
        try expectAllFail(file, because: "'refusals' is empty") { entry in
            entry["refusals"] = .array([])
            return true
        }
    }

    @Test(arguments: files) func `a sum instead of an abort, and the reverse, fail`(file: String) throws {
        try expectAllFail(file, atLeast: 1, because: "no sum was learned") { entry in
            guard entry["outcome"]?.text == "abort" else { return false }
            entry["outcome"] = .string("sum")
            return true
        }
        // The sum of a peer is asked for peer by peer, too; where a share is left out, abort is wrong before any sum.
        try expectAllFail(file, because: "abort") { entry in
            guard entry["outcome"]?.text == "sum" else { return false }
            entry["outcome"] = .string("abort")
            return true
        }
    }

    @Test(arguments: files) func `a message more or less, and one that is not replaced, fail`(file: String) throws {
        try expectAllFail(file, because: "'message") { entry in
            let replaced = entry["replaced"]?.entries.compactMap { $0["index"]?.number } ?? []
            guard let messages = entry["messages"]?.entries, replaced.max() != Double(messages.count - 1) else {
                return false
            }
            entry["messages"] = .array(messages.dropLast())
            return true
        }
        try expectAllFail(file, because: "nothing is changed") { entry in
            if entry["added"]?.entries.isEmpty == false { return false }
            entry["replaced"] = .array([])
            return true
        }
        try expectAllFail(file, because: "as in the undisturbed round") { entry in
            guard let round = entry["round"], let index = entry["replaced"]?.entries.first?["index"]?.number,
                let original = entry["replaced"]?.entries.first?["original"]?.number,
                let document = try? Self.document(file),
                let own = document["rounds"]?.entries.first(where: { $0["id"] == round })?["messages"]?.entries
            else { return false }
            var messages = entry["messages"]?.entries ?? []
            messages[Int(index)] = own[Int(original)]
            entry["messages"] = .array(messages)
            return true
        }
    }
}
