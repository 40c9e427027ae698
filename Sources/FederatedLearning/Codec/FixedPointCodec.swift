// SPDX-License-Identifier: Apache-2.0

public import RingArithmetic
public import SecureRandomness

/// Fixed-point updates with their weight inside: [w, w·X₁, …, w·X_d, w·L, w·A], all in one masked vector.
///
/// X are the quantized values, L and A the quantized loss and accuracy that steer training. So neither sample counts
/// nor any client's loss travels in the clear: the recipient sees Σw, Σw·X, Σw·L and Σw·A. Uniform weights are w = 1.
public struct FixedPointCodec<Element: RingWord>: UpdateCodec {
    /// How the values become integers.
    public let quantizer: FixedPointQuantizer
    /// How many values an update has.
    public let parameterCount: Int
    /// Why the sum cannot wrap.
    public let capacity: SumCapacity

    /// Losses above this, in nats, count as this; it only steers training.
    public static var largestLoss: Double { 16 }

    /// A codec for sums over at most `clients` updates.
    /// - Parameters:
    ///   - parameterCount: the values of an update.
    ///   - quantizer: how they become integers.
    ///   - clients: the number N of clients of a round.
    ///   - maximumWeight: the largest weight W; 1 for uniform weights.
    ///   - width: the ring; by default the narrowest that N·W·(2^q − 1) fits in.
    /// - Throws: `.capacityExceeded` if the sum could wrap, `.elementTooNarrow` if `Element` cannot hold the ring.
    public init(
        parameterCount: Int, quantizer: FixedPointQuantizer, clients: Int, maximumWeight: Int, width: RingWidth? = nil
    ) throws(RingError) {
        capacity = try SumCapacity(
            terms: clients, maximumWeight: maximumWeight, inputBits: quantizer.bits, width: width)
        guard capacity.width.bits <= Element.capacityInBits else {
            throw .elementTooNarrow(needed: capacity.width.bits, available: Element.capacityInBits)
        }
        self.parameterCount = parameterCount
        self.quantizer = quantizer
    }

    /// The elements of a vector.
    public var dimension: Int { parameterCount + 3 }
    /// The ring of the sum.
    public var width: RingWidth { capacity.width }
    /// The most clients whose updates may be summed.
    public var clients: Int { capacity.terms }

    /// The parameters as the wire format writes them (Documentation/WireFormat.md).
    public var encodedParameters: [UInt8] {
        let text =
            "fixed-point values=\(parameterCount) bits=\(quantizer.bits) clip=\(quantizer.clip) clients=\(capacity.terms)"
            + " maximum-weight=\(capacity.maximumWeight) largest-loss=\(Self.largestLoss)"
        return Array(text.utf8)
    }

    /// Quantizes an update and multiplies it by its weight; see `UpdateCodec`.
    public func encode(
        _ update: ClientUpdate, using generator: inout some SecureRandomNumberGenerator
    ) throws(RingError) -> (vector: [Element], clippedCount: Int) {
        guard update.values.count == parameterCount else {
            throw .lengthMismatch(expected: parameterCount, actual: update.values.count)
        }
        guard (0...capacity.maximumWeight).contains(update.weight) else {
            throw .weightOutOfRange(update.weight, maximum: capacity.maximumWeight)
        }
        let quantized = try quantizer.quantize(update.values, using: &generator)
        // Their quantizer would count them from 0, as if they were values. An infinite loss counts as the largest.
        guard update.loss > -.infinity else { throw .notFinite(coordinate: parameterCount) }
        guard update.accuracy.isFinite else { throw .notFinite(coordinate: parameterCount + 1) }
        let metrics = try metricQuantizer.quantize(
            [2 * min(update.loss, Self.largestLoss) / Self.largestLoss - 1, 2 * update.accuracy - 1], using: &generator)
        let weight = Element(update.weight)
        var vector: [Element] = []
        vector.reserveCapacity(dimension)
        vector.append(weight)
        // No product wraps: w·X ≤ W·(2^q − 1) < 2^b by the capacity.
        for integer in quantized.integers { vector.append(weight &* Element(integer)) }
        for integer in metrics.integers { vector.append(weight &* Element(integer)) }
        return (vector, quantized.clippedCount)
    }

    /// The weighted mean behind a sum; see `UpdateCodec`.
    public func decode(_ sum: [Element]) throws(RingError) -> MeanUpdate {
        guard sum.count == dimension else { throw .lengthMismatch(expected: dimension, actual: sum.count) }
        let totalWeight = UInt64(sum[0])
        let values = try quantizer.decodeMean(Array(sum[1...parameterCount]), dividedBy: totalWeight)
        let metrics = try metricQuantizer.decodeMean(Array(sum.suffix(2)), dividedBy: totalWeight)
        return MeanUpdate(
            values: values, totalWeight: totalWeight, loss: (Double(metrics[0]) + 1) / 2 * Self.largestLoss,
            accuracy: (Double(metrics[1]) + 1) / 2)
    }

    /// Loss and accuracy are mapped to [−1, 1] and rounded as finely as the values are.
    private var metricQuantizer: FixedPointQuantizer {
        get throws(RingError) { try FixedPointQuantizer(bits: quantizer.bits, clip: 1) }
    }
}
