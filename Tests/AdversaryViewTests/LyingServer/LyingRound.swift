// SPDX-License-Identifier: Apache-2.0

import PairwiseMasking
import ProtocolCryptography
@_spi(Simulation) import SecureAggregation
@_spi(Simulation) import SecureRandomness

/// One attempt of a round with a server that lies.
final class LyingRound {
    typealias Message = SecAggMessage<LinearForm>

    let server: LyingServer
    let session: LyingSession
    let scheme: SecAgg<LinearForm>
    let context: RoundContext
    private let format: MessageFormat
    private let clients: [PartyID: LiedTo]
    private let attempt: UInt32
    /// The first messages as they came: U1.
    private var advertisements: [PartyID: Advertisement] = [:]
    private(set) var honest: [LiedTo] = []
    private var corrupt: Set<PartyID> = []
    /// At whom lies to one client are aimed.
    private var victim: PartyID = 0
    /// Who is told something else than the others.
    private var others: Set<PartyID> = []

    init(
        server: LyingServer, scheme: SecAgg<LinearForm>, context: RoundContext, format: MessageFormat,
        clients: [PartyID: LiedTo], attempt: UInt32
    ) {
        self.server = server
        self.session = server.session
        self.scheme = scheme
        self.context = context
        self.format = format
        self.clients = clients
        self.attempt = attempt
        for (id, client) in clients { advertisements[id] = client.advertisement }
    }

    private func position(_ id: PartyID) -> Int { Int(id.rawValue) - 1 }
    private func id(_ position: Int) -> PartyID { PartyID(UInt32(position + 1)) }
    private func lies(_ lie: LiePlan.Lie) -> Bool { server.lies(lie) }
    private var isSmallLie: Bool { server.chance(server.plan.noise) }

    func run() throws {
        let entropy =
            session.threat == .curious
            ? HashDigest(of: server.randomBytes(16)) : scheme.beaconOutput(server.beacon.firstSecretPulse)
        chooseCorrupt(entropy: entropy)
        honest = clients.values.filter { !corrupt.contains($0.id) }.sorted { $0.id < $1.id }
        for client in clients.values.sorted(by: { $0.id < $1.id }) where corrupt.contains(client.id) {
            server.takeOver(client)
        }
        for client in honest { server.enroll(client) }
        victim = server.pick(honest.map(\.id)) ?? 0
        others = Set(honest.map(\.id).filter { _ in server.chance(0.5) })
        if session.isSparse { try sendNeighborhoods(entropy: entropy) } else { try sendRosters() }
        deliverBoxes()
        try announce()
    }

    // MARK: Who colludes

    /// Any clients on the complete graph; on a sparse one, clients of whom nobody has too many as neighbors, and no two
    /// runs too many: what the parameters tolerate.
    private func chooseCorrupt(entropy: HashDigest) {
        if let known = server.corrupt {
            corrupt = known
            return
        }
        let candidates = clients.keys.sorted()
        guard let degree = session.neighbors else {
            corrupt = Set(candidates.shuffled(using: &server.rng).prefix(session.corrupt))
            server.corrupt = corrupt
            return
        }
        let (_, circle, _) = graph(advertisements, entropy: entropy, of: scheme.session(in: context))
        for trial in 0..<200 {
            let size = max(0, session.corrupt - trial / 60)
            let positions = Set(candidates.shuffled(using: &server.rng).prefix(size).map(position))
            if isTolerated(positions, on: circle, degree: degree) {
                corrupt = Set(positions.map(id))
                break
            }
        }
        server.corrupt = corrupt
    }

    private func isTolerated(_ colluders: Set<Int>, on circle: [Int], degree: Int) -> Bool {
        let others = Set(0..<session.count).subtracting(colluders)
        return others.allSatisfy {
            neighbors(of: $0, circle).count { colluders.contains($0) } < 2 * session.threshold - degree
        }
            && degree - SecAggDerivation.weakestCut(others, circle: circle, degree: degree) < session.cutFloor
    }

    private func neighbors(of position: Int, _ circle: [Int]) -> [Int] {
        guard let degree = session.neighbors, let place = circle.firstIndex(of: position) else {
            return (0..<session.count).filter { $0 != position }
        }
        return (1...degree / 2).flatMap {
            [circle[(place + $0) % circle.count], circle[(place + circle.count - $0) % circle.count]]
        }.sorted()
    }

