// SPDX-License-Identifier: Apache-2.0

public import RingArithmetic

/// Why bytes are not a message.
public enum WireError: Error, Equatable, Sendable {
    /// The bytes end inside a field.
    case truncated
    /// Bytes follow the message.
    case trailingBytes(Int)
    /// Another version of the format.
    case unsupportedVersion(UInt8)
    /// No message of this scheme has this type.
    case unknownType(UInt8)
    /// The message belongs to another aggregation.
    case foreignSession
    /// A length is not a whole number of entries, or above what the session allows.
    case badLength(Int)
    /// A vector of another ring or dimension than the session's.
    case wrongVector(bits: Int, count: Int)
    /// The packed bytes of a vector are not canonical.
    case badPacking(RingError)
    /// An element of a vector is not below the prime of its field.
    case outsideField
    /// A list that must be strictly ascending is not.
    case unordered
    /// A bitmap of another length than the session's contributors need.
    case wrongBitmapLength(Int)
    /// A field has a value that no message has.
    case badValue
}
