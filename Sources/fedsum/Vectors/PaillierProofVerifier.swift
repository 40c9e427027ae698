// SPDX-License-Identifier: Apache-2.0

import BigIntegers
import PaillierEncryption

/// `fedsum_paillier_proof_v1`: proofs that a modulus is a Paillier–Blum modulus, and what is none.
enum PaillierProofVerifier {
    private static let kinds: [String: PaillierModel.Members] = [
        "prove": (["key", "session", "w"], ["transcript", "challenges", "proof"]),
        "check": (["bits", "modulus", "session", "proof", "edits", "cut", "appended"], []),
    ]

    static func check(_ document: VectorFields, into report: inout VectorFileReport) throws {
        let model = try PaillierModel(document)
        try checkCases(of: document, into: &report) { fields in
            switch try PaillierModel.kind(of: fields, kinds) {
            case "prove": try checkProver(fields, model)
            default: try checkProof(fields, model)
            }
        }
    }

    /// An entry of `proofs`.
    private static func entry(_ fields: VectorFields, _ model: PaillierModel) throws -> (n: Natural, bytes: [UInt8]) {
        let entry = try model.entry("proofs", fields.string("proof"))
        try entry.requireMembers(["id", "bits", "modulus", "bytes"])
        let size = try PaillierModel.size(entry.integer("bits"))
        return (try entry.number("modulus", count: size.byteCount), try entry.bytes("bytes"))
    }

    private static func checkProver(_ fields: VectorFields, _ model: PaillierModel) throws {
        try require(fields.isValid(), "no case of this kind is invalid")
        let key = try model.key(fields)
        let (n, size) = (key.publicKey.modulus, key.publicKey.size)
        let (session, w) = try (fields.bytes("session"), fields.number("w", count: size.byteCount))
        try require(session.count < 256, "'session' has more than 255 bytes")
        try requireEqual(
            ModulusProof.transcript(n, size, w: w, session: session), fields.bytes("transcript"), "transcript")
        let challenges = try ModulusProof.challenges(n, size, w: w, session: session)
        try requireEqual(challenges.count, 128, "challenges")
        let stated = try fields.numbers("challenges", count: size.byteCount)
        try requireEqual([0, 1, 2, 127].map { challenges[$0] }, stated, "challenges")
        // With w as it is drawn; one whose symbol is not −1 is passed over, and then there is no other.
        var drawn = try StatedNumbers([w], count: size.byteCount)
        let proof = try key.proveModulus(session: session, using: &drawn)
        let entry = try entry(fields, model)
        try requireEqual(entry.n, n, "modulus of the proof")
        try requireEqual(proof.serialized, entry.bytes, "proof")
        try proof.verify(key.publicKey, session: session)
    }

    private static func checkProof(_ fields: VectorFields, _ model: PaillierModel) throws {
        let (bits, session) = try (fields.integer("bits"), fields.bytes("session"))
        let size = try PaillierModel.size(bits)
        let n = try fields.number("modulus", count: size.byteCount)
        var bytes = try entry(fields, model).bytes
        for edit in try fields.objects("edits") {
            try edit.requireMembers(["offset", "bytes"])
            let (offset, change) = try (edit.integer("offset"), edit.bytes("bytes"))
            try require(!change.isEmpty && offset + change.count <= bytes.count, "an edit changes nothing of the proof")
            bytes.replaceSubrange(offset..<offset + change.count, with: change)
        }
        let cut = try fields.integer("cut")
        try require(cut <= bytes.count, "'cut' is more than there is")
        bytes = try bytes.dropLast(cut) + fields.bytes("appended")
        try PaillierModel.check(fields) { () throws(PaillierError) in
            let proof = try ModulusProof(serialized: bytes, allowing: [size])
            try proof.verify(PaillierPublicKey(modulus: n, size: size), session: session)
            return proof
        } giving: {
            try requireEqual($0.serialized, bytes, "bytes")
        }
    }
}
