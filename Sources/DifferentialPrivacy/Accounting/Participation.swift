// SPDX-License-Identifier: Apache-2.0

/// What sampling cannot promise: who sees the participants, and cohorts that are too small.
public enum Participation {
    /// The guarantee of a user against the coordinator, who sees in which rounds she takes part: no amplification by sampling,
    /// and Gaussian noise in each of at most `participations` rounds, which the clients' cap enforces. Exact.
    /// - Throws: `.noiseOutOfRange`, `.countOutOfRange`, `.probabilityOutOfRange`.
    public static func guaranteeAgainstCoordinator(
        noiseMultiplier: Double, participations: Int, delta: Double
    ) throws(AccountingError) -> PrivacyGuarantee {
        guard noiseMultiplier >= 1e-3, noiseMultiplier <= 1e9 else { throw .noiseOutOfRange(noiseMultiplier) }
        guard participations >= 0 else { throw .countOutOfRange(participations) }
        guard delta > 0, delta < 1 else { throw .probabilityOutOfRange(delta) }
        guard participations > 0 else {
            return PrivacyGuarantee(epsilon: 0, delta: delta, observer: .coordinator, accountant: .analytic)
        }
        let mu = Double(participations).squareRoot() / noiseMultiplier
        return PrivacyGuarantee(
            epsilon: try GaussianDifferentialPrivacy(mu: mu).epsilon(delta: delta), delta: delta,
            observer: .coordinator, accountant: .analytic)
    }

    /// The probability that fewer than `minimum` of `users` users are in a Poisson sample, rounded upward.
    ///
    /// An abort shows that the cohort was small, and so something about who is in it. This probability belongs into δ, as
    /// `PrivacyEvent.failure`, once for each round. Neighbors differ by a user: count those that are there in any case.
    /// Time grows with `minimum`.
    /// - Throws: `.countOutOfRange` unless 0 ≤ minimum ≤ 10^8 and users ≥ 0, `.samplingRateOutOfRange`.
    public static func probabilityOfSmallCohort(
        users: Int, rate: Double, minimum: Int
    ) throws(AccountingError) -> Double {
        guard users >= 0 else { throw .countOutOfRange(users) }
        guard (0...100_000_000).contains(minimum) else { throw .countOutOfRange(minimum) }
        guard rate >= 0, rate <= 1 else { throw .samplingRateOutOfRange(rate) }
        guard minimum > 0 else { return 0 }
        guard minimum <= users else { return 1 }
        guard rate > 0, rate < 1 else { return rate == 0 ? 1 : 0 }
        // Terms of the binomial distribution from 0 on, relative to one that is kept near 1.
        var shift = Double(users) * Elementary.log1p(-rate)
        var (term, sum) = (1.0, 1.0)
        let odds = rate / (1 - rate)
        for count in 1..<max(minimum, 1) {
            term *= Double(users - count + 1) / Double(count) * odds
            sum += term
            if sum > 0x1p500 {
                (term, sum) = (term * 0x1p-500, sum * 0x1p-500)
                shift += 500 * 0.693_147_180_559_945_3
            }
        }
        let slack = 1e-15 * (8 * Double(minimum) + abs(Double(users) * Elementary.log1p(-rate)) + 8)
        return min(1, Elementary.exp(shift + Elementary.log(sum)) * (1 + slack) + 0x1p-1074)
    }

    /// The same where there are few users, and else a bound that takes no time: exp(−n·D(m/n ‖ q)) for at most m of n users
    /// (Chernoff), with the relative entropy D. It is some tens of the probability.
    /// - Throws: `.countOutOfRange` for counts below 0, `.samplingRateOutOfRange`.
    package static func boundOfSmallCohort(
        users: Int, rate: Double, minimum: Int
    ) throws(AccountingError) -> Double {
        guard users > largestExactCount else {
            return try probabilityOfSmallCohort(users: users, rate: rate, minimum: minimum)
        }
        guard minimum >= 0 else { throw .countOutOfRange(minimum) }
        guard (0...1).contains(rate) else { throw .samplingRateOutOfRange(rate) }
        guard minimum > 0 else { return 0 }
        guard minimum <= users else { return 1 }
        guard rate > 0, rate < 1 else { return rate == 0 ? 1 : 0 }
        let (count, most) = (Double(users), Double(minimum - 1))
        let excess = most / count - rate
        guard excess < 0 else { return 1 }
        // By the differences, which are far smaller than the rates. The slack is above what rounding does to the exponent.
        let present = most == 0 ? 0 : most * Elementary.log1p(excess / rate)
        let absent = (count - most) * Elementary.log1p(-excess / (1 - rate))
        return min(1, Elementary.exp(-(present + absent)) * (1 + 1e-6) + 0x1p-1074)
    }

    /// Up to so many users, cohorts are counted exactly.
    package static let largestExactCount = 1 << 20
}
