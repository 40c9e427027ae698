// SPDX-License-Identifier: Apache-2.0

internal import SecureRandomness

/// Noise that gives no privacy on a computer; for simulations and comparisons only. The call site says so.
public enum InsecureNoise {
    /// The continuous Gaussian in double precision.
    ///
    /// **Not private**, whatever its variance: doubles are not real numbers, and the lowest bits of a sum tell what it was added
    /// to [Mir12], [JMRO22]. It takes a generator that is not secure, so that nobody confuses the two.
    public struct ContinuousGaussian: Sendable {
        /// The standard deviation.
        public let standardDeviation: Double

        /// Noise of this standard deviation.
        public init(standardDeviation: Double) { self.standardDeviation = standardDeviation }

        /// `count` independent samples, by the polar method.
        public func samples(_ count: Int, using generator: inout some RandomNumberGenerator) -> [Double] {
            var result: [Double] = []
            result.reserveCapacity(count + 1)
            while result.count < count {
                let u = Double.random(in: -1..<1, using: &generator)
                let v = Double.random(in: -1..<1, using: &generator)
                let s = u * u + v * v
                guard s > 0, s < 1 else { continue }
                let factor = standardDeviation * (-2 * Platform.log(s) / s).squareRoot()
                result.append(u * factor)
                result.append(v * factor)
            }
            return Array(result.prefix(count))
        }
    }
}
