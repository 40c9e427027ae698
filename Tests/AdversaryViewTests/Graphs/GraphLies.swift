// SPDX-License-Identifier: Apache-2.0

import PairwiseMasking
import ProtocolCryptography

/// The lies that the search tries on circles of hundreds and thousands of clients (Documentation/SparseGraphs.md has them
/// by the same letters). Each returns the round as the server plays it; what opens, the round says.
enum GraphLies {
    /// A circle drawn as in a round, with corrupt clients here and there, or so many of them in two given runs of places.
    static func round(
        clients: Int, neighbors: Int, threshold: Int, corrupt: Int, planted: [(place: Int, corrupt: Int)] = [],
        seed: UInt64
    ) -> LiedRound {
        let circle = MaskingCircle(
            count: clients, neighbors: neighbors, binding: .init(of: Array("circle \(seed)".utf8)))
        var draws = TestDraws(seed: seed)
        var isCorrupt = [Bool](repeating: false, count: clients)
        var free = Set(0..<clients)
        var left = corrupt
        for run in planted {
            let places = (run.place..<run.place + neighbors / 2).map { $0 % clients }
            for place in draws.sample(run.corrupt, of: places) { isCorrupt[Int(circle.places[place])] = true }
            free.subtract(places)
            left -= run.corrupt
        }
        for place in draws.sample(max(0, left), of: free.sorted()) { isCorrupt[Int(circle.places[place])] = true }
        return LiedRound(circle: circle, isCorrupt: isCorrupt, threshold: threshold)
    }

    // MARK: A and B1: clients are called lost

    /// The fewest honest clients that separate two others, by position: a least cut of the graph of honest clients.
    static func leastWall(between source: Int, and sink: Int, of round: LiedRound) -> [Int] {
        // Node 2v is where masks of v come in, 2v + 1 where they go out.
        var network = FlowNetwork(nodes: 2 * round.count)
        let unlimited = round.count
        for client in round.honest {
            let isEnd = client == source || client == sink
            network.addArc(from: 2 * client, to: 2 * client + 1, capacity: isEnd ? unlimited : 1)
            for peer in round.neighborsOf[client] where !round.isCorrupt[peer] {
                network.addArc(from: 2 * client + 1, to: 2 * peer, capacity: unlimited)
            }
        }
        _ = network.maximumFlow(from: 2 * source, to: 2 * sink + 1)
        let isReached = network.reachable(from: 2 * source)
        return round.honest.filter { isReached[2 * $0] && !isReached[2 * $0 + 1] }
    }

    /// How many honest survivors keep two others in one piece.
    static func connectivity(between source: Int, and sink: Int, of round: LiedRound, among survivors: [Bool]) -> Int {
        var network = FlowNetwork(nodes: 2 * round.count)
        for client in round.honest where survivors[client] {
            let isEnd = client == source || client == sink
            network.addArc(from: 2 * client, to: 2 * client + 1, capacity: isEnd ? round.count : 1)
            for peer in round.neighborsOf[client] where !round.isCorrupt[peer] && survivors[peer] {
                network.addArc(from: 2 * client + 1, to: 2 * peer, capacity: 1)
            }
        }
        return network.maximumFlow(from: 2 * source, to: 2 * sink + 1)
    }

    /// B1: one statement for all, in which a least wall is lost.
    static func consistentLie(_ round: LiedRound, between source: Int, and sink: Int) -> LiedRound {
        var lied = round
        var survivors = [Bool](repeating: true, count: round.count)
        for client in leastWall(between: source, and: sink, of: round) { survivors[client] = false }
        lied.statements = [.init(list: 0, survivors: survivors)]
        lied.shown = [Int?](repeating: 0, count: round.count)
        return lied
    }

