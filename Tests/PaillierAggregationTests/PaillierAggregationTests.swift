// SPDX-License-Identifier: Apache-2.0

@_spi(Simulation) import PaillierAggregation
import PaillierEncryption
import ProtocolCryptography
import RingArithmetic
@_spi(Simulation) import SecureAggregation
@_spi(Simulation) import SecureRandomness
import Testing

@Suite struct PaillierAggregationTests {
    /// 1,000 elements take 50 ciphertexts of the small key.
    @Test(arguments: KeyHolderAudit.allCases, [1, 2, 3, 7])
    func `the sum is that of the plain scheme, and the bytes are the same on any number of threads`(
        audit: KeyHolderAudit, threads: Int
    ) throws {
        func run(_ threads: Int) throws -> (outcome: AggregationOutcome<UInt32>, plain: AggregationOutcome<UInt32>) {
            let round = try PaillierRound(count: 6, dimension: 1_000, audit: audit, threads: threads)
            let faults = FaultSchedule.losing([4], beforeSend: 0)
            let plain = try Insecure.Plain<UInt32>(
                contributors: round.scheme.contributors, server: 1000, dimension: 1_000, width: round.scheme.width)
            return (
                AggregationDriver(
                    scheme: round.scheme, context: round.context, randomness: SimulationRandomness(seed: 3),
                    faults: faults, recordsTranscript: true
                ).run { round.inputs[$0] ?? [] },
                AggregationDriver(
                    scheme: plain, context: round.context, randomness: SimulationRandomness(seed: 3), faults: faults
                ).run { round.inputs[$0] ?? [] }
            )
        }
        let (outcome, plain) = try run(threads)
        #expect(outcome.learned[1001] == plain.learned[1000])
        #expect(outcome.learned[1001]?.contributors == [1, 2, 3, 5, 6])
        #expect(outcome.learned.count == 1 && outcome.rejections.isEmpty)
        #expect(try outcome.transcript.head == run(1).outcome.transcript.head)
    }

