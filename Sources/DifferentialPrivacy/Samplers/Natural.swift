// SPDX-License-Identifier: Apache-2.0

/// A natural number of any size, for the decisions that machine words leave open.
///
/// Slow and plain, so that it is easily seen to be right: a decision in ten billions needs it. Not in constant time.
package struct Natural: Comparable {
    /// Limbs of 64 bits, least significant first, the last one not zero; none for 0.
    private var limbs: [UInt64]

    package init(_ value: UInt64) { limbs = value == 0 ? [] : [value] }

    package init(_ value: UInt128) {
        self.init(limbs: [UInt64(truncatingIfNeeded: value), UInt64(truncatingIfNeeded: value >> 64)])
    }

    private init(limbs: [UInt64]) {
        self.limbs = limbs
        while self.limbs.last == 0 { self.limbs.removeLast() }
    }

    package var isZero: Bool { limbs.isEmpty }

    /// How many bits the number has; 0 for 0.
    package var bitWidth: Int { limbs.isEmpty ? 0 : 64 * limbs.count - limbs[limbs.count - 1].leadingZeroBitCount }

    /// The lower 64 bits.
    package var lowerWord: UInt64 { limbs.first ?? 0 }

    package static func < (a: Natural, b: Natural) -> Bool {
        if a.limbs.count != b.limbs.count { return a.limbs.count < b.limbs.count }
        for index in a.limbs.indices.reversed() where a.limbs[index] != b.limbs[index] {
            return a.limbs[index] < b.limbs[index]
        }
        return false
    }

    package static func + (a: Natural, b: Natural) -> Natural {
        var sum = a.limbs.count >= b.limbs.count ? a.limbs : b.limbs
        let other = a.limbs.count >= b.limbs.count ? b.limbs : a.limbs
        var carry: UInt64 = 0
        for index in sum.indices {
            let term = index < other.count ? other[index] : 0
            let (partial, first) = sum[index].addingReportingOverflow(term)
            let (whole, second) = partial.addingReportingOverflow(carry)
            sum[index] = whole
            carry = first || second ? 1 : 0
        }
        if carry > 0 { sum.append(carry) }
        return Natural(limbs: sum)
    }

    /// The difference; `b` is at most `a`.
    package static func - (a: Natural, b: Natural) -> Natural {
        precondition(b <= a, "A natural number is not negative.")
        var difference = a.limbs
        var borrow: UInt64 = 0
        for index in difference.indices {
            let term = index < b.limbs.count ? b.limbs[index] : 0
            let (partial, first) = difference[index].subtractingReportingOverflow(term)
            let (whole, second) = partial.subtractingReportingOverflow(borrow)
            difference[index] = whole
            borrow = first || second ? 1 : 0
        }
        return Natural(limbs: difference)
    }

    package static func * (a: Natural, b: Natural) -> Natural {
        var product = [UInt64](repeating: 0, count: a.limbs.count + b.limbs.count)
        for i in a.limbs.indices {
            var carry: UInt64 = 0
            for j in b.limbs.indices {
                // (2^64 − 1)² + 2·(2^64 − 1) = 2^128 − 1.
                let term = UInt128(a.limbs[i]) * UInt128(b.limbs[j]) + UInt128(product[i + j]) + UInt128(carry)
                product[i + j] = UInt64(truncatingIfNeeded: term)
                carry = UInt64(truncatingIfNeeded: term >> 64)
            }
            product[i + b.limbs.count] = carry
        }
        return Natural(limbs: product)
    }

    package static func << (a: Natural, count: Int) -> Natural {
        precondition(count >= 0, "A shift has a direction.")
        let (words, bits) = (count / 64, UInt64(count % 64))
        var limbs = [UInt64](repeating: 0, count: words)
        var carry: UInt64 = 0
        for limb in a.limbs {
            limbs.append(limb << bits | carry)
            carry = bits == 0 ? 0 : limb >> (64 - bits)
        }
        limbs.append(carry)
        return Natural(limbs: limbs)
    }

    /// The floor of the quotient by 2^count.
    package static func >> (a: Natural, count: Int) -> Natural {
        precondition(count >= 0, "A shift has a direction.")
        let (words, bits) = (count / 64, UInt64(count % 64))
        guard words < a.limbs.count else { return Natural(0 as UInt64) }
        var limbs = Array(a.limbs[words...])
        for index in limbs.indices {
            let upper = index + 1 < limbs.count && bits > 0 ? limbs[index + 1] << (64 - bits) : 0
            limbs[index] = limbs[index] >> bits | upper
        }
        return Natural(limbs: limbs)
    }

    /// Quotient and remainder, bit by bit; `divisor` is not zero.
    package func quotientAndRemainder(dividingBy divisor: Natural) -> (quotient: Natural, remainder: Natural) {
        precondition(!divisor.isZero, "A number is not divided by zero.")
        var quotient = [UInt64](repeating: 0, count: limbs.count)
        var remainder = Natural(0 as UInt64)
        for position in (0..<bitWidth).reversed() {
            let bit = limbs[position / 64] >> UInt64(position % 64) & 1
            remainder = (remainder << 1) + Natural(bit)
            if remainder >= divisor {
                remainder = remainder - divisor
                quotient[position / 64] |= 1 << UInt64(position % 64)
            }
        }
        return (Natural(limbs: quotient), remainder)
    }

    /// The least number whose product with `divisor` is not below this one.
    package func quotientRoundedUp(dividingBy divisor: Natural) -> Natural {
        let (quotient, remainder) = quotientAndRemainder(dividingBy: divisor)
        return remainder.isZero ? quotient : quotient + Natural(1 as UInt64)
    }

    /// The quotient by 2^count, rounded up.
    package func shiftedRightRoundingUp(by count: Int) -> Natural {
        let quotient = self >> count
        return quotient << count == self ? quotient : quotient + Natural(1 as UInt64)
    }

    /// The quotient as a double; `divisor` is not zero.
    package func ratio(to divisor: Natural) -> Double {
        precondition(!divisor.isZero, "A number is not divided by zero.")
        let (above, below) = (max(0, bitWidth - 64), max(0, divisor.bitWidth - 64))
        let quotient = Double((self >> above).lowerWord) / Double((divisor >> below).lowerWord)
        return quotient * Double(sign: .plus, exponent: above - below, significand: 1)
    }
}
