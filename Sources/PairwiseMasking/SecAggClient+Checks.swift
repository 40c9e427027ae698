// SPDX-License-Identifier: Apache-2.0

internal import ProtocolCryptography
internal import RingArithmetic
internal import SecureAggregation

/// A lie of the server, on its way out of a check.
struct SecAggViolation: Error {
    let violation: ProtocolViolation
    init(_ violation: ProtocolViolation) { self.violation = violation }
}

/// What a client checks of every message before it acts on it; ``SecAggRefusal`` has the list.
extension SecAggClient {
    /// Throws the violation unless the condition holds or a test waived this check.
    func require(
        _ refusal: SecAggRefusal, _ condition: @autoclosure () -> Bool,
        _ violation: @autoclosure () -> ProtocolViolation
    ) throws(SecAggViolation) {
        if scheme.waivedRefusals.contains(refusal) || condition() { return }
        throw SecAggViolation(violation())
    }

    // MARK: Round 0

    func validate(pulse: UInt64) throws(SecAggViolation) {
        try require(.predictablePulse, scheme.beacon?.isStillSecret(pulse) == true, .predictablePulse(pulse))
    }

    /// The other clients of U1, if the roster is one that a client can accept.
    func peers(in roster: KeyRoster, secrets: Secrets) throws(SecAggViolation) -> Peers {
        try require(.badAdvertisement, roster.threat == scheme.threat, .wrongThreatModel)
        try require(
            .tooFewNeighbors, roster.entries.count >= scheme.quorum,
            .tooFewParties(have: roster.entries.count, need: scheme.quorum))
        for entry in roster.entries {
            try require(.foreignParty, scheme.positions[entry.id] != nil, .foreignParty(entry.id))
        }
        let own = roster.entries.first { $0.id == id }
        try require(.ownKeysChanged, own?.keys == secrets.advertisement, .ownKeysChanged)
        let others = roster.entries.filter { $0.id != id }
        try validate(keysOf: others, secrets: secrets)
        let advertisements = Dictionary(roster.entries.map { ($0.id, $0.keys) }) { first, _ in first }
        let root = scheme.tree(over: advertisements).root
        return Peers(
            root: root, binding: SecAgg<Element>.binding(session: session, root: root, entropy: .zero),
            neighbors: scheme.contributors.filter { $0 != id }, entries: others)
    }

    /// The neighbors of U1, if the neighborhood is one that a client can accept: under the root that was fixed before
    /// the beacon, on the graph that the beacon draws, with all neighbors in it.
    func peers(in neighborhood: Neighborhood, secrets: Secrets) throws(SecAggViolation) -> Peers {
        let (root, entropy) = (neighborhood.root, neighborhood.entropy)
        try require(.badAdvertisement, neighborhood.threat == scheme.threat, .wrongThreatModel)
        try require(.wrongPath, neighborhood.depth == depth, .wrongPath(id))
        if let beacon = scheme.beacon {
            try require(.changedRoot, secrets.commitment?.root == root, .changedRoot)
            let output = secrets.commitment.flatMap { beacon.output(of: $0.pulse) }
            try require(.wrongEntropy, output == entropy, .wrongEntropy)
        }
        let ownLeaf = secrets.advertisement.leaf(of: id)
        try require(
            .ownKeysChanged,
            MerkleTree.holds(
                ownLeaf, at: position, of: scheme.contributors.count, path: neighborhood.ownPath, root: root),
            .ownKeysChanged)
        let binding = SecAgg<Element>.binding(session: session, root: root, entropy: entropy)
        let circle = MaskingCircle(
            count: scheme.contributors.count, neighbors: scheme.neighbors, binding: binding)
        let neighbors = circle.neighbors(of: position).map { scheme.contributors[$0] }

        let present = neighborhood.present.filter { $0.entry.id != id }
        let listed = neighborhood.present.map(\.entry.id) + neighborhood.absent.map(\.id)
        let expected = Set(neighbors)
        for party in listed { try require(.foreignParty, expected.contains(party), .foreignParty(party)) }
        let named = Set(listed)
        try require(.foreignParty, named.count == listed.count, .unorderedParties)
        for neighbor in neighbors {
            try require(.missingNeighbor, named.contains(neighbor), .missingNeighbor(neighbor))
        }
        try require(
            .tooFewNeighbors, present.count >= scheme.threshold,
            .tooFewParties(have: present.count, need: scheme.threshold))
        for neighbor in neighborhood.absent {
            try validate(MerkleTree.absentLeaf, of: neighbor.id, path: neighbor.path, root: root)
        }
        for neighbor in present {
            try validate(
                neighbor.entry.keys.leaf(of: neighbor.entry.id), of: neighbor.entry.id, path: neighbor.path, root: root)
        }
        let entries = present.map(\.entry)
        try validate(keysOf: entries, secrets: secrets)
        return Peers(root: root, binding: binding, neighbors: neighbors, entries: entries)
    }

    private func validate(
        _ leaf: HashDigest, of client: PartyID, path: [UInt8], root: HashDigest
    ) throws(SecAggViolation) {
        let position = scheme.positions[client]
        try require(
            .wrongPath,
            position.map {
                MerkleTree.holds(leaf, at: $0, of: scheme.contributors.count, path: path, root: root)
            } ?? false,
            .wrongPath(client))
    }

