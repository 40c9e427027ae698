// SPDX-License-Identifier: Apache-2.0

public import RingArithmetic

/// Noise, cohort and ring for private sums: everything that its parties must agree on, and what it costs.
///
/// The noise is found for the events that are charged in the end, discrete noise with the rounding's inflation of the
/// sensitivity, by the accountant that charges them. Of δ, at most 1/1024 each goes to sums that wrap around, to cohorts
/// that are too small, and to cohorts that are too large, over all releases.
///
/// With `distributed` noise, every client of a cohort of k adds N_Z(0, σ²/ρk), where ρ = 1 − lost − colluding share: the
/// honest clients that are left have σ² at the least, which is what is charged. Since the noise of all k is σ²/ρ whatever k is, and the
/// coordinator adds the shares of those who were lost (`release`), the variance says nothing about who took part. It would to
/// whoever knows what some clients added, or if some added nothing: against those only `coordinatorEvent` counts.
public struct PrivateSumPlan: Sendable {
    /// What was asked for.
    public let terms: PrivateSumTerms
    /// Standard deviation over sensitivity, of the noise that is guaranteed.
    public let noiseMultiplier: Double
    /// σ² of that noise, in integers: a whole number.
    public let variance: NoiseVariance
    /// Integers to a unit of the vector.
    public let scale: Double
    /// The cohorts that are accepted.
    public let cohort: ClosedRange<Int>
    /// In how many releases a client takes part at most.
    public let participationCap: Int
    /// Whether vectors are rotated: where that makes them smaller on the wire.
    public let isRotated: Bool
    /// The ring.
    public let width: RingWidth
    /// What is charged for each release, against whoever sees no more than the results; for `local` noise against everybody.
    ///
    /// That the size of the cohort ended a release is charged for as long as clients stay away because of the cap alone. That too
    /// many were lost is not: who is lost is taken not to depend on a client's being there.
    public let event: PrivacyEvent
    /// What each release that a client takes part in costs it against the coordinator, which knows that; nil where the
    /// coordinator sees sums without noise. Neighbors differ by a client's vector being zero: that it takes part is seen. The
    /// coordinator is curious and does as it is told: of a cohort that it chose itself it could own more than the share.
    public let coordinatorEvent: PrivacyEvent?
    /// ρ in thousandths.
    package let honestPermille: Int

    /// The share of δ that one kind of failure may have, over all releases.
    static let failureShare = 0x1p-10
    /// More integers to a standard deviation than this gain nothing.
    static let largestDeviation = 0x1p18

    /// Finds the plan, in some tenths of a second.
    public init(_ terms: PrivateSumTerms) throws(PrivateSumPlanError) {
        try Self.check(terms)
        self.terms = terms
        honestPermille = Int(((1 - terms.lostShare - terms.colludingShare) * 1000 + 1e-6).rounded(.down))
        let tolerance = terms.delta * Self.failureShare / Double(terms.releases)
        participationCap = try Self.cap(terms)
        let smallCohort: Double
        (cohort, smallCohort) = try Self.cohort(terms, cap: participationCap, tolerance: tolerance)

        // The multiplier of continuous noise is a first guess, and the scale follows from it.
        let isLocal = terms.mode == .local
        let guess: Double
        if let given = terms.noiseMultiplier {
            guess = given
        } else {
            do throws(AccountingError) {
                guess = try NoiseCalibration(
                    epsilon: terms.epsilon, delta: terms.delta, rate: isLocal ? 1 : terms.samplingRate,
                    steps: isLocal ? participationCap : terms.releases,
                    accountant: isLocal ? .renyi : .privacyLossDistribution,
                    failureProbability: 2 * Self.failureShare * terms.delta
                ).noiseMultiplier
            } catch {
                throw .accounting(error)
            }
        }
        let norm = min(
            Double(UInt64(1) << UInt64(terms.inputBits - 1)),
            Self.largestDeviation / max(guess, 1e-9) / (isLocal ? 2 : 1))
        scale = norm / terms.clippingNorm

        var multiplier = guess
        var candidate = try Candidate(terms, plan: (scale, cohort, honestPermille), multiplier: multiplier, tolerance)
        if terms.noiseMultiplier == nil {
            // Discrete noise, rounding and failures cost a little more.
            var excess = 1e-5
            while try candidate.epsilon(terms, cap: participationCap, smallCohort: smallCohort) > terms.epsilon {
                multiplier *= 1 + excess
                excess *= 2
                // Continuous noise would do, so it is the integers that are too coarse.
                guard excess < 2 else { throw .mechanism(.varianceOutOfRange) }
                candidate = try Candidate(
                    terms, plan: (scale, cohort, honestPermille), multiplier: multiplier, tolerance)
            }
        }
        noiseMultiplier = multiplier
        variance = candidate.variance
        isRotated = candidate.isRotated
        width = candidate.width
        do throws(AccountingError) {
            event = try candidate.event(terms, smallCohort: smallCohort)
            coordinatorEvent = try candidate.coordinatorEvent(terms)
        } catch {
            throw .accounting(error)
        }
    }

