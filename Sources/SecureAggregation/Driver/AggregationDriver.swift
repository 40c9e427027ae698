// SPDX-License-Identifier: Apache-2.0

internal import ProtocolCryptography
internal import RingArithmetic

/// Runs all parties of one aggregation in this process: one loop for every role of every scheme.
///
/// Every message is encoded, carried by the transport as bytes, and decoded by its receiver. The driver owns time: a
/// party whose deadline passes is told to advance with what it has. It holds messages that come early until their
/// stage, and drops and counts those that are late, malformed, unauthenticated or repeated.
public struct AggregationDriver<Scheme: AggregationScheme, Randomness: RandomnessSource> {
    /// What a party sums.
    public typealias Element = Scheme.Element

    private let scheme: Scheme
    private let context: RoundContext
    private let randomness: Randomness
    private let format: MessageFormat
    private let clock: (@Sendable () -> Duration)?
    private let recordsTranscript: Bool
    private let servers: Set<PartyID>
    private var transport: InProcessTransport
    private var seats: [PartyID: Seat] = [:]
    /// Apart from the seats, so that a look at a seat never copies a party with its vectors.
    private var parties: [PartyID: any AggregationParty<Element, Scheme.Message>] = [:]
    /// The digests of what was taken, to tell a repeated message of a past stage from a late one.
    private var taken: [PartyID: [Stage: [PartyID: HashDigest]]] = [:]
    /// What arrived for contributors that were not made yet.
    private var waitingFrames: [PartyID: [Frame]] = [:]
    private var outcome = AggregationOutcome<Element>()
    /// Sees every frame as it left its sender, with the stage of its message: for checks that want bytes and not
    /// digests.
    package var observer: ((Frame, Stage?) -> Void)?
    /// Gives the bytes that travel instead of a frame's own, nil for those: for checks in which somebody sends what it
    /// should not.
    package var substitute: ((Frame, Stage?) -> [UInt8]?)?

    /// The time that passes, where that is wanted besides the CPU time: they differ where a party works on several threads.
    package var elapsedClock: (@Sendable () -> Duration)?
    /// Gives further bytes that travel after a frame on the same way: for checks in which somebody sends twice.
    package var addition: ((Frame, Stage?) -> [UInt8]?)?

    /// What the driver knows of a party.
    private struct Seat {
        /// What it waits for; nil once it has finished or given up.
        var expectation: Expectation?
        /// Who was heard in the current stage, and with which bytes.
        var heard: [PartyID: HashDigest?] = [:]
        /// Who will not be heard in the current stage any more.
        var failed: Set<PartyID> = []
        /// Who is still waited for.
        var outstanding: Set<PartyID> = []
        /// Messages of later stages.
        var early: [(message: Scheme.Message, sender: PartyID, digest: HashDigest?)] = []
        /// For a party that reconnects. Kept only where one may: the frames of all parties are all vectors.
        var lastFrames: [(frame: Frame, stage: Stage?, type: UInt8)] = []
    }

    /// A driver for one aggregation.
    /// - Parameters:
    ///   - scheme: who takes part and how.
    ///   - context: what the aggregation is bound to.
    ///   - randomness: gives each party its generator.
    ///   - faults: what goes wrong.
    ///   - recordsTranscript: whether to keep a record of every message, which hashes every byte.
    ///   - cpuClock: the CPU time of this thread, where the cost by stage is wanted.
    public init(
        scheme: Scheme, context: RoundContext, randomness: Randomness, faults: FaultSchedule = .none,
        recordsTranscript: Bool = false, cpuClock: (@Sendable () -> Duration)? = nil
    ) {
        self.scheme = scheme
        self.context = context
        self.randomness = randomness
        self.recordsTranscript = recordsTranscript
        clock = cpuClock
        format = scheme.messageFormat(in: context)
        servers = Set(scheme.helpers)
        transport = InProcessTransport(faults: faults)
    }

