// SPDX-License-Identifier: Apache-2.0

import Foundation
import PairwiseMasking
import Testing

/// The lies that broke earlier rules, each under the rules that it broke and under those of today. The letters are those of
/// Documentation/SparseGraphs.md.
struct GraphLiesTests {
    static let isSlow = ProcessInfo.processInfo.environment["FEDSUM_SLOW_TESTS"] == "1"

    /// What a client of [BBG+20] sees: its neighbors.
    static let ownViews = GraphRules(bindsMasks: false, holdsCircle: false, witnesses: .nobody)
    static let withoutRuns = GraphRules(holdsCircle: false)
    static let withoutBoundMasks = GraphRules(bindsMasks: false)
    static let knownWitnesses = GraphRules(witnesses: .knownBefore)
    /// The rules before masks were bound and signatures fixed.
    static let earlier = GraphRules(bindsMasks: false, witnesses: .knownBefore)

    static func sizes(_ round: LiedRound, _ rules: GraphRules) -> [Int] {
        round.openedSums(under: rules).map(\.count)
    }

    /// Nothing opens under today's rules, whatever the beacon says.
    static func expectNothing(_ round: LiedRound, sourceLocation: SourceLocation = #_sourceLocation) {
        for pulse in 1...3 as ClosedRange<UInt64> {
            let sums = round.openedSums(under: .all, pulse: pulse)
            #expect(sums.isEmpty, "\(sums.map(\.count))", sourceLocation: sourceLocation)
        }
    }

    /// The published plan for 1,000 clients of whom a tenth collude and a tenth are lost.
    static func planned(_ planted: [(place: Int, corrupt: Int)] = [], seed: UInt64) -> LiedRound {
        GraphLies.round(
            clients: 1_000, neighbors: 96, threshold: 67, corrupt: 100, planted: planted, seed: seed)
    }

    static func honest(near place: Int, of round: LiedRound) throws -> Int {
        try #require((place..<place + round.run).map(round.client(at:)).first { !round.isCorrupt[$0] })
    }

    @Test func `The neighbors of a position are those of its place`() throws {
        let round = Self.planned(seed: 1)
        for place in stride(from: 0, to: 1_000, by: 97) {
            let client = round.client(at: place)
            #expect(round.circle.neighbors(of: client) == round.neighborsOf[client])
            let around = Set((1...48).flatMap { [round.client(at: place + $0), round.client(at: place - $0)] })
            #expect(Set(round.neighborsOf[client]) == around)
        }
    }

    @Test func `A round without lies opens the sum over all honest survivors and no other`() {
        var round = Self.planned(seed: 1)
        var draws = TestDraws(seed: 1)
        var survivors = [Bool](repeating: true, count: 1_000)
        for client in draws.sample(100, of: Array(0..<1_000)) {
            survivors[client] = false
            round.told[client] = nil
        }
        round.statements = [.init(list: 0, survivors: survivors)]
        round.shown = survivors.map { $0 ? 0 : nil }
        #expect(round.openedSums(under: .all) == [round.honestSurvivors(of: 0)])
    }

