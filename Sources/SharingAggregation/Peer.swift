// SPDX-License-Identifier: Apache-2.0

internal import ProtocolCryptography
internal import SecretSharing
internal import SecureAggregation
internal import SecureRandomness

/// A peer: shares its vector, says whose shares it holds, sends the sum of those that all hold, and adds up.
struct Peer<Element: MaskableElement, Randomness: SecureRandomNumberGenerator>: AggregationParty {
    typealias Message = PeerToPeerMessage<Element>

    private let id: PartyID
    private let position: Int
    private let scheme: PeerToPeerAggregation<Element>
    private let context: RoundContext
    private let keys: KeySchedule
    private var randomness: Randomness
    private var step: Step

    /// What the peer keeps at each step, and no more.
    private enum Step {
        case starting(vector: [Element])
        case collecting(Held)
        case confirming(Held, heard: [PartyID: Set<PartyID>])
        case combining(contributors: [PartyID], sums: [PartyID: VectorShare<Element>])
        case over
    }

    /// The shares that it holds, as vectors or as the seeds they stand for. Which of them are summed is known only after
    /// the peers have compared.
    private struct Held {
        var shares: [PartyID: VectorShare<Element>] = [:]
        var seeds: [PartyID: PeerSeed] = [:]

        var dealers: [PartyID] { (Array(shares.keys) + Array(seeds.keys)).sorted() }
    }

    init(
        id: PartyID, position: Int, scheme: PeerToPeerAggregation<Element>, context: RoundContext, keys: KeySchedule,
        vector: [Element], randomness: consuming Randomness
    ) {
        self.id = id
        self.position = position
        self.scheme = scheme
        self.context = context
        self.keys = keys
        self.randomness = randomness
        step = .starting(vector: vector)
    }

    private var others: [PartyID] { scheme.contributors.filter { $0 != id } }
    private var isAdditive: Bool { scheme.field == nil }
    /// How many peers must be left while shares and confirmations are collected.
    private var quorum: Int { max(scheme.threshold, scheme.minimumContributors) }

    // MARK: Sharing

    mutating func start() throws(AggregationError) -> Transition<Element, Message> {
        guard case .starting(let vector) = step else { throw .outOfOrder }
        let count = scheme.contributors.count
        var seeds: [Int: PeerSeed] = [:]
        var masks: [MaskGenerator] = []
        let seeded = (1..<scheme.threshold).map { (position + $0) % count }
        for holder in seeded {
            let seed = PeerSeed(try drawing { () throws(RandomnessError) in try randomness.secretBytes(32) })
            masks.append(try mask(of: seed, from: id, to: scheme.contributors[holder]))
            seeds[holder] = seed
        }
        let unseeded = (0..<count).filter { seeds[$0] == nil }
        let shares: [VectorShare<Element>]
        if let field = scheme.field {
            shares = try VectorShare.shamirShares(
                of: vector, seeded: masks, at: seeded.map(Self.abscissa), evaluatedAt: unseeded.map(Self.abscissa),
                in: field)
        } else {
            shares = [
                try withCryptography { () throws(CryptographyError) in
                    try VectorShare(of: vector, subtracting: masks, in: scheme.group)
                }
            ]
        }
        var held = Held()
        var envelopes: [Envelope<Message>] = []
        let sharesByHolder = Dictionary(uniqueKeysWithValues: zip(unseeded, shares))
        for (holder, receiver) in scheme.contributors.enumerated() {
            if let seed = seeds[holder] {
                envelopes.append(Envelope(to: receiver, .seed(seed)))
            } else if let share = sharesByHolder[holder] {
                if holder == position {
                    held.shares[id] = share
                } else {
                    envelopes.append(Envelope(to: receiver, .share(share)))
                }
            }
        }
        step = .collecting(held)
        return .next(
            sending: envelopes,
            then: Expectation(Message.shareStage, from: Set(others), quorum: isAdditive ? count - 1 : quorum - 1))
    }

    private static func abscissa(_ position: Int) -> UInt64 { UInt64(position + 1) }

    private func mask(of seed: PeerSeed, from dealer: PartyID, to holder: PartyID) throws(AggregationError)
        -> MaskGenerator
    {
        try withCryptography { () throws(CryptographyError) in
            try MaskGenerator(
                key: keys.key(
                    from: seed.bytes, for: .peerShare, from: dealer.rawValue, to: holder.rawValue,
                    bits: scheme.group.bits))
        }
    }

    // MARK: Receiving

    mutating func receive(_ message: consuming Message, from sender: PartyID) throws(AggregationError) -> Receipt {
        guard sender != id, let dealer = scheme.contributors.firstIndex(of: sender) else {
            return .rejected(.unexpected)
        }
        // Even where nothing can be learned without the sender: this peer finds that out itself, at the end of its stage.
        if case .abort(let reason) = message { return .rejected(.senderAborted(reason)) }
        switch (step, message) {
        case (.collecting(var held), .seed(let seed)) where scheme.isSeeded(from: dealer, to: position):
            guard held.seeds[sender] == nil else { return .rejected(.conflicting) }
            held.seeds[sender] = seed
            step = .collecting(held)
        case (.collecting(var held), .share(let share)) where !scheme.isSeeded(from: dealer, to: position):
            guard held.shares[sender] == nil else { return .rejected(.conflicting) }
            held.shares[sender] = share
            step = .collecting(held)
        case (.confirming(let held, var heard), .confirm(let dealers)):
            guard heard[sender] == nil else { return .rejected(.conflicting) }
            if let problem = problem(in: dealers, from: sender) { return .rejected(.invalid(problem)) }
            heard[sender] = Set(dealers)
            step = .confirming(held, heard: heard)
        case (.combining(let contributors, var sums), .partialSum(let share, let dealers)):
            guard sums[sender] == nil else { return .rejected(.conflicting) }
            // A sum over another list is of no use here, and its sender is not at fault.
            guard dealers == contributors else { return .accepted }
            sums[sender] = share
            step = .combining(contributors: contributors, sums: sums)
        default:
            return .rejected(.unexpected)
        }
        return .accepted
    }

