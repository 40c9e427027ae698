// SPDX-License-Identifier: Apache-2.0

internal import ProtocolCryptography
internal import RingArithmetic
internal import SecretSharing
internal import SecureAggregation
internal import SecureRandomness

/// A client of SecAgg: advertises keys, shares its secrets, sends its vector masked, and reveals one share of each
/// other client.
struct SecAggClient<Element: MaskableElement, Randomness: SecureRandomNumberGenerator>: AggregationParty {
    private let id: PartyID
    private let scheme: SecAgg<Element>
    private let context: RoundContext
    private let keys: KeySchedule
    private var randomness: Randomness
    private var step: Step
    /// A lie of the server that was found while receiving; `advance` aborts with it.
    private var violation: AggregationError?

    /// What the client knows at each step, and no more: a secret is dropped, and so wiped, when the last step that
    /// needs it is over.
    private enum Step {
        case advertised(Secrets)
        case shared(Secrets, Peers)
        case masked(Held)
        case over
    }

    private struct Secrets {
        let vector: [Element]
        let channelKey: KeyAgreementPrivateKey
        let maskKey: KeyAgreementPrivateKey
        let selfSeed: SecretBytes
        let advertisement: Advertisement
        var roster: [RosterEntry]?
    }

    /// What it keeps of the other clients of U1.
    private struct Peers {
        let keys: [PartyID: Advertisement]
        /// The X25519 secrets of the channel keys, and of the mask keys.
        let channelSecrets: [PartyID: SecretBytes]
        let maskSecrets: [PartyID: SecretBytes]
        let ownShares: SharePair
        var delivered: [PartyID: SharePair?]?
    }

    /// The shares that it holds of the clients of U2; nil where a box did not open.
    private struct Held {
        let shares: [PartyID: SharePair?]
        var survivors: Set<PartyID>?
    }

    init(
        id: PartyID, scheme: SecAgg<Element>, context: RoundContext, keys: KeySchedule, vector: [Element],
        randomness: consuming Randomness
    ) throws(AggregationError) {
        self.id = id
        self.scheme = scheme
        self.context = context
        self.keys = keys
        var randomness = randomness
        let channelSeed = try drawing { () throws(RandomnessError) in try randomness.secretBytes(32) }
        let maskSeed = try drawing { () throws(RandomnessError) in try randomness.secretBytes(32) }
        let selfSeed = try drawing { () throws(RandomnessError) in try randomness.secretBytes(32) }
        self.randomness = randomness
        let (channelKey, maskKey) = try withCryptography { () throws(CryptographyError) in
            (try KeyAgreementPrivateKey(seed: channelSeed), try KeyAgreementPrivateKey(seed: maskSeed))
        }
        step = .advertised(
            Secrets(
                vector: vector, channelKey: channelKey, maskKey: maskKey, selfSeed: selfSeed,
                advertisement: Advertisement(
                    channelPublicKey: channelKey.publicKey, maskPublicKey: maskKey.publicKey,
                    selfMaskCommitment: keys.commitment(toSelfMaskSeed: selfSeed, of: id.rawValue))))
    }

    // MARK: Round 0

    mutating func start() throws(AggregationError) -> Transition<Element, SecAggMessage<Element>> {
        guard case .advertised(let secrets) = step else { throw .outOfOrder }
        return .next(
            sending: [Envelope(to: scheme.server, .advertisement(secrets.advertisement))],
            then: Expectation(SecAggStage.roster, from: [scheme.server], quorum: 1))
    }

    mutating func receive(
        _ message: consuming SecAggMessage<Element>, from sender: PartyID
    ) throws(AggregationError) -> Receipt {
        guard sender == scheme.server else { return .rejected(.unexpected) }
        if case .abort(let reason) = message { throw .abortedByPeer(sender, reason) }
        do throws(ViolationFound) {
            switch (step, message) {
            case (.advertised(var secrets), .roster(let roster)) where secrets.roster == nil:
                try validate(roster, secrets: secrets)
                secrets.roster = roster
                step = .advertised(secrets)
            case (.shared(let secrets, var peers), .deliveredShares(let boxes)) where peers.delivered == nil:
                peers.delivered = try open(boxes, secrets: secrets, peers: peers)
                step = .shared(secrets, peers)
            case (.masked(var held), .survivors(let survivors)):
                try validate(survivors, held: held)
                held.survivors = Set(survivors)
                step = .masked(held)
            default:
                return .rejected(.unexpected)
            }
        } catch {
            violation = .violation(error.violation, by: sender)
        }
        return .accepted
    }

    mutating func advance() throws(AggregationError) -> Transition<Element, SecAggMessage<Element>> {
        if let violation { return abort(violation) }
        switch step {
        case .advertised(let secrets): return try shareKeys(secrets)
        case .shared(let secrets, let peers): return try maskInput(secrets, peers)
        case .masked(let held): return try reveal(held)
        case .over: throw .outOfOrder
        }
    }

