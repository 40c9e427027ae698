// SPDX-License-Identifier: Apache-2.0

// The code of a page of documentation: see SnippetPage.
import RingArithmetic
@_spi(Simulation) import SecureAggregation
@_spi(Simulation) import SharingAggregation

@Sendable func sharedSums(_ page: SnippetRun, print: (Any...) -> Void) throws {
    page.begin()
    let clients: [PartyID] = [1, 2, 3, 4]
    let helpers: [PartyID] = [101, 102, 103]
    let width = try SumCapacity(terms: 4, inputBits: 16).width
    let seed = SimulationRandomness(seed: 1)
    let keys = try SharingEnrollment(contributors: clients, aggregators: helpers, randomness: seed)
    let scheme = try ShamirAggregation<UInt32>(
        contributors: clients, leader: 100, aggregators: helpers, enrollment: keys, dimension: 2, width: width)
    let outcome = AggregationDriver(
        scheme: scheme, context: RoundContext(task: "page", round: 1), randomness: seed,
        faults: .losing([102], beforeSend: 0)
    ).run { client in [client.rawValue, 100] }
    print(outcome.aggregate?.sum ?? [], "without", Array(outcome.lost))
    page.end()

    page.begin()
    let additive = try AdditiveAggregation<UInt32>(
        contributors: clients, leader: 100, aggregators: [101, 102], enrollment: keys,
        dimension: 2, width: width)
    let lossy = AggregationDriver(
        scheme: additive, context: RoundContext(task: "page", round: 2), randomness: seed,
        faults: .losing([102], beforeSend: 0))
    print(lossy.run { _ in [1, 1] }.aborted[100].map { "\($0)" } ?? "no abort")
    page.end()

    page.begin()
    let peers = try PeerToPeerAggregation<UInt32>(
        contributors: clients, dimension: 2, width: width)
    let everybody = AggregationDriver(
        scheme: peers, context: RoundContext(task: "page", round: 3), randomness: seed
    ).run { client in [client.rawValue, 100] }
    print(everybody.aggregate?.sum ?? [], "learned by", everybody.learned.keys.sorted())
    page.end()
}
