// SPDX-License-Identifier: Apache-2.0

/// How many small values share a plaintext: their range, and the greatest sum of weights that their slots have room for.
///
/// Signed values are stored with 2^(valueBits − 1) added, so that negative ones are exact and no slot borrows from the next. The
/// slot is the least one with maximumWeight · (2^valueBits − 1) ≤ 2^slotBits − 1.
public struct SlotLayout: Hashable, Sendable {
    /// Bits of a value, 1 to 64.
    public let valueBits: Int
    /// Values are −2^(valueBits − 1) … 2^(valueBits − 1) − 1 if true, else 0 … 2^valueBits − 1.
    public let isSigned: Bool
    /// The greatest sum of weights, at least 1: how many fresh vectors may be added, each counted with its weight.
    public let maximumWeight: UInt32
    /// Bits of a slot, at most 64.
    public let slotBits: Int

    /// The layout of these parameters.
    /// - Throws: `.layoutOutOfRange` for a parameter outside its range; `.slotTooWide` if a slot would take more than 64
    ///   bits.
    public init(valueBits: Int, isSigned: Bool, maximumWeight: UInt32) throws(PaillierError) {
        guard (1...64).contains(valueBits), maximumWeight >= 1 else { throw .layoutOutOfRange }
        (self.valueBits, self.isSigned, self.maximumWeight) = (valueBits, isSigned, maximumWeight)
        let largest = UInt64.max >> UInt64(64 - valueBits)
        let (high, low) = largest.multipliedFullWidth(by: UInt64(maximumWeight))
        slotBits = high == 0 ? 64 - low.leadingZeroBitCount : 128 - high.leadingZeroBitCount
        guard slotBits <= 64 else { throw .slotTooWide(bits: slotBits) }
    }

    /// Slots of a ciphertext under a key of this length: ⌊(|n| − 2) / slotBits⌋, so that a plaintext stays below n/2.
    public func slots(in size: PaillierKeySize) -> Int { (size.bits - 2) / slotBits }

    /// Ciphertexts of a vector of `count` values.
    public func ciphertexts(for count: Int, in size: PaillierKeySize) -> Int {
        let slots = self.slots(in: size)
        return count / slots + (count % slots == 0 ? 0 : 1)
    }

    /// Bytes of ciphertext for each value.
    public func bytesPerValue(in size: PaillierKeySize) -> Double {
        Double(size.ciphertextByteCount) / Double(slots(in: size))
    }

    /// What is added to each value before it is stored: 2^(valueBits − 1) or 0.
    var bias: UInt64 { isSigned ? 1 << UInt64(valueBits - 1) : 0 }
    /// The largest value as it is stored.
    var largestStored: UInt64 { UInt64.max >> UInt64(64 - valueBits) }
}

extension SlotLayout {
    static let byteCount = 9

    /// The nine bytes of the layout for a key of this length.
    package func serialized(in size: PaillierKeySize) -> [UInt8] {
        [UInt8(valueBits), isSigned ? 1 : 0] + bigEndianBytes(UInt64(maximumWeight), count: 4) + [UInt8(slotBits)]
            + bigEndianBytes(UInt64(slots(in: size)), count: 2)
    }

    init(_ reader: inout ObjectReader, in size: PaillierKeySize) throws(PaillierError) {
        let (valueBits, sign) = (Int(reader.readInteger(1)), reader.readInteger(1))
        let weight = UInt32(reader.readInteger(4))
        let (slotBits, slots) = (Int(reader.readInteger(1)), Int(reader.readInteger(2)))
        guard sign <= 1 else { throw .inconsistentLayout }
        do {
            try self.init(valueBits: valueBits, isSigned: sign == 1, maximumWeight: weight)
        } catch { throw .inconsistentLayout }
        guard self.slotBits == slotBits, self.slots(in: size) == slots else { throw .inconsistentLayout }
    }
}
