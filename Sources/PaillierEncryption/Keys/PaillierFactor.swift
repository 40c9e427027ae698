// SPDX-License-Identifier: Apache-2.0

internal import BigIntegers

/// One prime p of n = p·q, and decryption mod p. Everything takes time that depends on lengths only.
struct PaillierFactor: Sendable {
    let prime: SecretNatural
    let bits: Int
    let ring: DualModulus
    /// p − 1.
    let exponent: SecretNatural
    /// p², in ⌈2|p|/64⌉ limbs.
    let square: SecretNatural
    /// L(g^(p − 1) mod p²)^−1 mod p = (−q)^−1 mod p.
    let inverse: SecretNatural

    init(_ prime: SecretNatural, other: SecretNatural, bits: Int) throws(PaillierError) {
        let limbs = (bits + 63) / 64
        (self.prime, self.bits) = (prime.resized(to: limbs), bits)
        let prime = self.prime
        ring = DualModulus(secret: prime, bits: bits)
        exponent = prime.minus(SecretNatural(.one, bitCapacity: 64)).difference
        square = prime.times(prime).resized(to: (2 * bits + 63) / 64)
        let negative = prime.minus(other.remainder(modulo: prime)).difference
        do { inverse = try negative.inverse(modulo: prime) } catch { throw .commonFactor }
    }

    /// The plaintext of `ciphertext` mod p; `isUnit` is false if the power is not 1 mod p, which is so for a ciphertext
    /// that is no unit, and after a fault in the computation.
    func decrypt(_ ciphertext: SecretNatural) -> (plaintext: SecretNatural, isUnit: Bool) {
        let (a, b) = ring.secretPower(of: ciphertext, exponent, bits: bits)
        let isUnit = a.isEqual(to: SecretNatural(.one, bitCapacity: 64))
        return (ring.secretHalfProduct(b, inverse), isUnit)
    }

    /// y^p mod p² for y < p²: uniform among the n-th powers mod p² if y mod p is uniform and not zero.
    func nthPower(of y: SecretNatural) -> SecretNatural {
        ring.secretNumber(ofPowerOf: y, prime, bits: bits)
    }
}
