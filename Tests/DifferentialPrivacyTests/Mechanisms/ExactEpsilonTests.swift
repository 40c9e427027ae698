// SPDX-License-Identifier: Apache-2.0

import DifferentialPrivacy
import RingArithmetic
@_spi(Simulation) import SecureRandomness
import Testing

/// The distribution of what the whole pipeline releases, enumerated in a small ring.
///
/// Clipping, weighting, rotation and scaling are run as they are. Rounding is run with every class of random words: inputs are such
/// that fractions are multiples of 1/8, so that the upper three bits of a word decide. Noise has the sampler's probabilities,
/// which `BlockRejectionTests` and `DiscreteGaussianSamplerTests` hold it to. The wrap is the mechanism's.
struct EnumeratedPipeline {
    let mechanism: DiscreteGaussianMechanism
    /// The distribution of one coordinate's noise on the ring.
    private let ringNoise: [Double]
    private let modulus: Int

    /// With a sum of `noise.shares` noises of this variance, which need not be what the mechanism says.
    init(mechanism: DiscreteGaussianMechanism, noise: (variance: NoiseVariance, shares: Int)) {
        self.mechanism = mechanism
        modulus = 1 << mechanism.width.bits
        let reach = Int64(14 * (noise.variance.value * Double(noise.shares)).squareRoot()) + 8
        let sum = DiscreteGaussianSum(noise.variance, count: noise.shares)
        var ring = [Double](repeating: 0, count: modulus)
        for y in -reach...reach { ring[Int(y) & (modulus - 1)] += sum.probability(y) }
        ringNoise = ring
    }

    /// The probabilities of the integers that a vector is encoded as; `factor` scales what clipping made of it.
    func encodings(of vector: [Double], clipped: Bool = true) throws -> [[Int64]: Double] {
        let encoder = mechanism.encoder
        let scaled =
            clipped ? try encoder.scaled(vector) : vector.map { $0 * encoder.scale }
        let rounding =
            clipped ? encoder.rounding : try ConditionalRounding(norm: 1e6, dimension: scaled.count)
        var counts: [[Int64]: Double] = [:]
        var words = [UInt64](repeating: 0, count: scaled.count)
        for combination in 0..<(1 << (3 * scaled.count)) {
            for index in words.indices { words[index] = UInt64(combination >> (3 * index) & 7) << 61 }
            if let rounded = rounding.round(scaled, by: words) { counts[rounded, default: 0] += 1 }
        }
        // On condition of the norm: refused attempts are repeated, up to a probability far below rounding errors.
        let total = counts.values.reduce(0, +)
        return counts.mapValues { $0 / total }
    }

    /// The distribution of the released words, all coordinates in one index, for a sum of these encodings.
    func released(_ encodings: [[Int64]: Double]) -> [Double] {
        let dimension = encodings.keys.first?.count ?? 1
        var result = [Double](repeating: 0, count: dimension == 1 ? modulus : modulus * modulus)
        for (encoding, p) in encodings {
            let words = encoding.map { Int($0) & (modulus - 1) }
            for index in result.indices {
                var q = p
                for (coordinate, word) in words.enumerated() {
                    let value = index >> (coordinate * mechanism.width.bits)
                    q *= ringNoise[(value - word) & (modulus - 1)]
                }
                result[index] += q
            }
        }
        return result
    }
}

/// Σ max(0, P − e^ε·Q), the larger of both directions.
func trueDelta(_ p: [Double], _ q: [Double], epsilon: Double) -> Double {
    let factor = Platform.exp(epsilon)
    var (forward, backward) = (0.0, 0.0)
    for (a, b) in zip(p, q) {
        forward += max(0, a - factor * b)
        backward += max(0, b - factor * a)
    }
    return max(forward, backward)
}

/// δ of ρ-zero-concentrated privacy: the least of e^((α−1)(αρ−ε))/(α−1)·(1 − 1/α)^α over orders [CKS20].
func concentratedDelta(_ rho: Double, epsilon: Double) -> Double {
    var least = 1.0
    for step in 1...4000 {
        let alpha = 1 + Double(step) * 0.01
        let exponent =
            (alpha - 1) * (alpha * rho - epsilon) - Platform.log(alpha - 1) + alpha * Platform.log(1 - 1 / alpha)
        least = min(least, Platform.exp(exponent))
    }
    return least
}

@Suite("The exact ε of the pipeline")
struct ExactEpsilonTests {
    static let epsilons = [0.1, 0.5, 1, 2, 3]

    private func mechanism(
        dimension: Int, variance: NoiseVariance, mode: DiscreteGaussianMechanism.Mode = .central, bits: Int = 6
    ) throws -> DiscreteGaussianMechanism {
        let encoder = try IntegerEncoder(dimension: dimension, clippingNorm: 2, scale: 2)
        return try DiscreteGaussianMechanism(
            encoder: encoder, variance: variance, mode: mode, contributors: 3, width: RingWidth(bits: bits),
            largestWrapAroundProbability: 1)
    }

    /// What the neighbor has in addition: within the clip, on it, beyond it, and in several directions.
    private static func inputs(_ dimension: Int) -> [[Double]] {
        let line = [0, 0.0625, 0.8125, 1.9375, 2, -2, 7, -1e9].map { [$0] }
        return dimension == 1
            ? line : [[0, 0], [0.5, 0.5], [2, 0], [0, -2], [100, 0], [0.8125, -1.0625], [0, 1e300]]
    }

