// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Foundation
import PaillierEncryption
import ProtocolCryptography
import SecureRandomness

/// `fedsum encrypt`: numbers in a text, one ciphertext each.
struct Encrypt: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Encrypts numbers under a Paillier key, in python-paillier's form.",
        discussion: """
            Example:
              fedsum encrypt --key keys/public.json numbers.csv --out numbers.json
              echo 0.1 | fedsum encrypt --key keys/public.json - --out number.json

            The file has one number a line. Whole numbers are encrypted as integers, all others as doubles, exactly; the
            exponent of a double is not hidden and tells its magnitude.
            """)

    @Argument(help: "The file of numbers; - for standard input.")
    var file: String

    @Option(help: ArgumentHelp("The public key, or the private one (faster).", valueName: "file"))
    var key: String

    @Option(help: ArgumentHelp("The file for the ciphertexts.", valueName: "file"))
    var out: String

    @Flag(help: "Print one JSON document on standard output.")
    var json = false

    func run() throws {
        try report {
            let key = try PaillierFiles.key(key)
            let numbers = try PaillierFiles.encoded(file, under: key.publicKey)
            let encryptor = key.encryptor
            let encrypted = try onAllCores(numbers.count, progress: "encrypted") { (index) throws(PaillierError) in
                var randomness = SystemRandomness()
                return try encryptor.encrypt(numbers[index], using: &randomness)
            }
            try PaillierFiles.write(encrypted, under: key.publicKey, to: out)
            try Self.say("encrypted", encrypted.count, out, json)
        }
    }

    /// What was written.
    static func say(_ what: String, _ count: Int, _ path: String, _ json: Bool) throws {
        guard json else { return Terminal.output("\(path): \(count) \(count == 1 ? "number" : "numbers"), \(what)") }
        let document: JSONValue = ["count": .integer(count), "file": .string(path)]
        Terminal.output(try document.text())
    }
}

/// Does `count` things on all cores, some hundred at a time.
/// - Throws: the first failure, or `ExitStatus.failure` when it is interrupted.
func onAllCores<Value: Sendable>(
    _ count: Int, progress: String, _ body: @Sendable (Int) throws(PaillierError) -> Value
) throws -> [Value] {
    var values: [Value] = []
    values.reserveCapacity(count)
    while values.count < count {
        guard !Platform.interruptionRequested else {
            Terminal.endProgress()
            Terminal.note("interrupted: nothing was written.")
            throw ExitStatus.failure
        }
        let start = values.count
        let results = concurrentMap(min(256, count - start)) { (index) -> Result<Value, PaillierError> in
            do throws(PaillierError) { return .success(try body(start + index)) } catch { return .failure(error) }
        }
        for result in results { values.append(try result.get()) }
        if count > 256 { Terminal.progress("\(progress) \(values.count) of \(count)") }
    }
    Terminal.endProgress()
    return values
}
