// SPDX-License-Identifier: Apache-2.0

import PairwiseMasking
import ProtocolCryptography
import RingArithmetic
@_spi(Simulation) import SecureAggregation
@_spi(Simulation) import SecureRandomness

/// Everything that a server can tell the clients of one small session on the complete graph about sharers, boxes,
/// survivors and signatures: all combinations.
///
/// Each client is a production client, run once for each lie that it can be told. Clients see nothing of one another but
/// what the server passes on, so what they do together is what each does alone, with one coupling: which signatures exist.
/// The combinations over clients are enumerated on that (`leaks`; Documentation/LyingServers.md says why nothing is
/// lost).
struct EveryLie {
    /// A lie about sharers and boxes that a client answered, and the statements that it would sign after it.
    struct Answer {
        let delivered: Set<Int>
        let maskBinding: HashDigest
        let form: [LinearForm]
        var statements: Set<Statement> = []
    }

    let count: Int
    let threshold: Int
    let corrupt: Int
    let cohort: Int
    let registry = SymbolRegistry()
    /// The positions from 0 of honest clients; the colluders are the last ones.
    let honest: [Int]
    private(set) var answers: [Int: [Answer]] = [:]
    /// How often a client was told something, and refused.
    private(set) var lies = 0
    private(set) var refused = 0
    /// What a client did other than the abstraction says: nothing.
    private(set) var surprises: [String] = []
    /// The masks that there can be under one set of sharers.
    private struct Masks {
        var own: [Int: MaskFingerprint] = [:]
        var ofPairs: [Set<Int>: MaskFingerprint] = [:]
    }
    private var masks: [HashDigest: Masks] = [:]

    init(count: Int, threshold: Int, corrupt: Int, cohort: Int, waiving waived: Set<SecAggRefusal> = []) throws {
        self.count = count
        self.threshold = threshold
        self.corrupt = corrupt
        self.cohort = cohort
        honest = Array(0..<count - corrupt)
        try SymbolRegistry.$current.withValue(registry) { try tellEverything(waiving: waived) }
    }

    private mutating func tellEverything(waiving waived: Set<SecAggRefusal>) throws {
        let ids = (1...UInt32(count)).map { PartyID($0) }
        let context = RoundContext(task: "every lie", round: 1)
        var clients: [LiedTo] = []
        for id in ids {
            // Every copy of a client is another world, with a journal of its own below.
            var scheme = try SecAgg<LinearForm>(
                contributors: ids, server: LyingSession.server, threat: .semiMalicious, threshold: threshold,
                dimension: 1, width: RingWidth(bits: 64), minimumCohort: MinimumCohort(cohort))
            scheme.waivedRefusals = waived.union([.sharesAlreadyReleased])
            clients.append(
                try LiedTo(
                    id, scheme: scheme, context: context, seed: 1,
                    vector: [registry.form(of: .input(id, coordinate: 0, run: 0))]))
        }
        let format = clients[0].scheme.messageFormat(in: context)
        let entries = clients.map { RosterEntry(id: $0.id, keys: $0.advertisement) }
        let bodies = Dictionary(
            uniqueKeysWithValues: clients.map {
                (
                    $0.id,
                    Array(
                        LiedTo.Message.advertisement($0.advertisement).encoded(as: format)
                            .dropFirst(Recording.headerByteCount))
                )
            })
        let binding = SecAggDerivation.binding(
            session: clients[0].session, root: SecAggDerivation.root(over: bodies, contributors: ids), entropy: .zero)
        for client in clients {
            client.keys = LiedTo.Keys(
                binding: binding,
                entries: Dictionary(
                    uniqueKeysWithValues: entries.filter { $0.id != client.id }.map { ($0.id, $0.keys) }))
            let roster = KeyRoster(threat: .semiMalicious, entries: entries)
            for case .encryptedShares(let boxes) in client.tell([.roster(roster)]) {
                for box in boxes { client.boxes[box.party] = box.box }
            }
        }
        let shares = try clients.map { client in
            Dictionary(
                uniqueKeysWithValues: try client.dealtShares().map { ($0.bytes, ($0.kind, $0.holder)) })
        }
        for position in honest {
            for set in 0..<(1 << count) where set >> position & 1 == 0 {
                let delivered = Set((0..<count).filter { set >> $0 & 1 == 1 })
                let list = delivered.sorted().compactMap { peer in
                    clients[peer].boxes[clients[position].id].map { AddressedBox(party: ids[peer], box: $0) }
                }
                for sharers in 0..<(1 << count) {
                    let client = LiedTo(copying: clients[position])
                    lies += 1
                    var answer: Answer?
                    let told = Set((0..<count).filter { sharers >> $0 & 1 == 1 })
                    for case .maskedVector(let vector) in client.deliver(list, sharers: told) {
                        var decoder = WireDecoder(
                            Array(
                                LiedTo.Message.maskedVector(vector).encoded(as: format)
                                    .dropFirst(Recording.headerByteCount)))
                        answer = Answer(
                            delivered: delivered, maskBinding: client.maskBinding,
                            form: try decoder.readVector(as: format))
                    }
                    guard var answer else {
                        refused += 1
                        continue
                    }
                    if masks[client.maskBinding] == nil { try deriveMasks(clients, under: client.maskBinding) }
                    for survivors in 0..<(1 << count) {
                        let statement = Statement(
                            maskBinding: client.maskBinding,
                            survivors: Set((0..<count).filter { survivors >> $0 & 1 == 1 }), count: count)
                        if try sign(statement, LiedTo(copying: client), clients, answer.delivered, shares) {
                            answer.statements.insert(statement)
                        }
                    }
                    answers[position, default: []].append(answer)
                }
            }
        }
    }

