// SPDX-License-Identifier: Apache-2.0

import DifferentialPrivacy
import Foundation
import PairwiseMasking
import RingArithmetic

/// A plan, for people and for programs.
struct PlanReport {
    let plan: MaskingPlan
    let capacity: SumCapacity
    let dimension: Int?
    let adversaryFraction: Double
    let dropoutFraction: Double
    let noise: NoisePlanReport?

    /// All clients, of whom the graph's are one cohort if they are sampled.
    private var clients: Int { noise?.plan.terms.population ?? assumptions.clients }
    /// The clients that a sum may have.
    private var largestCohort: Int { noise?.plan.cohort.upperBound ?? assumptions.clients }
    private var assumptions: MaskingAssumptions { plan.assumptions }
    private var bounds: MaskingBounds { plan.bounds }
    private var isCompleteByDefault: Bool { assumptions.clients <= MaskingPlan.completeGraphLimit }
    private var overrun: Double? { plan.overrun }
    private var completeGraphThreshold: Int? { try? assumptions.completeGraphThreshold() }

    /// The packed elements, to the byte.
    private var vectorBytes: Int? {
        dimension.map { Int((UInt64($0) * UInt64(capacity.width.bits) + 7) / 8) }
    }
    private var bytesPerParameter: Double { Double(capacity.width.bits) / 8 }

    var json: JSONValue {
        func optional(_ value: Int?) -> JSONValue { value.map { .integer($0) } ?? .null }
        // JSON has no −∞: what cannot happen is null, as is what nobody checks in the curious model.
        let members: [String: JSONValue] = [
            "clients": .integer(clients), "graph_clients": .integer(assumptions.clients),
            "adversary_fraction": .number(adversaryFraction),
            "dropout_fraction": .number(dropoutFraction), "adversaries": .integer(assumptions.adversaries),
            "dropouts": .integer(assumptions.dropouts), "threat": .string(assumptions.threat.name),
            "security_bits": .integer(assumptions.securityBits), "failure_bits": .integer(assumptions.failureBits),
            "bits": .integer(capacity.inputBits), "max_weight": .integer(capacity.maximumWeight),
            "neighbors": .integer(plan.neighbors), "threshold": .integer(plan.threshold),
            "minimum_contributors": .integer(plan.minimumContributors), "cut_floor": optional(bounds.cutFloor),
            "modulus_bits": .integer(capacity.width.bits), "upload_bytes_per_parameter": .number(bytesPerParameter),
            "upload_bytes_vector": optional(vectorBytes),
            "upload_bytes_keys_and_shares": .integer(plan.keyBytesUploaded),
            "log2_probability_disconnected": .number(bounds.disconnected),
            "log2_probability_exposed": .number(bounds.exposed),
            "log2_probability_stranded": .number(bounds.stranded),
            "log2_probability_hidden_cut": .optional(bounds.hiddenCut),
            "log2_probability_broken_circle": .optional(bounds.brokenCircle),
            "log2_probability_false_statement": .optional(bounds.falseStatement),
            "log2_probability_overrun": .optional(overrun), "proved": .bool(plan.isProved),
            "default_graph": .string(isCompleteByDefault ? "complete" : "sparse"),
            "complete_graph_is_default": .bool(isCompleteByDefault),
            "complete_graph_threshold": optional(completeGraphThreshold),
        ]
        return .object(members.merging(noise?.members ?? NoisePlanReport.membersWithoutNoise) { own, _ in own })
    }

