// SPDX-License-Identifier: Apache-2.0

/// A classifier whose parameters are one flat vector, so that updates of it can be summed.
///
/// The model value holds the shape only; parameters are passed in. Results are deterministic: the same inputs give the
/// same bits on one platform. Row indices and vector lengths are the caller's to get right, and traps stop what is out
/// of bounds; `LocalTraining` checks them and throws.
public protocol TrainableModel: Sendable {
    /// The number of features that a row must have.
    var featureCount: Int { get }
    /// The number of classes that it tells apart.
    var classCount: Int { get }
    /// The length of a parameter vector.
    var parameterCount: Int { get }

    /// Parameters to start training from: `parameterCount` finite numbers.
    func initialParameters(using generator: inout some RandomNumberGenerator) -> [Float]

    /// Writes the gradient of the mean loss over the given rows, and returns the *sum* of their losses.
    ///
    /// The loss of a row is the cross-entropy, in nats. Mean, so that the learning rate does not depend on the batch
    /// size; sum, so that losses of batches and clients add. Of no rows, the gradient and the sum are 0.
    ///
    /// - Parameters:
    ///   - parameters: The point, `parameterCount` numbers.
    ///   - rows: The rows, each in `0..<data.rowCount`; a repeated row counts as often as it occurs.
    ///   - data: The data set, of `featureCount` features and `classCount` classes.
    ///   - gradient: Overwritten; it must have `parameterCount` elements.
    /// - Returns: The sum of the losses, accumulated in `Double`.
    func gradient(
        at parameters: [Float],
        rows: ArraySlice<Int>,
        of data: DataSet,
        into gradient: inout [Float]
    ) -> Double

    /// Sums losses and counts right answers over the given rows, with the meanings of `gradient`.
    ///
    /// The answer is the class with the largest score (ties: the smaller label).
    func evaluate(_ parameters: [Float], on data: DataSet, rows: ArraySlice<Int>) -> Evaluation
}

extension TrainableModel {
    /// The gradient of the mean loss over all the given rows, as a new vector.
    public func meanGradient(at parameters: [Float], rows: [Int], of data: DataSet) -> [Float] {
        var result = [Float](repeating: 0, count: parameterCount)
        _ = gradient(at: parameters, rows: rows[...], of: data, into: &result)
        return result
    }

    /// Sums losses and counts right answers over the given rows.
    public func evaluate(_ parameters: [Float], on data: DataSet, rows: [Int]) -> Evaluation {
        evaluate(parameters, on: data, rows: rows[...])
    }

    /// Checks what the requirements above take for granted.
    func validate(_ parameters: [Float], on data: DataSet, rows: [Int]) throws(FederatedLearningError) {
        guard data.featureCount == featureCount, data.classCount == classCount else {
            throw .modelDoesNotFit(featureCount: featureCount, classCount: classCount)
        }
        guard parameters.count == parameterCount else {
            throw .parameterCount(expected: parameterCount, found: parameters.count)
        }
        try data.validate(rows)
    }

    /// Stops a caller that mixed up models or data sets, before an index goes astray.
    func preconditionFits(_ parameters: [Float], _ data: DataSet) {
        precondition(parameters.count == parameterCount, "the parameters are of another model")
        precondition(data.featureCount == featureCount && data.classCount == classCount, "the data set does not fit")
    }
}
