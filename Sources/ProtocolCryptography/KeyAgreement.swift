// SPDX-License-Identifier: Apache-2.0

internal import Crypto
public import SecureRandomness

/// An X25519 public key [RFC7748]: 32 bytes that anybody may see.
public struct KeyAgreementPublicKey: Hashable, Sendable {
    /// The u-coordinate, little-endian.
    public let bytes: [UInt8]

    /// The length in bytes.
    public static let byteCount = 32

    /// A key that another party sent. Any 32 bytes are one; agreement refuses those of low order.
    /// - Throws: `.wrongLength` unless there are 32 bytes.
    public init(_ bytes: [UInt8]) throws(CryptographyError) {
        guard bytes.count == Self.byteCount else {
            throw .wrongLength(expected: Self.byteCount, actual: bytes.count)
        }
        self.bytes = bytes
    }

    /// Whether every agreement with this key gives zero. About 30 µs.
    ///
    /// A server asks before it passes a key on, so that one client cannot make all others refuse.
    public var isOfLowOrder: Bool {
        guard let probe = Self.probe else { return true }
        return (try? probe.sharedSecret(with: self)) == nil
    }

    /// Any private key tells: its clamped scalar is a multiple of the cofactor 8.
    private static let probe = try? KeyAgreementPrivateKey(
        seed: SecretBytes(copying: [UInt8](repeating: 1, count: 32)))
}

/// An X25519 private key, which is any 32 secret bytes.
public struct KeyAgreementPrivateKey: Sendable {
    /// The 32 bytes from which the key is made: what a holder stores or shares.
    public let seed: SecretBytes
    /// The key that others agree with.
    public let publicKey: KeyAgreementPublicKey

    private let libraryKey: Curve25519.KeyAgreement.PrivateKey

    /// The key made from 32 secret bytes. About 30 µs.
    /// - Throws: `.wrongLength` unless there are 32 bytes.
    public init(seed: SecretBytes) throws(CryptographyError) {
        guard seed.count == 32 else { throw .wrongLength(expected: 32, actual: seed.count) }
        // SAFETY: the pointer is used only inside the closure.
        let libraryKey = unsafe seed.withUnsafeBytes { (bytes) in
            unsafe try? Curve25519.KeyAgreement.PrivateKey(rawRepresentation: bytes)
        }
        guard let libraryKey else { throw .libraryFailure }
        self.seed = seed
        self.libraryKey = libraryKey
        publicKey = try KeyAgreementPublicKey(Array(libraryKey.publicKey.rawRepresentation))
    }

    /// The secret that both holders compute [RFC7748] §6.1; not uniform: only key derivation may use it. About 30 µs.
    /// - Throws: `.lowOrderPublicKey` if the result is zero, `.libraryFailure` if the library fails for another reason.
    public func sharedSecret(with peer: KeyAgreementPublicKey) throws(CryptographyError) -> SecretBytes {
        let shared: SharedSecret
        do {
            let peerKey = try Curve25519.KeyAgreement.PublicKey(rawRepresentation: peer.bytes)
            shared = try libraryKey.sharedSecretFromKeyAgreement(with: peerKey)
        } catch {
            throw .libraryFailure
        }
        let secret = SecretBytes(copyingContentsOf: shared)
        // The library does not look: with zeros every mask would be public.
        let isZero = secret.withSpan { span in
            var all: UInt8 = 0
            for index in span.indices { all |= span[index] }
            return all == 0
        }
        guard !isZero else { throw .lowOrderPublicKey }
        return secret
    }
}

extension KeyAgreementPrivateKey: CustomStringConvertible, CustomReflectable {
    /// Says what it is, and nothing of the key.
    public var description: String { "KeyAgreementPrivateKey" }
    /// Empty: `dump` shows nothing of the key.
    public var customMirror: Mirror { Mirror(self, children: []) }
}
