// SPDX-License-Identifier: Apache-2.0
//
// The one file of the module that imports the platform's C library (Scripts/check-layering holds this).

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#elseif canImport(Darwin)
internal import Darwin
#endif

/// An open file under an exclusive lock; both end with the value.
struct SystemFile: ~Copyable, Sendable {
    private let descriptor: CInt

    private init(descriptor: CInt) { self.descriptor = descriptor }

    deinit { _ = close(descriptor) }

    /// Opens and locks the file at `path`.
    /// - Returns: nil if there is none.
    /// - Throws: `.notRegularFile`, `.openElsewhere`, `.system`.
    static func opening(_ path: String) throws(RecordFileError) -> SystemFile? {
        // SAFETY: the C string of the path lives as long as the call.
        let descriptor = retrying { unsafe open(path, O_RDWR | O_CLOEXEC) }
        if descriptor < 0, errno == ENOENT { return nil }
        guard descriptor >= 0 else { throw .system(.open, code: errno) }
        let file = SystemFile(descriptor: descriptor)
        guard try file.status().st_mode & S_IFMT == S_IFREG else { throw .notRegularFile }
        // A lock of the open file, not of the process: another handle in this process does not get it either.
        if retrying({ flock(descriptor, LOCK_EX | LOCK_NB) }) != 0 {
            throw errno == EWOULDBLOCK ? .openElsewhere : .system(.lock, code: errno)
        }
        return file
    }

    /// Makes a file with these contents, all of them or none, unless there is one.
    ///
    /// They are written under another name, which is then linked to the path: no crash leaves a part of them there.
    /// - Throws: `.system`.
    static func create(_ path: String, contents: [UInt8]) throws(RecordFileError) {
        var name = path
        var descriptor: CInt = -1
        for number in 0..<1000 {
            name = "\(path).new-\(getpid())-\(number)"
            // SAFETY: the C string of the name lives as long as the call.
            descriptor = retrying { unsafe open(name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600) }
            if descriptor >= 0 || errno != EEXIST { break }
        }
        guard descriptor >= 0 else { throw .system(.create, code: errno) }
        // SAFETY: as above.
        defer { _ = unsafe unlink(name) }
        let file = SystemFile(descriptor: descriptor)
        try file.write(contents, at: 0)
        try file.synchronize()
        // SAFETY: as above.
        guard unsafe link(name, path) == 0 || errno == EEXIST else { throw .system(.create, code: errno) }
    }

    /// Waits until the file's name is on the disk.
    /// - Throws: `.system`.
    static func synchronizeFolder(of path: String) throws(RecordFileError) {
        var folder = "."
        if let slash = path.lastIndex(of: "/") { folder = slash == path.startIndex ? "/" : String(path[..<slash]) }
        // SAFETY: the C string of the folder lives as long as the call.
        let descriptor = retrying { unsafe open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC) }
        guard descriptor >= 0 else { throw .system(.synchronize, code: errno) }
        try SystemFile(descriptor: descriptor).synchronize()
    }

    /// The size in bytes.
    /// - Throws: `.system`.
    func byteCount() throws(RecordFileError) -> UInt64 { UInt64(try status().st_size) }

    /// Exactly `count` bytes from `offset`.
    /// - Throws: `.system`, with `EIO` if the file ends before.
    func read(_ count: Int, at offset: UInt64) throws(RecordFileError) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        var done = 0
        while done < count {
            // SAFETY: done < count = buffer.count, and at most buffer.count − done bytes are written.
            let result = unsafe bytes.withUnsafeMutableBytes { (buffer) in
                unsafe pread(descriptor, buffer.baseAddress! + done, buffer.count - done, off_t(offset) + off_t(done))
            }
            if result > 0 {
                done += result
            } else if result == 0 || errno != EINTR {
                throw .system(.read, code: result == 0 ? EIO : errno)
            }
        }
        return bytes
    }

    /// Writes all of `bytes` to `offset`.
    /// - Throws: `.system`; any part of them may have been written.
    func write(_ bytes: [UInt8], at offset: UInt64) throws(RecordFileError) {
        var done = 0
        while done < bytes.count {
            // SAFETY: done < bytes.count = buffer.count, and buffer.count − done bytes are read.
            let result = unsafe bytes.withUnsafeBytes { (buffer) in
                unsafe pwrite(descriptor, buffer.baseAddress! + done, buffer.count - done, off_t(offset) + off_t(done))
            }
            if result > 0 {
                done += result
            } else if result == 0 || errno != EINTR {
                throw .system(.write, code: result == 0 ? EIO : errno)
            }
        }
    }

    /// Waits until everything that was written is on the disk, as far as the disk says the truth.
    /// - Throws: `.system`; what is on the disk is then not known, and asking again would not tell.
    func synchronize() throws(RecordFileError) {
        #if canImport(Darwin)
        // `fsync` leaves the disk's own cache alone there.
        let result = retrying { fcntl(descriptor, F_FULLFSYNC) }
        #else
        let result = retrying { fsync(descriptor) }
        #endif
        guard result == 0 else { throw .system(.synchronize, code: errno) }
    }

    /// Cuts the file off.
    /// - Throws: `.system`.
    func truncate(to byteCount: UInt64) throws(RecordFileError) {
        guard retrying({ ftruncate(descriptor, off_t(byteCount)) }) == 0 else {
            throw .system(.truncate, code: errno)
        }
    }

    private func status() throws(RecordFileError) -> stat {
        var status = stat()
        // SAFETY: `status` outlives the call.
        guard unsafe fstat(descriptor, &status) == 0 else { throw .system(.open, code: errno) }
        return status
    }
}

/// Calls the system again for as long as a signal interrupts it.
private func retrying(_ call: () -> CInt) -> CInt {
    while true {
        let result = call()
        if result >= 0 || errno != EINTR { return result }
    }
}
