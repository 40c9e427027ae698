// SPDX-License-Identifier: Apache-2.0

import FederatedLearning
import Testing

@Suite("Reading IDX")
struct IDXTests {
    /// Three training images of 2 × 1 pixels and two test images, written out byte for byte.
    private static let good: [IDXFile: [UInt8]] = [
        .trainingImages: [0, 0, 8, 3, 0, 0, 0, 3, 0, 0, 0, 2, 0, 0, 0, 1, 0, 255, 51, 102, 1, 254],
        .trainingLabels: [0, 0, 8, 1, 0, 0, 0, 3, 2, 0, 2],
        .testImages: [0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 2, 0, 0, 0, 1, 153, 204, 255, 0],
        .testLabels: [0, 0, 8, 1, 0, 0, 0, 2, 1, 2],
    ]

    private func read(_ files: [IDXFile: [UInt8]]) throws(FederatedLearningError) -> DataSet {
        try DataSet(
            idxTrainingImages: files[.trainingImages] ?? [], trainingLabels: files[.trainingLabels] ?? [],
            testImages: files[.testImages] ?? [], testLabels: files[.testLabels] ?? [], name: "tiny")
    }

    /// The good files, with this one changed.
    private func read(_ file: IDXFile, _ change: (inout [UInt8]) -> Void) throws(FederatedLearningError) -> DataSet {
        var files = Self.good
        change(&files[file, default: []])
        return try read(files)
    }

    @Test func `training rows come first, then the test rows; pixels are 255ths`() throws {
        let data = try read(Self.good)
        #expect(data.name == "tiny")
        #expect(data.featureCount == 2)
        #expect(data.classCount == 3)
        #expect(data.features == [0, 1, 0.2, 0.4, 1.0 / 255, 254.0 / 255, 0.6, 0.8, 1, 0])
        #expect(data.labels == [2, 0, 2, 1, 2])
        #expect(data.testRows == 3..<5)
        #expect(data.sourceBytes.isEmpty)
        let split = try #require(TrainTestSplit(givenBy: data))
        #expect(split.training == [0, 1, 2])
        #expect(split.test == [3, 4])
        // An image is read line by line: 1 × 2 pixels are the same two numbers.
        var wide = Self.good
        for file in [IDXFile.trainingImages, .testImages] {
            wide[file]?.replaceSubrange(8..<16, with: [0, 0, 0, 1, 0, 0, 0, 2])
        }
        #expect(try read(wide) == data)
    }

    @Test func `every byte value becomes its 255th, rounded once`() throws {
        let data = try read(.trainingImages) { bytes in
            bytes = [0, 0, 8, 3, 0, 0, 0, 128, 0, 0, 0, 2, 0, 0, 0, 1] + (0...255).map { UInt8($0) }
        } labels: {
            Array(repeating: [0, 2], count: 64).flatMap { $0 }
        }
        #expect(data.features.prefix(256).elementsEqual((0..<256).map { Float(Double($0) / 255) }))
    }

    /// The good files with other training images and as many labels.
    private func read(
        _ file: IDXFile, _ change: (inout [UInt8]) -> Void, labels: () -> [UInt8]
    ) throws(FederatedLearningError) -> DataSet {
        var files = Self.good
        change(&files[file, default: []])
        let labels = labels()
        files[.trainingLabels] = [0, 0, 8, 1, 0, 0, 0, UInt8(labels.count)] + labels
        return try read(files)
    }

