// SPDX-License-Identifier: Apache-2.0

internal import ProtocolCryptography
internal import SecretSharing
internal import SecureAggregation
internal import SecureRandomness

/// Splits its vector and sends one message.
struct SharingContributor<
    Element: MaskableElement, Kind: SharingKind, Randomness: SecureRandomNumberGenerator
>: AggregationParty {
    let id: PartyID
    let plan: SharingPlan
    let keys: KeySchedule
    let signingKey: SigningKey
    let vector: [Element]
    var randomness: Randomness

    mutating func start() throws(AggregationError) -> Transition<Element, SharingMessage<Element, Kind>> {
        var seeds: [SealedSeed] = []
        var masks: [MaskGenerator] = []
        for (aggregator, key) in zip(plan.aggregators, plan.aggregatorKeys) {
            let seed = try drawing { () throws(RandomnessError) in try randomness.secretBytes(32) }
            let ephemeralSeed = try drawing { () throws(RandomnessError) in try randomness.secretBytes(32) }
            try withCryptography { () throws(CryptographyError) in
                masks.append(try plan.mask(of: seed, Kind.self, from: id, to: aggregator, keys: keys))
                seeds.append(
                    try SealedSeed(
                        seed, along: plan.route(Kind.self, from: id, to: aggregator, keys: keys), to: key,
                        ephemeral: KeyAgreementPrivateKey(seed: ephemeralSeed), signedBy: signingKey))
            }
        }
        let shares = try plan.shares(of: vector, masks: masks)
        return .finished(sending: [Envelope(to: plan.leader, .share(shares, seeds: seeds))], learning: nil)
    }

    mutating func receive(
        _ message: consuming SharingMessage<Element, Kind>, from sender: PartyID
    ) throws(AggregationError) -> Receipt {
        .rejected(.unexpected)
    }

    mutating func advance() throws(AggregationError) -> Transition<Element, SharingMessage<Element, Kind>> {
        throw .outOfOrder
    }
}

/// Adds up what contributors send on arrival, has the aggregators add up their shares, and learns the sum.
struct SharingLeader<Element: MaskableElement, Kind: SharingKind>: AggregationParty {
    private let plan: SharingPlan
    private let keys: KeySchedule
    /// One running sum for each vector of a contributor's message.
    private var sums: [ShareSum<Element>] = []
    private var seeds: [PartyID: [SealedSeed]] = [:]
    private var answers: [PartyID: VectorShare<Element>] = [:]
    private var complaints: [PartyID: [PartyID]] = [:]
    private var isCombining = false

    init(plan: SharingPlan, keys: KeySchedule) throws(AggregationError) {
        self.plan = plan
        self.keys = keys
        for _ in 0..<plan.maskedShareCount {
            sums.append(try ShareSum(dimension: plan.dimension, in: plan.group))
        }
    }

    mutating func start() throws(AggregationError) -> Transition<Element, SharingMessage<Element, Kind>> {
        .next(
            sending: [],
            then: Expectation(
                SharingMessage<Element, Kind>.shareStage, from: Set(plan.contributors),
                quorum: plan.minimumContributors))
    }

    mutating func receive(
        _ message: consuming SharingMessage<Element, Kind>, from sender: PartyID
    ) throws(AggregationError) -> Receipt {
        switch message {
        case .share(let shares, let sealed) where !isCombining:
            return take(shares, sealed, from: sender)
        case .partialSum(let share) where isCombining:
            guard plan.aggregators.contains(sender) else { return .rejected(.unexpected) }
            guard !hasAnswered(sender) else { return .rejected(.conflicting) }
            answers[sender] = share
            return .accepted
        case .complaint(let named) where isCombining:
            guard plan.aggregators.contains(sender) else { return .rejected(.unexpected) }
            guard !hasAnswered(sender) else { return .rejected(.conflicting) }
            if let stranger = named.first(where: { seeds[$0] == nil }) {
                return .rejected(.invalid(.foreignParty(stranger)))
            }
            complaints[sender] = named
            return .accepted
        case .abort(let reason):
            if plan.aggregators.contains(sender), plan.threshold == plan.aggregators.count {
                throw .abortedByPeer(sender, reason)
            }
            return .rejected(.senderAborted(reason))
        default:
            return .rejected(.unexpected)
        }
    }

    private mutating func take(
        _ shares: [VectorShare<Element>], _ sealed: [SealedSeed], from sender: PartyID
    ) -> Receipt {
        guard let key = plan.enrollment.contributorKeys[sender], plan.contributors.contains(sender) else {
            return .rejected(.unexpected)
        }
        guard seeds[sender] == nil else { return .rejected(.conflicting) }
        guard shares.count == sums.count else {
            return .rejected(.invalid(.wrongCount(expected: sums.count, actual: shares.count)))
        }
        guard sealed.count == plan.aggregators.count else {
            return .rejected(.invalid(.wrongCount(expected: plan.aggregators.count, actual: sealed.count)))
        }
        for (aggregator, seed) in zip(plan.aggregators, sealed) {
            let route = plan.route(Kind.self, from: sender, to: aggregator, keys: keys)
            guard seed.isSigned(along: route, by: key) else { return .rejected(.invalid(.badSignature(sender))) }
        }
        seeds[sender] = sealed
        for (position, share) in shares.enumerated() { sums[position].fold(share) }
        return .accepted
    }

