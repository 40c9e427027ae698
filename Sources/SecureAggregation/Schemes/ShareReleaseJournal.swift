// SPDX-License-Identifier: Apache-2.0

internal import DurableFiles
internal import ProtocolCryptography
internal import Synchronization

/// Remembers the last round in which a party released shares, so that no other attempt of that round, or of an earlier
/// one, is served.
///
/// Shares that were released for one set of survivors show the sum over it. A second attempt with one client less would
/// show that client's vector, by subtraction. One journal serves all attempts of a party (a client of SecAgg, an
/// aggregator of additive or Shamir sharing, a peer). One that is in memory protects nothing once it is let go of; one
/// with a file outlives its process.
public final class ShareReleaseJournal: Sendable {
    private struct Key: Hashable {
        let party: PartyID
        let task: String
    }

    private struct State: ~Copyable {
        var rounds: [Key: UInt64] = [:]
        var file: RecordFile?
    }

    private let state: Mutex<State>

    /// A journal, in memory only, of parties that have released nothing.
    public init() { state = Mutex(State()) }

    /// The journal in the file at `path`, which is made if there is none.
    ///
    /// A release is on the disk before its shares leave. One journal at a time has the file.
    /// - Parameters:
    ///   - path: the file; its folder must be there.
    ///   - mustExist: true for a party that has a journal, which must not begin anew because the file was lost.
    /// - Throws: `.journal` if the file is open elsewhere, missing where it must exist, damaged, or not readable.
    public init(path: String, mustExist: Bool = false) throws(AggregationError) {
        var rounds: [Key: UInt64] = [:]
        let file: RecordFile
        do {
            file = try RecordFile(path: path, kind: "shrl", ifMissing: mustExist ? .refuse : .create) { record in
                guard let (key, round) = Self.decode(record), rounds[key].map({ $0 < round }) ?? true else {
                    return false
                }
                rounds[key] = round
                return true
            }
        } catch {
            throw .journal(error)
        }
        state = Mutex(State(rounds: rounds, file: file))
    }

    /// Refuses a round in which shares were released, or an earlier one.
    /// - Throws: `.sharesAlreadyReleased` with the highest such round.
    package func check(_ party: PartyID, in context: RoundContext) throws(AggregationError) {
        let highest = state.withLock { $0.rounds[Key(party: party, task: context.task)] }
        if let highest, context.round <= highest { throw .sharesAlreadyReleased(round: highest) }
    }

    /// Notes a release, before the shares leave; of two attempts at once, one is refused.
    /// - Throws: `.sharesAlreadyReleased` with the highest such round; `.journal` if the file does not take the release,
    ///   and then no later one either: the shares must stay.
    package func recordRelease(by party: PartyID, in context: RoundContext) throws(AggregationError) {
        try state.withLock { (state) throws(AggregationError) in
            let key = Key(party: party, task: context.task)
            if let highest = state.rounds[key], context.round <= highest {
                throw .sharesAlreadyReleased(round: highest)
            }
            do throws(RecordFileError) {
                try state.file?.append(Self.encode(key, context.round))
            } catch {
                throw .journal(error)
            }
            state.rounds[key] = context.round
        }
    }

    /// The party in 4 bytes and the round in 8, big-endian, and the task in UTF-8.
    private static func encode(_ key: Key, _ round: UInt64) -> [UInt8] {
        bigEndianBytes(key.party.rawValue) + bigEndianBytes(round) + Array(key.task.utf8)
    }

    private static func decode(_ record: [UInt8]) -> (Key, UInt64)? {
        guard record.count >= 12, let task = String(validating: record[12...], as: UTF8.self) else { return nil }
        let party = record[..<4].reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
        let round = record[4..<12].reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        return (Key(party: PartyID(party), task: task), round)
    }
}
