// SPDX-License-Identifier: Apache-2.0

/// Multinomial logistic regression: one affine layer, softmax, cross-entropy.
///
/// Parameters: the weights, row-major, `classCount` numbers for each feature; then `classCount` biases. So
/// `parameterCount` = (featureCount + 1) × classCount. The loss is convex; initial parameters are 0.
public struct SoftmaxRegression: TrainableModel, Equatable {
    /// The number of features that a row must have.
    public let featureCount: Int
    /// The number of classes that it tells apart.
    public let classCount: Int
    private let layer: LinearLayer

    /// Creates the model for a shape.
    ///
    /// - Throws: `.modelShape` if there is no feature, there are fewer than two classes, or the parameters cannot be
    ///   counted.
    public init(featureCount: Int, classCount: Int) throws(FederatedLearningError) {
        guard featureCount >= 1, classCount >= 2, featureCount < Int.max,
            !(featureCount + 1).multipliedReportingOverflow(by: classCount).overflow
        else { throw .modelShape }
        self.featureCount = featureCount
        self.classCount = classCount
        self.layer = LinearLayer(offset: 0, inputs: featureCount, outputs: classCount)
    }

    /// The length of a parameter vector.
    public var parameterCount: Int { layer.end }

    /// Zeros; takes nothing from the generator.
    public func initialParameters(using generator: inout some RandomNumberGenerator) -> [Float] {
        [Float](repeating: 0, count: parameterCount)
    }

    /// Writes the gradient of the mean loss over the given rows, and returns the sum of their losses.
    public func gradient(
        at parameters: [Float],
        rows: ArraySlice<Int>,
        of data: DataSet,
        into gradient: inout [Float]
    ) -> Double {
        preconditionFits(parameters, data)
        precondition(gradient.count == parameterCount)
        let point = parameters.span
        let features = data.features.span
        var slope = gradient.mutableSpan
        for index in 0..<slope.count { slope[index] = 0 }
        var scoreStorage = [Float](repeating: 0, count: classCount)
        let weight = 1 / Float(max(1, rows.count))
        var lossSum = 0.0
        for row in rows {
            let input = features.extracting(row * featureCount..<(row + 1) * featureCount)
            var scores = scoreStorage.mutableSpan
            layer.apply(to: input, parameters: point, output: &scores)
            lossSum += CrossEntropy.differentiate(&scores, label: data.labels[row], weight: weight)
            layer.accumulate(input: input, delta: scores.span, into: &slope)
        }
        return lossSum
    }

    /// Sums losses and counts right answers over the given rows.
    public func evaluate(_ parameters: [Float], on data: DataSet, rows: ArraySlice<Int>) -> Evaluation {
        preconditionFits(parameters, data)
        let point = parameters.span
        let features = data.features.span
        var scoreStorage = [Float](repeating: 0, count: classCount)
        var result = Evaluation()
        for row in rows {
            let input = features.extracting(row * featureCount..<(row + 1) * featureCount)
            var scores = scoreStorage.mutableSpan
            layer.apply(to: input, parameters: point, output: &scores)
            result.add(scores.span, label: data.labels[row])
        }
        return result
    }
}
