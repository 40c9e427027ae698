// SPDX-License-Identifier: Apache-2.0

import FederatedLearning
import RingArithmetic
import SecureAggregation
import Testing

@Suite struct ClientSamplingTests {
    private func cohorts(
        of clients: Int,
        each size: Int,
        rounds: Int,
        seed: UInt64 = 1,
        scheme: SchemeUnderTest = .plain
    ) throws -> [[PartyID]] {
        let recorder = CohortRecorder()
        var federation = try Federation.tiny(clients: clients)
        federation.clientsPerRound = size
        federation.seed = seed
        federation.faults = { recorder.faults(round: $0, cohort: $1) }
        var trainer = try federation.trainer(scheme)
        for _ in 0..<rounds { _ = try trainer.runRound() }
        #expect(trainer.history.allSatisfy { $0.cohort == size && $0.contributors == size })
        return recorder.cohorts
    }

    @Test(arguments: SchemeUnderTest.allCases, [3, 6, 9])
    func `a cohort has its size, its clients are different ones, in order`(scheme: SchemeUnderTest, size: Int) throws {
        let everybody = Set((1...9).map { PartyID(UInt32($0)) })
        for cohort in try cohorts(of: 9, each: size, rounds: 5, scheme: scheme) {
            #expect(cohort.count == size && cohort == Set(cohort).sorted() && everybody.isSuperset(of: cohort))
        }
    }

    @Test func `every client is asked about equally often`() throws {
        let (clients, size, rounds) = (12, 4, 2_400)
        var counts: [PartyID: Int] = [:]
        for client in try cohorts(of: clients, each: size, rounds: rounds).joined() { counts[client, default: 0] += 1 }
        #expect(counts.count == clients)
        // Draws without replacement: Var = R·p(1 − p) and Cov = −Var/(N − 1), so Σ(O − Rp)²·(N − 1)/(N·Var) is
        // asymptotically χ² with N − 1 = 11 degrees of freedom, whose quantile at 1 − 10⁻⁶ is 48.87: a uniform sampler
        // fails for one seed in a million.
        let p = Double(size) / Double(clients)
        let expected = Double(rounds) * p
        let variance = expected * (1 - p)
        let squares = counts.values.map { (Double($0) - expected) * (Double($0) - expected) }.reduce(0, +)
        #expect(squares * Double(clients - 1) / (Double(clients) * variance) < 48.87)
    }

    @Test func `rounds draw apart from one another`() throws {
        // Two of C(12, 4) = 495 cohorts are equal with probability 1/495: of 199 neighbors more than 8 are with one
        // below 10⁻⁸.
        let cohorts = try cohorts(of: 12, each: 4, rounds: 200)
        #expect(zip(cohorts, cohorts.dropFirst()).count { $0 == $1 } <= 8)
    }

    @Test func `cohorts follow from the seed, whatever the scheme`() throws {
        let cohorts = try cohorts(of: 12, each: 4, rounds: 10)
        for scheme in SchemeUnderTest.allCases {
            #expect(try self.cohorts(of: 12, each: 4, rounds: 10, scheme: scheme) == cohorts)
        }
        #expect(try self.cohorts(of: 12, each: 4, rounds: 10, seed: 2) != cohorts)
    }

    @Test(arguments: [SchemeUnderTest.plain, .additive, .secagg])
    func `an aborted round leaves the model as it was, says why, and training goes on`(scheme: SchemeUnderTest) throws {
        var federation = try Federation.digits(clients: 6)
        federation.clientsPerRound = 5
        federation.faults = { round, cohort in
            round == 1 ? .losing(cohort.prefix(3), beforeSend: scheme.vectorSend) : .none
        }
        var trainer = try federation.trainer(scheme)
        let bits = try trainer.modelBits(rounds: 3)
        #expect(bits[0] == bits[1] && bits[1] != bits[2])
        let report = trainer.history[1]
        #expect(report.cohort == 5 && report.contributors == 0 && report.round == 1)
        #expect(report.trainingLoss == nil && report.trainingAccuracy == nil && report.maximumSumError == 0)
        guard case .tooFewParties(_, have: 2, let need) = report.failure else {
            Issue.record("\(String(describing: report.failure))")
            return
        }
        // Three is the minimum cohort; four of five is the default threshold.
        #expect(need == (scheme == .secagg ? 4 : 3))
        #expect(trainer.history.map(\.round) == [0, 1, 2])
        #expect(trainer.history[2].failure == nil && trainer.history[2].contributors == 5)
    }