    /// σ/W, what noise adds to a coordinate of the weighted sum at the least, in the unit of the vectors.
    public var standardDeviation: Double { variance.standardDeviation / scale * terms.weights.maximum }

    /// The neighbors of `event`.
    public var adjacency: Adjacency { terms.mode == .local ? .substituteUser : .addOrRemoveUser }

    /// Against whom `event` is charged.
    public var observer: PrivacyObserver { terms.mode == .local ? .coordinator : .resultsOnly }

    /// The accountant that has bounds for `event`.
    public var accountant: AccountantName { terms.mode == .local ? .renyi : .privacyLossDistribution }

    /// What `count` releases cost, those that a client takes part in where noise is `local`.
    /// - Throws: `.failureProbabilityExceedsDelta`, `.unbounded`, where noise was given.
    public func guarantee(releases count: Int) throws(AccountingError) -> PrivacyGuarantee {
        try Self.guarantee(.selfComposed(event, count: count), terms)
    }

    /// What a client's part in `participations` releases costs against the coordinator; nil where that sees sums without noise.
    public func guaranteeAgainstCoordinator(participations: Int) throws(AccountingError) -> PrivacyGuarantee? {
        guard let coordinatorEvent else { return nil }
        let event = PrivacyEvent.selfComposed(coordinatorEvent, count: participations)
        if terms.mode == .local { return try Self.guarantee(event, terms) }
        return PrivacyGuarantee(
            epsilon: try PrivacyLossAccountant().epsilon(for: event, delta: terms.delta), delta: terms.delta,
            observer: .coordinator, accountant: .privacyLossDistribution)
    }

    private static func guarantee(
        _ event: PrivacyEvent, _ terms: PrivateSumTerms
    ) throws(AccountingError) -> PrivacyGuarantee {
        guard terms.mode == .local else { return try PrivacyLossAccountant().guarantee(for: event, delta: terms.delta) }
        let guarantee = try RenyiAccountant(adjacency: .substituteUser).guarantee(for: event, delta: terms.delta)
        return PrivacyGuarantee(
            epsilon: guarantee.epsilon, delta: terms.delta, adjacency: .substituteUser, observer: .coordinator,
            accountant: .renyi)
    }

    // MARK: Terms

