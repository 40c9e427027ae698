// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import DifferentialPrivacy
import DurableFiles
import FederatedLearning
import Foundation
import PrivacyLedger
import ProtocolCryptography
import RingArithmetic
import SecureAggregation
import SecureRandomness

/// `fedsum train`: one run under one scheme.
struct Train: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Trains a model under one scheme, with checkpoints.",
        discussion: """
            Examples:
              fedsum train --scheme secagg --rounds 20 --target-accuracy 0.99 --checkpoint digits.checkpoint
              fedsum train --scheme secagg+ --clients 300 --dp distributed --epsilon 8 --sampling-rate 0.5 --clip 0.3 --checkpoint private.checkpoint

            With --dp and --checkpoint FILE, what was spent is kept in FILE.ledger, before noise leaves; without that file nothing goes on. Ctrl-C ends after the round that is running; with --checkpoint, --resume goes on from there.
            """)

    @OptionGroup var learning: LearningOptions

    @Option(help: "The scheme: \(SchemeName.listed).")
    var scheme = SchemeName.secagg

    @Option(help: "averaging (FedAvg) or sgd (FedSGD: one gradient a round, --local-epochs and --batch-size unused).")
    var algorithm = "averaging"

    @Option(
        help:
            "Weights of the clients: count, uniform, or one integer for each client, separated by commas. (default: count; with --dp uniform)"
    )
    var weights: String?

    @Option(help: "Differential privacy: \(PrivacyMode.listed).")
    var dp = PrivacyMode.none

    @Option(help: "Clients that are asked in a round. (default: all)")
    var clientsPerRound: Int?

    @Option(help: "Stop when the model gets this share of all training rows right, by the masked sum.")
    var targetAccuracy: Double?

    @Option(help: "Stop when the global loss has moved by no more than this for three rounds, in nats.")
    var lossTolerance: Double?

    @Option(help: "Stop after this many seconds.")
    var timeLimit: Double?

    @Option(help: ArgumentHelp("Save the model after every round.", valueName: "file"))
    var checkpoint: String?

    @Flag(help: "Go on from the checkpoint, with the same flags.")
    var resume = false

    @Option(help: "Seed of the simulation. (default: drawn)")
    var seed: UInt64?

    @Flag(help: "Print one JSON document on standard output.")
    var json = false

    @OptionGroup var configurationFile: ConfigurationFile

    func validate() throws {
        guard ["averaging", "sgd"].contains(algorithm) else {
            throw ValidationError("--algorithm takes averaging or sgd, not '\(algorithm)'.")
        }
        if dp != .none, targetAccuracy != nil || lossTolerance != nil {
            throw ValidationError(
                "--target-accuracy and --loss-tolerance look at the clients' losses, which are not summed with --dp: they would have to be paid for."
            )
        }
        if dp != .none, clientsPerRound != nil {
            throw ValidationError(
                "with --dp, clients are drawn with --sampling-rate, each for itself, and not --clients-per-round of them."
            )
        }
        if resume, checkpoint == nil { throw ValidationError("--resume needs --checkpoint FILE.") }
        if let targetAccuracy, !(0...1).contains(targetAccuracy) {
            throw ValidationError("--target-accuracy is a share between 0 and 1, not \(targetAccuracy).")
        }
        if let timeLimit, !(timeLimit > 0 && timeLimit < 1e9) {
            throw ValidationError("--time-limit must be above 0 seconds, not \(timeLimit).")
        }
        if let lossTolerance, !(lossTolerance >= 0) {
            throw ValidationError("--loss-tolerance must be at least 0, not \(lossTolerance).")
        }
    }

    func run() throws {
        try report {
            if let checkpoint, !resume, FileManager.default.fileExists(atPath: checkpoint) {
                throw UsageError(
                    "there is a file '\(checkpoint)' already: go on from it with --resume, or give another name.")
            }
            try learning.privacy.validate([dp])
            let saved = resume ? try Checkpoint(contentsOf: checkpoint ?? "") : nil
            if let saved, let seed, seed != saved.seed {
                throw UsageError("the checkpoint was made with --seed \(saved.seed).")
            }
            let task = try LearningTask(learning, seed: try saved?.seed ?? seed ?? drawnSeed())
            if let warning = task.warning([dp]) { Terminal.note("note: \(warning)") }
            let fingerprint = fingerprint(of: task)
            if let saved, saved.fingerprint != fingerprint {
                throw UsageError(
                    "the checkpoint belongs to a run with other flags or data; give the flags it was made with (only --rounds, "
                        + "with --dp if --noise-multiplier was given, --target-accuracy, --loss-tolerance and --time-limit may change)."
                )
            }
            let outcome = try task.withModel(
                learning, Run(command: self, task: task, saved: saved, fingerprint: fingerprint))
            Terminal.output(json ? try outcome.json(task, self).text() : outcome.text(task, self))
            if outcome.result.history.contains(where: { $0.maximumSumError > 0 }) { throw ExitStatus.falseCheck }
            if !outcome.result.history.isEmpty, outcome.result.history.allSatisfy({ $0.failure != nil }) {
                throw ExitStatus.failure
            }
        }
    }

    /// Binds a checkpoint to whatever decides the course of training.
    private func fingerprint(of task: LearningTask) -> String {
        let parts = [
            task.sha256, learning.model, "\(learning.hidden)", "\(learning.clients)", "\(learning.localEpochs)",
            "\(learning.batchSize)", "\(task.training.learningRate)", learning.split,
            "\(learning.testFraction ?? LearningOptions.defaultTestFraction)",
            "\(learning.bits)", "\(learning.clip)", "\(learning.dropout)", learning.dropoutStage ?? "",
            learning.parties.description, scheme.rawValue, algorithm, weights ?? "default", "\(clientsPerRound ?? 0)",
            "\(task.seed)", learning.privacy.description(dp, rounds: learning.rounds), "\(learning.serverLearningRate)",
            "\(learning.serverMomentum)", learning.features,
        ]
        return HashDigest(of: Array(parts.joined(separator: "\n").utf8)).description
    }

    /// The ledger beside the checkpoint.
    ///
    /// A new one has a checkpoint from the start, so that a run that is killed in its first round can go on.
    private func ledger(
        _ path: String, firstCheckpoint: @escaping () throws -> Void
    ) -> (PrivacyBudget) throws -> BudgetLedger {
        { [resume] budget in
            if !resume, FileManager.default.fileExists(atPath: path) {
                throw UsageError(
                    "there is a ledger '\(path)' of an earlier run, of which nothing may be forgotten: give another --checkpoint."
                )
            }
            let ledger = try BudgetLedger(path: path, budget: budget, ifMissing: resume ? .refuse : .create)
            if !resume { try firstCheckpoint() }
            return ledger
        }
    }

    private func weighting() throws -> ClientWeighting {
        switch weights ?? (dp == .none || learning.privacy.maxWeight != nil ? "count" : "uniform") {
        case "count": return .byCount
        case "uniform": return .uniform
        default:
            let list = (weights ?? "").split(separator: ",").map { Int($0) }
            guard list.count == learning.clients, !list.contains(nil) else {
                throw UsageError("--weights takes count, uniform, or \(learning.clients) integers separated by commas.")
            }
            return .given(list.compactMap { $0 })
        }
    }

    fileprivate struct Outcome {
        let result: FederatedRunResult
        let firstRound: Int

        func json(_ task: LearningTask, _ command: Train) -> JSONValue {
            [
                "scheme": .string(command.scheme.rawValue), "seed": .unsigned(task.seed),
                "dp": .string(command.dp.rawValue),
                "epsilon": .optional(result.privacy?.spending.guarantee.epsilon),
                "epsilon_coordinator": .optional(result.privacy?.epsilonAgainstCoordinator),
                "delta": .optional(result.privacy?.plan.terms.delta),
                "accountant": result.privacy.map { .string($0.plan.accountant.rawValue) } ?? .null,
                "epsilon_is": result.privacy == nil ? .null : "simulation",
                "epsilon_does_not_cover": task.notCovered(by: command.dp),
                "noise_multiplier": .optional(result.privacy?.plan.noiseMultiplier),
                "participation_cap": result.privacy.map { .integer($0.plan.participationCap) } ?? .null,
                "dataset": task.dataSetJSON,
                "accuracy": .number(result.test.accuracy), "test_loss": .number(result.test.meanLoss),
                "stop_reason": .string(result.reason.rawValue), "modulus_bits": .integer(result.width.bits),
                "parameters_sha256": .string(HashDigest(of: littleEndianBytes(of: result.parameters)).description),
                "seconds": .number(result.seconds),
                "rounds": .array(
                    result.history.map { round in
                        [
                            "round": .integer(round.round + 1), "contributors": .integer(round.contributors),
                            "training_loss": .optional(round.trainingLoss),
                            "training_accuracy": .optional(round.trainingAccuracy),
                            "max_sum_error": .unsigned(round.maximumSumError),
                            (command.dp == .none ? "clipped_coordinates" : "clipped_updates"): .integer(
                                round.clippedCount),
                            "epsilon": .optional(round.spending?.guarantee.epsilon),
                            "epsilon_coordinator": .optional(
                                result.privacy?.epsilonAgainstCoordinator == nil
                                    ? nil : round.spending?.againstCoordinator?.epsilon),
                            "aborted": round.failure.map { .string(explain($0)) } ?? .null,
                        ]
                    }),
            ]
        }

        func text(_ task: LearningTask, _ command: Train) -> String {
            let end =
                "Stopped by \(result.reason.rawValue). Test accuracy \(Format.percent(result.test.accuracy)) (seed \(task.seed))."
            let clipped = result.history.reduce(0) { $0 + $1.clippedCount }
            guard let privacy = result.privacy else {
                let rows = result.history.map { round -> [String] in
                    let loss = round.trainingLoss.map { String(format: "%.4f", $0) } ?? "–"
                    let accuracy = round.trainingAccuracy.map { Format.percent($0) } ?? "–"
                    return [
                        String(round.round + 1), "\(round.contributors)/\(round.cohort)", loss, accuracy,
                        String(round.clippedCount), round.failure.map { explain($0) } ?? "",
                    ]
                }
                return Terminal.table(
                    header: ["round", "clients", "training loss", "training accuracy", "clipped", "aborted"], rows: rows
                )
                    + "\n\n\(end)"
                    + "\nLoss and accuracy of the clients come from the masked sum, of the model that\neach round began with."
                    + (clipped > 0
                        ? "\n\(clipped) values were clipped at ±\(command.learning.clip); each client sees its own count only."
                        : "")
            }
            func shown(_ epsilon: Double?) -> String {
                epsilon.map { String(format: "%.3f", ($0 * 1000).rounded(.up) / 1000) } ?? "–"
            }
            let rows = result.history.map { round -> [String] in
                [
                    String(round.round + 1), "\(round.contributors)/\(round.cohort)",
                    shown(round.spending?.guarantee.epsilon),
                    shown(privacy.epsilonAgainstCoordinator == nil ? nil : round.spending?.againstCoordinator?.epsilon),
                    String(round.clippedCount), round.failure.map { explain($0) } ?? "",
                ]
            }
            return Terminal.table(
                header: ["round", "clients", "ε", "ε coordinator", "clipped", "aborted"], rows: rows) + "\n\n\(end)\n"
                + PrivacyText(privacy, mode: command.dp).text
        }
    }

    fileprivate struct Run: ModelVisitor {
        let command: Train
        let task: LearningTask
        let saved: Checkpoint?
        let fingerprint: String

        func visit<Model: TrainableModel>(_ model: Model) throws -> Outcome {
            if let saved, saved.state.parameters.count != model.parameterCount {
                throw UsageError("the checkpoint's model has another shape.")
            }
            let firstRound = saved?.state.nextRound ?? 0
            let rule = StoppingRule(
                rounds: command.learning.rounds, lossTolerance: command.lossTolerance,
                targetAccuracy: command.targetAccuracy, timeLimit: command.timeLimit.map { .seconds($0) })
            let start = saved?.state ?? TrainingState(parameters: task.initialParameters(model))
            let result = try task.train(
                model, scheme: command.scheme,
                RunSettings(
                    options: command.learning,
                    algorithm: command.algorithm == "sgd"
                        ? .gradientDescent(learningRate: task.training.learningRate)
                        : .averaging(task.training, server: command.learning.serverStep),
                    weighting: try command.weighting(), clientsPerRound: command.clientsPerRound, dp: command.dp,
                    ledger: command.checkpoint.map { path in
                        command.ledger(path + ".ledger") {
                            try Checkpoint(seed: task.seed, fingerprint: fingerprint, state: start).write(to: path)
                        }
                    }, rule: rule, start: start,
                    afterEachRound: { report, state in
                        let spent = report.spending.map { String(format: ", ε %.3f", $0.guarantee.epsilon) } ?? ""
                        Terminal.progress("round \(report.round + 1) of \(command.learning.rounds)\(spent)")
                        if let path = command.checkpoint {
                            try Checkpoint(seed: task.seed, fingerprint: fingerprint, state: state).write(to: path)
                        }
                        return !Platform.interruptionRequested
                    }))
            Terminal.endProgress()
            if result.reason == .interruption {
                Terminal.note(
                    command.checkpoint.map {
                        "interrupted: round \(firstRound + result.history.count) is saved in \($0); go on with --resume."
                    }
                        ?? "interrupted: the model is not saved (no --checkpoint).")
            }
            return Outcome(result: result, firstRound: firstRound)
        }
    }
}
