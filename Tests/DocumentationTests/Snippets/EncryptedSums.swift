// SPDX-License-Identifier: Apache-2.0

// The code of a page of documentation: see SnippetPage.
@_spi(Simulation) import PaillierAggregation
import PaillierEncryption
import RingArithmetic
@_spi(Simulation) import SecureAggregation

@Sendable func encryptedSums(_ page: SnippetRun, print: (Any...) -> Void) throws {
    page.begin()
    let seed = SimulationRandomness(seed: 1)
    var generator = seed.generator(purpose: "key")
    let key = try PaillierPrivateKey.generate(
        size: PaillierKeySize.Insecure.bits(512), using: &generator)
    let scheme = try PaillierAggregation<UInt32>(
        contributors: [1, 2, 3, 4], server: 100, keyHolder: 101,
        enrollment: PaillierEnrollment(key: key, randomness: seed), dimension: 2,
        width: SumCapacity(terms: 4, inputBits: 16).width, elementWidth: RingWidth(bits: 16))
    let outcome = AggregationDriver(
        scheme: scheme, context: RoundContext(task: "page", round: 1), randomness: seed
    ).run { client in [client.rawValue, 100] }
    print(outcome.learned[101]?.sum ?? [], "of", outcome.aggregate?.contributors ?? [])
    page.end()
}
