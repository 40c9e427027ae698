// SPDX-License-Identifier: Apache-2.0

public import RingArithmetic
public import SecureRandomness

/// Schemes that protect nothing. They are baselines and oracles; the call site says so.
public enum Insecure {
    /// Every contributor sends its vector in the clear to one server, which adds them up.
    ///
    /// The server sees every vector. The baseline of every comparison, and the oracle that every exact scheme's sum
    /// equals bit for bit.
    public struct Plain<Element: PackableElement>: AggregationScheme {
        /// The clients, in ascending order.
        public let contributors: [PartyID]
        /// The server, which sees everything.
        public let server: PartyID
        /// The elements of a vector.
        public let dimension: Int
        /// The ring of the sum.
        public let width: RingWidth
        /// The cohort below which nothing is summed.
        public let minimumContributors: Int

        /// A scheme in which `server` sees every vector.
        /// - Throws: `.duplicateParty`, `.cohortTooSmall`, `.dimensionOutOfRange`, `.elementTooNarrow`,
        ///   `.tooManyParties`.
        public init(
            contributors: [PartyID], server: PartyID, dimension: Int, width: RingWidth,
            minimumCohort: MinimumCohort = .standard
        ) throws(AggregationError) {
            try Roster.validate(
                contributors: contributors, helpers: [server], minimumHelpers: 1, cohort: minimumCohort,
                dimension: dimension, width: width, element: Element.self)
            self.contributors = contributors
            self.server = server
            self.dimension = dimension
            self.width = width
            minimumContributors = minimumCohort.count
        }

        /// The name on the command line and in the session.
        public var name: String { "plain" }
        /// The parties that own no vector.
        public var helpers: [PartyID] { [server] }
        /// Vectors travel in the ring of the sum.
        public var field: PrimeField? { nil }
        /// Who learns the sum.
        public var recipients: Set<PartyID> { [server] }

        /// The parameters as the wire format writes them (Documentation/WireFormat.md).
        public var encodedParameters: [UInt8] {
            var encoder = WireEncoder()
            encoder.write(UInt8(width.bits))
            encoder.write(UInt32(dimension))
            encoder.write(UInt32(minimumContributors))
            return encoder.bytes
        }

        /// One party's side of one aggregation; see `AggregationScheme`.
        public func makeParty(
            _ id: PartyID, contributing vector: [Element]?, in context: RoundContext,
            using randomness: consuming some SecureRandomNumberGenerator
        ) throws(AggregationError) -> any AggregationParty<Element, PlainMessage<Element>> {
            if id == server { return PlainServer(scheme: self) }
            guard contributors.contains(id) else { throw .unknownParty(id) }
            return PlainContributor(server: server, vector: try validated(vector, of: id))
        }
    }
}

/// The message of the plain scheme.
public enum PlainMessage<Element: PackableElement>: WireMessage {
    /// A contributor's vector, in the clear.
    case vector([Element])
    /// The sender gives up.
    case abort(AbortReason)

    static var input: Stage { Stage(0, "input") }

    /// The step of the protocol; nil for an abort.
    public var stage: Stage? {
        switch self {
        case .vector: Self.input
        case .abort: nil
        }
    }

    /// The type byte on the wire.
    public var type: UInt8 {
        switch self {
        case .abort: AbortReason.messageType
        case .vector: 0x10
        }
    }

    /// Writes the fields of the message.
    public func encodeBody(into encoder: inout WireEncoder, as format: MessageFormat) {
        switch self {
        case .vector(let vector): encoder.write(vector: vector, as: format)
        case .abort(let reason): encoder.write(reason.rawValue)
        }
    }

    /// Reads the fields of a message of this type; refuses every other one.
    public static func decodeBody(
        ofType type: UInt8, from decoder: inout WireDecoder, as format: MessageFormat
    ) throws(WireError) -> PlainMessage {
        switch type {
        case AbortReason.messageType: .abort(try AbortReason(from: &decoder))
        case 0x10: .vector(try decoder.readRingVector(as: format))
        default: throw .unknownType(type)
        }
    }
}

private struct PlainContributor<Element: PackableElement>: AggregationParty {
    let server: PartyID
    let vector: [Element]

    mutating func start() throws(AggregationError) -> Transition<Element, PlainMessage<Element>> {
        .finished(sending: [Envelope(to: server, .vector(vector))], learning: nil)
    }

    mutating func receive(
        _ message: consuming PlainMessage<Element>, from sender: PartyID
    ) throws(AggregationError) -> Receipt {
        .rejected(.unexpected)
    }

    mutating func advance() throws(AggregationError) -> Transition<Element, PlainMessage<Element>> {
        throw .outOfOrder
    }
}

private struct PlainServer<Element: PackableElement>: AggregationParty {
    let scheme: Insecure.Plain<Element>
    var sum: [Element]
    var heard: Set<PartyID> = []

    init(scheme: Insecure.Plain<Element>) {
        self.scheme = scheme
        sum = [Element](repeating: .zero, count: scheme.dimension)
    }

    mutating func start() throws(AggregationError) -> Transition<Element, PlainMessage<Element>> {
        .next(
            sending: [],
            then: Expectation(
                PlainMessage<Element>.input, from: Set(scheme.contributors), quorum: scheme.minimumContributors))
    }

    mutating func receive(
        _ message: consuming PlainMessage<Element>, from sender: PartyID
    ) throws(AggregationError) -> Receipt {
        switch message {
        case .abort(let reason): return .rejected(.senderAborted(reason))
        case .vector(let vector):
            guard heard.insert(sender).inserted else { return .rejected(.conflicting) }
            Element.add(vector, to: &sum)
            return .accepted
        }
    }

    mutating func advance() throws(AggregationError) -> Transition<Element, PlainMessage<Element>> {
        guard heard.count >= scheme.minimumContributors else {
            return .aborted(
                .tooFewParties(stage: "input", have: heard.count, need: scheme.minimumContributors), sending: [])
        }
        Element.reduce(&sum, to: scheme.width)
        return .finished(sending: [], learning: Aggregate(sum: sum, contributors: heard.sorted()))
    }
}

extension AbortReason {
    /// The type byte of the abort notice, in every scheme.
    package static var messageType: UInt8 { 0x01 }

    package init(from decoder: inout WireDecoder) throws(WireError) {
        guard let reason = AbortReason(rawValue: try decoder.readInteger()) else { throw .badValue }
        self = reason
    }
}
