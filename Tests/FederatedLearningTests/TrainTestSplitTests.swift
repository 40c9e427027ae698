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
