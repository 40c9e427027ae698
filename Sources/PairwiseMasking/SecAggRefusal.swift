// SPDX-License-Identifier: Apache-2.0

/// What a client refuses. Each is a check of its own, so that a test can show what a server that lies would gain without
/// it (Documentation/LyingServers.md).
package enum SecAggRefusal: String, CaseIterable, Sendable {
    /// Keys or a box from a client that is none of the session, or no neighbor.
    case foreignParty = "foreign-party"
    /// Two clients with one key.
    case duplicateKey = "duplicate-key"
    /// The client's own keys are missing or changed.
    case ownKeysChanged = "own-keys-changed"
    /// A message of another threat model, or keys that its client did not sign in this session.
    case badAdvertisement = "bad-advertisement"
    /// Keys, or their absence, that the root does not hold.
    case wrongPath = "wrong-path"
    /// A neighborhood under another root than was fixed before the beacon.
    case changedRoot = "changed-root"
    /// A pulse of the beacon that is already out.
    case predictablePulse = "predictable-pulse"
    /// A graph that the beacon did not draw.
    case wrongEntropy = "wrong-entropy"
    /// A neighborhood that leaves a neighbor out.
    case missingNeighbor = "missing-neighbor"
    /// Fewer than t neighbors (on the complete graph, clients) at any step.
    case tooFewNeighbors = "too-few-neighbors"
    /// Fewer sharers, or survivors, than the minimum cohort.
    case tooFewSurvivors = "too-few-survivors"
    /// A bitmap that is not one of these clients.
    case badBitmap = "bad-bitmap"
    /// Boxes that are not those of the neighbors said to have shared.
    case hiddenSharer = "hidden-sharer"
    /// A survivor that never shared: alive after it was lost.
    case survivorNotSharer = "survivor-not-sharer"
    /// The client itself is listed as lost.
    case receiverMisplaced = "receiver-misplaced"
    /// A second request for shares, or a second set of survivors.
    case repeatedRequest = "repeated-request"
    /// Survivors that leave the circle in two pieces.
    case circleCut = "circle-cut"
    /// Fewer witnesses than needed signed the same sets.
    case tooFewSignatures = "too-few-signatures"
    /// A signature that is not among those that were fixed before the witnesses were drawn.
    case wrongSignaturePath = "wrong-signature-path"
    /// A signature by somebody who is no witness.
    case foreignWitness = "foreign-witness"
    /// A signature that is not the witness's, or under other sets, of another round or session.
    case badSignature = "bad-signature"
    /// Another attempt of a round in which shares were released.
    case sharesAlreadyReleased = "shares-already-released"
}
