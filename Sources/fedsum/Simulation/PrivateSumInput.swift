// SPDX-License-Identifier: Apache-2.0

import DifferentialPrivacy
import Foundation
import RingArithmetic
@_spi(Simulation) import SecureAggregation
@_spi(Simulation) import SecureRandomness

/// What the files hold, clipped and rounded, with noise where clients add it.
struct PrivateSumInput: SumEncoding {
    let files: SumFiles
    /// One vector a client, in two's complement mod 2^b.
    let vectors: [[UInt64]]
    /// How many vectors were longer than the clipping norm.
    let clippedVectors: Int
    private let plan: PrivateSumPlan
    private let mechanism: DiscreteGaussianMechanism
    private let guarantee: PrivacyGuarantee
    /// Against whoever learns the scheme's sum; nil where that sees the sum without noise, or every vector with its share
    /// only.
    private let epsilonAgainstCoordinator: Double?
    private let seed: UInt64?
    private let scheme: SchemeName

    var width: RingWidth { plan.width }
    var elementWidth: RingWidth? { nil }
    private var terms: PrivateSumTerms { plan.terms }

    init(_ command: Sum, _ mode: PrivateSumTerms.Mode) throws {
        files = try SumFiles(command)
        guard files.count >= command.minimumCohort.count else {
            throw AggregationError.cohortTooSmall(contributors: files.count, minimum: command.minimumCohort.count)
        }
        (seed, scheme) = (command.seed, command.scheme)
        plan = try command.privacy.plan(
            mode, dimension: files.dimension, clippingNorm: command.clip ?? 0, bits: command.bits,
            clients: files.count, minimumCohort: command.minimumCohort.count)
        guarantee = try plan.guarantee(releases: 1)
        epsilonAgainstCoordinator =
            mode == .distributed && command.scheme == .plain
            ? nil : try plan.guaranteeAgainstCoordinator(participations: 1)?.epsilon
        var generator = Generator(seed, "rotation")
        mechanism = try plan.mechanism(cohort: files.count, rotationSeed: generator.bytes(32))
        var (clipped, encoded) = (0, [[UInt64]]())
        for (position, file) in files.vectors.enumerated() {
            var generator = Generator(seed, "contribution", of: PartyID(UInt32(position + 1)))
            encoded.append(try mechanism.contribution(of: file.values, using: &generator))
            if Self.norm(file.values) > plan.terms.clippingNorm { clipped += 1 }
        }
        (vectors, clippedVectors) = (encoded, clipped)
        if mode == .central, command.scheme == .peerToPeer {
            Terminal.note(
                "note: every peer sees the sum before its noise; with --dp distributed or local, none does.")
        }
    }

    /// Relative to the largest value, so that no square overflows.
    private static func norm(_ values: [Double]) -> Double {
        let largest = values.reduce(0) { max($0, abs($1)) }
        guard largest > 0 else { return 0 }
        return largest * values.reduce(0) { $0 + ($1 / largest) * ($1 / largest) }.squareRoot()
    }

    /// The sum with all the noise that it must have.
    /// - Throws: `DifferentialPrivacyError.tooFewSurvivors` where too much noise was lost.
    func decode(_ sum: [UInt64], contributors: Int) throws -> [Double] {
        var (sum, generator) = (sum, Generator(seed, "release"))
        try plan.release(&sum, of: contributors, cohort: files.count, mechanism: mechanism, using: &generator)
        return try mechanism.decode(sum)
    }

    private func standardDeviation(_ contributors: Int) -> Double { plan.releasedStandardDeviation(of: contributors) }

    /// The members of a sum without noise.
    static let membersWithoutNoise: [String: JSONValue] = Dictionary(
        uniqueKeysWithValues: [
            "epsilon", "epsilon_coordinator", "epsilon_is", "delta", "accountant", "noise_multiplier",
            "noise_standard_deviation", "clipped_vectors",
        ].map { ($0, .null) })

