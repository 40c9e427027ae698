// SPDX-License-Identifier: Apache-2.0

/// What standardization needs to know of a table: for each feature the sum of its values and of their squares.
///
/// The sums of several clients add, so the sums of a federation can be had from a masked sum without anyone's own.
public struct FeatureSums: Sendable, Equatable {
    /// The number of rows, at least 1.
    public let count: Int
    /// Σx for each feature.
    public let sums: [Double]
    /// Σx² for each feature.
    public let sumsOfSquares: [Double]

    /// Takes sums that were computed elsewhere, for example by secure aggregation.
    ///
    /// - Parameters:
    ///   - count: The number of rows.
    ///   - sums: Σx for each feature.
    ///   - sumsOfSquares: Σx² for each feature.
    /// - Throws: `.impossibleFeatureSums` if there is no row or no feature, the lengths differ, a sum is not finite, or
    ///   a Σx² is negative.
    public init(count: Int, sums: [Double], sumsOfSquares: [Double]) throws(FederatedLearningError) {
        guard count >= 1, !sums.isEmpty, sums.count == sumsOfSquares.count,
            sums.allSatisfy(\.isFinite), sumsOfSquares.allSatisfy({ $0.isFinite && $0 >= 0 })
        else { throw .impossibleFeatureSums }
        self.count = count
        self.sums = sums
        self.sumsOfSquares = sumsOfSquares
    }

    /// Sums the given rows of a data set, in their order; O(rows × features).
    ///
    /// - Throws: `.rowOutOfRange` for the first bad index; `.impossibleFeatureSums` if there is no row.
    public init(of data: DataSet, rows: [Int]) throws(FederatedLearningError) {
        try data.validate(rows)
        let width = data.featureCount
        var sums = [Double](repeating: 0, count: width)
        var sumsOfSquares = sums
        for row in rows {
            for feature in 0..<width {
                let value = Double(data.features[row * width + feature])
                sums[feature] += value
                sumsOfSquares[feature] += value * value
            }
        }
        try self.init(count: rows.count, sums: sums, sumsOfSquares: sumsOfSquares)
    }

    /// The sums over the rows of both.
    ///
    /// - Throws: `.impossibleFeatureSums` if they are of different numbers of features, or a sum overflows.
    public func adding(_ other: FeatureSums) throws(FederatedLearningError) -> FeatureSums {
        let (total, overflow) = count.addingReportingOverflow(other.count)
        guard !overflow, sums.count == other.sums.count else { throw .impossibleFeatureSums }
        return try FeatureSums(
            count: total,
            sums: zip(sums, other.sums).map(+),
            sumsOfSquares: zip(sumsOfSquares, other.sumsOfSquares).map(+)
        )
    }
}
