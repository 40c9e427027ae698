// SPDX-License-Identifier: Apache-2.0

import ProtocolCryptography
import RingArithmetic
@_spi(Simulation) import SecureAggregation
@_spi(Simulation) import SecureRandomness
@_spi(Simulation) import SharingAggregation

/// One aggregation of a sharing scheme (`additive`, `shamir`, `peer-to-peer`) over linear forms, and what a coalition can
/// make of it.
struct SharingProof {
    /// Whose seed, for whom.
    struct SeedName: Hashable {
        let dealer: PartyID
        let holder: PartyID
    }

    /// What one frame tells those who see it.
    private struct Content {
        let sender: PartyID
        let receiver: PartyID
        /// The vectors in it.
        let forms: [LinearForm]
        /// The seeds in it that stand in the clear.
        let clear: Set<SeedName>
        /// The seeds in it that are sealed to their holders.
        let sealed: Set<SeedName>
        /// The list of contributors to which a sum in it belongs.
        let list: [PartyID]?
    }

    let recording: Recording
    let contributors: [PartyID]
    /// The helper that adds up; nil peer to peer.
    let leader: PartyID?
    /// Who holds shares: aggregators, or the peers.
    let holders: [PartyID]
    /// How many holders it takes to know a vector, with the leader where there is one.
    let threshold: Int
    private let ring: CoefficientRing
    /// Known to the proof and not to the adversary; derived from the dealers' generators as Documentation/WireFormat.md
    /// says, apart from the code under test.
    private let seeds: [SeedName: [UInt8]]
    private let masks: [SeedName: MaskFingerprint]
    private let contents: [Content]

    private init(
        recording: Recording, contributors: [PartyID], leader: PartyID?, holders: [PartyID], threshold: Int,
        purpose: KeySchedule.Purpose, seedsOf holdersOfDealer: (PartyID) -> [PartyID]
    ) throws {
        let keys = KeySchedule(session: recording.format.session, round: recording.context.round)
        let bits = recording.format.elementWidth.bits
        var seeds: [SeedName: [UInt8]] = [:]
        var masks: [SeedName: MaskFingerprint] = [:]
        for dealer in contributors {
            var generator = recording.generator(of: dealer)
            for holder in holdersOfDealer(dealer) {
                let name = SeedName(dealer: dealer, holder: holder)
                let seed = try generator.secretBytes(32)
                seeds[name] = seed.withSpan { span in span.indices.map { span[$0] } }
                let key = keys.key(
                    from: seed, for: purpose, from: dealer.rawValue, to: holder.rawValue, bits: bits)
                masks[name] = try MaskFingerprint(of: MaskGenerator(key: key))
                // Sealing takes an ephemeral key.
                if leader != nil { _ = try generator.secretBytes(32) }
            }
        }
        self.recording = recording
        self.contributors = contributors
        self.leader = leader
        self.holders = holders
        self.threshold = threshold
        self.seeds = seeds
        self.masks = masks
        ring = recording.format.field.map { .field(prime: $0.modulus) } ?? .words(bits: 64)
        let names = Array(seeds.keys)
        contents = recording.frames.map { frame in
            Self.content(of: frame, in: recording, names: names, bytes: names.map { seeds[$0] ?? [] }, holders: holders)
        }
    }

    init(_ scheme: AdditiveAggregation<LinearForm>, recording: Recording) throws {
        try self.init(
            recording: recording, contributors: scheme.contributors, leader: scheme.leader,
            holders: scheme.aggregators, threshold: scheme.aggregators.count, purpose: .additiveShare
        ) { _ in scheme.aggregators }
    }

    init(_ scheme: ShamirAggregation<LinearForm>, recording: Recording) throws {
        try self.init(
            recording: recording, contributors: scheme.contributors, leader: scheme.leader,
            holders: scheme.aggregators, threshold: scheme.threshold, purpose: .shamirShare
        ) { _ in scheme.aggregators }
    }

    init(_ scheme: PeerToPeerAggregation<LinearForm>, recording: Recording) throws {
        let peers = scheme.contributors
        try self.init(
            recording: recording, contributors: peers, leader: nil, holders: peers, threshold: scheme.threshold,
            purpose: .peerShare
        ) { dealer in
            let position = peers.firstIndex(of: dealer) ?? 0
            return (1..<scheme.threshold).map { peers[(position + $0) % peers.count] }
        }
    }

