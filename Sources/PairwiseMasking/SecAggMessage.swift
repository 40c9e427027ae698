// SPDX-License-Identifier: Apache-2.0

public import ProtocolCryptography
public import SecureAggregation
public import SecureRandomness

/// The messages of SecAgg and SecAgg+ ([BIK+17] Figure 4, [BBG+20] §3). No case can hold a clear vector.
public enum SecAggMessage<Element: MaskableElement>: WireMessage {
    /// Round 0, client to server: its public keys.
    case advertisement(Advertisement)
    /// Round 0, server to client: what fixes all first messages before the beacon draws the graph.
    case commitment(root: HashDigest, pulse: UInt64)
    /// Round 0, server to client on the complete graph: everybody's public keys, U1.
    case roster(KeyRoster)
    /// Round 0, server to client on a sparse graph: its neighbors' public keys.
    case neighborhood(Neighborhood)
    /// Round 1, client to server: a box with shares for each neighbor in U1.
    case encryptedShares([AddressedBox])
    /// Round 1, server to client: who shared, U2, and the boxes for it from its neighbors among them.
    case deliveredShares([AddressedBox], sharers: ClientSet)
    /// Round 2, client to server.
    case maskedVector(MaskedVector<Element>)
    /// Round 2, server to client: whose vectors are in the sum, U3. One set decides which of its two secrets is revealed of
    /// each client.
    case survivors(ClientSet)
    /// Round 3, client to server: its signature under U2 and U3.
    case signature([UInt8])
    /// Round 3, server to client on a sparse graph: what fixes all signatures before the beacon draws the witnesses.
    case signatureCommitment(root: HashDigest, pulse: UInt64)
    /// Round 3, server to client on the complete graph: others' signatures under the same sets.
    case signatures([SurvivorSignature])
    /// Round 3, server to client on a sparse graph: its witnesses' signatures, with proofs that they were fixed.
    case witnesses(WitnessList)
    /// Round 4, client to server: one share for each dealer of U2.
    case revealedShares([RevealedShare])
    /// The sender gives up.
    case abort(AbortReason)

    /// The step of the protocol; nil for an abort.
    public var stage: Stage? {
        switch self {
        case .advertisement: SecAggStage.advertise
        case .commitment: SecAggStage.commit
        case .roster, .neighborhood: SecAggStage.roster
        case .encryptedShares: SecAggStage.share
        case .deliveredShares: SecAggStage.deliver
        case .maskedVector: SecAggStage.mask
        case .survivors: SecAggStage.survivors
        case .signature: SecAggStage.sign
        case .signatureCommitment: SecAggStage.fix
        case .signatures, .witnesses: SecAggStage.witness
        case .revealedShares: SecAggStage.reveal
        case .abort: nil
        }
    }

    /// The type byte on the wire.
    public var type: UInt8 {
        switch self {
        case .advertisement: 0x30
        case .roster: 0x31
        case .encryptedShares: 0x32
        case .deliveredShares: 0x33
        case .maskedVector: 0x34
        case .survivors: 0x35
        case .revealedShares: 0x36
        case .commitment: 0x37
        case .neighborhood: 0x38
        case .signature: 0x39
        case .signatures: 0x3a
        case .witnesses: 0x3b
        case .signatureCommitment: 0x3c
        case .abort: AbortReason.messageType
        }
    }

    /// Writes the fields of the message.
    public func encodeBody(into encoder: inout WireEncoder, as format: MessageFormat) {
        switch self {
        case .advertisement(let advertisement):
            encoder.write(advertisement.authentication.threat.rawValue)
            advertisement.encode(into: &encoder)
        case .commitment(let root, let pulse), .signatureCommitment(let root, let pulse):
            encoder.write(bytes: root.bytes)
            encoder.write(pulse)
        case .roster(let roster): roster.encode(into: &encoder)
        case .neighborhood(let neighborhood): neighborhood.encode(into: &encoder)
        case .encryptedShares(let boxes): AddressedBox.write(boxes, into: &encoder)
        case .deliveredShares(let boxes, let sharers):
            encoder.write(sharers.bytes, lengthBytes: 2)
            AddressedBox.write(boxes, into: &encoder)
        case .maskedVector(let vector): vector.encode(into: &encoder, as: format)
        case .survivors(let survivors): encoder.write(survivors.bytes, lengthBytes: 2)
        case .signature(let signature): encoder.write(bytes: signature)
        case .signatures(let signatures):
            encoder.writeList(signatures, entryBytes: SurvivorSignature.byteCount, lengthBytes: 3) { encoder, entry in
                encoder.write(entry.id.rawValue)
                encoder.write(bytes: entry.signature)
            }
        case .witnesses(let list): list.encode(into: &encoder)
        case .revealedShares(let shares):
            encoder.writeList(shares, entryBytes: RevealedShare.byteCount, lengthBytes: 3) { encoder, entry in
                encoder.write(entry.of.rawValue)
                entry.share.withSpan { span in for index in span.indices { encoder.write(span[index]) } }
            }
        case .abort(let reason): encoder.write(reason.rawValue)
        }
    }

