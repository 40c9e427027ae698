// SPDX-License-Identifier: Apache-2.0

/// Minibatch stochastic gradient descent on one owner's rows: what a client does in a round.
///
/// An epoch visits every row once, in a fresh random order, in batches; a batch takes the step θ ← θ − η · ∇(mean loss
/// of the batch). The last batch of an epoch may be smaller.
public struct LocalTraining: Sendable, Equatable {
    /// The number of passes over the rows, at least 1.
    public let epochs: Int
    /// The rows in a batch, at least 1, or nil for all rows in one batch.
    public let batchSize: Int?
    /// The step size η, finite and positive.
    public let learningRate: Float

    /// Creates the settings.
    ///
    /// - Throws: `.epochs`, `.batchSize` or `.learningRate` for a number that is out of bounds.
    public init(epochs: Int, batchSize: Int?, learningRate: Float) throws(FederatedLearningError) {
        guard epochs >= 1 else { throw .epochs(epochs) }
        if let batchSize, batchSize < 1 { throw .batchSize(batchSize) }
        guard learningRate.isFinite, learningRate > 0 else { throw .learningRate(learningRate) }
        self.epochs = epochs
        self.batchSize = batchSize
        self.learningRate = learningRate
    }

    /// Trains on the given rows, starting from the given parameters.
    ///
    /// If one batch holds all rows, the rows keep their order and nothing is taken from the generator: one epoch is
    /// then exactly one step along `TrainableModel.meanGradient`. O(epochs × rows × parameters).
    ///
    /// - Parameters:
    ///   - model: The model to train.
    ///   - parameters: Where to start.
    ///   - data: The data set.
    ///   - rows: The rows to train on.
    ///   - generator: The source of the orders.
    /// - Returns: The parameters after training; with no rows, the parameters as they came.
    /// - Throws: `.modelDoesNotFit`, `.parameterCount` or `.rowOutOfRange` if the arguments do not go together;
    ///   `.diverged` if a resulting parameter is not finite.
    public func train(
        _ model: some TrainableModel,
        from parameters: [Float],
        on data: DataSet,
        rows: [Int],
        using generator: inout some RandomNumberGenerator
    ) throws(FederatedLearningError) -> [Float] {
        try model.validate(parameters, on: data, rows: rows)
        guard !rows.isEmpty else { return parameters }
        let size = min(batchSize ?? rows.count, rows.count)
        var order = rows
        var parameters = parameters
        var gradient = [Float](repeating: 0, count: model.parameterCount)
        for _ in 0..<epochs {
            if size < rows.count { generator.shuffle(&order) }
            var start = 0
            while start < order.count {
                let end = start + min(size, order.count - start)
                _ = model.gradient(at: parameters, rows: order[start..<end], of: data, into: &gradient)
                step(&parameters, along: gradient)
                start = end
            }
        }
        guard parameters.allSatisfy(\.isFinite) else { throw .diverged }
        return parameters
    }

    private func step(_ parameters: inout [Float], along gradient: [Float]) {
        var target = parameters.mutableSpan
        addMultiple(-learningRate, of: gradient.span, to: &target)
    }
}
