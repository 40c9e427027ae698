// SPDX-License-Identifier: Apache-2.0

internal import DurableFiles

/// A record file of which the first record says what the others are about.
struct LedgerFile: ~Copyable, Sendable {
    private var file: RecordFile

    /// Opens the file, or makes one with these terms.
    /// `terms` are the first record, and `head` is how all terms of this kind and version begin. `body` is lent every record
    /// behind the terms; false says that it is none of this kind.
    /// - Throws: `.file`; `.anotherLedger` if the file has other terms, of which no record is lent.
    init(
        path: String, kind: String, head: [UInt8], terms: [UInt8], ifMissing missingFile: RecordFile.MissingFile,
        forEachRecord body: (_ record: [UInt8]) -> Bool
    ) throws(PrivacyLedgerError) {
        var found: [UInt8]?
        var file = try Self.withFileErrors { () throws(RecordFileError) in
            try RecordFile(path: path, kind: kind, ifMissing: missingFile) { record in
                guard found != nil else {
                    found = record
                    return record.starts(with: head)
                }
                return found == terms ? body(record) : true
            }
        }
        guard found == nil || found == terms else { throw .anotherLedger }
        // A file without terms is new, or was left by a process that ended before it wrote them: it has no other records.
        if found == nil { try Self.withFileErrors { () throws(RecordFileError) in try file.append(terms) } }
        self.file = file
    }

    /// Appends a record, and returns when it is on the disk.
    /// - Throws: `.file`.
    mutating func append(_ record: [UInt8]) throws(PrivacyLedgerError) {
        try Self.withFileErrors { () throws(RecordFileError) in try file.append(record) }
    }

    private static func withFileErrors<Result: ~Copyable>(
        _ body: () throws(RecordFileError) -> Result
    ) throws(PrivacyLedgerError) -> Result {
        do throws(RecordFileError) {
            return try body()
        } catch {
            throw .file(error)
        }
    }
}
