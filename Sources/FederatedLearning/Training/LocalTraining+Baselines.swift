// SPDX-License-Identifier: Apache-2.0

// What a federation is measured against: all rows in one place above, every client alone below.

extension LocalTraining {
    /// Trains on the rows of all clients in one place: the accuracy that a federation is held against.
    ///
    /// - Parameters:
    ///   - model: The model to train.
    ///   - initial: Where to start.
    ///   - data: The data set.
    ///   - clients: For each client the indices of its rows.
    ///   - test: The rows to evaluate on.
    ///   - generator: The source of the orders.
    /// - Returns: The evaluation on the test rows.
    /// - Throws: What `train` throws; `.rowOutOfRange` also for a test row.
    public func pooled(
        _ model: some TrainableModel,
        from initial: [Float],
        on data: DataSet,
        clients: [[Int]],
        test: [Int],
        using generator: inout some RandomNumberGenerator
    ) throws(FederatedLearningError) -> Evaluation {
        try data.validate(test)
        let rows = clients.flatMap { $0 }
        let trained = try train(model, from: initial, on: data, rows: rows, using: &generator)
        return model.evaluate(trained, on: data, rows: test)
    }

    /// Trains each client on its own rows alone, from the same start, and evaluates each result on the same test rows.
    ///
    /// - Parameters:
    ///   - model: The model to train.
    ///   - initial: Where every client starts.
    ///   - data: The data set.
    ///   - clients: For each client the indices of its rows.
    ///   - test: The rows to evaluate on.
    ///   - generator: The source of the orders, client after client.
    /// - Returns: An evaluation for each client; `meanAccuracy` gives the mean.
    /// - Throws: What `train` throws; `.rowOutOfRange` also for a test row.
    public func localOnly(
        _ model: some TrainableModel,
        from initial: [Float],
        on data: DataSet,
        clients: [[Int]],
        test: [Int],
        using generator: inout some RandomNumberGenerator
    ) throws(FederatedLearningError) -> [Evaluation] {
        try data.validate(test)
        var evaluations: [Evaluation] = []
        for rows in clients {
            let trained = try train(model, from: initial, on: data, rows: rows, using: &generator)
            evaluations.append(model.evaluate(trained, on: data, rows: test))
        }
        return evaluations
    }
}

extension Collection<Evaluation> {
    /// The unweighted mean of the accuracies; 0 for none.
    public var meanAccuracy: Double { isEmpty ? 0 : map(\.accuracy).reduce(0, +) / Double(count) }
}
