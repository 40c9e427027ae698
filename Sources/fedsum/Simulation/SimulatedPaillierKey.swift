// SPDX-License-Identifier: Apache-2.0

import BigIntegers
import Foundation
@_spi(Simulation) import PaillierAggregation
import PaillierEncryption
@_spi(Simulation) import SecureAggregation
@_spi(Simulation) import SecureRandomness
import Synchronization

/// The key of a simulated key holder, and the tables of its clients: made once a process and seed.
///
/// Its primes are 3 mod 4 as those of `fedsum keygen paillier`, and random instead of safe, which makes no difference to
/// anything that is measured or summed and takes one second instead of many. Whoever knows the seed knows the key.
struct SimulatedPaillierKey: Sendable {
    private let enrollment: PaillierEnrollment
    private let key: PaillierPrivateKey

    private struct Name: Hashable {
        let bits: Int
        let seed: UInt64
    }

    private static let made = Mutex<[Name: SimulatedPaillierKey]>([:])

    /// The key of these bits and this seed.
    /// - Throws: `UsageError` for a length that is none.
    static func key(bits: Int, seed: UInt64) throws -> SimulatedPaillierKey {
        let name = Name(bits: bits, seed: seed)
        if let key = made.withLock({ $0[name] }) { return key }
        guard let size = try? PaillierKeySize(bits: bits) else {
            throw UsageError("--key-bits must be 2048, 3072 or 4096, not \(bits).")
        }
        Terminal.progress("paillier: a key of \(bits) bits")
        let randomness = SimulationRandomness(seed: seed)
        let key = try primes(size, randomness)
        let new = SimulatedPaillierKey(
            enrollment: try PaillierEnrollment(key: key, randomness: randomness), key: key)
        Terminal.endProgress()
        made.withLock { $0[name] = new }
        return new
    }

    /// The keys of all parties; signing keys for these contributors.
    func enrollment(signers: [PartyID], seed: UInt64) throws(AggregationError) -> PaillierEnrollment {
        guard !signers.isEmpty else { return enrollment }
        var keys = enrollment
        // The tables are taken over, which take longer than identities.
        let identities = try PaillierEnrollment(
            encryptor: keys.encryptor, privateKey: key, signers: signers, randomness: SimulationRandomness(seed: seed))
        (keys.contributorKeys, keys.signingKeys) = (identities.contributorKeys, identities.signingKeys)
        return keys
    }

    private static func primes(_ size: PaillierKeySize, _ randomness: SimulationRandomness) throws -> PaillierPrivateKey
    {
        var generator = randomness.generator(purpose: "paillier key")
        func prime() throws -> Natural {
            while true {
                var bytes = try generator.bytes(size.bits / 16)
                bytes[0] |= 0xC0
                bytes[bytes.count - 1] |= 3
                let candidate = Natural(bigEndian: bytes)
                if candidate.isProbablyPrime { return candidate }
            }
        }
        while true {
            let (p, q) = (try prime(), try prime())
            do {
                return try PaillierPrivateKey(
                    p: SecretNatural(p, bitCapacity: size.bits / 2), q: SecretNatural(q, bitCapacity: size.bits / 2),
                    size: size, using: &generator)
            } catch {
                // (p − 1)/2 and (q − 1)/2 have a factor in common for one pair in five.
                guard error == .commonDivisor else { throw error }
            }
        }
    }
}