    private mutating func deriveMasks(_ clients: [LiedTo], under maskBinding: HashDigest) throws {
        let keys = KeySchedule(session: maskBinding, round: 1)
        var masks = Masks()
        for (low, client) in clients.enumerated() {
            masks.own[low] = try MaskFingerprint(
                of: MaskGenerator(
                    key: keys.key(
                        from: client.selfSeed, for: .selfMask, from: client.id.rawValue, to: client.id.rawValue,
                        bits: 64)))
            for (high, other) in clients.enumerated() where low < high {
                let secret = try client.maskKey.sharedSecret(with: other.maskKey.publicKey)
                masks.ofPairs[[low, high]] = try MaskFingerprint(
                    of: MaskGenerator(
                        key: keys.key(
                            from: secret, for: .pairwiseMask, from: client.id.rawValue, to: other.id.rawValue, bits: 64,
                            publicKeys: [client.maskKey.publicKey, other.maskKey.publicKey])))
            }
        }
        self.masks[maskBinding] = masks
    }

    /// Whether a client signs a statement; and if so, that it then reveals for exactly t − 1 signatures of others under
    /// it, and what.
    private mutating func sign(
        _ statement: Statement, _ client: LiedTo, _ clients: [LiedTo], _ delivered: Set<Int>,
        _ shares: [[[UInt8]: (ClientSecret.Kind, PartyID)]]
    ) throws -> Bool {
        lies += 1
        guard case .signature? = client.tell([statement.message]).first else {
            refused += 1
            return false
        }
        var other = statement
        other.survivors.formSymmetricDifference([(client.position + 1) % count])
        func signature(of peer: LiedTo, under statement: Statement) throws -> SurvivorSignature? {
            try peer.signingKey.map {
                SurvivorSignature(
                    id: peer.id,
                    signature: try $0.signature(of: statement.signedBytes(by: peer.id)))
            }
        }
        let peers = clients.filter { $0.id != client.id }
        let valid = try peers.map { try signature(of: $0, under: statement) }
        let wrong = try peers.map { try signature(of: $0, under: other) }
        for set in 0..<(1 << peers.count) {
            // These have signed it; and with one of them who has signed another one in place of it.
            let list = peers.indices.filter { set >> $0 & 1 == 1 }.compactMap { valid[$0] }
            let told = LiedTo(copying: client)
            lies += 1
            var revealed: [RevealedShare]?
            for case .revealedShares(let list) in told.tell([.signatures(list)]) { revealed = list }
            if (revealed != nil) != (list.count >= threshold - 1) {
                surprises.append("\(client.id) with \(list.count) signatures")
            }
            if revealed == nil { refused += 1 }
            if let revealed, list.count == threshold - 1 {
                let dealers = Set(revealed.map { Int($0.of.rawValue) - 1 })
                if dealers != delivered.union([client.position]) { surprises.append("\(client.id): \(dealers)") }
                for share in revealed {
                    let dealer = Int(share.of.rawValue) - 1
                    let found = shares[dealer][SecAggSecrets.copy(of: share.share)]
                    let kind: ClientSecret.Kind = statement.survivors.contains(dealer) ? .selfSeed : .maskSeed
                    if found?.0 != kind || found?.1 != client.id { surprises.append("\(client.id) of \(dealer)") }
                }
                let first = peers.firstIndex { $0.id == list.first?.id } ?? 0
                let forged = [wrong[first]].compactMap { $0 } + list.dropFirst()
                let misled = LiedTo(copying: client)
                lies += 1
                refused += 1
                for case .revealedShares in misled.tell([.signatures(forged)]) {
                    surprises.append("\(client.id) with a signature under another statement")
                }
            }
        }
        return true
    }

