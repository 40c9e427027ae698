// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import DifferentialPrivacy
import Foundation

/// Accountants that the calculator has.
enum CalculatorAccountant: String, CaseIterable, ExpressibleByArgument {
    case pld, rdp, analytic

    var name: AccountantName {
        switch self {
        case .pld: .privacyLossDistribution
        case .rdp: .renyi
        case .analytic: .analytic
        }
    }

    /// Analytic means exact, which it is for Gaussian steps over everybody.
    func check(samplingRate: Double) throws {
        guard self == .analytic, samplingRate != 1 else { return }
        throw UsageError("--accountant analytic is for --sampling-rate 1; with sampling, take pld or rdp.")
    }
}

/// What both verbs say of users' sampling.
private let whatIsMeant = """
    Each step adds Gaussian noise, whose standard deviation is the noise multiplier times the clipping norm, to the sum over a Poisson sample \
    of the users. Neighbors differ by one user's whole data, added or removed. Amplification by sampling holds against whoever sees \
    the results; the coordinator also sees who takes part, and for it --participations gives the ε without sampling.
    """

/// `fedsum epsilon`: ε from noise.
struct Epsilon: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Finds ε from noise, sampling rate and steps.",
        discussion: """
            Examples:
              fedsum epsilon --noise-multiplier 1 --sampling-rate 0.01 --steps 10000 --delta 1e-5
              fedsum epsilon --noise-multiplier 1.13 --sampling-rate 0.1 --steps 200 --delta 1e-5 --participations 20 --json

            \(whatIsMeant)
            """)

    @Option(help: "Standard deviation of the noise over the clipping norm, 0.001 to 10^9.")
    var noiseMultiplier: Double

    @Option(help: "Probability that a user is in a step's sample, above 0 and at most 1.")
    var samplingRate = 1.0

    @Option(help: "Number of steps.")
    var steps = 1

    @Option(help: "The δ, between 0 and 1.")
    var delta: Double

    @Option(help: "Method: pld (bounds from both sides), rdp, or analytic (exact, for sampling rate 1).")
    var accountant = CalculatorAccountant.pld

    @Option(help: "Cap on the rounds in which a user takes part; gives ε against the coordinator too.")
    var participations: Int?

    @Flag(help: "Print one JSON document on standard output.")
    var json = false

    @OptionGroup var configurationFile: ConfigurationFile

    func run() throws {
        try report {
            try accountant.check(samplingRate: samplingRate)
            guard samplingRate > 0 else { throw AccountingError.samplingRateOutOfRange(samplingRate) }
            guard steps >= 1 else { throw AccountingError.countOutOfRange(steps) }
            let event = PrivacyEvent.sampledGaussian(
                rate: samplingRate, noiseMultiplier: noiseMultiplier, steps: steps)
            let guarantee =
                switch accountant {
                case .pld, .analytic: try PrivacyLossAccountant().guarantee(for: event, delta: delta)
                case .rdp: try RenyiAccountant().guarantee(for: event, delta: delta)
                }
            let coordinator = try participations.map {
                try Participation.guaranteeAgainstCoordinator(
                    noiseMultiplier: noiseMultiplier, participations: $0, delta: delta)
            }
            if json {
                var document = guarantee.jsonMembers
                document["accountant"] = .string(accountant.rawValue)
                document["epsilon_coordinator"] = .optional(coordinator?.epsilon)
                document["noise_multiplier"] = .number(noiseMultiplier)
                document["sampling_rate"] = .number(samplingRate)
                document["steps"] = .integer(steps)
                return Terminal.output(try JSONValue.object(document).text())
            }
            var lines = ["ε = \(guarantee.shownEpsilon)  at δ = \(delta), \(guarantee.circumstances)"]
            if let lower = guarantee.lowerBound {
                lines.append("    and not below \(shown(lower, .down)) for this noise and sampling")
            }
            if let coordinator, let participations {
                lines.append(
                    "ε = \(coordinator.shownEpsilon)  against the coordinator, who sees who takes part: at most \(participations) participations"
                )
            }
            Terminal.output(lines.joined(separator: "\n"))
        }
    }
}

