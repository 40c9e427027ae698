// SPDX-License-Identifier: Apache-2.0

/// A file to which records are appended, each of them on the disk before `append` returns.
///
/// One value at a time has the file, on the whole machine. What was acknowledged is there when the file is opened again,
/// after a crash or a power cut too, or the file cannot be opened. It is never emptied, repaired or begun anew.
///
/// A file that somebody else shortens by whole records, replaces by an older copy or removes looks like one that never had
/// more: checksums are no protection against whoever may write to it.
///
/// The format, all numbers big-endian:
///
/// - 8 bytes `fedsumr1`, 4 bytes of kind, CRC-32C of these 12 bytes;
/// - then for each record: its length n in 4 bytes, CRC-32C of the link and these, CRC-32C of the link, these and the n
///   bytes, and the n bytes. The link is the last checksum before the record, so none can be missing between two others.
public struct RecordFile: ~Copyable, Sendable {
    /// The bytes that one record may have at most.
    public static let maximumRecordByteCount = 1 << 20

    /// What is done where there is no file.
    public enum MissingFile: Sendable {
        /// A new one is made, readable for its owner alone.
        case create
        /// Nothing: a file that was there before must not begin anew because it was lost.
        case refuse
    }

    private static let magic = Array("fedsumr1".utf8)
    private static let headerByteCount: UInt64 = 16
    private static let recordHeadByteCount: UInt64 = 12

    private let file: SystemFile
    /// Where the next record goes.
    private var end: UInt64
    /// The last checksum of the file.
    private var link: UInt32
    private var hasFailed = false

    /// Opens the file at `path` and reads its records.
    ///
    /// A last record of which only the beginning is there was never acknowledged, and is cut off.
    /// - Parameters:
    ///   - path: the file. Its folder must be there, on a file system with locks and hard links.
    ///   - kind: four ASCII characters that say what the records are.
    ///   - missingFile: whether a file is made if there is none.
    ///   - body: is lent every record, in the order in which they were appended; false says that it is none of this kind.
    /// - Throws: `.openElsewhere`, `.missing`, `.anotherKind`, `.damaged`, `.notRegularFile`; `.system`.
    /// - Complexity: O(size of the file) time, O(largest record) memory.
    public init(
        path: String, kind: String, ifMissing missingFile: MissingFile = .create,
        forEachRecord body: (_ record: [UInt8]) -> Bool
    ) throws(RecordFileError) {
        precondition(kind.utf8.count == 4 && kind.utf8.allSatisfy { $0 < 128 }, "A kind has four ASCII characters.")
        let labels = Self.magic + Array(kind.utf8)
        let header = labels + bigEndianBytes(crc32c(labels))
        let file = try Self.open(path, header: header, ifMissing: missingFile)

        let byteCount = try file.byteCount()
        guard byteCount >= Self.headerByteCount else { throw .damaged(offset: 0) }
        let found = try file.read(header.count, at: 0)
        guard found.prefix(8) == header.prefix(8), number(found, at: 12) == crc32c(found.prefix(12)) else {
            throw .damaged(offset: 0)
        }
        guard found == header else { throw .anotherKind }
        var end = Self.headerByteCount
        var link = number(found, at: 12)
        while byteCount - end >= Self.recordHeadByteCount {
            let head = try file.read(Int(Self.recordHeadByteCount), at: end)
            // A length that is not what was written must not pass for an incomplete record.
            guard number(head, at: 4) == crc32c(bigEndianBytes(link) + head.prefix(4)) else {
                throw .damaged(offset: end)
            }
            let count = UInt64(number(head, at: 0))
            guard count <= Self.maximumRecordByteCount else { throw .damaged(offset: end) }
            guard byteCount - end - Self.recordHeadByteCount >= count else { break }
            let record = try file.read(Int(count), at: end + Self.recordHeadByteCount)
            let checksum = crc32c(bigEndianBytes(link) + head.prefix(4) + record)
            guard number(head, at: 8) == checksum, body(record) else { throw .damaged(offset: end) }
            end += Self.recordHeadByteCount + count
            link = checksum
        }
        if end < byteCount { try file.truncate(to: end) }
        // What was read may have come from another process that ended before it could wait for the disk.
        try file.synchronize()
        try SystemFile.synchronizeFolder(of: path)
        self.file = file
        self.end = end
        self.link = link
    }

    /// Appends a record, and returns when it is on the disk.
    ///
    /// After a failure the file takes no more records: how much of this one is on the disk is not known.
    /// - Throws: `.recordTooLong`, `.failedEarlier`; `.system` if the disk is full or fails.
    /// - Complexity: a write and a wait for the disk.
    public mutating func append(_ record: [UInt8]) throws(RecordFileError) {
        guard !hasFailed else { throw .failedEarlier }
        guard record.count <= Self.maximumRecordByteCount else {
            throw .recordTooLong(byteCount: record.count, maximum: Self.maximumRecordByteCount)
        }
        let length = bigEndianBytes(UInt32(record.count))
        let checksum = crc32c(bigEndianBytes(link) + length + record)
        let head = length + bigEndianBytes(crc32c(bigEndianBytes(link) + length)) + bigEndianBytes(checksum)
        hasFailed = true
        try file.write(head + record, at: end)
        try file.synchronize()
        hasFailed = false
        end += UInt64(head.count + record.count)
        link = checksum
    }

    private static func open(
        _ path: String, header: [UInt8], ifMissing missingFile: MissingFile
    ) throws(RecordFileError) -> SystemFile {
        if let file = try SystemFile.opening(path) { return file }
        guard missingFile == .create else { throw .missing }
        try SystemFile.create(path, contents: header)
        guard let file = try SystemFile.opening(path) else { throw .missing }
        return file
    }
}

private func bigEndianBytes(_ number: UInt32) -> [UInt8] {
    (0..<4).map { UInt8(truncatingIfNeeded: number >> UInt32(24 - 8 * $0)) }
}

private func number(_ bytes: [UInt8], at offset: Int) -> UInt32 {
    bytes[offset..<offset + 4].reduce(0) { $0 << 8 | UInt32($1) }
}
