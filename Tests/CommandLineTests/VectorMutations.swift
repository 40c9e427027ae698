// SPDX-License-Identifier: Apache-2.0

/// Changes to a file of test vectors, of which each must be caught. `Scripts/test-vectors` makes all of them.
struct VectorMutations {
    private let document: JSON
    private let places: [[Step]]

    enum Step: Hashable, CustomStringConvertible {
        case key(String)
        case position(Int)

        var description: String {
            switch self {
            case .key(let key): key
            case .position(let position): String(position)
            }
        }
    }

    /// What the program must come to itself, by the name of a field anywhere on the way to the value.
    private static let checked: [String: Set<String>] = {
        let round: Set = [
            "messages", "sum", "session", "helperKeys", "publicKey", "included", "answered", "outcomes",
            "U1", "U2", "U3", "U4", "U5", "intermediate",
        ]
        let mustFail: Set = [
            "messages", "sum", "session", "included", "answered", "U1", "U2", "U3", "U4", "U5", "replaced", "refusals",
            "outcome",
            "outcomes", "abortStage", "abortParty", "abortError",
        ]
        return [
            "fedsum_chacha20_v1": ["outputs", "outputsSHA256", "last16"],
            "fedsum_mask_stream_v1": ["first", "last", "sha256"],
            "fedsum_field_mask_v1": ["first", "last", "sha256", "wordsRead", "wordSize"],
            "fedsum_shamir_prime_field_v1": ["prime", "secret", "coefficients", "share"],
            "fedsum_signing_v1": ["publicKey", "message", "signature"],
            "fedsum_packing_v1": ["elements", "packed"],
            "fedsum_quantizer_v1": ["means", "integers"],
            "fedsum_shamir_gf2_128_v1": ["secret", "coefficients", "shares"],
            "fedsum_capacity_v1": ["bits"],
            "fedsum_masking_plan_v1": [
                "neighbors", "threshold", "minimumContributors", "cutFloor", "completeGraphThreshold",
            ],
            "fedsum_key_schedule_v1": [
                "session", "input", "key", "info", "commitment", "sharedSecret", "publicKey", "peerPublicKey",
            ],
            "fedsum_wire_v1": ["bytes", "fields"], "fedsum_faulty_rounds_v1": ["ends", "included", "sum"],
            "fedsum_plain_round_v1": round, "fedsum_additive_round_v1": round, "fedsum_shamir_round_v1": round,
            "fedsum_peer_to_peer_round_v1": round, "fedsum_secagg_round_v1": round,
            "fedsum_secagg_plus_round_v1": round,
            "fedsum_must_fail_plain_round_v1": mustFail, "fedsum_must_fail_additive_round_v1": mustFail,
            "fedsum_must_fail_shamir_round_v1": mustFail, "fedsum_must_fail_peer_to_peer_round_v1": mustFail,
            "fedsum_must_fail_secagg_round_v1": mustFail, "fedsum_must_fail_secagg_plus_round_v1": mustFail,
            "fedsum_must_fail_session_v1": ["error"],
            "fedsum_paillier_keys_v1": [
                "bytes", "value", "attempt", "x", "h", "base", "fingerprint", "signedBytes", "input",
            ],
            "fedsum_paillier_encryption_v1": ["c", "m", "c1"],
            "fedsum_paillier_packing_v1": [
                "slotBits", "slots", "encoded", "plaintexts", "values", "ciphertexts", "sums", "sumWeight",
                "productWeight",
            ],
            "fedsum_paillier_proof_v1": ["transcript", "challenges", "w"],
            "fedsum_paillier_serialization_v1": [
                "bytes", "modulus", "signature", "signedBytes", "holderSeed", "c", "weight", "ciphertexts", "sums", "p",
                "q",
            ],
            "fedsum_paillier_interchange_v1": ["modulus", "p", "q", "c", "encoding"],
            "fedsum_masking_graph_v1": [
                "leaves", "values", "first", "sha256", "witnesses", "message", "publicKey", "fewest", "allowed",
            ],
        ]
    }()

    init(_ document: JSON) {
        self.document = document
        let names = document["schema"]?.text.flatMap { Self.checked[$0] } ?? []
        var places: [[Step]] = []
        func collect(_ value: JSON, _ path: [Step], _ isChecked: Bool) {
            switch value {
            case .object(let members):
                for (key, member) in members.sorted(by: { $0.key < $1.key }) {
                    collect(member, path + [.key(key)], isChecked || names.contains(key))
                }
            case .array(let values):
                for (position, entry) in values.enumerated() { collect(entry, path + [.position(position)], isChecked) }
            case .string(let text) where isChecked && !text.isEmpty: places.append(path)
            case .integer where isChecked: places.append(path)
            default: break
            }
        }
        for (position, entry) in (document["rounds"]?.entries ?? []).enumerated() {
            collect(entry, [.key("rounds"), .position(position)], false)
        }
        let mustFail = document["schema"]?.text?.hasPrefix("fedsum_must_fail_") == true
        for (position, entry) in (document["cases"]?.entries ?? []).enumerated() {
            // The bytes of a case that must be refused may change and still be refused.
            guard mustFail || entry["result"]?.text == "valid" else { continue }
            let path: [Step] = [.key("cases"), .position(position)]
            collect(entry, path, false)
            let replaced = (entry["replaced"]?.entries ?? []).compactMap { $0["index"]?.number.map { Int($0) } }
            let free = Set(replaced.map { path + [.key("messages"), .position($0), .key("bytes")] })
            places.removeAll(where: free.contains)
        }
        self.places = places
    }

    /// The document with one digit changed, and where.
    func draw(using generator: inout some RandomNumberGenerator) -> (label: String, changed: JSON)? {
        guard let place = places.randomElement(using: &generator) else { return nil }
        func changed(_ value: JSON, _ path: ArraySlice<Step>) -> JSON {
            switch (path.first, value) {
            case (.key(let key)?, .object(var members)):
                members[key] = members[key].map { changed($0, path.dropFirst()) }
                return .object(members)
            case (.position(let position)?, .array(var values)):
                values[position] = changed(values[position], path.dropFirst())
                return .array(values)
            case (_, .string(let text)): return .string(Self.flip(text, using: &generator))
            case (_, .integer(let integer)): return .integer(Int(Self.flip(String(integer), using: &generator)) ?? -1)
            default: return value
            }
        }
        var result = changed(document, place[...])
        // Those files take a second each, and no case in them depends on another.
        if document["schema"]?.text?.hasPrefix("fedsum_paillier_") == true, case .position(let position) = place[1] {
            result["cases"] = result["cases"].map { .array([$0.entries[position]]) }
        }
        return (place.map(\.description).joined(separator: "."), result)
    }

    /// Another decimal digit instead of one; another hexadecimal one instead of a letter.
    private static func flip(_ text: String, using generator: inout some RandomNumberGenerator) -> String {
        var characters = Array(text)
        let position = Int.random(in: characters.indices, using: &generator)
        let digits = characters[position].isNumber ? Array("0123456789") : Array("abcdef")
        characters[position] = digits.filter { $0 != characters[position] }.randomElement(using: &generator) ?? "0"
        return String(characters)
    }
}

/// Steele, Lea and Flood's generator: the same choices on every run.
struct SplitMix64: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return z ^ (z >> 31)
    }
}
