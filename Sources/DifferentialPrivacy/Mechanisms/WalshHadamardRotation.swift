// SPDX-License-Identifier: Apache-2.0

/// Random signs and a Walsh–Hadamard transform, which spread a vector over all coordinates [KLS21].
///
/// An orthogonal map of a power of two of coordinates (shorter vectors are padded with zeros). The signs come from a seed
/// that all parties of a round share and that is no secret. Norms are kept, up to the rounding of doubles.
public struct WalshHadamardRotation: Sendable {
    /// The coordinates before the map.
    public let dimension: Int
    /// The coordinates after it: the least power of two that is not below `dimension`.
    public let paddedDimension: Int
    /// One bit a coordinate, set for −1.
    private let signs: [UInt64]

    /// The rotation of a seed.
    /// - Parameters:
    ///   - dimension: the coordinates of a vector.
    ///   - seed: 32 public bytes, the same for all parties of a round.
    /// - Throws: `.dimensionOutOfRange` unless 1 ≤ dimension ≤ 2^32; `.rotationSeedLength` unless the seed has 32 bytes.
    public init(dimension: Int, seed: [UInt8]) throws(DifferentialPrivacyError) {
        guard dimension >= 1, dimension <= 1 << 32 else { throw .dimensionOutOfRange(dimension) }
        guard seed.count == 32 else { throw .rotationSeedLength(seed.count) }
        self.dimension = dimension
        var padded = 1
        while padded < dimension { padded *= 2 }
        paddedDimension = padded
        var key = SIMD8<UInt32>(repeating: 0)
        for index in 0..<32 { key[index / 4] |= UInt32(seed[index]) << UInt32(8 * (index % 4)) }
        var signs: [UInt64] = []
        var vectors = [SIMD4<UInt32>](repeating: SIMD4(repeating: 0), count: 16)
        var counter: UInt32 = 0
        while signs.count * 64 < dimension {
            NoiseStream.blocks(key, counter: counter, nonce: 2, into: &vectors, at: 0)
            counter += 4
            for vector in stride(from: 0, to: 16, by: 2) {
                for lane in 0..<4 {
                    signs.append(UInt64(vectors[vector][lane]) << 32 | UInt64(vectors[vector + 1][lane]))
                }
            }
        }
        self.signs = signs
    }

    /// The rotated vector, of `paddedDimension` coordinates.
    package func rotate(_ vector: [Double]) -> [Double] {
        precondition(vector.count == dimension, "A vector has the dimension of its rotation.")
        var result = [Double](repeating: 0, count: paddedDimension)
        for index in vector.indices { result[index] = isNegative(index) ? -vector[index] : vector[index] }
        Self.transform(&result)
        return result
    }

    /// The vector that `rotate` took to this one.
    package func rotateBack(_ vector: [Double]) -> [Double] {
        precondition(vector.count == paddedDimension, "A rotated vector has the padded dimension.")
        var result = vector
        Self.transform(&result)
        result.removeLast(paddedDimension - dimension)
        for index in result.indices where isNegative(index) { result[index] = -result[index] }
        return result
    }

    private func isNegative(_ index: Int) -> Bool { signs[index / 64] >> UInt64(index % 64) & 1 == 1 }

    /// The normalized transform, its own inverse.
    /// - Complexity: O(n log n).
    private static func transform(_ values: inout [Double]) {
        let count = values.count
        var half = 1
        while half < count {
            var start = 0
            while start < count {
                for index in start..<(start + half) {
                    let (a, b) = (values[index], values[index + half])
                    values[index] = a + b
                    values[index + half] = a - b
                }
                start += 2 * half
            }
            half *= 2
        }
        let factor = 1 / Double(count).squareRoot()
        for index in values.indices { values[index] *= factor }
    }
}