    var text: String {
        let (k, t, clients) = (plan.neighbors, plan.threshold, assumptions.clients)
        var lines = [
            "Sparse graph (secagg+) for \(clients) clients\(clients < self.clients ? ", the smallest cohort that is accepted of \(self.clients)," : "") against a \(assumptions.threat.name) server:"
                + " \(assumptions.adversaries) clients may collude with it, \(assumptions.dropouts) may be lost.",
            "",
            "  neighbors  k = \(k)  a client has masks and shares in common with \(k) others, not with all \(clients - 1)",
            "  threshold  t = \(t)  neighbors open a secret of a client; fewer learn nothing about it",
        ]
        if let floor = bounds.cutFloor {
            lines.append(
                "  cut floor  \(floor)  survivors at the least in any two separate runs of \(k / 2) clients around the circle,"
                    + " or clients refuse")
        }
        if plan.minimumContributors > 3 {
            lines.append(
                "  cohort     \(plan.minimumContributors)  contributors at the least: make it the minimum cohort, since so few"
                    + " losses are assumed")
        }
        lines.append(
            "  ring       b = \(capacity.width.bits) bits  hold the sum of \(largestCohort) values of \(capacity.inputBits) bits"
                + (capacity.maximumWeight > 1 ? " with weights up to \(capacity.maximumWeight)" : "")
                + ", whoever is lost")
        lines.append(
            "  upload     \(bytesPerParameter) bytes for each parameter"
                + (vectorBytes.map { " (\(Format.bytes(Double($0))) for \(dimension ?? 0))" } ?? "")
                + ", and once a round at most \(Format.bytes(Double(plan.keyBytesUploaded))) of keys and shares")
        lines += ["", Terminal.table(header: ["what luck could do", "probability", "asked for"], rows: rows)]
        if plan.threshold == 2, bounds.stranded >= -Double(assumptions.failureBits) {
            lines += ["", "A client may well be left with fewer than 2 neighbors; there is no smaller threshold."]
        }
        if overrun != nil {
            let isProved = plan.isProved
            lines += [
                "",
                isProved
                    ? "The last bound is below 2^−\(assumptions.securityBits + 1): it is proved that no smaller sum than that of all honest survivors opens."
                    : "The last bound is not below 2^−\(assumptions.securityBits + 1): that no smaller sum opens is proved of the complete graph (secagg), not of"
                        + " these k and t (Documentation/SparseGraphs.md).",
            ]
        }
        lines += ["", graphs]
        if let noise { lines += ["", noise.text] }
        return lines.joined(separator: "\n")
    }

    private var rows: [[String]] {
        let security = "below 2^−\(assumptions.securityBits + 1)"
        let failure = "below 2^−\(assumptions.failureBits)"
        var rows = [
            ["the honest survivors are not connected", Self.power(bounds.disconnected), security],
            [
                assumptions.threat == .curious
                    ? "some client has \(plan.threshold) neighbors that collude"
                    : "some client has \(2 * plan.threshold - plan.neighbors) neighbors that collude, and can be shown two lists",
                Self.power(bounds.exposed), security,
            ],
            ["some client has fewer than \(plan.threshold) neighbors left", Self.power(bounds.stranded), failure],
        ]
        if let hidden = bounds.hiddenCut, let broken = bounds.brokenCircle, let witnesses = bounds.falseStatement {
            rows += [
                ["colluding clients alone fill the floor of a cut", Self.power(hidden), security],
                ["losses alone fall below the floor of a cut", Self.power(broken), failure],
                [
                    "one client's witnesses: those who collude and half of the rest are enough", Self.power(witnesses),
                    "–",
                ],
            ]
        }
        if let overrun {
            rows.append([
                "some client is shown another round than the others, and believes it", Self.power(overrun), "see below",
            ])
        }
        return rows
    }

    private var graphs: String {
        let complete =
            completeGraphThreshold.map { "The complete graph (secagg) needs a threshold of at least \($0)" }
            ?? "The complete graph (secagg) has no threshold for these losses"
        let limit = MaskingPlan.completeGraphLimit
        return complete
            + (isCompleteByDefault
                ? "; it is the default up to \(limit) clients."
                : "; above \(limit) clients the sparse graph is the default.")
    }

    /// 2^x for people, rounded upward, since it is a bound.
    private static func power(_ log2: Double) -> String {
        if log2 == -.infinity { return "0" }
        if log2 >= 0 { return "no bound" }
        let rounded = (log2 * 10).rounded(.up) / 10
        return "2^−" + String(format: "%.1f", -rounded)
    }
}
