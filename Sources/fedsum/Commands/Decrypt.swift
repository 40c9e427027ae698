// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Foundation
import PaillierEncryption

/// `fedsum decrypt`: ciphertexts to numbers.
struct Decrypt: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Decrypts numbers with a Paillier key.",
        discussion: """
            Example:
              fedsum decrypt --key keys/private.json sum.json

            One number a line: integers in full, doubles as the shortest decimal that gives the same double.
            """)

    @Argument(help: "The file of encrypted numbers.")
    var file: String

    @Option(help: ArgumentHelp("The private key.", valueName: "file"))
    var key: String

    @Flag(help: "Print one JSON document on standard output.")
    var json = false

    func run() throws {
        try report {
            guard case .secret(let key) = try PaillierFiles.key(key) else {
                throw UsageError("'\(key)' is a public key; decryption takes the private one.")
            }
            let numbers = try PaillierFiles.numbers(file, under: key.publicKey)
            let texts = try onAllCores(numbers.count, progress: "decrypted") {
                (index) throws(PaillierError) -> String in
                let number = try key.decrypt(numbers[index])
                if number.exponent >= 0, let integer = try? number.integer() { return String(integer) }
                let value = try number.double()
                guard value.isFinite else { throw .encodingOverflow }
                return value.description
            }
            guard json else { return Terminal.output(texts.joined(separator: "\n")) }
            let document: JSONValue = ["values": .array(texts.map { .number(Double($0) ?? .nan) })]
            Terminal.output(try document.text())
        }
    }
}
