// SPDX-License-Identifier: Apache-2.0

public import RingArithmetic

/// How one aggregation ended, for everybody.
public struct AggregationOutcome<Element: PackableElement>: Sendable {
    /// What the recipients learned.
    public internal(set) var learned: [PartyID: Aggregate<Element>] = [:]
    /// The parties that finished, recipients or not.
    public internal(set) var finished: Set<PartyID> = []
    /// The parties that gave up, and why.
    public internal(set) var aborted: [PartyID: AggregationError] = [:]
    /// The stage for which each of them waited when it gave up.
    package internal(set) var abortStages: [PartyID: Stage] = [:]
    /// The parties that were lost on the way.
    public internal(set) var lost: Set<PartyID> = []
    /// The messages that were not taken, in order.
    public internal(set) var rejections: [RejectedMessage] = []
    /// The messages that came twice with the same bytes.
    public internal(set) var duplicates = 0
    /// What it cost.
    public internal(set) var cost = AggregationCost()
    /// Every message, where a record was asked for.
    public internal(set) var transcript = Transcript()

    /// A message that its receiver did not take.
    public struct RejectedMessage: Equatable, Sendable {
        /// Who sent it.
        public let sender: PartyID
        /// Who refused it.
        public let receiver: PartyID
        /// Why.
        public let reason: Rejection

        package init(sender: PartyID, receiver: PartyID, reason: Rejection) {
            self.sender = sender
            self.receiver = receiver
            self.reason = reason
        }
    }

    /// What was learned, if all recipients that finished learned the same.
    public var aggregate: Aggregate<Element>? {
        guard let first = learned.min(by: { $0.key < $1.key })?.value, learned.values.allSatisfy({ $0 == first }) else {
            return nil
        }
        return first
    }
}
