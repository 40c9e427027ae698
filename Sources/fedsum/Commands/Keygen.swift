// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Foundation
import PaillierEncryption
import SecureRandomness

/// `fedsum keygen`: long-lived keys in files.
struct Keygen: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Makes keys.",
        discussion: """
            Example:
              fedsum keygen paillier --out keys
            """,
        subcommands: [KeygenPaillier.self])
}

/// `fedsum keygen paillier`: a key pair.
struct KeygenPaillier: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "paillier",
        abstract: "Makes a Paillier key of two safe primes.",
        discussion: """
            Example:
              fedsum keygen paillier --out keys
              fedsum encrypt --key keys/public.json numbers.csv --out numbers.json

            It takes some seconds at 3072 bits, sometimes a minute. The private key is for its holder's eyes only: whoever has
            it reads every number. It is written so that other users of the machine cannot read it.
            """)

    enum Form: String, CaseIterable, ExpressibleByArgument {
        case phe
        case fedsum
    }

    @Option(help: ArgumentHelp("The folder for the two files; it is made if there is none.", valueName: "dir"))
    var out: String

    @Option(help: "Bits of the modulus: 2048, 3072 or 4096.")
    var bits = 3072

    @Option(
        help:
            "phe: public.json and private.json, as python-paillier reads them. fedsum: public.key and private.key, in bytes."
    )
    var format = Form.phe

    @Option(help: .hidden)
    var seed: UInt64?

    @Flag(help: "Print one JSON document on standard output.")
    var json = false

    func run() throws {
        try report {
            guard seed == nil else {
                throw UsageError("keygen takes no --seed: whoever knows the seed of a key knows the key.")
            }
            guard let size = try? PaillierKeySize(bits: bits) else {
                throw UsageError("--bits must be 2048, 3072 or 4096, not \(bits).")
            }
            let folder = URL(fileURLWithPath: try makeFolder(), isDirectory: true)
            let suffix = format == .phe ? "json" : "key"
            let (publicFile, privateFile) = (
                folder.appendingPathComponent("public.\(suffix)"), folder.appendingPathComponent("private.\(suffix)")
            )
            for file in [publicFile, privateFile] where FileManager.default.fileExists(atPath: file.path) {
                throw UsageError("'\(file.path)' is there already, and a key is never overwritten; give another --out.")
            }
            let key = try makeKey(size)
            let secret = format == .phe ? key.pythonPaillierJSON() : key.serialized
            var bytes = secret.withSpan { span in span.indices.map { span[$0] } }
            defer { wipe(&bytes) }
            // Nobody else may read what is made from here on; a file that appeared meanwhile is not touched.
            let mask = umask(0o077)
            let written = Result { try Data(bytes).write(to: privateFile, options: .withoutOverwriting) }
            umask(mask)
            try explainingWrites(to: privateFile) { try written.get() }
            let published =
                format == .phe ? Array((key.publicKey.pythonPaillierJSON() + "\n").utf8) : key.publicKey.serialized
            try explainingWrites(to: publicFile) {
                try Data(published).write(to: publicFile, options: .withoutOverwriting)
            }
            let fingerprint = key.publicKey.fingerprint.map { String(format: "%02x", $0) }.joined()
            guard json else {
                return Terminal.output(
                    """
                    \(publicFile.path): for everybody who encrypts, \(bits) bits, fingerprint \(fingerprint.prefix(16))
                    \(privateFile.path): keep it to yourself
                    """)
            }
            let document: JSONValue = [
                "key_bits": .integer(bits), "fingerprint_sha256": .string(fingerprint),
                "public_key_file": .string(publicFile.path), "private_key_file": .string(privateFile.path),
            ]
            Terminal.output(try document.text())
        }
    }

    private func makeKey(_ size: PaillierKeySize) throws -> PaillierPrivateKey {
        var randomness = SystemRandomness()
        Terminal.note("looking for two safe primes of \(size.bits / 2) bits; this can take a minute")
        defer { Terminal.endProgress() }
        do {
            return try PaillierPrivateKey.generate(size: size, using: &randomness) { tests in
                if tests % 50 == 0 { Terminal.progress("safe primes: \(tests) candidates tested") }
                return !Platform.interruptionRequested
            }
        } catch .cancelled {
            Terminal.endProgress()
            Terminal.note("interrupted: no key was made.")
            throw ExitStatus.failure
        }
    }

    private func makeFolder() throws -> String {
        do {
            try FileManager.default.createDirectory(atPath: out, withIntermediateDirectories: true)
        } catch {
            throw UsageError("the folder '\(out)' cannot be made: \(error.localizedDescription)")
        }
        return out
    }

    private func explainingWrites(to file: URL, _ write: () throws -> Void) throws {
        do {
            try write()
        } catch {
            throw UsageError("'\(file.path)' cannot be written: \(error.localizedDescription)")
        }
    }
}
