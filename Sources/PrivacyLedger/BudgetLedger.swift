// SPDX-License-Identifier: Apache-2.0

public import DifferentialPrivacy
public import DurableFiles

/// What the coordinator spent of a task's privacy budget, on the disk before any noise leaves.
///
/// A round is charged before its result is released, and is not given back: a round that was charged and then aborted is spent, and
/// another attempt is charged again. One value at a time has the file. A file that is not what was written does not open, and is
/// never begun anew; one that was removed or replaced by an older copy is not noticed (`RecordFile`).
///
/// The records: the budget, then for each charge round, attempt and the event in its serialized form.
public struct BudgetLedger: ~Copyable, Sendable {
    /// The budget.
    public let budget: PrivacyBudget
    /// nil where nothing is kept.
    private var file: LedgerFile?
    private var charges: ComposedCharges
    /// The serialized event of each round and attempt.
    private var events: [Attempt: [UInt8]]

    private struct Attempt: Hashable {
        let round: UInt64
        let attempt: UInt32
    }

    private static let kind = "budg"
    private static let version: UInt8 = 1
    private static let budgetTag: UInt8 = 1
    private static let chargeTag: UInt8 = 2

    /// Opens the ledger at `path` with all that was charged before.
    /// - Parameters:
    ///   - path: the file; its folder must be there.
    ///   - budget: the task's budget, the same as when the file was made.
    ///   - missingFile: `.create` when the task begins, and `.refuse` ever after.
    /// - Throws: `.file`, with `.damaged` if it is not what was written; `.anotherLedger` if it has another budget.
    /// - Complexity: O(size of the file).
    public init(
        path: String, budget: PrivacyBudget, ifMissing missingFile: RecordFile.MissingFile
    ) throws(PrivacyLedgerError) {
        let terms = Self.record(of: budget)
        var charges = ComposedCharges(budget: budget)
        var events: [Attempt: [UInt8]] = [:]
        let file = try LedgerFile(
            path: path, kind: Self.kind, head: [Self.budgetTag, Self.version], terms: terms, ifMissing: missingFile
        ) { record in
            var reader = LedgerReader(record)
            guard reader.integer(UInt8.self) == Self.chargeTag, let round = reader.integer(UInt64.self),
                let attempt = reader.integer(UInt32.self)
            else { return false }
            let encoded = Array(reader.rest())
            let key = Attempt(round: round, attempt: attempt)
            guard events[key] == nil, let event = try? PrivacyEventCoding.decode(encoded) else { return false }
            events[key] = encoded
            charges.add(event, encoded: encoded)
            return true
        }
        self.file = .some(consume file)
        self.budget = budget
        self.charges = charges
        self.events = events
    }

    /// A ledger that is gone with the process, for simulations: nothing of a simulated round is private in the first place.
    public init(forSimulation budget: PrivacyBudget) {
        self.budget = budget
        file = nil
        charges = ComposedCharges(budget: budget)
        events = [:]
    }

    /// Spends the event, and returns when that is on the disk. Only then may a result of the round leave.
    ///
    /// After an error nothing may be released for this round and attempt. After `.file` the ledger takes no more charges; opened again it
    /// shows whether this one is on the disk, and if so it is spent.
    /// - Parameters:
    ///   - event: what is released at the least noise that the round accepts.
    ///   - round: the number of the round.
    ///   - attempt: 0 for the first try of a round. Each is charged apart.
    /// - Throws: `.overBudget`, `.alreadyCharged`, `.samplingIsSeen`, `.notAccountable`, `.eventNotEncodable`; `.file` if
    ///   the disk is full or fails.
    /// - Complexity: one write and one wait for the disk; the accountant runs O(log n) times for n equal charges.
    public mutating func charge(
        _ event: PrivacyEvent, round: UInt64, attempt: UInt32 = 0
    ) throws(PrivacyLedgerError) {
        let encoded = try PrivacyEventCoding.encode(event)
        let key = Attempt(round: round, attempt: attempt)
        if let earlier = events[key] {
            throw .alreadyCharged(round: round, attempt: attempt, isIdentical: earlier == encoded)
        }
        if budget.observer == .coordinator, event.isSampled { throw .samplingIsSeen }
        try charges.check(event, encoded: encoded)
        var writer = LedgerWriter()
        writer.write(Self.chargeTag)
        writer.write(round)
        writer.write(attempt)
        writer.write(encoded)
        try file?.append(writer.bytes)
        charges.add(event, encoded: encoded)
        events[key] = encoded
    }

    /// A number above those of all rounds that were charged; 2^64 − 1 if there is none.
    public var nextRound: UInt64 { events.keys.map(\.round).max().map { $0 == .max ? .max : $0 + 1 } ?? 0 }

    /// How many attempts of rounds were charged.
    public var chargeCount: Int { events.count }

    /// Whether this attempt of the round was charged.
    public func isCharged(round: UInt64, attempt: UInt32 = 0) -> Bool {
        events[Attempt(round: round, attempt: attempt)] != nil
    }

    /// What is spent, as an upper bound. Kept until the next charge.
    /// - Throws: `.notAccountable`.
    /// - Complexity: a run of the accountant.
    public mutating func spent() throws(PrivacyLedgerError) -> PrivacyGuarantee {
        do throws(AccountingError) {
            return PrivacyGuarantee(
                epsilon: try charges.spent(), delta: budget.delta, adjacency: budget.adjacency,
                observer: budget.observer, accountant: budget.accountant)
        } catch {
            throw .notAccountable(error)
        }
    }

    /// How often the accountant ran.
    package var accountantRunCount: Int { charges.runCount }

    private static func record(of budget: PrivacyBudget) -> [UInt8] {
        var writer = LedgerWriter()
        writer.write(budgetTag)
        writer.write(version)
        writer.write(budget.task)
        writer.write(budget.epsilon)
        writer.write(budget.delta)
        writer.write(budget.adjacency.rawValue)
        writer.write(budget.observer.rawValue)
        writer.write(budget.accountant.rawValue)
        return writer.bytes
    }
}

extension PrivacyEvent {
    /// Whether any part of it counts on not knowing who took part.
    fileprivate var isSampled: Bool {
        switch self {
        case .poissonSampled, .sampledWithoutReplacement: true
        case .composed(let events): events.contains(where: \.isSampled)
        case .selfComposed(let event, _): event.isSampled
        default: false
        }
    }
}
