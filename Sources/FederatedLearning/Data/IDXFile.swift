// SPDX-License-Identifier: Apache-2.0

/// The four files of a data set in the IDX format, under the names that MNIST gave them [LCB98].
///
/// The format is a header of big-endian integers of 32 bits (a magic number that says the type and the number of
/// dimensions, then the size in each dimension) and the elements, the last dimension fastest. Here elements are bytes.
public enum IDXFile: String, CaseIterable, Sendable {
    /// The images to train on.
    case trainingImages = "train-images-idx3-ubyte"
    /// Their classes.
    case trainingLabels = "train-labels-idx1-ubyte"
    /// The images to measure accuracy on.
    case testImages = "t10k-images-idx3-ubyte"
    /// Their classes.
    case testLabels = "t10k-labels-idx1-ubyte"

    /// What the file begins with: two zero bytes, 8 for unsigned bytes, and the number of dimensions.
    public var magicNumber: UInt32 {
        switch self {
        case .trainingImages, .testImages: 0x0000_0803
        case .trainingLabels, .testLabels: 0x0000_0801
        }
    }
}

/// A file in the IDX format whose length is what its header says.
struct IDXElements {
    /// The size in each dimension: images, rows and columns, or labels.
    let sizes: [Int]
    /// The elements, behind the header.
    let elements: ArraySlice<UInt8>

    /// Checks the header and the length; copies nothing.
    init(_ bytes: [UInt8], of file: IDXFile) throws(FederatedLearningError) {
        let dimensions = Int(file.magicNumber & 0xFF)
        let headerLength = 4 * (1 + dimensions)
        guard bytes.count >= headerLength else {
            throw .idxLength(in: file, expected: headerLength, found: bytes.count)
        }
        func word(_ index: Int) -> UInt32 { bytes[4 * index..<4 * index + 4].reduce(0) { $0 << 8 | UInt32($1) } }
        guard word(0) == file.magicNumber else { throw .idxMagicNumber(in: file) }
        sizes = (1...dimensions).map { Int(word($0)) }
        let expected = Self.product(sizes).addingReportingOverflow(headerLength)
        guard !expected.overflow, bytes.count == expected.partialValue else {
            throw .idxLength(
                in: file, expected: expected.overflow ? .max : expected.partialValue, found: bytes.count)
        }
        elements = bytes[headerLength...]
    }

    /// The product, or `Int.max` if it is greater: three sizes of 32 bits can be.
    private static func product(_ sizes: [Int]) -> Int {
        guard !sizes.contains(0) else { return 0 }
        return sizes.reduce(1) { product, size in
            let (result, overflow) = product.multipliedReportingOverflow(by: size)
            return overflow ? .max : result
        }
    }
}
