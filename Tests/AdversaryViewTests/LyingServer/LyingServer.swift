// SPDX-License-Identifier: Apache-2.0

@_spi(Simulation) import PairwiseMasking
import ProtocolCryptography
import RingArithmetic
@_spi(Simulation) import SecureAggregation
@_spi(Simulation) import SecureRandomness

/// What came of one schedule of lies.
struct LyingOutcome {
    /// The dimension of what the server learned of the inputs.
    var learned = 0
    /// The fewest honest inputs in a sum that the server can compute, where that is too few.
    var leak: Int?
    /// The graph was drawn so that more clients collude in one place than is tolerated: nothing is claimed.
    var isOutsideClaim = false
    /// Masks of which the harness does not know whose they are: none.
    var unexplainedMasks = 0
    /// Why clients gave up.
    var refusals: [String: Int] = [:]
}

/// A server, with clients that collude, that lies to production clients as a schedule says, and what it can compute
/// from all that they answer.
///
/// The clients add up linear forms, so that this is decided by linear algebra: every masked vector is a form over inputs
/// and masks; a mask is known if a secret behind it is; a secret is known if it is the server's or a colluder's own, or t
/// different shares of it are. Shares are known that were sealed to a key of the server's or a colluder's, or revealed;
/// which secret a revealed one belongs to, its bytes say.
final class LyingServer {
    typealias Message = SecAggMessage<LinearForm>

    let session: LyingSession
    let waived: Set<SecAggRefusal>
    let seed: UInt64
    let plan: LiePlan
    var rng: SeededGenerator
    private let registry = SymbolRegistry()
    private let journal = ShareReleaseJournal()
    let beacon: LyingBeacon
    private let enrollment: ClientEnrollment?
    /// All clients of all attempts, honest ones.
    private var everybody: [LiedTo] = []
    /// Who colludes; chosen once the first graph is known.
    var corrupt: Set<PartyID>?
    /// Boxes and signatures of earlier attempts, to be replayed.
    var oldBoxes: [[UInt8]] = []
    var oldSignatures: [PartyID: [UInt8]] = [:]
    /// A graph that was drawn fairly has more colluders in one place than is tolerated.
    var isOutsideClaim = false
    /// The private keys that the server or a colluder has, by public key.
    private var adversaryKeys: [KeyAgreementPublicKey: KeyAgreementPrivateKey] = [:]
    private var adversarySigning: SigningKey?
    /// Whose secret a share is, by its bytes.
    private var shareOwners: [[UInt8]: (owner: Int, kind: ClientSecret.Kind, holder: PartyID)] = [:]
    private struct OwnedSecret: Hashable {
        let owner: Int
        let kind: ClientSecret.Kind
    }
    private var knownShares: [OwnedSecret: Set<PartyID>] = [:]
    private(set) var outcome = LyingOutcome()

    init(_ session: LyingSession, waiving waived: Set<SecAggRefusal> = [], seed: UInt64, plan: LiePlan? = nil) throws {
        self.session = session
        self.waived = waived
        self.seed = seed
        beacon = LyingBeacon(seed: seed)
        var generator = SimulationRandomness(seed: seed).generator(purpose: "lying server")
        let drawn = LiePlan(for: session, using: &generator)
        self.plan = plan ?? drawn
        rng = generator
        enrollment =
            session.threat == .active
            ? try ClientEnrollment(contributors: session.contributors, randomness: SimulationRandomness(seed: seed))
            : nil
    }

    // MARK: Dice

    func chance(_ probability: Double) -> Bool {
        probability > 0 && Double.random(in: 0..<1, using: &rng) < probability
    }
    func lies(_ lie: LiePlan.Lie) -> Bool { plan.lies.contains(lie) }
    func pick<Source: Collection>(_ source: Source) -> Source.Element? where Source.Element: Comparable {
        source.sorted().randomElement(using: &rng)
    }
    /// Some of these, each as likely as not.
    func some(_ positions: some Collection<Int>) -> Set<Int> {
        Set(positions.sorted().filter { _ in Bool.random(using: &rng) })
    }
    func randomBytes(_ count: Int) -> [UInt8] { (0..<count).map { _ in UInt8.random(in: 0...255, using: &rng) } }
    private func randomDigest() -> HashDigest { HashDigest(of: randomBytes(16)) }

