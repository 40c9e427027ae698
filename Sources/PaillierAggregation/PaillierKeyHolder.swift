// SPDX-License-Identifier: Apache-2.0

internal import PaillierEncryption
internal import ProtocolCryptography
internal import RingArithmetic
internal import SecureAggregation

/// Decrypts one sum, once in a round, and only of a cohort that is large enough.
struct PaillierKeyHolder<Element: RingWord>: AggregationParty {
    private let plan: PaillierPlan
    private let key: PaillierPrivateKey
    private let session: HashDigest
    private let context: RoundContext
    private var state = State.waiting

    private enum State {
        case waiting
        case refusing(AggregationError)
        case holding(Request)
        case decrypting(Request)
    }

    private enum Request {
        case sum(EncryptedVector, contributors: [PartyID])
        case signedSet([ForwardedCiphertexts])

        var contributors: [PartyID] {
            switch self {
            case .sum(_, let contributors): contributors
            case .signedSet(let entries): entries.map(\.contributor)
            }
        }
    }

    init(plan: PaillierPlan, key: PaillierPrivateKey, session: HashDigest, context: RoundContext) {
        (self.plan, self.key, self.session, self.context) = (plan, key, session, context)
    }

    mutating func start() throws(AggregationError) -> Transition<Element, PaillierMessage> {
        .next(sending: [], then: Expectation(PaillierMessage.sumStage, from: [plan.server], quorum: 1))
    }

    mutating func receive(
        _ message: consuming PaillierMessage, from sender: PartyID
    ) throws(AggregationError) -> Receipt {
        // A notice comes at any time and from anybody: a contributor's must not end the round.
        guard sender == plan.server else { return .rejected(.unexpected) }
        if case .abort(let reason) = message { throw .abortedByPeer(sender, reason) }
        guard case .waiting = state else { return .rejected(.invalid(.repeatedRequest)) }
        let request: Request
        switch message {
        case .sum(let vector, let contributors) where plan.audit == .trustsReportedContributors:
            request = .sum(vector, contributors: contributors)
        case .signedSet(let entries) where plan.audit == .recomputesProduct: request = .signedSet(entries)
        default: return .rejected(.unexpected)
        }
        do throws(AggregationError) {
            try check(request.contributors)
            state = .holding(request)
        } catch {
            state = .refusing(error)
        }
        return .accepted
    }

    mutating func advance() throws(AggregationError) -> Transition<Element, PaillierMessage> {
        switch state {
        case .waiting: return .aborted(.tooFewParties(stage: "sum", have: 0, need: 1), sending: [])
        case .refusing(let error): return .aborted(error, sending: [])
        case .holding(let request):
            // The work is a step of its own, so that its cost is reported apart from the server's.
            state = .decrypting(request)
            return .next(sending: [], then: Expectation(PaillierMessage.decryptStage, from: [], quorum: 0))
        case .decrypting(let request):
            state = .refusing(.outOfOrder)
            do throws(AggregationError) {
                return .finished(
                    sending: [], learning: Aggregate(sum: try sum(request), contributors: request.contributors))
            } catch {
                return .aborted(error, sending: [])
            }
        }
    }

    private func sum(_ request: Request) throws(AggregationError) -> [Element] {
        let sums =
            switch request {
            case .sum(let vector, let contributors): try read(vector, weight: contributors.count)
            case .signedSet(let entries): try product(of: entries)
            }
        try plan.journal.recordRelease(by: plan.keyHolder, in: context)
        do {
            return try plan.decrypt(sums, with: key)
        } catch {
            // Of what went wrong inside nothing is said: that would be an oracle.
            throw .violation(.badCiphertexts, by: plan.server)
        }
    }

    /// A list that is ascending names known contributors, and enough of them. Without signatures that holds against
    /// mistakes only.
    private func check(_ contributors: [PartyID]) throws(AggregationError) {
        guard contributors.count >= plan.minimumContributors else {
            throw .violation(
                .tooFewParties(have: contributors.count, need: plan.minimumContributors), by: plan.server)
        }
        let known = Set(plan.contributors)
        if let stranger = contributors.first(where: { !known.contains($0) }) {
            throw .violation(.foreignParty(stranger), by: plan.server)
        }
        guard isStrictlyAscending(contributors) else { throw .violation(.unorderedParties, by: plan.server) }
    }

    private func read(_ vector: EncryptedVector, weight: Int) throws(AggregationError) -> [PackedVector] {
        do {
            return try plan.forEachPart { (_, ciphertexts) throws(PaillierError) in
                try plan.read(vector, ciphertexts, weight: weight)
            }
        } catch {
            throw .violation(.badCiphertexts, by: plan.server)
        }
    }

    /// The product of what contributors signed, all of which the server made up if one is not signed.
    private func product(of entries: [ForwardedCiphertexts]) throws(AggregationError) -> [PackedVector] {
        var sums: [PackedVector] = []
        for entry in entries {
            guard let key = plan.enrollment.contributorKeys[entry.contributor],
                entry.signed.isSigned(by: key, of: entry.contributor, in: session)
            else { throw .violation(.badSignature(entry.contributor), by: plan.server) }
            do {
                sums = try plan.fold(entry.signed.vector, into: sums)
            } catch {
                throw .violation(.badCiphertexts, by: plan.server)
            }
        }
        return sums
    }
}
