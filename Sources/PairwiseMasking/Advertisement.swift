// SPDX-License-Identifier: Apache-2.0

public import ProtocolCryptography
public import SecureAggregation

/// What a client publishes about itself in one session.
public struct Advertisement: Equatable, Sendable {
    /// By what others know that later messages are this client's.
    public enum Authentication: Equatable, Sendable {
        /// By nothing: ``ThreatModel/curious``.
        case none
        /// By signatures that this key checks, which is of this session only: ``ThreatModel/semiMalicious``.
        case verifyingKey(VerifyingKey)
        /// By its enrolled identity, which signed this advertisement: ``ThreatModel/active``.
        case signature([UInt8])

        /// The threat model in which clients authenticate themselves like this.
        var threat: ThreatModel {
            switch self {
            case .none: .curious
            case .verifyingKey: .semiMalicious
            case .signature: .active
            }
        }
    }

    /// The key under which others encrypt shares for it.
    public let channelPublicKey: KeyAgreementPublicKey
    /// The key with which others agree on masks; it binds the mask seed.
    public let maskPublicKey: KeyAgreementPublicKey
    /// The hash that binds the self-mask seed.
    public let selfMaskCommitment: HashDigest
    /// By what others know its later messages.
    public let authentication: Authentication

    package init(
        channelPublicKey: KeyAgreementPublicKey, maskPublicKey: KeyAgreementPublicKey, selfMaskCommitment: HashDigest,
        authentication: Authentication = .none
    ) {
        self.channelPublicKey = channelPublicKey
        self.maskPublicKey = maskPublicKey
        self.selfMaskCommitment = selfMaskCommitment
        self.authentication = authentication
    }

    private static let verifyingKeyByteCount = 32

    static func byteCount(_ threat: ThreatModel) -> Int {
        let keys = 2 * KeyAgreementPublicKey.byteCount + HashDigest.byteCount
        return switch threat {
        case .curious: keys
        case .semiMalicious: keys + verifyingKeyByteCount
        case .active: keys + VerifyingKey.signatureByteCount
        }
    }

    func encode(into encoder: inout WireEncoder) {
        encoder.write(bytes: channelPublicKey.bytes)
        encoder.write(bytes: maskPublicKey.bytes)
        encoder.write(bytes: selfMaskCommitment.bytes)
        switch authentication {
        case .none: break
        case .verifyingKey(let key): encoder.write(bytes: key.bytes)
        case .signature(let signature): encoder.write(bytes: signature)
        }
    }

    init(from decoder: inout WireDecoder, as threat: ThreatModel) throws(WireError) {
        do throws(CryptographyError) {
            channelPublicKey = try KeyAgreementPublicKey(try read(32, from: &decoder))
            maskPublicKey = try KeyAgreementPublicKey(try read(32, from: &decoder))
            selfMaskCommitment = try HashDigest(try read(32, from: &decoder))
            authentication =
                switch threat {
                case .curious: .none
                case .semiMalicious: .verifyingKey(try VerifyingKey(try read(32, from: &decoder)))
                case .active: .signature(try read(VerifyingKey.signatureByteCount, from: &decoder))
                }
        } catch {
            throw .truncated
        }
    }

    /// The leaf of the Merkle tree that this advertisement is.
    package func leaf(of client: PartyID) -> HashDigest {
        var encoder = WireEncoder()
        encoder.write(client.rawValue)
        encoder.write(authentication.threat.rawValue)
        encode(into: &encoder)
        return MerkleTree.leaf(of: encoder.bytes)
    }

    /// What the enrolled identity of `client` signs.
    package static func signedBytes(
        session: HashDigest, client: PartyID, channelPublicKey: KeyAgreementPublicKey,
        maskPublicKey: KeyAgreementPublicKey, selfMaskCommitment: HashDigest
    ) -> [UInt8] {
        var encoder = WireEncoder()
        encoder.write(Array("fedsum/1 advertisement".utf8), lengthBytes: 1)
        encoder.write(bytes: session.bytes)
        encoder.write(client.rawValue)
        encoder.write(bytes: channelPublicKey.bytes)
        encoder.write(bytes: maskPublicKey.bytes)
        encoder.write(bytes: selfMaskCommitment.bytes)
        return encoder.bytes
    }

