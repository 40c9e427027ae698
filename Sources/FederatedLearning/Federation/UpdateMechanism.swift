// SPDX-License-Identifier: Apache-2.0

public import RingArithmetic
public import SecureRandomness

/// Differential privacy around a scheme: noise on what a client contributes, on what the recipient releases, or on
/// both.
///
/// It wraps any scheme and is not one: clip → quantize → `perturb` → scheme → `release`.
public protocol UpdateMechanism<Element>: Sendable {
    /// What the scheme sums.
    associatedtype Element: RingWord

    /// Adds a client's noise to its encoded update.
    func perturb(
        _ vector: inout [Element], width: RingWidth, using generator: inout some SecureRandomNumberGenerator
    ) throws(RingError)

    /// Adds the recipient's noise to the sum.
    func release(
        _ sum: inout [Element], width: RingWidth, using generator: inout some SecureRandomNumberGenerator
    ) throws(RingError)
}

/// No noise: the sum is exact, and whoever learns it learns all that it says.
public struct NoMechanism<Element: RingWord>: UpdateMechanism {
    /// No noise.
    public init() {}

    /// Leaves the vector as it is.
    public func perturb(
        _ vector: inout [Element], width: RingWidth, using generator: inout some SecureRandomNumberGenerator
    ) {}

    /// Leaves the sum as it is.
    public func release(
        _ sum: inout [Element], width: RingWidth, using generator: inout some SecureRandomNumberGenerator
    ) {}
}