    /// A: around a stretch of the circle, everybody is told that other neighbors were lost, and nobody that too many were.
    /// A flow from those to be called lost to those who are to say so decides whether it can be done.
    static func localLies(_ round: LiedRound, from start: Int, length: Int) -> LiedRound? {
        let (run, threshold) = (round.run, round.threshold)
        let stretch = (start..<start + length).map(round.client(at:))
        let walls =
            (start - run..<start).map(round.client(at:))
            + (start + length..<start + length + run).map(round.client(at:))
        let wall = walls.filter { !round.isCorrupt[$0] }
        guard stretch.contains(where: { !round.isCorrupt[$0] }) else { return nil }
        let (source, sink) = (2 * round.count, 2 * round.count + 1)
        var network = FlowNetwork(nodes: 2 * round.count + 2)
        var holders: Set<Int> = []
        var needed = 0
        for dealer in wall {
            let need = max(0, threshold - round.corruptNeighbors(of: dealer))
            needed += need
            network.addArc(from: source, to: dealer, capacity: need)
            for holder in round.neighborsOf[dealer] where !round.isCorrupt[holder] {
                network.addArc(from: dealer, to: round.count + holder, capacity: 1)
                holders.insert(holder)
            }
        }
        for holder in holders.sorted() {
            network.addArc(from: round.count + holder, to: sink, capacity: round.circle.neighbors - threshold)
        }
        guard network.maximumFlow(from: source, to: sink) == needed else { return nil }
        var lied = round
        lied.shown = [Int?](repeating: nil, count: round.count)
        var calls: [Int: [Int]] = [:]
        for dealer in wall {
            for holder in network.saturated(from: dealer) { calls[holder - round.count, default: []].append(dealer) }
        }
        let everybody = [Bool](repeating: true, count: round.count)
        let involved = Set(stretch.flatMap { round.neighborsOf[$0] } + stretch).union(holders)
        for client in involved.sorted() where !round.isCorrupt[client] {
            var survivors = everybody
            for dealer in calls[client] ?? [] { survivors[dealer] = false }
            let statement = LiedRound.Statement(list: 0, survivors: survivors)
            if let known = lied.statements.firstIndex(of: statement) {
                lied.shown[client] = known
            } else {
                lied.shown[client] = lied.statements.count
                lied.statements.append(statement)
            }
        }
        return lied
    }

    /// The least stretch for which `localLies` works, over these starts.
    static func leastLocalLies(_ round: LiedRound, starts: [Int], lengths: some Sequence<Int>) -> LiedRound? {
        for length in lengths {
            for start in starts {
                if let lied = localLies(round, from: start, length: length) { return lied }
            }
        }
        return nil
    }

    /// Has clients that nothing else is asked of sign the statements of a few, so that those accept them: what a server
    /// does that knows the witnesses beforehand. False if it runs out of clients.
    static func recruit(for clients: [Int], in lied: inout LiedRound, sparing spared: Set<Int>) -> Bool {
        var isUsed = spared
        let groups = Dictionary(grouping: clients) { lied.shown[$0] ?? -1 }.sorted { $0.key < $1.key }
        for (index, members) in groups where index >= 0 {
            let digest = lied.digest(of: index)
            var signers = Set(members)
            var asking: [Int: [Int]] = [:]
            var lacking: [Int: Int] = [:]
            for client in members {
                let witnesses = lied.witnesses(of: client, statement: digest, pulse: nil)
                lacking[client] =
                    lied.threshold - witnesses.count { lied.isCorrupt[$0] || signers.contains($0) }
                for witness in witnesses
                where !lied.isCorrupt[witness] && !signers.contains(witness) && !isUsed.contains(witness) {
                    asking[witness, default: []].append(client)
                }
            }
            while lacking.values.contains(where: { $0 > 0 }) {
                // The client whose signature serves the most.
                func service(_ witness: Int) -> Int { (asking[witness] ?? []).count { lacking[$0, default: 0] > 0 } }
                guard let best = asking.keys.sorted().max(by: { service($0) < service($1) }), service(best) > 0 else {
                    return false
                }
                for client in asking.removeValue(forKey: best) ?? [] { lacking[client, default: 0] -= 1 }
                signers.insert(best)
                isUsed.insert(best)
                lied.shown[best] = index
            }
        }
        return true
    }

