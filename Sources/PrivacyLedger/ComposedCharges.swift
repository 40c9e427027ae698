// SPDX-License-Identifier: Apache-2.0

internal import DifferentialPrivacy

/// What was charged so far: every distinct event with its count, and how many more are known to fit.
///
/// The accountant is not run for each charge. It is asked about a composition some way ahead, twice as far each time; if
/// that is within the budget so is every part of it, since leaving out releases is post-processing. Near the end the way is
/// halved, so that n charges of one event take O(log n) runs, and the last answer is always about the one charge asked for.
struct ComposedCharges {
    let budget: PrivacyBudget
    private var events: [PrivacyEvent] = []
    private var counts: [Int] = []
    private var position: [[UInt8]: Int] = [:]
    /// Counts, at least as many as `events`, that together are within the budget.
    private var proven: [Int] = []
    /// How far ahead the accountant is asked.
    private var stride = 1
    private var isNearEnd = false
    private var cached: Double?
    /// How often the accountant ran.
    private(set) var runCount = 0

    init(budget: PrivacyBudget) { self.budget = budget }

    /// Counts an event, whether or not it is within the budget.
    mutating func add(_ event: PrivacyEvent, encoded: [UInt8]) {
        let index = index(of: event, encoded: encoded)
        counts[index] += 1
        cached = nil
    }

    /// An upper bound of what is spent.
    /// - Throws: as the accountant does.
    mutating func spent() throws(AccountingError) -> Double {
        if let cached { return cached }
        var epsilon = try epsilon(of: counts)
        // Both are proved.
        if isProven(counts) { epsilon = min(epsilon, budget.epsilon) }
        cached = epsilon
        return epsilon
    }

    /// Does nothing if one more such event is within the budget.
    /// - Throws: `.overBudget`, `.notAccountable`.
    mutating func check(_ event: PrivacyEvent, encoded: [UInt8]) throws(PrivacyLedgerError) {
        let index = index(of: event, encoded: encoded)
        var next = counts
        next[index] += 1
        if isProven(next) { return }
        if stride > 1 {
            // After opening, nothing is proven of what was charged before.
            var ahead = zip(counts, proven).map { max($0, $1) }
            ahead[index] = counts[index] + stride
            if let epsilon = try? epsilon(of: ahead), epsilon <= budget.epsilon {
                proven = ahead
                if !isNearEnd { stride *= 2 }
                return
            }
            isNearEnd = true
            stride /= 2
        } else if !isNearEnd {
            stride = 2
        }
        let asked: Double
        do {
            asked = try epsilon(of: next)
        } catch {
            switch error {
            case .unbounded, .failureProbabilityExceedsDelta: asked = .infinity
            default: throw .notAccountable(error)
            }
        }
        guard asked <= budget.epsilon else {
            throw .overBudget(spent: (try? spent()) ?? .infinity, asked: asked)
        }
        proven = next
    }

    private func isProven(_ counts: [Int]) -> Bool { zip(counts, proven).allSatisfy { $0 <= $1 } }

    private mutating func index(of event: PrivacyEvent, encoded: [UInt8]) -> Int {
        if let index = position[encoded] { return index }
        position[encoded] = events.count
        events.append(event)
        counts.append(0)
        proven.append(0)
        return events.count - 1
    }

    private mutating func epsilon(of counts: [Int]) throws(AccountingError) -> Double {
        runCount += 1
        var parts: [PrivacyEvent] = []
        for (event, count) in zip(events, counts) where count > 0 {
            parts.append(.selfComposed(event, count: count))
        }
        return try budget.epsilon(for: .composed(parts))
    }
}
