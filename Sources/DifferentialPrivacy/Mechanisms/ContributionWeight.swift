// SPDX-License-Identifier: Apache-2.0

/// A bound W on the weights of a mean: without it, no number of clients bounds what one of them can change.
public struct WeightBound: Hashable, Sendable {
    /// The largest weight W.
    public let maximum: Double

    /// Everybody counts the same.
    public static let uniform = WeightBound(unchecked: 1)

    /// Weights of at most `maximum`.
    /// - Throws: `.notPositive` unless it is a finite number above zero.
    public init(_ maximum: Double) throws(DifferentialPrivacyError) {
        guard maximum > 0, maximum.isFinite else { throw .notPositive }
        self.maximum = maximum
    }

    private init(unchecked maximum: Double) { self.maximum = maximum }

    /// A weight within the bound; the only way to make one.
    /// - Throws: `.weightOutOfRange` unless 0 ≤ value ≤ W.
    public func weight(_ value: Double) throws(DifferentialPrivacyError) -> ContributionWeight {
        guard value >= 0, value <= maximum else { throw .weightOutOfRange }
        return ContributionWeight(value: value, bound: self)
    }
}

/// The weight of one client's vector, with the bound that the sensitivity is computed from.
public struct ContributionWeight: Hashable, Sendable {
    /// The weight, 0 … W.
    public let value: Double
    /// The bound W.
    public let bound: WeightBound

    /// The weight of everybody where all count the same.
    public static let one = ContributionWeight(value: 1, bound: .uniform)

    fileprivate init(value: Double, bound: WeightBound) {
        self.value = value
        self.bound = bound
    }
}
