// SPDX-License-Identifier: Apache-2.0

extension DataSet {
    /// The directions that the gradient can have, 45° apart.
    static let orientationCount = 8

    /// Histograms of the directions of each image's gradient, in square cells: features in which a linear model sees more
    /// than in pixels [DT05], [TB21].
    ///
    /// The gradient is by central differences, beyond the border of an image all is 0. Its length goes to the two of eight
    /// directions, at multiples of 45°, between which it lies, in linear shares of the ratio of its smaller to its larger
    /// component, and to the cells around the pixel, in shares that fall off linearly to 0 at the next cell's center. A
    /// feature is the square root of what arrives. A row of the result is a function of that row alone, and costs nothing of
    /// a privacy budget. Features are ordered by direction, then line, then column.
    ///
    /// - Parameter cell: The side of a cell, in pixels.
    /// - Returns: Rows of 8·(side/cell)² features.
    /// - Throws: `.imageShape` unless rows are square images whose side is a multiple of `cell`.
    /// - Complexity: O(rows × features × side/cell), and memory for the new features.
    public func orientedGradients(cell: Int) throws(FederatedLearningError) -> DataSet {
        var side = 0
        while side * side < featureCount { side += 1 }
        guard side * side == featureCount, cell >= 1, side % cell == 0 else {
            throw .imageShape(featureCount: featureCount, cell: cell)
        }
        let cells = side / cell
        let count = Self.orientationCount * cells * cells
        // The share of each pixel of a line in each cell of it.
        let shares = (0..<cells).map { position in
            (0..<side).map { pixel in
                let distance = abs(Float(pixel) + 0.5 - (Float(position) + 0.5) * Float(cell))
                return max(0, 1 - distance / Float(cell))
            }
        }
        var result: [Float] = []
        result.reserveCapacity(rowCount * count)
        var planes = [Float](repeating: 0, count: Self.orientationCount * side * side)
        var lines = [Float](repeating: 0, count: cells * side)
        for row in 0..<rowCount {
            Self.orient(features, from: row * featureCount, side: side, into: &planes)
            for direction in 0..<Self.orientationCount {
                let plane = direction * side * side
                // Lines to cells, then columns.
                for line in 0..<cells {
                    for column in 0..<side {
                        var sum: Float = 0
                        for pixel in max(0, line * cell - cell)..<min(side, (line + 2) * cell) {
                            sum += shares[line][pixel] * planes[plane + pixel * side + column]
                        }
                        lines[line * side + column] = sum
                    }
                }
                for line in 0..<cells {
                    for column in 0..<cells {
                        var sum: Float = 0
                        for pixel in max(0, column * cell - cell)..<min(side, (column + 2) * cell) {
                            sum += shares[column][pixel] * lines[line * side + pixel]
                        }
                        result.append(sum.squareRoot())
                    }
                }
            }
        }
        return DataSet(self, finiteFeatures: result, featureCount: count)
    }

    /// The length of the gradient at each pixel, shared between two directions.
    private static func orient(_ features: [Float], from start: Int, side: Int, into planes: inout [Float]) {
        for index in planes.indices { planes[index] = 0 }
        for line in 0..<side {
            for column in 0..<side {
                let pixel = line * side + column
                let right = column + 1 < side ? features[start + pixel + 1] : 0
                let left = column > 0 ? features[start + pixel - 1] : 0
                let below = line + 1 < side ? features[start + pixel + side] : 0
                let above = line > 0 ? features[start + pixel - side] : 0
                let (x, y) = (right - left, below - above)
                let (width, height) = (abs(x), abs(y))
                guard width > 0 || height > 0 else { continue }
                let length = (x * x + y * y).squareRoot()
                // 0, 2, 4 and 6 are along the axes, the odd ones between them.
                let axis = width >= height ? (x > 0 ? 0 : 4) : (y > 0 ? 2 : 6)
                let diagonal = x > 0 ? (y > 0 ? 1 : 7) : (y > 0 ? 3 : 5)
                let share = min(width, height) / max(width, height)
                planes[axis * side * side + pixel] += length * (1 - share)
                planes[diagonal * side * side + pixel] += length * share
            }
        }
    }
}
