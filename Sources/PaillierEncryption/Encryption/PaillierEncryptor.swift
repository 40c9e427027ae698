// SPDX-License-Identifier: Apache-2.0

public import BigIntegers
public import SecureRandomness

/// Encrypts under one key, with the random n-th power made in one of three ways. All give ordinary Paillier ciphertexts.
///
/// Immutable: one encryptor serves all threads. In constant time unless its making said otherwise.
public final class PaillierEncryptor: Sendable {
    /// The key.
    public let publicKey: PaillierPublicKey
    let method: Method

    enum Method: Sendable {
        case textbook
        case holder(PaillierPrivateKey)
        case fixedBase(FixedBaseComb)
    }

    /// How long the exponents of fast encryption are.
    public enum ExponentLength: Sendable {
        /// |n|/2 bits: nobody tells them from full ones who cannot factor n (in the random-oracle model, for the hashed
        /// generator); see decision 0010.
        case half
        /// 448 bits for |n| = 2,048 and 512 above, about twice as fast. Assumes beyond factoring that short exponents of the
        /// generator cannot be told from long ones, for which no reduction is known.
        case shortAssumingHardness

        func bits(_ size: PaillierKeySize) -> Int {
            switch self {
            case .half: size.bits / 2
            case .shortAssumingHardness: min(size.bits / 2, size.bits <= 2048 ? 448 : 512)
            }
        }
    }

    /// How the tables of fast encryption are read.
    public enum TableLookUp: Sendable {
        /// Every entry is read each time: time and cache say nothing of the exponent.
        case constantTime
        /// One entry is read, from larger tables: faster, and whoever shares the processor can learn exponents, and with
        /// them plaintexts.
        case variableTimeLeakingExponents
    }

    /// Encryption in the textbook way, r^n mod n² for a random r: for any modulus, on no assumption beyond Paillier's.
    /// About 7 ms at 2,048 bits.
    public init(textbook key: PaillierPublicKey) {
        (publicKey, method) = (key, .textbook)
    }

    /// Encryption by whoever holds the private key: the same distribution as in the textbook, by the two factors apart.
    /// About 2 ms at 2,048 bits.
    public init(holder key: PaillierPrivateKey) {
        (publicKey, method) = (key.publicKey, .holder(key))
    }

    /// Fast encryption [DJN10]: powers of a fixed generator, from tables of about a megabyte that take some ten
    /// milliseconds to make. About 0.5 ms at 2,048 bits.
    ///
    /// - Parameters:
    ///   - key: one that is known to be of the right form.
    ///   - exponents: how long they are.
    ///   - lookUp: how the tables are read.
    /// - Throws: nothing that a verified key would cause.
    public init(
        _ key: VerifiedPaillierKey, exponents: ExponentLength = .half, lookUp: TableLookUp = .constantTime
    ) throws(PaillierError) {
        publicKey = key.publicKey
        let size = key.publicKey.size
        let isConstantTime = if case .constantTime = lookUp { true } else { false }
        // Found by measuring: where every entry is read, the tables are to stay in a second-level cache of a megabyte.
        let (teeth, tables) = isConstantTime ? (7, 10) : (9, 16)
        do {
            method = .fixedBase(
                try FixedBaseComb(
                    base: key.generator, exponentBits: exponents.bits(size), modulus: key.publicKey.ring,
                    lookUp: isConstantTime ? .constantTime : .variableTime, teeth: teeth, tables: tables))
        } catch { throw PaillierError(error) }
    }

    /// Encrypts a number below n.
    /// - Throws: `.plaintextOutOfRange` unless it is; `.randomness` if the source fails.
    public func encrypt(
        _ plaintext: Natural, using generator: inout some SecureRandomNumberGenerator
    ) throws(PaillierError) -> PaillierCiphertext {
        guard plaintext < publicKey.modulus else { throw .plaintextOutOfRange }
        let message = SecretNatural(plaintext, bitCapacity: publicKey.size.bits)
        return PaillierCiphertext(residue: try encrypt([message], using: &generator), key: publicKey)
    }

    /// The same plaintext under fresh randomness: nobody can tell from what ciphertext it came.
    /// - Throws: `.wrongKey` if it is under another key; `.randomness` if the source fails.
    public func rerandomize(
        _ ciphertext: PaillierCiphertext, using generator: inout some SecureRandomNumberGenerator
    ) throws(PaillierError) -> PaillierCiphertext {
        guard ciphertext.key == publicKey else { throw .wrongKey }
        let residue = try rerandomize(ciphertext.residue, using: &generator)
        return PaillierCiphertext(residue: residue, key: publicKey)
    }

    func rerandomize(
        _ residue: DualVector, using generator: inout some SecureRandomNumberGenerator
    ) throws(PaillierError) -> DualVector {
        var result = residue.sharing(publicKey.ring)
        result.multiply(by: try encrypt([SecretNatural?](repeating: nil, count: residue.count), using: &generator))
        return result
    }

