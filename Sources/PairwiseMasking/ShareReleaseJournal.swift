// SPDX-License-Identifier: Apache-2.0

internal import SecureAggregation
internal import Synchronization

/// Remembers the last round in which a client released shares, so that no other attempt of that round, or of an earlier one, is served.
///
/// Shares that were released for one set of survivors show the sum over it. A second attempt with one client less would show that client's vector, by
/// subtraction. One journal serves all attempts of a client; it lives as long as the process.
public final class ShareReleaseJournal: Sendable {
    private struct Key: Hashable {
        let client: PartyID
        let task: String
    }

    private let highestRound = Mutex<[Key: UInt64]>([:])

    /// A journal of a client that has released nothing.
    public init() {}

    /// Refuses a round in which shares were released, or an earlier one.
    /// - Throws: `.sharesAlreadyReleased` with the highest such round.
    func check(_ client: PartyID, in context: RoundContext) throws(AggregationError) {
        let highest = highestRound.withLock { $0[Key(client: client, task: context.task)] }
        if let highest, context.round <= highest { throw .sharesAlreadyReleased(round: highest) }
    }

    /// Notes a release, before the shares leave; of two attempts at once, one is refused.
    /// - Throws: `.sharesAlreadyReleased` with the highest such round.
    func recordRelease(by client: PartyID, in context: RoundContext) throws(AggregationError) {
        let earlier: UInt64? = highestRound.withLock { rounds in
            let key = Key(client: client, task: context.task)
            if let highest = rounds[key], context.round <= highest { return highest }
            rounds[key] = context.round
            return nil
        }
        if let earlier { throw .sharesAlreadyReleased(round: earlier) }
    }
}
