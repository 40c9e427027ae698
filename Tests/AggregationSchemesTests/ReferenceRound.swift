// SPDX-License-Identifier: Apache-2.0

import Foundation
@_spi(Simulation) import PairwiseMasking
import ProtocolCryptography
import RingArithmetic
@_spi(Simulation) import SecureAggregation
@_spi(Simulation) import SecureRandomness
import SharingAggregation
import Testing

/// A whole round as the independent model in Tests/Vectors/reference ran it.
struct ReferenceRound: Decodable, Sendable, CustomTestStringConvertible {
    struct Context: Decodable {
        let task: String
        let round: String
        let attempt: UInt32
        let modelDigest: String
        let parametersDigest: String
    }

    struct Client: Decodable {
        let id: UInt32
        /// The key of its generator; plain clients draw nothing.
        let rand: String?
        /// The seed of its signing key, where it has one.
        let identitySeed: String?
        let input: [String]
        /// The last of its sends that it makes.
        let lostAfter: String?
    }

    struct Server: Decodable {
        let id: UInt32
        let privateKey: String
        let publicKey: String
        let lostAfter: String?
    }

    struct Message: Decodable {
        let stage: Int
        let from: UInt32
        let to: UInt32
        let bytes: String
    }

    let id: String
    let scheme: String
    let bits: Int
    let dimension: Int
    let minimumContributors: Int
    let threshold: Int?
    /// Of SecAgg: 0, 1 or 2.
    let threat: UInt8?
    /// Of SecAgg+.
    let neighbors: Int?
    let contributors: [UInt32]
    let helpers: [UInt32]
    let context: Context
    let session: String
    let simulationSeed: String?
    let servers: [Server]?
    let clients: [Client]
    /// `valid` or `invalid`.
    let result: String
    let error: String?
    let abortStage: Int?
    let abortParty: UInt32?
    let messages: [Message]
    let sum: [String]?
    /// Whose vectors are in the sum, except for SecAgg, where that is U3.
    let included: [UInt32]?
    let survivors: [UInt32]?

    private enum CodingKeys: String, CodingKey {
        case id, scheme, bits, dimension, minimumContributors, threshold, threat, neighbors, contributors, helpers,
            context, session
        case simulationSeed, servers, clients, result, error, abortStage, abortParty, messages, sum, included
        case survivors = "U3"
    }

    var testDescription: String { "\(scheme) \(id)" }

    /// The rounds of one file; nothing where it cannot be read, which a test notices.
    static func load(_ name: String) -> [ReferenceRound] {
        struct Document: Decodable { let cases: [ReferenceRound] }
        let url = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appending(path: "Vectors/\(name).json")
        guard let data = try? Data(contentsOf: url) else { return [] }
        do {
            return try JSONDecoder().decode(Document.self, from: data).cases
        } catch {
            Issue.record("\(name): \(error)")
            return []
        }
    }

    /// Gives every contributor the generator whose key the file has.
    struct Generators: RandomnessSource {
        let keys: [PartyID: [UInt8]]

        func generator(for party: PartyID, in context: RoundContext) -> SeededGenerator {
            SeededGenerator(key: keys[party] ?? [UInt8](repeating: 0, count: 32))
        }
    }

    private struct Line: Hashable {
        let from, to: PartyID
        let digest: HashDigest
    }

    /// What the package did in the same round.
    struct Run<Element: RingWord> {
        let outcome: AggregationOutcome<Element>
        /// The messages that left their senders, aborts apart.
        let sent: [MessageLog.Entry]
        let session: HashDigest
    }

