// SPDX-License-Identifier: Apache-2.0

import PairwiseMasking
import ProtocolCryptography
import RingArithmetic
import SecretSharing
@_spi(Simulation) import SecureAggregation
@_spi(Simulation) import SecureRandomness

/// One of the two secrets of a client.
struct ClientSecret: Hashable {
    enum Kind: CaseIterable {
        /// Gives all pairwise masks of its owner.
        case maskSeed
        /// Gives its owner's own mask.
        case selfSeed
    }

    let kind: Kind
    let owner: PartyID
}

/// What clients of SecAgg draw, and everything that follows from it: known to the proof and not to the adversary.
///
/// Derived from the clients' generators as Documentation/WireFormat.md says, apart from the code under test.
final class SecAggSecrets: Sendable {
    /// A mask key, and whose secrets give it: any of them.
    struct MaskOrigin: Sendable {
        let fingerprint: MaskFingerprint
        let secrets: Set<ClientSecret>
    }

    let scheme: SecAgg<LinearForm>
    let context: RoundContext
    /// What the keys are bound to, and what drew the graph.
    let binding: HashDigest
    let entropy: HashDigest
    /// The neighbors of each client, whether they are there or not.
    let neighbors: [PartyID: Set<PartyID>]
    /// By client: the private keys of channel and masks, and the self-mask seed.
    let channelKeys: [PartyID: KeyAgreementPrivateKey]
    let maskKeys: [PartyID: KeyAgreementPrivateKey]
    let selfSeeds: [PartyID: SecretBytes]
    /// The share of a secret that a client holds, as bytes.
    let shares: [ClientSecret: [PartyID: [UInt8]]]
    /// Every mask that a client could use.
    let masks: [MaskOrigin]

    // `advertisements` are the bodies of the first messages, of all clients of U1; `sharers` is the bitmap of U2.
    init(
        _ scheme: SecAgg<LinearForm>, context: RoundContext, seed: UInt64, advertisements: [PartyID: [UInt8]],
        sharers: [UInt8]
    ) throws {
        let session = scheme.session(in: context)
        let randomness = SimulationRandomness(seed: seed)
        let isComplete = scheme.neighbors == scheme.contributors.count - 1
        if isComplete {
            entropy = .zero
        } else {
            // The server draws it, or the beacon of the simulation gives it.
            var source =
                scheme.threat == .curious
                ? randomness.generator(for: scheme.server, in: context)
                : randomness.generator(purpose: "beacon", round: 1, party: 0)
            entropy = try HashDigest(Self.copy(of: source.secretBytes(32)))
        }
        let root = SecAggDerivation.root(over: advertisements, contributors: scheme.contributors)
        binding = SecAggDerivation.binding(session: session, root: root, entropy: entropy)
        let adjacent = SecAggDerivation.neighbors(
            count: scheme.contributors.count, degree: scheme.neighbors, binding: binding)
        let neighbors = Dictionary(
            uniqueKeysWithValues: zip(
                scheme.contributors, adjacent.map { Set($0.map { scheme.contributors[$0] }) }))
        self.neighbors = neighbors
        let keys = KeySchedule(
            session: SecAggDerivation.maskBinding(binding, sharers: sharers), round: context.round)
        let bits = scheme.width.bits
        var channelKeys: [PartyID: KeyAgreementPrivateKey] = [:]
        var maskKeys: [PartyID: KeyAgreementPrivateKey] = [:]
        var selfSeeds: [PartyID: SecretBytes] = [:]
        var shares: [ClientSecret: [PartyID: [UInt8]]] = [:]
        var masks: [MaskOrigin] = []
        let present = scheme.contributors.filter { advertisements[$0] != nil }
        for id in present {
            var generator = randomness.generator(for: id, in: context)
            channelKeys[id] = try KeyAgreementPrivateKey(seed: generator.secretBytes(32))
            let maskSeed = try generator.secretBytes(32)
            maskKeys[id] = try KeyAgreementPrivateKey(seed: maskSeed)
            let selfSeed = try generator.secretBytes(32)
            selfSeeds[id] = selfSeed
            // The seed of its signing key.
            if scheme.threat == .semiMalicious { _ = try generator.secretBytes(32) }
            let holders = present.filter { neighbors[id]?.contains($0) == true || (isComplete && $0 == id) }
            if holders.count >= scheme.threshold {
                let sharing = try ShamirSharing(threshold: scheme.threshold, of: holders.count)
                let indices = holders.map { holder in
                    UInt64(1 + (scheme.contributors.firstIndex(of: holder) ?? 0))
                }
                for (kind, secret) in [(ClientSecret.Kind.maskSeed, maskSeed), (.selfSeed, selfSeed)] {
                    let split = try sharing.split(secret, for: indices, using: &generator)
                    shares[ClientSecret(kind: kind, owner: id)] = Dictionary(
                        uniqueKeysWithValues: zip(holders, split.map { Self.copy(of: $0.bytes) }))
                }
            }
            let key = keys.key(from: selfSeed, for: .selfMask, from: id.rawValue, to: id.rawValue, bits: bits)
            masks.append(
                MaskOrigin(
                    fingerprint: try MaskFingerprint(of: MaskGenerator(key: key)),
                    secrets: [ClientSecret(kind: .selfSeed, owner: id)]))
        }
        for low in present {
            for high in present where low < high && neighbors[low]?.contains(high) == true {
                guard let lowKey = maskKeys[low], let highKey = maskKeys[high] else { continue }
                let key = keys.key(
                    from: try lowKey.sharedSecret(with: highKey.publicKey), for: .pairwiseMask, from: low.rawValue,
                    to: high.rawValue, bits: bits, publicKeys: [lowKey.publicKey, highKey.publicKey])
                masks.append(
                    MaskOrigin(
                        fingerprint: try MaskFingerprint(of: MaskGenerator(key: key)),
                        secrets: [
                            ClientSecret(kind: .maskSeed, owner: low), ClientSecret(kind: .maskSeed, owner: high),
                        ]))
            }
        }
        self.scheme = scheme
        self.context = context
        self.channelKeys = channelKeys
        self.maskKeys = maskKeys
        self.selfSeeds = selfSeeds
        self.shares = shares
        self.masks = masks
    }

