// SPDX-License-Identifier: Apache-2.0

// The code of a page of documentation: see SnippetPage.
import ProtocolCryptography
import RingArithmetic
import SecureAggregation
import SecureRandomness
import SharingAggregation

@Sendable func sharedSums(_ page: SnippetRun) throws {
    page.begin()
    var generator = SystemRandomness()
    let key = try KeyAgreementPrivateKey(seed: generator.secretBytes(32))  // the aggregator's, enrolled with all
    let scheme = try AdditiveAggregation<UInt32>(
        contributors: [1, 2, 3, 4], leader: 100, aggregators: [(101, key.publicKey)], privateKeys: [101: key],
        dimension: 2, width: SumCapacity(terms: 4, inputBits: 16).width)
    let driver = AggregationDriver(
        scheme: scheme, context: RoundContext(task: "page", round: 1), randomness: SystemRandomnessSource())
    let outcome = driver.run { client in [client.rawValue, 100] }
    print(outcome.aggregate?.sum ?? [], "learned by", Array(outcome.learned.keys))
    page.end()
}
