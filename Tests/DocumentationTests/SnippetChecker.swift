// SPDX-License-Identifier: Apache-2.0

/// Holds a page's text against the snippets that were run.
struct SnippetChecker {
    /// The file of `Snippets`.
    let source: String
    let snippets: [Snippet]

    /// A fenced block of a page.
    private struct Block {
        let language: String
        let number: Int
        var lines: [String] = []
    }

    /// What is wrong with the page; empty where its snippets are those that were run and its outputs what they printed.
    func problems(in page: String) -> [String] {
        var problems: [String] = []
        let blocks = fencedBlocks(of: page, &problems)
        let expected = texts(&problems)
        var position = 0
        var imports: [String] = []
        for (index, block) in blocks.enumerated() {
            switch block.language {
            case "swift", "sh":
                defer { position += 1 }
                guard position < snippets.count else {
                    problems.append("line \(block.number): a snippet that is not in the snippets' file")
                    continue
                }
                guard block.language == expected[position].language else {
                    problems.append("line \(block.number): expected a block of \(expected[position].language)")
                    continue
                }
                var lines = block.lines[...]
                if case .marked = snippets[position].content {
                    let head = lines.prefix { $0.wholeMatch(of: importLine) != nil }
                    imports += head.filter { !imports.contains($0) }
                    lines = lines.dropFirst(head.count)
                    if !head.isEmpty, lines.popFirst() != "" {
                        problems.append("line \(block.number): no blank line after the imports")
                    }
                }
                if Array(lines) != expected[position].lines {
                    problems.append(
                        "line \(block.number): not the code that was run: \(lines) instead of \(expected[position].lines)")
                }
                let next = index + 1 < blocks.count && blocks[index + 1].language.isEmpty ? blocks[index + 1] : nil
                check(next?.lines, against: snippets[position], of: block, &problems)
            case "" where index > 0 && ["swift", "sh"].contains(blocks[index - 1].language): break
            default: problems.append("line \(block.number): neither a snippet nor the output of one")
            }
        }
        if position < snippets.count { problems.append("\(snippets.count - position) snippets are not on the page") }
        let sourceImports = source.components(separatedBy: "\n").filter { $0.wholeMatch(of: importLine) != nil }
        if imports.sorted() != sourceImports.sorted() {
            problems.append("the page imports \(imports), its code \(sourceImports)")
        }
        return problems
    }

    private var importLine: Regex<Substring> { /(?:@_spi\(\w+\) )?import \w+/ }

    private func check(_ shown: [String]?, against snippet: Snippet, of block: Block, _ problems: inout [String]) {
        guard let printed = snippet.output else {
            if shown != nil { problems.append("line \(block.number): this snippet is not run and can show no output") }
            return
        }
        if let shown {
            if !matches(printed, shown) {
                problems.append("line \(block.number): printed \(printed), and the page shows \(shown)")
            }
        } else if snippet.mustShow, !printed.isEmpty {
            problems.append("line \(block.number): the page does not show what is printed: \(printed)")
        }
    }

    /// The blocks between fences, in order.
    private func fencedBlocks(of page: String, _ problems: inout [String]) -> [Block] {
        var blocks: [Block] = []
        var open: Block?
        for (index, line) in page.components(separatedBy: "\n").enumerated() {
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
            } else if line.drop(while: { $0 == " " }).hasPrefix("```") || line.hasPrefix("~~~") {
                problems.append("line \(index + 1): a fence must begin its line, with three backquotes")
            }
        }
        if let block = open { problems.append("line \(block.number): a block without end") }
        return blocks
    }

    /// The text of every snippet, those of the source file without their indentation.
    private func texts(_ problems: inout [String]) -> [(language: String, lines: [String])] {
        var marked: [[String]] = []
        var open: [String]?
        for line in source.components(separatedBy: "\n") {
            switch line.drop(while: { $0 == " " }) {
            case "page.begin()": open = []
            case "page.end()":
                marked.append(open ?? [])
                open = nil
            default: open?.append(line.hasPrefix("    ") ? String(line.dropFirst(4)) : line)
            }
        }
        if marked.count != snippets.count(where: { $0.content == .marked }) {
            problems.append("the source file has \(marked.count) marked snippets")
        }
        return snippets.map { snippet in
            switch snippet.content {
            case .marked: ("swift", marked.isEmpty ? [] : marked.removeFirst())
            case .swift(let lines): ("swift", lines)
            case .shell(let lines): ("sh", lines)
            }
        }
    }
}

/// Whether a page shows what was printed. A line `…` stands for any number of lines; `…` within a line for any text:
/// for what varies, such as times.
func matches(_ printed: [String], _ shown: [String]) -> Bool {
    guard let first = shown.first else { return printed.isEmpty }
    let rest = Array(shown.dropFirst())
    if first == "…" { return (0...printed.count).contains { matches(Array(printed.dropFirst($0)), rest) } }
    guard let line = printed.first, lineMatches(line, first) else { return false }
    return matches(Array(printed.dropFirst()), rest)
}

private func lineMatches(_ printed: String, _ shown: String) -> Bool {
    var parts = shown.components(separatedBy: "…")[...]
    guard parts.count > 1, let first = parts.popFirst(), let last = parts.popLast() else { return printed == shown }
    guard printed.hasPrefix(first), printed.dropFirst(first.count).hasSuffix(last) else { return false }
    var middle = printed.dropFirst(first.count).dropLast(last.count)
    for part in parts where !part.isEmpty {
        guard let range = middle.firstRange(of: part) else { return false }
        middle = middle[range.upperBound...]
    }
    return true
}
