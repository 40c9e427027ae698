// SPDX-License-Identifier: Apache-2.0

import PairwiseMasking
import Testing

/// The search against counting: every k and t of small sets of clients, with integers and from the definitions alone.
@Suite struct MaskingPlanSearchTests {
    /// Subsets of `draws` of a population with at least `least` marked members.
    private static func subsets(_ population: Int, _ marked: Int, _ draws: Int, atLeast least: Int) -> UInt128 {
        var count: UInt128 = 0
        for members in 0...draws where members >= least {
            count += choose(marked, members) * choose(population - marked, draws - members)
        }
        return count
    }

    private static func choose(_ n: Int, _ k: Int) -> UInt128 { k > n ? 0 : pascal[n][k] }

    private static let pascal: [[UInt128]] = {
        var rows: [[UInt128]] = [[1]]
        for n in 1..<40 {
            let before = rows[n - 1]
            rows.append((0...n).map { ($0 > 0 ? before[$0 - 1] : 0) + ($0 < n ? before[$0] : 0) })
        }
        return rows
    }()

    /// Whether count / whole < 2^−bits.
    private static func isBelow(_ count: UInt128, _ whole: UInt128, _ bits: Int) -> Bool {
        count << UInt128(bits) < whole
    }

    private struct Answer: Equatable {
        var neighbors, threshold, minimumContributors: Int
    }

    /// The least k for which the least secure threshold leaves every client enough neighbors and holds the circle.
    private static func answer(to question: MaskingAssumptions) -> Answer? {
        let (n, a, d) = (question.clients, question.adversaries, question.dropouts)
        let (s, c, isLying) = (question.securityBits + 1, question.failureBits, question.threat != .curious)
        for k in stride(from: 2, through: n - 2, by: 2) {
            let whole = choose(n, k)
            let touching = UInt128(n * (n - k - 1))
            guard isBelow(touching * choose(min(n, a + d), k), 2 * whole, s) else { continue }
            func isSecure(_ t: Int) -> Bool {
                isBelow(UInt128(n) * subsets(n, a, k, atLeast: isLying ? 2 * t - k : t), whole, s)
            }
            // More than k is secure too, and impossible.
            guard let least = (1...k).first(where: isSecure),
                isBelow(UInt128(n) * subsets(n, d, k, atLeast: k - least + 1), whole, c)
            else { continue }
            let t = max(2, least)
            guard isLying else { return Answer(neighbors: k, threshold: t, minimumContributors: 3) }
            let floor = (1...k).first { 2 * $0 >= 3 * t - k } ?? k
            let cuts = UInt128(n * (n - k + 1))
            guard isBelow(cuts * subsets(n, d, k, atLeast: k - floor + 1), 2 * whole, c) else { continue }
            let cohort = [3, max(3, n - d)].first {
                isBelow(cuts * subsets(n, a, k, atLeast: max(floor, k - n + $0)), 2 * whole, s)
            }
            if let cohort { return Answer(neighbors: k, threshold: t, minimumContributors: cohort) }
        }
        return nil
    }

