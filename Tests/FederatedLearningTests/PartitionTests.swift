// SPDX-License-Identifier: Apache-2.0

import FederatedLearning
import Testing

@Suite("Partitions")
struct PartitionTests {
    static let partitions: [Partition] = [
        .iid, .dirichlet(alpha: 100), .dirichlet(alpha: 0.5), .dirichlet(alpha: 0.1), .shards(perClient: 1),
        .shards(perClient: 2), .shards(perClient: 7),
    ]

    @Test("Every row goes to exactly one client, and no client goes empty", arguments: partitions, [1, 3, 10])
    func exact(partition: Partition, clientCount: Int) throws {
        let data = DataSet.digits()
        var generator = SeededGenerator(5)
        let split = try TrainTestSplit(stratifying: data, using: &generator)
        let clients = try partition.deal(split.training, of: data, to: clientCount, using: &generator)
        #expect(clients.count == clientCount)
        #expect(clients.flatMap { $0 }.sorted() == split.training)
        #expect(clients.allSatisfy { !$0.isEmpty })
    }

    @Test("The seed decides", arguments: partitions)
    func seeded(partition: Partition) throws {
        let data = DataSet.digits()
        func deal(_ seed: UInt64) throws -> [[Int]] {
            var generator = SeededGenerator(seed)
            return try partition.deal(data.rows, of: data, to: 10, using: &generator)
        }
        #expect(try deal(1) == deal(1))
        #expect(try deal(1) != deal(2))
    }

    @Test("IID parts differ in size by at most one")
    func equalSizes() throws {
        let data = DataSet.digits()
        var generator = SeededGenerator(5)
        let sizes = try Partition.iid.deal(data.rows, of: data, to: 10, using: &generator).map(\.count)
        #expect(Set(sizes) == [179, 180])
    }

    @Test("A client's shards are at most so many runs of labels", arguments: [1, 2, 5])
    func runs(perClient: Int) throws {
        let data = DataSet.digits()
        var generator = SeededGenerator(5)
        let clients = try Partition.shards(perClient: perClient).deal(data.rows, of: data, to: 10, using: &generator)
        for rows in clients {
            let labels = rows.map { data.labels[$0] }
            let descents = zip(labels, labels.dropFirst()).count { $0 > $1 }
            #expect(descents + 1 <= perClient)
        }
    }

    @Test("Where shards end with classes, a client sees at most so many classes")
    func classesPerClient() throws {
        // 10 classes of 12 rows, 10 clients of 2 shards: 20 shards of 6 rows, each of one class.
        let data = try DataSet(
            name: "t",
            features: [Float](repeating: 0, count: 120),
            labels: (0..<120).map { $0 % 10 },
            featureCount: 1,
            classCount: 10
        )
        for seed in UInt64(1)...20 {
            var generator = SeededGenerator(seed)
            let clients = try Partition.shards(perClient: 2).deal(data.rows, of: data, to: 10, using: &generator)
            for rows in clients {
                #expect(rows.count == 12)
                #expect(Set(rows.map { data.labels[$0] }).count <= 2)
            }
        }
    }

    @Test("Smaller concentrations give less entropy")
    func skew() throws {
        let data = DataSet.digits()
        func meanEntropy(_ partition: Partition) throws -> Double {
            var generator = SeededGenerator(9)
            let clients = try partition.deal(data.rows, of: data, to: 10, using: &generator)
            let report = try PartitionReport(clients, of: data)
            return report.clients.map(\.labelEntropyInBits).reduce(0, +) / 10
        }
        let even = try meanEntropy(.dirichlet(alpha: 1_000_000))
        let mild = try meanEntropy(.dirichlet(alpha: 1))
        let strong = try meanEntropy(.dirichlet(alpha: 0.1))
        #expect(even > 3.31)  // log2(10) = 3.3219
        #expect(mild < even - 0.3)
        #expect(strong < mild - 0.3)
    }

