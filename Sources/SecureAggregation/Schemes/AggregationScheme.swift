// SPDX-License-Identifier: Apache-2.0

public import ProtocolCryptography
public import RingArithmetic
public import SecureRandomness

/// A scheme that lets parties learn the sum of private vectors and nothing else about them.
public protocol AggregationScheme<Element>: Sendable {
    /// What is summed: a machine word (the scheme holds b, and reduces before the wire and in the result) or a field
    /// element.
    associatedtype Element: PackableElement
    /// A closed enumeration with one case for each message that the paper names.
    associatedtype Message: WireMessage

    /// The name on the command line and in the session, such as `secagg`.
    var name: String { get }
    /// The scheme's own parameters, encoded: part of the session, so that parties who differ in one do not agree on a
    /// key.
    var encodedParameters: [UInt8] { get }
    /// The ring of the sum, Z/2^b.
    var width: RingWidth { get }
    /// The prime field in which vectors travel; nil where they travel in the ring. It has no default, since a scheme that
    /// wraps another one and forgot it would cut elements of the field to the ring's bits.
    var field: PrimeField? { get }
    /// How many elements a vector has.
    var dimension: Int { get }

    /// The types of message that parties of this session send; nil for all that the scheme knows.
    var messageTypes: Set<UInt8>? { get }

    /// Who may own a vector, in ascending order.
    var contributors: [PartyID] { get }
    /// Servers, aggregators, relays, key holders; empty peer to peer.
    var helpers: [PartyID] { get }
    /// Who learns the sum.
    var recipients: Set<PartyID> { get }
    /// The cohort below which nothing is summed.
    var minimumContributors: Int { get }

    /// One party's side of one aggregation.
    /// - Parameters:
    ///   - id: a contributor or a helper.
    ///   - vector: `dimension` elements for a contributor, nil for a helper.
    ///   - context: what the aggregation is bound to.
    ///   - randomness: this party's own; no other party may have a generator in the same state.
    /// - Returns: a party that has not started yet.
    /// - Throws: `.unknownParty`, `.wrongVectorLength`, `.missingVector`, and what the scheme says.
    func makeParty(
        _ id: PartyID, contributing vector: [Element]?, in context: RoundContext,
        using randomness: consuming some SecureRandomNumberGenerator
    ) throws(AggregationError) -> any AggregationParty<Element, Message>
}

extension AggregationScheme {
    /// All that the scheme knows.
    public var messageTypes: Set<UInt8>? { nil }

    /// The digest to which every message and key of one aggregation is bound (Documentation/WireFormat.md,
    /// `SessionInput`).
    public func session(in context: RoundContext) -> HashDigest {
        var encoder = WireEncoder()
        encoder.write(Array("fedsum session".utf8), lengthBytes: 1)
        encoder.write(WireEncoder.version)
        encoder.write(Array(name.utf8), lengthBytes: 1)
        encoder.write(encodedParameters, lengthBytes: 2)
        encoder.write(contributors, lengthBytes: 3)
        encoder.write(helpers, lengthBytes: 2)
        context.encode(into: &encoder)
        return HashDigest(of: encoder.bytes)
    }

    /// What a decoder of this aggregation's messages accepts.
    public func messageFormat(in context: RoundContext) -> MessageFormat {
        MessageFormat(
            session: session(in: context), width: width, field: field, dimension: dimension,
            maximumParties: contributors.count + helpers.count, contributorCount: contributors.count,
            messageTypes: messageTypes)
    }

    /// Checks the vector that a contributor brings.
    package func validated(_ vector: [Element]?, of id: PartyID) throws(AggregationError) -> [Element] {
        guard let vector else { throw .missingVector(id) }
        guard vector.count == dimension else {
            throw .wrongVectorLength(expected: dimension, actual: vector.count)
        }
        return vector
    }
}
