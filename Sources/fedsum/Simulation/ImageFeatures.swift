// SPDX-License-Identifier: Apache-2.0

import FederatedLearning

/// What a model sees of an image. Each image is looked at alone, so that nothing of it has to be paid for.
enum ImageFeatures: Equatable {
    case pixels
    case normalized
    case gradients(cell: Int)

    /// Features have this norm, so that they and the bias, whose feature is 1, learn at comparable rates.
    private static let norm: Float = 4

    init(_ text: String) throws {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        switch (parts[0], parts.count) {
        case ("pixels", 1): self = .pixels
        case ("normalized", 1): self = .normalized
        case ("gradients", 1): self = .gradients(cell: 4)
        case ("gradients", 2):
            guard let cell = Int(parts[1]) else { fallthrough }
            self = .gradients(cell: cell)
        default:
            throw UsageError("--features takes pixels, normalized, gradients or gradients:CELL, not '\(text)'.")
        }
    }

    func applied(to data: DataSet) throws -> DataSet {
        switch self {
        case .pixels: data
        case .normalized: data.normalizingRows(norm: Self.norm)
        case .gradients(let cell): try data.orientedGradients(cell: cell).normalizingRows(norm: Self.norm)
        }
    }
}
