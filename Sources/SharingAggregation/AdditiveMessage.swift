// SPDX-License-Identifier: Apache-2.0

public import ProtocolCryptography
public import SecureAggregation

/// The messages of additive aggregation. No case can hold a clear vector.
public enum AdditiveMessage<Element: MaskableElement>: WireMessage {
    /// A contributor's share for the leader, and a sealed seed for each aggregator.
    case share(VectorShare<Element>, seeds: [SealedSeed])
    /// The leader hands an aggregator its seeds, of the contributors whose shares it holds.
    case forward([ForwardedSeed])
    /// An aggregator's sum of shares.
    case partialSum(VectorShare<Element>)
    /// The sender gives up.
    case abort(AbortReason)

    static var shareStage: Stage { Stage(0, "share") }
    static var forwardStage: Stage { Stage(1, "forward") }
    static var combineStage: Stage { Stage(2, "combine") }

    /// The step of the protocol; nil for an abort.
    public var stage: Stage? {
        switch self {
        case .share: Self.shareStage
        case .forward: Self.forwardStage
        case .partialSum: Self.combineStage
        case .abort: nil
        }
    }

    /// The type byte on the wire.
    public var type: UInt8 {
        switch self {
        case .share: AdditiveMessageType.share
        case .forward: AdditiveMessageType.forward
        case .partialSum: AdditiveMessageType.partialSum
        case .abort: AbortReason.messageType
        }
    }

    /// Writes the fields of the message.
    public func encodeBody(into encoder: inout WireEncoder, as format: MessageFormat) {
        switch self {
        case .share(let share, let seeds):
            share.encode(into: &encoder, as: format)
            encoder.writeList(seeds, entryBytes: SealedSeed.byteCount, lengthBytes: 2) { $1.encode(into: &$0) }
        case .forward(let seeds):
            encoder.writeList(seeds, entryBytes: ForwardedSeed.byteCount, lengthBytes: 3) { encoder, entry in
                encoder.write(entry.contributor.rawValue)
                entry.seed.encode(into: &encoder)
            }
        case .partialSum(let share): share.encode(into: &encoder, as: format)
        case .abort(let reason): encoder.write(reason.rawValue)
        }
    }

    /// Reads the fields of a message of this type; refuses every other one.
    public static func decodeBody(
        ofType type: UInt8, from decoder: inout WireDecoder, as format: MessageFormat
    ) throws(WireError) -> AdditiveMessage {
        switch type {
        case AdditiveMessageType.share:
            let share = try VectorShare<Element>(from: &decoder, as: format)
            let seeds = try decoder.readList(
                entryBytes: SealedSeed.byteCount, lengthBytes: 2, maximum: format.maximumParties
            ) { (decoder) throws(WireError) in try SealedSeed(from: &decoder) }
            return .share(share, seeds: seeds)
        case AdditiveMessageType.forward:
            let seeds = try decoder.readList(
                entryBytes: ForwardedSeed.byteCount, lengthBytes: 3, maximum: format.maximumParties
            ) { (decoder) throws(WireError) in
                ForwardedSeed(contributor: try decoder.readParty(), seed: try SealedSeed(from: &decoder))
            }
            guard isStrictlyAscending(seeds.map(\.contributor)) else { throw .unordered }
            return .forward(seeds)
        case AdditiveMessageType.partialSum:
            return .partialSum(try VectorShare(from: &decoder, as: format))
        case AbortReason.messageType:
            return .abort(try AbortReason(from: &decoder))
        default: throw .unknownType(type)
        }
    }
}

/// A contributor's seed on its way through the leader.
public struct ForwardedSeed: Equatable, Sendable {
    package let contributor: PartyID
    package let seed: SealedSeed

    static let byteCount = 4 + SealedSeed.byteCount

    package init(contributor: PartyID, seed: SealedSeed) {
        self.contributor = contributor
        self.seed = seed
    }
}

/// The type bytes on the wire.
enum AdditiveMessageType {
    static let share: UInt8 = 0x20
    static let forward: UInt8 = 0x21
    static let partialSum: UInt8 = 0x22
}