    /// No two keys alike, this client's own among them, and all signed where they have to be.
    private func validate(keysOf others: [RosterEntry], secrets: Secrets) throws(SecAggViolation) {
        var seen: Set<KeyAgreementPublicKey> = [
            secrets.advertisement.channelPublicKey, secrets.advertisement.maskPublicKey,
        ]
        for entry in others {
            let isNew =
                seen.insert(entry.keys.channelPublicKey).inserted && seen.insert(entry.keys.maskPublicKey).inserted
            try require(.duplicateKey, isNew, .duplicateKey(entry.id))
            try require(
                .badAdvertisement,
                entry.keys.isAuthentic(
                    for: entry.id, as: scheme.threat, session: session, enrollment: scheme.enrollment),
                .badSignature(entry.id))
        }
    }

    private var depth: Int { MerkleTree.depth(of: scheme.contributors.count) }

    // MARK: Round 2

    /// The sharers must be those whose boxes came, among the neighbors of this client: else the server could take single
    /// edges out of the graph.
    func validate(
        sharers: ClientSet, shares: [PartyID: SharePair?], round: Round
    ) throws(SecAggViolation) {
        try require(.badBitmap, sharers.isValid(for: scheme.contributors.count), .badBitmap)
        try require(.receiverMisplaced, sharers.contains(position), .receiverMisplaced)
        for neighbor in round.neighbors {
            guard let position = scheme.positions[neighbor] else { continue }
            try require(
                .hiddenSharer, sharers.contains(position) == shares.keys.contains(neighbor), .hiddenSharer(neighbor))
        }
        let have = sharers.count
        try require(
            .tooFewSurvivors, have >= scheme.minimumContributors,
            .tooFewParties(have: have, need: scheme.minimumContributors))
    }

    func validate(_ survivors: ClientSet, held: Held) throws(SecAggViolation) {
        let count = scheme.contributors.count
        try require(.badBitmap, survivors.isValid(for: count), .badBitmap)
        try require(.receiverMisplaced, survivors.contains(position), .receiverMisplaced)
        let stranger = survivors.firstPosition(outside: held.delivery.sharers)
        try require(
            .survivorNotSharer, stranger == nil,
            .survivorNotSharer(stranger.flatMap { $0 < count ? scheme.contributors[$0] : nil } ?? id))
        let neighbors = held.round.neighbors + (scheme.isSparse ? [] : [id])
        let alive = neighbors.count { scheme.positions[$0].map(survivors.contains) ?? false }
        try require(
            .tooFewNeighbors, alive >= scheme.threshold, .tooFewParties(have: alive, need: scheme.threshold))
        let have = survivors.count
        try require(
            .tooFewSurvivors, have >= scheme.minimumContributors,
            .tooFewParties(have: have, need: scheme.minimumContributors))
        if scheme.isSparse && scheme.threat.hasConsistencyRound {
            let need = MaskingPlan.cutFloor(neighbors: scheme.neighbors, threshold: scheme.threshold)
            let cut = MaskingCircle(count: count, neighbors: scheme.neighbors, binding: held.round.binding)
                .weakestCut(survivors)
            try require(.circleCut, cut >= need, .circleCut(have: cut, need: need))
        }
    }

    // MARK: Round 3

    /// Others' signatures on the complete graph.
    func validate(
        _ signatures: [SurvivorSignature], under statement: SurvivorStatement, round: Round
    ) throws(SecAggViolation) {
        for entry in signatures {
            try require(
                .foreignWitness, entry.id != id && scheme.positions[entry.id] != nil, .foreignParty(entry.id))
            try require(entry.signature, isOf: entry.id, round.consistencyKeys[entry.id], under: statement)
        }
        try requireEnough(signatures.count)
    }

    /// The signatures of the witnesses on a sparse graph, which must have been fixed before these were drawn.
    func validate(
        _ list: WitnessList, under statement: SurvivorStatement, held: Held
    ) throws(SecAggViolation) {
        try require(.badAdvertisement, list.threat == scheme.threat, .wrongThreatModel)
        try require(.wrongPath, list.depth == depth, .wrongPath(id))
        guard let commitment = held.signatureCommitment, let entropy = scheme.beacon?.output(of: commitment.pulse)
        else {
            throw SecAggViolation(.wrongEntropy)
        }
        let witnesses = Set(
            WitnessDraw.witnesses(
                of: id, at: position, statement: statement.digest, signatureRoot: commitment.root, entropy: entropy,
                neighbors: scheme.neighbors, count: scheme.contributors.count))
        for witness in list.witnesses {
            let place = scheme.positions[witness.id]
            try require(
                .foreignWitness, place.map(witnesses.contains) ?? false, .foreignParty(witness.id))
            let leaf = SurvivorStatement.leaf(of: witness.signature, by: witness.id)
            try require(
                .wrongSignaturePath,
                place.map {
                    MerkleTree.holds(
                        leaf, at: $0, of: scheme.contributors.count, path: witness.signaturePath, root: commitment.root)
                } ?? false, .wrongPath(witness.id))
            if let keys = witness.keys {
                try validate(keys.leaf(of: witness.id), of: witness.id, path: witness.path, root: held.round.root)
            }
            let key =
                witness.keys?.consistencyKey(of: witness.id, enrollment: nil)
                ?? scheme.enrollment?.verifyingKeys[witness.id]
            try require(witness.signature, isOf: witness.id, key, under: statement)
        }
        try requireEnough(list.witnesses.count)
    }

    private func require(
        _ signature: [UInt8], isOf client: PartyID, _ key: VerifyingKey?, under statement: SurvivorStatement
    ) throws(SecAggViolation) {
        try require(
            .badSignature, key?.isValid(signature, for: statement.signedBytes(by: client)) ?? false,
            .badSignature(client))
    }

    private func requireEnough(_ have: Int) throws(SecAggViolation) {
        let need = scheme.signaturesNeeded
        try require(.tooFewSignatures, have >= need, .tooFewSignatures(have: have, need: need))
    }
}
