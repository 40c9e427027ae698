// SPDX-License-Identifier: Apache-2.0

/// What can be wrong with keys, boxes and signatures.
public enum CryptographyError: Error, Equatable, Sendable {
    /// A key, seed, digest or signature has the wrong length, in bytes.
    case wrongLength(expected: Int, actual: Int)
    /// The other party's X25519 public key is a point of low order: the shared secret would be known to everybody.
    case lowOrderPublicKey
    /// A box was not made with this key and context, or was changed on its way.
    case authenticationFailed
    /// The library could not do what it does with every valid input.
    case libraryFailure
}
