// SPDX-License-Identifier: Apache-2.0

internal import Crypto
public import SecureRandomness

/// An Ed25519 private key [RFC8032].
public struct SigningKey: Sendable {
    private let libraryKey: Curve25519.Signing.PrivateKey
    /// The key that checks signatures.
    public let verifyingKey: VerifyingKey

    /// The key made from 32 secret bytes.
    /// - Throws: `.wrongLength` unless there are 32 bytes.
    public init(seed: SecretBytes) throws(CryptographyError) {
        guard seed.count == 32 else { throw .wrongLength(expected: 32, actual: seed.count) }
        // SAFETY: the pointer is used only inside the closure.
        let libraryKey = unsafe seed.withUnsafeBytes { (bytes) in
            unsafe try? Curve25519.Signing.PrivateKey(rawRepresentation: bytes)
        }
        guard let libraryKey else { throw .libraryFailure }
        self.libraryKey = libraryKey
        verifyingKey = try VerifyingKey(Array(libraryKey.publicKey.rawRepresentation))
    }

    /// A signature of 64 bytes. About 15 µs.
    ///
    /// NB: swift-crypto signs with fresh randomness on Apple platforms, so signatures are not reproducible there.
    /// - Throws: `.libraryFailure` only.
    public func signature(of message: [UInt8]) throws(CryptographyError) -> [UInt8] {
        guard let signature = try? libraryKey.signature(for: message) else { throw .libraryFailure }
        return Array(signature)
    }
}

/// An Ed25519 public key: 32 bytes.
public struct VerifyingKey: Hashable, Sendable {
    /// The length of a signature, in bytes.
    public static let signatureByteCount = 64
    /// The encoded point.
    public let bytes: [UInt8]

    /// A key that was enrolled.
    /// - Throws: `.wrongLength` unless there are 32 bytes.
    public init(_ bytes: [UInt8]) throws(CryptographyError) {
        guard bytes.count == 32 else { throw .wrongLength(expected: 32, actual: bytes.count) }
        self.bytes = bytes
    }

    /// Whether `signature` was made by this key's holder over `message`. About 65 µs.
    public func isValid(_ signature: [UInt8], for message: [UInt8]) -> Bool {
        guard let key = try? Curve25519.Signing.PublicKey(rawRepresentation: bytes) else { return false }
        return key.isValidSignature(signature, for: message)
    }
}

extension SigningKey: CustomStringConvertible, CustomReflectable {
    /// Says what it is, and nothing of the key.
    public var description: String { "SigningKey" }
    /// Empty: `dump` shows nothing of the key.
    public var customMirror: Mirror { Mirror(self, children: []) }
}
