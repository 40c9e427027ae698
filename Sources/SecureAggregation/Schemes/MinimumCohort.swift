// SPDX-License-Identifier: Apache-2.0

/// The number of contributors below which nothing is summed.
public struct MinimumCohort: Hashable, Sendable {
    /// How many contributors a sum has at the least.
    public let count: Int

    private init(unchecked count: Int) { self.count = count }

    /// Three: the smallest sum that does not show one contributor's vector to another one who knows the sum and its
    /// own.
    public static let standard = MinimumCohort(unchecked: 3)

    /// At least `count` contributors.
    /// - Throws: `.minimumCohortTooSmall` below 3.
    public init(_ count: Int) throws(AggregationError) {
        guard count >= 3 else { throw .minimumCohortTooSmall(count) }
        self.count = count
    }

    /// Two. **Each of two contributors who learns the sum learns the other's vector**, by subtracting its own; so does
    /// a server that colludes with one of them. For experiments, and for inputs that are not private.
    public static let twoWhoMayLearnEachOthersVectors = MinimumCohort(unchecked: 2)
}
