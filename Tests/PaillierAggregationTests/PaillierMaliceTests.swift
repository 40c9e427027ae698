// SPDX-License-Identifier: Apache-2.0

@_spi(Simulation) import PaillierAggregation
import PaillierEncryption
import ProtocolCryptography
import RingArithmetic
@_spi(Simulation) import SecureAggregation
@_spi(Simulation) import SecureRandomness
import Testing

/// Parties that send what they should not.
@Suite struct PaillierMaliceTests {
    private static let header = 51
    private static let ciphertext = 128

    /// Changes of an honest client's bytes after which they are no vector of this session.
    private static let changes: [(name: String, change: @Sendable (inout [UInt8]) -> Void)] = [
        ("nothing", { $0 = [] }),
        ("half", { $0.removeLast($0.count / 2) }),
        ("a byte less", { $0.removeLast() }),
        ("a byte more", { $0.append(0) }),
        ("another version", { $0[0] = 2 }),
        ("another kind of object", { $0[1] = 0x72 }),
        ("another key's fingerprint", { $0[2] ^= 1 }),
        ("another layout", { $0[34] ^= 1 }),
        ("another number of values", { $0[46] ^= 1 }),
        ("a weight of 2", { $0[50] = 2 }),
        ("a weight of 0", { $0[50] = 0 }),
        ("zero for a ciphertext", { bytes in for index in header..<header + ciphertext { bytes[index] = 0 } }),
        (
            "a number above n²",
            { bytes in for index in bytes.count - ciphertext..<bytes.count { bytes[index] = 0xff } }
        ),
    ]

    @Test(arguments: KeyHolderAudit.allCases, [1, 3])
    func `a client whose ciphertexts are none of this session's is dropped, and the others are summed`(
        audit: KeyHolderAudit, threads: Int
    ) throws {
        let round = try PaillierRound(dimension: 70, audit: audit, threads: threads)
        for (name, change) in Self.changes {
            var server = try round.server()
            for id: PartyID in [1, 2] { #expect(try server.receive(round.message(of: id), from: id) == .accepted) }
            var bytes = try #require(try round.message(of: 3).vector).bytes
            change(&bytes)
            let bad = try message(bytes, of: 3, in: round)
            #expect(try server.receive(bad, from: 3) == .rejected(.invalid(.badCiphertexts)), "\(name)")
            // The state is as before: who was refused may still be heard, and the sum is right.
            for id: PartyID in [3, 4] { #expect(try server.receive(round.message(of: id), from: id) == .accepted) }
            let sum = try #require(try server.advance().envelopes.first?.message)
            #expect(try round.end(on: sum).sum == round.expected([1, 2, 3, 4]), "\(name)")
        }
    }

    @Test func `numbers that share a factor with n are refused, wherever they stand`() throws {
        // 512-bit n: p itself as a ciphertext.
        let round = try PaillierRound(dimension: 70)
        let secret = try PaillierRound.keys[0].key.serialized
        let p = secret.withSpan { span in (4..<36).map { span[$0] } }
        let size = try PaillierRound.keys[0].key.publicKey.size
        for place in 0..<round.scheme.layout.ciphertexts(for: 70, in: size) {
            var bytes = try #require(try round.message(of: 1).vector).bytes
            let start = Self.header + place * Self.ciphertext
            bytes.replaceSubrange(start..<start + Self.ciphertext, with: [UInt8](repeating: 0, count: 96) + p)
            var server = try round.server()
            #expect(
                try server.receive(.ciphertexts(EncryptedVector(bytes)), from: 1)
                    == .rejected(.invalid(.badCiphertexts)))
        }
    }

    @Test func `the vector of another key is refused`() throws {
        let round = try PaillierRound()
        let other = try PaillierRound(key: 1)
        var server = try round.server()
        #expect(
            try server.receive(other.message(of: 1), from: 1) == .rejected(.invalid(.badCiphertexts)))
        // Under this key's name too, where its numbers are above n² or give nonsense: other clients are not harmed before
        // the end.
        #expect(try server.receive(round.message(of: 1), from: 1) == .accepted)
    }

    @Test(arguments: KeyHolderAudit.allCases)
    func `strangers, repeated and foreign messages are refused`(audit: KeyHolderAudit) throws {
        let round = try PaillierRound(audit: audit)
        let other = try PaillierRound(
            audit: audit == .recomputesProduct ? .trustsReportedContributors : .recomputesProduct)
        var server = try round.server()
        let message = try round.message(of: 1)
        #expect(try server.receive(message, from: 1001) == .rejected(.unexpected))
        #expect(try server.receive(message, from: 77) == .rejected(.unexpected))
        #expect(try server.receive(message, from: 1) == .accepted)
        #expect(try server.receive(message, from: 1) == .rejected(.conflicting))
        #expect(try server.receive(other.message(of: 2), from: 2) == .rejected(.unexpected))
        #expect(try server.receive(.abort(.internalFailure), from: 3) == .rejected(.senderAborted(.internalFailure)))
    }

