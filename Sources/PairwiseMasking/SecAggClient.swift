// SPDX-License-Identifier: Apache-2.0

internal import ProtocolCryptography
internal import RingArithmetic
internal import SecretSharing
internal import SecureAggregation
internal import SecureRandomness

/// A client of SecAgg: advertises keys, shares its secrets, sends its vector masked, signs who survived, and reveals one
/// share of each neighbor.
struct SecAggClient<Element: MaskableElement, Randomness: SecureRandomNumberGenerator>: AggregationParty {
    let id: PartyID
    let position: Int
    let scheme: SecAgg<Element>
    let session: HashDigest
    private let context: RoundContext
    private var randomness: Randomness
    private var step: Step
    /// A lie of the server that was found while receiving; `advance` aborts with it.
    private var violation: AggregationError?

    /// What the client knows at each step, and no more: a secret is dropped, and so wiped, when the last step that
    /// needs it is over.
    private enum Step {
        case advertised(Secrets)
        case shared(Shared)
        case masked(Held)
        case signed(Held, SurvivorStatement)
        case over
    }

    struct Secrets {
        let vector: [Element]
        let channelKey: KeyAgreementPrivateKey
        let maskKey: KeyAgreementPrivateKey
        let selfSeed: SecretBytes
        let signingKey: SigningKey?
        let advertisement: Advertisement
        var commitment: (root: HashDigest, pulse: UInt64)?
        var peers: Peers?
    }

    /// The other clients with whom it exchanges shares and masks, once it has their keys.
    struct Peers {
        let root: HashDigest
        let binding: HashDigest
        /// All its neighbors, ascending; on the complete graph all other clients.
        let neighbors: [PartyID]
        /// Those of U1, with their keys.
        let entries: [RosterEntry]
    }

    /// The keys that it has with one neighbor.
    private struct PeerKeys {
        /// Opens the box from it.
        let opening: SecretBytes
        /// The X25519 secret of the mask keys, from which the mask comes once the sharers are known.
        let maskSecret: SecretBytes
        let maskPublicKey: KeyAgreementPublicKey
    }

    private struct Shared {
        let vector: [Element]
        let selfSeed: SecretBytes
        let maskPublicKey: KeyAgreementPublicKey
        let peerKeys: [PartyID: PeerKeys]
        let ownShares: SharePair?
        let round: Round
        var delivered: Delivery?
    }

    /// The shares that came to it, and the sharers that it was told of.
    struct Delivery {
        let shares: [PartyID: SharePair?]
        let sharers: ClientSet
        let maskBinding: HashDigest
    }

    /// What outlives the vector: what others are called, and what checks their signatures.
    struct Round {
        let root: HashDigest
        let binding: HashDigest
        let neighbors: [PartyID]
        let signingKey: SigningKey?
        /// The keys of the consistency round that are known already: on the complete graph, of U1.
        let consistencyKeys: [PartyID: VerifyingKey]
    }

    /// The shares that it holds of its neighbors in U2, nil where a box did not open; on the complete graph also its own.
    struct Held {
        let delivery: Delivery
        let round: Round
        var statement: SurvivorStatement?
        /// What fixed all signatures, and the pulse that draws the witnesses; on a sparse graph.
        var signatureCommitment: (root: HashDigest, pulse: UInt64)?
        var isConfirmed = false
    }

