// SPDX-License-Identifier: Apache-2.0

import PairwiseMasking

/// `fedsum_masking_plan_v1`: neighbors and threshold of secagg+, and how unlikely it is that luck breaks them.
enum MaskingPlanVerifier: CaseVerifier {
    /// A logarithm of nine digits; ours is off by less than 2^−35.
    private static let tolerance = 1.1e-9

    static func check(_ fields: VectorFields) throws {
        let name = try fields.string("threat")
        guard let threat = ThreatModel.allCases.first(where: { $0.name == name }) else {
            throw CaseFailure("'threat' is no threat model")
        }
        let assumptions = try MaskingAssumptions(
            clients: fields.integer("clients"),
            adversaryFraction: Double(fields.integer("adversaryPercent")) / 100,
            dropoutFraction: Double(fields.integer("dropoutPercent")) / 100, threat: threat)
        try requireEqual(
            try? assumptions.completeGraphThreshold(), optional(fields, "completeGraphThreshold"),
            "completeGraphThreshold")
        guard try fields.isValid() else {
            return try requireRefusal(fields, names: names) { () throws(MaskingPlanError) in
                try MaskingPlan(assumptions)
            }
        }
        let plan = try MaskingPlan(assumptions)
        try requireEqual(plan.neighbors, fields.integer("neighbors"), "neighbors")
        try requireEqual(plan.threshold, fields.integer("threshold"), "threshold")
        try requireEqual(plan.minimumContributors, fields.integer("minimumContributors"), "minimumContributors")
        try requireEqual(plan.bounds.cutFloor, optional(fields, "cutFloor"), "cutFloor")
        let stated = try fields.object("log2Probabilities")
        try check(plan.bounds.disconnected, stated, "disconnected")
        try check(plan.bounds.exposed, stated, "exposed")
        try check(plan.bounds.stranded, stated, "stranded")
        try check(plan.bounds.hiddenCut, stated, "hiddenCut")
        try check(plan.bounds.brokenCircle, stated, "brokenCircle")
        try check(plan.bounds.falseStatement, stated, "falseStatement")
    }

    private static func optional(_ fields: VectorFields, _ name: String) throws -> Int? {
        try fields.isNull(name) ? nil : fields.integer(name)
    }

    /// `null` is what cannot happen, or what nobody asks for.
    private static func check(_ ours: Double?, _ fields: VectorFields, _ name: String) throws {
        let ours = ours == -.infinity ? nil : ours
        guard try !fields.isNull(name) else { return try require(ours == nil, "'\(name)' is null, ours is not") }
        guard let expected = Double(try fields.string(name)) else { throw CaseFailure("'\(name)' is not a number") }
        guard let ours, abs(ours - expected) <= tolerance else {
            throw CaseFailure("'\(name)' is \(expected), ours is \(ours.map { "\($0)" } ?? "null")")
        }
    }

    private static func names(_ error: MaskingPlanError) -> Set<String> {
        switch error {
        case .unsatisfiable, .tooFewForGraph: ["no-neighbors"]
        default: []
        }
    }
}
