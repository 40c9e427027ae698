// SPDX-License-Identifier: Apache-2.0

internal import SecretSharing
internal import SecureRandomness

/// Puts secrets together from revealed shares, of which exactly t are combined.
///
/// The secrets of one round are shared among the same clients, so the Lagrange coefficients are computed once for each
/// set of responders. Every secret was committed to: the check tells a right one from a wrong one, and when t shares
/// give a wrong one, other t shares are tried, so that one client with a bad share does not end the round.
struct SecretReconstruction {
    let threshold: Int
    private var coefficients: [[UInt64]: LagrangeCoefficients] = [:]

    init(threshold: Int) { self.threshold = threshold }

    /// The first secret that `check` recognizes; nil if no t consecutive shares (in the order of their indices,
    /// cyclically) give one.
    /// - Complexity: one combination if all shares are right, as many as there are shares at the most.
    mutating func secret<Secret>(from shares: [ShamirShare], check: (SecretBytes) -> Secret?) -> Secret? {
        guard shares.count >= threshold else { return nil }
        let ordered = shares.sorted { $0.index < $1.index }
        for start in ordered.indices {
            let window = (0..<threshold).map { ordered[(start + $0) % ordered.count] }
            if let candidate = combine(window), let secret = check(candidate) { return secret }
            if ordered.count == threshold { break }
        }
        return nil
    }

    private mutating func combine(_ shares: [ShamirShare]) -> SecretBytes? {
        let indices = shares.map(\.index)
        if coefficients[indices] == nil { coefficients[indices] = try? LagrangeCoefficients(indices: indices) }
        return try? coefficients[indices]?.interpolate(shares.map(\.bytes))
    }
}
