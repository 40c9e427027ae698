// SPDX-License-Identifier: Apache-2.0

import PairwiseMasking
import ProtocolCryptography
import RingArithmetic
@_spi(Simulation) import SecureAggregation
@_spi(Simulation) import SharingAggregation

/// `fedsum_must_fail_session_v1`: parameters for which no session may be made.
enum MustFailSessionVerifier: CaseVerifier {
    static func check(_ fields: VectorFields) throws {
        try require(!fields.isValid(), "'result' must be invalid: no such session may be made")
        let width = try RingWidth(bits: fields.integer("bits"))
        let dimension = try fields.integer("dimension")
        let threshold = try fields.integer("threshold")
        let contributors = try fields.parties("contributors")
        let helpers = try fields.parties("helpers")
        let minimum = try fields.integer("minimumContributors")
        let cohort = minimum == 2 ? MinimumCohort.twoWhoMayLearnEachOthersVectors : try MinimumCohort(minimum)
        let scheme = try fields.string("scheme")
        try require(helpers.isEmpty == (scheme == "peer-to-peer"), "'helpers' are not those of \(scheme)")
        switch scheme {
        case "shamir":
            let aggregators = Array(helpers.dropFirst())
            let enrollment = try SharingEnrollment(
                contributors: contributors,
                aggregators: aggregators,
                randomness: SimulationRandomness(seed: 0)
            )
            try requireRefusal(fields, names: names) { () throws(AggregationError) in
                try ShamirAggregation<UInt64>(
                    contributors: contributors,
                    leader: helpers[0],
                    aggregators: aggregators,
                    threshold: threshold,
                    enrollment: enrollment,
                    dimension: dimension,
                    width: width,
                    minimumCohort: cohort
                )
            }
        case "peer-to-peer":
            try requireRefusal(fields, names: names) { () throws(AggregationError) in
                try PeerToPeerAggregation<UInt64>(
                    contributors: contributors,
                    threshold: threshold,
                    dimension: dimension,
                    width: width,
                    minimumCohort: cohort
                )
            }
        case "secagg", "secagg+":
            try require(helpers.count == 1, "\(scheme) has one helper")
            guard let threat = ThreatModel(rawValue: UInt8(try fields.integer("threat", in: 0...2))) else {
                throw CaseFailure("there is no such threat model")
            }
            let graph: MaskingGraph =
                scheme == "secagg"
                ? .complete
                : .sparse(
                    neighbors: try fields.integer("neighbors"),
                    beacon: threat == .curious ? nil : StatedBeacon(pulses: []))
            let enrollment = try enrollment(of: contributors, fields)
            try requireRefusal(fields, names: names) { () throws(AggregationError) in
                try SecAgg<UInt64>(
                    contributors: contributors,
                    server: helpers[0],
                    graph: graph,
                    threat: threat,
                    threshold: threshold,
                    enrollment: enrollment,
                    dimension: dimension,
                    width: width,
                    minimumCohort: cohort
                )
            }
        default: throw CaseFailure("there is no scheme '\(scheme)' whose sessions can fail")
        }
    }

    /// The identities that a case enrolls; it may leave some out.
    private static func enrollment(of contributors: [PartyID], _ fields: VectorFields) throws -> ClientEnrollment? {
        if try fields.isNull("identityKeys") { return nil }
        var keys: [PartyID: VerifyingKey] = [:]
        for (client, entry) in zip(contributors, try fields.array("identityKeys")) {
            let entry = VectorFields(["key": entry])
            if !(try entry.isNull("key")) { keys[client] = try VerifyingKey(entry.bytes("key")) }
        }
        return ClientEnrollment(verifyingKeys: keys)
    }

    private static func names(_ error: AggregationError) -> Set<String> {
        switch error {
        case .thresholdOutOfRange, .aggregatorThresholdOutOfRange: ["threshold-out-of-range"]
        case .neighborsOutOfRange: ["neighbors-out-of-range"]
        case .missingKey: ["missing-identity"]
        case .tooFewHelpers: ["too-few-aggregators"]
        case .ring(.fieldTooSmall): ["capacity-above-61-bits"]
        case .tooManyAggregators: ["abscissa-not-below-prime"]
        default: []
        }
    }
}
