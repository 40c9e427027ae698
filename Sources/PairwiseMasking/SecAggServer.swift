// SPDX-License-Identifier: Apache-2.0

internal import ProtocolCryptography
internal import RingArithmetic
internal import SecretSharing
internal import SecureAggregation
internal import SecureRandomness

/// The server of SecAgg: passes keys, boxes and signatures on, adds masked vectors up on arrival, and takes the masks off
/// the sum.
///
/// None of its stored properties, and none of the messages that it gets, can hold a clear vector: `MaskedVector` cannot
/// be made from one, and `MaskedSum` opens only at the end.
struct SecAggServer<Element: MaskableElement, Randomness: SecureRandomNumberGenerator>: AggregationParty {
    let scheme: SecAgg<Element>
    let session: HashDigest
    let round: UInt64
    private var randomness: Randomness
    private var stage = SecAggStage.advertise
    /// U1 and its keys.
    private(set) var roster: [PartyID: Advertisement] = [:]
    private var publicKeys: Set<KeyAgreementPublicKey> = []
    /// What U1 fixes, and the pulse that is to draw the graph.
    private var tree: MerkleTree?
    private var pulse: UInt64?
    /// The graph, once it is drawn.
    private(set) var network: Network?
    /// The boxes of U2, by sender then receiver; emptied when they are delivered.
    private var boxes: [PartyID: [AddressedBox]] = [:]
    /// U2.
    private(set) var sharers: Set<PartyID> = []
    /// The sum over U3 so far.
    private var sum: MaskedSum<Element>
    /// U3.
    private(set) var survivors: Set<PartyID> = []
    /// What binds the masks, once U2 is known.
    private(set) var maskBinding: HashDigest?
    /// What U3 is to sign, who did, and what fixes that.
    private var statement: SurvivorStatement?
    private var signatures: [PartyID: [UInt8]] = [:]
    private var signatureTree: MerkleTree?
    /// The shares that survivors revealed, by dealer.
    private(set) var revealed: [PartyID: [ShamirShare]] = [:]
    private var responders: Set<PartyID> = []

    /// Of how many clients the masks are taken off in one go.
    private static var clientsAtOnce: Int { 512 }

    /// Who is whose neighbor in this round.
    struct Network {
        let binding: HashDigest
        /// Nil on the complete graph.
        let circle: MaskingCircle?
        let placesByPosition: [Int32]
    }

    init(
        scheme: SecAgg<Element>, session: HashDigest, round: UInt64, randomness: consuming Randomness
    ) {
        self.scheme = scheme
        self.session = session
        self.round = round
        self.randomness = randomness
        sum = MaskedSum(dimension: scheme.dimension)
    }

    mutating func start() throws(AggregationError) -> Transition<Element, SecAggMessage<Element>> {
        .next(
            sending: [],
            then: Expectation(SecAggStage.advertise, from: Set(scheme.contributors), quorum: scheme.quorum))
    }

    mutating func receive(
        _ message: consuming SecAggMessage<Element>, from sender: PartyID
    ) throws(AggregationError) -> Receipt {
        switch (stage, message) {
        case (_, .abort(let reason)): return .rejected(.senderAborted(reason))
        case (SecAggStage.advertise, .advertisement(let advertisement)): return accept(advertisement, from: sender)
        case (SecAggStage.share, .encryptedShares(let list)): return accept(list, from: sender)
        case (SecAggStage.mask, .maskedVector(let vector)):
            guard boxes.isEmpty, sharers.contains(sender) else { return .rejected(.unexpected) }
            guard survivors.insert(sender).inserted else { return .rejected(.conflicting) }
            sum.fold(vector)
            return .accepted
        case (SecAggStage.sign, .signature(let signature)): return accept(signature, from: sender)
        case (SecAggStage.reveal, .revealedShares(let shares)): return accept(shares, from: sender)
        default: return .rejected(.unexpected)
        }
    }

