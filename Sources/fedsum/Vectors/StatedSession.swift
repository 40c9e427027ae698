// SPDX-License-Identifier: Apache-2.0

import PairwiseMasking
import ProtocolCryptography
import RingArithmetic
import SecureAggregation
import SharingAggregation

/// Work on a scheme that a file of test vectors describes.
protocol StatedSchemeVisitor {
    func visit<Scheme: AggregationScheme>(_ scheme: Scheme, in context: RoundContext) throws
    where Scheme.Element: MaskableElement & RingWord
}

/// The session of a file of test vectors: a scheme with its parameters and parties, and what it is bound to.
struct StatedSession {
    let fields: VectorFields
    let width: RingWidth
    let contributors: [PartyID]
    let helpers: [PartyID]
    let context: RoundContext

    init(_ fields: VectorFields) throws {
        self.fields = fields
        width = try RingWidth(bits: fields.integer("bits"))
        contributors = try fields.parties("contributors")
        helpers = try fields.parties("helpers")
        context = try RoundContext(fields.object("context"))
    }

    /// The private keys that a file states.
    struct PrivateKeys {
        var signing: [PartyID: SigningKey] = [:]
        var agreement: [PartyID: KeyAgreementPrivateKey] = [:]
    }

    /// Opens the scheme for every word that holds the ring, or the field of its shares.
    func open(_ visitor: some StatedSchemeVisitor, privateKeys: PrivateKeys = PrivateKeys()) throws {
        let fieldBits = fields.has("fieldBits") ? try fields.integer("fieldBits") : 0
        if max(width.bits, fieldBits) <= 32 { try open(UInt32.self, visitor, privateKeys: privateKeys) }
        try open(UInt64.self, visitor, privateKeys: privateKeys)
    }

    /// The keys of all parties, as the file enrolls them.
    private func enrollment(_ privateKeys: PrivateKeys) throws -> SharingEnrollment {
        let helperKeys = try fields.byteStrings("helperKeys").map { try KeyAgreementPublicKey($0) }
        try require(helperKeys.count == helpers.count, "'helperKeys' has not one key for each helper")
        let identityKeys = try fields.byteStrings("identityKeys").map { try VerifyingKey($0) }
        try require(identityKeys.count == contributors.count, "'identityKeys' has not one key for each contributor")
        try requireEqual(
            HashDigest(of: identityKeys.flatMap(\.bytes)).bytes,
            fields.bytes("identitiesDigest"),
            "identitiesDigest"
        )
        try require(Set(contributors).count == contributors.count, "'contributors' has a party twice")
        try require(Set(helpers).count == helpers.count, "'helpers' has a party twice")
        return SharingEnrollment(
            contributorKeys: Dictionary(uniqueKeysWithValues: zip(contributors, identityKeys)),
            aggregatorKeys: Dictionary(uniqueKeysWithValues: zip(helpers, helperKeys).dropFirst()),
            signingKeys: privateKeys.signing,
            privateKeys: privateKeys.agreement
        )
    }

    /// The identities of the clients, as the file enrolls them.
    private func clientEnrollment(_ privateKeys: PrivateKeys) throws -> ClientEnrollment? {
        guard fields.has("identityKeys") else { return nil }
        let identityKeys = try fields.byteStrings("identityKeys").map { try VerifyingKey($0) }
        try require(identityKeys.count == contributors.count, "'identityKeys' has not one key for each contributor")
        try requireEqual(
            HashDigest(of: identityKeys.flatMap(\.bytes)).bytes,
            fields.bytes("identitiesDigest"),
            "identitiesDigest"
        )
        return ClientEnrollment(
            verifyingKeys: Dictionary(zip(contributors, identityKeys)) { first, _ in first },
            signingKeys: privateKeys.signing
        )
    }

    /// The beacon with the one pulse that the file states; one that gives nothing where it states none.
    private func beacon(_ threat: ThreatModel) throws -> (any PublicBeacon)? {
        guard threat != .curious else { return nil }
        guard fields.has("beacon") else { return StatedBeacon(pulses: []) }
        return StatedBeacon(
            pulses: try fields.object("beacon").objects("pulses").map {
                (try $0.unsigned("pulse"), try HashDigest($0.bytes("entropy")))
            }
        )
    }

