// SPDX-License-Identifier: Apache-2.0

public import RingArithmetic

/// Writes the presentation language of TLS 1.3 [RFC8446] §3.
public struct WireEncoder: Sendable {
    /// What was written.
    public private(set) var bytes: [UInt8] = []

    /// The version of the format, in every message and every session.
    public static let version: UInt8 = 1

    /// An encoder that has written nothing.
    public init() {}

    /// An unsigned integer, big-endian.
    public mutating func write(_ value: some FixedWidthInteger & UnsignedInteger) {
        for shift in stride(from: value.bitWidth - 8, through: 0, by: -8) {
            bytes.append(UInt8(truncatingIfNeeded: value >> shift))
        }
    }

    /// Bytes whose number both sides know.
    public mutating func write(bytes content: [UInt8]) { bytes += content }

    /// Bytes after their length, which takes `lengthBytes` bytes.
    public mutating func write(_ content: [UInt8], lengthBytes: Int) {
        writeLength(content.count, lengthBytes: lengthBytes)
        bytes += content
    }

    /// A list of parties after its length in bytes.
    public mutating func write(_ parties: [PartyID], lengthBytes: Int) {
        writeLength(4 * parties.count, lengthBytes: lengthBytes)
        for party in parties { write(party.rawValue) }
    }

    /// Entries of `entryBytes` bytes each, after their length in bytes.
    public mutating func writeList<Entry>(
        _ entries: [Entry], entryBytes: Int, lengthBytes: Int, _ write: (inout WireEncoder, Entry) -> Void
    ) {
        writeLength(entryBytes * entries.count, lengthBytes: lengthBytes)
        bytes.reserveCapacity(bytes.count + entryBytes * entries.count)
        let start = bytes.count
        for entry in entries { write(&self, entry) }
        assert(bytes.count - start == entryBytes * entries.count, "An entry has another size than was said.")
    }

    /// A vector over the format's ring or field.
    public mutating func write<Element: PackableElement>(vector: [Element], as format: MessageFormat) {
        write(UInt8(format.elementWidth.bits))
        write(UInt32(vector.count))
        bytes += Element.pack(vector, width: format.elementWidth)
    }

    private mutating func writeLength(_ count: Int, lengthBytes: Int) {
        precondition(count >> (8 * lengthBytes) == 0, "A list is longer than its length field can say.")
        for shift in stride(from: 8 * (lengthBytes - 1), through: 0, by: -8) {
            bytes.append(UInt8(truncatingIfNeeded: count >> shift))
        }
    }
}
