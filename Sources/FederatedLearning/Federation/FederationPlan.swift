// SPDX-License-Identifier: Apache-2.0

/// What clients compute in a round, and how their results become the next model.
public enum FederatedAlgorithm: Equatable, Sendable {
    /// Federated averaging [MMR+17] Algorithm 1: each client trains from the round's model and contributes the
    /// difference; the server makes a step of the weighted mean of the differences.
    case averaging(LocalTraining, server: ServerStep = ServerStep())
    /// Federated SGD [MMR+17] §2: each client contributes the gradient of its mean loss at the round's model; the model
    /// takes one step of this size against their weighted mean.
    case gradientDescent(learningRate: Float)
}

/// What the server makes of the mean of the clients' differences: v ← momentum·v + mean, model ← model + learningRate·v.
///
/// 1 and 0 is federated averaging as it was [MMR+17]; momentum is from [HQB19]. It looks at nothing but what was released.
public struct ServerStep: Equatable, Sendable {
    /// The step size, above 0.
    public var learningRate: Float
    /// The share of the last step in the next, at least 0 and below 1.
    public var momentum: Float

    /// A step.
    public init(learningRate: Float = 1, momentum: Float = 0) {
        self.learningRate = learningRate
        self.momentum = momentum
    }
}

/// Training between two rounds.
public struct TrainingState: Equatable, Sendable {
    /// The model's parameters.
    public var parameters: [Float]
    /// v of a server with momentum; empty before the first step, and without momentum.
    public var velocity: [Float]
    /// The number of the next round.
    public var nextRound: Int
    /// In how many rounds each client took part, in the order of the clients; empty where nobody counts.
    public var participations: [Int]

    /// A state, by default before the first round.
    public init(
        parameters: [Float], velocity: [Float] = [], nextRound: Int = 0, participations: [Int] = []
    ) {
        self.parameters = parameters
        self.velocity = velocity
        self.nextRound = nextRound
        self.participations = participations
    }

    /// The same, going on in a later round. Rounds between were begun, and nobody knows any more who was there: they count for
    /// everybody.
    public func goingOn(in round: Int) -> TrainingState {
        guard round > nextRound else { return self }
        var state = self
        state.participations = participations.map { $0 + round - nextRound }
        state.nextRound = round
        return state
    }
}

/// The weights pᵢ of the clients, up to their sum.
public enum ClientWeighting: Equatable, Sendable {
    /// By the number of a client's rows. The numbers stay inside the masked vector.
    case byCount
    /// All alike.
    case uniform
    /// Integers, one for each client in the order of the clients.
    case given([Int])
}

/// When training ends.
public struct StoppingRule: Equatable, Sendable {
    /// After this many rounds.
    public var rounds: Int
    /// When the global loss has moved by no more than this, in nats, for `patience` rounds in a row; nil: never.
    public var lossTolerance: Double?
    /// How many rounds in a row count as standing still.
    public var patience: Int
    /// When the round's model gets this share of all training rows right; nil: never.
    public var targetAccuracy: Double?
    /// When training has lasted this long; nil: never.
    public var timeLimit: Duration?

    /// A rule; training ends as soon as one of its parts says so.
    public init(
        rounds: Int, lossTolerance: Double? = nil, patience: Int = 3, targetAccuracy: Double? = nil,
        timeLimit: Duration? = nil
    ) {
        self.rounds = rounds
        self.lossTolerance = lossTolerance
        self.patience = patience
        self.targetAccuracy = targetAccuracy
        self.timeLimit = timeLimit
    }

    /// Why training ended.
    public enum Reason: String, Sendable {
        /// The last round is over.
        case roundLimit = "round limit"
        /// The loss stands still.
        case convergence
        /// The model is good enough.
        case targetAccuracy = "target accuracy"
        /// Time is up.
        case timeLimit = "time limit"
        /// Another round would cost more than the privacy budget has.
        case privacyBudget = "privacy budget"
        /// The user stopped it.
        case interruption
    }

    /// Whether training ends after these rounds.
    func reason(after history: [RoundReport], elapsed: Duration) -> Reason? {
        if let targetAccuracy, let last = history.last?.trainingAccuracy, last >= targetAccuracy {
            return .targetAccuracy
        }
        if let lossTolerance, patience > 0 {
            let losses = history.compactMap(\.trainingLoss).suffix(patience + 1)
            let moves = zip(losses, losses.dropFirst()).map { abs($0 - $1) }
            if moves.count == patience, moves.allSatisfy({ $0 <= lossTolerance }) { return .convergence }
        }
        if history.count >= rounds { return .roundLimit }
        if let timeLimit, elapsed >= timeLimit { return .timeLimit }
        return nil
    }
}