    /// Runs the aggregation to its end: every party has finished, given up or been lost.
    ///
    /// Contributors are made one after the other, and `input` is asked for a vector only then: where a scheme needs no
    /// more of a contributor than one message, only one vector exists at a time.
    /// - Parameter input: the vector of a contributor.
    /// - Returns: who learned what, who gave up and why, and what it cost.
    public consuming func run(input: (PartyID) -> [Element]) -> AggregationOutcome<Element> {
        for id in scheme.helpers { begin(id, vector: nil) }
        for id in scheme.contributors {
            begin(id, vector: input(id))
            if let frames = waitingFrames.removeValue(forKey: id) { transport.resend(frames) }
            deliverDueFrames()
        }
        while true {
            deliverDueFrames()
            let waiting = seats.filter { $0.value.expectation != nil && !transport.lostParties.contains($0.key) }
            guard !waiting.isEmpty else { break }
            let deadline = waiting.values.compactMap { $0.expectation.map(Self.deadline) }.min() ?? transport.now
            if let event = transport.nextEvent, event < deadline {
                for party in transport.advance(to: event) { reconnect(party) }
            } else {
                for party in transport.advance(to: deadline) { reconnect(party) }
                for (id, seat) in waiting.sorted(by: { $0.key < $1.key })
                where seat.expectation.map(Self.deadline) ?? deadline <= deadline {
                    // A frame of a seat before it may have moved this one on.
                    if seats[id]?.expectation == seat.expectation { advance(id) }
                }
            }
        }
        while let event = transport.nextEvent {
            _ = transport.advance(to: event)
            deliverDueFrames()
        }
        outcome.lost = transport.lostParties
        return outcome
    }

    private static func deadline(of expectation: Expectation) -> Int {
        (expectation.stage.ordinal + 1) * AggregationTiming.ticksPerStage
    }

    // MARK: Steps of a party

    private mutating func begin(_ id: PartyID, vector: consuming [Element]?) {
        let start = now()
        seats[id] = Seat()
        do {
            var party = try scheme.makeParty(
                id, contributing: vector, in: context, using: randomness.generator(for: id, in: context))
            let transition = try party.start()
            parties[id] = party
            take(transition, of: id, since: start)
        } catch {
            abandon(id, error)
        }
    }

    private mutating func advance(_ id: PartyID) {
        let start = now()
        do {
            guard let transition = try parties[id]?.advance() else { return }
            take(transition, of: id, since: start)
        } catch {
            abandon(id, error)
        }
    }

    private mutating func take(
        _ transition: Transition<Element, Scheme.Message>, of id: PartyID, since start: Reading?
    ) {
        let previous = seats[id]?.expectation?.stage
        // A step after one that waited for nobody goes on with the same send.
        let continues = seats[id]?.expectation?.senders.isEmpty == true
        var frames: [Frame] = []
        var added: [Frame] = []
        var records: [(stage: Stage?, type: UInt8, digest: HashDigest?, count: Int)] = []
        for envelope in transition.envelopes {
            let bytes = envelope.message.encoded(as: format)
            for receiver in envelope.receivers {
                var frame = Frame(sender: id, receiver: receiver, bytes: bytes)
                let further = addition?(frame, envelope.message.stage)
                if let other = substitute?(frame, envelope.message.stage) { frame.bytes = other }
                frames.append(frame)
                if let further { added.append(Frame(sender: id, receiver: receiver, bytes: further)) }
            }
            records.append((envelope.message.stage, envelope.message.type, nil, envelope.receivers.count))
        }
        var stage = transition.envelopes.first?.message.stage ?? previous
        if stage == nil, case .next(_, let expectation) = transition { stage = expectation.stage }

        switch transition {
        case .next(_, let expectation):
            // A party that waited for the same stage again could wait for ever.
            guard previous.map({ $0 < expectation.stage }) ?? true else {
                charge(id, since: start, stage: stage)
                return abandon(id, .outOfOrder)
            }
            seats[id]?.expectation = expectation
            seats[id]?.outstanding = expectation.senders
        case .finished(_, let aggregate):
            outcome.finished.insert(id)
            if let aggregate { outcome.learned[id] = aggregate }
            dismiss(id)
        case .aborted(let error, _):
            abandon(id, error)
        }
        seats[id]?.heard = [:]
        seats[id]?.failed = []
        // A step in which a contributor only takes note is none of its sends.
        let sent = frames.isEmpty && !servers.contains(id) ? [] : transport.send(frames, from: id)
        if !added.isEmpty { transport.resend(added) }
        if transport.canReconnect {
            let origins = records.flatMap { Array(repeating: ($0.stage, $0.type), count: $0.count) }
            // What a party makes while it is cut off leaves it when it is back.
            let made = transport.isCutOff(id) ? frames : sent
            if !continues { seats[id]?.lastFrames = [] }
            seats[id]?.lastFrames += zip(made, origins).map { ($0, $1.0, $1.1) }
        }
        record(sent, records)
        // Sending, and wiping and freeing what a party no longer needs, is its own work too.
        charge(id, since: start, stage: stage)
        if transport.lostParties.contains(id) {
            // What a lost party learned, it learned; but it takes no further part.
            return dismiss(id)
        }
        deliverHeldMessages(to: id)
    }

