// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// Every page with a snippet, and the code of its snippets.
private let pages: [SnippetPage] = [
    SnippetPage("README.md", code: "Readme.swift", readme),
    SnippetPage(
        "Sources/SecureRandomness/SecureRandomness.docc/SecureRandomness.md", code: "Randomness.swift", randomness),
    SnippetPage("Sources/RingArithmetic/RingArithmetic.docc/RingArithmetic.md", code: "Rings.swift", rings),
    SnippetPage("Sources/SecretSharing/SecretSharing.docc/SecretSharing.md", code: "Sharing.swift", sharing),
    SnippetPage("Sources/DurableFiles/DurableFiles.docc/DurableFiles.md", code: "Records.swift", records),
    SnippetPage("Sources/PrivacyLedger/PrivacyLedger.docc/PrivacyLedger.md", code: "Budgets.swift", budgets),
    SnippetPage("Sources/BigIntegers/BigIntegers.docc/BigIntegers.md", code: "BigNumbers.swift", bigNumbers),
    SnippetPage(
        "Sources/PaillierEncryption/PaillierEncryption.docc/PaillierEncryption.md", code: "Ciphertexts.swift",
        ciphertexts),
    SnippetPage(
        "Sources/DifferentialPrivacy/DifferentialPrivacy.docc/DifferentialPrivacy.md", code: "Noise.swift", noise),
    SnippetPage(
        "Sources/ProtocolCryptography/ProtocolCryptography.docc/ProtocolCryptography.md", code: "Keys.swift", keys),
    SnippetPage(
        "Sources/SecureAggregation/SecureAggregation.docc/SecureAggregation.md", code: "Aggregation.swift", aggregation),
    SnippetPage(
        "Sources/SharingAggregation/SharingAggregation.docc/SharingAggregation.md", code: "SharedSums.swift", sharedSums
    ),
    SnippetPage(
        "Sources/PairwiseMasking/PairwiseMasking.docc/PairwiseMasking.md", code: "MaskedSums.swift", maskedSums),
    SnippetPage(
        "Sources/PaillierAggregation/PaillierAggregation.docc/PaillierAggregation.md", code: "EncryptedSums.swift",
        encryptedSums),
    SnippetPage(
        "Sources/FederatedLearning/FederatedLearning.docc/FederatedLearning.md", code: "Training.swift", training),
    SnippetPage(
        "Sources/FederatedLearning/FederatedLearning.docc/PrivateTraining.md", code: "PrivateTraining.swift",
        privateTraining),
    SnippetPage("Sources/fedsum/fedsum.docc/fedsum.md", code: "CommandLine.swift", commandLine),
    SnippetPage("Sources/fedsum/fedsum.docc/Tutorial.md", code: "Tutorial.swift", tutorial),
]

/// The pages to check: all, or the one that is named, as `Scripts/test-documentation` does.
private let pagesUnderTest: [SnippetPage] = {
    guard let name = ProcessInfo.processInfo.environment["FEDSUM_DOCUMENTATION_PAGE"] else { return pages }
    return pages.filter { $0.path == name }
}()

@Suite struct SnippetTests {
    @Test(arguments: pagesUnderTest)
    func `a page's snippets are the code that runs here, and print what the page shows`(page: SnippetPage) throws {
        let checker = SnippetChecker(source: try text(page.sourcePath), snippets: try page.snippets())
        for problem in checker.problems(in: lines(of: try text(page.path))) { Issue.record("\(page.path), \(problem)") }
    }

    @Test(arguments: pagesUnderTest)
    func `a changed character in a snippet or its output is noticed`(page: SnippetPage) throws {
        let checker = SnippetChecker(source: try text(page.sourcePath), snippets: try page.snippets())
        var lines = lines(of: try text(page.path))
        var changes = 0
        var isInside = false
        for index in lines.indices {
            let line = lines[index]
            defer { lines[index] = line }
            if line.hasPrefix("```") { isInside.toggle() }
            guard isInside || line.hasPrefix("```") else { continue }
            for position in line.indices {
                let other: Character = line[position] == "x" ? "y" : "x"
                lines[index] = line[..<position] + String(other) + line[line.index(after: position)...]
                #expect(!checker.problems(in: lines).isEmpty, "unnoticed: \(lines[index])")
                changes += 1
            }
        }
        #expect(changes > 50)
    }

    @Test func `every page of documentation with a block of code is known to these tests`() throws {
        let known = Set(pages.map(\.path))
        for path in try documentationPages() where try text(path).contains("```") {
            #expect(known.contains(path), "\(path)")
        }
    }

    @Test func `the first example of a module's page has at most twelve lines`() throws {
        for page in try documentationPages() {
            let name = String(page.split(separator: "/").last?.dropLast(".md".count) ?? "")
            guard page.hasSuffix("/\(name).docc/\(name).md") else { continue }
            let example = try lines(of: text(page)).drop { !$0.hasPrefix("```") }.dropFirst().prefix { $0 != "```" }
            let code = example.drop { $0.isEmpty || $0.contains("import ") }
            #expect((1...12).contains(code.count), "\(page): \(code.count) lines")
        }
    }

    @Test func `documentation comments hold no block of code, which nothing would run`() throws {
        for path in try files(under: "Sources", withExtension: "swift") {
            let source = try text(path)
            #expect(!source.contains(/\/\/\/\s*(```|~~~)/), "\(path)")
        }
    }

    @Test func `an ellipsis in an output stands for what varies, and for nothing else`() {
        #expect(matches(["a", "b", "c"], ["a", "…", "c"]))
        #expect(matches(["a", "c"], ["a", "…", "c"]))
        #expect(!matches(["a", "b", "d"], ["a", "…", "c"]))
        #expect(matches(["1.5 ms of 3 s"], ["… ms of … s"]))
        #expect(!matches(["1.5 ms of 3 s"], ["… µs of … s"]))
        #expect(!matches(["aba"], ["ab…ba"]))
        #expect(!matches(["a", "b"], ["a"]))
        #expect(!matches(["a"], ["a", "b"]))
    }
}