    @Test(arguments: IDXFile.allCases)
    func `a file of another kind is refused`(file: IDXFile) {
        for index in 0..<4 {
            #expect(throws: FederatedLearningError.idxMagicNumber(in: file)) { try read(file) { $0[index] ^= 1 } }
        }
        // Images are not labels, nor the other way round.
        let other: IDXFile = file.magicNumber == IDXFile.trainingImages.magicNumber ? .trainingLabels : .trainingImages
        #expect(throws: FederatedLearningError.idxMagicNumber(in: file)) {
            try read(file) { $0 = Self.good[other].map { $0 + [0, 0, 0, 0, 0] } ?? [] }
        }
        #expect(throws: Never.self) { try read(file) { _ in } }
    }

    @Test(
        arguments: IDXFile.allCases)
    func `a file that is cut anywhere, or too long, is refused with the length that it should have`(file: IDXFile)
        throws
    {
        let whole = try #require(Self.good[file])
        let header = file.magicNumber == IDXFile.trainingImages.magicNumber ? 16 : 8
        for length in 0..<whole.count {
            let expected = length < header ? header : whole.count
            #expect(throws: FederatedLearningError.idxLength(in: file, expected: expected, found: length)) {
                try read(file) { $0.removeLast($0.count - length) }
            }
        }
        #expect(throws: FederatedLearningError.idxLength(in: file, expected: whole.count, found: whole.count + 1)) {
            try read(file) { $0.append(0) }
        }
    }

    @Test func `sizes that no file has are refused without asking for memory`() {
        func sizes(_ images: UInt8, _ height: UInt8, _ width: UInt8) throws(FederatedLearningError) -> DataSet {
            try read(.trainingImages) { bytes in
                for (position, byte) in [images, height, width].enumerated() {
                    bytes.replaceSubrange(4 + 4 * position..<8 + 4 * position, with: [byte, byte, byte, byte])
                }
            }
        }
        let size = 0xFFFF_FFFF
        // (2^32 − 1)^3 is above 2^95; (2^32 − 1)^2 is above 2^63; both are no Int.
        for (images, height, width) in [(255, 255, 255), (255, 255, 1), (1, 255, 255)] as [(UInt8, UInt8, UInt8)] {
            #expect(throws: FederatedLearningError.idxLength(in: .trainingImages, expected: .max, found: 22)) {
                try sizes(images, height, width)
            }
        }
        #expect(throws: FederatedLearningError.idxLength(in: .trainingLabels, expected: size + 8, found: 11)) {
            try read(.trainingLabels) { $0.replaceSubrange(4..<8, with: [255, 255, 255, 255]) }
        }
        // With a size of zero the file is as long as its header says, however large the others are.
        #expect(throws: FederatedLearningError.idxLength(in: .trainingImages, expected: 16, found: 22)) {
            try sizes(255, 0, 255)
        }
        #expect(throws: FederatedLearningError.emptyTable) {
            var files = Self.good
            files[.trainingImages] = [0, 0, 8, 3, 0, 0, 0, 0] + [UInt8](repeating: 255, count: 8)
            files[.trainingLabels] = [0, 0, 8, 1, 0, 0, 0, 0]
            _ = try read(files)
        }
    }

    @Test func `parts without images, and images without pixels, are refused`() {
        var files = Self.good
        files[.testImages] = [0, 0, 8, 3, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 1]
        files[.testLabels] = [0, 0, 8, 1, 0, 0, 0, 0]
        #expect(throws: FederatedLearningError.emptyTable) { try read(files) }
        files = Self.good
        files[.trainingImages] = [0, 0, 8, 3, 0, 0, 0, 3, 0, 0, 0, 2, 0, 0, 0, 0]
        files[.testImages] = [0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 2, 0, 0, 0, 0]
        #expect(throws: FederatedLearningError.noFeatures) { try read(files) }
    }

    @Test func `images and labels are equally many`() {
        #expect(throws: FederatedLearningError.idxLabelCount(in: .trainingLabels, images: 3, labels: 4)) {
            try read(.trainingLabels) { $0 = [0, 0, 8, 1, 0, 0, 0, 4, 2, 0, 2, 1] }
        }
        #expect(throws: FederatedLearningError.idxLabelCount(in: .testLabels, images: 2, labels: 1)) {
            try read(.testLabels) { $0 = [0, 0, 8, 1, 0, 0, 0, 1, 1] }
        }
    }

    @Test func `images for training and testing are of one size, not only of as many pixels`() {
        #expect(throws: FederatedLearningError.idxImageSize) {
            try read(.testImages) { $0 = [0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 2, 153, 204, 255, 0] }
        }
        #expect(throws: FederatedLearningError.idxImageSize) {
            try read(.testImages) { $0 = [0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 1, 153, 204] }
        }
    }

    @Test func `a class that only the test rows have is refused, and so is a single class`() throws {
        #expect(throws: FederatedLearningError.labelOutOfRange(row: 4)) { try read(.testLabels) { $0[9] = 3 } }
        #expect(throws: FederatedLearningError.classCount(1)) {
            try read(.trainingLabels) { $0.replaceSubrange(8..., with: [2, 2, 2]) }
        }
        #expect(try read(.trainingLabels) { $0[8] = 255 }.classCount == 256)
        #expect(try read(.testLabels) { $0.replaceSubrange(8..., with: [1, 1]) }.classCount == 3)
    }

    @Test(arguments: IDXFile.allCases)
    func `flipped bits are an error or another data set, never a trap`(file: IDXFile) throws {
        let good = try read(Self.good)
        for index in try #require(Self.good[file]).indices {
            for bit in 0..<8 {
                guard let data = try? read(file, { $0[index] ^= 1 << bit }) else { continue }
                #expect(data != good)
                #expect(data.features.count == data.rowCount * data.featureCount)
                #expect(data.features.allSatisfy { (0...1).contains($0) })
            }
        }
    }

    @Test func `bytes of any kind are an error, not a trap`() {
        var generator = SeededGenerator(4)
        for length in 0..<100 {
            // Magic numbers and small sizes, so that some get past the header.
            let alphabet: [UInt8] = [0, 0, 0, 0, 1, 2, 255]
            let noise = (0..<length).map { _ in alphabet[Int(generator.next() % 7)] }
            for file in IDXFile.allCases {
                let magic = [0, 0, 8, UInt8(file.magicNumber & 0xFF)]
                guard let data = try? read(file, { $0 = magic + noise }) else { continue }
                #expect(data.features.count == data.rowCount * data.featureCount)
            }
        }
    }
}
