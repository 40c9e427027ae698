// SPDX-License-Identifier: Apache-2.0

import ProtocolCryptography
import RingArithmetic
@_spi(Simulation) import SecureAggregation
@_spi(Simulation) import SecureRandomness
import SharingAggregation
import Testing

/// What helpers of the additive scheme do with one another's lies and losses.
@Suite struct AdditiveAggregationTests {
    typealias Message = AdditiveMessage<UInt64>
    typealias Party = any AggregationParty<UInt64, Message>

    private let leader: PartyID = 1000
    private let inputs: [PartyID: [UInt64]] = randomInputs(count: 5, dimension: 4, width: 64, seed: 51)

    private func scheme(contributors: Int = 5, cohort: MinimumCohort = .standard) throws -> AdditiveAggregation<UInt64>
    {
        let contributors = (1...UInt32(contributors)).map { PartyID($0) }
        return try AdditiveAggregation(
            contributors: contributors,
            leader: leader,
            aggregators: [1001, 1002],
            enrollment: .simulated(contributors, [1001, 1002]),
            dimension: 4,
            width: RingWidth(bits: 64),
            minimumCohort: cohort
        )
    }

    private func run(
        seed: UInt64 = 1,
        round: UInt64 = 1,
        faults: FaultSchedule = .none,
        log: MessageLog? = nil,
        rewriting: InterceptedScheme<AdditiveAggregation<UInt64>>.Rewriting? = nil
    ) throws -> AggregationOutcome<UInt64> {
        AggregationDriver(
            scheme: InterceptedScheme(try scheme(), log: log, rewriting: rewriting),
            context: RoundContext(task: "test", round: round),
            randomness: SimulationRandomness(seed: seed),
            faults: faults
        ).run { inputs[$0] ?? [] }
    }

    /// What the leader forwards to the first aggregator in an honest round.
    private func forwarded(round: UInt64 = 1, attempt: UInt32 = 0) throws -> [ForwardedSeed] {
        let scheme = try scheme()
        let context = RoundContext(task: "test", round: round, attempt: attempt)
        return try scheme.contributors.map { id in
            var party = try scheme.makeParty(
                id,
                contributing: inputs[id],
                in: context,
                using: SimulationRandomness(seed: 1).generator(for: id, in: context)
            )
            guard case .share(_, let seeds)? = try party.start().envelopes.first?.message else {
                throw AggregationError.outOfOrder
            }
            return ForwardedSeed(contributor: id, seed: seeds[0])
        }
    }

    private func aggregator(cohort: MinimumCohort = .standard) throws -> Party {
        var party = try scheme(cohort: cohort).makeParty(
            1001,
            contributing: nil,
            in: RoundContext(task: "test", round: 1),
            using: SystemRandomness()
        )
        _ = try party.start()
        return party
    }

    private func expectRefused(
        _ seeds: [ForwardedSeed],
        _ violation: ProtocolViolation,
        cohort: MinimumCohort = .standard,
        _ location: SourceLocation = #_sourceLocation
    ) throws {
        var party = try aggregator(cohort: cohort)
        #expect(try party.receive(.forward(seeds), from: leader) == .accepted, sourceLocation: location)
        guard case .aborted(let error, let sending) = try party.advance() else {
            Issue.record("It answers.", sourceLocation: location)
            return
        }
        #expect(error == .violation(violation, by: leader), sourceLocation: location)
        #expect(sending.map(\.receivers) == [[leader]], sourceLocation: location)
        guard case .abort(.refused)? = sending.first?.message else {
            Issue.record("It says more than that it gives up.", sourceLocation: location)
            return
        }
    }

    // MARK: An aggregator and a lying leader

    @Test func `an aggregator answers the true list with one partial sum`() throws {
        var party = try aggregator()
        #expect(try party.receive(.forward(forwarded()), from: leader) == .accepted)
        guard case .finished(let sending, nil) = try party.advance(), case .partialSum? = sending.first?.message else {
            Issue.record("It does not answer.")
            return
        }
        #expect(sending.map(\.receivers) == [[leader]])
    }

