// SPDX-License-Identifier: Apache-2.0

import DifferentialPrivacy
import DurableFiles
import Foundation
import PrivacyLedger
import Testing

@Suite struct BudgetLedgerTests {
    private static let event = PrivacyEvent.gaussian(noiseMultiplier: 4)

    private func budget(
        epsilon: Double = 2, delta: Double = 1e-5, accountant: AccountantName = .privacyLossDistribution,
        observer: PrivacyObserver = .resultsOnly, adjacency: Adjacency = .addOrRemoveUser, task: String = "digits"
    ) throws -> PrivacyBudget {
        try PrivacyBudget(
            task: task, epsilon: epsilon, delta: delta, adjacency: adjacency, observer: observer,
            accountant: accountant)
    }

    /// δ(ε) of `count` Gaussian releases, [BW18] Theorem 8, by the C library's erfc.
    private func gaussianDelta(_ epsilon: Double, noiseMultiplier: Double, count: Int) -> Double {
        let mu = Double(count).squareRoot() / noiseMultiplier
        func phi(_ x: Double) -> Double { 0.5 * erfc(-x / 2.0.squareRoot()) }
        return phi(mu / 2 - epsilon / mu) - exp(epsilon) * phi(-mu / 2 - epsilon / mu)
    }

    /// The most releases within a budget.
    private func affordable(_ epsilon: Double, _ delta: Double, noiseMultiplier: Double) -> Int {
        var count = 0
        while gaussianDelta(epsilon, noiseMultiplier: noiseMultiplier, count: count + 1) <= delta { count += 1 }
        return count
    }

    private struct NeverRefused: Error {}

    /// Charges rounds until one is refused; how many were taken.
    private func chargeAll(
        _ ledger: inout BudgetLedger, _ event: PrivacyEvent = event, limit: Int = 1000
    ) throws -> (count: Int, error: PrivacyLedgerError) {
        for count in 0...limit {
            do throws(PrivacyLedgerError) {
                try ledger.charge(event, round: UInt64(count + 1))
            } catch {
                return (count, error)
            }
        }
        throw NeverRefused()
    }

    // MARK: The budget

    @Test func `charges are taken up to the last that fits, and the next is refused with what it would cost`() throws {
        for (epsilon, noiseMultiplier) in [(0.5, 16.0), (2, 5), (2, 20)] {
            let folder = try TemporaryFolder()
            var ledger = try BudgetLedger(path: folder.path, budget: budget(epsilon: epsilon), ifMissing: .create)
            let event = PrivacyEvent.gaussian(noiseMultiplier: noiseMultiplier)
            let (count, error) = try chargeAll(&ledger, event)
            #expect(count == affordable(epsilon, 1e-5, noiseMultiplier: noiseMultiplier) && count > 1)
            guard case .overBudget(let spent, let asked) = error else {
                Issue.record("\(error)")
                continue
            }
            #expect(spent <= epsilon && asked > epsilon && asked < 1.5 * epsilon)
            #expect(gaussianDelta(asked, noiseMultiplier: noiseMultiplier, count: count + 1) <= 1e-5)
            #expect(gaussianDelta(asked * (1 - 1e-6), noiseMultiplier: noiseMultiplier, count: count + 1) > 1e-5)
            // What is refused is not written, and costs nothing.
            let isCharged = ledger.isCharged(round: UInt64(count + 1))
            #expect(ledger.chargeCount == count && !isCharged)
            let guarantee = try ledger.spent()
            #expect(guarantee.epsilon == spent && guarantee.delta == 1e-5 && guarantee.kind == .bound)
            #expect(guarantee.observer == .resultsOnly && guarantee.accountant == .privacyLossDistribution)
            #expect(gaussianDelta(spent, noiseMultiplier: noiseMultiplier, count: count) <= 1e-5)
            // A cheaper release still fits.
            try ledger.charge(.gaussian(noiseMultiplier: 1e6), round: 1_000_000)
        }
    }

