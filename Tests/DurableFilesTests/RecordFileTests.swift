// SPDX-License-Identifier: Apache-2.0

import DurableFiles
import Foundation
import Testing

@Suite struct RecordFileTests {
    private static let records: [[UInt8]] = [[], Array("one".utf8), [UInt8](0..<20)]

    /// What an independent model writes for these records: the checksums by long division of polynomials.
    private static let modelBytes = bytes(
        """
        66656473756d7231 74657374 499cad42
        00000000 fc9b9c49 fc9b9c49
        00000003 00e42cf8 47de834b 6f6e65
        00000014 014d1331 cb71aa7e 000102030405060708090a0b0c0d0e0f10111213
        """
    )
    /// Where the header and each record end.
    private static let ends = [16, 28, 43, 75]

    // MARK: What is kept

    @Test func `records are there when the file is opened again, in the model's bytes`() throws {
        let folder = try TemporaryFolder()
        for count in 0...Self.records.count {
            do {
                var file = try RecordFile(path: folder.path, kind: "test") { _ in true }
                if count > 0 { try file.append(Self.records[count - 1]) }
            }
            #expect(try read(folder.path) == Array(Self.records.prefix(count)))
            #expect(try contents(folder.path) == Array(Self.modelBytes.prefix(Self.ends[count])))
        }
        // One opening, several records.
        let other = try TemporaryFolder()
        do {
            var file = try RecordFile(path: other.path, kind: "test") { _ in true }
            for record in Self.records { try file.append(record) }
        }
        #expect(try contents(other.path) == Self.modelBytes)
        // Nothing else is left in the folder, and nobody else may read.
        #expect(try FileManager.default.contentsOfDirectory(atPath: other.folder) == ["records"])
        let attributes = try FileManager.default.attributesOfItem(atPath: other.path)
        #expect(attributes[.posixPermissions] as? Int == 0o600)
    }

