// SPDX-License-Identifier: Apache-2.0

/// Decides in integers whether a uniform number is below a multiple of an exponential.
///
/// The uniform number is known to some bits, and the exponential to an interval with rational ends; while they overlap,
/// 64 more bits are drawn and the interval is narrowed. The answer is the one that all bits would give. Ends with
/// probability 1, and after each word goes on with a probability of about 2^−60.
package enum ExactDecision {
    /// Whether (offset + β)/2^bits < scale·exp(−numerator/denominator), where β ∈ [0, 1) is uniform and its bits come
    /// from `source`.
    package static func isBelow(
        offset: Natural, bits: Int, scale: UInt32, exponent: (numerator: Natural, denominator: Natural),
        from source: inout some AttemptSource & ~Copyable
    ) -> Bool {
        var (offset, bits) = (offset, bits)
        while true {
            let bounds = exponential(of: exponent, precision: bits + 64)
            // Both sides times 2^(bits + precision).
            let lower = (Natural(UInt64(scale)) * bounds.lower) << bits
            let upper = (Natural(UInt64(scale)) * bounds.upper) << bits
            if (offset + Natural(1 as UInt64)) << bounds.precision <= lower { return true }
            if offset << bounds.precision >= upper { return false }
            offset = (offset << 64) + Natural(source.refinementWord())
            bits += 64
        }
    }

    /// Integers between which exp(−numerator/denominator)·2^precision lies; the precision is at least the one asked for.
    package static func exponential(
        of exponent: (numerator: Natural, denominator: Natural), precision: Int
    ) -> (lower: Natural, upper: Natural, precision: Int) {
        // exp(−γ) = exp(γ/2^halvings)^(−2^halvings) with γ/2^halvings ≤ 1/2.
        var halvings = 0
        while exponent.denominator << halvings < exponent.numerator << 1 { halvings += 1 }
        let denominator = exponent.denominator << halvings
        let precision = precision + halvings + 16
        let one = Natural(1 as UInt64) << precision
        var (lowerTerm, upperTerm, lowerSum, upperSum) = (one, one, one, one)
        var index: UInt64 = 1
        repeat {
            let divisor = denominator * Natural(index)
            lowerTerm = (lowerTerm * exponent.numerator).quotientAndRemainder(dividingBy: divisor).quotient
            upperTerm = (upperTerm * exponent.numerator).quotientRoundedUp(dividingBy: divisor)
            lowerSum = lowerSum + lowerTerm
            upperSum = upperSum + upperTerm
            index += 1
        } while upperTerm > Natural(1 as UInt64)
        // Each further term is at most half the one before, so all of them together are at most the last one.
        upperSum = upperSum + upperTerm
        let square = Natural(1 as UInt64) << (2 * precision)
        var lower = square.quotientAndRemainder(dividingBy: upperSum).quotient
        var upper = square.quotientRoundedUp(dividingBy: lowerSum)
        for _ in 0..<halvings {
            lower = (lower * lower) >> precision
            upper = (upper * upper).shiftedRightRoundingUp(by: precision)
        }
        return (lower, upper, precision)
    }
}
