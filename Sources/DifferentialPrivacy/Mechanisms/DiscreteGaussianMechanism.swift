// SPDX-License-Identifier: Apache-2.0

public import RingArithmetic
public import SecureRandomness

/// A private sum of vectors, in integers from the clients' rounding to the released words: the distributed discrete
/// Gaussian mechanism [KLS21], and the same with the noise in one place.
///
/// Every party does its part with a value of this type, and all have the same: clients call `contribution`, any scheme adds up
/// the words in Z/2^b, the recipient calls `release`. `description` is what to charge for it, **before** it is done.
public struct DiscreteGaussianMechanism: Sendable {
    /// Who adds noise.
    public enum Mode: Hashable, Sendable {
        /// The recipient of the sum, in `release`. It sees the sum without noise.
        case central
        /// Each client adds all of it.
        case local
        /// Each client adds a share, of which this many, from honest clients, make σ². The round ends below it.
        case distributed(minimumHonestSurvivors: Int)
    }

    /// Between vectors and integers.
    public let encoder: IntegerEncoder
    /// Who adds noise.
    public let mode: Mode
    /// How many clients contribute at most.
    public let contributors: Int
    /// The ring of the sum.
    public let width: RingWidth
    /// What an accountant charges for.
    public let description: NoiseDescription
    private let sampler: DiscreteGaussianSampler

    /// A mechanism whose noise has at least the variance parameter σ².
    /// - Parameters:
    ///   - encoder: between vectors and integers.
    ///   - variance: σ² of the noise that is guaranteed, in integers: of the recipient's, of each client's, or of the sum of the
    ///     shares of `minimumHonestSurvivors`.
    ///   - mode: who adds noise.
    ///   - contributors: how many clients contribute at most.
    ///   - width: the ring of the sum.
    ///   - largestWrapAroundProbability: a ring in which the bound is above it is refused.
    /// - Throws: `.cohortOutOfRange` unless 1 ≤ minimumHonestSurvivors ≤ contributors; `.varianceOutOfRange` if a share would be
    ///   below 0.1; `.ringTooNarrow` with the bits that would do, 65 if there are none.
    public init(
        encoder: IntegerEncoder, variance: NoiseVariance, mode: Mode, contributors: Int, width: RingWidth,
        largestWrapAroundProbability: Double = 0x1p-20
    ) throws(DifferentialPrivacyError) {
        guard contributors >= 1 else { throw .cohortOutOfRange }
        var (local, shares) = (variance, 1)
        if case .distributed(let survivors) = mode {
            guard (1...contributors).contains(survivors) else { throw .cohortOutOfRange }
            shares = survivors
            local = try variance.share(of: survivors)
        }
        try self.init(
            encoder: encoder, mode: mode, localVariance: local, shares: shares, contributors: contributors,
            width: width,
            largestWrapAroundProbability: largestWrapAroundProbability)
    }

    /// A mechanism in which each party that adds noise adds this much.
    /// - Throws: as above.
    package init(
        encoder: IntegerEncoder, mode: Mode, localVariance: NoiseVariance, shares: Int, contributors: Int,
        width: RingWidth, largestWrapAroundProbability: Double
    ) throws(DifferentialPrivacyError) {
        var squaredNorm = encoder.rounding.squaredNormBound
        let descriptionMode: NoiseDescription.Mode
        switch mode {
        case .central: descriptionMode = .central
        case .local:
            descriptionMode = .local
            // A vector and what it is replaced by may point in opposite directions.
            guard squaredNorm < 1 << 62 else { throw .normOutOfRange }
            squaredNorm *= 4
        case .distributed: descriptionMode = .distributed
        }
        let probability = { (bits: Int) in
            Self.wrapAroundProbability(
                bits: bits, encoder: encoder, mode: mode, localVariance: localVariance, contributors: contributors)
        }
        guard probability(width.bits) <= largestWrapAroundProbability else {
            throw .ringTooNarrow(bits: (1...64).first { probability($0) <= largestWrapAroundProbability } ?? 65)
        }
        let sensitivities = NoiseDescription.sensitivities(
            squaredNorm: squaredNorm, dimension: encoder.encodedDimension)
        self.encoder = encoder
        self.mode = mode
        self.contributors = contributors
        self.width = width
        sampler = DiscreteGaussianSampler(localVariance)
        description = NoiseDescription(
            mode: descriptionMode, localVariance: localVariance, shares: shares, squaredSensitivity: sensitivities.l2,
            absoluteSensitivity: sensitivities.l1, coordinateSensitivity: sensitivities.maximum,
            dimension: encoder.encodedDimension, modulusBits: width.bits,
            closeness: DistributedNoise.closeness(localVariance: localVariance, shares: shares),
            wrapAroundProbability: probability(width.bits))
    }

    private static func wrapAroundProbability(
        bits: Int, encoder: IntegerEncoder, mode: Mode, localVariance: NoiseVariance, contributors: Int
    ) -> Double {
        DistributedNoise.wrapAroundProbability(
            bits: bits, contributors: contributors, scaledNorm: encoder.clippingNorm * encoder.scale,
            dimension: encoder.encodedDimension, isRotated: encoder.rotation != nil,
            noiseVariance: localVariance.value * Double(mode == .central ? 1 : contributors))
    }

