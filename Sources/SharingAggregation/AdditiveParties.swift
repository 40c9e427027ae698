// SPDX-License-Identifier: Apache-2.0

internal import ProtocolCryptography
internal import RingArithmetic
internal import SecureAggregation
internal import SecureRandomness

/// Splits its vector and sends one message.
struct AdditiveContributor<Element: MaskableElement, Randomness: SecureRandomNumberGenerator>: AggregationParty {
    let id: PartyID
    let scheme: AdditiveAggregation<Element>
    let keys: KeySchedule
    let vector: [Element]
    var randomness: Randomness

    mutating func start() throws(AggregationError) -> Transition<Element, AdditiveMessage<Element>> {
        var seeds: [SealedSeed] = []
        var masks: [MaskGenerator] = []
        for (aggregator, key) in zip(scheme.aggregators, scheme.aggregatorKeys) {
            let seed = try drawing { () throws(RandomnessError) in try randomness.secretBytes(32) }
            let ephemeralSeed = try drawing { () throws(RandomnessError) in try randomness.secretBytes(32) }
            try withCryptography { () throws(CryptographyError) in
                masks.append(try scheme.mask(of: seed, from: id, to: aggregator, keys: keys))
                seeds.append(
                    try SealedSeed(
                        seed, from: id, to: aggregator, key: key,
                        ephemeral: KeyAgreementPrivateKey(seed: ephemeralSeed), keys: keys))
            }
        }
        let share = try withCryptography { () throws(CryptographyError) in
            try VectorShare(ofLeaderFor: vector, subtracting: masks, width: scheme.width)
        }
        return .finished(sending: [Envelope(to: scheme.leader, .share(share, seeds: seeds))], learning: nil)
    }

    mutating func receive(
        _ message: consuming AdditiveMessage<Element>, from sender: PartyID
    ) throws(AggregationError) -> Receipt {
        .rejected(.unexpected)
    }

    mutating func advance() throws(AggregationError) -> Transition<Element, AdditiveMessage<Element>> {
        throw .outOfOrder
    }
}

/// Adds up the leader's shares on arrival, has the aggregators add up theirs, and learns the sum.
struct AdditiveLeader<Element: MaskableElement>: AggregationParty {
    let scheme: AdditiveAggregation<Element>
    private var sum: ShareSum<Element>
    private var seeds: [PartyID: [SealedSeed]] = [:]
    private var answered: Set<PartyID> = []
    private var abortedBy: (party: PartyID, reason: AbortReason)?
    private var isCombining = false

    init(scheme: AdditiveAggregation<Element>) {
        self.scheme = scheme
        sum = ShareSum(dimension: scheme.dimension)
    }

    mutating func start() throws(AggregationError) -> Transition<Element, AdditiveMessage<Element>> {
        .next(
            sending: [],
            then: Expectation(
                AdditiveMessage<Element>.shareStage, from: Set(scheme.contributors),
                quorum: scheme.minimumContributors))
    }

    mutating func receive(
        _ message: consuming AdditiveMessage<Element>, from sender: PartyID
    ) throws(AggregationError) -> Receipt {
        switch message {
        case .share(let share, let sealed) where !isCombining:
            guard sealed.count == scheme.aggregators.count else {
                return .rejected(.invalid(.wrongCount(expected: scheme.aggregators.count, actual: sealed.count)))
            }
            guard scheme.contributors.contains(sender) else { return .rejected(.unexpected) }
            guard seeds[sender] == nil else { return .rejected(.conflicting) }
            seeds[sender] = sealed
            sum.fold(share)
            return .accepted
        case .partialSum(let share) where isCombining:
            guard scheme.aggregators.contains(sender) else { return .rejected(.unexpected) }
            guard answered.insert(sender).inserted else { return .rejected(.conflicting) }
            sum.fold(share)
            return .accepted
        case .abort(let reason):
            if scheme.aggregators.contains(sender) { throw .abortedByPeer(sender, reason) }
            return .rejected(.senderAborted(reason))
        default:
            return .rejected(.unexpected)
        }
    }

    mutating func advance() throws(AggregationError) -> Transition<Element, AdditiveMessage<Element>> {
        guard isCombining else { return forward() }
        guard answered.count == scheme.aggregators.count else {
            return .aborted(
                .tooFewParties(stage: "combine", have: answered.count, need: scheme.aggregators.count), sending: [])
        }
        return .finished(
            sending: [],
            learning: Aggregate(sum: sum.opened(width: scheme.width), contributors: seeds.keys.sorted()))
    }

