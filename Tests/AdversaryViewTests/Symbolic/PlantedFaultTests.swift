// SPDX-License-Identifier: Apache-2.0

import PairwiseMasking
import ProtocolCryptography
import RingArithmetic
@_spi(Simulation) import SecureAggregation
@_spi(Simulation) import SecureRandomness
@_spi(Simulation) import SharingAggregation
import Testing

/// Parties that are wrong on purpose: the proof says no to each, and how much was learned.
@Suite struct PlantedFaultTests {
    private let context = RoundContext(task: "proof", round: 1)
    private let server = SecAggProofTests.server
    private let word = 64

    private func secAgg(
        count: Int,
        threshold: Int,
        neighbors: Int? = nil,
        threat: ThreatModel = .curious,
        faults: [FaultSchedule.Fault] = [],
        round: UInt64 = 1,
        registry: SymbolRegistry = SymbolRegistry(),
        run: Int = 0,
        tampering: ((SecAggSecrets) -> TamperedScheme<SecAgg<LinearForm>>.Tampering)? = nil
    ) throws -> SecAggProof {
        func makeScheme() throws -> SecAgg<LinearForm> {
            try SecAggProofTests.scheme(count: count, threshold: threshold, neighbors: neighbors, threat: threat)
        }
        let context = RoundContext(task: "proof", round: round)
        // Without faults first, for the keys; with another journal, since shares are released.
        let rehearsal = try makeScheme()
        let secrets = try SecAggSecretsCache().secrets(rehearsal, of: Recording(rehearsal, context: context))
        let scheme = try makeScheme()
        let recording = Recording(
            scheme, context: context, faults: FaultSchedule(faults), registry: registry, run: run,
            tampering: tampering?(secrets))
        return SecAggProof(recording: recording, secrets: secrets)
    }

    private func finding(_ proof: SecAggProof, _ colluders: Set<PartyID>) -> Finding {
        proof.view(of: colluders).compare(with: proof.allowed(to: colluders))
    }

    /// A client that changes the form that it sends.
    private static func changingVector(
        of client: PartyID,
        _ secrets: SecAggSecrets,
        _ change: @escaping @Sendable (LinearForm) -> LinearForm
    ) -> TamperedScheme<SecAgg<LinearForm>>.Tampering {
        let format = secrets.scheme.messageFormat(in: secrets.context)
        return { sender, envelope in
            guard sender == client, case .maskedVector = envelope.message else { return [envelope] }
            let bytes = envelope.message.encoded(as: format)
            var decoder = WireDecoder(Array(bytes.dropFirst(Recording.headerByteCount)))
            guard let vector: [LinearForm] = try? decoder.readVector(as: format) else { return [] }
            var encoder = WireEncoder()
            encoder.write(bytes: Array(bytes.prefix(Recording.headerByteCount)))
            encoder.write(vector: vector.map(change), as: format)
            guard let message = try? SecAggMessage<LinearForm>(decoding: encoder.bytes, as: format) else { return [] }
            return [Envelope(to: envelope.receivers, message)]
        }
    }

    private static func form(of mask: MaskFingerprint?) -> LinearForm {
        mask.map { SymbolRegistry.current.form(of: .mask($0, coordinate: 0)) } ?? .zero
    }

    /// After its vector is sent, before the list of survivors.
    private func late(_ client: PartyID) -> FaultSchedule.Fault {
        .delay(client, send: 2, ticks: 100 * AggregationTiming.ticksPerStage)
    }

    // MARK: SecAgg