    @Test func `an aggregator sums no list below the minimum cohort`() throws {
        let seeds = try forwarded()
        for count in 0..<3 {
            try expectRefused(Array(seeds.prefix(count)), .tooFewParties(have: count, need: 3))
        }
    }

    @Test func `an aggregator refuses a contributor that it does not know`() throws {
        var seeds = try forwarded()
        seeds[4] = ForwardedSeed(contributor: 77, seed: seeds[4].seed)
        try expectRefused(seeds, .foreignParty(77))
        seeds[4] = ForwardedSeed(contributor: 1002, seed: seeds[4].seed)
        try expectRefused(seeds, .foreignParty(1002))
    }

    @Test func `a seed under another contributor's name is not signed by it`() throws {
        var seeds = try forwarded()
        seeds[1] = ForwardedSeed(contributor: 2, seed: seeds[0].seed)
        try expectRefused(seeds, .badSignature(2))
    }

    @Test func `a contributor that the leader makes up is not signed`() throws {
        // The leader knows every public key, and seals a seed of its own under a true contributor's name.
        var seeds = try forwarded()
        let scheme = try scheme()
        let context = RoundContext(task: "test", round: 1)
        let impostor = try SigningKey(seed: SecretBytes(copying: [UInt8](repeating: 3, count: 32)))
        let key = try #require(scheme.enrollment.aggregatorKeys[1001])
        seeds[3] = ForwardedSeed(
            contributor: 4,
            seed: try SealedSeed(
                SecretBytes(copying: [UInt8](repeating: 1, count: 32)),
                along: SealedSeed.Route(
                    contributor: 4,
                    aggregator: 1001,
                    keys: KeySchedule(session: scheme.session(in: context), round: 1),
                    messageType: 0x20
                ),
                to: key,
                ephemeral: KeyAgreementPrivateKey(seed: SecretBytes(copying: [UInt8](repeating: 2, count: 32))),
                signedBy: impostor
            )
        )
        try expectRefused(seeds, .badSignature(4))
    }

