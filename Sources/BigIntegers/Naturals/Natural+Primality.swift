// SPDX-License-Identifier: Apache-2.0

internal import CFedsumGMP
public import SecureRandomness

extension Natural {
    /// Whether the number is r^k for a natural r and k ≥ 2. 0 and 1 are.
    public var isPerfectPower: Bool {
        // SAFETY: the size is that of the array.
        unsafe fedsum_is_perfect_power(limbs, limbs.count) == 1
    }

    /// Whether the number is prime, as far as a Baillie–PSW test and 16 Miller–Rabin rounds tell.
    ///
    /// It never says false of a prime. Composites that it calls prime are not known; where somebody who may look for one
    /// gains by it, use ``isPrime(rounds:using:)``, whose bases nobody foresees.
    public var isProbablyPrime: Bool {
        // SAFETY: the size is that of the array.
        unsafe fedsum_is_probably_prime(limbs, limbs.count, 40) == 1
    }

    /// Whether `rounds` Miller–Rabin rounds [FIPS186-5] appendix B.3.1 with random bases find the number prime.
    ///
    /// Never false of a prime; true of a composite with probability at most 4^−rounds, whoever chose it.
    /// - Throws: `.randomness` if the source fails.
    public func isPrime(
        rounds: Int, using generator: inout some SecureRandomNumberGenerator
    ) throws(BigIntegerError) -> Bool {
        guard self > 3 else { return self == 2 || self == 3 }
        guard isOdd else { return false }
        let last = self - 1
        let twos = (0..<last.bitWidth).first { last.bit($0) } ?? 0
        let odd = last / .powerOfTwo(twos)
        rounds: for _ in 0..<rounds {
            var base = Natural.zero
            // From 2 to n − 2.
            while base < 2 || base >= last { base = try Natural(randomBits: bitWidth, using: &generator) }
            var power = base.power(odd, modulo: self)
            if power == 1 || power == last { continue }
            for _ in 1..<max(1, twos) {
                power = power * power % self
                if power == last { continue rounds }
            }
            return false
        }
        return true
    }

    /// A uniform number of at most `bits` bits.
    /// - Throws: `.randomness` if the source fails.
    public init(
        randomBits bits: Int, using generator: inout some SecureRandomNumberGenerator
    ) throws(BigIntegerError) {
        var bytes: [UInt8]
        do { bytes = try generator.bytes((bits + 7) / 8) } catch { throw .randomness(error) }
        if bits % 8 != 0 { bytes[0] &= 0xFF >> UInt8(8 - bits % 8) }
        self.init(bigEndian: bytes)
    }

    /// The least odd prime below 2^20 that divides the number; nil if there is none. A few milliseconds.
    public var smallFactor: Int? {
        for group in SmallPrimes.groups {
            // SAFETY: the size is that of the array, and the divisor is not zero.
            let remainder = unsafe fedsum_modulo_word(limbs, limbs.count, group.product)
            for prime in SmallPrimes.upToMillion[group.range] where remainder % UInt64(prime) == 0 {
                return Int(prime)
            }
        }
        return nil
    }
}
