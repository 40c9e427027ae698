// SPDX-License-Identifier: Apache-2.0

/// What the sum of several clients' discrete Gaussian noise promises, [KLS21] Theorem 1 and Proposition 14.
public struct DistributedDiscreteGaussianBound: Sendable, Equatable {
    /// How many shares of noise are in the sum at the least.
    public let contributors: Int
    /// The parameter σ² of each.
    public let localVariance: Double
    /// The largest ℓ2 distance between integer vectors of neighbors.
    public let l2Sensitivity: Double
    /// Coordinates of the vector.
    public let dimension: Int
    /// For each coordinate: the sum is within e^±τ of the discrete Gaussian of the same variance, at every integer.
    public let tau: Double

    /// - Throws: `.countOutOfRange`, `.noiseOutOfRange`. Costs `contributors` terms at the most.
    public init(
        contributors: Int, localVariance: Double, l2Sensitivity: Double, dimension: Int
    ) throws(AccountingError) {
        guard (1...1 << 40).contains(contributors) else { throw .countOutOfRange(contributors) }
        guard (1...1 << 40).contains(dimension) else { throw .countOutOfRange(dimension) }
        guard localVariance > 0, localVariance <= 1e30 else { throw .noiseOutOfRange(localVariance) }
        guard l2Sensitivity > 0, l2Sensitivity <= 1e15 else { throw .noiseOutOfRange(l2Sensitivity) }
        self.contributors = contributors
        self.localVariance = localVariance
        self.l2Sensitivity = l2Sensitivity
        self.dimension = dimension
        tau = Self.tau(contributors: contributors, localVariance: localVariance)
    }

    /// τ = 10·Σ exp(−2π²σ²·k/(k + 1)) over k < n.
    static func tau(contributors: Int, localVariance: Double) -> Double {
        let exponent = -19.739_208_802_178_716 * localVariance  // −2π²σ²
        var sum = 0.0
        var index = 1
        while index < contributors {
            let fraction = Double(index) / Double(index + 1)
            let term = Elementary.exp(exponent * fraction)
            if index == 1 << 20 {
                // No later term is larger than this one.
                sum += Double(contributors - index) * term
                break
            }
            sum += term
            index += 1
        }
        return 10 * sum
    }

    private var deviation: Double { (Double(contributors) * localVariance).squareRoot() }
    /// Δ²/(nσ²).
    private var ratio: Double { l2Sensitivity * l2Sensitivity / (Double(contributors) * localVariance) }

    /// The largest ℓ1 distance that the ℓ2 distance allows between integer vectors.
    public var l1Sensitivity: Double {
        l2Sensitivity * min(Double(dimension).squareRoot(), l2Sensitivity)
    }

    /// ρ of zero-concentrated differential privacy without τ, as for one discrete Gaussian of the summed variance.
    public var idealRho: Double { ratio / 2 }

    /// ρ of zero-concentrated differential privacy, [KLS21] Theorem 1.
    public var rho: Double {
        let size = Double(dimension)
        let second = l2Sensitivity / deviation + size.squareRoot() * tau
        return 0.5 * min(ratio + 0.5 * tau * size, second * second)
    }

    /// The Rényi divergence of order α > 1, the least of three bounds.
    /// - Throws: `.orderOutOfRange` unless 1 < α ≤ 100,000.
    public func divergence(order: Double) throws(AccountingError) -> Double {
        guard order > 1, order <= RenyiAccountant.largestOrder else { throw .orderOutOfRange(order) }
        let size = Double(dimension)
        let half = order / 2
        let second = ratio + 2 * l1Sensitivity / deviation * tau + tau * tau * size
        let third = l2Sensitivity / deviation + size.squareRoot() * tau
        return min(half * ratio + tau * size, half * second, half * third * third)
    }
}