    @Test func `sampled steps and unlike events are composed by the budget's accountant`() throws {
        let events: [PrivacyEvent] = [
            .poissonSampled(rate: 0.1, .gaussian(noiseMultiplier: 1.5)), .gaussian(noiseMultiplier: 30),
            .composed([.gaussian(noiseMultiplier: 20), .failure(probability: 1e-7)]),
        ]
        let folder = try TemporaryFolder()
        let budget = try budget(epsilon: 1.5, accountant: .renyi)
        var ledger = try BudgetLedger(path: folder.path, budget: budget, ifMissing: .create)
        let accountant = try RenyiAccountant()
        var charged: [PrivacyEvent] = []
        var isRefused = false
        while !isRefused, charged.count < 1000 {
            let next = events[charged.count % 3]
            let epsilon = try accountant.guarantee(for: .composed(charged + [next]), delta: 1e-5).epsilon
            do throws(PrivacyLedgerError) {
                try ledger.charge(next, round: UInt64(charged.count))
                #expect(epsilon <= 1.5)
            } catch {
                #expect(epsilon > 1.5)
                isRefused = true
                continue
            }
            charged.append(next)
            let spent = try ledger.spent().epsilon
            #expect(abs(spent - epsilon) < 1e-9)
        }
        #expect(charged.count > 10)
    }

    /// The accountant is asked about parts ahead of time, which must not lose events of before the opening.
    @Test func `an opening between any two charges changes nothing`() throws {
        let events: [PrivacyEvent] = [.gaussian(noiseMultiplier: 6), .gaussian(noiseMultiplier: 9)]
        var counts: [Int] = []
        for reopens in [false, true] {
            let folder = try TemporaryFolder()
            let budget = try budget()
            var count = 0
            var isRefused = false
            var ledger = try BudgetLedger(path: folder.path, budget: budget, ifMissing: .create)
            while !isRefused, count < 1000 {
                if reopens, count % 5 == 4 {
                    _ = consume ledger
                    ledger = try BudgetLedger(path: folder.path, budget: budget, ifMissing: .refuse)
                    #expect(ledger.chargeCount == count)
                }
                // Some of the one, then the other.
                do throws(PrivacyLedgerError) {
                    try ledger.charge(events[count < 7 ? 0 : 1], round: UInt64(count))
                    count += 1
                } catch {
                    isRefused = true
                }
            }
            counts.append(count)
            let mu = (7.0 / 36 + Double(count - 7) / 81).squareRoot()
            #expect(gaussianDelta(2, noiseMultiplier: 1 / mu, count: 1) <= 1e-5)
            let next = (7.0 / 36 + Double(count - 6) / 81).squareRoot()
            #expect(gaussianDelta(2, noiseMultiplier: 1 / next, count: 1) > 1e-5)
            // Nor after a charge that was refused at once.
            _ = consume ledger
            ledger = try BudgetLedger(path: folder.path, budget: budget, ifMissing: .refuse)
            for event in [.gaussian(noiseMultiplier: 0.1), events[1], events[0]] {
                #expect(throws: PrivacyLedgerError.self) { try ledger.charge(event, round: UInt64(count)) }
            }
            #expect(ledger.chargeCount == count)
        }
        #expect(counts[0] == counts[1])
    }

    @Test func `probabilities of failure use up δ`() throws {
        let folder = try TemporaryFolder()
        var ledger = try BudgetLedger(path: folder.path, budget: budget(), ifMissing: .create)
        let event = PrivacyEvent.composed([.gaussian(noiseMultiplier: 100), .failure(probability: 3e-6)])
        let (count, error) = try chargeAll(&ledger, event)
        #expect(count == 3)
        guard case .overBudget(_, let asked) = error else {
            Issue.record("\(error)")
            return
        }
        #expect(asked == .infinity)
    }

