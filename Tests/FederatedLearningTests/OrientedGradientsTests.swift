// SPDX-License-Identifier: Apache-2.0

import FederatedLearning
import Testing

@Suite("Histograms of gradients")
struct OrientedGradientsTests {
    private func images(_ features: [Float], side: Int) throws -> DataSet {
        let count = features.count / (side * side)
        return try DataSet(
            name: "t", features: features, labels: (0..<count).map { $0 % 2 }, featureCount: side * side, classCount: 2)
    }

    /// By a Python program that goes through angles: atan2, and the tangent of the angle to the nearest axis.
    @Test func `features are those of the definition`() throws {
        let pixels: [Float] = [
            0, 0.25, 0.5, 1, 0.75, 0.5, 0.125, 0, 1, 0, 0.375, 0.625, 0.25, 0.875, 0.5, 0.5,
        ]
        let expected: [Float] = [
            0.37017, 0.641153, 0.441916, 0.459206, 0.954735, 0.534661, 0.432219, 0.495977, 0.781608, 0.171163, 0.323753,
            0.296464, 0.286353, 0.339445, 0.495977, 0.587937, 0.595255, 0.769825, 0.513696, 0.390365, 0.419066,
            0.443935, 0.397462, 0.850987, 0.306186, 0.385009, 0.61211, 0.373436, 0, 0, 0.808705, 0,
        ]
        // Twice, and between them an image without a gradient: nothing is left over from one image to the next.
        let data = try images(pixels + [Float](repeating: 0, count: 16) + pixels, side: 4).orientedGradients(cell: 2)
        #expect(data.featureCount == 32 && data.rowCount == 3 && data.labels == [0, 1, 0])
        for (index, value) in expected.enumerated() {
            #expect(abs(data.features[index] - value) < 2e-6)
            #expect(data.features[32 + index] == 0)
            #expect(data.features[64 + index] == data.features[index])
        }
    }

    @Test func `a quarter turn of an image turns its directions and its cells`() throws {
        var pixels = [Float](repeating: 0, count: 64)
        for index in pixels.indices { pixels[index] = Float(index * index * 7 % 64) / 64 }
        var turned = pixels
        // Line i, column j goes to line j, column 7 − i: directions go on by 90°, which is two of eight.
        for line in 0..<8 { for column in 0..<8 { turned[column * 8 + 7 - line] = pixels[line * 8 + column] } }
        let data = try images(pixels + turned, side: 8).orientedGradients(cell: 2)
        for direction in 0..<8 {
            for line in 0..<4 {
                for column in 0..<4 {
                    let before = data.features[direction * 16 + line * 4 + column]
                    let after = data.features[128 + (direction + 2) % 8 * 16 + column * 4 + 3 - line]
                    #expect(abs(before - after) < 1e-5)
                }
            }
        }
    }

    @Test func `only square images of whole cells have them`() throws {
        let data = try images([Float](repeating: 0, count: 128), side: 8)
        #expect(try data.orientedGradients(cell: 4).featureCount == 32)
        for cell in [3, 0, -2, 16] {
            #expect(throws: FederatedLearningError.imageShape(featureCount: 64, cell: cell)) {
                try data.orientedGradients(cell: cell)
            }
        }
        let table = try DataSet(
            name: "t", features: [Float](repeating: 0, count: 12), labels: [0, 1], featureCount: 6, classCount: 2)
        #expect(throws: FederatedLearningError.imageShape(featureCount: 6, cell: 1)) {
            try table.orientedGradients(cell: 1)
        }
    }
}
