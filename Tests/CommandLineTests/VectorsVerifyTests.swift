// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

@Suite struct VectorsVerifyTests {
    /// The committed files, which the Python model wrote.
    static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("Vectors").path

    /// By path from the folder. Schemas are no test vectors.
    static let files = ((try? FileManager.default.subpathsOfDirectory(atPath: folder)) ?? []).filter {
        $0.hasSuffix(".json") && !$0.hasPrefix("schemas/") && !$0.hasPrefix("differential-privacy/")
    }.sorted()

    /// Reference values that other programs made, with tolerances: not every digit in them is held against ours.
    static let references = ((try? FileManager.default.subpathsOfDirectory(atPath: folder)) ?? []).filter {
        $0.hasSuffix(".json") && $0.hasPrefix("differential-privacy/")
    }.sorted()

    @Test func `all committed vectors hold`() throws {
        #expect(Self.files.count >= 23)
        #expect(Self.files.filter { $0.hasPrefix("must_fail/") }.count >= 6)
        let run = try FedsumProgram.run("vectors", "verify", Self.folder)
        #expect(run.exitCode == 0, "\(run.output)")
        let last = try #require(run.lines.last)
        #expect(last.wholeMatch(of: /[1-9][0-9]* passed, 0 failed/) != nil, "\(last)")
        #expect(Self.references.count >= 10)
        for file in Self.files + Self.references { #expect(run.lines.contains { $0.hasPrefix("\(file): ") }) }
        // One line for each file and one for all: nothing else was looked at.
        #expect(run.lines.count == Self.files.count + Self.references.count + 1)
    }

    @Test func `the JSON document says for each file what the text says`() throws {
        let run = try FedsumProgram.run("vectors", "verify", Self.folder, "--json")
        #expect(run.exitCode == 0)
        let document = try run.json()
        #expect(document["failed"] == .integer(0))
        #expect(document["skipped"] == .integer(0))
        let reports = try #require(document["files"]).entries
        let references = reports.filter { $0["path"]?.text?.contains("/differential-privacy/") == true }
        #expect(references.count == Self.references.count)
        for report in references { #expect(report["failures"] == .array([])) }
        #expect(reports.count == Self.files.count + references.count)
        #expect(reports.compactMap { $0["passed"]?.number }.reduce(0, +) == document["passed"]?.number)
        for (report, file) in zip(reports.filter { !references.contains($0) }, Self.files) {
            #expect(report["path"] == .string("\(Self.folder)/\(file)"))
            #expect(report["schema"]?.text == "fedsum_" + file.dropLast(5).replacingOccurrences(of: "/", with: "_"))
            #expect(report["failures"] == .array([]))
            #expect(report["skipped_groups"] == .array([]))
        }
    }

    @Test(arguments: files)
    func `another digit in a value that is checked fails the file`(file: String) throws {
        let scratch = try Scratch()
        let document = try JSON(Data(contentsOf: URL(fileURLWithPath: "\(Self.folder)/\(file)")))
        let mutations = VectorMutations(document)
        var generator = SplitMix64(state: 20_260_613)
        var labels: [String] = []
        // Files of disturbed rounds take seconds each.
        let isSlow = file.contains("/") || file.hasPrefix("faulty_rounds")
        for number in 100..<(isSlow ? 104 : 120) {
            let (label, changed) = try #require(mutations.draw(using: &generator))
            labels.append(label)
            let path = try scratch.file("\(number).json", changed.data())
            // The first ones one by one, to see their exit code.
            if number < 103 {
                let run = try FedsumProgram.run("vectors", "verify", path)
                #expect(run.exitCode == 2, "\(label)")
                #expect(run.lines.last?.contains(" 0 failed") == false)
            }
        }
        let run = try FedsumProgram.run("vectors", "verify", scratch.path, "--json")
        #expect(run.exitCode == 2)
        let reports = try #require(try run.json()["files"]).entries
        #expect(reports.count == labels.count)
        for (report, label) in zip(reports, labels) { #expect((report["failed"]?.number ?? 0) > 0, "\(label)") }
    }

    @Test(
        arguments: [
            ("unknown.json", #"{"schema": "fedsum_unknown_v1", "cases": [{"id": "a"}]}"#),
            ("nameless.json", #"{"cases": [{"id": "a"}]}"#),
            ("empty.json", ""),
            ("truncated.json", #"{"schema": "fedsum_capacity_v1", "cases": [{"id": "n-1"#),
            ("list.json", "[]"),
            ("caseless.json", #"{"schema": "fedsum_capacity_v1", "cases": []}"#),
            ("without-cases.json", #"{"schema": "fedsum_wire_v1", "sessions": []}"#),
            ("rowless.json", #"{"name": "rdp_points", "rows": []}"#),
            ("not-a-case.json", #"{"schema": "fedsum_capacity_v1", "cases": [7]}"#),
            ("groupless.json", #"{"schema": "primitives_v1", "note": ""}"#),
            ("unknown-group.json", #"{"schema": "primitives_v1", "rot13": [1]}"#),
        ]
    )
    func `a file that cannot be checked is an error with its name`(name: String, content: String) throws {
        let path = try Scratch()
        let run = try FedsumProgram.run("vectors", "verify", try path.file(name, content))
        #expect(run.exitCode == 2)
        #expect(run.output.hasPrefix("\(name): 0 passed, 1 failed"))
        #expect(run.lines.last == "0 passed, 1 failed")
    }

    @Test func `one bad file among good ones is enough`() throws {
        let scratch = try Scratch()
        let bad = try scratch.file("bad.json", "{")
        let run = try FedsumProgram.run("vectors", "verify", Self.folder, bad)
        #expect(run.exitCode == 2)
        #expect(run.lines.last?.hasSuffix(" passed, 1 failed") == true)
    }

    @Test func `a path that is not there, no path, and a folder without files are wrong usage`() throws {
        let scratch = try Scratch()
        #expect(try FedsumProgram.run("vectors", "verify", "\(scratch.path)/missing.json").exitCode == 64)
        #expect(try FedsumProgram.run("vectors", "verify", Self.folder, "\(scratch.path)/missing").exitCode == 64)
        #expect(try FedsumProgram.run("vectors", "verify").exitCode == 64)
        #expect(try FedsumProgram.run("vectors", "verify", scratch.path).exitCode == 64)
    }

    @Test func `a folder's subfolders are searched, and schemas in it are passed over`() throws {
        let scratch = try Scratch()
        try FileManager.default.createDirectory(atPath: "\(scratch.path)/a/b", withIntermediateDirectories: true)
        let row =
            #"{"id": "a", "result": "valid", "contributors": 3, "quantizerBits": 1, "maximumWeight": null, "bits": 2}"#
        let schema = try scratch.file("c.json", #"{"$schema": "https://json-schema.org/draft/2020-12/schema"}"#)
        // Nothing but a schema is nothing.
        #expect(try FedsumProgram.run("vectors", "verify", scratch.path).exitCode == 64)
        _ = try scratch.file("a/b/deep.json", #"{"schema": "fedsum_capacity_v1", "cases": [\#(row)]}"#)
        let run = try FedsumProgram.run("vectors", "verify", scratch.path)
        #expect(run.exitCode == 0, "\(run.output)")
        #expect(run.lines == ["a/b/deep.json: 1 passed, 0 failed, 0 skipped", "1 passed, 0 failed"])
        // Whoever names a schema is told that it holds no test vectors.
        #expect(try FedsumProgram.run("vectors", "verify", schema).exitCode == 2)
        _ = try scratch.file("a/bad.json", "{")
        #expect(try FedsumProgram.run("vectors", "verify", scratch.path).exitCode == 2)
    }

    @Test func `a repeated id fails`() throws {
        let scratch = try Scratch()
        let row =
            #"{"id": "a", "result": "valid", "contributors": 3, "quantizerBits": 1, "maximumWeight": null, "bits": 2}"#
        let path = try scratch.file("twice.json", #"{"schema": "fedsum_capacity_v1", "cases": [\#(row), \#(row)]}"#)
        let run = try FedsumProgram.run("vectors", "verify", path)
        #expect(run.exitCode == 2)
        #expect(run.lines.last == "1 passed, 1 failed")
    }

    /// A sum of 2^64 and more must be refused for its size, and one of three bits not at all.
    @Test(
        arguments: [
            (4_294_967_295, 32, "4294967295", "capacity-above-64-bits", "1 passed, 0 failed"),
            (4_294_967_295, 32, "4294967295", "zero-weight", "0 passed, 1 failed"),
            (3, 1, "null", "capacity-above-64-bits", "0 passed, 1 failed"),
        ]
    )
    func `what must be refused and is not fails, and so does another reason`(
        contributors: Int,
        bits: Int,
        weight: String,
        error: String,
        expected: String
    ) throws {
        let scratch = try Scratch()
        let row =
            #"{"id": "a", "result": "invalid", "contributors": \#(contributors), "quantizerBits": \#(bits), "#
            + #""maximumWeight": \#(weight), "bits": null, "error": "\#(error)"}"#
        let path = try scratch.file("refused.json", #"{"schema": "fedsum_capacity_v1", "cases": [\#(row)]}"#)
        let run = try FedsumProgram.run("vectors", "verify", path)
        #expect(run.lines.last == Substring(expected), "\(run.output)")
        #expect(run.exitCode == (expected.hasSuffix(" 0 failed") ? 0 : 2))
    }

    // MARK: Foreign files

    /// RFC 8439 §2.3.2, RFC 5869 A.1, RFC 7748 §5.2.
    private static let primitives = #"""
        {"schema": "primitives_v1",
        "x25519_rfc7748": {
        "cases": [{"scalar": "a546e36bf0527c9d3b16154b82465edd62144c0ac1fc5a18506a2244ba449ac4",
        "u": "e6db6867583030db3594c1a424b15f7c726624ec26b3353b10a903a6d0ab1c4c",
        "result": "c3da55379de9c6908e94ea4df28d084f32eccf03491c71f754b4075577a28552"}],
        "iterated": {"1": "422c8e7a6227d7bca1350b3e2bb7279f7897b87bb6854b783c60e80311ae3079"},
        "lowOrderPoints": ["ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"]},
        "hkdf_sha256_rfc5869_1": {"ikm": "0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b",
        "salt": "000102030405060708090a0b0c", "info": "f0f1f2f3f4f5f6f7f8f9",
        "okm": "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865"},
        "chacha20_rfc8439_2_3_2": {
        "key": "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f",
        "nonce": "000000090000004a00000000", "counter": 1,
        "keystream": "10f1e7e4d13b5915500fdd1fa32071c4c7d1f4c733c068030422aa9ac3d46c4ed2826446079faa0914c2d705d98b02a2b5129cd1de164eb9cbd083e8a2503c4e"},
        "shamir_gf2_128_ssss_monic": [{"threshold": 2, "secret": "d9fe73909bae28b3757854c0af7ad405", "shares": [
        {"x": 1, "y": "594ae8964294174d95c33756d2504170"}, {"x": 2, "y": "d897459d29da574eb40e93ec552ffe6e"},
        {"x": 3, "y": "5823de9bf0e068b054b5f07a28056b1b"}]}],
        "gf256_vault": {"polynomial": "11b", "mul": [[3, 7, 9]]}}
        """#

    @Test func `primitives are checked where they are ours, and skipped by name where not`() throws {
        let scratch = try Scratch()
        let run = try FedsumProgram.run("vectors", "verify", try scratch.file("primitives.json", Self.primitives))
        #expect(run.exitCode == 0, "\(run.output)")
        #expect(run.lines.last == "6 passed, 0 failed, 1 skipped")
        #expect(run.output.contains("gf256_vault"))
    }

    @Test(arguments: ["c3da5537", "422c8e7a", "3cb25f25", "10f1e7e4", "5823de9b", "d9fe7390", "ecffffff"])
    func `another digit of a primitive's value fails`(digits: String) throws {
        let scratch = try Scratch()
        let changed = Self.primitives.replacingOccurrences(of: digits, with: "7" + digits.dropFirst())
        let run = try FedsumProgram.run("vectors", "verify", try scratch.file("primitives.json", changed))
        #expect(run.exitCode == 2)
        #expect(run.lines.last == "5 passed, 1 failed, 1 skipped")
    }

    @Test(arguments: [#"{"name": "toeplitz_matrix_mechanism", "rows": [{}, {}]}"#])
    func `a file of which every row is skipped is not a success`(content: String) throws {
        let scratch = try Scratch()
        let path = try scratch.file("later.json", content)
        let run = try FedsumProgram.run("vectors", "verify", path)
        #expect(run.exitCode == 2)
        #expect(run.lines.last == "0 passed, 0 failed, 2 skipped")
        #expect(run.output.contains("not in this version"))
        // Nor beside one that holds.
        #expect(try FedsumProgram.run("vectors", "verify", "\(Self.folder)/capacity_v1.json", path).exitCode == 2)
    }
}
