// SPDX-License-Identifier: Apache-2.0

internal import CFedsumGMP

// Powers of secret numbers, in time that depends on widths only; n may be secret too.
extension DualModulus {
    /// The pair (a, b) of x^exponent mod n², for x of at most four times the limbs of n and an exponent of at most `bits` bits.
    package func secretPower(
        of x: SecretNatural, _ exponent: SecretNatural, bits: Int
    ) -> (a: SecretNatural, b: SecretNatural) {
        let pair = montgomeryPower(of: x, exponent, bits: bits)
        let scratch = self.scratch
        // SAFETY: the pair has 2 · limbs limbs, and scratch what is asked for.
        unsafe fedsum_dual_reduce(pair.base, pair.base, modulus.base, inverse, limbs, scratch.base)
        unsafe fedsum_dual_normalize(pair.base, modulus.base, limbs, scratch.base)
        return (SecretNatural(pair.copy(count: limbs)), SecretNatural(pair.copy(from: limbs, count: limbs)))
    }

    /// x^exponent mod n² as a number of `squareByteCount` bytes, rounded up to limbs.
    package func secretNumber(ofPowerOf x: SecretNatural, _ exponent: SecretNatural, bits: Int) -> SecretNatural {
        let (a, b) = secretPower(of: x, exponent, bits: bits)
        let n = SecretNatural(modulus)
        let width = (2 * bitWidth + 63) / 64
        return b.times(n).plus(a).resized(to: width)
    }

    /// x^exponent mod n² in a vector of one number, which is public from here on.
    package func publishedPower(of x: SecretNatural, _ exponent: SecretNatural, bits: Int) -> DualVector {
        DualVector(montgomery: montgomeryPower(of: x, exponent, bits: bits), count: 1, modulus: self)
    }

    /// A secret number below n² that is public from here on, as a vector of one.
    package func published(_ number: SecretNatural) -> DualVector {
        DualVector(montgomery: montgomeryForm(of: number), count: 1, modulus: self)
    }

    /// x · R as a pair, for x of at most four times the limbs of n: x = low + high · R², and each half is divided by R as
    /// it is read.
    private func montgomeryForm(of x: SecretNatural) -> LimbBuffer {
        precondition(x.limbCount <= 4 * limbs, "The number is short enough.")
        let scratch = self.scratch
        let low = x.limbs.copy(count: 2 * limbs)
        // SAFETY: pairs have 2 · limbs limbs, and scratch what is asked for.
        unsafe fedsum_dual_from_number(low.base, low.base, modulus.base, inverse, limbs, scratch.base)
        unsafe fedsum_dual_multiply(low.base, low.base, cube.base, modulus.base, inverse, limbs, 1, scratch.base)
        guard x.limbCount > 2 * limbs else { return low }
        let high = x.limbs.copy(from: 2 * limbs, count: 2 * limbs)
        // SAFETY: as above.
        unsafe fedsum_dual_from_number(high.base, high.base, modulus.base, inverse, limbs, scratch.base)
        unsafe fedsum_dual_multiply(high.base, high.base, fifth.base, modulus.base, inverse, limbs, 1, scratch.base)
        unsafe fedsum_dual_add(low.base, low.base, high.base, modulus.base, limbs, scratch.base)
        return low
    }

    /// x · y mod n² for numbers of at most four times the limbs of n, in ⌈2|n|/64⌉ limbs.
    package func secretProduct(_ x: SecretNatural, _ y: SecretNatural) -> SecretNatural {
        let scratch = self.scratch
        let (pair, other) = (montgomeryForm(of: x), montgomeryForm(of: y))
        // SAFETY: pairs have 2 · limbs limbs, and scratch what is asked for.
        unsafe fedsum_dual_multiply(
            pair.base, pair.base, other.base, modulus.base, inverse, limbs, 1, scratch.base)
        unsafe fedsum_dual_reduce(pair.base, pair.base, modulus.base, inverse, limbs, scratch.base)
        unsafe fedsum_dual_normalize(pair.base, modulus.base, limbs, scratch.base)
        let (a, b) = (SecretNatural(pair.copy(count: limbs)), SecretNatural(pair.copy(from: limbs, count: limbs)))
        return b.times(SecretNatural(modulus)).plus(a).resized(to: (2 * bitWidth + 63) / 64)
    }

    private func montgomeryPower(of x: SecretNatural, _ exponent: SecretNatural, bits: Int) -> LimbBuffer {
        precondition(bits <= exponent.bitCapacity, "The exponent has its bits.")
        let scratch = self.scratch
        let base = montgomeryForm(of: x)
        let result = LimbBuffer(count: 2 * limbs)
        let table = LimbBuffer(count: fedsum_table_size(32, 2 * limbs))
        // SAFETY: pairs have 2 · limbs limbs, the table holds 32 of them, and scratch what is asked for.
        unsafe fedsum_secret_dual_power(
            result.base, base.base, exponent.limbs.base, bits, one.base, modulus.base, inverse, limbs, table.base,
            scratch.base)
        return result
    }

    /// x · y mod n, for numbers of `limbs` limbs that are at most n.
    package func secretHalfProduct(_ x: SecretNatural, _ y: SecretNatural) -> SecretNatural {
        let scratch = self.scratch
        let result = x.limbs.copy(count: limbs)
        let other = y.limbs.copy(count: limbs)
        // SAFETY: all have `limbs` limbs, and scratch what is asked for.
        unsafe fedsum_half_multiply(
            result.base, result.base, other.base, modulus.base, inverse, limbs, 1, scratch.base)
        unsafe fedsum_half_multiply(
            result.base, result.base, square.base, modulus.base, inverse, limbs, 1, scratch.base)
        // n itself counts as zero.
        let (difference, borrow) = SecretNatural(result).minus(SecretNatural(modulus))
        return difference.plus(SecretNatural(modulus), if: borrow)
    }
}
