// SPDX-License-Identifier: Apache-2.0

/// Against whom an aggregation with pairwise masks protects. All three hold against clients that collude with the server,
/// up to the fraction for which the neighbors and the threshold were chosen (``MaskingPlan``).
public enum ThreatModel: UInt8, CaseIterable, Sendable {
    /// A server that follows the protocol and looks at everything it sees.
    case curious = 0
    /// A server that hands the clients' first messages on as they are, and lies afterwards about who is there and who
    /// was lost. Survivors sign who survived before shares are released.
    case semiMalicious = 1
    /// A server that lies from the first message. Clients know one another's identities from elsewhere and sign their
    /// keys.
    case active = 2

    /// The name on the command line.
    public var name: String {
        switch self {
        case .curious: "curious"
        case .semiMalicious: "semi-malicious"
        case .active: "active"
        }
    }

    /// Whether survivors sign who survived before shares are released.
    var hasConsistencyRound: Bool { self != .curious }
}
