// SPDX-License-Identifier: Apache-2.0

public import ProtocolCryptography
@_spi(Simulation) public import SecureAggregation
internal import SecureRandomness

/// The long-lived keys by which clients know one another, for ``ThreatModel/active``.
///
/// Everybody needs the same public keys, by a way that the server cannot change: whoever adds a key can speak for one more
/// client.
public struct ClientEnrollment: Sendable {
    /// The keys that check the clients' signatures.
    public var verifyingKeys: [PartyID: VerifyingKey]
    /// The clients that run here: one at a client, none at the server.
    public var signingKeys: [PartyID: SigningKey]

    /// Keys of all clients, and the private ones of those that run here.
    public init(verifyingKeys: [PartyID: VerifyingKey], signingKeys: [PartyID: SigningKey] = [:]) {
        self.verifyingKeys = verifyingKeys
        self.signingKeys = signingKeys
    }

    /// Fresh keys for all clients, all in one place: for simulations, tests and vectors.
    /// - Throws: `.randomness`, `.cryptography`.
    @_spi(Simulation)
    public init(contributors: [PartyID], randomness: SimulationRandomness) throws(AggregationError) {
        self.init(verifyingKeys: [:])
        for id in contributors {
            var generator = randomness.generator(purpose: "contributor identity", party: id)
            let seed = try drawing { () throws(RandomnessError) in try generator.secretBytes(32) }
            let key = try withCryptography { () throws(CryptographyError) in try SigningKey(seed: seed) }
            signingKeys[id] = key
            verifyingKeys[id] = key.verifyingKey
        }
    }

    /// The digest of the contributors' keys, in their order; one key under two names would be one client that counts
    /// twice.
    func digest(of contributors: [PartyID]) throws(AggregationError) -> HashDigest {
        var bytes: [UInt8] = []
        var seen: Set<VerifyingKey> = []
        for id in contributors {
            guard let key = verifyingKeys[id] else { throw .missingKey(id) }
            guard seen.insert(key).inserted else { throw .unusableKey(.duplicateKey(id)) }
            bytes += key.bytes
        }
        return HashDigest(of: bytes)
    }
}