    /// One client's part in a combination.
    private struct Choice {
        let answer: Answer
        /// What it releases shares for.
        let statement: Statement?
    }

    /// The combinations that open a sum over too few, out of how many.
    ///
    /// A client that releases nothing is as well shown nothing; a statement is released by nobody unless t − c honest
    /// clients sign it, and colluders add c signatures and c shares to each.
    func leaks() -> (leaks: Int, combinations: Int, fewest: Int?) {
        var found = (leaks: 0, combinations: 0, fewest: Int?.none)
        let statements = Set(answers.values.flatMap { $0.flatMap(\.statements) })
        extend([:], groupsFrom: Array(statements).sorted { $0.digest.description < $1.digest.description }[...]) {
            groups in
            // Every answer about boxes of those who release nothing.
            var combinations: [[Int: Choice]] = [[:]]
            for client in honest {
                let choices: [Choice]
                if let statement = groups[client] {
                    choices = (answers[client] ?? []).filter { $0.statements.contains(statement) }.map {
                        Choice(answer: $0, statement: statement)
                    }
                } else {
                    choices = (answers[client] ?? []).map { Choice(answer: $0, statement: nil) }
                }
                combinations = combinations.flatMap { head in
                    choices.map { choice in head.merging([client: choice]) { first, _ in first } }
                }
            }
            for combination in combinations {
                found.combinations += 1
                if let fewest = leak(of: combination) {
                    found.leaks += 1
                    found.fewest = min(fewest, found.fewest ?? fewest)
                }
            }
        }
        return found
    }

    /// Every way to have some statements released, each by a group of clients.
    private func extend(
        _ groups: [Int: Statement], groupsFrom statements: ArraySlice<Statement>, body: ([Int: Statement]) -> Void
    ) {
        body(groups)
        for (index, statement) in zip(statements.indices, statements) {
            let able = honest.filter { client in
                groups[client] == nil
                    && (answers[client] ?? []).contains { $0.statements.contains(statement) }
            }
            guard able.count >= threshold - corrupt else { continue }
            for set in 0..<(1 << able.count) where set.nonzeroBitCount >= max(1, threshold - corrupt) {
                var more = groups
                for (number, client) in able.enumerated() where set >> number & 1 == 1 { more[client] = statement }
                extend(more, groupsFrom: statements[(index + 1)...], body: body)
            }
        }
    }

    /// The fewest inputs in a sum that the server can compute, if they are too few.
    private func leak(of combination: [Int: Choice]) -> Int? {
        // Whose secrets the server has.
        var known: [ClientSecret.Kind: Set<Int>] = [:]
        for dealer in 0..<count {
            var holders: [ClientSecret.Kind: Int] = [.selfSeed: corrupt, .maskSeed: corrupt]
            for (holder, choice) in combination {
                guard let statement = choice.statement,
                    holder == dealer || choice.answer.delivered.contains(dealer)
                else { continue }
                holders[statement.survivors.contains(dealer) ? .selfSeed : .maskSeed, default: 0] += 1
            }
            for (kind, have) in holders where dealer >= count - corrupt || have >= threshold {
                known[kind, default: []].insert(dealer)
            }
        }
        // A client's own mask is in no other form: without it, its vector serves no combination.
        let open = combination.filter { known[.selfSeed, default: []].contains($0.key) }
        guard !open.isEmpty else { return nil }
        // Under all sharers that were told to anybody.
        var knownMasks: Set<MaskFingerprint> = []
        for maskBinding in Set(open.values.map(\.answer.maskBinding)) {
            guard let masks = masks[maskBinding] else { continue }
            for (dealer, mask) in masks.own where known[.selfSeed, default: []].contains(dealer) {
                knownMasks.insert(mask)
            }
            for (pair, mask) in masks.ofPairs where !pair.isDisjoint(with: known[.maskSeed, default: []]) {
                knownMasks.insert(mask)
            }
        }
        let view = AdversaryView(
            ring: .words(bits: 64), symbols: registry.symbols, forms: open.values.flatMap(\.answer.form),
            knownMasks: knownMasks)
        return LyingServer.fewestInputs(in: view.learned(), below: max(2, cohort - corrupt))
    }
}
