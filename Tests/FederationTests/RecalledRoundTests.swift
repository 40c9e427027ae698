// SPDX-License-Identifier: Apache-2.0

import DifferentialPrivacy
import FederatedLearning
import PrivacyLedger
import SecureAggregation
@_spi(Simulation) import SecureRandomness
import Testing

@Suite struct RecalledRoundTests {
    private func account(_ mode: PrivateSumTerms.Mode, weights: WeightBound = .uniform) throws -> TrainingPrivacy {
        let plan = try PrivateSumPlan(
            PrivateSumTerms(
                mode: mode, dimension: 4, clippingNorm: 1, weights: weights, population: 6, releases: 20, epsilon: 50,
                delta: 1e-5, noiseMultiplier: 30))
        return try TrainingPrivacy(
            plan: plan, ledger: BudgetLedger(forSimulation: TrainingPrivacy.budget(of: plan, task: "training")))
    }

    @Test func `a ledger that knows less than the checkpoint is refused, or makes up for it`() throws {
        let clients = (1...6).map { PartyID(UInt32($0)) }
        var generator = SeededGenerator(key: [UInt8](repeating: 1, count: 32))
        for mode in [PrivateSumTerms.Mode.central, .distributed] {
            let mechanism = PrivateMechanism<UInt64>(try account(mode))
            _ = try mechanism.participants(among: clients, round: 0, using: &generator)
            let counts = mechanism.participations(of: clients)
            #expect(counts == [1, 1, 1, 1, 1, 1])
            try mechanism.recall(counts, of: clients, before: 1)
            #expect(throws: PrivacyLedgerError.notCharged(round: 1)) {
                try mechanism.recall(counts, of: clients, before: 2)
            }
        }
        // Of local noise the next round pays for what is missing.
        let account = try account(.local)
        let mechanism = PrivateMechanism<UInt64>(account)
        try mechanism.recall([4, 2, 2, 2, 0, 1], of: clients, before: 4)
        #expect(mechanism.participations(of: clients) == [4, 2, 2, 2, 0, 1])
        _ = try mechanism.participants(among: clients, round: 4, using: &generator)
        let spent = try account.spending().guarantee.epsilon
        #expect(try abs(spent - account.plan.guarantee(releases: 5).epsilon) < 1e-9)
        #expect(try spent > account.plan.guarantee(releases: 1).epsilon)
    }

    @Test func `clients that are not as many as were planned for are refused`() throws {
        let mechanism = PrivateMechanism<UInt64>(try account(.central))
        var generator = SeededGenerator(key: [UInt8](repeating: 1, count: 32))
        for count in [5, 7] as [UInt32] {
            #expect(throws: DifferentialPrivacyError.cohortOutOfRange) {
                try mechanism.participants(among: (1...count).map { PartyID($0) }, round: 0, using: &generator)
            }
        }
        let six = try mechanism.participants(among: (1...6).map { PartyID($0) }, round: 0, using: &generator)
        #expect(six?.count == 6)
    }

    @Test func `continuous noise takes any bound on weights, and no value that is not finite`() throws {
        var generator = SeededGenerator(key: [UInt8](repeating: 1, count: 32))
        for heaviest in [1, 1_000_000, 1_000_000_000_000] {
            let noise = InsecureTraining.ContinuousNoise(
                try account(.central, weights: WeightBound(Double(heaviest))))
            var sum = try noise.encode(
                ClientUpdate(values: [1, 2, -2, 0], weight: heaviest, loss: 0, accuracy: 0), using: &generator
            ).vector
            let mean = noise.decode(sum).values
            for (value, expected) in zip(mean, [1.0 / 3, 2.0 / 3, -2.0 / 3, 0]) {
                #expect(abs(Double(value) - expected / 6) < 1e-6)
            }
            try noise.release(&sum, contributors: 1, width: noise.width, using: &generator)
            // 30 over 6, in each of four coordinates.
            let square = zip(noise.decode(sum).values, mean).reduce(0) {
                $0 + Double($1.0 - $1.1) * Double($1.0 - $1.1)
            }
            #expect(square > 4 && square < 800)
        }
        let noise = InsecureTraining.ContinuousNoise(try account(.central))
        #expect(throws: DifferentialPrivacyError.notFinite(coordinate: 2)) {
            try noise.encode(
                ClientUpdate(values: [1, 2, .nan, 0], weight: 1, loss: 0, accuracy: 0), using: &generator)
        }
    }
}
