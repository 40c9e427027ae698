// SPDX-License-Identifier: Apache-2.0

public import PaillierEncryption
public import ProtocolCryptography
internal import RingArithmetic
@_spi(Simulation) public import SecureAggregation
internal import SecureRandomness

/// The long-lived keys of the Paillier scheme, as one party has them.
///
/// Everybody needs the same Paillier key, by a way that the server cannot change: whoever replaces it reads every vector.
/// A client makes its encryptor from a key whose proof and signature it has checked (`ProvedPublicKey`).
public struct PaillierEnrollment: Sendable {
    /// Encrypts under the key holder's public key; one serves all rounds.
    public var encryptor: PaillierEncryptor
    /// The private key: at the key holder, and nowhere else.
    public var privateKey: PaillierPrivateKey?
    /// The keys that check the contributors' signatures, for ``KeyHolderAudit/recomputesProduct``.
    public var contributorKeys: [PartyID: VerifyingKey]
    /// The contributors that run here and sign: one at a client, none at a helper.
    public var signingKeys: [PartyID: SigningKey]

    /// The keys of a party.
    public init(
        encryptor: PaillierEncryptor, privateKey: PaillierPrivateKey? = nil,
        contributorKeys: [PartyID: VerifyingKey] = [:], signingKeys: [PartyID: SigningKey] = [:]
    ) {
        self.encryptor = encryptor
        self.privateKey = privateKey
        self.contributorKeys = contributorKeys
        self.signingKeys = signingKeys
    }

    /// The keys of all parties in one place: for simulations and tests.
    /// - Parameters:
    ///   - key: the key holder's; one that is not of our making encrypts in the textbook way.
    ///   - signers: contributors that get identities, by the purpose "contributor identity".
    ///   - randomness: of the identities.
    /// - Throws: `.randomness`, `.cryptography`.
    @_spi(Simulation)
    public init(
        key: PaillierPrivateKey, signers: [PartyID] = [], randomness: SimulationRandomness
    ) throws(AggregationError) {
        let fast = (try? key.verifiedKey()).flatMap { try? PaillierEncryptor($0) }
        try self.init(
            encryptor: fast ?? PaillierEncryptor(textbook: key.publicKey), privateKey: key, signers: signers,
            randomness: randomness)
    }

    /// The same with an encryptor that is there.
    /// - Throws: `.randomness`, `.cryptography`.
    @_spi(Simulation)
    public init(
        encryptor: PaillierEncryptor, privateKey: PaillierPrivateKey, signers: [PartyID],
        randomness: SimulationRandomness
    ) throws(AggregationError) {
        self.init(encryptor: encryptor, privateKey: privateKey)
        for id in signers {
            var generator = randomness.generator(purpose: "contributor identity", party: id)
            let seed = try drawing { () throws(RandomnessError) in try generator.secretBytes(32) }
            let key = try withCryptography { () throws(CryptographyError) in try SigningKey(seed: seed) }
            signingKeys[id] = key
            contributorKeys[id] = key.verifyingKey
        }
    }

    /// The digest of the contributors' keys, in their order; one key under two names would be one client that counts
    /// twice.
    func digest(of contributors: [PartyID]) throws(AggregationError) -> HashDigest {
        var bytes: [UInt8] = []
        var seen: Set<VerifyingKey> = []
        for id in contributors {
            guard let key = contributorKeys[id] else { throw .missingKey(id) }
            guard seen.insert(key).inserted else { throw .unusableKey(.duplicateKey(id)) }
            bytes += key.bytes
        }
        return HashDigest(of: bytes)
    }
}
