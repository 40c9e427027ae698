// SPDX-License-Identifier: Apache-2.0

import DifferentialPrivacy
import DurableFiles
import FederatedLearning
import Foundation
import PrivacyLedger
import RingArithmetic
@_spi(Simulation) import SecureAggregation
@_spi(Simulation) import SecureRandomness
import Synchronization
import Testing

/// A federation with differential privacy, softmax regression on the first digits.
private struct PrivateFederation {
    var federation: Federation<SoftmaxRegression>
    var terms: PrivateSumTerms

    init(
        clients: Int = 8, mode: PrivateSumTerms.Mode = .distributed, samplingRate: Double = 1, releases: Int = 4,
        noiseMultiplier: Double? = nil, clippingNorm: Double = 0.5
    ) throws {
        federation = try Federation<SoftmaxRegression>.digits(clients: clients)
        terms = PrivateSumTerms(
            mode: mode, dimension: federation.model.parameterCount, clippingNorm: clippingNorm, population: clients,
            samplingRate: samplingRate, releases: releases, epsilon: 8, delta: 1e-5, noiseMultiplier: noiseMultiplier)
        federation.weighting = .uniform
    }

    /// The tiny model, for many rounds and clients.
    static func tiny(
        clients: Int, mode: PrivateSumTerms.Mode = .distributed, samplingRate: Double, releases: Int,
        noiseMultiplier: Double? = nil
    ) throws -> (Federation<SoftmaxRegression>, PrivateSumTerms) {
        var federation = try Federation<SoftmaxRegression>.tiny(clients: clients)
        federation.weighting = .uniform
        return (
            federation,
            PrivateSumTerms(
                mode: mode, dimension: federation.model.parameterCount, clippingNorm: 1, population: clients,
                samplingRate: samplingRate, releases: releases, epsilon: 8, delta: 1e-5,
                noiseMultiplier: noiseMultiplier)
        )
    }

    func account() throws -> TrainingPrivacy { try FederationTests.account(terms) }

    func trainer(_ scheme: SchemeUnderTest) throws -> any Trainer {
        try FederationTests.trainer(federation, scheme, account: account())
    }
}

private func account(_ terms: PrivateSumTerms) throws -> TrainingPrivacy {
    let plan = try PrivateSumPlan(terms)
    return try TrainingPrivacy(
        plan: plan, ledger: BudgetLedger(forSimulation: TrainingPrivacy.budget(of: plan, task: "training")))
}

private func trainer(
    _ federation: Federation<SoftmaxRegression>, _ scheme: SchemeUnderTest, account: TrainingPrivacy
) throws -> any Trainer {
    try federation.trainer(
        scheme, codec: PrivateUpdateCodec<UInt32>(plan: account.plan), mechanism: PrivateMechanism<UInt32>(account))
}

/// A temporary folder that is removed at the end.
private func withFolder(_ body: (String) throws -> Void) throws {
    let path = "/tmp/fedsum-private-training-\(UInt64.random(in: 0 ... .max))"
    try #require(unsafe mkdir(path, 0o700) == 0)
    defer { for name in ["ledger", ""] { unsafe remove(path + "/" + name) } }
    try body(path)
}

@Suite("Training with differential privacy")
struct PrivateTrainingTests {
    @Test(arguments: PrivateSumTerms.Mode.allCases)
    func `every scheme gives the same private model, bit for bit`(mode: PrivateSumTerms.Mode) throws {
        let federation = try PrivateFederation(mode: mode)
        var plain = try federation.trainer(.plain)
        let expected = try plain.modelBits(rounds: 2)
        for scheme in SchemeUnderTest.allCases {
            var trainer = try federation.trainer(scheme)
            #expect(try trainer.modelBits(rounds: 2) == expected, "\(scheme)")
            #expect(trainer.history.allSatisfy { $0.failure == nil && $0.maximumSumError == 0 })
            #expect(trainer.history.allSatisfy { $0.trainingLoss == nil && $0.trainingAccuracy == nil })
        }
        // Not for want of noise.
        var other = federation
        other.federation.seed = 2
        var trainer = try other.trainer(.plain)
        #expect(try trainer.modelBits(rounds: 2) != expected)
    }

