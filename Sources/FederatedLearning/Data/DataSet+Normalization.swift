// SPDX-License-Identifier: Apache-2.0

extension DataSet {
    /// The data set with each row centered on its own mean and scaled to Euclidean norm 1; a constant row becomes zeros.
    ///
    /// For images: what is left does not depend on brightness and contrast. A row of the result is a function of that
    /// row alone, and of no statistic of the others: each client can do it by itself, and under differential privacy it
    /// costs nothing of a budget. It also bounds each row: its norm is at most 1, up to rounding to `Float`. Sums are in
    /// double precision. O(rows × features), and memory for one more copy of the features.
    public func normalizingRows() -> DataSet {
        var normalized = features
        for row in 0..<rowCount {
            let range = row * featureCount..<(row + 1) * featureCount
            // Sums of up to 2^29 equal floats are exact in a double, so a constant row is centered to exact zeros.
            var sum = 0.0
            for index in range { sum += Double(normalized[index]) }
            let mean = sum / Double(featureCount)
            var sumOfSquares = 0.0
            for index in range {
                let centered = Double(normalized[index]) - mean
                sumOfSquares += centered * centered
            }
            let scale = sumOfSquares > 0 ? 1 / sumOfSquares.squareRoot() : 0
            for index in range { normalized[index] = Float((Double(normalized[index]) - mean) * scale) }
        }
        return DataSet(self, finiteFeatures: normalized)
    }
}
