// SPDX-License-Identifier: Apache-2.0

/// A step of a scheme: which message this is, and the name under which its cost is reported.
///
/// Several consecutive steps can share a name: a request and its answer belong to one stage of the paper.
public struct Stage: Hashable, Sendable {
    /// The position of the step, from 0. A party waits for one step at a time.
    public let ordinal: Int
    /// The paper's name of the stage, such as `masked-input`.
    public let name: String

    /// The step at a position.
    public init(_ ordinal: Int, _ name: String) {
        self.ordinal = ordinal
        self.name = name
    }
}

extension Stage: Comparable {
    /// Orders by number.
    public static func < (a: Stage, b: Stage) -> Bool { a.ordinal < b.ordinal }
}
