// SPDX-License-Identifier: Apache-2.0

import FederatedLearning
import RingArithmetic
import SecureAggregation
import Testing

@Suite struct StoppingRuleTests {
    @Test(arguments: [0, 1, 4])
    func `training ends after its rounds`(rounds: Int) throws {
        var trainer = try Federation.tiny(clients: 3).trainer(.plain)
        #expect(try trainer.run(until: StoppingRule(rounds: rounds)) == .roundLimit)
        #expect(trainer.history.map(\.round) == Array(0..<rounds))
        // Nothing is left to do.
        #expect(try trainer.run(until: StoppingRule(rounds: rounds)) == .roundLimit)
        #expect(trainer.history.count == rounds)
    }

    @Test(arguments: [1, 3, 5])
    func `training ends when the loss has stood still for so many rounds`(patience: Int) throws {
        var federation = try Federation.digits(clients: 3)
        // The model hardly moves, so the loss that is summed moves by its rounding only: at most one of 65,535 steps of
        // 16 nats.
        federation.algorithm = .averaging(try LocalTraining(epochs: 1, batchSize: nil, learningRate: 1e-9))
        federation.clip = 1e-6
        var trainer = try federation.trainer(.plain)
        let rule = StoppingRule(rounds: 20, lossTolerance: 17 / 65_535, patience: patience)
        #expect(try trainer.run(until: rule) == .convergence)
        #expect(trainer.history.count == patience + 1)
    }

    @Test func `a loss that still moves is no convergence`() throws {
        var federation = try Federation.digits(clients: 3)
        federation.algorithm = .averaging(try LocalTraining(epochs: 1, batchSize: nil, learningRate: 0.1))
        var trainer = try federation.trainer(.plain)
        let rule = StoppingRule(rounds: 8, lossTolerance: 17 / 65_535, patience: 1)
        #expect(try trainer.run(until: rule) == .roundLimit)
        let losses = trainer.history.compactMap(\.trainingLoss)
        #expect(zip(losses, losses.dropFirst()).allSatisfy { $0 - $1 > 17 / 65_535 })
    }

    @Test(arguments: [1, 2, 4])
    func `standing still counts from the last round back, however much the loss moved before`(patience: Int) throws {
        var federation = try Federation.digits(clients: 3)
        federation.algorithm = .averaging(try LocalTraining(epochs: 1, batchSize: nil, learningRate: 0.3))
        var trainer = try federation.trainer(.plain)
        let rule = StoppingRule(rounds: 100, lossTolerance: 0.05, patience: patience)
        #expect(try trainer.run(until: rule) == .convergence)
        let losses = trainer.history.compactMap(\.trainingLoss)
        let still = zip(losses, losses.dropFirst()).map { abs($0 - $1) <= 0.05 }
        #expect(still.count > patience + 2 && still.suffix(patience).allSatisfy { $0 })
        // At no round before had it stood still as long.
        for end in patience..<still.count { #expect(still[end - patience..<end].contains(false)) }
    }

    @Test func `training ends when the model is good enough`() throws {
        var trainer = try Federation.digits(clients: 5).trainer(.plain)
        #expect(try trainer.run(until: StoppingRule(rounds: 100, targetAccuracy: 0.8)) == .targetAccuracy)
        let accuracies = trainer.history.compactMap(\.trainingAccuracy)
        #expect(accuracies.count > 1)
        #expect(accuracies.dropLast().allSatisfy { $0 < 0.8 })
        #expect(try #require(accuracies.last) >= 0.8)
    }

    @Test func `training ends when time is up, and no sooner`() throws {
        let clock = FakeClock()
        var trainer = try Federation.tiny(clients: 3).trainer(.plain)
        let reason = try trainer.run(until: StoppingRule(rounds: 100, timeLimit: .seconds(60)), clock: clock) { _, _ in
            clock.advance(by: .seconds(25))
            return true
        }
        #expect(reason == .timeLimit)
        #expect(trainer.history.count == 3)
        // The time of a second run counts from its own start.
        let again = try trainer.run(until: StoppingRule(rounds: 4, timeLimit: .seconds(60)), clock: clock) { _, _ in
            true
        }
        #expect(again == .roundLimit)
        #expect(trainer.history.count == 4)
        #expect(try trainer.run(until: StoppingRule(rounds: 100, timeLimit: .zero)) == .timeLimit)
    }

    @Test func `training ends when the user says so, after a whole round`() throws {
        var trainer = try Federation.tiny(clients: 3).trainer(.plain)
        var seen: [(Int, [Float])] = []
        let reason = try trainer.run(until: StoppingRule(rounds: 100), clock: FakeClock()) { report, state in
            seen.append((report.round, state.parameters))
            return report.round < 2
        }
        #expect(reason == .interruption)
        #expect(seen.map(\.0) == [0, 1, 2])
        #expect(seen.last?.1 == trainer.parameters)
        #expect(trainer.nextRound == 3)
    }

    private struct Disk: Error {}

    @Test func `an error of the caller after a round ends training and keeps the round`() throws {
        var trainer = try Federation.tiny(clients: 3).trainer(.plain)
        #expect(throws: Disk.self) {
            try trainer.run(until: StoppingRule(rounds: 5), clock: FakeClock()) { _, _ in throw Disk() }
        }
        #expect(trainer.history.count == 1 && trainer.nextRound == 1)
    }

    @Test(arguments: SchemeUnderTest.allCases)
    func `training that is resumed gives the bits of training that was not interrupted`(scheme: SchemeUnderTest) throws
    {
        var federation = try Federation.digits(clients: 7)
        federation.clientsPerRound = 5
        federation.threshold = 3
        federation.faults = { round, cohort in .losing([cohort[round % 5]], beforeSend: scheme.vectorSend) }
        var whole = try federation.trainer(scheme)
        #expect(try whole.run(until: StoppingRule(rounds: 5)) == .roundLimit)

        var first = try federation.trainer(scheme)
        #expect(try first.run(until: StoppingRule(rounds: 2)) == .roundLimit)
        federation.parameters = first.parameters
        federation.startingRound = first.nextRound
        var second = try federation.trainer(scheme)
        // The rule counts the rounds before the checkpoint, too.
        #expect(try second.run(until: StoppingRule(rounds: 5)) == .roundLimit)
        #expect(second.history.map(\.round) == [2, 3, 4])
        #expect(second.parameters.map(\.bitPattern) == whole.parameters.map(\.bitPattern))
        #expect(second.history.map(\.trainingLoss) == whole.history.dropFirst(2).map(\.trainingLoss))
        #expect(try second.run(until: StoppingRule(rounds: 3)) == .roundLimit)
        #expect(second.nextRound == 5)
    }
}
