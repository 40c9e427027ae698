// SPDX-License-Identifier: Apache-2.0

internal import RingArithmetic
internal import SecureAggregation

/// A set of clients by their positions among the contributors, as it travels: one bit a client.
public struct ClientSet: Equatable, Sendable {
    /// Position i is bit i mod 8, least significant first, of byte ⌊i/8⌋.
    public private(set) var bytes: [UInt8]

    /// Bytes that came from elsewhere; `isValid(for:)` says whether they are a set.
    package init(bytes: [UInt8]) { self.bytes = bytes }

    /// Reads a set of some of `count` clients.
    init(from decoder: inout WireDecoder, count: Int) throws(WireError) {
        let length = Int(try decoder.readInteger() as UInt16)
        guard length == Self.byteCount(of: count) else { throw .wrongBitmapLength(length) }
        bytes = try decoder.readBytes(length)
        guard isValid(for: count) else { throw .badPacking(.nonZeroPadding) }
    }

    /// The clients at these positions.
    package init(positions: some Sequence<Int>, of count: Int) {
        bytes = [UInt8](repeating: 0, count: Self.byteCount(of: count))
        for position in positions { bytes[position / 8] |= 1 << UInt8(position % 8) }
    }

    static func byteCount(of count: Int) -> Int { (count + 7) / 8 }

    /// Whether it is a set of some of `count` clients: of the right length, with no bit beyond the last client.
    package func isValid(for count: Int) -> Bool {
        guard bytes.count == Self.byteCount(of: count) else { return false }
        let used = UInt8(count % 8)
        return used == 0 || (bytes.last ?? 0) >> used == 0
    }

    /// Whether the client at `position` belongs to it; false beyond its end.
    package func contains(_ position: Int) -> Bool {
        position / 8 < bytes.count && bytes[position / 8] >> UInt8(position % 8) & 1 == 1
    }

    /// How many clients there are.
    package var count: Int { bytes.reduce(0) { $0 + $1.nonzeroBitCount } }

    /// The positions, ascending.
    package var positions: [Int] {
        var positions: [Int] = []
        for (index, byte) in bytes.enumerated() where byte != 0 {
            for bit in 0..<8 where byte >> UInt8(bit) & 1 == 1 { positions.append(8 * index + bit) }
        }
        return positions
    }

    /// The first position of this set that `other` does not have.
    package func firstPosition(outside other: ClientSet) -> Int? { positions.first { !other.contains($0) } }
}
