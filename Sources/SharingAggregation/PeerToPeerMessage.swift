// SPDX-License-Identifier: Apache-2.0

public import ProtocolCryptography
public import SecureAggregation
internal import SecureRandomness

/// The messages of peer-to-peer aggregation. No case can hold a clear vector.
public enum PeerToPeerMessage<Element: MaskableElement>: WireMessage {
    /// A dealer's share for the receiver, as the seed that it stands for.
    case seed(PeerSeed)
    /// A dealer's share for the receiver.
    case share(VectorShare<Element>)
    /// The dealers whose shares the sender holds.
    case confirm([PartyID])
    /// The sum of the sender's shares of these dealers.
    case partialSum(VectorShare<Element>, of: [PartyID])
    /// The sender gives up.
    case abort(AbortReason)

    static var shareStage: Stage { Stage(0, "share") }
    static var confirmStage: Stage { Stage(1, "confirm") }
    static var combineStage: Stage { Stage(2, "combine") }

    /// The step of the protocol; nil for an abort.
    public var stage: Stage? {
        switch self {
        case .seed, .share: Self.shareStage
        case .confirm: Self.confirmStage
        case .partialSum: Self.combineStage
        case .abort: nil
        }
    }

    /// The type byte on the wire.
    public var type: UInt8 {
        switch self {
        case .seed: 0x50
        case .share: 0x51
        case .confirm: 0x52
        case .partialSum: 0x53
        case .abort: AbortReason.messageType
        }
    }

    /// Writes the fields of the message.
    public func encodeBody(into encoder: inout WireEncoder, as format: MessageFormat) {
        switch self {
        case .seed(let seed): encoder.write(bytes: seed.wireBytes)
        case .share(let share): share.encode(into: &encoder, as: format)
        case .confirm(let dealers): encoder.write(dealers, lengthBytes: 3)
        case .partialSum(let share, let dealers):
            encoder.write(dealers, lengthBytes: 3)
            share.encode(into: &encoder, as: format)
        case .abort(let reason): encoder.write(reason.rawValue)
        }
    }

    /// Reads the fields of a message of this type; refuses every other one.
    public static func decodeBody(
        ofType type: UInt8, from decoder: inout WireDecoder, as format: MessageFormat
    ) throws(WireError) -> PeerToPeerMessage {
        switch type {
        case 0x50: return .seed(PeerSeed(SecretBytes(copying: try decoder.readBytes(PeerSeed.byteCount))))
        case 0x51: return .share(try VectorShare(from: &decoder, as: format))
        case 0x52:
            return .confirm(try decoder.readAscendingParties(lengthBytes: 3, maximum: format.maximumParties))
        case 0x53:
            let dealers = try decoder.readAscendingParties(lengthBytes: 3, maximum: format.maximumParties)
            return .partialSum(try VectorShare(from: &decoder, as: format), of: dealers)
        case AbortReason.messageType: return .abort(try AbortReason(from: &decoder))
        default: throw .unknownType(type)
        }
    }
}

/// The seed of a share on its way to the peer that holds it. Whoever reads it has that share, and no other.
public struct PeerSeed: Sendable {
    let bytes: SecretBytes

    static let byteCount = 32

    init(_ bytes: SecretBytes) { self.bytes = bytes }

    var wireBytes: [UInt8] { bytes.withSpan { span in (0..<span.count).map { span[$0] } } }
}
