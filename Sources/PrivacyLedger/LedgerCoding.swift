// SPDX-License-Identifier: Apache-2.0

/// Writes the fields of a record, numbers big-endian.
struct LedgerWriter {
    private(set) var bytes: [UInt8] = []

    mutating func write(_ value: some FixedWidthInteger) {
        for shift in stride(from: value.bitWidth - 8, through: 0, by: -8) {
            bytes.append(UInt8(truncatingIfNeeded: value >> shift))
        }
    }

    /// The bits of the double.
    mutating func write(_ value: Double) { write(value.bitPattern) }

    /// Up to 255 bytes of UTF-8 behind their number.
    mutating func write(_ text: String) {
        let characters = Array(text.utf8)
        precondition(characters.count <= 255, "A name has at most 255 bytes.")
        write(UInt8(characters.count))
        bytes += characters
    }

    mutating func write(_ more: [UInt8]) { bytes += more }
}

/// Reads the fields of a record; nil wherever the bytes are not what the writer writes.
struct LedgerReader {
    private var bytes: ArraySlice<UInt8>

    init(_ bytes: some Sequence<UInt8>) { self.bytes = ArraySlice(bytes) }

    var remainingCount: Int { bytes.count }

    mutating func integer<Value: FixedWidthInteger & UnsignedInteger>(_: Value.Type) -> Value? {
        let count = Value.bitWidth / 8
        guard bytes.count >= count else { return nil }
        var value: Value = 0
        for byte in bytes.prefix(count) { value = value &<< 8 | Value(byte) }
        bytes.removeFirst(count)
        return value
    }

    mutating func double() -> Double? { integer(UInt64.self).map(Double.init(bitPattern:)) }

    mutating func text() -> String? {
        guard let count = integer(UInt8.self), bytes.count >= Int(count) else { return nil }
        let text = String(validating: bytes.prefix(Int(count)), as: UTF8.self)
        bytes.removeFirst(Int(count))
        return text
    }

    mutating func rest() -> ArraySlice<UInt8> {
        defer { bytes = [] }
        return bytes
    }
}
