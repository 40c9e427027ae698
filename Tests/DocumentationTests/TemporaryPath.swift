// SPDX-License-Identifier: Apache-2.0

import Foundation

/// A path at which there is no file; what is put there is removed with this value. For snippets, which import what their
/// page does.
final class TemporaryPath {
    let path = FileManager.default.temporaryDirectory.path + "/fedsum-snippet-\(UUID())"

    deinit { try? FileManager.default.removeItem(atPath: path) }
}
