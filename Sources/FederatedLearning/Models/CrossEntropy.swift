// SPDX-License-Identifier: Apache-2.0

/// The softmax cross-entropy of a row's scores, in nats.
enum CrossEntropy {
    /// The loss of the label, −log softmax(scores)[label].
    static func loss(_ scores: Span<Float>, label: Int) -> Double {
        let largest = scores[prediction(scores)]
        var total: Float = 0
        for index in 0..<scores.count { total += exponential(scores[index] - largest) }
        return logarithm(Double(total)) - Double(scores[label] - largest)
    }

    /// Replaces scores by the gradient of weight · loss with respect to them, and returns the (unweighted) loss.
    static func differentiate(_ scores: inout MutableSpan<Float>, label: Int, weight: Float) -> Double {
        let largest = scores[prediction(scores.span)]
        let labelScore = scores[label] - largest
        var total: Float = 0
        for index in 0..<scores.count {
            let value = exponential(scores[index] - largest)
            scores[index] = value
            total += value
        }
        let scale = weight / total
        for index in 0..<scores.count { scores[index] *= scale }
        scores[label] -= weight
        return logarithm(Double(total)) - Double(labelScore)
    }

    /// The index of the largest score, the first one of equals.
    static func prediction(_ scores: Span<Float>) -> Int {
        var best = 0
        for index in 0..<scores.count where scores[index] > scores[best] { best = index }
        return best
    }
}