    private mutating func abort(_ error: AggregationError) -> Transition<Element, SecAggMessage<Element>> {
        step = .over
        return .aborted(error, sending: [Envelope(to: scheme.server, .abort(error.reason))])
    }

    /// The server did not answer in time.
    private mutating func abortUnanswered(_ stage: Stage) -> Transition<Element, SecAggMessage<Element>> {
        abort(.tooFewParties(stage: stage.name, have: 0, need: 1))
    }

    // MARK: Round 1

    private func validate(_ roster: [RosterEntry], secrets: Secrets) throws(ViolationFound) {
        guard roster.count >= scheme.quorum else {
            throw ViolationFound(.tooFewParties(have: roster.count, need: scheme.quorum))
        }
        let indices = scheme.shareIndices
        var seen: Set<KeyAgreementPublicKey> = []
        var own: Advertisement?
        for entry in roster {
            guard indices[entry.id] != nil else { throw ViolationFound(.foreignParty(entry.id)) }
            if entry.id == id { own = entry.keys }
            guard seen.insert(entry.keys.channelPublicKey).inserted, seen.insert(entry.keys.maskPublicKey).inserted
            else {
                throw ViolationFound(.duplicateKey(entry.id))
            }
        }
        guard own == secrets.advertisement else { throw ViolationFound(.ownKeysChanged) }
    }

    private mutating func shareKeys(_ secrets: Secrets) throws(AggregationError) -> Transition<
        Element, SecAggMessage<Element>
    > {
        guard let roster = secrets.roster else { return abortUnanswered(SecAggStage.roster) }
        // Both agreements with everybody, so that a key of low order shows before a share leaves.
        var channelSecrets: [PartyID: SecretBytes] = [:]
        var maskSecrets: [PartyID: SecretBytes] = [:]
        for entry in roster where entry.id != id {
            let lowOrder = AggregationError.violation(.lowOrderKey(entry.id), by: scheme.server)
            guard let secret = try agreement(of: secrets.channelKey, with: entry.keys.channelPublicKey) else {
                return abort(lowOrder)
            }
            channelSecrets[entry.id] = secret
            guard let secret = try agreement(of: secrets.maskKey, with: entry.keys.maskPublicKey) else {
                return abort(lowOrder)
            }
            maskSecrets[entry.id] = secret
        }
        let indices = scheme.shareIndices
        let holders = roster.compactMap { indices[$0.id] }
        let maskShares: [ShamirShare]
        let selfShares: [ShamirShare]
        do throws(SharingError) {
            let sharing = try ShamirSharing(threshold: scheme.threshold, of: roster.count)
            maskShares = try sharing.split(secrets.maskKey.seed, for: holders, using: &randomness)
            selfShares = try sharing.split(secrets.selfSeed, for: holders, using: &randomness)
        } catch {
            if case .randomness(let cause) = error { throw .randomness(cause) }
            // The threshold is at most the size of a valid roster, and its indices differ.
            throw .outOfOrder
        }

        var boxes: [AddressedBox] = []
        var ownShares: SharePair?
        for (position, entry) in roster.enumerated() {
            let pair = SharePair(
                maskSeedShare: maskShares[position].bytes, selfSeedShare: selfShares[position].bytes)
            if entry.id == id {
                ownShares = pair
                continue
            }
            guard let secret = channelSecrets[entry.id] else { throw .outOfOrder }
            let box = try withCryptography { () throws(CryptographyError) in
                try pair.sealed(
                    with: secret, from: id, to: entry.id,
                    publicKeys: [secrets.channelKey.publicKey, entry.keys.channelPublicKey], keys: keys)
            }
            boxes.append(AddressedBox(party: entry.id, box: box))
        }
        guard let ownShares else { throw .outOfOrder }
        step = .shared(
            secrets,
            Peers(
                keys: Dictionary(uniqueKeysWithValues: roster.map { ($0.id, $0.keys) }),
                channelSecrets: channelSecrets, maskSecrets: maskSecrets, ownShares: ownShares))
        return .next(
            sending: [Envelope(to: scheme.server, .encryptedShares(boxes))],
            then: Expectation(SecAggStage.deliver, from: [scheme.server], quorum: 1))
    }

    /// The shared secret; nil with a key of low order.
    private func agreement(
        of key: KeyAgreementPrivateKey, with peerKey: KeyAgreementPublicKey
    ) throws(AggregationError) -> SecretBytes? {
        do throws(CryptographyError) {
            return try key.sharedSecret(with: peerKey)
        } catch {
            guard error == .lowOrderPublicKey else { throw .cryptography(error) }
            return nil
        }
    }

    // MARK: Round 2

