// SPDX-License-Identifier: Apache-2.0

internal import PaillierEncryption
internal import ProtocolCryptography
internal import RingArithmetic
internal import SecureAggregation
internal import SecureRandomness

/// Folds ciphertexts into one product on arrival, and hands it to the key holder under fresh randomness; or keeps what
/// contributors signed, and hands all of it on.
struct PaillierServer<Element: RingWord, Randomness: SecureRandomNumberGenerator>: AggregationParty {
    private let plan: PaillierPlan
    private let session: HashDigest
    private var randomness: Randomness
    /// The product so far, a part for each thread.
    private var sums: [PackedVector] = []
    private var heard: Set<PartyID> = []
    /// Where the key holder audits.
    private var signed: [PartyID: SignedCiphertexts] = [:]

    init(plan: PaillierPlan, session: HashDigest, randomness: Randomness) {
        (self.plan, self.session, self.randomness) = (plan, session, randomness)
    }

    mutating func start() throws(AggregationError) -> Transition<Element, PaillierMessage> {
        .next(
            sending: [],
            then: Expectation(
                PaillierMessage.encryptStage, from: Set(plan.contributors), quorum: plan.minimumContributors))
    }

    mutating func receive(
        _ message: consuming PaillierMessage, from sender: PartyID
    ) throws(AggregationError) -> Receipt {
        switch message {
        case .ciphertexts(let vector) where plan.audit == .trustsReportedContributors:
            if let refusal = refusal(of: sender) { return refusal }
            do {
                sums = try plan.fold(vector, into: sums)
            } catch {
                return .rejected(.invalid(.badCiphertexts))
            }
            heard.insert(sender)
            return .accepted
        case .signedCiphertexts(let signed) where plan.audit == .recomputesProduct:
            if let refusal = refusal(of: sender) { return refusal }
            guard let key = plan.enrollment.contributorKeys[sender],
                signed.isSigned(by: key, of: sender, in: session)
            else { return .rejected(.invalid(.badSignature(sender))) }
            // A bad one would end the round at the key holder.
            do {
                _ = try plan.fold(signed.vector, into: [])
            } catch {
                return .rejected(.invalid(.badCiphertexts))
            }
            heard.insert(sender)
            self.signed[sender] = signed
            return .accepted
        case .abort(let reason): return .rejected(.senderAborted(reason))
        default: return .rejected(.unexpected)
        }
    }

    private func refusal(of sender: PartyID) -> Receipt? {
        guard plan.contributors.contains(sender) else { return .rejected(.unexpected) }
        return heard.contains(sender) ? .rejected(.conflicting) : nil
    }

    mutating func advance() throws(AggregationError) -> Transition<Element, PaillierMessage> {
        guard heard.count >= plan.minimumContributors else {
            return .aborted(
                .tooFewParties(stage: "encrypt", have: heard.count, need: plan.minimumContributors),
                sending: [Envelope(to: plan.keyHolder, .abort(.tooFewParties))])
        }
        let contributors = heard.sorted()
        let message: PaillierMessage
        switch plan.audit {
        case .trustsReportedContributors:
            do throws(AggregationError) {
                let generators = try plan.generators(from: &randomness)
                do throws(PaillierError) {
                    message = .sum(try plan.rerandomize(sums, using: generators), contributors: contributors)
                } catch {
                    throw AggregationError(error)
                }
            } catch {
                return .aborted(error, sending: [Envelope(to: plan.keyHolder, .abort(error.reason))])
            }
        case .recomputesProduct:
            // The key holder sees each of them as it is, so that fresh randomness would hide nothing.
            message = .signedSet(
                contributors.compactMap { contributor in
                    signed[contributor].map { ForwardedCiphertexts(contributor: contributor, signed: $0) }
                })
        }
        return .finished(sending: [Envelope(to: plan.keyHolder, message)], learning: nil)
    }
}
