// SPDX-License-Identifier: Apache-2.0

internal import Crypto
public import SecureRandomness

/// Derives every key of one session: HKDF-SHA256 [RFC5869] whose salt is the session and whose info names the use in
/// full.
///
/// Two keys that differ in purpose, parties, direction, ring, round, session or public keys are independent.
/// Documentation/WireFormat.md has the bytes.
public struct KeySchedule: Sendable {
    /// The digest that binds the scheme, its parameters, its parties and the round context.
    public let session: HashDigest
    /// The round, which the info repeats.
    public let round: UInt64

    /// What a key is for.
    public enum Purpose: String, Sendable, CaseIterable {
        /// Encrypts one message with shares from one client to another.
        case shareEncryption = "share encryption"
        /// The mask that two clients add and subtract.
        case pairwiseMask = "pairwise mask"
        /// The mask that one client adds alone.
        case selfMask = "self mask"
        /// The share of a vector that a seed stands for.
        case additiveShare = "additive share"
        /// The share over a prime field that a seed sealed to an aggregator stands for.
        case shamirShare = "shamir share"
        /// The share that a seed sent to a peer stands for.
        case peerShare = "peer share"
        /// Encrypts such a seed to its aggregator.
        case shareSeal = "share seal"
    }

    /// The keys of this session.
    public init(session: HashDigest, round: UInt64) {
        self.session = session
        self.round = round
    }

    /// A key for one purpose. About 5 µs.
    /// - Parameters:
    ///   - secret: the input key material: an X25519 shared secret or a uniform seed.
    ///   - purpose: what the key is for.
    ///   - from: the sender, or the lower of two ids where the key has no direction.
    ///   - to: the receiver, or the higher one.
    ///   - bits: the width of the ring or of the prime field for masks, 0 elsewhere.
    ///   - publicKeys: both parties' X25519 keys, `from`'s first, where `secret` is a shared secret.
    ///   - byteCount: the length of the key.
    /// - Returns: `byteCount` bytes, independent of every key with another use.
    public func key(
        from secret: SecretBytes, for purpose: Purpose, from: UInt32, to: UInt32, bits: Int = 0,
        publicKeys: [KeyAgreementPublicKey] = [], byteCount: Int = 32
    ) -> SecretBytes {
        let label = Array("fedsum/1 \(purpose.rawValue)".utf8)
        var info = [UInt8(label.count)] + label
        info += bigEndianBytes(from) + bigEndianBytes(to) + [UInt8(bits)] + bigEndianBytes(round)
        info += [UInt8(KeyAgreementPublicKey.byteCount * publicKeys.count)] + publicKeys.flatMap(\.bytes)
        return hkdfSHA256(secret, salt: session.bytes, info: info, byteCount: byteCount)
    }

    /// The hash that binds a client to its self-mask seed before anybody reveals it.
    public func commitment(toSelfMaskSeed seed: SecretBytes, of party: UInt32) -> HashDigest {
        let label = Array("fedsum/1 self-mask commitment".utf8)
        // Reserved, so that growing leaves no copy of the seed behind.
        var message: [UInt8] = []
        message.reserveCapacity(1 + label.count + session.bytes.count + 4 + seed.count)
        message += [UInt8(label.count)] + label + session.bytes + bigEndianBytes(party)
        seed.withSpan { span in for index in span.indices { message.append(span[index]) } }
        defer { wipe(&message) }
        return HashDigest(of: message)
    }
}

/// HKDF-SHA256 [RFC5869]: extract and expand.
package func hkdfSHA256(_ secret: SecretBytes, salt: [UInt8], info: [UInt8], byteCount: Int) -> SecretBytes {
    let key = HKDF<SHA256>.deriveKey(
        inputKeyMaterial: secret.symmetricKey, salt: salt, info: info, outputByteCount: byteCount)
    return SecretBytes(copyingContentsOf: key)
}

package func bigEndianBytes(_ value: some FixedWidthInteger) -> [UInt8] {
    let size = value.bitWidth / 8
    return (0..<size).map { UInt8(truncatingIfNeeded: value >> (8 * (size - 1 - $0))) }
}