    @Test func `elements that are known to be small take narrower slots, and a larger one is not sent`() throws {
        let wide = try PaillierRound(count: 4, width: 20)
        let narrow = try PaillierRound(count: 4, width: 20, elementWidth: 8)
        #expect(wide.scheme.layout.slotBits == 22 && narrow.scheme.layout.slotBits == 10)
        #expect(try narrow.end(on: narrow.sum(of: [1, 2, 3, 4])).sum == narrow.expected([1, 2, 3, 4]))
        var vector = narrow.inputs[1] ?? []
        vector[7] = 255
        #expect(throws: Never.self) { try narrow.message(of: 1, contributing: vector) }
        vector[7] = 256
        #expect(throws: AggregationError.elementOutOfRange(index: 7, bits: 8)) {
            try narrow.message(of: 1, contributing: vector)
        }
    }

    @Test func `elements are reduced to the ring before they are encrypted, and sums after they were decrypted`() throws
    {
        let round = try PaillierRound(count: 3, dimension: 2, width: 20)
        let vectors: [PartyID: [UInt32]] = [1: [1 << 20 | 5, .max], 2: [7, 1], 3: [1 << 19, 1 << 19]]
        var server = try round.server()
        for (id, vector) in vectors {
            #expect(try server.receive(round.message(of: id, contributing: vector), from: id) == .accepted)
        }
        let sum = try #require(try server.advance().envelopes.first?.message)
        #expect(try round.end(on: sum).sum == [1 << 19 | 12, 1 << 19])
    }

    @Test func `the same vector twice gives other ciphertexts, and the sum that leaves is under fresh randomness`()
        throws
    {
        let round = try PaillierRound(dimension: 3)
        let first = try #require(try round.message(of: 1).vector)
        let again = try #require(try round.message(of: 1, seed: 2).vector)
        #expect(first != again)
        #expect(first == (try round.message(of: 1).vector))
        // The product of what was sent, without the server's own randomness.
        let key = round.scheme.enrollment.encryptor.publicKey
        var product = PackedAccumulator(key: key, layout: round.scheme.layout, count: 3)
        for id: PartyID in [1, 2, 3] {
            try product.fold(serialized: #require(try round.message(of: id).vector).bytes)
        }
        let sent = try #require(try round.sum(of: [1, 2, 3]).vector)
        #expect(product.unrandomizedSum?.serialized.count == sent.bytes.count)
        #expect(product.unrandomizedSum?.serialized != sent.bytes)
    }

    @Test func `a cohort below the minimum is not summed by the server, nor decrypted by the key holder`() throws {
        let round = try PaillierRound(minimumCohort: MinimumCohort(4))
        var server = try round.server()
        for id: PartyID in [1, 2, 3] { #expect(try server.receive(round.message(of: id), from: id) == .accepted) }
        let refusal = try server.advance()
        #expect(refusal.error == .tooFewParties(stage: "encrypt", have: 3, need: 4))
        guard case .abort(.tooFewParties)? = refusal.envelopes.first?.message else {
            Issue.record("The key holder is not told.")
            return
        }
        // A server that does not keep to it, over the same session: one with a minimum of 3 has another one.
        let (_, vector) = try listed(round.sum(of: [1, 2, 3, 4]))
        for count in 0...3 {
            let list = (1...4).prefix(count).map { PartyID($0) }
            #expect(
                try round.end(on: .sum(vector, contributors: list)).error
                    == .violation(.tooFewParties(have: count, need: 4), by: 1000))
        }
        #expect(try round.end(on: .sum(vector, contributors: [1, 2, 3, 4])).sum == round.expected([1, 2, 3, 4]))
    }

    @Test func `the key holder refuses lists that name strangers, or not as many as the sum has`() throws {
        let round = try PaillierRound()
        let (contributors, vector) = try listed(round.sum(of: [1, 2, 3, 4]))
        #expect(contributors == [1, 2, 3, 4])
        for (list, violation) in [
            ([1, 2, 3, 9], .foreignParty(9)), ([1, 2, 3, 1000], .foreignParty(1000)),
            ([1, 2, 3, 3], .unorderedParties), ([4, 3, 2, 1], .unorderedParties),
            ([1, 2, 3], .badCiphertexts), ([1, 2, 3, 4, 5], .badCiphertexts),
        ] as [([PartyID], ProtocolViolation)] {
            #expect(
                try round.end(on: .sum(vector, contributors: list)).error == .violation(violation, by: 1000))
        }
        #expect(try round.end(on: .sum(vector, contributors: contributors)).sum == round.expected(contributors))
    }

    @Test func `the key holder listens to the server only, and once`() throws {
        let round = try PaillierRound()
        let message = try round.sum(of: [1, 2, 3])
        var keyHolder = try round.party(1001)
        _ = try keyHolder.start()
        #expect(try keyHolder.receive(message, from: 2) == .rejected(.unexpected))
        #expect(try keyHolder.receive(.abort(.refused), from: 2) == .rejected(.unexpected))
        #expect(try keyHolder.receive(round.message(of: 2), from: 1000) == .rejected(.unexpected))
        #expect(try keyHolder.receive(message, from: 1000) == .accepted)
        #expect(try keyHolder.receive(message, from: 1000) == .rejected(.invalid(.repeatedRequest)))
        #expect(throws: AggregationError.abortedByPeer(1000, .refused)) {
            try keyHolder.receive(.abort(.refused), from: 1000)
        }
    }

    @Test func `the key holder decrypts once in a round`() throws {
        let journal = ShareReleaseJournal()
        let round = try PaillierRound(journal: journal)
        let message = try round.sum(of: [1, 2, 3])
        // Two attempts that began together: one of them gets an answer.
        var second = try round.party(1001)
        _ = try second.start()
        #expect(try second.receive(message, from: 1000) == .accepted)
        #expect(try round.end(on: message).sum != nil)
        _ = try second.advance()
        #expect(try second.advance().error == .sharesAlreadyReleased(round: 1))
        #expect(throws: AggregationError.sharesAlreadyReleased(round: 1)) { try round.party(1001) }
        #expect(throws: Never.self) { try PaillierRound(round: 2, journal: journal).party(1001) }
        // What is refused before it was decrypted costs nothing.
        let other = try PaillierRound(round: 3, journal: journal)
        let (_, vector) = try listed(other.sum(of: [1, 2, 3]))
        #expect(try other.end(on: .sum(vector, contributors: [1, 2, 3, 4])).error != nil)
        #expect(try other.end(on: .sum(vector, contributors: [1, 2, 3])).sum != nil)
    }

    /// Slots of 34 bits, 15 a ciphertext of 128 bytes: 503 million elements take 4 GiB.
    @Test func `vectors whose length the wire cannot say are refused`() throws {
        let keys = try PaillierRound.keys[0]
        for (dimension, isTaken) in [(503_000_000, true), (504_000_000, false), (Int(UInt32.max), false)] {
            func make() throws {
                _ = try PaillierAggregation<UInt32>(
                    contributors: [1, 2, 3], server: 1000, keyHolder: 1001,
                    enrollment: PaillierEnrollment(encryptor: keys.encryptor), dimension: dimension,
                    width: RingWidth(bits: 32))
            }
            if isTaken {
                try make()
            } else {
                #expect(throws: AggregationError.dimensionOutOfRange(dimension)) { try make() }
            }
        }
    }

    @Test func `parameters and keys are part of the session`() throws {
        let base = try PaillierRound()
        let session = base.scheme.session(in: base.context)
        #expect(try PaillierRound().scheme.session(in: base.context) == session)
        for other in [
            try PaillierRound(key: 1), try PaillierRound(audit: .recomputesProduct), try PaillierRound(width: 21),
            try PaillierRound(elementWidth: 19), try PaillierRound(dimension: 51),
            try PaillierRound(minimumCohort: MinimumCohort(4)), try PaillierRound(count: 6),
        ] {
            #expect(other.scheme.session(in: base.context) != session)
        }
        #expect(try PaillierRound(threads: 2).scheme.session(in: base.context) == session)
        #expect(base.scheme.session(in: RoundContext(task: "test", round: 2)) != session)
    }

    @Test func `a key of somebody else, or none, makes no scheme and no party`() throws {
        let keys = try PaillierRound.keys
        func scheme(_ enrollment: PaillierEnrollment, audit: KeyHolderAudit = .trustsReportedContributors) throws
            -> PaillierAggregation<UInt32>
        {
            try PaillierAggregation(
                contributors: [1, 2, 3], server: 1000, keyHolder: 1001, enrollment: enrollment, audit: audit,
                dimension: 1, width: RingWidth(bits: 8))
        }
        #expect(throws: AggregationError.unusableKey(.ownKeysChanged)) {
            try scheme(PaillierEnrollment(encryptor: keys[0].encryptor, privateKey: keys[1].key))
        }
        let context = RoundContext(task: "test", round: 1)
        let published = try scheme(PaillierEnrollment(encryptor: keys[0].encryptor))
        #expect(throws: AggregationError.missingKey(1001)) {
            try published.makeParty(1001, contributing: nil, in: context, using: SystemRandomness())
        }
        #expect(throws: Never.self) {
            try published.makeParty(1, contributing: [1], in: context, using: SystemRandomness())
        }
        #expect(throws: AggregationError.missingKey(1)) {
            try scheme(PaillierEnrollment(encryptor: keys[0].encryptor), audit: .recomputesProduct)
        }
        #expect(throws: AggregationError.unknownParty(4)) {
            try published.makeParty(4, contributing: [1], in: context, using: SystemRandomness())
        }
        var enrollment = try PaillierEnrollment(
            encryptor: keys[0].encryptor, privateKey: keys[0].key, signers: [1, 2, 3],
            randomness: SimulationRandomness(seed: 1))
        enrollment.signingKeys[2] = nil
        #expect(throws: AggregationError.missingKey(2)) {
            try scheme(enrollment, audit: .recomputesProduct).makeParty(
                2, contributing: [1], in: context, using: SystemRandomness())
        }
        enrollment.contributorKeys[2] = enrollment.contributorKeys[1]
        #expect(throws: AggregationError.unusableKey(.duplicateKey(2))) {
            try scheme(enrollment, audit: .recomputesProduct)
        }
    }

    private func listed(_ message: PaillierMessage) throws -> (contributors: [PartyID], vector: EncryptedVector) {
        guard case .sum(let vector, let contributors) = message else { throw AggregationError.outOfOrder }
        return (contributors, vector)
    }
}
