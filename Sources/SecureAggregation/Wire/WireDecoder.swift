// SPDX-License-Identifier: Apache-2.0

public import RingArithmetic

/// Reads the presentation language of TLS 1.3 [RFC8446] §3 from bytes that somebody else chose.
///
/// Total: for every input it returns or throws. It allocates only what the bytes that are there justify.
public struct WireDecoder: Sendable {
    private let bytes: [UInt8]
    private var offset = 0

    /// A decoder at the first of `bytes`.
    public init(_ bytes: [UInt8]) { self.bytes = bytes }

    /// How many bytes were not read yet.
    public var remaining: Int { bytes.count - offset }

    /// An unsigned integer, big-endian.
    public mutating func readInteger<Value: FixedWidthInteger & UnsignedInteger>() throws(WireError) -> Value {
        let size = Value.bitWidth / 8
        guard remaining >= size else { throw .truncated }
        var value: Value = 0
        for index in offset..<offset + size { value = (size == 1 ? 0 : value << 8) | Value(bytes[index]) }
        offset += size
        return value
    }

    /// Exactly `count` bytes.
    public mutating func readBytes(_ count: Int) throws(WireError) -> [UInt8] {
        guard count >= 0, remaining >= count else { throw .truncated }
        defer { offset += count }
        return Array(bytes[offset..<offset + count])
    }

    /// A party's id.
    public mutating func readParty() throws(WireError) -> PartyID { PartyID(try readInteger()) }

    /// Entries of `entryBytes` bytes each, after their length in bytes, at most `maximum` of them.
    public mutating func readList<Entry>(
        entryBytes: Int, lengthBytes: Int, maximum: Int, _ read: (inout WireDecoder) throws(WireError) -> Entry
    ) throws(WireError) -> [Entry] {
        var length = 0
        for byte in try readBytes(lengthBytes) { length = length << 8 | Int(byte) }
        guard length % entryBytes == 0, length / entryBytes <= maximum else { throw .badLength(length) }
        guard remaining >= length else { throw .truncated }
        var entries: [Entry] = []
        entries.reserveCapacity(length / entryBytes)
        for _ in 0..<length / entryBytes { entries.append(try read(&self)) }
        return entries
    }

    /// Parties in strictly ascending order, after their length in bytes, at most `maximum` of them.
    public mutating func readAscendingParties(lengthBytes: Int, maximum: Int) throws(WireError) -> [PartyID] {
        let parties = try readList(entryBytes: 4, lengthBytes: lengthBytes, maximum: maximum) {
            (decoder) throws(WireError) in try decoder.readParty()
        }
        guard isStrictlyAscending(parties) else { throw .unordered }
        return parties
    }

    /// A vector of the format's dimension over its ring.
    public mutating func readRingVector<Element: PackableElement>(
        as format: MessageFormat
    ) throws(WireError) -> [Element] {
        precondition(format.field == nil, "An element of a field is decoded as one.")
        return try readPackedVector(as: format)
    }

    /// A vector of the format's dimension over its ring or field.
    public mutating func readVector<Element: PrimeFieldElement>(
        as format: MessageFormat
    ) throws(WireError) -> [Element] {
        let vector: [Element] = try readPackedVector(as: format)
        if let field = format.field, !Element.areCanonical(vector, in: field) { throw .outsideField }
        return vector
    }

    private mutating func readPackedVector<Element: PackableElement>(
        as format: MessageFormat
    ) throws(WireError) -> [Element] {
        let bits = Int(try readInteger() as UInt8)
        let count = Int(try readInteger() as UInt32)
        let width = format.elementWidth
        guard bits == width.bits, count == format.dimension else { throw .wrongVector(bits: bits, count: count) }
        guard let byteCount = width.packedByteCount(of: count), remaining >= byteCount else { throw .truncated }
        defer { offset += byteCount }
        do {
            return try Element.unpack(
                bytes.span.extracting(offset..<offset + byteCount), count: count, width: width)
        } catch {
            throw .badPacking(error)
        }
    }

    /// Checks that nothing is left.
    public func finish() throws(WireError) {
        guard remaining == 0 else { throw .trailingBytes(remaining) }
    }
}
