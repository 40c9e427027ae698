// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import DifferentialPrivacy
import Foundation
import PairwiseMasking
import RingArithmetic
import SecureAggregation

/// `fedsum plan`: parameters from what a user knows.
struct Plan: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract:
            "Finds neighbors, threshold, ring and noise from how many clients there are, collude and are lost.",
        discussion: """
            Examples:
              fedsum plan --clients 10000 --adversary-fraction 0.1 --dropout-fraction 0.1
              fedsum plan --clients 1000 --threat active --bits 16 --dimension 1000000 --json
              fedsum plan --clients 5000 --epsilon 8 --clip 0.5 --rounds 200 --sampling-rate 0.1 --dimension 100000

            The answer is for the sparse graph of secagg+: the fewest neighbors and the least threshold with which neither colluding clients nor losses \
            have more than a negligible chance. With --epsilon, noise for private sums is found as well. Where nothing will do, the exit code is 1 and the inequality that cannot hold is said.
            """)

    @Option(
        help:
            "Clients of the aggregation, 3 to \(MaskingAssumptions.maximumClients); with --sampling-rate, of whom each takes part with that probability."
    )
    var clients: Int

    @Option(help: "Share of the clients that may collude with the server: at least 0, below 1.")
    var adversaryFraction = 0.1

    @Option(help: "Share of the clients that may be lost in a round: at least 0, below 1.")
    var dropoutFraction = 0.1

    @Option(
        help: ArgumentHelp(
            "What the server may do: \(ThreatModel.allCases.map(\.name).joined(separator: ", ")).", valueName: "model"))
    var threat = ThreatModel.semiMalicious.name

    @Option(help: "Bits of an input value, 1 to 32.")
    var bits = 16

    @Option(help: "The largest integer weight of a client; 1 for a sum without weights.")
    var maxWeight = 1

    @Option(help: "Elements of a vector, to know the bytes of a whole one; --epsilon needs it.")
    var dimension: Int?

    @Option(help: "Privacy fails with a probability below 2 to the minus this.")
    var securityBits = MaskingAssumptions.defaultSecurityBits

    @Option(help: "Losses within their share do harm with a probability of about 2 to the minus this.")
    var failureBits = MaskingAssumptions.defaultFailureBits

    @OptionGroup var noise: NoisePlanOptions

    @Flag(help: "Print one JSON document on standard output.")
    var json = false

    @OptionGroup var configurationFile: ConfigurationFile

    func run() throws {
        try report {
            guard let threat = ThreatModel.allCases.first(where: { $0.name == threat }) else {
                throw UsageError(
                    "--threat is one of \(ThreatModel.allCases.map(\.name).joined(separator: ", ")), not '\(threat)'.")
            }
            if let dimension, !(1...Int(UInt32.max)).contains(dimension) {
                throw AggregationError.dimensionOutOfRange(dimension)
            }
            let noise = try noisePlan()
            // A smaller cohort needs a larger share of all the others as neighbors, and a larger one a wider ring.
            let cohort = noise?.plan.cohort ?? clients...clients
            let assumptions = try MaskingAssumptions(
                clients: cohort.lowerBound, adversaryFraction: adversaryFraction, dropoutFraction: dropoutFraction,
                threat: threat, securityBits: securityBits, failureBits: failureBits)
            let capacity = try SumCapacity(terms: cohort.upperBound, maximumWeight: maxWeight, inputBits: bits)
            let plan: MaskingPlan
            do {
                plan = try MaskingPlan(assumptions)
            } catch {
                Terminal.note("error: \(explain(error)) \(Self.wayOut(of: assumptions))")
                throw ExitStatus.failure
            }
            let result = PlanReport(
                plan: plan, capacity: capacity, dimension: dimension, adversaryFraction: adversaryFraction,
                dropoutFraction: dropoutFraction, noise: noise)
            Terminal.output(json ? try result.json.text() : result.text)
            if cohort.upperBound > Roster.maximumContributors {
                Terminal.note("note: an aggregation of this version has at most \(Roster.maximumContributors) clients.")
            }
        }
    }

    /// The noise that is asked for, if any.
    private func noisePlan() throws -> NoisePlanReport? {
        do {
            return try noise.plan(self).map { try NoisePlanReport($0) }
        } catch let error as PrivateSumPlanError where error.isImpossible {
            Terminal.note("error: \(explain(error))")
            throw ExitStatus.failure
        }
    }

    /// What to do where there is no sparse graph.
    private static func wayOut(of assumptions: MaskingAssumptions) -> String {
        let mend = "Assume fewer colluding or lost clients"
        do throws(MaskingPlanError) {
            let threshold = try assumptions.completeGraphThreshold()
            return
                "\(mend), take more clients, or use the complete graph: --schemes secagg --threshold \(threshold) will do."
        } catch {
            return "\(mend). The complete graph is no way out: \(explain(error))"
        }
    }
}
