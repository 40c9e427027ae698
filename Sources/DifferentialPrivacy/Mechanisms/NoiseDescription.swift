// SPDX-License-Identifier: Apache-2.0

/// Everything that an accountant charges a release of integer noise for.
///
/// Plain numbers, each of them exact or on the safe side. The adjacency is that of one client added or removed for `central`
/// and `distributed`, and one client's vector replaced by any other for `local`.
public struct NoiseDescription: Hashable, Sendable {
    /// Who adds noise.
    public enum Mode: Hashable, Sendable {
        /// The recipient of the sum adds it.
        case central
        /// Each client protects its own vector against everybody.
        case local
        /// Each client adds a share, and `shares` of them are enough.
        case distributed
    }

    /// Who adds noise.
    public let mode: Mode
    /// σ² of the noise that one party adds, in integers.
    public let localVariance: NoiseVariance
    /// How many such noises are certain to be in what is seen; 1 but for `distributed`.
    public let shares: Int
    /// The largest squared ℓ2 distance Δ₂² of neighbors, in integers.
    public let squaredSensitivity: UInt64
    /// The largest ℓ1 distance Δ₁ of neighbors, in integers: at most Δ₂², and at most √d·Δ₂.
    public let absoluteSensitivity: UInt64
    /// The largest distance Δ_∞ of neighbors in one coordinate, in integers.
    public let coordinateSensitivity: UInt64
    /// The coordinates d that carry noise, padding included.
    public let dimension: Int
    /// The ring Z/2^b, b bits.
    public let modulusBits: Int
    /// τ of a sum of `shares` noises, for each coordinate; 0 for one.
    public let closeness: Double
    /// A bound on the probability that the sum leaves the ring, in any coordinate. No loss of privacy.
    public let wrapAroundProbability: Double

    /// ρ of zero-concentrated differential privacy, half of
    /// min { Δ₂²/(nσ²) + 2τd, Δ₂²/(nσ²) + 2τΔ₁/√(nσ²) + τ²d, (Δ₂/√(nσ²) + τ√d)² }.
    ///
    /// These are the Rényi bounds of [KLS21] over α, with their τd, which stands alone there, charged as ατd.
    public var concentration: Double {
        let variance = localVariance.value * Double(shares)
        let ideal = Double(squaredSensitivity) / variance
        guard closeness > 0 else { return ideal / 2 }
        let (d, deviation) = (Double(dimension), variance.squareRoot())
        let sum = ideal.squareRoot() + closeness * d.squareRoot()
        return min(
            ideal + 2 * closeness * d,
            ideal + 2 * closeness * Double(absoluteSensitivity) / deviation + closeness * closeness * d, sum * sum) / 2
    }

    /// The sensitivities of vectors whose squared norm is at most `squaredNorm`, in ℓ2, ℓ1 and ℓ∞.
    static func sensitivities(squaredNorm: UInt64, dimension: Int) -> (l2: UInt64, l1: UInt64, maximum: UInt64) {
        // |v| ≤ v² for integers; Cauchy and Schwarz.
        let product = UInt128(squaredNorm) * UInt128(dimension)
        let root = integerSquareRoot(product)
        return (squaredNorm, min(squaredNorm, UInt64(clamping: root)), UInt64(integerSquareRoot(UInt128(squaredNorm))))
    }

    /// ⌊√value⌋.
    static func integerSquareRoot(_ value: UInt128) -> UInt128 {
        var (root, bit) = (UInt128(0), UInt128(1) << 63)
        while bit > 0 {
            let candidate = root | bit
            if candidate * candidate <= value { root = candidate }
            bit >>= 1
        }
        return root
    }
}
