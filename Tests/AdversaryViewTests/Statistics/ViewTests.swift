// SPDX-License-Identifier: Apache-2.0

@_spi(Simulation) import SecureAggregation

/// The statistical tests of a view, the same for every scheme, sound or not.
///
/// Each gives a bound on the probability that a view of uniform, independent words fails it as clearly.
struct ViewTests {
    struct Result: CustomStringConvertible {
        let name: String
        let probability: Double
        var description: String { "\(name): \(probability)" }
    }

    /// The lags of serial correlation, in elements.
    static let lags = 1...8
    static let cells = 256

    /// How many tests `run` makes of one pair of samples and one client.
    static let count = 2 * (8 + 1 + lags.count + 1) + 3 + 1

    /// Tests what the server has of `client`, in two samples: each alone for uniformity and independence, and the two
    /// against each other. `other` is the client against whose vectors it is held.
    static func run(_ a: ViewSample, _ b: ViewSample, client: PartyID, other: PartyID) -> [Result] {
        var results: [Result] = []
        func add(_ name: String, _ probability: Double) {
            results.append(Result(name: name, probability: probability))
        }
        var sorted: [[Double]] = []
        for (label, sample) in [("first", a), ("second", b)] {
            let words = sample.words(of: client)
            let otherWords = sample.words(of: other)
            // Disjoint pairs, so that the differences of uniform words are uniform and independent too.
            let neighbors = stride(from: 0, to: words.count - 1, by: 2).map {
                sample.difference(words[$0 + 1], words[$0])
            }
            let rounds = stride(from: 0, to: sample.rounds.count - 1, by: 2).flatMap { round in
                zip(sample.rounds[round + 1][client] ?? [], sample.rounds[round][client] ?? []).map {
                    sample.difference($0, $1)
                }
            }
            let clients = zip(words, otherWords).map { sample.difference($0, $1) }
            for (name, values) in [
                ("elements", words), ("differences of neighbors", neighbors), ("differences of rounds", rounds),
                ("differences of clients", clients),
            ] {
                add("\(label): high bits of \(name)", Statistics.uniformity(highBits(values, sample)))
                add("\(label): low bits of \(name)", Statistics.uniformity(lowBits(values)))
            }
            let fractions = words.map { sample.fraction($0) }
            sorted.append(fractions.sorted())
            add("\(label): Kolmogorov-Smirnov", Statistics.uniformKolmogorovSmirnov(sorted[sorted.count - 1]))
            let centered = fractions.map { $0 - 0.5 }
            for lag in lags {
                add("\(label): serial correlation, lag \(lag)", Statistics.serialCorrelation(centered, lag: lag))
            }
            let others = otherWords.map { sample.fraction($0) - 0.5 }
            add("\(label): correlation with another client", Statistics.correlation(centered, others))
        }
        add("both: Kolmogorov-Smirnov", Statistics.twoSampleKolmogorovSmirnov(sorted[0], sorted[1]))
        add(
            "both: high bits",
            Statistics.homogeneity(highBits(a.words(of: client), a), highBits(b.words(of: client), b)))
        add("both: low bits", Statistics.homogeneity(lowBits(a.words(of: client)), lowBits(b.words(of: client))))
        add("both: coincidences", coincidences([a, b]))
        return results
    }

    private static func highBits(_ words: [UInt64], _ sample: ViewSample) -> [Int] {
        var counts = [Int](repeating: 0, count: cells)
        for word in words { counts[min(cells - 1, Int(sample.fraction(word) * Double(cells)))] += 1 }
        return counts
    }

    private static func lowBits(_ words: [UInt64]) -> [Int] {
        var counts = [Int](repeating: 0, count: cells)
        for word in words { counts[Int(word & UInt64(cells - 1))] += 1 }
        return counts
    }

    /// How many elements two vectors must have close together to coincide.
    static let coincidingElements = 24

    /// Whether two vectors are the same but for what inputs can make of it: nearer than M/16 in each of the first 24
    /// elements, which happens to two uniform ones with a probability of 2^−72. So a mask that serves twice, for whichever
    /// clients and rounds, shows.
    static func coincidences(_ samples: [ViewSample]) -> Double {
        let vectors = samples.flatMap { sample in
            sample.rounds.flatMap { $0.values.map { $0.prefix(coincidingElements).map { sample.fraction($0) } } }
        }
        let pairs = vectors.count * (vectors.count - 1) / 2
        return coincidingPairs(vectors) == 0 ? 1 : Double(pairs) * 0x1p-72
    }

    private static func coincidingPairs(_ vectors: [[Double]]) -> Int {
        var found = 0
        for first in vectors.indices {
            for second in 0..<first {
                let areClose = (0..<coincidingElements).allSatisfy { index in
                    let distance = abs(vectors[first][index] - vectors[second][index])
                    return min(distance, 1 - distance) < 1.0 / 16
                }
                if areClose { found += 1 }
            }
        }
        return found
    }
}
