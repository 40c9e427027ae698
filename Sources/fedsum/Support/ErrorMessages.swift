// SPDX-License-Identifier: Apache-2.0

import DifferentialPrivacy
import FederatedLearning
import Foundation
import PaillierEncryption
import PairwiseMasking
import ProtocolCryptography
import RingArithmetic
import SecureAggregation
import SecureRandomness

/// What the user gave makes no sense; the text says what would.
struct UsageError: Error {
    let text: String
    init(_ text: String) { self.text = text }
}

/// What was wrong, the bound that was broken, and what to do.
func explain(_ error: any Error) -> String {
    switch error {
    case let error as UsageError: error.text
    case let error as RingError: explain(error)
    case let error as AggregationError: explain(error)
    case let error as FederatedLearningError: explain(error)
    case let error as RandomnessError: explain(error)
    case let error as MaskingPlanError: explain(error)
    case let error as AccountingError: explain(error)
    case let error as PaillierFileError: "'\(error.path)': \(explain(error.error))"
    case let error as PaillierError: explain(error)
    case let error as CryptographyError: "a cryptographic operation failed: \(error)"
    default: error.localizedDescription
    }
}

/// Whether the user can mend the call itself, as opposed to a run that went wrong.
func isUsage(_ error: any Error) -> Bool {
    switch error {
    case is UsageError: true
    case let error as AggregationError:
        switch error {
        case .duplicateParty, .tooFewHelpers, .cohortTooSmall, .minimumCohortTooSmall, .thresholdOutOfRange,
            .aggregatorThresholdOutOfRange, .tooManyAggregators, .dimensionOutOfRange, .elementTooNarrow,
            .tooManyParties:
            true
        default: false
        }
    case let error as RingError:
        switch error {
        case .bitWidthOutOfRange, .fieldBitsOutOfRange, .fieldTooSmall, .inputBitsOutOfRange, .clipNotPositive,
            .capacityNotPositive, .capacityExceeded, .weightOutOfRange:
            true
        default: false
        }
    case let error as MaskingPlanError:
        switch error {
        case .clientsOutOfRange, .fractionOutOfRange, .countOutOfRange, .bitsOutOfRange: true
        case .tooFewForGraph, .unsatisfiable, .completeGraph: false
        }
    case let error as AccountingError: isUsage(error)
    case let error as FederatedLearningError:
        switch error {
        case .diverged: false
        default: true
        }
    default: false
    }
}

private func explain(_ error: RingError) -> String {
    switch error {
    case .bitWidthOutOfRange(let bits): "a ring has 1 to 64 bits, not \(bits)."
    case .elementTooNarrow(let needed, let available):
        "the ring needs \(needed) bits and its words have \(available)."
    case .fieldBitsOutOfRange(let bits): "a prime field has 3 to 61 bits, not \(bits)."
    case .fieldTooSmall(let terms, let bits):
        "no prime field of at most 61 bits holds the sum of \(terms) vectors over Z/2^\(bits). Use fewer --bits or fewer"
            + " clients."
    case .inputBitsOutOfRange(let bits): "--bits must be between 1 and 32, not \(bits)."
    case .clipNotPositive: "--clip must be a finite number above 0."
    case .capacityNotPositive: "the number of clients and the largest weight must be at least 1."
    case .capacityExceeded(let terms, let weight, let bits, let needed, let available):
        "the sum could wrap around: \(terms) clients × weight \(weight) × (2^\(bits) − 1) needs \(needed) bits, and the ring has"
            + " \(available). Use fewer --bits, fewer clients or smaller weights."
    case .weightOutOfRange(let weight, let maximum): "a weight of \(weight) is outside 0 … \(maximum)."
    case .notFinite(let coordinate): "the value at position \(coordinate) is not a finite number; nothing was sent."
    case .packedLengthMismatch(let expected, let actual): "\(actual) packed bytes instead of \(expected)."
    case .nonZeroPadding: "the unused bits of a packed vector are not zero."
    case .lengthMismatch(let expected, let actual): "a vector has \(actual) elements instead of \(expected)."
    case .emptySum: "all weights are 0, so there is no mean."
    case .randomness(let error): explain(error)
    }
}

private func explain(_ error: RandomnessError) -> String {
    switch error {
    case .systemSourceUnavailable(let code):
        "the operating system gave no random bytes (errno \(code)); nothing weaker is used."
    case .expansionFailed: "the cipher that expands randomness failed; nothing was made of it."
    case .exhausted(let limit): "a seeded generator gives \(limit) bytes and no more."
    }
}

