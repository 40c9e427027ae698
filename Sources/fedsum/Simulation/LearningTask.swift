// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import FederatedLearning
import Foundation
import ProtocolCryptography
@_spi(Simulation) import SecureAggregation
import SecureRandomness

/// The flags that say what is learned, by whom, from which data. The same on every verb that trains.
struct LearningOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "digits, breast-cancer, fashion-mnist (Debian's package dataset-fashion-mnist), a CSV file whose last column is the label, or a folder with the four files of MNIST (train-images-idx3-ubyte …), which may end in .gz.",
            valueName: "name|file|folder"))
    var dataset = "digits"

    @Option(help: "softmax or perceptron.")
    var model = "perceptron"

    @Option(help: "Units of the perceptron's hidden layer.")
    var hidden = 64

    @Option(help: "Number of clients.")
    var clients = 10

    @Option(help: "Rounds of training at the most.")
    var rounds = 30

    @Option(help: "Passes over its own rows that a client makes in a round.")
    var localEpochs = 3

    @Option(help: "Rows in a batch; 0: all of a client's rows.")
    var batchSize = 16

    @Option(help: "Step size. (default: 0.05 for breast-cancer, else 0.1)")
    var learningRate: Float?

    @Option(help: "How the rows are dealt to the clients: iid, dirichlet:A or shards:K.")
    var split = "iid"

    @Option(help: "Share of the rows kept for testing, where the data has no test part. (default: 0.2)")
    var testFraction: Double?

    @Option(help: "Bits of a value before it is summed, 1 to 32.")
    var bits = 16

    @Option(
        help:
            "Largest absolute value of a coordinate of an update; larger ones are clipped and counted. With --dp: the largest ℓ2 norm of an update."
    )
    var clip = 1.0

    @Option(help: "What the mean update is multiplied by before the model takes it, in averaging.")
    var serverLearningRate: Float = 1

    @Option(help: "Share of its last step that the server adds to the next one, in averaging: at least 0, below 1.")
    var serverMomentum: Float = 0

    @Option(
        help:
            "What is seen of an image: pixels; normalized, each image centered and of one norm; or gradients, histograms of their directions in cells of 4 × 4 pixels (gradients:2 for other cells)."
    )
    var features = "pixels"

    var serverStep: ServerStep { ServerStep(learningRate: serverLearningRate, momentum: serverMomentum) }

    @Option(help: "Share of the clients that is lost in every round.")
    var dropout = 0.0

    @Option(help: "Stage before whose message they are lost. (default: the stage of the vector)")
    var dropoutStage: String?

    @OptionGroup var parties: PartyOptions

    @OptionGroup var privacy: PrivacyOptions

    @Flag(help: "Allow a cohort of two, in which each learns the other's update.")
    var twoMayLearnEachOther = false

    var minimumCohort: MinimumCohort { twoMayLearnEachOther ? .twoWhoMayLearnEachOthersVectors : .standard }

    /// The data set, and of images what `--features` says.
    func loadDataSet() throws -> LoadedDataSet {
        let features = try ImageFeatures(features)
        let loaded = try readDataSet()
        guard features != .pixels else { return loaded }
        guard loaded.isImages else {
            throw UsageError("--features is for images: digits, fashion-mnist, and folders of images.")
        }
        return try loaded.replacingData(by: features.applied(to: loaded.data))
    }

    /// The data set, as it was read.
    private func readDataSet() throws -> LoadedDataSet {
        switch dataset {
        case "digits": return LoadedDataSet(.digits(), file: "digits.csv", isImages: true)
        case "breast-cancer": return LoadedDataSet(.breastCancer(), file: "breast_cancer.csv", isImages: false)
        case "fashion-mnist": return try IDXFolder.installedFashionMNIST().load(name: dataset)
        default:
            let name = URL(fileURLWithPath: dataset).standardizedFileURL.lastPathComponent
            guard FileManager.default.fileExists(atPath: dataset) else {
                throw UsageError(
                    "--dataset takes digits, breast-cancer, fashion-mnist, or the path of a CSV file or of a folder; there is"
                        + " no file '\(dataset)'.")
            }
            if IDXFolder.isFolder(dataset) { return try IDXFolder(path: dataset).load(name: name) }
            let bytes: [UInt8]
            do {
                bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: dataset)))
            } catch {
                throw UsageError("the data set '\(dataset)' cannot be read: \(error.localizedDescription)")
            }
            return LoadedDataSet(try DataSet(csv: bytes, name: name), file: name, isImages: false)
        }
    }

    /// The rows to train on and to test on: those of the data set itself, else drawn.
    func split(_ data: DataSet, using generator: inout some RandomNumberGenerator) throws -> TrainTestSplit {
        guard let given = TrainTestSplit(givenBy: data) else {
            return try TrainTestSplit(
                stratifying: data, testFraction: testFraction ?? Self.defaultTestFraction, using: &generator)
        }
        guard testFraction == nil else {
            throw UsageError(
                "--test-fraction is for data without a test part; '\(data.name)' has \(given.test.count) rows for testing:"
                    + " leave the flag out.")
        }
        return given
    }

    static let defaultTestFraction = 0.2

    /// The number of clients that are lost in a round, and which: the same in every scheme.
    func lostCount(of cohort: Int) -> Int { Int((dropout * Double(cohort)).rounded()) }

    func validate() throws {
        guard (0..<1).contains(dropout) else {
            throw ValidationError("--dropout must be at least 0 and below 1, not \(dropout).")
        }
        guard rounds >= 1 else { throw ValidationError("--rounds must be at least 1, not \(rounds).") }
        guard clients >= 1, clients <= Roster.maximumContributors else {
            throw ValidationError("--clients must be between 1 and \(Roster.maximumContributors), not \(clients).")
        }
        guard batchSize >= 0 else { throw ValidationError("--batch-size must be at least 0, not \(batchSize).") }
        guard serverLearningRate > 0, serverLearningRate.isFinite else {
            throw ValidationError("--server-learning-rate must be a finite number above 0, not \(serverLearningRate).")
        }
        guard serverMomentum >= 0, serverMomentum < 1 else {
            throw ValidationError("--server-momentum must be at least 0 and below 1, not \(serverMomentum).")
        }
        guard ["softmax", "perceptron"].contains(model) else {
            throw ValidationError("--model takes softmax or perceptron, not '\(model)'.")
        }
    }
}

