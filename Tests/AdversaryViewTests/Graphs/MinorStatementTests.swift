// SPDX-License-Identifier: Apache-2.0

import Foundation
import PairwiseMasking
import Testing

/// The probability behind the witnesses, for the published plans: that some client has 2t − k neighbors that are corrupt
/// or accept another statement than the main one, and t that are corrupt or accept any (Documentation/SparseGraphs.md).
struct MinorStatementTests {
    /// log2 of the number of ways.
    private static func ways(_ from: Int, _ choose: Int) -> Double {
        guard (0...max(0, from)).contains(choose) else { return -.infinity }
        return (lgamma(Double(from + 1)) - lgamma(Double(choose + 1)) - lgamma(Double(from - choose + 1))) / log(2)
    }

    private static func log2Sum(_ terms: [Double]) -> Double {
        let most = terms.max() ?? -.infinity
        return most == -.infinity ? most : most + log2(terms.reduce(0) { $0 + exp2($1 - most) })
    }

    /// log2 Pr[Hyp(population, marked, draws) ≥ least].
    private static func tail(_ population: Int, _ marked: Int, _ draws: Int, atLeast least: Int) -> Double {
        guard least <= min(marked, draws) else { return -.infinity }
        return log2Sum(
            (max(0, least)...min(marked, draws)).map {
                ways(marked, $0) + ways(population - marked, draws - $0) - ways(population, draws)
            })
    }

    /// log2 of a binomial probability, of logarithms that are.
    private static func binomial(_ trials: Int, _ hits: Int, _ log2Hit: Double, _ log2Miss: Double) -> Double {
        ways(trials, hits) + (hits == 0 ? 0 : Double(hits) * log2Hit)
            + (hits == trials ? 0 : Double(trials - hits) * log2Miss)
    }

    /// log2 Pr[at least `minor` of so many numbers are below 2^rare and at least `all` below 2^common].
    private static func both(
        _ trials: Int, rare: Double, common: Double, minor: Int, all: Int
    ) -> Double {
        // Of the others, those below the second bound.
        let rest = min(1, max(0, (exp2(common) - exp2(rare)) / (1 - exp2(rare))))
        var terms: [Double] = []
        for low in max(0, minor)...max(0, minor, trials) where low <= trials {
            let here = binomial(trials, low, rare, log2(1 - exp2(rare)))
            // What is below 2^−300 adds nothing, and more hits are rarer still.
            if here < -300 && low > minor { break }
            let further = (max(0, all - low)...max(0, all - low, trials - low)).filter { $0 <= trials - low }
                .map { binomial(trials - low, $0, log2(rest), log2(1 - rest)) }
            terms.append(here + log2Sum(further))
        }
        return log2Sum(terms)
    }

    /// log2 of the bound for N clients of whom A are corrupt.
    private static func bound(clients: Int, corrupt: Int, neighbors: Int, threshold: Int) -> Double {
        let half = (clients + corrupt) / 2
        let edges = (0...48).map { half + (((clients - half) * $0) * 2 + 48) / 96 }
        var shares = [(main: half, minor: half)]
        for (low, high) in zip(edges, edges.dropFirst()) where low < high {
            shares.append((high, clients + corrupt - low - 1))
        }
        var terms: [Double] = []
        for share in shares {
            let common = min(0, tail(clients, share.main, neighbors, atLeast: threshold))
            let rare = min(0, tail(clients, share.minor, neighbors, atLeast: threshold))
            for bad in 0...min(corrupt, neighbors, 2 * threshold - neighbors - 1) {
                let place = ways(corrupt, bad) + ways(clients - corrupt, neighbors - bad) - ways(clients, neighbors)
                guard place > -90 else { continue }
                terms.append(
                    place
                        + both(
                            neighbors - bad, rare: rare, common: common, minor: 2 * threshold - neighbors - bad,
                            all: threshold - bad))
            }
        }
        return log2(Double(clients)) + log2Sum(terms)
    }

    @Test(arguments: [
        (100, 20, 42, 32, -57.0), (100, 33, 54, 44, -59.1), (1_000, 100, 96, 67, -61.6),
        (1_000, 330, 218, 171, -84.3), (10_000, 500, 62, 44, -60.3), (10_000, 1_000, 122, 85, -66.7),
        (10_000, 3_300, 178, 146, -89.9), (100_000, 10_000, 134, 93, -67.4),
    ])
    func `The published plans leave minor statements no chance`(
        clients: Int, corrupt: Int, neighbors: Int, threshold: Int, expected: Double
    ) {
        let minor = Self.bound(clients: clients, corrupt: corrupt, neighbors: neighbors, threshold: threshold)
        // As a model in Python has it.
        #expect(abs(minor - expected) < 0.1, "\(minor)")
        let exposed =
            log2(Double(clients)) + Self.tail(clients, corrupt, neighbors, atLeast: 2 * threshold - neighbors)
        let floor = MaskingPlan.cutFloor(neighbors: neighbors, threshold: threshold)
        let hidden =
            log2(Double(clients) * Double(clients - neighbors + 1) / 2)
            + Self.tail(clients, corrupt, neighbors, atLeast: floor)
        #expect(Self.log2Sum([minor, exposed, hidden]) < -40)
    }

    @Test(arguments: [(5, 16, 11, -3.7), (10, 32, 22, -22.6)])
    func `With 100 clients and few corrupt ones the sparse graph has too few witnesses`(
        corrupt: Int, neighbors: Int, threshold: Int, expected: Double
    ) {
        let minor = Self.bound(clients: 100, corrupt: corrupt, neighbors: neighbors, threshold: threshold)
        #expect(abs(minor - expected) < 0.1, "\(minor)")
    }
}
