// SPDX-License-Identifier: Apache-2.0

public import DifferentialPrivacy
public import PrivacyLedger
public import SecureAggregation
internal import Synchronization

/// What a training run may cost in privacy, what it has cost, and how often each client took part.
///
/// One for each run; the trainer's copies share it.
public final class TrainingPrivacy: Sendable {
    /// Noise, cohort and ring.
    public let plan: PrivateSumPlan
    /// The name of the task in clients' ledgers.
    public let task: String
    private let mayParticipate: @Sendable (PartyID, SignedRound) throws -> Bool
    private let state: Mutex<State>

    private struct State: ~Copyable {
        var ledger: BudgetLedger
        var participations: [PartyID: Int] = [:]
        var most = 0
    }

    /// The privacy of a run.
    /// - Parameters:
    ///   - plan: noise, cohort and ring.
    ///   - ledger: the coordinator's; its budget is `budget(of:task:)`.
    ///   - mayParticipate: asks a client that was drawn, in deployment its `ParticipationLedger`; true when that it takes part is on
    ///     the client's disk. The plan's cap on participations is held in any case.
    /// - Throws: `.anotherLedger` if the ledger's budget is not the plan's.
    public init(
        plan: PrivateSumPlan, ledger: consuming BudgetLedger,
        mayParticipate: @escaping @Sendable (PartyID, SignedRound) throws -> Bool = { _, _ in true }
    ) throws(PrivacyLedgerError) {
        let task = ledger.budget.task
        guard ledger.budget == (try Self.budget(of: plan, task: task)) else { throw .anotherLedger }
        self.plan = plan
        self.task = task
        self.mayParticipate = mayParticipate
        state = Mutex(State(ledger: ledger))
    }

    /// The budget of a plan: its ε and δ, its neighbors, observer and accountant.
    /// - Throws: `.taskNameLength`, `.budgetOutOfRange`.
    public static func budget(of plan: PrivateSumPlan, task: String) throws(PrivacyLedgerError) -> PrivacyBudget {
        try PrivacyBudget(
            task: task, epsilon: plan.terms.epsilon, delta: plan.terms.delta, adjacency: plan.adjacency,
            observer: plan.observer, accountant: plan.accountant)
    }

    /// The first round that no ledger knows of: where to go on.
    public var nextRound: Int { state.withLock { Int(clamping: $0.ledger.nextRound) } }

    /// Pays for a round, and says who of those drawn takes part.
    ///
    /// Where clients add all the noise for themselves, a round costs something only if it is the largest number of
    /// participations yet of one of them.
    func begin(round: Int, drawn: [PartyID]) throws -> [PartyID] {
        try state.withLock { (state: inout sending State) in
            let able = drawn.filter { state.participations[$0, default: 0] < plan.participationCap }
            let signed = try signedRound(round, cohort: able.count)
            // Before clients note that they take part, which they do not forget either.
            if plan.terms.mode != .local { try state.ledger.charge(plan.event, round: UInt64(round)) }
            var cohort: [PartyID] = []
            for client in able where try mayParticipate(client, signed) { cohort.append(client) }
            let most = max(state.most, cohort.map { state.participations[$0, default: 0] + 1 }.max() ?? 0)
            if plan.terms.mode == .local {
                // One at the most, unless the ledger knows less than was recalled.
                var attempt: UInt32 = 0
                while state.ledger.chargeCount < most {
                    try state.ledger.charge(plan.event, round: UInt64(round), attempt: attempt)
                    attempt += 1
                }
            }
            for client in cohort { state.participations[client, default: 0] += 1 }
            state.most = most
            return cohort
        }
    }

    /// In how many rounds each of the clients took part.
    public func participations(of clients: [PartyID]) -> [Int] {
        state.withLock { state in clients.map { state.participations[$0, default: 0] } }
    }

    /// Takes note of how often the clients took part before this round, in which training goes on.
    ///
    /// - Parameters:
    ///   - counts: those of the checkpoint, one for each client; of others, everybody took part in all rounds.
    ///   - clients: the clients, in the same order.
    ///   - round: the first round that is to come.
    /// - Throws: `.notCharged` if the ledger does not have a round before, so is older than the checkpoint or of another run. Of
    ///   `local` noise not every round is charged; what is missing there is charged with the next.
    func recall(_ counts: [Int], of clients: [PartyID], before round: Int) throws(PrivacyLedgerError) {
        guard round > 0 else { return }
        let missing = state.withLock { (state) -> UInt64? in
            let isLocal = plan.terms.mode == .local
            let first = isLocal ? nil : (0..<UInt64(round)).first { !state.ledger.isCharged(round: $0) }
            guard first == nil else { return first }
            for (position, client) in clients.enumerated() {
                let count = counts.count == clients.count ? max(0, counts[position]) : round
                state.participations[client] = count
                state.most = max(state.most, count)
            }
            return nil
        }
        if let missing { throw .notCharged(round: missing) }
    }

    /// What was spent so far.
    /// - Throws: `.notAccountable`.
    public func spending() throws(PrivacyLedgerError) -> PrivacySpending {
        do {
            return try state.withLock { (state: inout sending State) in
                let most = state.most
                let spent = try state.ledger.spent()
                return PrivacySpending(
                    guarantee: spent, againstCoordinator: try plan.guaranteeAgainstCoordinator(participations: most))
            }
        } catch let error as PrivacyLedgerError {
            throw error
        } catch let error as AccountingError {
            throw .notAccountable(error)
        } catch {
            throw .notAccountable(.unbounded)
        }
    }

    /// The round as its context describes it to clients.
    private func signedRound(_ round: Int, cohort: Int) throws -> SignedRound {
        let clamped = min(max(cohort, plan.cohort.lowerBound), plan.cohort.upperBound)
        let description = try plan.mechanism(
            cohort: clamped, rotationSeed: [UInt8](repeating: 0, count: 32)
        ).description
        return SignedRound(
            task: task, round: UInt64(round),
            protection: try RoundProtection(
                mode: description.mode, localVariance: description.localVariance,
                minimumHonestSurvivors: description.shares, clippingNorm: plan.terms.clippingNorm, scale: plan.scale))
    }
}
