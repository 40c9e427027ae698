// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// Data sets in the format of MNIST, as folders.
@Suite struct ImageDataSetTests {
    static let names = [
        "train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte",
    ]

    /// By Python's hashlib, of the same bytes made by a program of its own.
    static let digests = [
        "34c76f0c2cb45b7732bc0f38ce9ab92de066f89625c8d56202751faf4be4286d",
        "e088408829b34cfe4ebb97d9a7be5b4b4f07e180aa3bf3a1ba20f362f20422ce",
        "f6cc067b0905f34e400b8b8fe81e6c59c6caf2f8a83bd9b06c1e8f9d808f53d9",
        "2f52b227069bf823b01aeb0a14a35dc2c6db3b550d4dc4191c6ffbd67f3d252f",
    ]
    static let digestOfAll = "256133b00966180add3ea6b4493e7456cfdc26c0aae577547634775f5ff6f9e6"

    /// 120 images for training and 30 for testing, 4 × 4 pixels, three classes by brightness.
    static let files: [Data] = {
        func bigEndian(_ values: Int...) -> [UInt8] { values.flatMap { [0, 0, UInt8($0 >> 8), UInt8($0 & 255)] } }
        func label(_ row: Int) -> Int { (5 * row + row / 7) % 3 }
        return [120, 30].flatMap { count -> [Data] in
            let pixels = (0..<count).flatMap { row in
                (0..<16).map { UInt8((row * 7 + $0 * 13) % 64 + label(row) * 80) }
            }
            return [
                Data(bigEndian(0x803, count, 4, 4) + pixels),
                Data(bigEndian(0x801, count) + (0..<count).map { UInt8(label($0)) }),
            ]
        }
    }()

    /// A folder with the four files, those at these positions compressed.
    private func folder(compressing compressed: Set<Int> = [], _ change: (Int, inout Data) -> Void = { _, _ in }) throws
        -> Scratch
    {
        let scratch = try Scratch()
        for (position, name) in Self.names.enumerated() {
            var content = Self.files[position]
            change(position, &content)
            try scratch.file(name, content)
            if compressed.contains(position) { try gzip("\(scratch.path)/\(name)") }
        }
        return scratch
    }

