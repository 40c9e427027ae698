// SPDX-License-Identifier: Apache-2.0

import RingArithmetic
import SecureAggregation
import SecureRandomness
import Testing

@Suite struct PlainServerTests {
    private let context = RoundContext(task: "test", round: 1)

    private func scheme() throws -> Insecure.Plain<UInt32> {
        try Insecure.Plain(contributors: [1, 2, 3], server: 9, dimension: 2, width: RingWidth(bits: 16))
    }

    @Test func `the plain server takes one vector of a contributor`() throws {
        var server = try scheme().makeParty(9, contributing: nil, in: context, using: SystemRandomness())
        _ = try server.start()
        for id in [1, 2, 3] as [PartyID] {
            #expect(try server.receive(.vector([id.rawValue, 7]), from: id) == .accepted)
            #expect(try server.receive(.vector([100, 100]), from: id) == .rejected(.conflicting))
        }
        guard case .finished(_, let aggregate?) = try server.advance() else {
            Issue.record("The server does not finish.")
            return
        }
        #expect(aggregate == Aggregate(sum: [6, 21], contributors: [1, 2, 3]))
    }

    @Test func `only contributors and the server become parties of the plain scheme`() throws {
        for id in [0, 4, 10] as [PartyID] {
            #expect(throws: AggregationError.unknownParty(id)) {
                try scheme().makeParty(id, contributing: [1, 2], in: context, using: SystemRandomness())
            }
        }
        #expect(throws: AggregationError.missingVector(1)) {
            try scheme().makeParty(1, contributing: nil, in: context, using: SystemRandomness())
        }
    }
}