    /// Whether this advertisement is one of this threat model, and signed by `client` where it has to be.
    func isAuthentic(
        for client: PartyID, as threat: ThreatModel, session: HashDigest, enrollment: ClientEnrollment?
    ) -> Bool {
        guard authentication.threat == threat else { return false }
        guard case .signature(let signature) = authentication else { return true }
        return enrollment?.verifyingKeys[client]?.isValid(
            signature,
            for: Self.signedBytes(
                session: session, client: client, channelPublicKey: channelPublicKey, maskPublicKey: maskPublicKey,
                selfMaskCommitment: selfMaskCommitment)) ?? false
    }

    /// The key that checks what `client` signs in the consistency round; nil where it has none.
    func consistencyKey(of client: PartyID, enrollment: ClientEnrollment?) -> VerifyingKey? {
        switch authentication {
        case .none: nil
        case .verifyingKey(let key): key
        case .signature: enrollment?.verifyingKeys[client]
        }
    }
}

/// Bytes of a decoder, inside code that makes keys of them.
private func read(_ count: Int, from decoder: inout WireDecoder) throws(CryptographyError) -> [UInt8] {
    do { return try decoder.readBytes(count) } catch { throw .wrongLength(expected: count, actual: decoder.remaining) }
}

/// One client's keys, as the server lists them.
public struct RosterEntry: Equatable, Sendable {
    /// The client.
    public let id: PartyID
    /// Its keys.
    public let keys: Advertisement

    static func byteCount(_ threat: ThreatModel) -> Int { 4 + Advertisement.byteCount(threat) }

    package init(id: PartyID, keys: Advertisement) {
        self.id = id
        self.keys = keys
    }

    func encode(into encoder: inout WireEncoder) {
        encoder.write(id.rawValue)
        keys.encode(into: &encoder)
    }

    init(from decoder: inout WireDecoder, as threat: ThreatModel) throws(WireError) {
        id = try decoder.readParty()
        keys = try Advertisement(from: &decoder, as: threat)
    }
}

/// Everybody's keys, U1, as the server sends them on the complete graph.
public struct KeyRoster: Equatable, Sendable {
    /// The threat model for which these are.
    public let threat: ThreatModel
    /// The clients of U1, ascending.
    public let entries: [RosterEntry]

    package init(threat: ThreatModel, entries: [RosterEntry]) {
        self.threat = threat
        self.entries = entries
    }

    func encode(into encoder: inout WireEncoder) {
        encoder.write(threat.rawValue)
        encoder.writeList(entries, entryBytes: RosterEntry.byteCount(threat), lengthBytes: 3) { encoder, entry in
            entry.encode(into: &encoder)
        }
    }

    init(from decoder: inout WireDecoder, maximum: Int) throws(WireError) {
        let threat = try ThreatModel(from: &decoder)
        self.threat = threat
        entries = try decoder.readList(
            entryBytes: RosterEntry.byteCount(threat), lengthBytes: 3, maximum: maximum
        ) { (decoder) throws(WireError) in try RosterEntry(from: &decoder, as: threat) }
        guard isStrictlyAscending(entries.map(\.id)) else { throw .unordered }
    }
}

extension ThreatModel {
    init(from decoder: inout WireDecoder) throws(WireError) {
        guard let threat = ThreatModel(rawValue: try decoder.readInteger()) else { throw .badValue }
        self = threat
    }
}

/// A client's neighbors and their keys, each with the path that proves it, as the server sends them on a sparse graph.
public struct Neighborhood: Equatable, Sendable {
    /// A neighbor that sent keys.
    public struct Present: Equatable, Sendable {
        /// The neighbor and its keys.
        public let entry: RosterEntry
        /// Its path in the Merkle tree.
        public let path: [UInt8]

