// SPDX-License-Identifier: Apache-2.0
//
// The one file of the package that imports the platform's C library (Scripts/check-layering holds this).
// Whatever differs between Linux and macOS is decided here, so that a port touches one place.

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#elseif canImport(Darwin)
internal import Darwin
#endif

/// What the package needs from the operating system.
package enum Platform {
    /// Fills `buffer` from the kernel's generator.
    ///
    /// Blocks until the kernel's pool is initialized once after boot, never afterwards. A system call for each 4096
    /// bytes where the C library has `getrandom`, else for each 256, the most that `getentropy` gives.
    /// - Throws: `.systemSourceUnavailable` with `errno` if the kernel refuses; the buffer is then not to be used.
    static func fillWithEntropy(_ buffer: UnsafeMutableRawBufferPointer) throws(RandomnessError) {
        guard let base = buffer.baseAddress else { return }
        var offset = 0
        while offset < buffer.count {
            if let getrandom = unsafe getrandom {
                // SAFETY: at most buffer.count − offset bytes are written, inside the caller's buffer.
                let count = unsafe getrandom(base + offset, min(4096, buffer.count - offset), 0)
                if count > 0 {
                    offset += count
                } else if count == 0 || errno != EINTR {
                    throw .systemSourceUnavailable(code: count == 0 ? EIO : errno)
                }
            } else {
                let count = min(256, buffer.count - offset)
                // SAFETY: offset + count ≤ buffer.count, so the call writes inside the caller's buffer.
                let result = unsafe getentropy(base + offset, count)
                guard result == 0 else { throw .systemSourceUnavailable(code: errno) }
                offset += count
            }
        }
    }

    /// `getrandom` of the C library, whose source is that of `getentropy`, without its limit of 256 bytes.
    private static let getrandom: GetRandom? = {
        #if canImport(Glibc)
        // NB: Swift's Glibc module does not show it.
        guard let symbol = unsafe dlsym(nil, "getrandom") else { return nil }
        // SAFETY: a symbol of this name in the C library has this type.
        return unsafe unsafeBitCast(symbol, to: GetRandom.self)
        #else
        return nil
        #endif
    }()

    private typealias GetRandom = @convention(c) @Sendable (UnsafeMutableRawPointer, Int, CUnsignedInt) -> Int

    /// Overwrites memory with zeros in a way that the optimizer may not remove.
    static func wipe(_ buffer: UnsafeMutableRawBufferPointer) {
        guard let base = buffer.baseAddress, buffer.count > 0 else { return }
        #if canImport(Darwin)
        // SAFETY: base and count describe one live allocation that the caller owns.
        unsafe memset_s(base, buffer.count, 0, buffer.count)
        #else
        // SAFETY: base and count describe one live allocation that the caller owns.
        unsafe explicit_bzero(base, buffer.count)
        #endif
    }

    /// CPU time that the calling thread has used.
    package static func threadCPUTime() -> Duration {
        var time = timespec()
        // SAFETY: `time` outlives the call; the clock exists on every supported system.
        guard unsafe clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time) == 0 else { return .zero }
        return .seconds(Int64(time.tv_sec)) + .nanoseconds(Int64(time.tv_nsec))
    }

    /// CPU time, user and system together, that the whole process has used.
    package static func processCPUTime() -> Duration {
        var time = timespec()
        // SAFETY: as in `threadCPUTime()`.
        guard unsafe clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time) == 0 else { return .zero }
        return .seconds(Int64(time.tv_sec)) + .nanoseconds(Int64(time.tv_nsec))
    }

    /// Time since some moment in the past, on a clock that is never set.
    package static func elapsedTime() -> Duration {
        var time = timespec()
        // SAFETY: as in `threadCPUTime()`.
        guard unsafe clock_gettime(CLOCK_MONOTONIC, &time) == 0 else { return .zero }
        return .seconds(Int64(time.tv_sec)) + .nanoseconds(Int64(time.tv_nsec))
    }

    /// The largest resident size that the process has had, in bytes.
    package static func peakResidentBytes() -> Int {
        var usage = rusage()
        // SAFETY: `usage` outlives the call.
        #if canImport(Darwin)
        guard unsafe getrusage(RUSAGE_SELF, &usage) == 0 else { return 0 }
        return Int(usage.ru_maxrss)  // bytes on macOS
        #elseif canImport(Musl)
        guard unsafe getrusage(RUSAGE_SELF, &usage) == 0 else { return 0 }
        return Int(usage.ru_maxrss) * 1024  // KiB on Linux
        #else
        guard unsafe getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage) == 0 else { return 0 }
        return Int(usage.ru_maxrss) * 1024
        #endif
    }

    /// Gives freed memory back to the system where the C library can, so that a later measurement of memory does not
    /// count it.
    package static func returnFreedMemory() {
        #if canImport(Glibc)
        // NB: Swift's Glibc module does not show `malloc_trim`.
        typealias Trim = @convention(c) (Int) -> CInt
        guard let symbol = unsafe dlsym(nil, "malloc_trim") else { return }
        // SAFETY: a symbol of this name in the C library has this type.
        _ = unsafe unsafeBitCast(symbol, to: Trim.self)(0)
        #elseif canImport(Darwin)
        // SAFETY: no zone means all of them.
        _ = unsafe malloc_zone_pressure_relief(nil, 0)
        #endif
    }

    /// Whether standard error is a terminal, so that a progress bar makes sense there.
    package static var standardErrorIsTerminal: Bool { isatty(STDERR_FILENO) == 1 }

    /// Turns the first SIGINT and SIGTERM into a flag that `interruptionRequested` reads; a second SIGINT ends the
    /// process.
    package static func watchForInterruption() {
        for number in [SIGINT, SIGTERM] {
            // The handler only stores to one word and resets the disposition, both async-signal-safe.
            _ = signal(number) { received in
                unsafe interruptionFlag = 1
                _ = signal(received, SIG_DFL)
            }
        }
    }

    /// Whether the user pressed Ctrl-C since `watchForInterruption()`.
    package static var interruptionRequested: Bool {
        // SAFETY: a one-word flag that only goes from 0 to 1.
        unsafe interruptionFlag != 0
    }

    /// `exp`, `exp2`, `log`, `log2`, `cos` of the platform's C library, in double precision.
    package static func exp(_ x: Double) -> Double { libraryExp(x) }
    package static func exp2(_ x: Double) -> Double { libraryExp2(x) }
    package static func log(_ x: Double) -> Double { libraryLog(x) }
    package static func log2(_ x: Double) -> Double { libraryLog2(x) }
    package static func cos(_ x: Double) -> Double { libraryCos(x) }
    package static func exp(_ x: Float) -> Float { libraryExp(x) }
}

private func libraryExp(_ x: Double) -> Double { exp(x) }
private func libraryExp(_ x: Float) -> Float { expf(x) }
private func libraryExp2(_ x: Double) -> Double { exp2(x) }
private func libraryLog(_ x: Double) -> Double { log(x) }
private func libraryLog2(_ x: Double) -> Double { log2(x) }
private func libraryCos(_ x: Double) -> Double { cos(x) }

/// Written once by the signal handler, read by everybody.
nonisolated(unsafe) private var interruptionFlag: Int32 = 0
