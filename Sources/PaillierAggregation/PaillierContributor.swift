// SPDX-License-Identifier: Apache-2.0

internal import PaillierEncryption
internal import ProtocolCryptography
internal import RingArithmetic
internal import SecureAggregation
internal import SecureRandomness

/// Encrypts its vector, signs it where the key holder audits, and sends one message.
struct PaillierContributor<Element: RingWord, Randomness: SecureRandomNumberGenerator>: AggregationParty {
    let id: PartyID
    let plan: PaillierPlan
    let session: HashDigest
    let signingKey: SigningKey?
    let vector: [Element]
    var randomness: Randomness

    mutating func start() throws(AggregationError) -> Transition<Element, PaillierMessage> {
        let bits = plan.layout.valueBits
        if bits < plan.width.bits, let index = vector.firstIndex(where: { UInt64($0) >> UInt64(bits) != 0 }) {
            // It would reach into the next slot.
            throw .elementOutOfRange(index: index, bits: bits)
        }
        let generators = try plan.generators(from: &randomness)
        let encrypted: EncryptedVector
        do {
            encrypted = try plan.encrypt(vector, using: generators)
        } catch {
            throw AggregationError(error)
        }
        let message: PaillierMessage
        switch (plan.audit, signingKey) {
        case (.trustsReportedContributors, _): message = .ciphertexts(encrypted)
        case (.recomputesProduct, let key?):
            message = .signedCiphertexts(
                try withCryptography { () throws(CryptographyError) in
                    try SignedCiphertexts(encrypted, of: id, in: session, signedBy: key)
                })
        case (.recomputesProduct, nil): throw .missingKey(id)
        }
        return .finished(sending: [Envelope(to: plan.server, message)], learning: nil)
    }

    mutating func receive(
        _ message: consuming PaillierMessage, from sender: PartyID
    ) throws(AggregationError) -> Receipt {
        .rejected(.unexpected)
    }

    mutating func advance() throws(AggregationError) -> Transition<Element, PaillierMessage> {
        throw .outOfOrder
    }
}

extension AggregationError {
    /// What went wrong with a party's own encryption.
    init(_ error: PaillierError) {
        if case .randomness(let error) = error { self = .randomness(error) } else { self = .outOfOrder }
    }
}
