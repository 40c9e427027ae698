// SPDX-License-Identifier: Apache-2.0

public import DifferentialPrivacy
public import RingArithmetic
public import SecureAggregation
@_spi(Simulation) public import SecureRandomness

extension InsecureTraining {
    /// Clipped updates in double precision with continuous Gaussian noise on their sum, as most programs have it: what
    /// `PrivateUpdateCodec` and `PrivateMechanism` are compared with. **Not private.**
    ///
    /// It samples and pays as the private mechanism of the same account does, and divides by the same number. Updates travel as
    /// integers of 2^−36 of the clipping norm at the largest weight, which is no rounding that an accuracy would show.
    public struct ContinuousNoise: UpdateCodec, UpdateMechanism {
        /// 64-bit words.
        public typealias Element = UInt64

        private let base: PrivateMechanism<UInt64>
        private let denominator: Double
        private let clippingNorm: Double
        private let heaviest: Double
        /// Of one client, 2^36 at the most, whatever the bound on weights is.
        private static let unit = 0x1p36

        /// The same plan without rounding.
        public init(_ account: TrainingPrivacy) {
            base = PrivateMechanism(account)
            let terms = account.plan.terms
            denominator = terms.samplingRate * Double(terms.population)
            clippingNorm = terms.clippingNorm
            heaviest = terms.weights.maximum
        }

        /// The parameters of the model.
        public var dimension: Int { base.plan.terms.dimension }
        /// 64 bits.
        public var width: RingWidth { RingWidth.word }
        /// All there are.
        public var clients: Int { base.plan.terms.population }
        /// As in the private codec.
        public var sumsMetrics: Bool { false }
        /// As in the private codec.
        public var countsDivergedAsZero: Bool { true }
        /// The name, and what all agree on.
        public var encodedParameters: [UInt8] {
            let text =
                "insecure-continuous-gaussian values=\(dimension) clip=\(clippingNorm) maximum-weight=\(heaviest)"
                + " denominator=\(denominator)"
            return Array(text.utf8)
        }

        /// Itself.
        public func codec(for round: UpdateRound) -> Self { self }
        /// Itself.
        public func mechanism(for round: UpdateRound) -> Self { self }

        /// The clipped update times its weight.
        /// - Throws: `.notFinite`.
        public func encode(
            _ update: ClientUpdate, using generator: inout some SecureRandomNumberGenerator
        ) throws(DifferentialPrivacyError) -> (vector: [UInt64], clippedCount: Int) {
            if let coordinate = update.values.firstIndex(where: { !$0.isFinite }) {
                throw .notFinite(coordinate: coordinate)
            }
            let values = update.values.map { Double($0) }
            let norm = values.reduce(0) { $0 + $1 * $1 }.squareRoot()
            let length = max(norm, clippingNorm)
            let share = min(Double(update.weight), heaviest) / heaviest
            let vector = values.map { UInt64(bitPattern: Int64(($0 / length * share * Self.unit).rounded())) }
            return (vector, norm > clippingNorm ? 1 : 0)
        }

        /// The sum over the fixed denominator.
        public func decode(_ sum: [UInt64]) -> MeanUpdate {
            let values = sum.map { Float(Double(Int64(bitPattern: $0)) / Self.unit * clippingNorm / denominator) }
            return MeanUpdate(values: values, totalWeight: nil, loss: nil, accuracy: nil)
        }

        /// As the private mechanism does.
        public func participants(
            among clients: [PartyID], round: Int, using generator: inout some SecureRandomNumberGenerator
        ) throws -> [PartyID]? {
            try base.participants(among: clients, round: round, using: &generator)
        }

        /// As the private mechanism does.
        public func participations(of clients: [PartyID]) -> [Int] { base.participations(of: clients) }

        /// As the private mechanism does.
        public func recall(_ participations: [Int], of clients: [PartyID], before round: Int) throws {
            try base.recall(participations, of: clients, before: round)
        }

        /// Nothing: the recipient adds the noise.
        public func perturb(
            _ vector: inout [UInt64], width: RingWidth, using generator: inout some SecureRandomNumberGenerator
        ) {}

        /// Adds continuous noise of the same multiplier.
        public func release(
            _ sum: inout [UInt64], contributors: Int, width: RingWidth,
            using generator: inout some SecureRandomNumberGenerator
        ) throws(RandomnessError) {
            let noise = InsecureNoise.ContinuousGaussian(standardDeviation: base.plan.noiseMultiplier * Self.unit)
            var seeded = SeededGenerator(key: try generator.bytes(32))
            for (index, sample) in noise.samples(sum.count, using: &seeded).enumerated() {
                sum[index] &+= UInt64(bitPattern: Int64(sample.rounded()))
            }
        }

        /// What the same noise would cost if it were exact.
        public func spending() throws -> PrivacySpending? { try base.spending() }
    }
}

/// What trains and protects nobody.
public enum InsecureTraining {}

extension RingWidth {
    fileprivate static let word: RingWidth = {
        guard let width = try? RingWidth(bits: 64) else { preconditionFailure("64 bits are a ring.") }
        return width
    }()
}
