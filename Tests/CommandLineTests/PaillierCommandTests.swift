// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

@Suite struct PaillierCommandTests {
    /// Keys that the tests share: python-paillier's form, our own, and another key.
    private struct Keys {
        let phe: String
        let fedsum: String
        let other: String
    }

    private static let keys: Result<Keys, any Error> = Result {
        let scratch = try Scratch()
        for (name, format) in [("phe", "phe"), ("fedsum", "fedsum"), ("other", "phe")] {
            let run = try FedsumProgram.run(
                "keygen", "paillier", "--out", "\(scratch.path)/\(name)", "--bits", "2048", "--format", format)
            guard run.exitCode == 0 else { throw CocoaError(.fileReadUnknown) }
        }
        return Keys(phe: "\(scratch.path)/phe", fedsum: "\(scratch.path)/fedsum", other: "\(scratch.path)/other")
    }

    private let keys: Keys

    init() throws { keys = try Self.keys.get() }

    private func succeed(_ arguments: String...) throws -> String {
        let run = try FedsumProgram.run(arguments)
        #expect(run.exitCode == 0, "\(run.errors)")
        return run.output
    }

    /// A refusal says why, and leaves nothing behind.
    private func expectRefusal(
        _ exitCode: Int32, _ reason: String, _ arguments: [String], _ location: SourceLocation = #_sourceLocation
    ) throws {
        let run = try FedsumProgram.run(arguments)
        #expect(run.exitCode == exitCode && run.output.isEmpty, "\(run.errors)", sourceLocation: location)
        #expect(run.errors.contains(reason), "\(run.errors)", sourceLocation: location)
        guard let position = arguments.firstIndex(of: "--out"), arguments[0] != "keygen" else { return }
        #expect(!FileManager.default.fileExists(atPath: arguments[position + 1]), sourceLocation: location)
    }

    @Test func `numbers are encrypted, added and decrypted, under either form of key`() throws {
        let scratch = try Scratch()
        let first = try scratch.file("first.csv", "0.1\n-2.5\n7\n1e-9\n\n9007199254740993\n")
        let second = try scratch.file("second.csv", "0.2\n2.5\n-10\n1000.5\n1\n")
        for (folder, suffix) in [(keys.phe, "json"), (keys.fedsum, "key")] {
            let (published, secret) = ("\(folder)/public.\(suffix)", "\(folder)/private.\(suffix)")
            let files = (0..<3).map { "\(scratch.path)/\(suffix)-\($0).json" }
            _ = try succeed("encrypt", "--key", published, first, "--out", files[0])
            // The holder of the private key encrypts with it.
            _ = try succeed("encrypt", "--key", secret, second, "--out", files[1])
            #expect(try succeed("decrypt", "--key", secret, files[0]) == "0.1\n-2.5\n7\n1e-09\n9007199254740993\n")
            _ = try succeed("add", files[0], files[1], "--key", published, "--out", files[2])
            let sum = try succeed("decrypt", "--key", secret, files[2])
            #expect(sum == "\(0.1 + 0.2)\n0.0\n-3\n1000.500000001\n9007199254740994\n")
            // Again, of the same files: other ciphertexts of the same sums.
            let before = try String(contentsOfFile: files[2], encoding: .utf8)
            _ = try succeed("add", files[0], files[1], "--key", published, "--out", files[2])
            #expect(try String(contentsOfFile: files[2], encoding: .utf8) != before)
            #expect(try succeed("decrypt", "--key", secret, files[2]) == sum)
        }
    }

    @Test func `three files are added, and JSON is one document`() throws {
        let scratch = try Scratch()
        let text = try scratch.file("n.csv", "1.5")
        let (one, sum) = ("\(scratch.path)/one.json", "\(scratch.path)/sum.json")
        let written = try FedsumProgram.run(
            "encrypt", "--key", "\(keys.phe)/public.json", text, "--out", one, "--json")
        #expect(try written.json()["count"] == .integer(1))
        _ = try succeed("add", one, one, one, "--key", "\(keys.phe)/public.json", "--out", sum)
        let opened = try FedsumProgram.run("decrypt", "--key", "\(keys.phe)/private.json", sum, "--json")
        #expect(try opened.json()["values"]?.entries.map(\.number) == [4.5])
    }