    @Test(arguments: SchemeUnderTest.allCases, [1, 2])
    func `a cohort below the minimum is refused before anything is sent`(scheme: SchemeUnderTest, size: Int) throws {
        var federation = try Federation.tiny(clients: 6)
        federation.clientsPerRound = size
        var sampled = try federation.trainer(scheme)
        #expect(throws: AggregationError.cohortTooSmall(contributors: size, minimum: 3)) { try sampled.runRound() }
        federation = try .tiny(clients: size)
        var whole = try federation.trainer(scheme)
        #expect(throws: AggregationError.cohortTooSmall(contributors: size, minimum: 3)) { try whole.runRound() }
        #expect(whole.history.isEmpty && whole.parameters == federation.parameters)
    }

    @Test(arguments: [-1, 0, 7, .max])
    func `more clients a round than there are, or none, are refused`(size: Int) throws {
        let federation = try Federation.tiny(clients: 6)
        let codec = try federation.codec()
        #expect(throws: FederatedLearningError.clientCount(size)) {
            try trainer(of: federation, clientsPerRound: size, codec: codec)
        }
    }

    @Test func `a federation whose parts do not go together is refused`() throws {
        let good = try Federation.tiny(clients: 4)
        let codec = try good.codec()
        func expect(_ error: FederatedLearningError, _ change: (inout Federation<SoftmaxRegression>) -> Void) {
            var federation = good
            change(&federation)
            #expect(throws: error) { try trainer(of: federation, codec: codec) }
        }
        expect(.clientCount(0)) { $0.clientRows = [] }
        expect(.emptyClient(attempts: 1)) { $0.clientRows[2] = [] }
        expect(.rowOutOfRange(8)) { $0.clientRows[2] = [0, 8] }
        expect(.rowOutOfRange(-1)) { $0.clientRows[2] = [-1] }
        expect(.parameterCount(expected: 4, found: 3)) { $0.parameters = [0, 0, 0] }
    }

    @Test func `a codec for fewer clients than a round has is refused`() throws {
        // Its ring would be too narrow for their sum, which would wrap unseen.
        let federation = try Federation.tiny(clients: 6)
        let codec = try FixedPointCodec<UInt32>(
            parameterCount: 4,
            quantizer: FixedPointQuantizer(bits: 16, clip: 1),
            clients: 5,
            maximumWeight: 2
        )
        #expect(throws: FederatedLearningError.codecTooSmall(clients: 6, capacity: 5)) {
            try trainer(of: federation, codec: codec)
        }
        #expect(throws: Never.self) { try trainer(of: federation, clientsPerRound: 5, codec: codec) }
    }

    @Test(arguments: [1, 246])
    func `a task has a name of up to 246 bytes`(count: Int) throws {
        var federation = try Federation.tiny(clients: 4)
        federation.task = String(repeating: "t", count: count)
        federation.clientsPerRound = 3
        var trainer = try federation.trainer(.secagg)
        #expect(try trainer.runRound().failure == nil)
    }

    private func trainer(
        of federation: Federation<SoftmaxRegression>,
        clientsPerRound: Int? = nil,
        codec: FixedPointCodec<UInt32>
    ) throws -> any Trainer {
        try FederatedTrainer(
            model: federation.model,
            parameters: federation.parameters,
            data: federation.data,
            clientRows: federation.clientRows,
            algorithm: federation.algorithm,
            clientsPerRound: clientsPerRound,
            codec: codec,
            mechanism: NoMechanism<UInt32>(),
            task: "training",
            randomness: SystemRandomnessSource()
        ) { (cohort) throws(AggregationError) in
            try Insecure.Plain<UInt32>(
                contributors: cohort,
                server: 1000,
                dimension: codec.dimension,
                width: codec.width
            )
        }
    }
}
