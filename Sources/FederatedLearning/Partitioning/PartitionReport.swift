// SPDX-License-Identifier: Apache-2.0

/// How unequal the clients of a partition are: what each one holds.
///
/// For simulations only: it is computed from everyone's labels, which in a deployment nobody has.
public struct PartitionReport: Sendable, Equatable {
    /// What one client holds.
    public struct Client: Sendable, Equatable {
        /// The number of rows.
        public let rowCount: Int
        /// The number of rows of each class.
        public let labelCounts: [Int]
        /// The entropy of the client's label distribution, in bits: 0 for a single class, log2(classes) for equal
        /// shares.
        public let labelEntropyInBits: Double

        /// Describes a client by its label counts, none of them negative.
        init(labelCounts: [Int]) {
            let total = labelCounts.reduce(0, +)
            var entropy = 0.0
            for count in labelCounts where count > 0 && count < total {
                let share = Double(count) / Double(total)
                entropy -= share * logarithm(share) / logarithm(2)
            }
            self.rowCount = total
            self.labelCounts = labelCounts
            self.labelEntropyInBits = entropy
        }
    }

    /// The clients, in the order of the partition.
    public let clients: [Client]

    /// Counts labels, in O(rows + clients × classes).
    ///
    /// - Parameters:
    ///   - clientRows: For each client the indices of its rows.
    ///   - data: The data set that the rows are of.
    /// - Throws: `.rowOutOfRange` for the first bad index.
    public init(_ clientRows: [[Int]], of data: DataSet) throws(FederatedLearningError) {
        var clients: [Client] = []
        for rows in clientRows { clients.append(Client(labelCounts: try data.labelCounts(of: rows))) }
        self.clients = clients
    }
}
