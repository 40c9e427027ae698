// SPDX-License-Identifier: Apache-2.0

internal import SecureRandomness

/// The chance of a server that has different clients sign different statements: an upper bound that some honest client is
/// *overrun* (Documentation/SparseGraphs.md, "The probability").
///
/// Of a client's k neighbors c are corrupt. The others each accept a statement with a number below a bound: `rare` for any
/// but the main statement, `common` for any at all. Overrun needs 2t − k with the corrupt ones below the first, and t below
/// the second.
struct MinorStatements {
    let neighbors: Int
    let threshold: Int
    let clients: Int
    let adversaries: Int
    /// log2 of n! for n up to k.
    private let factorials: [Double]

    /// How many cells the range of the main statement's signatures is cut into, besides the one of no main statement.
    private static let cells = 48
    /// What is below 2^−90 of everything adds nothing to a bound that is asked to be below 2^−41.
    private static let negligible = -90.0

    init(neighbors: Int, threshold: Int, clients: Int, adversaries: Int) {
        self.neighbors = neighbors
        self.threshold = threshold
        self.clients = clients
        self.adversaries = adversaries
        var factorials = [0.0]
        factorials.reserveCapacity(neighbors + 1)
        for index in 1...max(1, neighbors) { factorials.append(factorials[index - 1] + Platform.log2(Double(index))) }
        self.factorials = factorials
    }

    /// log2 of the bound; may be above 0, where it says nothing.
    ///
    /// - Complexity: some 50 times the corrupt and the lucky neighbors that matter: milliseconds.
    var log2Probability: Double {
        let least = 2 * threshold - neighbors
        let corrupt = Hypergeometric(population: clients, marked: adversaries, draws: neighbors)
        // That so many are corrupt is `exposed`, another bound.
        let places = (corrupt.least...max(corrupt.least, min(corrupt.most, least - 1))).map {
            (corrupt: $0, log2: corrupt.log2Mass(at: $0))
        }.filter { $0.log2 > Self.negligible && $0.corrupt < least }
        var sum = 0.0
        for cell in signatures {
            let common = probability(signatures: cell.main)
            let rare = probability(signatures: cell.minor)
            for place in places {
                sum += Platform.exp2(
                    place.log2
                        + luck(
                            of: neighbors - place.corrupt, rare: rare, common: common,
                            minor: least - place.corrupt, all: threshold - place.corrupt))
            }
        }
        return sum > 0 ? Platform.log2(Double(clients)) + Platform.log2(sum) : -.infinity
    }

    /// The most signatures of the main statement in each cell, and the most of any other.
    private var signatures: [(main: Int, minor: Int)] {
        let half = (clients + adversaries) / 2
        let edges = (0...Self.cells).map { half + ((clients - half) * $0 * 2 + Self.cells) / (2 * Self.cells) }
        return [(half, half)]
            + zip(edges, edges.dropFirst()).filter { $0 < $1 }.map { ($1, clients + adversaries - $0 - 1) }
    }

    /// log2 of the probability that t of a client's k witnesses are among so many signers.
    private func probability(signatures: Int) -> Double {
        Hypergeometric(population: clients, marked: min(clients, signatures), draws: neighbors)
            .log2Tail(atLeast: threshold)
    }

    /// log2 Pr[at least `minor` of so many numbers are below 2^rare, and at least `all` below 2^common].
    private func luck(of trials: Int, rare: Double, common: Double, minor: Int, all: Int) -> Double {
        guard rare > -.infinity || minor <= 0 else { return -.infinity }
        let below = Platform.exp2(rare)
        // Of the numbers above the first bound, those below the second.
        let rest = below < 1 ? min(1, max(0, (Platform.exp2(common) - below) / (1 - below))) : 1
        var sum = 0.0
        var largest = -Double.infinity
        for low in max(0, minor)...max(0, minor, trials) where low <= trials {
            let here = mass(trials, low, log2Hit: rare, log2Miss: below < 1 ? Platform.log2(1 - below) : -.infinity)
            let both = here + tail(trials - low, rest, atLeast: all - low)
            sum += Platform.exp2(both)
            largest = max(largest, both)
            // Where hits are rare, more of them are rarer still, by a factor of 2 at the least each time.
            if Double(trials) * below < Double(low), here < largest + Self.negligible { break }
        }
        return sum > 0 ? Platform.log2(sum) : -.infinity
    }

    /// log2 Pr[Bin(trials, p) = hits].
    private func mass(_ trials: Int, _ hits: Int, log2Hit: Double, log2Miss: Double) -> Double {
        factorials[trials] - factorials[hits] - factorials[trials - hits]
            + (hits == 0 ? 0 : Double(hits) * log2Hit) + (hits == trials ? 0 : Double(trials - hits) * log2Miss)
    }

    /// log2 Pr[Bin(trials, p) ≥ least].
    private func tail(_ trials: Int, _ p: Double, atLeast least: Int) -> Double {
        guard least > 0 else { return 0 }
        guard least <= trials, p > 0 else { return -.infinity }
        guard p < 1 else { return 0 }
        let first = mass(trials, least, log2Hit: Platform.log2(p), log2Miss: Platform.log2(1 - p))
        // So far out on the other side that nearly everything is above.
        guard Double(least) > Double(trials) * p || first > -900 else { return 0 }
        var (term, sum) = (1.0, 1.0)
        for hits in least..<trials {
            let ratio = Double(trials - hits) / Double(hits + 1) * p / (1 - p)
            term *= ratio
            sum += term
            if ratio < 0.5, term < sum * 0x1p-60 { break }
        }
        return min(0, first + Platform.log2(sum))
    }
}