    @Test("A report counts rows, labels and bits")
    func report() throws {
        let data = try DataSet(
            name: "t",
            features: [0, 0, 0, 0, 0, 0],
            labels: [0, 1, 2, 2, 0, 0],
            featureCount: 1,
            classCount: 4
        )
        let report = try PartitionReport([[0, 1, 2, 3], [4, 5], []], of: data)
        #expect(report.clients.map(\.rowCount) == [4, 2, 0])
        #expect(report.clients.map(\.labelCounts) == [[1, 1, 2, 0], [2, 0, 0, 0], [0, 0, 0, 0]])
        #expect(abs(report.clients[0].labelEntropyInBits - 1.5) < 1e-12)
        #expect(report.clients[1].labelEntropyInBits == 0)
        #expect(report.clients[2].labelEntropyInBits == 0)
        #expect(throws: FederatedLearningError.rowOutOfRange(6)) { try PartitionReport([[6]], of: data) }
    }

    @Test("Arguments of the command line are read, and written again")
    func arguments() throws {
        #expect(try Partition(argument: "iid") == .iid)
        #expect(try Partition(argument: "dirichlet:0.5") == .dirichlet(alpha: 0.5))
        #expect(try Partition(argument: "shards:2") == .shards(perClient: 2))
        for partition in Self.partitions { #expect(try Partition(argument: partition.description) == partition) }
        for text in ["", "IID", "iid:", "dirichlet", "dirichlet:", "dirichlet:a", "shards:1.5", "shards:2:3", "x:1"] {
            #expect(throws: FederatedLearningError.partitionArgument(text)) { try Partition(argument: text) }
        }
        #expect(throws: FederatedLearningError.concentration(0)) { try Partition(argument: "dirichlet:0") }
        #expect(throws: FederatedLearningError.concentration(.infinity)) { try Partition(argument: "dirichlet:inf") }
        #expect(throws: FederatedLearningError.shardsPerClient(0)) { try Partition(argument: "shards:0") }
    }

    @Test("What cannot be dealt is refused")
    func refused() throws {
        let data = DataSet.breastCancer()
        func deal(_ partition: Partition, _ rows: [Int], _ clients: Int) throws {
            var generator = SeededGenerator(1)
            _ = try partition.deal(rows, of: data, to: clients, using: &generator)
        }
        let ten = Array(0..<10)
        #expect(throws: FederatedLearningError.clientCount(0)) { try deal(.iid, ten, 0) }
        #expect(throws: FederatedLearningError.rowOutOfRange(-1)) { try deal(.iid, [-1], 1) }
        #expect(throws: FederatedLearningError.tooFewRows(needed: 11, found: 10)) { try deal(.iid, ten, 11) }
        #expect(throws: FederatedLearningError.tooFewRows(needed: 12, found: 10)) {
            try deal(.shards(perClient: 4), ten, 3)
        }
        #expect(throws: FederatedLearningError.tooFewRows(needed: .max, found: 10)) {
            try deal(.shards(perClient: .max), ten, 3)
        }
        #expect(throws: FederatedLearningError.concentration(-1)) { try deal(.dirichlet(alpha: -1), ten, 2) }
        // Two classes for ten clients, each class to nearly one client: someone is always left out.
        #expect(throws: FederatedLearningError.emptyClient(attempts: 1_000)) {
            try deal(.dirichlet(alpha: 0.001), ten, 10)
        }
    }

    @Test("Dirichlet proportions have the right first two moments", arguments: [0.1, 0.5, 1, 3])
    func moments(concentration: Double) {
        // A proportion p is in [0, 1], so by Hoeffding the mean of n independent p, or p², is further than t from its
        // expectation with probability at most 2·exp(−2nt²): 4e-9 for n = 20,000 and t = 0.02237. Over 4 cases of 2
        // moments a right sampler fails for one seed in 3e7.
        let draws = 20_000
        let tolerance = 0.02237
        let parts = 3.0
        var generator = SeededGenerator(11)
        var mean = 0.0
        var meanSquare = 0.0
        for _ in 0..<draws {
            let proportions = generator.drawProportions(3, concentration: concentration)
            if abs(proportions.reduce(0, +) - 1) > 1e-12 { Issue.record("proportions do not sum to 1") }
            mean += proportions[0] / Double(draws)
            meanSquare += proportions[0] * proportions[0] / Double(draws)
        }
        let variance = (1 / parts) * (1 - 1 / parts) / (parts * concentration + 1)
        #expect(abs(mean - 1 / parts) < tolerance)
        #expect(abs(meanSquare - (variance + 1 / (parts * parts))) < tolerance)
    }
}
