// SPDX-License-Identifier: Apache-2.0

// The code of a page of documentation: see SnippetPage.
import DurableFiles

@Sendable func records(_ page: SnippetRun, print: (Any...) -> Void) throws {
    let temporary = TemporaryPath()
    defer { withExtendedLifetime(temporary) {} }
    let path = temporary.path
    page.begin()
    for round in [5, 6, 7] as [UInt8] {
        var file = try RecordFile(path: path, kind: "demo") { record in
            print("before round \(round):", record)
            return record.count == 2
        }
        try file.append([1, round])
    }
    page.end()
}
