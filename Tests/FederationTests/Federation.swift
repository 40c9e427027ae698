// SPDX-License-Identifier: Apache-2.0

import FederatedLearning
@_spi(Simulation) import PaillierAggregation
import PaillierEncryption
import PairwiseMasking
import ProtocolCryptography
import RingArithmetic
@_spi(Simulation) import SecureAggregation
@_spi(Simulation) import SecureRandomness
@_spi(Simulation) import SharingAggregation

/// The schemes under which every test of this target trains.
enum SchemeUnderTest: String, CaseIterable, Sendable {
    case plain, additive, shamir, peers, secagg, paillier

    /// How many times a client sends, and with which send its vector leaves it.
    var sends: Int { self == .secagg ? 5 : self == .peers ? 3 : 1 }
    var vectorSend: Int { self == .secagg ? 2 : 0 }
}

/// A trainer whatever its scheme.
protocol Trainer {
    var parameters: [Float] { get }
    var history: [RoundReport] { get }
    var nextRound: Int { get }
    var state: TrainingState { get }
    mutating func runRound() throws -> RoundReport
    mutating func run(
        until rule: StoppingRule,
        clock: some Clock<Duration>,
        afterEachRound shouldContinue: (RoundReport, TrainingState) throws -> Bool
    ) throws -> StoppingRule.Reason
}

extension FederatedTrainer: Trainer {}

extension Trainer {
    mutating func run(until rule: StoppingRule) throws -> StoppingRule.Reason {
        try run(until: rule, clock: ContinuousClock(), afterEachRound: { _, _ in true })
    }

    /// Runs rounds and gives the bits of the model after each.
    mutating func modelBits(rounds: Int) throws -> [[UInt32]] {
        try (0..<rounds).map { _ in
            _ = try runRound()
            return parameters.map(\.bitPattern)
        }
    }
}

/// Everything of a trainer but its scheme.
struct Federation<Model: TrainableModel>: Sendable {
    let model: Model
    var parameters: [Float]
    let data: DataSet
    var clientRows: [[Int]]
    var algorithm: FederatedAlgorithm
    var weighting = ClientWeighting.byCount
    var clientsPerRound: Int?
    var startingRound = 0
    var velocity: [Float] = []
    var participations: [Int] = []
    var task = "training"
    var seed: UInt64 = 1
    var bits = 16
    var clip = 1.0
    /// The threshold of `secagg`.
    var threshold: Int?
    var faults: @Sendable (_ round: Int, _ cohort: [PartyID]) -> FaultSchedule = { _, _ in .none }

    var maximumWeight: Int {
        switch weighting {
        case .byCount: clientRows.map(\.count).max() ?? 1
        case .uniform: 1
        case .given(let weights): max(1, weights.max() ?? 1)
        }
    }

    func codec() throws -> FixedPointCodec<UInt32> {
        try FixedPointCodec(
            parameterCount: model.parameterCount,
            quantizer: FixedPointQuantizer(bits: bits, clip: clip),
            clients: clientsPerRound ?? clientRows.count,
            maximumWeight: maximumWeight
        )
    }

    /// Server 1000 and, where there are any, aggregators from 1001 on.
    func trainer(
        _ scheme: SchemeUnderTest,
        mechanism: some UpdateMechanism<UInt32> = NoMechanism<UInt32>()
    ) throws -> any Trainer {
        try trainer(scheme, codec: codec(), mechanism: mechanism)
    }

    func trainer(
        _ scheme: SchemeUnderTest,
        codec: some UpdateCodec<UInt32>,
        mechanism: some UpdateMechanism<UInt32>
    ) throws -> any Trainer {
        let (dimension, width) = (codec.dimension, codec.width)
        switch scheme {
        case .plain:
            return try trainer(codec: codec, mechanism: mechanism) { (cohort) throws(AggregationError) in
                try Insecure.Plain(contributors: cohort, server: 1000, dimension: dimension, width: width)
            }
        case .additive:
            return try trainer(codec: codec, mechanism: mechanism) { [seed] (cohort) throws(AggregationError) in
                try AdditiveAggregation(
                    contributors: cohort,
                    leader: 1000,
                    aggregators: [1001, 1002],
                    enrollment: SharingEnrollment(
                        contributors: cohort,
                        aggregators: [1001, 1002],
                        randomness: SimulationRandomness(seed: seed)
                    ),
                    dimension: dimension,
                    width: width
                )
            }
        case .shamir:
            return try trainer(codec: codec, mechanism: mechanism) { [seed] (cohort) throws(AggregationError) in
                try ShamirAggregation(
                    contributors: cohort,
                    leader: 1000,
                    aggregators: [1001, 1002, 1003],
                    enrollment: SharingEnrollment(
                        contributors: cohort,
                        aggregators: [1001, 1002, 1003],
                        randomness: SimulationRandomness(seed: seed)
                    ),
                    dimension: dimension,
                    width: width
                )
            }
        case .peers:
            return try trainer(codec: codec, mechanism: mechanism) { [threshold] (cohort) throws(AggregationError) in
                try PeerToPeerAggregation(
                    contributors: cohort,
                    threshold: threshold,
                    dimension: dimension,
                    width: width
                )
            }
        case .paillier:
            let small = try smallPaillierKey.get()
            let enrollment = try PaillierEnrollment(
                encryptor: small.encryptor, privateKey: small.key, signers: [],
                randomness: SimulationRandomness(seed: seed))
            return try trainer(codec: codec, mechanism: mechanism) { (cohort) throws(AggregationError) in
                try PaillierAggregation(
                    contributors: cohort,
                    server: 1000,
                    keyHolder: 1001,
                    enrollment: enrollment,
                    dimension: dimension,
                    width: width
                )
            }
        case .secagg:
            let journal = ShareReleaseJournal()
            return try trainer(codec: codec, mechanism: mechanism) { [threshold] (cohort) throws(AggregationError) in
                try SecAgg(
                    contributors: cohort,
                    server: 1000,
                    threshold: threshold,
                    dimension: dimension,
                    width: width,
                    journal: journal
                )
            }
        }
    }

