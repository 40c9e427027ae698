// SPDX-License-Identifier: Apache-2.0

public import ProtocolCryptography
public import SecureAggregation

/// The messages of aggregation through a leader, for additive and for Shamir shares. No case can hold a clear vector.
public enum SharingMessage<Element: MaskableElement, Kind: SharingKind>: WireMessage {
    /// A contributor's shares for the leader to add up, and a sealed seed for each aggregator.
    case share([VectorShare<Element>], seeds: [SealedSeed])
    /// The leader hands an aggregator its seeds, of the contributors whose shares it holds.
    case forward([ForwardedSeed])
    /// An aggregator's sum of the shares that its seeds stand for.
    case partialSum(VectorShare<Element>)
    /// An aggregator names the contributors whose well-signed seeds do not open, instead of a sum.
    case complaint([PartyID])
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
        case .partialSum, .complaint: Self.combineStage
        case .abort: nil
        }
    }

    /// The type byte on the wire.
    public var type: UInt8 {
        switch self {
        case .share: Kind.firstMessageType
        case .forward: Kind.firstMessageType + 1
        case .partialSum: Kind.firstMessageType + 2
        case .complaint: Kind.firstMessageType + 3
        case .abort: AbortReason.messageType
        }
    }

    /// Writes the fields of the message.
    public func encodeBody(into encoder: inout WireEncoder, as format: MessageFormat) {
        switch self {
        case .share(let shares, let seeds):
            if Kind.writesShareCount { encoder.write(UInt16(shares.count)) }
            for share in shares { share.encode(into: &encoder, as: format) }
            encoder.writeList(seeds, entryBytes: SealedSeed.byteCount, lengthBytes: 2) { $1.encode(into: &$0) }
        case .forward(let seeds):
            encoder.writeList(seeds, entryBytes: ForwardedSeed.byteCount, lengthBytes: 3) { encoder, entry in
                encoder.write(entry.contributor.rawValue)
                entry.seed.encode(into: &encoder)
            }
        case .partialSum(let share): share.encode(into: &encoder, as: format)
        case .complaint(let contributors): encoder.write(contributors, lengthBytes: 3)
        case .abort(let reason): encoder.write(reason.rawValue)
        }
    }

    /// Reads the fields of a message of this type; refuses every other one.
    public static func decodeBody(
        ofType type: UInt8, from decoder: inout WireDecoder, as format: MessageFormat
    ) throws(WireError) -> SharingMessage {
        switch type {
        case Kind.firstMessageType:
            let count: UInt16 = Kind.writesShareCount ? try decoder.readInteger() : 1
            var shares: [VectorShare<Element>] = []
            for _ in 0..<count { shares.append(try VectorShare(from: &decoder, as: format)) }
            let seeds = try decoder.readList(
                entryBytes: SealedSeed.byteCount, lengthBytes: 2, maximum: format.maximumParties
            ) { (decoder) throws(WireError) in try SealedSeed(from: &decoder) }
            return .share(shares, seeds: seeds)
        case Kind.firstMessageType + 1:
            let seeds = try decoder.readList(
                entryBytes: ForwardedSeed.byteCount, lengthBytes: 3, maximum: format.maximumParties
            ) { (decoder) throws(WireError) in
                ForwardedSeed(contributor: try decoder.readParty(), seed: try SealedSeed(from: &decoder))
            }
            guard isStrictlyAscending(seeds.map(\.contributor)) else { throw .unordered }
            return .forward(seeds)
        case Kind.firstMessageType + 2:
            return .partialSum(try VectorShare(from: &decoder, as: format))
        case Kind.firstMessageType + 3:
            let contributors = try decoder.readAscendingParties(lengthBytes: 3, maximum: format.maximumParties)
            guard !contributors.isEmpty else { throw .badLength(0) }
            return .complaint(contributors)
        case AbortReason.messageType:
            return .abort(try AbortReason(from: &decoder))
        default: throw .unknownType(type)
        }
    }
}

/// The messages of `additive`.
public typealias AdditiveMessage<Element: MaskableElement> = SharingMessage<Element, AdditiveKind>
/// The messages of `shamir`.
public typealias ShamirMessage<Element: MaskableElement> = SharingMessage<Element, ShamirKind>

/// What the messages and keys of one way of sharing have of their own (Documentation/WireFormat.md).
public protocol SharingKind: Sendable {
    /// The type of the first message; the others follow.
    static var firstMessageType: UInt8 { get }
    /// Whether the first message says how many vectors it has.
    static var writesShareCount: Bool { get }
    /// What the masks are for.
    static var maskPurpose: KeySchedule.Purpose { get }
}

/// Additive sharing: the leader's share, and a seed for each aggregator.
public enum AdditiveKind: SharingKind {
    /// `share`.
    public static var firstMessageType: UInt8 { 0x20 }
    /// There is one vector.
    public static var writesShareCount: Bool { false }
    /// Masks of aggregators' shares.
    public static var maskPurpose: KeySchedule.Purpose { .additiveShare }
}

/// Shamir sharing: masked shares of the aggregators beyond the first t − 1, and a seed for each aggregator.
public enum ShamirKind: SharingKind {
    /// `share`.
    public static var firstMessageType: UInt8 { 0x40 }
    /// There are K − t + 1 vectors.
    public static var writesShareCount: Bool { true }
    /// Masks of aggregators' shares.
    public static var maskPurpose: KeySchedule.Purpose { .shamirShare }
}
