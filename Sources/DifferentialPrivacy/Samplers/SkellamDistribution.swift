// SPDX-License-Identifier: Apache-2.0

/// The probabilities of the Skellam distribution of variance μ, e^−μ·I_|y|(μ), each to about 13 digits.
package struct SkellamDistribution: Sendable {
    /// P[Y = 0], P[Y = 1], …; beyond it nothing is above 10^−300.
    private let probabilities: [Double]

    /// The distribution of variance `variance`, which is positive.
    ///
    /// Miller's method: I_{k−1} = I_{k+1} + (2k/μ)·I_k downward from far out, divided by the sum over all integers, which is 1.
    package init(variance: Double) {
        precondition(variance > 0 && variance <= 1e9, "A variance is positive.")
        let last = Int(40 * variance.squareRoot()) + 200
        var values = [Double](repeating: 0, count: last + 2)
        values[last] = 1e-300
        for k in stride(from: last, to: 0, by: -1) {
            values[k - 1] = values[k + 1] + 2 * Double(k) / variance * values[k]
            if values[k - 1] > 1e200 {
                for index in (k - 1)..<values.count { values[index] *= 1e-250 }
            }
        }
        var total = 0.0
        for value in values.dropFirst().reversed() { total += 2 * value }
        total += values[0]
        probabilities = values.map { $0 / total }
    }

    /// P[Y = y].
    package func probability(_ y: Int64) -> Double {
        y.magnitude < UInt64(probabilities.count) ? probabilities[Int(y.magnitude)] : 0
    }

    /// A bound on the Rényi divergence of integer order α between this noise on neighbors, [AKL21] Theorem 3.5 at scale 1:
    /// αΔ₂²/2μ + min { ((2α − 1)·Δ₂² + 6Δ₁)/4μ², 3Δ₁/2μ }.
    package static func divergenceBound(
        order: Int, variance: Double, absoluteSensitivity: Double, sensitivity: Double
    ) -> Double {
        let (alpha, square) = (Double(order), sensitivity * sensitivity)
        let first = ((2 * alpha - 1) * square + 6 * absoluteSensitivity) / (4 * variance * variance)
        return alpha * square / (2 * variance) + min(first, 3 * absoluteSensitivity / (2 * variance))
    }
}