    /// Ciphertexts of secret numbers below n; nil stands for zero.
    func encrypt(
        _ messages: [SecretNatural?], using generator: inout some SecureRandomNumberGenerator
    ) throws(PaillierError) -> DualVector {
        switch method {
        case .fixedBase(let comb):
            var writer = CombWriter(comb, count: messages.count)
            for message in messages {
                writer.append(exponent: try randomExponent(comb.exponentBits, using: &generator), message: message)
            }
            return writer.finish()
        case .textbook, .holder:
            var parts: [DualVector] = []
            for message in messages {
                var part: DualVector
                if case .holder(let key) = method {
                    part = try key.randomNthPower(using: &generator)
                } else {
                    part = nthPower(of: try randomUnit(using: &generator))
                }
                if let message { part.addMessage(message, to: 0) }
                parts.append(part)
            }
            return DualVector(joining: parts, modulus: publicKey.ring)
        }
    }

    /// r^n mod n².
    private func nthPower(of r: SecretNatural) -> DualVector {
        let n = SecretNatural(publicKey.modulus, bitCapacity: publicKey.size.bits)
        return publicKey.ring.publishedPower(of: r, n, bits: publicKey.size.bits)
    }

    private func randomExponent(
        _ bits: Int, using generator: inout some SecureRandomNumberGenerator
    ) throws(PaillierError) -> SecretNatural {
        while true {
            do {
                let exponent = try SecretNatural(randomBytes: bits / 8, using: &generator)
                if !exponent.isZero { return exponent }
            } catch { throw PaillierError(error) }
        }
    }

    /// A uniform unit below n. That it has no factor in common with n is not looked at: whoever finds one that has, has
    /// factored n.
    private func randomUnit(
        using generator: inout some SecureRandomNumberGenerator
    ) throws(PaillierError) -> SecretNatural {
        let n = SecretNatural(publicKey.modulus, bitCapacity: publicKey.size.bits)
        while true {
            do {
                // Lengths are multiples of 8, so that no bits are to be cleared.
                let r = try SecretNatural(randomBytes: publicKey.size.byteCount, using: &generator)
                if r.minus(n).borrow == 1, !r.isZero { return r.resized(to: n.limbCount) }
            } catch { throw PaillierError(error) }
        }
    }
}

// Given randomness: for test vectors. Whoever repeats randomness gives plaintexts away.
extension PaillierEncryptor {
    /// (1 + m·n) · r^n mod n².
    package static func encrypt(
        _ plaintext: Natural, randomness r: Natural, under key: PaillierPublicKey
    ) throws(PaillierError) -> PaillierCiphertext {
        guard plaintext < key.modulus else { throw .plaintextOutOfRange }
        guard !r.isZero, r < key.modulus else { throw .randomnessOutOfRange }
        guard Natural.greatestCommonDivisor(r, key.modulus) == 1 else { throw .randomnessNotAUnit }
        var residue = PaillierEncryptor(textbook: key).nthPower(of: SecretNatural(r, bitCapacity: key.size.bits))
        residue.addMessage(SecretNatural(plaintext, bitCapacity: key.size.bits), to: 0)
        return PaillierCiphertext(residue: residue, key: key)
    }

    /// (1 + m·n) · H^a mod n², for an encryptor with a generator.
    package func encrypt(_ plaintext: Natural, exponent a: Natural) throws(PaillierError) -> PaillierCiphertext {
        guard plaintext < publicKey.modulus else { throw .plaintextOutOfRange }
        guard case .fixedBase(let comb) = method, !a.isZero, a.bitWidth <= comb.exponentBits else {
            throw .exponentOutOfRange
        }
        var writer = CombWriter(comb, count: 1)
        writer.append(
            exponent: SecretNatural(a, bitCapacity: comb.exponentBits),
            message: SecretNatural(plaintext, bitCapacity: publicKey.size.bits))
        return PaillierCiphertext(residue: writer.finish(), key: publicKey)
    }
}

extension PaillierPrivateKey {
    /// A uniform n-th power mod n², by the factors apart: the n-th powers mod p² are the p-th powers, since q has no factor in
    /// common with p − 1.
    fileprivate func randomNthPower(
        using generator: inout some SecureRandomNumberGenerator
    ) throws(PaillierError) -> DualVector {
        var powers: [SecretNatural] = []
        for factor in [p, q] {
            do {
                // Within 2^−128 of uniform mod the factor, and zero for nobody.
                let wide = try SecretNatural(randomBytes: (factor.bits + 7) / 8 + 16, using: &generator)
                powers.append(factor.nthPower(of: wide.remainder(modulo: factor.prime)))
            } catch { throw PaillierError(error) }
        }
        return publicKey.ring.published(combineSquares(powers[0], powers[1]))
    }
}
