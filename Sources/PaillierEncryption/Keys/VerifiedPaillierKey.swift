// SPDX-License-Identifier: Apache-2.0

package import BigIntegers

/// A public key of which one knows, and not only hopes, that it is a product of two primes that are 3 mod 4: one's own, or one
/// with a proof and the signature of the enrolled key holder. Only with such a key is there fast encryption.
///
/// Making one computes the generator H = h^n mod n² with h = −x² mod n and x hashed from n [DJN10]: nobody has to be trusted
/// with it. About 10 ms at 2,048 bits and 30 at 3,072.
public struct VerifiedPaillierKey: Sendable, Hashable {
    /// The key.
    public let publicKey: PaillierPublicKey
    /// H, an n-th power mod n² that everybody computes alike.
    package let generator: Natural

    /// For test vectors: whoever calls this has checked the key.
    package init(trusting key: PaillierPublicKey) throws(PaillierError) {
        publicKey = key
        let n = key.modulus
        let x = try HashedNumbers.unit(
            "fedsum/1 paillier generator", PaillierPublicKey.describe(n, key.size), modulo: n)
        let h = n - x * x % n
        generator = h.power(n, modulo: n * n)
    }
}