    @Test func `a plaintext beyond its slots ends the round without detail`() throws {
        // The value that no honest client sends: every bit of the plaintext below n/2 set by a layout of one wide slot.
        let round = try PaillierRound(count: 3, dimension: 1, width: 8)
        let key = try PaillierRound.keys[0]
        let wide = try SlotLayout(valueBits: 64, isSigned: false, maximumWeight: 1)
        var randomness = SimulationRandomness(seed: 9).generator(purpose: "malice")
        let vector = try key.encryptor.encryptUnsigned([UInt64.max], layout: wide, using: &randomness).serialized
        // The right header before it.
        var bytes = try #require(try round.message(of: 3).vector).bytes
        bytes.replaceSubrange(Self.header..., with: vector[Self.header...])
        var server = try round.server()
        for id: PartyID in [1, 2] { #expect(try server.receive(round.message(of: id), from: id) == .accepted) }
        #expect(try server.receive(.ciphertexts(EncryptedVector(bytes)), from: 3) == .accepted)
        let sum = try #require(try server.advance().envelopes.first?.message)
        #expect(try round.end(on: sum).error == .violation(.badCiphertexts, by: 1000))
    }

    // MARK: A server that lies

    /// Why the option is there: without it a count is what the server says.
    @Test func `without an audit, a server that lies has one client's vector decrypted`() throws {
        let round = try PaillierRound()
        var bytes = try #require(try round.message(of: 2).vector).bytes
        bytes[50] = 5
        let end = try round.end(on: .sum(EncryptedVector(bytes), contributors: [1, 2, 3, 4, 5]))
        #expect(end.sum == round.inputs[2])
    }

    @Test func `with an audit, the key holder takes signed ciphertexts of enough contributors and nothing else`() throws
    {
        let round = try PaillierRound(audit: .recomputesProduct)
        guard case .signedSet(let honest) = try round.sum(of: [1, 2, 3, 4]) else {
            Issue.record("The server does not forward the signed set.")
            return
        }
        #expect(try round.end(on: .signedSet(honest)).sum == round.expected([1, 2, 3, 4]))
        #expect(try round.end(on: .signedSet(Array(honest.prefix(3)))).sum == round.expected([1, 2, 3]))

        func expectRefused(
            _ entries: [ForwardedCiphertexts], _ violation: ProtocolViolation,
            _ location: SourceLocation = #_sourceLocation
        ) throws {
            #expect(
                try round.end(on: .signedSet(entries)).error == .violation(violation, by: 1000),
                sourceLocation: location)
        }
        try expectRefused(Array(honest.prefix(2)), .tooFewParties(have: 2, need: 3))
        // One client under three names.
        let renamed = honest.prefix(3).map {
            ForwardedCiphertexts(contributor: $0.contributor, signed: honest[0].signed)
        }
        try expectRefused(renamed, .badSignature(2))
        try expectRefused([honest[0], honest[0], honest[0]], .unorderedParties)
        // Ciphertexts that were changed, or made up, by the server.
        var changed = honest
        changed[1].signed.vector.bytes[100] ^= 1
        try expectRefused(changed, .badSignature(2))
        changed = honest
        changed[1].signed.vector = try #require(try round.message(of: 2, contributing: [0], ofLength: 50).vector)
        try expectRefused(changed, .badSignature(2))
        changed = honest
        changed[2].signed.signature[5] ^= 1
        try expectRefused(changed, .badSignature(3))
        // Signed in another round.
        let earlier = try PaillierRound(audit: .recomputesProduct, round: 9)
        guard case .signedCiphertexts(let old) = try earlier.message(of: 2) else { throw AggregationError.outOfOrder }
        changed = honest
        changed[1].signed = old
        try expectRefused(changed, .badSignature(2))
        try expectRefused(honest + [ForwardedCiphertexts(contributor: 9, signed: honest[0].signed)], .foreignParty(9))
    }

    @Test func `with an audit, a product that the server made is not taken`() throws {
        let trusting = try PaillierRound()
        let auditing = try PaillierRound(audit: .recomputesProduct)
        var keyHolder = try auditing.party(1001)
        _ = try keyHolder.start()
        #expect(try keyHolder.receive(trusting.sum(of: [1, 2, 3]), from: 1000) == .rejected(.unexpected))
        // On the wire neither kind of session knows the messages of the other.
        let format = auditing.scheme.messageFormat(in: auditing.context)
        let bytes = try trusting.sum(of: [1, 2, 3]).encoded(as: format)
        #expect(throws: WireError.unknownType(0x61)) { try PaillierMessage(decoding: bytes, as: format) }
    }

    @Test func `with an audit, a client whose signature is wrong is dropped by the server`() throws {
        let round = try PaillierRound(audit: .recomputesProduct)
        var server = try round.server()
        guard case .signedCiphertexts(var signed) = try round.message(of: 1) else { throw AggregationError.outOfOrder }
        #expect(try server.receive(.signedCiphertexts(signed), from: 2) == .rejected(.invalid(.badSignature(2))))
        signed.signature[0] ^= 1
        #expect(try server.receive(.signedCiphertexts(signed), from: 1) == .rejected(.invalid(.badSignature(1))))
        #expect(try server.receive(round.message(of: 1), from: 1) == .accepted)
    }

    /// A message of these bytes, signed where the session wants it.
    private func message(_ bytes: [UInt8], of id: PartyID, in round: PaillierRound) throws -> PaillierMessage {
        guard round.scheme.audit == .recomputesProduct else { return .ciphertexts(EncryptedVector(bytes)) }
        let key = try #require(round.scheme.enrollment.signingKeys[id])
        return .signedCiphertexts(
            try SignedCiphertexts(
                EncryptedVector(bytes), of: id, in: round.scheme.session(in: round.context), signedBy: key))
    }
}

extension PaillierRound {
    /// What a contributor sends of a vector that is one element, repeated.
    fileprivate func message(
        of id: PartyID, contributing element: [UInt32], ofLength count: Int
    ) throws -> PaillierMessage {
        try message(of: id, contributing: [UInt32](repeating: element[0], count: count))
    }
}
