// SPDX-License-Identifier: Apache-2.0

internal import Crypto
public import SecureRandomness

/// An AES-256-GCM key that encrypts one message, and is used up by it.
///
/// The nonce is always zero, which is unique for a key that is used once ([SP800-38D] §8), so there is none to get
/// wrong: the type cannot be copied, and sealing consumes it. The key must come from a derivation that names its one
/// use.
public struct SealingKey: ~Copyable, Sendable {
    private let key: SecretBytes

    /// The key of these 32 bytes.
    public init(_ key: SecretBytes) throws(CryptographyError) {
        guard key.count == 32 else { throw .wrongLength(expected: 32, actual: key.count) }
        self.key = key
    }

    /// What `seal` adds to the length of a message, in bytes.
    public static let overhead = 16

    /// Encrypts and authenticates `message`, and authenticates `context` with it.
    /// - Returns: `message.count + overhead` bytes, safe for anybody to see.
    /// - Throws: `.libraryFailure` only.
    public consuming func seal(
        _ message: SecretBytes, authenticating context: [UInt8]
    ) throws(CryptographyError) -> [UInt8] {
        do {
            // SAFETY: the plaintext is used only inside the closure.
            let box = try unsafe message.withUnsafeBytes { (plaintext) in
                Result {
                    unsafe try AES.GCM.seal(
                        plaintext, using: key.symmetricKey, nonce: zeroNonce(), authenticating: context)
                }
            }.get()
            return Array(box.ciphertext) + Array(box.tag)
        } catch {
            throw .libraryFailure
        }
    }
}

/// The receiver's side of a `SealingKey`.
public struct OpeningKey: ~Copyable, Sendable {
    private let key: SecretBytes

    /// The key of these 32 bytes.
    public init(_ key: SecretBytes) throws(CryptographyError) {
        guard key.count == 32 else { throw .wrongLength(expected: 32, actual: key.count) }
        self.key = key
    }

    /// The message in `box`, if it was sealed with this key and this context.
    /// - Throws: `.authenticationFailed` otherwise; nothing of the message is given out then.
    public consuming func open(
        _ box: [UInt8], authenticating context: [UInt8]
    ) throws(CryptographyError) -> SecretBytes {
        guard box.count >= SealingKey.overhead else { throw .authenticationFailed }
        do {
            let sealed = try AES.GCM.SealedBox(
                nonce: zeroNonce(), ciphertext: box.dropLast(SealingKey.overhead), tag: box.suffix(SealingKey.overhead))
            return SecretBytes(
                copyingContentsOf: try AES.GCM.open(sealed, using: key.symmetricKey, authenticating: context))
        } catch {
            throw .authenticationFailed
        }
    }
}

private func zeroNonce() throws -> AES.GCM.Nonce {
    try AES.GCM.Nonce(data: [UInt8](repeating: 0, count: 12))
}