    @Test func `what the accountant does not know is refused, and costs nothing`() throws {
        let folder = try TemporaryFolder()
        var ledger = try BudgetLedger(path: folder.path, budget: budget(), ifMissing: .create)
        let before = try folder.contents()
        #expect(throws: PrivacyLedgerError.notAccountable(.unsupportedEvent(.kind("laplace")))) {
            try ledger.charge(.unknown("laplace"), round: 1)
        }
        #expect(throws: PrivacyLedgerError.notAccountable(.noiseOutOfRange(0))) {
            try ledger.charge(.gaussian(noiseMultiplier: 0), round: 1)
        }
        #expect(throws: PrivacyLedgerError.eventNotEncodable) {
            try ledger.charge(.gaussian(noiseMultiplier: -1), round: 1)
        }
        #expect(try folder.contents() == before)
        try ledger.charge(Self.event, round: 1)
    }

    @Test func `against the coordinator no sampling is charged`() throws {
        let sampled = PrivacyEvent.poissonSampled(rate: 0.1, Self.event)
        let folder = try TemporaryFolder()
        var ledger = try BudgetLedger(path: folder.path, budget: budget(observer: .coordinator), ifMissing: .create)
        for event in [sampled, .composed([.selfComposed(sampled, count: 1)])] {
            #expect(throws: PrivacyLedgerError.samplingIsSeen) { try ledger.charge(event, round: 1) }
        }
        try ledger.charge(Self.event, round: 1)
        let spent = try ledger.spent()
        #expect(spent.observer == .coordinator)
        let other = try TemporaryFolder()
        var unseen = try BudgetLedger(path: other.path, budget: budget(), ifMissing: .create)
        try unseen.charge(sampled, round: 1)
        let amplified = try unseen.spent()
        #expect(amplified.epsilon < spent.epsilon)
    }

    @Test func `budgets are held to their ranges and accountants`() throws {
        for (epsilon, delta) in [(0, 1e-5), (-1, 1e-5), (.nan, 1e-5), (.infinity, 0.1), (1, 0), (1, 1), (1, .nan)] {
            #expect(throws: PrivacyLedgerError.budgetOutOfRange) { try budget(epsilon: epsilon, delta: delta) }
        }
        for count in [0, 256] {
            #expect(throws: PrivacyLedgerError.taskNameLength(count)) {
                try budget(task: String(repeating: "t", count: count))
            }
        }
        #expect(throws: PrivacyLedgerError.noBound(.centralLimit, .addOrRemoveUser)) {
            try budget(accountant: .centralLimit)
        }
        #expect(throws: PrivacyLedgerError.noBound(.privacyLossDistribution, .substituteUser)) {
            try budget(adjacency: .substituteUser)
        }
        _ = try budget(accountant: .renyi, adjacency: .substituteUser)
        _ = try budget(accountant: .zeroConcentrated, task: String(repeating: "t", count: 255))
    }

    // MARK: Rounds

    @Test func `a round is charged once, and another attempt of it again`() throws {
        let folder = try TemporaryFolder()
        var ledger = try BudgetLedger(path: folder.path, budget: budget(), ifMissing: .create)
        try ledger.charge(Self.event, round: 7)
        let once = try ledger.spent().epsilon
        for _ in 0..<2 {
            #expect(throws: PrivacyLedgerError.alreadyCharged(round: 7, attempt: 0, isIdentical: true)) {
                try ledger.charge(Self.event, round: 7)
            }
            #expect(throws: PrivacyLedgerError.alreadyCharged(round: 7, attempt: 0, isIdentical: false)) {
                try ledger.charge(.gaussian(noiseMultiplier: 5), round: 7)
            }
            let spent = try ledger.spent().epsilon
            #expect(spent == once)
            // The same after an opening.
            _ = consume ledger
            ledger = try BudgetLedger(path: folder.path, budget: budget(), ifMissing: .refuse)
        }
        try ledger.charge(Self.event, round: 7, attempt: 1)
        let (second, third) = (ledger.isCharged(round: 7, attempt: 1), ledger.isCharged(round: 7, attempt: 2))
        #expect(second && !third)
        let twice = try ledger.spent().epsilon
        #expect(twice > 1.3 * once)
    }

    // MARK: The file

    @Test func `a file opens with the same budget only`() throws {
        let folder = try TemporaryFolder()
        do {
            var ledger = try BudgetLedger(path: folder.path, budget: budget(), ifMissing: .create)
            try ledger.charge(Self.event, round: 1)
        }
        let before = try folder.contents()
        for other in try [
            budget(epsilon: 2.0.nextUp), budget(delta: 1.0000001e-5), budget(accountant: .renyi),
            budget(observer: .coordinator), budget(accountant: .renyi, adjacency: .substituteUser),
            budget(task: "digit"),
        ] {
            #expect(throws: PrivacyLedgerError.anotherLedger) {
                _ = try BudgetLedger(path: folder.path, budget: other, ifMissing: .create)
            }
        }
        #expect(try folder.contents() == before)
        _ = try BudgetLedger(path: folder.path, budget: budget(), ifMissing: .refuse)
    }

    @Test func `a file that is missing, open elsewhere or damaged stays so, and nothing is charged`() throws {
        let folder = try TemporaryFolder()
        #expect(throws: PrivacyLedgerError.file(.missing)) {
            _ = try BudgetLedger(path: folder.path, budget: budget(), ifMissing: .refuse)
        }
        do {
            var ledger = try BudgetLedger(path: folder.path, budget: budget(), ifMissing: .create)
            #expect(throws: PrivacyLedgerError.file(.openElsewhere)) {
                _ = try BudgetLedger(path: folder.path, budget: budget(), ifMissing: .create)
            }
            for round in 0..<3 { try ledger.charge(Self.event, round: UInt64(round)) }
        }
        let whole = try folder.contents()
        for index in stride(from: 0, to: whole.count, by: 5) {
            var changed = whole
            changed[index] ^= 0x40
            try folder.write(changed)
            #expect(throws: PrivacyLedgerError.self) {
                _ = try BudgetLedger(path: folder.path, budget: budget(), ifMissing: .create)
            }
            #expect(try folder.contents() == changed)
        }
    }

    /// Whole records, with their checksums, that no ledger writes.
    @Test func `records that no ledger writes are refused`() throws {
        let folder = try TemporaryFolder()
        do {
            var ledger = try BudgetLedger(path: folder.path, budget: budget(), ifMissing: .create)
            try ledger.charge(Self.event, round: 1)
        }
        var records: [[UInt8]] = []
        _ = try RecordFile(path: folder.path, kind: "budg", ifMissing: .refuse) {
            records.append($0)
            return true
        }
        let (terms, charge) = (records[0], records[1])
        func opens(_ records: [[UInt8]]) throws -> Bool {
            let other = try TemporaryFolder()
            do {
                var file = try RecordFile(path: other.path, kind: "budg") { _ in true }
                for record in records { try file.append(record) }
            }
            let budget = try budget()
            do throws(PrivacyLedgerError) {
                _ = try BudgetLedger(path: other.path, budget: budget, ifMissing: .refuse)
                return true
            } catch {
                guard case .file(.damaged) = error else { throw error }
                return false
            }
        }
        #expect(try opens([terms, charge]))
        #expect(try opens([terms]))
        #expect(try !opens([charge]))
        #expect(try !opens([charge, terms]))
        #expect(try !opens([terms, terms]))
        #expect(try !opens([terms, charge, charge]))
        #expect(try !opens([terms, Array(charge.dropLast())]))
        #expect(try !opens([terms, charge + [0]]))
        #expect(try !opens([terms, [3] + charge.dropFirst()]))
        #expect(try !opens([terms, []]))
    }

    // MARK: Speed

    static let chargeCount = ProcessInfo.processInfo.environment["FEDSUM_SLOW_TESTS"] == "1" ? 10_000 : 1000

    @Test func `thousands of equal charges take some tens of the accountant's runs`() throws {
        let folder = try TemporaryFolder()
        let event = PrivacyEvent.poissonSampled(rate: 0.01, .gaussian(noiseMultiplier: 1))
        let limit = try PrivacyLossAccountant().epsilon(for: .selfComposed(event, count: Self.chargeCount), delta: 1e-5)
        let budget = try budget(epsilon: limit * 1.000_001)
        var ledger = try BudgetLedger(path: folder.path, budget: budget, ifMissing: .create)
        let clock = ContinuousClock()
        let begin = clock.now
        let (count, error) = try chargeAll(&ledger, event, limit: Self.chargeCount)
        let time = clock.now - begin
        #expect(count == Self.chargeCount)
        if case .overBudget = error {} else { Issue.record("\(error)") }
        #expect(ledger.accountantRunCount < 60)
        let runs = ledger.accountantRunCount
        _ = consume ledger
        let start = clock.now
        let reopened = try BudgetLedger(path: folder.path, budget: budget, ifMissing: .refuse)
        let opening = clock.now - start
        #expect(reopened.chargeCount == Self.chargeCount)
        print("\(Self.chargeCount) charges: \(time), \(runs) runs of the accountant; opening: \(opening)")
    }

    @Test func `the next round is above all that were charged, up to the last number there is`() throws {
        var ledger = BudgetLedger(forSimulation: try budget())
        #expect(ledger.nextRound == 0)
        try ledger.charge(Self.event, round: 7)
        try ledger.charge(Self.event, round: 3)
        #expect(ledger.nextRound == 8)
        try ledger.charge(Self.event, round: .max)
        #expect(ledger.nextRound == .max)
    }
}