    private static func check(_ terms: PrivateSumTerms) throws(PrivateSumPlanError) {
        guard (1...100_000_000).contains(terms.population) else { throw .outOfRange(.population) }
        guard (4...32).contains(terms.inputBits) else { throw .outOfRange(.inputBits) }
        guard terms.releases >= 1, terms.releases <= 1 << 40 else { throw .outOfRange(.releases) }
        guard terms.participationCap ?? 1 >= 1 else { throw .outOfRange(.participationCap) }
        guard terms.minimumCohort >= 1 else { throw .outOfRange(.minimumCohort) }
        guard terms.lostShare >= 0, terms.colludingShare >= 0, terms.lostShare + terms.colludingShare <= 0.9 else {
            throw .outOfRange(.shares)
        }
        guard terms.clippingNorm > 0, terms.clippingNorm.isFinite else { throw .mechanism(.notPositive) }
        guard terms.samplingRate > 0, terms.samplingRate <= 1 else {
            throw .accounting(.samplingRateOutOfRange(terms.samplingRate))
        }
        guard terms.epsilon > 0, terms.epsilon <= 1e6 else { throw .accounting(.epsilonOutOfRange(terms.epsilon)) }
        guard terms.delta > 0, terms.delta < 1 else { throw .accounting(.probabilityOutOfRange(terms.delta)) }
        if let multiplier = terms.noiseMultiplier, !(multiplier >= 1e-3 && multiplier <= 1e6) {
            throw .accounting(.noiseOutOfRange(multiplier))
        }
    }

    /// The cap that is given, or the least that a client reaches before the last release with a probability below 1/1000.
    private static func cap(_ terms: PrivateSumTerms) throws(PrivateSumPlanError) -> Int {
        if let cap = terms.participationCap {
            guard terms.samplingRate < 1 || cap >= terms.releases else {
                throw .capBelowReleases(cap: cap, releases: terms.releases)
            }
            return min(cap, terms.releases)
        }
        guard terms.samplingRate < 1 else { return terms.releases }
        var (low, high) = (1, terms.releases)
        while low < high {
            let middle = low + (high - low) / 2
            if try reaching(middle, terms) <= 1e-3 { high = middle } else { low = middle + 1 }
        }
        return low
    }

    /// The probability that a client was drawn `cap` times before the last release.
    private static func reaching(_ cap: Int, _ terms: PrivateSumTerms) throws(PrivateSumPlanError) -> Double {
        guard cap < terms.releases else { return 0 }
        do throws(AccountingError) {
            return try Participation.boundOfSmallCohort(
                users: terms.releases - 1, rate: 1 - terms.samplingRate, minimum: terms.releases - cap)
        } catch {
            throw .accounting(error)
        }
    }

    /// The cohorts outside of which nothing is released, each side with at most `tolerance`, and the probability of both.
    private static func cohort(
        _ terms: PrivateSumTerms, cap: Int, tolerance: Double
    ) throws(PrivateSumPlanError) -> (ClosedRange<Int>, Double) {
        let (population, rate) = (terms.population, terms.samplingRate)
        guard rate < 1 else {
            guard population >= terms.minimumCohort else {
                throw .cohortTooSmall(minimum: terms.minimumCohort, bound: tolerance)
            }
            return (population...population, 0)
        }
        // Clients who have reached the cap stay away, each for itself. Neighbors differ by one, who is not counted on.
        let least = rate * (1 - (try reaching(cap, terms)))
        do throws(AccountingError) {
            func below(_ minimum: Int) throws(AccountingError) -> Double {
                try Participation.boundOfSmallCohort(users: population - 1, rate: least, minimum: minimum)
            }
            func above(_ maximum: Int) throws(AccountingError) -> Double {
                // Rounding the complement of the rate is far below the slack of the bound.
                try Participation.boundOfSmallCohort(
                    users: population, rate: 1 - rate, minimum: population - maximum) * (1 + 1e-9)
            }
            var (low, high) = (0, population)
            while low < high {
                let middle = low + (high - low + 1) / 2
                if try below(middle) <= tolerance { low = middle } else { high = middle - 1 }
            }
            guard low >= terms.minimumCohort else {
                throw AccountingError.failureProbabilityExceedsDelta(
                    failure: try below(terms.minimumCohort), delta: tolerance)
            }
            let minimum = low
            (low, high) = (minimum, population)
            while low < high {
                let middle = low + (high - low) / 2
                if try above(middle) <= tolerance { high = middle } else { low = middle + 1 }
            }
            return (minimum...high, (try below(minimum) + above(high)).nextUp)
        } catch {
            if case .failureProbabilityExceedsDelta(_, let bound) = error {
                throw .cohortTooSmall(minimum: terms.minimumCohort, bound: bound)
            }
            throw .accounting(error)
        }
    }

