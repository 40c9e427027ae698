// SPDX-License-Identifier: Apache-2.0

internal import BigIntegers
public import SecureRandomness

/// Why a key, a ciphertext or an operation on them was refused. Payloads are public.
public enum PaillierError: Error, Equatable, Sendable {
    // Moduli
    /// The modulus has another length than it should, or one that is not allowed.
    case wrongSize(bits: Int)
    /// The modulus is even.
    case even
    /// This prime below 2^20 divides the modulus.
    case smallFactor(Int)
    /// The modulus is prime.
    case prime
    /// The modulus is a power of an integer.
    case perfectPower
    // Private keys
    /// p·q is not n, or a factor is below 2.
    case wrongProduct
    /// p or q does not have half of the modulus' bits.
    case unequalLength
    /// p or q is not prime.
    case compositeFactor
    /// |p − q| ≤ 2^(|n|/2 − 100).
    case factorsTooClose
    /// gcd(n, (p − 1)(q − 1)) is not 1.
    case commonFactor
    /// p or q is not 3 mod 4, which fast encryption and proofs need.
    case notBlum
    /// gcd(p − 1, q − 1) is not 2.
    case commonDivisor
    /// In a file, p is not below q.
    case notCanonical
    // Proofs
    /// No hash gave a unit mod n; of a modulus that was checked this is not seen.
    case noUnit
    /// The proof is wrong, or about another modulus or session.
    case wrongProof
    /// The signature over the modulus is not the enrolled key's.
    case wrongSignature
    // Encryption
    /// The plaintext is not below n.
    case plaintextOutOfRange
    /// The given randomness is not from 1 to n − 1.
    case randomnessOutOfRange
    /// The given randomness has a factor in common with n.
    case randomnessNotAUnit
    /// The given exponent is zero or too long.
    case exponentOutOfRange
    /// A ciphertext is not from 1 to n² − 1.
    case ciphertextOutOfRange
    /// A ciphertext has a factor in common with n.
    case ciphertextNotAUnit
    /// A factor of zero: the product would be the same for everybody.
    case zeroWeight
    /// What was decrypted is not what it should be. There is no detail, on purpose.
    case decryptionFailed
    /// A pool has no obfuscator left.
    case poolIsEmpty
    // Packing
    /// A slot for these values and weights takes this many bits, more than the 64 that there may be.
    case slotTooWide(bits: Int)
    /// A layout's parameter is outside its range.
    case layoutOutOfRange
    /// A value does not fit into the layout's.
    case valueOutOfRange(index: Int)
    /// A vector has no value.
    case emptyVector
    /// The weight of the result would be above the layout's maximum.
    case noHeadRoom(weight: UInt64, maximum: UInt32)
    /// The layouts are different.
    case wrongLayout
    /// The keys are different.
    case wrongKey
    /// The vectors have different lengths.
    case wrongCount
    // Serialized forms
    /// The bytes end too early.
    case truncated
    /// Another version of the format.
    case wrongVersion(UInt8)
    /// Another kind of object.
    case unknownType(UInt8)
    /// Bytes are left over.
    case trailingBytes
    /// The weight is zero or above the layout's maximum.
    case weightOutOfRange
    /// The layout contradicts itself.
    case inconsistentLayout
    /// The text is not python-paillier's JSON of this kind; `member` is what was missing or malformed.
    case malformedJSON(member: String)
    /// The key is of another kind; `member` says which member tells.
    case wrongAlgorithm(member: String)
    /// An exponent beyond ±1,024.
    case scaleOutOfRange
    /// A double that is infinite or not a number.
    case notFinite
    /// A number whose encoding is above n/3 − 1.
    case encodingOverflow
    /// Two exponents are so far apart that a sum would wrap mod n.
    case exponentsTooFarApart
    // Around it
    /// The search for a key was ended by whoever watched it.
    case cancelled
    /// The source of randomness failed.
    case randomness(RandomnessError)
}

extension PaillierError {
    /// What an error of arithmetic means for ciphertexts and keys.
    init(_ error: BigIntegerError) {
        switch error {
        case .residueOutOfRange, .outOfRange: self = .ciphertextOutOfRange
        case .residueNotAUnit, .notInvertible: self = .ciphertextNotAUnit
        case .wrongLength(let expected, let actual): self = actual < expected ? .truncated : .trailingBytes
        case .unsuitableModulus: self = .even
        case .cancelled: self = .cancelled
        case .randomness(let error): self = .randomness(error)
        }
    }
}