    mutating func advance() throws(AggregationError) -> Transition<Element, SecAggMessage<Element>> {
        switch stage {
        case SecAggStage.advertise: return try closeRoster()
        case SecAggStage.commit: return try publishNeighborhoods()
        case SecAggStage.share: return deliverShares()
        case SecAggStage.mask: return announceSurvivors()
        case SecAggStage.sign: return closeSignatures()
        case SecAggStage.fix: return passWitnessesOn()
        case SecAggStage.reveal: return try unmask()
        default: throw .outOfOrder
        }
    }

    private func abort(
        have: Int, need: Int, telling clients: some Sequence<PartyID>
    ) -> Transition<Element, SecAggMessage<Element>> {
        .aborted(
            .tooFewParties(stage: stage.name, have: have, need: need),
            sending: [Envelope(to: clients.sorted(), .abort(.tooFewParties))])
    }

    /// All neighbors of a client, whether they are there or not, ascending.
    func neighbors(of client: PartyID) -> [PartyID] {
        guard let network, let position = scheme.positions[client] else { return [] }
        guard let circle = network.circle else { return scheme.contributors.filter { $0 != client } }
        return circle.neighbors(ofPlace: Int(network.placesByPosition[position])).map { scheme.contributors[$0] }
    }

    /// Whether a client of U2 has no mask in the sum: it was lost, and so were all its neighbors.
    private func leavesNothing(_ client: PartyID) -> Bool {
        scheme.isSparse && !survivors.contains(client)
            && !neighbors(of: client).contains(where: survivors.contains)
    }

    // MARK: Round 0

    private mutating func accept(_ advertisement: Advertisement, from sender: PartyID) -> Receipt {
        guard scheme.positions[sender] != nil else { return .rejected(.unexpected) }
        guard roster[sender] == nil else { return .rejected(.conflicting) }
        guard advertisement.authentication.threat == scheme.threat else {
            return .rejected(.invalid(.wrongThreatModel))
        }
        // Clients refuse a roster with such keys, so whoever sends them would end the round for all.
        let own = [advertisement.channelPublicKey, advertisement.maskPublicKey]
        guard own[0] != own[1], !publicKeys.contains(own[0]), !publicKeys.contains(own[1]) else {
            return .rejected(.invalid(.duplicateKey(sender)))
        }
        guard !own[0].isOfLowOrder, !own[1].isOfLowOrder else { return .rejected(.invalid(.lowOrderKey(sender))) }
        guard
            advertisement.isAuthentic(
                for: sender, as: scheme.threat, session: session, enrollment: scheme.enrollment)
        else { return .rejected(.invalid(.badSignature(sender))) }
        publicKeys.formUnion(own)
        roster[sender] = advertisement
        return .accepted
    }

    private mutating func closeRoster() throws(AggregationError) -> Transition<Element, SecAggMessage<Element>> {
        guard roster.count >= scheme.quorum else {
            return abort(have: roster.count, need: scheme.quorum, telling: roster.keys)
        }
        publicKeys = []
        let tree = scheme.tree(over: roster)
        self.tree = tree
        let clients = roster.keys.sorted()
        guard scheme.isSparse else {
            network = Network(
                binding: SecAgg<Element>.binding(session: session, root: tree.root, entropy: .zero), circle: nil,
                placesByPosition: [])
            let entries = clients.compactMap { client in roster[client].map { RosterEntry(id: client, keys: $0) } }
            return awaitShares(
                sending: [Envelope(to: clients, .roster(KeyRoster(threat: scheme.threat, entries: entries)))])
        }
        stage = SecAggStage.commit
        guard let beacon = scheme.beacon else { return try publishNeighborhoods() }
        let pulse = beacon.nextPulse(after: nil)
        self.pulse = pulse
        // Nobody answers; the neighborhoods follow as soon as the pulse is out.
        return .next(
            sending: [Envelope(to: clients, .commitment(root: tree.root, pulse: pulse))],
            then: Expectation(SecAggStage.commit, from: [], quorum: 0))
    }

