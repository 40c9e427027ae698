// SPDX-License-Identifier: Apache-2.0

// The lines between the two marks, and these imports, are the example in README.md, letter for letter; a test holds
// them against each other.
import PairwiseMasking
import RingArithmetic
import SecureAggregation

/// Runs the example, and returns what it prints.
func readmeExample() throws -> [String] {
    var output: [String] = []
    func print(_ items: Any...) { output.append(items.map { "\($0)" }.joined(separator: " ")) }

    // README: begin
    let clients = (1...10).map { PartyID($0) }
    let scheme = try SecAgg<UInt32>(
        contributors: clients, server: 100, dimension: 3,
        width: SumCapacity(terms: 10, inputBits: 16).width)  // wide enough that ten 16-bit values cannot wrap
    let driver = AggregationDriver(
        scheme: scheme, context: RoundContext(task: "readme", round: 1), randomness: SystemRandomnessSource(),
        faults: .losing([7], beforeSend: 2))  // client 7 vanishes just before it sends its masked vector
    let outcome = driver.run { client in [client.rawValue, 10 * client.rawValue, 65_535] }
    print("clients in the sum:", outcome.aggregate?.contributors ?? [])
    print("sum:", outcome.aggregate?.sum ?? [])
    // README: end

    return output
}
