// SPDX-License-Identifier: Apache-2.0

import FedsumTestVectors
import PairwiseMasking
import Testing

@Suite struct MaskingPlanTests {
    /// google-parfait/federated-compute, commit de83f70, fcp/secagg/server/graph_parameter_finder_test.cc: clients,
    /// adversarial rate, dropout rate, whether the server is semi-malicious, degree, threshold. The rows without an
    /// adversary are those of a curious one with rate 0, and left out as such.
    static let published: [(Int, Double, Double, Bool, Int, Int)] = [
        (100, 0.45, 0.45, false, 92, 46), (1000, 0.45, 0.45, false, 822, 417),
        (10000, 0.45, 0.45, false, 3494, 1771), (100000, 0.45, 0.45, false, 5508, 2788),
        (1000000, 0.45, 0.45, false, 6240, 3156), (10, 0.33, 0.33, false, 8, 4), (100, 0.33, 0.33, false, 68, 34),
        (1000, 0.33, 0.33, false, 286, 150), (10000, 0.33, 0.33, false, 422, 221),
        (100000, 0.33, 0.33, false, 480, 251), (1000000, 0.33, 0.33, false, 518, 270), (100, 0.3, 0.3, true, 92, 62),
        (1000, 0.3, 0.3, true, 872, 584), (10000, 0.3, 0.3, true, 4822, 3230), (100000, 0.3, 0.3, true, 9388, 6286),
        (1000000, 0.3, 0.3, true, 11136, 7454), (10, 0.05, 0.33, false, 4, 2), (100, 0.05, 0.33, false, 28, 6),
        (1000, 0.05, 0.33, false, 72, 24), (10000, 0.05, 0.33, false, 86, 29), (100000, 0.05, 0.33, false, 96, 32),
        (1000000, 0.05, 0.33, false, 102, 34), (10, 0.05, 0.33, true, 8, 5), (100, 0.05, 0.33, true, 72, 39),
        (1000, 0.05, 0.33, true, 398, 223), (10000, 0.05, 0.33, true, 746, 420),
        (100000, 0.05, 0.33, true, 882, 496), (1000000, 0.05, 0.33, true, 970, 545), (10, 0.33, 0.05, false, 4, 4),
        (100, 0.33, 0.05, false, 34, 29), (1000, 0.33, 0.05, false, 78, 60), (10000, 0.33, 0.05, false, 92, 70),
        (100000, 0.33, 0.05, false, 102, 77), (1000000, 0.33, 0.05, false, 110, 83), (10, 0.33, 0.05, true, 4, 4),
        (100, 0.33, 0.05, true, 42, 37), (1000, 0.33, 0.05, true, 132, 109), (10000, 0.33, 0.05, true, 178, 146),
        (100000, 0.33, 0.05, true, 196, 160), (1000000, 0.33, 0.05, true, 212, 173), (10, 0.05, 0.05, false, 2, 2),
        (100, 0.05, 0.05, false, 12, 6), (1000, 0.05, 0.05, false, 30, 17), (10000, 0.05, 0.05, false, 34, 20),
        (100000, 0.05, 0.05, false, 36, 21), (1000000, 0.05, 0.05, false, 38, 22), (10, 0.05, 0.05, true, 2, 2),
        (100, 0.05, 0.05, true, 16, 11), (1000, 0.05, 0.05, true, 52, 37), (10000, 0.05, 0.05, true, 62, 44),
        (100000, 0.05, 0.05, true, 68, 48), (1000000, 0.05, 0.05, true, 74, 52), (10, 0.33, 0, false, 4, 4),
        (100, 0.33, 0, false, 26, 25), (1000, 0.33, 0, false, 38, 36), (10000, 0.33, 0, false, 42, 40),
        (100000, 0.33, 0, false, 46, 44), (1000000, 0.33, 0, false, 50, 47), (10, 0.33, 0, true, 4, 4),
        (100, 0.33, 0, true, 26, 26), (1000, 0.33, 0, true, 38, 37), (10000, 0.33, 0, true, 42, 41),
        (100000, 0.33, 0, true, 46, 45), (1000000, 0.33, 0, true, 50, 49), (10, 0, 0.33, false, 4, 2),
        (100, 0, 0.33, false, 26, 2), (1000, 0, 0.33, false, 38, 2), (10000, 0, 0.33, false, 42, 2),
        (100000, 0, 0.33, false, 46, 2), (1000000, 0, 0.33, false, 50, 2), (10, 0, 0.33, true, 8, 5),
        (100, 0, 0.33, true, 68, 35), (1000, 0, 0.33, true, 228, 115), (10000, 0, 0.33, true, 326, 164),
        (100000, 0, 0.33, true, 372, 187), (1000000, 0, 0.33, true, 410, 206), (10, 0, 0, false, 2, 2),
        (100, 0, 0, false, 2, 2), (1000, 0, 0, false, 2, 2), (10000, 0, 0, false, 2, 2), (100000, 0, 0, false, 2, 2),
        (1000000, 0, 0, false, 2, 2), (10, 0, 0, true, 2, 2), (100, 0, 0, true, 2, 2), (1000, 0, 0, true, 2, 2),
        (10000, 0, 0, true, 2, 2), (100000, 0, 0, true, 2, 2), (1000000, 0, 0, true, 2, 2),
    ]