    private mutating func publishNeighborhoods() throws(AggregationError) -> Transition<Element, SecAggMessage<Element>>
    {
        guard let tree else { throw .outOfOrder }
        let entropy: HashDigest
        if let beacon = scheme.beacon {
            guard let pulse, let output = beacon.output(of: pulse) else {
                return abort(have: 0, need: 1, telling: roster.keys)
            }
            entropy = output
        } else {
            let drawn = try drawing { () throws(RandomnessError) in try randomness.secretBytes(32) }
            entropy = try withCryptography { () throws(CryptographyError) in
                try HashDigest(drawn.withSpan { span in span.indices.map { span[$0] } })
            }
        }
        let binding = SecAgg<Element>.binding(session: session, root: tree.root, entropy: entropy)
        let circle = MaskingCircle(
            count: scheme.contributors.count, neighbors: scheme.neighbors, binding: binding)
        network = Network(binding: binding, circle: circle, placesByPosition: circle.placesByPosition)
        // Every path is shared by all messages that it is in.
        let paths = scheme.contributors.indices.map(tree.path(of:))
        let depth = MerkleTree.depth(of: scheme.contributors.count)
        var envelopes: [Envelope<SecAggMessage<Element>>] = []
        for client in roster.keys.sorted() {
            var present: [Neighborhood.Present] = []
            var absent: [Neighborhood.Absent] = []
            for neighbor in neighbors(of: client) {
                guard let position = scheme.positions[neighbor] else { continue }
                if let keys = roster[neighbor] {
                    present.append(.init(entry: RosterEntry(id: neighbor, keys: keys), path: paths[position]))
                } else {
                    absent.append(.init(id: neighbor, path: paths[position]))
                }
            }
            guard let position = scheme.positions[client] else { continue }
            envelopes.append(
                Envelope(
                    to: client,
                    .neighborhood(
                        Neighborhood(
                            threat: scheme.threat, depth: depth, root: tree.root, entropy: entropy,
                            ownPath: paths[position], present: present, absent: absent))))
        }
        return awaitShares(sending: envelopes)
    }

    private mutating func awaitShares(
        sending envelopes: [Envelope<SecAggMessage<Element>>]
    ) -> Transition<Element, SecAggMessage<Element>> {
        tree = nil
        stage = SecAggStage.share
        return .next(
            sending: envelopes,
            then: Expectation(SecAggStage.share, from: Set(roster.keys), quorum: scheme.quorum))
    }

    // MARK: Round 1

    private mutating func accept(_ list: [AddressedBox], from sender: PartyID) -> Receipt {
        guard roster[sender] != nil, boxes[sender] == nil else { return .rejected(.unexpected) }
        let due = neighbors(of: sender).filter { roster[$0] != nil }
        guard list.count == due.count else {
            return .rejected(.invalid(.wrongCount(expected: due.count, actual: list.count)))
        }
        for (entry, receiver) in zip(list, due) where entry.party != receiver {
            return .rejected(.invalid(.foreignParty(entry.party)))
        }
        boxes[sender] = list
        return .accepted
    }

    private mutating func deliverShares() -> Transition<Element, SecAggMessage<Element>> {
        guard boxes.count >= scheme.quorum else {
            return abort(have: boxes.count, need: scheme.quorum, telling: roster.keys)
        }
        sharers = Set(boxes.keys)
        var deliveries: [PartyID: [AddressedBox]] = [:]
        for sender in sharers.sorted() {
            for entry in boxes[sender] ?? [] where boxes[entry.party] != nil {
                deliveries[entry.party, default: []].append(AddressedBox(party: sender, box: entry.box))
            }
        }
        boxes = [:]
        let sharerSet = ClientSet(
            positions: sharers.compactMap { scheme.positions[$0] }, of: scheme.contributors.count)
        maskBinding = network.map { SurvivorStatement.maskBinding($0.binding, sharers: sharerSet) }
        stage = SecAggStage.mask
        return .next(
            sending: sharers.sorted().map {
                Envelope(to: $0, .deliveredShares(deliveries[$0] ?? [], sharers: sharerSet))
            },
            then: Expectation(SecAggStage.mask, from: sharers, quorum: scheme.quorum))
    }

