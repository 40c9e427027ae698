// SPDX-License-Identifier: Apache-2.0

public import RingArithmetic

/// One party's side of one aggregation: a state machine that does no I/O, owns no clock and is used once.
///
/// A party waits for one stage at a time. Whoever drives it calls `start()` once, then `receive(_:from:)` for the
/// messages of the expected stage in any order, then `advance()`, until the party has finished or aborted.
public protocol AggregationParty<Element, Message>: Sendable {
    /// What is summed.
    associatedtype Element: PackableElement
    /// The scheme's messages.
    associatedtype Message: WireMessage

    /// The first step.
    mutating func start() throws(AggregationError) -> Transition<Element, Message>

    /// Folds one message in on arrival: a server holds one vector, not one for each client.
    /// - Returns: `.rejected` when the sender is at fault: the state is unchanged, and the sender is to be dropped and
    ///   counted.
    /// - Throws: when this party must abort.
    mutating func receive(_ message: consuming Message, from sender: PartyID) throws(AggregationError) -> Receipt

    /// The next step: every expected message came, or the deadline passed. A party whose quorum was missed aborts here.
    mutating func advance() throws(AggregationError) -> Transition<Element, Message>
}

/// What a party does next.
public enum Transition<Element: PackableElement, Message: WireMessage>: Sendable {
    /// It sends, then waits.
    case next(sending: [Envelope<Message>], then: Expectation)
    /// It sends, and is done; a recipient has learned the sum.
    case finished(sending: [Envelope<Message>], learning: Aggregate<Element>?)
    /// It gives up, and tells those who would wait for it.
    case aborted(AggregationError, sending: [Envelope<Message>])

    /// What is sent, in a fixed order.
    public var envelopes: [Envelope<Message>] {
        switch self {
        case .next(let sending, _), .finished(let sending, _), .aborted(_, let sending): sending
        }
    }
}

/// A message and who gets it. It is encoded once, however many receivers there are.
public struct Envelope<Message: WireMessage>: Sendable {
    /// The receivers, in the order in which it is sent.
    public let receivers: [PartyID]
    /// The message.
    public let message: Message

    /// A message to one party.
    public init(to receiver: PartyID, _ message: Message) {
        receivers = [receiver]
        self.message = message
    }

    /// The same message to several parties.
    public init(to receivers: [PartyID], _ message: Message) {
        self.receivers = receivers
        self.message = message
    }
}

/// What a party waits for.
public struct Expectation: Equatable, Sendable {
    /// The one stage whose messages it takes now.
    public let stage: Stage
    /// Who may send one; each sends at most one.
    public let senders: Set<PartyID>
    /// With fewer messages than this the party aborts when the deadline passes.
    public let quorum: Int

    /// An expectation of one message of `stage` from each of `senders`.
    public init(_ stage: Stage, from senders: Set<PartyID>, quorum: Int) {
        self.stage = stage
        self.senders = senders
        self.quorum = quorum
    }
}

/// What became of a message.
public enum Receipt: Equatable, Sendable {
    /// It is part of the state now.
    case accepted
    /// The sender is at fault; the state is as before.
    case rejected(Rejection)
}

/// Why a message was not taken.
public enum Rejection: Equatable, Sendable {
    /// It does not decode.
    case malformed(WireError)
    /// It was changed on its way, or does not come from whom it says.
    case unauthenticated
    /// Its stage is over for the receiver.
    case late
    /// The receiver waits for nothing from this sender, or not for this message.
    case unexpected
    /// The sender said something else in the same stage before.
    case conflicting
    /// The sender gave up.
    case senderAborted(AbortReason)
    /// It decodes, but its content breaks the protocol.
    case invalid(ProtocolViolation)
}

/// What a recipient has learned.
public struct Aggregate<Element: PackableElement>: Equatable, Sendable {
    /// The sum over `contributors`, reduced.
    public let sum: [Element]
    /// Whose vectors are in the sum, ascending.
    public let contributors: [PartyID]

    /// A sum and whose it is.
    public init(sum: [Element], contributors: [PartyID]) {
        self.sum = sum
        self.contributors = contributors
    }
}