    /// Whether the neighbors among these positions connect them all.
    private func isConnected(_ positions: Set<Int>, on circle: [Int]) -> Bool {
        var left = positions
        var reached = left.popFirst().map { [$0] } ?? []
        while let position = reached.popLast() {
            let found = neighbors(of: position, circle).filter { left.contains($0) }
            left.subtract(found)
            reached += found
        }
        return left.isEmpty
    }

    private func body(_ advertisement: Advertisement) -> [UInt8] {
        Array(Message.advertisement(advertisement).encoded(as: format).dropFirst(Recording.headerByteCount))
    }

    private func graph(
        _ entries: [PartyID: Advertisement], entropy: HashDigest, of session: HashDigest
    ) -> (tree: [[HashDigest]], circle: [Int], binding: HashDigest) {
        let tree = SecAggDerivation.tree(over: entries.mapValues(body), contributors: scheme.contributors)
        let binding = SecAggDerivation.binding(
            session: session, root: tree.last?.first ?? .zero, entropy: entropy)
        return (tree, SecAggDerivation.circle(count: self.session.count, binding: binding), binding)
    }

    // MARK: Keys

    private enum FakeStyle: Int, CaseIterable { case unsigned, ofOtherThreat, signedByOther, takenFromAnother }

    /// Keys of the server's own in a client's name.
    private func fake(_ id: PartyID, _ style: FakeStyle) throws -> Advertisement {
        let (channel, mask) = (try server.inventKey(), try server.inventKey())
        let commitment = HashDigest(of: server.randomBytes(16))
        let authentication: Advertisement.Authentication
        switch (scheme.threat, style) {
        case (_, .ofOtherThreat), (.curious, _): authentication = .none
        case (.semiMalicious, _): authentication = .verifyingKey(try server.inventSigningKey().verifyingKey)
        case (.active, .signedByOther):
            authentication = .signature(
                try sign(try server.inventSigningKey(), id, channel.publicKey, mask.publicKey, commitment))
        case (.active, .takenFromAnother):
            guard case .signature(let signature)? = advertisements[id]?.authentication else { fallthrough }
            authentication = .signature(signature)
        case (.active, _): authentication = .signature([UInt8](repeating: 0, count: 64))
        }
        return Advertisement(
            channelPublicKey: channel.publicKey, maskPublicKey: mask.publicKey, selfMaskCommitment: commitment,
            authentication: authentication)
    }

    private func sign(
        _ key: SigningKey, _ id: PartyID, _ channel: KeyAgreementPublicKey, _ mask: KeyAgreementPublicKey,
        _ commitment: HashDigest
    ) throws -> [UInt8] {
        try key.signature(
            of: SecAggDerivation.signedAdvertisement(
                session: scheme.session(in: context), client: id, channel, mask, commitment))
    }

    /// Another first message of a client that colludes, well signed.
    private func variant(
        of id: PartyID, channel: KeyAgreementPublicKey? = nil, mask: KeyAgreementPublicKey? = nil
    ) throws -> Advertisement? {
        guard let client = clients[id], corrupt.contains(id), let key = client.signingKey else { return nil }
        let channel = channel ?? client.channelKey.publicKey
        let mask = mask ?? client.maskKey.publicKey
        let commitment = HashDigest(of: server.randomBytes(16))
        let authentication: Advertisement.Authentication =
            session.threat == .active
            ? .signature(try sign(key, id, channel, mask, commitment)) : .verifyingKey(key.verifyingKey)
        return Advertisement(
            channelPublicKey: channel, maskPublicKey: mask, selfMaskCommitment: commitment,
            authentication: authentication)
    }

    /// The keys that one client is shown of all clients, lies in them.
    private func entries(for client: LiedTo, base: [PartyID: Advertisement]) throws -> [PartyID: Advertisement] {
        var entries = base
        let isVictim = client.id == victim
        let isOther = others.contains(client.id)
        if (lies(.membership) && isOther) || isSmallLie {
            for id in base.keys.sorted() where id != client.id && server.chance(0.3) { entries[id] = nil }
        }
        guard session.threat == .active else { return entries }
        if lies(.equivocation) && isOther {
            for id in corrupt.sorted() {
                entries[id] = try variant(
                    of: id, channel: server.inventKey().publicKey, mask: server.inventKey().publicKey)
            }
        }
        if lies(.fakeKeys) && isVictim {
            let style = FakeStyle.allCases.randomElement(using: &server.rng) ?? .unsigned
            let isAll = server.chance(0.7)
            for id in base.keys.sorted() where id != client.id && !corrupt.contains(id) && (isAll || server.chance(0.3))
            {
                entries[id] = try fake(id, style)
            }
        }
        if isSmallLie, let id = server.pick(base.keys.filter { $0 != client.id }) {
            entries[id] = try fake(id, .unsigned)
        }
        if lies(.duplicate) && (isVictim || isOther), let id = server.pick(corrupt.filter { $0 != client.id }),
            let twin = server.pick(honest.map(\.id)), let keys = clients[twin]
        {
            entries[id] = try variant(
                of: id, channel: server.chance(0.5) ? keys.channelKey.publicKey : nil, mask: keys.maskKey.publicKey)
        }
        if lies(.ownKeys) && isVictim {
            entries[client.id] = server.chance(0.5) ? nil : try fake(client.id, .unsigned)
        }
        return entries
    }

