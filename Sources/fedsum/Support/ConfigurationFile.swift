// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Foundation
import TOMLKit

/// `--config FILE.toml` and `--set key=value`: other ways to give a verb's flags.
///
/// They are turned into flags before anything is parsed, so a key is checked exactly as the flag is. The file comes
/// first, then `--set`, then the flags themselves; the last one wins.
struct ConfigurationFile: ParsableArguments {
    @Option(
        name: .long,
        help: ArgumentHelp("Take flags from a TOML file: `rounds = 10` is --rounds 10.", valueName: "file.toml"))
    var config: String?

    @Option(name: .long, help: ArgumentHelp("Set one flag by its name; may be repeated.", valueName: "key=value"))
    var set: [String] = []

    /// Puts the flags of the file and of `--set` right after the verb.
    static func expand(_ arguments: [String]) throws -> [String] {
        var fromFile: [String] = []
        var fromSet: [String] = []
        var rest: [String] = []
        var index = 0
        while index < arguments.count {
            let argument = arguments[index]
            index += 1
            func value(of flag: String) throws -> String? {
                if argument.hasPrefix(flag + "=") { return String(argument.dropFirst(flag.count + 1)) }
                guard argument == flag else { return nil }
                guard index < arguments.count else { throw UsageError("\(flag) needs a value.") }
                index += 1
                return arguments[index - 1]
            }
            if let path = try value(of: "--config") {
                fromFile += try flags(inFile: path)
            } else if let setting = try value(of: "--set") {
                guard let separator = setting.firstIndex(of: "="), separator != setting.startIndex else {
                    throw UsageError("--set takes key=value, such as --set rounds=10; it was given '\(setting)'.")
                }
                fromSet += try flag(String(setting[..<separator]), String(setting[setting.index(after: separator)...]))
            } else {
                rest.append(argument)
            }
        }
        guard !fromFile.isEmpty || !fromSet.isEmpty else { return rest }
        guard let verb = rest.firstIndex(where: { !$0.hasPrefix("-") }) else { return rest }
        return Array(rest[...verb]) + fromFile + fromSet + Array(rest[(verb + 1)...])
    }

    private static func flags(inFile path: String) throws -> [String] {
        let text: String
        do {
            text = try String(contentsOfFile: path, encoding: .utf8)
        } catch {
            throw UsageError("the configuration file '\(path)' cannot be read: \(error.localizedDescription)")
        }
        let table: TOMLTable
        do {
            table = try TOMLTable(string: text)
        } catch {
            throw UsageError("the configuration file '\(path)' is not TOML: \(error)")
        }
        var flags: [String] = []
        for key in table.keys.sorted() {
            guard let value = table[key] else { continue }
            guard let text = Self.text(of: value) else {
                throw UsageError("'\(key)' in '\(path)' must be a string, a number, true, false or a list of those.")
            }
            flags += try flag(key, text)
        }
        return flags
    }

    private static func text(of value: any TOMLValueConvertible) -> String? {
        if let text = value.string { return text }
        if let flag = value.bool { return flag ? "true" : "false" }
        if let integer = value.int { return String(integer) }
        if let number = value.double { return String(number) }
        if let list = value.array {
            let parts = list.compactMap { text(of: $0) }
            return parts.count == list.count ? parts.joined(separator: ",") : nil
        }
        return nil
    }

    /// `--key=value`; a key with underscores is the flag with hyphens; `true` is the bare flag, `false` none.
    private static func flag(_ key: String, _ value: String) throws -> [String] {
        let name = "--" + key.replacingOccurrences(of: "_", with: "-")
        guard name != "--config", name != "--set" else {
            throw UsageError("'\(key)' cannot be given in a configuration file or by --set.")
        }
        switch value {
        case "true": return [name]
        case "false": return []
        default: return ["\(name)=\(value)"]
        }
    }
}
