// SPDX-License-Identifier: Apache-2.0

import ProtocolCryptography
import RingArithmetic
@_spi(Simulation) import SecureAggregation
import SecureRandomness
import SharingAggregation

/// One aggregation of additive sharing over linear forms, and what a coalition of helpers and clients can make of it.
struct AdditiveProof {
    /// Whose seed, for which aggregator.
    struct SeedName: Hashable {
        let contributor: PartyID
        let aggregator: PartyID
    }

    let scheme: AdditiveAggregation<LinearForm>
    let recording: Recording
    /// What each seed is, known to the proof and not to the adversary.
    private let seeds: [SeedName: [UInt8]]
    private let masks: [SeedName: MaskFingerprint]

    /// - Parameter recording: one of `scheme`.
    init(_ scheme: AdditiveAggregation<LinearForm>, recording: Recording) throws {
        let keys = KeySchedule(session: recording.format.session, round: recording.context.round)
        var seeds: [SeedName: [UInt8]] = [:]
        var masks: [SeedName: MaskFingerprint] = [:]
        for contributor in scheme.contributors {
            var generator = recording.generator(of: contributor)
            for aggregator in scheme.aggregators {
                let name = SeedName(contributor: contributor, aggregator: aggregator)
                let seed = try generator.secretBytes(32)
                seeds[name] = seed.withSpan { span in span.indices.map { span[$0] } }
                masks[name] = try MaskFingerprint(
                    of: MaskGenerator(
                        key: keys.key(
                            from: seed, for: .additiveShare, from: contributor.rawValue, to: aggregator.rawValue,
                            bits: scheme.width.bits)))
                // The ephemeral key.
                _ = try generator.secretBytes(32)
            }
        }
        self.scheme = scheme
        self.recording = recording
        self.seeds = seeds
        self.masks = masks
    }

    /// The seed of a contributor for an aggregator.
    func seed(of contributor: PartyID, for aggregator: PartyID) -> [UInt8] {
        seeds[SeedName(contributor: contributor, aggregator: aggregator)] ?? []
    }

    /// The contributors whose shares reached the leader.
    var included: Set<PartyID> { Set(recording.frames.filter { Recording.type(of: $0) == 0x20 }.map(\.sender)) }

    /// What a coalition has: the frames of its members, its members' inputs, the seeds that they drew, can open, or see
    /// in the clear.
    func view(of coalition: Set<PartyID>) -> AdversaryView {
        let frames = recording.frames.filter { coalition.contains($0.sender) || coalition.contains($0.receiver) }
        var readable: Set<SeedName> = []
        var forms: [LinearForm] = []
        for frame in frames {
            switch Recording.type(of: frame) {
            case 0x20:
                forms += recording.vector(in: frame)
                for aggregator in scheme.aggregators where coalition.contains(aggregator) {
                    readable.insert(SeedName(contributor: frame.sender, aggregator: aggregator))
                }
            case 0x21:
                guard coalition.contains(frame.receiver),
                    case .forward(let list)? = try? AdditiveMessage<LinearForm>(
                        decoding: frame.bytes, as: recording.format)
                else { continue }
                for entry in list {
                    readable.insert(SeedName(contributor: entry.contributor, aggregator: frame.receiver))
                }
            case 0x22: forms += recording.vector(in: frame)
            default: break
            }
        }
        let names = Array(seeds.keys)
        let exposed = clearSecrets(names.map { seeds[$0] ?? [] }, in: frames).map { names[$0] }
        let own = names.filter { coalition.contains($0.contributor) }
        let known = readable.union(exposed).union(own)
        return AdversaryView(
            ring: .words(bits: 64),
            symbols: recording.registry.symbols,
            forms: forms + recording.inputs(of: coalition.intersection(scheme.contributors))
                + coalition.flatMap { recording.outcome.learned[$0]?.sum ?? [] },
            knownMasks: Set(known.compactMap { masks[$0] })
        )
    }

    /// What a coalition may learn: its own inputs, and with the leader the sum.
    func allowed(to coalition: Set<PartyID>) -> [LinearForm] {
        recording.inputs(of: coalition.intersection(scheme.contributors))
            + (coalition.contains(scheme.leader) ? recording.sums(over: included) : [])
    }

    /// The coalitions that the proof is about: any helpers but all of them, any clients but at least two of those in the
    /// sum.
    var coalitions: [Set<PartyID>] {
        let clients = scheme.contributors.subsets(upTo: scheme.contributors.count)
            .filter { included.subtracting($0).count >= 2 }
        return scheme.helpers.subsets(upTo: scheme.helpers.count - 1).flatMap { helpers in
            clients.map { $0.union(helpers) }
        }
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
