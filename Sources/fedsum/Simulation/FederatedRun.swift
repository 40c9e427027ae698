// SPDX-License-Identifier: Apache-2.0

import FederatedLearning
import Foundation
import ProtocolCryptography
import RingArithmetic
@_spi(Simulation) import SecureAggregation
import SecureRandomness

/// What one training run under one scheme gave.
struct FederatedRunResult: Sendable {
    var reason: StoppingRule.Reason
    var history: [RoundReport]
    var parameters: [Float]
    var test: Evaluation
    var width: RingWidth
    var dimension: Int
    var seconds: Double
}

/// One training run: a task, a model and a scheme, opened into types.
struct FederatedRun<Model: TrainableModel, Element: MaskableElement & RingWord>: SchemeVisitor {
    let task: LearningTask
    let model: Model
    let scheme: SchemeName
    let codec: FixedPointCodec<Element>
    let algorithm: FederatedAlgorithm
    let weighting: ClientWeighting
    let clientsPerRound: Int?
    let faults: @Sendable (Int, [PartyID]) -> FaultSchedule
    /// Whether parties work on several threads.
    let usesThreads: Bool
    let rule: StoppingRule
    let start: (parameters: [Float], round: Int)
    let afterEachRound: (RoundReport, [Float]) throws -> Bool

    func visit<Scheme: AggregationScheme>(
        _ make: @escaping @Sendable ([PartyID]) throws(AggregationError) -> Scheme
    ) throws -> FederatedRunResult where Scheme.Element == Element {
        let clock = ContinuousClock()
        let begin = clock.now
        var trainer = try FederatedTrainer(
            model: model, parameters: start.parameters, startingRound: start.round, data: task.data,
            clientRows: task.clientRows, algorithm: algorithm, weighting: weighting, clientsPerRound: clientsPerRound,
            codec: codec, mechanism: NoMechanism<Element>(), task: "training",
            randomness: SimulationRandomness(seed: task.seed), faults: faults,
            cpuClock: { [usesThreads] in usesThreads ? Platform.processCPUTime() : Platform.threadCPUTime() },
            makeScheme: make)
        let reason = try trainer.run(until: rule, clock: clock, afterEachRound: afterEachRound)
        return FederatedRunResult(
            reason: reason, history: trainer.history, parameters: trainer.parameters,
            test: model.evaluate(trainer.parameters, on: task.data, rows: task.testRows), width: codec.width,
            dimension: codec.dimension, seconds: begin.duration(to: clock.now).inSeconds)
    }
}

/// Everything of a run but its types.
struct RunSettings {
    var options: LearningOptions
    var algorithm: FederatedAlgorithm
    var weighting = ClientWeighting.byCount
    var clientsPerRound: Int?
    var rule: StoppingRule
    var start: (parameters: [Float], round: Int)?
    var afterEachRound: (RoundReport, [Float]) throws -> Bool = { _, _ in true }
}

extension LearningTask {
    /// Trains `model` under `scheme`, in 32-bit words where the ring allows it.
    func train<Model: TrainableModel>(
        _ model: Model, scheme: SchemeName, _ settings: RunSettings
    ) throws -> FederatedRunResult {
        let options = settings.options
        let quantizer = try FixedPointQuantizer(bits: options.bits, clip: options.clip)
        let cohort = settings.clientsPerRound ?? clientRows.count
        let weight =
            switch settings.weighting {
            case .byCount: maximumWeight
            case .uniform: 1
            case .given(let weights): max(1, weights.max() ?? 1)
            }
        let capacity = try SumCapacity(terms: cohort, maximumWeight: weight, inputBits: options.bits)
        let send = try scheme.lostBeforeSend(stage: options.dropoutStage, clients: cohort, options.parties)
        func run<Element: MaskableElement & RingWord>(_: Element.Type) throws -> FederatedRunResult {
            let codec = try FixedPointCodec<Element>(
                parameterCount: model.parameterCount, quantizer: quantizer, clients: cohort, maximumWeight: weight)
            let run = FederatedRun(
                task: self, model: model, scheme: scheme, codec: codec, algorithm: settings.algorithm,
                weighting: settings.weighting, clientsPerRound: settings.clientsPerRound,
                faults: Self.faults(
                    seed: seed, count: { [dropout = options.dropout] in Int((dropout * Double($0)).rounded()) },
                    send: send),
                usesThreads: (options.parties.threads ?? (scheme == .paillier ? 2 : 1)) > 1, rule: settings.rule,
                start: settings.start ?? (initialParameters(model), 0),
                afterEachRound: settings.afterEachRound)
            return try scheme.accept(
                run,
                settings: SchemeSettings(
                    dimension: codec.dimension, width: codec.width, minimumCohort: options.minimumCohort,
                    parties: options.parties,
                    elementWidth: try capacity.elementWidth,
                    seed: seed))
        }
        return try scheme.elementBits(clients: cohort, width: capacity.width, options.parties) <= 32
            ? try run(UInt32.self) : try run(UInt64.self)
    }
}
