// SPDX-License-Identifier: Apache-2.0

import PaillierAggregation
import PairwiseMasking
import ProtocolCryptography
import RingArithmetic
@_spi(Simulation) import SecureAggregation
@_spi(Simulation) import SecureRandomness
import SharingAggregation
import Testing

/// Roles are types: no stored property of a server can hold a clear vector, at any depth.
@Suite struct PlaintextReflectionTests {
    /// The types that hold vectors which are safe for a server to see.
    private static let protected = ["MaskedVector", "MaskedSum", "VectorShare", "ShareSum"]

    /// The paths of properties whose declared type has `[UInt32]` in it, protected types apart.
    private func clearVectors(in value: Any, path: String = "", depth: Int = 0) -> [String] {
        let type = String(reflecting: Swift.type(of: value))
        let name = type.prefix { $0 != "<" }.split(separator: ".").last.map(String.init) ?? type
        if Self.protected.contains(name) { return [] }
        // A protected type inside a container is taken out of the name before the name is searched.
        var searched = type
        for word in Self.protected { searched = searched.replacing("\(word)<Swift.UInt32>", with: word) }
        if searched.contains("Array<Swift.UInt32>") || searched.contains("[Swift.UInt32]") {
            return [path + ": " + type]
        }
        guard depth < 12 else { return [] }
        let mirror = Mirror(reflecting: value)
        // Keys of the cryptographic library and journals are classes or foreign; they hold no vectors.
        guard mirror.displayStyle != .class else { return [] }
        return mirror.children.flatMap { child in
            clearVectors(in: child.value, path: path + "." + (child.label ?? "_"), depth: depth + 1)
        }
    }

    private func additive() throws -> AdditiveAggregation<UInt32> {
        try AdditiveAggregation(
            contributors: [1, 2, 3],
            leader: 1000,
            aggregators: [1001],
            enrollment: .simulated([1, 2, 3], [1001]),
            dimension: 4,
            width: RingWidth(bits: 24)
        )
    }

    private func party<Scheme: AggregationScheme>(_ id: PartyID, of scheme: Scheme) throws -> any AggregationParty<
        UInt32, Scheme.Message
    > where Scheme.Element == UInt32 {
        try scheme.makeParty(
            id,
            contributing: scheme.helpers.contains(id) ? nil : [1, 2, 3, 4],
            in: RoundContext(task: "test", round: 1),
            using: SystemRandomness()
        )
    }

    @Test(arguments: SecAggSetting.all) func `the server of SecAgg has no place for a clear vector`(
        setting: SecAggSetting
    ) throws {
        let round = try SecAggRound(setting)
        var server = try party(1000, of: round.scheme)
        #expect(clearVectors(in: server) == [])
        _ = try server.start()
        #expect(clearVectors(in: server) == [])
        // In the middle of a round too, when its collections are not empty.
        for progress in try [round.advertised(), round.shared(), round.masked(), round.signed()] {
            #expect(clearVectors(in: progress.server) == [])
        }
    }

    @Test func `leader and aggregators of additive sharing have no place for a clear vector`() throws {
        let scheme = try additive()
        for helper in scheme.helpers { #expect(clearVectors(in: try party(helper, of: scheme)) == []) }
        // In the middle of a round too: a leader with shares and an answer, an aggregator with an answer.
        var leader = try party(1000, of: scheme)
        _ = try leader.start()
        for id in scheme.contributors {
            var contributor = try party(id, of: scheme)
            let message = try #require(try contributor.start().envelopes.first?.message)
            #expect(try leader.receive(message, from: id) == .accepted)
        }
        #expect(clearVectors(in: leader) == [])
        let list = try #require(try leader.advance().envelopes.first?.message)
        var aggregator = try party(1001, of: scheme)
        _ = try aggregator.start()
        #expect(try aggregator.receive(list, from: 1000) == .accepted)
        #expect(clearVectors(in: aggregator) == [])
        let answer = try #require(try aggregator.advance().envelopes.first?.message)
        #expect(try leader.receive(answer, from: 1001) == .accepted)
        #expect(clearVectors(in: leader) == [])
    }

    @Test(arguments: KeyHolderAudit.allCases)
    func `server and key holder of paillier have no place for a clear vector`(audit: KeyHolderAudit) throws {
        let scheme = try PaillierAggregation<UInt32>(
            contributors: [1, 2, 3],
            server: 1000,
            keyHolder: 1001,
            enrollment: .simulated(signers: [1, 2, 3]),
            audit: audit,
            dimension: 4,
            width: RingWidth(bits: 24)
        )
        var server = try party(1000, of: scheme)
        _ = try server.start()
        for id in scheme.contributors {
            var contributor = try party(id, of: scheme)
            #expect(clearVectors(in: contributor).count == 1)
            let message = try #require(try contributor.start().envelopes.first?.message)
            #expect(try server.receive(message, from: id) == .accepted)
        }
        #expect(clearVectors(in: server) == [])
        let message = try #require(try server.advance().envelopes.first?.message)
        var keyHolder = try party(1001, of: scheme)
        _ = try keyHolder.start()
        #expect(try keyHolder.receive(message, from: 1000) == .accepted)
        #expect(clearVectors(in: keyHolder) == [])
        _ = try keyHolder.advance()
        guard case .finished(_, let aggregate) = try keyHolder.advance() else { throw AggregationError.outOfOrder }
        #expect(aggregate?.sum == [3, 6, 9, 12])
    }

    @Test func `clients, and the plain server, have one, and it is found`() throws {
        #expect(clearVectors(in: try SecAggRound().party(1)).count == 1)
        #expect(clearVectors(in: try party(1, of: additive())).count == 1)
        let plain = try Insecure.Plain<UInt32>(
            contributors: [1, 2, 3],
            server: 1000,
            dimension: 4,
            width: RingWidth(bits: 24)
        )
        #expect(clearVectors(in: try party(1000, of: plain)).count == 1)
        #expect(clearVectors(in: try party(1, of: plain)).count == 1)
    }

    @Test func `a vector in an optional, a dictionary or an enumeration is found`() {
        struct Holder {
            var optional: [UInt32]?
            var byParty: [PartyID: [UInt32]] = [:]
            var nested: [[UInt32]] = []
            var result: Result<[UInt32], AggregationError>?
            var harmless: [UInt8] = []
        }
        #expect(clearVectors(in: Holder()).count == 4)
    }

    @Test func `no message that a server gets can hold a clear vector`() throws {
        let progress = try SecAggRound().masked()
        let message = SecAggMessage<UInt32>.maskedVector(try #require(progress.masked[1]))
        #expect(clearVectors(in: message) == [])
        #expect(clearVectors(in: PlainMessage<UInt32>.vector([1])).count == 1)
    }
}
