// SPDX-License-Identifier: Apache-2.0

import DifferentialPrivacy
import FederatedLearning
import Foundation
import RingArithmetic
@_spi(Simulation) import SecureAggregation
import SecureRandomness

/// Trains one task under several schemes, with the baselines beside them.
struct Comparison {
    let options: LearningOptions
    let schemes: [SchemeName]
    let modes: [PrivacyMode]
    let firstSeed: UInt64
    let seeds: Int

    init(
        _ options: LearningOptions, schemes: [SchemeName], modes: [PrivacyMode], firstSeed: UInt64, seeds: Int
    ) throws {
        self.options = options
        self.schemes = schemes
        self.modes = modes
        self.firstSeed = firstSeed
        self.seeds = seeds
    }

    func run() throws -> ComparisonResult {
        var tasks: [LearningTask] = []
        var pooled: [Double] = []
        var local: [Double] = []
        let runs = modes.flatMap { mode in schemes.map { (scheme: $0, mode: mode) } }
        var results = runs.map { _ in [FederatedRunResult]() }
        let loaded = try options.loadDataSet()
        for offset in 0..<UInt64(seeds) {
            let task = try LearningTask(options, on: loaded, seed: firstSeed &+ offset)
            tasks.append(task)
            if offset == 0, let warning = task.warning(modes) { Terminal.note("note: \(warning)") }
            let position = seeds > 1 ? " (seed \(offset + 1) of \(seeds))" : ""
            Terminal.progress("pooled and local-only training\(position)")
            let baselines = try task.withModel(options, Baselines(task: task, options: options))
            pooled.append(baselines.pooled)
            local.append(baselines.localOnly)
            try stopIfInterrupted()
            for (index, run) in runs.enumerated() {
                results[index].append(
                    try task.withModel(
                        options,
                        SchemeRun(task: task, options: options, scheme: run.scheme, mode: run.mode, note: position)))
                try stopIfInterrupted()
            }
        }
        Terminal.endProgress()
        let first = tasks[0]
        let rows = zip(runs, results).map { run, results in
            ComparisonRow(scheme: run.scheme, mode: run.mode, runs: results, options: options, seed: firstSeed)
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
            let passes = Double(options.rounds * options.localEpochs) * (options.privacy.samplingRate ?? 1)
            let training = try LocalTraining(
                epochs: max(1, Int(passes.rounded())), batchSize: task.training.batchSize,
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
        let mode: PrivacyMode
        let note: String

        func visit<Model: TrainableModel>(_ model: Model) throws -> FederatedRunResult {
            try task.train(
                model, scheme: scheme,
                RunSettings(
                    options: options,
                    algorithm: .averaging(task.training, server: options.serverStep),
                    weighting: mode != .none && options.privacy.maxWeight == nil ? .uniform : .byCount, dp: mode,
                    rule: StoppingRule(rounds: options.rounds),
                    afterEachRound: { report, _ in
                        let name = mode == .none ? scheme.rawValue : "\(scheme.rawValue), \(mode.rawValue) noise"
                        Terminal.progress("\(name): round \(report.round + 1) of \(options.rounds)\(note)")
                        return !Platform.interruptionRequested
                    }))
        }
    }
}

/// One scheme's figures, over all seeds.
struct ComparisonRow {
    let scheme: SchemeName
    let mode: PrivacyMode
    let privacy: RunPrivacy?
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

    init(
        scheme: SchemeName, mode: PrivacyMode, runs: [FederatedRunResult], options: LearningOptions, seed: UInt64
    ) {
        self.scheme = scheme
        self.mode = mode
        // What the dearest of the runs cost.
        privacy = runs.compactMap(\.privacy).max {
            $0.spending.guarantee.epsilon < $1.spending.guarantee.epsilon
        }
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
        let cohort = privacy?.plan.cohort.lowerBound ?? options.clients
        let tolerance = scheme.tolerance(clients: cohort, settings: settings)
        // Where too many are lost, there is too little noise.
        dropoutsTolerated = min(
            tolerance.dropouts, privacy.map { cohort - $0.plan.minimumContributors(cohort: cohort) } ?? .max)
        // And those who collude know their own shares of it.
        let silent = mode == .distributed ? privacy.map { Int($0.plan.terms.colludingShare * Double(cohort)) } : nil
        colludersTolerated = min(tolerance.colluders, silent ?? .max)
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
