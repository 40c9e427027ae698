// SPDX-License-Identifier: Apache-2.0

import ProtocolCryptography
import RingArithmetic
@_spi(Simulation) import SecureAggregation
@_spi(Simulation) import SecureRandomness
@_spi(Simulation) import SharingAggregation
import Testing

/// What the parties of aggregation through a leader refuse: here mostly those of Shamir's scheme, which share their code
/// with those of the additive one.
@Suite struct SharingRefusalTests {
    private typealias Message = ShamirMessage<UInt64>
    private typealias Party = any AggregationParty<UInt64, Message>

    private let leader: PartyID = 1000
    private let contributors: [PartyID] = [1, 2, 3, 4]
    private let aggregators: [PartyID] = [1001, 1002, 1003]
    private let inputs: [PartyID: [UInt64]] = randomInputs(count: 4, dimension: 3, width: 20, seed: 61)
    private let context = RoundContext(task: "test", round: 1)

    private func scheme(
        aggregators: [PartyID] = [1001, 1002, 1003],
        threshold: Int? = nil,
        enrollment: SharingEnrollment? = nil
    ) throws -> ShamirAggregation<UInt64> {
        try ShamirAggregation(
            contributors: contributors,
            leader: leader,
            aggregators: aggregators,
            threshold: threshold,
            enrollment: enrollment ?? .simulated(contributors, aggregators),
            dimension: 3,
            width: RingWidth(bits: 20)
        )
    }

    private func additive(_ enrollment: SharingEnrollment) throws -> AdditiveAggregation<UInt64> {
        try AdditiveAggregation(
            contributors: contributors,
            leader: leader,
            aggregators: aggregators,
            enrollment: enrollment,
            dimension: 3,
            width: RingWidth(bits: 20)
        )
    }

    private func party(_ id: PartyID, of scheme: ShamirAggregation<UInt64>) throws -> Party {
        try scheme.makeParty(
            id,
            contributing: inputs[id],
            in: context,
            using: SimulationRandomness(seed: 1).generator(for: id, in: context)
        )
    }

    private func startedParty(_ id: PartyID, of scheme: ShamirAggregation<UInt64>) throws -> Party {
        var party = try party(id, of: scheme)
        _ = try party.start()
        return party
    }

    /// What a contributor sends.
    private func share(
        of id: PartyID,
        in scheme: ShamirAggregation<UInt64>
    ) throws -> (shares: [VectorShare<UInt64>], seeds: [SealedSeed]) {
        var party = try party(id, of: scheme)
        guard case .share(let shares, let seeds)? = try party.start().envelopes.first?.message else {
            throw AggregationError.outOfOrder
        }
        return (shares, seeds)
    }

    // MARK: The leader

    @Test func `a leader takes no share from a party that is no contributor`() throws {
        let scheme = try scheme()
        var party = try startedParty(leader, of: scheme)
        let (shares, seeds) = try share(of: 1, in: scheme)
        for sender in [77, 1001] as [PartyID] {
            #expect(try party.receive(.share(shares, seeds: seeds), from: sender) == .rejected(.unexpected))
        }
        // Enrolled, but not asked in this aggregation.
        var enrollment = try SharingEnrollment.simulated(contributors, aggregators)
        enrollment.contributorKeys[5] = enrollment.contributorKeys[1]
        var other = try startedParty(leader, of: self.scheme(enrollment: enrollment))
        #expect(try other.receive(.share(shares, seeds: seeds), from: 5) == .rejected(.unexpected))
    }