    // MARK: Round 0

    private func sendRosters() throws {
        for client in honest {
            var entries = try entries(for: client, base: advertisements)
            if (lies(.foreign) && client.id == victim) || isSmallLie {
                entries[LyingSession.stranger] = try fake(LyingSession.stranger, .unsigned)
            }
            var threat = session.threat
            if entries.values.contains(where: { $0.authentication == .none }) { threat = .curious }
            if threat != session.threat, session.threat == .active, threat == .curious {
                // A roster has keys of one kind: those of the others are left out.
                entries = entries.filter { $0.value.authentication == .none || $0.key == client.id }
                if entries[client.id]?.authentication != Advertisement.Authentication.none { entries[client.id] = nil }
            }
            let known = entries.filter { scheme.contributors.contains($0.key) }
            let root = SecAggDerivation.root(over: known.mapValues(body), contributors: scheme.contributors)
            client.keys = LiedTo.Keys(
                binding: SecAggDerivation.binding(session: client.session, root: root, entropy: .zero),
                entries: entries.filter { $0.key != client.id })
            let list = entries.sorted { $0.key < $1.key }.map { RosterEntry(id: $0.key, keys: $0.value) }
            try take(boxesOf: client, in: client.tell([.roster(KeyRoster(threat: threat, entries: list))]))
        }
    }

    /// First messages of colluders under which as many of them as can be are neighbors of one client.
    private func grind(_ base: [PartyID: Advertisement], entropy: (HashDigest) -> HashDigest) throws -> (
        [PartyID: Advertisement], HashDigest
    ) {
        var best = (base, entropy(.zero), -1)
        let session = scheme.session(in: context)
        for trial in 0..<80 {
            var entries = base
            if !lies(.chosenEntropy), let id = corrupt.min(), let changed = try variant(of: id) {
                entries[id] = changed
            }
            let drawn = entropy(HashDigest(of: bigEndianBytes(UInt64(trial))))
            let circle = graph(entries, entropy: drawn, of: session).circle
            let most = honest.map { client in
                (client.id, neighbors(of: client.position, circle).count { corrupt.contains(id($0)) })
            }.max { $0.1 < $1.1 }
            if let most, most.1 > best.2 {
                best = (entries, drawn, most.1)
                victim = most.0
            }
            if best.2 >= self.session.threshold { break }
        }
        return (best.0, best.1)
    }