    private func hasAnswered(_ aggregator: PartyID) -> Bool {
        answers[aggregator] != nil || complaints[aggregator] != nil
    }

    mutating func advance() throws(AggregationError) -> Transition<Element, SharingMessage<Element, Kind>> {
        guard isCombining else { return forward() }
        guard answers.count >= plan.threshold else {
            // A contributor that was named is the better explanation than aggregators that are missing.
            let named = complaints.values.joined().min()
            return .aborted(
                named.map { .inconsistentShares(dealer: $0) }
                    ?? .tooFewParties(stage: "combine", have: answers.count, need: plan.threshold),
                sending: [])
        }
        do throws(AggregationError) {
            return .finished(
                sending: [],
                learning: Aggregate(
                    sum: try plan.combine(sums, answers: answers), contributors: seeds.keys.sorted()))
        } catch {
            return .aborted(error, sending: [])
        }
    }

    private mutating func forward() -> Transition<Element, SharingMessage<Element, Kind>> {
        guard seeds.count >= plan.minimumContributors else {
            return .aborted(
                .tooFewParties(stage: "share", have: seeds.count, need: plan.minimumContributors),
                sending: [Envelope(to: plan.aggregators, .abort(.tooFewParties))])
        }
        isCombining = true
        let contributors = seeds.keys.sorted()
        let envelopes = plan.aggregators.enumerated().map { position, aggregator in
            Envelope(
                to: aggregator,
                SharingMessage<Element, Kind>.forward(
                    contributors.compactMap { contributor in
                        seeds[contributor].map { ForwardedSeed(contributor: contributor, seed: $0[position]) }
                    }))
        }
        return .next(
            sending: envelopes,
            then: Expectation(
                SharingMessage<Element, Kind>.combineStage, from: Set(plan.aggregators), quorum: plan.threshold))
    }
}

/// Opens its seeds and answers with the sum of the shares that they stand for, once, and only for a cohort that is
/// large enough.
struct SharingAggregator<Element: MaskableElement, Kind: SharingKind>: AggregationParty {
    private let id: PartyID
    private let plan: SharingPlan
    private let context: RoundContext
    private let key: KeyAgreementPrivateKey
    private let keys: KeySchedule
    private var answer: Answer?

    private enum Answer {
        case sum(VectorShare<Element>)
        case complaint([PartyID])
        case refusal(AggregationError)
    }

    init(id: PartyID, plan: SharingPlan, context: RoundContext, key: KeyAgreementPrivateKey, keys: KeySchedule) {
        self.id = id
        self.plan = plan
        self.context = context
        self.key = key
        self.keys = keys
    }

    mutating func start() throws(AggregationError) -> Transition<Element, SharingMessage<Element, Kind>> {
        .next(
            sending: [],
            then: Expectation(SharingMessage<Element, Kind>.forwardStage, from: [plan.leader], quorum: 1))
    }

    mutating func receive(
        _ message: consuming SharingMessage<Element, Kind>, from sender: PartyID
    ) throws(AggregationError) -> Receipt {
        // A notice comes at any time and from anybody: a contributor's must not end the round.
        guard sender == plan.leader else { return .rejected(.unexpected) }
        switch message {
        case .forward(let seeds):
            guard answer == nil else { return .rejected(.invalid(.repeatedRequest)) }
            do throws(AggregationError) {
                answer = try answer(to: seeds)
            } catch {
                answer = .refusal(error)
            }
            return .accepted
        case .abort(let reason): throw .abortedByPeer(sender, reason)
        default: return .rejected(.unexpected)
        }
    }

    mutating func advance() throws(AggregationError) -> Transition<Element, SharingMessage<Element, Kind>> {
        switch answer {
        case .sum(let share):
            do throws(AggregationError) {
                try plan.journal.recordRelease(by: id, in: context)
            } catch {
                return .aborted(error, sending: [Envelope(to: plan.leader, .abort(error.reason))])
            }
            return .finished(sending: [Envelope(to: plan.leader, .partialSum(share))], learning: nil)
        case .complaint(let named):
            return .aborted(
                .inconsistentShares(dealer: named[0]), sending: [Envelope(to: plan.leader, .complaint(named))])
        case .refusal(let error):
            return .aborted(error, sending: [Envelope(to: plan.leader, .abort(error.reason))])
        case nil:
            // The leader may be there although its list was lost, and need not wait.
            return .aborted(
                .tooFewParties(stage: "forward", have: 0, need: 1),
                sending: [Envelope(to: plan.leader, .abort(.tooFewParties))])
        }
    }

