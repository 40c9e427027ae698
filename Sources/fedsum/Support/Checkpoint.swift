// SPDX-License-Identifier: Apache-2.0

import FederatedLearning
import Foundation
import ProtocolCryptography

/// A model between two rounds, in a file.
struct Checkpoint: Codable {
    var format = "fedsum-checkpoint-1"
    var seed: UInt64
    var fingerprint: String
    var nextRound: Int
    /// IEEE 754 single precision, little-endian.
    var parameterBytes: Data
    /// SHA-256 over all of the above: a file that a disk has changed must not be trained on.
    var digest = ""

    init(seed: UInt64, fingerprint: String, nextRound: Int, parameters: [Float]) {
        self.seed = seed
        self.fingerprint = fingerprint
        self.nextRound = nextRound
        parameterBytes = Data(littleEndianBytes(of: parameters))
        digest = expectedDigest
    }

    private var expectedDigest: String {
        let head = "\(format)\n\(seed)\n\(fingerprint)\n\(nextRound)\n"
        return HashDigest(of: Array(head.utf8) + [UInt8](parameterBytes)).description
    }

    init(contentsOf path: String) throws {
        guard let data = try? Data(contentsOf: URL(fileURLWithPath: path)) else {
            throw UsageError("the checkpoint '\(path)' cannot be read.")
        }
        guard let checkpoint = try? JSONDecoder().decode(Checkpoint.self, from: data),
            checkpoint.format == "fedsum-checkpoint-1", checkpoint.parameterBytes.count % 4 == 0,
            checkpoint.nextRound >= 0, checkpoint.digest == checkpoint.expectedDigest
        else { throw UsageError("'\(path)' is not a checkpoint of this version, or is damaged; it was left as it is.") }
        self = checkpoint
    }

    var parameters: [Float] {
        let bytes = [UInt8](parameterBytes)
        return stride(from: 0, to: bytes.count, by: 4).map { offset in
            var pattern: UInt32 = 0
            for byte in 0..<4 { pattern |= UInt32(bytes[offset + byte]) << UInt32(8 * byte) }
            return Float(bitPattern: pattern)
        }
    }

    /// Replaces the file at once, or leaves the one before.
    func write(to path: String) throws {
        do {
            try JSONEncoder().encode(self).write(to: URL(fileURLWithPath: path), options: .atomic)
        } catch {
            throw CheckpointError(path: path, reason: error.localizedDescription)
        }
    }

    struct CheckpointError: LocalizedError {
        let path: String
        let reason: String
        var errorDescription: String? {
            "the checkpoint '\(path)' cannot be written: \(reason) The checkpoint of the round before, if there is one, is unharmed."
        }
    }
}
