// SPDX-License-Identifier: Apache-2.0

extension DataSet {
    /// Reads images and labels in the format of MNIST, the pixels divided by 255: MNIST itself, Fashion-MNIST [XRV17].
    ///
    /// The rows are the training images, then the test images, which `testRows` names; an image is a row of pixels in
    /// [0, 1], line by line. Classes are numbered up to the largest training label. `sourceBytes` stays empty: hash the
    /// files before they are released. Linear in their size; memory for four bytes a pixel beside them.
    ///
    /// - Parameters:
    ///   - trainingImages: The content of `IDXFile.trainingImages`, not compressed; likewise the others.
    ///   - trainingLabels: The class of each training image.
    ///   - testImages: Images of the same size.
    ///   - testLabels: The class of each test image.
    ///   - name: What reports call the data set.
    /// - Throws: `.idxMagicNumber` or `.idxLength` for a file of another kind or another length; `.idxLabelCount` if
    ///   images and labels are not equally many; `.emptyTable` if a part has no image; `.noFeatures` if images have no
    ///   pixel; `.idxImageSize` if they differ in size; `.classCount` if all training labels are the same;
    ///   `.labelOutOfRange` for the first test label that is above all training labels.
    public init(
        idxTrainingImages trainingImages: [UInt8],
        trainingLabels: [UInt8],
        testImages: [UInt8],
        testLabels: [UInt8],
        name: String
    ) throws(FederatedLearningError) {
        let images = [
            try IDXElements(trainingImages, of: .trainingImages), try IDXElements(testImages, of: .testImages),
        ]
        let labels = [
            try IDXElements(trainingLabels, of: .trainingLabels), try IDXElements(testLabels, of: .testLabels),
        ]
        for (part, file) in [IDXFile.trainingLabels, .testLabels].enumerated() {
            let (imageCount, labelCount) = (images[part].sizes[0], labels[part].sizes[0])
            guard imageCount == labelCount else {
                throw .idxLabelCount(in: file, images: imageCount, labels: labelCount)
            }
            guard imageCount > 0 else { throw .emptyTable }
        }
        guard images[0].sizes[1...] == images[1].sizes[1...] else { throw .idxImageSize }
        // Each size is below 2^32, and the product times the images, of which there are some, was a file's length.
        let featureCount = images[0].sizes[1] * images[0].sizes[2]
        guard featureCount > 0 else { throw .noFeatures }
        guard let least = labels[0].elements.min(), let largest = labels[0].elements.max(), least < largest else {
            throw .classCount(1)
        }
        for (row, label) in labels[1].elements.enumerated() where label > largest {
            throw .labelOutOfRange(row: labels[0].elements.count + row)
        }
        let trainingCount = labels[0].elements.count
        let rowCount = trainingCount + labels[1].elements.count
        self.init(
            name: name,
            finiteFeatures: Self.pixels(images.map(\.elements)),
            validLabels: labels.flatMap { $0.elements.map { Int($0) } },
            featureCount: featureCount,
            classCount: Int(largest) + 1,
            testRows: trainingCount..<rowCount
        )
    }

    /// The bytes over 255, one part after the other.
    private static func pixels(_ parts: [ArraySlice<UInt8>]) -> [Float] {
        var features: [Float] = []
        features.reserveCapacity(parts.reduce(0) { $0 + $1.count })
        for part in parts {
            for byte in part { features.append(Float(byte) / 255) }
        }
        return features
    }
}
