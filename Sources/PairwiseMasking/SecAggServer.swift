// SPDX-License-Identifier: Apache-2.0

internal import ProtocolCryptography
internal import RingArithmetic
internal import SecretSharing
internal import SecureAggregation
internal import SecureRandomness

/// The server of SecAgg: passes keys and boxes on, adds masked vectors up on arrival, and takes the masks off the sum.
///
/// None of its stored properties, and none of the messages that it gets, can hold a clear vector: `MaskedVector` cannot
/// be made from one, and `MaskedSum` opens only at the end.
struct SecAggServer<Element: MaskableElement>: AggregationParty {
    private let scheme: SecAgg<Element>
    private let keys: KeySchedule
    private let shareIndices: [PartyID: UInt64]
    private var stage = SecAggStage.advertise
    /// U1 and its keys.
    private var roster: [PartyID: Advertisement] = [:]
    private var publicKeys: Set<KeyAgreementPublicKey> = []
    /// The boxes of U2, by sender then receiver; emptied when they are delivered.
    private var boxes: [PartyID: [AddressedBox]] = [:]
    /// U2.
    private var sharers: [PartyID] = []
    /// The sum over U3 so far.
    private var sum: MaskedSum<Element>
    /// U3.
    private var survivors: Set<PartyID> = []
    /// The shares that survivors revealed, by dealer.
    private var revealed: [PartyID: [ShamirShare]] = [:]
    private var responders: Set<PartyID> = []