    private func sendNeighborhoods(entropy: HashDigest) throws {
        var base = advertisements
        var entropy = entropy
        var pulse = server.beacon.firstSecretPulse
        if lies(.knownPulse) {
            pulse = 1
            entropy = scheme.beaconOutput(pulse)
            let known = entropy
            base = try grind(base) { _ in known }.0
        }
        var committed = base
        if lies(.lateRoot) {
            let known = entropy
            base = try grind(base) { _ in known }.0
            if server.chance(0.2) { committed = base.filter { _ in server.chance(0.8) } }
        }
        if lies(.chosenEntropy) { (base, entropy) = try grind(base) { $0 } }
        let committedRoot = SecAggDerivation.root(over: committed.mapValues(body), contributors: scheme.contributors)
        for client in honest {
            if server.chance(server.plan.losses) { continue }
            // Another root for some; the fake keys, with paths that do not fit, under the same one.
            let isMember = lies(.membership) && others.contains(client.id)
            let own = isMember ? try entries(for: client, base: base) : base
            let hasOwnEntropy = isSmallLie
            let drawn = hasOwnEntropy ? HashDigest(of: server.randomBytes(16)) : entropy
            let (tree, circle, binding) = graph(own, entropy: drawn, of: client.session)
            let shown = isMember ? own : try entries(for: client, base: base)
            // A graph that nobody chose, as that of another attempt or of other first messages, may stand badly for these
            // colluders: the parameters make that improbable and not impossible.
            if !lies(.knownPulse), !lies(.lateRoot), !lies(.chosenEntropy), !hasOwnEntropy,
                !isTolerated(Set(corrupt.map(position)), on: circle, degree: session.neighbors ?? 0)
            {
                server.isOutsideClaim = true
            }
            let near = neighbors(of: client.position, circle).map(id)
            var present = near.filter { shown[$0] != nil }
            var absent = near.filter { shown[$0] == nil }
            if (lies(.omittedNeighbor) && (client.id == victim || others.contains(client.id))) || isSmallLie,
                let hidden = server.pick(present)
            {
                present.removeAll { $0 == hidden }
            }
            if (lies(.falseAbsence) && (client.id == victim || others.contains(client.id))) || isSmallLie,
                let hidden = server.pick(present)
            {
                present.removeAll { $0 == hidden }
                absent = (absent + [hidden]).sorted()
            }
            if lies(.foreign) || isSmallLie {
                let far = shown.keys.filter { $0 != client.id && !near.contains($0) }
                present += corrupt.filter { far.contains($0) }
                if server.chance(0.3) { present += far.filter { !corrupt.contains($0) } }
                present = Set(present).sorted()
            }
            func path(_ id: PartyID) -> [UInt8] { SecAggDerivation.path(of: position(id), in: tree) }
            var ownPath = path(client.id)
            if lies(.ownKeys) && client.id == victim { ownPath = server.randomBytes(ownPath.count) }
            var threat = session.threat
            if present.contains(where: { shown[$0]?.authentication == Advertisement.Authentication.none }) {
                threat = .curious
                present = present.filter { shown[$0]?.authentication == Advertisement.Authentication.none }
            }
            client.keys = LiedTo.Keys(
                binding: binding, entries: shown.filter { present.contains($0.key) }, tree: tree, circle: circle)
            let root = tree.last?.first ?? .zero
            let neighborhood = Neighborhood(
                threat: threat, depth: tree.count - 1, root: root, entropy: drawn, ownPath: ownPath,
                present: present.compactMap { id in
                    shown[id].map { .init(entry: RosterEntry(id: id, keys: $0), path: path(id)) }
                },
                absent: absent.map { .init(id: $0, path: path($0)) })
            if session.threat != .curious {
                let isSame = !lies(.lateRoot)
                _ = client.tell([.commitment(root: isSame ? root : committedRoot, pulse: pulse)])
            }
            try take(boxesOf: client, in: client.tell([.neighborhood(neighborhood)]))
        }
        server.beacon.passTime()
    }

    private func take(boxesOf client: LiedTo, in messages: [Message]) throws {
        for case .encryptedShares(let boxes) in messages {
            for box in boxes { client.boxes[box.party] = box.box }
            try server.note(boxesOf: client)
        }
    }

    // MARK: Round 1

    /// Who is said to have sent no boxes.
    private var silenced: PartyID?
    private var group: Set<PartyID> = []
    /// Who has shared, if the server tells the truth.
    private var sharers: Set<Int> = []
    /// Each client is told the sharers that fit its boxes, rather than the same ones as all.
    private var fitsSharers = false

    /// Who is said to have shared.
    private func sharersTold(to client: LiedTo, _ boxes: inout [PartyID: [UInt8]]) -> Set<Int> {
        var told = sharers
        if fitsSharers {
            let near = neighbors(of: client.position, client.keys?.circle ?? [])
            told.subtract(near)
            told.formUnion(near.filter { boxes[id($0)] != nil })
        }
        let isOther = others.contains(client.id)
        if (lies(.oddSharers) && isOther) || isSmallLie {
            let flipped = Int.random(in: 0..<session.count, using: &server.rng)
            if told.contains(flipped), server.chance(0.5) {
                told.remove(flipped)
                boxes[id(flipped)] = nil
            } else {
                told.formSymmetricDifference([flipped])
            }
        }
        if lies(.selfDead), isOther || client.id == victim, server.chance(0.3) { told.remove(client.position) }
        if lies(.ghosts) { told.formUnion(session.count..<session.count + session.cohort) }
        return told
    }