    private func open<Element: MaskableElement & RingWord>(
        _: Element.Type,
        _ visitor: some StatedSchemeVisitor,
        privateKeys: PrivateKeys
    ) throws {
        let dimension = try fields.integer("dimension")
        let minimum = try fields.integer("minimumContributors")
        let cohort = minimum == 2 ? MinimumCohort.twoWhoMayLearnEachOthersVectors : try MinimumCohort(minimum)
        let name = try fields.string("scheme")
        if name == "peer-to-peer" {
            try require(helpers.isEmpty, "peer-to-peer has no helpers")
            let scheme = try PeerToPeerAggregation<Element>(
                contributors: contributors,
                threshold: fields.integer("threshold"),
                dimension: dimension,
                width: width,
                minimumCohort: cohort
            )
            try requireEqual(scheme.field?.bits ?? 0, fields.integer("fieldBits"), "fieldBits")
            return try visitor.visit(scheme, in: context)
        }
        guard let first = helpers.first else { throw CaseFailure("'helpers' is empty") }
        switch name {
        case "plain":
            try require(helpers.count == 1, "plain has one helper")
            try visitor.visit(
                Insecure.Plain<Element>(
                    contributors: contributors,
                    server: first,
                    dimension: dimension,
                    width: width,
                    minimumCohort: cohort
                ),
                in: context
            )
        case "additive":
            try visitor.visit(
                AdditiveAggregation<Element>(
                    contributors: contributors,
                    leader: first,
                    aggregators: Array(helpers.dropFirst()),
                    enrollment: enrollment(privateKeys),
                    dimension: dimension,
                    width: width,
                    minimumCohort: cohort
                ),
                in: context
            )
        case "shamir":
            let scheme = try ShamirAggregation<Element>(
                contributors: contributors,
                leader: first,
                aggregators: Array(helpers.dropFirst()),
                threshold: fields.integer("threshold"),
                enrollment: enrollment(privateKeys),
                dimension: dimension,
                width: width,
                minimumCohort: cohort
            )
            try requireEqual(scheme.shareField.bits, fields.integer("fieldBits"), "fieldBits")
            try visitor.visit(scheme, in: context)
        case "secagg", "secagg+":
            try require(helpers.count == 1, "\(name) has one helper")
            guard let threat = ThreatModel(rawValue: try UInt8(fields.integer("threat", in: 0...2))) else {
                throw CaseFailure("there is no such threat model")
            }
            try visitor.visit(
                SecAgg<Element>(
                    contributors: contributors,
                    server: first,
                    graph: name == "secagg"
                        ? .complete : .sparse(neighbors: fields.integer("neighbors"), beacon: beacon(threat)),
                    threat: threat,
                    threshold: fields.integer("threshold"),
                    enrollment: threat == .active ? clientEnrollment(privateKeys) : nil,
                    dimension: dimension,
                    width: width,
                    minimumCohort: cohort
                ),
                in: context
            )
        default: throw CaseFailure("there is no scheme '\(name)'")
        }
    }

    /// Checks the digest that the file gives to the session.
    func checkDigest() throws {
        try open(DigestCheck(expected: fields.bytes("session", count: HashDigest.byteCount)))
    }

    private struct DigestCheck: StatedSchemeVisitor {
        let expected: [UInt8]

        func visit<Scheme: AggregationScheme>(_ scheme: Scheme, in context: RoundContext) throws
        where Scheme.Element: MaskableElement & RingWord {
            try requireEqual(scheme.session(in: context).bytes, expected, "session")
        }
    }
}

/// A beacon with a few pulses that ever come.
struct StatedBeacon: PublicBeacon {
    let pulses: [(pulse: UInt64, entropy: HashDigest)]

    func nextPulse(after previous: UInt64?) -> UInt64 {
        let next = previous.map { previous in (pulses.firstIndex { $0.pulse == previous } ?? -1) + 1 } ?? 0
        return pulses.indices.contains(next) ? pulses[next].pulse : 0
    }
    func isStillSecret(_ pulse: UInt64) -> Bool { true }
    func output(of pulse: UInt64) -> HashDigest? { pulses.first { $0.pulse == pulse }?.entropy }
}

extension RoundContext {
    /// The context of a file of test vectors.
    init(_ fields: VectorFields) throws {
        let task = try fields.bytes("task")
        guard let text = String(validating: task, as: UTF8.self), (1...255).contains(task.count) else {
            throw CaseFailure("'task' is not 1 to 255 bytes of UTF-8")
        }
        self.init(
            task: text,
            round: try fields.unsigned("round"),
            attempt: UInt32(try fields.integer("attempt")),
            modelDigest: try HashDigest(fields.bytes("modelDigest")),
            parametersDigest: try HashDigest(fields.bytes("parametersDigest"))
        )
    }
}

extension VectorFields {
    func party(_ name: String) throws -> PartyID { PartyID(UInt32(try integer(name))) }

    func parties(_ name: String) throws -> [PartyID] { try integers(name).map { PartyID(UInt32($0)) } }
}