    /// Replaces a file by its compressed form.
    private func gzip(_ path: String) throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["gzip", path]
        try process.run()
        process.waitUntilExit()
        try #require(process.terminationStatus == 0)
    }

    private func compare(_ folder: String, _ arguments: String...) throws -> FedsumProgram.Result {
        try FedsumProgram.run(
            [
                "compare", "--dataset", folder, "--model", "softmax", "--clients", "4", "--rounds", "1",
                "--local-epochs", "1", "--schemes", "plain", "--seed", "3", "--json",
            ] + arguments)
    }

    @Test func `compressed or not, a folder is the same data set with a test part of its own`() throws {
        var documents: [JSON] = []
        for compressed in [[], [0, 3], [0, 1, 2, 3]] as [Set<Int>] {
            let folder = try folder(compressing: compressed)
            let run = try compare(folder.path + (compressed.isEmpty ? "/" : ""))
            #expect(run.exitCode == 0, "\(run.errors)")
            let document = try run.json()
            let dataSet = try #require(document["dataset"])
            #expect(dataSet["name"]?.text == URL(fileURLWithPath: folder.path).lastPathComponent)
            #expect(dataSet["train"]?.number == 120)
            #expect(dataSet["test"]?.number == 30)
            #expect(dataSet["sha256"]?.text == Self.digestOfAll)
            #expect(dataSet["files"]?.entries.map { $0["name"]?.text } == Self.names)
            #expect(dataSet["files"]?.entries.map { $0["sha256"]?.text } == Self.digests)
            // All training rows are dealt, and no test row, so many of each class.
            let labels = try #require(document["split"]).entries.map {
                ($0["labels"]?.entries ?? []).compactMap(\.number)
            }
            #expect((0..<3).map { label in labels.reduce(0) { $0 + $1[label] } } == [52, 34, 34])
            documents.append(document.without { $0.contains("seconds") || $0 == "name" })
        }
        #expect(documents[1] == documents[0])
        #expect(documents[2] == documents[0])
        // Training on it, the other verb, says the same of it.
        let folder = try folder(compressing: [1])
        let train = try FedsumProgram.run(
            "train", "--dataset", folder.path, "--model", "softmax", "--scheme", "plain", "--rounds", "20", "--seed",
            "3",
            "--json")
        let document = try train.json()
        #expect(document["dataset"]?.without { $0 == "name" } == documents[0]["dataset"])
        // Brightness tells the classes; one class in three would be right by guessing.
        #expect(document["accuracy"]?.number ?? 0 > 0.6)
    }

    @Test func `a data set of one file names that file`() throws {
        let scratch = try Scratch()
        let file = try scratch.file("rows.csv", (0..<40).map { "\($0),\($0 % 2)\n" }.joined())
        for (argument, name, dataSet) in [
            (file, "rows.csv", "rows.csv"), ("breast-cancer", "breast_cancer.csv", "breast-cancer"),
        ] {
            let document = try #require(try compare(argument).json()["dataset"])
            #expect(document["name"]?.text == dataSet)
            let files = try #require(document["files"]).entries
            #expect(files.map { $0["name"]?.text } == [name])
            #expect(files.map { $0["sha256"] } == [document["sha256"]])
        }
    }

    @Test func `a share of rows for testing is refused where the data has test rows`() throws {
        let folder = try folder()
        let run = try compare(folder.path, "--test-fraction", "0.2")
        #expect(run.exitCode == 64)
        #expect(run.errors.contains("--test-fraction"))
        #expect(run.output.isEmpty)
        #expect(try compare("breast-cancer", "--test-fraction", "0.5").json()["dataset"]?["test"]?.number == 285)
    }

    @Test(arguments: 0..<4) func `a file that is missing is named`(position: Int) throws {
        let folder = try folder(compressing: [1, 2])
        let name = Self.names[position]
        for ending in ["", ".gz"] { try? FileManager.default.removeItem(atPath: "\(folder.path)/\(name)\(ending)") }
        let run = try compare(folder.path)
        #expect(run.exitCode == 64)
        #expect(run.errors.contains(name))
        // A folder of that name is no file.
        try FileManager.default.createDirectory(
            atPath: "\(folder.path)/\(name)", withIntermediateDirectories: false)
        #expect(try compare(folder.path).exitCode == 64)
    }

    @Test(arguments: 0..<4) func `a file that is damaged is refused and named`(position: Int) throws {
        let name = Self.names[position]
        // Cut, too long, of another kind.
        for change in [{ $0.removeLast() }, { $0.append(0) }, { $0[3] ^= 2 }] as [(inout Data) -> Void] {
            let folder = try folder(compressing: [1, 2]) { if $0 == position { change(&$1) } }
            let run = try compare(folder.path)
            #expect(run.exitCode == 64)
            #expect(run.errors.contains(name), "\(run.errors)")
        }
        // Compressed: cut, another checksum, another length, not compressed at all.
        for change in [
            { $0.removeLast() }, { $0[$0.count - 8] ^= 1 }, { $0[$0.count - 4] ^= 1 }, { $0 = Data("text".utf8) },
        ]
            as [(inout Data) -> Void]
        {
            let folder = try folder(compressing: [position])
            #expect(try compare(folder.path).exitCode == 0)
            var bytes = try Data(contentsOf: URL(fileURLWithPath: "\(folder.path)/\(name).gz"))
            change(&bytes)
            try folder.file("\(name).gz", bytes)
            let run = try compare(folder.path)
            #expect(run.exitCode == 64)
            #expect(run.errors.contains("\(name).gz") && run.errors.contains("damaged"), "\(run.errors)")
        }
    }

    @Test func `a small file that expands to a large one is not read to its end`() throws {
        let labels = Self.names[1]
        for compressed in [[], [1]] as [Set<Int>] {
            // 16 MiB and one byte, with a header that says so.
            let count = 16 << 20 - 7
            let folder = try folder(compressing: compressed) { position, content in
                guard position == 1 else { return }
                content = Data([0, 0, 8, 1, 0, UInt8(count >> 16), UInt8(count >> 8 & 255), UInt8(count & 255)])
                content.append(Data(count: count))
            }
            let run = try compare(folder.path)
            #expect(run.exitCode == 64)
            #expect(run.errors.contains(labels) && run.errors.contains("more than 16 MiB"), "\(run.errors)")
        }
        // One byte less is read, and is another mistake.
        let folder = try folder(compressing: [1]) { position, content in
            guard position == 1 else { return }
            content = Data([0, 0, 8, 1, 0, 0xFF, 0xFF, 0xF8]) + Data(count: 0xFFFFF8)
        }
        let run = try compare(folder.path)
        #expect(run.exitCode == 64)
        #expect(run.errors.contains("16777208 labels for 120 images"), "\(run.errors)")
    }

    @Test(
        .enabled(
            if: !FileManager.default.fileExists(atPath: "/usr/share/datasets/fashion-mnist"),
            "Debian's package dataset-fashion-mnist is installed"))
    func `without the package, Fashion-MNIST is refused with what to do`() throws {
        let run = try compare("fashion-mnist")
        #expect(run.exitCode == 64)
        #expect(run.errors.contains("apt-get install dataset-fashion-mnist"))
    }

    @Test(
        .enabled(
            if: FileManager.default.fileExists(atPath: "/usr/share/datasets/fashion-mnist"),
            "Debian's package dataset-fashion-mnist is not installed"))
    func `the package is the 70,000 images that the world knows`() throws {
        let run = try FedsumProgram.run(
            "train", "--dataset", "fashion-mnist", "--model", "softmax", "--clients", "1000", "--clients-per-round",
            "10",
            "--scheme", "plain", "--rounds", "1", "--local-epochs", "1", "--seed", "1", "--json")
        #expect(run.exitCode == 0, "\(run.errors)")
        let document = try run.json()
        let dataSet = try #require(document["dataset"])
        #expect(dataSet["name"]?.text == "fashion-mnist")
        #expect(dataSet["train"]?.number == 60_000)
        #expect(dataSet["test"]?.number == 10_000)
        // By sha256sum.
        #expect(dataSet["sha256"]?.text == "14410854cf7a289477dcfc7df3f8ec24741e281cdcc425ede0d9a748ca630214")
        #expect(
            dataSet["files"]?.entries.map { $0["sha256"]?.text } == [
                "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
                "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
                "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
                "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
            ])
        // Ten classes: a guess is right once in ten times.
        #expect(document["accuracy"]?.number ?? 0 > 0.3)
    }

    // MARK: Baselines

    @Test(arguments: [100, 120]) func `of many clients a hundred are trained alone, and the report says so`(
        clients: Int
    )
        throws
    {
        let scratch = try Scratch()
        let arguments = [
            "compare", "--dataset", "breast-cancer", "--model", "softmax", "--clients", "\(clients)", "--rounds", "1",
            "--local-epochs", "1", "--schemes", "plain", "--seed", "3",
        ]
        let run = try FedsumProgram.run(arguments + ["--json", "--out", scratch.path])
        #expect(run.exitCode == 0, "\(run.errors)")
        #expect(try run.json()["local_only"]?["clients"]?.number == 100)
        #expect(try run.json()["split"]?.entries.count == clients)
        for text in [
            try FedsumProgram.run(arguments).output,
            try String(contentsOfFile: "\(scratch.path)/report.md", encoding: .utf8),
        ] {
            #expect(text.contains("100 of the 120 clients (evenly spaced), each alone") == (clients == 120))
            #expect(text.contains("each client alone") == (clients == 100))
        }
    }
}