    @Test func `a seed of another round, attempt or aggregator is not signed for this one`() throws {
        for foreign in try [forwarded(round: 2)[2], forwarded(attempt: 1)[2]] {
            var seeds = try forwarded()
            seeds[2] = foreign
            try expectRefused(seeds, .badSignature(3))
        }
        // The leader hands one aggregator what was sealed to the other.
        let outcome = try run { sender, envelope in
            guard case .forward = envelope.message else { return [envelope] }
            return [Envelope(to: envelope.receivers == [1001] ? 1002 : 1001, envelope.message)]
        }
        #expect(outcome.learned.isEmpty)
        #expect(outcome.aborted[1001] == .violation(.badSignature(1), by: leader))
        #expect(outcome.aborted[1002] == .violation(.badSignature(1), by: leader))
        #expect(
            outcome.aborted[leader] == .abortedByPeer(1001, .refused)
                || outcome.aborted[leader] == .abortedByPeer(1002, .refused)
        )
    }

    @Test func `a seed with one byte changed is not signed`() throws {
        let scheme = try scheme()
        let format = scheme.messageFormat(in: RoundContext(task: "test", round: 1))
        let bytes = Message.forward(try forwarded()).encoded(as: format)
        // The second entry: header, length, 148 bytes an entry; its key, ciphertext, tag and signature.
        for position in [0, 31, 32, 63, 64, 79, 80, 111, 112, 143] {
            var changed = bytes
            changed[37 + 148 + 4 + position] ^= 1
            guard case .forward(let seeds) = try Message(decoding: changed, as: format) else {
                Issue.record("It is no list any more.")
                return
            }
            try expectRefused(seeds, .badSignature(2))
        }
    }

    @Test func `a second request changes nothing and gets no answer of its own`() throws {
        let seeds = try forwarded()
        var once = try aggregator()
        _ = try once.receive(.forward(seeds), from: leader)
        var twice = try aggregator()
        _ = try twice.receive(.forward(seeds), from: leader)
        #expect(
            try twice.receive(.forward(Array(seeds.dropLast())), from: leader) == .rejected(.invalid(.repeatedRequest))
        )
        let format = try scheme().messageFormat(in: RoundContext(task: "test", round: 1))
        let answers = try [once.advance(), twice.advance()].map { $0.envelopes.map { $0.message.encoded(as: format) } }
        #expect(answers[0] == answers[1] && answers[0].count == 1)
        #expect(
            try twice.receive(.forward(Array(seeds.dropLast())), from: leader) == .rejected(.invalid(.repeatedRequest))
        )
    }

    @Test func `nobody but the leader is listened to`() throws {
        var party = try aggregator()
        let seeds = try forwarded()
        for sender in [1, 1002] as [PartyID] {
            #expect(try party.receive(.abort(.refused), from: sender) == .rejected(.unexpected))
            #expect(try party.receive(.forward(seeds), from: sender) == .rejected(.unexpected))
        }
        #expect(throws: AggregationError.abortedByPeer(leader, .tooFewParties)) {
            try party.receive(.abort(.tooFewParties), from: leader)
        }
    }

    @Test func `a contributor cannot end the round by giving up to an aggregator`() throws {
        let outcome = try run { sender, envelope in
            sender == 3 ? [envelope, Envelope(to: [1001, 1002], .abort(.refused))] : [envelope]
        }
        #expect(outcome.aggregate?.sum == expectedSum(inputs, of: inputs.keys, width: 64))
        #expect(outcome.aborted.isEmpty)
        #expect(outcome.rejections.map(\.reason) == [.unexpected, .unexpected])
    }

    // MARK: Losses among the helpers

    @Test func `without an aggregator the leader learns nothing and says so`() throws {
        for aggregator in [1001, 1002] as [PartyID] {
            for send in 0...1 {
                let outcome = try run(faults: .losing([aggregator], beforeSend: send))
                #expect(outcome.learned.isEmpty)
                #expect(outcome.aborted == [leader: .tooFewParties(stage: "combine", have: 1, need: 2)])
            }
        }
    }

    @Test func `without the leader all aggregators give up`() throws {
        for send in 0...1 {
            let outcome = try run(faults: .losing([leader], beforeSend: send))
            let error = AggregationError.tooFewParties(stage: "forward", have: 0, need: 1)
            #expect(outcome.aborted == [1001: error, 1002: error])
        }
    }

    @Test func `a leader with too few contributors tells the aggregators`() throws {
        let outcome = try run(faults: .losing([1, 2, 3], beforeSend: 0))
        #expect(outcome.aborted[leader] == .tooFewParties(stage: "share", have: 2, need: 3))
        #expect(outcome.aborted[1001] == .abortedByPeer(leader, .tooFewParties))
        #expect(outcome.aborted[1002] == .abortedByPeer(leader, .tooFewParties))
    }

    // MARK: Contributors at fault

    @Test func `a share with the wrong number of seeds costs its sender its place`() throws {
        for count in [0, 1, 3] {
            let outcome = try run { sender, envelope in
                guard sender == 4, case .share(let share, let seeds) = envelope.message else { return [envelope] }
                return [Envelope(to: envelope.receivers, .share(share, seeds: Array((seeds + seeds).prefix(count))))]
            }
            #expect(outcome.aggregate?.contributors == [1, 2, 3, 5])
            #expect(outcome.aggregate?.sum == expectedSum(inputs, of: [1, 2, 3, 5], width: 64))
            #expect(
                outcome.rejections == [
                    .init(sender: 4, receiver: leader, reason: .invalid(.wrongCount(expected: 2, actual: count)))
                ]
            )
        }
    }

    @Test func `a contributor whose seed does not open is named by the aggregator`() throws {
        // The leader cannot see it; the aggregator names the contributor, and the round ends.
        let scheme = try scheme()
        func secret(_ byte: UInt8) -> SecretBytes { SecretBytes(copying: [UInt8](repeating: byte, count: 32)) }
        let sealed = try SealedSeed(
            secret(1),
            along: SealedSeed.Route(
                contributor: 4,
                aggregator: 1001,
                keys: KeySchedule(session: scheme.session(in: RoundContext(task: "test", round: 1)), round: 1),
                messageType: 0x20
            ),
            to: KeyAgreementPrivateKey(seed: secret(2)).publicKey,
            ephemeral: KeyAgreementPrivateKey(seed: secret(3)),
            signedBy: #require(scheme.enrollment.signingKeys[4])
        )
        let outcome = try run { sender, envelope in
            guard sender == 4, case .share(let share, let seeds) = envelope.message else { return [envelope] }
            return [Envelope(to: envelope.receivers, .share(share, seeds: [sealed, seeds[1]]))]
        }
        #expect(outcome.learned.isEmpty)
        #expect(outcome.aborted[1001] == .inconsistentShares(dealer: 4))
        #expect(outcome.aborted[leader] == .inconsistentShares(dealer: 4))
    }

    @Test func `a contributor that signs for another aggregator loses its place, and nobody else`() throws {
        let outcome = try run { sender, envelope in
            guard sender == 4, case .share(let share, let seeds) = envelope.message else { return [envelope] }
            return [Envelope(to: envelope.receivers, .share(share, seeds: seeds.reversed()))]
        }
        #expect(outcome.aggregate?.contributors == [1, 2, 3, 5])
        #expect(outcome.rejections.map(\.reason) == [.invalid(.badSignature(4))])
    }

    @Test func `a leader takes one share of a contributor and one answer of an aggregator, each in its step`() throws {
        let scheme = try scheme()
        let context = RoundContext(task: "test", round: 1)
        var party = try scheme.makeParty(leader, contributing: nil, in: context, using: SystemRandomness())
        _ = try party.start()
        for id in scheme.contributors {
            var contributor = try scheme.makeParty(
                id,
                contributing: inputs[id],
                in: context,
                using: SimulationRandomness(seed: 1).generator(for: id, in: context)
            )
            let message = try #require(try contributor.start().envelopes.first?.message)
            #expect(try party.receive(message, from: id) == .accepted)
            #expect(try party.receive(message, from: id) == .rejected(.conflicting))
            // A contributor does nothing any more.
            #expect(try contributor.receive(message, from: leader) == .rejected(.unexpected))
            #expect(throws: AggregationError.outOfOrder) { try contributor.advance() }
        }
        let forwards = try party.advance().envelopes
        for envelope in forwards {
            var aggregator = try scheme.makeParty(
                envelope.receivers[0],
                contributing: nil,
                in: context,
                using: SystemRandomness()
            )
            _ = try aggregator.start()
            _ = try aggregator.receive(envelope.message, from: leader)
            let answer = try #require(try aggregator.advance().envelopes.first?.message)
            #expect(try aggregator.receive(answer, from: leader) == .rejected(.unexpected))
            #expect(try party.receive(envelope.message, from: envelope.receivers[0]) == .rejected(.unexpected))
            #expect(try party.receive(answer, from: envelope.receivers[0]) == .accepted)
            #expect(try party.receive(answer, from: envelope.receivers[0]) == .rejected(.conflicting))
        }
        guard case .finished(_, let aggregate?) = try party.advance() else {
            Issue.record("The leader does not finish.")
            return
        }
        // What was refused was not added.
        #expect(aggregate.sum == expectedSum(inputs, of: inputs.keys, width: 64))
    }

    // MARK: What helpers see

    /// The vector of 64-bit elements in a message, after the header of 34 and the vector's of 5 bytes.
    private func elements(of entry: MessageLog.Entry) -> [UInt64] {
        (0..<4).map { index in
            (0..<8).reduce(UInt64(0)) { $0 | UInt64(entry.bytes[39 + 8 * index + $1]) << (8 * UInt64($1)) }
        }
    }

    @Test func `shares are fresh in every coordinate, for every helper`() throws {
        func views(seed: UInt64, round: UInt64) throws -> [String: [UInt64]] {
            let log = MessageLog()
            _ = try run(seed: seed, round: round, log: log)
            return Dictionary(
                uniqueKeysWithValues: log.entries.filter { $0.type == 0x20 || $0.type == 0x22 }.map {
                    ("\($0.from) \($0.to)", elements(of: $0))
                }
            )
        }
        let first = try views(seed: 1, round: 1)
        #expect(first.count == 7)
        for other in try [views(seed: 2, round: 1), views(seed: 1, round: 2)] {
            for (channel, elements) in first {
                #expect(zip(elements, other[channel] ?? []).allSatisfy { $0 != $1 })
                #expect(other[channel]?.count == 4)
            }
        }
        // No share is its owner's vector in any coordinate.
        for (id, vector) in inputs {
            #expect(zip(vector, first["\(id) 1000"] ?? []).allSatisfy { $0 != $1 })
        }
    }

    @Test func `no two seeds or keys of a round are the same`() throws {
        let log = MessageLog()
        _ = try run(log: log)
        var blocks: [[UInt8]] = []
        for entry in log.entries where entry.type == 0x20 {
            // Two sealed seeds of 32 + 48 + 64 bytes at the end: their keys and ciphertexts.
            for start in [0, 32, 144, 176] {
                blocks.append(Array(entry.bytes.suffix(288)[(entry.bytes.count - 288 + start)...].prefix(32)))
            }
        }
        #expect(blocks.count == 20 && Set(blocks).count == 20)
    }

    // MARK: Configurations

    @Test func `a scheme with one helper, or an aggregator without its key, cannot be made`() throws {
        #expect(throws: AggregationError.tooFewHelpers(have: 1, minimum: 2)) {
            try AdditiveAggregation<UInt32>(
                contributors: [1, 2, 3],
                leader: 9,
                aggregators: [],
                enrollment: .simulated([1, 2, 3], []),
                dimension: 1,
                width: RingWidth(bits: 8)
            )
        }
        let scheme = try scheme()
        func make(_ change: (inout SharingEnrollment) -> Void) throws -> AdditiveAggregation<UInt64> {
            var enrollment = scheme.enrollment
            change(&enrollment)
            return try AdditiveAggregation<UInt64>(
                contributors: scheme.contributors,
                leader: leader,
                aggregators: scheme.aggregators,
                enrollment: enrollment,
                dimension: 4,
                width: scheme.width
            )
        }
        // Without the public key of one of them there is no scheme.
        #expect(throws: AggregationError.missingKey(1002)) { try make { $0.aggregatorKeys[1002] = nil } }
        #expect(throws: AggregationError.missingKey(4)) { try make { $0.contributorKeys[4] = nil } }
        // At client 1, no private key but its own is there.
        let clientSide = try make {
            $0.privateKeys = [:]
            $0.signingKeys = $0.signingKeys.filter { $0.key == 1 }
        }
        let context = RoundContext(task: "test", round: 1)
        #expect(throws: AggregationError.missingKey(2)) {
            try clientSide.makeParty(2, contributing: inputs[2], in: context, using: SystemRandomness())
        }
        #expect(throws: AggregationError.missingKey(1001)) {
            try clientSide.makeParty(1001, contributing: nil, in: context, using: SystemRandomness())
        }
        #expect(throws: AggregationError.unknownParty(77)) {
            try clientSide.makeParty(77, contributing: nil, in: context, using: SystemRandomness())
        }
        #expect(throws: AggregationError.missingVector(1)) {
            try clientSide.makeParty(1, contributing: nil, in: context, using: SystemRandomness())
        }
        // Private keys are no part of the session.
        #expect(clientSide.session(in: context) == scheme.session(in: context))
    }

    @Test func `another key of an aggregator or a contributor makes another session`() throws {
        let scheme = try scheme()
        let context = RoundContext(task: "test", round: 1)
        let others = try SharingEnrollment.simulated(scheme.contributors, scheme.aggregators, seed: 2)
        var aggregators = scheme.enrollment
        aggregators.aggregatorKeys[1001] = others.aggregatorKeys[1001]
        var contributors = scheme.enrollment
        contributors.contributorKeys[1] = others.contributorKeys[1]
        for enrollment in [aggregators, contributors] {
            let other = try AdditiveAggregation<UInt64>(
                contributors: scheme.contributors,
                leader: leader,
                aggregators: scheme.aggregators,
                enrollment: enrollment,
                dimension: 4,
                width: scheme.width
            )
            #expect(other.session(in: context) != scheme.session(in: context))
        }
    }
}
