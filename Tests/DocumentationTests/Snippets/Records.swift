// SPDX-License-Identifier: Apache-2.0

import DurableFiles
import Foundation

// The code of a page of documentation: see SnippetPage.
@Sendable func records(_ page: SnippetRun, print: (Any...) -> Void) throws {
    let path = FileManager.default.temporaryDirectory.path + "/fedsum-snippet-\(UUID())"
    defer { try? FileManager.default.removeItem(atPath: path) }
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