    // MARK: B2 and B3: boxes are withheld

    /// What stands between the inside and the outside: one run of k/2 places, from the outside in.
    private struct Wall {
        let places: [Int]
        /// The client so many places outside.
        let outside: (Int) -> Int
    }

    /// B2: two runs of k/2 places, `gap` places apart. Their outer honest clients are called lost, the others get no boxes
    /// from the outside, are shown nothing, and stand among the survivors. B3: if there are too many of them, those that
    /// are too many are shown statements of their own, one for each wall, and others recruited to sign these.
    static func withheldBoxes(_ round: LiedRound, from start: Int, gap: Int, recruiting: Bool) -> LiedRound? {
        let (run, threshold, slack) = (round.run, round.threshold, round.circle.neighbors - round.threshold)
        var lied = round
        let end = start + run + gap
        let walls = [
            Wall(places: (0..<run).map { start + $0 }, outside: { round.client(at: start - $0) }),
            Wall(places: (0..<run).map { end + run - 1 - $0 }, outside: { round.client(at: end + run - 1 + $0) }),
        ]
        var survivors = [Bool](repeating: true, count: round.count)
        lied.shown = [Int?](repeating: 0, count: round.count)
        var apart: [(wall: Int, depth: Int, client: Int)] = []
        var lost: [[Int]] = []
        var spared: Set<Int> = []
        func hidden(_ wall: Wall, depth: Int) -> [Int] {
            depth >= run ? [] : (1...run - depth).map(wall.outside).filter { !round.isCorrupt[$0] }
        }
        for (number, wall) in walls.enumerated() {
            let honest = wall.places.enumerated().map { (depth: $0.offset, client: round.client(at: $0.element)) }
                .filter { !round.isCorrupt[$0.client] }
            let silent = honest.prefix(min(honest.count, slack))
            for member in honest.dropFirst(silent.count) { apart.append((number, member.depth, member.client)) }
            // As few are called lost as the others can do without boxes.
            let firstHidden = silent.firstIndex { hidden(wall, depth: $0.depth).count <= slack } ?? silent.count
            lost.append(silent.prefix(firstHidden).map(\.client))
            for member in silent.prefix(firstHidden) { survivors[member.client] = false }
            for member in silent {
                lied.shown[member.client] = nil
                spared.insert(member.client)
            }
            for member in silent.dropFirst(firstHidden) {
                lied.withheld[member.client] = Set(hidden(wall, depth: member.depth))
            }
        }
        lied.statements = [.init(list: 0, survivors: survivors)]
        guard recruiting || apart.isEmpty else { return nil }
        for (number, wall) in walls.enumerated() {
            let members = apart.filter { $0.wall == number }
            guard let outermost = members.first else { continue }
            // Their sharers leave out those whose boxes they did not get.
            let away = hidden(wall, depth: outermost.depth)
            var list = [Bool](repeating: true, count: round.count)
            for client in away { list[client] = false }
            var statement = LiedRound.Statement(list: lied.lists.count, survivors: list)
            for client in lost[number] { statement.survivors[client] = false }
            lied.lists.append(list)
            for member in members {
                lied.shown[member.client] = lied.statements.count
                lied.withheld[member.client] = Set(away)
                spared.insert(member.client)
            }
            lied.statements.append(statement)
            // Whoever has one of these for a neighbor would see that they are missing.
            spared.formUnion(away + away.flatMap { round.neighborsOf[$0] })
            for place in wall.places {
                spared.formUnion(round.neighborsOf[round.client(at: place)])
            }
        }
        guard threshold > slack, recruit(for: apart.map(\.client), in: &lied, sparing: spared) else { return nil }
        return lied
    }
}