    @Test func `one number a file, as pheutil writes it, is read too`() throws {
        let scratch = try Scratch()
        let text = try scratch.file("n.csv", "2.75")
        let many = "\(scratch.path)/many.json"
        _ = try succeed("encrypt", "--key", "\(keys.phe)/public.json", text, "--out", many)
        let list = try #require(
            try JSON(Data(contentsOf: URL(fileURLWithPath: many)))["values"]?.entries.first?.entries)
        let one = try scratch.file("one.json", "{\"v\": \"\(list[0].text ?? "")\", \"e\": \(Int(list[1].number ?? 0))}")
        #expect(try succeed("decrypt", "--key", "\(keys.phe)/private.json", one) == "2.75\n")
    }

    @Test func `the private key is for its owner's eyes, and no key is overwritten or made from a seed`() throws {
        for (folder, suffix) in [(keys.phe, "json"), (keys.fedsum, "key")] {
            let attributes = try FileManager.default.attributesOfItem(atPath: "\(folder)/private.\(suffix)")
            #expect(attributes[.posixPermissions] as? Int == 0o600)
            let before = try Data(contentsOf: URL(fileURLWithPath: "\(folder)/private.\(suffix)"))
            try expectRefusal(
                64, "never overwritten",
                [
                    "keygen", "paillier", "--out", folder, "--bits", "2048", "--format",
                    suffix == "json" ? "phe" : "fedsum",
                ])
            #expect(try Data(contentsOf: URL(fileURLWithPath: "\(folder)/private.\(suffix)")) == before)
        }
        let scratch = try Scratch()
        try expectRefusal(64, "no --seed", ["keygen", "paillier", "--out", "\(scratch.path)/new", "--seed", "1"])
        #expect(!FileManager.default.fileExists(atPath: "\(scratch.path)/new"))
        try expectRefusal(
            64, "2048, 3072 or 4096", ["keygen", "paillier", "--out", "\(scratch.path)/new", "--bits", "1024"])
    }

    @Test func `wrong keys, wrong files and wrong numbers are refused with what to do`() throws {
        let scratch = try Scratch()
        let (published, secret) = ("\(keys.phe)/public.json", "\(keys.phe)/private.json")
        let out = "\(scratch.path)/out.json"
        let one = "\(scratch.path)/one.json"
        let two = "\(scratch.path)/two.json"
        _ = try succeed("encrypt", "--key", published, try scratch.file("1.csv", "1"), "--out", one)
        _ = try succeed("encrypt", "--key", published, try scratch.file("2.csv", "1\n2"), "--out", two)
        try expectRefusal(64, "takes the private one", ["decrypt", "--key", published, one])
        try expectRefusal(1, "another key", ["decrypt", "--key", "\(keys.other)/private.json", one])
        try expectRefusal(
            1, "another key", ["add", one, one, "--key", "\(keys.other)/public.json", "--out", out])
        try expectRefusal(64, "as many", ["add", one, two, "--key", published, "--out", out])
        try expectRefusal(64, "two files", ["add", one, "--key", published, "--out", out])
        try expectRefusal(64, "no file", ["add", one, "missing.json", "--key", published, "--out", out])
        for text in ["", "one", "nan", "inf", "1,2"] {
            let file = try scratch.file("bad.csv", text)
            try expectRefusal(64, "bad.csv", ["encrypt", "--key", published, file, "--out", out])
        }
        // The negative twins of a file that is right: not JSON, no ciphertext, numbers that are none.
        let right = try String(contentsOfFile: one, encoding: .utf8)
        #expect(try succeed("decrypt", "--key", secret, one) == "1\n")
        let number = try #require(try JSON(Data(right.utf8))["values"]?.entries.first?.entries.first?.text)
        for wrong in [
            "", "{}", String(right.dropLast(3)), right.replacingOccurrences(of: "\"\(number)\"", with: "\"0\""),
            right.replacingOccurrences(of: "\"\(number)\"", with: "\"\(number)\(number)\""),
            right.replacingOccurrences(of: "\"\(number)\"", with: "\"-1\""),
        ] {
            let file = try scratch.file("wrong.json", wrong)
            try expectRefusal(1, "wrong.json", ["decrypt", "--key", secret, file])
            try expectRefusal(1, "wrong.json", ["add", one, file, "--key", published, "--out", out])
        }
        for wrong in ["", "{}", "{\"kty\": \"RSA\", \"alg\": \"PAI-GN1\", \"n\": \"AQ\"}"] {
            let file = try scratch.file("key.json", wrong)
            try expectRefusal(1, "key.json", ["encrypt", "--key", file, "\(scratch.path)/1.csv", "--out", out])
        }
    }
}
