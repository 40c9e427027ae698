// SPDX-License-Identifier: Apache-2.0

import ProtocolCryptography
import SecureAggregation
import Testing

@Suite struct TranscriptTests {
    /// A record of `count` messages, all different.
    private func transcript(_ count: Int, round: UInt64 = 1) -> Transcript {
        var transcript = Transcript()
        for index in 0..<count {
            transcript.append(
                context: RoundContext(task: "test", round: round),
                from: PartyID(UInt32(index)),
                to: 1000,
                type: 0x10,
                stage: "input",
                byteCount: 40 + index,
                digest: HashDigest(of: [UInt8(index)])
            )
        }
        return transcript
    }

    @Test func `the chain of an untouched record holds`() {
        let transcript = transcript(8)
        #expect(Transcript.firstBrokenLink(in: transcript.entries) == nil)
        #expect(transcript.head == transcript.entries.last?.link)
        #expect(Transcript().head == .zero && Transcript.firstBrokenLink(in: []) == nil)
    }

    @Test func `an entry that was taken out is noticed where it was`() {
        for position in 0..<7 {
            var entries = transcript(8).entries
            entries.remove(at: position)
            #expect(Transcript.firstBrokenLink(in: entries) == position)
        }
    }

    @Test func `a record that was cut short is noticed by its head alone`() {
        let whole = transcript(8)
        #expect(Transcript.firstBrokenLink(in: whole.entries.dropLast()) == nil)
        #expect(whole.entries.dropLast().last?.link != whole.head)
    }

    @Test func `two entries that were swapped are noticed`() {
        for position in 0..<7 {
            var entries = transcript(8).entries
            entries.swapAt(position, position + 1)
            #expect(Transcript.firstBrokenLink(in: entries) == position)
        }
    }

    @Test func `an entry that was put in twice is noticed`() {
        var entries = transcript(8).entries
        entries.insert(entries[3], at: 4)
        #expect(Transcript.firstBrokenLink(in: entries) == 4)
    }

    @Test func `every field of an entry is part of its link`() {
        let context = RoundContext(task: "test", round: 1)
        let digest = HashDigest(of: [1])
        func head(
            context: RoundContext = context,
            from: PartyID = 1,
            to: PartyID = 2,
            type: UInt8 = 3,
            stage: String = "s",
            byteCount: Int = 4,
            digest: HashDigest = digest
        ) -> HashDigest {
            var transcript = Transcript()
            transcript.append(
                context: context,
                from: from,
                to: to,
                type: type,
                stage: stage,
                byteCount: byteCount,
                digest: digest
            )
            return transcript.head
        }
        let heads = [
            head(), head(context: RoundContext(task: "test", round: 2)),
            head(context: RoundContext(task: "test", round: 1, attempt: 1)), head(from: 5), head(to: 5), head(type: 5),
            head(stage: "t"), head(byteCount: 5), head(digest: .zero),
        ]
        #expect(Set(heads).count == heads.count)
    }

    @Test func `a changed entry is noticed`() throws {
        // Entries cannot be changed in place; one of another record with the same position stands for a forged one.
        let forged = transcript(8, round: 2).entries
        for position in 0..<8 {
            var entries = transcript(8).entries
            entries[position] = forged[position]
            // A first entry carries its own right link, so the one after it gives it away.
            #expect(Transcript.firstBrokenLink(in: entries) == (position == 0 ? 1 : position))
        }
    }

    @Test func `records of consecutive rounds make one chain`() {
        var log = transcript(3)
        let first = log
        log.append(contentsOf: transcript(4, round: 2))
        #expect(log.entries.count == 7)
        #expect(Array(log.entries.prefix(3)) == first.entries)
        #expect(log.entries.map(\.round) == [1, 1, 1, 2, 2, 2, 2])
        #expect(Transcript.firstBrokenLink(in: log.entries) == nil)
    }
}