    /// Noise of one multiplier, in integers.
    private struct Candidate {
        let variance: NoiseVariance
        let isRotated: Bool
        let width: RingWidth
        let description: NoiseDescription
        let largestCohort: Int

        init(
            _ terms: PrivateSumTerms, plan: (scale: Double, cohort: ClosedRange<Int>, honestPermille: Int),
            multiplier: Double, _ tolerance: Double
        ) throws(PrivateSumPlanError) {
            do throws(DifferentialPrivacyError) {
                largestCohort = plan.cohort.upperBound
                func mechanism(isRotated: Bool) throws(DifferentialPrivacyError) -> DiscreteGaussianMechanism {
                    try PrivateSumPlan.mechanism(
                        terms, scale: plan.scale, multiplier: multiplier, honestPermille: plan.honestPermille,
                        cohort: plan.cohort.upperBound, contributors: plan.cohort.upperBound,
                        rotationSeed: isRotated ? [UInt8](repeating: 0, count: 32) : nil, width: nil,
                        tolerance: tolerance)
                }
                let plain = try mechanism(isRotated: false)
                let rotated = try mechanism(isRotated: true)
                func bits(_ mechanism: DiscreteGaussianMechanism) -> Int {
                    mechanism.encoder.encodedDimension * mechanism.width.bits
                }
                isRotated = bits(rotated) < bits(plain)
                let chosen = isRotated ? rotated : plain
                width = chosen.width
                description = chosen.description
                variance = try PrivateSumPlan.variance(terms, multiplier: multiplier, encoder: chosen.encoder)
            } catch {
                throw .mechanism(error)
            }
        }

        /// The noise that is guaranteed, as so many shares as there are clients at the most: more and smaller ones than
        /// there are, which overstates τ.
        private func noise() throws(AccountingError) -> PrivacyEvent {
            let sensitivity = NoiseDescription.squareRootRoundedUp(description.squaredSensitivity)
            guard description.mode == .distributed else {
                return .discreteGaussian(
                    variance: variance.valueRoundedDown, l2Sensitivity: sensitivity, dimension: description.dimension)
            }
            return .distributedDiscreteGaussian(
                contributors: largestCohort,
                localVariance: (variance.valueRoundedDown / Double(largestCohort)).nextDown,
                l2Sensitivity: sensitivity, dimension: description.dimension)
        }

        func event(_ terms: PrivateSumTerms, smallCohort: Double) throws(AccountingError) -> PrivacyEvent {
            let noise = try noise()
            let isSampled = terms.samplingRate < 1 && terms.mode != .local
            let failure = (description.wrapAroundProbability + smallCohort).nextUp
            return .composed([
                isSampled ? .poissonSampled(rate: terms.samplingRate, noise) : noise, .failure(probability: failure),
            ])
        }

        func coordinatorEvent(_ terms: PrivateSumTerms) throws(AccountingError) -> PrivacyEvent? {
            guard terms.mode != .central else { return nil }
            return .composed([try noise(), .failure(probability: description.wrapAroundProbability)])
        }

        func epsilon(
            _ terms: PrivateSumTerms, cap: Int, smallCohort: Double
        ) throws(PrivateSumPlanError) -> Double {
            do throws(AccountingError) {
                return try PrivateSumPlan.guarantee(
                    .selfComposed(
                        event(terms, smallCohort: smallCohort), count: terms.mode == .local ? cap : terms.releases),
                    terms
                ).epsilon
            } catch {
                switch error {
                case .unbounded, .unsupportedEvent(.noiseTooSmall): throw .mechanism(.varianceOutOfRange)
                default: throw .accounting(error)
                }
            }
        }
    }

