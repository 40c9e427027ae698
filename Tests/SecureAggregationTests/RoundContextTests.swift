// SPDX-License-Identifier: Apache-2.0

import ProtocolCryptography
import RingArithmetic
import SecureAggregation
import Testing

@Suite struct RoundContextTests {
    private func session(
        contributors: [PartyID] = [1, 2, 3],
        server: PartyID = 9,
        dimension: Int = 4,
        bits: Int = 20,
        cohort: MinimumCohort = .standard,
        context: RoundContext = RoundContext(task: "task", round: 7)
    ) throws -> HashDigest {
        try Insecure.Plain<UInt32>(
            contributors: contributors,
            server: server,
            dimension: dimension,
            width: RingWidth(bits: bits),
            minimumCohort: cohort
        ).session(in: context)
    }

    @Test func `any one field of context, parameters or parties changes the session`() throws {
        let digest = HashDigest(of: [1])
        let sessions = [
            try session(),
            try session(context: RoundContext(task: "tasks", round: 7)),
            try session(context: RoundContext(task: "Task", round: 7)),
            try session(context: RoundContext(task: "task", round: 8)),
            try session(context: RoundContext(task: "task", round: 7 << 32)),
            try session(context: RoundContext(task: "task", round: 7, attempt: 1)),
            try session(context: RoundContext(task: "task", round: 7, modelDigest: digest)),
            try session(context: RoundContext(task: "task", round: 7, parametersDigest: digest)),
            try session(context: RoundContext(task: "task", round: 7, modelDigest: digest, parametersDigest: digest)),
            try session(contributors: [1, 2, 4]),
            try session(contributors: [1, 2, 3, 4]),
            try session(contributors: [1, 2, 3, 4], cohort: try MinimumCohort(4)),
            try session(server: 10),
            try session(dimension: 5),
            try session(bits: 21),
        ]
        #expect(Set(sessions).count == sessions.count)
        #expect(try session() == session())
    }

    @Test func `the session is the hash of the bytes that the specification lists`() throws {
        // Written out by hand from SessionInput of the wire format.
        var input: [UInt8] = [14] + Array("fedsum session".utf8) + [1]
        input += [5] + Array("plain".utf8)
        input += [0, 9, 20, 0, 0, 0, 4, 0, 0, 0, 3]
        input += [0, 0, 12, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3]
        input += [0, 4, 0, 0, 0, 9]
        input += [4] + Array("task".utf8) + [0, 0, 0, 0, 0, 0, 0, 7, 0, 0, 0, 2]
        input += [UInt8](repeating: 0, count: 64)
        #expect(try session(context: RoundContext(task: "task", round: 7, attempt: 2)) == HashDigest(of: input))
    }
}
