// SPDX-License-Identifier: Apache-2.0

/// Why data, a partition or a training run was refused.
///
/// Lines and columns count from 1; a column is a field, not a character.
public enum FederatedLearningError: Error, Equatable, Sendable {
    /// A CSV file holds no row of data.
    case emptyTable
    /// A feature is not a finite decimal number that a `Float` can hold.
    case notANumber(line: Int, column: Int)
    /// A label is not an integer from 0 up to `DataSet.maximumClassCount` (exclusive).
    case notALabel(line: Int, column: Int)
    /// A line has a number of fields other than that of the first row of data.
    case fieldCount(line: Int, expected: Int, found: Int)
    /// A data set needs at least one feature.
    case noFeatures
    /// A data set needs two classes or more, up to `DataSet.maximumClassCount`.
    case classCount(Int)
    /// The features are not one row of `featureCount` finite numbers for each label.
    case malformedFeatures
    /// The label of this row is outside `0..<classCount`.
    case labelOutOfRange(row: Int)
    /// The rows that are meant for testing are none, not in the data set, or all of it.
    case testRows(Range<Int>)
    /// A file does not begin with the four bytes of its kind, `IDXFile.magicNumber`.
    case idxMagicNumber(in: IDXFile)
    /// A file is not as long as its header says, or ends within the header.
    ///
    /// `expected` is in bytes; `Int.max` stands for lengths that are greater.
    case idxLength(in: IDXFile, expected: Int, found: Int)
    /// A file of labels has not one label for each image of the file beside it.
    case idxLabelCount(in: IDXFile, images: Int, labels: Int)
    /// The images for testing are of another size than those for training.
    case idxImageSize
    /// A row index is outside `0..<rowCount`.
    case rowOutOfRange(Int)
    /// The fraction is not strictly between 0 and 1, or it leaves no row for training or none for the test.
    case testFraction(Double)
    /// Sums over no row, of unequal lengths, not finite, or that no real values have (Σx² < (Σx)²/count).
    case impossibleFeatureSums
    /// The text is not `iid`, `dirichlet:A` or `shards:K`.
    case partitionArgument(String)
    /// The Dirichlet concentration is outside `Partition.concentrations`.
    case concentration(Double)
    /// A client needs at least one shard.
    case shardsPerClient(Int)
    /// A federation needs at least one client.
    case clientCount(Int)
    /// The partition needs `needed` rows to give something to every client.
    case tooFewRows(needed: Int, found: Int)
    /// Every one of `attempts` Dirichlet draws left a client with no row.
    case emptyClient(attempts: Int)
    /// A model needs positive numbers of features and hidden units, two classes or more, and no more parameters than
    /// `Int` counts.
    case modelShape
    /// The features or classes of a model, or the features of a standardization, are not those of the data.
    case modelDoesNotFit(featureCount: Int, classCount: Int)
    /// The parameters are not as many as the model has.
    case parameterCount(expected: Int, found: Int)
    /// The number of epochs is below 1.
    case epochs(Int)
    /// The batch size is below 1.
    case batchSize(Int)
    /// The learning rate is not a finite positive number.
    case learningRate(Float)
    /// The given weights are not one non-negative integer for each client.
    case weights
    /// A round has more clients than the codec's ring is proved to be wide enough for.
    case codecTooSmall(clients: Int, capacity: Int)
    /// Training left a parameter that is infinite or not a number: the learning rate is too large for the data.
    case diverged
}
