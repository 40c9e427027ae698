// SPDX-License-Identifier: Apache-2.0

public import BigIntegers

/// One number under a Paillier key: c = (1 + m·n)·ρ mod n² for a plaintext m below n and a random n-th power ρ [Pai99].
///
/// Ciphertexts come from a ``PaillierEncryptor``, which never leaves ρ out, or from bytes, which are checked. Sums and
/// products are ciphertexts of the sum and product mod n; whoever made the parts can recognize them until the result is
/// re-randomized by an encryptor.
public struct PaillierCiphertext: Sendable {
    /// The key under which it is.
    public let key: PaillierPublicKey
    package private(set) var residue: DualVector

    init(residue: DualVector, key: PaillierPublicKey) { (self.residue, self.key) = (residue, key) }

    /// A ciphertext that somebody sent as a number.
    /// - Throws: `.ciphertextOutOfRange` unless 0 < c < n²; `.ciphertextNotAUnit` unless gcd(c, n) = 1.
    public init(_ number: Natural, under key: PaillierPublicKey) throws(PaillierError) {
        do { residue = try DualVector(number, modulus: key.ring) } catch { throw PaillierError(error) }
        self.key = key
    }

    /// c itself.
    public var number: Natural { residue.naturals[0] }

    /// The ciphertext of the sum mod n. About 3 µs at 2,048 bits.
    /// - Throws: `.wrongKey` if the keys differ.
    public func adding(_ other: PaillierCiphertext) throws(PaillierError) -> PaillierCiphertext {
        var sum = self
        try sum.add(other)
        return sum
    }

    /// Adds another ciphertext in place.
    /// - Throws: `.wrongKey` if the keys differ.
    public mutating func add(_ other: PaillierCiphertext) throws(PaillierError) {
        guard key == other.key else { throw .wrongKey }
        residue.multiply(by: other.residue.sharing(key.ring))
    }

    /// The ciphertext of the product with a public number mod n, in time that depends on it.
    /// - Throws: `.zeroWeight` for 0.
    public func multiplied(by factor: Natural) throws(PaillierError) -> PaillierCiphertext {
        guard !factor.isZero else { throw .zeroWeight }
        return power(factor)
    }

    /// c^exponent, which for 0 is no encryption of anything: for test vectors.
    package func power(_ exponent: Natural) -> PaillierCiphertext {
        var result = self
        result.residue.raise(to: exponent)
        return result
    }
}

extension PaillierCiphertext {
    /// The ciphertext in bytes, with the fingerprint of its key.
    public var serialized: [UInt8] {
        [1, ObjectType.ciphertext.rawValue] + key.fingerprint + residue.bigEndian()
    }

    /// Reads a ciphertext and checks it.
    /// - Throws: a decoding error, `.wrongKey`, or what `init(_:under:)` throws.
    public init(serialized bytes: [UInt8], under key: PaillierPublicKey) throws(PaillierError) {
        var reader = ObjectReader(bytes)
        try reader.readHeader(.ciphertext)
        guard reader.read(32) == key.fingerprint else { throw .wrongKey }
        try reader.expectRemaining(key.size.ciphertextByteCount)
        do { residue = try DualVector(bigEndian: reader.readRest(), count: 1, modulus: key.ring) } catch {
            throw PaillierError(error)
        }
        self.key = key
    }
}