        package init(entry: RosterEntry, path: [UInt8]) {
            self.entry = entry
            self.path = path
        }
    }

    /// A neighbor that sent none.
    public struct Absent: Equatable, Sendable {
        /// The neighbor.
        public let id: PartyID
        /// The path of its empty leaf in the Merkle tree.
        public let path: [UInt8]

        package init(id: PartyID, path: [UInt8]) {
            self.id = id
            self.path = path
        }
    }

    /// The threat model for which these are.
    public let threat: ThreatModel
    /// The depth of the Merkle tree.
    public let depth: Int
    /// The root over all first messages.
    public let root: HashDigest
    /// What draws the graph: the beacon's output, or what the server drew.
    public let entropy: HashDigest
    /// The path of the receiver's own keys.
    public let ownPath: [UInt8]
    /// The neighbors of U1, ascending.
    public let present: [Present]
    /// The other neighbors, ascending.
    public let absent: [Absent]

    /// The depth beyond which no tree of a session reaches (`Roster.maximumContributors`).
    static let maximumDepth = 17

    package init(
        threat: ThreatModel, depth: Int, root: HashDigest, entropy: HashDigest, ownPath: [UInt8], present: [Present],
        absent: [Absent]
    ) {
        self.threat = threat
        self.depth = depth
        self.root = root
        self.entropy = entropy
        self.ownPath = ownPath
        self.present = present
        self.absent = absent
    }

    func encode(into encoder: inout WireEncoder) {
        let pathBytes = HashDigest.byteCount * depth
        encoder.write(threat.rawValue)
        encoder.write(UInt8(depth))
        encoder.write(bytes: root.bytes)
        encoder.write(bytes: entropy.bytes)
        encoder.write(bytes: ownPath)
        encoder.writeList(
            present, entryBytes: RosterEntry.byteCount(threat) + pathBytes, lengthBytes: 3
        ) { encoder, neighbor in
            neighbor.entry.encode(into: &encoder)
            encoder.write(bytes: neighbor.path)
        }
        encoder.writeList(absent, entryBytes: 4 + pathBytes, lengthBytes: 3) { encoder, neighbor in
            encoder.write(neighbor.id.rawValue)
            encoder.write(bytes: neighbor.path)
        }
    }

    init(from decoder: inout WireDecoder, maximum: Int) throws(WireError) {
        let threat = try ThreatModel(from: &decoder)
        let depth = try Self.readDepth(from: &decoder)
        let pathBytes = HashDigest.byteCount * depth
        self.threat = threat
        self.depth = depth
        root = try HashDigest(from: &decoder)
        entropy = try HashDigest(from: &decoder)
        ownPath = try decoder.readBytes(pathBytes)
        present = try decoder.readList(
            entryBytes: RosterEntry.byteCount(threat) + pathBytes, lengthBytes: 3, maximum: maximum
        ) { (decoder) throws(WireError) in
            Present(entry: try RosterEntry(from: &decoder, as: threat), path: try decoder.readBytes(pathBytes))
        }
        absent = try decoder.readList(entryBytes: 4 + pathBytes, lengthBytes: 3, maximum: maximum) {
            (decoder) throws(WireError) in
            Absent(id: try decoder.readParty(), path: try decoder.readBytes(pathBytes))
        }
        guard isStrictlyAscending(present.map(\.entry.id)), isStrictlyAscending(absent.map(\.id)) else {
            throw .unordered
        }
    }

    static func readDepth(from decoder: inout WireDecoder) throws(WireError) -> Int {
        let depth: UInt8 = try decoder.readInteger()
        guard depth <= maximumDepth else { throw .badValue }
        return Int(depth)
    }
}

extension HashDigest {
    init(from decoder: inout WireDecoder) throws(WireError) {
        do { self = try HashDigest(try read(Self.byteCount, from: &decoder)) } catch { throw .truncated }
    }
}
