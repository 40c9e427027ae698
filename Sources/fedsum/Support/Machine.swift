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

    /// How much memory a run may take, in bytes: what the kernel says is available, or the limit of this process's
    /// control group where that is lower; all of the machine's where neither is said.
    static var availableMemory: Int {
        let kilobytes = figure("MemAvailable:", inFile: "/proc/meminfo")
        var available = kilobytes.map { $0 * 1024 } ?? Int(ProcessInfo.processInfo.physicalMemory)
        let group = "/sys/fs/cgroup/memory"
        if let limit = number(inFile: group + ".max"), let used = number(inFile: group + ".current") {
            available = min(available, max(0, limit - used))
        }
        return available
    }

    private static func number(inFile path: String) -> Int? {
        (try? String(contentsOfFile: path, encoding: .utf8)).flatMap {
            Int($0.trimmingCharacters(in: .whitespacesAndNewlines))
        }
    }

    /// The number in the line of a `/proc` file that starts with a key.
    private static func figure(_ key: String, inFile path: String) -> Int? {
        let text = (try? String(contentsOfFile: path, encoding: .utf8)) ?? ""
        let line = text.split(separator: "\n").first { $0.hasPrefix(key) }
        return line.flatMap { Int($0.split(whereSeparator: { !$0.isNumber }).first ?? "") }
    }

    /// Forgets the peak so far, where the kernel allows that (Linux).
    static func resetPeakMemory() {
        Platform.returnFreedMemory()
        try? Data("5".utf8).write(to: URL(fileURLWithPath: "/proc/self/clear_refs"))
    }

    /// The largest resident size since the last reset, in bytes; of the whole process where there is no reset.
    static var peakMemory: Int {
        let kilobytes = figure("VmHWM:", inFile: "/proc/self/status")
        return kilobytes.map { $0 * 1024 } ?? Platform.peakResidentBytes()
    }
}
