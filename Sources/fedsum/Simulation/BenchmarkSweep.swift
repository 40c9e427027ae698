// SPDX-License-Identifier: Apache-2.0

import Foundation

/// One parameter of a benchmark that takes several values while all others keep theirs.
struct BenchmarkSweep {
    enum Parameter: String, CaseIterable {
        case clients
        case dimension

        /// What the numbers count.
        var label: String {
            switch self {
            case .clients: "clients"
            case .dimension: "elements of a vector"
            }
        }

        /// What is varied, in a title.
        var noun: String {
            switch self {
            case .clients: "number of clients"
            case .dimension: "length of the vectors"
            }
        }

        /// The parameter's value in a row.
        func value(of row: SchemeBenchmark.Row) -> Int {
            switch self {
            case .clients: row.clients
            case .dimension: row.dimension
            }
        }
    }

    let parameter: Parameter
    /// The values as text, which the parameter's own flag would take.
    let values: [String]

    /// Reads `clients=10,30,100`; several may follow one another, as a list in a configuration file gives them.
    static func list(_ texts: [String]) throws -> [BenchmarkSweep] {
        var sweeps: [BenchmarkSweep] = []
        for text in texts {
            var current: (parameter: Parameter, values: [String])?
            func finish() throws {
                guard let current else { return }
                guard !sweeps.contains(where: { $0.parameter == current.parameter }) else {
                    throw UsageError("--sweep \(current.parameter.rawValue) is given twice.")
                }
                sweeps.append(BenchmarkSweep(parameter: current.parameter, values: current.values))
            }
            for part in text.split(separator: ",", omittingEmptySubsequences: false) {
                let pieces = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
                if pieces.count == 2 {
                    try finish()
                    guard let parameter = Parameter(rawValue: pieces[0].filter { $0 != " " }) else {
                        let names = Parameter.allCases.map(\.rawValue).joined(separator: ", ")
                        throw UsageError("--sweep takes one of \(names), not '\(pieces[0])'.")
                    }
                    current = (parameter, [String(pieces[1])])
                } else if current != nil {
                    current?.values.append(String(part))
                } else {
                    throw UsageError("--sweep takes a parameter and its values: --sweep clients=10,30,100.")
                }
            }
            try finish()
        }
        for sweep in sweeps where Set(sweep.values).count < 2 {
            throw UsageError("--sweep \(sweep.parameter.rawValue) needs at least two different values.")
        }
        return sweeps
    }
}

/// The power law y = a·x^p that lies closest to points on log-log axes, by least squares.
struct PowerLaw {
    let exponent: Double

    /// Nil where fewer than two different x are left: what is not positive has no logarithm.
    init?(_ points: [(x: Double, y: Double)]) {
        let logs = points.filter { $0.x > 0 && $0.y > 0 }.map { (x: log($0.x), y: log($0.y)) }
        guard let first = logs.first, logs.contains(where: { $0.x != first.x }) else { return nil }
        let meanX = logs.map(\.x).reduce(0, +) / Double(logs.count)
        let meanY = logs.map(\.y).reduce(0, +) / Double(logs.count)
        let covariance = logs.map { ($0.x - meanX) * ($0.y - meanY) }.reduce(0, +)
        let variance = logs.map { ($0.x - meanX) * ($0.x - meanX) }.reduce(0, +)
        exponent = covariance / variance
    }
}