    /// Whether δ as enumerated is at most the δ that is charged, for all neighbors and every ε.
    private func holds(
        _ pipeline: EnumeratedPipeline, clipped: Bool = true, charged: (Double) -> Double
    ) throws -> Bool {
        let dimension = pipeline.mechanism.encoder.dimension
        let without = pipeline.released([[Int64](repeating: 0, count: dimension): 1])
        #expect(abs(without.reduce(0, +) - 1) < 1e-12)
        for input in Self.inputs(dimension) {
            if !clipped && input.contains(where: { abs($0) > 1e6 }) { continue }
            let with = pipeline.released(try pipeline.encodings(of: input, clipped: clipped))
            for epsilon in Self.epsilons
            where trueDelta(with, without, epsilon: epsilon) > charged(epsilon) * (1 + 1e-9) + 1e-13 {
                return false
            }
        }
        return true
    }

    @Test
    func
        `in one coordinate, what is charged by the exact δ of the discrete Gaussian holds; half the noise and no clip do not`()
        throws
    {
        for variance in try [
            NoiseVariance(numerator: 9), NoiseVariance(numerator: 30), NoiseVariance(numerator: 7, denominator: 2),
        ] {
            let mechanism = try mechanism(dimension: 1, variance: variance)
            let charged = { (epsilon: Double) in
                DiscreteGaussianDistribution(mechanism.description.localVariance).delta(
                    epsilon: epsilon, sensitivity: Int64(mechanism.description.coordinateSensitivity))
            }
            #expect(try holds(EnumeratedPipeline(mechanism: mechanism, noise: (variance, 1)), charged: charged))
            let half = try NoiseVariance(numerator: variance.numerator, denominator: 4 * variance.denominator)
            #expect(try !holds(EnumeratedPipeline(mechanism: mechanism, noise: (half, 1)), charged: charged))
            let whole = EnumeratedPipeline(mechanism: mechanism, noise: (variance, 1))
            #expect(try !holds(whole, clipped: false, charged: charged))
        }
    }

    @Test func `in two coordinates, what is charged by concentrated privacy holds; half the noise and no clip do not`()
        throws
    {
        let variance = try NoiseVariance(numerator: 20)
        let mechanism = try mechanism(dimension: 2, variance: variance)
        let rho = mechanism.description.concentration
        let charged = { (epsilon: Double) in concentratedDelta(rho, epsilon: epsilon) }
        #expect(try holds(EnumeratedPipeline(mechanism: mechanism, noise: (variance, 1)), charged: charged))
        let half = try NoiseVariance(numerator: 5)
        #expect(try !holds(EnumeratedPipeline(mechanism: mechanism, noise: (half, 1)), charged: charged))
        let whole = EnumeratedPipeline(mechanism: mechanism, noise: (variance, 1))
        #expect(try !holds(whole, clipped: false, charged: charged))
    }

    @Test
    func
        `distributed noise, with τ charged, holds for the fewest survivors; one share missing, half the noise and no clip do not`()
        throws
    {
        let total = try NoiseVariance(numerator: 12)
        let mechanism = try mechanism(dimension: 1, variance: total, mode: .distributed(minimumHonestSurvivors: 3))
        let description = mechanism.description
        #expect(description.shares == 3 && description.localVariance.value == 4 && description.closeness > 0)
        let local = description.localVariance
        // The sum of shares is within e^τ of the discrete Gaussian, which costs 2τ of ε and a factor e^τ of δ.
        let single = DiscreteGaussianDistribution(total)
        let charged = { (epsilon: Double) in
            Platform.exp(description.closeness)
                * single.delta(
                    epsilon: epsilon - 2 * description.closeness,
                    sensitivity: Int64(description.coordinateSensitivity))
        }
        #expect(try holds(EnumeratedPipeline(mechanism: mechanism, noise: (local, 3)), charged: charged))
        #expect(try !holds(EnumeratedPipeline(mechanism: mechanism, noise: (local, 2)), charged: charged))
        let half = try NoiseVariance(numerator: 1)
        #expect(try !holds(EnumeratedPipeline(mechanism: mechanism, noise: (half, 3)), charged: charged))
        let whole = EnumeratedPipeline(mechanism: mechanism, noise: (local, 3))
        #expect(try !holds(whole, clipped: false, charged: charged))
    }

    @Test func `the enumeration is what the program does: 60,000 contributions have its distribution`() throws {
        let variance = try NoiseVariance(numerator: 7, denominator: 2)
        let mechanism = try mechanism(dimension: 1, variance: variance, mode: .local, bits: 4)
        let pipeline = EnumeratedPipeline(mechanism: mechanism, noise: (variance, 1))
        var generator = testGenerator(40)
        let probabilities = pipeline.released(try pipeline.encodings(of: [0.8125]))
        var counts = [Double](repeating: 0, count: 16)
        for _ in 0..<60_000 {
            let words: [UInt32] = try mechanism.contribution(of: [0.8125], using: &generator)
            counts[Int(words[0])] += 1
        }
        let chi = zip(counts, probabilities).reduce(0.0) { sum, cell in
            let expected = 60_000 * cell.1
            return sum + (cell.0 - expected) * (cell.0 - expected) / expected
        }
        // 15 degrees of freedom at α = 10^−6.
        #expect(chi < 56.5)
    }
}
