// SPDX-License-Identifier: Apache-2.0

extension SecretNatural {
    /// The number whose bits `width`·i … `width`·(i + 1) − 1 are value i, for `count` values below 2^width, 1 ≤ width ≤ 64.
    package init(packing count: Int, of width: Int, bitCapacity: Int, _ value: (Int) -> UInt64) {
        precondition(count * width <= bitCapacity && (1...64).contains(width), "The values fit.")
        let limbs = LimbBuffer(count: (bitCapacity + 63) / 64)
        for index in 0..<count {
            let (place, shift) = (index * width / 64, index * width % 64)
            let value = value(index)
            limbs[place] |= value << UInt64(shift)
            if shift + width > 64 { limbs[place + 1] |= value >> UInt64(64 - shift) }
        }
        self.init(limbs)
    }

    /// The `count` values of `width` bits, revealed; nil if there is a bit beyond them.
    package func unpacked(_ count: Int, of width: Int) -> [UInt64]? {
        precondition(count * width <= bitCapacity && (1...64).contains(width), "The values fit.")
        let mask = UInt64.max >> UInt64(64 - width)
        let values = (0..<count).map { index in
            let (place, shift) = (index * width / 64, index * width % 64)
            var value = limbs[place] >> UInt64(shift)
            if shift + width > 64 { value |= limbs[place + 1] << UInt64(64 - shift) }
            return value & mask
        }
        var beyond: UInt64 = 0
        for bit in count * width..<bitCapacity { beyond |= self.bit(bit) }
        return beyond == 0 ? values : nil
    }
}
