// SPDX-License-Identifier: Apache-2.0

public import DurableFiles
public import ProtocolCryptography
public import RingArithmetic
public import SecureRandomness

/// Why an aggregation cannot be set up, or why a party gave up. No case carries a secret.
public enum AggregationError: Error, Equatable, Sendable {
    // Configuration

    /// The list of contributors or helpers has a party twice, is not ascending, or shares a party with the other list.
    case duplicateParty(PartyID)
    /// A scheme needs at least `minimum` helpers.
    case tooFewHelpers(have: Int, minimum: Int)
    /// Fewer contributors than the minimum cohort: `contributors ≥ minimum` does not hold.
    case cohortTooSmall(contributors: Int, minimum: Int)
    /// A minimum cohort below 3 shows inputs; 2 takes the option that says so.
    case minimumCohortTooSmall(Int)
    /// The threshold must satisfy `contributors / 2 < threshold ≤ contributors`; on a sparse graph the neighbors take the
    /// contributors' place.
    case thresholdOutOfRange(threshold: Int, contributors: Int)
    /// The threshold must satisfy `aggregators / 2 < threshold ≤ aggregators`.
    case aggregatorThresholdOutOfRange(threshold: Int, aggregators: Int)
    /// The aggregators' abscissas 1 … K must be below the prime of the shares' field: take fewer aggregators, or a wider
    /// ring.
    case tooManyAggregators(Int, prime: UInt64)
    /// No key is enrolled for this party, or its private key is not here.
    case missingKey(PartyID)
    /// An enrolled key is that of another party too, or is of low order.
    case unusableKey(ProtocolViolation)
    /// The neighbors of a sparse graph must be an even number between 2 and `maximum`.
    case neighborsOutOfRange(Int, maximum: Int)
    /// A sparse graph against a server that lies needs a public beacon; without one, take the complete graph.
    case missingBeacon
    /// The dimension must be between 1 and 2^32 − 1.
    case dimensionOutOfRange(Int)
    /// The element type has fewer bits than the ring.
    case elementTooNarrow(needed: Int, available: Int)
    /// More parties than one message can list.
    case tooManyParties(Int)

    // Use

    /// This party is neither a contributor nor a helper of the scheme.
    case unknownParty(PartyID)
    /// A contributor brought no vector.
    case missingVector(PartyID)
    /// The vector's count is not the scheme's dimension.
    case wrongVectorLength(expected: Int, actual: Int)
    /// An element of the vector has more than the bits that elements were said to have.
    case elementOutOfRange(index: Int, bits: Int)
    /// This party has released shares in this round or a later one. Another attempt would give its vector away by
    /// subtraction; take part in the next round.
    case sharesAlreadyReleased(round: UInt64)
    /// A party was driven out of order, or its own state contradicts itself.
    case outOfOrder

    // Outcomes

    /// Fewer parties than needed are left at this stage.
    case tooFewParties(stage: String, have: Int, need: Int)
    /// A party on whom this one depends gave up.
    case abortedByPeer(PartyID, AbortReason)
    /// What was sent to this party breaks the protocol, and its sender cannot simply be dropped.
    case violation(ProtocolViolation, by: PartyID)
    /// A secret of this party could not be reconstructed from the shares that others revealed of it: its dealer, or those who
    /// revealed, sent shares that do not fit. Leave the dealer out next time; if that does not help, the revealers.
    case inconsistentShares(dealer: PartyID)
    /// More sums of shares came than are needed, and this party's is not on the polynomial of the first ones. One of them
    /// is false, or a contributor's shares are; which one cannot be told.
    case inconsistentPartialSums(PartyID)

    // Causes from below

    /// Arithmetic in the ring.
    case ring(RingError)
    /// A cryptographic operation.
    case cryptography(CryptographyError)
    /// The source of randomness.
    case randomness(RandomnessError)
    /// The file of a journal. What was to be noted in it must not happen.
    case journal(RecordFileError)
}

/// How a message breaks a protocol.
public enum ProtocolViolation: Equatable, Sendable {
    /// A list names a party that does not belong in it.
    case foreignParty(PartyID)
    /// A list names a party twice, or is not ascending.
    case unorderedParties
    /// A list leaves out its receiver, or names it where it must not.
    case receiverMisplaced
    /// The receiver's own keys were left out or replaced.
    case ownKeysChanged
    /// Two parties have the same key.
    case duplicateKey(PartyID)
    /// A public key is of low order.
    case lowOrderKey(PartyID)
    /// A list has fewer parties than the threshold or the minimum cohort asks for.
    case tooFewParties(have: Int, need: Int)
    /// A list has another length than the protocol says.
    case wrongCount(expected: Int, actual: Int)
    /// What was sent in this party's name is not signed by it.
    case badSignature(PartyID)
    /// A box does not open: it is of another session, round, sender or receiver, or was changed.
    case boxDoesNotOpen(PartyID)
    /// A second request for shares.
    case repeatedRequest
    /// Keys of another threat model than the session's.
    case wrongThreatModel
    /// What is said of this party is not in the tree whose root all parties were given.
    case wrongPath(PartyID)
    /// The root of the first messages is another than the one that was fixed before the beacon.
    case changedRoot
    /// A pulse of the beacon that is already out: whoever named it could choose the graph.
    case predictablePulse(UInt64)
    /// The graph is not the one that the beacon draws.
    case wrongEntropy
    /// A list of neighbors leaves this one out.
    case missingNeighbor(PartyID)
    /// A bitmap has another length than the contributors need, or a bit beyond them.
    case badBitmap
    /// Whether this party shared is said otherwise than the boxes say.
    case hiddenSharer(PartyID)
    /// A survivor that never shared.
    case survivorNotSharer(PartyID)
    /// The survivors leave the circle of clients in two pieces: two runs of neighbors hold too few of them.
    case circleCut(have: Int, need: Int)
    /// Fewer witnesses than needed signed the same survivors.
    case tooFewSignatures(have: Int, need: Int)
    /// Ciphertexts that are none, or of another key, layout or weight than they should be; or a sum of them that does not
    /// decrypt to what the contributors can have sent.
    case badCiphertexts
}

/// Why a party gave up, as it tells others: one byte, no detail.
public enum AbortReason: UInt8, Sendable {
    /// Too few parties were left.
    case tooFewParties = 1
    /// Messages contradict one another.
    case inconsistent = 2
    /// A check failed.
    case refused = 3
    /// Something failed inside, such as the source of randomness.
    case internalFailure = 4
}

extension AggregationError {
    /// What others are told.
    package var reason: AbortReason {
        switch self {
        case .tooFewParties, .cohortTooSmall: .tooFewParties
        case .inconsistentShares, .inconsistentPartialSums: .inconsistent
        case .violation, .abortedByPeer, .sharesAlreadyReleased: .refused
        default: .internalFailure
        }
    }
}

// Typed throws do not convert by themselves; these two say where an error comes from.

/// Runs cryptography in code that throws aggregation errors.
package func withCryptography<Result>(
    _ body: () throws(CryptographyError) -> Result
) throws(AggregationError) -> Result {
    do { return try body() } catch { throw .cryptography(error) }
}

/// Draws randomness in code that throws aggregation errors.
package func drawing<Result>(_ body: () throws(RandomnessError) -> Result) throws(AggregationError) -> Result {
    do { return try body() } catch { throw .randomness(error) }
}
