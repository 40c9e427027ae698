// SPDX-License-Identifier: Apache-2.0

internal import CFedsumGMP

/// Arithmetic mod n² for an odd n, whose numbers are pairs a + b·n ("dual numbers") in Montgomery's form.
///
/// A product takes five half-size products where one mod n² takes eight, since the quotient that b needs falls out of
/// reducing a; and for u = 1 mod n the function L(u) = (u − 1)/n of Paillier's decryption is b itself. R is 2^(64·limbs).
///
/// n may be secret (a prime factor): then only functions that say so are to be used on it. The modulus never changes.
package final class DualModulus: Sendable {
    /// Limbs of n.
    package let limbs: Int
    package let bitWidth: Int
    /// n itself, in `limbs` limbs.
    let modulus: LimbBuffer
    /// n^−1 mod 2^64.
    let inverse: UInt64
    /// R, R³ and R⁵ mod n² as pairs; R² mod n.
    let one: LimbBuffer
    let cube: LimbBuffer
    let fifth: LimbBuffer
    let square: LimbBuffer

    /// Arithmetic modulo the square of a secret odd number of exactly `bits` bits, in time that depends on `bits` only.
    package init(secret n: SecretNatural, bits: Int) {
        precondition(bits >= 2 && n.bit(0) == 1 && n.bit(bits - 1) == 1, "n is odd and has its bits.")
        let limbs = (bits + 63) / 64
        (self.limbs, bitWidth) = (limbs, bits)
        modulus = n.limbs.copy(count: limbs)
        inverse = fedsum_inverse_of_word(modulus[0])
        (one, cube, fifth) = (LimbBuffer(count: 2 * limbs), LimbBuffer(count: 2 * limbs), LimbBuffer(count: 2 * limbs))
        square = LimbBuffer(count: limbs)
        let scratch = DualModulus.scratch(limbs)
        // SAFETY: pairs have 2 · limbs limbs, halves `limbs`, and scratch what is asked for.
        unsafe fedsum_dual_powers_of_R(
            one.base, cube.base, fifth.base, modulus.base, inverse, limbs, scratch.base)
        unsafe fedsum_half_square_of_R(square.base, modulus.base, inverse, limbs, scratch.base)
    }

    /// Arithmetic modulo the square of an odd number.
    /// - Throws: `.unsuitableModulus` if n is even or below 3.
    package convenience init(_ n: Natural) throws(BigIntegerError) {
        guard n.isOdd, n > 1 else { throw .unsuitableModulus }
        self.init(secret: SecretNatural(n, bitCapacity: n.bitWidth), bits: n.bitWidth)
    }

    /// n, where everybody may see it.
    package var natural: Natural { modulus.natural }

    /// Bytes of a number below n².
    package var squareByteCount: Int { (2 * bitWidth + 7) / 8 }
    /// Bytes of a number below n.
    package var byteCount: Int { (bitWidth + 7) / 8 }

    static func scratch(_ limbs: Int) -> LimbBuffer { LimbBuffer(count: fedsum_dual_scratch(limbs) + 6 * limbs) }
    var scratch: LimbBuffer { DualModulus.scratch(limbs) }

    /// The pair of R^k mod n², k ≥ 1, in time that depends on k.
    func powerOfR(_ k: Int) -> LimbBuffer {
        // In Montgomery's form R is R², which reading R³ gives; every further factor R is one more of those.
        let scratch = self.scratch
        let result = one.copy(count: 2 * limbs)
        guard k > 1 else { return result }
        let base = LimbBuffer(count: 2 * limbs)
        // SAFETY: all pairs have 2 · limbs limbs, and scratch what is asked for.
        unsafe fedsum_dual_reduce(base.base, cube.base, modulus.base, inverse, limbs, scratch.base)
        for shift in (0..<(Int.bitWidth - (k - 1).leadingZeroBitCount)).reversed() {
            unsafe fedsum_dual_square(result.base, result.base, modulus.base, inverse, limbs, 0, scratch.base)
            if (k - 1) >> shift & 1 == 1 {
                unsafe fedsum_dual_multiply(
                    result.base, result.base, base.base, modulus.base, inverse, limbs, 0, scratch.base)
            }
        }
        return result
    }
}
