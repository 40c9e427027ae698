// SPDX-License-Identifier: Apache-2.0

import ProtocolCryptography
@_spi(Simulation) import SecureAggregation
@_spi(Simulation) import SecureRandomness

/// `fedsum_key_schedule_v1`: sessions, X25519, derived keys, commitments, and the keys of simulated parties.
enum KeyScheduleVerifier: CaseVerifier {
    static func check(_ fields: VectorFields) throws {
        let kind = try fields.string("kind")
        try require(try fields.isValid() || kind == "x25519", "no case of this kind is invalid")
        switch kind {
        case "session": try checkSession(fields)
        case "x25519": try checkAgreement(fields)
        case "derive": try checkDerivation(fields)
        case "self-mask-commitment": try checkCommitment(fields)
        case "simulation-key": try checkSimulationKey(fields)
        default: throw CaseFailure("there is no kind '\(kind)'")
        }
    }

    private static func checkSession(_ fields: VectorFields) throws {
        try StatedSession(fields).checkDigest()
        // The package has the input as a digest only.
        try requireEqual(HashDigest(of: fields.bytes("input")).bytes, fields.bytes("session"), "SHA-256 of the input")
    }

    private static func checkAgreement(_ fields: VectorFields) throws {
        let key = try KeyAgreementPrivateKey(seed: SecretBytes(copying: fields.bytes("private")))
        let peer = try KeyAgreementPublicKey(fields.bytes("peerPublicKey"))
        guard try fields.isValid() else {
            try require(peer.isOfLowOrder, "the key is not recognized as one of low order")
            return try requireRefusal(fields, names: { $0 == .lowOrderPublicKey ? ["low-order-point"] : [] }) {
                () throws(CryptographyError) in try key.sharedSecret(with: peer)
            }
        }
        let peerKey = try KeyAgreementPrivateKey(seed: SecretBytes(copying: fields.bytes("peerPrivate")))
        try requireEqual(key.publicKey.bytes, fields.bytes("publicKey"), "publicKey")
        try requireEqual(peerKey.publicKey.bytes, peer.bytes, "peerPublicKey")
        let expected = try fields.bytes("sharedSecret")
        try requireEqual(contents(key.sharedSecret(with: peer)), expected, "sharedSecret")
        try requireEqual(contents(peerKey.sharedSecret(with: key.publicKey)), expected, "sharedSecret")
        try require(!peer.isOfLowOrder, "the key is taken for one of low order")
    }

    private static func checkDerivation(_ fields: VectorFields) throws {
        guard let purpose = KeySchedule.Purpose(rawValue: try fields.string("purpose")) else {
            throw CaseFailure("there is no purpose '\(try fields.string("purpose"))'")
        }
        let session = try HashDigest(fields.bytes("session"))
        let secret = SecretBytes(copying: try fields.bytes("ikm"))
        let joined = try fields.bytes("publicKeys")
        try require([0, 64].contains(joined.count), "'publicKeys' is neither two keys nor none")
        let publicKeys = try stride(from: 0, to: joined.count, by: 32).map {
            try KeyAgreementPublicKey(Array(joined[$0..<$0 + 32]))
        }
        let length = try fields.integer("length", in: 1...255 * 32)
        let expected = try fields.bytes("key")
        let key = KeySchedule(session: session, round: try fields.unsigned("round")).key(
            from: secret,
            for: purpose,
            from: UInt32(try fields.integer("from")),
            to: UInt32(try fields.integer("to")),
            bits: try fields.integer("bits", in: 0...64),
            publicKeys: publicKeys,
            byteCount: length
        )
        try requireEqual(contents(key), expected, "key")
        let stated = hkdfSHA256(secret, salt: session.bytes, info: try fields.bytes("info"), byteCount: length)
        try requireEqual(contents(stated), expected, "key from 'info'")
    }

    private static func checkCommitment(_ fields: VectorFields) throws {
        // The round is no part of a commitment, since the session is.
        let keys = KeySchedule(session: try HashDigest(fields.bytes("session")), round: 0)
        let commitment = keys.commitment(
            toSelfMaskSeed: SecretBytes(copying: try fields.bytes("seed", count: 32)),
            of: UInt32(try fields.integer("party"))
        )
        try requireEqual(commitment.bytes, fields.bytes("commitment"), "commitment")
    }

    private static func checkSimulationKey(_ fields: VectorFields) throws {
        let context = try RoundContext(fields.object("context"))
        let seed = try fields.unsigned("seed")
        let key = try fields.bytes("key", count: 32)
        let generator = SimulationRandomness(seed: seed).generator(
            purpose: try fields.string("purpose"),
            task: context.task,
            round: context.round,
            attempt: context.attempt,
            party: try fields.party("party")
        )
        try requireSameStream(generator, as: key, "key")
        let stated = hkdfSHA256(
            SecretBytes(copying: bigEndianBytes(seed)),
            salt: [],
            info: try fields.bytes("info"),
            byteCount: 32
        )
        try requireEqual(contents(stated), key, "key from 'info'")
    }
}

/// Checks that a generator has the key that a file says: by its stream, since it keeps the key to itself.
func requireSameStream(_ generator: SeededGenerator, as key: [UInt8], _ name: String) throws {
    var (ours, expected) = (generator, SeededGenerator(key: key))
    try require(try ours.bytes(64) == expected.bytes(64), "'\(name)' is another key than ours")
}
