// SPDX-License-Identifier: Apache-2.0

import ProtocolCryptography

/// What became of one file of test vectors.
struct VectorFileReport {
    let file: TestVectorFile
    var schema: String?
    var passed = 0
    var skipped = 0
    var failures: [(id: String, reason: String)] = []
    /// What was not checked, by name.
    var skippedGroups: [String] = []

    init(_ file: TestVectorFile) { self.file = file }

    var path: String { file.path }

    /// Nothing in the file was checked, though nothing was wrong with it.
    var isOnlySkipped: Bool { passed == 0 && failures.isEmpty }

    /// Runs one case: whatever it throws is its failure.
    mutating func check(_ id: String, _ body: () throws -> Void) {
        do {
            try body()
            passed += 1
        } catch {
            failures.append((id, (error as? CaseFailure)?.reason ?? "\(error)"))
        }
    }

    mutating func skip(_ group: String, rows: Int) {
        skippedGroups.append(group)
        skipped += rows
    }

    private static let shownFailures = 10

    var text: String {
        var lines = ["\(file.name): \(passed) passed, \(failures.count) failed, \(skipped) skipped"]
        lines += failures.prefix(Self.shownFailures).map { "  \($0.id): \($0.reason)" }
        if failures.count > Self.shownFailures { lines.append("  … and \(failures.count - Self.shownFailures) more") }
        if !skippedGroups.isEmpty { lines.append("  skipped: \(skippedGroups.joined(separator: "; "))") }
        return lines.joined(separator: "\n")
    }

    var json: JSONValue {
        [
            "path": .string(path), "schema": schema.map { .string($0) } ?? .null, "passed": .integer(passed),
            "failed": .integer(failures.count), "skipped": .integer(skipped),
            "failures": .array(failures.map { ["case": .string($0.id), "reason": .string($0.reason)] }),
            "skipped_groups": .array(skippedGroups.map { .string($0) }),
        ]
    }
}

// What a checker says about one value.

func require(_ condition: Bool, _ reason: @autoclosure () -> String) throws {
    guard condition else { throw CaseFailure(reason()) }
}

func requireEqual(_ ours: [UInt8], _ expected: [UInt8], _ name: String) throws {
    guard ours != expected else { return }
    guard ours.count == expected.count else {
        throw CaseFailure("'\(name)' has \(expected.count) bytes, ours has \(ours.count)")
    }
    let position = zip(ours, expected).prefix { $0 == $1 }.count
    throw CaseFailure(
        "'\(name)' differs from byte \(position): \(hexadecimal(Array(expected[position...].prefix(4)))), ours is "
            + hexadecimal(Array(ours[position...].prefix(4)))
    )
}

func requireEqual<Value: Equatable>(_ ours: [Value], _ expected: [Value], _ name: String) throws {
    guard ours != expected else { return }
    guard ours.count == expected.count else {
        throw CaseFailure("'\(name)' has \(expected.count) entries, ours has \(ours.count)")
    }
    let position = zip(ours, expected).prefix { $0 == $1 }.count
    throw CaseFailure("'\(name)' differs at \(position): \(expected[position]), ours is \(ours[position])")
}

func requireEqual<Value: Equatable>(_ ours: Value, _ expected: Value, _ name: String) throws {
    guard ours == expected else { throw CaseFailure("'\(name)' is \(expected), ours is \(ours)") }
}

/// Runs what must be refused, for the reason that the case names; `names` are those that vectors may give to an error.
func requireRefusal<Failure: Error, Result>(
    _ fields: VectorFields,
    names: (Failure) -> Set<String>,
    _ body: () throws(Failure) -> Result
) throws {
    let expected = try fields.string("error")
    do throws(Failure) {
        _ = try body()
    } catch {
        guard names(error).contains(expected) else {
            throw CaseFailure("must be refused for '\(expected)', was refused for \(error)")
        }
        return
    }
    throw CaseFailure("must be refused for '\(expected)', was accepted")
}
