// SPDX-License-Identifier: Apache-2.0

internal import SecureRandomness

/// How many of `draws` that are taken from a population without replacement are marked: the neighbors of a client that
/// are corrupt, say.
///
/// All sums have terms of one sign, and every term is the one before it times a quotient of two integers below 2^53, so
/// that a result of n such steps is off by a factor of less than 1 ± 4n·2^−53: 2^−35 for the 60,000 steps of the largest
/// plan. Whoever compares one with a bound takes off `log2Slack`, so that rounding never lets pass what is not below.
struct Hypergeometric {
    /// More than the error of log2 of a tail, or of a tail relative to itself.
    static let log2Slack = 0x1p-33

    let population: Int
    let marked: Int
    let draws: Int

    /// The fewest marked ones that are possible.
    var least: Int { max(0, draws + marked - population) }
    /// The most marked ones that are possible.
    var most: Int { min(draws, marked) }

    /// Pr[X = count + 1] / Pr[X = count], for a possible count.
    func ratio(after count: Int) -> Double {
        Double((marked - count) * (draws - count))
            / Double((count + 1) * (population - marked - draws + count + 1))
    }

    /// log2 Pr[X ≥ count]; −∞ where it is impossible. Time grows with `draws`.
    func log2Tail(atLeast count: Int) -> Double {
        guard count > least else { return 0 }
        guard count <= most else { return -.infinity }
        var (term, exponent) = mass(at: count)
        var sum = term
        for value in count..<most {
            term *= ratio(after: value)
            sum += term
            if sum > Self.large { (term, sum, exponent) = (term * Self.small, sum * Self.small, exponent + Self.step) }
        }
        return min(0, Platform.log2(sum) + Double(exponent))
    }

    /// log2 Pr[X = count]; −∞ where it is impossible. Time grows with `draws`.
    func log2Mass(at count: Int) -> Double {
        guard count >= least, count <= most else { return -.infinity }
        let (term, exponent) = mass(at: count)
        return min(0, Platform.log2(term) + Double(exponent))
    }

    // Powers of two are kept apart, as masses may be far below the smallest double.
    private static let (large, small, step) = (0x1p512, 0x1p-512, 512)

    /// Pr[X = count], which is possible, as a number and a power of two.
    private func mass(at count: Int) -> (term: Double, exponent: Int) {
        var exponent = 0
        var term = 1.0
        // Pr[X = x] = C(draws, x) · [M]_x · [N − M]_(draws − x) / [N]_draws, with falling factorials.
        for index in 0..<count {
            term *= Double((draws - index) * (marked - index)) / Double((count - index) * (population - index))
            if term < Self.small { (term, exponent) = (term * Self.large, exponent - Self.step) }
            if term > Self.large { (term, exponent) = (term * Self.small, exponent + Self.step) }
        }
        for index in 0..<(draws - count) {
            term *= Double(population - marked - index) / Double(population - count - index)
            if term < Self.small { (term, exponent) = (term * Self.large, exponent - Self.step) }
        }
        return (term, exponent)
    }
}

/// The quantiles of a growing neighborhood: for 0, 1, 2, … draws in turn, the largest x with Pr[X ≥ x] ≥ `bound`.
///
/// Each draw costs the terms of one or two tails that matter, which are few, as the quantile is where the tail is small.
struct QuantileWalk {
    /// The neighborhood as it is now.
    private(set) var distribution: Hypergeometric
    /// The tail that counts as too likely, less the slack.
    let bound: Double
    /// The largest x with Pr[X ≥ x] ≥ `bound`.
    private(set) var quantile = 0
    /// Pr[X = quantile]; never far below `bound`.
    private var mass = 1.0

    /// No draws yet. `marked` is below `population`, and `bound` below 1/2.
    init(population: Int, marked: Int, bound: Double) {
        distribution = Hypergeometric(population: population, marked: marked, draws: 0)
        self.bound = bound * (1 - Hypergeometric.log2Slack)
    }

    /// One draw more.
    mutating func draw() {
        let (population, marked, draws) = (distribution.population, distribution.marked, distribution.draws)
        if quantile < draws + 1 + marked - population { stepUp() }
        mass *=
            Double((draws + 1) * (population - marked - draws + quantile))
            / Double((draws + 1 - quantile) * (population - draws))
        distribution = Hypergeometric(population: population, marked: marked, draws: draws + 1)
        while quantile > distribution.least, tail < bound { stepDown() }
        while quantile < distribution.most {
            let before = self
            stepUp()
            if tail < bound {
                self = before
                break
            }
        }
    }

    /// Pr[X ≥ quantile], without terms that are together less than 2^−60 of it.
    private var tail: Double {
        var (term, sum) = (mass, mass)
        for value in quantile..<distribution.most {
            let ratio = distribution.ratio(after: value)
            term *= ratio
            sum += term
            // Ratios fall from term to term, so that what is left is below a geometric series.
            if ratio < 1, term * ratio <= sum * (1 - ratio) * 0x1p-60 { break }
        }
        return sum
    }

    private mutating func stepUp() {
        mass *= distribution.ratio(after: quantile)
        quantile += 1
    }

    private mutating func stepDown() {
        quantile -= 1
        mass /= distribution.ratio(after: quantile)
    }
}