    /// Whether everybody is everybody's neighbor.
    var isComplete: Bool { scheme.neighbors == scheme.contributors.count - 1 }

    /// The clients whose bits are set.
    func clients(in set: ClientSet) -> Set<PartyID> {
        Set(
            scheme.contributors.enumerated().filter { position, _ in
                position / 8 < set.bytes.count && set.bytes[position / 8] >> UInt8(position % 8) & 1 == 1
            }.map(\.element))
    }

    static func copy(of secret: SecretBytes) -> [UInt8] {
        secret.withSpan { span in span.indices.map { span[$0] } }
    }

    /// The mask that a client adds alone.
    func selfMask(of id: PartyID) -> MaskFingerprint? { mask(of: [ClientSecret(kind: .selfSeed, owner: id)]) }

    /// The mask between two clients.
    func pairwiseMask(of a: PartyID, _ b: PartyID) -> MaskFingerprint? {
        mask(of: [ClientSecret(kind: .maskSeed, owner: a), ClientSecret(kind: .maskSeed, owner: b)])
    }

    private func mask(of secrets: Set<ClientSecret>) -> MaskFingerprint? {
        masks.first { $0.secrets == secrets }?.fingerprint
    }

    /// What opens the box from one client to another.
    func open(_ box: [UInt8], from sender: PartyID, to receiver: PartyID) throws -> [UInt8] {
        guard let own = channelKeys[receiver], let peer = channelKeys[sender]?.publicKey else { return [] }
        let keys = KeySchedule(session: binding, round: context.round)
        let key = keys.key(
            from: try own.sharedSecret(with: peer), for: .shareEncryption, from: sender.rawValue,
            to: receiver.rawValue, publicKeys: [peer, own.publicKey])
        var context = WireEncoder()
        context.write(bytes: binding.bytes)
        context.write(0x32 as UInt8)
        context.write(sender.rawValue)
        context.write(receiver.rawValue)
        return Self.copy(of: try OpeningKey(key).open(box, authenticating: context.bytes))
    }
}

