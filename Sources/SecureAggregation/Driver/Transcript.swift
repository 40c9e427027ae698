// SPDX-License-Identifier: Apache-2.0

public import ProtocolCryptography

/// A record of every message that crossed a party boundary, chained by hash so that nothing can be taken out, changed
/// or moved unseen.
public struct Transcript: Equatable, Sendable {
    /// One message, once for each receiver.
    public struct Entry: Equatable, Sendable {
        /// The round and the attempt.
        public let round: UInt64, attempt: UInt32
        /// The sender.
        public let from: PartyID
        /// The receiver.
        public let to: PartyID
        /// The type byte of the message.
        public let type: UInt8
        /// The name of the stage; `abort` for a notice.
        public let stage: String
        /// The length in bytes.
        public let byteCount: Int
        /// SHA-256 of the bytes.
        public let digest: HashDigest
        /// SHA-256 over the link before and this entry.
        public let link: HashDigest
    }

    /// The entries in the order in which the messages left their senders.
    public private(set) var entries: [Entry] = []

    /// An empty record.
    public init() {}

    /// The last link: equal for two records only if every entry is.
    public var head: HashDigest { entries.last?.link ?? .zero }

    /// Adds a message.
    package mutating func append(
        context: RoundContext, from: PartyID, to: PartyID, type: UInt8, stage: String, byteCount: Int,
        digest: HashDigest
    ) {
        let link = Self.link(
            after: head, round: context.round, attempt: context.attempt, from: from, to: to, type: type, stage: stage,
            byteCount: byteCount, digest: digest)
        entries.append(
            Entry(
                round: context.round, attempt: context.attempt, from: from, to: to, type: type, stage: stage,
                byteCount: byteCount, digest: digest, link: link))
    }

    /// Adds the entries of a later aggregation.
    public mutating func append(contentsOf other: Transcript) {
        for entry in other.entries {
            let link = Self.link(
                after: head, round: entry.round, attempt: entry.attempt, from: entry.from, to: entry.to,
                type: entry.type, stage: entry.stage, byteCount: entry.byteCount, digest: entry.digest)
            entries.append(
                Entry(
                    round: entry.round, attempt: entry.attempt, from: entry.from, to: entry.to, type: entry.type,
                    stage: entry.stage, byteCount: entry.byteCount, digest: entry.digest, link: link))
        }
    }

    /// The position of the first entry whose link does not follow from the entries before it; nil if the chain holds.
    public static func firstBrokenLink(in entries: [Entry]) -> Int? {
        var previous = HashDigest.zero
        for (position, entry) in entries.enumerated() {
            let expected = link(
                after: previous, round: entry.round, attempt: entry.attempt, from: entry.from, to: entry.to,
                type: entry.type, stage: entry.stage, byteCount: entry.byteCount, digest: entry.digest)
            guard expected == entry.link else { return position }
            previous = entry.link
        }
        return nil
    }

    private static func link(
        after previous: HashDigest, round: UInt64, attempt: UInt32, from: PartyID, to: PartyID, type: UInt8,
        stage: String, byteCount: Int, digest: HashDigest
    ) -> HashDigest {
        var encoder = WireEncoder()
        encoder.write(bytes: previous.bytes)
        encoder.write(round)
        encoder.write(attempt)
        encoder.write(from.rawValue)
        encoder.write(to.rawValue)
        encoder.write(type)
        encoder.write(Array(stage.utf8), lengthBytes: 1)
        encoder.write(UInt64(byteCount))
        encoder.write(bytes: digest.bytes)
        return HashDigest(of: encoder.bytes)
    }
}
