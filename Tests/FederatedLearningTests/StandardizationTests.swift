// SPDX-License-Identifier: Apache-2.0

import FederatedLearning
import Testing

@Suite("Standardization")
struct StandardizationTests {
    @Test("A case by hand: means, deviations, and a feature that does not vary")
    func byHand() throws {
        let data = try DataSet(
            name: "t",
            features: [1, 0.1, 3, 0.1, 5, 0.1, 100, 0.1],
            labels: [0, 1, 0, 1],
            featureCount: 2,
            classCount: 2
        )
        let sums = try FeatureSums(of: data, rows: [0, 1, 2])
        #expect(sums.count == 3)
        #expect(sums.sums[0] == 9)
        #expect(sums.sumsOfSquares[0] == 35)
        let map = try Standardization(sums)
        #expect(map.means[0] == 3)
        #expect(abs(map.deviations[0] - (8.0 / 3).squareRoot()) < 1e-15)
        #expect(map.deviations[1] == 1)
        let standardized = try map.applied(to: data)
        #expect(standardized.features[2] == 0)
        #expect(standardized.features[7] == 0)
        #expect(standardized.labels == data.labels)
    }

    @Test("Sums of clients add up to the sums of their union")
    func additive() throws {
        let data = DataSet.breastCancer()
        let all = try FeatureSums(of: data, rows: data.rows)
        let parts = try FeatureSums(of: data, rows: Array(0..<200))
            .adding(FeatureSums(of: data, rows: Array(200..<569)))
        #expect(parts.count == all.count)
        for (a, b) in zip(parts.sums + parts.sumsOfSquares, all.sums + all.sumsOfSquares) {
            #expect(abs(a - b) <= 1e-12 * abs(b))
        }
    }

    @Test("Training rows come out with mean 0 and variance 1")
    func normalizes() throws {
        let raw = DataSet.breastCancer()
        let rows = Array(0..<400)
        let data = try Standardization(FeatureSums(of: raw, rows: rows)).applied(to: raw)
        for feature in 0..<30 {
            let values = rows.map { Double(data.features[$0 * 30 + feature]) }
            let mean = values.reduce(0, +) / 400
            let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 400
            #expect(abs(mean) < 1e-6)
            #expect(abs(variance - 1) < 1e-5)
        }
    }

    @Test("Sums that no rows have are refused")
    func refused() throws {
        func sums(_ count: Int, _ x: [Double], _ xx: [Double]) throws -> FeatureSums {
            try FeatureSums(count: count, sums: x, sumsOfSquares: xx)
        }
        let refused = FederatedLearningError.impossibleFeatureSums
        #expect(throws: refused) { try sums(0, [1], [1]) }
        #expect(throws: refused) { try sums(1, [], []) }
        #expect(throws: refused) { try sums(1, [1], [1, 2]) }
        #expect(throws: refused) { try sums(1, [.nan], [1]) }
        #expect(throws: refused) { try sums(1, [0], [-1]) }
        #expect(throws: refused) { try Standardization(sums(2, [10], [1])) }
        #expect(throws: refused) { try sums(1, [1], [1]).adding(sums(1, [1, 1], [1, 1])) }
        #expect(throws: refused) { try sums(.max, [1], [1]).adding(sums(1, [1], [1])) }
        #expect(throws: FederatedLearningError.modelDoesNotFit(featureCount: 1, classCount: 2)) {
            try Standardization(sums(2, [0], [2])).applied(to: .breastCancer())
        }
    }
}
