// SPDX-License-Identifier: Apache-2.0

import DurableFiles
import Foundation
import PairwiseMasking
@_spi(Simulation) import SecureAggregation
import Testing

/// A journal that outlives its process.
@Suite struct JournalFileTests {
    @Test func `releases are on the disk, in the model's bytes`() throws {
        let folder = try JournalFolder()
        let journal = try ShareReleaseJournal(path: folder.path)
        try journal.recordRelease(by: 7, in: RoundContext(task: "mnist", round: 5))
        try journal.recordRelease(by: 7, in: RoundContext(task: "mnist", round: 6))
        // The journal is still open. The model's checksums are by long division of polynomials.
        let expected = """
            66656473756d72317368726cda771afe\
            0000001131841b95f809d03e0000000700000000000000056d6e697374\
            00000011bef57022358388560000000700000000000000066d6e697374
            """
        let found = try Data(contentsOf: URL(fileURLWithPath: folder.path))
        #expect(found.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined() == expected)
    }

    @Test func `a journal that is opened again refuses what it refused before, and nothing else`() throws {
        let folder = try JournalFolder()
        do {
            let journal = try ShareReleaseJournal(path: folder.path)
            #expect(try SecAggRound(round: 5, journal: journal).run().aggregate != nil)
        }
        do {
            let journal = try ShareReleaseJournal(path: folder.path, mustExist: true)
            for round in [4, 5] as [UInt64] {
                #expect(throws: AggregationError.sharesAlreadyReleased(round: 5)) {
                    try SecAggRound(round: round, attempt: 1, journal: journal).party(2)
                }
            }
            try journal.check(2, in: RoundContext(task: "another", round: 5))
            try journal.check(77, in: RoundContext(task: "secagg", round: 1))
            let next = try SecAggRound(round: 6, journal: journal)
            #expect(next.run().aggregate?.sum == next.sum(of: [1, 2, 3, 4, 5]))
        }
        let journal = try ShareReleaseJournal(path: folder.path)
        #expect(throws: AggregationError.sharesAlreadyReleased(round: 6)) {
            try SecAggRound(round: 6, attempt: 1, journal: journal).party(2)
        }
    }

    @Test func `a journal that is open, lost, damaged or of something else is refused`() throws {
        let folder = try JournalFolder()
        #expect(throws: AggregationError.journal(.missing)) {
            try ShareReleaseJournal(path: folder.path, mustExist: true)
        }
        do {
            let journal = try ShareReleaseJournal(path: folder.path)
            #expect(throws: AggregationError.journal(.openElsewhere)) { try ShareReleaseJournal(path: folder.path) }
            try journal.recordRelease(by: 1, in: RoundContext(task: "t", round: 9))
        }
        var bytes = try Data(contentsOf: URL(fileURLWithPath: folder.path))
        bytes[bytes.count - 1] ^= 1
        try bytes.write(to: URL(fileURLWithPath: folder.path))
        #expect(throws: AggregationError.journal(.damaged(offset: 16))) { try ShareReleaseJournal(path: folder.path) }

        // Whole records that no journal writes: cut short, no text, a round that does not ascend.
        let first: [UInt8] = [0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 9]
        for (number, second) in [Array(first.dropLast()), first, first + [0xFF]].enumerated() {
            let path = folder.path + "\(number)"
            do {
                var file = try RecordFile(path: path, kind: "shrl") { _ in true }
                try file.append(first)
                try file.append(second)
            }
            #expect(throws: AggregationError.journal(.damaged(offset: 40))) { try ShareReleaseJournal(path: path) }
        }
    }

    #if os(Linux)
    @Test func `shares stay where the release cannot be written`() async throws {
        let folder = try JournalFolder()
        let path = folder.path
        await #expect(processExitsWith: .success) { [path = path as String] in
            let journal = try ShareReleaseJournal(path: path)
            // Files of this process do not grow any more, and an attempt is an error and no signal.
            _ = signal(SIGXFSZ, SIG_IGN)
            var limit = rlimit(rlim_cur: 20, rlim_max: 20)
            _ = unsafe setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit)
            let round = try SecAggRound(round: 5, journal: journal)
            let outcome = round.run()
            try #require(outcome.learned.isEmpty)
            var reasons: [AggregationError] = []
            for id in round.scheme.contributors { reasons.append(try #require(outcome.aborted[id])) }
            try #require(reasons.contains(.journal(.system(.write, code: EFBIG))))
            try #require(
                reasons.allSatisfy { $0 == .journal(.system(.write, code: EFBIG)) || $0 == .journal(.failedEarlier) })
        }
    }
    #endif
}

/// A folder with room for a journal, removed at the end.
private final class JournalFolder {
    private let folder: String
    var path: String { folder + "/journal" }

    init() throws {
        folder = FileManager.default.temporaryDirectory.path + "/fedsum-journal-\(UUID())"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: false)
    }

    deinit { try? FileManager.default.removeItem(atPath: folder) }
}