    @Test func `A – where each goes by its own neighbors a stretch of tens of clients opens`() throws {
        let round = Self.planned(seed: 1)
        let lied = try #require(
            GraphLies.leastLocalLies(round, starts: [0, 300, 600], lengths: stride(from: 4, through: 60, by: 4)))
        let sizes = Self.sizes(lied, Self.ownViews)
        #expect(sizes.count == 1 && (10..<40).contains(sizes.first ?? 0), "\(sizes)")
        #expect(Self.sizes(lied, Self.earlier).isEmpty)
        Self.expectNothing(lied)
    }

    @Test func `B1 – one list for all takes the circle apart between two runs with corrupt clients`() throws {
        let round = Self.planned([(200, 20), (500, 20)], seed: 2)
        let (inside, outside) = (try Self.honest(near: 360, of: round), try Self.honest(near: 700, of: round))
        let lied = GraphLies.consistentLie(round, between: inside, and: outside)
        // The cheapest wall is the two runs.
        #expect(lied.statements[0].survivors.count { !$0 } == 2 * 48 - round.corruptInTwoRuns)
        let sums = lied.openedSums(under: Self.withoutRuns)
        #expect(sums.count == 2)
        #expect(sums.flatMap { $0 }.sorted() == lied.honestSurvivors(of: 0))
        #expect((200..<300).contains(sums.first?.count ?? 0))
        Self.expectNothing(lied)
    }

    @Test func `Lists that pass the rule on runs leave all honest survivors in one piece`() throws {
        for seed in 1...3 as ClosedRange<UInt64> {
            let round = Self.planned([(200, 20), (500, 20)], seed: seed)
            let (inside, outside) = (try Self.honest(near: 360, of: round), try Self.honest(near: 700, of: round))
            // As many of the cheapest wall are called lost as the rule lets pass.
            var lied = GraphLies.consistentLie(round, between: inside, and: outside)
            for client in lied.statements[0].survivors.indices where !lied.allowedStatements(under: .all)[0] {
                lied.statements[0].survivors[client] = true
            }
            let survivors = lied.statements[0].survivors
            #expect(
                lied.circle.weakestCut(.init(positions: survivors.indices.filter { survivors[$0] }, of: 1_000)) == 53)
            let pieces = GraphLies.connectivity(between: inside, and: outside, of: lied, among: survivors)
            #expect(pieces >= lied.floor - lied.corruptInTwoRuns)
            #expect(pieces > 0)
            let sums = lied.openedSums(under: .all)
            #expect(sums.isEmpty || sums == [lied.honestSurvivors(of: 0)])
        }
    }

    @Test func `B2 – boxes that are withheld take the circle apart where masks are not bound`() throws {
        let round = Self.planned([(200, 20), (500, 20)], seed: 2)
        let lied = try #require(GraphLies.withheldBoxes(round, from: 200, gap: 252, recruiting: false))
        let sizes = Self.sizes(lied, Self.withoutBoundMasks)
        #expect(sizes.count == 1 && (200..<320).contains(sizes.first ?? 0), "\(sizes)")
        #expect(lied.allowedStatements(under: .all) == [true])
        Self.expectNothing(lied)
    }

    @Test func `B3 – who knows the witnesses beforehand needs no luck with corrupt clients`() throws {
        let round = GraphLies.round(
            clients: 1_000, neighbors: 32, threshold: 22, corrupt: 100, planted: [(100, 5), (300, 5)], seed: 0)
        let lied = try #require(GraphLies.withheldBoxes(round, from: 100, gap: 184, recruiting: true))
        let sizes = Self.sizes(lied, Self.earlier)
        #expect(sizes.count == 1 && (150..<220).contains(sizes.first ?? 0), "\(sizes)")
        #expect(lied.allowedStatements(under: .all).allSatisfy { $0 })
        // Either rule alone stops this one.
        #expect(Self.sizes(lied, Self.withoutBoundMasks).isEmpty)
        #expect(Self.sizes(lied, Self.knownWitnesses).isEmpty)
        Self.expectNothing(lied)
    }

    @Test func `B4 – with bound masks too a few vectors open if the witnesses are known beforehand`() throws {
        var found: [Int] = []
        for seed in 0..<12 as Range<UInt64> {
            let round = GraphLies.round(clients: 1_000, neighbors: 12, threshold: 8, corrupt: 50, seed: seed)
            // Luck is not on the server's side.
            guard round.honest.allSatisfy({ round.corruptNeighbors(of: $0) < 4 }),
                round.corruptInTwoRuns < round.floor
            else { continue }
            for length in stride(from: 2, through: 8, by: 2) {
                guard var lied = GraphLies.localLies(round, from: 100, length: length) else { continue }
                let asked = round.honest.filter { lied.shown[$0] != nil }
                guard GraphLies.recruit(for: asked, in: &lied, sparing: Set(asked)),
                    let size = Self.sizes(lied, Self.knownWitnesses).first
                else { continue }
                found.append(size)
                Self.expectNothing(lied)
                break
            }
        }
        #expect(found.count >= 3, "\(found)")
        #expect(found.allSatisfy { $0 <= 8 }, "\(found)")
        #expect(found.contains(1), "\(found)")
    }

    @Test func `Two halves with a statement each accept too rarely to open anything`() {
        for seed in 1...3 as ClosedRange<UInt64> {
            var lied = Self.planned(seed: seed)
            var draws = TestDraws(seed: seed)
            var list = lied.lists[0]
            for client in draws.sample(20, of: Array(0..<1_000)) { list[client] = false }
            lied.lists.append(list)
            lied.statements = [
                .init(list: 0, survivors: lied.lists[0]), .init(list: 1, survivors: list),
            ]
            // By halves of the circle, or here and there.
            for place in 0..<1_000 {
                let half = seed == 1 ? (place < 500 ? 0 : 1) : draws.below(2)
                lied.told[lied.client(at: place)] = half
                lied.shown[lied.client(at: place)] = half
            }
            var accepting = 0
            for pulse in 1...5 as ClosedRange<UInt64> {
                let accepted = lied.acceptances(under: .all, pulse: pulse)
                accepting += accepted.count { $0 != nil }
                let worst = lied.honest.map { client in
                    lied.neighborsOf[client].count { lied.isCorrupt[$0] || accepted[$0] != nil }
                }
                #expect((worst.max() ?? 0) < 2 * 67 - 96)
                #expect(lied.openedSums(accepted, under: .all).isEmpty)
            }
            // 900 honest clients, five pulses, 2^-9.5 each: six or seven if both halves are equal.
            #expect(accepting < 40, "\(accepting)")
        }
    }

    @Test func `Mixed lies open nothing but a sum over all honest survivors of the main statement`() {
        var whole = 0
        var draws = TestDraws(seed: 5)
        for seed in 1...(Self.isSlow ? 400 : 25) as ClosedRange<UInt64> {
            var lied = GraphLies.round(
                clients: 300, neighbors: 60, threshold: 44, corrupt: 15, seed: seed)
            var away = lied.lists[0]
            let start = draws.below(300)
            for place in 0..<1 + draws.below(40) { away[lied.client(at: start + place)] = false }
            lied.lists.append(away)
            var lost = [lied.lists[0], away]
            for client in draws.sample(draws.below(30), of: Array(0..<300)) { lost[0][client] = false }
            let wall = draws.below(300)
            for place in 0..<draws.below(20) { lost[draws.below(2)][lied.client(at: wall + place)] = false }
            lied.statements = [
                .init(list: 0, survivors: lost[0]), .init(list: 1, survivors: zip(away, lost[1]).map { $0 && $1 }),
                .init(list: 0, survivors: lied.lists[0]),
            ]
            lied.shown = lost[0].map { $0 ? 0 : nil }
            // A stretch, or some here and there, is told something else.
            let (from, length, share) = (draws.below(300), draws.below(90), [0, 10, 30][draws.below(3)])
            for place in 0..<300 where (place - from + 300) % 300 < length && draws.happens(60) || draws.happens(share)
            {
                let client = lied.client(at: place)
                let choice = draws.below(4)
                lied.told[client] = choice == 3 ? nil : choice == 1 ? 1 : 0
                lied.shown[client] = choice == 3 ? nil : choice
            }
            if draws.happens(30) {
                lied.told = lied.told.map { _ in 0 }
                for client in 0..<300 where !lost[0][client] { lied.told[client] = nil }
            }
            for sum in lied.openedSums(under: .all, pulse: seed) {
                #expect(sum == lied.honestSurvivors(of: 0))
                whole += 1
            }
        }
        #expect(whole > 0)
    }

    @Test(.enabled(if: GraphLiesTests.isSlow))
    func `With 10,000 clients the lies that broke earlier rules break them and not those of today`() throws {
        func planned(_ seed: UInt64) -> LiedRound {
            GraphLies.round(clients: 10_000, neighbors: 122, threshold: 85, corrupt: 1_000, seed: seed)
        }
        let local = try #require(
            GraphLies.leastLocalLies(
                planned(1), starts: [0, 3_000, 6_000], lengths: stride(from: 4, through: 80, by: 4)))
        let stretch = Self.sizes(local, Self.ownViews)
        #expect(stretch.count == 1 && (20..<60).contains(stretch.first ?? 0), "\(stretch)")
        Self.expectNothing(local)
        var found: [Int] = []
        for seed in 0..<8 as Range<UInt64> {
            let round = planned(seed)
            let runs = round.corruptRuns
            let starts = runs.indices.sorted { (runs[$0], $1) > (runs[$1], $0) }.prefix(40)
            let pairs = starts.flatMap { one in
                starts.compactMap { other in
                    let gap = (other - one + 10_000) % 10_000 - 61
                    return gap < 61 || gap > 9_000 ? nil : (one, gap, -min(24, runs[one]) - min(24, runs[other]))
                }
            }
            guard let best = pairs.min(by: { ($0.2, $0.1) < ($1.2, $1.1) }),
                let lied = GraphLies.withheldBoxes(round, from: best.0, gap: best.1, recruiting: true)
            else { continue }
            found += Self.sizes(lied, Self.earlier).prefix(1)
            Self.expectNothing(lied)
        }
        #expect(!found.isEmpty)
        #expect(found.allSatisfy { $0 < 8_000 }, "\(found)")
    }
}
