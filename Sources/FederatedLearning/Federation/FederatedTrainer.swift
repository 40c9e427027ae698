// SPDX-License-Identifier: Apache-2.0

internal import DifferentialPrivacy
internal import PrivacyLedger
internal import RingArithmetic
public import SecureAggregation
@_spi(Simulation) internal import SecureRandomness

/// Trains one model on the data of many clients, of which the recipient sees the weighted sum of their updates and
/// nothing else.
///
/// All clients run in this process: their rows are in one data set, and `clientRows` says whose they are. Each round a
/// cohort gets the model, computes its updates, and contributes them through `Scheme`; training sees only what the
/// scheme's recipient learns. It knows no scheme: whoever sets it up says how one is made for a cohort.
public struct FederatedTrainer<
    Model: TrainableModel, Scheme: AggregationScheme, Codec: UpdateCodec, Mechanism: UpdateMechanism,
    Randomness: RandomnessSource
>: Sendable where Scheme.Element == Codec.Element, Mechanism.Element == Codec.Element {
    /// The model.
    public let model: Model
    /// The rows of all clients.
    public let data: DataSet
    /// The rows of each client; the client of position i is party i + 1.
    public let clientRows: [[Int]]
    /// What clients compute.
    public let algorithm: FederatedAlgorithm
    /// Whose update counts how much.
    public let weighting: ClientWeighting
    /// How many clients are asked in a round, where the mechanism does not draw them; nil: all.
    public let clientsPerRound: Int?
    /// How updates become vectors.
    public let codec: Codec
    /// The noise.
    public let mechanism: Mechanism
    /// The name of the task in every round context.
    public let task: String

    private let randomness: Randomness
    private let makeScheme: @Sendable (_ cohort: [PartyID]) throws(AggregationError) -> Scheme
    private let faults: @Sendable (_ round: Int, _ cohort: [PartyID]) -> FaultSchedule
    private let cpuClock: (@Sendable () -> Duration)?

    /// The model's parameters after the rounds so far.
    public private(set) var parameters: [Float]
    /// v of a server with momentum, one value a parameter; empty before the first step, and without momentum.
    public private(set) var velocity: [Float]
    /// The rounds so far.
    public private(set) var history: [RoundReport] = []
    /// The number of the next round; above `history.count` where training was resumed.
    public private(set) var nextRound: Int

    /// A federation at the start, or at a checkpoint.
    /// - Parameters:
    ///   - model: the model.
    ///   - parameters: where training starts.
    ///   - velocity: `velocity` at the checkpoint, where the server has momentum.
    ///   - startingRound: the number of the first round, above 0 at a checkpoint: a round's number is never used twice.
    ///   - participations: `state.participations` at the checkpoint.
    ///   - data: the rows of all clients.
    ///   - clientRows: the rows of each client, none empty.
    ///   - algorithm: what clients compute.
    ///   - weighting: whose update counts how much.
    ///   - clientsPerRound: how many clients are asked in a round, where the mechanism does not draw them; nil: all.
    ///   - codec: how updates become vectors.
    ///   - mechanism: the noise.
    ///   - task: the name of the task, 1 to 246 bytes: the names under which randomness is drawn are 9 longer.
    ///   - randomness: gives every party its generator.
    ///   - faults: what goes wrong in a round.
    ///   - cpuClock: the CPU time of this thread, where the cost is wanted.
    ///   - makeScheme: the scheme for a cohort, of the codec's dimension and ring.
    /// - Throws: `.clientCount`, `.parameterCount`, `.rowOutOfRange`, `.emptyClient`, `.weights`, `.modelDoesNotFit`;
    ///   `.codecTooSmall` if the sum of a round's clients could wrap: `FederatedLearningError`. `PrivacyLedgerError`
    ///   if what a mechanism recalls does not fit its ledger.
    public init(
        model: Model, parameters: [Float], velocity: [Float] = [], startingRound: Int = 0, participations: [Int] = [],
        data: DataSet,
        clientRows: [[Int]],
        algorithm: FederatedAlgorithm, weighting: ClientWeighting = .byCount, clientsPerRound: Int? = nil,
        codec: Codec, mechanism: Mechanism, task: String, randomness: Randomness,
        faults: @escaping @Sendable (_ round: Int, _ cohort: [PartyID]) -> FaultSchedule = { _, _ in .none },
        cpuClock: (@Sendable () -> Duration)? = nil,
        makeScheme: @escaping @Sendable (_ cohort: [PartyID]) throws(AggregationError) -> Scheme
    ) throws {
        guard !clientRows.isEmpty, (1...clientRows.count).contains(clientsPerRound ?? clientRows.count) else {
            throw FederatedLearningError.clientCount(clientsPerRound ?? clientRows.count)
        }
        guard codec.clients >= clientsPerRound ?? clientRows.count else {
            throw FederatedLearningError.codecTooSmall(
                clients: clientsPerRound ?? clientRows.count, capacity: codec.clients)
        }
        guard velocity.isEmpty || velocity.count == parameters.count else {
            throw FederatedLearningError.parameterCount(expected: parameters.count, found: velocity.count)
        }
        for rows in clientRows {
            guard !rows.isEmpty else { throw FederatedLearningError.emptyClient(attempts: 1) }
            try model.validate(parameters, on: data, rows: rows)
        }
        if case .given(let weights) = weighting,
            weights.count != clientRows.count || weights.contains(where: { $0 < 0 })
        {
            throw FederatedLearningError.weights
        }
        self.model = model
        self.parameters = parameters
        self.velocity = velocity
        self.data = data
        self.clientRows = clientRows
        self.algorithm = algorithm
        self.weighting = weighting
        self.clientsPerRound = clientsPerRound
        self.codec = codec
        self.mechanism = mechanism
        self.task = task
        self.randomness = randomness
        self.faults = faults
        self.cpuClock = cpuClock
        self.makeScheme = makeScheme
        nextRound = startingRound
        try mechanism.recall(participations, of: allClients, before: startingRound)
    }

    /// What a checkpoint must hold for another trainer to go on from here.
    public var state: TrainingState {
        TrainingState(
            parameters: parameters, velocity: velocity, nextRound: nextRound,
            participations: mechanism.participations(of: allClients))
    }

    /// Runs rounds until the rule says that training ends, or `shouldContinue` says no after a round.
    /// - Returns: why it ended.
    /// - Throws: what `runRound()` throws; the rounds before stay in `history`.
    public mutating func run(
        until rule: StoppingRule, clock: some Clock<Duration> = ContinuousClock(),
        afterEachRound shouldContinue: (RoundReport, TrainingState) throws -> Bool = { _, _ in true }
    ) throws -> StoppingRule.Reason {
        let start = clock.now
        let already = nextRound - history.count
        var rule = rule
        rule.rounds -= already
        while true {
            if let reason = rule.reason(after: history, elapsed: start.duration(to: clock.now)) { return reason }
            let report: RoundReport
            do {
                report = try runRound()
            } catch PrivacyLedgerError.overBudget {
                return .privacyBudget
            }
            if try !shouldContinue(report, state) { return .interruption }
        }
    }

    /// Runs one round. If the aggregation is aborted, or its sum has no mean since all weights in it are 0, the model
    /// stays as it is and the report says why.
    /// - Throws: `FederatedLearningError` where a client's training fails, `RingError` where an update cannot be
    ///   encoded (a value that is not finite, a weight above the maximum), `AggregationError` where no scheme can be
    ///   made for the cohort, `PrivacyLedgerError` where the round cannot be paid for.
    @discardableResult
    public mutating func runRound() throws -> RoundReport {
        let round = nextRound
        let cohort = try drawCohort(round: round)
        let setting = UpdateRound(number: round, cohort: cohort.count, publicSeed: try publicSeed(round))
        let codec: Codec
        let mechanism: Mechanism
        do {
            (codec, mechanism) = try (self.codec.codec(for: setting), self.mechanism.mechanism(for: setting))
        } catch let error as AggregationError {
            return try record(RoundEnd(failure: error), cohort: cohort.count)
        }
        let context = RoundContext(
            task: task, round: UInt64(round), model: littleEndianBytes(of: parameters),
            parameters: codec.encodedParameters)

        var vectors: [PartyID: [Codec.Element]] = [:]
        var end = RoundEnd()
        for client in cohort {
            let update = try update(of: client, round: round)
            var generator = randomness.generator(for: client, in: auxiliary("encoding", round))
            var (vector, clipped) = try codec.encode(update, using: &generator)
            try mechanism.perturb(&vector, width: codec.width, using: &generator)
            vectors[client] = vector
            end.clippedCount += clipped
        }

        let scheme = try makeScheme(cohort)
        let outcome = AggregationDriver(
            scheme: scheme, context: context, randomness: randomness, faults: faults(round, cohort), cpuClock: cpuClock
        ).run { vectors[$0] ?? [] }
        end.rejections = outcome.rejections.count
        end.cost = outcome.cost

        guard let aggregate = outcome.aggregate else {
            end.failure = scheme.recipients.compactMap { outcome.aborted[$0] }.first ?? .outOfOrder
            return try record(end, cohort: cohort.count)
        }
        end.maximumSumError = largestDifference(
            aggregate.sum, integerSum(of: aggregate.contributors.compactMap { vectors[$0] }))
        // The sum was learned, so the number of the round is used up whether or not a mean can be had from it.
        do {
            var sum = aggregate.sum
            var generator = randomness.generator(for: 0, in: auxiliary("release", round))
            try mechanism.release(
                &sum, contributors: aggregate.contributors.count, width: codec.width, using: &generator)
            let mean = try codec.decode(sum)
            apply(mean)
            end.mean = mean
            end.contributors = aggregate.contributors.count
        } catch let error as RingError {
            end.failure = .ring(error)
        } catch DifferentialPrivacyError.tooFewSurvivors(let have, let minimum) {
            end.failure = .tooFewParties(stage: "noise", have: have, need: minimum)
        }
        return try record(end, cohort: cohort.count)
    }

    /// What a round came to.
    private struct RoundEnd {
        var mean: MeanUpdate?
        var contributors = 0
        var failure: AggregationError?
        var maximumSumError: UInt64 = 0
        var clippedCount = 0
        var rejections = 0
        var cost = AggregationCost()
    }

    private mutating func record(_ end: RoundEnd, cohort: Int) throws -> RoundReport {
        let report = RoundReport(
            round: nextRound, cohort: cohort, contributors: end.contributors, trainingLoss: end.mean?.loss,
            trainingAccuracy: end.mean?.accuracy, failure: end.failure, maximumSumError: end.maximumSumError,
            clippedCount: end.clippedCount, rejections: end.rejections, spending: try mechanism.spending(),
            cost: end.cost)
        history.append(report)
        nextRound += 1
        return report
    }

    // MARK: Steps of a round

    private var allClients: [PartyID] { (1...UInt32(clientRows.count)).map { PartyID($0) } }

    private func drawCohort(round: Int) throws -> [PartyID] {
        let all = allClients
        var drawing = try shuffling(0, "sampling", round)
        if let drawn = try mechanism.participants(among: all, round: round, using: &drawing) { return drawn }
        guard let clientsPerRound, clientsPerRound < all.count else { return all }
        var generator = try shuffling(0, "cohort", round)
        var order = Array(all.indices)
        generator.shuffle(&order)
        return order.prefix(clientsPerRound).sorted().map { all[$0] }
    }

    /// What a client computes on its own rows.
    func update(of client: PartyID, round: Int) throws -> ClientUpdate {
        let position = Int(client.rawValue) - 1
        let rows = clientRows[position]
        let before = codec.sumsMetrics ? model.evaluate(parameters, on: data, rows: rows) : Evaluation()
        var values: [Float]
        switch algorithm {
        case .averaging(let training, _):
            var generator = try shuffling(client, "training", round)
            do throws(FederatedLearningError) {
                let trained = try training.train(model, from: parameters, on: data, rows: rows, using: &generator)
                values = zip(trained, parameters).map { $0 - $1 }
            } catch {
                guard error == .diverged, codec.countsDivergedAsZero else { throw error }
                values = [Float](repeating: 0, count: parameters.count)
            }
        case .gradientDescent:
            values = model.meanGradient(at: parameters, rows: rows, of: data)
        }
        // Differences of finite parameters may overflow, too.
        if codec.countsDivergedAsZero, !values.allSatisfy(\.isFinite) {
            values = [Float](repeating: 0, count: parameters.count)
        }
        let weight =
            switch weighting {
            case .byCount: rows.count
            case .uniform: 1
            case .given(let weights): weights[position]
            }
        return ClientUpdate(values: values, weight: weight, loss: before.meanLoss, accuracy: before.accuracy)
    }

    private mutating func apply(_ mean: MeanUpdate) {
        switch algorithm {
        case .averaging(_, let server):
            var step = mean.values
            if server.momentum != 0 {
                for index in velocity.indices { step[index] += server.momentum * velocity[index] }
                velocity = step
            }
            for index in parameters.indices { parameters[index] += server.learningRate * step[index] }
        case .gradientDescent(let learningRate):
            for index in parameters.indices { parameters[index] -= learningRate * mean.values[index] }
        }
    }

    /// The integer oracle: the school sum in 64-bit words, by no code of a scheme.
    private func integerSum(of vectors: [[Codec.Element]]) -> [UInt64] {
        var sum = [UInt64](repeating: 0, count: codec.dimension)
        for vector in vectors { for index in sum.indices { sum[index] &+= UInt64(vector[index]) } }
        return sum.map { $0 & codec.width.mask }
    }

    private func largestDifference(_ sum: [Codec.Element], _ oracle: [UInt64]) -> UInt64 {
        zip(sum, oracle).reduce(0) { largest, pair in
            let value = UInt64(pair.0)
            return max(largest, value > pair.1 ? value - pair.1 : pair.1 - value)
        }
    }

    // MARK: Randomness

    /// A context of its own for randomness that is not the aggregation's.
    private func auxiliary(_ purpose: String, _ round: Int) -> RoundContext {
        RoundContext(task: "\(purpose) \(task)", round: UInt64(round))
    }

    /// 32 bytes that all parties of the round know.
    private func publicSeed(_ round: Int) throws -> [UInt8] {
        var source = randomness.generator(for: 0, in: auxiliary("seed", round))
        return try source.bytes(32)
    }

    /// A generator for orders of rows and clients, which are no secrets of a client: seeded from the source, so that it cannot fail
    /// half way.
    private func shuffling(_ party: PartyID, _ purpose: String, _ round: Int) throws -> SeededGenerator {
        var source = randomness.generator(for: party, in: auxiliary(purpose, round))
        return SeededGenerator(key: try source.bytes(32))
    }
}

/// The bytes of a model that a round context binds: IEEE 754 single precision, little-endian.
package func littleEndianBytes(of parameters: [Float]) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(4 * parameters.count)
    for parameter in parameters {
        let pattern = parameter.bitPattern
        for shift: UInt32 in [0, 8, 16, 24] { bytes.append(UInt8(truncatingIfNeeded: pattern >> shift)) }
    }
    return bytes
}