    // MARK: Round 2

    private mutating func announceSurvivors() -> Transition<Element, SecAggMessage<Element>> {
        guard survivors.count >= scheme.quorum else {
            return abort(have: survivors.count, need: scheme.quorum, telling: sharers)
        }
        let survivorSet = ClientSet(
            positions: survivors.compactMap { scheme.positions[$0] }, of: scheme.contributors.count)
        if let circle = network?.circle {
            // What cannot be opened, or no client would accept, ends here.
            for client in sharers.sorted() {
                let alive = neighbors(of: client).count { survivors.contains($0) }
                guard alive >= scheme.threshold || leavesNothing(client) else {
                    return abort(have: alive, need: scheme.threshold, telling: sharers)
                }
            }
            let floor = MaskingPlan.cutFloor(neighbors: scheme.neighbors, threshold: scheme.threshold)
            let cut = scheme.threat.hasConsistencyRound ? circle.weakestCut(survivorSet) : floor
            guard cut >= floor else { return abort(have: cut, need: floor, telling: sharers) }
        }
        let announcement = Envelope(
            to: survivors.sorted(), SecAggMessage<Element>.survivors(survivorSet))
        guard scheme.threat.hasConsistencyRound, let maskBinding else {
            return awaitReveals(of: survivors, sending: [announcement])
        }
        statement = SurvivorStatement(maskBinding: maskBinding, survivors: survivorSet)
        stage = SecAggStage.sign
        return .next(
            sending: [announcement],
            then: Expectation(SecAggStage.sign, from: survivors, quorum: scheme.signaturesNeeded))
    }

    private mutating func awaitReveals(
        of clients: Set<PartyID>, sending envelopes: [Envelope<SecAggMessage<Element>>]
    ) -> Transition<Element, SecAggMessage<Element>> {
        stage = SecAggStage.reveal
        return .next(
            sending: envelopes,
            then: Expectation(SecAggStage.reveal, from: clients, quorum: scheme.threshold))
    }

    // MARK: Round 3

    private mutating func accept(_ signature: [UInt8], from sender: PartyID) -> Receipt {
        guard let statement, survivors.contains(sender), signatures[sender] == nil else {
            return .rejected(.unexpected)
        }
        let key = roster[sender]?.consistencyKey(of: sender, enrollment: scheme.enrollment)
        guard key?.isValid(signature, for: statement.signedBytes(by: sender)) == true else {
            return .rejected(.invalid(.badSignature(sender)))
        }
        signatures[sender] = signature
        return .accepted
    }

    private mutating func closeSignatures() -> Transition<Element, SecAggMessage<Element>> {
        let signers = signatures.keys.sorted()
        guard signers.count >= scheme.threshold else {
            return abort(have: signers.count, need: scheme.threshold, telling: survivors)
        }
        guard scheme.isSparse, let beacon = scheme.beacon else {
            var envelopes: [Envelope<SecAggMessage<Element>>] = []
            for client in signers {
                let others = signers.filter { $0 != client }.prefix(scheme.signaturesNeeded)
                let list = others.map { SurvivorSignature(id: $0, signature: signatures[$0] ?? []) }
                envelopes.append(Envelope(to: client, .signatures(list)))
            }
            return awaitReveals(of: Set(signers), sending: envelopes)
        }
        // Those who did not sign will reveal nothing.
        for client in sharers.sorted() {
            let answers = neighbors(of: client).count { signatures[$0] != nil }
            guard answers >= scheme.threshold || leavesNothing(client) else {
                return abort(have: answers, need: scheme.threshold, telling: survivors)
            }
        }
        let tree = MerkleTree(
            leaves: scheme.contributors.map { client in
                signatures[client].map { SurvivorStatement.leaf(of: $0, by: client) } ?? MerkleTree.absentLeaf
            })
        signatureTree = tree
        let pulse = beacon.nextPulse(after: pulse)
        self.pulse = pulse
        stage = SecAggStage.fix
        // Nobody answers; the witnesses follow as soon as the pulse is out.
        return .next(
            sending: [Envelope(to: signers, .signatureCommitment(root: tree.root, pulse: pulse))],
            then: Expectation(SecAggStage.fix, from: [], quorum: 0))
    }

