// SPDX-License-Identifier: Apache-2.0

import Crypto
import FederatedLearning
import Testing

@Suite("Data sets")
struct DataSetTests {
    @Test("The digits are the 1,797 images that the world knows")
    func digits() throws {
        let data = DataSet.digits()
        #expect(data.rowCount == 1_797)
        #expect(data.featureCount == 64)
        #expect(data.classCount == 10)
        #expect(try data.labelCounts(of: data.rows) == [178, 182, 177, 183, 181, 182, 181, 179, 174, 180])
        #expect(data.labels.prefix(10) == [0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
        // The first line of the file begins 0,0,5,13,9,1,0,0,0,0,13,15 and ends in 10,0,0,0 and the label 0.
        #expect(data.features.prefix(12).map { $0 * 16 } == [0, 0, 5, 13, 9, 1, 0, 0, 0, 0, 13, 15])
        #expect(data.features[60..<64].map { $0 * 16 } == [10, 0, 0, 0])
        #expect(data.features.allSatisfy { (0...1).contains($0) })
        #expect(data.features.max() == 1)
    }

    @Test("The breast cancer data has 212 malignant and 357 benign rows")
    func breastCancer() throws {
        let data = DataSet.breastCancer()
        #expect(data.rowCount == 569)
        #expect(data.featureCount == 30)
        #expect(data.classCount == 2)
        #expect(try data.labelCounts(of: data.rows) == [212, 357])
        #expect(data.features.prefix(4) == [17.99, 10.38, 122.8, 1001])
        #expect(data.features[29] == 0.1189)
        #expect(data.labels[0] == 0)
    }

    @Test("The embedded files have the digests that they are documented with")
    func digests() {
        #expect(hexadecimalDigest(DataSet.digits().sourceBytes) == DataSet.digitsSHA256)
        #expect(hexadecimalDigest(DataSet.breastCancer().sourceBytes) == DataSet.breastCancerSHA256)
    }

    @Test("Numbers that break an invariant are refused")
    func refusals() {
        func make(_ features: [Float], _ labels: [Int], width: Int = 2, classes: Int = 2) throws {
            _ = try DataSet(name: "t", features: features, labels: labels, featureCount: width, classCount: classes)
        }
        #expect(throws: Never.self) { try make([1, 2, 3, 4], [0, 1]) }
        #expect(throws: FederatedLearningError.noFeatures) { try make([], [0], width: 0) }
        #expect(throws: FederatedLearningError.classCount(1)) { try make([1, 2], [0], classes: 1) }
        #expect(throws: FederatedLearningError.classCount(65_537)) { try make([1, 2], [0], classes: 65_537) }
        #expect(throws: FederatedLearningError.emptyTable) { try make([], []) }
        #expect(throws: FederatedLearningError.malformedFeatures) { try make([1, 2, 3], [0, 1]) }
        #expect(throws: FederatedLearningError.malformedFeatures) { try make([1, .nan], [0]) }
        #expect(throws: FederatedLearningError.malformedFeatures) { try make([1], [0, 1], width: .max) }
        #expect(throws: FederatedLearningError.labelOutOfRange(row: 1)) { try make([1, 2, 3, 4], [0, 2]) }
        #expect(throws: FederatedLearningError.rowOutOfRange(569)) {
            try DataSet.breastCancer().labelCounts(of: [0, 569])
        }
    }

    private func hexadecimalDigest(_ bytes: [UInt8]) -> String {
        let digits = Array("0123456789abcdef")
        return String(SHA256.hash(data: bytes).flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] })
    }
}