/// `fedsum calibrate`: noise from ε.
struct Calibrate: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Finds the noise that a target of ε and δ needs.",
        discussion: """
            Examples:
              fedsum calibrate --epsilon 8 --delta 1e-5 --sampling-rate 0.1 --steps 200
              fedsum calibrate --epsilon 1 --delta 1e-6 --accountant analytic --json

            The ε that the noise gives is never above the target, and at most 0.01 % below.
            \(whatIsMeant)
            """)

    @Option(help: "The ε that is not to be exceeded.")
    var epsilon: Double

    @Option(help: "The δ, between 0 and 1.")
    var delta: Double

    @Option(help: "Probability that a user is in a step's sample, above 0 and at most 1.")
    var samplingRate = 1.0

    @Option(help: "Number of steps.")
    var steps = 1

    @Option(help: "Method: pld (the least noise), rdp, or analytic (exact, for sampling rate 1).")
    var accountant = CalculatorAccountant.pld

    @Option(help: "Cap on the rounds in which a user takes part; gives ε against the coordinator too.")
    var participations: Int?

    @Flag(help: "Print one JSON document on standard output.")
    var json = false

    @OptionGroup var configurationFile: ConfigurationFile

    func run() throws {
        try report {
            try accountant.check(samplingRate: samplingRate)
            let result = try NoiseCalibration(
                epsilon: epsilon, delta: delta, rate: samplingRate, steps: steps, accountant: accountant.name)
            let coordinator = try participations.map {
                try Participation.guaranteeAgainstCoordinator(
                    noiseMultiplier: result.noiseMultiplier, participations: $0, delta: delta)
            }
            if json {
                var document = result.guarantee.jsonMembers
                document["accountant"] = .string(accountant.rawValue)
                document["epsilon_coordinator"] = .optional(coordinator?.epsilon)
                document["noise_multiplier"] = .number(result.noiseMultiplier)
                document["sampling_rate"] = .number(samplingRate)
                document["steps"] = .integer(steps)
                return Terminal.output(try JSONValue.object(document).text())
            }
            var lines = [
                "noise multiplier = \(shown(result.noiseMultiplier, .up))  (standard deviation over clipping norm)",
                "ε = \(result.guarantee.shownEpsilon)  at δ = \(delta), \(result.guarantee.circumstances)",
            ]
            if let coordinator, let participations {
                lines.append(
                    "ε = \(coordinator.shownEpsilon)  against the coordinator, who sees who takes part: at most \(participations) participations"
                )
            }
            Terminal.output(lines.joined(separator: "\n"))
        }
    }
}

/// Four decimals, rounded to the safe side; small numbers have as many digits.
private func shown(_ value: Double, _ rule: FloatingPointRoundingRule) -> String {
    guard value > 0, value < 1e12 else { return "\(value)" }
    let decimals = value >= 0.1 ? 4 : min(15, 4 - Int(log10(value).rounded(.down)))
    let scale = pow(10, Double(decimals))
    return String(format: "%.\(decimals)f", (value * scale).rounded(rule) / scale)
}

extension PrivacyGuarantee {
    fileprivate var shownEpsilon: String { shown(epsilon, .up) }

    fileprivate var circumstances: String {
        let unit =
            switch adjacency {
            case .addOrRemoveUser: "for one user more or less"
            case .substituteUser: "for another user in one's place"
            }
        let seen =
            switch observer {
            case .resultsOnly: "against whoever sees the results, and neither who took part nor how many did"
            case .coordinator: "against the coordinator"
            }
        return "\(unit), \(seen) (\(accountant.rawValue), \(kind.rawValue))"
    }

    fileprivate var jsonMembers: [String: JSONValue] {
        [
            "epsilon": .number(epsilon), "lower_bound": .optional(lowerBound), "delta": .number(delta),
            "adjacency": .string(adjacency.rawValue), "observer": .string(observer.rawValue),
            "kind": .string(kind.rawValue),
        ]
    }
}

/// One sentence for an accountant's error.
func explain(_ error: AccountingError) -> String {
    switch error {
    case .noiseOutOfRange(let value):
        "a noise multiplier, variance or sensitivity of \(value) is outside what can be accounted for (a noise multiplier is 0.001 to 10^9)."
    case .samplingRateOutOfRange(let rate): "a sampling rate must be above 0 and at most 1, not \(rate)."
    case .probabilityOutOfRange(let value): "δ must satisfy 0 < δ < 1: \(value) does not."
    case .epsilonOutOfRange(let value): "ε must be above 0 and at most 10^6, not \(value)."
    case .orderOutOfRange(let order): "a Rényi order must be above 1 and at most 100000, not \(order)."
    case .countOutOfRange(let count): "a number of steps or participants of \(count) is out of range."
    case .gridOutOfRange(let grid): "a grid must be between 1e-8 and 1, not \(grid)."
    case .unsupportedEvent(let event):
        "this accountant has no proved bound for the event (\(event)), and approximates nothing."
    case .failureProbabilityExceedsDelta(let failure, let delta):
        "the guarantee fails altogether with probability \(failure), which is not below δ = \(delta)."
    case .unbounded: "no finite ε can be proved with so little noise."
    case .targetUnreachable(let limit): "no noise multiplier up to \(limit) reaches the target."
    }
}

/// Whether the user can mend the call.
func isUsage(_ error: AccountingError) -> Bool {
    switch error {
    case .failureProbabilityExceedsDelta, .unbounded, .targetUnreachable: false
    default: true
    }
}
