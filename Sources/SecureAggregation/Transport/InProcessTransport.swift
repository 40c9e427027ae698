// SPDX-License-Identifier: Apache-2.0

/// Bytes on their way from one party to another.
public struct Frame: Sendable {
    /// Who sent it.
    public let sender: PartyID
    /// Who gets it.
    public let receiver: PartyID
    /// One encoded message.
    public var bytes: [UInt8]
    /// Whether it arrives as it was sent, by whom it says. In a deployment the channel (mTLS) finds that out; here the
    /// transport knows, since it did the harm.
    public var isAuthentic = true

    package init(sender: PartyID, receiver: PartyID, bytes: [UInt8]) {
        self.sender = sender
        self.receiver = receiver
        self.bytes = bytes
    }
}

/// Carries frames between parties in one process, in virtual time, with the faults of a schedule.
///
/// Without faults a frame arrives in the tick in which it was sent, first in, first out.
public struct InProcessTransport: Sendable {
    private let faults: FaultSchedule
    private var queue: [Int: [Frame]] = [:]
    private var heads: [Int: Int] = [:]
    private var sends: [PartyID: Int] = [:]
    private var lost: Set<PartyID> = []
    private var outages: [PartyID: Int] = [:]
    private var order: UInt64?
    /// The sends that are repeated later: by party and number.
    private var kept: [PartyID: [Int: [Frame]]] = [:]

    /// The current tick.
    public private(set) var now = 0

    /// A transport with these faults.
    public init(faults: FaultSchedule = .none) {
        self.faults = faults
        for fault in faults.faults {
            switch fault {
            case .reordering(let seed): order = seed
            case .repetition(let party, _, let earlier): kept[party, default: [:]][earlier] = []
            default: break
            }
        }
    }

    /// The parties that are gone for good.
    public var lostParties: Set<PartyID> { lost }

    /// Takes what one party sends in one step.
    /// - Returns: the frames that left the party, as it sent them.
    package mutating func send(_ frames: [Frame], from sender: PartyID) -> [Frame] {
        let number = sends[sender, default: 0]
        sends[sender] = number + 1
        if isCutOff(sender) { return [] }
        if kept[sender]?[number] != nil { kept[sender]?[number] = frames }
        var frames = frames
        var old: [Frame] = []
        var substitutes: [Frame]?
        var delay = 0
        var copies = 1
        var corrupted = false
        var conflicting = false
        for fault in faults.faults {
            switch fault {
            case .loss(sender, let send) where send <= number:
                lost.insert(sender)
            case .partialSend(sender, number, let count):
                frames.removeLast(max(0, frames.count - count))
                lost.insert(sender)
                deliver(frames, after: 0)
                return frames
            case .outage(sender, number, let ticks):
                outages[sender] = now + ticks
            case .duplicate(sender, number): copies = 2
            case .conflict(sender, number): conflicting = true
            case .delay(sender, number, let ticks): delay = ticks
            case .corruption(sender, number): corrupted = true
            case .truncation(sender, number, let count):
                for index in frames.indices {
                    frames[index].bytes.removeLast(max(0, frames[index].bytes.count - count))
                }
            case .trailingByte(sender, number):
                for index in frames.indices { frames[index].bytes.append(0) }
            case .replay(sender, number, let recorded):
                old += recorded.map { Frame(sender: sender, receiver: $0.receiver, bytes: $0.bytes) }
            case .substitution(sender, number, let recorded):
                substitutes = recorded.map { Frame(sender: sender, receiver: $0.receiver, bytes: $0.bytes) }
            case .repetition(sender, number, let earlier):
                if earlier < number { old += kept[sender]?[earlier] ?? [] }
            default: break
            }
        }
        if isCutOff(sender) { return [] }
        var arriving = substitutes ?? frames
        if corrupted {
            for index in arriving.indices where !arriving[index].bytes.isEmpty {
                arriving[index].bytes[arriving[index].bytes.count / 2] ^= 1
                arriving[index].isAuthentic = false
            }
        }
        for _ in 0..<copies { deliver(arriving, after: delay) }
        if conflicting {
            deliver(
                arriving.map { frame in
                    var other = frame
                    if !other.bytes.isEmpty { other.bytes[other.bytes.count - 1] ^= 1 }
                    return other
                }, after: delay)
        }
        deliver(old, after: delay)
        return frames
    }

    /// Takes frames once more, for a party that is back.
    package mutating func resend(_ frames: [Frame]) { deliver(frames, after: 0) }

    private mutating func deliver(_ frames: [Frame], after delay: Int) {
        for frame in frames {
            var tick = now + delay
            if order != nil { tick += Int(nextOrder() % UInt64(AggregationTiming.ticksPerStage / 8)) }
            queue[tick, default: []].append(frame)
        }
    }

    /// The next frame that is due in the current tick.
    package mutating func receive() -> Frame? {
        while let count = queue[now]?.count {
            let head = heads[now, default: 0]
            guard head < count, let frame = queue[now]?[head] else {
                queue[now] = nil
                heads[now] = nil
                return nil
            }
            // The bytes are let go of at once: a queue of delivered vectors would be all of them.
            queue[now]?[head].bytes = []
            heads[now] = head + 1
            if !isCutOff(frame.receiver) { return frame }
        }
        return nil
    }

    /// Whether a message can come twice: only these faults do that in one process.
    package var canRepeat: Bool {
        faults.faults.contains { fault in
            switch fault {
            case .duplicate, .conflict, .outage, .replay, .repetition: true
            default: false
            }
        }
    }

    /// Whether a party can come back after an outage.
    package var canReconnect: Bool { faults.faults.contains { if case .outage = $0 { true } else { false } } }

    /// When something happens next: a frame is due, or a party is back.
    package var nextEvent: Int? {
        let nextFrame = queue.keys.min()
        let nextReturn = outages.values.filter { $0 > now }.min()
        return [nextFrame, nextReturn].compactMap { $0 }.min()
    }

    /// Moves time on.
    /// - Returns: the parties that are back now.
    package mutating func advance(to tick: Int) -> [PartyID] {
        now = max(now, tick)
        let back = outages.filter { $0.value <= now }.keys.sorted()
        for party in back { outages[party] = nil }
        return back
    }

    /// Whether nothing leaves or reaches the party now.
    package func isCutOff(_ party: PartyID) -> Bool { lost.contains(party) || outages[party, default: 0] > now }

    /// A 64-bit linear congruential step (Knuth's MMIX constants): an order of arrival needs no better randomness.
    private mutating func nextOrder() -> UInt64 {
        let state = (order ?? 0) &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        order = state
        return state >> 33
    }
}

/// The clock of simulations.
public enum AggregationTiming {
    /// How many ticks a stage lasts before its deadline. A stage of ordinal s ends at `(s + 1) · ticksPerStage`.
    public static let ticksPerStage = 1_000
}
