// SPDX-License-Identifier: Apache-2.0

import Foundation
import Synchronization

/// The program that was built together with these tests.
enum FedsumProgram {
    /// How a run ended.
    struct Result {
        let exitCode: Int32
        let output: String
        let errors: String

        /// Standard output as the one JSON document that it must be.
        func json() throws -> JSON { try JSON(Data(output.utf8)) }

        var lines: [Substring] { output.split(separator: "\n") }
    }

    struct NotFound: Error {}
    struct Crash: Error { let signal: Int32 }

    /// Beside the test bundle, on every platform and in every configuration.
    private static func executable() throws -> URL {
        var folders = Bundle.allBundles.filter { $0.bundlePath.hasSuffix(".xctest") }.map {
            $0.bundleURL.deletingLastPathComponent()
        }
        if let own = Bundle.main.executableURL { folders.append(own.deletingLastPathComponent()) }
        let candidates = folders.map { $0.appendingPathComponent("fedsum") }
        guard let found = candidates.first(where: { FileManager.default.isExecutableFile(atPath: $0.path) }) else {
            throw NotFound()
        }
        return found
    }

    /// Runs `fedsum` with these arguments to its end.
    static func run(_ arguments: String...) throws -> Result { try run(arguments) }

    static func run(_ arguments: [String]) throws -> Result {
        // Into files: a pipe that nobody empties would stop the program.
        let scratch = try Scratch()
        let (output, errors) = (try scratch.file("output", Data()), try scratch.file("errors", Data()))
        let process = Process()
        process.executableURL = try executable()
        process.arguments = arguments
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = try FileHandle(forWritingTo: URL(fileURLWithPath: output))
        process.standardError = try FileHandle(forWritingTo: URL(fileURLWithPath: errors))
        try process.run()
        process.waitUntilExit()
        guard process.terminationReason == .exit else { throw Crash(signal: process.terminationStatus) }
        return Result(
            exitCode: process.terminationStatus,
            output: try String(contentsOfFile: output, encoding: .utf8),
            errors: try String(contentsOfFile: errors, encoding: .utf8)
        )
    }
}

/// A folder of its own for one test, which is gone when the tests end.
final class Scratch: Sendable {
    let path: String

    init() throws {
        let url = FileManager.default.temporaryDirectory.appendingPathComponent("fedsum-tests-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: false)
        path = url.path
        Self.folders.withLock { $0.append(url.path) }
        _ = Self.removesAll
    }

    // Removed when the tests end, and not with their owner: that would be as soon as nobody needs the owner, which is before
    // a program has read the file whose path the owner gave.
    private static let folders = Mutex<[String]>([])
    private static let removesAll: Void = {
        atexit {
            for folder in Scratch.folders.withLock({ $0 }) { try? FileManager.default.removeItem(atPath: folder) }
        }
    }()

    /// Writes a file and gives its path.
    @discardableResult
    func file(_ name: String, _ content: Data) throws -> String {
        let file = "\(path)/\(name)"
        try content.write(to: URL(fileURLWithPath: file))
        return file
    }

    @discardableResult
    func file(_ name: String, _ text: String) throws -> String { try file(name, Data(text.utf8)) }
}