    private func open(
        _ boxes: [AddressedBox], secrets: Secrets, peers: Peers
    ) throws(ViolationFound) -> [PartyID: SharePair?] {
        // The client itself belongs to U2 and gets no box of its own.
        guard boxes.count + 1 >= scheme.quorum else {
            throw ViolationFound(.tooFewParties(have: boxes.count + 1, need: scheme.quorum))
        }
        var shares: [PartyID: SharePair?] = [id: peers.ownShares]
        for entry in boxes {
            guard entry.party != id else { throw ViolationFound(.receiverMisplaced) }
            guard let secret = peers.channelSecrets[entry.party], let peer = peers.keys[entry.party] else {
                throw ViolationFound(.foreignParty(entry.party))
            }
            // A box that does not open costs its sender one share and not the round: otherwise one client could end
            // every round.
            let pair = try? SharePair(
                opening: entry.box, with: secret, from: entry.party, to: id,
                publicKeys: [peer.channelPublicKey, secrets.channelKey.publicKey], keys: keys)
            shares.updateValue(pair, forKey: entry.party)
        }
        return shares
    }

    private mutating func maskInput(
        _ secrets: Secrets, _ peers: Peers
    ) throws(AggregationError) -> Transition<Element, SecAggMessage<Element>> {
        guard let shares = peers.delivered else { return abortUnanswered(SecAggStage.deliver) }
        var masks: [SignedMask] = []
        for peer in shares.keys.sorted() where peer != id {
            guard let advertisement = peers.keys[peer], let secret = peers.maskSecrets[peer] else { throw .outOfOrder }
            try withCryptography { () throws(CryptographyError) in
                masks.append(
                    try scheme.pairwiseMask(
                        from: secret, between: id, secrets.maskKey.publicKey, and: peer, advertisement.maskPublicKey,
                        keys: keys))
            }
        }
        let masked = try withCryptography { () throws(CryptographyError) in
            try MaskedVector(
                masking: secrets.vector, selfMask: scheme.selfMask(of: secrets.selfSeed, id, keys: keys),
                pairwiseMasks: masks, width: scheme.width)
        }
        step = .masked(Held(shares: shares))
        return .next(
            sending: [Envelope(to: scheme.server, .maskedVector(masked))],
            then: Expectation(SecAggStage.survivors, from: [scheme.server], quorum: 1))
    }

    // MARK: Round 4

    private func validate(_ survivors: [PartyID], held: Held) throws(ViolationFound) {
        guard held.survivors == nil else { throw ViolationFound(.repeatedRequest) }
        guard survivors.count >= scheme.quorum else {
            throw ViolationFound(.tooFewParties(have: survivors.count, need: scheme.quorum))
        }
        for survivor in survivors where held.shares[survivor] == nil { throw ViolationFound(.foreignParty(survivor)) }
        guard survivors.contains(id) else { throw ViolationFound(.receiverMisplaced) }
    }

    /// One decision for each client of U2, from one list: of a survivor the share of its self-mask seed, of any other
    /// that of its mask seed.
    private mutating func reveal(_ held: Held) throws(AggregationError) -> Transition<Element, SecAggMessage<Element>> {
        guard let survivors = held.survivors else { return abortUnanswered(SecAggStage.survivors) }
        do throws(AggregationError) {
            try scheme.journal.recordRelease(by: id, in: context)
        } catch {
            return abort(error)
        }
        let revealed = held.shares.keys.sorted().compactMap { peer -> RevealedShare? in
            guard let pair = held.shares[peer] ?? nil else { return nil }
            return RevealedShare(of: peer, share: survivors.contains(peer) ? pair.selfSeedShare : pair.maskSeedShare)
        }
        step = .over
        return .finished(sending: [Envelope(to: scheme.server, .revealedShares(revealed))], learning: nil)
    }
}

/// A lie, on its way out of a check.
private struct ViolationFound: Error {
    let violation: ProtocolViolation
    init(_ violation: ProtocolViolation) { self.violation = violation }
}

extension SecAgg {
    /// The mask that a client adds alone.
    func selfMask(of seed: SecretBytes, _ client: PartyID, keys: KeySchedule) throws(CryptographyError) -> MaskGenerator
    {
        try MaskGenerator(
            key: keys.key(
                from: seed, for: .selfMask, from: client.rawValue, to: client.rawValue, bits: width.bits))
    }

    /// The mask that the shared secret of two clients stands for, as `client` applies it: added if `peer` has the lower id
    /// [BIK+17] §4.
    func pairwiseMask(
        from secret: SecretBytes, between client: PartyID, _ key: KeyAgreementPublicKey, and peer: PartyID,
        _ peerKey: KeyAgreementPublicKey, keys: KeySchedule
    ) throws(CryptographyError) -> SignedMask {
        let isAdded = peer < client
        let maskKey = keys.key(
            from: secret, for: .pairwiseMask, from: min(client, peer).rawValue, to: max(client, peer).rawValue,
            bits: width.bits, publicKeys: isAdded ? [peerKey, key] : [key, peerKey])
        return SignedMask(generator: try MaskGenerator(key: maskKey), isAdded: isAdded)
    }
}