    private func deliverBoxes() {
        let sharers = honest.filter { !$0.boxes.isEmpty && !server.chance(server.plan.losses) }
        if lies(.resurrection) { silenced = victim }
        self.sharers = Set(sharers.filter { $0.id != silenced }.map(\.position)).union(
            corrupt.filter { advertisements[$0] != nil }.map(position))
        fitsSharers = session.threat != .curious && server.chance(0.5)
        if lies(.closedGroup) {
            // An arc of the circle, or any clients.
            let size = Int.random(in: min(session.threshold, session.count)...session.count, using: &server.rng)
            if let circle = honest.first?.keys?.circle, !circle.isEmpty {
                let start = Int.random(in: 0..<circle.count, using: &server.rng)
                group = Set((0..<size).map { id(circle[(start + $0) % circle.count]) })
            } else {
                group = Set(session.contributors.shuffled(using: &server.rng).prefix(size))
            }
        }
        for client in sharers where client.id != silenced {
            guard let keys = client.keys else { continue }
            var boxes: [PartyID: [UInt8]] = [:]
            for peer in keys.entries.keys.sorted() {
                if let sender = clients[peer], !corrupt.contains(peer),
                    sender.advertisement.channelPublicKey == keys.entries[peer]?.channelPublicKey
                {
                    guard sharers.contains(where: { $0 === sender }), peer != silenced,
                        let box = sender.boxes[client.id]
                    else { continue }
                    boxes[peer] = box
                } else {
                    // A colluder's, or a client's that the server plays: what is in it matters to nobody.
                    boxes[peer] = [UInt8](repeating: 7, count: 88)
                }
            }
            if lies(.cutOff) && client.id == victim {
                let kept = Int.random(in: 0...max(0, session.threshold - 1), using: &server.rng)
                for peer in boxes.keys.sorted().shuffled(using: &server.rng).dropFirst(kept) { boxes[peer] = nil }
            }
            if group.contains(client.id) {
                boxes = boxes.filter { group.contains($0.key) || corrupt.contains($0.key) }
            }
            if (lies(.withheldBox) && server.chance(0.5)) || isSmallLie, let peer = server.pick(boxes.keys) {
                boxes[peer] = nil
            }
            if (lies(.swappedBoxes) && server.chance(0.5)) || isSmallLie,
                let a = server.pick(boxes.keys), let b = server.pick(boxes.keys)
            {
                (boxes[a], boxes[b]) = (boxes[b], boxes[a])
            }
            if (lies(.replayedBox) && server.chance(0.5)) || isSmallLie, let peer = server.pick(boxes.keys) {
                boxes[peer] = server.oldBoxes.randomElement(using: &server.rng) ?? server.randomBytes(88)
            }
            let told = sharersTold(to: client, &boxes)
            let list = boxes.sorted { $0.key < $1.key }.map { AddressedBox(party: $0.key, box: $0.value) }
            for case .maskedVector(let vector) in client.deliver(list, sharers: told) {
                client.masked = elements(of: vector)
                client.hasMasked = true
            }
        }
        server.oldBoxes += sharers.flatMap { $0.boxes.sorted { $0.key < $1.key }.map(\.value) }
    }

    private func elements(of vector: MaskedVector<LinearForm>) -> [LinearForm] {
        let bytes = Message.maskedVector(vector).encoded(as: format)
        var decoder = WireDecoder(Array(bytes.dropFirst(Recording.headerByteCount)))
        return (try? decoder.readVector(as: format)) ?? []
    }

    // MARK: Rounds 2 to 4

    /// Whether a client finds nothing wrong with these survivors by themselves.
    private func isAcceptable(_ statement: Statement, to client: LiedTo) -> Bool {
        guard let circle = client.keys?.circle else { return false }
        let near = neighbors(of: client.position, circle)
        let alive = near.count { statement.survivors.contains($0) } + (session.isSparse ? 0 : 1)
        guard statement.survivors.contains(client.position), alive >= session.threshold,
            statement.survivors.count >= session.cohort
        else { return false }
        guard let degree = session.neighbors, session.threat != .curious else { return true }
        return SecAggDerivation.weakestCut(statement.survivors, circle: circle, degree: degree) >= session.cutFloor
    }

    /// The same sets for all; what a server would say that did not lie about who survived.
    private func truth(for client: LiedTo) -> Statement {
        let there = Set(honest.filter { $0.hasMasked && !lateClients.contains($0.id) }.map(\.position))
        let survivors = there.union(corrupt.filter { advertisements[$0] != nil }.map(position))
        return Statement(
            maskBinding: client.maskBinding,
            survivors: fitsSharers ? survivors.intersection(client.sharers) : survivors, count: session.count)
    }

