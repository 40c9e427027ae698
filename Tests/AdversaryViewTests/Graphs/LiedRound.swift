// SPDX-License-Identifier: Apache-2.0

import PairwiseMasking
import ProtocolCryptography
import SecureAggregation

/// When the witnesses of a statement's signers are known.
enum WitnessRule {
    /// Nobody compares anything: a client goes by its own view.
    case nobody
    /// As soon as the statement is.
    case knownBefore
    /// When it is fixed who signed.
    case drawnAfter
}

/// The rules that clients of `secagg+` keep against a server that lies; each can be switched off.
struct GraphRules {
    /// Masks are derived from the sharers, and boxes are held against the sharers before anybody masks. If not, boxes are
    /// held against the sharers that come with the survivors, and masks depend on nothing.
    var bindsMasks = true
    /// Two disjoint runs of k/2 places hold ⌈(3t − k)/2⌉ survivors.
    var holdsCircle = true
    var witnesses = WitnessRule.drawnAfter

    static var all: GraphRules { GraphRules() }
}

/// One round of `secagg+` in which the server lies: who is told what, who gives which share, and which sums open.
/// Clients are named by their position. What is counted here is shares and masks, by the rules alone: no secrets, no
/// proof (Documentation/SparseGraphs.md has that).
struct LiedRound {
    struct Statement: Equatable {
        /// An index of `lists`.
        var list: Int
        var survivors: [Bool]
    }

    let circle: MaskingCircle
    let isCorrupt: [Bool]
    let threshold: Int
    let neighborsOf: [[Int]]

    /// The sets of sharers that the server has in store.
    var lists: [[Bool]]
    /// Which of `lists` a client is told; nil: its masked vector never came.
    var told: [Int?]
    /// Boxes that are kept from a client.
    var withheld: [Int: Set<Int>] = [:]
    var statements: [Statement] = []
    /// Which statement a client is shown; nil: none.
    var shown: [Int?]

    init(circle: MaskingCircle, isCorrupt: [Bool], threshold: Int) {
        self.circle = circle
        self.isCorrupt = isCorrupt
        self.threshold = threshold
        let count = circle.places.count
        var neighborsOf = [[Int]](repeating: [], count: count)
        for place in 0..<count { neighborsOf[Int(circle.places[place])] = circle.neighbors(ofPlace: place) }
        self.neighborsOf = neighborsOf
        lists = [[Bool](repeating: true, count: count)]
        told = [Int?](repeating: 0, count: count)
        shown = [Int?](repeating: nil, count: count)
    }

    var count: Int { circle.places.count }
    /// k/2.
    var run: Int { circle.neighbors / 2 }
    /// ⌈(3t − k)/2⌉.
    var floor: Int { MaskingPlan.cutFloor(neighbors: circle.neighbors, threshold: threshold) }
    var honest: [Int] { (0..<count).filter { !isCorrupt[$0] } }
    func corruptNeighbors(of client: Int) -> Int { neighborsOf[client].count { isCorrupt[$0] } }
    /// The client at a place; places go around.
    func client(at place: Int) -> Int { Int(circle.places[(place % count + count) % count]) }
    /// The corrupt clients in the run that begins at each place.
    var corruptRuns: [Int] {
        (0..<count).map { start in (0..<run).count { isCorrupt[client(at: start + $0)] } }
    }
    /// The most corrupt clients in two disjoint runs.
    var corruptInTwoRuns: Int {
        let honestSet = ClientSet(positions: honest, of: count)
        return 2 * run - circle.weakestCut(honestSet)
    }

    // MARK: What clients do

    /// The neighbors whose boxes a client masks with; nil if it sends no vector.
    func boxes(of client: Int, under rules: GraphRules) -> Set<Int>? {
        guard !isCorrupt[client], let list = told[client], lists[list][client] else { return nil }
        let due = neighborsOf[client].filter { lists[list][$0] }
        let kept = withheld[client] ?? []
        if rules.bindsMasks && due.contains(where: kept.contains) { return nil }
        let boxes = due.filter { !kept.contains($0) }
        return boxes.count >= threshold ? Set(boxes) : nil
    }

    /// The statement that a client signs.
    func signed(by client: Int, boxes: Set<Int>, allowed: [Bool], under rules: GraphRules) -> Int? {
        guard let index = shown[client], allowed[index] else { return nil }
        let statement = statements[index]
        guard statement.survivors[client],
            neighborsOf[client].count(where: { statement.survivors[$0] }) >= threshold
        else { return nil }
        if rules.bindsMasks { return lists[statement.list] == told[client].map { lists[$0] } ? index : nil }
        if rules.witnesses == .nobody { return index }
        return neighborsOf[client].allSatisfy { lists[statement.list][$0] == boxes.contains($0) } ? index : nil
    }

