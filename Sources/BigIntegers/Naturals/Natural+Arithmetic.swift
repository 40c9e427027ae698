// SPDX-License-Identifier: Apache-2.0

internal import CFedsumGMP

extension Natural {
    /// The sum.
    public static func + (a: Natural, b: Natural) -> Natural {
        let (long, short) = a.limbs.count >= b.limbs.count ? (a.limbs, b.limbs) : (b.limbs, a.limbs)
        if short.isEmpty { return Natural(limbs: long) }
        var result = [UInt64](repeating: 0, count: long.count + 1)
        // SAFETY: the result has room for the longer number and the carry.
        let carry = unsafe fedsum_add(&result, long, long.count, short, short.count)
        result[long.count] = carry
        return Natural(limbs: result)
    }

    /// The difference; a precondition fails where it would be negative.
    public static func - (a: Natural, b: Natural) -> Natural {
        precondition(a >= b, "A natural number is not negative.")
        if b.isZero { return a }
        var result = [UInt64](repeating: 0, count: a.limbs.count)
        // SAFETY: a ≥ b, so a has as many limbs as b or more, and the result as many as a.
        _ = unsafe fedsum_subtract(&result, a.limbs, a.limbs.count, b.limbs, b.limbs.count)
        return Natural(limbs: result)
    }

    /// The product.
    public static func * (a: Natural, b: Natural) -> Natural {
        let (long, short) = a.limbs.count >= b.limbs.count ? (a.limbs, b.limbs) : (b.limbs, a.limbs)
        if short.isEmpty { return .zero }
        var result = [UInt64](repeating: 0, count: long.count + short.count)
        // SAFETY: the result has room for both together and overlaps neither.
        unsafe fedsum_multiply(&result, long, long.count, short, short.count)
        return Natural(limbs: result)
    }

    /// Quotient and remainder; a precondition fails for a divisor of zero.
    public func quotientAndRemainder(dividingBy divisor: Natural) -> (quotient: Natural, remainder: Natural) {
        precondition(!divisor.isZero, "Nothing is divided by zero.")
        guard self >= divisor else { return (.zero, self) }
        var quotient = [UInt64](repeating: 0, count: limbs.count - divisor.limbs.count + 1)
        var remainder = [UInt64](repeating: 0, count: divisor.limbs.count)
        // SAFETY: the sizes that division asks for, and the divisor's last limb is not zero.
        unsafe fedsum_divide(
            &quotient, &remainder, limbs, limbs.count, divisor.limbs, divisor.limbs.count)
        return (Natural(limbs: quotient), Natural(limbs: remainder))
    }

    /// The quotient, rounded down; a precondition fails for a divisor of zero.
    public static func / (a: Natural, b: Natural) -> Natural { a.quotientAndRemainder(dividingBy: b).quotient }
    /// The remainder; a precondition fails for a divisor of zero.
    public static func % (a: Natural, b: Natural) -> Natural { a.quotientAndRemainder(dividingBy: b).remainder }

    /// This number to the power of `exponent`, mod `modulus`; a precondition fails for a modulus of zero.
    public func power(_ exponent: Natural, modulo modulus: Natural) -> Natural {
        precondition(!modulus.isZero, "Nothing is reduced mod zero.")
        var result = [UInt64](repeating: 0, count: modulus.limbs.count)
        // SAFETY: the result has as many limbs as the modulus; sizes are those of the arrays.
        _ = unsafe fedsum_power(
            &result, limbs, limbs.count, exponent.limbs, exponent.limbs.count, modulus.limbs, modulus.limbs.count)
        return Natural(limbs: result)
    }

    /// The greatest common divisor; that with zero is the other number.
    public static func greatestCommonDivisor(_ a: Natural, _ b: Natural) -> Natural {
        var result = [UInt64](repeating: 0, count: max(a.limbs.count, b.limbs.count) + 1)
        // SAFETY: a divisor is no longer than the longer number.
        _ = unsafe fedsum_gcd(&result, a.limbs, a.limbs.count, b.limbs, b.limbs.count)
        return Natural(limbs: result)
    }

    /// The number that times this one is 1 mod `modulus`.
    /// - Throws: `.notInvertible` if there is none.
    public func inverse(modulo modulus: Natural) throws(BigIntegerError) -> Natural {
        guard !modulus.isZero, !isZero else { throw .notInvertible }
        var result = [UInt64](repeating: 0, count: modulus.limbs.count)
        var size = 0
        // SAFETY: an inverse is below the modulus.
        let exists = unsafe fedsum_inverse(
            &result, &size, limbs, limbs.count, modulus.limbs, modulus.limbs.count)
        guard exists == 1 else { throw .notInvertible }
        return Natural(limbs: result)
    }

    /// The Jacobi symbol (this / modulus): −1, 0 or 1; a precondition fails for an even modulus.
    public func jacobiSymbol(modulo modulus: Natural) -> Int {
        precondition(modulus.isOdd, "The Jacobi symbol is for odd moduli.")
        // SAFETY: sizes are those of the arrays.
        return Int(unsafe fedsum_jacobi(limbs, limbs.count, modulus.limbs, modulus.limbs.count))
    }
}