    private var lateClients: Set<PartyID> = []
    /// Who is to seem dead to enough clients.
    private var doomed: Set<Int> = []
    private var removed: Set<Int> = []

    private func plannedStatement(for client: LiedTo) -> Statement {
        var statement = truth(for: client)
        let isOther = others.contains(client.id)
        if lies(.fewSurvivors) || lies(.cutCircle) { statement.survivors.subtract(removed) }
        if lies(.resurrection), let silenced {
            statement.survivors.insert(position(silenced))
            statement.survivors.subtract(removed)
        }
        if lies(.ghosts) {
            statement.survivors.subtract(removed)
            for ghost in session.count..<session.count + session.cohort
            where statement.survivors.count < session.cohort || ghost == session.count {
                statement.survivors.insert(ghost)
            }
        }
        if lies(.votes) || lies(.secondStatement) || lies(.repeated) {
            // As many of the doomed as it takes; few, sometimes.
            let base = statement
            let most = server.chance(0.8) ? doomed.count : 1
            for trial in 0..<12 {
                var candidate = base
                candidate.survivors.subtract(
                    doomed.subtracting([client.position]).sorted().shuffled(using: &server.rng)
                        .prefix(max(1, most - trial / 4)))
                if isAcceptable(candidate, to: client) {
                    statement = candidate
                    break
                }
            }
        }
        if lies(.selfDead) && (isOther || client.id == victim) { statement.survivors.remove(client.position) }
        if lies(.oddSharers), server.chance(0.5) { statement.survivors.formIntersection(client.sharers) }
        if isSmallLie {
            statement.survivors.formSymmetricDifference([Int.random(in: 0..<session.count, using: &server.rng)])
        }
        return statement
    }

    private func announce() throws {
        let masked = honest.filter(\.hasMasked)
        for client in masked where server.chance(server.plan.losses) { lateClients.insert(client.id) }
        let there = masked.filter { !lateClients.contains($0.id) }
        doomed = Set(
            masked.map(\.position).shuffled(using: &server.rng).prefix(Int.random(in: 1...3, using: &server.rng)))
        // Whom all are told to be lost: so many that too few are left, or those of two gaps between colluders.
        if lies(.cutCircle), let circle = masked.first?.keys?.circle, !circle.isEmpty {
            let run = (session.neighbors ?? 0) / 2
            let first = corrupt.min().flatMap { circle.firstIndex(of: position($0)) } ?? 0
            let second =
                corrupt.max().flatMap { $0 == corrupt.min() ? nil : circle.firstIndex(of: position($0)) }
                ?? Int.random(in: 0..<circle.count, using: &server.rng)
            for start in [first, second] {
                let shift = Int.random(in: 0..<run, using: &server.rng)
                for step in 0..<run {
                    let position = circle[(start + circle.count - shift + step) % circle.count]
                    if !corrupt.contains(id(position)) { removed.insert(position) }
                }
            }
        } else {
            let excess = masked.count + corrupt.count - session.cohort + 1
            removed = Set(
                masked.map(\.position).filter { id($0) != silenced }.shuffled(using: &server.rng)
                    .prefix(max(1, server.chance(0.7) ? excess : excess - 1)))
        }
        let planned = there.map { ($0, plannedStatement(for: $0)) }
        if session.threat == .curious {
            // A server that follows the protocol asks only for what it may.
            guard planned.allSatisfy({ isAcceptable($1, to: $0) }) else { return }
            // Nor do its clients ask whether those who are left are connected, as that is for the parameters to see to.
            if let circle = planned.first?.0.keys?.circle, session.isSparse,
                !planned.allSatisfy({ isConnected($1.survivors.subtracting(corrupt.map(position)), on: circle) })
            {
                server.isOutsideClaim = true
            }
            for (client, statement) in planned where !server.chance(server.plan.losses) {
                note(client.tell([statement.message]))
            }
            return
        }
        try close(planned)
        if lies(.secondStatement) { try close(there.map { ($0, plannedStatement(for: $0)) }) }
    }

    private func note(_ messages: [Message]) {
        for case .revealedShares(let shares) in messages { server.note(revealed: shares) }
    }

    private var signatures: [HashDigest: [PartyID: [UInt8]]] = [:]
    private var statements: Set<Statement> = []
    private var sortedStatements: [Statement] { statements.sorted { $0.digest.description < $1.digest.description } }