    /// Whether clients pass each statement, as far as all see the same.
    func allowedStatements(under rules: GraphRules) -> [Bool] {
        statements.map { statement in
            guard rules.holdsCircle else { return true }
            let survivors = ClientSet(positions: (0..<count).filter { statement.survivors[$0] }, of: count)
            return circle.weakestCut(survivors) >= floor
        }
    }

    func digest(of statement: Int) -> HashDigest {
        let (list, survivors) = (lists[statements[statement].list], statements[statement].survivors)
        let sharers = ClientSet(positions: (0..<count).filter { list[$0] }, of: count)
        return SurvivorStatement(
            maskBinding: SurvivorStatement.maskBinding(.zero, sharers: sharers),
            survivors: ClientSet(positions: (0..<count).filter { survivors[$0] }, of: count)
        ).digest
    }

    func witnesses(of client: Int, statement: HashDigest, pulse: UInt64?) -> [Int] {
        let entropy = pulse.map { HashDigest(of: Array("pulse \($0)".utf8)) } ?? .zero
        return WitnessDraw.witnesses(
            of: PartyID(UInt32(client)), at: client, statement: statement, signatureRoot: .zero, entropy: entropy,
            neighbors: circle.neighbors, count: count)
    }

    /// Under which statement each client releases shares, if clients keep these rules and the beacon's second pulse is
    /// `pulse`. Corrupt clients sign everything.
    func acceptances(under rules: GraphRules, pulse: UInt64) -> [Int?] {
        let allowed = allowedStatements(under: rules)
        let signed = (0..<count).map { client in
            boxes(of: client, under: rules).flatMap {
                self.signed(by: client, boxes: $0, allowed: allowed, under: rules)
            }
        }
        guard rules.witnesses != .nobody else { return signed }
        let digests = statements.indices.map(digest(of:))
        return (0..<count).map { client in
            guard let index = signed[client] else { return nil }
            let witnesses = witnesses(
                of: client, statement: digests[index], pulse: rules.witnesses == .drawnAfter ? pulse : nil)
            return witnesses.count { isCorrupt[$0] || signed[$0] == index } >= threshold ? index : nil
        }
    }

    // MARK: What the server learns

    /// The secrets that open, of honest clients.
    func openedSecrets(_ accepted: [Int?], under rules: GraphRules) -> (selfMask: [Bool], maskKey: [Bool]) {
        var selfMask = [Int](repeating: 0, count: count)
        var maskKey = selfMask
        for (holder, index) in accepted.enumerated() {
            guard let index, let boxes = boxes(of: holder, under: rules) else { continue }
            for dealer in boxes {
                if statements[index].survivors[dealer] { selfMask[dealer] += 1 } else { maskKey[dealer] += 1 }
            }
        }
        let corrupt = (0..<count).map(corruptNeighbors(of:))
        return (
            (0..<count).map { !isCorrupt[$0] && selfMask[$0] + corrupt[$0] >= threshold },
            (0..<count).map { !isCorrupt[$0] && maskKey[$0] + corrupt[$0] >= threshold }
        )
    }

    /// The least sets of honest clients whose sum the server learns, ascending by size.
    ///
    /// A mask that two masked vectors share, and that the server does not know, forces both into the sum; a mask of one
    /// alone that it does not know keeps it out.
    func openedSums(_ accepted: [Int?], under rules: GraphRules) -> [[Int]] {
        let (selfMask, maskKey) = openedSecrets(accepted, under: rules)
        let boxes = (0..<count).map { self.boxes(of: $0, under: rules) }
        var seen = [Bool](repeating: false, count: count)
        var sums: [[Int]] = []
        for start in 0..<count where boxes[start] != nil && !seen[start] {
            seen[start] = true
            var members = [start]
            var next = 0
            var opens = true
            while next < members.count {
                let client = members[next]
                next += 1
                opens = opens && selfMask[client]
                for peer in boxes[client] ?? [] where !isCorrupt[peer] && !maskKey[peer] && !maskKey[client] {
                    guard boxes[peer]?.contains(client) == true, !rules.bindsMasks || hasSameList(client, peer) else {
                        opens = false
                        continue
                    }
                    if !seen[peer] {
                        seen[peer] = true
                        members.append(peer)
                    }
                }
            }
            if opens { sums.append(members.sorted()) }
        }
        return sums.sorted { $0.count < $1.count }
    }

    private func hasSameList(_ client: Int, _ peer: Int) -> Bool {
        guard let one = told[client], let other = told[peer] else { return false }
        return one == other || lists[one] == lists[other]
    }

    func openedSums(under rules: GraphRules, pulse: UInt64 = 1) -> [[Int]] {
        openedSums(acceptances(under: rules, pulse: pulse), under: rules)
    }

    /// The honest clients that a statement calls survivors.
    func honestSurvivors(of statement: Int) -> [Int] {
        honest.filter { statements[statement].survivors[$0] }
    }
}
