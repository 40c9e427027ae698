// SPDX-License-Identifier: Apache-2.0

internal import ProtocolCryptography
internal import SecureAggregation
internal import SecureRandomness

/// The shares of one client's two secrets that one other client holds. At most one of the two ever leaves it.
struct SharePair: Sendable {
    let maskSeedShare: SecretBytes
    let selfSeedShare: SecretBytes

    /// Encrypts the pair for `receiver`, under a key that is used for nothing else.
    func sealed(
        with key: SecretBytes, from sender: PartyID, to receiver: PartyID, keys: KeySchedule
    ) throws(CryptographyError) -> [UInt8] {
        try SealingKey(key).seal(
            plaintext(from: sender, to: receiver),
            authenticating: Self.associatedData(keys, from: sender, to: receiver))
    }

    // NB: inside `sealed`, this crashes the optimizer of Swift 6.3.1 (CopyPropagation).
    @inline(never)
    private func plaintext(from sender: PartyID, to receiver: PartyID) -> SecretBytes {
        SecretBytes(count: 8 + 2 * RevealedShare.shareByteCount) { (span) in
            let ids = bigEndianBytes(sender.rawValue) + bigEndianBytes(receiver.rawValue)
            for index in 0..<8 { span[index] = ids[index] }
            maskSeedShare.withSpan { share in for index in share.indices { span[8 + index] = share[index] } }
            selfSeedShare.withSpan { share in for index in share.indices { span[40 + index] = share[index] } }
        }
    }

    /// Opens a box from `sender`.
    /// - Throws: `.authenticationFailed` if it was not made by `sender` for `receiver` in this session.
    init(
        opening box: [UInt8], with key: SecretBytes, from sender: PartyID, to receiver: PartyID, keys: KeySchedule
    ) throws(CryptographyError) {
        let plaintext = try OpeningKey(key).open(
            box, authenticating: Self.associatedData(keys, from: sender, to: receiver))
        let ids = bigEndianBytes(sender.rawValue) + bigEndianBytes(receiver.rawValue)
        let isAddressed = plaintext.withSpan { span in
            span.count == 72 && constantTimeEqual(span.extracting(0..<8), ids.span)
        }
        guard isAddressed else { throw .authenticationFailed }
        maskSeedShare = Self.part(of: plaintext, from: 8)
        selfSeedShare = Self.part(of: plaintext, from: 40)
    }

    init(maskSeedShare: SecretBytes, selfSeedShare: SecretBytes) {
        self.maskSeedShare = maskSeedShare
        self.selfSeedShare = selfSeedShare
    }

    private static func part(of plaintext: SecretBytes, from offset: Int) -> SecretBytes {
        plaintext.withSpan { SecretBytes(copying: $0.extracting(offset..<offset + RevealedShare.shareByteCount)) }
    }

    private static func associatedData(_ keys: KeySchedule, from: PartyID, to: PartyID) -> [UInt8] {
        keys.session.bytes + [0x32] + bigEndianBytes(from.rawValue) + bigEndianBytes(to.rawValue)
    }
}
