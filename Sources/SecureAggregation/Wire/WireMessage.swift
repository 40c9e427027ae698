// SPDX-License-Identifier: Apache-2.0

public import ProtocolCryptography
public import RingArithmetic

/// A message of a scheme, in memory and as bytes (Documentation/WireFormat.md).
public protocol WireMessage: Sendable {
    /// The step to which it belongs; nil for a notice that may come at any time, such as an abort.
    var stage: Stage? { get }

    /// The byte that says which message it is.
    var type: UInt8 { get }

    /// Writes what follows the header.
    func encodeBody(into encoder: inout WireEncoder, as format: MessageFormat)

    /// Reads what follows the header of a message of this type, to its end.
    /// - Throws: `WireError`; whatever the bytes are, it never traps.
    static func decodeBody(
        ofType type: UInt8, from decoder: inout WireDecoder, as format: MessageFormat
    ) throws(WireError) -> Self
}

extension WireMessage {
    /// The message as bytes.
    public func encoded(as format: MessageFormat) -> [UInt8] {
        var encoder = WireEncoder()
        encoder.write(WireEncoder.version)
        encoder.write(type)
        encoder.write(bytes: format.session.bytes)
        encodeBody(into: &encoder, as: format)
        return encoder.bytes
    }

    /// Reads exactly one message of the session.
    ///
    /// Allocates no more than a small multiple of `bytes.count`.
    /// - Throws: `WireError` unless `bytes` is one canonical message of this aggregation.
    public init(decoding bytes: [UInt8], as format: MessageFormat) throws(WireError) {
        var decoder = WireDecoder(bytes)
        let version: UInt8 = try decoder.readInteger()
        guard version == WireEncoder.version else { throw .unsupportedVersion(version) }
        let type: UInt8 = try decoder.readInteger()
        guard try decoder.readBytes(HashDigest.byteCount) == format.session.bytes else { throw .foreignSession }
        guard format.messageTypes?.contains(type) ?? true else { throw .unknownType(type) }
        self = try Self.decodeBody(ofType: type, from: &decoder, as: format)
        try decoder.finish()
    }
}

/// What a decoder needs to know about an aggregation.
public struct MessageFormat: Sendable {
    /// The digest that every message repeats.
    public let session: HashDigest
    /// The ring of the vectors, where they are not over a field.
    public let width: RingWidth
    /// The prime field of the vectors.
    public let field: PrimeField?
    /// The count of the vectors.
    public let dimension: Int
    /// How many parties a list may name.
    public let maximumParties: Int
    /// How many contributors the session has: what a bitmap of them has bits for.
    public let contributorCount: Int
    /// The types of message that the session has; nil if it has all that its scheme knows.
    public let messageTypes: Set<UInt8>?

    /// The format of one aggregation's messages.
    public init(
        session: HashDigest, width: RingWidth, field: PrimeField? = nil, dimension: Int, maximumParties: Int,
        contributorCount: Int = 0, messageTypes: Set<UInt8>? = nil
    ) {
        self.session = session
        self.width = width
        self.field = field
        self.dimension = dimension
        self.maximumParties = maximumParties
        self.contributorCount = contributorCount
        self.messageTypes = messageTypes
    }

    /// The bits of an element on the wire.
    public var elementWidth: RingWidth { field?.elementWidth ?? width }
}
