// SPDX-License-Identifier: Apache-2.0

import Foundation

/// A folder with room for one ledger, removed at the end.
final class TemporaryFolder {
    let folder: String
    var path: String { folder + "/ledger" }

    init() throws {
        folder = FileManager.default.temporaryDirectory.path + "/fedsum-ledger-\(UUID())"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: false)
    }

    deinit { try? FileManager.default.removeItem(atPath: folder) }

    func contents() throws -> [UInt8] { [UInt8](try Data(contentsOf: URL(fileURLWithPath: path))) }

    func write(_ bytes: [UInt8]) throws { try Data(bytes).write(to: URL(fileURLWithPath: path)) }
}
