// SPDX-License-Identifier: Apache-2.0

import PaillierEncryption

extension PaillierError {
    /// What the files of test vectors call the error; none for what they do not have.
    // swift-format-ignore
    var vectorNames: Set<String> {
        switch self {
        case .wrongSize: ["wrong-size"]
        case .even: ["even"]
        case .smallFactor: ["small-factor"]
        case .prime: ["prime"]
        case .perfectPower: ["perfect-power"]
        case .wrongProduct: ["wrong-product"]
        case .unequalLength: ["unequal-length"]
        case .compositeFactor: ["composite-factor"]
        case .factorsTooClose: ["factors-too-close"]
        case .notBlum: ["not-blum"]
        case .commonDivisor: ["common-divisor"]
        case .notCanonical: ["not-canonical"]
        case .wrongProof: ["wrong-proof"]
        case .wrongSignature: ["wrong-signature"]
        case .plaintextOutOfRange: ["plaintext-out-of-range"]
        case .randomnessOutOfRange: ["randomness-out-of-range"]
        case .randomnessNotAUnit: ["randomness-not-a-unit"]
        case .exponentOutOfRange: ["exponent-out-of-range"]
        case .ciphertextOutOfRange: ["ciphertext-out-of-range"]
        case .ciphertextNotAUnit: ["ciphertext-not-a-unit"]
        case .zeroWeight: ["zero-weight"]
        case .decryptionFailed: ["decryption-failed"]
        case .slotTooWide: ["slot-too-wide"]
        case .valueOutOfRange, .encodingOverflow: ["value-out-of-range"]
        case .emptyVector: ["empty-vector"]
        case .noHeadRoom, .exponentsTooFarApart: ["no-head-room"]
        case .wrongLayout: ["wrong-layout"]
        case .wrongKey: ["wrong-key"]
        case .wrongCount: ["wrong-count"]
        case .truncated: ["truncated"]
        case .wrongVersion: ["wrong-version"]
        case .unknownType: ["unknown-type"]
        case .trailingBytes: ["trailing-bytes"]
        case .weightOutOfRange: ["weight-out-of-range"]
        case .inconsistentLayout: ["inconsistent-layout"]
        case .malformedJSON: ["malformed"]
        case .wrongAlgorithm: ["wrong-algorithm"]
        case .scaleOutOfRange: ["scale-out-of-range"]
        case .notFinite: ["not-finite"]
        // No file can ask for these.
        case .commonFactor, .noUnit, .layoutOutOfRange, .poolIsEmpty, .cancelled, .randomness: []
        }
    }
}
