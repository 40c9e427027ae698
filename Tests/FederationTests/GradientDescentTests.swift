// SPDX-License-Identifier: Apache-2.0

import FederatedLearning
import RingArithmetic
@_spi(Simulation) import SecureAggregation
@_spi(Simulation) import SecureRandomness
import Testing

/// Federated SGD with everybody taking part is gradient descent on all rows in one place.
@Suite struct GradientDescentTests {
    /// The unit roundoff of single precision.
    private let roundoff = 0x1p-24

    @Test(arguments: SchemeUnderTest.allCases, [ClientWeighting.byCount, .uniform])
    func `the sum is that of the clients' quantized gradients to the last integer`(
        scheme: SchemeUnderTest,
        weighting: ClientWeighting
    ) throws {
        var federation = try Federation.digits(clients: 6, algorithm: .gradientDescent(learningRate: 0.5))
        federation.weighting = weighting
        let recorder = Recorder()
        var trainer = try federation.trainer(scheme, mechanism: recorder)
        let rounds = 3
        for round in 0..<rounds {
            let model = trainer.parameters
            let report = try trainer.runRound()
            var expected = [UInt64](repeating: 0, count: federation.model.parameterCount + 1)
            for (position, rows) in federation.clientRows.enumerated() {
                let gradient = federation.model.meanGradient(at: model, rows: rows, of: federation.data)
                var generator = encodingGenerator(
                    of: PartyID(UInt32(position + 1)),
                    task: "training",
                    round: UInt64(round),
                    seed: federation.seed
                )
                let weight = weighting == .uniform ? 1 : UInt64(rows.count)
                expected[0] += weight
                for (index, integer) in try quantizedInIntegers(gradient, bits: 16, using: &generator).enumerated() {
                    expected[index + 1] += weight * integer
                }
            }
            #expect(recorder.sums[round].dropLast(2).map(UInt64.init) == expected)
            // The step that is taken is the decoded sum's, coordinate by coordinate.
            for index in model.indices {
                let mean = Float(Double(expected[index + 1]) * (2.0 / 65_535 / Double(expected[0])) - 1)
                #expect(
                    abs(trainer.parameters[index] - (model[index] - 0.5 * mean)) <= 0x1p-23 * (1 + abs(model[index]))
                )
            }
            #expect(report.contributors == 6)
        }
        #expect(recorder.sums.count == rounds && recorder.vectors.count == 6 * rounds)
    }

    @Test(arguments: SchemeUnderTest.allCases, [Float(0.1), 1])
    func `a round is a step of gradient descent on the pooled rows within a quantization step`(
        scheme: SchemeUnderTest,
        learningRate: Float
    ) throws {
        let federation = try Federation.digits(clients: 8, algorithm: .gradientDescent(learningRate: learningRate))
        let rows = federation.clientRows.flatMap { $0 }
        let gradient = federation.model.meanGradient(at: federation.parameters, rows: rows, of: federation.data)
        var trainer = try federation.trainer(scheme)
        #expect(try trainer.runRound().clippedCount == 0)
        // The integers' mean is less than one quantization step from the mean of the clients' gradients. Those are sums
        // of terms |(p − y)·x|/n ≤ 1/n, so a sum of n of them in single precision is off by at most (n + 2)·u, the
        // clients' and the pooled one alike; decoding, multiplying and subtracting round once each.
        let eta = Double(learningRate)
        let step = try federation.codec().quantizer.step
        let largestClient = federation.clientRows.map(\.count).max() ?? 0
        for index in gradient.indices {
            let pooled = Double(federation.parameters[index]) - eta * Double(gradient[index])
            let bound =
                eta * (step + Double(largestClient + rows.count + 8) * roundoff) + 2 * roundoff * (abs(pooled) + eta)
            #expect(abs(Double(trainer.parameters[index]) - pooled) < bound)
        }
        // The bound is not idle: the step itself is far larger.
        let moved = zip(trainer.parameters, federation.parameters).map { abs($0 - $1) }.max() ?? 0
        #expect(Double(moved) > 100 * eta * step)
    }

    @Test(arguments: SchemeUnderTest.allCases, [Float(0.1), 1])
    func `averaging after one local step on all rows is federated SGD within rounding`(
        scheme: SchemeUnderTest,
        learningRate: Float
    ) throws {
        var federation = try Federation.digits(clients: 6, algorithm: .gradientDescent(learningRate: learningRate))
        var descent = try federation.trainer(scheme)
        federation.algorithm = .averaging(try LocalTraining(epochs: 1, batchSize: nil, learningRate: learningRate))
        var averaging = try federation.trainer(scheme)
        for trainer in try [descent.runRound(), averaging.runRound()] { #expect(trainer.clippedCount == 0) }
        // Both start from the same gradients gᵢ, in the same bits. Federated SGD rounds gᵢ to the lattice of step s and
        // scales by η: less than η·s. Averaging rounds ηgᵢ to the lattice: less than s; before, fl(fl(θ − ηgᵢ) − θ)
        // differs from −ηgᵢ by at most u·(3|θ| + 3η|gᵢ|) ≤ u·(3|θ| + 3η). Afterwards both decode a mean of magnitude up
        // to C = 1 (u), and add it (u·(|θ| + 1)); federated SGD multiplies too (u·η).
        let eta = Double(learningRate)
        let step = try federation.codec().quantizer.step
        for index in federation.parameters.indices {
            let theta = abs(Double(federation.parameters[index]))
            let bound = (1 + eta) * step + roundoff * (5 * theta + 5 * eta + 4)
            #expect(abs(Double(descent.parameters[index]) - Double(averaging.parameters[index])) < bound)
        }
    }
}
