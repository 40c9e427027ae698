// SPDX-License-Identifier: Apache-2.0

import FederatedLearning
import Foundation
import RingArithmetic
@_spi(Simulation) import SecureAggregation
import SecureRandomness

/// Trains one task under several schemes, with the baselines beside them.
struct Comparison {
    let options: LearningOptions
    let schemes: [SchemeName]
    let firstSeed: UInt64
    let seeds: Int

    init(_ options: LearningOptions, schemes: [SchemeName], firstSeed: UInt64, seeds: Int) throws {
        self.options = options
        self.schemes = schemes
        self.firstSeed = firstSeed
        self.seeds = seeds
    }

    func run() throws -> ComparisonResult {
        var tasks: [LearningTask] = []
        var pooled: [Double] = []
        var local: [Double] = []
        var results: [SchemeName: [FederatedRunResult]] = [:]
        let loaded = try options.loadDataSet()
        for offset in 0..<UInt64(seeds) {
            let task = try LearningTask(options, on: loaded, seed: firstSeed &+ offset)
            tasks.append(task)
            let position = seeds > 1 ? " (seed \(offset + 1) of \(seeds))" : ""
            Terminal.progress("pooled and local-only training\(position)")
            let baselines = try task.withModel(options, Baselines(task: task, options: options))
            pooled.append(baselines.pooled)
            local.append(baselines.localOnly)
            try stopIfInterrupted()
            for scheme in schemes {
                results[scheme, default: []].append(
                    try task.withModel(options, SchemeRun(task: task, options: options, scheme: scheme, note: position))
                )
                try stopIfInterrupted()
            }
        }
        Terminal.endProgress()
        let first = tasks[0]
        let rows = schemes.compactMap { scheme in
            results[scheme].map { ComparisonRow(scheme: scheme, runs: $0, options: options, seed: firstSeed) }
        }
        return ComparisonResult(
            options: options, task: first, seeds: (firstSeed, seeds), centralizedAccuracies: pooled,
            localOnlyAccuracies: local,
            rows: rows)
    }

    private func stopIfInterrupted() throws {
        guard Platform.interruptionRequested else { return }
        Terminal.endProgress()
        Terminal.note("interrupted: nothing was kept.")
        throw ExitStatus.failure
    }

    private struct Baselines: ModelVisitor {
        let task: LearningTask
        let options: LearningOptions

        func visit<Model: TrainableModel>(_ model: Model) throws -> (pooled: Double, localOnly: Double) {
            // As many passes over the data as the federation makes.
            let training = try LocalTraining(
                epochs: options.rounds * options.localEpochs, batchSize: task.training.batchSize,
                learningRate: task.training.learningRate)
            let start = task.initialParameters(model)
            var generator = SimulationRandomness(seed: task.seed).generator(purpose: "baselines")
            let pooled = try training.pooled(
                model, from: start, on: task.data, clients: task.clientRows, test: task.testRows, using: &generator)
            // Client after client, so that Ctrl-C need not wait for all of them.
            var local: [Evaluation] = []
            for rows in task.clientRowsAlone where !Platform.interruptionRequested {
                local += try training.localOnly(
                    model, from: start, on: task.data, clients: [rows], test: task.testRows, using: &generator)
            }
            return (pooled.accuracy, local.meanAccuracy)
        }
    }

    private struct SchemeRun: ModelVisitor {
        let task: LearningTask
        let options: LearningOptions
        let scheme: SchemeName
        let note: String

        func visit<Model: TrainableModel>(_ model: Model) throws -> FederatedRunResult {
            try task.train(
                model, scheme: scheme,
                RunSettings(
                    options: options, algorithm: .averaging(task.training), rule: StoppingRule(rounds: options.rounds),
                    afterEachRound: { report, _ in
                        Terminal.progress("\(scheme.rawValue): round \(report.round + 1) of \(options.rounds)\(note)")
                        return !Platform.interruptionRequested
                    }))
        }
    }
}

/// One scheme's figures, over all seeds.
struct ComparisonRow {
    let scheme: SchemeName
    let accuracy: Double
    let accuracyDeviation: Double?
    let maximumSumError: UInt64
    let roundsCompleted: Int
    let failure: AggregationError?
    let uploadBytes: Double
    let downloadBytes: Double
    let expansion: Double
    let clientSeconds: Double
    let serverSeconds: Double
    let messageRounds: Int
    let dropoutsTolerated: Int
    let colludersTolerated: Int
    let seconds: Double
    let modulusBits: Int

    init(scheme: SchemeName, runs: [FederatedRunResult], options: LearningOptions, seed: UInt64) {
        self.scheme = scheme
        let accuracies = runs.map(\.test.accuracy)
        accuracy = accuracies.mean
        accuracyDeviation = accuracies.count > 1 ? accuracies.standardDeviation : nil
        let rounds = runs.flatMap(\.history)
        maximumSumError = rounds.map(\.maximumSumError).max() ?? 0
        roundsCompleted = runs.map { $0.history.filter { $0.failure == nil }.count }.min() ?? 0
        failure = rounds.compactMap(\.failure).first
        var cost = AggregationCost()
        for round in rounds { cost.add(round.cost) }
        let clientRounds = Double(max(1, rounds.reduce(0) { $0 + $1.cohort }))
        uploadBytes = Double(cost.bytesSent[.client] ?? 0) / clientRounds
        downloadBytes = Double(cost.bytesReceived[.client] ?? 0) / clientRounds
        let dimension = runs.first?.dimension ?? 1
        expansion = uploadBytes / (Double(dimension * options.bits) / 8)
        clientSeconds = cost.totalCPU(of: .client).inSeconds / clientRounds
        serverSeconds = cost.totalCPU(of: .server).inSeconds / Double(max(1, rounds.count))
        messageRounds = Set(cost.stages.map(\.name)).count
        let settings = SchemeSettings(
            dimension: dimension, width: runs[0].width, minimumCohort: options.minimumCohort,
            parties: options.parties, seed: seed)
        (dropoutsTolerated, colludersTolerated) = scheme.tolerance(clients: options.clients, settings: settings)
        seconds = runs.map(\.seconds).reduce(0, +)
        modulusBits = runs[0].width.bits
    }
}

extension [Double] {
    var mean: Double { isEmpty ? 0 : reduce(0, +) / Double(count) }

    /// The deviation of a sample.
    var standardDeviation: Double {
        guard count > 1 else { return 0 }
        let mean = mean
        return (map { ($0 - mean) * ($0 - mean) }.reduce(0, +) / Double(count - 1)).squareRoot()
    }
}
