// SPDX-License-Identifier: Apache-2.0

#if os(Linux)
import DifferentialPrivacy
import DurableFiles
import Foundation
import PrivacyLedger
import Testing

/// Disks that are full and processes that are killed.
@Suite struct LedgerFailureTests {
    private static let event = PrivacyEvent.gaussian(noiseMultiplier: 1000)

    /// The limit of a process on the size of files fails a write as a full disk does: in part, and with an error.
    @Test func `a charge that the disk does not take is an error, and the next opening works`() async throws {
        let folder = try TemporaryFolder()
        let path = folder.path
        await #expect(processExitsWith: .success) { [path = path as String] in
            var ledger = try BudgetLedger(path: path, budget: testBudget(), ifMissing: .create)
            try ledger.charge(Self.event, round: 1)
            let size = try #require(
                FileManager.default.attributesOfItem(atPath: path)[.size] as? Int)
            limitFileSize(to: size + 20)
            #expect(throws: PrivacyLedgerError.file(.system(.write, code: EFBIG))) {
                try ledger.charge(Self.event, round: 2)
            }
            let isCharged = ledger.isCharged(round: 2)
            #expect(!isCharged && ledger.chargeCount == 1)
            // Nor is anything else: what is on the disk is not known.
            #expect(throws: PrivacyLedgerError.file(.failedEarlier)) { try ledger.charge(Self.event, round: 3) }
        }
        var ledger = try BudgetLedger(path: path, budget: testBudget(), ifMissing: .refuse)
        let isCharged = ledger.isCharged(round: 1)
        #expect(ledger.chargeCount == 1 && isCharged)
        try ledger.charge(Self.event, round: 2)
    }

    @Test func `a participation that the disk does not take is an error, and the next opening works`() async throws {
        let folder = try TemporaryFolder()
        let path = folder.path
        await #expect(processExitsWith: .success) { [path = path as String] in
            var ledger = try ParticipationLedger(path: path, enrollment: testEnrollment(), ifMissing: .create)
            try ledger.participate(in: testRound(1))
            let size = try #require(
                FileManager.default.attributesOfItem(atPath: path)[.size] as? Int)
            limitFileSize(to: size + 20)
            #expect(throws: PrivacyLedgerError.file(.system(.write, code: EFBIG))) {
                try ledger.participate(in: testRound(2))
            }
            #expect(throws: PrivacyLedgerError.file(.failedEarlier)) { try ledger.participate(in: testRound(3)) }
            #expect(ledger.participationCount == 1)
        }
        var ledger = try ParticipationLedger(path: path, enrollment: testEnrollment(), ifMissing: .refuse)
        #expect(ledger.participationCount == 1)
        try ledger.participate(in: testRound(2))
    }

    @Test(.enabled(if: getuid() == 0, "mounting a file system takes root"))
    func `on a full disk the charge fails, and what was charged is there`() throws {
        let folder = try TemporaryFolder()
        guard run("mount", "-t", "tmpfs", "-o", "size=16k", "tmpfs", folder.folder) == 0 else {
            print("Not tested: this machine mounts no file system.")
            return
        }
        defer { _ = run("umount", folder.folder) }
        var count = 0
        do {
            var ledger = try BudgetLedger(path: folder.path, budget: testBudget(), ifMissing: .create)
            let error = #expect(throws: PrivacyLedgerError.self) {
                while count < 10_000 {
                    try ledger.charge(Self.event, round: UInt64(count))
                    count += 1
                }
            }
            #expect(error == .file(.system(.write, code: ENOSPC)))
        }
        #expect(count > 100)
        let ledger = try BudgetLedger(path: folder.path, budget: testBudget(), ifMissing: .refuse)
        #expect(ledger.chargeCount == count)
    }

    static let killCount = ProcessInfo.processInfo.environment["FEDSUM_SLOW_TESTS"] == "1" ? 300 : 4

    /// A process charges rounds and says so after each; it is killed in the middle. Whatever it said is spent, at most one round
    /// more, and the ledger opens.
    @Test func `what was charged survives a process that is killed`() async throws {
        let folder = try TemporaryFolder()
        let path = folder.path
        var charged = 0
        for _ in 0..<Self.killCount {
            let result = await #expect(processExitsWith: .signal(SIGKILL), observing: [\.standardOutputContent]) {
                [path = path as String] in
                var ledger = try BudgetLedger(path: path, budget: testBudget(), ifMissing: .create)
                let microseconds = UInt32.random(in: 0...20_000)
                Thread.detachNewThread {
                    usleep(microseconds)
                    kill(getpid(), SIGKILL)
                }
                while true {
                    try ledger.charge(Self.event, round: UInt64(ledger.chargeCount))
                    let line = Array("\n\(ledger.chargeCount);".utf8)
                    _ = unsafe write(STDOUT_FILENO, line, line.count)
                }
            }
            // The last line that came whole.
            let text = String(decoding: result?.standardOutputContent ?? [], as: UTF8.self)
            let said = text.split(separator: "\n").compactMap { $0.hasSuffix(";") ? Int($0.dropLast()) : nil }
            charged = max(charged, said.last ?? 0)
            var ledger = try BudgetLedger(path: path, budget: testBudget(), ifMissing: .create)
            #expect(ledger.chargeCount >= charged && ledger.chargeCount <= charged + 1)
            charged = ledger.chargeCount
            for round in 0..<charged {
                let isCharged = ledger.isCharged(round: UInt64(round))
                #expect(isCharged)
            }
            let spent = try ledger.spent().epsilon
            #expect(spent > 0 || charged == 0)
        }
    }
}

private func testBudget() throws -> PrivacyBudget {
    try PrivacyBudget(task: "digits", epsilon: 8, delta: 1e-5)
}

private func testEnrollment() throws -> PrivacyEnrollment {
    try PrivacyEnrollment(task: "digits", participationCap: 20, protection: testRound(0).protection)
}

private func testRound(_ number: UInt64) throws -> SignedRound {
    try SignedRound(
        task: "digits", round: number,
        protection: RoundProtection(
            mode: .distributed, localVariance: NoiseVariance(numerator: 4), minimumHonestSurvivors: 3,
            clippingNorm: 1, scale: 100))
}

/// Files of this process do not grow beyond this, and an attempt is an error and no signal.
private func limitFileSize(to byteCount: Int) {
    _ = signal(SIGXFSZ, SIG_IGN)
    var limit = rlimit(rlim_cur: rlim_t(byteCount), rlim_max: rlim_t(byteCount))
    _ = unsafe setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit)
}

private func run(_ command: String...) -> Int32 {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = command
    process.standardError = FileHandle.nullDevice
    do { try process.run() } catch { return -1 }
    process.waitUntilExit()
    return process.terminationStatus
}
#endif
