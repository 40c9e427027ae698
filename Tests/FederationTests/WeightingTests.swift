// SPDX-License-Identifier: Apache-2.0

import FederatedLearning
import RingArithmetic
@_spi(Simulation) import SecureAggregation
import Testing

@Suite struct WeightingTests {
    private static let weightings: [ClientWeighting] = [
        .byCount, .uniform, .given([3, 0, 7, 1, 0]), .given([0, 0, 4, 0, 0]), .given([1, 1000, 1, 1, 1]),
    ]

    private func weights(_ weighting: ClientWeighting, of rows: [[Int]]) -> [Double] {
        switch weighting {
        case .byCount: rows.map { Double($0.count) }
        case .uniform: rows.map { _ in 1 }
        case .given(let weights): weights.map { Double($0) }
        }
    }

    @Test(arguments: SchemeUnderTest.allCases, WeightingTests.weightings)
    func `a round moves the model by the weighted mean of the clients' gradients`(
        scheme: SchemeUnderTest,
        weighting: ClientWeighting
    ) throws {
        var federation = try Federation.digits(clients: 5, algorithm: .gradientDescent(learningRate: 1))
        federation.weighting = weighting
        var trainer = try federation.trainer(scheme)
        let report = try trainer.runRound()
        #expect(report.maximumSumError == 0 && report.clippedCount == 0)

        let weights = weights(weighting, of: federation.clientRows)
        let total = weights.reduce(0, +)
        var mean = [Double](repeating: 0, count: federation.model.parameterCount)
        for (weight, rows) in zip(weights, federation.clientRows) {
            let gradient = federation.model.meanGradient(at: federation.parameters, rows: rows, of: federation.data)
            for index in mean.indices { mean[index] += weight / total * Double(gradient[index]) }
        }
        let step = try federation.codec().quantizer.step
        for index in mean.indices {
            let expected = Double(federation.parameters[index]) - mean[index]
            // Less than one step from rounding to integers, and three roundings to single precision of numbers below 2.
            #expect(abs(Double(trainer.parameters[index]) - expected) < step + 6 * 0x1p-24)
        }
    }

    @Test(arguments: SchemeUnderTest.allCases, WeightingTests.weightings)
    func `loss and accuracy from the masked sum are the weighted means of the clients'`(
        scheme: SchemeUnderTest,
        weighting: ClientWeighting
    ) throws {
        var federation = try Federation.digits(clients: 5)
        federation.weighting = weighting
        var trainer = try federation.trainer(scheme)
        for _ in 0..<2 {
            let model = trainer.parameters
            let report = try trainer.runRound()
            let weights = weights(weighting, of: federation.clientRows)
            let total = weights.reduce(0, +)
            var (loss, accuracy) = (0.0, 0.0)
            for (weight, rows) in zip(weights, federation.clientRows) {
                let evaluation = federation.model.evaluate(model, on: federation.data, rows: rows)
                loss += weight / total * evaluation.lossSum / Double(rows.count)
                accuracy += weight / total * Double(evaluation.correct) / Double(rows.count)
            }
            // A loss has 65,535 steps from 0 to 16, an accuracy as many from 0 to 1; both pass through single
            // precision.
            #expect(abs(try #require(report.trainingLoss) - loss) < 16 / 65_535 + 16 * 0x1p-24)
            #expect(abs(try #require(report.trainingAccuracy) - accuracy) < 1 / 65_535 + 0x1p-24)
        }
    }

    @Test(arguments: SchemeUnderTest.allCases)
    func `a client of weight zero changes nothing, whatever its rows`(scheme: SchemeUnderTest) throws {
        var federation = try Federation.digits(clients: 4)
        federation.weighting = .given([2, 0, 5, 3])
        var first = try federation.trainer(scheme)
        federation.clientRows[1] = Array(1700..<1720)
        var second = try federation.trainer(scheme)
        let bits = try first.modelBits(rounds: 2)
        #expect(try bits == second.modelBits(rounds: 2))
        #expect(first.history.map(\.trainingLoss) == second.history.map(\.trainingLoss))
        #expect(first.history.allSatisfy { $0.contributors == 4 })

        federation.weighting = .given([2, 1, 5, 3])
        var third = try federation.trainer(scheme)
        #expect(try bits != third.modelBits(rounds: 2))
    }

    @Test(arguments: SchemeUnderTest.allCases)
    func `a round to which nobody brings weight is aborted, and its number is used up`(scheme: SchemeUnderTest) throws {
        var federation = try Federation.digits(clients: 5)
        federation.weighting = .given([0, 0, 0, 0, 6])
        federation.faults = { round, _ in round == 0 ? .losing([5], beforeSend: scheme.vectorSend) : .none }
        var trainer = try federation.trainer(scheme)
        let report = try trainer.runRound()
        #expect(report.failure == .ring(.emptySum))
        #expect(report.trainingLoss == nil && report.trainingAccuracy == nil)
        #expect(trainer.parameters == federation.parameters)
        #expect(trainer.nextRound == 1)
        #expect(try trainer.runRound().failure == nil)
        #expect(trainer.parameters != federation.parameters)
    }

    @Test(arguments: [[1, 1, 1], [1, 1, 1, 1, 1], [], [1, 1, -1, 1]])
    func `weights that are not one non-negative integer for each client are refused`(weights: [Int]) throws {
        var federation = try Federation.digits(clients: 4)
        federation.weighting = .given(weights)
        #expect(throws: FederatedLearningError.weights) { try federation.trainer(.plain) }
    }

    @Test func `a weight beyond the codec's bound is refused when it is to be encoded`() throws {
        let federation = try Federation.digits(clients: 4)
        let codec = try FixedPointCodec<UInt32>(
            parameterCount: federation.model.parameterCount,
            quantizer: FixedPointQuantizer(bits: 16, clip: 1),
            clients: 4,
            maximumWeight: 18
        )
        var trainer = try FederatedTrainer(
            model: federation.model,
            parameters: federation.parameters,
            data: federation.data,
            clientRows: federation.clientRows,
            algorithm: federation.algorithm,
            codec: codec,
            mechanism: NoMechanism<UInt32>(),
            task: "training",
            randomness: SimulationRandomness(seed: 1)
        ) { (cohort) throws(AggregationError) in
            try Insecure.Plain<UInt32>(
                contributors: cohort,
                server: 1000,
                dimension: codec.dimension,
                width: codec.width
            )
        }
        #expect(throws: RingError.weightOutOfRange(19, maximum: 18)) { try trainer.runRound() }
        #expect(trainer.history.isEmpty && trainer.parameters == federation.parameters)
    }
}
