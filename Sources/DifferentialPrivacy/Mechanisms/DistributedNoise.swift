// SPDX-License-Identifier: Apache-2.0

internal import SecureRandomness

/// What a sum of discrete Gaussians differs by from one of the summed variance, and when a sum leaves its ring [KLS21].
public enum DistributedNoise {
    /// τ = 10·Σ exp(−2π²σ²·k/(k + 1)) over k = 1 … n − 1: the sum of `shares` independent N_Z(0, σ²) and N_Z(0, nσ²) have
    /// probabilities within a factor of e^τ of each other, for each coordinate.
    ///
    /// 0 for one share. Rounded, as doubles are, by some 10^−13 of itself; above 2^20 shares, an upper bound.
    /// - Complexity: O(shares), up to 2^20.
    public static func closeness(localVariance: NoiseVariance, shares: Int) -> Double {
        guard shares > 1 else { return 0 }
        let rate = 2 * Double.pi * Double.pi * localVariance.value
        var sum = 0.0
        // No later term is larger than the last of these.
        let exact = min(shares - 1, 1 << 20)
        for k in 1...exact { sum += Platform.exp(-rate * Double(k) / Double(k + 1)) }
        if shares - 1 > exact {
            sum += Double(shares - 1 - exact) * Platform.exp(-rate * Double(exact) / Double(exact + 1))
        }
        return 10 * sum
    }

    /// A bound on the probability that any coordinate of the sum leaves −2^(b−1) … 2^(b−1) − 1.
    ///
    /// What is summed differs from the rotated real vectors by rounding, which is below 1 for each contributor, and by
    /// noise, which is subgaussian with its variance ([CKS20]). The vectors themselves are at most n·c long: with a
    /// rotation, a coordinate of their sum is subgaussian with (n·c)²/d, its signs being random; without, it is at most n·c. Then a
    /// union bound over coordinates. A sum that wraps harms accuracy and never privacy.
    static func wrapAroundProbability(
        bits: Int, contributors: Int, scaledNorm: Double, dimension: Int, isRotated: Bool, noiseVariance: Double
    ) -> Double {
        let n = Double(contributors)
        var room = (bits == 64 ? 0x1p63 : Double(UInt64(1) << UInt64(bits - 1))) - 1 - n
        var variance = noiseVariance
        if isRotated {
            variance += n * scaledNorm * n * scaledNorm / Double(dimension)
        } else {
            room -= n * scaledNorm
        }
        guard room > 0 else { return 1 }
        return min(1, 2 * Double(dimension) * Platform.exp(-room * room / (2 * variance)))
    }
}
