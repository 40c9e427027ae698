// SPDX-License-Identifier: Apache-2.0

/// The field Z/p for the largest prime p below 2^k, 3 ≤ k ≤ 61.
///
/// Its elements are the integers 0 ..< p. Arithmetic takes constant time in the elements, given that the machine's
/// integer multiplication does; operands that are not elements give results without meaning, and no trap.
public struct PrimeField: Hashable, Sendable {
    /// The width k of an element, in bits.
    public let bits: Int
    /// The prime p_k = 2^k − c.
    public let modulus: UInt64
    /// How an element travels: in k bits.
    public let elementWidth: RingWidth

    /// How many bytes of a random or pseudo-random stream one word takes from which an element may come.
    public var wordByteCount: Int { bits <= 32 ? 4 : 8 }

    /// The widths that a field may have.
    ///
    /// Up to 61 bits, three elements add up to less than 2^63, so that a sign bit tells which of two numbers is larger.
    package static let widths = 3...61

    /// c for k = 3 … 61: the distance from 2^k down to the next prime.
    private static let distances: [UInt64] = [
        1, 3, 1, 3, 1, 5, 3, 3, 9, 3, 1, 3, 19, 15, 1, 5, 1, 3, 9, 3, 15, 3, 39, 5, 39, 57, 3, 35, 1, 5, 9, 41, 31, 5,
        25, 45, 7, 87, 21, 11, 57, 17, 55, 21, 115, 59, 81, 27, 129, 47, 111, 33, 55, 5, 13, 27, 55, 93, 1,
    ]

    /// The field of the largest prime below 2^`bits`.
    /// - Throws: `.fieldBitsOutOfRange` unless 3 ≤ k ≤ 61.
    public init(bits: Int) throws(RingError) {
        guard Self.widths.contains(bits) else { throw .fieldBitsOutOfRange(bits) }
        self.bits = bits
        modulus = 1 << UInt64(bits) - Self.distances[bits - Self.widths.lowerBound]
        elementWidth = try RingWidth(bits: bits)
    }

    /// The least field in which the sum of `terms` elements of Z/2^b cannot wrap: `terms` · (2^b − 1) < p.
    /// - Throws: `.fieldTooSmall` if none of 61 bits or fewer holds the sum, `.capacityNotPositive` if `terms` < 1.
    public init(holding terms: Int, of width: RingWidth) throws(RingError) {
        guard terms >= 1 else { throw .capacityNotPositive }
        let largest = UInt128(terms) * UInt128(width.mask)
        // p is above 2^(k − 1), so the sum's own width or the next one will do.
        var bits = max(RingWidth.holding(largest), Self.widths.lowerBound)
        while bits <= Self.widths.upperBound {
            let field = try PrimeField(bits: bits)
            if largest < UInt128(field.modulus) {
                self = field
                return
            }
            bits += 1
        }
        throw .fieldTooSmall(terms: terms, bits: width.bits)
    }

    /// Whether `element` is one: below p.
    public func contains(_ element: UInt64) -> Bool { element < modulus }

    /// a + b.
    public func add(_ a: UInt64, _ b: UInt64) -> UInt64 { reduceOnce(a &+ b) }

    /// a − b.
    public func subtract(_ a: UInt64, _ b: UInt64) -> UInt64 { reduceOnce(a &+ modulus &- b) }

    /// −a.
    public func negate(_ a: UInt64) -> UInt64 { reduceOnce(modulus &- a) }

    /// a · b, by 2^k ≡ c and without division. About 5 ns.
    public func multiply(_ a: UInt64, _ b: UInt64) -> UInt64 {
        let c = elementWidth.mask &- modulus &+ 1
        let shift = UInt64(64 &- bits)
        // With a factor shifted to the top of its word, a product's upper word is what is above bit k. The three terms
        // are at most 2^k − 1, 2^k − 1 and c(c − 1), so the sum is below 3p: c² + 2c − 2 < 2^k for every c of the table.
        let product = (a &<< shift).multipliedFullWidth(by: b)
        let folded = (product.high &<< shift).multipliedFullWidth(by: c)
        return reduceOnce(reduceOnce(product.low &>> shift &+ folded.low &>> shift &+ folded.high &* c))
    }

    /// The multiplicative inverse, a^(p − 2) by Fermat; zero for zero. At most 2k multiplications.
    public func inverse(of a: UInt64) -> UInt64 {
        var result: UInt64 = 1
        // The exponent is public, so its bits may steer.
        for bit in stride(from: UInt64(bits - 1), through: 0, by: -1) {
            result = multiply(result, result)
            if (modulus - 2) >> bit & 1 == 1 { result = multiply(result, a) }
        }
        return result
    }

    /// `value` mod p for a value below 2p.
    @inline(__always)
    private func reduceOnce(_ value: UInt64) -> UInt64 {
        let difference = value &- modulus
        return difference &+ (0 &- difference &>> 63) & modulus
    }

    /// ⌊scalar · 2^64 / p⌋, with which a product by `scalar` takes no reduction but one subtraction.
    ///
    /// By shifts and subtractions, since a division's time depends on its operands. About 0.1 µs.
    func quotient(of scalar: UInt64) -> UInt64 {
        var quotient: UInt64 = 0
        var remainder = scalar
        for _ in 0..<64 {
            let difference = remainder &<< 1 &- modulus
            let isNegative = difference &>> 63
            remainder = difference &+ (0 &- isNegative) & modulus
            quotient = quotient &<< 1 | (isNegative ^ 1)
        }
        return quotient
    }
}

extension PrimeField: CustomStringConvertible {
    /// The field, such as `Z/2305843009213693951`.
    public var description: String { "Z/\(modulus)" }
}
