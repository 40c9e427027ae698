// SPDX-License-Identifier: Apache-2.0

import FederatedLearning
import Testing

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

@Suite("Models")
struct ModelTests {
    /// The loss of a network in double precision, from the documented layout alone and in plain loops.
    private func meanLoss(_ parameters: [Double], layers: [Int], data: DataSet, rows: [Int]) -> Double {
        var total = 0.0
        for row in rows {
            var values = (0..<layers[0]).map { Double(data.features[row * layers[0] + $0]) }
            var offset = 0
            for layer in 1..<layers.count {
                let (inputs, outputs) = (layers[layer - 1], layers[layer])
                values = (0..<outputs).map { output in
                    var sum = parameters[offset + inputs * outputs + output]
                    for input in 0..<inputs { sum += values[input] * parameters[offset + input * outputs + output] }
                    return layer < layers.count - 1 && sum < 0 ? 0 : sum
                }
                offset += (inputs + 1) * outputs
            }
            total += log(values.reduce(0) { $0 + exp($1) }) - values[data.labels[row]]
        }
        return total / Double(rows.count)
    }

    private func compareWithDifferences(_ model: some TrainableModel, layers: [Int], scale: Double) throws {
        var generator = SeededGenerator(21)
        func uniform() -> Double { Double(generator.next() >> 11) * 0x1p-52 - 1 }
        let data = try DataSet(
            name: "t",
            features: (0..<12 * layers[0]).map { $0 % 5 == 0 ? 0 : Float(uniform()) },
            labels: (0..<12).map { ($0 * 7) % model.classCount },
            featureCount: layers[0],
            classCount: model.classCount
        )
        let parameters = (0..<model.parameterCount).map { _ in Float(scale * uniform()) }
        let rows = [0, 3, 4, 4, 7, 11]
        var gradient = [Float](repeating: .nan, count: model.parameterCount)
        let lossSum = model.gradient(at: parameters, rows: rows[...], of: data, into: &gradient)

        let point = parameters.map(Double.init)
        let expectedLoss = meanLoss(point, layers: layers, data: data, rows: rows)
        #expect(abs(lossSum / 6 - expectedLoss) < 1e-6 * max(1, expectedLoss))
        // In double precision the error of a central difference with step 1e-5 is about 1e-10; the rest is Float's.
        let step = 1e-5
        for index in point.indices {
            var (above, below) = (point, point)
            above[index] += step
            below[index] -= step
            let slope =
                (meanLoss(above, layers: layers, data: data, rows: rows)
                    - meanLoss(below, layers: layers, data: data, rows: rows)) / (2 * step)
            #expect(abs(slope - Double(gradient[index])) < 1e-6, "coordinate \(index)")
        }
        #expect(model.meanGradient(at: parameters, rows: rows, of: data) == gradient)
    }

    @Test("The gradient of softmax regression is what differences of the loss say")
    func softmaxGradient() throws {
        let model = try SoftmaxRegression(featureCount: 5, classCount: 3)
        #expect(model.parameterCount == 18)
        try compareWithDifferences(model, layers: [5, 3], scale: 1)
    }

    @Test("The gradient of a perceptron is what differences of the loss say", arguments: [1, 4, 9])
    func perceptronGradient(hidden: Int) throws {
        let model = try Perceptron(featureCount: 5, hidden: hidden, classCount: 3)
        #expect(model.parameterCount == 6 * hidden + (hidden + 1) * 3)
        try compareWithDifferences(model, layers: [5, hidden, 3], scale: 1)
    }

    @Test("Softmax regression, computed by hand")
    func byHand() throws {
        // Two features, two classes; W = [[1, 0], [0, 2]], b = [0, ln 3]. For x = (0, 0): scores (0, ln 3), p = (1/4,
        // 3/4).
        let model = try SoftmaxRegression(featureCount: 2, classCount: 2)
        let parameters: [Float] = [1, 0, 0, 2, 0, Float(log(3.0))]
        let data = try DataSet(name: "t", features: [0, 0, 1, 0.5], labels: [0, 0], featureCount: 2, classCount: 2)
        let first = model.evaluate(parameters, on: data, rows: [0])
        #expect(abs(first.lossSum - log(4.0)) < 1e-6)
        #expect(first.correct == 0)
        #expect(first.count == 1)
        let gradient = model.meanGradient(at: parameters, rows: [0], of: data)
        let expected: [Float] = [0, 0, 0, 0, -0.75, 0.75]
        #expect(zip(gradient, expected).allSatisfy { abs($0 - $1) < 1e-6 })
        // x = (1, 1/2): scores (1, 1 + ln 3), the same p; the gradient is x ⊗ (−3/4, 3/4) and its half with both rows.
        let both = model.meanGradient(at: parameters, rows: [0, 1], of: data)
        let expectedBoth: [Float] = [-0.375, 0.375, -0.1875, 0.1875, -0.75, 0.75]
        #expect(zip(both, expectedBoth).allSatisfy { abs($0 - $1) < 1e-6 })
    }

