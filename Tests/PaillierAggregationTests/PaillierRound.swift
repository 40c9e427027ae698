// SPDX-License-Identifier: Apache-2.0

@_spi(Simulation) import PaillierAggregation
import PaillierEncryption
import RingArithmetic
@_spi(Simulation) import SecureAggregation
@_spi(Simulation) import SecureRandomness

/// A round of `paillier` under a small key, of clients 1 … count, server 1000 and key holder 1001, whose parties can be
/// driven by hand.
struct PaillierRound {
    typealias Party = any AggregationParty<UInt32, PaillierMessage>

    /// Two keys of 512 bits from known seeds, and their tables.
    static var keys: [(key: PaillierPrivateKey, encryptor: PaillierEncryptor)] {
        get throws { try madeKeys.get() }
    }

    private static let madeKeys = Result {
        try [1, 2].map { (seed: UInt64) in
            var generator = SimulationRandomness(seed: seed).generator(purpose: "small paillier key")
            let key = try PaillierPrivateKey.generate(size: PaillierKeySize.Insecure.bits(512), using: &generator)
            return (key, try PaillierEncryptor(key.verifiedKey()))
        }
    }

    let scheme: PaillierAggregation<UInt32>
    /// With a fresh journal, for tests in which the key holder is asked again and again.
    private let makeScheme: () throws -> PaillierAggregation<UInt32>
    let context: RoundContext
    let inputs: [PartyID: [UInt32]]

    init(
        count: Int = 5, dimension: Int = 50, width: Int = 20, elementWidth: Int? = nil, key: Int = 0,
        audit: KeyHolderAudit = .trustsReportedContributors, minimumCohort: MinimumCohort = .standard,
        threads: Int = 1, round: UInt64 = 1, journal: ShareReleaseJournal? = nil
    ) throws {
        let contributors = (1...UInt32(count)).map { PartyID($0) }
        let keys = try Self.keys[key]
        makeScheme = {
            var scheme = try PaillierAggregation<UInt32>(
                contributors: contributors, server: 1000, keyHolder: 1001,
                enrollment: PaillierEnrollment(
                    encryptor: keys.encryptor, privateKey: keys.key,
                    signers: audit == .recomputesProduct ? contributors : [], randomness: SimulationRandomness(seed: 1)),
                audit: audit, dimension: dimension, width: RingWidth(bits: width),
                elementWidth: elementWidth.map { try RingWidth(bits: $0) }, minimumCohort: minimumCohort,
                journal: journal ?? ShareReleaseJournal())
            scheme.threads = threads
            return scheme
        }
        scheme = try makeScheme()
        context = RoundContext(task: "test", round: round)
        var generator = SimulationRandomness(seed: 5).generator(purpose: "input")
        let mask = UInt32(1) << UInt32(elementWidth ?? width) - 1
        inputs = Dictionary(
            uniqueKeysWithValues: contributors.map { id in
                (id, (0..<dimension).map { _ in UInt32(truncatingIfNeeded: generator.next()) & mask })
            })
    }

    func party(_ id: PartyID, contributing vector: [UInt32]? = nil, seed: UInt64 = 1) throws -> Party {
        try (id == scheme.keyHolder ? makeScheme() : scheme).makeParty(
            id, contributing: vector ?? inputs[id], in: context,
            using: SimulationRandomness(seed: seed).generator(for: id, in: context))
    }

    /// What a contributor sends.
    func message(of id: PartyID, contributing vector: [UInt32]? = nil, seed: UInt64 = 1) throws -> PaillierMessage {
        var contributor = try party(id, contributing: vector, seed: seed)
        guard let envelope = try contributor.start().envelopes.first else { throw AggregationError.outOfOrder }
        return envelope.message
    }

    /// A server that has started.
    func server() throws -> Party {
        var server = try party(1000)
        _ = try server.start()
        return server
    }

    /// What an honest server sends after hearing these contributors.
    func sum(of ids: [PartyID]) throws -> PaillierMessage {
        var server = try server()
        for id in ids { _ = try server.receive(try message(of: id), from: id) }
        guard let message = try server.advance().envelopes.first?.message else { throw AggregationError.outOfOrder }
        return message
    }

    /// How the key holder ends on this message.
    func end(on message: PaillierMessage, from sender: PartyID = 1000) throws -> Transition<UInt32, PaillierMessage> {
        var keyHolder = try party(1001)
        _ = try keyHolder.start()
        guard try keyHolder.receive(message, from: sender) == .accepted else { throw AggregationError.outOfOrder }
        let step = try keyHolder.advance()
        guard case .next = step else { return step }
        return try keyHolder.advance()
    }

    /// The sum mod 2^b by the school method.
    func expected(_ ids: [PartyID]) -> [UInt32] {
        (0..<scheme.dimension).map { index in
            UInt32(ids.reduce(UInt64(0)) { $0 + UInt64(inputs[$1]?[index] ?? 0) } & scheme.width.mask)
        }
    }
}

extension Transition<UInt32, PaillierMessage> {
    /// The sum, where the party has learned one.
    var sum: [UInt32]? { if case .finished(_, let aggregate) = self { aggregate?.sum } else { nil } }
    /// Why the party gave up.
    var error: AggregationError? { if case .aborted(let error, _) = self { error } else { nil } }
}

extension PaillierMessage {
    /// The encrypted vector of a message that has one.
    var vector: EncryptedVector? {
        switch self {
        case .ciphertexts(let vector), .sum(let vector, _): vector
        case .signedCiphertexts(let signed): signed.vector
        default: nil
        }
    }
}
