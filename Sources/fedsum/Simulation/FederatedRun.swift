// SPDX-License-Identifier: Apache-2.0

import DifferentialPrivacy
import FederatedLearning
import Foundation
import PrivacyLedger
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
    /// nil without differential privacy.
    var privacy: RunPrivacy?
}

/// What a run was to cost in privacy, and did.
struct RunPrivacy: Sendable {
    var plan: PrivateSumPlan
    var spending: PrivacySpending
    /// ε against the coordinator, which in `plain` sees every vector with its own noise only.
    var epsilonAgainstCoordinator: Double?
}

/// One training run: a task, a model and a scheme, opened into types.
struct FederatedRun<Model: TrainableModel, Codec: UpdateCodec, Mechanism: UpdateMechanism>: SchemeVisitor
where Codec.Element == Mechanism.Element, Codec.Element: MaskableElement {
    typealias Element = Codec.Element

    let task: LearningTask
    let model: Model
    let scheme: SchemeName
    let codec: Codec
    let mechanism: Mechanism
    let algorithm: FederatedAlgorithm
    let weighting: ClientWeighting
    let clientsPerRound: Int?
    let faults: @Sendable (Int, [PartyID]) -> FaultSchedule
    /// Whether parties work on several threads.
    let usesThreads: Bool
    let rule: StoppingRule
    let start: TrainingState
    let afterEachRound: (RoundReport, TrainingState) throws -> Bool

    func visit<Scheme: AggregationScheme>(
        _ make: @escaping @Sendable ([PartyID]) throws(AggregationError) -> Scheme
    ) throws -> FederatedRunResult where Scheme.Element == Element {
        let clock = ContinuousClock()
        let begin = clock.now
        var trainer = try FederatedTrainer(
            model: model, parameters: start.parameters, velocity: start.velocity, startingRound: start.nextRound,
            participations: start.participations,
            data: task.data,
            clientRows: task.clientRows, algorithm: algorithm, weighting: weighting, clientsPerRound: clientsPerRound,
            codec: codec, mechanism: mechanism, task: "training",
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
    var dp = PrivacyMode.none
    /// The ledger of a budget; nil: one in memory.
    var ledger: ((PrivacyBudget) throws -> BudgetLedger)?
    var rule: StoppingRule
    var start: TrainingState?
    var afterEachRound: (RoundReport, TrainingState) throws -> Bool = { _, _ in true }
}

extension LearningTask {
    /// Trains `model` under `scheme`, in 32-bit words where the ring allows it.
    func train<Model: TrainableModel>(
        _ model: Model, scheme: SchemeName, _ settings: RunSettings
    ) throws -> FederatedRunResult {
        if let mode = settings.dp.noise { return try trainPrivately(model, scheme: scheme, mode, settings) }
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
        func runOpen<Element: MaskableElement & RingWord>(_: Element.Type) throws -> FederatedRunResult {
            let codec = try FixedPointCodec<Element>(
                parameterCount: model.parameterCount, quantizer: quantizer, clients: cohort, maximumWeight: weight)
            return try run(
                model, scheme: scheme, codec: codec, mechanism: NoMechanism<Element>(), cohort: cohort,
                elementWidth: try capacity.elementWidth, settings)
        }
        return try scheme.elementBits(clients: cohort, width: capacity.width, options.parties) <= 32
            ? try runOpen(UInt32.self) : try runOpen(UInt64.self)
    }

    /// The same with clipped updates, noise and a ledger.
    private func trainPrivately<Model: TrainableModel>(
        _ model: Model, scheme: SchemeName, _ mode: PrivateSumTerms.Mode, _ settings: RunSettings
    ) throws -> FederatedRunResult {
        let options = settings.options
        guard settings.weighting == .uniform || options.privacy.maxWeight != nil else {
            throw UsageError(
                "with --dp, weights that are not uniform need --max-weight: without a bound on weights nothing bounds what one "
                    + "client changes, and no noise hides it.")
        }
        let plan = try options.privacy.plan(
            mode, dimension: model.parameterCount, clippingNorm: options.clip, bits: options.bits,
            clients: clientRows.count, rounds: options.rounds, minimumCohort: options.minimumCohort.count,
            dropout: options.dropout)
        let budget = try TrainingPrivacy.budget(of: plan, task: "training")
        let account = try TrainingPrivacy(
            plan: plan, ledger: try settings.ledger?(budget) ?? BudgetLedger(forSimulation: budget))
        var settings = settings
        // A round that was paid for is over, even if the checkpoint of it was not written any more.
        settings.start = settings.start?.goingOn(in: account.nextRound)
        let cohort = plan.cohort.upperBound
        var result: FederatedRunResult
        if options.privacy.insecureContinuousNoise {
            let noise = InsecureTraining.ContinuousNoise(account)
            result = try run(
                model, scheme: scheme, codec: noise, mechanism: noise, cohort: cohort, elementWidth: nil, settings)
        } else if try scheme.elementBits(clients: cohort, width: plan.width, options.parties) <= 32 {
            result = try run(
                model, scheme: scheme, codec: PrivateUpdateCodec<UInt32>(plan: plan),
                mechanism: PrivateMechanism<UInt32>(account), cohort: cohort, elementWidth: nil, settings)
        } else {
            result = try run(
                model, scheme: scheme, codec: PrivateUpdateCodec<UInt64>(plan: plan),
                mechanism: PrivateMechanism<UInt64>(account), cohort: cohort, elementWidth: nil, settings)
        }
        let spending = try account.spending()
        result.privacy = RunPrivacy(
            plan: plan, spending: spending,
            epsilonAgainstCoordinator: mode == .distributed && scheme == .plain
                ? nil : spending.againstCoordinator?.epsilon)
        return result
    }

    private func run<Model: TrainableModel, Codec: UpdateCodec, Mechanism: UpdateMechanism>(
        _ model: Model, scheme: SchemeName, codec: Codec, mechanism: Mechanism, cohort: Int, elementWidth: RingWidth?,
        _ settings: RunSettings
    ) throws -> FederatedRunResult where Codec.Element == Mechanism.Element, Codec.Element: MaskableElement {
        let options = settings.options
        let send = try scheme.lostBeforeSend(stage: options.dropoutStage, clients: cohort, options.parties)
        let run = FederatedRun(
            task: self, model: model, scheme: scheme, codec: codec, mechanism: mechanism,
            algorithm: settings.algorithm, weighting: settings.weighting, clientsPerRound: settings.clientsPerRound,
            faults: Self.faults(
                seed: seed, count: { [dropout = options.dropout] in Int((dropout * Double($0)).rounded()) },
                send: send),
            usesThreads: (options.parties.threads ?? (scheme == .paillier ? 2 : 1)) > 1, rule: settings.rule,
            start: settings.start ?? TrainingState(parameters: initialParameters(model)),
            afterEachRound: settings.afterEachRound)
        return try scheme.accept(
            run,
            settings: SchemeSettings(
                dimension: codec.dimension, width: codec.width, minimumCohort: options.minimumCohort,
                parties: options.parties, elementWidth: elementWidth, seed: seed))
    }
}
