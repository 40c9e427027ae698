// SPDX-License-Identifier: Apache-2.0

import FederatedLearning
import Foundation
import ProtocolCryptography

/// A folder with the four files of a data set in the format of MNIST, each as it is or compressed by gzip.
struct IDXFolder {
    /// Where Debian's package `dataset-fashion-mnist` puts them.
    static let fashionMNIST = "/usr/share/datasets/fashion-mnist"

    /// More is not read of a file with images, compressed or not: memory for four times as much follows.
    ///
    /// The largest files in this format that are in use, those of EMNIST, have half of it.
    static let maximumImageBytes = 1 << 30
    /// More is not read of a file with labels: one byte for each of 16 million images.
    static let maximumLabelBytes = 1 << 24

    let path: String

    /// Whether there is a folder at this path, or a link to one.
    static func isFolder(_ path: String) -> Bool {
        let target = URL(fileURLWithPath: path).resolvingSymlinksInPath().path
        let attributes = try? FileManager.default.attributesOfItem(atPath: target)
        return attributes?[.type] as? FileAttributeType == .typeDirectory
    }

    /// The folder of the installed package.
    static func installedFashionMNIST() throws -> IDXFolder {
        guard FileManager.default.fileExists(atPath: fashionMNIST) else {
            throw UsageError(
                "Fashion-MNIST is not installed: there is no folder '\(fashionMNIST)'. On Debian, `apt-get install"
                    + " dataset-fashion-mnist`; elsewhere give a folder with its four files, --dataset FOLDER.")
        }
        return IDXFolder(path: fashionMNIST)
    }

    /// Reads and hashes the files, and divides the pixels by 255.
    func load(name: String) throws -> LoadedDataSet {
        // All are looked for before any is read, which takes a second.
        let found = try IDXFile.allCases.map { try location(of: $0) }
        let contents = try zip(IDXFile.allCases, found).map { file, location in
            let limit =
                file.magicNumber == IDXFile.trainingLabels.magicNumber
                ? Self.maximumLabelBytes : Self.maximumImageBytes
            return try BoundedFile(path: location.path, isCompressed: location.isCompressed, limit: limit).read()
        }
        let files = zip(IDXFile.allCases, contents).map { file, bytes in
            DigestedFile(name: file.rawValue, sha256: HashDigest(of: bytes).description)
        }
        let sha256 = HashDigest(of: contents.reduce(into: []) { $0 += $1 }).description
        do {
            let data = try DataSet(
                idxTrainingImages: contents[0], trainingLabels: contents[1], testImages: contents[2],
                testLabels: contents[3], name: name)
            return LoadedDataSet(data, sha256: sha256, files: files, isImages: true)
        } catch {
            throw UsageError("the data set in '\(path)' cannot be used: \(explain(error))")
        }
    }

    /// The file as it is, if there is one, else its compressed form.
    private func location(of file: IDXFile) throws -> (path: String, isCompressed: Bool) {
        for (ending, isCompressed) in [("", false), (".gz", true)] {
            let candidate = URL(fileURLWithPath: path).appendingPathComponent(file.rawValue + ending).path
            if FileManager.default.fileExists(atPath: candidate), !Self.isFolder(candidate) {
                return (candidate, isCompressed)
            }
        }
        throw UsageError(
            "the folder '\(path)' has neither '\(file.rawValue)' nor '\(file.rawValue).gz'. A folder is a data set if it has"
                + " the four files of MNIST; --dataset takes a CSV file, too.")
    }
}

/// A file of which no more than a limit is ever in memory, whatever it claims or expands to.
private struct BoundedFile {
    static let chunkBytes = 1 << 20

    let path: String
    let isCompressed: Bool
    let limit: Int

    func read() throws -> [UInt8] {
        guard let file = FileHandle(forReadingAtPath: path) else { throw UsageError("'\(path)' cannot be read.") }
        defer { try? file.close() }
        return isCompressed ? try decompress(file) : try readAll(file)
    }

    /// What the program gzip makes of the file, read while it runs.
    private func decompress(_ file: FileHandle) throws -> [UInt8] {
        let gzip = Process()
        // Found in PATH. The file is its standard input, so that no name of a file can be an option.
        gzip.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        gzip.arguments = ["gzip", "-dc"]
        let pipe = Pipe()
        gzip.standardInput = file
        gzip.standardOutput = pipe
        gzip.standardError = FileHandle.nullDevice
        do {
            try gzip.run()
        } catch {
            throw missingGzip
        }
        let content = Result { try readAll(pipe.fileHandleForReading) }
        // Whatever gzip has left to write has nowhere to go then, which ends it.
        try? pipe.fileHandleForReading.close()
        gzip.waitUntilExit()
        let bytes = try content.get()
        guard gzip.terminationReason == .exit, gzip.terminationStatus != 127 else { throw missingGzip }
        guard gzip.terminationStatus == 0 else {
            throw UsageError("'\(path)' is damaged, or was not compressed by gzip; fetch it again.")
        }
        return bytes
    }

    private func readAll(_ handle: FileHandle) throws -> [UInt8] {
        var bytes: [UInt8] = []
        while true {
            let chunk: Data?
            do {
                chunk = try handle.read(upToCount: Self.chunkBytes)
            } catch {
                throw UsageError("'\(path)' cannot be read: \(error.localizedDescription)")
            }
            guard let chunk, !chunk.isEmpty else { return bytes }
            guard bytes.count + chunk.count <= limit else {
                let size = isCompressed ? "expands to" : "has"
                throw UsageError(
                    "'\(path)' \(size) more than \(limit >> 20) MiB, the most that is read of such a file.")
            }
            bytes += chunk
        }
    }

    private var missingGzip: UsageError {
        UsageError(
            "the program gzip, which uncompresses '\(path)', did not finish; install it, or uncompress the file.")
    }
}
