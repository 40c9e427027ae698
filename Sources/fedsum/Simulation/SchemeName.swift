// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Foundation
@_spi(Simulation) import PaillierAggregation
@_spi(Simulation) import PairwiseMasking
import ProtocolCryptography
import RingArithmetic
@_spi(Simulation) import SecureAggregation
import SecureRandomness
@_spi(Simulation) import SharingAggregation

/// The schemes of the command line.
enum SchemeName: String, CaseIterable, ExpressibleByArgument, Sendable {
    case plain
    case additive
    case shamir
    case peerToPeer = "peer-to-peer"
    case secagg
    case secaggPlus = "secagg+"
    case paillier

    /// The names, for help texts.
    static var listed: String { allCases.map(\.rawValue).joined(separator: ", ") }

    /// Reads `plain,additive` or `all`.
    static func list(_ text: String) throws -> [SchemeName] {
        if text == "all" { return allCases }
        var names: [SchemeName] = []
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            guard let name = SchemeName(rawValue: part.trimmingCharacters(in: .whitespaces)) else {
                throw UsageError(
                    "there is no scheme '\(part)'; there are \(listed), and all."
                )
            }
            if !names.contains(name) { names.append(name) }
        }
        return names
    }

    /// The send of a client with which its vector leaves it; a client lost before that is not in the sum.
    var vectorSend: Int { isMasking ? 2 : 0 }

    /// Whether clients hide their vectors under masks that they share.
    var isMasking: Bool { self == .secagg || self == .secaggPlus }

    /// The send of a client before which it is lost: that of its vector, or the one of a stage.
    /// - Throws: `UsageError` if clients send nothing in that stage.
    func lostBeforeSend(stage: String?, clients: Int, _ parties: PartyOptions) throws -> Int {
        guard let stage else { return vectorSend }
        let sends: [String: Int] =
            switch self {
            case .plain: ["input": 0]
            case .paillier: ["encrypt": 0]
            case .additive, .shamir: ["share": 0]
            case .peerToPeer:
                parties.peerThreshold(of: clients) == clients
                    ? ["share": 0, "combine": 1] : ["share": 0, "confirm": 1, "combine": 2]
            case .secagg, .secaggPlus:
                parties.threat == .curious
                    ? ["advertise-keys": 0, "share-keys": 1, "masked-input": 2, "unmask": 3]
                    : ["advertise-keys": 0, "share-keys": 1, "masked-input": 2, "consistency": 3, "unmask": 4]
            }
        guard let send = sends[stage] else {
            throw UsageError(
                "clients of \(rawValue) send nothing at stage '\(stage)'; they send at "
                    + sends.sorted { $0.value < $1.value }.map(\.key).joined(separator: ", ") + ".")
        }
        return send
    }

    /// How many bits an element on the wire takes, and so the words at the least: those of the ring, or of the field of
    /// Shamir shares.
    func elementBits(clients: Int, width: RingWidth, _ parties: PartyOptions) throws -> Int {
        let isOverField =
            switch self {
            case .shamir: true
            case .peerToPeer: parties.peerThreshold(of: clients) < clients
            case .plain, .additive, .secagg, .secaggPlus, .paillier: false
            }
        return isOverField ? try PrimeField(holding: clients, of: width).bits : width.bits
    }
}

/// The flags that say who helps, and how many are enough. The same on every verb that runs schemes.
struct PartyOptions: ParsableArguments {
    @Option(help: "Helpers of additive, the leader among them; holders of shares of shamir, besides the leader.")
    var aggregators = 3

    @Option(help: "Aggregators that are enough, in shamir; more than half. (default: ⌊K/2⌋ + 1)")
    var aggregatorThreshold: Int?

    @Option(
        help:
            "Peers that are enough, in peer-to-peer; more than half of the clients. As many as there are clients: additive shares, and a loss ends the round. (default: ⌊N/2⌋ + 1)"
    )
    var peerThreshold: Int?

    @Option(
        help:
            "Shares that give a secret: in secagg more than half of the clients, in secagg+ of the neighbors. (default: ⌊2n/3⌋ + 1 of n, or as fedsum plan says)"
    )
    var threshold: Int?

    @Option(
        help:
            "Neighbors of each client in secagg+, an even number. (default: all others up to 100 clients, above as fedsum plan says for 10 % adversaries and 10 % dropouts)"
    )
    var neighbors: Int?

