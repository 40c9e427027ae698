// SPDX-License-Identifier: Apache-2.0

import BigIntegers
import PaillierEncryption

/// `fedsum_paillier_keys_v1` and `fedsum_paillier_proof_v1`: hashing, moduli, factors and proofs.
enum PaillierKeysVerifier {
    static func check(_ document: VectorFields, into report: inout VectorFileReport) throws {
        let model = try PaillierModel(document)
        try checkCases(of: document, into: &report) { fields in
            try PaillierModel.check(fields) { try check(fields, model) }
        }
    }

    private static func check(_ fields: VectorFields, _ model: PaillierModel) throws {
        switch try fields.string("kind") {
        case "expand":
            let expected = try fields.bytes("bytes")
            let ours = HashedNumbers.expand(
                try label(fields), attempt: UInt32(try fields.integer("attempt")), try fields.bytes("input"),
                count: expected.count)
            try requireEqual(ours, expected, "bytes")
        case "hash-to-unit":
            let (unit, attempt) = try HashedNumbers.unitAndAttempt(
                label(fields), fields.bytes("input"), modulo: fields.paillierNumber("modulus"))
            try requireEqual(unit, fields.bytes("value"), "value")
            try requireEqual(attempt, fields.integer("attempt"), "attempt")
        case "generator": try checkGenerator(fields)
        case "modulus":
            _ = try PaillierPublicKey(
                modulus: fields.paillierNumber("modulus"), size: PaillierModel.size(fields.integer("bits")))
        case "factors":
            _ = try PaillierModel.key(
                fields, modulus: "modulus", size: PaillierModel.size(fields.integer("bits")),
                requiringBlum: fields.flag("isBlum"))
        case "prove": try checkProver(fields, model)
        case "check": try checkProof(fields, model)
        case let kind: throw CaseFailure("there is no kind '\(kind)'")
        }
    }

    private static func label(_ fields: VectorFields) throws -> String {
        String(decoding: try fields.bytes("label"), as: UTF8.self)
    }

    private static func checkGenerator(_ fields: VectorFields) throws {
        let size = try PaillierModel.size(fields.integer("bits"))
        let n = try fields.paillierNumber("modulus")
        let key = try PaillierPublicKey(modulus: n, size: size)
        let x = try HashedNumbers.unitAndAttempt("fedsum/1 paillier generator", fields.bytes("input"), modulo: n).unit
        try requireEqual(x, fields.bytes("x"), "x")
        let h = n - x * x % n
        try requireEqual(h, fields.bytes("h"), "h")
        try requireEqual(h.power(n, modulo: n * n), fields.bytes("base"), "base")
        try requireEqual(VerifiedPaillierKey(trusting: key).generator, fields.bytes("base"), "base")
        try requireEqual(key.fingerprint, fields.bytes("fingerprint"), "fingerprint")
        try requireEqual(ProvedPublicKey.signedMessage(n, size), fields.bytes("signedBytes"), "signedBytes")
    }

    private static func checkProver(_ fields: VectorFields, _ model: PaillierModel) throws {
        let key = try model.key(fields)
        let (session, w) = try (fields.bytes("session"), fields.paillierNumber("w"))
        let proof = try key.proveModulus(session: session, w: w)
        let challenges = try ModulusProof.challenges(key.publicKey.modulus, key.publicKey.size, w: w, session: session)
        let expected = try fields.byteStrings("challenges")
        try require(expected.count == 4, "'challenges' has not the challenges 0, 1, 2 and 127")
        for (index, challenge) in zip([0, 1, 2, 127], expected) {
            try requireEqual(challenges[index], challenge, "challenges \(index)")
        }
        try requireEqual(
            ModulusProof.transcript(key.publicKey.modulus, key.publicKey.size, w: w, session: session),
            fields.bytes("transcript"), "transcript")
        try requireEqual(proof.serialized, model.entry("proofs", fields.string("proof")).bytes("bytes"), "proof")
    }

    private static func checkProof(_ fields: VectorFields, _ model: PaillierModel) throws {
        let size = try PaillierModel.size(fields.integer("bits"))
        var bytes = try model.entry("proofs", fields.string("proof")).bytes("bytes")
        for edit in try fields.objects("edits") {
            let (offset, change) = try (edit.integer("offset"), edit.bytes("bytes"))
            try require(offset + change.count <= bytes.count, "an edit is beyond the end")
            bytes.replaceSubrange(offset..<offset + change.count, with: change)
        }
        let cut = try fields.integer("cut")
        try require(cut <= bytes.count, "'cut' is more than there is")
        bytes = try bytes.dropLast(cut) + fields.bytes("appended")
        let proof = try ModulusProof(serialized: bytes, allowing: [size])
        let key = try PaillierPublicKey(modulus: fields.paillierNumber("modulus"), size: size)
        try proof.verify(key, session: fields.bytes("session"))
    }
}
