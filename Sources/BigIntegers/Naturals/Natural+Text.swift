// SPDX-License-Identifier: Apache-2.0

internal import CFedsumGMP

extension Natural {
    /// The number of these bytes, most significant first; zeros at the front are allowed.
    public init(bigEndian bytes: some Collection<UInt8>) {
        var limbs = [UInt64](repeating: 0, count: (bytes.count + 7) / 8)
        for (place, byte) in bytes.reversed().enumerated() {
            limbs[place / 8] |= UInt64(byte) << UInt64(8 * (place % 8))
        }
        self.init(limbs: limbs)
    }

    /// The number in exactly `count` bytes, most significant first; nil if it does not fit.
    public func bigEndian(count: Int) -> [UInt8]? {
        guard bitWidth <= 8 * count else { return nil }
        return (0..<count).map { position in
            let place = count - 1 - position
            guard place / 8 < limbs.count else { return 0 }
            return UInt8(truncatingIfNeeded: limbs[place / 8] >> UInt64(8 * (place % 8)))
        }
    }

    /// The number in as few bytes as it takes, most significant first; none for 0.
    public var bigEndian: [UInt8] { bigEndian(count: (bitWidth + 7) / 8) ?? [] }

    /// The number of these decimal digits; nil if there is none, or anything else than digits. Zeros at the front are
    /// allowed. Time grows a little faster than the length, which is the caller's to limit.
    public init?(decimal text: some StringProtocol) {
        var digits: [UInt8] = []
        for character in text.utf8 {
            guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(character) else { return nil }
            digits.append(character - UInt8(ascii: "0"))
        }
        guard !digits.isEmpty else { return nil }
        var limbs = [UInt64](repeating: 0, count: digits.count / 16 + 2)
        // SAFETY: 16 digits take less than a limb, and the room asked for is there.
        let size = unsafe fedsum_from_decimal(&limbs, digits, digits.count)
        self.init(limbs: Array(limbs.prefix(size)))
    }

    /// The number of these hexadecimal digits of either case; nil if there is none, or anything else.
    public init?(hexadecimal text: some StringProtocol) {
        guard !text.isEmpty else { return nil }
        var limbs = [UInt64](repeating: 0, count: (text.utf8.count + 15) / 16)
        for (place, character) in text.utf8.reversed().enumerated() {
            guard let digit = Character(UnicodeScalar(character)).hexDigitValue else { return nil }
            limbs[place / 16] |= UInt64(digit) << UInt64(4 * (place % 16))
        }
        self.init(limbs: limbs)
    }

    /// Lowercase hexadecimal digits without zeros at the front; "0" for 0.
    public var hexadecimal: String {
        guard let top = limbs.last else { return "0" }
        var text = String(top, radix: 16)
        for limb in limbs.dropLast().reversed() {
            let digits = String(limb, radix: 16)
            text += String(repeating: "0", count: 16 - digits.count) + digits
        }
        return text
    }
}

extension Natural: CustomStringConvertible {
    /// Decimal digits.
    public var description: String {
        guard !isZero else { return "0" }
        var text = [CChar](repeating: 0, count: 20 * limbs.count + 2)
        // SAFETY: a limb takes at most 20 digits, and there is room for the end.
        let count = unsafe fedsum_decimal(&text, limbs, limbs.count)
        return String(decoding: text.prefix(count).map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
