// SPDX-License-Identifier: Apache-2.0

/// How the rows of a data set are dealt to the clients of a simulated federation.
///
/// Every row goes to exactly one client, and every client gets at least one row.
public enum Partition: Sendable, Equatable {
    /// Uniformly at random, in parts whose sizes differ by at most one.
    case iid
    /// Label skew: each class is divided in proportions drawn from a symmetric Dirichlet distribution.
    ///
    /// The smaller `alpha` (within `concentrations`), the fewer classes a client sees.
    case dirichlet(alpha: Double)
    /// Pathological label skew: rows sorted by label are cut into equal shards, and each client gets so many of them.
    case shards(perClient: Int)

    /// The concentrations `alpha` that `.dirichlet` accepts.
    public static let concentrations = 0.001...1_000_000.0

    /// How often `.dirichlet` draws anew before it gives up on giving every client a row.
    public static let maximumAttempts = 1_000

    /// Reads `iid`, `dirichlet:A` or `shards:K`, for example `dirichlet:0.5`.
    ///
    /// - Throws: `.partitionArgument` if the text is none of these; `.concentration` or `.shardsPerClient` if the
    ///   number is out of bounds.
    public init(argument: String) throws(FederatedLearningError) {
        let parts = argument.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        switch (parts.first, parts.count) {
        case ("iid", 1):
            self = .iid
        case ("dirichlet", 2):
            guard let alpha = Double(parts[1]) else { throw .partitionArgument(argument) }
            self = .dirichlet(alpha: alpha)
        case ("shards", 2):
            guard let count = Int(parts[1]) else { throw .partitionArgument(argument) }
            self = .shards(perClient: count)
        default:
            throw .partitionArgument(argument)
        }
        try validate()
    }

    /// Deals every row to exactly one client, at least one to each.
    ///
    /// Rows of one client are ascending for `.iid` and `.dirichlet`, and shard by shard, in the order of labels inside
    /// a shard, for `.shards`. O(rows log rows + clients × classes) for a draw.
    ///
    /// - Parameters:
    ///   - rows: The rows to deal, distinct, usually the training part of a split.
    ///   - data: The data set that the rows are of.
    ///   - clientCount: The number of clients, at least 1.
    ///   - generator: The source of randomness.
    /// - Returns: For each client the indices of its rows.
    /// - Throws: `.clientCount`, `.concentration` or `.shardsPerClient` if a number is out of bounds; `.rowOutOfRange`
    ///   for a bad index; `.tooFewRows` if there are fewer rows than clients, or than shards; `.emptyClient` if
    ///   `maximumAttempts` Dirichlet draws each left a client with nothing.
    public func deal(
        _ rows: [Int],
        of data: DataSet,
        to clientCount: Int,
        using generator: inout some RandomNumberGenerator
    ) throws(FederatedLearningError) -> [[Int]] {
        try validate()
        guard clientCount >= 1 else { throw .clientCount(clientCount) }
        try data.validate(rows)
        guard rows.count >= clientCount else { throw .tooFewRows(needed: clientCount, found: rows.count) }
        switch self {
        case .iid:
            var shuffled = rows
            generator.shuffle(&shuffled)
            return equalParts(of: shuffled, count: clientCount).map { $0.sorted() }
        case .dirichlet(let alpha):
            return try dealByClass(rows, of: data, to: clientCount, concentration: alpha, using: &generator)
        case .shards(let perClient):
            return try dealShards(rows, of: data, to: clientCount, perClient: perClient, using: &generator)
        }
    }

    private func validate() throws(FederatedLearningError) {
        switch self {
        case .iid: return
        case .dirichlet(let alpha): guard Self.concentrations.contains(alpha) else { throw .concentration(alpha) }
        case .shards(let count): guard count >= 1 else { throw .shardsPerClient(count) }
        }
    }

    private func dealByClass(
        _ rows: [Int],
        of data: DataSet,
        to clientCount: Int,
        concentration: Double,
        using generator: inout some RandomNumberGenerator
    ) throws(FederatedLearningError) -> [[Int]] {
        for _ in 0..<Self.maximumAttempts {
            var clients = [[Int]](repeating: [], count: clientCount)
            for var members in rowsByLabel(rows, of: data) where !members.isEmpty {
                generator.shuffle(&members)
                let proportions = generator.drawProportions(clientCount, concentration: concentration)
                // Cut where the cumulative proportions fall: each client's share is exact to one row.
                var cumulative = 0.0
                var start = 0
                for client in 0..<clientCount {
                    cumulative += proportions[client]
                    let cut = Int((cumulative * Double(members.count)).rounded())
                    let end = client == clientCount - 1 ? members.count : min(max(cut, start), members.count)
                    clients[client] += members[start..<end]
                    start = end
                }
            }
            if !clients.contains(where: \.isEmpty) { return clients.map { $0.sorted() } }
        }
        throw .emptyClient(attempts: Self.maximumAttempts)
    }

    private func dealShards(
        _ rows: [Int],
        of data: DataSet,
        to clientCount: Int,
        perClient: Int,
        using generator: inout some RandomNumberGenerator
    ) throws(FederatedLearningError) -> [[Int]] {
        let (shardCount, overflow) = clientCount.multipliedReportingOverflow(by: perClient)
        guard !overflow, rows.count >= shardCount else {
            throw .tooFewRows(needed: overflow ? Int.max : shardCount, found: rows.count)
        }
        var sorted: [Int] = []
        for var members in rowsByLabel(rows, of: data) {
            generator.shuffle(&members)
            sorted += members
        }
        let shards = equalParts(of: sorted, count: shardCount)
        var order = Array(0..<shardCount)
        generator.shuffle(&order)
        return equalParts(of: order, count: clientCount).map { $0.flatMap { shards[$0] } }
    }

    private func rowsByLabel(_ rows: [Int], of data: DataSet) -> [[Int]] {
        var members = [[Int]](repeating: [], count: data.classCount)
        for row in rows { members[data.labels[row]].append(row) }
        return members
    }

    /// Cuts into contiguous parts whose sizes differ by at most one, the larger ones first.
    private func equalParts(of elements: [Int], count: Int) -> [ArraySlice<Int>] {
        let (size, larger) = elements.count.quotientAndRemainder(dividingBy: count)
        return (0..<count).map { part in
            let start = part * size + min(part, larger)
            return elements[start..<start + size + (part < larger ? 1 : 0)]
        }
    }
}

extension Partition: CustomStringConvertible {
    /// The text that `init(argument:)` reads.
    public var description: String {
        switch self {
        case .iid: "iid"
        case .dirichlet(let alpha): "dirichlet:\(alpha)"
        case .shards(let count): "shards:\(count)"
        }
    }
}
