// SPDX-License-Identifier: Apache-2.0

import Foundation

/// Checks the cases of one family of test vectors, one after the other.
protocol CaseVerifier {
    /// Recomputes a case with the package's own code.
    /// - Throws: `CaseFailure`, or the package's error, unless everything that the case says holds.
    static func check(_ fields: VectorFields) throws
}

/// A file that is to be checked.
struct TestVectorFile {
    let path: String
    /// The folder in which it was found, with a slash at the end; nil if the file itself was named.
    let folder: String?

    /// As reports name it: without the folder.
    var name: String {
        if let folder { return String(path.dropFirst(folder.count)) }
        return path.split(separator: "/").last.map(String.init) ?? path
    }
}

/// Recognizes a file of test vectors and has it checked.
enum VectorFileVerifier {
    private static func family(_ schema: String) -> (any CaseVerifier.Type)? {
        switch schema {
        case "fedsum_chacha20_v1": ChaCha20Verifier.self
        case "fedsum_mask_stream_v1": MaskStreamVerifier.self
        case "fedsum_field_mask_v1": FieldMaskVerifier.self
        case "fedsum_packing_v1": PackingVerifier.self
        case "fedsum_quantizer_v1": QuantizerVerifier.self
        case "fedsum_shamir_gf2_128_v1": ShamirVerifier.self
        case "fedsum_shamir_prime_field_v1": PrimeFieldSharingVerifier.self
        case "fedsum_signing_v1": SigningVerifier.self
        case "fedsum_capacity_v1": CapacityVerifier.self
        case "fedsum_masking_plan_v1": MaskingPlanVerifier.self
        case "fedsum_must_fail_session_v1": MustFailSessionVerifier.self
        case "fedsum_faulty_rounds_v1": FaultyRoundVerifier.self
        case "fedsum_key_schedule_v1": KeyScheduleVerifier.self
        case "fedsum_plain_round_v1", "fedsum_additive_round_v1", "fedsum_shamir_round_v1",
            "fedsum_peer_to_peer_round_v1", "fedsum_secagg_round_v1", "fedsum_secagg_plus_round_v1":
            RoundVerifier.self
        case "fedsum_masking_graph_v1": MaskingGraphVerifier.self
        default: nil
        }
    }

    /// The families of Paillier, whose cases refer to keys of the document.
    private static func paillierFamily(_ schema: String) -> ((VectorFields, inout VectorFileReport) throws -> Void)? {
        switch schema {
        case "paillier_test_schema_v1": PaillierVerifier.check
        case "fedsum_paillier_keys_v1", "fedsum_paillier_proof_v1": PaillierKeysVerifier.check
        case "fedsum_paillier_encryption_v1": PaillierEncryptionVerifier.check
        case "fedsum_paillier_packing_v1": PaillierPackingVerifier.check
        case "fedsum_paillier_serialization_v1": PaillierSerializationVerifier.check
        case "fedsum_paillier_interchange_v1": PaillierInterchangeVerifier.check
        default: nil
        }
    }

    /// Checks a file; nil for a JSON Schema that was found in a folder, which holds no test vectors.
    static func verify(_ file: TestVectorFile) -> VectorFileReport? {
        var report = VectorFileReport(file)
        do {
            let document = try read(file.path)
            if file.folder != nil, document.has("$schema") { return nil }
            let schema = try schema(of: document)
            report.schema = schema
            try check(document, schema, into: &report)
            if report.passed + report.failures.count + report.skipped == 0 { throw CaseFailure("the file has no case") }
        } catch {
            report.check("file") { throw error }
        }
        return report
    }

    private static func read(_ path: String) throws -> VectorFields {
        let data: Data
        do {
            data = try Data(contentsOf: URL(fileURLWithPath: path))
        } catch {
            throw CaseFailure("cannot be read: \(error.localizedDescription)")
        }
        guard let value = try? JSONDecoder().decode(VectorValue.self, from: data) else {
            throw CaseFailure("is not JSON")
        }
        guard case .object(let members) = value else { throw CaseFailure("is not a JSON object") }
        return VectorFields(members)
    }

    /// The name by which a file says what it is.
    private static func schema(of document: VectorFields) throws -> String {
        for field in ["schema", "algorithm", "name"] where document.has(field) {
            let name = try document.string(field)
            return name.hasSuffix(".json") ? String(name.dropLast(5)) : name
        }
        throw CaseFailure("has no 'schema', 'algorithm' or 'name', so that it is not known what it holds")
    }

    private static func check(_ document: VectorFields, _ schema: String, into report: inout VectorFileReport) throws {
        if let family = family(schema) {
            try checkCases(of: document, into: &report, family.check)
        } else if schema == "fedsum_wire_v1" {
            try WireVerifier.check(document, into: &report)
        } else if MustFailRoundVerifier.schemas.contains(schema) {
            try MustFailRoundVerifier.check(document, into: &report)
        } else if let check = paillierFamily(schema) {
            try check(document, &report)
        } else if schema == "primitives_v1" {
            try PrimitivesVerifier.check(document, into: &report)
        } else if LaterVectors.knows(schema) {
            try LaterVectors.skip(schema, document, into: &report)
        } else {
            throw CaseFailure("there are no test vectors of the kind '\(schema)'")
        }
    }
}

/// Checks every entry of `cases`, each under its `id`; an entry that is none, or repeats an id, fails.
func checkCases(
    of document: VectorFields,
    into report: inout VectorFileReport,
    _ check: (VectorFields) throws -> Void
) throws {
    let cases = try document.array("cases")
    try require(!cases.isEmpty, "the file has no case")
    var seen: Set<String> = []
    for (position, value) in cases.enumerated() {
        let id: String
        if case .object(let members) = value, case .string(let text)? = members["id"] {
            id = text
        } else {
            id = "#\(position + 1)"
        }
        report.check(id) {
            let fields = try VectorFields(value, as: "case")
            _ = try fields.string("id")
            try require(seen.insert(id).inserted, "the id is used twice")
            try check(fields)
        }
    }
}