    @Option(
        help: ArgumentHelp(
            "Against which server secagg and secagg+ protect: curious, semi-malicious or active.", valueName: "model"),
        transform: ThreatModel.named)
    var threat = ThreatModel.semiMalicious

    @Option(help: "Bits of the key of paillier: 2048, 3072 or 4096.")
    var keyBits = 3072

    @Flag(
        help:
            "Have the clients of paillier sign their ciphertexts, and the key holder recompute the sum from all of them."
    )
    var keyHolderAudits = false

    @Option(
        help:
            "Threads with which the server of secagg and secagg+ takes masks off, and the parties of paillier work. (default: 1, and for paillier as many as there are cores, but in bench)"
    )
    var threads: Int?

    /// T, given or by default.
    func peerThreshold(of clients: Int) -> Int {
        peerThreshold ?? PeerToPeerAggregation<UInt32>.defaultThreshold(of: clients)
    }

    /// t of K aggregators, given or by default.
    var shamirThreshold: Int {
        aggregatorThreshold ?? ShamirAggregation<UInt32>.defaultThreshold(of: aggregators)
    }

    /// Whatever decides the course of a round, for fingerprints.
    var description: String {
        [
            aggregators, aggregatorThreshold ?? 0, peerThreshold ?? 0, threshold ?? 0, neighbors ?? 0,
            Int(threat.rawValue),
        ].map { String($0) }.joined(separator: " ")
    }

    /// Neighbors and threshold of a masking scheme, given or by default.
    func masking(_ scheme: SchemeName, clients: Int) -> MaskingParameters {
        let isSparse = scheme == .secaggPlus && (neighbors != nil || clients > MaskingPlan.completeGraphLimit)
        let plan = isSparse ? assumptions(clients: clients).flatMap { try? MaskingPlan($0) } : nil
        guard isSparse, let neighbors = neighbors ?? plan?.neighbors else {
            return MaskingParameters(
                isSparse: false, neighbors: clients - 1,
                threshold: threshold ?? SecAgg<UInt32>.defaultThreshold(of: clients))
        }
        let derived = neighbors == plan?.neighbors ? plan?.threshold : nil
        return MaskingParameters(
            isSparse: true, neighbors: neighbors,
            threshold: threshold ?? derived ?? SecAgg<UInt32>.defaultThreshold(of: neighbors))
    }

    /// Whether a masking scheme's parameters are weaker than `fedsum plan` says for 10 % adversaries and 10 % dropouts.
    func isBelowPlan(_ scheme: SchemeName, clients: Int) -> Bool {
        guard let assumptions = assumptions(clients: clients) else { return false }
        let parameters = masking(scheme, clients: clients)
        guard parameters.isSparse else {
            return parameters.threshold < (try? assumptions.completeGraphThreshold()) ?? 0
        }
        return assumptions.isBelowPlan(neighbors: parameters.neighbors, threshold: parameters.threshold)
    }

    private func assumptions(clients: Int) -> MaskingAssumptions? {
        try? MaskingAssumptions(clients: clients, adversaryFraction: 0.1, dropoutFraction: 0.1, threat: threat)
    }
}

/// The graph and the threshold of a masking scheme.
struct MaskingParameters {
    let isSparse: Bool
    let neighbors: Int
    let threshold: Int
}

extension ThreatModel {
    /// The model of this name on the command line.
    static func named(_ text: String) throws -> ThreatModel {
        guard let model = allCases.first(where: { $0.name == text }) else {
            throw ValidationError("it must be \(allCases.map(\.name).joined(separator: ", ")).")
        }
        return model
    }
}

/// What a scheme is made from, besides its clients.
struct SchemeSettings: Sendable {
    var dimension: Int
    var width: RingWidth
    var minimumCohort = MinimumCohort.standard
    /// Who helps, and how many are enough.
    var parties: PartyOptions
    /// The bits that an element of a client's vector has at most; those of the ring if nil.
    var elementWidth: RingWidth?
    /// Threads of the parties of paillier where the user does not say.
    var paillierThreads = ProcessInfo.processInfo.activeProcessorCount
    /// For long-lived keys.
    var seed: UInt64
    var journal = ShareReleaseJournal()

    /// The server or the leader.
    static let server: PartyID = 1_000_000
    static func helper(_ position: Int) -> PartyID { PartyID(server.rawValue + UInt32(position)) }