    /// Has statements signed and passes signatures on.
    private func close(_ planned: [(LiedTo, Statement)]) throws {
        statements = Set(planned.map(\.1))
        // Who is asked once the witnesses of the others are known.
        var late: [(LiedTo, Statement)] = []
        var early = planned
        if lies(.lateSigners), planned.count > 1 {
            early.shuffle(using: &server.rng)
            let count = Int.random(in: 1..<early.count, using: &server.rng)
            late = Array(early.dropFirst(count))
            early = Array(early.prefix(count))
        }
        for (client, own) in early { show(own, to: client, after: sortedStatements) }
        try signByColluders()
        try fixSignatures(for: early.map(\.0))
        if !late.isEmpty {
            server.beacon.passTime()
            for (client, own) in late {
                show(mostWanted(by: early.map(\.0), from: client) ?? own, to: client, after: [])
            }
            try signByColluders()
            try fixSignatures(for: late.map(\.0))
        }
        server.beacon.passTime()
        for (client, _) in planned {
            guard client.isListening, let statement = client.statement else { continue }
            if let message = try signaturesMessage(for: client, statement) { note(client.tell([message])) }
        }
        for (_, list) in signatures { server.oldSignatures.merge(list) { first, _ in first } }
    }

    /// Colluders sign everything.
    private func signByColluders() throws {
        for statement in sortedStatements {
            for id in corrupt.sorted() where signatures[statement.digest]?[id] == nil {
                guard let key = clients[id]?.signingKey else { continue }
                signatures[statement.digest, default: [:]][id] = try key.signature(of: statement.signedBytes(by: id))
            }
        }
    }

    /// Shows a client what it is to sign, and before that, if that is a lie of this schedule, what others sign.
    private func show(_ own: Statement, to client: LiedTo, after others: [Statement]) {
        func show(_ statement: Statement) {
            // It takes this for survivors on top of the sharers that it was told itself.
            let statement = Statement(
                maskBinding: client.maskBinding, survivors: statement.survivors, count: session.count)
            for case .signature(let signature) in client.tell([statement.message]) {
                statements.insert(statement)
                client.statement = statement
                signatures[statement.digest, default: [:]][client.id] = signature
            }
        }
        client.statement = nil
        client.fixed = nil
        if lies(.repeated) {
            for other in others where other != own && isAcceptable(other, to: client) { show(other) }
        }
        // Two at once.
        if isSmallLie, let other = others.randomElement(using: &server.rng) {
            note(client.tell([own.message, other.message]))
        } else {
            show(own)
        }
    }

    /// The statement for which most clients lack the signature of this one, which is a witness of theirs.
    private func mostWanted(by clients: [LiedTo], from signer: LiedTo) -> Statement? {
        var wanted: [Statement: Int] = [:]
        for client in clients {
            guard let statement = client.statement, statement.maskBinding == signer.maskBinding,
                isAcceptable(statement, to: signer)
            else { continue }
            let witnesses = witnesses(of: client, statement)
            let have = witnesses.count { signatures[statement.digest]?[id($0)] != nil }
            if witnesses.contains(signer.position), have < session.signaturesNeeded {
                wanted[statement, default: 0] += 1
            }
        }
        return wanted.max { ($0.value, $0.key.digest.description) < ($1.value, $1.key.digest.description) }?.key
    }

    private func witnesses(of client: LiedTo, _ statement: Statement) -> Set<Int> {
        guard let neighbors = session.neighbors else {
            return Set(0..<session.count).subtracting([client.position])
        }
        guard let fixed = client.fixed else { return [] }
        return witnesses(of: client, statement, fixed.root, fixed.pulse, neighbors)
    }

    private func witnesses(
        of client: LiedTo, _ statement: Statement, _ root: HashDigest, _ pulse: UInt64, _ neighbors: Int
    ) -> Set<Int> {
        SecAggDerivation.witnesses(
            of: client.id, at: client.position, statement: statement.digest, signatureRoot: root,
            entropy: scheme.beaconOutput(pulse), neighbors: neighbors, count: session.count)
    }

    /// The signatures that the server has under a statement, and those that it makes up for all others.
    private func listed(_ statement: Statement) throws -> (signatures: [PartyID: [UInt8]], invented: Set<PartyID>) {
        let signed = signatures[statement.digest, default: [:]]
        var all = signed
        for id in session.contributors where signed[id] == nil {
            switch server.plan.filling {
            case .short, .ofNonWitnesses: break
            case .forged: all[id] = server.randomBytes(64)
            case .ofOtherStatements:
                all[id] =
                    signatures.sorted { $0.key.description < $1.key.description }.compactMap { $1[id] }.first
                    ?? server.oldSignatures[id] ?? server.randomBytes(64)
            case .withInventedKeys:
                all[id] = try server.inventSigningKey().signature(of: statement.signedBytes(by: id))
            }
        }
        return (all, Set(all.keys).subtracting(signed.keys))
    }