/// One sentence for an aggregation error.
func explain(_ error: AggregationError) -> String {
    switch error {
    case .duplicateParty(let id): "party \(id) is listed twice, or not in ascending order."
    case .tooFewHelpers(let have, let minimum):
        "\(have) helpers are too few: the scheme needs \(minimum) (--aggregators)."
    case .cohortTooSmall(let contributors, let minimum):
        "\(contributors) contributors are fewer than the minimum cohort of \(minimum)."
            + (contributors == 2
                ? " With two, each learns the other's vector from the sum; --two-may-learn-each-other accepts that."
                : "")
    case .minimumCohortTooSmall(let count): "a minimum cohort of \(count) shows inputs; it must be at least 3."
    case .thresholdOutOfRange(let threshold, let contributors):
        "the threshold (--threshold of secagg and secagg+, --peer-threshold of peer-to-peer) must satisfy n/2 < t ≤ n, where n is"
            + " the clients, in secagg+ the neighbors: \(contributors)/2 < \(threshold) ≤ \(contributors) does not hold."
    case .neighborsOutOfRange(let neighbors, let maximum):
        "--neighbors must be an even number between 2 and \(maximum), not \(neighbors)."
    case .missingBeacon: "a sparse graph against a server that lies needs a public beacon."
    case .aggregatorThresholdOutOfRange(let threshold, let aggregators):
        "--aggregator-threshold must satisfy K/2 < t ≤ K: \(aggregators)/2 < \(threshold) ≤ \(aggregators) does not hold."
    case .tooManyAggregators(let count, let prime):
        "\(count) aggregators are too many for the field of \(prime) elements; take fewer, or a wider ring."
    case .unusableKey(let violation): "an enrolled key cannot be used: \(violation)."
    case .missingKey(let id): "no key is enrolled for party \(id), or its private key is not here."
    case .dimensionOutOfRange(let dimension): "a vector has 1 to 2^32 − 1 elements, not \(dimension)."
    case .elementTooNarrow(let needed, let available): "the ring needs \(needed) bits and its words have \(available)."
    case .tooManyParties(let count):
        "\(count) parties are more than one aggregation can list (\(Roster.maximumContributors) clients, \(Roster.maximumHelpers) helpers)."
    case .unknownParty(let id): "party \(id) does not take part."
    case .missingVector(let id): "party \(id) brought no vector."
    case .wrongVectorLength(let expected, let actual): "a vector has \(actual) elements instead of \(expected)."
    case .elementOutOfRange(let index, let bits): "the element at position \(index) has more than \(bits) bits."
    case .sharesAlreadyReleased(let round):
        "shares were released in round \(round); another attempt would show an input by subtraction. Use the next round."
    case .outOfOrder: "a party was driven out of order."
    case .tooFewParties(let stage, let have, let need):
        "too few parties were left at stage '\(stage)': \(have), and \(need) are needed. Nothing was learned."
    case .abortedByPeer(let id, let reason): "party \(id) gave up (\(reason))."
    case .violation(let violation, let id): "party \(id) broke the protocol: \(violation)."
    case .inconsistentShares(let dealer): "party \(dealer) dealt shares that do not fit; leave it out next time."
    case .inconsistentPartialSums(let id):
        "the sum of shares of party \(id) does not fit those of the others: one of them, or a client's shares, is false."
    case .ring(let error): explain(error)
    case .cryptography(let error): "a cryptographic operation failed: \(error)."
    case .randomness(let error): explain(error)
    case .journal(let error): "the journal of released shares cannot be used: \(error)."
    }
}

