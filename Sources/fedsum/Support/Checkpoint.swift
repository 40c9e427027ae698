// SPDX-License-Identifier: Apache-2.0

import FederatedLearning
import Foundation
import ProtocolCryptography

/// A model between two rounds, in a file.
struct Checkpoint: Codable {
    var format = Self.currentFormat
    var seed: UInt64
    var fingerprint: String
    var nextRound: Int
    /// IEEE 754 single precision, little-endian.
    var parameterBytes: Data
    /// The same for the server's momentum; empty if it has none.
    var velocityBytes: Data
    /// In how many rounds each client took part; empty where nobody counts.
    var participations: [Int]
    /// SHA-256 over all of the above: a file that a disk has changed must not be trained on.
    var digest = ""

    private static let currentFormat = "fedsum-checkpoint-2"

    init(seed: UInt64, fingerprint: String, state: TrainingState) {
        self.seed = seed
        self.fingerprint = fingerprint
        nextRound = state.nextRound
        parameterBytes = Data(littleEndianBytes(of: state.parameters))
        velocityBytes = Data(littleEndianBytes(of: state.velocity))
        participations = state.participations
        digest = expectedDigest
    }

    private var expectedDigest: String {
        let head = "\(format)\n\(seed)\n\(fingerprint)\n\(nextRound)\n\(parameterBytes.count)\n\(participations)\n"
        return HashDigest(of: Array(head.utf8) + [UInt8](parameterBytes) + [UInt8](velocityBytes)).description
    }

    init(contentsOf path: String) throws {
        guard let data = try? Data(contentsOf: URL(fileURLWithPath: path)) else {
            throw UsageError("the checkpoint '\(path)' cannot be read.")
        }
        guard let checkpoint = try? JSONDecoder().decode(Checkpoint.self, from: data),
            checkpoint.format == Self.currentFormat, checkpoint.parameterBytes.count % 4 == 0,
            checkpoint.velocityBytes.isEmpty || checkpoint.velocityBytes.count == checkpoint.parameterBytes.count,
            (0...1 << 40).contains(checkpoint.nextRound),
            checkpoint.participations.allSatisfy({ (0...1 << 40).contains($0) }),
            checkpoint.digest == checkpoint.expectedDigest
        else { throw UsageError("'\(path)' is not a checkpoint of this version, or is damaged; it was left as it is.") }
        self = checkpoint
    }

    var state: TrainingState {
        TrainingState(
            parameters: Self.floats(parameterBytes), velocity: Self.floats(velocityBytes), nextRound: nextRound,
            participations: participations)
    }

    private static func floats(_ data: Data) -> [Float] {
        let bytes = [UInt8](data)
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
