// SPDX-License-Identifier: Apache-2.0

public import DifferentialPrivacy
public import RingArithmetic
internal import SecureAggregation
public import SecureRandomness

/// Updates whose ℓ2 norm is clipped, for sums to which discrete Gaussian noise is added [MRTZ18], [KLS21].
///
/// The sum is divided by a number that is fixed beforehand and not by the weights of those who took part, which would say who
/// did. Losses and accuracies of clients are not summed: they would have to be paid for.
public struct PrivateUpdateCodec<Element: RingWord>: UpdateCodec {
    /// Noise, ring and clipping norm.
    public let plan: PrivateSumPlan
    /// What a sum is divided by: the mean of the sum of weights over all cohorts.
    public let denominator: Double
    private let round: UpdateRound?
    private let mechanism: DiscreteGaussianMechanism

    /// A codec for a plan.
    /// - Parameters:
    ///   - plan: noise, ring and clipping norm.
    ///   - meanWeight: a public guess of the mean weight of a client, which decides the step size and nothing of privacy; by
    ///     default the bound on weights.
    /// - Throws: `DifferentialPrivacyError`: `.elementTooNarrow` if `Element` cannot hold the ring, `.notPositive`.
    public init(plan: PrivateSumPlan, meanWeight: Double? = nil) throws(DifferentialPrivacyError) {
        let weight = meanWeight ?? plan.terms.weights.maximum
        guard weight > 0, weight.isFinite else { throw .notPositive }
        guard plan.width.bits <= Element.capacityInBits else {
            throw .elementTooNarrow(needed: plan.width.bits, available: Element.capacityInBits)
        }
        self.plan = plan
        denominator = plan.terms.samplingRate * Double(plan.terms.population) * weight
        round = nil
        mechanism = try plan.mechanism(
            cohort: plan.cohort.upperBound, rotationSeed: [UInt8](repeating: 0, count: 32))
    }

    private init(_ codec: Self, round: UpdateRound) throws(DifferentialPrivacyError) {
        plan = codec.plan
        denominator = codec.denominator
        self.round = round
        mechanism = try plan.mechanism(cohort: round.cohort, rotationSeed: round.publicSeed)
    }

    /// The codec with the round's rotation.
    /// - Throws: `AggregationError.tooFewParties`, `.tooManyParties` if the plan does not accept the cohort.
    public func codec(for round: UpdateRound) throws -> Self {
        try plan.check(round)
        return try Self(self, round: round)
    }

    /// The elements of a vector, padding included.
    public var dimension: Int { plan.encodedDimension }
    /// The ring of the sum.
    public var width: RingWidth { plan.width }
    /// No: they would have to be paid for.
    public var sumsMetrics: Bool { false }
    /// Yes: that training ends would say something of a client, which nobody paid for.
    public var countsDivergedAsZero: Bool { true }
    /// All there are; a cohort larger than the plan accepts is refused in its round.
    public var clients: Int { plan.terms.population }

    /// The parameters as text, of which the round context has the digest: whatever protects a client is in it.
    public var encodedParameters: [UInt8] {
        let terms = plan.terms
        let variance = mechanism.description.localVariance
        let seed = (round?.publicSeed ?? []).map { byte in
            (byte < 16 ? "0" : "") + String(byte, radix: 16)
        }.joined()
        let text =
            "discrete-gaussian values=\(terms.dimension) noise=\(terms.mode.rawValue) clip=\(terms.clippingNorm)"
            + " scale=\(plan.scale) maximum-weight=\(terms.weights.maximum) denominator=\(denominator)"
            + " variance=\(variance.numerator)/\(variance.denominator) shares=\(mechanism.description.shares)"
            + " participations=\(plan.participationCap) rotation=\(plan.isRotated ? seed : "none")"
        return Array(text.utf8)
    }

    /// Clips an update, multiplies it by its weight, and rounds it. A weight above the bound counts as the bound.
    /// - Returns: `clippedCount` is 1 if the update was shortened, else 0.
    public func encode(
        _ update: ClientUpdate, using generator: inout some SecureRandomNumberGenerator
    ) throws(DifferentialPrivacyError) -> (vector: [Element], clippedCount: Int) {
        let bound = plan.terms.weights
        let weight = try bound.weight(min(Double(update.weight), bound.maximum))
        let values = update.values.map { Double($0) }
        let vector = try mechanism.encode(values, weight: weight, as: Element.self, using: &generator)
        let norm = values.reduce(0) { $0 + $1 * $1 }.squareRoot()
        return (vector, norm > plan.terms.clippingNorm ? 1 : 0)
    }

    /// The sum of weighted updates over the fixed denominator.
    public func decode(_ sum: [Element]) throws(DifferentialPrivacyError) -> MeanUpdate {
        let values = try mechanism.decode(sum).map { Float($0 / denominator) }
        return MeanUpdate(values: values, totalWeight: nil, loss: nil, accuracy: nil)
    }
}

extension PrivateSumPlan {
    /// - Throws: `.tooFewParties`, `.tooManyParties` if the cohort is not accepted.
    func check(_ round: UpdateRound) throws(AggregationError) {
        guard round.cohort >= cohort.lowerBound else {
            throw .tooFewParties(stage: "sampling", have: round.cohort, need: cohort.lowerBound)
        }
        guard round.cohort <= cohort.upperBound else { throw .tooManyParties(round.cohort) }
    }
}
