// SPDX-License-Identifier: Apache-2.0

import FederatedLearning
import Testing

@Suite("Local training")
struct LocalTrainingTests {
    private let data = DataSet.digits()

    @Test("One full-batch epoch is one step along the gradient, bit for bit")
    func fullBatch() throws {
        let model = try Perceptron(featureCount: 64, hidden: 8, classCount: 10)
        var generator = SeededGenerator(1)
        let start = model.initialParameters(using: &generator)
        let rows = Array(0..<100)
        let gradient = model.meanGradient(at: start, rows: rows, of: data)
        let expected = zip(start, gradient).map { $0 + -0.1 * $1 }
        let state = generator.state
        for batchSize in [nil, 100, 1_000] {
            let training = try LocalTraining(epochs: 1, batchSize: batchSize, learningRate: 0.1)
            let trained = try training.train(model, from: start, on: data, rows: rows, using: &generator)
            #expect(trained == expected)
        }
        #expect(generator.state == state)
    }

    @Test("The same seed gives the same bits, another one does not")
    func deterministic() throws {
        let model = try SoftmaxRegression(featureCount: 64, classCount: 10)
        let training = try LocalTraining(epochs: 2, batchSize: 16, learningRate: 0.1)
        func train(_ seed: UInt64) throws -> [Float] {
            var generator = SeededGenerator(seed)
            let start = model.initialParameters(using: &generator)
            return try training.train(model, from: start, on: data, rows: Array(0..<100), using: &generator)
        }
        #expect(try train(1) == train(1))
        #expect(try train(1) != train(2))
    }

    @Test("An epoch visits every row once")
    func visits() throws {
        let spy = try Spy()
        var generator = SeededGenerator(1)
        let rows = [5, 8, 13, 21, 34, 55, 89]
        let training = try LocalTraining(epochs: 3, batchSize: 3, learningRate: 0.5)
        let trained = try training.train(
            spy,
            from: [Float](repeating: 0, count: 100),
            on: spy.data,
            rows: rows,
            using: &generator
        )
        // The gradient of a batch is 1 at each of its rows: three epochs take three steps of η there, and none
        // elsewhere.
        for row in 0..<100 { #expect(trained[row] == (rows.contains(row) ? -1.5 : 0)) }
    }

    @Test("With no rows the parameters stay")
    func noRows() throws {
        let model = try SoftmaxRegression(featureCount: 64, classCount: 10)
        var generator = SeededGenerator(1)
        let start = [Float](repeating: 0.5, count: model.parameterCount)
        let training = try LocalTraining(epochs: 2, batchSize: 16, learningRate: 0.1)
        #expect(try training.train(model, from: start, on: data, rows: [], using: &generator) == start)
    }

    @Test("Arguments that do not go together are refused")
    func refused() throws {
        let model = try SoftmaxRegression(featureCount: 64, classCount: 10)
        let training = try LocalTraining(epochs: 1, batchSize: nil, learningRate: 0.1)
        func train(_ data: DataSet, _ count: Int, _ rows: [Int]) throws {
            var generator = SeededGenerator(1)
            let start = [Float](repeating: 0, count: count)
            _ = try training.train(model, from: start, on: data, rows: rows, using: &generator)
        }
        #expect(throws: FederatedLearningError.modelDoesNotFit(featureCount: 64, classCount: 10)) {
            try train(.breastCancer(), 650, [0])
        }
        #expect(throws: FederatedLearningError.parameterCount(expected: 650, found: 649)) {
            try train(data, 649, [0])
        }
        #expect(throws: FederatedLearningError.rowOutOfRange(1_797)) { try train(data, 650, [0, 1_797]) }
        #expect(throws: FederatedLearningError.epochs(0)) {
            try LocalTraining(epochs: 0, batchSize: 1, learningRate: 1)
        }
        #expect(throws: FederatedLearningError.batchSize(0)) {
            try LocalTraining(epochs: 1, batchSize: 0, learningRate: 1)
        }
        #expect(throws: FederatedLearningError.learningRate(0)) {
            try LocalTraining(epochs: 1, batchSize: 1, learningRate: 0)
        }
        #expect(throws: FederatedLearningError.learningRate(.infinity)) {
            try LocalTraining(epochs: 1, batchSize: 1, learningRate: .infinity)
        }
    }

    @Test("A learning rate that blows up is an error, not a model of NaNs")
    func diverged() throws {
        let model = try Perceptron(featureCount: 30, hidden: 8, classCount: 2)
        let training = try LocalTraining(epochs: 3, batchSize: 16, learningRate: 1e30)
        var generator = SeededGenerator(1)
        let start = model.initialParameters(using: &generator)
        #expect(throws: FederatedLearningError.diverged) {
            _ = try training.train(
                model,
                from: start,
                on: .breastCancer(),
                rows: Array(0..<100),
                using: &generator
            )
        }
    }
}

/// A model whose gradient of a batch is 1 at the parameters with the indices of its rows.
private struct Spy: TrainableModel {
    let data: DataSet
    let featureCount = 1
    let classCount = 2
    let parameterCount = 100

    init() throws {
        data = try DataSet(
            name: "spy",
            features: [Float](repeating: 0, count: 100),
            labels: [Int](repeating: 0, count: 100),
            featureCount: 1,
            classCount: 2
        )
    }

    func initialParameters(using generator: inout some RandomNumberGenerator) -> [Float] { [] }

    func gradient(
        at parameters: [Float],
        rows: ArraySlice<Int>,
        of data: DataSet,
        into gradient: inout [Float]
    ) -> Double {
        for index in gradient.indices { gradient[index] = rows.contains(index) ? 1 : 0 }
        return 0
    }

    func evaluate(_ parameters: [Float], on data: DataSet, rows: ArraySlice<Int>) -> Evaluation { Evaluation() }
}
