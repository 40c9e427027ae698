// SPDX-License-Identifier: Apache-2.0

internal import ProtocolCryptography
internal import SecureAggregation
internal import SecureRandomness

/// The seed of one share, readable by one aggregator in one session. Safe for the leader to see.
public struct SealedSeed: Equatable, Sendable {
    let ephemeralPublicKey: KeyAgreementPublicKey
    let box: [UInt8]

    /// How many bytes it takes on the wire.
    static let byteCount = KeyAgreementPublicKey.byteCount + 32 + SealingKey.overhead

    /// Seals a seed: an X25519 agreement with a fresh key, whose secret encrypts this one message.
    init(
        _ seed: SecretBytes, from contributor: PartyID, to aggregator: PartyID, key: KeyAgreementPublicKey,
        ephemeral: KeyAgreementPrivateKey, keys: KeySchedule
    ) throws(CryptographyError) {
        let boxKey = keys.key(
            from: try ephemeral.sharedSecret(with: key), for: .shareSeal, from: contributor.rawValue,
            to: aggregator.rawValue, publicKeys: [ephemeral.publicKey, key])
        ephemeralPublicKey = ephemeral.publicKey
        box = try SealingKey(boxKey).seal(
            seed, authenticating: Self.associatedData(keys, from: contributor, to: aggregator))
    }

    /// Opens it with the aggregator's key.
    func open(
        from contributor: PartyID, to aggregator: PartyID, key: KeyAgreementPrivateKey, keys: KeySchedule
    ) throws(CryptographyError) -> SecretBytes {
        let boxKey = keys.key(
            from: try key.sharedSecret(with: ephemeralPublicKey), for: .shareSeal, from: contributor.rawValue,
            to: aggregator.rawValue, publicKeys: [ephemeralPublicKey, key.publicKey])
        return try OpeningKey(boxKey).open(
            box, authenticating: Self.associatedData(keys, from: contributor, to: aggregator))
    }

    private static func associatedData(_ keys: KeySchedule, from: PartyID, to: PartyID) -> [UInt8] {
        var encoder = WireEncoder()
        encoder.write(bytes: keys.session.bytes)
        encoder.write(AdditiveMessageType.share)
        encoder.write(from.rawValue)
        encoder.write(to.rawValue)
        return encoder.bytes
    }

    func encode(into encoder: inout WireEncoder) {
        encoder.write(bytes: ephemeralPublicKey.bytes)
        encoder.write(bytes: box)
    }

    init(from decoder: inout WireDecoder) throws(WireError) {
        do throws(CryptographyError) {
            ephemeralPublicKey = try KeyAgreementPublicKey(
                try Self.read(&decoder, KeyAgreementPublicKey.byteCount))
        } catch {
            throw .truncated
        }
        box = try decoder.readBytes(32 + SealingKey.overhead)
    }

    private static func read(_ decoder: inout WireDecoder, _ count: Int) throws(CryptographyError) -> [UInt8] {
        guard let bytes = try? decoder.readBytes(count) else { throw .wrongLength(expected: count, actual: 0) }
        return bytes
    }
}
