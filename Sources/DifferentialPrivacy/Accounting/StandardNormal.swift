// SPDX-License-Identifier: Apache-2.0

/// Tails of the standard normal distribution, with small relative errors in the far tails too.
enum StandardNormal {
    /// log √(2π).
    static let logDensityScale = 0.918_938_533_204_672_741_780_329_736_406
    private static let halfSqrtTwo = 0.707_106_781_186_547_524_400_844_362_105
    private static let sqrtHalfPi = 1.253_314_137_315_500_251_207_882_642_406

    /// Pr[Z > x].
    static func upperTail(_ x: Double) -> Double { 0.5 * Elementary.erfc(x * halfSqrtTwo) }

    /// The density at x.
    static func density(_ x: Double) -> Double { Elementary.exp(-0.5 * x * x - logDensityScale) }

    /// Mills' ratio R(x) = Pr[Z > x] / φ(x), for x ≥ −37; relative error below 2^−50.
    static func millsRatio(_ x: Double) -> Double {
        if x > 5 { return 1 / (x + firstRatio(x)) }
        // R(√2·y) with the rounded y, whose square is taken exactly; R itself hardly moves with the rounding.
        let y = x * halfSqrtTwo
        let high = y * y
        let low = (-high).addingProduct(y, y)
        return sqrtHalfPi * Elementary.exp(high) * (1 + low) * Elementary.erfc(y)
    }

    /// −R′(x) = 1 − x·R(x) = ∫ s·exp(−s²/2 − xs) ds over s > 0, for x ≥ −37, without cancellation.
    static func millsSlope(_ x: Double) -> Double {
        let ratio = millsRatio(x)
        return x > 2.5 ? ratio * firstRatio(x) : 1 - x * ratio
    }

    /// R(t) − R(t + step) for step > 0; relative error below 2^−45.
    static func millsDifference(from t: Double, step: Double) -> Double {
        if step > 0.05 { return millsRatio(t) - millsRatio(t + step) }
        // Gauss–Legendre with five points: the error is of order step^11.
        var sum = 0.0
        for (node, weight) in zip(nodes, weights) { sum += weight * millsSlope(t + step * node) }
        return step * sum
    }

    /// I₁/I₀ for x > 2.5, with Iₙ = ∫ sⁿ·exp(−s²/2 − xs) ds: the continued fraction 1/(x + 2/(x + 3/(x + …))).
    private static func firstRatio(_ x: Double) -> Double {
        // The error falls as exp(−2x·√(2n)) from that of the start, an approximation of the rest: below 2^−50.
        let depth = 6 + Int(350 / (x * x))
        let next = 4 * Double(depth + 1)
        var ratio = 0.5 * ((x * x + next).squareRoot() - x)
        for index in stride(from: depth, through: 1, by: -1) { ratio = Double(index) / (x + ratio) }
        return ratio
    }

    /// Gauss–Legendre on 0 … 1.
    private static let nodes = [
        0.046_910_077_030_668_003_6, 0.230_765_344_947_158_454_5, 0.5, 0.769_234_655_052_841_545_5,
        0.953_089_922_969_331_996_4,
    ]
    private static let weights = [
        0.118_463_442_528_094_543_76, 0.239_314_335_249_683_234_02, 0.284_444_444_444_444_444_4,
        0.239_314_335_249_683_234_02, 0.118_463_442_528_094_543_76,
    ]
}
