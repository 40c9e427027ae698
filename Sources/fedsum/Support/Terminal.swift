// SPDX-License-Identifier: Apache-2.0

import Foundation
import SecureRandomness

/// What goes to the user's terminal: results on standard output, everything else on standard error.
enum Terminal {
    /// A line on standard error.
    static func note(_ text: String) {
        FileHandle.standardError.write(Data((text + "\n").utf8))
    }

    /// A line on standard output.
    static func output(_ text: String) {
        let line = Data((text + "\n").utf8)
        do {
            try FileHandle.standardOutput.write(contentsOf: line)
        } catch {
            note("error: standard output cannot be written to: \(error.localizedDescription)")
            Foundation.exit(1)
        }
    }

    /// Shows progress: a line that is overwritten on a terminal, nothing elsewhere.
    static func progress(_ text: String) {
        guard Platform.standardErrorIsTerminal else { return }
        FileHandle.standardError.write(Data("\r\u{1B}[K\(text)".utf8))
    }

    /// Takes the progress line away.
    static func endProgress() {
        guard Platform.standardErrorIsTerminal else { return }
        FileHandle.standardError.write(Data("\r\u{1B}[K".utf8))
    }

    /// Columns aligned: the first to the left, the others to the right if they are numbers.
    static func table(header: [String], rows: [[String]]) -> String {
        let widths = header.indices.map { column in
            ([header] + rows).map { $0[column].count }.max() ?? 0
        }
        let isNumeric = header.indices.map { column in
            !rows.isEmpty && column > 0
                && rows.allSatisfy { row in row[column].first.map { $0.isNumber || "-–−+".contains($0) } ?? true }
        }
        func line(_ cells: [String]) -> String {
            cells.indices.map { column in
                let padding = String(repeating: " ", count: widths[column] - cells[column].count)
                return isNumeric[column] ? padding + cells[column] : cells[column] + padding
            }.joined(separator: "  ").trimmingSuffix(while: \.isWhitespace)
        }
        let rule = widths.map { String(repeating: "─", count: $0) }.joined(separator: "  ")
        return ([line(header), rule] + rows.map(line)).joined(separator: "\n")
    }
}

extension String {
    fileprivate func trimmingSuffix(while predicate: (Character) -> Bool) -> String {
        var text = self
        while let last = text.last, predicate(last) { text.removeLast() }
        return text
    }
}

/// Numbers for people.
enum Format {
    /// A share between 0 and 1 as a percentage with one digit.
    static func percent(_ share: Double) -> String { String(format: "%.1f %%", 100 * share) }

    /// Bytes with a unit.
    static func bytes(_ count: Double) -> String {
        if count < 10_000 { return String(format: "%.0f B", count) }
        if count < 10_000_000 { return String(format: "%.1f kB", count / 1e3) }
        if count < 10_000_000_000 { return String(format: "%.1f MB", count / 1e6) }
        return String(format: "%.1f GB", count / 1e9)
    }

    /// Seconds with a unit.
    static func seconds(_ seconds: Double) -> String {
        if seconds < 0.001 { return String(format: "%.0f µs", seconds * 1e6) }
        if seconds < 1 { return String(format: "%.1f ms", seconds * 1e3) }
        return String(format: "%.2f s", seconds)
    }
}

extension Duration {
    /// The duration in seconds.
    var inSeconds: Double { Double(components.seconds) + Double(components.attoseconds) * 1e-18 }
}
