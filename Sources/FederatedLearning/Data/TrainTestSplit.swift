// SPDX-License-Identifier: Apache-2.0

/// Two disjoint sets of row indices that together are all rows of a data set.
public struct TrainTestSplit: Sendable, Equatable {
    /// The rows to train on, ascending.
    public let training: [Int]
    /// The rows to measure accuracy on, ascending.
    public let test: [Int]

    /// The split that the publisher of a data set made, as its `testRows` say; nil if it has none.
    ///
    /// Nothing is drawn: the same rows in every run, which makes accuracies comparable with published ones.
    public init?(givenBy data: DataSet) {
        guard let testRows = data.testRows else { return nil }
        training = data.rows.filter { !testRows.contains($0) }
        test = Array(testRows)
    }

    /// Divides the rows at random so that each class has its share in both parts.
    ///
    /// The test part has ⌈fraction × rowCount⌉ rows. Each class gives the floor of fraction × its size, and the classes
    /// with the largest remainders give one row more (ties: the smaller label first). O(rows + classes log classes).
    ///
    /// - Parameters:
    ///   - data: The data set to divide.
    ///   - testFraction: The share of the test part, strictly between 0 and 1.
    ///   - generator: The source of randomness; which rows are chosen depends on it, how many does not.
    /// - Throws: `.testFraction` if the fraction is out of bounds or a part would be empty.
    public init(
        stratifying data: DataSet,
        testFraction: Double = 0.2,
        using generator: inout some RandomNumberGenerator
    ) throws(FederatedLearningError) {
        guard testFraction > 0, testFraction < 1 else { throw .testFraction(testFraction) }
        let counts = Self.testCounts(of: try data.labelCounts(of: data.rows), fraction: testFraction)
        let testCount = counts.reduce(0, +)
        guard testCount > 0, testCount < data.rowCount else { throw .testFraction(testFraction) }

        var rowsOfClass = [[Int]](repeating: [], count: data.classCount)
        for row in 0..<data.rowCount { rowsOfClass[data.labels[row]].append(row) }
        var isTest = [Bool](repeating: false, count: data.rowCount)
        for label in rowsOfClass.indices {
            generator.shuffle(&rowsOfClass[label])
            for row in rowsOfClass[label].prefix(counts[label]) { isTest[row] = true }
        }
        training = data.rows.filter { !isTest[$0] }
        test = data.rows.filter { isTest[$0] }
    }

    /// How many rows each class gives to the test part.
    private static func testCounts(of sizes: [Int], fraction: Double) -> [Int] {
        // A fraction such as 0.1 is not exact in binary; products this close to an integer mean the integer.
        let slack = 1e-9
        let quotas = sizes.map { Double($0) * fraction }
        var counts = quotas.map { Int(($0 + slack).rounded(.down)) }
        let total = Int((Double(sizes.reduce(0, +)) * fraction - slack).rounded(.up))
        let missing = total - counts.reduce(0, +)
        // In units of the slack, so that remainders that differ by rounding only are ties.
        let remainders = sizes.indices.map { ((quotas[$0] - Double(counts[$0])) / slack).rounded() }
        let byRemainder = sizes.indices.sorted { first, second in
            remainders[first] == remainders[second] ? first < second : remainders[first] > remainders[second]
        }
        for label in byRemainder.prefix(max(0, missing)) where counts[label] < sizes[label] { counts[label] += 1 }
        return counts
    }
}