    /// σ², a whole number that is at least (z·Δ)².
    private static func variance(
        _ terms: PrivateSumTerms, multiplier: Double, encoder: IntegerEncoder
    ) throws(DifferentialPrivacyError) -> NoiseVariance {
        let squaredSensitivity = Double(encoder.rounding.squaredNormBound) * (terms.mode == .local ? 4 : 1)
        let variance = (multiplier * multiplier * squaredSensitivity).nextUp.nextUp.rounded(.up)
        guard variance <= 1e12 else { throw .varianceOutOfRange }
        return try NoiseVariance(numerator: UInt64(variance))
    }

    /// The mechanism of a release with a cohort of `cohort`.
    private static func mechanism(
        _ terms: PrivateSumTerms, scale: Double, multiplier: Double, honestPermille: Int, cohort: Int,
        contributors: Int, rotationSeed: [UInt8]?, width: RingWidth?, tolerance: Double
    ) throws(DifferentialPrivacyError) -> DiscreteGaussianMechanism {
        let encoder = try IntegerEncoder(
            dimension: terms.dimension, clippingNorm: terms.clippingNorm, scale: scale, weights: terms.weights,
            rotationSeed: rotationSeed)
        let total = try variance(terms, multiplier: multiplier, encoder: encoder)
        let mode: DiscreteGaussianMechanism.Mode
        var (local, shares) = (total, 1)
        switch terms.mode {
        case .central: mode = .central
        case .local: mode = .local
        case .distributed:
            // σ²/(ρk), exactly; ⌈ρk⌉ of them are σ² at the least.
            let divisor = UInt64(honestPermille) * UInt64(cohort)
            shares = max(1, Int((divisor + 999) / 1000))
            local = try NoiseVariance(numerator: total.numerator * 1000, denominator: divisor)
            mode = .distributed(minimumHonestSurvivors: shares)
        }
        var narrowest = width
        if narrowest == nil {
            narrowest = try DiscreteGaussianMechanism.narrowestWidth(
                encoder: encoder, mode: mode, localVariance: local, contributors: contributors, probability: tolerance)
        }
        guard let narrowest else { throw .ringTooNarrow(bits: 65) }
        return try DiscreteGaussianMechanism(
            encoder: encoder, mode: mode, localVariance: local, shares: shares, contributors: contributors,
            width: narrowest, largestWrapAroundProbability: tolerance)
    }

    /// The mechanism of one release.
    /// - Parameters:
    ///   - count: how many clients are asked, within `cohort`.
    ///   - rotationSeed: 32 public bytes that the parties of the release share; used if vectors are rotated.
    /// - Returns: the encoder, the shares of noise and the ring.
    /// - Throws: `.cohortOutOfRange` if the cohort is not accepted, `.rotationSeedLength`.
    public func mechanism(
        cohort count: Int, rotationSeed: [UInt8]
    ) throws(DifferentialPrivacyError) -> DiscreteGaussianMechanism {
        guard cohort.contains(count) else { throw .cohortOutOfRange }
        guard rotationSeed.count == 32 else { throw .rotationSeedLength(rotationSeed.count) }
        return try Self.mechanism(
            terms, scale: scale, multiplier: noiseMultiplier, honestPermille: honestPermille, cohort: count,
            contributors: count, rotationSeed: isRotated ? rotationSeed : nil, width: width, tolerance: 1)
    }

    /// The elements of an encoded vector.
    public var encodedDimension: Int {
        guard isRotated else { return terms.dimension }
        var padded = 1
        while padded < terms.dimension { padded *= 2 }
        return padded
    }
}