    /// The helpers besides the server.
    fileprivate func aggregators(_ count: Int) throws -> [PartyID] {
        // The roster refuses them too, but only once their keys were made.
        guard count < Roster.maximumHelpers else {
            throw UsageError("--aggregators must be below \(Roster.maximumHelpers), not \(parties.aggregators).")
        }
        return (1...count).map(Self.helper)
    }

    /// The long-lived keys, from the seed.
    fileprivate func enrollment(
        of cohort: [PartyID], _ aggregators: [PartyID]
    ) throws(AggregationError) -> SharingEnrollment {
        try SharingEnrollment(
            contributors: cohort, aggregators: aggregators, randomness: SimulationRandomness(seed: seed))
    }
}

extension SumCapacity {
    /// The bits that one party's term has at most.
    var elementWidth: RingWidth {
        get throws { try SumCapacity(terms: 1, maximumWeight: maximumWeight, inputBits: inputBits).width }
    }
}

/// Work that is the same for every scheme.
protocol SchemeVisitor<Element> {
    associatedtype Element: MaskableElement & RingWord
    associatedtype Result

    /// Does the work; `make` gives the scheme for a cohort.
    func visit<Scheme: AggregationScheme>(
        _ make: @escaping @Sendable ([PartyID]) throws(AggregationError) -> Scheme
    ) throws -> Result where Scheme.Element == Element
}

extension SchemeName {
    /// Opens the name into a type, once.
    func accept<Visitor: SchemeVisitor>(_ visitor: Visitor, settings: SchemeSettings) throws -> Visitor.Result {
        typealias Element = Visitor.Element
        switch self {
        case .plain:
            return try visitor.visit { (cohort) throws(AggregationError) in
                try Insecure.Plain<Element>(
                    contributors: cohort, server: SchemeSettings.server, dimension: settings.dimension,
                    width: settings.width, minimumCohort: settings.minimumCohort)
            }
        case .additive:
            guard settings.parties.aggregators >= 2 else {
                throw UsageError("--aggregators must be at least 2: with one, it would see every vector.")
            }
            let aggregators = try settings.aggregators(settings.parties.aggregators - 1)
            return try visitor.visit { (cohort) throws(AggregationError) in
                try AdditiveAggregation<Element>(
                    contributors: cohort, leader: SchemeSettings.server, aggregators: aggregators,
                    enrollment: settings.enrollment(of: cohort, aggregators), dimension: settings.dimension,
                    width: settings.width, minimumCohort: settings.minimumCohort, journal: settings.journal)
            }
        case .shamir:
            guard settings.parties.aggregators >= 2 else {
                throw UsageError(
                    "--aggregators must be at least 2: with one, it and the leader would see every vector.")
            }
            let aggregators = try settings.aggregators(settings.parties.aggregators)
            return try visitor.visit { (cohort) throws(AggregationError) in
                try ShamirAggregation<Element>(
                    contributors: cohort, leader: SchemeSettings.server, aggregators: aggregators,
                    threshold: settings.parties.aggregatorThreshold,
                    enrollment: settings.enrollment(of: cohort, aggregators), dimension: settings.dimension,
                    width: settings.width, minimumCohort: settings.minimumCohort, journal: settings.journal)
            }
        case .peerToPeer:
            return try visitor.visit { (cohort) throws(AggregationError) in
                try PeerToPeerAggregation<Element>(
                    contributors: cohort, threshold: settings.parties.peerThreshold, dimension: settings.dimension,
                    width: settings.width, minimumCohort: settings.minimumCohort, journal: settings.journal)
            }
        case .secagg, .secaggPlus:
            let name = self
            return try visitor.visit { (cohort) throws(AggregationError) in
                let randomness = SimulationRandomness(seed: settings.seed)
                let parameters = settings.parties.masking(name, clients: cohort.count)
                let threat = settings.parties.threat
                var scheme = try SecAgg<Element>(
                    contributors: cohort, server: SchemeSettings.server,
                    graph: parameters.isSparse
                        ? .sparse(
                            neighbors: parameters.neighbors, beacon: SimulatedBeacon(randomness: randomness))
                        : .complete,
                    threat: threat, threshold: parameters.threshold,
                    enrollment: threat == .active
                        ? ClientEnrollment(contributors: cohort, randomness: randomness) : nil,
                    dimension: settings.dimension, width: settings.width, minimumCohort: settings.minimumCohort,
                    journal: settings.journal)
                scheme.unmaskingThreads = settings.parties.threads ?? 1
                return scheme
            }
        case .paillier:
            let audit: KeyHolderAudit =
                settings.parties.keyHolderAudits ? .recomputesProduct : .trustsReportedContributors
            let key = try SimulatedPaillierKey.key(bits: settings.parties.keyBits, seed: settings.seed)
            return try visitor.visit { (cohort) throws(AggregationError) in
                var scheme = try PaillierAggregation<Element>(
                    contributors: cohort, server: SchemeSettings.server, keyHolder: SchemeSettings.helper(1),
                    enrollment: key.enrollment(
                        signers: audit == .recomputesProduct ? cohort : [], seed: settings.seed),
                    audit: audit, dimension: settings.dimension, width: settings.width,
                    elementWidth: settings.elementWidth, minimumCohort: settings.minimumCohort,
                    journal: settings.journal)
                scheme.threads = settings.parties.threads ?? settings.paillierThreads
                return scheme
            }
        }
    }

