// SPDX-License-Identifier: Apache-2.0

/// A labelled table for classification: rows of numbers, and a class for each row.
///
/// Invariants, which every initializer checks: `features` holds `rowCount × featureCount` finite numbers, and every
/// label is in `0..<classCount`. Copies share storage. Held in clear: this is one owner's data, or a public data set
/// that a simulation divides.
public struct DataSet: Sendable, Equatable {
    /// The largest number of classes that a data set may have.
    ///
    /// Models hold `classCount` numbers for each feature, so a stray large number in the label column must not size
    /// one.
    public static let maximumClassCount = 65_536

    /// What the data set is called in reports.
    public let name: String
    /// The features, row-major: `rowCount × featureCount`.
    public let features: [Float]
    /// The class of each row, in `0..<classCount`.
    public let labels: [Int]
    /// The numbers in a row.
    public let featureCount: Int
    /// The number of classes; some may have no row.
    public let classCount: Int
    /// The rows that the publisher of the data set meant for testing; nil if it has no such part.
    ///
    /// Where there is one, figures are comparable with those of others only on it: see ``TrainTestSplit``.
    public let testRows: Range<Int>?
    /// The bytes of the file that the data set was read from, as read; empty if there was none, or several.
    ///
    /// Their SHA-256 names the data in a report, whatever scaling came after.
    public let sourceBytes: [UInt8]

    /// Creates a data set from numbers in memory, in O(rows × features).
    ///
    /// - Parameters:
    ///   - name: What reports call it.
    ///   - features: The features, row-major.
    ///   - labels: A class in `0..<classCount` for each row.
    ///   - featureCount: The numbers in a row, at least 1.
    ///   - classCount: The number of classes, from 2 to `maximumClassCount`.
    ///   - testRows: The rows that are meant for testing, if the data set says which.
    ///   - sourceBytes: The bytes of the file that the numbers came from, if any.
    /// - Throws: `.noFeatures` or `.classCount` if a count is out of bounds; `.emptyTable` if there is no row;
    ///   `.malformedFeatures` if `features` is not `labels.count × featureCount` finite numbers; `.labelOutOfRange` for
    ///   the first bad label; `.testRows` if `testRows` is empty, has no such rows, or leaves none for training.
    public init(
        name: String,
        features: [Float],
        labels: [Int],
        featureCount: Int,
        classCount: Int,
        testRows: Range<Int>? = nil,
        sourceBytes: [UInt8] = []
    ) throws(FederatedLearningError) {
        guard featureCount >= 1 else { throw .noFeatures }
        guard (2...Self.maximumClassCount).contains(classCount) else { throw .classCount(classCount) }
        guard !labels.isEmpty else { throw .emptyTable }
        let (expected, overflow) = labels.count.multipliedReportingOverflow(by: featureCount)
        guard !overflow, features.count == expected, features.allSatisfy(\.isFinite) else { throw .malformedFeatures }
        for row in labels.indices where !(0..<classCount).contains(labels[row]) { throw .labelOutOfRange(row: row) }
        if let testRows {
            guard !testRows.isEmpty, testRows.lowerBound >= 0, testRows.upperBound <= labels.count,
                testRows.count < labels.count
            else { throw .testRows(testRows) }
        }
        self.name = name
        self.features = features
        self.labels = labels
        self.featureCount = featureCount
        self.classCount = classCount
        self.testRows = testRows
        self.sourceBytes = sourceBytes
    }

    /// The number of rows, at least 1.
    public var rowCount: Int { labels.count }

    /// The indices of all rows.
    public var rows: [Int] { Array(0..<rowCount) }

    /// How often each class occurs among `rows`: `classCount` counts.
    ///
    /// - Throws: `.rowOutOfRange` for the first index outside `0..<rowCount`.
    public func labelCounts(of rows: [Int]) throws(FederatedLearningError) -> [Int] {
        try validate(rows)
        var counts = [Int](repeating: 0, count: classCount)
        for row in rows { counts[labels[row]] += 1 }
        return counts
    }

    /// Checks that every index names a row.
    func validate(_ rows: [Int]) throws(FederatedLearningError) {
        for row in rows where !(0..<rowCount).contains(row) { throw .rowOutOfRange(row) }
    }

    /// A table whose invariants the caller has checked, so that many millions of numbers are not looked at again.
    init(
        name: String,
        finiteFeatures features: [Float],
        validLabels labels: [Int],
        featureCount: Int,
        classCount: Int,
        testRows: Range<Int>
    ) {
        precondition(features.count == labels.count * featureCount && testRows.upperBound <= labels.count)
        self.name = name
        self.features = features
        self.labels = labels
        self.featureCount = featureCount
        self.classCount = classCount
        self.testRows = testRows
        self.sourceBytes = []
    }

    /// The same table with other features of the same shape; the caller has seen that they are finite.
    init(_ original: DataSet, finiteFeatures features: [Float]) {
        precondition(features.count == original.features.count)
        self.name = original.name
        self.features = features
        self.labels = original.labels
        self.featureCount = original.featureCount
        self.classCount = original.classCount
        self.testRows = original.testRows
        self.sourceBytes = original.sourceBytes
    }
}