    @Test(arguments: ThreatModel.allCases)
    func `finds the least of all neighbors and thresholds`(threat: ThreatModel) throws {
        var (found, refused, later) = (0, 0, 0)
        for clients in 4...26 {
            for (security, failure) in [(1, 1), (3, 2), (8, 5), (16, 10)] {
                for adversaries in 0..<clients {
                    for dropouts in 0..<clients {
                        let question = try MaskingAssumptions(
                            clients: clients, adversaries: adversaries, dropouts: dropouts, threat: threat,
                            securityBits: security, failureBits: failure)
                        let plan = try? MaskingPlan(question)
                        let ours = plan.map {
                            Answer(
                                neighbors: $0.neighbors, threshold: $0.threshold,
                                minimumContributors: $0.minimumContributors)
                        }
                        let expected = Self.answer(to: question)
                        #expect(ours == expected, "\(question)")
                        if let plan {
                            found += 1
                            if plan.neighbors > 2 { later += 1 }
                            #expect(plan.bounds.areMet)
                            #expect(
                                !question.isBelowPlan(
                                    neighbors: plan.neighbors, threshold: plan.threshold,
                                    minimumContributors: plan.minimumContributors))
                        } else {
                            refused += 1
                        }
                    }
                }
            }
        }
        #expect(found > 1000 && refused > 1000 && later > 500, "\(found), \(refused), \(later)")
    }

    @Test func `what the plan was not made for is below it`() throws {
        let question = try MaskingAssumptions(
            clients: 10_000, adversaryFraction: 0.1, dropoutFraction: 0.1, threat: .semiMalicious)
        let plan = try MaskingPlan(question)
        #expect((plan.neighbors, plan.threshold) == (122, 85))
        #expect(!question.isBelowPlan(neighbors: 122, threshold: 85))
        // A threshold that more corrupt neighbors may reach, and one that fewer survivors may miss.
        #expect(question.isBelowPlan(neighbors: 122, threshold: 84))
        #expect(question.isBelowPlan(neighbors: 122, threshold: 86))
        for neighbors in [0, 1, 2, 20, 58, 119, 120, 121, 123, 10_000, -2] {
            #expect(question.isBelowPlan(neighbors: neighbors, threshold: neighbors * 85 / 122), "\(neighbors)")
        }
        // More neighbors will do, with a threshold of their own.
        #expect(!question.isBelowPlan(neighbors: 200, threshold: 135))
        #expect(question.isBelowPlan(neighbors: 200, threshold: 85))
        // The customary 20 neighbors of 100 are few even for a server that follows the protocol.
        let hundred = try MaskingAssumptions(
            clients: 100, adversaryFraction: 0.1, dropoutFraction: 0.1, threat: .curious)
        #expect((1...20).allSatisfy { hundred.isBelowPlan(neighbors: 20, threshold: $0) })
        #expect(!hundred.isBelowPlan(neighbors: 22, threshold: 11))
    }

    @Test func `without losses the cohort makes good what the floor of cuts leaves to luck`() throws {
        let question = try MaskingAssumptions(
            clients: 1000, adversaryFraction: 0.33, dropoutFraction: 0, threat: .semiMalicious)
        let plan = try MaskingPlan(question)
        #expect((plan.neighbors, plan.threshold, plan.minimumContributors) == (38, 37, 1000))
        #expect(question.isBelowPlan(neighbors: 38, threshold: 37))
        #expect(!question.isBelowPlan(neighbors: 38, threshold: 37, minimumContributors: 1000))
        // One more survivor asked of every cut would do as well.
        #expect(!question.isBelowPlan(neighbors: 38, threshold: 38))
    }

    @Test func `the complete graph needs more than half, or more than those who may answer twice`() throws {
        func threshold(
            _ clients: Int, _ adversaries: Int, _ dropouts: Int, _ threat: ThreatModel
        ) throws(MaskingPlanError) -> Int {
            try MaskingAssumptions(clients: clients, adversaries: adversaries, dropouts: dropouts, threat: threat)
                .completeGraphThreshold()
        }
        #expect(try threshold(100, 10, 10, .curious) == 51)
        #expect(try threshold(100, 60, 10, .curious) == 61)
        #expect(try threshold(100, 33, 33, .semiMalicious) == 67)
        #expect(throws: MaskingPlanError.completeGraph(threshold: 67, survivors: 66)) {
            try threshold(100, 33, 34, .active)
        }
        #expect(throws: MaskingPlanError.completeGraph(threshold: 51, survivors: 50)) {
            try threshold(100, 0, 50, .curious)
        }
        for threat in ThreatModel.allCases {
            for clients in 3...12 {
                for adversaries in 0..<clients {
                    // From the definition: the least t with 2t > N, and t > A or 2t > N + A.
                    let least = (1...clients).first {
                        2 * $0 > clients && (threat == .curious ? $0 > adversaries : 2 * $0 > clients + adversaries)
                    }
                    #expect((try? threshold(clients, adversaries, 0, threat)) == least)
                    let question = try MaskingAssumptions(
                        clients: clients, adversaries: adversaries, dropouts: 1, threat: threat)
                    for t in 0...clients + 1 {
                        let isEnough = least.map { ($0...clients).contains(t) && t <= clients - 1 } ?? false
                        #expect(question.isBelowPlan(neighbors: clients - 1, threshold: t) == !isEnough)
                    }
                }
            }
        }
    }

    @Test func `assumptions are of whole clients and within bounds`() throws {
        // 0.29 · 100 is 28.999… in doubles; 0.1 + 0.2 is more than 0.3.
        for percent in 0..<100 {
            let question = try MaskingAssumptions(
                clients: 100, adversaryFraction: Double(percent) / 100, dropoutFraction: Double(percent) * 0.01,
                threat: .active)
            #expect((question.adversaries, question.dropouts) == (percent, percent))
        }
        #expect(
            try MaskingAssumptions(clients: 999, adversaryFraction: 0.3339, dropoutFraction: 0, threat: .active)
                .adversaries == 333)
        for clients in [Int.min, -1, 0, 2, 1_000_001, .max] {
            #expect(throws: MaskingPlanError.clientsOutOfRange(clients)) {
                try MaskingAssumptions(clients: clients, adversaries: 0, dropouts: 0, threat: .curious)
            }
        }
        for fraction in [-0.001, 1, 1.5, .infinity, -.infinity] {
            #expect(throws: MaskingPlanError.fractionOutOfRange(fraction)) {
                try MaskingAssumptions(
                    clients: 10, adversaryFraction: fraction, dropoutFraction: 0, threat: .curious)
            }
            #expect(throws: MaskingPlanError.fractionOutOfRange(fraction)) {
                try MaskingAssumptions(
                    clients: 10, adversaryFraction: 0, dropoutFraction: fraction, threat: .curious)
            }
        }
        #expect(throws: MaskingPlanError.self) {
            try MaskingAssumptions(clients: 10, adversaryFraction: .nan, dropoutFraction: 0, threat: .curious)
        }
        for count in [-1, 10, 11] {
            #expect(throws: MaskingPlanError.countOutOfRange(count: count, clients: 10)) {
                try MaskingAssumptions(clients: 10, adversaries: count, dropouts: 0, threat: .curious)
            }
            #expect(throws: MaskingPlanError.countOutOfRange(count: count, clients: 10)) {
                try MaskingAssumptions(clients: 10, adversaries: 0, dropouts: count, threat: .curious)
            }
        }
        for bits in [0, -1, 129] {
            #expect(throws: MaskingPlanError.bitsOutOfRange(bits)) {
                try MaskingAssumptions(
                    clients: 10, adversaries: 0, dropouts: 0, threat: .curious, securityBits: bits)
            }
            #expect(throws: MaskingPlanError.bitsOutOfRange(bits)) {
                try MaskingAssumptions(clients: 10, adversaries: 0, dropouts: 0, threat: .curious, failureBits: bits)
            }
        }
    }
}