    private mutating func abandon(_ id: PartyID, _ error: AggregationError) {
        outcome.aborted[id] = error
        outcome.abortStages[id] = seats[id]?.expectation?.stage
        dismiss(id)
    }

    /// Lets go of a party, which wipes its secrets.
    private mutating func dismiss(_ id: PartyID) {
        parties[id] = nil
        seats[id]?.expectation = nil
        seats[id]?.early = []
    }

    private mutating func reconnect(_ id: PartyID) {
        // Who is gone, or is cut off itself, repeats nothing.
        for (other, seat) in seats.sorted(by: { $0.key < $1.key }) where !transport.isCutOff(other) {
            let again = seat.lastFrames.filter { $0.frame.receiver == id || $0.frame.sender == id }
            transport.resend(again.map(\.frame))
            record(again.map(\.frame), again.map { ($0.stage, $0.type, nil, 1) })
        }
    }

    // MARK: Messages

    private mutating func deliverDueFrames() {
        while let frame = transport.receive() { deliver(frame) }
    }

    private mutating func deliver(_ frame: consuming Frame) {
        guard seats[frame.receiver] != nil else {
            // A contributor sent to a later one, which is made in a moment.
            return waitingFrames[frame.receiver, default: []].append(frame)
        }
        guard let expectation = seats[frame.receiver]?.expectation else { return countAfterTheEnd(frame) }
        guard frame.isAuthentic else { return reject(frame.sender, at: frame.receiver, .unauthenticated) }
        let digest = recordsTranscript || needsDigests ? HashDigest(of: frame.bytes) : nil
        let start = now()
        let message: Scheme.Message
        do throws(WireError) {
            message = try Scheme.Message(decoding: frame.bytes, as: format)
        } catch {
            // A message of another session is an old one on its way, which does not make its sender one that is at
            // fault now.
            return reject(frame.sender, at: frame.receiver, .malformed(error), drops: error != .foreignSession)
        }
        // Freeing the bytes is the receiver's work.
        frame.bytes = []
        charge(frame.receiver, since: start, stage: message.stage ?? expectation.stage)
        deliver(message, from: frame.sender, to: frame.receiver, digest: digest)
    }

    /// A frame for a party that has finished: a repeated one, or one that is too late.
    private mutating func countAfterTheEnd(_ frame: Frame) {
        guard outcome.finished.contains(frame.receiver) else { return }
        // That somebody else gave up does not concern a party that is done.
        if let message = try? Scheme.Message(decoding: frame.bytes, as: format), message.stage == nil { return }
        let digest = HashDigest(of: frame.bytes)
        if taken[frame.receiver]?.values.contains(where: { $0[frame.sender] == digest }) == true {
            outcome.duplicates += 1
        } else {
            outcome.rejections.append(.init(sender: frame.sender, receiver: frame.receiver, reason: .late))
        }
    }

    /// Digests tell a repeated message from a contradicting one; without faults neither happens.
    private var needsDigests: Bool { transport.canRepeat || addition != nil }