    @Test func `with next to no noise the model moves by the clipped sum over the fixed denominator`() throws {
        var federation = try PrivateFederation(
            clients: 60, samplingRate: 0.6, releases: 1, noiseMultiplier: 0.05, clippingNorm: 0.05)
        federation.terms.epsilon = 1e6
        federation.federation.clientRows = (0..<60).map { Array(20 * $0..<20 * $0 + 20) }
        let cohorts = CohortRecorder()
        federation.federation.faults = { cohorts.faults(round: $0, cohort: $1) }
        let before = federation.federation.parameters
        var trainer = try FederationTests.trainer(
            federation.federation, .plain, account: account(federation.terms))
        let report = try trainer.runRound()
        let cohort = try #require(cohorts.cohorts.first)
        #expect(report.failure == nil && report.contributors == cohort.count && cohort.count < 60)

        // The clients' updates, by a trainer that knows nothing of privacy and asks one client at a time.
        var expected = [Double](repeating: 0, count: before.count)
        var shortened = 0
        for client in cohort {
            let update = try federation.update(of: client)
            let norm = update.reduce(0) { $0 + $1 * $1 }.squareRoot()
            if norm > 0.05 { shortened += 1 }
            let factor = min(1, 0.05 / norm) / (0.6 * 60)
            for index in update.indices { expected[index] += factor * update[index] }
        }
        #expect(shortened > 0 && report.clippedCount == shortened)
        // Noise of 0.05·0.05/√0.8 over 36 in each coordinate, so of this norm altogether, within seven deviations.
        let noise = 0.05 * 0.05 / 0.8.squareRoot() / 36
        let count = Double(expected.count)
        var (square, length) = (0.0, 0.0)
        for index in expected.indices {
            let error = Double(trainer.parameters[index]) - Double(before[index]) - expected[index]
            square += error * error
            length += expected[index] * expected[index]
        }
        #expect(abs(square / (noise * noise) - count) < 7 * (2 * count).squareRoot())
        // By which a cohort in place of the fixed denominator would be seen.
        #expect(square < 0.01 * length && abs(Double(cohort.count) / 36 - 1) > 0.1)
    }

    @Test(arguments: PrivateSumTerms.Mode.allCases)
    func `a model that learns nothing moves by the noise that is promised`(mode: PrivateSumTerms.Mode) throws {
        var federation = try PrivateFederation(clients: 10, mode: mode, releases: 20)
        federation.federation.algorithm = .averaging(
            try LocalTraining(epochs: 1, batchSize: nil, learningRate: 1e-12))
        // Clients that are lost do not change how much noise there is, only who adds it.
        federation.terms.lostShare = 0.2
        federation.federation.faults = { round, cohort in
            round % 2 == 0 || mode != .distributed ? .none : .losing([2, 5], beforeSend: 0)
        }
        let account = try account(federation.terms)
        var trainer = try FederationTests.trainer(federation.federation, .plain, account: account)
        var before = trainer.parameters
        var sums = [0.0, 0.0]
        for round in 0..<20 {
            #expect(try trainer.runRound().failure == nil)
            sums[round % 2] += zip(trainer.parameters, before).reduce(0) {
                $0 + (Double($1.0) - Double($1.1)) * (Double($1.0) - Double($1.1))
            }
            before = trainer.parameters
        }
        let plan = account.plan
        let noises =
            switch mode {
            case .central: 1.0
            case .local: 10.0
            case .distributed: 1 / 0.7
            }
        let variance = plan.standardDeviation * plan.standardDeviation * noises / 100
        let count = Double(10 * federation.terms.dimension)
        // χ² with so many degrees of freedom: five deviations on each side, which half the noise is far below.
        for sum in sums {
            #expect(abs(sum / variance - count) < 5 * (2 * count).squareRoot(), "\(mode)")
        }
    }

