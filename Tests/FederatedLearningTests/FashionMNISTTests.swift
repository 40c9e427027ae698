// SPDX-License-Identifier: Apache-2.0

import Crypto
import FederatedLearning
import Foundation
import Testing

@Suite("Fashion-MNIST")
struct FashionMNISTTests {
    private static let folder = "/usr/share/datasets/fashion-mnist"

    private func uncompressed(_ file: IDXFile) throws -> [UInt8] {
        let process = Process()
        let pipe = Pipe()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["gzip", "-dc", "\(Self.folder)/\(file.rawValue).gz"]
        process.standardOutput = pipe
        try process.run()
        let bytes = try pipe.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        try #require(process.terminationStatus == 0)
        return [UInt8](bytes)
    }

    @Test(
        .enabled(
            if: FileManager.default.fileExists(atPath: folder),
            "Debian's package dataset-fashion-mnist is not installed"))
    func `the package's files are 60,000 and 10,000 images in ten classes of one size`() throws {
        let images = try uncompressed(.trainingImages)
        // By sha256sum.
        let digest = SHA256.hash(data: images).map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
        #expect(digest == "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888")
        let data = try DataSet(
            idxTrainingImages: images, trainingLabels: uncompressed(.trainingLabels),
            testImages: uncompressed(.testImages), testLabels: uncompressed(.testLabels), name: "fashion-mnist")
        #expect(data.featureCount == 784)
        #expect(data.classCount == 10)
        let split = try #require(TrainTestSplit(givenBy: data))
        #expect(split.training == Array(0..<60_000))
        #expect(split.test == Array(60_000..<70_000))
        #expect(try data.labelCounts(of: split.training) == [Int](repeating: 6_000, count: 10))
        #expect(try data.labelCounts(of: split.test) == [Int](repeating: 1_000, count: 10))
        // The first bytes behind the headers, looked at with another program.
        #expect(data.labels.prefix(5) == [9, 0, 0, 3, 0])
        #expect(data.labels[60_000..<60_005] == [9, 2, 1, 1, 6])
        #expect(data.features.max() == 1)
        #expect(data.features.prefix(784).filter { $0 > 0 }.count == 433)
        #expect(data.features[(60_000 * 784)...].prefix(784).reduce(0) { $0 + Int(($1 * 255).rounded()) } == 33_456)
    }
}