    @Test("Loss and right answers agree between gradient and evaluation")
    func evaluation() throws {
        let data = DataSet.digits()
        let model = try Perceptron(featureCount: 64, hidden: 8, classCount: 10)
        var generator = SeededGenerator(2)
        let parameters = model.initialParameters(using: &generator)
        let rows = Array(0..<50)
        var gradient = [Float](repeating: 0, count: model.parameterCount)
        let lossSum = model.gradient(at: parameters, rows: rows[...], of: data, into: &gradient)
        let whole = model.evaluate(parameters, on: data, rows: rows)
        #expect(abs(whole.lossSum - lossSum) < 1e-4)
        let parts =
            model.evaluate(parameters, on: data, rows: rows[..<20])
            + model.evaluate(parameters, on: data, rows: rows[20...])
        #expect(parts.correct == whole.correct)
        #expect(parts.count == 50)
        #expect(abs(parts.meanLoss - whole.meanLoss) < 1e-12)
        #expect(whole.accuracy == Double(whole.correct) / 50)
        #expect(Evaluation().accuracy == 0)
        #expect(Evaluation().meanLoss == 0)
    }

    @Test("Of no rows, the gradient is zero")
    func noRows() throws {
        let model = try SoftmaxRegression(featureCount: 30, classCount: 2)
        let parameters = [Float](repeating: 1, count: model.parameterCount)
        let gradient = model.meanGradient(at: parameters, rows: [], of: .breastCancer())
        #expect(gradient.allSatisfy { $0 == 0 })
    }

    @Test("Large scores do not overflow")
    func largeScores() throws {
        let model = try SoftmaxRegression(featureCount: 1, classCount: 2)
        let data = try DataSet(name: "t", features: [1_000], labels: [1], featureCount: 1, classCount: 2)
        let parameters: [Float] = [1, -1, 0, 0]
        #expect(model.evaluate(parameters, on: data, rows: [0]).lossSum == 2_000)
        #expect(model.meanGradient(at: parameters, rows: [0], of: data) == [1_000, -1_000, 1, -1])
    }

    @Test("He's initialization has the stated variances")
    func initialization() throws {
        let model = try Perceptron(featureCount: 64, classCount: 10)
        #expect(model.parameterCount == 4_810)
        var generator = SeededGenerator(4)
        let parameters = model.initialParameters(using: &generator)
        // The sample variance of n normals has relative deviation √(2/n): 2.2 % and 5.6 % here; five of them are
        // allowed.
        func variance(_ slice: ArraySlice<Float>) -> Double {
            slice.reduce(0) { $0 + Double($1) * Double($1) } / Double(slice.count)
        }
        #expect(abs(variance(parameters[..<4_096]) * 32 - 1) < 0.11)
        #expect(parameters[4_096..<4_160].allSatisfy { $0 == 0 })
        #expect(abs(variance(parameters[4_160..<4_800]) * 64 - 1) < 0.28)
        #expect(parameters[4_800...].allSatisfy { $0 == 0 })
    }

    @Test("Shapes that make no sense are refused")
    func shapes() {
        let refused = FederatedLearningError.modelShape
        #expect(throws: refused) { try SoftmaxRegression(featureCount: 0, classCount: 2) }
        #expect(throws: refused) { try SoftmaxRegression(featureCount: 1, classCount: 1) }
        #expect(throws: refused) { try SoftmaxRegression(featureCount: .max, classCount: 2) }
        #expect(throws: refused) { try SoftmaxRegression(featureCount: .max - 1, classCount: 2) }
        #expect(throws: refused) { try Perceptron(featureCount: 1, hidden: 0, classCount: 2) }
        #expect(throws: refused) { try Perceptron(featureCount: 1, hidden: .max, classCount: 2) }
        #expect(throws: refused) { try Perceptron(featureCount: 2, hidden: .max / 4, classCount: 2) }
    }
}
