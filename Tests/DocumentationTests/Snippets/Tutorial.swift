// SPDX-License-Identifier: Apache-2.0

// The code of a page of documentation: see SnippetPage.
import FederatedLearning
import PairwiseMasking
import RingArithmetic
@_spi(Simulation) import SecureAggregation

@Sendable func tutorial(_ page: SnippetRun, print: (Any...) -> Void) throws {
    page.begin()
    let clients = (1...10).map { PartyID($0) }
    let vectors = Dictionary(
        uniqueKeysWithValues: clients.map { ($0, [$0.rawValue, 10 * $0.rawValue, 65_535]) })
    let capacity = try SumCapacity(terms: 10, inputBits: 16)
    print("ten values of 16 bits are summed in", capacity.width)
    page.end()

    page.begin()
    let scheme = try SecAgg<UInt32>(
        contributors: clients, server: 100, dimension: 3, width: capacity.width)
    let driver = AggregationDriver(
        scheme: scheme, context: RoundContext(task: "tutorial", round: 1),
        randomness: SystemRandomnessSource(), recordsTranscript: true)
    let outcome = driver.run { vectors[$0]! }
    print("sum:", outcome.aggregate?.sum ?? [])
    print("clients in it:", outcome.aggregate?.contributors ?? [])
    page.end()

    page.begin()
    let seen = outcome.transcript.entries.filter { $0.from == 7 && $0.to == 100 }
    for entry in seen { print(entry.stage, entry.byteCount, "bytes") }
    page.end()

    try page.shell(
        """
        for i in 1 2 3 4 5 6 7 8 9 10; do echo "$i, $((10 * i)), 65535" > client$i.csv; done
        fedsum sum client{1..10}.csv --scheme secagg --seed 1
        """)

    page.begin()
    let lossy = AggregationDriver(
        scheme: scheme, context: RoundContext(task: "tutorial", round: 2),
        randomness: SystemRandomnessSource(), faults: .losing([7], beforeSend: 2))
    let rest = lossy.run { vectors[$0]! }
    print("sum:", rest.aggregate?.sum ?? [])
    print("clients in it:", rest.aggregate?.contributors ?? [])
    page.end()

    page.begin()
    let tooLossy = AggregationDriver(
        scheme: scheme, context: RoundContext(task: "tutorial", round: 3),
        randomness: SystemRandomnessSource(), faults: .losing([2, 3, 5, 7], beforeSend: 2))
    let nothing = tooLossy.run { vectors[$0]! }
    print("learned:", nothing.aggregate?.sum ?? [])
    print("the server:", nothing.aborted[100]!)
    page.end()

    try page.shell("fedsum sum client{1..10}.csv --scheme secagg --drop 7 --seed 1")

    page.begin()
    let data = DataSet.digits()
    let randomness = SimulationRandomness(seed: 1)
    var generator = randomness.generator(purpose: "split")
    let split = try TrainTestSplit(stratifying: data, using: &generator)
    let rows = try Partition.iid.deal(split.training, of: data, to: 10, using: &generator)
    print(rows.map(\.count), "rows to train on,", split.test.count, "to test on")
    page.end()

    page.begin()
    let model = try SoftmaxRegression(featureCount: data.featureCount, classCount: data.classCount)
    let codec = try FixedPointCodec<UInt32>(
        parameterCount: model.parameterCount, quantizer: FixedPointQuantizer(bits: 16, clip: 1),
        clients: 10, maximumWeight: rows.map(\.count).max() ?? 1)
    var trainer = try FederatedTrainer(
        model: model, parameters: model.initialParameters(using: &generator), data: data,
        clientRows: rows,
        algorithm: .averaging(LocalTraining(epochs: 3, batchSize: 16, learningRate: 0.1)),
        codec: codec, mechanism: NoMechanism(), task: "tutorial", randomness: randomness,
        faults: { round, cohort in .losing([cohort[round % cohort.count]], beforeSend: 2) },
        makeScheme: { (cohort) throws(AggregationError) in
            try SecAgg(
                contributors: cohort, server: 100, dimension: codec.dimension, width: codec.width)
        })
    _ = try trainer.run(until: StoppingRule(rounds: 5))
    for report in trainer.history {
        print("round \(report.round): \(report.contributors) clients, error \(report.maximumSumError)")
    }
    page.end()

    page.begin()
    let federated = model.evaluate(trainer.parameters, on: data, rows: split.test)
    print("test rows that the model gets right: \(federated.correct) of \(federated.count)")
    page.end()

    try page.shell("fedsum train --model softmax --rounds 5 --dropout 0.1 --seed 1")

    try page.shell("fedsum compare --model softmax --rounds 5 --dropout 0.1 --seed 1")
}