    private func answer(to seeds: [ForwardedSeed]) throws(AggregationError) -> Answer {
        // The leader is not trusted to keep the cohort: a list of one would be a vector.
        guard seeds.count >= plan.minimumContributors else {
            throw .violation(
                .tooFewParties(have: seeds.count, need: plan.minimumContributors), by: plan.leader)
        }
        let known = Set(plan.contributors)
        var named: [PartyID] = []
        var sum = try ShareSum<Element>(dimension: plan.dimension, in: plan.group)
        for entry in seeds {
            guard known.contains(entry.contributor),
                let verifyingKey = plan.enrollment.contributorKeys[entry.contributor]
            else { throw .violation(.foreignParty(entry.contributor), by: plan.leader) }
            let route = plan.route(Kind.self, from: entry.contributor, to: id, keys: keys)
            // Whatever the contributor did not sign, the leader made up.
            guard entry.seed.isSigned(along: route, by: verifyingKey) else {
                throw .violation(.badSignature(entry.contributor), by: plan.leader)
            }
            do throws(CryptographyError) {
                let seed = try entry.seed.open(along: route, key: key)
                try sum.fold(plan.mask(of: seed, Kind.self, from: entry.contributor, to: id, keys: keys))
            } catch .authenticationFailed, .lowOrderPublicKey {
                named.append(entry.contributor)
            } catch {
                // A failure in here is no fault of the contributor's.
                throw .cryptography(error)
            }
        }
        return named.isEmpty ? .sum(sum.reduced()) : .complaint(named)
    }
}

extension SharingPlan {
    /// How many vectors a contributor sends: one share of additive sharing, those of the aggregators t … K of Shamir's.
    var maskedShareCount: Int { aggregators.count - threshold + 1 }

    /// The vector that a seed stands for.
    func mask(
        of seed: SecretBytes, _ kind: (some SharingKind).Type, from contributor: PartyID, to aggregator: PartyID,
        keys: KeySchedule
    ) throws(CryptographyError) -> MaskGenerator {
        try MaskGenerator(
            key: keys.key(
                from: seed, for: kind.maskPurpose, from: contributor.rawValue, to: aggregator.rawValue,
                bits: group.bits))
    }

    func route(
        _ kind: (some SharingKind).Type, from contributor: PartyID, to aggregator: PartyID, keys: KeySchedule
    ) -> SealedSeed.Route {
        SealedSeed.Route(
            contributor: contributor, aggregator: aggregator, keys: keys, messageType: kind.firstMessageType)
    }

    /// What a contributor sends of its vector in the open, given the masks of the aggregators in order.
    func shares<Element: MaskableElement>(
        of vector: [Element], masks: [MaskGenerator]
    ) throws(AggregationError) -> [VectorShare<Element>] {
        switch group {
        case .ring:
            return try withCryptography { () throws(CryptographyError) in
                [try VectorShare(of: vector, subtracting: masks, in: group)]
            }
        case .field(let field):
            let shares = try VectorShare.shamirShares(
                of: vector, seeded: Array(masks.prefix(threshold - 1)), at: indices(1..<threshold),
                evaluatedAt: indices(threshold..<aggregators.count + 1), in: field)
            return try withCryptography { () throws(CryptographyError) in
                var masked: [VectorShare<Element>] = []
                for (share, mask) in zip(shares, masks.dropFirst(threshold - 1)) {
                    masked.append(try share.masked(by: mask, in: group))
                }
                return masked
            }
        }
    }

    /// The sum behind the leader's running sums and the aggregators' answers.
    func combine<Element: MaskableElement>(
        _ sums: [ShareSum<Element>], answers: [PartyID: VectorShare<Element>]
    ) throws(AggregationError) -> [Element] {
        switch group {
        case .ring(let width):
            return ShareCombination.additive(
                sums.map { $0.reduced() } + aggregators.compactMap { answers[$0] }, width: width)
        case .field(let field):
            var shares: [(index: UInt64, share: VectorShare<Element>)] = []
            for (position, aggregator) in aggregators.enumerated() {
                guard let answer = answers[aggregator] else { continue }
                // The first t − 1 hold a share, the others the mask of one.
                guard position >= threshold - 1 else {
                    shares.append((UInt64(position + 1), answer))
                    continue
                }
                var sum = sums[position - (threshold - 1)]
                sum.unmask(answer)
                shares.append((UInt64(position + 1), sum.reduced()))
            }
            do throws(SharingError) {
                return try ShareCombination.shamir(shares, threshold: threshold, in: field, reducedTo: width)
            } catch {
                guard case .inconsistentShares(let index) = error else { throw .outOfOrder }
                throw .inconsistentPartialSums(aggregators[Int(index) - 1])
            }
        }
    }

    /// The abscissas of these positions, which count from 1.
    private func indices(_ positions: Range<Int>) -> [UInt64] { positions.map { UInt64($0) } }
}