    @Test func `a share with another number of vectors costs its sender its place`() throws {
        let scheme = try scheme()
        var party = try startedParty(leader, of: scheme)
        let (shares, seeds) = try share(of: 1, in: scheme)
        #expect(shares.count == 2)
        for wrong in [[], [shares[0]], shares + [shares[0]]] {
            #expect(
                try party.receive(.share(wrong, seeds: seeds), from: 1)
                    == .rejected(.invalid(.wrongCount(expected: 2, actual: wrong.count)))
            )
        }
        #expect(try party.receive(.share(shares, seeds: seeds), from: 1) == .accepted)
    }

    @Test func `a leader takes no share whose seeds are not signed`() throws {
        let scheme = try scheme()
        var party = try startedParty(leader, of: scheme)
        let (shares, seeds) = try share(of: 1, in: scheme)
        let foreign = try share(of: 2, in: scheme).seeds
        for wrong in [seeds.reversed(), foreign, [seeds[0], seeds[1], foreign[2]]] as [[SealedSeed]] {
            #expect(
                try party.receive(.share(shares, seeds: wrong), from: 1) == .rejected(.invalid(.badSignature(1)))
            )
        }
        #expect(try party.receive(.share(shares, seeds: seeds), from: 1) == .accepted)
    }

    @Test func `a leader takes answers from its aggregators only`() throws {
        let scheme = try scheme()
        var party = try startedParty(leader, of: scheme)
        for id in contributors {
            let (shares, seeds) = try share(of: id, in: scheme)
            #expect(try party.receive(.share(shares, seeds: seeds), from: id) == .accepted)
            #expect(try party.receive(.complaint([1]), from: 1001) == .rejected(.unexpected))
        }
        var answers: [PartyID: Message] = [:]
        for envelope in try party.advance().envelopes {
            var aggregator = try startedParty(envelope.receivers[0], of: scheme)
            _ = try aggregator.receive(envelope.message, from: leader)
            answers[envelope.receivers[0]] = try aggregator.advance().envelopes.first?.message
        }
        let (shares, seeds) = try share(of: 1, in: scheme)
        #expect(try party.receive(.share(shares, seeds: seeds), from: 1) == .rejected(.unexpected))
        let answer = try #require(answers[1001])
        for sender in [1, 77, leader] {
            #expect(try party.receive(answer, from: sender) == .rejected(.unexpected))
            #expect(try party.receive(.complaint([1]), from: sender) == .rejected(.unexpected))
        }
        #expect(try party.receive(.complaint([1, 77]), from: 1002) == .rejected(.invalid(.foreignParty(77))))

        #expect(try party.receive(answer, from: 1001) == .accepted)
        #expect(try party.receive(answer, from: 1001) == .rejected(.conflicting))
        #expect(try party.receive(.complaint([1]), from: 1001) == .rejected(.conflicting))
        #expect(try party.receive(.complaint([1]), from: 1002) == .accepted)
        #expect(try party.receive(#require(answers[1002]), from: 1002) == .rejected(.conflicting))
        var tooFew = party
        guard case .aborted(.inconsistentShares(dealer: 1), _) = try tooFew.advance() else {
            Issue.record("One answer of two is enough.")
            return
        }
        #expect(try party.receive(#require(answers[1003]), from: 1003) == .accepted)
        guard case .finished(_, let aggregate?) = try party.advance() else {
            Issue.record("The leader does not finish.")
            return
        }
        #expect(aggregate.sum == expectedSum(inputs, of: contributors, width: 20))
    }

    @Test func `an aggregator that gives up ends the round where all are needed, and only there`() throws {
        var tolerant = try startedParty(leader, of: scheme())
        #expect(try tolerant.receive(.abort(.refused), from: 1001) == .rejected(.senderAborted(.refused)))
        var strict = try startedParty(leader, of: scheme(threshold: 3))
        #expect(try strict.receive(.abort(.refused), from: 1) == .rejected(.senderAborted(.refused)))
        #expect(throws: AggregationError.abortedByPeer(1001, .refused)) {
            try strict.receive(.abort(.refused), from: 1001)
        }
    }

    @Test(arguments: [1001, 1002, 1003] as [PartyID])
    func `a false sum beyond the threshold is noticed`(liar: PartyID) throws {
        let scheme = try scheme()
        let format = scheme.messageFormat(in: context)
        let outcome = AggregationDriver(
            scheme: InterceptedScheme(
                scheme,
                rewriting: { sender, envelope in
                    guard sender == liar, case .partialSum = envelope.message else { return [envelope] }
                    // The first bit of the first element, after the header and the vector's of 5 bytes.
                    var bytes = envelope.message.encoded(as: format)
                    bytes[39] ^= 1
                    guard let changed = try? Message(decoding: bytes, as: format) else { return [envelope] }
                    return [Envelope(to: envelope.receivers, changed)]
                }
            ),
            context: context,
            randomness: SimulationRandomness(seed: 1)
        ).run { inputs[$0] ?? [] }
        #expect(outcome.learned.isEmpty)
        // Of three sums on no one polynomial the last one is named, whoever lied.
        #expect(outcome.aborted[leader] == .inconsistentPartialSums(1003))
    }

    // MARK: Aggregators

    /// The true list for aggregator 1001.
    private func forwarded(in scheme: ShamirAggregation<UInt64>) throws -> [ForwardedSeed] {
        try contributors.map { id in
            ForwardedSeed(contributor: id, seed: try share(of: id, in: scheme).seeds[0])
        }
    }

    /// What aggregator 1001 says to a list.
    private func answer(
        to seeds: [ForwardedSeed],
        in scheme: ShamirAggregation<UInt64>
    ) throws -> Transition<UInt64, Message> {
        var party = try startedParty(1001, of: scheme)
        #expect(try party.receive(.forward(seeds), from: leader) == .accepted)
        return try party.advance()
    }

    @Test func `a seed under the name of another contributor is not signed`() throws {
        let scheme = try self.scheme()
        var seeds = try forwarded(in: scheme)
        guard case .finished = try answer(to: seeds, in: scheme) else {
            Issue.record("The true list is not answered.")
            return
        }
        seeds[1] = ForwardedSeed(contributor: 2, seed: seeds[0].seed)
        // Made anew: an aggregator answers once in a round.
        guard case .aborted(let error, _) = try answer(to: seeds, in: self.scheme()) else {
            Issue.record("Contributor 1 counts twice.")
            return
        }
        #expect(error == .violation(.badSignature(2), by: leader))
    }

    @Test func `one key for two parties, and a key of low order, are not enrolled`() throws {
        func scheme(_ change: (inout SharingEnrollment) -> Void) throws -> ShamirAggregation<UInt64> {
            var enrollment = try SharingEnrollment.simulated(contributors, aggregators)
            change(&enrollment)
            return try self.scheme(enrollment: enrollment)
        }
        #expect(throws: AggregationError.unusableKey(.duplicateKey(2))) {
            try scheme { $0.contributorKeys[2] = $0.contributorKeys[1] }
        }
        #expect(throws: AggregationError.unusableKey(.duplicateKey(1002))) {
            try scheme { $0.aggregatorKeys[1002] = $0.aggregatorKeys[1001] }
        }
        let zero = try KeyAgreementPublicKey([UInt8](repeating: 0, count: 32))
        #expect(throws: AggregationError.unusableKey(.lowOrderKey(1003))) {
            try scheme { $0.aggregatorKeys[1003] = zero }
        }
    }

    @Test func `a well-signed seed that does not open is complained about`() throws {
        let scheme = try scheme()
        var seeds = try forwarded(in: scheme)
        // Contributor 3 seals to a key that is not the aggregator's, and signs that.
        func secret(_ byte: UInt8) -> SecretBytes { SecretBytes(copying: [UInt8](repeating: byte, count: 32)) }
        let wrongKey = try KeyAgreementPrivateKey(seed: secret(1)).publicKey
        seeds[2] = ForwardedSeed(
            contributor: 3,
            seed: try SealedSeed(
                secret(2),
                along: SealedSeed.Route(
                    contributor: 3,
                    aggregator: 1001,
                    keys: KeySchedule(session: scheme.session(in: context), round: context.round),
                    messageType: 0x40
                ),
                to: wrongKey,
                ephemeral: KeyAgreementPrivateKey(seed: secret(3)),
                signedBy: #require(scheme.enrollment.signingKeys[3])
            )
        )
        guard case .aborted(let error, let sending) = try answer(to: seeds, in: scheme) else {
            Issue.record("The aggregator answers without contributor 3.")
            return
        }
        #expect(error == .inconsistentShares(dealer: 3))
        guard case .complaint([3])? = sending.first?.message else {
            Issue.record("It does not complain.")
            return
        }
        #expect(sending.map(\.receivers) == [[leader]])
    }

    // MARK: Messages

    @Test func `lists of seeds and complaints that do not ascend are refused`() throws {
        let scheme = try scheme()
        let format = scheme.messageFormat(in: context)
        func decode(_ message: Message) throws(WireError) -> Message {
            try Message(decoding: message.encoded(as: format), as: format)
        }
        let seeds = try Array(forwarded(in: scheme).prefix(2))
        #expect(throws: Never.self) { try decode(.forward(seeds)) }
        #expect(throws: WireError.unordered) { try decode(.forward(seeds.reversed())) }
        #expect(throws: WireError.unordered) { try decode(.forward([seeds[0], seeds[0]])) }
        #expect(throws: Never.self) { try decode(.complaint([1, 2])) }
        #expect(throws: WireError.unordered) { try decode(.complaint([2, 1])) }
        #expect(throws: WireError.unordered) { try decode(.complaint([1, 1])) }
        #expect(throws: WireError.badLength(0)) { try decode(.complaint([])) }
    }

    @Test func `an element that is not below the prime is refused`() throws {
        let scheme = try scheme()
        let format = scheme.messageFormat(in: context)
        let field = scheme.shareField
        #expect(field.bits == 22 && field.modulus == 1 << 22 - 3)
        func decode(_ elements: [UInt64]) throws(WireError) -> Message {
            let vector = [22, 0, 0, 0, 3] + UInt64.pack(elements, width: field.elementWidth)
            return try Message(decoding: [1, 0x42] + format.session.bytes + vector, as: format)
        }
        #expect(throws: Never.self) { try decode([field.modulus - 1, 0, field.modulus - 1]) }
        for element in field.modulus..<1 << 22 {
            #expect(throws: WireError.outsideField) { try decode([element, 0, 0]) }
            #expect(throws: WireError.outsideField) { try decode([0, 0, element]) }
        }
    }

    // MARK: Configurations

    @Test func `sums that no field holds, or no word, are refused`() throws {
        func make<Element: MaskableElement>(_: Element.Type, bits: Int) throws {
            _ = try ShamirAggregation<Element>(
                contributors: contributors,
                leader: leader,
                aggregators: aggregators,
                enrollment: .simulated(contributors, aggregators),
                dimension: 1,
                width: RingWidth(bits: bits)
            )
            _ = try PeerToPeerAggregation<Element>(
                contributors: contributors,
                dimension: 1,
                width: RingWidth(bits: bits)
            )
        }
        // 4 · (2^b − 1) is 2^(b + 2) − 4, which the primes of 31 and 61 bits exceed, and that of 32 bits, 2^32 − 5, does not.
        #expect(throws: Never.self) { try make(UInt32.self, bits: 29) }
        #expect(throws: AggregationError.elementTooNarrow(needed: 33, available: 32)) {
            try make(UInt32.self, bits: 30)
        }
        #expect(throws: Never.self) { try make(UInt64.self, bits: 59) }
        #expect(throws: AggregationError.ring(.fieldTooSmall(terms: 4, bits: 60))) { try make(UInt64.self, bits: 60) }
    }

    @Test func `a party without its key cannot take part`() throws {
        func without(_ change: (inout SharingEnrollment) -> Void) throws -> SharingEnrollment {
            var enrollment = try SharingEnrollment.simulated(contributors, aggregators)
            change(&enrollment)
            return enrollment
        }
        #expect(throws: AggregationError.missingKey(2)) {
            try self.scheme(enrollment: without { $0.contributorKeys[2] = nil })
        }
        #expect(throws: AggregationError.missingKey(1002)) {
            try self.scheme(enrollment: without { $0.aggregatorKeys[1002] = nil })
        }
        // Public keys alone: it can be made, and nobody runs here.
        let scheme = try self.scheme(
            enrollment: without {
                $0.signingKeys[1] = nil
                $0.privateKeys[1001] = nil
            }
        )
        #expect(throws: AggregationError.missingKey(1)) { try party(1, of: scheme) }
        #expect(throws: AggregationError.missingKey(1001)) { try party(1001, of: scheme) }
        #expect(throws: AggregationError.unknownParty(77)) { try party(77, of: scheme) }
        #expect(throws: Never.self) { try (party(2, of: scheme), party(1002, of: scheme), party(leader, of: scheme)) }
    }

    @Test func `every enrolled key is part of the session`() throws {
        let enrollment = try SharingEnrollment.simulated(contributors, aggregators)
        var otherContributor = enrollment
        otherContributor.contributorKeys[4] = enrollment.contributorKeys[1]
        var otherAggregator = enrollment
        otherAggregator.aggregatorKeys[1003] = enrollment.aggregatorKeys[1001]
        let all = [enrollment, otherContributor, otherAggregator]
        #expect(Set(try all.map { try scheme(enrollment: $0).session(in: context) }).count == 3)
        #expect(Set(try all.map { try additive($0).session(in: context) }).count == 3)
    }

    @Test func `Shamir thresholds are more than half of the aggregators and at most all`() throws {
        for (count, threshold) in [(3, 0), (3, 1), (3, 4), (2, 1)] {
            #expect(throws: AggregationError.aggregatorThresholdOutOfRange(threshold: threshold, aggregators: count)) {
                try scheme(aggregators: Array(aggregators.prefix(count)), threshold: threshold)
            }
        }
        #expect(throws: AggregationError.tooFewHelpers(have: 2, minimum: 3)) { try scheme(aggregators: [1001]) }
        let sessions = try (2...3).map { try scheme(threshold: $0).session(in: context) }
        #expect(sessions[0] != sessions[1])
    }

    @Test func `inputs above the ring count mod 2^b`() throws {
        let outcome = AggregationDriver(
            scheme: try scheme(),
            context: context,
            randomness: SimulationRandomness(seed: 1)
        ).run { inputs[$0, default: []].map { $0 + 1 << 62 } }
        #expect(outcome.aggregate?.sum == expectedSum(inputs, of: contributors, width: 20))
    }
}
