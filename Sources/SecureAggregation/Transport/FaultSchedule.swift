// SPDX-License-Identifier: Apache-2.0

/// What goes wrong in a simulated aggregation.
///
/// A *send* is everything that a party sends in one step; sends are counted from 0. Time is counted in ticks: a stage
/// lasts `AggregationTiming.ticksPerStage` of them.
public struct FaultSchedule: Hashable, Sendable {
    /// One thing that goes wrong.
    public enum Fault: Hashable, Sendable {
        /// The party is gone for good before its send of this number; 0: it sends nothing.
        case loss(PartyID, beforeSend: Int)
        /// The party is gone during its send of this number, of which only the first `frames` frames leave.
        case partialSend(PartyID, send: Int, frames: Int)
        /// The party is cut off when it makes this send, which is lost, and is back after `ticks`; then the last sends
        /// to and from it are repeated.
        case outage(PartyID, send: Int, ticks: Int)
        /// Every frame of the send arrives twice.
        case duplicate(PartyID, send: Int)
        /// A frame with other bytes follows each frame of the send.
        case conflict(PartyID, send: Int)
        /// Every frame of the send arrives `ticks` later.
        case delay(PartyID, send: Int, ticks: Int)
        /// A bit of every frame of the send flips on its way. The channel is authenticated, so the receiver notices.
        case corruption(PartyID, send: Int)
        /// The party itself sends this send cut to `bytes` bytes.
        case truncation(PartyID, send: Int, bytes: Int)
        /// The party itself adds a byte to every frame of the send.
        case trailingByte(PartyID, send: Int)
        /// Frames that were recorded earlier, in this aggregation or another, arrive after those of the send, as from
        /// the party.
        case replay(PartyID, send: Int, of: [RecordedFrame])
        /// Recorded frames arrive instead of those of the send.
        case substitution(PartyID, send: Int, by: [RecordedFrame])
        /// The frames of an earlier send of the party arrive again after those of this one.
        case repetition(PartyID, send: Int, of: Int)
        /// The frames of all parties arrive in another order, drawn from this seed.
        case reordering(seed: UInt64)
    }

    /// Bytes that were once on their way to a party.
    public struct RecordedFrame: Hashable, Sendable {
        /// Who got them, and gets them again.
        public let receiver: PartyID
        /// One encoded message.
        public let bytes: [UInt8]

        /// A record of one frame.
        public init(receiver: PartyID, bytes: [UInt8]) {
            self.receiver = receiver
            self.bytes = bytes
        }
    }

    /// The faults. Where two concern the same send, they are applied in this order.
    public var faults: [Fault]

    /// A schedule of these faults.
    public init(_ faults: [Fault] = []) { self.faults = faults }

    /// Nothing goes wrong.
    public static let none = FaultSchedule()

    /// Each of `parties` is lost before its send of this number.
    public static func losing(_ parties: some Sequence<PartyID>, beforeSend send: Int) -> FaultSchedule {
        FaultSchedule(parties.map { .loss($0, beforeSend: send) })
    }
}