/// The secrets of many aggregations that differ in who is lost: they are the same where U1 and U2 are.
final class SecAggSecretsCache {
    private struct Key: Hashable {
        let advertisers: Set<PartyID>
        let sharers: [UInt8]
    }

    private var known: [Key: SecAggSecrets] = [:]

    func secrets(_ scheme: SecAgg<LinearForm>, of recording: Recording) throws -> SecAggSecrets {
        let advertisements = recording.advertisements
        let key = Key(advertisers: Set(advertisements.keys), sharers: recording.sharers)
        if let secrets = known[key] { return secrets }
        let secrets = try SecAggSecrets(
            scheme, context: recording.context, seed: recording.seed, advertisements: advertisements,
            sharers: recording.sharers)
        known[key] = secrets
        return secrets
    }
}

/// One aggregation of SecAgg over linear forms, and what a server that colludes with clients can make of it.
///
/// Who holds whose shares, and which masks there are, is read from the messages.
struct SecAggProof {
    let recording: Recording
    let secrets: SecAggSecrets
    /// U3, where the server announced it.
    let survivors: Set<PartyID>?
    /// The masked vectors that left their clients, in time or too late.
    private let masked: [LinearForm]
    /// The shares that a client was sent, or kept of its own.
    private let held: [ClientSecret: Set<PartyID>]
    /// The shares that clients gave to the server.
    private let revealed: [ClientSecret: Set<PartyID>]
    /// Secrets and keys that stand in the clear in a message.
    private let exposed: Set<ClientSecret>

    init(recording: Recording, secrets: SecAggSecrets) {
        self.recording = recording
        self.secrets = secrets
        var survivors: Set<PartyID>?
        var masked: [LinearForm] = []
        var held: [ClientSecret: Set<PartyID>] = [:]
        var revealed: [ClientSecret: Set<PartyID>] = [:]
        for frame in recording.frames {
            if Recording.type(of: frame) == 0x34 {
                masked += recording.vector(in: frame)
                continue
            }
            switch try? SecAggMessage<LinearForm>(decoding: frame.bytes, as: recording.format) {
            case .encryptedShares(let boxes):
                // The server has each box, delivered or not.
                for kind in ClientSecret.Kind.allCases {
                    // On the complete graph a client is a holder of its own shares.
                    held[ClientSecret(kind: kind, owner: frame.sender), default: []].formUnion(
                        boxes.map(\.party) + (secrets.isComplete ? [frame.sender] : []))
                }
            case .survivors(let set): survivors = secrets.clients(in: set)
            case .revealedShares(let list):
                for share in list {
                    let bytes = SecAggSecrets.copy(of: share.share)
                    // Which secret it belongs to is not what the message says but what its bytes are.
                    for kind in ClientSecret.Kind.allCases {
                        let secret = ClientSecret(kind: kind, owner: share.of)
                        for (holder, content) in secrets.shares[secret] ?? [:] where content == bytes {
                            revealed[secret, default: []].insert(holder)
                        }
                    }
                }
            default: break
            }
        }
        self.survivors = survivors
        self.masked = masked
        self.held = held
        self.revealed = revealed
        exposed = Self.exposedSecrets(in: recording.frames, secrets)
    }

    /// Looks for the 32 bytes of every secret in every message.
    private static func exposedSecrets(in frames: [Frame], _ secrets: SecAggSecrets) -> Set<ClientSecret> {
        var needles: [(secret: ClientSecret, bytes: [UInt8])] = []
        for (id, key) in secrets.maskKeys {
            needles.append((ClientSecret(kind: .maskSeed, owner: id), SecAggSecrets.copy(of: key.seed)))
        }
        for (id, seed) in secrets.selfSeeds {
            needles.append((ClientSecret(kind: .selfSeed, owner: id), SecAggSecrets.copy(of: seed)))
        }
        let found = clearSecrets(needles.map(\.bytes), in: frames)
        return Set(found.map { needles[$0].secret })
    }

    /// Whether the server and these clients can compute a secret: one of them drew it, or they have t shares of it.
    func isKnown(_ secret: ClientSecret, to colluders: Set<PartyID>) -> Bool {
        if colluders.contains(secret.owner) || exposed.contains(secret) { return true }
        let shares = held[secret, default: []].intersection(colluders).union(revealed[secret, default: []])
        return shares.count >= secrets.scheme.threshold
    }