    /// Shows clients of a sparse graph what fixes the signatures: a root for each statement.
    private func fixSignatures(for clients: [LiedTo]) throws {
        guard let neighbors = session.neighbors else { return }
        var roots: [HashDigest: LiedTo.Fixed] = [:]
        for client in clients {
            guard client.isListening, let statement = client.statement else { continue }
            var fixed: LiedTo.Fixed
            if let known = roots[statement.digest] {
                fixed = known
            } else {
                let (signatures, invented) = try listed(statement)
                fixed = LiedTo.Fixed(
                    signatures: signatures, invented: invented,
                    tree: SecAggDerivation.signatureTree(over: signatures, contributors: session.contributors),
                    pulse: server.beacon.firstSecretPulse)
                roots[statement.digest] = fixed
            }
            if lies(.knownDraw) {
                // The one, of many that are out, that draws the most who signed.
                let signed = Set(signatures[statement.digest, default: [:]].keys.map(position))
                let root = fixed.root
                fixed.pulse =
                    (1...60).map { server.beacon.firstSecretPulse - $0 }.max { first, second in
                        witnesses(of: client, statement, root, first, neighbors).intersection(signed).count
                            < witnesses(of: client, statement, root, second, neighbors).intersection(signed).count
                    } ?? fixed.pulse
            }
            if isSmallLie {
                let tree = SecAggDerivation.signatureTree(
                    over: fixed.signatures.filter { _ in server.chance(0.7) }, contributors: session.contributors)
                fixed.tree = tree
            }
            client.fixed = fixed
            _ = client.tell([.signatureCommitment(root: fixed.root, pulse: fixed.pulse)])
        }
    }

    private func signaturesMessage(for client: LiedTo, _ statement: Statement) throws -> Message? {
        guard let keys = client.keys else { return nil }
        let need = session.signaturesNeeded
        let drawn = witnesses(of: client, statement)
        let signed = signatures[statement.digest, default: [:]]
        let listed =
            if let fixed = client.fixed { (signatures: fixed.signatures, invented: fixed.invented) } else {
                try listed(statement)
            }
        var chosen: [PartyID: [UInt8]] = [:]
        for id in signed.keys.sorted() where drawn.contains(position(id)) && chosen.count < need {
            chosen[id] = signed[id]
        }
        if chosen.count < need || lies(.tamperedSignature) || isSmallLie {
            let missing = max(1, need - chosen.count)
            if server.plan.filling == .ofNonWitnesses {
                for id in signed.keys.sorted() where chosen.count < need { chosen[id] = signed[id] }
            } else {
                for id in listed.invented.filter({ drawn.contains(position($0)) }).sorted().prefix(missing) {
                    chosen[id] = listed.signatures[id]
                }
            }
            if lies(.tamperedSignature), chosen.count == need, server.chance(0.3), let id = server.pick(chosen.keys) {
                chosen[id] = nil
            }
        }
        guard session.isSparse else {
            return .signatures(
                chosen.sorted { $0.key < $1.key }.map { SurvivorSignature(id: $0.key, signature: $0.value) })
        }
        guard let fixed = client.fixed else { return nil }
        let hasKeys = session.threat == .semiMalicious
        let list = try chosen.sorted { $0.key < $1.key }.compactMap { id, signature -> WitnessList.Witness? in
            let isInvented = server.plan.filling == .withInventedKeys && signed[id] == nil
            let entry = isInvented ? try fake(id, .unsigned) : advertisements[id]
            if hasKeys && entry == nil { return nil }
            return .init(
                id: id, signature: signature, signaturePath: SecAggDerivation.path(of: position(id), in: fixed.tree),
                keys: hasKeys ? entry : nil,
                path: hasKeys ? SecAggDerivation.path(of: position(id), in: keys.tree) : [])
        }
        return .witnesses(
            WitnessList(threat: session.threat, depth: keys.tree.count - 1, witnesses: list))
    }
}

extension SecAgg {
    /// What the beacon of a sparse graph says; zeros where there is none.
    func beaconOutput(_ pulse: UInt64) -> HashDigest {
        guard case .sparse(_, let beacon?) = graph else { return .zero }
        return beacon.output(of: pulse) ?? .zero
    }
}
