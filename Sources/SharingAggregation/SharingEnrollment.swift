// SPDX-License-Identifier: Apache-2.0

public import ProtocolCryptography
internal import RingArithmetic
@_spi(Simulation) public import SecureAggregation
internal import SecureRandomness

/// The long-lived keys by which the parties of `additive` and `shamir` know one another.
///
/// Everybody needs the same public keys, by a way that the leader cannot change: whoever replaces an aggregator's key
/// takes that aggregator's place, and whoever adds a contributor's key can speak for one more contributor. Private keys
/// are those of the parties that run here.
public struct SharingEnrollment: Sendable {
    /// The keys that check the contributors' signatures.
    public var contributorKeys: [PartyID: VerifyingKey]
    /// The keys to which seeds are sealed.
    public var aggregatorKeys: [PartyID: KeyAgreementPublicKey]
    /// The contributors that run here; one at a client, none at a helper.
    public var signingKeys: [PartyID: SigningKey]
    /// The aggregators that run here; one at an aggregator, none at a client or the leader.
    public var privateKeys: [PartyID: KeyAgreementPrivateKey]

    /// Keys of all parties, and the private ones of those that run here.
    public init(
        contributorKeys: [PartyID: VerifyingKey], aggregatorKeys: [PartyID: KeyAgreementPublicKey],
        signingKeys: [PartyID: SigningKey] = [:], privateKeys: [PartyID: KeyAgreementPrivateKey] = [:]
    ) {
        self.contributorKeys = contributorKeys
        self.aggregatorKeys = aggregatorKeys
        self.signingKeys = signingKeys
        self.privateKeys = privateKeys
    }

    /// Fresh keys for all parties, all in one place: for simulations, tests and vectors.
    /// - Parameters:
    ///   - contributors: who gets a signing key.
    ///   - aggregators: who gets a key to which seeds are sealed.
    ///   - randomness: gives each party 32 bytes, by its id and the purpose "contributor identity" or "aggregator key".
    /// - Throws: `.randomness`, `.cryptography`.
    @_spi(Simulation)
    public init(
        contributors: [PartyID], aggregators: [PartyID], randomness: SimulationRandomness
    ) throws(AggregationError) {
        self.init(contributorKeys: [:], aggregatorKeys: [:])
        for id in contributors {
            var generator = randomness.generator(purpose: "contributor identity", party: id)
            let seed = try drawing { () throws(RandomnessError) in try generator.secretBytes(32) }
            let key = try withCryptography { () throws(CryptographyError) in try SigningKey(seed: seed) }
            signingKeys[id] = key
            contributorKeys[id] = key.verifyingKey
        }
        for id in aggregators {
            var generator = randomness.generator(purpose: "aggregator key", party: id)
            let seed = try drawing { () throws(RandomnessError) in try generator.secretBytes(32) }
            let key = try withCryptography { () throws(CryptographyError) in try KeyAgreementPrivateKey(seed: seed) }
            privateKeys[id] = key
            aggregatorKeys[id] = key.publicKey
        }
    }
}

/// What the parties of `additive` and `shamir` know of their aggregation: who is who, by which keys, over which group.
struct SharingPlan: Sendable {
    let contributors: [PartyID]
    let leader: PartyID
    let aggregators: [PartyID]
    let enrollment: SharingEnrollment
    let dimension: Int
    let width: RingWidth
    let minimumContributors: Int
    let journal: ShareReleaseJournal
    /// Where shares add up.
    let group: ShareGroup
    /// The number t of aggregators whose sums of shares give the sum; all of them in additive sharing.
    let threshold: Int
    /// The keys in the order of the aggregators.
    let aggregatorKeys: [KeyAgreementPublicKey]
    let identitiesDigest: HashDigest

    init(
        contributors: [PartyID], leader: PartyID, aggregators: [PartyID], enrollment: SharingEnrollment,
        dimension: Int, width: RingWidth, cohort: MinimumCohort, journal: ShareReleaseJournal, group: ShareGroup,
        threshold: Int
    ) throws(AggregationError) {
        // One key under two names would be one party that counts twice.
        var identities: [UInt8] = []
        var seenIdentities: Set<VerifyingKey> = []
        for id in contributors {
            guard let key = enrollment.contributorKeys[id] else { throw .missingKey(id) }
            guard seenIdentities.insert(key).inserted else { throw .unusableKey(.duplicateKey(id)) }
            identities += key.bytes
        }
        var aggregatorKeys: [KeyAgreementPublicKey] = []
        for id in aggregators {
            guard let key = enrollment.aggregatorKeys[id] else { throw .missingKey(id) }
            guard !aggregatorKeys.contains(key) else { throw .unusableKey(.duplicateKey(id)) }
            guard !key.isOfLowOrder else { throw .unusableKey(.lowOrderKey(id)) }
            aggregatorKeys.append(key)
        }
        self.contributors = contributors
        self.leader = leader
        self.aggregators = aggregators
        self.enrollment = enrollment
        self.dimension = dimension
        self.width = width
        minimumContributors = cohort.count
        self.journal = journal
        self.group = group
        self.threshold = threshold
        self.aggregatorKeys = aggregatorKeys
        identitiesDigest = HashDigest(of: identities)
    }

    /// Writes the keys as the session's parameters end.
    func encodeKeys(into encoder: inout WireEncoder) {
        encoder.write(bytes: identitiesDigest.bytes)
        for key in aggregatorKeys { encoder.write(bytes: key.bytes) }
    }
}
