// SPDX-License-Identifier: Apache-2.0

import DifferentialPrivacy
import DurableFiles
import Foundation
import PrivacyLedger
import Testing

@Suite struct ParticipationLedgerTests {
    private func protection(
        mode: NoiseDescription.Mode = .distributed, variance: (UInt64, UInt64) = (7, 2), survivors: Int = 5,
        clippingNorm: Double = 0.3, scale: Double = 1000
    ) throws -> RoundProtection {
        try RoundProtection(
            mode: mode, localVariance: NoiseVariance(numerator: variance.0, denominator: variance.1),
            minimumHonestSurvivors: survivors, clippingNorm: clippingNorm, scale: scale)
    }

    private func enrollment(cap: Int = 3, task: String = "digits") throws -> PrivacyEnrollment {
        try PrivacyEnrollment(task: task, participationCap: cap, protection: protection())
    }

    private func round(_ number: UInt64, attempt: UInt32 = 0) throws -> SignedRound {
        try SignedRound(task: "digits", round: number, attempt: attempt, protection: protection())
    }

    @Test func `a client takes part as often as it enrolled for, and once a round, also after openings`() throws {
        let folder = try TemporaryFolder()
        var ledger = try ParticipationLedger(path: folder.path, enrollment: enrollment(), ifMissing: .create)
        for number in [9, 2, 5] as [UInt64] {
            try ledger.participate(in: round(number, attempt: 1))
            for attempt in 0...2 as ClosedRange<UInt32> {
                #expect(throws: PrivacyLedgerError.alreadyParticipated(round: number, attempt: 1)) {
                    try ledger.participate(in: round(number, attempt: attempt))
                }
            }
            _ = consume ledger
            ledger = try ParticipationLedger(path: folder.path, enrollment: enrollment(), ifMissing: .refuse)
        }
        #expect(ledger.participationCount == 3)
        let before = try folder.contents()
        #expect(throws: PrivacyLedgerError.participationCapReached(3)) { try ledger.participate(in: round(6)) }
        #expect(try folder.contents() == before)
    }

    @Test func `a client that enrolled for nothing takes part in nothing`() throws {
        let folder = try TemporaryFolder()
        var ledger = try ParticipationLedger(path: folder.path, enrollment: enrollment(cap: 0), ifMissing: .create)
        #expect(throws: PrivacyLedgerError.participationCapReached(0)) { try ledger.participate(in: round(0)) }
    }

    @Test func `a round that protects less than enrolled is refused, and one that protects more is not`() throws {
        let folder = try TemporaryFolder()
        var ledger = try ParticipationLedger(path: folder.path, enrollment: enrollment(cap: 100), ifMissing: .create)
        let weaker: [(RoundProtection, PrivacyLedgerError.EnrolledTerm)] = try [
            (protection(mode: .central), .mode), (protection(mode: .local), .mode),
            (protection(variance: (7_000_000 - 1, 2_000_000)), .noise), (protection(variance: (1, 10)), .noise),
            // Six shares that are less than five were.
            (protection(variance: (17_499_999, 6_000_000), survivors: 6), .noise),
            (protection(survivors: 4), .survivors), (protection(clippingNorm: 0.3.nextUp), .clippingNorm),
            (protection(scale: 1000.0.nextUp), .scale),
        ]
        for (protection, term) in weaker {
            #expect(throws: PrivacyLedgerError.weakerThanEnrolled(term)) {
                try ledger.participate(in: SignedRound(task: "digits", round: 1, protection: protection))
            }
        }
        #expect(throws: PrivacyLedgerError.anotherTask) {
            try ledger.participate(in: SignedRound(task: "faces", round: 1, protection: protection()))
        }
        #expect(ledger.participationCount == 0)
        let stronger = try [
            protection(variance: (7_000_001, 2_000_000)), protection(survivors: 6), protection(clippingNorm: 0.1),
            protection(scale: 10), protection(), protection(variance: (17_500_000, 6_000_000), survivors: 6),
        ]
        for (number, protection) in stronger.enumerated() {
            try ledger.participate(in: SignedRound(task: "digits", round: UInt64(number), protection: protection))
        }
        #expect(ledger.participationCount == stronger.count)
    }

    @Test func `numbers of an enrollment are finite and above 0`() throws {
        for wrong in [0, -1, .nan, .infinity] as [Double] {
            #expect(throws: PrivacyLedgerError.enrollmentOutOfRange) { try protection(clippingNorm: wrong) }
            #expect(throws: PrivacyLedgerError.enrollmentOutOfRange) { try protection(scale: wrong) }
        }
        #expect(throws: PrivacyLedgerError.enrollmentOutOfRange) { try protection(survivors: 0) }
        #expect(throws: PrivacyLedgerError.enrollmentOutOfRange) { try enrollment(cap: -1) }
        #expect(throws: PrivacyLedgerError.taskNameLength(0)) { try enrollment(task: "") }
    }

    @Test func `a file opens with the same enrollment only, and is never begun anew`() throws {
        let folder = try TemporaryFolder()
        #expect(throws: PrivacyLedgerError.file(.missing)) {
            _ = try ParticipationLedger(path: folder.path, enrollment: enrollment(), ifMissing: .refuse)
        }
        do {
            var ledger = try ParticipationLedger(path: folder.path, enrollment: enrollment(), ifMissing: .create)
            try ledger.participate(in: round(1))
        }
        let whole = try folder.contents()
        for protection in try [
            protection(mode: .local), protection(variance: (7, 3)), protection(survivors: 6),
            protection(clippingNorm: 0.2), protection(scale: 1),
        ] {
            let other = try PrivacyEnrollment(task: "digits", participationCap: 3, protection: protection)
            #expect(throws: PrivacyLedgerError.anotherLedger) {
                _ = try ParticipationLedger(path: folder.path, enrollment: other, ifMissing: .create)
            }
        }
        for other in try [enrollment(cap: 4), enrollment(task: "digit")] {
            #expect(throws: PrivacyLedgerError.anotherLedger) {
                _ = try ParticipationLedger(path: folder.path, enrollment: other, ifMissing: .create)
            }
        }
        let budget = try PrivacyBudget(task: "digits", epsilon: 1, delta: 1e-5)
        #expect(throws: PrivacyLedgerError.file(.anotherKind)) {
            _ = try BudgetLedger(path: folder.path, budget: budget, ifMissing: .create)
        }
        #expect(try folder.contents() == whole)
        for index in stride(from: 3, to: whole.count, by: 7) {
            var changed = whole
            changed[index] ^= 1
            try folder.write(changed)
            #expect(throws: PrivacyLedgerError.self) {
                _ = try ParticipationLedger(path: folder.path, enrollment: enrollment(), ifMissing: .create)
            }
            #expect(try folder.contents() == changed)
        }
    }

    /// Whole records, with their checksums, that no ledger writes.
    @Test func `records that no ledger writes are refused`() throws {
        let folder = try TemporaryFolder()
        do {
            var ledger = try ParticipationLedger(path: folder.path, enrollment: enrollment(), ifMissing: .create)
            try ledger.participate(in: round(1))
        }
        var records: [[UInt8]] = []
        _ = try RecordFile(path: folder.path, kind: "part", ifMissing: .refuse) {
            records.append($0)
            return true
        }
        let note = records[1]
        for wrong in [note, note + [0], Array(note.dropLast()), [1] + note.dropFirst(), []] {
            let other = try TemporaryFolder()
            do {
                var file = try RecordFile(path: other.path, kind: "part") { _ in true }
                for record in records + [wrong] { try file.append(record) }
            }
            let end = try UInt64(folder.contents().count)
            #expect(throws: PrivacyLedgerError.file(.damaged(offset: end))) {
                _ = try ParticipationLedger(path: other.path, enrollment: enrollment(), ifMissing: .refuse)
            }
        }
    }
}
