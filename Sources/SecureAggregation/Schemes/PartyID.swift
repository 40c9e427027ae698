// SPDX-License-Identifier: Apache-2.0

/// The name of a party in one federation: a client, a server, an aggregator.
public struct PartyID: Hashable, Sendable {
    /// The number that travels.
    public let rawValue: UInt32

    /// The party of this number.
    public init(_ rawValue: UInt32) { self.rawValue = rawValue }
}

extension PartyID: Comparable {
    /// Orders by number.
    public static func < (a: PartyID, b: PartyID) -> Bool { a.rawValue < b.rawValue }
}

extension PartyID: CustomStringConvertible {
    /// The number.
    public var description: String { String(rawValue) }
}

extension PartyID: ExpressibleByIntegerLiteral {
    /// The party of a literal number.
    public init(integerLiteral value: UInt32) { self.init(value) }
}
