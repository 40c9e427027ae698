// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

@Suite struct UsageTests {
    @Test(arguments: [
        [], ["compare"], ["train"], ["sum"], ["bench"], ["plan"], ["epsilon"], ["calibrate"], ["vectors"],
        ["vectors", "verify"], ["keygen"], ["keygen", "paillier"], ["encrypt"], ["add"], ["decrypt"],
    ])
    func `help has an example`(verb: [String]) throws {
        let run = try FedsumProgram.run(verb + ["--help"])
        #expect(run.exitCode == 0)
        #expect(run.output.contains("Example"))
        #expect(run.output.contains("USAGE"))
    }

    @Test func `the version is one line`() throws {
        let run = try FedsumProgram.run("--version")
        #expect(run.exitCode == 0)
        #expect(run.lines.count == 1)
    }

    @Test(
        arguments: [
            ["nothing"], ["compare", "--nothing"], ["compare", "extra"],
            ["compare", "--schemes", "rot13"], ["compare", "--schemes", "plain,"], ["compare", "--bits", "0"],
            ["compare", "--bits", "33"], ["compare", "--dropout", "1"], ["compare", "--dropout", "-0.1"],
            ["compare", "--dropout", "nan"], ["compare", "--rounds", "0"], ["compare", "--seed", "-1"],
            ["compare", "--seeds", "0"], ["compare", "--clients", "0"], ["compare", "--model", "forest"],
            ["compare", "--dataset", "no-such-file.csv"], ["compare", "--split", "alphabetical"],
            ["compare", "--dp", "perhaps"], ["compare", "--clients", "2"], ["compare", "--threshold", "5"],
            ["train", "--scheme", "rot13"], ["train", "--bits", "0"], ["train", "--bits", "33"],
            ["train", "--dropout", "1"], ["train", "--resume"], ["train", "--weights", "1,2"],
            ["train", "--algorithm", "magic"], ["train", "--learning-rate", "0"], ["train", "--clip", "0"],
            ["train", "--scheme", "additive", "--aggregators", "1"], ["compare", "--config", "no-such-file.toml"],
            ["compare", "--set", "rounds"], ["compare", "--set", "nothing=1"], ["compare", "--config"],
        ]
    )
    func `what makes no sense is wrong usage`(arguments: [String]) throws {
        let run = try FedsumProgram.run(arguments)
        #expect(run.exitCode == 64, "\(run.errors)")
        #expect(run.output.isEmpty)
        #expect(!run.errors.isEmpty)
    }

    @Test(
        arguments: [
            ["--scheme", "rot13"], ["--bits", "0"], ["--bits", "33"], ["--weights", "1,2"], ["--weights", "0,0,0"],
            ["--weights", "1,-1,1"], ["--weights", "1,x,1"], ["--weights", "1,1,1,1"], ["--drop", "4"],
            ["--drop", "0"],
            ["--drop", "x"], ["--drop-stage", "lunch"], ["--clip", "0"], ["--clip", "nan"], ["--clip", "-1"],
            ["--threshold", "1"], ["--threshold", "4"], ["--scheme", "additive", "--aggregators", "1"],
            ["--seed", "-1"], ["nan.csv"], ["inf.csv"], ["longer.csv"], ["text.csv"], ["empty.csv"], ["missing.csv"],
            ["broken.npy"], ["cut.npy"], ["gap.csv"], ["trailing.csv"], ["mixed.csv"], ["."],
            ["--set", "config=x.toml"],
            ["--scheme", "additive", "--aggregators", "501"],
        ]
    )
    func `sum refuses`(arguments: [String]) throws {
        let scratch = try Scratch()
        try scratch.file("nan.csv", "1,nan,3")
        try scratch.file("inf.csv", "1,2,inf")
        try scratch.file("longer.csv", "1,2,3,4")
        try scratch.file("gap.csv", "1,,2,3")
        try scratch.file("trailing.csv", "1,2,3,")
        try scratch.file("mixed.csv", "1,2;3")
        // A shape of four values, and three of them.
        let header = "{'descr': '|u1', 'fortran_order': False, 'shape': (4,), }\n"
        try scratch.file(
            "cut.npy",
            Data([0x93] + Array("NUMPY".utf8) + [1, 0, UInt8(header.utf8.count), 0] + Array(header.utf8) + [1, 2, 3]))
        try scratch.file("text.csv", "1,two,3")
        try scratch.file("empty.csv", "")
        try scratch.file("broken.npy", Data([0x93] + Array("NUMPY".utf8) + [1, 0, 255, 255, 0, 0]))
        let files = try (1...3).map { try scratch.file("good\($0).csv", "1,2,\($0)") }
        let arguments = arguments.map {
            $0.hasSuffix("csv") || $0.hasSuffix("npy") || $0 == "." ? "\(scratch.path)/\($0)" : $0
        }
        let run = try FedsumProgram.run(["sum"] + files + arguments)
        #expect(run.exitCode == 64, "\(run.errors)")
        #expect(run.output.isEmpty)
        // And would have worked without.
        #expect(try FedsumProgram.run(["sum"] + files).exitCode == 0)
    }

    @Test(arguments: SumCommandTests.schemes)
    func `two parties take the option that says what it costs`(scheme: String) throws {
        let scratch = try Scratch()
        let files = try (1...2).map { try scratch.file("\($0).csv", "1,\($0)") }
        let refused = try FedsumProgram.run(["sum"] + files + ["--scheme", scheme])
        #expect(refused.exitCode == 64)
        #expect(refused.errors.contains("--two-may-learn-each-other"))
        let run = try FedsumProgram.run(["sum"] + files + ["--scheme", scheme, "--two-may-learn-each-other", "--json"])
        #expect(run.exitCode == 0)
        #expect(try run.json()["sum"]?.entries.compactMap(\.number) == [2, 3])
    }
}