    @Test func `equals the published answers of federated-compute in every row`() throws {
        #expect(Self.published.count == 88)
        for (clients, adversaries, dropouts, isLying, degree, threshold) in Self.published {
            for threat in isLying ? [ThreatModel.semiMalicious, .active] : [.curious] {
                let plan = try MaskingPlan(
                    MaskingAssumptions(
                        clients: clients, adversaryFraction: adversaries, dropoutFraction: dropouts, threat: threat))
                #expect(
                    (plan.neighbors, plan.threshold) == (degree, threshold),
                    "\(clients), \(adversaries), \(dropouts), \(threat)")
                #expect(plan.bounds.areMet)
            }
        }
    }

    /// Its test of what must be refused: no clients, rates out of range, and too many of both.
    @Test func `refuses what federated-compute refuses`() throws {
        #expect(throws: MaskingPlanError.clientsOutOfRange(0)) { try Self.plan(0, 0.1, 0.1, .curious) }
        #expect(throws: MaskingPlanError.fractionOutOfRange(1)) { try Self.plan(1000, 0.1, 1, .curious) }
        #expect(throws: MaskingPlanError.fractionOutOfRange(-1)) { try Self.plan(1000, 0.1, -1, .curious) }
        for threat in ThreatModel.allCases {
            #expect(Self.inequality { try Self.plan(1000, 0.5, 0.5, threat) } != nil)
        }
    }

    /// Where it refuses a + 2d > 0.9 unseen, we answer if the bounds hold.
    @Test func `answers for a thousand and a third where the bounds hold`() throws {
        let plan = try Self.plan(1000, 0.33, 0.33, .semiMalicious)
        #expect((plan.neighbors, plan.threshold) == (992, 662))
        let larger = try Self.plan(10_000, 0.33, 0.33, .semiMalicious)
        #expect((larger.neighbors, larger.threshold) == (9872, 6584))
    }

    @Test
    func `a hundred clients of whom a third collude and a third are lost have no plan, and the inequality says why`() {
        // All 33 may be corrupt, and all 33 lost, within 98 neighbors: 2t > 98 + 33, and t ≤ 98 − 33.
        #expect(throws: MaskingPlanError.unsatisfiable(.threshold(least: 66, most: 65), neighbors: 98)) {
            try Self.plan(100, 0.33, 0.33, .semiMalicious)
        }
    }

    @Test func `each inequality that cannot hold is named`() {
        // With nobody honest left over, every cut may be filled.
        guard case .connected(let log2, -41)? = Self.inequality({ try Self.plan(10, 0.5, 0.5, .curious) }) else {
            Issue.record("not refused for the connection")
            return
        }
        // N(N − k − 1)/2 = 5 cuts, all 8 of whose clients are certainly away.
        #expect(abs(log2 - 2.321928094887362) < 1e-9)
        #expect(throws: MaskingPlanError.tooFewForGraph(clients: 3)) { try Self.plan(3, 0, 0, .curious) }
    }

    /// What the plan promises, from the model: exact integers of any size.
    @Test func `agrees with the model's vectors`() throws {
        struct Case: Decodable {
            let id, threat: String
            let clients, adversaryPercent, dropoutPercent: Int
            let neighbors, threshold, minimumContributors, cutFloor, completeGraphThreshold: Int?
            let log2Probabilities: [String: String?]?
        }
        var refused = 0
        for vector in try modelCases("masking_plan_v1", as: Case.self) {
            let threat = try #require(ThreatModel.allCases.first { $0.name == vector.threat })
            let assumptions = try MaskingAssumptions(
                clients: vector.clients, adversaryFraction: Double(vector.adversaryPercent) / 100,
                dropoutFraction: Double(vector.dropoutPercent) / 100, threat: threat)
            #expect((try? assumptions.completeGraphThreshold()) == vector.completeGraphThreshold, "\(vector.id)")
            guard let neighbors = vector.neighbors, let stated = vector.log2Probabilities else {
                refused += 1
                #expect(Self.inequality { try MaskingPlan(assumptions) } != nil, "\(vector.id)")
                continue
            }
            let plan = try MaskingPlan(assumptions)
            #expect((plan.neighbors, plan.threshold) == (neighbors, vector.threshold), "\(vector.id)")
            #expect(plan.minimumContributors == vector.minimumContributors, "\(vector.id)")
            #expect(plan.bounds.cutFloor == vector.cutFloor, "\(vector.id)")
            let ours: [String: Double?] = [
                "disconnected": plan.bounds.disconnected, "exposed": plan.bounds.exposed,
                "stranded": plan.bounds.stranded, "hiddenCut": plan.bounds.hiddenCut,
                "brokenCircle": plan.bounds.brokenCircle, "falseStatement": plan.bounds.falseStatement,
            ]
            for (name, value) in ours {
                let expected = (stated[name] ?? nil).flatMap(Double.init) ?? -.infinity
                let value = value ?? -.infinity
                #expect(value == expected || abs(value - expected) < 1.1e-9, "\(vector.id): \(name)")
            }
        }
        #expect(refused >= 4)
    }

    /// The numbers of a model in Python with logarithms of factorials (Documentation/SparseGraphs.md).
    @Test(arguments: [
        (100, 0.05, 0.05, -3.7), (100, 0.1, 0.1, -22.6), (100, 0.2, 0.1, -57.0), (100, 0.33, 0.1, -59.1),
        (150, 0.1, 0.1, -29.3), (1_000, 0.1, 0.1, -61.6), (1_000, 0.33, 0.1, -84.3), (1_000, 0.01, 0.1, -27.4),
        (10_000, 0.05, 0.05, -60.3), (10_000, 0.1, 0.1, -66.7), (10_000, 0.33, 0.05, -89.9),
        (100_000, 0.1, 0.1, -67.4),
    ])
    func `says how likely it is that a client can be shown another round`(
        clients: Int, adversaries: Double, dropouts: Double, expected: Double
    ) throws {
        for threat in [ThreatModel.semiMalicious, .active] {
            let plan = try Self.plan(clients, adversaries, dropouts, threat)
            let overrun = try #require(plan.overrun)
            #expect(abs(overrun - expected) < 0.06, "\(overrun)")
            #expect(plan.isProved == (expected < -41))
        }
        let curious = try Self.plan(clients, adversaries, dropouts, .curious)
        #expect(curious.overrun == nil && curious.isProved)
    }

    static func plan(
        _ clients: Int, _ adversaries: Double, _ dropouts: Double, _ threat: ThreatModel
    ) throws(MaskingPlanError) -> MaskingPlan {
        try MaskingPlan(
            MaskingAssumptions(
                clients: clients, adversaryFraction: adversaries, dropoutFraction: dropouts, threat: threat))
    }

    /// The inequality for which there is no plan; nil if there is one.
    static func inequality(_ body: () throws -> MaskingPlan) -> MaskingInequality? {
        do {
            _ = try body()
        } catch MaskingPlanError.unsatisfiable(let inequality, _) {
            return inequality
        } catch {}
        return nil
    }
}
