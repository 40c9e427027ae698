// SPDX-License-Identifier: Apache-2.0

/// An element of GF(2^128) = GF(2)[X]/(X^128 + X^7 + X^2 + X + 1), in constant time.
///
/// Every operation runs the same instructions on the same addresses whatever the operands are (a public factor excepted,
/// which is called so), given that the machine's integer multiplication takes constant time, as it does on x86-64 and on
/// ARM cores of the A class.
public struct BinaryField128: Equatable, Sendable {
    /// Coefficients of X^127 … X^64.
    public var high: UInt64
    /// Coefficients of X^63 … X^0.
    public var low: UInt64

    /// The polynomial with these coefficients.
    public init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    /// The polynomial whose coefficients are the bits of `integer`.
    public init(_ integer: UInt64) {
        self.init(high: 0, low: integer)
    }

    /// The neutral element of addition.
    public static let zero = BinaryField128(0)
    /// The neutral element of multiplication.
    public static let one = BinaryField128(1)
    /// How many bytes an element takes.
    public static let byteCount = 16

    /// Reads 16 bytes from `offset`, the most significant coefficient first.
    public init(bigEndian bytes: borrowing Span<UInt8>, at offset: Int) {
        precondition(offset >= 0 && bytes.count - offset >= 16, "An element has 16 bytes.")
        // SAFETY: 0 ≤ offset and offset + 16 ≤ count, so both words are inside the span.
        unsafe self.init(
            high: UInt64(bigEndian: bytes.bytes.unsafeLoadUnaligned(fromByteOffset: offset, as: UInt64.self)),
            low: UInt64(bigEndian: bytes.bytes.unsafeLoadUnaligned(fromByteOffset: offset + 8, as: UInt64.self)))
    }

    /// Writes 16 bytes to `offset`, the most significant coefficient first.
    public func store(bigEndianTo bytes: inout MutableSpan<UInt8>, at offset: Int) {
        for index in 0..<8 {
            let shift = UInt64(56 - 8 * index)
            bytes[offset + index] = UInt8(truncatingIfNeeded: high >> shift)
            bytes[offset + 8 + index] = UInt8(truncatingIfNeeded: low >> shift)
        }
    }

    /// Whether two elements are the same, without a branch on their halves.
    public static func == (a: BinaryField128, b: BinaryField128) -> Bool {
        (a.high ^ b.high) | (a.low ^ b.low) == 0
    }

    /// The sum, which is also the difference.
    public static func + (a: BinaryField128, b: BinaryField128) -> BinaryField128 {
        BinaryField128(high: a.high ^ b.high, low: a.low ^ b.low)
    }

    /// Adds in place.
    public static func += (a: inout BinaryField128, b: BinaryField128) { a = a + b }

    /// The product. About 60 ns.
    public static func * (a: BinaryField128, b: BinaryField128) -> BinaryField128 {
        // Karatsuba: three carry-less products of 64 × 64 bits.
        let (h1, h0) = carrylessProduct(a.high, b.high)
        let (l1, l0) = carrylessProduct(a.low, b.low)
        let (m1, m0) = carrylessProduct(a.high ^ a.low, b.high ^ b.low)
        let (c1, c0) = (m1 ^ h1 ^ l1, m0 ^ h0 ^ l0)
        return reduce(h1, h0 ^ c1, l1 ^ c0, l0)
    }

    /// The product with the polynomial whose coefficients are the bits of `factor`, **in a time that depends on the
    /// factor**, which must not be secret, and not on this element. About 2 ns for each bit of the factor that is set,
    /// if it is below 2^57; 60 ns else.
    public func multiplied(byPublic factor: UInt64) -> BinaryField128 {
        guard factor < 1 << 57 else { return self * BinaryField128(factor) }
        var (overflow, high, low): (UInt64, UInt64, UInt64) = (0, 0, 0)
        var rest = factor
        while rest != 0 {
            let shift = UInt64(truncatingIfNeeded: rest.trailingZeroBitCount)
            rest &= rest &- 1
            // By 64 − shift in two steps, since a shift by 64 is one by 0.
            overflow ^= (self.high &>> 1) &>> (63 &- shift)
            high ^= self.high &<< shift | (self.low &>> 1) &>> (63 &- shift)
            low ^= self.low &<< shift
        }
        // Below X^56, so what X^128 = X^7 + X^2 + X + 1 makes of it is below X^64.
        return BinaryField128(high: high, low: low ^ overflow ^ overflow << 1 ^ overflow << 2 ^ overflow << 7)
    }

