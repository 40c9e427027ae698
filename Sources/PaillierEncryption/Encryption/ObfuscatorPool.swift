// SPDX-License-Identifier: Apache-2.0

public import BigIntegers
public import SecureRandomness

/// Random n-th powers made in advance, so that encrypting later costs a few microseconds.
///
/// Each is used once: the pool cannot be copied, and what was taken is gone. It has no serialized form, since a pool that is
/// read twice would encrypt twice with the same randomness; whoever sees it reads every ciphertext made with it.
public struct ObfuscatorPool: ~Copyable, Sendable {
    private let encryptor: PaillierEncryptor
    private var stock: [DualVector] = []

    /// An empty pool.
    public init(_ encryptor: PaillierEncryptor) { self.encryptor = encryptor }

    /// How many are left.
    public var count: Int { stock.count }

    /// Makes `count` more, at the cost of as many encryptions.
    /// - Throws: `.randomness` if the source fails.
    public mutating func add(
        _ count: Int, using generator: inout some SecureRandomNumberGenerator
    ) throws(PaillierError) {
        stock.reserveCapacity(stock.count + count)
        for _ in 0..<count { stock.append(try encryptor.encrypt([nil], using: &generator)) }
    }

    /// Encrypts a number below n with one of the pool, which is then gone.
    /// - Throws: `.plaintextOutOfRange` unless it is; `.poolIsEmpty` if none is left.
    public mutating func encrypt(_ plaintext: Natural) throws(PaillierError) -> PaillierCiphertext {
        guard plaintext < encryptor.publicKey.modulus else { throw .plaintextOutOfRange }
        guard var residue = stock.popLast() else { throw .poolIsEmpty }
        residue.addMessage(SecretNatural(plaintext, bitCapacity: encryptor.publicKey.size.bits), to: 0)
        return PaillierCiphertext(residue: residue, key: encryptor.publicKey)
    }
}