    func run<Element: MaskableElement & RingWord>(
        _: Element.Type,
        randomness: some RandomnessSource
    ) throws -> Run<Element> {
        let width = try RingWidth(bits: bits)
        let cohort =
            minimumContributors == 2
            ? MinimumCohort.twoWhoMayLearnEachOthersVectors : try MinimumCohort(minimumContributors)
        let parties = contributors.map { PartyID($0) }
        switch scheme {
        case "plain":
            return try run(
                Insecure.Plain<Element>(
                    contributors: parties,
                    server: PartyID(helpers[0]),
                    dimension: dimension,
                    width: width,
                    minimumCohort: cohort
                ),
                randomness: randomness
            )
        case "additive":
            var enrollment = SharingEnrollment(contributorKeys: [:], aggregatorKeys: [:])
            for server in servers ?? [] {
                let key = try KeyAgreementPrivateKey(seed: SecretBytes(copying: bytes(server.privateKey)))
                #expect(key.publicKey.bytes == bytes(server.publicKey))
                enrollment.privateKeys[PartyID(server.id)] = key
                enrollment.aggregatorKeys[PartyID(server.id)] = key.publicKey
            }
            for client in clients {
                let key = try SigningKey(seed: SecretBytes(copying: bytes(#require(client.identitySeed))))
                enrollment.signingKeys[PartyID(client.id)] = key
                enrollment.contributorKeys[PartyID(client.id)] = key.verifyingKey
            }
            return try run(
                AdditiveAggregation<Element>(
                    contributors: parties,
                    leader: PartyID(helpers[0]),
                    aggregators: helpers.dropFirst().map { PartyID($0) },
                    enrollment: enrollment,
                    dimension: dimension,
                    width: width,
                    minimumCohort: cohort
                ),
                randomness: randomness
            )
        default:
            #expect(scheme == "secagg" || scheme == "secagg+")
            let threat = try #require(threat.flatMap { ThreatModel(rawValue: $0) })
            var enrollment = ClientEnrollment(verifyingKeys: [:])
            for client in clients {
                guard let seed = client.identitySeed else { continue }
                let key = try SigningKey(seed: SecretBytes(copying: bytes(seed)))
                enrollment.signingKeys[PartyID(client.id)] = key
                enrollment.verifyingKeys[PartyID(client.id)] = key.verifyingKey
            }
            let beacon = simulationSeed.flatMap { UInt64($0) }.map {
                SimulatedBeacon(randomness: SimulationRandomness(seed: $0))
            }
            return try run(
                SecAgg<Element>(
                    contributors: parties,
                    server: PartyID(helpers[0]),
                    graph: scheme == "secagg" ? .complete : .sparse(neighbors: #require(neighbors), beacon: beacon),
                    threat: threat,
                    threshold: threshold,
                    enrollment: threat == .active ? enrollment : nil,
                    dimension: dimension,
                    width: width,
                    minimumCohort: cohort
                ),
                randomness: randomness
            )
        }
    }

    private func run<Scheme: AggregationScheme>(
        _ scheme: Scheme,
        randomness: some RandomnessSource
    ) throws -> Run<Scheme.Element> where Scheme.Element: RingWord {
        let context = RoundContext(
            task: String(decoding: bytes(context.task), as: UTF8.self),
            round: try #require(UInt64(context.round)),
            attempt: context.attempt,
            modelDigest: try HashDigest(bytes(context.modelDigest)),
            parametersDigest: try HashDigest(bytes(context.parametersDigest))
        )
        let inputs = Dictionary(
            uniqueKeysWithValues: clients.map { (PartyID($0.id), $0.input.compactMap { Scheme.Element($0) }) }
        )
        let log = MessageLog()
        let outcome = AggregationDriver(
            scheme: InterceptedScheme(scheme, log: log),
            context: context,
            randomness: randomness,
            faults: FaultSchedule(losses),
            recordsTranscript: true
        ).run { inputs[$0] ?? [] }
        // The log also has what a party would have said when it was lost; the record has what left it.
        let left = Set(outcome.transcript.entries.map { Line(from: $0.from, to: $0.to, digest: $0.digest) })
        return Run(
            outcome: outcome,
            sent: log.entries.filter {
                $0.stage != nil && left.contains(Line(from: $0.from, to: $0.to, digest: HashDigest(of: $0.bytes)))
            },
            session: scheme.session(in: context)
        )
    }

    private var losses: [FaultSchedule.Fault] {
        var sends = ["start": 0, "advertise-keys": 1, "share-keys": 2, "masked-input": 3]
        if scheme.hasPrefix("secagg"), threat != 0 { sends["consistency"] = 4 }
        let lost =
            clients.compactMap { client in client.lostAfter.map { (client.id, $0) } }
            + (servers ?? []).compactMap { server in server.lostAfter.map { (server.id, $0) } }
        return lost.compactMap { id, last in
            guard let send = sends[last] else {
                Issue.record("\(testDescription): lost after \(last)?")
                return nil
            }
            return .loss(PartyID(id), beforeSend: send)
        }
    }
}

/// The bytes of hexadecimal digits; empty where they are none.
func bytes(_ hexadecimal: String) -> [UInt8] {
    let digits = hexadecimal.compactMap(\.hexDigitValue)
    guard digits.count == hexadecimal.count, digits.count % 2 == 0 else { return [] }
    return stride(from: 0, to: digits.count, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) }
}