    /// The narrowest ring in which a sum wraps around with at most this probability.
    /// - Throws: `.ringTooNarrow(bits: 65)` if none is wide enough.
    package static func narrowestWidth(
        encoder: IntegerEncoder, mode: Mode, localVariance: NoiseVariance, contributors: Int, probability: Double
    ) throws(DifferentialPrivacyError) -> RingWidth {
        for bits in 1...64 {
            let bound = wrapAroundProbability(
                bits: bits, encoder: encoder, mode: mode, localVariance: localVariance, contributors: contributors)
            if bound <= probability, let width = try? RingWidth(bits: bits) { return width }
        }
        throw .ringTooNarrow(bits: 65)
    }

    /// What a client hands to the scheme: its encoded vector, with its noise unless the recipient adds it.
    /// - Throws: `.lengthMismatch`, `.notFinite`, `.weightOutOfRange`, `.elementTooNarrow`, `.randomness`.
    public func contribution<Word: RingWord>(
        of vector: [Double], weight: ContributionWeight = .one, as: Word.Type = Word.self,
        using generator: inout some SecureRandomNumberGenerator
    ) throws(DifferentialPrivacyError) -> [Word] {
        var words = try encode(vector, weight: weight, as: Word.self, using: &generator)
        try addNoise(to: &words, using: &generator)
        return words
    }

    /// A client's encoded vector, without noise.
    /// - Throws: as `contribution`.
    package func encode<Word: RingWord>(
        _ vector: [Double], weight: ContributionWeight, as: Word.Type = Word.self,
        using generator: inout some SecureRandomNumberGenerator
    ) throws(DifferentialPrivacyError) -> [Word] {
        try checkCapacity(of: Word.self)
        var words = try encoder.encode(vector, weight: weight, using: &generator).map { Word(truncatingIfNeeded: $0) }
        Word.reduce(&words, to: width)
        return words
    }

    /// A client's noise, unless the recipient adds it.
    /// - Throws: `.randomness`; the vector is then as it was.
    package func addNoise<Word: RingWord>(
        to words: inout [Word], using generator: inout some SecureRandomNumberGenerator
    ) throws(DifferentialPrivacyError) {
        guard mode != .central else { return }
        try sampler.addNoise(to: &words, using: &generator)
        Word.reduce(&words, to: width)
    }

    /// Makes a sum fit to be released: adds the noise of the recipient, or refuses where too few clients added theirs.
    /// - Parameters:
    ///   - sum: the words of the scheme's sum.
    ///   - survivors: how many honest clients are in it at least.
    ///   - generator: for the noise of the recipient.
    /// - Throws: `.tooFewSurvivors` below the minimum, `.cohortOutOfRange` above `contributors` or below 1, `.lengthMismatch`,
    ///   `.elementTooNarrow`, `.randomness`. The sum is then as it was, and must not be released.
    public func release<Word: RingWord>(
        _ sum: inout [Word], survivors: Int, using generator: inout some SecureRandomNumberGenerator
    ) throws(DifferentialPrivacyError) {
        try checkCapacity(of: Word.self)
        guard sum.count == encoder.encodedDimension else {
            throw .lengthMismatch(expected: encoder.encodedDimension, actual: sum.count)
        }
        guard (1...contributors).contains(survivors) else { throw .cohortOutOfRange }
        switch mode {
        case .central: try sampler.addNoise(to: &sum, using: &generator)
        case .local: break
        case .distributed(let minimum):
            guard survivors >= minimum else { throw .tooFewSurvivors(survivors, minimum: minimum) }
        }
        Word.reduce(&sum, to: width)
    }

    /// The weighted sum of the clients' vectors, with its noise. To be divided by a number that does not depend on who took
    /// part.
    /// - Throws: `.lengthMismatch`, `.elementTooNarrow`.
    public func decode<Word: RingWord>(_ sum: [Word]) throws(DifferentialPrivacyError) -> [Double] {
        try checkCapacity(of: Word.self)
        return try encoder.decode(sum.map(centered))
    }

    /// The integer of −2^(b−1) … 2^(b−1) − 1 that a word stands for.
    package func centered<Word: RingWord>(_ word: Word) -> Int64 {
        let unused = UInt64(64 - width.bits)
        return Int64(bitPattern: UInt64(truncatingIfNeeded: word) << unused) >> Int64(unused)
    }

    private func checkCapacity<Word: RingWord>(of _: Word.Type) throws(DifferentialPrivacyError) {
        guard width.bits <= Word.capacityInBits else {
            throw .elementTooNarrow(needed: width.bits, available: Word.capacityInBits)
        }
    }
}

extension NoiseVariance {
    /// The least variance, within a double's precision, of which `count` make at least this one.
    /// - Throws: `.varianceOutOfRange` if it is below 0.1.
    package func share(of count: Int) throws(DifferentialPrivacyError) -> NoiseVariance {
        precondition(count >= 1, "A share is one of at least one.")
        let (product, overflow) = denominator.multipliedReportingOverflow(by: UInt64(count))
        if !overflow, let share = try? NoiseVariance(numerator: numerator, denominator: product) { return share }
        // Two roundings and one conversion err by less than four units.
        var share = value / Double(count)
        for _ in 0..<4 { share = share.nextUp }
        return try NoiseVariance(share)
    }
}