    // MARK: A schedule

    func run() throws -> LyingOutcome {
        try SymbolRegistry.$current.withValue(registry) {
            for id in session.contributors { _ = registry.number(of: .input(id, coordinate: 0, run: 0)) }
            var victim: PartyID?
            for attempt in 0..<(lies(.attempts) ? UInt32(Int.random(in: 2...3, using: &rng)) : 1) {
                var members = Set(session.contributors)
                // The others of a round in which the server has its sum already.
                if attempt > 0 {
                    victim = victim ?? pick(members.subtracting(corrupt ?? []))
                    if let victim { members.remove(victim) }
                    if chance(0.3), let other = pick(members.subtracting(corrupt ?? [])) { members.remove(other) }
                }
                try runAttempt(attempt, members: members)
            }
            try conclude()
        }
        return outcome
    }

    private func scheme() throws -> SecAgg<LinearForm> {
        let isSecret = session.threat != .curious
        var scheme = try SecAgg<LinearForm>(
            contributors: session.contributors, server: LyingSession.server,
            graph: session.neighbors.map { .sparse(neighbors: $0, beacon: isSecret ? beacon : nil) } ?? .complete,
            threat: session.threat, threshold: session.threshold, enrollment: enrollment, dimension: 1,
            width: RingWidth(bits: 64), minimumCohort: MinimumCohort(session.cohort), journal: journal)
        scheme.waivedRefusals = waived
        return scheme
    }

    private func runAttempt(_ attempt: UInt32, members: Set<PartyID>) throws {
        let scheme = try scheme()
        let context = RoundContext(task: "lies", round: 1, attempt: attempt)
        let otherContext = RoundContext(
            task: "lies", round: 1, attempt: attempt, modelDigest: HashDigest(of: [1]))
        let format = scheme.messageFormat(in: context)
        var first: [PartyID: LiedTo] = [:]
        for id in session.contributors where members.contains(id) {
            if chance(plan.losses) { continue }
            let isOther = lies(.otherContext) && chance(0.3)
            let input = registry.form(of: .input(id, coordinate: 0, run: 0))
            do {
                first[id] = try LiedTo(
                    id, scheme: scheme, context: isOther ? otherContext : context, seed: seed, vector: [input])
            } catch AggregationError.sharesAlreadyReleased {
                outcome.refusals["sharesAlreadyReleased", default: 0] += 1
            }
        }
        guard first.count >= 2 else { return }
        let round = LyingRound(
            server: self, scheme: scheme, context: context, format: format, clients: first, attempt: attempt)
        try round.run()
        for client in round.honest {
            if let name = client.refusalName { outcome.refusals[name, default: 0] += 1 }
        }
    }

    // MARK: What it gets to know

    /// A key pair of the server's own.
    func inventKey() throws -> KeyAgreementPrivateKey {
        let key = try KeyAgreementPrivateKey(seed: SecretBytes(copying: randomBytes(32)))
        adversaryKeys[key.publicKey] = key
        return key
    }

    func inventSigningKey() throws -> SigningKey {
        if let adversarySigning { return adversarySigning }
        let key = try SigningKey(seed: SecretBytes(copying: randomBytes(32)))
        adversarySigning = key
        return key
    }

    /// A client that colludes tells all its keys.
    func takeOver(_ client: LiedTo) {
        adversaryKeys[client.channelKey.publicKey] = client.channelKey
        adversaryKeys[client.maskKey.publicKey] = client.maskKey
    }

    func enroll(_ client: LiedTo) { everybody.append(client) }

    /// The boxes that left a client: the server opens those for its own keys.
    func note(boxesOf client: LiedTo) throws {
        guard let owner = everybody.firstIndex(where: { $0 === client }), let keys = client.keys else { return }
        for share in try client.dealtShares() {
            shareOwners[share.bytes] = (owner, share.kind, share.holder)
            guard client.boxes[share.holder] != nil, let key = keys.entries[share.holder]?.channelPublicKey,
                adversaryKeys[key] != nil
            else { continue }
            knownShares[OwnedSecret(owner: owner, kind: share.kind), default: []].insert(share.holder)
        }
    }

