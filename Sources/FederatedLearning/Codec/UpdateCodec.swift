// SPDX-License-Identifier: Apache-2.0

public import RingArithmetic
public import SecureRandomness

/// What a client contributes in a round, before it is encoded.
public struct ClientUpdate: Equatable, Sendable {
    /// The update of the model: one value a parameter.
    public var values: [Float]
    /// The integer weight w of the client; p = w / Σw.
    public var weight: Int
    /// The mean loss of the round's model over the client's rows.
    public var loss: Double
    /// The share of the client's rows that the round's model gets right.
    public var accuracy: Double

    /// An update with its weight and what steers training.
    public init(values: [Float], weight: Int, loss: Double, accuracy: Double) {
        self.values = values
        self.weight = weight
        self.loss = loss
        self.accuracy = accuracy
    }
}

/// What the recipient of a sum reads from it.
public struct MeanUpdate: Equatable, Sendable {
    /// Σ pᵢ·valuesᵢ, one value a parameter.
    public var values: [Float]
    /// Σ wᵢ; nil where that is not summed.
    public var totalWeight: UInt64?
    /// Σ pᵢ·lossᵢ; nil where that is not summed.
    public var loss: Double?
    /// Σ pᵢ·accuracyᵢ; nil where that is not summed.
    public var accuracy: Double?
}

/// Turns updates into vectors that a scheme can sum, and the sum into a weighted mean.
public protocol UpdateCodec<Element>: Sendable {
    /// What the scheme sums.
    associatedtype Element: RingWord

    /// How many elements an encoded update has.
    var dimension: Int { get }
    /// The ring, wide enough that the sum over all clients of a round cannot wrap.
    var width: RingWidth { get }
    /// How many clients a round may have for that to hold.
    var clients: Int { get }
    /// Whether the clients' losses and accuracies are summed too; where not, they are not computed and count as 0.
    var sumsMetrics: Bool { get }
    /// Whether an update that is not finite counts as zero, where else it ends training.
    var countsDivergedAsZero: Bool { get }
    /// The parameters on which all clients must agree, as bytes: part of the round context.
    var encodedParameters: [UInt8] { get }

    /// The codec of one round; itself if all rounds have the same.
    func codec(for round: UpdateRound) throws -> Self

    /// Encodes an update; `clippedCount` says to its owner how many values were clipped.
    /// - Throws: `.notFinite` with the coordinate that is not a finite number, the loss and the accuracy counted after
    ///   the values; `.lengthMismatch`, `.weightOutOfRange`, `.randomness`.
    func encode(
        _ update: ClientUpdate, using generator: inout some SecureRandomNumberGenerator
    ) throws -> (vector: [Element], clippedCount: Int)

    /// The weighted mean behind a sum.
    /// - Throws: `RingError`, `DifferentialPrivacyError`.
    func decode(_ sum: [Element]) throws -> MeanUpdate
}

extension UpdateCodec {
    /// They are.
    public var sumsMetrics: Bool { true }

    /// It ends training.
    public var countsDivergedAsZero: Bool { false }

    /// Itself.
    public func codec(for round: UpdateRound) -> Self { self }
}