    @Test func `clients are drawn independently, each with the sampling rate, and no more often than the cap`() throws {
        let rounds = 300
        var (federation, terms) = try PrivateFederation.tiny(clients: 150, samplingRate: 0.4, releases: rounds)
        let cohorts = CohortRecorder()
        federation.faults = { cohorts.faults(round: $0, cohort: $1) }
        terms.minimumCohort = 3
        let account = try account(terms)
        var trainer = try FederationTests.trainer(federation, .plain, account: account)
        for _ in 0..<rounds { #expect(try trainer.runRound().failure == nil) }
        let sizes = cohorts.cohorts.map { Double($0.count) }
        #expect(sizes.count == rounds)
        // Binomial: mean 60, variance 36. A fixed size would have none. Both within five deviations.
        let mean = sizes.reduce(0, +) / Double(rounds)
        let variance = sizes.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(rounds - 1)
        #expect(abs(mean - 60) < 5 * (36 / Double(rounds)).squareRoot() + 0.1)
        #expect(abs(variance / 36 - 1) < 5 * (2 / Double(rounds)).squareRoot())
        let counts = (1...150).map { client in cohorts.cohorts.count { $0.contains(PartyID(UInt32(client))) } }
        #expect((counts.max() ?? 0) <= account.plan.participationCap && account.plan.participationCap < rounds)
        #expect(Set(counts).count > 10)

        terms.participationCap = 100
        terms.noiseMultiplier = 50
        let capped = CohortRecorder()
        federation.faults = { capped.faults(round: $0, cohort: $1) }
        #expect(throws: PrivateSumPlanError.self) { try FederationTests.account(terms) }
        terms.participationCap = 125
        var second = try FederationTests.trainer(federation, .plain, account: FederationTests.account(terms))
        for _ in 0..<rounds { _ = try second.runRound() }
        let cappedCounts = (1...150).map { client in capped.cohorts.count { $0.contains(PartyID(UInt32(client))) } }
        #expect(cappedCounts.max() == 125)
    }

    @Test func `training stops before ε is overspent, and the report says what is spent`() throws {
        var (federation, terms) = try PrivateFederation.tiny(
            clients: 60, samplingRate: 0.5, releases: 100, noiseMultiplier: 2)
        terms.epsilon = 4
        let account = try account(terms)
        var trainer = try FederationTests.trainer(federation, .plain, account: account)
        #expect(try trainer.run(until: StoppingRule(rounds: 100)) == .privacyBudget)
        let rounds = trainer.history.count
        // The accountant by itself: so many rounds fit, and one more does not.
        func epsilon(_ count: Int) throws -> Double {
            try PrivacyLossAccountant().epsilon(for: .selfComposed(account.plan.event, count: count), delta: 1e-5)
        }
        #expect(rounds > 5 && rounds < 100)
        #expect(try epsilon(rounds) <= 4 && epsilon(rounds + 1) > 4)
        // And with continuous noise, of which it cannot be more than a little worse.
        let ideal = try PrivacyLossAccountant().epsilon(
            for: .sampledGaussian(rate: 0.5, noiseMultiplier: 2, steps: rounds + 1), delta: 1e-5)
        #expect(ideal > 3.98)
        let spent = trainer.history.compactMap { $0.spending?.guarantee.epsilon }
        #expect(spent.count == rounds && zip(spent, spent.dropFirst()).allSatisfy { $0 < $1 })
        #expect(abs(try #require(spent.last) - epsilon(rounds)) < 1e-9)
        let coordinator = try #require(trainer.history.last?.spending?.againstCoordinator)
        #expect(coordinator.epsilon > 4 && coordinator.observer == .coordinator)
        federation.seed = 2
        #expect(try trainer.run(until: StoppingRule(rounds: 100)) == .privacyBudget)
        #expect(trainer.history.count == rounds)
    }

    @Test func `a ledger outlives the process: what was paid for is spent, checkpoint or not`() throws {
        try withFolder { folder in
            let (base, given) = try PrivateFederation.tiny(
                clients: 60, samplingRate: 0.5, releases: 100, noiseMultiplier: 2)
            var terms = given
            terms.epsilon = 3
            let plan = try PrivateSumPlan(terms)
            let budget = try TrainingPrivacy.budget(of: plan, task: "training")
            func account(_ missing: RecordFile.MissingFile) throws -> TrainingPrivacy {
                try TrainingPrivacy(
                    plan: plan, ledger: BudgetLedger(path: folder + "/ledger", budget: budget, ifMissing: missing))
            }
            var whole = try FederationTests.trainer(base, .plain, account: FederationTests.account(terms))
            #expect(try whole.run(until: StoppingRule(rounds: 100)) == .privacyBudget)

            var state = TrainingState(parameters: base.parameters)
            do {
                var trainer = try FederationTests.trainer(base, .plain, account: account(.create))
                for _ in 0..<3 { _ = try trainer.runRound() }
                state = trainer.state
                // Paid for, and killed before there was a checkpoint.
                _ = try trainer.runRound()
            }
            do {
                let reopened = try account(.refuse)
                #expect(reopened.nextRound == 4 && state.nextRound == 3)
                var federation = base
                federation.parameters = state.parameters
                let resumed = state.goingOn(in: reopened.nextRound)
                // Nobody knows any more who was in the round that was lost, so everybody was.
                #expect(resumed.participations == state.participations.map { $0 + 1 })
                #expect(state.participations.count == 60 && state.participations.allSatisfy { $0 <= 3 })
                federation.startingRound = resumed.nextRound
                federation.participations = resumed.participations
                var trainer = try FederationTests.trainer(federation, .plain, account: reopened)
                #expect(try trainer.run(until: StoppingRule(rounds: 100)) == .privacyBudget)
                #expect(trainer.nextRound == whole.nextRound)
                #expect(trainer.history.map(\.round) == Array(4..<whole.nextRound))
            }

            // Another budget is another ledger.
            terms.epsilon = 30
            let generous = try PrivateSumPlan(terms)
            #expect(throws: PrivacyLedgerError.anotherLedger) {
                _ = try BudgetLedger(
                    path: folder + "/ledger", budget: TrainingPrivacy.budget(of: generous, task: "training"),
                    ifMissing: .refuse)
            }
            #expect(throws: PrivacyLedgerError.anotherLedger) {
                _ = try TrainingPrivacy(plan: generous, ledger: BudgetLedger(forSimulation: budget))
            }
        }
    }

    @Test func `a round that loses too many for its noise is aborted, paid for, and changes nothing`() throws {
        var federation = try PrivateFederation(clients: 10)
        federation.federation.faults = { round, _ in
            .losing(round == 0 ? [1] : [1, 2], beforeSend: 0)
        }
        var trainer = try federation.trainer(.plain)
        #expect(try trainer.runRound().failure == nil)
        let before = trainer.parameters
        let report = try trainer.runRound()
        #expect(report.failure == .tooFewParties(stage: "noise", have: 8, need: 9))
        #expect(trainer.parameters == before && report.contributors == 0)
        let spent = trainer.history.compactMap { $0.spending?.guarantee.epsilon }
        #expect(spent.count == 2 && spent[1] > spent[0])
    }

    @Test func `a client whose training diverges counts as zero, and ends nothing`() throws {
        var federation = try PrivateFederation(clients: 5, releases: 1, noiseMultiplier: 0.03)
        federation.terms.epsilon = 1e6
        federation.federation.algorithm = .averaging(try LocalTraining(epochs: 5, batchSize: 1, learningRate: 3e38))
        #expect(throws: FederatedLearningError.diverged) {
            var plain = try federation.federation.trainer(.plain)
            _ = try plain.runRound()
        }
        let before = federation.federation.parameters
        var trainer = try federation.trainer(.plain)
        #expect(try trainer.runRound().failure == nil)
        // Noise of 0.03·0.5/√0.8 over 5, and nothing else.
        let square = zip(trainer.parameters, before).reduce(0) { $0 + Double($1.0 - $1.1) * Double($1.0 - $1.1) }
        let variance = 0.015 * 0.015 / 0.8 / 25
        let count = Double(before.count)
        #expect(abs(square / variance - count) < 7 * (2 * count).squareRoot())
    }

    @Test func `a client whose own ledger refuses stays away`() throws {
        let (base, terms) = try PrivateFederation.tiny(clients: 12, samplingRate: 1, releases: 5)
        var federation = base
        let cohorts = CohortRecorder()
        federation.faults = { cohorts.faults(round: $0, cohort: $1) }
        let plan = try PrivateSumPlan(terms)
        // Client 3 enrolled for rounds with more noise.
        func enrollment(_ factor: UInt64) throws -> PrivacyEnrollment {
            let noise = try plan.mechanism(cohort: 12, rotationSeed: [UInt8](repeating: 0, count: 32)).description
            return try PrivacyEnrollment(
                task: "training", participationCap: 5,
                protection: RoundProtection(
                    mode: .distributed,
                    localVariance: NoiseVariance(
                        numerator: noise.localVariance.numerator * factor,
                        denominator: noise.localVariance.denominator),
                    minimumHonestSurvivors: noise.shares, clippingNorm: 1, scale: plan.scale))
        }
        let (usual, careful) = (try enrollment(1), try enrollment(2))
        let account = try TrainingPrivacy(
            plan: plan, ledger: BudgetLedger(forSimulation: TrainingPrivacy.budget(of: plan, task: "training"))
        ) { client, round in
            let enrolled = client == 3 ? careful : usual
            return try withLedger(enrolled) { ledger in
                do {
                    try ledger.participate(in: round)
                    return true
                } catch PrivacyLedgerError.weakerThanEnrolled(.noise) {
                    return false
                }
            }
        }
        var trainer = try FederationTests.trainer(federation, .plain, account: account)
        let report = try trainer.runRound()
        // Everybody else came; with everybody expected, that is one too few.
        #expect(report.cohort == 11 && report.failure == .tooFewParties(stage: "sampling", have: 11, need: 12))
    }

    @Test func `weights count up to their bound, and the bound is in the sensitivity`() throws {
        var federation = try PrivateFederation(clients: 5, releases: 1, noiseMultiplier: 1e-3)
        federation.terms.epsilon = 1e6
        federation.terms.weights = try WeightBound(20)
        federation.federation.weighting = .given([1, 20, 40, 0, 10])
        let account = try account(federation.terms)
        let codec = try PrivateUpdateCodec<UInt32>(plan: account.plan).codec(
            for: UpdateRound(number: 0, cohort: 5, publicSeed: [UInt8](repeating: 1, count: 32)))
        var generator = SimulationRandomness(seed: 1).generator(purpose: "encoding")
        var values = [Float](repeating: 0, count: federation.terms.dimension)
        values[0] = 0.5
        for (weight, counted) in [(1, 1.0), (20, 20), (40, 20), (0, 0)] {
            let vector = try codec.encode(
                ClientUpdate(values: values, weight: weight, loss: 0, accuracy: 0), using: &generator
            ).vector
            let mean = try codec.decode(vector).values[0]
            #expect(abs(Double(mean) - 0.5 * counted / 100) < 1e-3)
        }
        #expect(account.plan.standardDeviation > 20 * 1e-3 * 0.5 * 0.999)
        #expect(throws: DifferentialPrivacyError.weightOutOfRange) {
            try codec.encode(ClientUpdate(values: values, weight: -1, loss: 0, accuracy: 0), using: &generator)
        }
    }

    @Test func `local noise is paid for by the client that took part most often`() throws {
        let (federation, terms) = try PrivateFederation.tiny(
            clients: 80, mode: .local, samplingRate: 0.5, releases: 20)
        let account = try account(terms)
        var trainer = try FederationTests.trainer(federation, .plain, account: account)
        for _ in 0..<20 { #expect(try trainer.runRound().failure == nil) }
        let spending = try account.spending()
        #expect(spending.guarantee.adjacency == .substituteUser && spending.guarantee.epsilon <= 8)
        // Fewer than 20 participations are paid for, and not fewer than 10.
        let most = try RenyiAccountant(adjacency: .substituteUser).guarantee(
            for: .selfComposed(account.plan.event, count: 20), delta: 1e-5
        ).epsilon
        let least = try RenyiAccountant(adjacency: .substituteUser).guarantee(
            for: .selfComposed(account.plan.event, count: 10), delta: 1e-5
        ).epsilon
        #expect(spending.guarantee.epsilon < most && spending.guarantee.epsilon >= least)
    }

    @Test func `momentum adds a share of the last step, and a checkpoint keeps it`() throws {
        var federation = try Federation<SoftmaxRegression>.digits(
            clients: 4,
            algorithm: .averaging(
                LocalTraining(epochs: 1, batchSize: nil, learningRate: 0.1),
                server: ServerStep(learningRate: 0.5, momentum: 0.75)))
        var trainer = try federation.trainer(.plain)
        let start = trainer.parameters
        _ = try trainer.runRound()
        let first = zip(trainer.parameters, start).map { ($0 - $1) / 0.5 }
        let state = trainer.state
        #expect(zip(first, state.velocity).allSatisfy { abs($0 - $1) < 1e-5 })
        // The mean of the second round, by a federation without momentum that begins there.
        var second = federation
        second.parameters = state.parameters
        second.startingRound = 1
        second.algorithm = .averaging(try LocalTraining(epochs: 1, batchSize: nil, learningRate: 0.1))
        var plain = try second.trainer(.plain)
        _ = try plain.runRound()
        let mean = zip(plain.parameters, state.parameters).map { $0 - $1 }
        _ = try trainer.runRound()
        for index in start.indices {
            let step = 0.75 * first[index] + mean[index]
            #expect(abs(trainer.parameters[index] - (state.parameters[index] + 0.5 * step)) < 1e-5)
            // What the third round adds to.
            #expect(abs(trainer.state.velocity[index] - step) < 1e-5)
        }
        // From the checkpoint on it is the same run, bit for bit; without its velocity it is not.
        federation.parameters = state.parameters
        federation.startingRound = 1
        var forgetful = try federation.trainer(.plain)
        federation.velocity = state.velocity
        var resumed = try federation.trainer(.plain)
        _ = try resumed.runRound()
        _ = try forgetful.runRound()
        #expect(resumed.parameters == trainer.parameters && forgetful.parameters != trainer.parameters)
    }
}

extension PrivateFederation {
    /// What a client would contribute in the first round, by federated averaging without privacy.
    func update(of client: PartyID) throws -> [Double] {
        var alone = federation
        alone.clip = 4
        alone.bits = 24
        let recorder = Recorder()
        // A generator of its own for each client and round: the same update whoever else takes part.
        alone.faults = { _, _ in .none }
        var trainer = try alone.trainer(.plain, mechanism: recorder)
        _ = try trainer.runRound()
        let codec = try alone.codec()
        let vector = recorder.vectors[Int(client.rawValue) - 1]
        return try codec.decode(vector).values.map { Double($0) }
    }
}

/// A client's ledger in a file of its own, for one round.
private func withLedger<Result>(
    _ enrollment: PrivacyEnrollment, _ body: (inout ParticipationLedger) throws -> Result
) throws -> Result {
    let path = "/tmp/fedsum-client-ledger-\(UInt64.random(in: 0 ... .max))"
    defer { unsafe remove(path) }
    var ledger = try ParticipationLedger(path: path, enrollment: enrollment, ifMissing: .create)
    return try body(&ledger)
}