    func members(of result: [Double]?, contributors: Int) -> [String: JSONValue] {
        [
            "sum": result.map { .array($0.map { .number($0) }) } ?? .null, "mean": .null, "exact": .bool(false),
            // Noise has no bound.
            "error_bound": .null, "clipped_values": .null, "clipped_vectors": .integer(clippedVectors),
            "dp": .string(terms.mode.rawValue), "epsilon": .number(guarantee.epsilon),
            "epsilon_coordinator": .optional(epsilonAgainstCoordinator),
            "epsilon_is": seed == nil ? "bound" : "simulation", "delta": .number(terms.delta),
            "accountant": .string(plan.accountant.rawValue), "noise_multiplier": .number(plan.noiseMultiplier),
            "noise_standard_deviation": result == nil ? .null : .number(standardDeviation(contributors)),
        ]
    }

    func lines(of result: [Double], contributors: [PartyID]) -> [String] {
        let each =
            switch terms.mode {
            case .central: ", added to the sum"
            case .local: ", added to each vector"
            case .distributed:
                ", a share of it added to each vector; with more than a share of \(terms.lostShare) lost,\nnothing is released"
            }
        let shortened =
            switch clippedVectors {
            case 0: ""
            case 1: "; 1 vector was shortened, which its client knows alone"
            default: "; \(clippedVectors) vectors were shortened, of which each client knows its own only"
            }
        let coordinator: String =
            if let epsilon = epsilonAgainstCoordinator, terms.mode == .distributed {
                "Against the recipient of the scheme's sum, which knows who took part: ε = \(PrivacyText.shown(epsilon)), for a client\nwhose vector is replaced by zero."
            } else if terms.mode == .local {
                "That holds against the recipient of the scheme's sum too."
            } else {
                "Against the recipient of the scheme's sum: none, since it sees \(terms.mode == .central ? "the sum without noise" : "every vector")."
            }
        return [
            "private sum: \(shown(result, format: "%.6g"))",
            String(
                format: "each ± %.4g, one standard deviation of the noise", standardDeviation(contributors.count)),
            "of \(contributors.count) of \(files.count) clients (\(names(of: contributors))), in \(width)"
                + shortened, "",
            "ε = \(PrivacyText.shown(guarantee.epsilon)) at δ = \(terms.delta) (accountant \(plan.accountant.rawValue)), "
                + (terms.mode == .local
                    ? "against everybody, for another vector in a client's place."
                    : "for one client more or less, against whoever sees this sum and no other."),
            coordinator,
            "Noise: discrete Gaussian, \(String(format: "%.4f", plan.noiseMultiplier)) times "
                + "\(terms.mode == .local ? "twice the" : "the") clipping norm \(terms.clippingNorm) at the least\(each).",
        ]
            + (seed == nil ? [] : ["It comes from a seed here: this is a simulation, and keeps nothing private."])
    }

    func learned(in scheme: SchemeName) -> String {
        let noise =
            switch terms.mode {
            case .central: "without noise"
            case .local: "with its noise"
            case .distributed: "with its share of noise"
            }
        let sum = "the sum \(terms.mode == .central ? "without" : "with") noise"
        return scheme == .plain ? "\(sum), and every vector \(noise)" : sum
    }

    func explain(_ failure: any Error, contributors: Int) -> String {
        guard case .tooFewSurvivors(let count, let minimum)? = failure as? DifferentialPrivacyError else {
            return fedsum.explain(failure)
        }
        return
            "\(files.count - count) of \(files.count) clients are lost, more than --lost-share \(terms.lostShare): \(count) ≥ \(minimum) does not hold, "
            + "and the noise of those who are left is too little. Nothing was released."
    }
}

/// The system's generator, or one that belongs to a seed.
///
/// NB: not `any SecureRandomNumberGenerator`, which Swift 6.3.1 crashes over when it is opened in an optimized build.
private enum Generator: SecureRandomNumberGenerator {
    case system(SystemRandomness)
    case seeded(SeededGenerator)

    init(_ seed: UInt64?, _ purpose: String, of party: PartyID = 0) {
        if let seed {
            self = .seeded(SimulationRandomness(seed: seed).generator(purpose: purpose, party: party))
        } else {
            self = .system(SystemRandomness())
        }
    }

    mutating func fill(_ bytes: inout MutableSpan<UInt8>) throws(RandomnessError) {
        switch self {
        case .system(var generator): try generator.fill(&bytes)
        case .seeded(var generator):
            try generator.fill(&bytes)
            self = .seeded(generator)
        }
    }
}
