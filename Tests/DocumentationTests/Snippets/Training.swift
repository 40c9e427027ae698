// SPDX-License-Identifier: Apache-2.0

// The code of a page of documentation: see SnippetPage.
import FederatedLearning
import PairwiseMasking
import RingArithmetic
import SecureAggregation

@Sendable func training(_ page: SnippetRun) throws {
    page.begin()
    let data = DataSet.digits()
    let rows = (0..<10).map { client in data.rows.filter { $0 % 10 == client } }  // who owns which rows
    let model = try SoftmaxRegression(featureCount: data.featureCount, classCount: data.classCount)
    let codec = try FixedPointCodec<UInt32>(
        parameterCount: model.parameterCount, quantizer: FixedPointQuantizer(bits: 16, clip: 1), clients: 10,
        maximumWeight: 180)
    var trainer = try FederatedTrainer(
        model: model, parameters: [Float](repeating: 0, count: model.parameterCount), data: data, clientRows: rows,
        algorithm: .averaging(LocalTraining(epochs: 1, batchSize: 16, learningRate: 0.1)), codec: codec,
        mechanism: NoMechanism(), task: "digits", randomness: SystemRandomnessSource(),
        makeScheme: { (cohort) throws(AggregationError) in
            try SecAgg(contributors: cohort, server: 100, dimension: codec.dimension, width: codec.width)
        })
    let reason = try trainer.run(until: StoppingRule(rounds: 5))
    let accuracy = model.evaluate(trainer.parameters, on: data, rows: data.rows).accuracy
    print("ended by \(reason); more than 80 % right: \(accuracy > 0.8)")
    page.end()
}
