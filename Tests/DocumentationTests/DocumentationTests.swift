// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// The folder of the package, or a copy of it with other pages.
let repository: URL = {
    if let copy = ProcessInfo.processInfo.environment["FEDSUM_DOCUMENTATION_ROOT"] { return URL(fileURLWithPath: copy) }
    return URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()
}()

/// A file of the package.
func text(_ path: String) throws -> String {
    try String(contentsOf: repository.appendingPathComponent(path), encoding: .utf8)
}

/// The paths of the files under a folder whose names end so.
func files(under folder: String, withExtension suffix: String) throws -> [String] {
    try FileManager.default.subpathsOfDirectory(atPath: repository.appendingPathComponent(folder).path).filter {
        $0.hasSuffix("." + suffix)
    }.map { "\(folder)/\($0)" }.sorted()
}

/// README.md and every page of the documentation catalogs.
func documentationPages() throws -> [String] {
    try ["README.md"] + files(under: "Sources", withExtension: "md").filter { $0.contains(".docc/") }
}

@Suite struct LinkTests {
    @Test func `every relative link of the Markdown pages leads to a file`() throws {
        let pages =
            try ["README.md", "CONTRIBUTING.md", "SECURITY.md"] + files(under: "Documentation", withExtension: "md")
        for page in pages {
            let folder = repository.appendingPathComponent(page).deletingLastPathComponent()
            for match in try text(page).matches(of: /\]\(([^)#:]+)(#[^)]*)?\)/) {
                let target = folder.appendingPathComponent(String(match.1))
                #expect(FileManager.default.fileExists(atPath: target.path), "\(page) links to \(match.1)")
            }
        }
    }
}

@Suite struct ThreatPageTests {
    /// The titles of the threat pages.
    private static let schemes = [
        "plain", "additive", "shamir", "peer-to-peer", "secagg, curious server",
        "secagg, semi-malicious server", "secagg, active server", "paillier", "paillier, auditing key holder",
    ]

    /// The first table of a page, as rows of cells.
    private static func table(of page: String) throws -> [[String]] {
        try lines(of: text(page)).drop { !$0.hasPrefix("|") }.prefix { $0.hasPrefix("|") }.map {
            $0.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) }
        }
    }

    private static func pages() throws -> [String] {
        try files(under: "Sources", withExtension: "md").filter { $0.hasSuffix("Threats.md") }
    }

    @Test func `every scheme has one threat page for each threat model, and the overview lists it`() throws {
        let titles = try Self.pages().map { try lines(of: text($0))[0] }
        #expect(titles.sorted() == Self.schemes.map { "# Threats: \($0)" }.sorted())
        let overview = try text("Sources/fedsum/fedsum.docc/Schemes.md")
        for page in try Self.pages() {
            let name = String(try #require(page.split(separator: "/").last?.dropLast(".md".count)))
            #expect(overview.contains("/\(name)>"), "\(name)")
            #expect(try text("Documentation/Schemes.md").contains("/\(name).md"), "\(name)")
        }
    }

    @Test func `all threat pages have the same table: the same questions in the same order, and every cell filled`()
        throws
    {
        let fixed = try Self.table(of: "Sources/PairwiseMasking/PairwiseMasking.docc/SecAggCuriousThreats.md")
        #expect(fixed[0] == ["who colludes", "sees", "breaks", "we do not"])
        #expect(fixed.count == 17)
        for page in try Self.pages() {
            let table = try Self.table(of: page)
            #expect(table[0] == fixed[0], "\(page)")
            #expect(table.map { $0.first } == fixed.map { $0.first }, "\(page)")
            #expect(table.allSatisfy { row in row.count == 4 && !row.contains("") }, "\(page)")
        }
    }
}

@Suite struct PapersTests {
    /// `[BIK+17]`, `[RFC5869]`, `[SP800-38A]`, `[DAP]`: a key has no space and begins with a capital letter.
    private static func keys(in text: String) -> Set<String> {
        let pattern = /\[((?:[A-Z][A-Za-z]*\+?\d{2})|(?:RFC\d+)|(?:SP800-\w+)|DAP|VDAF|OptDigits|WDBC)\]/
        return Set(text.matches(of: pattern).map { String($0.1) }).filter {
            !$0.hasPrefix("UInt") && !$0.hasPrefix("Int")
        }
    }

    @Test func `every key that the sources and pages cite is in papers.md`() throws {
        let known = Self.keys(in: try text("papers.md"))
        #expect(known.count > 15)
        let folders = ["Sources", "Documentation"]
        for folder in folders {
            let files = FileManager.default.enumerator(
                at: repository.appendingPathComponent(folder), includingPropertiesForKeys: nil)
            for case let file as URL in files! where ["swift", "md", "h", "c"].contains(file.pathExtension) {
                let cited = Self.keys(in: try String(contentsOf: file, encoding: .utf8))
                #expect(cited.subtracting(known).isEmpty, "\(file.lastPathComponent) cites \(cited.subtracting(known))")
            }
        }
    }

    @Test func `every file that papers.md names exists`() throws {
        let paths = try text("papers.md").matches(of: /`((?:Sources|Tests|Documentation)\/[^`]*|README\.md)`/).map {
            String($0.1)
        }
        #expect(paths.count > 15)
        for path in paths where !path.hasPrefix("Tests/DocumentationTests") {
            #expect(FileManager.default.fileExists(atPath: repository.appendingPathComponent(path).path), "\(path)")
        }
    }
}
