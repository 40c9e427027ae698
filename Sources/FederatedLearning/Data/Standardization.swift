// SPDX-License-Identifier: Apache-2.0

/// The affine map that gives each feature mean 0 and standard deviation 1 over the rows whose sums it was made from.
///
/// Make it from training rows and apply it to all rows. Feature by feature: x ↦ (x − mean) / deviation.
public struct Standardization: Sendable, Equatable {
    /// The mean of each feature.
    public let means: [Double]
    /// The standard deviation of each feature (divisor `count`); 1 for a feature that does not vary.
    public let deviations: [Double]

    /// Computes means and deviations from sums.
    ///
    /// The variance Σx²/n − mean² is taken for 0 if it is below what rounding of the sums can produce (n·2⁻⁵² relative
    /// to Σx²/n). A feature whose mean is more than about 10⁶ deviations from 0 loses precision this way.
    ///
    /// - Throws: `.impossibleFeatureSums` if a variance is negative beyond rounding.
    public init(_ sums: FeatureSums) throws(FederatedLearningError) {
        let count = Double(sums.count)
        var means: [Double] = []
        var deviations: [Double] = []
        for (sum, sumOfSquares) in zip(sums.sums, sums.sumsOfSquares) {
            let mean = sum / count
            let meanSquare = sumOfSquares / count
            let variance = meanSquare - mean * mean
            let rounding = max(count, 4) * Double.ulpOfOne * meanSquare
            guard variance >= -rounding else { throw .impossibleFeatureSums }
            means.append(mean)
            deviations.append(variance <= rounding ? 1 : variance.squareRoot())
        }
        self.means = means
        self.deviations = deviations
    }

    /// The data set with every row standardized; O(rows × features).
    ///
    /// - Throws: `.modelDoesNotFit` if the data set has another number of features; `.malformedFeatures` if a result is
    ///   not finite as a `Float`.
    public func applied(to data: DataSet) throws(FederatedLearningError) -> DataSet {
        let width = data.featureCount
        guard width == means.count else {
            throw .modelDoesNotFit(featureCount: means.count, classCount: data.classCount)
        }
        var features = data.features
        for row in 0..<data.rowCount {
            for feature in 0..<width {
                let value = Double(features[row * width + feature])
                features[row * width + feature] = Float((value - means[feature]) / deviations[feature])
            }
        }
        guard features.allSatisfy(\.isFinite) else { throw .malformedFeatures }
        return DataSet(data, finiteFeatures: features)
    }
}
