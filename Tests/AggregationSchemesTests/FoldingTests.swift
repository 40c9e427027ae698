// SPDX-License-Identifier: Apache-2.0

import Foundation
@_spi(Simulation) import PairwiseMasking
import ProtocolCryptography
import RingArithmetic
@_spi(Simulation) import SecureAggregation
@_spi(Simulation) import SecureRandomness
import SharingAggregation
import Testing

#if os(Linux)

/// A server folds a vector in on arrival: with ten times the clients it takes no more memory.
///
/// Each measurement is a process of its own, since the peak is that of a process. `FEDSUM_SLOW_TESTS=1 swift test -c
/// release --filter FoldingTests` measures 100 against 1,000 clients of 1,000,000 words.
@Suite(.serialized) struct FoldingTests {
    static let isSlow = ProcessInfo.processInfo.environment["FEDSUM_SLOW_TESTS"] == "1"

    @Test func `the plain server's memory does not grow with the number of clients`() async {
        let result = await #expect(processExitsWith: .success, observing: [\.standardOutputContent]) {
            try #require(
                growth(of: Folding.plain, clients: Folding.quickClients, dimension: Folding.quickDimension)
                    < Folding.quickLimit
            )
        }
        report(result)
    }

    @Test func `the additive leader's memory does not grow with the number of clients`() async {
        let result = await #expect(processExitsWith: .success, observing: [\.standardOutputContent]) {
            try #require(
                growth(of: Folding.additive, clients: Folding.quickClients, dimension: Folding.quickDimension)
                    < Folding.quickLimit
            )
        }
        report(result)
    }

    @Test func `the SecAgg server's memory does not grow with the number of clients`() async {
        let result = await #expect(processExitsWith: .success, observing: [\.standardOutputContent]) {
            try requireFoldingSecAgg(.complete, .semiMalicious)
        }
        report(result)
    }

    @Test func `nor does it with signed keys`() async {
        let result = await #expect(processExitsWith: .success, observing: [\.standardOutputContent]) {
            try requireFoldingSecAgg(.complete, .active)
        }
        report(result)
    }

    @Test func `nor does it on a sparse graph`() async {
        let result = await #expect(processExitsWith: .success, observing: [\.standardOutputContent]) {
            try requireFoldingSecAgg(.sparse(neighbors: 20), .curious)
        }
        report(result)
    }

    @Test func `nor does it on a sparse graph against a server that lies`() async {
        let result = await #expect(processExitsWith: .success, observing: [\.standardOutputContent]) {
            let beacon = SimulatedBeacon(randomness: SimulationRandomness(seed: 1))
            try requireFoldingSecAgg(.sparse(neighbors: 20, beacon: beacon), .semiMalicious)
        }
        report(result)
    }

    @Test func `a server that keeps its vectors is found out`() async {
        let result = await #expect(processExitsWith: .success, observing: [\.standardOutputContent]) {
            let growth = try growth(
                of: { clients, dimension in
                    let kept = (0..<clients).map { [UInt32](repeating: UInt32($0), count: dimension) }
                    try #require(kept.map { $0[0] }.max() == UInt32(clients - 1))
                },
                clients: Folding.quickClients,
                dimension: Folding.quickDimension
            )
            try #require(growth > 2 * Folding.quickLimit)
        }
        report(result)
    }

    @Test(.enabled(if: isSlow)) func `a thousand plain clients of a million words`() async {
        let result = await #expect(processExitsWith: .success, observing: [\.standardOutputContent]) {
            try #require(growth(of: Folding.plain, clients: 100...1_000, dimension: 1_000_000) < Folding.slowLimit)
        }
        report(result)
    }

    @Test(.enabled(if: isSlow)) func `a thousand additive clients of a million words`() async {
        let result = await #expect(processExitsWith: .success, observing: [\.standardOutputContent]) {
            try #require(growth(of: Folding.additive, clients: 100...1_000, dimension: 1_000_000) < Folding.slowLimit)
        }
        report(result)
    }

    @Test(.enabled(if: isSlow)) func `a thousand masked vectors of a million words`() async {
        let result = await #expect(processExitsWith: .success, observing: [\.standardOutputContent]) {
            var growths: [Int] = []
            for clients in [100, 1_000] {
                let (base, peak) = try Folding.secAggServer(
                    graph: .complete, threat: .semiMalicious, clients: clients, dimension: 1_000_000)
                print("SecAgg server, masked-input, \(clients) clients: \(peak - base) KiB")
                growths.append(peak - base)
            }
            try #require(growths.allSatisfy { $0 < Folding.slowLimit })
        }
        report(result)
    }
}

private func requireFoldingSecAgg(_ graph: MaskingGraph, _ threat: ThreatModel) throws {
    let (base, peak) = try Folding.secAggServer(
        graph: graph, threat: threat, clients: Folding.quickClients.upperBound, dimension: Folding.quickDimension)
    // One vector of sums and a few of messages under way.
    try #require(peak - base < Folding.quickLimit, "\(peak - base) KiB")
}

/// Passes on what the measuring process printed.
private func report(_ result: ExitTest.Result?) {
    let lines = String(decoding: result?.standardOutputContent ?? [], as: UTF8.self).split(separator: "\n")
    for line in lines where line.contains("KiB") { print(line) }
}

