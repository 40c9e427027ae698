// SPDX-License-Identifier: Apache-2.0

/// The bit width b of a ring Z/2^b, 1 ≤ b ≤ 64.
public struct RingWidth: Hashable, Sendable {
    /// The width b, in bits.
    public let bits: Int

    /// The width b.
    /// - Throws: `.bitWidthOutOfRange` unless 1 ≤ b ≤ 64.
    public init(bits: Int) throws(RingError) {
        guard (1...64).contains(bits) else { throw .bitWidthOutOfRange(bits) }
        self.bits = bits
    }

    /// The largest element, 2^b − 1, which is also the mask that reduces a word.
    public var mask: UInt64 { .max >> UInt64(64 - bits) }

    /// How many bytes `count` packed elements take; nil if that overflows.
    public func packedByteCount(of count: Int) -> Int? {
        let (product, overflow) = count.multipliedReportingOverflow(by: bits)
        guard !overflow, product >= 0, product <= Int.max - 7 else { return nil }
        return (product + 7) / 8
    }

    /// The narrowest width whose ring holds `value`.
    static func holding(_ value: UInt128) -> Int {
        max(1, UInt128.bitWidth - value.leadingZeroBitCount)
    }
}

extension RingWidth: CustomStringConvertible {
    /// The ring, such as `Z/2^23`.
    public var description: String { "Z/2^\(bits)" }
}
