// SPDX-License-Identifier: Apache-2.0

import RingArithmetic
@_spi(Simulation) import SecureAggregation
import SecureRandomness
import Synchronization

/// What parties said, in order, as bytes: what an eavesdropper on every channel would have.
final class MessageLog: Sendable {
    struct Entry: Sendable {
        let from: PartyID
        let to: PartyID
        let type: UInt8
        /// nil for an abort.
        let stage: Stage?
        let bytes: [UInt8]
        /// Decodes bytes and encodes the message again, in the session of this message.
        let decodeAndEncode: @Sendable ([UInt8]) throws(WireError) -> [UInt8]
    }

    private let storage = Mutex<[Entry]>([])

    var entries: [Entry] { storage.withLock { $0 } }

    func append(_ entry: Entry) { storage.withLock { $0.append(entry) } }

    /// Everything that one party sent.
    func sent(by party: PartyID) -> [Entry] { entries.filter { $0.from == party } }
}

/// A scheme whose parties are honest inside while their messages are listened to, and may be replaced, on the way out.
///
/// So a lying server is the true one with another mouth: it has the right state for every lie but the one under test.
struct InterceptedScheme<Base: AggregationScheme>: AggregationScheme {
    typealias Element = Base.Element
    typealias Message = Base.Message
    /// What leaves instead of an envelope.
    typealias Rewriting = @Sendable (_ sender: PartyID, _ envelope: Envelope<Message>) -> [Envelope<Message>]

    let base: Base
    let log: MessageLog?
    let rewriting: Rewriting?

    init(_ base: Base, log: MessageLog? = nil, rewriting: Rewriting? = nil) {
        self.base = base
        self.log = log
        self.rewriting = rewriting
    }

    var name: String { base.name }
    var encodedParameters: [UInt8] { base.encodedParameters }
    var width: RingWidth { base.width }
    var field: PrimeField? { base.field }
    var messageTypes: Set<UInt8>? { base.messageTypes }
    var dimension: Int { base.dimension }
    var contributors: [PartyID] { base.contributors }
    var helpers: [PartyID] { base.helpers }
    var recipients: Set<PartyID> { base.recipients }
    var minimumContributors: Int { base.minimumContributors }

    func makeParty(
        _ id: PartyID,
        contributing vector: [Element]?,
        in context: RoundContext,
        using randomness: consuming some SecureRandomNumberGenerator
    ) throws(AggregationError) -> any AggregationParty<Element, Message> {
        InterceptedParty(
            id: id,
            party: try base.makeParty(id, contributing: vector, in: context, using: randomness),
            format: base.messageFormat(in: context),
            log: log,
            rewriting: rewriting
        )
    }
}

private struct InterceptedParty<Element: PackableElement, Message: WireMessage>: AggregationParty {
    let id: PartyID
    var party: any AggregationParty<Element, Message>
    let format: MessageFormat
    let log: MessageLog?
    let rewriting: (@Sendable (PartyID, Envelope<Message>) -> [Envelope<Message>])?

    mutating func start() throws(AggregationError) -> Transition<Element, Message> { intercept(try party.start()) }

    mutating func receive(_ message: consuming Message, from sender: PartyID) throws(AggregationError) -> Receipt {
        try party.receive(message, from: sender)
    }

    mutating func advance() throws(AggregationError) -> Transition<Element, Message> { intercept(try party.advance()) }

    private func intercept(_ transition: Transition<Element, Message>) -> Transition<Element, Message> {
        let sending = transition.envelopes.flatMap { rewriting?(id, $0) ?? [$0] }
        if let log {
            for envelope in sending {
                let bytes = envelope.message.encoded(as: format)
                for receiver in envelope.receivers {
                    log.append(
                        MessageLog.Entry(
                            from: id,
                            to: receiver,
                            type: envelope.message.type,
                            stage: envelope.message.stage,
                            bytes: bytes
                        ) { [format] (bytes) throws(WireError) in
                            try Message(decoding: bytes, as: format).encoded(as: format)
                        }
                    )
                }
            }
        }
        return switch transition {
        case .next(_, let expectation): .next(sending: sending, then: expectation)
        case .finished(_, let aggregate): .finished(sending: sending, learning: aggregate)
        case .aborted(let error, _): .aborted(error, sending: sending)
        }
    }
}
