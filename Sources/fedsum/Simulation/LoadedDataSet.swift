// SPDX-License-Identifier: Apache-2.0

import FederatedLearning
import ProtocolCryptography

/// A data set as it was read, and the digests that name it in reports.
struct LoadedDataSet {
    let data: DataSet
    /// The SHA-256 of the files, uncompressed, one after the other.
    let sha256: String
    /// Each file by its uncompressed name, in that order.
    let files: [DigestedFile]
    /// Pixels in [0, 1], which are on one scale; other features have units and need a standardization.
    let isImages: Bool

    init(_ data: DataSet, sha256: String, files: [DigestedFile], isImages: Bool) {
        self.data = data
        self.sha256 = sha256
        self.files = files
        self.isImages = isImages
    }

    /// The same files, seen otherwise.
    func replacingData(by data: DataSet) -> LoadedDataSet {
        LoadedDataSet(data, sha256: sha256, files: files, isImages: isImages)
    }

    /// A data set of one file, which it holds.
    init(_ data: DataSet, file: String, isImages: Bool) {
        let sha256 = HashDigest(of: data.sourceBytes).description
        self.init(data, sha256: sha256, files: [DigestedFile(name: file, sha256: sha256)], isImages: isImages)
    }
}

/// A file that a data set came from.
struct DigestedFile {
    let name: String
    let sha256: String

    var json: JSONValue { ["name": .string(name), "sha256": .string(sha256)] }
}
