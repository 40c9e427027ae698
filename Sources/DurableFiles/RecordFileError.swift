// SPDX-License-Identifier: Apache-2.0

/// Why a record file cannot be opened or written to.
public enum RecordFileError: Error, Equatable, Sendable {
    /// What the operating system was asked for.
    public enum Operation: Sendable {
        /// Opening an existing file, or learning its size.
        case open
        /// Making a new file, its directory entry included.
        case create
        /// Taking the exclusive lock.
        case lock
        /// Reading.
        case read
        /// Writing.
        case write
        /// Waiting until what was written is on the disk.
        case synchronize
        /// Cutting off an incomplete record.
        case truncate
    }

    /// The operating system failed with this `errno`.
    case system(Operation, code: Int32)
    /// There is no file, and none was to be made.
    case missing
    /// The path names a folder, a device or something else that keeps no records.
    case notRegularFile
    /// Another process, or another value in this one, has the file open.
    case openElsewhere
    /// The file is a record file, but one for something else.
    case anotherKind
    /// The file is not what was written: the first wrong byte is at `offset` or behind it. It is left as it is.
    case damaged(offset: UInt64)
    /// A record has more bytes than a file takes.
    case recordTooLong(byteCount: Int, maximum: Int)
    /// An earlier record could not be written, so nothing more is. Opening the file again shows what it holds.
    case failedEarlier
}
