// SPDX-License-Identifier: Apache-2.0

public import ProtocolCryptography
public import SecureAggregation
public import SecureRandomness

/// The messages of SecAgg [BIK+17] Figure 4. No case can hold a clear vector.
public enum SecAggMessage<Element: MaskableElement>: WireMessage {
    /// Round 0, client to server: its public keys.
    case advertisement(Advertisement)
    /// Round 0, server to client: everybody's public keys, U1.
    case roster([RosterEntry])
    /// Round 1, client to server: a box with shares for each other client of U1.
    case encryptedShares([AddressedBox])
    /// Round 1, server to client: the boxes for it, from U2.
    case deliveredShares([AddressedBox])
    /// Round 2, client to server.
    case maskedVector(MaskedVector<Element>)
    /// Round 4, server to client: whose vectors are in the sum, U3. One list decides which of its two secrets is
    /// revealed of each client.
    case survivors([PartyID])
    /// Round 4, client to server: one share for each client of U2.
    case revealedShares([RevealedShare])
    /// The sender gives up.
    case abort(AbortReason)

    /// The step of the protocol; nil for an abort.
    public var stage: Stage? {
        switch self {
        case .advertisement: SecAggStage.advertise
        case .roster: SecAggStage.roster
        case .encryptedShares: SecAggStage.share
        case .deliveredShares: SecAggStage.deliver
        case .maskedVector: SecAggStage.mask
        case .survivors: SecAggStage.survivors
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
        case .abort: AbortReason.messageType
        }
    }

    /// Writes the fields of the message.
    public func encodeBody(into encoder: inout WireEncoder, as format: MessageFormat) {
        switch self {
        case .advertisement(let advertisement):
            advertisement.encode(into: &encoder)
        case .roster(let entries):
            encoder.writeList(entries, entryBytes: RosterEntry.byteCount, lengthBytes: 3) { encoder, entry in
                encoder.write(entry.id.rawValue)
                entry.keys.encode(into: &encoder)
            }
        case .encryptedShares(let boxes), .deliveredShares(let boxes):
            encoder.writeList(boxes, entryBytes: AddressedBox.byteCount, lengthBytes: 3) { encoder, entry in
                encoder.write(entry.party.rawValue)
                encoder.write(bytes: entry.box)
            }
        case .maskedVector(let vector):
            vector.encode(into: &encoder, as: format)
        case .survivors(let parties):
            encoder.write(parties, lengthBytes: 3)
        case .revealedShares(let shares):
            encoder.writeList(shares, entryBytes: RevealedShare.byteCount, lengthBytes: 3) { encoder, entry in
                encoder.write(entry.of.rawValue)
                entry.share.withSpan { span in for index in span.indices { encoder.write(span[index]) } }
            }
        case .abort(let reason):
            encoder.write(reason.rawValue)
        }
    }

    /// Reads the fields of a message of this type; refuses every other one.
    public static func decodeBody(
        ofType type: UInt8, from decoder: inout WireDecoder, as format: MessageFormat
    ) throws(WireError) -> SecAggMessage {
        let maximum = format.maximumParties
        switch type {
        case 0x30: return .advertisement(try Advertisement(from: &decoder))
        case 0x31:
            let entries = try decoder.readList(entryBytes: RosterEntry.byteCount, lengthBytes: 3, maximum: maximum) {
                (decoder) throws(WireError) in
                RosterEntry(id: try decoder.readParty(), keys: try Advertisement(from: &decoder))
            }
            guard isStrictlyAscending(entries.map(\.id)) else { throw .unordered }
            return .roster(entries)
        case 0x32, 0x33:
            let boxes = try decoder.readList(entryBytes: AddressedBox.byteCount, lengthBytes: 3, maximum: maximum) {
                (decoder) throws(WireError) in
                AddressedBox(party: try decoder.readParty(), box: try decoder.readBytes(AddressedBox.boxByteCount))
            }
            guard isStrictlyAscending(boxes.map(\.party)) else { throw .unordered }
            return type == 0x32 ? .encryptedShares(boxes) : .deliveredShares(boxes)
        case 0x34: return .maskedVector(try MaskedVector(from: &decoder, as: format))
        case 0x35: return .survivors(try decoder.readAscendingParties(lengthBytes: 3, maximum: maximum))
        case 0x36:
            let shares = try decoder.readList(entryBytes: RevealedShare.byteCount, lengthBytes: 3, maximum: maximum) {
                (decoder) throws(WireError) in
                RevealedShare(
                    of: try decoder.readParty(),
                    share: SecretBytes(copying: try decoder.readBytes(RevealedShare.shareByteCount)))
            }
            guard isStrictlyAscending(shares.map(\.of)) else { throw .unordered }
            return .revealedShares(shares)
        case AbortReason.messageType: return .abort(try AbortReason(from: &decoder))
        default: throw .unknownType(type)
        }
    }
}

/// The steps of SecAgg; the names are those of reports.
enum SecAggStage {
    static let advertise = Stage(0, "advertise-keys")
    static let roster = Stage(1, "advertise-keys")
    static let share = Stage(2, "share-keys")
    static let deliver = Stage(3, "share-keys")
    static let mask = Stage(4, "masked-input")
    static let survivors = Stage(5, "unmask")
    static let reveal = Stage(6, "unmask")
}

/// What a client publishes about itself in one session.
public struct Advertisement: Equatable, Sendable {
    /// The key under which others encrypt shares for it.
    public let channelPublicKey: KeyAgreementPublicKey
    /// The key with which others agree on masks; it binds the mask seed.
    public let maskPublicKey: KeyAgreementPublicKey
    /// The hash that binds the self-mask seed.
    public let selfMaskCommitment: HashDigest

    static let byteCount = 2 * KeyAgreementPublicKey.byteCount + HashDigest.byteCount

    func encode(into encoder: inout WireEncoder) {
        encoder.write(bytes: channelPublicKey.bytes)
        encoder.write(bytes: maskPublicKey.bytes)
        encoder.write(bytes: selfMaskCommitment.bytes)
    }

    init(from decoder: inout WireDecoder) throws(WireError) {
        let bytes = try decoder.readBytes(Self.byteCount)
        do throws(CryptographyError) {
            channelPublicKey = try KeyAgreementPublicKey(Array(bytes[0..<32]))
            maskPublicKey = try KeyAgreementPublicKey(Array(bytes[32..<64]))
            selfMaskCommitment = try HashDigest(Array(bytes[64..<96]))
        } catch {
            throw .badValue
        }
    }

    package init(
        channelPublicKey: KeyAgreementPublicKey, maskPublicKey: KeyAgreementPublicKey, selfMaskCommitment: HashDigest
    ) {
        self.channelPublicKey = channelPublicKey
        self.maskPublicKey = maskPublicKey
        self.selfMaskCommitment = selfMaskCommitment
    }
}

/// One client's keys, as the server lists them.
public struct RosterEntry: Equatable, Sendable {
    /// The client.
    public let id: PartyID
    /// Its keys.
    public let keys: Advertisement

    static let byteCount = 4 + Advertisement.byteCount

    package init(id: PartyID, keys: Advertisement) {
        self.id = id
        self.keys = keys
    }
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