    /// What follows from the scheme's definition: how many clients it may lose, how many parties may collude with its
    /// recipient.
    func tolerance(clients: Int, settings: SchemeSettings) -> (dropouts: Int, colluders: Int) {
        let cohort = settings.minimumCohort.count
        let parties = settings.parties
        switch self {
        // The server and the key holder read everything together.
        case .plain, .paillier: return (clients - cohort, 0)
        case .additive: return (clients - cohort, parties.aggregators - 2)
        case .shamir: return (clients - cohort, parties.shamirThreshold - 1)
        case .peerToPeer:
            let threshold = parties.peerThreshold(of: clients)
            // The recipients are peers: one of the T − 1 is the recipient itself.
            return (clients - max(threshold, cohort), threshold - 2)
        case .secagg, .secaggPlus:
            // On a sparse graph these hold for any clients; of clients drawn at random many more may be lost or collude.
            let parameters = parties.masking(self, clients: clients)
            let holders = parameters.isSparse ? parameters.neighbors : clients
            let colluders =
                parties.threat == .curious ? parameters.threshold - 1 : 2 * parameters.threshold - holders - 1
            return (min(holders - parameters.threshold, clients - cohort), colluders)
        }
    }

    /// The threshold in force, where the scheme has one.
    func threshold(clients: Int, _ parties: PartyOptions) -> Int? {
        switch self {
        case .plain, .additive, .paillier: nil
        case .shamir: parties.shamirThreshold
        case .peerToPeer: parties.peerThreshold(of: clients)
        case .secagg, .secaggPlus: parties.masking(self, clients: clients).threshold
        }
    }

    /// What is seen besides the sum, in words.
    var whoSeesWhat: String {
        switch self {
        case .plain: "the server sees every update in the clear"
        case .additive: "the leader sees one random share of each update, the aggregators a sealed seed each"
        case .shamir: "the leader sees masked shares of each update, the aggregators a sealed seed each"
        case .peerToPeer: "each peer sees one random share of each other's update, and sums of shares"
        case .secagg: "the server sees keys, sealed shares and masked updates; clients one another's keys"
        case .secaggPlus: "the server sees keys, sealed shares and masked updates; clients their neighbors' keys"
        case .paillier:
            "the server sees encrypted updates, the key holder the sum (with --key-holder-audits all of them)"
        }
    }

    /// Who would have to collude for more to be learned.
    var whoMustNotCollude: String {
        switch self {
        case .plain: "– (the server sees everything)"
        case .additive: "the leader and all aggregators"
        case .shamir: "the leader and t aggregators"
        case .peerToPeer: "T peers"
        case .secagg: "the server and t clients"
        case .secaggPlus: "the server and t neighbors of one client"
        case .paillier: "the server and the key holder"
        }
    }
}

/// How a client is called in words: clients are 1 … N, helpers come after.
func partyName(_ id: PartyID, scheme: SchemeName) -> String {
    guard id >= SchemeSettings.server else { return scheme == .peerToPeer ? "peer \(id)" : "client \(id)" }
    let position = id.rawValue - SchemeSettings.server.rawValue
    if position == 0 { return scheme == .additive || scheme == .shamir ? "leader" : "server" }
    return scheme == .paillier ? "key holder" : "aggregator \(position)"
}
