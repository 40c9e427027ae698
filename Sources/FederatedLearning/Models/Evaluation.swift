// SPDX-License-Identifier: Apache-2.0

/// How well parameters do on some rows, as sums that add over clients.
public struct Evaluation: Sendable, Equatable {
    /// The sum of the cross-entropy losses of the rows, in nats.
    public var lossSum: Double
    /// The number of rows whose class was right.
    public var correct: Int
    /// The number of rows.
    public var count: Int

    /// Creates an evaluation from its sums.
    public init(lossSum: Double = 0, correct: Int = 0, count: Int = 0) {
        self.lossSum = lossSum
        self.correct = correct
        self.count = count
    }

    /// The share of right answers, from 0 to 1; 0 for no rows.
    public var accuracy: Double { count == 0 ? 0 : Double(correct) / Double(count) }

    /// The mean loss of a row, in nats; 0 for no rows.
    public var meanLoss: Double { count == 0 ? 0 : lossSum / Double(count) }

    /// The evaluation over the rows of both.
    public static func + (first: Evaluation, second: Evaluation) -> Evaluation {
        Evaluation(
            lossSum: first.lossSum + second.lossSum,
            correct: first.correct + second.correct,
            count: first.count + second.count
        )
    }
}

extension Evaluation {
    /// Counts one more row, by its scores.
    mutating func add(_ scores: Span<Float>, label: Int) {
        lossSum += CrossEntropy.loss(scores, label: label)
        if CrossEntropy.prediction(scores) == label { correct += 1 }
        count += 1
    }
}
