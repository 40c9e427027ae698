// SPDX-License-Identifier: Apache-2.0

import Foundation
import SecureRandomness

/// The machine that a measurement was made on, and its memory.
enum Machine {
    /// What a reader of figures needs to know.
    static var json: JSONValue {
        [
            "cpu": .string(cpuName), "cores": .integer(ProcessInfo.processInfo.activeProcessorCount),
            "memory_bytes": .integer(Int(ProcessInfo.processInfo.physicalMemory)),
            "system": .string(ProcessInfo.processInfo.operatingSystemVersionString),
        ]
    }

    private static var cpuName: String {
        let text = (try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8)) ?? ""
        let line = text.split(separator: "\n").first { $0.hasPrefix("model name") }
        return line.flatMap { $0.split(separator: ":").last }.map { $0.trimmingCharacters(in: .whitespaces) }
            ?? "unknown"
    }

    /// Forgets the peak so far, where the kernel allows that (Linux).
    static func resetPeakMemory() {
        try? Data("5".utf8).write(to: URL(fileURLWithPath: "/proc/self/clear_refs"))
    }

    /// The largest resident size since the last reset, in bytes; of the whole process where there is no reset.
    static var peakMemory: Int {
        let status = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
        let line = status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") }
        let kilobytes = line.flatMap { Int($0.split(whereSeparator: { !$0.isNumber }).first ?? "") }
        return kilobytes.map { $0 * 1024 } ?? Platform.peakResidentBytes()
    }
}
