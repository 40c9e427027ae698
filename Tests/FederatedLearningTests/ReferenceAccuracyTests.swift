// SPDX-License-Identifier: Apache-2.0

import FederatedLearning
import Testing

/// Accuracies against a reference run in double precision with other software: 80/20 stratified, batches of 16, 5
/// seeds.
///
/// On n test rows an accuracy p has the binomial deviation √(p(1 − p)/n): 0.85 points for digits (n = 360), 1.3 for
/// breast cancer (n = 114), and less by √5 for a mean of five splits. Bounds are the reference less four deviations, or
/// stricter.
@Suite("Reference accuracies")
struct ReferenceAccuracyTests {
    /// The mean over five seeds, each with its own split, start and orders.
    private func mean(_ task: Simulation.Task, _ accuracy: (Simulation) throws -> Double) throws -> Double {
        var sum = 0.0
        for seed in UInt64(1)...5 { sum += try accuracy(Simulation(task, seed: seed)) }
        return sum / 5
    }

    @Test("A short softmax regression learns digits and breast cancer")
    func brief() throws {
        let digits = try Simulation(.digits, seed: 1)
        #expect(try digits.pooled(SoftmaxRegression(featureCount: 64, classCount: 10), epochs: 3) >= 0.88)
        let breastCancer = try Simulation(.breastCancer, seed: 1)
        #expect(try breastCancer.pooled(SoftmaxRegression(featureCount: 30, classCount: 2), epochs: 10) >= 0.93)
    }

    @Test("Softmax regression on pooled breast cancer reaches 97.9 %", .enabled(if: isOptimized))
    func pooledBreastCancer() throws {
        let model = try SoftmaxRegression(featureCount: 30, classCount: 2)
        #expect(try mean(.breastCancer) { try $0.pooled(model, epochs: 50) } >= 0.955)
    }

    @Test("Softmax regression on pooled digits reaches 97.1 %", .enabled(if: isOptimized))
    func pooledDigitsSoftmax() throws {
        let model = try SoftmaxRegression(featureCount: 64, classCount: 10)
        #expect(try mean(.digits) { try $0.pooled(model, epochs: 90) } >= 0.955)
    }

    @Test("A perceptron on pooled digits reaches 97.3 %", .enabled(if: isOptimized))
    func pooledDigitsPerceptron() throws {
        let model = try Perceptron(featureCount: 64, classCount: 10)
        #expect(try mean(.digits) { try $0.pooled(model, epochs: 90) } >= 0.96)
    }

    @Test("Federated averaging in plain numbers reaches 96.1 % with a perceptron", .enabled(if: isOptimized))
    func federatedPerceptron() throws {
        let model = try Perceptron(featureCount: 64, classCount: 10)
        #expect(try mean(.digits) { try $0.federated(model, clients: 10).accuracy } >= 0.955)
    }

    @Test("Federated averaging in plain numbers reaches 93.8 % with softmax regression", .enabled(if: isOptimized))
    func federatedSoftmax() throws {
        let model = try SoftmaxRegression(featureCount: 64, classCount: 10)
        #expect(try mean(.digits) { try $0.federated(model, clients: 10).accuracy } >= 0.93)
    }

    @Test("No coordinate of an update exceeds 1/2 on IID clients", .enabled(if: isOptimized))
    func updateRange() throws {
        // The largest of 40 seeds was 0.33 for digits and 0.23 for breast cancer: a clipping range of 1/2 cuts nothing.
        let digits = try Simulation(.digits, seed: 1)
        #expect(try digits.federated(Perceptron(featureCount: 64, classCount: 10), clients: 10).largestUpdate < 0.5)
        let breastCancer = try Simulation(.breastCancer, seed: 1)
        #expect(try breastCancer.federated(Perceptron(featureCount: 30, classCount: 2), clients: 5).largestUpdate < 0.5)
    }

    @Test("Alone, clients do worse than together", .enabled(if: isOptimized))
    func localOnly() throws {
        let run = try Simulation(.digits, seed: 1)
        let model = try Perceptron(featureCount: 64, classCount: 10)
        var generator = SeededGenerator(7)
        let clients = try Partition.dirichlet(alpha: 0.5)
            .deal(run.split.training, of: run.data, to: 10, using: &generator)
        let training = try LocalTraining(epochs: 90, batchSize: 16, learningRate: 0.1)
        let start = model.initialParameters(using: &generator)
        let alone = try training.localOnly(
            model,
            from: start,
            on: run.data,
            clients: clients,
            test: run.split.test,
            using: &generator
        )
        #expect(alone.count == 10)
        #expect((0.5...0.85).contains(alone.meanAccuracy))  // reference 68 %; it depends on the draw
    }
}

/// One data set, split and standardized as the reference did it.
struct Simulation {
    enum Task { case digits, breastCancer }

    let data: DataSet
    let split: TrainTestSplit
    let learningRate: Float
    let seed: UInt64

    init(_ task: Task, seed: UInt64) throws {
        var generator = SeededGenerator(seed)
        self.seed = seed
        switch task {
        case .digits:
            data = .digits()
            split = try TrainTestSplit(stratifying: data, using: &generator)
            learningRate = 0.1
        case .breastCancer:
            let raw = DataSet.breastCancer()
            split = try TrainTestSplit(stratifying: raw, using: &generator)
            data = try Standardization(FeatureSums(of: raw, rows: split.training)).applied(to: raw)
            learningRate = 0.05
        }
    }

    /// The test accuracy after training on all training rows in one place.
    func pooled(_ model: some TrainableModel, epochs: Int) throws -> Double {
        var generator = SeededGenerator(seed + 1_000)
        return try LocalTraining(epochs: epochs, batchSize: 16, learningRate: learningRate)
            .pooled(
                model,
                from: model.initialParameters(using: &generator),
                on: data,
                clients: [split.training],
                test: split.test,
                using: &generator
            ).accuracy
    }

    /// The test accuracy of federated averaging without any aggregation scheme, and the largest coordinate of an
    /// update.
    func federated(
        _ model: some TrainableModel,
        clients: Int,
        partition: Partition = .iid,
        rounds: Int = 30
    ) throws -> (accuracy: Double, largestUpdate: Float) {
        var generator = SeededGenerator(seed + 2_000)
        let owned = try partition.deal(split.training, of: data, to: clients, using: &generator)
        let training = try LocalTraining(epochs: 3, batchSize: 16, learningRate: learningRate)
        var parameters = model.initialParameters(using: &generator)
        var largestUpdate: Float = 0
        for _ in 0..<rounds {
            var sums = [Double](repeating: 0, count: parameters.count)
            for rows in owned {
                let trained = try training.train(model, from: parameters, on: data, rows: rows, using: &generator)
                for index in sums.indices {
                    let update = trained[index] - parameters[index]
                    largestUpdate = max(largestUpdate, abs(update))
                    sums[index] += Double(rows.count) * Double(update)
                }
            }
            for index in sums.indices { parameters[index] += Float(sums[index] / Double(split.training.count)) }
        }
        return (model.evaluate(parameters, on: data, rows: split.test).accuracy, largestUpdate)
    }
}
