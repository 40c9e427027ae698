// SPDX-License-Identifier: Apache-2.0

public import PaillierEncryption
internal import ProtocolCryptography
public import RingArithmetic
public import SecureAggregation
public import SecureRandomness

/// Sums under Paillier's encryption [Pai99]: a server multiplies ciphertexts and learns nothing, a key holder apart from
/// it decrypts the product and learns the sum.
///
/// A contributor packs its vector into slots with room for the sum of all contributors, encrypts it under the key holder's
/// key [DJN10], and sends one message, to the server, which folds it into one product on arrival. At the deadline the
/// server re-randomizes the product and sends it on.
///
/// - The server learns who took part. It and the key holder together read every vector. What a server that lies can do,
///   and what the remedy costs, is at ``KeyHolderAudit``.
/// - Any number of contributors may drop out down to the minimum cohort. A lost helper ends the round.
/// - The key holder decrypts once in a round: two sums whose contributors differ by one show its vector.
/// - Cost: 2·|n| bits for each ⌊(|n| − 2)/s⌋ elements, s being the bits of the largest sum. Of a ciphertext, a contributor
///   makes one power of |n|/2 bits mod n², the server one multiplication and the key holder two powers mod p² and q².
public struct PaillierAggregation<Element: RingWord>: AggregationScheme {
    var plan: PaillierPlan

    /// A scheme among these parties.
    /// - Parameters:
    ///   - contributors: in ascending order.
    ///   - server: the helper that folds ciphertexts.
    ///   - keyHolder: the helper that decrypts, and learns the sum.
    ///   - enrollment: the keys of all parties, and the private ones of those that run here.
    ///   - audit: what the key holder takes the server's word for.
    ///   - dimension: the elements of a vector.
    ///   - width: the ring; wide enough that the sum cannot wrap (`SumCapacity`).
    ///   - elementWidth: the bits that an element of a vector has at most, where that is known to be less than the ring's:
    ///     slots are then narrower. All elements of the ring unless you say otherwise.
    ///   - minimumCohort: the fewest contributors whose sum may be learned.
    ///   - journal: where the key holder's decryptions are remembered. Pass the same one to the schemes of all attempts of
    ///     a round: a fresh one knows of none.
    /// - Throws: `.ring(.capacityExceeded)` if the sum of all contributors' largest elements takes more than 64 bits;
    ///   `.dimensionOutOfRange` if a vector's ciphertexts take 4 GiB or more; `.missingKey`, `.unusableKey`,
    ///   `.duplicateParty`, `.cohortTooSmall`, `.elementTooNarrow`, `.tooManyParties`.
    public init(
        contributors: [PartyID], server: PartyID, keyHolder: PartyID, enrollment: PaillierEnrollment,
        audit: KeyHolderAudit = .trustsReportedContributors, dimension: Int, width: RingWidth,
        elementWidth: RingWidth? = nil, minimumCohort: MinimumCohort = .standard,
        journal: ShareReleaseJournal = ShareReleaseJournal()
    ) throws(AggregationError) {
        try Roster.validate(
            contributors: contributors, helpers: [server, keyHolder], minimumHelpers: 2, cohort: minimumCohort,
            dimension: dimension, width: width, element: Element.self)
        plan = try PaillierPlan(
            contributors: contributors, server: server, keyHolder: keyHolder, enrollment: enrollment, audit: audit,
            dimension: dimension, width: width, elementBits: min(width.bits, elementWidth?.bits ?? width.bits),
            minimumContributors: minimumCohort.count, journal: journal)
    }

    /// How many threads a party works on; what it sends is the same for any number. 1 unless you set it.
    public var threads: Int {
        get { plan.threads }
        set { plan.threads = max(1, newValue) }
    }

    /// The clients, in ascending order.
    public var contributors: [PartyID] { plan.contributors }
    /// The helper that folds ciphertexts.
    public var server: PartyID { plan.server }
    /// The helper that decrypts.
    public var keyHolder: PartyID { plan.keyHolder }
    /// The keys of all parties.
    public var enrollment: PaillierEnrollment { plan.enrollment }
    /// What the key holder takes the server's word for.
    public var audit: KeyHolderAudit { plan.audit }
    /// How elements are packed.
    public var layout: SlotLayout { plan.layout }
    /// The elements of a vector.
    public var dimension: Int { plan.dimension }
    /// The ring of the sum.
    public var width: RingWidth { plan.width }
    /// The cohort below which nothing is decrypted.
    public var minimumContributors: Int { plan.minimumContributors }
    /// Remembers in which rounds this process's key holder has decrypted.
    public var journal: ShareReleaseJournal { plan.journal }

    /// The name on the command line and in the session.
    public var name: String { "paillier" }
    /// The parties that own no vector.
    public var helpers: [PartyID] { [server, keyHolder] }
    /// Vectors travel encrypted.
    public var field: PrimeField? { nil }
    /// Who learns the sum.
    public var recipients: Set<PartyID> { [keyHolder] }
    /// Signed messages, or unsigned ones.
    public var messageTypes: Set<UInt8>? {
        PaillierMessageType.of(audit).union([AbortReason.messageType])
    }

    /// The parameters as the wire format writes them (Documentation/WireFormat.md).
    public var encodedParameters: [UInt8] {
        var encoder = WireEncoder()
        encoder.write(UInt8(width.bits))
        encoder.write(UInt32(dimension))
        encoder.write(UInt32(minimumContributors))
        encoder.write(audit.rawValue)
        encoder.write(UInt8(layout.valueBits))
        encoder.write(bytes: plan.key.fingerprint)
        encoder.write(bytes: plan.identitiesDigest.bytes)
        return encoder.bytes
    }

    /// One party's side of one aggregation; see `AggregationScheme`.
    /// - Throws: `.missingKey` for a key holder whose private key is not here, or a contributor that has to sign and cannot,
    ///   besides what the protocol says; `.sharesAlreadyReleased` for a key holder that has decrypted in this round.
    public func makeParty(
        _ id: PartyID, contributing vector: [Element]?, in context: RoundContext,
        using randomness: consuming some SecureRandomNumberGenerator
    ) throws(AggregationError) -> any AggregationParty<Element, PaillierMessage> {
        let session = session(in: context)
        if id == server {
            return PaillierServer<Element, _>(plan: plan, session: session, randomness: randomness)
        }
        if id == keyHolder {
            guard let key = enrollment.privateKey else { throw .missingKey(id) }
            try journal.check(id, in: context)
            return PaillierKeyHolder<Element>(plan: plan, key: key, session: session, context: context)
        }
        guard contributors.contains(id) else { throw .unknownParty(id) }
        let signingKey = enrollment.signingKeys[id]
        guard audit == .trustsReportedContributors || signingKey != nil else { throw .missingKey(id) }
        return PaillierContributor<Element, _>(
            id: id, plan: plan, session: session, signingKey: signingKey, vector: try validated(vector, of: id),
            randomness: randomness)
    }
}
