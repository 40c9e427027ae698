// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// The folder of the package.
private let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()

private func text(_ path: String) throws -> String {
    try String(contentsOf: root.appendingPathComponent(path), encoding: .utf8)
}

/// The contents of the fenced blocks of a Markdown page, in order, with their languages.
private func blocks(of markdown: String) -> [(language: String, lines: [String])] {
    var result: [(String, [String])] = []
    var open: (String, [String])?
    for line in markdown.components(separatedBy: "\n") {
        if line.hasPrefix("```") {
            if let block = open {
                result.append(block)
                open = nil
            } else {
                open = (String(line.dropFirst(3)), [])
            }
        } else {
            open?.1.append(line)
        }
    }
    return result
}

@Suite struct ReadmeTests {
    @Test func `the README's example is the code that this test runs, and prints what the README says`() throws {
        let blocks = blocks(of: try text("README.md"))
        let source = try text("Tests/DocumentationTests/ReadmeExample.swift").components(separatedBy: "\n")
        let imports = source.filter { $0.hasPrefix("import ") }
        let begin = try #require(source.firstIndex { $0.contains("README: begin") })
        let end = try #require(source.firstIndex { $0.contains("README: end") })
        let body = source[(begin + 1)..<end].map { $0.hasPrefix("    ") ? String($0.dropFirst(4)) : $0 }
        #expect(blocks[0].language == "swift")
        #expect(blocks[0].lines == imports + [""] + body)
        #expect(try readmeExample() == blocks[1].lines)
    }

    @Test func `every relative link of the Markdown pages leads to a file`() throws {
        let pages = [
            "README.md", "CONTRIBUTING.md", "SECURITY.md", "Documentation/Schemes.md",
            "Documentation/Decisions/README.md",
        ]
        for page in pages {
            let folder = root.appendingPathComponent(page).deletingLastPathComponent()
            for match in try text(page).matches(of: /\]\(([^)#:]+)(#[^)]*)?\)/) {
                let target = folder.appendingPathComponent(String(match.1))
                #expect(FileManager.default.fileExists(atPath: target.path), "\(page) links to \(match.1)")
            }
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
                at: root.appendingPathComponent(folder), includingPropertiesForKeys: nil)
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
            #expect(FileManager.default.fileExists(atPath: root.appendingPathComponent(path).path), "\(path)")
        }
    }
}