    init(
        id: PartyID, position: Int, scheme: SecAgg<Element>, session: HashDigest, context: RoundContext,
        vector: [Element], randomness: consuming Randomness
    ) throws(AggregationError) {
        self.id = id
        self.position = position
        self.scheme = scheme
        self.session = session
        self.context = context
        var randomness = randomness
        let channelSeed = try drawing { () throws(RandomnessError) in try randomness.secretBytes(32) }
        let maskSeed = try drawing { () throws(RandomnessError) in try randomness.secretBytes(32) }
        let selfSeed = try drawing { () throws(RandomnessError) in try randomness.secretBytes(32) }
        var signingKey: SigningKey?
        switch scheme.threat {
        case .curious: break
        case .semiMalicious:
            let seed = try drawing { () throws(RandomnessError) in try randomness.secretBytes(32) }
            signingKey = try withCryptography { () throws(CryptographyError) in try SigningKey(seed: seed) }
        case .active:
            guard let key = scheme.enrollment?.signingKeys[id] else { throw .missingKey(id) }
            signingKey = key
        }
        self.randomness = randomness
        let (channelKey, maskKey) = try withCryptography { () throws(CryptographyError) in
            (try KeyAgreementPrivateKey(seed: channelSeed), try KeyAgreementPrivateKey(seed: maskSeed))
        }
        let commitment = KeySchedule(session: session, round: context.round).commitment(
            toSelfMaskSeed: selfSeed, of: id.rawValue)
        let authentication: Advertisement.Authentication
        switch (scheme.threat, signingKey) {
        case (.semiMalicious, let key?): authentication = .verifyingKey(key.verifyingKey)
        case (.active, let key?):
            let bytes = Advertisement.signedBytes(
                session: session, client: id, channelPublicKey: channelKey.publicKey, maskPublicKey: maskKey.publicKey,
                selfMaskCommitment: commitment)
            authentication = .signature(
                try withCryptography { () throws(CryptographyError) in try key.signature(of: bytes) })
        default: authentication = .none
        }
        step = .advertised(
            Secrets(
                vector: vector, channelKey: channelKey, maskKey: maskKey, selfSeed: selfSeed, signingKey: signingKey,
                advertisement: Advertisement(
                    channelPublicKey: channelKey.publicKey, maskPublicKey: maskKey.publicKey,
                    selfMaskCommitment: commitment, authentication: authentication)))
    }

    mutating func start() throws(AggregationError) -> Transition<Element, SecAggMessage<Element>> {
        guard case .advertised(let secrets) = step else { throw .outOfOrder }
        return .next(
            sending: [Envelope(to: scheme.server, .advertisement(secrets.advertisement))],
            then: awaiting(scheme.beacon == nil ? SecAggStage.roster : SecAggStage.commit))
    }

