// SPDX-License-Identifier: Apache-2.0

import FederatedLearning
import Testing

@Suite("Normalized rows")
struct NormalizationTests {
    private func table(_ features: [Float], width: Int) throws -> DataSet {
        let labels = (0..<features.count / width).map { $0 % 2 }
        return try DataSet(name: "t", features: features, labels: labels, featureCount: width, classCount: 2)
    }

    @Test func `a row loses its mean and is divided by its norm`() throws {
        // (1, 2, 3, 6) − 3 = (−2, −1, 0, 3), of norm √14; (5, 9) − 7 = (−2, 2), of norm √8.
        let normalized = try table([1, 2, 3, 6], width: 4).normalizingRows()
        let root = 14.0.squareRoot()
        #expect(normalized.features == [Float(-2 / root), Float(-1 / root), 0, Float(3 / root)])
        let half = Float(0.5.squareRoot())
        #expect(try table([5, 9, 0, -1e30], width: 2).normalizingRows().features == [-half, half, half, -half])
    }

    @Test func `a constant row becomes zeros, whatever its value`() throws {
        for value in [0, 0.1, 1.0 / 3, 255, -.leastNonzeroMagnitude, .leastNormalMagnitude, .greatestFiniteMagnitude]
            as [Float]
        {
            let row = [Float](repeating: value, count: 784)
            #expect(try table(row, width: 784).normalizingRows().features.allSatisfy { $0 == 0 })
            // And one that is almost constant does not.
            var almost = row
            almost[7] = value.nextDown
            let norm = try table(almost, width: 784).normalizingRows().features.reduce(0) {
                $0 + Double($1) * Double($1)
            }
            #expect(abs(norm - 1) < 1e-6)
        }
        #expect(try table([4, 5], width: 1).normalizingRows().features == [0, 0])
    }

    @Test func `rows have mean 0 and norm 1, and brightness and contrast do not matter`() throws {
        let digits = DataSet.digits()
        let normalized = digits.normalizingRows()
        let brighter = try DataSet(
            name: "brighter", features: digits.features.map { 4 * $0 + 8 }, labels: digits.labels, featureCount: 64,
            classCount: 10)
        for (value, other) in zip(normalized.features, brighter.normalizingRows().features) {
            #expect(abs(value - other) < 1e-6)
        }
        for row in digits.rows {
            let values = normalized.features[row * 64..<(row + 1) * 64].map { Double($0) }
            #expect(abs(values.reduce(0, +)) < 1e-5)
            #expect(abs(values.reduce(0) { $0 + $1 * $1 } - 1) < 1e-5)
        }
    }

    @Test func `a row of the result depends on that row only, and nothing else changes`() throws {
        let values: [Float] = [1, 2, 3, 6, 5, 5, 5, 9, 0, 1, 0, 1]
        let whole = try DataSet(
            name: "t", features: values, labels: [0, 1, 1], featureCount: 4, classCount: 3, testRows: 2..<3,
            sourceBytes: [7])
        let normalized = whole.normalizingRows()
        for row in 0..<3 {
            let alone = try table(Array(values[4 * row..<4 * row + 4]), width: 4).normalizingRows()
            #expect(Array(normalized.features[4 * row..<4 * row + 4]) == alone.features)
        }
        #expect(normalized.labels == whole.labels)
        #expect(normalized.classCount == 3)
        #expect(normalized.testRows == 2..<3)
        #expect(normalized.sourceBytes == [7])
    }
}
