// SPDX-License-Identifier: Apache-2.0

import Crypto
import SecureRandomness

/// What enrollment does, and no part of the module: the Ed25519 public key of a seed.
enum Signer {
    static func publicKey(_ seed: SecretBytes) throws -> [UInt8] {
        let bytes = seed.withSpan { span in span.indices.map { span[$0] } }
        return Array(try Curve25519.Signing.PrivateKey(rawRepresentation: bytes).publicKey.rawRepresentation)
    }
}
