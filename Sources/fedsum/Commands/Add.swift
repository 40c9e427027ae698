// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Foundation
import PaillierEncryption
import SecureRandomness

/// `fedsum add`: sums of ciphertexts, file by file.
struct Add: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Adds encrypted numbers of two or more files, without the private key.",
        discussion: """
            Example:
              fedsum add a.json b.json c.json --key keys/public.json --out sum.json

            The first number of the result is the sum of the first numbers of all files, and so on. The result is encrypted with
            fresh randomness: nobody can tell from it which files went into it.
            """)

    @Argument(help: "Files of encrypted numbers, all with as many.")
    var files: [String]

    @Option(help: ArgumentHelp("The public key.", valueName: "file"))
    var key: String

    @Option(help: ArgumentHelp("The file for the sums.", valueName: "file"))
    var out: String

    @Flag(help: "Print one JSON document on standard output.")
    var json = false

    func validate() throws {
        guard files.count >= 2 else { throw ValidationError("there must be two files at least, not \(files.count).") }
    }

    func run() throws {
        try report {
            let key = try PaillierFiles.key(key)
            var sums = try PaillierFiles.numbers(files[0], under: key.publicKey)
            for file in files.dropFirst() {
                let numbers = try PaillierFiles.numbers(file, under: key.publicKey)
                guard numbers.count == sums.count else {
                    throw UsageError(
                        "'\(file)' has \(numbers.count) numbers and '\(files[0])' has \(sums.count); all must have as many."
                    )
                }
                let before = sums
                sums = try onAllCores(sums.count, progress: "added") { (index) throws(PaillierError) in
                    try before[index].adding(numbers[index])
                }
            }
            let (encryptor, added) = (key.encryptor, sums)
            let fresh = try onAllCores(sums.count, progress: "re-randomized") { (index) throws(PaillierError) in
                var randomness = SystemRandomness()
                return try EncryptedNumber(
                    encryptor.rerandomize(added[index].ciphertext, using: &randomness),
                    exponent: added[index].exponent)
            }
            try PaillierFiles.write(fresh, under: key.publicKey, to: out)
            try Encrypt.say("the sums of \(files.count) files", fresh.count, out, json)
        }
    }
}