    @Test func `without a fault, nothing is found`() throws {
        let proof = try secAgg(count: 5, threshold: 3, faults: [.loss(5, beforeSend: 2)])
        for colluders in proof.coalitions { #expect(finding(proof, colluders).isExact) }
        let late = try secAgg(count: 5, threshold: 3, faults: [late(1)])
        for colluders in late.coalitions { #expect(finding(late, colluders).isExact) }
    }

    /// Clients that give the server their shares of both secrets of client 1, which is in the sum.
    private func releasingBoth(_ traitors: Set<PartyID>) throws -> SecAggProof {
        try secAgg(count: 5, threshold: 3, faults: [.loss(5, beforeSend: 2)]) { secrets in
            { sender, envelope in
                guard case .revealedShares = envelope.message, traitors.contains(sender) else { return [envelope] }
                let other = secrets.shares[ClientSecret(kind: .maskSeed, owner: 1)]?[sender] ?? []
                let second = RevealedShare(of: 1, share: SecretBytes(copying: other))
                return [envelope, Envelope(to: envelope.receivers, .revealedShares([second]))]
            }
        }
    }

    @Test func `a server that is handed both secrets of a client is found`() throws {
        for traitors in ([1, 2, 3, 4] as [PartyID]).subsets(upTo: 4) {
            let proof = try releasingBoth(traitors)
            #expect(proof.recording.outcome.learned[server] != nil)
            for colluders in proof.coalitions {
                // With t shares of its mask seed the vector is bare; it is in nobody's sum where it was known before.
                // A colluder's shares count too, whether it released them or not.
                let shares = traitors.union(colluders).count
                let isBare = shares >= 3 && !colluders.contains(1)
                #expect(finding(proof, colluders).excess == (isBare ? word : 0))
            }
        }
    }

    @Test func `a client that forgets its own mask is found once it is late`() throws {
        let forgetful: (SecAggSecrets) -> TamperedScheme<SecAgg<LinearForm>>.Tampering = { secrets in
            Self.changingVector(of: 2, secrets) { $0 - Self.form(of: secrets.selfMask(of: 2)) }
        }
        let late = try secAgg(count: 4, threshold: 3, faults: [late(2)], tampering: forgetful)
        #expect(late.survivors == [1, 3, 4])
        #expect(finding(late, []).excess == word)
        #expect(finding(late, [1]).excess == word)
        // In time its own mask is revealed anyway: the view shows no more, but the sum is wrong.
        let punctual = try secAgg(count: 4, threshold: 3, tampering: forgetful)
        #expect(punctual.recording.outcome.learned[server]?.sum != punctual.recording.sums(over: [1, 2, 3, 4]))
    }

    @Test func `a mask of twice the key's stream is found to show one bit`() throws {
        let proof = try secAgg(count: 4, threshold: 3, faults: [late(2)]) { secrets in
            Self.changingVector(of: 2, secrets) { $0 + Self.form(of: secrets.selfMask(of: 2)) }
        }
        #expect(finding(proof, []).excess == 1)
        #expect(finding(proof, [2]).excess == 0)
    }

    @Test func `a pairwise mask that one side alone uses is found`() throws {
        let proof = try secAgg(count: 4, threshold: 3) { secrets in
            // The lower of the two ids subtracts it.
            Self.changingVector(of: 1, secrets) { $0 + Self.form(of: secrets.pairwiseMask(of: 1, 2)) }
        }
        #expect(proof.recording.outcome.learned[server]?.sum != proof.recording.sums(over: [1, 2, 3, 4]))
        // Where only 1 and 2 are honest, it was the last mask on the vector of 1.
        #expect(finding(proof, [3, 4]).excess == word)
    }

    @Test func `one pairwise mask that is used in two rounds is found`() throws {
        func rounds(reusing: Bool) throws -> [SecAggProof] {
            let registry = SymbolRegistry()
            let first = try secAgg(count: 5, threshold: 4, registry: registry, run: 1)
            let old = first.secrets.pairwiseMask(of: 1, 2)
            let second = try secAgg(count: 5, threshold: 4, round: 2, registry: registry, run: 2) { secrets in
                let new = secrets.pairwiseMask(of: 1, 2)
                let one = Self.changingVector(of: 1, secrets) { $0 + Self.form(of: new) - Self.form(of: old) }
                let two = Self.changingVector(of: 2, secrets) { $0 - Self.form(of: new) + Self.form(of: old) }
                return { sender, envelope in
                    guard reusing else { return [envelope] }
                    return sender == 1 ? one(sender, envelope) : two(sender, envelope)
                }
            }
            #expect(second.recording.outcome.learned[server]?.sum == second.recording.sums(over: [1, 2, 3, 4, 5]))
            return [first, second]
        }
        func finding(_ proofs: [SecAggProof], _ colluders: Set<PartyID>) -> Finding {
            var view = proofs[0].view(of: colluders)
            let other = proofs[1].view(of: colluders)
            view = AdversaryView(
                ring: view.ring, symbols: other.symbols, forms: view.forms + other.forms,
                knownMasks: view.knownMasks.union(other.knownMasks))
            return view.compare(with: proofs.flatMap { $0.allowed(to: colluders) })
        }
        let honest = try rounds(reusing: false)
        for colluders in honest[0].coalitions {
            let found = finding(honest, colluders)
            #expect(found.isExact && found.rank == 2 * (colluders.count + 1))
        }
        let reusing = try rounds(reusing: true)
        var found: Set<Set<PartyID>> = []
        for colluders in reusing[0].coalitions where finding(reusing, colluders).excess > 0 {
            #expect(finding(reusing, colluders).excess == word)
            found.insert(colluders)
        }
        // It shows the difference of one client's vectors where it is the only path between 1 and 2.
        #expect(found == [[3, 4, 5]])
    }

    @Test func `a seed in the clear is found`() throws {
        let proof = try secAgg(count: 5, threshold: 3) { secrets in
            { sender, envelope in
                guard sender == 2, case .encryptedShares(let boxes) = envelope.message else { return [envelope] }
                let seed = secrets.maskKeys[2].map { SecAggSecrets.copy(of: $0.seed) } ?? []
                var changed = boxes
                let rest = boxes[0].box.count - seed.count
                changed[0] = AddressedBox(party: boxes[0].party, box: seed + [UInt8](repeating: 0, count: rest))
                return [Envelope(to: envelope.receivers, .encryptedShares(changed))]
            }
        }
        #expect(finding(proof, []).excess == word)
        #expect(finding(proof, [2]).excess == 0)
    }

    @Test(arguments: [(5, 3), (6, 4)]) func `t colluding clients are found, all of them`(
        count: Int,
        threshold: Int
    ) throws {
        let proof = try secAgg(count: count, threshold: threshold)
        let ids = proof.secrets.scheme.contributors
        for colluders in ids.subsets(upTo: count - 2) {
            // With t shares of every secret all vectors lie open.
            let excess = colluders.count >= threshold ? (count - colluders.count - 1) * word : 0
            #expect(finding(proof, colluders).excess == excess)
        }
    }

    @Test func `on a sparse graph, t neighbors of one client are found`() throws {
        let proof = try secAgg(count: 8, threshold: 3, neighbors: 4)
        let ids = proof.secrets.scheme.contributors
        var bare = 0
        for colluders in ids.subsets(upTo: 4) {
            // The vectors of those lie open who have t neighbors in the coalition, and of those who are cut off from the
            // others; the rest is in one sum, or in one for each part.
            let open = ids.filter {
                !colluders.contains($0)
                    && (proof.secrets.neighbors[$0] ?? []).intersection(colluders).count >= 3
            }
            let parts = proof.honestParts(without: colluders.union(open)).count
            let found = finding(proof, colluders)
            #expect(found.learned == (colluders.count + open.count + parts) * word)
            if !open.isEmpty { bare += 1 }
        }
        #expect(bare > 0)
    }

    @Test(arguments: [nil, 4]) func `a server that is handed both secrets of a client is found in all threat models`(
        neighbors: Int?
    ) throws {
        for threat in ThreatModel.allCases {
            let victim: PartyID = 1
            let proof = try secAgg(
                count: 7, threshold: neighbors == nil ? 4 : 3, neighbors: neighbors, threat: threat
            ) { secrets in
                { sender, envelope in
                    guard case .revealedShares = envelope.message, sender != victim else { return [envelope] }
                    let other = secrets.shares[ClientSecret(kind: .maskSeed, owner: victim)]?[sender] ?? []
                    guard !other.isEmpty else { return [envelope] }
                    let second = RevealedShare(of: victim, share: SecretBytes(copying: other))
                    return [envelope, Envelope(to: envelope.receivers, .revealedShares([second]))]
                }
            }
            #expect(proof.recording.outcome.learned[server] != nil)
            #expect(finding(proof, []).excess == word)
            #expect(finding(proof, [victim]).excess == 0)
        }
    }

    // MARK: Sharing

    private func additive(
        contributors: Int,
        aggregators: Int,
        faults: FaultSchedule = .none,
        registry: SymbolRegistry = SymbolRegistry(),
        tampering: TamperedScheme<AdditiveAggregation<LinearForm>>.Tampering? = nil
    ) throws -> SharingProof {
        let scheme = try SharingProofTests.additive(contributors: contributors, aggregators: aggregators)
        return try SharingProof(
            scheme, recording: Recording(scheme, faults: faults, registry: registry, tampering: tampering))
    }

    private func finding(_ proof: SharingProof, _ coalition: Set<PartyID>) -> Finding {
        proof.view(of: coalition).compare(with: proof.allowed(to: coalition))
    }

    @Test func `an aggregator that answers two lists is found`() throws {
        let registry = SymbolRegistry()
        // The same seeds, and a second aggregator with the key of the first and no memory of its answer.
        let first = try additive(contributors: 4, aggregators: 1, registry: registry)
        let second = try additive(
            contributors: 4, aggregators: 1, faults: .losing([4], beforeSend: 0), registry: registry)
        var view = first.view(of: [1000])
        #expect(view.compare(with: first.allowed(to: [1000])).isExact)
        view.forms += second.view(of: [1000]).forms
        #expect(view.compare(with: first.allowed(to: [1000])).excess == word)
        // It is the vector of the client that one list lacks.
        #expect(view.compare(with: first.allowed(to: [1000, 4])).excess == 0)
    }

    @Test func `a leader that sees one seed in the clear is found`() throws {
        for aggregators in [1, 2] {
            let honest = try additive(contributors: 4, aggregators: aggregators)
            let seed = honest.seed(of: 2, for: 1001)
            let format = honest.recording.format
            let proof = try additive(contributors: 4, aggregators: aggregators) { sender, envelope in
                guard sender == 2 else { return [envelope] }
                var bytes = envelope.message.encoded(as: format)
                // The vector has 5 bytes and its packed elements, the list of seeds a length, the first seed a key of 32.
                let box = Recording.headerByteCount + 5 + 8 * format.dimension + 2 + 32
                bytes.replaceSubrange(box..<box + 32, with: seed)
                guard let message = try? AdditiveMessage<LinearForm>(decoding: bytes, as: format) else { return [] }
                return [Envelope(to: envelope.receivers, message)]
            }
            // With a second aggregator another mask is left on the vector.
            #expect(finding(proof, [1000]).excess == (aggregators == 1 ? word : 0))
            if aggregators == 2 { #expect(finding(proof, [1000, 1002]).excess == word) }
        }
    }

    @Test func `all helpers of additive sharing together are found`() throws {
        for aggregators in 1...3 {
            let proof = try additive(contributors: 5, aggregators: aggregators)
            #expect(finding(proof, Set(proof.holders).union([1000])).excess == 4 * word)
        }
    }

    @Test(arguments: [(2, 2), (3, 2), (3, 3), (4, 3), (4, 4)])
    func `the leader of shamir with t aggregators is found`(aggregators: Int, threshold: Int) throws {
        let scheme = try SharingProofTests.shamir(contributors: 5, aggregators: aggregators, threshold: threshold)
        let proof = try SharingProof(scheme, recording: Recording(scheme))
        for colluders in proof.holders.subsets(upTo: aggregators) {
            let excess = colluders.count >= threshold ? 4 : 0
            #expect(finding(proof, colluders.union([1000])).excess == excess)
            // Without the leader all aggregators together lack what is masked for it.
            #expect(finding(proof, colluders).excess == 0)
        }
    }

    /// Aggregators do not compare lists (the threat page of shamir): with 3t ≤ 2K overlapping lists give the leader a
    /// combination of two sums, here ΣQ − 3·ΣP.
    @Test(arguments: [2, 3])
    func `a leader of shamir that shows lists that overlap is found`(threshold: Int) throws {
        let scheme = try SharingProofTests.shamir(contributors: 4, aggregators: 3, threshold: threshold)
        let lists: [PartyID: Set<PartyID>] = [1001: [1, 2], 1002: [1, 2, 3, 4], 1003: [3, 4]]
        let recording = Recording(scheme) { sender, envelope in
            guard case .forward(let seeds) = envelope.message, let list = lists[envelope.receivers[0]] else {
                return [envelope]
            }
            return [Envelope(to: envelope.receivers, .forward(seeds.filter { list.contains($0.contributor) }))]
        }
        let proof = try SharingProof(scheme, recording: recording)
        #expect(finding(proof, [1000]).excess == (threshold == 2 ? 1 : 0))
    }

    @Test(arguments: [(4, 3), (5, 3), (5, 4), (6, 4)])
    func `T peers are found`(count: Int, threshold: Int) throws {
        let scheme = try SharingProofTests.peers(count, threshold: threshold)
        let proof = try SharingProof(scheme, recording: Recording(scheme))
        for coalition in scheme.contributors.subsets(upTo: count - 1) where !coalition.isEmpty {
            let finding = proof.view(of: coalition)
                .compare(with: proof.allowed(to: coalition, sumsOver: [scheme.contributors]))
            #expect(finding.excess == (coalition.count >= threshold ? count - coalition.count - 1 : 0))
        }
    }

    /// Peers that find the contributors as those whom all hold that they heard could come by two sums where T ≤ (N + c)/2,
    /// and so by one vector. Here T peers must have told one list.
    @Test func `messages that are lost between peers do not open a second sum`() throws {
        for threshold in [3, 4] {
            let scheme = try SharingProofTests.peers(5, threshold: threshold)
            let recording = Recording(scheme, faults: .losing([5], beforeSend: 2)) { sender, envelope in
                switch (sender, envelope.message.type) {
                // Of the shares of 4, that of 5 does not arrive; of what 5 then says that it holds, only 1 hears.
                case (4, 0x50) where envelope.receivers == [5], (4, 0x51) where envelope.receivers == [5]: []
                case (5, 0x52): [Envelope(to: 1, envelope.message)]
                default: [envelope]
                }
            }
            let proof = try SharingProof(scheme, recording: recording)
            for coalition in ([1, 2, 3] as [PartyID]).subsets(upTo: 2) where !coalition.isEmpty {
                #expect(!proof.openLists(to: coalition).contains([1, 2, 3, 5]))
                let finding = proof.view(of: coalition)
                    .compare(with: proof.allowed(to: coalition, sumsOver: [[1, 2, 3, 4, 5]]))
                #expect(finding.excess == 0)
            }
        }
    }

    /// The same without lost messages, by losses of whole peers alone: 6 while it shares, 7 while it confirms.
    @Test func `peers that are lost in the middle of a step do not open a second sum`() throws {
        for threshold in [4, 5] {
            let scheme = try SharingProofTests.peers(7, threshold: threshold)
            let faults = FaultSchedule([.partialSend(6, send: 0, frames: 5), .partialSend(7, send: 1, frames: 1)])
            let proof = try SharingProof(scheme, recording: Recording(scheme, faults: faults))
            let coalition: Set<PartyID> = [2, 3, 4]
            #expect(proof.openLists(to: coalition).count <= 1)
            let finding = proof.view(of: coalition)
                .compare(with: proof.allowed(to: coalition, sumsOver: [[1, 2, 3, 4, 5, 6, 7]]))
            #expect(finding.excess == 0)
        }
    }
}
