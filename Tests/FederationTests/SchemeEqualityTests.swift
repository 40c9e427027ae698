// SPDX-License-Identifier: Apache-2.0

import FederatedLearning
import PairwiseMasking
import RingArithmetic
@_spi(Simulation) import SecureAggregation
@_spi(Simulation) import SecureRandomness
import Testing

/// What a private scheme must not change: the model.
@Suite struct SchemeEqualityTests {
    private let rounds = 3

    /// Loses two clients of a cohort, others in each round, before a send.
    private func losingTwo(beforeSend send: Int?) -> @Sendable (Int, [PartyID]) -> FaultSchedule {
        { round, cohort in
            guard let send else { return .none }
            return .losing([0, 1].map { cohort[(round + 3 * $0) % cohort.count] }, beforeSend: send)
        }
    }

    /// Trains under the scheme and under plain, and holds every round of the one against the other.
    private func expectEqualToPlain(
        _ federation: Federation<SoftmaxRegression>,
        _ scheme: SchemeUnderTest,
        losesBeforeSend send: Int?
    ) throws {
        var federation = federation
        // Lost after its vector was sent, a client is in the sum of a scheme that knows it as that of plain without
        // losses.
        federation.faults = losingTwo(beforeSend: send.flatMap { $0 <= scheme.vectorSend ? 0 : nil })
        var plain = try federation.trainer(.plain)
        federation.faults = losingTwo(beforeSend: send)
        var trainer = try federation.trainer(scheme)
        let bits = try trainer.modelBits(rounds: rounds)
        #expect(try bits == plain.modelBits(rounds: rounds))
        #expect(Set(bits).count == rounds, "every round moves the model")
        for (report, plainReport) in zip(trainer.history, plain.history) {
            #expect(report.failure == nil)
            #expect(report.maximumSumError == 0)
            #expect(report.contributors == plainReport.contributors)
            #expect(report.trainingLoss == plainReport.trainingLoss)
            #expect(report.trainingAccuracy == plainReport.trainingAccuracy)
            #expect(report.clippedCount == plainReport.clippedCount)
        }
        let cohort = federation.clientsPerRound ?? federation.clientRows.count
        let lost = send.map { $0 <= scheme.vectorSend ? 2 : 0 } ?? 0
        #expect(trainer.history.allSatisfy { $0.cohort == cohort && $0.contributors == cohort - lost })
    }

    @Test(arguments: SchemeUnderTest.allCases, [nil, 5])
    func `training under a scheme gives the bits of plain training in every round`(
        scheme: SchemeUnderTest,
        clientsPerRound: Int?
    ) throws {
        var federation = try Federation.digits(clients: 7)
        federation.clientsPerRound = clientsPerRound
        try expectEqualToPlain(federation, scheme, losesBeforeSend: nil)
    }

    @Test(
        arguments: SchemeUnderTest.allCases.flatMap { scheme in (0..<scheme.sends).map { (scheme, $0) } },
        [nil, 5]
    )
    func `so it does when clients are lost at any stage`(
        stage: (scheme: SchemeUnderTest, send: Int),
        clientsPerRound: Int?
    ) throws {
        var federation = try Federation.digits(clients: 7)
        federation.clientsPerRound = clientsPerRound
        federation.threshold = clientsPerRound == nil ? 4 : 3
        try expectEqualToPlain(federation, stage.scheme, losesBeforeSend: stage.send)
    }

    @Test(arguments: SchemeUnderTest.allCases)
    func `so it does for gradient descent, uniform weights and clipped values`(scheme: SchemeUnderTest) throws {
        var federation = try Federation.digits(clients: 4, algorithm: .gradientDescent(learningRate: 0.5))
        federation.weighting = .uniform
        federation.clip = 0.01
        try expectEqualToPlain(federation, scheme, losesBeforeSend: nil)
        var trainer = try federation.trainer(scheme)
        #expect(try trainer.runRound().clippedCount > 0)
    }

    @Test(arguments: SchemeUnderTest.allCases)
    func `another seed gives another model`(scheme: SchemeUnderTest) throws {
        var federation = try Federation.digits(clients: 4)
        var first = try federation.trainer(scheme)
        federation.seed = 2
        var second = try federation.trainer(scheme)
        #expect(try first.modelBits(rounds: 1) != second.modelBits(rounds: 1))
    }

    // The oracle that reports 0 above must be able to say something else.

    @Test(arguments: [0, 3, 652])
    func `a scheme whose sum is off by one in one coordinate is reported with an error of 1`(coordinate: Int) throws {
        let federation = try Federation.digits(clients: 4)
        let codec = try federation.codec()
        var trainer = try federation.trainer { (cohort) throws(AggregationError) in
            Flawed(
                base: try Insecure.Plain(
                    contributors: cohort,
                    server: 1000,
                    dimension: codec.dimension,
                    width: codec.width
                ),
                flaw: .offByOne(coordinate: coordinate)
            )
        }
        for _ in 0..<rounds { #expect(try trainer.runRound().maximumSumError == 1) }
    }

    @Test func `a scheme that does not take a client's mask off is reported with a large error`() throws {
        let federation = try Federation.digits(clients: 4)
        let codec = try federation.codec()
        var trainer = try federation.trainer { (cohort) throws(AggregationError) in
            Flawed(
                base: try SecAgg(contributors: cohort, server: 1000, dimension: codec.dimension, width: codec.width),
                flaw: .keepsMask(of: 3)
            )
        }
        let report = try trainer.runRound()
        #expect(report.failure == nil && report.contributors == 4)
        // The largest of 653 differences of uniform elements is above half the ring but for one chance in 4^653.
        #expect(report.maximumSumError > codec.width.mask / 2)
    }
}
