// SPDX-License-Identifier: Apache-2.0

public import BigIntegers

/// A number as python-paillier encodes it [PHE]: encoding · 16^exponent, with negative numbers above n/2.
///
/// The exponent stays public: it tells the magnitude of what was encoded. For vectors there is ``SlotLayout``, which tells
/// nothing and takes a hundredth of the room.
public struct EncodedNumber: Hashable, Sendable {
    /// The plaintext, 0 to n − 1.
    public let encoding: Natural
    /// The power of 16.
    public let exponent: Int
    /// n.
    public let modulus: Natural

    /// Python-paillier's base.
    static let baseBits = 4
    /// Exponents beyond this, of either sign, are refused: no double has them, and shifts by them would take all memory.
    static let largestExponent = 1024

    /// An encoding that somebody sent.
    /// - Throws: `.plaintextOutOfRange` unless encoding < n; `.scaleOutOfRange` for an exponent beyond ±1,024.
    public init(encoding: Natural, exponent: Int, under key: PaillierPublicKey) throws(PaillierError) {
        guard encoding < key.modulus else { throw .plaintextOutOfRange }
        guard (-Self.largestExponent...Self.largestExponent).contains(exponent) else { throw .scaleOutOfRange }
        (self.encoding, self.exponent, modulus) = (encoding, exponent, key.modulus)
    }

    /// The greatest absolute value of an encoding: n/3 − 1, rounded down before. What lies between is overflow.
    static func largest(_ n: Natural) -> Natural { n / 3 - 1 }

    /// Encodes an integer, with exponent 0.
    /// - Throws: `.encodingOverflow` if it is too large for the key.
    public init(_ value: Int, under key: PaillierPublicKey) throws(PaillierError) {
        try self.init(magnitude: Natural(UInt64(value.magnitude)), isNegative: value < 0, exponent: 0, key.modulus)
    }

    /// Encodes an integer of any size, with exponent 0.
    /// - Throws: `.encodingOverflow` if it is too large for the key.
    public init(magnitude: Natural, isNegative: Bool, under key: PaillierPublicKey) throws(PaillierError) {
        try self.init(magnitude: magnitude, isNegative: isNegative, exponent: 0, key.modulus)
    }

    /// Encodes a double exactly, with python-paillier's choice of exponent.
    /// - Throws: `.encodingOverflow` if it is too large for the key; `.notFinite` if it is infinite or not a number.
    public init(_ value: Double, under key: PaillierPublicKey) throws(PaillierError) {
        guard value.isFinite else { throw .notFinite }
        // value = fraction · 2^power with 0.5 ≤ |fraction| < 1, and the last of 53 bits at power − 53.
        let power = value == 0 ? 0 : Int(value.exponent) + 1
        let exponent = (power - 53 - (((power - 53) % 4 + 4) % 4)) / 4
        guard value != 0 else {
            try self.init(magnitude: .zero, isNegative: false, exponent: exponent, key.modulus)
            return
        }
        let mantissa = UInt64(value.significand.magnitude * 0x1p52)
        // |value| = mantissa · 2^(power − 53), and 4 · exponent ≤ power − 53.
        let magnitude = Natural(mantissa) * .powerOfTwo(power - 53 - 4 * exponent)
        try self.init(magnitude: magnitude, isNegative: value < 0, exponent: exponent, key.modulus)
    }

    private init(
        magnitude: Natural, isNegative: Bool, exponent: Int, _ n: Natural
    ) throws(PaillierError) {
        guard magnitude <= Self.largest(n) else { throw .encodingOverflow }
        encoding = isNegative && !magnitude.isZero ? n - magnitude : magnitude
        (self.exponent, modulus) = (exponent, n)
    }

    /// The encoded number and its sign, without the power of 16.
    /// - Throws: `.decryptionFailed` between n/3 and 2n/3.
    private func signedMagnitude() throws(PaillierError) -> (magnitude: Natural, isNegative: Bool) {
        let largest = Self.largest(modulus)
        if encoding <= largest { return (encoding, false) }
        guard encoding >= modulus - largest else { throw .decryptionFailed }
        return (modulus - encoding, true)
    }

    /// The nearest double.
    /// - Throws: `.decryptionFailed` if a sum has left the range, or the number is above all doubles.
    public func double() throws(PaillierError) -> Double {
        let (magnitude, isNegative) = try signedMagnitude()
        guard !magnitude.isZero else { return 0 }
        // Rounded once, to the bits that a double of this size has: 53, or fewer below the normal ones.
        let top = magnitude.bitWidth - 1 + Self.baseBits * exponent
        guard top <= 1023 else { throw .decryptionFailed }
        let lowest = max(top - 52, -1074)
        let shift = lowest - Self.baseBits * exponent
        var digits: UInt64
        if shift <= 0 {
            digits = (magnitude * .powerOfTwo(-shift)).word ?? 0
        } else {
            let (quotient, rest) = magnitude.quotientAndRemainder(dividingBy: .powerOfTwo(shift))
            digits = quotient.word ?? 0
            let half = Natural.powerOfTwo(shift - 1)
            if rest > half || (rest == half && digits & 1 == 1) { digits += 1 }
        }
        // Both factors are exact, and so is the product, unless it is above all doubles.
        let result = Double(digits) * Self.powerOfTwo(lowest / 2) * Self.powerOfTwo(lowest - lowest / 2)
        guard result.isFinite else { throw .decryptionFailed }
        return isNegative ? -result : result
    }

    /// The integer, if it is one that fits.
    /// - Throws: `.encodingOverflow` if it does not.
    public func integer() throws(PaillierError) -> Int {
        let (magnitude, isNegative) = try signedMagnitude()
        let whole: Natural
        if exponent >= 0 {
            whole = magnitude * .powerOfTwo(Self.baseBits * exponent)
        } else {
            let (quotient, rest) = magnitude.quotientAndRemainder(
                dividingBy: .powerOfTwo(-Self.baseBits * exponent))
            guard rest.isZero else { throw .encodingOverflow }
            whole = quotient
        }
        guard let word = whole.word, word <= UInt64(Int.max) else { throw .encodingOverflow }
        return isNegative ? -Int(word) : Int(word)
    }

    private static func powerOfTwo(_ exponent: Int) -> Double {
        Double(sign: .plus, exponent: exponent, significand: 1)
    }
}