    private func problem(in dealers: [PartyID], from sender: PartyID) -> ProtocolViolation? {
        let known = Set(scheme.contributors)
        if let stranger = dealers.first(where: { !known.contains($0) }) { return .foreignParty(stranger) }
        return dealers.contains(sender) ? nil : .receiverMisplaced
    }

    // MARK: Advancing

    mutating func advance() throws(AggregationError) -> Transition<Element, Message> {
        switch step {
        case .collecting(let held):
            let need = isAdditive ? scheme.contributors.count : quorum
            guard held.dealers.count >= need else { return abort(stage: Message.shareStage, held.dealers.count, need) }
            guard !isAdditive else { return try sum(held, of: scheme.contributors) }
            step = .confirming(held, heard: [id: Set(held.dealers)])
            return .next(
                sending: [Envelope(to: others, .confirm(held.dealers))],
                then: Expectation(Message.confirmStage, from: Set(others), quorum: scheme.threshold - 1))
        case .confirming(let held, let heard):
            // Every peer tells one list, and more than half must have told the same: no two lists are summed, whatever
            // messages are lost, and whoever puts shares together.
            let votes = Dictionary(grouping: heard.values) { $0 }.mapValues(\.count)
            guard let contributors = votes.first(where: { $0.value >= scheme.threshold })?.key else {
                return abort(stage: Message.confirmStage, votes.values.max() ?? 0, scheme.threshold)
            }
            let need = max(1, scheme.minimumContributors)
            guard contributors.count >= need else {
                return abort(stage: Message.confirmStage, contributors.count, need)
            }
            guard contributors == Set(held.dealers) else { return wait(for: contributors.sorted()) }
            return try sum(held, of: contributors.sorted())
        case .combining(let contributors, let sums): return combine(sums, of: contributors)
        case .starting, .over: throw .outOfOrder
        }
    }

    private mutating func sum(
        _ held: Held, of contributors: [PartyID]
    ) throws(AggregationError) -> Transition<Element, Message> {
        var sum = try ShareSum<Element>(dimension: scheme.dimension, in: scheme.group)
        for dealer in contributors {
            if let share = held.shares[dealer] {
                sum.fold(share)
            } else if let seed = held.seeds[dealer] {
                let mask = try mask(of: seed, from: dealer, to: id)
                try withCryptography { () throws(CryptographyError) in try sum.fold(mask) }
            }
        }
        do throws(AggregationError) {
            try scheme.journal.recordRelease(by: id, in: context)
        } catch {
            step = .over
            return .aborted(error, sending: [Envelope(to: others, .abort(error.reason))])
        }
        let share = sum.reduced()
        step = .combining(contributors: contributors, sums: [id: share])
        return .next(
            sending: [Envelope(to: others, .partialSum(share, of: contributors))],
            then: Expectation(Message.combineStage, from: Set(others), quorum: scheme.threshold - 1))
    }

    /// It lacks a share that the others have, so that it has no sum to send; theirs are enough.
    private mutating func wait(for contributors: [PartyID]) -> Transition<Element, Message> {
        step = .combining(contributors: contributors, sums: [:])
        return .next(
            sending: [],
            then: Expectation(Message.combineStage, from: Set(others), quorum: scheme.threshold))
    }

    private mutating func combine(
        _ sums: [PartyID: VectorShare<Element>], of contributors: [PartyID]
    ) -> Transition<Element, Message> {
        step = .over
        guard sums.count >= scheme.threshold else {
            return .aborted(
                .tooFewParties(stage: Message.combineStage.name, have: sums.count, need: scheme.threshold), sending: [])
        }
        guard let field = scheme.field else {
            let sum = ShareCombination.additive(Array(sums.values), width: scheme.width)
            return .finished(sending: [], learning: Aggregate(sum: sum, contributors: contributors))
        }
        let shares = scheme.contributors.enumerated().compactMap { position, peer in
            sums[peer].map { (index: Self.abscissa(position), share: $0) }
        }
        do throws(SharingError) {
            let sum = try ShareCombination.shamir(
                shares, threshold: scheme.threshold, in: field, reducedTo: scheme.width)
            return .finished(sending: [], learning: Aggregate(sum: sum, contributors: contributors))
        } catch {
            guard case .inconsistentShares(let index) = error else { return .aborted(.outOfOrder, sending: []) }
            return .aborted(.inconsistentPartialSums(scheme.contributors[Int(index) - 1]), sending: [])
        }
    }

    /// Too few are left: nobody need wait for this peer.
    private mutating func abort(stage: Stage, _ have: Int, _ need: Int) -> Transition<Element, Message> {
        step = .over
        return .aborted(
            .tooFewParties(stage: stage.name, have: have, need: need),
            sending: [Envelope(to: others, .abort(.tooFewParties))])
    }
}
