// SPDX-License-Identifier: Apache-2.0

// The code of a page of documentation: see SnippetPage.
import DifferentialPrivacy
import DurableFiles
import FederatedLearning
import PairwiseMasking
import PrivacyLedger
import SecureAggregation

@Sendable func privateTraining(_ page: SnippetRun, print: (Any...) -> Void) throws {
    let temporary = TemporaryPath()
    let path = temporary.path

    page.begin()
    let data = DataSet.digits()
    let clients = (0..<200).map { client in data.rows.filter { $0 % 200 == client } }
    let plan = try PrivateSumPlan(
        PrivateSumTerms(
            mode: .distributed, dimension: 650, clippingNorm: 0.3, population: 200, samplingRate: 0.5, releases: 20,
            epsilon: 8, delta: 1e-5))
    let ledger = try BudgetLedger(
        path: path, budget: TrainingPrivacy.budget(of: plan, task: "digits"), ifMissing: .create)
    let account = try TrainingPrivacy(plan: plan, ledger: ledger)
    var trainer = try FederatedTrainer(
        model: SoftmaxRegression(featureCount: 64, classCount: 10), parameters: [Float](repeating: 0, count: 650),
        data: data, clientRows: clients,
        algorithm: .averaging(
            LocalTraining(epochs: 3, batchSize: nil, learningRate: 0.1), server: ServerStep(learningRate: 2)),
        weighting: .uniform, codec: PrivateUpdateCodec<UInt32>(plan: plan), mechanism: PrivateMechanism(account),
        task: "digits", randomness: SystemRandomnessSource()
    ) { (cohort) throws(AggregationError) in
        try SecAgg(contributors: cohort, server: 1000, dimension: plan.encodedDimension, width: plan.width)
    }
    let report = try trainer.runRound()
    print(plan.cohort.contains(report.cohort), report.contributors == report.cohort)
    print(account.nextRound, (report.spending?.guarantee.epsilon ?? 0) < 8)
    page.end()
}
