// SPDX-License-Identifier: Apache-2.0

package import ProtocolCryptography
package import SecureAggregation
package import SecureRandomness

/// The seed of one share, readable by one aggregator in one session, and signed by the contributor whose share it is.
/// Safe for the leader to see.
public struct SealedSeed: Equatable, Sendable {
    let ephemeralPublicKey: KeyAgreementPublicKey
    let box: [UInt8]
    let signature: [UInt8]

    /// How many bytes it takes on the wire.
    static let byteCount = KeyAgreementPublicKey.byteCount + boxByteCount + VerifyingKey.signatureByteCount
    private static let boxByteCount = 32 + SealingKey.overhead

    /// Who seals to whom, in which message of which session.
    package struct Route {
        let contributor: PartyID
        let aggregator: PartyID
        let keys: KeySchedule
        /// The type of the message in which the contributor sends it.
        let messageType: UInt8

        package init(contributor: PartyID, aggregator: PartyID, keys: KeySchedule, messageType: UInt8) {
            self.contributor = contributor
            self.aggregator = aggregator
            self.keys = keys
            self.messageType = messageType
        }
    }

    /// Seals a seed, with an X25519 agreement with a fresh key whose secret encrypts this one message, and signs it.
    package init(
        _ seed: SecretBytes, along route: Route, to key: KeyAgreementPublicKey, ephemeral: KeyAgreementPrivateKey,
        signedBy signingKey: SigningKey
    ) throws(CryptographyError) {
        let boxKey = Self.boxKey(
            try ephemeral.sharedSecret(with: key), along: route, publicKeys: [ephemeral.publicKey, key])
        ephemeralPublicKey = ephemeral.publicKey
        box = try SealingKey(boxKey).seal(seed, authenticating: Self.associatedData(route))
        signature = try signingKey.signature(of: Self.signedBytes(route, ephemeralPublicKey, box))
    }

    /// Whether the contributor made it, for this aggregator and session. About 65 µs.
    package func isSigned(along route: Route, by key: VerifyingKey) -> Bool {
        key.isValid(signature, for: Self.signedBytes(route, ephemeralPublicKey, box))
    }

    /// Opens it with the aggregator's key.
    func open(along route: Route, key: KeyAgreementPrivateKey) throws(CryptographyError) -> SecretBytes {
        let boxKey = Self.boxKey(
            try key.sharedSecret(with: ephemeralPublicKey), along: route,
            publicKeys: [ephemeralPublicKey, key.publicKey])
        return try OpeningKey(boxKey).open(box, authenticating: Self.associatedData(route))
    }

    private static func boxKey(
        _ secret: SecretBytes, along route: Route, publicKeys: [KeyAgreementPublicKey]
    ) -> SecretBytes {
        route.keys.key(
            from: secret, for: .shareSeal, from: route.contributor.rawValue, to: route.aggregator.rawValue,
            publicKeys: publicKeys)
    }

    private static func associatedData(_ route: Route) -> [UInt8] {
        var encoder = WireEncoder()
        encoder.write(bytes: route.keys.session.bytes)
        encoder.write(route.messageType)
        encoder.write(route.contributor.rawValue)
        encoder.write(route.aggregator.rawValue)
        return encoder.bytes
    }

    /// What the contributor signs.
    package static func signedBytes(
        _ route: Route, _ ephemeralPublicKey: KeyAgreementPublicKey, _ box: [UInt8]
    ) -> [UInt8] {
        var encoder = WireEncoder()
        encoder.write(Array("fedsum/1 sealed seed".utf8), lengthBytes: 1)
        encoder.write(bytes: route.keys.session.bytes)
        encoder.write(route.contributor.rawValue)
        encoder.write(route.aggregator.rawValue)
        encoder.write(bytes: ephemeralPublicKey.bytes)
        encoder.write(bytes: box)
        return encoder.bytes
    }

    func encode(into encoder: inout WireEncoder) {
        encoder.write(bytes: ephemeralPublicKey.bytes)
        encoder.write(bytes: box)
        encoder.write(bytes: signature)
    }

    package init(from decoder: inout WireDecoder) throws(WireError) {
        do throws(CryptographyError) {
            ephemeralPublicKey = try KeyAgreementPublicKey(
                try Self.read(&decoder, KeyAgreementPublicKey.byteCount))
        } catch {
            throw .truncated
        }
        box = try decoder.readBytes(Self.boxByteCount)
        signature = try decoder.readBytes(VerifyingKey.signatureByteCount)
    }

    private static func read(_ decoder: inout WireDecoder, _ count: Int) throws(CryptographyError) -> [UInt8] {
        guard let bytes = try? decoder.readBytes(count) else { throw .wrongLength(expected: count, actual: 0) }
        return bytes
    }
}

/// A contributor's seed on its way through the leader.
public struct ForwardedSeed: Equatable, Sendable {
    package let contributor: PartyID
    package let seed: SealedSeed

    static let byteCount = 4 + SealedSeed.byteCount

    package init(contributor: PartyID, seed: SealedSeed) {
        self.contributor = contributor
        self.seed = seed
    }
}
