// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Foundation
import PairwiseMasking
import ProtocolCryptography
import RingArithmetic
@_spi(Simulation) import SecureAggregation
import SecureRandomness
import SharingAggregation

/// The schemes of the command line.
enum SchemeName: String, CaseIterable, ExpressibleByArgument, Sendable {
    case plain
    case additive
    case secagg

    /// Reads `plain,additive` or `all`.
    static func list(_ text: String) throws -> [SchemeName] {
        if text == "all" { return allCases }
        var names: [SchemeName] = []
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            guard let name = SchemeName(rawValue: part.trimmingCharacters(in: .whitespaces)) else {
                throw UsageError(
                    "there is no scheme '\(part)'; there are \(allCases.map(\.rawValue).joined(separator: ", ")), and all."
                )
            }
            if !names.contains(name) { names.append(name) }
        }
        return names
    }

    /// The send of a client with which its vector leaves it; a client lost before that is not in the sum.
    var vectorSend: Int { self == .secagg ? 2 : 0 }

    /// The number of the client's send in a stage; nil if clients send nothing in it.
    func send(atStage stage: String) -> Int? {
        switch self {
        case .plain: ["input": 0][stage]
        case .additive: ["share": 0][stage]
        case .secagg: ["advertise-keys": 0, "share-keys": 1, "masked-input": 2, "unmask": 3][stage]
        }
    }
}

/// What a scheme is made from, besides its clients.
struct SchemeSettings: Sendable {
    var dimension: Int
    var width: RingWidth
    var minimumCohort = MinimumCohort.standard
    /// Helpers of the sharing schemes, the leader included.
    var aggregators = 3
    /// The Shamir threshold of `secagg`; nil: ⌊2N/3⌋ + 1.
    var threshold: Int?
    /// For the aggregators' long-lived keys.
    var seed: UInt64
    var journal = ShareReleaseJournal()

    /// The server or the leader.
    static let server: PartyID = 1_000_000
    static func helper(_ position: Int) -> PartyID { PartyID(server.rawValue + UInt32(position)) }
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
            guard settings.aggregators >= 2 else {
                throw UsageError("--aggregators must be at least 2: with one, it would see every vector.")
            }
            // The roster refuses them too, but only once their keys were made.
            guard settings.aggregators <= 500 else {
                throw UsageError("--aggregators must be at most 500, not \(settings.aggregators).")
            }
            var keys: [(id: PartyID, key: KeyAgreementPrivateKey)] = []
            for position in 1..<settings.aggregators {
                let id = SchemeSettings.helper(position)
                var generator = SimulationRandomness(seed: settings.seed).generator(
                    purpose: "aggregator key", party: id)
                keys.append((id, try KeyAgreementPrivateKey(seed: generator.secretBytes(32))))
            }
            return try visitor.visit { [keys] (cohort) throws(AggregationError) in
                try AdditiveAggregation<Element>(
                    contributors: cohort, leader: SchemeSettings.server,
                    aggregators: keys.map { ($0.id, $0.key.publicKey) },
                    privateKeys: Dictionary(uniqueKeysWithValues: keys.map { ($0.id, $0.key) }),
                    dimension: settings.dimension, width: settings.width, minimumCohort: settings.minimumCohort,
                    journal: settings.journal)
            }
        case .secagg:
            return try visitor.visit { (cohort) throws(AggregationError) in
                try SecAgg<Element>(
                    contributors: cohort, server: SchemeSettings.server, threshold: settings.threshold,
                    dimension: settings.dimension, width: settings.width, minimumCohort: settings.minimumCohort,
                    journal: settings.journal)
            }
        }
    }

    /// What follows from the scheme's definition: how many losses it survives, how many parties may collude with its
    /// recipient.
    func tolerance(clients: Int, settings: SchemeSettings) -> (dropouts: Int, colluders: Int) {
        switch self {
        case .plain: (clients - settings.minimumCohort.count, 0)
        case .additive: (clients - settings.minimumCohort.count, settings.aggregators - 2)
        case .secagg:
            (
                clients - max(threshold(clients: clients, settings), settings.minimumCohort.count),
                threshold(clients: clients, settings) - 1
            )
        }
    }

    /// The threshold in force, where the scheme has one.
    func threshold(clients: Int, _ settings: SchemeSettings) -> Int {
        settings.threshold ?? SecAgg<UInt32>.defaultThreshold(of: clients)
    }

    /// What is seen besides the sum, in words.
    var whoSeesWhat: String {
        switch self {
        case .plain: "the server sees every update in the clear"
        case .additive: "the leader sees one random share of each update, the aggregators a sealed seed each"
        case .secagg: "the server sees keys, sealed shares and masked updates; clients one another's keys"
        }
    }

    /// Who would have to collude for more to be learned.
    var whoMustNotCollude: String {
        switch self {
        case .plain: "– (the server sees everything)"
        case .additive: "the leader and all aggregators"
        case .secagg: "the server and t clients"
        }
    }
}

/// How a client is called in words: clients are 1 … N, helpers come after.
func partyName(_ id: PartyID, scheme: SchemeName) -> String {
    guard id >= SchemeSettings.server else { return "client \(id)" }
    let position = id.rawValue - SchemeSettings.server.rawValue
    if position == 0 { return scheme == .additive ? "leader" : "server" }
    return "aggregator \(position)"
}
