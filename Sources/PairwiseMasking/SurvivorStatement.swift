// SPDX-License-Identifier: Apache-2.0

package import ProtocolCryptography
public import SecureAggregation

/// What survivors sign in the consistency round: who shared and who survived, of the whole round.
package struct SurvivorStatement: Sendable {
    let binding: HashDigest
    let sharers: ClientSet
    let survivors: ClientSet
    let digest: HashDigest

    package init(binding: HashDigest, sharers: ClientSet, survivors: ClientSet) {
        self.binding = binding
        self.sharers = sharers
        self.survivors = survivors
        var encoder = WireEncoder()
        encoder.write(Array("fedsum/1 survivors".utf8), lengthBytes: 1)
        encoder.write(bytes: binding.bytes)
        encoder.write(sharers.bytes, lengthBytes: 2)
        encoder.write(survivors.bytes, lengthBytes: 2)
        digest = HashDigest(of: encoder.bytes)
    }

    /// What `client` signs.
    package func signedBytes(by client: PartyID) -> [UInt8] {
        var encoder = WireEncoder()
        encoder.write(Array("fedsum/1 consistency".utf8), lengthBytes: 1)
        encoder.write(bytes: binding.bytes)
        encoder.write(client.rawValue)
        encoder.write(bytes: digest.bytes)
        return encoder.bytes
    }

    /// The k clients, by position, whose signatures under this statement `client` wants to see on a sparse graph.
    ///
    /// They are drawn by the statement and not by the graph: a server that shows two halves of the circle two statements
    /// finds for neither of them enough witnesses anywhere (Documentation/SparseGraphs.md).
    package func witnesses(of client: PartyID, at position: Int, neighbors: Int, count: Int) -> Set<Int> {
        var encoder = WireEncoder()
        encoder.write(Array("fedsum/1 witnesses".utf8), lengthBytes: 1)
        encoder.write(bytes: digest.bytes)
        encoder.write(client.rawValue)
        var draws = PublicDraws(key: HashDigest(of: encoder.bytes))
        var witnesses: Set<Int> = []
        while witnesses.count < neighbors {
            let drawn = draws.uniform(below: count)
            if drawn != position { witnesses.insert(drawn) }
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

/// Signatures of clients whose keys the receiver does not have, with these keys and their proofs.
public struct WitnessList: Equatable, Sendable {
    /// One client's signature.
    public struct Witness: Equatable, Sendable {
        /// Who signed, and its keys.
        public let entry: RosterEntry
        /// The path of these keys in the Merkle tree.
        public let path: [UInt8]
        /// 64 bytes of Ed25519.
        public let signature: [UInt8]

        package init(entry: RosterEntry, path: [UInt8], signature: [UInt8]) {
            self.entry = entry
            self.path = path
            self.signature = signature
        }
    }

    /// The threat model for which these are.
    public let threat: ThreatModel
    /// The depth of the Merkle tree.
    public let depth: Int
    /// The signatures, ascending by client.
    public let witnesses: [Witness]

    package init(threat: ThreatModel, depth: Int, witnesses: [Witness]) {
        self.threat = threat
        self.depth = depth
        self.witnesses = witnesses
    }

    private static func entryByteCount(_ threat: ThreatModel, depth: Int) -> Int {
        RosterEntry.byteCount(threat) + HashDigest.byteCount * depth + VerifyingKey.signatureByteCount
    }

    func encode(into encoder: inout WireEncoder) {
        encoder.write(threat.rawValue)
        encoder.write(UInt8(depth))
        encoder.writeList(
            witnesses, entryBytes: Self.entryByteCount(threat, depth: depth), lengthBytes: 3
        ) { encoder, witness in
            witness.entry.encode(into: &encoder)
            encoder.write(bytes: witness.path)
            encoder.write(bytes: witness.signature)
        }
    }

    init(from decoder: inout WireDecoder, maximum: Int) throws(WireError) {
        let threat = try ThreatModel(from: &decoder)
        let depth = try Neighborhood.readDepth(from: &decoder)
        self.threat = threat
        self.depth = depth
        witnesses = try decoder.readList(
            entryBytes: Self.entryByteCount(threat, depth: depth), lengthBytes: 3, maximum: maximum
        ) { (decoder) throws(WireError) in
            Witness(
                entry: try RosterEntry(from: &decoder, as: threat),
                path: try decoder.readBytes(HashDigest.byteCount * depth),
                signature: try decoder.readBytes(VerifyingKey.signatureByteCount))
        }
        guard isStrictlyAscending(witnesses.map(\.entry.id)) else { throw .unordered }
    }
}
