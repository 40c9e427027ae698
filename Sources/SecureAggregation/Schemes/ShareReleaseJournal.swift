// SPDX-License-Identifier: Apache-2.0

internal import Synchronization

/// Remembers the last round in which a party released shares, so that no other attempt of that round, or of an earlier
/// one, is served.
///
/// Shares that were released for one set of survivors show the sum over it. A second attempt with one client less would
/// show that client's vector, by subtraction. One journal serves all attempts of a party (a client of SecAgg, an
/// aggregator of additive or Shamir sharing, a peer); it is in memory only, and protects nothing once it is let go of.
public final class ShareReleaseJournal: Sendable {
    private struct Key: Hashable {
        let party: PartyID
        let task: String
    }

    private let highestRound = Mutex<[Key: UInt64]>([:])

    /// A journal of parties that have released nothing.
    public init() {}

    /// Refuses a round in which shares were released, or an earlier one.
    /// - Throws: `.sharesAlreadyReleased` with the highest such round.
    package func check(_ party: PartyID, in context: RoundContext) throws(AggregationError) {
        let highest = highestRound.withLock { $0[Key(party: party, task: context.task)] }
        if let highest, context.round <= highest { throw .sharesAlreadyReleased(round: highest) }
    }

    /// Notes a release, before the shares leave; of two attempts at once, one is refused.
    /// - Throws: `.sharesAlreadyReleased` with the highest such round.
    package func recordRelease(by party: PartyID, in context: RoundContext) throws(AggregationError) {
        let earlier: UInt64? = highestRound.withLock { rounds in
            let key = Key(party: party, task: context.task)
            if let highest = rounds[key], context.round <= highest { return highest }
            rounds[key] = context.round
            return nil
        }
        if let earlier { throw .sharesAlreadyReleased(round: earlier) }
    }
}
