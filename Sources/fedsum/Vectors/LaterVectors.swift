// SPDX-License-Identifier: Apache-2.0

/// Files that this version knows by name and cannot check: they are skipped and named, and never count as passed.
enum LaterVectors {
    /// Differential privacy.
    private static let differentialPrivacy: Set<String> = [
        "adaptive_clipping_trace", "adaptive_clipping_split", "one_run_audit", "toeplitz_matrix_mechanism",
    ]

    /// The suite that a foreign round would have to have.
    private static let suite = [
        "kex": "X25519", "kdf": "HKDF-SHA256", "aead": "AES-256-GCM", "prg": "AES-128-CTR", "shamir": "GF(2^128)",
    ]

    static func knows(_ schema: String) -> Bool {
        schema == "secagg_round_v1" || differentialPrivacy.contains(schema)
    }

    static func skip(_ schema: String, _ document: VectorFields, into report: inout VectorFileReport) throws {
        switch schema {
        case "secagg_round_v1":
            let stated = try document.object("suite")
            let foreign = try suite.filter { try stated.string($0.key) != $0.value }.keys.sorted()
            try require(!foreign.isEmpty, "a round of our suite in this schema is not in this version")
            try require(!document.array("operations").isEmpty, "the file has no case")
            report.skip("\(schema): not in this version, another suite (\(foreign.joined(separator: ", ")))", rows: 1)
        default:
            let rows = try document.array("rows").count
            try require(rows > 0, "the file has no case")
            report.skip("\(schema): not in this version", rows: rows)
        }
    }
}