    func trainer<Scheme: AggregationScheme<UInt32>>(
        mechanism: some UpdateMechanism<UInt32> = NoMechanism<UInt32>(),
        makeScheme: @escaping @Sendable ([PartyID]) throws(AggregationError) -> Scheme
    ) throws -> any Trainer {
        try trainer(codec: codec(), mechanism: mechanism, makeScheme: makeScheme)
    }

    func trainer<Scheme: AggregationScheme<UInt32>>(
        codec: some UpdateCodec<UInt32>,
        mechanism: some UpdateMechanism<UInt32>,
        makeScheme: @escaping @Sendable ([PartyID]) throws(AggregationError) -> Scheme
    ) throws -> any Trainer {
        try FederatedTrainer(
            model: model,
            parameters: parameters,
            velocity: velocity,
            startingRound: startingRound,
            participations: participations,
            data: data,
            clientRows: clientRows,
            algorithm: algorithm,
            weighting: weighting,
            clientsPerRound: clientsPerRound,
            codec: codec,
            mechanism: mechanism,
            task: task,
            randomness: SimulationRandomness(seed: seed),
            faults: faults,
            makeScheme: makeScheme
        )
    }
}

/// Made once.
private let smallPaillierKey = Result {
    var generator = SimulationRandomness(seed: 1).generator(purpose: "small paillier key")
    let key = try PaillierPrivateKey.generate(size: PaillierKeySize.Insecure.bits(512), using: &generator)
    return (key: key, encryptor: try PaillierEncryptor(key.verifiedKey()))
}

/// Parsed once.
let digits = DataSet.digits()

extension Federation<SoftmaxRegression> {
    /// Softmax regression on the first digits, from an arbitrary start: client i of 0, 1, … has 10 + 3·i rows.
    static func digits(clients: Int, algorithm: FederatedAlgorithm? = nil) throws -> Self {
        var rows: [[Int]] = []
        var next = 0
        for client in 0..<clients {
            rows.append(Array(next..<next + 10 + 3 * client))
            next += 10 + 3 * client
        }
        let data = FederationTests.digits
        let model = try SoftmaxRegression(featureCount: data.featureCount, classCount: data.classCount)
        return try Federation(
            model: model,
            parameters: arbitraryValues(model.parameterCount, below: 0.5, seed: 1),
            data: data,
            clientRows: rows,
            algorithm: algorithm ?? .averaging(LocalTraining(epochs: 2, batchSize: 8, learningRate: 0.1))
        )
    }

    /// One feature, two classes, two rows a client: for tests of many rounds.
    static func tiny(clients: Int) throws -> Self {
        let data = try DataSet(
            name: "tiny",
            features: (0..<2 * clients).map { Float($0 % 5) - 2 },
            labels: (0..<2 * clients).map { $0 % 5 > 2 ? 1 : 0 },
            featureCount: 1,
            classCount: 2
        )
        return try Federation(
            model: SoftmaxRegression(featureCount: 1, classCount: 2),
            parameters: [0, 0, 0, 0],
            data: data,
            clientRows: (0..<clients).map { [2 * $0, 2 * $0 + 1] },
            algorithm: .gradientDescent(learningRate: 0.1)
        )
    }
}

/// Values between ±`bound`, the same for the same seed.
func arbitraryValues(_ count: Int, below bound: Float, seed: UInt64) -> [Float] {
    var generator = SimulationRandomness(seed: seed).generator(purpose: "arbitrary values")
    return (0..<count).map { _ in bound * (Float(generator.next() >> 40) * 0x1p-23 - 1) }
}