    func note(revealed shares: [RevealedShare]) {
        for share in shares {
            guard let found = shareOwners[SecAggSecrets.copy(of: share.share)] else { continue }
            knownShares[OwnedSecret(owner: found.owner, kind: found.kind), default: []].insert(found.holder)
        }
    }

    private func isKnown(_ kind: ClientSecret.Kind, of owner: Int) -> Bool {
        knownShares[OwnedSecret(owner: owner, kind: kind), default: []].count >= session.threshold
    }

    /// Decides what the server can compute.
    private func conclude() throws {
        var known: Set<MaskFingerprint> = []
        var explained: Set<MaskFingerprint> = []
        var forms: [LinearForm] = []
        var secrets: [Set<KeyAgreementPublicKey>: SecretBytes] = [:]
        let owners = Dictionary(
            everybody.enumerated().map { ($1.maskKey.publicKey, $0) }, uniquingKeysWith: { first, _ in first })
        for (number, client) in everybody.enumerated() where client.hasMasked {
            guard let told = client.keys else { continue }
            forms += client.masked
            // Whoever knows a mask seed has the pairwise masks under any sharers: those that this client was told.
            let keys = KeySchedule(session: client.maskBinding, round: client.context.round)
            func note(_ key: SecretBytes, isKnown: Bool) throws {
                let fingerprint = try MaskFingerprint(of: MaskGenerator(key: key))
                explained.insert(fingerprint)
                if isKnown { known.insert(fingerprint) }
            }
            try note(
                keys.key(
                    from: client.selfSeed, for: .selfMask, from: client.id.rawValue, to: client.id.rawValue, bits: 64),
                isKnown: isKnown(.selfSeed, of: number))
            for peer in client.delivered {
                guard let peerKey = told.entries[peer]?.maskPublicKey else { continue }
                let ownKey = client.maskKey.publicKey
                let pair: Set = [ownKey, peerKey]
                let secret = try secrets[pair] ?? client.maskKey.sharedSecret(with: peerKey)
                secrets[pair] = secret
                let isLower = peer < client.id
                try note(
                    keys.key(
                        from: secret, for: .pairwiseMask, from: min(peer, client.id).rawValue,
                        to: max(peer, client.id).rawValue, bits: 64,
                        publicKeys: isLower ? [peerKey, ownKey] : [ownKey, peerKey]),
                    isKnown: adversaryKeys[peerKey] != nil || isKnown(.maskSeed, of: number)
                        || owners[peerKey].map { isKnown(.maskSeed, of: $0) } == true)
            }
        }
        outcome.unexplainedMasks = registry.symbols.count {
            guard case .mask(let fingerprint, _) = $0 else { return false }
            return !explained.contains(fingerprint)
        }
        let view = AdversaryView(
            ring: .words(bits: 64), symbols: registry.symbols, forms: forms, knownMasks: known)
        let learned = view.learned()
        outcome.learned = learned.size / 64
        outcome.isOutsideClaim = isOutsideClaim
        outcome.leak = isOutsideClaim ? nil : Self.fewestInputs(in: learned, below: session.fewestInSum)
    }

    /// The fewest inputs in a combination of these rows, if they are fewer than `bound`.
    static func fewestInputs(in module: FormModule, below bound: Int) -> Int? {
        let rows = module.rows.filter { row in row.contains { $0 != 0 } }
        guard let width = rows.first?.count else { return nil }
        // A row of units has no combination with fewer.
        if rows.count == 1, rows[0].allSatisfy({ $0 == 0 || $0 & 1 == 1 }) {
            let support = rows[0].count { $0 != 0 }
            return support < bound ? support : nil
        }
        for size in 1..<bound {
            for set in 1..<(1 << width) where set.nonzeroBitCount == size {
                let others = (0..<width).filter { set >> $0 & 1 == 0 }
                if module.restricted(toZeroIn: others).size > 0 { return size }
            }
        }
        return nil
    }
}