    private mutating func forward() -> Transition<Element, AdditiveMessage<Element>> {
        guard seeds.count >= scheme.minimumContributors else {
            return .aborted(
                .tooFewParties(stage: "share", have: seeds.count, need: scheme.minimumContributors),
                sending: [Envelope(to: scheme.aggregators, .abort(.tooFewParties))])
        }
        isCombining = true
        let contributors = seeds.keys.sorted()
        let envelopes = scheme.aggregators.enumerated().map { position, aggregator in
            Envelope(
                to: aggregator,
                AdditiveMessage<Element>.forward(
                    contributors.compactMap { contributor in
                        seeds[contributor].map { ForwardedSeed(contributor: contributor, seed: $0[position]) }
                    }))
        }
        return .next(
            sending: envelopes,
            then: Expectation(
                AdditiveMessage<Element>.combineStage, from: Set(scheme.aggregators),
                quorum: scheme.aggregators.count))
    }
}

/// Opens its seeds and answers with the sum of the shares that they stand for, once, and only for a cohort that is
/// large enough.
struct AdditiveAggregator<Element: MaskableElement>: AggregationParty {
    let id: PartyID
    let scheme: AdditiveAggregation<Element>
    let context: RoundContext
    let key: KeyAgreementPrivateKey
    let keys: KeySchedule
    private var outcome: Result<VectorShare<Element>, AggregationError>?

    init(
        id: PartyID, scheme: AdditiveAggregation<Element>, context: RoundContext, key: KeyAgreementPrivateKey,
        keys: KeySchedule
    ) {
        self.id = id
        self.scheme = scheme
        self.context = context
        self.key = key
        self.keys = keys
    }

    mutating func start() throws(AggregationError) -> Transition<Element, AdditiveMessage<Element>> {
        .next(
            sending: [],
            then: Expectation(AdditiveMessage<Element>.forwardStage, from: [scheme.leader], quorum: 1))
    }

    mutating func receive(
        _ message: consuming AdditiveMessage<Element>, from sender: PartyID
    ) throws(AggregationError) -> Receipt {
        // A notice comes at any time and from anybody: a contributor's must not end the round.
        guard sender == scheme.leader else { return .rejected(.unexpected) }
        switch message {
        case .forward(let seeds):
            guard outcome == nil else { return .rejected(.invalid(.repeatedRequest)) }
            do throws(AggregationError) {
                outcome = .success(try sum(of: seeds))
            } catch {
                outcome = .failure(error)
            }
            return .accepted
        case .abort(let reason): throw .abortedByPeer(sender, reason)
        default: return .rejected(.unexpected)
        }
    }

    mutating func advance() throws(AggregationError) -> Transition<Element, AdditiveMessage<Element>> {
        switch outcome {
        case .success(let share):
            do throws(AggregationError) {
                try scheme.journal.recordRelease(by: id, in: context)
            } catch {
                return .aborted(error, sending: [Envelope(to: scheme.leader, .abort(error.reason))])
            }
            return .finished(sending: [Envelope(to: scheme.leader, .partialSum(share))], learning: nil)
        case .failure(let error):
            return .aborted(error, sending: [Envelope(to: scheme.leader, .abort(error.reason))])
        case nil:
            return .aborted(.tooFewParties(stage: "forward", have: 0, need: 1), sending: [])
        }
    }

    private func sum(of seeds: [ForwardedSeed]) throws(AggregationError) -> VectorShare<Element> {
        // The leader is not trusted to keep the cohort: a list of one would be a vector.
        guard seeds.count >= scheme.minimumContributors else {
            throw .violation(
                .tooFewParties(have: seeds.count, need: scheme.minimumContributors), by: scheme.leader)
        }
        let known = Set(scheme.contributors)
        var masks: [MaskGenerator] = []
        for entry in seeds {
            guard known.contains(entry.contributor) else {
                throw .violation(.foreignParty(entry.contributor), by: scheme.leader)
            }
            do throws(CryptographyError) {
                let seed = try entry.seed.open(from: entry.contributor, to: id, key: key, keys: keys)
                masks.append(try scheme.mask(of: seed, from: entry.contributor, to: id, keys: keys))
            } catch {
                throw .violation(.boxDoesNotOpen(entry.contributor), by: scheme.leader)
            }
        }
        return try withCryptography { () throws(CryptographyError) in
            try VectorShare(sumOf: masks, dimension: scheme.dimension, width: scheme.width)
        }
    }
}

extension AdditiveAggregation {
    /// The vector that a seed stands for.
    func mask(
        of seed: SecretBytes, from contributor: PartyID, to aggregator: PartyID, keys: KeySchedule
    ) throws(CryptographyError) -> MaskGenerator {
        try MaskGenerator(
            key: keys.key(
                from: seed, for: .additiveShare, from: contributor.rawValue, to: aggregator.rawValue,
                bits: width.bits))
    }
}