    /// Reads the fields of a message of this type; refuses every other one.
    public static func decodeBody(
        ofType type: UInt8, from decoder: inout WireDecoder, as format: MessageFormat
    ) throws(WireError) -> SecAggMessage {
        let maximum = format.maximumParties
        switch type {
        case 0x30:
            let threat = try ThreatModel(from: &decoder)
            return .advertisement(try Advertisement(from: &decoder, as: threat))
        case 0x31: return .roster(try KeyRoster(from: &decoder, maximum: maximum))
        case 0x32: return .encryptedShares(try AddressedBox.readList(from: &decoder, maximum: maximum))
        case 0x33:
            let sharers = try ClientSet(from: &decoder, count: format.contributorCount)
            return .deliveredShares(
                try AddressedBox.readList(from: &decoder, maximum: maximum), sharers: sharers)
        case 0x34: return .maskedVector(try MaskedVector(from: &decoder, as: format))
        case 0x35:
            return .survivors(try ClientSet(from: &decoder, count: format.contributorCount))
        case 0x36:
            let shares = try decoder.readList(entryBytes: RevealedShare.byteCount, lengthBytes: 3, maximum: maximum) {
                (decoder) throws(WireError) in
                RevealedShare(
                    of: try decoder.readParty(),
                    share: SecretBytes(copying: try decoder.readBytes(RevealedShare.shareByteCount)))
            }
            guard isStrictlyAscending(shares.map(\.of)) else { throw .unordered }
            return .revealedShares(shares)
        case 0x37: return .commitment(root: try HashDigest(from: &decoder), pulse: try decoder.readInteger())
        case 0x38: return .neighborhood(try Neighborhood(from: &decoder, maximum: maximum))
        case 0x39: return .signature(try decoder.readBytes(VerifyingKey.signatureByteCount))
        case 0x3a:
            let signatures = try decoder.readList(
                entryBytes: SurvivorSignature.byteCount, lengthBytes: 3, maximum: maximum
            ) { (decoder) throws(WireError) in
                SurvivorSignature(
                    id: try decoder.readParty(), signature: try decoder.readBytes(VerifyingKey.signatureByteCount))
            }
            guard isStrictlyAscending(signatures.map(\.id)) else { throw .unordered }
            return .signatures(signatures)
        case 0x3c: return .signatureCommitment(root: try HashDigest(from: &decoder), pulse: try decoder.readInteger())
        case 0x3b: return .witnesses(try WitnessList(from: &decoder, maximum: maximum))
        case AbortReason.messageType: return .abort(try AbortReason(from: &decoder))
        default: throw .unknownType(type)
        }
    }
}

extension SecAgg {
    /// The types of message that this graph and threat model have.
    public var messageTypes: Set<UInt8>? {
        var types: Set<UInt8> = [AbortReason.messageType, 0x30, 0x32, 0x33, 0x34, 0x35, 0x36, isSparse ? 0x38 : 0x31]
        if threat.hasConsistencyRound {
            types.formUnion(isSparse ? [0x37, 0x39, 0x3b, 0x3c] : [0x39, 0x3a])
        }
        return types
    }
}

/// The steps of SecAgg; the names are those of reports.
enum SecAggStage {
    static let advertise = Stage(0, "advertise-keys")
    static let commit = Stage(1, "advertise-keys")
    static let roster = Stage(2, "advertise-keys")
    static let share = Stage(3, "share-keys")
    static let deliver = Stage(4, "share-keys")
    static let mask = Stage(5, "masked-input")
    static let survivors = Stage(6, "unmask")
    static let sign = Stage(7, "consistency")
    static let fix = Stage(8, "consistency")
    static let witness = Stage(9, "consistency")
    static let reveal = Stage(10, "unmask")
}

/// An encrypted pair of shares: with its receiver on the way to the server, with its sender on the way from it.
public struct AddressedBox: Equatable, Sendable {
    /// The other client.
    public let party: PartyID
    /// Two ids, a share of the mask seed and one of the self-mask seed, under a key used once.
    public let box: [UInt8]

    static let boxByteCount = 8 + 2 * RevealedShare.shareByteCount + SealingKey.overhead
    static let byteCount = 4 + boxByteCount

    package init(party: PartyID, box: [UInt8]) {
        self.party = party
        self.box = box
    }

    static func write(_ boxes: [AddressedBox], into encoder: inout WireEncoder) {
        encoder.writeList(boxes, entryBytes: byteCount, lengthBytes: 3) { encoder, entry in
            encoder.write(entry.party.rawValue)
            encoder.write(bytes: entry.box)
        }
    }

    static func readList(from decoder: inout WireDecoder, maximum: Int) throws(WireError) -> [AddressedBox] {
        let boxes = try decoder.readList(entryBytes: byteCount, lengthBytes: 3, maximum: maximum) {
            (decoder) throws(WireError) in
            AddressedBox(party: try decoder.readParty(), box: try decoder.readBytes(boxByteCount))
        }
        guard isStrictlyAscending(boxes.map(\.party)) else { throw .unordered }
        return boxes
    }
}

/// A share that a survivor gives out.
public struct RevealedShare: Sendable {
    /// Whose secret it belongs to.
    public let of: PartyID
    /// The share: of the self-mask seed of a survivor, of the mask seed of a client that was lost.
    public let share: SecretBytes

    static let shareByteCount = 32
    static let byteCount = 4 + shareByteCount

    package init(of: PartyID, share: SecretBytes) {
        self.of = of
        self.share = share
    }
}