/// A federation of simulated clients, ready to be trained: the same for every scheme that is compared.
struct LearningTask: Sendable {
    let data: DataSet
    let sha256: String
    let files: [DigestedFile]
    /// Whether means and deviations of all training rows were looked at.
    let isStandardized: Bool
    let trainCount: Int
    let testRows: [Int]
    let clientRows: [[Int]]
    let split: PartitionReport
    let training: LocalTraining
    let seed: UInt64

    /// Deals the rows. Tasks on the same images share them: give `loaded` where there are several tasks.
    init(_ options: LearningOptions, on loaded: LoadedDataSet? = nil, seed: UInt64) throws {
        let loaded = try loaded ?? options.loadDataSet()
        let raw = loaded.data
        var generator = SimulationRandomness(seed: seed).generator(purpose: "split")
        let rows = try options.split(raw, using: &generator)
        clientRows = try Partition(argument: options.split).deal(
            rows.training, of: raw, to: options.clients, using: &generator)
        split = try PartitionReport(clientRows, of: raw)
        // Pixels are between 0 and 1 already. Elsewhere features have units; the training rows' sums (which a
        // deployment would take from one more masked vector) bring them to one scale.
        data =
            loaded.isImages
            ? raw : try Standardization(FeatureSums(of: raw, rows: rows.training)).applied(to: raw)
        sha256 = loaded.sha256
        files = loaded.files
        isStandardized = !loaded.isImages
        trainCount = rows.training.count
        testRows = rows.test
        training = try LocalTraining(
            epochs: options.localEpochs, batchSize: options.batchSize == 0 ? nil : options.batchSize,
            learningRate: options.learningRate ?? (options.dataset == "breast-cancer" ? 0.05 : 0.1))
        self.seed = seed
    }

    /// What ε does not cover, if anything.
    func warning(_ modes: [PrivacyMode]) -> String? {
        guard isStandardized, modes.contains(where: { $0 != .none }) else { return nil }
        return
            "the features were brought to one scale by the means and deviations of all training rows, which ε does not cover: they count as"
            + " public."
    }

    /// What a report says that nobody paid for.
    func notCovered(by mode: PrivacyMode) -> JSONValue {
        guard mode != .none else { return .null }
        let counts: [JSONValue] = ["numbers of clients, clipped updates and aborted rounds"]
        return .array(counts + (isStandardized ? ["means and deviations of the features"] : []))
    }

    /// What reports say of the data.
    var dataSetJSON: JSONValue {
        [
            "name": .string(data.name), "sha256": .string(sha256), "files": .array(files.map(\.json)),
            "train": .integer(trainCount), "test": .integer(testRows.count),
        ]
    }

    /// The clients that a baseline trains one by one: all, or this many of them, evenly spaced.
    static let maximumClientsAlone = 100

    /// The rows of each client that the baseline "each client alone" trains.
    var clientRowsAlone: [[Int]] {
        let count = min(clientRows.count, Self.maximumClientsAlone)
        return (0..<count).map { clientRows[$0 * clientRows.count / count] }
    }

    /// Opens the model's name into a type.
    func withModel<Visitor: ModelVisitor>(_ options: LearningOptions, _ visitor: Visitor) throws -> Visitor.Result {
        if options.model == "softmax" {
            return try visitor.visit(SoftmaxRegression(featureCount: data.featureCount, classCount: data.classCount))
        }
        return try visitor.visit(
            Perceptron(featureCount: data.featureCount, hidden: options.hidden, classCount: data.classCount))
    }

    /// Parameters to start from, the same for every scheme and for the baselines.
    func initialParameters(_ model: some TrainableModel) -> [Float] {
        var generator = SimulationRandomness(seed: seed).generator(purpose: "initial parameters")
        return model.initialParameters(using: &generator)
    }

    /// The largest weight of a client, rounded up to 2^k − 1 so that it says little about any one client.
    var maximumWeight: Int {
        let largest = clientRows.map(\.count).max() ?? 1
        var bound = 1
        while bound < largest { bound = 2 * bound + 1 }
        return bound
    }

    /// Who is lost in a round: drawn from the seed, the same for every scheme.
    static func faults(
        seed: UInt64, count: @escaping @Sendable (Int) -> Int, send: Int
    ) -> @Sendable (Int, [PartyID]) -> FaultSchedule {
        { round, cohort in
            var generator = SimulationRandomness(seed: seed).generator(purpose: "dropouts", round: UInt64(round))
            var order = cohort
            order.shuffle(using: &generator)
            return .losing(order.prefix(count(cohort.count)).sorted(), beforeSend: send)
        }
    }
}

/// Work that is the same for every model.
protocol ModelVisitor {
    associatedtype Result
    func visit<Model: TrainableModel>(_ model: Model) throws -> Result
}
