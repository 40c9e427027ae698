// SPDX-License-Identifier: Apache-2.0

/// A perceptron with one hidden layer: affine, ReLU, affine, softmax, cross-entropy.
///
/// Parameters, in this order: hidden weights, row-major, `hiddenCount` numbers for each feature; `hiddenCount` biases;
/// output weights, row-major, `classCount` numbers for each hidden unit; `classCount` biases. So `parameterCount` =
/// (featureCount + 1) × hiddenCount + (hiddenCount + 1) × classCount.
public struct Perceptron: TrainableModel, Equatable {
    /// The number of features that a row must have.
    public let featureCount: Int
    /// The number of hidden units.
    public let hiddenCount: Int
    /// The number of classes that it tells apart.
    public let classCount: Int
    private let hidden: LinearLayer
    private let output: LinearLayer

    /// Creates the model for a shape.
    ///
    /// - Throws: `.modelShape` if there is no feature or hidden unit, there are fewer than two classes, or the
    ///   parameters cannot be counted.
    public init(featureCount: Int, hidden hiddenCount: Int = 64, classCount: Int) throws(FederatedLearningError) {
        guard featureCount >= 1, hiddenCount >= 1, classCount >= 2, featureCount < Int.max, hiddenCount < Int.max
        else { throw .modelShape }
        let (first, overflow1) = (featureCount + 1).multipliedReportingOverflow(by: hiddenCount)
        let (second, overflow2) = (hiddenCount + 1).multipliedReportingOverflow(by: classCount)
        guard !overflow1, !overflow2, !first.addingReportingOverflow(second).overflow else { throw .modelShape }
        self.featureCount = featureCount
        self.hiddenCount = hiddenCount
        self.classCount = classCount
        self.hidden = LinearLayer(offset: 0, inputs: featureCount, outputs: hiddenCount)
        self.output = LinearLayer(offset: hidden.end, inputs: hiddenCount, outputs: classCount)
    }

    /// The length of a parameter vector.
    public var parameterCount: Int { output.end }

    /// He's initialization: weights normal with variance 2/featureCount, output weights 1/hiddenCount, biases 0.
    public func initialParameters(using generator: inout some RandomNumberGenerator) -> [Float] {
        var parameters = [Float](repeating: 0, count: parameterCount)
        let hiddenDeviation = (2 / Double(featureCount)).squareRoot()
        for index in hidden.offset..<hidden.biasOffset {
            parameters[index] = Float(hiddenDeviation * generator.drawNormal())
        }
        // No ReLU follows the output layer, so its variance is half as large.
        let outputDeviation = (1 / Double(hiddenCount)).squareRoot()
        for index in output.offset..<output.biasOffset {
            parameters[index] = Float(outputDeviation * generator.drawNormal())
        }
        return parameters
    }

    /// Writes the gradient of the mean loss over the given rows, and returns the sum of their losses.
    ///
    /// The derivative of the ReLU at 0 is taken as 0.
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
        var activationStorage = [Float](repeating: 0, count: hiddenCount)
        var deltaStorage = activationStorage
        var scoreStorage = [Float](repeating: 0, count: classCount)
        let weight = 1 / Float(max(1, rows.count))
        var lossSum = 0.0
        for row in rows {
            let input = features.extracting(row * featureCount..<(row + 1) * featureCount)
            var activations = activationStorage.mutableSpan
            var deltas = deltaStorage.mutableSpan
            var scores = scoreStorage.mutableSpan
            forward(input, parameters: point, activations: &activations, scores: &scores)
            lossSum += CrossEntropy.differentiate(&scores, label: data.labels[row], weight: weight)
            output.accumulate(input: activations.span, delta: scores.span, into: &slope)
            output.propagate(
                delta: scores.span,
                input: activations.span,
                parameters: point,
                inputDelta: &deltas
            )
            hidden.accumulate(input: input, delta: deltas.span, into: &slope)
        }
        return lossSum
    }

    /// Sums losses and counts right answers over the given rows.
    public func evaluate(_ parameters: [Float], on data: DataSet, rows: ArraySlice<Int>) -> Evaluation {
        preconditionFits(parameters, data)
        let point = parameters.span
        let features = data.features.span
        var activationStorage = [Float](repeating: 0, count: hiddenCount)
        var scoreStorage = [Float](repeating: 0, count: classCount)
        var result = Evaluation()
        for row in rows {
            let input = features.extracting(row * featureCount..<(row + 1) * featureCount)
            var activations = activationStorage.mutableSpan
            var scores = scoreStorage.mutableSpan
            forward(input, parameters: point, activations: &activations, scores: &scores)
            result.add(scores.span, label: data.labels[row])
        }
        return result
    }

    private func forward(
        _ input: Span<Float>,
        parameters: Span<Float>,
        activations: inout MutableSpan<Float>,
        scores: inout MutableSpan<Float>
    ) {
        hidden.apply(to: input, parameters: parameters, output: &activations)
        for index in 0..<activations.count { activations[index] = max(0, activations[index]) }
        output.apply(to: activations.span, parameters: parameters, output: &scores)
    }
}
