// SPDX-License-Identifier: Apache-2.0

import DifferentialPrivacy
import Foundation
import Testing

/// A file of Tests/Vectors/differential-privacy: rows of an independent program, numbers as decimal strings.
func oracleRows<Row: Decodable>(_ name: String, as _: Row.Type = Row.self) throws -> [Row] {
    let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()
    let data = try Data(contentsOf: folder.appending(path: "Vectors/differential-privacy/\(name).json"))
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    let document = try decoder.decode(OracleDocument<Row>.self, from: data)
    precondition(document.name == name && !document.rows.isEmpty, "\(name) is another kind of file.")
    return document.rows
}

private struct OracleDocument<Row: Decodable>: Decodable {
    let name: String
    let rows: [Row]
}

/// Whether two numbers are equal to a relative tolerance; a stated zero is zero.
func isClose(_ value: Double, _ stated: String, _ tolerance: Double) -> Bool {
    guard let expected = Double(stated) else { return false }
    return abs(value - expected) <= tolerance * abs(expected)
}

@Suite("Distributions of discrete noise against mpmath")
struct DistributionVectorTests {
    struct GaussianRow: Decodable {
        let sigma2: String
        let normaliser: String
        let variance: String
        let pmf: [String: String]
        let tailGe: [String: String]?
    }

    @Test func `normalizer, variance, probabilities and tails of the discrete Gaussian, to 1e-12`() throws {
        for row in try oracleRows("discrete_gaussian", as: GaussianRow.self) {
            let distribution = DiscreteGaussianDistribution(try NoiseVariance(#require(Double(row.sigma2))))
            #expect(isClose(distribution.normalizer, row.normaliser, 1e-12))
            #expect(isClose(distribution.trueVariance, row.variance, 1e-12))
            for (y, p) in row.pmf {
                let y = try #require(Int64(y))
                #expect(isClose(distribution.probability(y), p, 1e-12))
                #expect(isClose(distribution.probability(-y), p, 1e-12))
            }
            for (y, p) in row.tailGe ?? [:] {
                let y = try #require(Int64(y))
                #expect(isClose(distribution.upperTail(from: y), p, 1e-12))
                #expect(abs(distribution.upperTail(from: 1 - y) - (1 - Double(p)!)) < 1e-15)
            }
        }
        #expect(!isClose(1 + 3e-12, "1", 1e-12) && !isClose(1, "", 1))
    }

    struct DeltaRow: Decodable {
        let sigma2: String
        let epsilon: String
        let integerSensitivity: Int64
        let delta: String
    }

    @Test func `the exact δ of the discrete Gaussian, to 1e-9`() throws {
        for row in try oracleRows("discrete_gaussian_delta", as: DeltaRow.self) {
            let distribution = DiscreteGaussianDistribution(try NoiseVariance(#require(Double(row.sigma2))))
            let epsilon = try #require(Double(row.epsilon))
            #expect(
                isClose(distribution.delta(epsilon: epsilon, sensitivity: row.integerSensitivity), row.delta, 1e-9))
        }
    }

    struct SkellamRow: Decodable {
        let variance: String
        let pmf: [String: String]
    }

    @Test func `probabilities of the Skellam distribution, to 1e-9`() throws {
        for row in try oracleRows("skellam", as: SkellamRow.self) {
            let distribution = SkellamDistribution(variance: try #require(Double(row.variance)))
            for (y, p) in row.pmf {
                let y = try #require(Int64(y))
                #expect(isClose(distribution.probability(y), p, 1e-9))
                #expect(isClose(distribution.probability(-y), p, 1e-9))
            }
        }
    }

    struct SumRow: Decodable {
        let clients: Int
        let localSigma2: String
        let pmfSum: [String: String]
        let maxAbsLogRatioToDgaussNS2Within6Sigma: String
        let tauBound: String
    }

    @Test func `sums of discrete Gaussians, how close they are to one, and τ, to 1e-9`() throws {
        for row in try oracleRows("sum_of_discrete_gaussians", as: SumRow.self) {
            let variance = try NoiseVariance(#require(Double(row.localSigma2)))
            let sum = DiscreteGaussianSum(variance, count: row.clients)
            for (y, p) in row.pmfSum {
                #expect(isClose(sum.probability(try #require(Int64(y))), p, 1e-9))
            }
            let ratio = sum.largestLogRatio(withinDeviations: 6)
            #expect(isClose(ratio, row.maxAbsLogRatioToDgaussNS2Within6Sigma, 1e-9))
            let closeness = DistributedNoise.closeness(localVariance: variance, shares: row.clients)
            #expect(isClose(closeness, row.tauBound, 1e-9))
            #expect(ratio <= closeness)
        }
    }

    struct RoundingRow: Decodable {
        let scaledL2Clip: String
        let dim: Int
        let beta: String
        let roundedL2Bound: String
    }

    @Test func `the norm after conditional rounding, to 1e-9`() throws {
        for row in try oracleRows("conditional_rounding", as: RoundingRow.self) {
            let square = try ConditionalRounding.squaredBound(
                norm: #require(Double(row.scaledL2Clip)), dimension: row.dim, bias: #require(Double(row.beta)))
            #expect(isClose(square.squareRoot(), row.roundedL2Bound, 1e-9))
        }
    }
}
