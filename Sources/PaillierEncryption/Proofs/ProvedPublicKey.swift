// SPDX-License-Identifier: Apache-2.0

package import BigIntegers
internal import Crypto
public import SecureRandomness

/// A modulus with everything that clients check before they encrypt under it: the proof of its form for this session, and the
/// signature of the key holder's enrolled Ed25519 key.
public struct ProvedPublicKey: Sendable {
    package let modulus: Natural
    let size: PaillierKeySize
    package let signature: [UInt8]
    let proof: ModulusProof

    static let signatureByteCount = 64

    package static func signedMessage(_ n: Natural, _ size: PaillierKeySize) -> [UInt8] {
        PaillierPublicKey.labeled("fedsum/1 paillier public key", n, size)
    }

    /// Checks signature, modulus and proof, in this order.
    /// - Parameters:
    ///   - enrolledKey: the 32 bytes of the key holder's Ed25519 public key, known from enrollment and not from the sender.
    ///   - session: the one for which the proof must have been made.
    /// - Returns: the key with which fast encryption is possible.
    /// - Throws: `.wrongSignature`, what ``PaillierPublicKey`` throws of the modulus, or `.wrongProof`.
    public func verified(enrolledKey: [UInt8], session: [UInt8]) throws(PaillierError) -> VerifiedPaillierKey {
        guard let verifier = try? Curve25519.Signing.PublicKey(rawRepresentation: enrolledKey),
            verifier.isValidSignature(signature, for: Self.signedMessage(modulus, size))
        else { throw .wrongSignature }
        let key = try PaillierPublicKey(modulus: modulus, size: size)
        try proof.verify(key, session: session)
        return try VerifiedPaillierKey(trusting: key)
    }

    /// The key in bytes: 66 kB at 2,048 bits and 99 kB at 3,072, most of it the proof.
    public var serialized: [UInt8] {
        [1, ObjectType.provedPublicKey.rawValue] + PaillierPublicKey.describe(modulus, size) + signature + proof.body
    }

    /// Reads a key, without checking it.
    /// - Throws: a decoding error.
    public init(
        serialized bytes: [UInt8], allowing allowed: Set<PaillierKeySize> = PaillierKeySize.secure
    ) throws(PaillierError) {
        var reader = ObjectReader(bytes)
        size = try reader.readKeyHeader(.provedPublicKey, allowing: allowed)
        try reader.expectRemaining(
            size.byteCount + Self.signatureByteCount + ModulusProof.bodyByteCount(size))
        modulus = reader.readNumber(size.byteCount)
        signature = reader.read(Self.signatureByteCount)
        proof = ModulusProof(&reader, size)
    }

    init(modulus: Natural, size: PaillierKeySize, signature: [UInt8], proof: ModulusProof) {
        (self.modulus, self.size, self.signature, self.proof) = (modulus, size, signature, proof)
    }
}

extension PaillierPrivateKey {
    /// The public key with a proof for `session` and a signature by the holder's enrolled key.
    ///
    /// `signingSeed` are the 32 bytes of which the Ed25519 key is made.
    /// - Throws: `.wrongSignature` if the seed is no key; else what `proveModulus(session:using:)` throws.
    public func provedPublicKey(
        session: [UInt8], signingSeed: SecretBytes, using generator: inout some SecureRandomNumberGenerator
    ) throws(PaillierError) -> ProvedPublicKey {
        let proof = try proveModulus(session: session, using: &generator)
        let message = ProvedPublicKey.signedMessage(publicKey.modulus, publicKey.size)
        // SAFETY: the library copies the seed, inside the closure.
        let signature: [UInt8]? = signingSeed.withSpan { seed in
            unsafe seed.withUnsafeBytes { (bytes) -> [UInt8]? in
                guard let key = unsafe try? Curve25519.Signing.PrivateKey(rawRepresentation: bytes),
                    let signature = try? key.signature(for: message)
                else { return nil }
                return Array(signature)
            }
        }
        guard let signature else { throw .wrongSignature }
        return ProvedPublicKey(
            modulus: publicKey.modulus, size: publicKey.size, signature: signature, proof: proof)
    }

    /// One's own key, which needs no proof.
    /// - Throws: `.notBlum` or `.commonDivisor` for a key of another form.
    public func verifiedKey() throws(PaillierError) -> VerifiedPaillierKey {
        try requireBlum()
        return try VerifiedPaillierKey(trusting: publicKey)
    }
}