    /// To each client that signed, the signatures of as many of its witnesses as it needs, those of the lowest ids.
    private mutating func passWitnessesOn() -> Transition<Element, SecAggMessage<Element>> {
        guard let statement, let signatureTree, let pulse, let entropy = scheme.beacon?.output(of: pulse) else {
            return abort(have: 0, need: 1, telling: survivors)
        }
        let count = scheme.contributors.count
        let keyTree = scheme.threat == .semiMalicious ? scheme.tree(over: roster) : nil
        // Every path is shared by all messages that it is in.
        var proofs: [PartyID: WitnessList.Witness] = [:]
        for (client, signature) in signatures {
            guard let position = scheme.positions[client] else { continue }
            proofs[client] = .init(
                id: client, signature: signature, signaturePath: signatureTree.path(of: position),
                keys: keyTree == nil ? nil : roster[client], path: keyTree?.path(of: position) ?? [])
        }
        var envelopes: [Envelope<SecAggMessage<Element>>] = []
        for client in signatures.keys.sorted() {
            guard let position = scheme.positions[client] else { continue }
            let drawn = WitnessDraw.witnesses(
                of: client, at: position, statement: statement.digest, signatureRoot: signatureTree.root,
                entropy: entropy, neighbors: scheme.neighbors, count: count)
            let witnesses = drawn.sorted().compactMap { proofs[scheme.contributors[$0]] }
            let list = WitnessList(
                threat: scheme.threat, depth: MerkleTree.depth(of: count),
                witnesses: Array(witnesses.prefix(scheme.signaturesNeeded)))
            envelopes.append(Envelope(to: client, .witnesses(list)))
        }
        self.signatureTree = nil
        return awaitReveals(of: Set(signatures.keys), sending: envelopes)
    }

    // MARK: Round 4

    private mutating func accept(_ shares: [RevealedShare], from sender: PartyID) -> Receipt {
        guard let index = scheme.shareIndex(of: sender), survivors.contains(sender) else {
            return .rejected(.unexpected)
        }
        guard !responders.contains(sender) else { return .rejected(.conflicting) }
        let held = Set(neighbors(of: sender) + [sender])
        for share in shares where !held.contains(share.of) || !sharers.contains(share.of) {
            return .rejected(.invalid(.foreignParty(share.of)))
        }
        responders.insert(sender)
        for share in shares { revealed[share.of, default: []].append(ShamirShare(index: index, bytes: share.share)) }
        return .accepted
    }

    private mutating func unmask() throws(AggregationError) -> Transition<Element, SecAggMessage<Element>> {
        guard responders.count >= scheme.threshold else {
            return .aborted(
                .tooFewParties(stage: stage.name, have: responders.count, need: scheme.threshold), sending: [])
        }
        let dealers = sharers.sorted().filter { !leavesNothing($0) }
        for client in dealers where scheme.isSparse {
            let answers = neighbors(of: client).count(where: responders.contains)
            guard answers >= scheme.threshold else {
                return .aborted(
                    .tooFewParties(stage: stage.name, have: answers, need: scheme.threshold), sending: [])
            }
        }
        // Some clients at a time, so that their masks' keys take no more memory the more clients there are.
        for start in stride(from: 0, to: dealers.count, by: Self.clientsAtOnce) {
            let batch = Array(dealers[start..<min(start + Self.clientsAtOnce, dealers.count)])
            switch try masks(leftBy: batch) {
            case .inconsistent(let dealer): return .aborted(.inconsistentShares(dealer: dealer), sending: [])
            case .masks(let masks):
                try withCryptography { () throws(CryptographyError) in
                    try sum.remove(masks, width: scheme.width, threads: scheme.unmaskingThreads)
                }
            }
        }
        return .finished(
            sending: [],
            learning: Aggregate(sum: sum.opened(width: scheme.width), contributors: survivors.sorted()))
    }
}
