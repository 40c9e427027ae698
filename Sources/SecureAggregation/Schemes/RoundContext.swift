// SPDX-License-Identifier: Apache-2.0

public import ProtocolCryptography

/// What all parties of one aggregation must agree on before the first message; every key is derived from it.
///
/// Clients that were sent different models, or were told different parameters, derive different keys, so that their
/// masks do not cancel and nothing is learned [PFA22].
public struct RoundContext: Hashable, Sendable {
    /// The name of the task, 1 to 255 bytes of UTF-8.
    public let task: String
    /// The number of the round in the task. Never used again once shares were released in it.
    public let round: UInt64
    /// 0 for the first try of a round.
    public let attempt: UInt32
    /// The digest of the model that the server sent out; zeros where there is none.
    public let modelDigest: HashDigest
    /// The digest of the application's parameters (codec, clipping bound, weights); zeros where there are none.
    public let parametersDigest: HashDigest

    /// The context of one aggregation.
    ///
    /// - Precondition: `task` has 1 to 255 bytes of UTF-8.
    public init(
        task: String, round: UInt64, attempt: UInt32 = 0, modelDigest: HashDigest = .zero,
        parametersDigest: HashDigest = .zero
    ) {
        precondition((1...255).contains(task.utf8.count), "The name of a task has 1 to 255 bytes.")
        self.task = task
        self.round = round
        self.attempt = attempt
        self.modelDigest = modelDigest
        self.parametersDigest = parametersDigest
    }

    func encode(into encoder: inout WireEncoder) {
        encoder.write(Array(task.utf8), lengthBytes: 1)
        encoder.write(round)
        encoder.write(attempt)
        encoder.write(bytes: modelDigest.bytes)
        encoder.write(bytes: parametersDigest.bytes)
    }
}

extension RoundContext {
    /// The context of one aggregation, bound to the bytes of a model and of an application's parameters.
    ///
    /// - Precondition: `task` has 1 to 255 bytes of UTF-8.
    public init(task: String, round: UInt64, attempt: UInt32 = 0, model: [UInt8], parameters: [UInt8]) {
        self.init(
            task: task, round: round, attempt: attempt, modelDigest: HashDigest(of: model),
            parametersDigest: HashDigest(of: parameters))
    }
}