    mutating func receive(
        _ message: consuming SecAggMessage<Element>, from sender: PartyID
    ) throws(AggregationError) -> Receipt {
        guard sender == scheme.server else { return .rejected(.unexpected) }
        if case .abort(let reason) = message { throw .abortedByPeer(sender, reason) }
        do throws(SecAggViolation) {
            switch (step, message) {
            case (.advertised(var secrets), .commitment(let root, let pulse))
            where scheme.beacon != nil && secrets.commitment == nil && secrets.peers == nil:
                try validate(pulse: pulse)
                secrets.commitment = (root, pulse)
                step = .advertised(secrets)
            case (.advertised(var secrets), .roster(let roster)) where !scheme.isSparse && secrets.peers == nil:
                secrets.peers = try peers(in: roster, secrets: secrets)
                step = .advertised(secrets)
            case (.advertised(var secrets), .neighborhood(let neighborhood))
            where scheme.isSparse && secrets.peers == nil && (scheme.beacon == nil || secrets.commitment != nil):
                secrets.peers = try peers(in: neighborhood, secrets: secrets)
                step = .advertised(secrets)
            case (.shared(var shared), .deliveredShares(let boxes, let sharers)) where shared.delivered == nil:
                shared.delivered = try open(boxes, sharers: sharers, shared: shared)
                step = .shared(shared)
            case (.masked(var held), .survivors(let survivors)):
                try require(.repeatedRequest, held.statement == nil, .repeatedRequest)
                try validate(survivors, held: held)
                held.statement = SurvivorStatement(
                    maskBinding: held.delivery.maskBinding, survivors: survivors)
                step = .masked(held)
            case (.signed(var held, _), .survivors(let survivors)):
                try require(.repeatedRequest, false, .repeatedRequest)
                try validate(survivors, held: held)
                held.statement = SurvivorStatement(
                    maskBinding: held.delivery.maskBinding, survivors: survivors)
                step = .masked(held)
            case (.signed(var held, let statement), .signatures(let signatures)) where !scheme.isSparse:
                try validate(signatures, under: statement, round: held.round)
                held.isConfirmed = true
                step = .signed(held, statement)
            case (.signed(var held, let statement), .signatureCommitment(let root, let pulse))
            where scheme.isSparse && held.signatureCommitment == nil:
                try validate(pulse: pulse)
                held.signatureCommitment = (root, pulse)
                step = .signed(held, statement)
            case (.signed(var held, let statement), .witnesses(let list)) where held.signatureCommitment != nil:
                try validate(list, under: statement, held: held)
                held.isConfirmed = true
                step = .signed(held, statement)
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
        case .advertised(let secrets):
            if let peers = secrets.peers { return try shareKeys(secrets, peers) }
            guard scheme.beacon != nil else { return abortUnanswered(SecAggStage.roster) }
            guard secrets.commitment != nil else { return abortUnanswered(SecAggStage.commit) }
            return noteAndAwait(SecAggStage.roster)
        case .shared(let shared): return try maskInput(shared)
        case .masked(let held):
            guard let statement = held.statement else { return abortUnanswered(SecAggStage.survivors) }
            return scheme.threat.hasConsistencyRound ? try sign(statement, held) : try reveal(held, statement)
        case .signed(let held, let statement):
            if held.isConfirmed { return try reveal(held, statement) }
            guard scheme.isSparse else { return abortUnanswered(SecAggStage.witness) }
            guard held.signatureCommitment != nil else { return abortUnanswered(SecAggStage.fix) }
            return noteAndAwait(SecAggStage.witness)
        case .over: throw .outOfOrder
        }
    }

    private func awaiting(_ stage: Stage) -> Expectation { Expectation(stage, from: [scheme.server], quorum: 1) }

    private mutating func abort(_ error: AggregationError) -> Transition<Element, SecAggMessage<Element>> {
        step = .over
        return .aborted(error, sending: [Envelope(to: scheme.server, .abort(error.reason))])
    }

    /// The server did not answer in time.
    private mutating func abortUnanswered(_ stage: Stage) -> Transition<Element, SecAggMessage<Element>> {
        abort(.tooFewParties(stage: stage.name, have: 0, need: 1))
    }

    /// What the server sends after a root without having been asked: if this was waited for already, it did not come.
    private var awaited: Stage?

    /// A root is noted, and nothing sent; what it fixed follows.
    private mutating func noteAndAwait(_ stage: Stage) -> Transition<Element, SecAggMessage<Element>> {
        if awaited == stage { return abortUnanswered(stage) }
        awaited = stage
        return .next(sending: [], then: awaiting(stage))
    }

    // MARK: Round 1

    private mutating func shareKeys(
        _ secrets: Secrets, _ peers: Peers
    ) throws(AggregationError) -> Transition<Element, SecAggMessage<Element>> {
        let keys = KeySchedule(session: peers.binding, round: context.round)
        // All agreements first, so that a key of low order shows before a share leaves.
        var peerKeys: [PartyID: PeerKeys] = [:]
        var sealingKeys: [PartyID: SecretBytes] = [:]
        for entry in peers.entries {
            guard let channelSecret = try agreement(of: secrets.channelKey, with: entry.keys.channelPublicKey),
                let maskSecret = try agreement(of: secrets.maskKey, with: entry.keys.maskPublicKey)
            else { return abort(.violation(.lowOrderKey(entry.id), by: scheme.server)) }
            sealingKeys[entry.id] = keys.key(
                from: channelSecret, for: .shareEncryption, from: id.rawValue, to: entry.id.rawValue,
                publicKeys: [secrets.channelKey.publicKey, entry.keys.channelPublicKey])
            peerKeys[entry.id] = PeerKeys(
                opening: keys.key(
                    from: channelSecret, for: .shareEncryption, from: entry.id.rawValue, to: id.rawValue,
                    publicKeys: [entry.keys.channelPublicKey, secrets.channelKey.publicKey]),
                maskSecret: maskSecret, maskPublicKey: entry.keys.maskPublicKey)
        }
        // On the complete graph a client is a holder of its own shares, as the protocol's threshold counts it.
        let known = peers.entries.map(\.id).filter { scheme.positions[$0] != nil }
        let holders = scheme.isSparse ? known : (known + [id]).sorted()
        let indices = holders.compactMap(scheme.shareIndex(of:))
        let maskShares: [ShamirShare]
        let selfShares: [ShamirShare]
        do throws(SharingError) {
            let sharing = try ShamirSharing(threshold: scheme.threshold, of: indices.count)
            maskShares = try sharing.split(secrets.maskKey.seed, for: indices, using: &randomness)
            selfShares = try sharing.split(secrets.selfSeed, for: indices, using: &randomness)
        } catch {
            if case .randomness(let cause) = error { throw .randomness(cause) }
            // The threshold is at most the number of valid peers, and their indices differ.
            throw .outOfOrder
        }

        var boxes: [AddressedBox] = []
        var ownShares: SharePair?
        for (index, holder) in holders.enumerated() {
            let pair = SharePair(maskSeedShare: maskShares[index].bytes, selfSeedShare: selfShares[index].bytes)
            guard let key = sealingKeys[holder] else {
                ownShares = pair
                continue
            }
            let box = try withCryptography { () throws(CryptographyError) in
                try pair.sealed(with: key, from: id, to: holder, keys: keys)
            }
            boxes.append(AddressedBox(party: holder, box: box))
        }
        var consistencyKeys: [PartyID: VerifyingKey] = [:]
        if !scheme.isSparse {
            for entry in peers.entries {
                consistencyKeys[entry.id] = entry.keys.consistencyKey(of: entry.id, enrollment: scheme.enrollment)
            }
        }
        step = .shared(
            Shared(
                vector: secrets.vector, selfSeed: secrets.selfSeed, maskPublicKey: secrets.maskKey.publicKey,
                peerKeys: peerKeys, ownShares: ownShares,
                round: Round(
                    root: peers.root, binding: peers.binding, neighbors: peers.neighbors,
                    signingKey: secrets.signingKey, consistencyKeys: consistencyKeys)))
        return .next(
            sending: [Envelope(to: scheme.server, .encryptedShares(boxes))], then: awaiting(SecAggStage.deliver))
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
        _ boxes: [AddressedBox], sharers: ClientSet, shared: Shared
    ) throws(SecAggViolation) -> Delivery {
        var shares: [PartyID: SharePair?] = [:]
        if let ownShares = shared.ownShares { shares[id] = ownShares }
        let have = boxes.count + shares.count
        let need = scheme.isSparse ? scheme.threshold : scheme.quorum
        try require(.tooFewNeighbors, have >= need, .tooFewParties(have: have, need: need))
        let keys = KeySchedule(session: shared.round.binding, round: context.round)
        for entry in boxes {
            guard let peer = shared.peerKeys[entry.party] else {
                if entry.party == id { throw SecAggViolation(.receiverMisplaced) }
                // Without a key there is nothing to open, whether the check is waived or not.
                throw SecAggViolation(.foreignParty(entry.party))
            }
            // A box that does not open costs its sender one share and not the round: otherwise one client could end
            // every round.
            let pair = try? SharePair(opening: entry.box, with: peer.opening, from: entry.party, to: id, keys: keys)
            shares.updateValue(pair, forKey: entry.party)
        }
        try validate(sharers: sharers, shares: shares, round: shared.round)
        return Delivery(
            shares: shares, sharers: sharers,
            maskBinding: SurvivorStatement.maskBinding(shared.round.binding, sharers: sharers))
    }

    private mutating func maskInput(
        _ shared: Shared
    ) throws(AggregationError) -> Transition<Element, SecAggMessage<Element>> {
        guard let delivery = shared.delivered else { return abortUnanswered(SecAggStage.deliver) }
        let keys = KeySchedule(session: delivery.maskBinding, round: context.round)
        var masks: [SignedMask] = []
        for peer in delivery.shares.keys.sorted() where peer != id {
            guard let peerKeys = shared.peerKeys[peer] else { throw .outOfOrder }
            let key = scheme.pairwiseMaskKey(
                from: peerKeys.maskSecret, between: id, shared.maskPublicKey, and: peer, peerKeys.maskPublicKey,
                keys: keys)
            try withCryptography { () throws(CryptographyError) in
                masks.append(SignedMask(generator: try MaskGenerator(key: key), isAdded: peer < id))
            }
        }
        let masked = try withCryptography { () throws(CryptographyError) in
            try MaskedVector(
                masking: shared.vector, selfMask: scheme.selfMask(of: shared.selfSeed, id, keys: keys),
                pairwiseMasks: masks, width: scheme.width)
        }
        step = .masked(Held(delivery: delivery, round: shared.round))
        return .next(
            sending: [Envelope(to: scheme.server, .maskedVector(masked))], then: awaiting(SecAggStage.survivors))
    }

    // MARK: Rounds 3 and 4

    private mutating func sign(
        _ statement: SurvivorStatement, _ held: Held
    ) throws(AggregationError) -> Transition<Element, SecAggMessage<Element>> {
        guard let key = held.round.signingKey else { throw .missingKey(id) }
        let signature = try withCryptography { () throws(CryptographyError) in
            try key.signature(of: statement.signedBytes(by: id))
        }
        step = .signed(held, statement)
        return .next(
            sending: [Envelope(to: scheme.server, .signature(signature))],
            then: awaiting(scheme.isSparse ? SecAggStage.fix : SecAggStage.witness))
    }

    /// One decision for each dealer of U2, from one list: of a survivor the share of its self-mask seed, of any other
    /// that of its mask seed.
    private mutating func reveal(
        _ held: Held, _ statement: SurvivorStatement
    ) throws(AggregationError) -> Transition<Element, SecAggMessage<Element>> {
        if !scheme.waivedRefusals.contains(.sharesAlreadyReleased) {
            do throws(AggregationError) {
                try scheme.journal.recordRelease(by: id, in: context)
            } catch {
                return abort(error)
            }
        }
        let shares = held.delivery.shares
        let revealed = shares.keys.sorted().compactMap { dealer -> RevealedShare? in
            guard let pair = shares[dealer] ?? nil, let position = scheme.positions[dealer] else { return nil }
            return RevealedShare(
                of: dealer,
                share: statement.survivors.contains(position) ? pair.selfSeedShare : pair.maskSeedShare)
        }
        step = .over
        if scheme.waivedRefusals.contains(.repeatedRequest) { step = .masked(held) }
        return .finished(sending: [Envelope(to: scheme.server, .revealedShares(revealed))], learning: nil)
    }
}

extension SecAgg {
    /// The mask that a client adds alone.
    func selfMask(of seed: SecretBytes, _ client: PartyID, keys: KeySchedule) throws(CryptographyError) -> MaskGenerator
    {
        try MaskGenerator(
            key: keys.key(
                from: seed, for: .selfMask, from: client.rawValue, to: client.rawValue, bits: width.bits))
    }

    /// The key of the mask that the shared secret of two clients stands for. The client with the higher id adds the mask,
    /// the other one subtracts it [BIK+17] §4.
    func pairwiseMaskKey(
        from secret: SecretBytes, between client: PartyID, _ key: KeyAgreementPublicKey, and peer: PartyID,
        _ peerKey: KeyAgreementPublicKey, keys: KeySchedule
    ) -> SecretBytes {
        keys.key(
            from: secret, for: .pairwiseMask, from: min(client, peer).rawValue, to: max(client, peer).rawValue,
            bits: width.bits, publicKeys: peer < client ? [peerKey, key] : [key, peerKey])
    }
}