    private mutating func deliver(
        _ message: consuming Scheme.Message, from sender: PartyID, to id: PartyID, digest: HashDigest?
    ) {
        guard let expectation = seats[id]?.expectation else { return }
        if let stage = message.stage {
            if stage > expectation.stage {
                // One for each sender and stage: what is held for a party stays small, whoever sends.
                if let held = seats[id]?.early.first(where: { $0.sender == sender && $0.message.stage == stage }) {
                    if held.digest == digest {
                        outcome.duplicates += 1
                    } else {
                        reject(sender, at: id, .conflicting, drops: false)
                    }
                    return
                }
                seats[id]?.early.append((message, sender, digest))
                return
            }
            if stage < expectation.stage {
                if digest != nil, taken[id]?[stage]?[sender] == digest {
                    outcome.duplicates += 1
                    return
                }
                return reject(sender, at: id, .late)
            }
            if let heard = seats[id]?.heard[sender] {
                if heard == digest {
                    outcome.duplicates += 1
                } else {
                    reject(sender, at: id, .conflicting, drops: false)
                }
                return
            }
            guard expectation.senders.contains(sender) else { return reject(sender, at: id, .unexpected) }
            guard seats[id]?.failed.contains(sender) != true else { return }
        }
        let stage = message.stage
        let start = now()
        do {
            guard let receipt = try parties[id]?.receive(message, from: sender) else { return }
            charge(id, since: start, stage: stage ?? expectation.stage)
            switch receipt {
            case .accepted:
                seats[id]?.heard.updateValue(digest, forKey: sender)
                seats[id]?.outstanding.remove(sender)
                if let stage, let digest { taken[id, default: [:]][stage, default: [:]][sender] = digest }
                advanceIfComplete(id)
            case .rejected(let reason):
                reject(sender, at: id, reason)
            }
        } catch {
            abandon(id, error)
        }
    }

    private mutating func deliverHeldMessages(to id: PartyID) {
        guard let early = seats[id]?.early, !early.isEmpty, let expectation = seats[id]?.expectation else {
            return advanceIfComplete(id)
        }
        seats[id]?.early = early.filter { $0.message.stage.map { $0 > expectation.stage } ?? false }
        for held in early where held.message.stage.map({ $0 <= expectation.stage }) ?? true {
            deliver(held.message, from: held.sender, to: id, digest: held.digest)
        }
        advanceIfComplete(id)
    }

    private mutating func reject(_ sender: PartyID, at id: PartyID, _ reason: Rejection, drops: Bool = true) {
        outcome.rejections.append(.init(sender: sender, receiver: id, reason: reason))
        // Late, it was dropped before; unauthenticated, anybody may have sent it, and the real one may still come.
        guard drops, seats[id]?.heard[sender] == nil, reason != .late, reason != .unauthenticated else { return }
        seats[id]?.failed.insert(sender)
        seats[id]?.outstanding.remove(sender)
        advanceIfComplete(id)
    }

    private mutating func advanceIfComplete(_ id: PartyID) {
        guard let seat = seats[id], seat.expectation != nil else { return }
        if seat.outstanding.isEmpty { advance(id) }
    }

    // MARK: Accounts

    /// The clocks at one moment.
    private struct Reading {
        let cpu: Duration
        let elapsed: Duration
    }

    private func now() -> Reading? { clock.map { Reading(cpu: $0(), elapsed: elapsedClock?() ?? .zero) } }

    private func role(of id: PartyID) -> AggregationCost.Role { servers.contains(id) ? .server : .client }

    private mutating func charge(_ id: PartyID, since start: Reading?, stage: Stage?) {
        guard let start, let end = now() else { return }
        outcome.cost.addCPU(
            end.cpu - start.cpu, elapsed: end.elapsed - start.elapsed, of: role(of: id), in: stage?.name ?? "setup")
    }

    private mutating func record(
        _ frames: [Frame], _ envelopes: [(stage: Stage?, type: UInt8, digest: HashDigest?, count: Int)]
    ) {
        var position = 0
        for envelope in envelopes {
            var digest: HashDigest?
            for frame in frames[min(position, frames.count)..<min(position + envelope.count, frames.count)] {
                outcome.cost.addMessage(
                    bytes: frame.bytes.count, from: role(of: frame.sender), to: role(of: frame.receiver),
                    stage: envelope.stage)
                observer?(frame, envelope.stage)
                guard recordsTranscript else { continue }
                let frameDigest = digest ?? HashDigest(of: frame.bytes)
                digest = frameDigest
                outcome.transcript.append(
                    context: context, from: frame.sender, to: frame.receiver, type: envelope.type,
                    stage: envelope.stage?.name ?? "abort", byteCount: frame.bytes.count, digest: frameDigest)
            }
            position += envelope.count
        }
    }
}
