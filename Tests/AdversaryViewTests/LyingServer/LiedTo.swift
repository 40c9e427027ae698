// SPDX-License-Identifier: Apache-2.0

import PairwiseMasking
import ProtocolCryptography
import SecretSharing
@_spi(Simulation) import SecureAggregation
@_spi(Simulation) import SecureRandomness

/// A production client in one attempt of a round, with what the harness knows of its secrets and the server has told it.
final class LiedTo {
    typealias Message = SecAggMessage<LinearForm>

    /// The keys that it was given, and what they bind.
    struct Keys {
        let binding: HashDigest
        /// Without itself.
        var entries: [PartyID: Advertisement]
        /// Of a sparse graph.
        var tree: [[HashDigest]] = []
        var circle: [Int] = []
    }

    /// What it was shown to fix all signatures before its witnesses were drawn.
    struct Fixed {
        let signatures: [PartyID: [UInt8]]
        /// Those of them that their clients did not make.
        let invented: Set<PartyID>
        var tree: [[HashDigest]]
        var pulse: UInt64
        var root: HashDigest { tree.last?.first ?? .zero }
    }

    let id: PartyID
    let position: Int
    let scheme: SecAgg<LinearForm>
    let context: RoundContext
    let session: HashDigest
    let channelKey: KeyAgreementPrivateKey
    let maskKey: KeyAgreementPrivateKey
    let selfSeed: SecretBytes
    /// Of this session only; the semi-malicious model.
    let signingKey: SigningKey?
    let advertisement: Advertisement
    private var generator: SeededGenerator
    private var party: any AggregationParty<LinearForm, Message>

    /// False once it gave up or is done.
    private(set) var isListening = true
    /// Why it gave up.
    private(set) var refusal: AggregationError?
    var keys: Keys?
    var boxes: [PartyID: [UInt8]] = [:]
    /// From whom boxes were delivered to it.
    var delivered: Set<PartyID> = []
    /// Who it was told has shared, and what its masks are bound to by that.
    var sharers: Set<Int> = []
    var maskBinding = HashDigest.zero
    var masked: [LinearForm] = []
    var hasMasked = false
    /// Under which statement it would reveal now.
    var statement: Statement?
    var fixed: Fixed?

    init(_ id: PartyID, scheme: SecAgg<LinearForm>, context: RoundContext, seed: UInt64, vector: [LinearForm]) throws {
        self.id = id
        self.scheme = scheme
        self.context = context
        position = scheme.contributors.firstIndex(of: id) ?? 0
        session = scheme.session(in: context)
        let start = SimulationRandomness(seed: seed).generator(for: id, in: context)
        var generator = start
        channelKey = try KeyAgreementPrivateKey(seed: generator.secretBytes(32))
        maskKey = try KeyAgreementPrivateKey(seed: generator.secretBytes(32))
        selfSeed = try generator.secretBytes(32)
        signingKey =
            scheme.threat == .semiMalicious
            ? try SigningKey(seed: generator.secretBytes(32)) : scheme.enrollment?.signingKeys[id]
        self.generator = generator
        var party = try scheme.makeParty(id, contributing: vector, in: context, using: start)
        guard case .advertisement(let advertisement)? = try party.start().envelopes.first?.message else {
            throw AggregationError.outOfOrder
        }
        self.advertisement = advertisement
        self.party = party
    }

    /// The same client in the same state, to be told something else.
    init(copying other: LiedTo) {
        id = other.id
        position = other.position
        scheme = other.scheme
        context = other.context
        session = other.session
        channelKey = other.channelKey
        maskKey = other.maskKey
        selfSeed = other.selfSeed
        signingKey = other.signingKey
        advertisement = other.advertisement
        generator = other.generator
        party = other.party
        isListening = other.isListening
        refusal = other.refusal
        keys = other.keys
        boxes = other.boxes
        delivered = other.delivered
        sharers = other.sharers
        maskBinding = other.maskBinding
        masked = other.masked
        hasMasked = other.hasMasked
        statement = other.statement
        fixed = other.fixed
    }

    /// Hands it messages of the server and lets its deadline pass.
    /// - Returns: what it sends.
    func tell(_ messages: [Message]) -> [Message] {
        guard isListening else { return [] }
        do {
            for message in messages { _ = try party.receive(message, from: LyingSession.server) }
            let transition = try party.advance()
            switch transition {
            case .next: break
            case .finished:
                // It would take another request only where the check against that is off.
                isListening = scheme.waivedRefusals.contains(.repeatedRequest)
            case .aborted(let error, _):
                isListening = false
                refusal = error
                return []
            }
            return transition.envelopes.map(\.message)
        } catch {
            isListening = false
            refusal = error
            return []
        }
    }

    /// Hands it boxes and who is said to have shared.
    /// - Returns: what it sends.
    func deliver(_ boxes: [AddressedBox], sharers: Set<Int>) -> [Message] {
        let set = ClientSet(told: sharers, of: scheme.contributors.count)
        delivered = Set(boxes.map(\.party))
        self.sharers = sharers
        maskBinding = SecAggDerivation.maskBinding(keys?.binding ?? .zero, sharers: set.bytes)
        return tell([.deliveredShares(boxes, sharers: set)])
    }

    /// The shares that it deals, by kind and holder; from its generator, as it draws them itself.
    func dealtShares() throws -> [(kind: ClientSecret.Kind, holder: PartyID, bytes: [UInt8])] {
        guard let keys else { return [] }
        let isComplete = scheme.neighbors == scheme.contributors.count - 1
        let contributors = scheme.contributors
        let holders = contributors.filter { keys.entries[$0] != nil || (isComplete && $0 == id) }
        let sharing = try ShamirSharing(threshold: scheme.threshold, of: holders.count)
        let indices = holders.map { UInt64(1 + (contributors.firstIndex(of: $0) ?? 0)) }
        var generator = generator
        return try [(ClientSecret.Kind.maskSeed, maskKey.seed), (.selfSeed, selfSeed)].flatMap { kind, seed in
            try zip(holders, sharing.split(seed, for: indices, using: &generator)).map {
                (kind, $0, SecAggSecrets.copy(of: $1.bytes))
            }
        }
    }

    /// The name of the reason for which it gave up; nil while it goes on.
    var refusalName: String? {
        switch refusal {
        case .violation(let violation, _): String("\(violation)".prefix { $0 != "(" })
        case let error?: String("\(error)".prefix { $0 != "(" })
        case nil: nil
        }
    }
}

/// What one client would sign: the survivors that it is shown, on top of the sharers that it was told.
struct Statement: Hashable {
    let maskBinding: HashDigest
    var survivors: Set<Int>
    let count: Int

    var survivorSet: ClientSet { ClientSet(told: survivors, of: count) }
    var message: LiedTo.Message { .survivors(survivorSet) }
    var digest: HashDigest { SecAggDerivation.statement(maskBinding: maskBinding, survivors: survivorSet.bytes) }
    func signedBytes(by client: PartyID) -> [UInt8] {
        SecAggDerivation.signedBytes(maskBinding: maskBinding, client: client, statement: digest)
    }
}

extension ClientSet {
    /// Positions beyond the last client stretch the bitmap.
    init(told positions: Set<Int>, of count: Int) {
        self.init(positions: positions.sorted(), of: max(count, (positions.max() ?? 0) + 1))
    }
}