    /// The multiplicative inverse, a^(2^128 − 2); zero for zero.
    public var inverse: BinaryField128 {
        // 2^128 − 2 = 2 + 4 + … + 2^127.
        var power = self * self
        var result = power
        for _ in 2..<128 {
            power = power * power
            result = result * power
        }
        return result
    }

    /// X^192·a + X^128·b + X^64·c + d, reduced with X^128 = X^7 + X^2 + X + 1.
    private static func reduce(_ a: UInt64, _ b: UInt64, _ c: UInt64, _ d: UInt64) -> BinaryField128 {
        // What the shifts push past X^127 is below X^7 and folds in once more.
        let overflow = a >> 63 ^ a >> 62 ^ a >> 57
        let high = c ^ a ^ (a << 1 | b >> 63) ^ (a << 2 | b >> 62) ^ (a << 7 | b >> 57)
        let folded = b ^ overflow
        let low = d ^ folded ^ folded << 1 ^ folded << 2 ^ folded << 7
        return BinaryField128(high: high, low: low)
    }
}

/// The 128-bit carry-less product of two words.
private func carrylessProduct(_ x: UInt64, _ y: UInt64) -> (high: UInt64, low: UInt64) {
    // Reversing both operands reverses the product, which gives the upper half from the routine for the lower one.
    let low = carrylessLowHalf(x, y)
    let high = reverseBits(carrylessLowHalf(reverseBits(x), reverseBits(y))) >> 1
    return (high, low)
}

/// The lower 64 bits of a carry-less product, by integer multiplication "with holes" [Por16].
///
/// Each operand is split into four words that use every fourth bit. In a product of two such words every fourth column
/// counts at most 16 ones, and a count of 16 happens only where its carry falls off the top: column 60, of 16 pairs. So
/// the three bits between hold every carry, and the wanted bit of each column is its parity.
private func carrylessLowHalf(_ x: UInt64, _ y: UInt64) -> UInt64 {
    let m0: UInt64 = 0x1111_1111_1111_1111
    let (m1, m2, m3) = (m0 << 1, m0 << 2, m0 << 3)
    let (x0, x1, x2, x3) = (x & m0, x & m1, x & m2, x & m3)
    let (y0, y1, y2, y3) = (y & m0, y & m1, y & m2, y & m3)
    let z0 = (x0 &* y0) ^ (x1 &* y3) ^ (x2 &* y2) ^ (x3 &* y1)
    let z1 = (x0 &* y1) ^ (x1 &* y0) ^ (x2 &* y3) ^ (x3 &* y2)
    let z2 = (x0 &* y2) ^ (x1 &* y1) ^ (x2 &* y0) ^ (x3 &* y3)
    let z3 = (x0 &* y3) ^ (x1 &* y2) ^ (x2 &* y1) ^ (x3 &* y0)
    return z0 & m0 | z1 & m1 | z2 & m2 | z3 & m3
}

private func reverseBits(_ word: UInt64) -> UInt64 {
    var x = word
    x = (x >> 1) & 0x5555_5555_5555_5555 | (x & 0x5555_5555_5555_5555) << 1
    x = (x >> 2) & 0x3333_3333_3333_3333 | (x & 0x3333_3333_3333_3333) << 2
    x = (x >> 4) & 0x0f0f_0f0f_0f0f_0f0f | (x & 0x0f0f_0f0f_0f0f_0f0f) << 4
    return x.byteSwapped
}