    @Test func `records have a largest length`() throws {
        let folder = try TemporaryFolder()
        let largest = [UInt8](repeating: 7, count: RecordFile.maximumRecordByteCount)
        do {
            var file = try RecordFile(path: folder.path, kind: "test") { _ in true }
            #expect(throws: RecordFileError.recordTooLong(byteCount: largest.count + 1, maximum: largest.count)) {
                try file.append(largest + [7])
            }
            try file.append(largest)
        }
        #expect(try read(folder.path) == [largest])
    }

    @Test func `a file that is missing is made only where that was asked for`() throws {
        let folder = try TemporaryFolder()
        #expect(throws: RecordFileError.missing) {
            _ = try RecordFile(path: folder.path, kind: "test", ifMissing: .refuse) { _ in true }
        }
        #expect(!FileManager.default.fileExists(atPath: folder.path))
        _ = try RecordFile(path: folder.path, kind: "test", ifMissing: .create) { _ in true }
        _ = try RecordFile(path: folder.path, kind: "test", ifMissing: .refuse) { _ in true }
        let nowhere = folder.folder + "/none/records"
        #expect(throws: RecordFileError.system(.create, code: ENOENT)) {
            _ = try RecordFile(path: nowhere, kind: "test") { _ in true }
        }
        #expect(throws: RecordFileError.system(.open, code: EISDIR)) {
            _ = try RecordFile(path: folder.folder, kind: "test") { _ in true }
        }
        #expect(throws: RecordFileError.notRegularFile) {
            _ = try RecordFile(path: "/dev/null", kind: "test") { _ in true }
        }
    }

    // MARK: One at a time

    @Test func `a file that is open is not opened a second time, here or in another process`() async throws {
        let folder = try TemporaryFolder()
        let path = folder.path
        do {
            var file = try RecordFile(path: path, kind: "test") { _ in true }
            #expect(throws: RecordFileError.openElsewhere) {
                _ = try RecordFile(path: path, kind: "test") { _ in true }
            }
            await #expect(processExitsWith: .success) { [path = path as String] in
                #expect(throws: RecordFileError.openElsewhere) {
                    _ = try RecordFile(path: path, kind: "test") { _ in true }
                }
            }
            try file.append([1])
        }
        await #expect(processExitsWith: .success) { [path = path as String] in
            var file = try RecordFile(path: path, kind: "test") { _ in true }
            try file.append([2])
        }
        #expect(try read(path) == [[1], [2]])
    }

    // MARK: Damage

    @Test func `of a file cut off anywhere the whole records are left, or it is refused`() throws {
        for count in 0...Self.modelBytes.count {
            let folder = try TemporaryFolder(containing: Array(Self.modelBytes.prefix(count)))
            if count < 16 {
                // A file gets its name after its header, so none is ever shorter.
                #expect(throws: RecordFileError.damaged(offset: 0)) { try read(folder.path) }
                #expect(try contents(folder.path).count == count)
                continue
            }
            let whole = Self.ends.lastIndex { $0 <= count }!
            #expect(try read(folder.path) == Array(Self.records.prefix(whole)), "\(count) bytes")
            #expect(try contents(folder.path) == Array(Self.modelBytes.prefix(Self.ends[whole])))
            // It goes on from there.
            do {
                var file = try RecordFile(path: folder.path, kind: "test") { _ in true }
                for record in Self.records.dropFirst(whole) { try file.append(record) }
            }
            #expect(try contents(folder.path) == Self.modelBytes)
        }
    }

    @Test func `a byte that was changed anywhere is noticed, and the file is left as it is`() throws {
        for index in Self.modelBytes.indices {
            for change in [1, 0x80, 0xFF] as [UInt8] {
                var changed = Self.modelBytes
                changed[index] ^= change
                let folder = try TemporaryFolder(containing: changed)
                let start = ([0] + Self.ends).last { $0 <= index }!
                #expect(throws: RecordFileError.damaged(offset: UInt64(start))) { try read(folder.path) }
                #expect(try contents(folder.path) == changed)
            }
        }
    }

    /// The last record has only its first bytes: they are cut off, or the file is refused, and the records before stay.
    @Test func `a byte that was changed in an unfinished record costs no other record`() throws {
        let beginning = Array(Self.modelBytes.prefix(60))
        for index in 43..<60 {
            var changed = beginning
            changed[index] ^= 1
            let folder = try TemporaryFolder(containing: changed)
            if index < 51 {
                #expect(throws: RecordFileError.damaged(offset: 43)) { try read(folder.path) }
                #expect(try contents(folder.path) == changed)
            } else {
                #expect(try read(folder.path) == Array(Self.records.prefix(2)))
            }
        }
        // Zeros where a record should be are no beginning of one.
        let folder = try TemporaryFolder(containing: Self.modelBytes.prefix(43) + [UInt8](repeating: 0, count: 40))
        #expect(throws: RecordFileError.damaged(offset: 43)) { try read(folder.path) }
    }

    @Test func `a record that is missing, repeated or out of order is noticed`() throws {
        let parts = zip([0] + Self.ends, Self.ends).map { Array(Self.modelBytes[$0..<$1]) }
        for order in [[0, 2, 3], [0, 1, 3], [0, 1, 1], [0, 2, 1, 3], [0, 1, 3, 2], [0, 1, 2, 2]] {
            let folder = try TemporaryFolder(containing: order.flatMap { parts[$0] })
            #expect(throws: RecordFileError.self, "\(order)") { try read(folder.path) }
        }
    }

    @Test func `a file of another kind, or with records of another kind, is refused`() throws {
        let folder = try TemporaryFolder(containing: Self.modelBytes)
        #expect(throws: RecordFileError.anotherKind) {
            _ = try RecordFile(path: folder.path, kind: "tess") { _ in true }
        }
        #expect(throws: RecordFileError.damaged(offset: 28)) {
            _ = try RecordFile(path: folder.path, kind: "test") { $0.isEmpty }
        }
        let text = try TemporaryFolder(containing: Array("This is a file of somebody else.".utf8))
        #expect(throws: RecordFileError.damaged(offset: 0)) { try read(text.path) }
        #expect(try contents(folder.path) == Self.modelBytes)
    }

    // MARK: Failures

    #if os(Linux)
    /// The limit of a process on the size of files fails a write as a full disk does: in part, and with an error.
    @Test func `after a write that failed nothing more is written, and what was acknowledged is there`() async throws {
        let folder = try TemporaryFolder()
        let path = folder.path
        await #expect(processExitsWith: .success) { [path = path as String] in
            var file = try RecordFile(path: path, kind: "test") { _ in true }
            try file.append([1, 2, 3])
            limitFileSize(to: 50)
            #expect(throws: RecordFileError.system(.write, code: EFBIG)) {
                try file.append([UInt8](repeating: 4, count: 30))
            }
            #expect(throws: RecordFileError.failedEarlier) { try file.append([]) }
        }
        // The part that was written is there, and is cut off.
        #expect(try contents(path).count == 50)
        #expect(try read(path) == [[1, 2, 3]])
        #expect(try contents(path).count == 31)
    }

    @Test func `a file that cannot be made leaves nothing`() async throws {
        let folder = try TemporaryFolder()
        let path = folder.path
        await #expect(processExitsWith: .success) { [path = path as String] in
            limitFileSize(to: 8)
            #expect(throws: RecordFileError.system(.write, code: EFBIG)) {
                _ = try RecordFile(path: path, kind: "test") { _ in true }
            }
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.folder).isEmpty)
    }

    @Test(.enabled(if: getuid() == 0, "mounting a file system takes root"))
    func `a full disk fails the append and not what was acknowledged`() throws {
        let folder = try TemporaryFolder()
        guard run("mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", folder.folder) == 0 else {
            print("Not tested: this machine mounts no file system.")
            return
        }
        defer { _ = run("umount", folder.folder) }
        var acknowledged: [[UInt8]] = []
        do {
            var file = try RecordFile(path: folder.path, kind: "test") { _ in true }
            let error = #expect(throws: RecordFileError.self) {
                while true {
                    let record = [UInt8](repeating: UInt8(acknowledged.count % 256), count: 1000)
                    try file.append(record)
                    acknowledged.append(record)
                }
            }
            #expect(error == .system(.write, code: ENOSPC))
            #expect(throws: RecordFileError.failedEarlier) { try file.append([]) }
        }
        #expect(acknowledged.count > 50)
        #expect(try read(folder.path) == acknowledged)
    }

    // MARK: kill -9

    static let killCount = ProcessInfo.processInfo.environment["FEDSUM_SLOW_TESTS"] == "1" ? 500 : 5

    /// A process appends records and says so after each; it is killed in the middle. Whatever it said is in the file, at
    /// most one record more, and the file opens.
    @Test func `what was acknowledged survives a process that is killed`() async throws {
        let folder = try TemporaryFolder()
        let path = folder.path
        var acknowledged = 0
        for _ in 0..<Self.killCount {
            let result = await #expect(processExitsWith: .signal(SIGKILL), observing: [\.standardOutputContent]) {
                [path = path as String] in
                var count = 0
                var file = try RecordFile(path: path, kind: "kill") { _ in
                    count += 1
                    return true
                }
                let microseconds = UInt32.random(in: 0...20_000)
                Thread.detachNewThread {
                    usleep(microseconds)
                    kill(getpid(), SIGKILL)
                }
                while true {
                    try file.append(numbered(count))
                    count += 1
                    let line = Array("\n\(count);".utf8)
                    _ = unsafe write(STDOUT_FILENO, line, line.count)
                }
            }
            // The last line that came whole.
            let text = String(decoding: result?.standardOutputContent ?? [], as: UTF8.self)
            let said = text.split(separator: "\n").compactMap { $0.hasSuffix(";") ? Int($0.dropLast()) : nil }
            acknowledged = max(acknowledged, said.last ?? 0)
            let found = try read(path, kind: "kill")
            #expect(found.count >= acknowledged && found.count <= acknowledged + 1)
            #expect(found == (0..<found.count).map { numbered($0) })
            acknowledged = found.count
        }
    }
    #endif
}