/// By how many KiB the peak grows from the fewest clients to the most.
private func growth(
    of body: (_ clients: Int, _ dimension: Int) throws -> Void,
    clients: ClosedRange<Int>,
    dimension: Int
) throws -> Int {
    try body(clients.lowerBound, dimension)
    let few = try Folding.status("VmHWM")
    try body(clients.upperBound, dimension)
    let many = try Folding.status("VmHWM")
    print("\(clients.lowerBound) clients: \(few) KiB, \(clients.upperBound) clients: \(many - few) KiB more")
    return many - few
}

private enum Folding {
    /// Unoptimized code is a hundred times slower. Kept vectors would take 40 MB at the least.
    static var quickClients: ClosedRange<Int> { isOptimized ? 20...200 : 10...110 }
    /// In KiB.
    static var quickLimit: Int { 16 * 1_024 }
    static var slowLimit: Int { 32 * 1_024 }
    static var quickDimension: Int { isOptimized ? 200_000 : 100_000 }

    private static var isOptimized: Bool {
        var optimized = true
        assert({ optimized = false }() == ())
        return optimized
    }

    /// A line of /proc/self/status, in KiB.
    static func status(_ key: String) throws -> Int {
        let text = try String(contentsOfFile: "/proc/self/status", encoding: .utf8)
        let line = try #require(text.split(separator: "\n").first { $0.hasPrefix(key + ":") })
        return try #require(line.split(whereSeparator: { !$0.isNumber }).first.flatMap { Int($0) })
    }

    private static func run(_ scheme: some AggregationScheme<UInt32>) throws {
        let outcome = AggregationDriver(
            scheme: scheme,
            context: RoundContext(task: "folding", round: 1),
            randomness: SystemRandomnessSource()
        ).run { [UInt32](repeating: $0.rawValue, count: scheme.dimension) }
        let count = UInt32(scheme.contributors.count)
        try #require(outcome.aggregate?.sum.allSatisfy { $0 == count * (count + 1) / 2 } == true)
    }

    static func plain(clients: Int, dimension: Int) throws {
        try run(
            Insecure.Plain<UInt32>(
                contributors: (1...UInt32(clients)).map { PartyID($0) },
                server: 100_000,
                dimension: dimension,
                width: RingWidth(bits: 32)
            )
        )
    }

    static func additive(clients: Int, dimension: Int) throws {
        let contributors = (1...UInt32(clients)).map { PartyID($0) }
        try run(
            AdditiveAggregation<UInt32>(
                contributors: contributors,
                leader: 100_000,
                aggregators: [100_001],
                enrollment: .simulated(contributors, [100_001]),
                dimension: dimension,
                width: RingWidth(bits: 32)
            )
        )
    }

    /// The server's memory before, and at the peak of, its masked-input stage; clients' keys, boxes and vectors are
    /// made up.
    static func secAggServer(
        graph: MaskingGraph, threat: ThreatModel, clients: Int, dimension: Int
    ) throws -> (before: Int, peak: Int) {
        let ids = (1...UInt32(clients)).map { PartyID($0) }
        let enrollment: ClientEnrollment? = threat == .active ? try .simulated(ids) : nil
        let scheme = try SecAgg<UInt32>(
            contributors: ids,
            server: 100_000,
            graph: graph,
            threat: threat,
            enrollment: enrollment,
            dimension: dimension,
            width: RingWidth(bits: 32)
        )
        let context = RoundContext(task: "folding", round: 1)
        let format = scheme.messageFormat(in: context)
        var server = try scheme.makeParty(100_000, contributing: nil, in: context, using: SystemRandomness())
        _ = try server.start()
        for id in ids {
            // Real keys: what they are signed with is checked.
            var client = try scheme.makeParty(
                id, contributing: [UInt32](repeating: 0, count: dimension), in: context, using: SystemRandomness())
            let message = try #require(try client.start().envelopes.first?.message)
            try #require(try server.receive(message, from: id) == .accepted)
        }
        var envelopes = try server.advance().envelopes
        if case .commitment? = envelopes.first?.message { envelopes = try server.advance().envelopes }
        // One box for all: what is measured comes later.
        let box = [UInt8](repeating: 1, count: 88)
        for envelope in envelopes {
            for id in envelope.receivers {
                let peers =
                    switch envelope.message {
                    case .neighborhood(let neighborhood): neighborhood.present.map(\.entry.id)
                    default: ids.filter { $0 != id }
                    }
                let boxes = peers.map { AddressedBox(party: $0, box: box) }
                try #require(try server.receive(.encryptedShares(boxes), from: id) == .accepted)
            }
        }
        _ = try server.advance()

        var generator = SimulationRandomness(seed: 1).generator(purpose: "masked vector")
        var encoder = WireEncoder()
        encoder.write(WireEncoder.version)
        encoder.write(UInt8(0x34))
        encoder.write(bytes: format.session.bytes)
        encoder.write(vector: (0..<dimension).map { _ in UInt32(truncatingIfNeeded: generator.next()) }, as: format)
        let before = try status("VmHWM")
        for id in ids {
            try #require(
                try server.receive(SecAggMessage<UInt32>(decoding: encoder.bytes, as: format), from: id) == .accepted
            )
        }
        let peak = try status("VmHWM")
        guard case .next(let sending, _) = try server.advance(),
            case .survivors(let survivors)? = sending.first?.message
        else { throw AggregationError.outOfOrder }
        try #require(survivors.count == clients)
        return (before, peak)
    }
}

#endif
