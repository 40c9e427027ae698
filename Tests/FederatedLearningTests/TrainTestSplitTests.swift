// SPDX-License-Identifier: Apache-2.0

import FederatedLearning
import Testing

@Suite("Train and test split")
struct TrainTestSplitTests {
    @Test("Each class gives its share to the test part, to within one row", arguments: [0.1, 0.2, 0.5, 0.9])
    func stratified(fraction: Double) throws {
        for data in [DataSet.digits(), DataSet.breastCancer()] {
            var generator = SeededGenerator(1)
            let split = try TrainTestSplit(stratifying: data, testFraction: fraction, using: &generator)
            #expect((split.training + split.test).sorted() == data.rows)
            let total = try data.labelCounts(of: data.rows)
            let test = try data.labelCounts(of: split.test)
            for (all, chosen) in zip(total, test) {
                #expect(abs(Double(chosen) - fraction * Double(all)) < 1)
            }
        }
    }

    @Test("A fifth of the digits is 360 rows, and of breast cancer 114")
    func sizes() throws {
        var generator = SeededGenerator(1)
        let digits = try TrainTestSplit(stratifying: .digits(), using: &generator)
        #expect(digits.training.count == 1_437)
        #expect(digits.test.count == 360)
        let breastCancer = try TrainTestSplit(stratifying: .breastCancer(), using: &generator)
        #expect(breastCancer.test.count == 114)
        // 0.2 · [212, 357] = [42.4, 71.4], of which 114 rows: both remainders are 0.4, the first class gets the row.
        #expect(try DataSet.breastCancer().labelCounts(of: breastCancer.test) == [43, 71])
    }

    @Test func `a data set that says what its test rows are is split so, and one that does not is not`() throws {
        func data(_ testRows: Range<Int>?) throws -> DataSet {
            try DataSet(
                name: "five", features: [1, 2, 3, 4, 5], labels: [0, 1, 0, 1, 0], featureCount: 1, classCount: 2,
                testRows: testRows)
        }
        let split = try #require(TrainTestSplit(givenBy: data(1..<3)))
        #expect(split.training == [0, 3, 4])
        #expect(split.test == [1, 2])
        #expect(try TrainTestSplit(givenBy: data(nil)) == nil)
        #expect(TrainTestSplit(givenBy: .digits()) == nil)
        // Scaling keeps the rows where they are.
        let scaled = try Standardization(FeatureSums(of: data(1..<3), rows: [0, 3, 4])).applied(to: data(1..<3))
        #expect(TrainTestSplit(givenBy: scaled) == split)
        for refused in [2..<2, 0..<5, 3..<6, -1..<2, 7..<9] {
            #expect(throws: FederatedLearningError.testRows(refused)) { try data(refused) }
        }
        #expect(throws: Never.self) { try data(0..<4) }
    }

    @Test("The seed decides, and nothing else")
    func seeded() throws {
        let data = DataSet.breastCancer()
        func split(_ seed: UInt64) throws -> TrainTestSplit {
            var generator = SeededGenerator(seed)
            return try TrainTestSplit(stratifying: data, using: &generator)
        }
        #expect(try split(1) == split(1))
        #expect(try split(1) != split(2))
    }

    @Test("Fractions that leave nothing to a part are refused", arguments: [0, 1, -0.5, .nan, .infinity, 0.9])
    func refused(fraction: Double) throws {
        let data = try DataSet(name: "two", features: [1, 2], labels: [0, 1], featureCount: 1, classCount: 2)
        var generator = SeededGenerator(1)
        do {
            _ = try TrainTestSplit(stratifying: data, testFraction: fraction, using: &generator)
            Issue.record("accepted")
        } catch .testFraction(let refused) {
            #expect(refused == fraction || refused.isNaN)
        }
    }
}
