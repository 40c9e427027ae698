// SPDX-License-Identifier: Apache-2.0

// Draws are defined here, and not left to the standard library, whose algorithms may change with its version:
// a seed then gives the same partition and the same training run everywhere. Not for secrets: running times vary.

extension RandomNumberGenerator {
    /// A uniform integer in `0..<bound`, by rejection; `bound` is positive.
    mutating func drawIndex(below bound: Int) -> Int {
        let bound = UInt64(bound)
        let unbiased = UInt64.max - UInt64.max % bound
        var word: UInt64 = next()
        while word >= unbiased { word = next() }
        return Int(word % bound)
    }

    /// A uniform double strictly between 0 and 1, of 53 bits.
    mutating func drawUnit() -> Double {
        let word: UInt64 = next()
        return (Double(word >> 11) + 0.5) * 0x1p-53
    }

    /// A standard normal, by the polar method of Marsaglia.
    mutating func drawNormal() -> Double {
        while true {
            let u = 2 * drawUnit() - 1
            let v = 2 * drawUnit() - 1
            let s = u * u + v * v
            if s > 0, s < 1 { return u * (-2 * logarithm(s) / s).squareRoot() }
        }
    }

    /// The logarithm of a Gamma(shape, 1) variable [MT00].
    ///
    /// The logarithm, because for small shapes the variable itself underflows; `shape` is positive.
    mutating func drawLogGamma(shape: Double) -> Double {
        // [MT00] §6: for shapes below 1, Gamma(shape) = Gamma(shape + 1) · U^(1/shape).
        guard shape >= 1 else { return drawLogGamma(shape: shape + 1) + logarithm(drawUnit()) / shape }
        let d = shape - 1.0 / 3
        let c = 1 / (9 * d).squareRoot()
        while true {
            let x = drawNormal()
            let root = 1 + c * x
            guard root > 0 else { continue }
            let v = root * root * root
            if logarithm(drawUnit()) < 0.5 * x * x + d - d * v + d * logarithm(v) { return logarithm(d) + logarithm(v) }
        }
    }

    /// A point of the symmetric Dirichlet distribution: `count` proportions that sum to 1 up to rounding.
    package mutating func drawProportions(_ count: Int, concentration: Double) -> [Double] {
        var weights: [Double] = []
        weights.reserveCapacity(count)
        for _ in 0..<count { weights.append(drawLogGamma(shape: concentration)) }
        let largest = weights.max() ?? 0
        var total = 0.0
        for index in weights.indices {
            weights[index] = exponential(weights[index] - largest)
            total += weights[index]
        }
        for index in weights.indices { weights[index] /= total }
        return weights
    }

    /// Puts the elements into a uniformly random order (Fisher and Yates).
    mutating func shuffle(_ elements: inout [Int]) {
        var remaining = elements.count
        while remaining > 1 {
            let chosen = drawIndex(below: remaining)
            remaining -= 1
            elements.swapAt(chosen, remaining)
        }
    }
}