/// A record whose length changes from one to the next.
private func numbered(_ number: Int) -> [UInt8] {
    [UInt8](repeating: UInt8(number % 251), count: number * 37 % 300) + Array("\(number)".utf8)
}

private func read(_ path: String, kind: String = "test") throws -> [[UInt8]] {
    var records: [[UInt8]] = []
    _ = try RecordFile(path: path, kind: kind, ifMissing: .refuse) { record in
        records.append(record)
        return true
    }
    return records
}

private func contents(_ path: String) throws -> [UInt8] { [UInt8](try Data(contentsOf: URL(fileURLWithPath: path))) }

private func bytes(_ text: String) -> [UInt8] {
    let digits = text.compactMap(\.hexDigitValue)
    return stride(from: 0, to: digits.count, by: 2).map { UInt8(16 * digits[$0] + digits[$0 + 1]) }
}

/// A folder with room for one file, removed at the end.
private final class TemporaryFolder {
    let folder: String
    var path: String { folder + "/records" }

    init(containing bytes: [UInt8]? = nil) throws {
        folder = FileManager.default.temporaryDirectory.path + "/fedsum-records-\(UUID())"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: false)
        if let bytes { try Data(bytes).write(to: URL(fileURLWithPath: path)) }
    }

    deinit { try? FileManager.default.removeItem(atPath: folder) }
}

#if os(Linux)
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
