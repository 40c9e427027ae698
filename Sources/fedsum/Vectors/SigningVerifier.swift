// SPDX-License-Identifier: Apache-2.0

import ProtocolCryptography
import SecureAggregation
import SecureRandomness
import SharingAggregation

/// `fedsum_signing_v1`: Ed25519, and the signatures of sealed seeds.
enum SigningVerifier: CaseVerifier {
    static func check(_ fields: VectorFields) throws {
        switch try fields.string("kind") {
        case "sign":
            try require(fields.isValid(), "no case of this kind is invalid")
            try checkSigner(fields, of: fields.bytes("message"))
        case "verify":
            try checkSignature(fields) { key, signature in key.isValid(signature, for: try fields.bytes("message")) }
        case "sealed-seed": try checkSealedSeed(fields)
        case let kind: throw CaseFailure("there is no kind '\(kind)'")
        }
    }

    /// The stated key signs so.
    private static func checkSigner(_ fields: VectorFields, of message: [UInt8]) throws {
        let key = try SigningKey(seed: SecretBytes(copying: fields.bytes("seed")))
        let stated = try fields.bytes("signature")
        try requireEqual(key.verifyingKey.bytes, fields.bytes("publicKey"), "publicKey")
        try require(key.verifyingKey.isValid(stated, for: message), "'signature' is refused")
        let ours = try key.signature(of: message)
        #if canImport(Darwin)
        // Signatures are not deterministic there.
        try require(key.verifyingKey.isValid(ours, for: message), "our own signature is refused")
        #else
        try requireEqual(ours, stated, "signature")
        #endif
    }

    /// Accepts what is valid, and nothing else.
    private static func checkSignature(
        _ fields: VectorFields,
        _ isAccepted: (_ key: VerifyingKey, _ signature: [UInt8]) throws -> Bool
    ) throws {
        let key = try VerifyingKey(fields.bytes("publicKey"))
        let isAccepted = try isAccepted(key, fields.bytes("signature"))
        if try fields.isValid() { return try require(isAccepted, "'signature' is refused") }
        try requireEqual(fields.string("error"), "wrong-signature", "error")
        try require(!isAccepted, "must be refused for 'wrong-signature', was accepted")
    }

    private static func checkSealedSeed(_ fields: VectorFields) throws {
        let route = SealedSeed.Route(
            contributor: try fields.party("from"),
            aggregator: try fields.party("to"),
            // Neither the round nor the type is part of what is signed, since the session is.
            keys: KeySchedule(session: try HashDigest(fields.bytes("session")), round: 0),
            messageType: 0
        )
        let ephemeral = try KeyAgreementPublicKey(fields.bytes("ephemeralPublicKey"))
        let box = try fields.bytes("box", count: 48)
        if try fields.isValid() {
            let message = try fields.bytes("message")
            try requireEqual(SealedSeed.signedBytes(route, ephemeral, box), message, "message")
            try checkSigner(fields, of: message)
        }
        try checkSignature(fields) { key, signature in
            var decoder = WireDecoder(ephemeral.bytes + box + signature)
            let seed = try SealedSeed(from: &decoder)
            try decoder.finish()
            return seed.isSigned(along: route, by: key)
        }
    }
}
