// SPDX-License-Identifier: Apache-2.0

// The code of a page of documentation: see SnippetPage.
import FederatedLearning
import PairwiseMasking
import RingArithmetic
import SecureAggregation

@Sendable func training(_ page: SnippetRun, print: (Any...) -> Void) throws {
    page.begin()
    let data = DataSet.digits()  // 1,797 rows of 64 numbers, ten classes
    let rows = (0..<10).map { client in data.rows.filter { $0 % 10 == client } }
    let quantizer = try FixedPointQuantizer(bits: 16, clip: 1)
    let codec = try FixedPointCodec<UInt32>(parameterCount: 650, quantizer: quantizer, clients: 10, maximumWeight: 180)
    var trainer = try FederatedTrainer(
        model: SoftmaxRegression(featureCount: 64, classCount: 10), parameters: [Float](repeating: 0, count: 650),
        data: data, clientRows: rows, algorithm: .gradientDescent(learningRate: 1), codec: codec,
        mechanism: NoMechanism(), task: "digits", randomness: SystemRandomnessSource()
    ) { (cohort) throws(AggregationError) in
        try SecAgg(contributors: cohort, server: 100, dimension: codec.dimension, width: codec.width)
    }
    print(try trainer.runRound().contributors, "clients in the sum")
    page.end()

    page.begin()
    let reason = try trainer.run(until: StoppingRule(rounds: 30))
    let right = trainer.model.evaluate(trainer.parameters, on: data, rows: data.rows)
    print("ended by \(reason); more than 80 % right: \(right.accuracy > 0.8)")
    page.end()
}