    init(scheme: SecAgg<Element>, keys: KeySchedule) {
        self.scheme = scheme
        self.keys = keys
        shareIndices = scheme.shareIndices
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
        case (SecAggStage.reveal, .revealedShares(let shares)): return accept(shares, from: sender)
        default: return .rejected(.unexpected)
        }
    }

    mutating func advance() throws(AggregationError) -> Transition<Element, SecAggMessage<Element>> {
        switch stage {
        case SecAggStage.advertise: return publishRoster()
        case SecAggStage.share: return deliverShares()
        case SecAggStage.mask: return announceSurvivors()
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

    // MARK: Round 0

    private mutating func accept(_ advertisement: Advertisement, from sender: PartyID) -> Receipt {
        guard shareIndices[sender] != nil else { return .rejected(.unexpected) }
        guard roster[sender] == nil else { return .rejected(.conflicting) }
        // Clients refuse a roster with such keys, so whoever sends them would end the round for all.
        let own = [advertisement.channelPublicKey, advertisement.maskPublicKey]
        guard own[0] != own[1], !publicKeys.contains(own[0]), !publicKeys.contains(own[1]) else {
            return .rejected(.invalid(.duplicateKey(sender)))
        }
        guard !own[0].isOfLowOrder, !own[1].isOfLowOrder else { return .rejected(.invalid(.lowOrderKey(sender))) }
        publicKeys.formUnion(own)
        roster[sender] = advertisement
        return .accepted
    }

    private mutating func publishRoster() -> Transition<Element, SecAggMessage<Element>> {
        guard roster.count >= scheme.quorum else {
            return abort(have: roster.count, need: scheme.quorum, telling: roster.keys)
        }
        let clients = roster.keys.sorted()
        publicKeys = []
        stage = SecAggStage.share
        let entries = clients.compactMap { client in roster[client].map { RosterEntry(id: client, keys: $0) } }
        return .next(
            sending: [Envelope(to: clients, .roster(entries))],
            then: Expectation(SecAggStage.share, from: Set(clients), quorum: scheme.quorum))
    }

    // MARK: Round 1

    private mutating func accept(_ list: [AddressedBox], from sender: PartyID) -> Receipt {
        guard roster[sender] != nil, boxes[sender] == nil else { return .rejected(.unexpected) }
        guard list.count == roster.count - 1 else {
            return .rejected(.invalid(.wrongCount(expected: roster.count - 1, actual: list.count)))
        }
        for entry in list where roster[entry.party] == nil || entry.party == sender {
            return .rejected(.invalid(.foreignParty(entry.party)))
        }
        boxes[sender] = list
        return .accepted
    }

    private mutating func deliverShares() -> Transition<Element, SecAggMessage<Element>> {
        guard boxes.count >= scheme.quorum else {
            return abort(have: boxes.count, need: scheme.quorum, telling: roster.keys)
        }
        sharers = boxes.keys.sorted()
        var deliveries: [PartyID: [AddressedBox]] = [:]
        for sender in sharers {
            for entry in boxes[sender] ?? [] where boxes[entry.party] != nil {
                deliveries[entry.party, default: []].append(AddressedBox(party: sender, box: entry.box))
            }
        }
        boxes = [:]
        stage = SecAggStage.mask
        return .next(
            sending: sharers.map { Envelope(to: $0, .deliveredShares(deliveries[$0] ?? [])) },
            then: Expectation(SecAggStage.mask, from: Set(sharers), quorum: scheme.quorum))
    }

    // MARK: Round 2

    private mutating func announceSurvivors() -> Transition<Element, SecAggMessage<Element>> {
        guard survivors.count >= scheme.quorum else {
            return abort(have: survivors.count, need: scheme.quorum, telling: sharers)
        }
        stage = SecAggStage.reveal
        let list = survivors.sorted()
        return .next(
            sending: [Envelope(to: list, .survivors(list))],
            then: Expectation(SecAggStage.reveal, from: survivors, quorum: scheme.threshold))
    }

    // MARK: Round 4

    private mutating func accept(_ shares: [RevealedShare], from sender: PartyID) -> Receipt {
        guard let index = shareIndices[sender], survivors.contains(sender) else { return .rejected(.unexpected) }
        guard responders.insert(sender).inserted else { return .rejected(.conflicting) }
        let dealers = Set(sharers)
        for share in shares where !dealers.contains(share.of) {
            responders.remove(sender)
            return .rejected(.invalid(.foreignParty(share.of)))
        }
        for share in shares { revealed[share.of, default: []].append(ShamirShare(index: index, bytes: share.share)) }
        return .accepted
    }

    private mutating func unmask() throws(AggregationError) -> Transition<Element, SecAggMessage<Element>> {
        guard responders.count >= scheme.threshold else {
            return .aborted(
                .tooFewParties(stage: stage.name, have: responders.count, need: scheme.threshold), sending: [])
        }
        var reconstruction = SecretReconstruction(threshold: scheme.threshold)
        for client in sharers {
            guard let advertisement = roster[client] else { throw .outOfOrder }
            let shares = revealed[client] ?? []
            if survivors.contains(client) {
                let seed = reconstruction.secret(from: shares) { [keys] seed in
                    keys.commitment(toSelfMaskSeed: seed, of: client.rawValue) == advertisement.selfMaskCommitment
                        ? seed : nil
                }
                guard let seed else { return .aborted(.inconsistentShares(dealer: client), sending: []) }
                try withCryptography { () throws(CryptographyError) in
                    let mask = SignedMask(generator: try scheme.selfMask(of: seed, client, keys: keys), isAdded: true)
                    try sum.remove(mask, width: scheme.width)
                }
            } else {
                let key = reconstruction.secret(from: shares) { seed -> KeyAgreementPrivateKey? in
                    guard let key = try? KeyAgreementPrivateKey(seed: seed) else { return nil }
                    return key.publicKey == advertisement.maskPublicKey ? key : nil
                }
                guard let key else { return .aborted(.inconsistentShares(dealer: client), sending: []) }
                try removePairwiseMasks(of: client, key: key)
            }
        }
        return .finished(
            sending: [],
            learning: Aggregate(sum: sum.opened(width: scheme.width), contributors: survivors.sorted()))
    }

    /// The masks that the survivors share with a client whose vector never came.
    private mutating func removePairwiseMasks(
        of lost: PartyID, key: KeyAgreementPrivateKey
    ) throws(AggregationError) {
        for survivor in survivors.sorted() {
            guard let peerKey = roster[survivor]?.maskPublicKey else { throw .outOfOrder }
            try withCryptography { () throws(CryptographyError) in
                let mask = try scheme.pairwiseMask(
                    from: key.sharedSecret(with: peerKey), between: lost, key.publicKey, and: survivor, peerKey,
                    keys: keys)
                // The survivor applied it with the opposite sign.
                try sum.remove(SignedMask(generator: mask.generator, isAdded: !mask.isAdded), width: scheme.width)
            }
        }
    }
}