private func explain(_ error: FederatedLearningError) -> String {
    switch error {
    case .emptyTable: "the file holds no row of data."
    case .notANumber(let line, let column): "line \(line), column \(column) is not a finite number."
    case .notALabel(let line, let column): "line \(line), column \(column) is not a label: an integer from 0 up."
    case .fieldCount(let line, let expected, let found): "line \(line) has \(found) columns instead of \(expected)."
    case .noFeatures: "the data set has no feature columns; the last column is the label."
    case .classCount(let count): "the data set has \(count) classes; at least 2 are needed."
    case .malformedFeatures: "the features are not one row of finite numbers for each label."
    case .labelOutOfRange(let row): "the label of row \(row) is out of range."
    case .testRows: "the rows for testing must be some of the data set's rows, and not all of them."
    case .idxMagicNumber(let file):
        "'\(file.rawValue)' does not begin with \(String(format: "%08x", file.magicNumber)), as a file of unsigned bytes in the IDX"
            + " format does; is it another file, or still compressed without the ending .gz?"
    case .idxLength(let file, let expected, let found):
        "'\(file.rawValue)' has \(found) bytes instead of "
            + (expected == .max ? "more than 2^63" : "\(expected)") + ": it is cut short or damaged; fetch it again."
    case .idxLabelCount(let file, let images, let labels):
        "'\(file.rawValue)' has \(labels) labels for \(images) images: the files do not belong together."
    case .idxImageSize:
        "'\(IDXFile.testImages.rawValue)' has images of another size than '\(IDXFile.trainingImages.rawValue)':"
            + " the files do not belong together."
    case .rowOutOfRange(let row): "there is no row \(row)."
    case .testFraction(let fraction): "a test fraction of \(fraction) leaves no rows on one side."
    case .impossibleFeatureSums: "the features cannot be standardized: their sums are impossible."
    case .partitionArgument(let text): "--split takes iid, dirichlet:A or shards:K, not '\(text)'."
    case .concentration(let alpha):
        "a Dirichlet concentration of \(alpha) is out of range; it must be between 0.001 and 1e6."
    case .shardsPerClient(let count): "a client needs at least one shard, not \(count)."
    case .clientCount(let count): "a federation cannot have \(count) clients."
    case .tooFewRows(let needed, let found):
        "the split needs \(needed) rows and there are \(found); use fewer --clients."
    case .emptyClient: "the split leaves a client without a row; use fewer --clients, a larger A, or another --seed."
    case .modelShape: "the model has an impossible shape."
    case .modelDoesNotFit: "the model does not fit the data set."
    case .parameterCount(let expected, let found): "\(found) parameters instead of \(expected)."
    case .epochs(let count): "--local-epochs must be at least 1, not \(count)."
    case .batchSize(let size): "--batch-size must be at least 1, not \(size)."
    case .learningRate(let rate): "--learning-rate must be a finite number above 0, not \(rate)."
    case .weights: "there must be one non-negative integer weight for each client."
    case .codecTooSmall(let clients, let capacity):
        "a round has \(clients) clients, and the ring is wide enough for \(capacity)."
    case .diverged: "training diverged; use a smaller --learning-rate."
    }
}

private func explain(_ error: MaskingPlanError) -> String {
    switch error {
    case .clientsOutOfRange(let count):
        "--clients must be between 3 and \(MaskingAssumptions.maximumClients), not \(count)."
    case .fractionOutOfRange(let fraction):
        "--adversary-fraction and --dropout-fraction must be at least 0 and below 1: 0 ≤ \(fraction) < 1 does not hold."
    case .countOutOfRange(let count, let clients):
        "colluding and lost clients are each fewer than all: 0 ≤ \(count) < \(clients) does not hold."
    case .bitsOutOfRange(let bits): "--security-bits and --failure-bits must be between 1 and 128, not \(bits)."
    case .tooFewForGraph(let clients):
        "no even number k of neighbors has 2 ≤ k ≤ N − 2 = \(clients - 2): \(clients) clients are too few for a sparse graph."
    case .unsatisfiable(let inequality, let neighbors):
        "no number of neighbors will do. With the largest, k = \(neighbors), \(explain(inequality))."
    case .completeGraph(let threshold, let survivors):
        "on the complete graph the threshold must be at least \(threshold) and at most the \(survivors) clients that are left:"
            + " \(threshold) ≤ t ≤ \(survivors) does not hold."
    }
}

private func explain(_ inequality: MaskingInequality) -> String {
    func claim(_ event: String, _ probability: Double, _ bound: Double) -> String {
        "the probability that \(event) must be below 2^\(Int(bound)): 2^\(String(format: "%.1f", probability)) < 2^\(Int(bound)) does not hold"
    }
    return switch inequality {
    case .connected(let probability, let bound):
        claim("the honest survivors are not connected", probability, bound)
    case .threshold(let least, let most):
        "the threshold t must be at least \(least), since fewer neighbors may collude, and at most \(most), since more may be lost:"
            + " \(least) ≤ t ≤ \(most) does not hold"
    case .honestSurvivorInCuts(let probability, let bound):
        claim("colluding clients alone fill the floor of a cut", probability, bound)
    case .circleUnderLosses(let probability, let bound):
        claim("losses alone fall below the floor of a cut", probability, bound)
    }
}
