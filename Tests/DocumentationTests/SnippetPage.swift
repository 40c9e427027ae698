// SPDX-License-Identifier: Apache-2.0

import Foundation
import Synchronization

/// A page of documentation whose snippets are run.
///
/// Its Swift snippets live in a file of `Snippets`, where the compiler sees them; the page must repeat them letter for
/// letter, and show what they print.
final class SnippetPage: Sendable, CustomStringConvertible {
    /// The page, from the root of the package.
    let path: String
    /// The file of `Snippets` with its code.
    let sourceName: String
    /// The code of a page; within it `print` is the argument and not Swift's own.
    typealias Body = @Sendable (_ page: SnippetRun, _ print: (Any...) -> Void) throws -> Void
    private let body: Body
    private let cache = Mutex<[Snippet]?>(nil)

    init(_ path: String, code sourceName: String, _ body: @escaping Body) {
        self.path = path
        self.sourceName = sourceName
        self.body = body
    }

    var description: String { path }
    var sourcePath: String { "Tests/DocumentationTests/Snippets/\(sourceName)" }

    /// The page's snippets with what they print. They are run once.
    func snippets() throws -> [Snippet] {
        try cache.withLock { cache in
            if let cache { return cache }
            let run = try SnippetRun()
            try body(run) { (items: Any...) in run.print(items) }
            let snippets = run.snippets
            cache = snippets
            return snippets
        }
    }
}

/// A snippet that was run.
struct Snippet: Sendable, Equatable {
    /// What a snippet is, and where its text is.
    enum Content: Sendable, Equatable {
        /// The text between the next two marks of the source file.
        case marked
        /// Swift code that no target can hold: a line of a manifest.
        case swift([String])
        case shell([String])
    }

    let content: Content
    /// What it printed; nil where the page may show nothing, or where it was not run.
    var output: [String]?
    /// Whether the page must show the output, if there is any.
    var mustShow: Bool
}

/// Collects what the snippets of a page print.
final class SnippetRun: Sendable {
    private struct State {
        var snippets: [Snippet] = []
        var text = ""
    }

    private let state = Mutex(State())
    private let scratch: URL

    var snippets: [Snippet] { state.withLock { $0.snippets } }

    init() throws {
        scratch = FileManager.default.temporaryDirectory.appendingPathComponent("fedsum-snippets-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: scratch, withIntermediateDirectories: false)
    }

    deinit { try? FileManager.default.removeItem(at: scratch) }

    /// Marks the first line of a Swift snippet, which is the next line of the file.
    func begin() { state.withLock { $0.text = "" } }

    /// Marks the end of a Swift snippet, which is the line before.
    func end() {
        state.withLock {
            $0.snippets.append(Snippet(content: .marked, output: lines(of: $0.text), mustShow: true))
        }
    }

    /// As Swift's own.
    fileprivate func print(_ items: [Any]) {
        state.withLock { $0.text += items.map { "\($0)" }.joined(separator: " ") + "\n" }
    }

    /// Runs a shell snippet with `fedsum` on the path, in a folder that all snippets of the page share.
    func shell(_ script: String) throws {
        let result = try run("bash", ["-euo", "pipefail", "-c", script])
        guard result.status == 0 else {
            throw SnippetFailure(command: script, status: result.status, text: result.text)
        }
        add(.shell(lines(of: script)), output: lines(of: result.text))
    }

    /// A shell snippet that starts a script of this repository, which runs these tests or builds what they are part of:
    /// it is not run here, but the script must be there.
    func script(_ line: String) throws {
        let path = String(line.prefix { $0 != " " })
        guard FileManager.default.isExecutableFile(atPath: repository.appendingPathComponent(path).path) else {
            throw SnippetFailure(command: line, status: 127, text: "no script \(path)")
        }
        add(.shell([line]), output: nil)
    }

    /// A line of a package's manifest: SwiftPM must take it as a dependency of a package.
    func dependency(_ line: String) throws {
        let manifest = """
            // swift-tools-version: 6.2
            import PackageDescription
            let package = Package(name: "user", dependencies: [\(line)])
            """
        try Data(manifest.utf8).write(to: scratch.appendingPathComponent("Package.swift"))
        let result = try run("swift", ["package", "--disable-sandbox", "dump-package"])
        guard result.status == 0 else { throw SnippetFailure(command: line, status: result.status, text: result.text) }
        add(.swift([line]), output: nil)
    }

    private func add(_ content: Snippet.Content, output: [String]?) {
        state.withLock { $0.snippets.append(Snippet(content: content, output: output, mustShow: false)) }
    }

    /// Into a file, not a pipe that nobody empties; standard output and standard error together, as a terminal shows
    /// them.
    private func run(_ program: String, _ arguments: [String]) throws -> (status: Int32, text: String) {
        let log = scratch.deletingLastPathComponent().appendingPathComponent(scratch.lastPathComponent + ".log")
        try Data().write(to: log)
        defer { try? FileManager.default.removeItem(at: log) }
        let handle = try FileHandle(forWritingTo: log)
        var environment = ProcessInfo.processInfo.environment
        environment["PATH"] = "\(try buildFolder().path):\(environment["PATH"] ?? "")"
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = [program] + arguments
        process.currentDirectoryURL = scratch
        process.environment = environment
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = handle
        process.standardError = handle
        try process.run()
        process.waitUntilExit()
        return (process.terminationStatus, try String(contentsOf: log, encoding: .utf8))
    }
}

struct SnippetFailure: Error {
    let command: String
    let status: Int32
    let text: String
}

/// The lines of a text without its last line break.
func lines(of text: String) -> [String] {
    text.isEmpty
        ? []
        : (text.hasSuffix("\n") ? text.dropLast() : text[...]).split(
            separator: "\n", omittingEmptySubsequences: false
        ).map(String.init)
}

/// Where the tests and `fedsum` were built, on every platform.
private func buildFolder() throws -> URL {
    let bundles = Bundle.allBundles.filter { $0.bundlePath.hasSuffix(".xctest") }.map(\.bundleURL)
    let candidates = (bundles + [Bundle.main.executableURL].compactMap(\.self)).map { $0.deletingLastPathComponent() }
    guard
        let found = candidates.first(where: {
            FileManager.default.isExecutableFile(atPath: $0.appendingPathComponent("fedsum").path)
        })
    else { throw SnippetFailure(command: "fedsum", status: 127, text: "not beside the tests") }
    return found
}