    /// What the server and these clients have together.
    func view(of colluders: Set<PartyID>) -> AdversaryView {
        AdversaryView(
            ring: .words(bits: 64),
            symbols: recording.registry.symbols,
            forms: masked + recording.inputs(of: colluders)
                + (recording.outcome.learned[secrets.scheme.server]?.sum ?? []),
            knownMasks: Set(
                secrets.masks.filter { $0.secrets.contains { isKnown($0, to: colluders) } }.map(\.fingerprint))
        )
    }

    /// What they may learn: their own inputs, and the sum if there is one.
    func allowed(to colluders: Set<PartyID>) -> [LinearForm] {
        recording.inputs(of: colluders) + (survivors.map { recording.sums(over: $0) } ?? [])
    }

    /// The coalitions that the proof is about: fewer than t clients (on a sparse graph, among the neighbors of each other
    /// client), with at least two honest ones in the sum (or, where no sum was announced, in the session).
    var coalitions: [Set<PartyID>] {
        let all = secrets.scheme.contributors
        let threshold = secrets.scheme.threshold
        let group = survivors ?? Set(all)
        return all.subsets(upTo: secrets.isComplete ? threshold - 1 : all.count - 2).filter { colluders in
            group.subtracting(colluders).count >= 2
                && all.allSatisfy { id in
                    colluders.contains(id)
                        || (secrets.neighbors[id] ?? []).intersection(colluders).count < threshold
                }
        }
    }

    /// Whether two runs of k/2 places have as many of these clients as the consistency round wants survivors there.
    func canCutCircle(_ colluders: Set<PartyID>) -> Bool {
        let scheme = secrets.scheme
        guard !secrets.isComplete else { return false }
        let circle = SecAggDerivation.circle(count: scheme.contributors.count, binding: secrets.binding)
        let others = Set(
            scheme.contributors.indices.filter { !colluders.contains(scheme.contributors[$0]) })
        let held = scheme.neighbors - SecAggDerivation.weakestCut(others, circle: circle, degree: scheme.neighbors)
        return held >= (3 * scheme.threshold - scheme.neighbors + 1) / 2
    }

    /// The honest survivors, where edges between honest ones connect them: one part, unless the coalition cuts the circle.
    func honestParts(without colluders: Set<PartyID>) -> [Set<PartyID>] {
        var rest = (survivors ?? []).subtracting(colluders)
        var parts: [Set<PartyID>] = []
        while let first = rest.min() {
            var part: Set<PartyID> = []
            var reached: Set<PartyID> = [first]
            while let next = reached.popFirst() {
                rest.remove(next)
                part.insert(next)
                reached.formUnion((secrets.neighbors[next] ?? []).intersection(rest))
            }
            parts.append(part)
        }
        return parts
    }

    /// Masks in the parties' forms of which the proof does not know whose they are: none.
    var masksOfUnknownOrigin: Int {
        let known = Set(secrets.masks.map(\.fingerprint))
        return recording.registry.symbols.count { symbol in
            guard case .mask(let fingerprint, _) = symbol else { return false }
            return !known.contains(fingerprint)
        }
    }
}

/// The positions of those secrets (of at least 8 bytes) that stand somewhere in some frame as they are.
func clearSecrets(_ secrets: [[UInt8]], in frames: [Frame]) -> Set<Int> {
    func word(_ bytes: ArraySlice<UInt8>) -> UInt64 { bytes.prefix(8).reduce(0) { $0 << 8 | UInt64($1) } }
    let byPrefix = Dictionary(grouping: secrets.indices) { word(secrets[$0][...]) }
    var found: Set<Int> = []
    for frame in frames {
        var window: UInt64 = 0
        for (index, byte) in frame.bytes.enumerated() {
            window = window << 8 | UInt64(byte)
            guard index >= 7, let candidates = byPrefix[window] else { continue }
            for candidate in candidates where frame.bytes[(index - 7)...].starts(with: secrets[candidate]) {
                found.insert(candidate)
            }
        }
    }
    return found
}
