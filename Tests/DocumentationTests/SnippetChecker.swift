// SPDX-License-Identifier: Apache-2.0

/// Holds a page's text against the snippets that were run.
struct SnippetChecker {
    private let snippets: [Snippet]
    /// The text of every snippet, with the language of its block.
    private let texts: [(language: String, lines: [String])]
    private let sourceImports: [String]
    private let sourceProblem: String?

    /// - Parameters:
    ///   - source: the file of `Snippets`.
    ///   - snippets: what it did.
    init(source: String, snippets: [Snippet]) {
        self.snippets = snippets
        var marked: [[String]] = []
        var open: [String]?
        var imports: [String] = []
        for line in lines(of: source) {
            switch line.drop(while: { $0 == " " }) {
            case "page.begin()": open = []
            case "page.end()":
                marked.append(open ?? [])
                open = nil
            default:
                open?.append(line.hasPrefix("    ") ? String(line.dropFirst(4)) : line)
                if isImport(line) { imports.append(line) }
            }
        }
        let fits = marked.count == snippets.count { $0.content == .marked }
        sourceProblem = fits ? nil : "the source file has \(marked.count) marked snippets"
        sourceImports = imports.sorted()
        texts = snippets.map { snippet in
            switch snippet.content {
            case .marked: ("swift", marked.isEmpty ? [] : marked.removeFirst())
            case .swift(let lines): ("swift", lines)
            case .shell(let lines): ("sh", lines)
            }
        }
    }

    /// What is wrong with the page; empty where its snippets are those that were run and its outputs what they printed.
    func problems(in page: [String]) -> [String] {
        var problems = sourceProblem.map { [$0] } ?? []
        let blocks = fencedBlocks(of: page, &problems)
        var position = 0
        var imports: [String] = []
        for (index, block) in blocks.enumerated() {
            switch block.language {
            case "swift", "sh":
                defer { position += 1 }
                guard position < snippets.count, block.language == texts[position].language else {
                    problems.append("line \(block.number): a snippet that is not in the snippets' file, or not here")
                    continue
                }
                var lines = block.lines[...]
                if snippets[position].content == .marked {
                    let head = lines.prefix(while: isImport)
                    imports += head.filter { !imports.contains($0) }
                    lines = lines.dropFirst(head.count)
                    if !head.isEmpty, lines.popFirst() != "" {
                        problems.append("line \(block.number): no blank line after the imports")
                    }
                }
                if let difference = firstDifference(lines, texts[position].lines) {
                    problems.append("line \(block.number): not the code that was run: \(difference)")
                }
                let next = index + 1 < blocks.count && blocks[index + 1].language.isEmpty ? blocks[index + 1] : nil
                check(next?.lines, against: snippets[position], of: block, &problems)
            case "" where index > 0 && ["swift", "sh"].contains(blocks[index - 1].language): break
            default: problems.append("line \(block.number): neither a snippet nor the output of one")
            }
        }
        if position < snippets.count { problems.append("\(snippets.count - position) snippets are not on the page") }
        if imports.sorted() != sourceImports {
            problems.append("the page imports \(imports), its code \(sourceImports)")
        }
        return problems
    }

    private func check(_ shown: [String]?, against snippet: Snippet, of block: Block, _ problems: inout [String]) {
        guard let printed = snippet.output else {
            if shown != nil { problems.append("line \(block.number): this snippet is not run and can show no output") }
            return
        }
        if let shown {
            if !matches(printed[...], shown[...]) {
                let difference = firstDifference(shown[...], printed) ?? "a line after an ellipsis"
                problems.append("line \(block.number): not what was printed: \(difference)")
            }
        } else if snippet.mustShow, !printed.isEmpty {
            problems.append("line \(block.number): the page does not show what is printed: \(printed)")
        }
    }

    private func firstDifference(_ shown: ArraySlice<String>, _ expected: [String]) -> String? {
        guard !shown.elementsEqual(expected) else { return nil }
        for (shown, expected) in zip(shown, expected) where !lineMatches(expected, shown) {
            return "'\(shown)' should be '\(expected)'"
        }
        return "\(shown.count) lines should be \(expected.count)"
    }
}

/// A fenced block of a page.
private struct Block {
    let language: String
    let number: Int
    var lines: [String] = []
}

/// The blocks between fences, in order.
private func fencedBlocks(of page: [String], _ problems: inout [String]) -> [Block] {
    var blocks: [Block] = []
    var open: Block?
    for (index, line) in page.enumerated() {
        if line.hasPrefix("```") {
            if let block = open {
                if line != "```" { problems.append("line \(index + 1): a fence inside a block") }
                blocks.append(block)
                open = nil
            } else {
                open = Block(language: String(line.dropFirst(3)), number: index + 1)
            }
        } else if open != nil {
            open?.lines.append(line)
        } else if line.hasPrefix("~~~") || line.hasPrefix(" ") && line.drop(while: { $0 == " " }).hasPrefix("```") {
            problems.append("line \(index + 1): a fence must begin its line, with three backquotes")
        }
    }
    if let block = open { problems.append("line \(block.number): a block without end") }
    return blocks
}

private func isImport(_ line: String) -> Bool {
    (line.hasPrefix("import ") || line.hasPrefix("@_spi"))
        && line.wholeMatch(of: /(?:@_spi\(\w+\) )?import \w+/) != nil
}

/// Whether a page shows what was printed. A line `…` stands for any number of lines; `…` within a line for any text:
/// for what varies, such as times.
func matches(_ printed: ArraySlice<String>, _ shown: ArraySlice<String>) -> Bool {
    guard let first = shown.first else { return printed.isEmpty }
    if first == "…" {
        return (0...printed.count).contains { matches(printed.dropFirst($0), shown.dropFirst()) }
    }
    guard let line = printed.first, lineMatches(line, first) else { return false }
    return matches(printed.dropFirst(), shown.dropFirst())
}

private func lineMatches(_ printed: String, _ shown: String) -> Bool {
    if printed == shown { return true }
    var parts = shown.split(separator: "…", omittingEmptySubsequences: false)[...]
    guard parts.count > 1, let first = parts.popFirst(), let last = parts.popLast() else { return false }
    guard printed.hasPrefix(first), printed.dropFirst(first.count).hasSuffix(last) else { return false }
    var middle = printed.dropFirst(first.count).dropLast(last.count)
    for part in parts where !part.isEmpty {
        guard let range = middle.firstRange(of: part) else { return false }
        middle = middle[range.upperBound...]
    }
    return true
}
