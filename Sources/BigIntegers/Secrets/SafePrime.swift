// SPDX-License-Identifier: Apache-2.0

internal import CFedsumGMP
package import SecureRandomness

/// Secret primes p for which (p − 1)/2 is prime too.
package enum SafePrime {
    /// How many candidates one random start gives.
    private static let window = 1 << 17
    private static let primes = SmallPrimes.below(1 << 22)

    /// A random safe prime of exactly `bits` bits, the two highest of them set.
    ///
    /// Searches up from random starts; candidates without a small factor are tested by Miller–Rabin with random bases,
    /// `rounds` for p and for (p − 1)/2 each. `progress` is called after each test with the number of tests so far, and
    /// ends the search by returning false. About 0.5 s at 1,024 bits and 5 s at 1,536, with a wide spread.
    /// - Throws: `.cancelled` if `progress` says so; `.randomness` if the source fails.
    package static func generate(
        bits: Int, rounds: Int, using generator: inout some SecureRandomNumberGenerator,
        progress: (Int) -> Bool
    ) throws(BigIntegerError) -> SecretNatural {
        precondition(bits >= 64, "Safe primes have 64 bits or more.")
        var tests = 0
        while true {
            // The half (p − 1)/2 of bits − 1 bits, odd, with its two highest bits set.
            let start = try randomOdd(bits: bits - 1, using: &generator)
            for offset in survivors(of: start, bits: bits) {
                let half = start.plus(SecretNatural(Natural(UInt64(2 * offset)), bitCapacity: 64))
                // The search may have run over the top of the range.
                guard half.bit(bits - 2) == 1, half.bit(bits - 3) == 1,
                    bits - 1 == half.bitCapacity || half.bit(bits - 1) == 0
                else { break }
                tests += 1
                guard progress(tests) else { throw .cancelled }
                guard try isPrime(half, bits: bits - 1, rounds: 1, using: &generator) else { continue }
                let prime = doubledPlusOne(half, bits: bits)
                guard try isPrime(prime, bits: bits, rounds: rounds, using: &generator),
                    try isPrime(half, bits: bits - 1, rounds: rounds, using: &generator)
                else { continue }
                return prime
            }
        }
    }

    /// Miller–Rabin with random bases, in constant time but for the result; `value` is odd and has `bits` bits.
    package static func isPrime(
        _ value: SecretNatural, bits: Int, rounds: Int, using generator: inout some SecureRandomNumberGenerator
    ) throws(BigIntegerError) -> Bool {
        let value = value.resized(to: (bits + 63) / 64)
        let one = SecretNatural(.one, bitCapacity: value.bitCapacity)
        let last = value.minus(one).difference
        // How often 2 divides p − 1 is given away: 1 for every p that is 3 mod 4.
        var odd = last
        var twos = 0
        while odd.bit(0) == 0, twos < bits { (odd, twos) = (odd.halved, twos + 1) }
        for _ in 0..<rounds {
            // Uniform mod p to within 2^−64; 0, 1 and p − 1 are as unlikely as any other number.
            let wide = try SecretNatural(randomBytes: (bits + 7) / 8 + 8, using: &generator)
            var power = wide.remainder(modulo: value).power(odd, bits: bits, modulo: value)
            var passes = power.isEqual(to: one) || power.isEqual(to: last)
            for _ in 1..<max(1, twos) where !passes {
                power = power.times(power).remainder(modulo: value)
                passes = power.isEqual(to: last)
            }
            guard passes else { return false }
        }
        return true
    }

    private static func randomOdd(
        bits: Int, using generator: inout some SecureRandomNumberGenerator
    ) throws(BigIntegerError) -> SecretNatural {
        let limbs = try SecretNatural(randomBytes: (bits + 7) / 8, using: &generator).limbs
        if bits % 64 != 0 { limbs[limbs.count - 1] &= (1 << UInt64(bits % 64)) - 1 }
        for bit in [0, bits - 2, bits - 1] { limbs[bit / 64] |= 1 << UInt64(bit % 64) }
        return SecretNatural(limbs)
    }

    private static func doubledPlusOne(_ half: SecretNatural, bits: Int) -> SecretNatural {
        let doubled = half.resized(to: (bits + 63) / 64)
        return doubled.plus(doubled).plus(SecretNatural(.one, bitCapacity: 64))
    }

    /// The offsets i for which neither start + 2i nor 2 (start + 2i) + 1 has a small factor.
    private static func survivors(of start: SecretNatural, bits: Int) -> [Int] {
        var isOut = [Bool](repeating: false, count: window)
        for prime in primes {
            let prime = Int(prime)
            guard prime.bitWidth - prime.leadingZeroBitCount < bits - 2 else { break }
            // SAFETY: the size is that of the buffer, and the divisor is not zero.
            let remainder = Int(unsafe fedsum_modulo_word(start.limbs.base, start.limbCount, UInt64(prime)))
            // 2i = −start mod s, and 4i = −2 start − 1 mod s, where 2 has the inverse (s + 1)/2.
            let inverseOfTwo = (prime + 1) / 2
            let first = (prime - remainder) % prime * inverseOfTwo % prime
            let second = (2 * prime - 2 * remainder - 1 + prime) % prime * inverseOfTwo % prime * inverseOfTwo % prime
            for offset in stride(from: first, to: window, by: prime) { isOut[offset] = true }
            for offset in stride(from: second, to: window, by: prime) { isOut[offset] = true }
        }
        return isOut.indices.filter { !isOut[$0] }
    }
}