    private static func content(
        of frame: Frame, in recording: Recording, names: [SeedName], bytes: [[UInt8]], holders: [PartyID]
    ) -> Content {
        let header = Recording.headerByteCount
        let vectorByteCount = 5 + (recording.format.elementWidth.packedByteCount(of: recording.format.dimension) ?? 0)
        var forms: [LinearForm] = []
        var sealed: [SeedName] = []
        var list: [PartyID]?
        func parties(at offset: Int, entryByteCount: Int) -> [PartyID] {
            let length = frame.bytes[offset..<offset + 3].reduce(0) { $0 << 8 | Int($1) }
            return stride(from: offset + 3, to: offset + 3 + length, by: entryByteCount).map { start in
                PartyID(frame.bytes[start..<start + 4].reduce(0) { $0 << 8 | UInt32($1) })
            }
        }
        switch Recording.type(of: frame) {
        case 0x20:
            forms = recording.vector(in: frame)
            sealed = holders.map { SeedName(dealer: frame.sender, holder: $0) }
        case 0x40:
            let count = Int(frame.bytes[header]) << 8 | Int(frame.bytes[header + 1])
            forms = (0..<count).flatMap { recording.vector(in: frame, at: header + 2 + $0 * vectorByteCount) }
            sealed = holders.map { SeedName(dealer: frame.sender, holder: $0) }
        case 0x21, 0x41:
            // A party, an ephemeral key, a box and a signature.
            sealed = parties(at: header, entryByteCount: 4 + 32 + 48 + 64).map {
                SeedName(dealer: $0, holder: frame.receiver)
            }
        case 0x22, 0x42, 0x51: forms = recording.vector(in: frame)
        case 0x53:
            let contributors = parties(at: header, entryByteCount: 4)
            forms = recording.vector(in: frame, at: header + 3 + 4 * contributors.count)
            list = contributors
        default: break
        }
        return Content(
            sender: frame.sender, receiver: frame.receiver, forms: forms,
            clear: Set(clearSecrets(bytes, in: [frame]).map { names[$0] }), sealed: Set(sealed), list: list)
    }

    /// The seed of a dealer for a holder.
    func seed(of dealer: PartyID, for holder: PartyID) -> [UInt8] {
        seeds[SeedName(dealer: dealer, holder: holder)] ?? []
    }

    private func visible(to coalition: Set<PartyID>) -> [Content] {
        contents.filter { coalition.contains($0.sender) || coalition.contains($0.receiver) }
    }

    /// What a coalition has: the frames of its members, its members' inputs, the seeds that they drew, can open, or see
    /// in the clear.
    func view(of coalition: Set<PartyID>) -> AdversaryView {
        let frames = visible(to: coalition)
        var known = Set(seeds.keys.filter { coalition.contains($0.dealer) })
        for frame in frames {
            known.formUnion(frame.clear)
            known.formUnion(frame.sealed.filter { coalition.contains($0.holder) })
        }
        return AdversaryView(
            ring: ring,
            symbols: recording.registry.symbols,
            forms: frames.flatMap(\.forms) + recording.inputs(of: coalition.intersection(contributors))
                + coalition.flatMap { recording.outcome.learned[$0]?.sum ?? [] },
            knownMasks: Set(known.compactMap { masks[$0] })
        )
    }

    // MARK: Through a leader

    /// The contributors whose shares the leader took: those in its list, or, where it sent none, those who sent shares.
    var included: Set<PartyID> {
        let forwarded = contents.filter { $0.sender == leader }.flatMap { $0.sealed.map(\.dealer) }
        return Set(
            forwarded.isEmpty ? contents.filter { !$0.sealed.isEmpty }.map(\.sender) : forwarded)
    }

    /// What a coalition of a scheme with a leader may learn: its own inputs, and with the leader the sum.
    func allowed(to coalition: Set<PartyID>) -> [LinearForm] {
        recording.inputs(of: coalition.intersection(contributors))
            + (leader.map { coalition.contains($0) } ?? false ? recording.sums(over: included) : [])
    }

    /// The coalitions that the proof of a scheme with a leader is about: any aggregators, with the leader fewer than the
    /// threshold, and any clients but at least two of those in the sum.
    var coalitions: [Set<PartyID>] {
        let clients = contributors.subsets(upTo: contributors.count)
            .filter { included.subtracting($0).count >= 2 }
        let helpers =
            holders.subsets(upTo: holders.count)
            + holders.subsets(upTo: threshold - 1).map { leader.map { Set([$0]) }?.union($0) ?? $0 }
        return helpers.flatMap { helpers in clients.map { $0.union(helpers) } }
    }

    // MARK: Peer to peer

    /// The lists of contributors over which a coalition can have T sums of shares: those it was sent, and its own where
    /// it holds all the shares.
    func openLists(to coalition: Set<PartyID>) -> Set<[PartyID]> {
        let frames = visible(to: coalition)
        var senders: [[PartyID]: Set<PartyID>] = [:]
        for frame in frames {
            if let list = frame.list { senders[list, default: []].insert(frame.sender) }
        }
        return Set(
            senders.keys.filter { list in
                let own = coalition.filter { member in
                    list.allSatisfy { dealer in
                        // What a colluding dealer would have sent, it can tell.
                        coalition.contains(dealer)
                            || contents.contains {
                                $0.sender == dealer && $0.receiver == member && $0.list == nil
                                    && (!$0.forms.isEmpty || !$0.clear.isEmpty)
                            }
                    }
                }
                return (senders[list] ?? []).union(own).count >= threshold
            })
    }

    /// What a coalition of peers may learn: its own inputs, and the one sum.
    func allowed(to coalition: Set<PartyID>, sumsOver lists: Set<[PartyID]>) -> [LinearForm] {
        recording.inputs(of: coalition) + lists.flatMap { recording.sums(over: $0) }
    }

    /// Masks in the parties' forms of which the proof does not know whose they are: none.
    var masksOfUnknownOrigin: Int {
        let known = Set(masks.values)
        return recording.registry.symbols.count { symbol in
            guard case .mask(let fingerprint, _) = symbol else { return false }
            return !known.contains(fingerprint)
        }
    }
}
