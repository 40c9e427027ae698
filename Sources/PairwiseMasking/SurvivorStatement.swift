// SPDX-License-Identifier: Apache-2.0

package import ProtocolCryptography
public import SecureAggregation

/// What survivors sign in the consistency round: who shared and who survived, of the whole round.
package struct SurvivorStatement: Sendable {
    /// What binds the round and its sharers, U2.
    package let maskBinding: HashDigest
    /// U3.
    package let survivors: ClientSet
    /// The hash of both.
    package let digest: HashDigest

    package init(maskBinding: HashDigest, survivors: ClientSet) {
        self.maskBinding = maskBinding
        self.survivors = survivors
        var encoder = WireEncoder()
        encoder.write(Array("fedsum/1 survivors".utf8), lengthBytes: 1)
        encoder.write(bytes: maskBinding.bytes)
        encoder.write(survivors.bytes, lengthBytes: 2)
        digest = HashDigest(of: encoder.bytes)
    }

    /// What binds a round's masks to its sharers: clients who were told others have no mask in common.
    package static func maskBinding(_ binding: HashDigest, sharers: ClientSet) -> HashDigest {
        var encoder = WireEncoder()
        encoder.write(Array("fedsum/1 sharers".utf8), lengthBytes: 1)
        encoder.write(bytes: binding.bytes)
        encoder.write(sharers.bytes, lengthBytes: 2)
        return HashDigest(of: encoder.bytes)
    }

    /// What `client` signs.
    package func signedBytes(by client: PartyID) -> [UInt8] {
        Self.signedBytes(by: client, maskBinding: maskBinding, digest: digest)
    }

    /// What `client` signs under the statement of this digest.
    package static func signedBytes(by client: PartyID, maskBinding: HashDigest, digest: HashDigest) -> [UInt8] {
        var encoder = WireEncoder()
        encoder.write(Array("fedsum/1 consistency".utf8), lengthBytes: 1)
        encoder.write(bytes: maskBinding.bytes)
        encoder.write(client.rawValue)
        encoder.write(bytes: digest.bytes)
        return encoder.bytes
    }

    /// The leaf of a signature in the tree that fixes all of them.
    package static func leaf(of signature: [UInt8], by client: PartyID) -> HashDigest {
        var encoder = WireEncoder()
        encoder.write(client.rawValue)
        encoder.write(bytes: signature)
        return MerkleTree.leaf(of: encoder.bytes)
    }
}

/// Who is asked whether a statement is everybody's, on a sparse graph: k of the N clients, drawn for each client when it is
/// fixed who has signed.
///
/// A draw that the server knows earlier would be worth little: it could have just those few clients sign that a handful of
/// others will ask (Documentation/SparseGraphs.md).
package enum WitnessDraw {
    /// The witnesses of `client`, by position and as they are drawn.
    package static func witnesses(
        of client: PartyID, at position: Int, statement: HashDigest, signatureRoot: HashDigest, entropy: HashDigest,
        neighbors: Int, count: Int
    ) -> [Int] {
        var encoder = WireEncoder()
        encoder.write(Array("fedsum/1 witnesses".utf8), lengthBytes: 1)
        encoder.write(bytes: statement.bytes)
        encoder.write(bytes: signatureRoot.bytes)
        encoder.write(bytes: entropy.bytes)
        encoder.write(client.rawValue)
        var draws = PublicDraws(key: HashDigest(of: encoder.bytes))
        var witnesses: [Int] = []
        var seen: Set<Int> = [position]
        while witnesses.count < neighbors {
            let drawn = draws.uniform(below: count)
            if seen.insert(drawn).inserted { witnesses.append(drawn) }
        }
        return witnesses
    }
}

/// A survivor's signature under the set of survivors.
public struct SurvivorSignature: Equatable, Sendable {
    /// Who signed.
    public let id: PartyID
    /// 64 bytes of Ed25519.
    public let signature: [UInt8]

    static let byteCount = 4 + VerifyingKey.signatureByteCount

    package init(id: PartyID, signature: [UInt8]) {
        self.id = id
        self.signature = signature
    }
}

/// Signatures of a client's witnesses, each with the proof that it was fixed before they were drawn.
public struct WitnessList: Equatable, Sendable {
    /// One client's signature.
    public struct Witness: Equatable, Sendable {
        /// Who signed.
        public let id: PartyID
        /// 64 bytes of Ed25519.
        public let signature: [UInt8]
        /// The path of the signature in the tree over all signatures.
        public let signaturePath: [UInt8]
        /// Its keys, in the semi-malicious model; else they are enrolled.
        public let keys: Advertisement?
        /// The path of these keys in the tree over all first messages; empty where there are none.
        public let path: [UInt8]

        package init(id: PartyID, signature: [UInt8], signaturePath: [UInt8], keys: Advertisement?, path: [UInt8]) {
            self.id = id
            self.signature = signature
            self.signaturePath = signaturePath
            self.keys = keys
            self.path = path
        }
    }

    /// The threat model for which these are.
    public let threat: ThreatModel
    /// The depth of both trees.
    public let depth: Int
    /// The signatures, ascending by client.
    public let witnesses: [Witness]

    package init(threat: ThreatModel, depth: Int, witnesses: [Witness]) {
        self.threat = threat
        self.depth = depth
        self.witnesses = witnesses
    }

    private static func entryByteCount(_ threat: ThreatModel, depth: Int) -> Int {
        let pathBytes = HashDigest.byteCount * depth
        let keyBytes = threat == .semiMalicious ? Advertisement.byteCount(threat) + pathBytes : 0
        return SurvivorSignature.byteCount + pathBytes + keyBytes
    }

    func encode(into encoder: inout WireEncoder) {
        encoder.write(threat.rawValue)
        encoder.write(UInt8(depth))
        encoder.writeList(
            witnesses, entryBytes: Self.entryByteCount(threat, depth: depth), lengthBytes: 3
        ) { encoder, witness in
            encoder.write(witness.id.rawValue)
            encoder.write(bytes: witness.signature)
            encoder.write(bytes: witness.signaturePath)
            witness.keys?.encode(into: &encoder)
            encoder.write(bytes: witness.path)
        }
    }

    init(from decoder: inout WireDecoder, maximum: Int) throws(WireError) {
        let threat = try ThreatModel(from: &decoder)
        guard threat.hasConsistencyRound else { throw .badValue }
        let depth = try Neighborhood.readDepth(from: &decoder)
        let pathBytes = HashDigest.byteCount * depth
        self.threat = threat
        self.depth = depth
        witnesses = try decoder.readList(
            entryBytes: Self.entryByteCount(threat, depth: depth), lengthBytes: 3, maximum: maximum
        ) { (decoder) throws(WireError) in
            let id = try decoder.readParty()
            let signature = try decoder.readBytes(VerifyingKey.signatureByteCount)
            let signaturePath = try decoder.readBytes(pathBytes)
            guard threat == .semiMalicious else {
                return Witness(id: id, signature: signature, signaturePath: signaturePath, keys: nil, path: [])
            }
            return Witness(
                id: id, signature: signature, signaturePath: signaturePath,
                keys: try Advertisement(from: &decoder, as: threat), path: try decoder.readBytes(pathBytes))
        }
        guard isStrictlyAscending(witnesses.map(\.id)) else { throw .unordered }
    }
}
