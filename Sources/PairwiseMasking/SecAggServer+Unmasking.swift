// SPDX-License-Identifier: Apache-2.0

internal import ProtocolCryptography
internal import SecureAggregation
internal import SecureRandomness

extension SecAggServer {
    /// The masks that a client of U2 left in the sum: its own if it survived, else those that its surviving neighbors
    /// share with it. Nil if the shares that were revealed do not give its secret.
    func masks(
        leftBy client: PartyID, using reconstruction: inout SecretReconstruction
    ) throws(AggregationError) -> [SignedMask]? {
        guard let advertisement = roster[client], let binding = network?.binding else { throw .outOfOrder }
        let keys = KeySchedule(session: binding, round: round)
        let shares = revealed[client] ?? []
        if survivors.contains(client) {
            let committing = KeySchedule(session: session, round: round)
            let seed = reconstruction.secret(from: shares) { seed in
                committing.commitment(toSelfMaskSeed: seed, of: client.rawValue) == advertisement.selfMaskCommitment
                    ? seed : nil
            }
            guard let seed else { return nil }
            return try withCryptography { () throws(CryptographyError) in
                [SignedMask(generator: try scheme.selfMask(of: seed, client, keys: keys), isAdded: true)]
            }
        }
        let key = reconstruction.secret(from: shares) { seed -> KeyAgreementPrivateKey? in
            guard let key = try? KeyAgreementPrivateKey(seed: seed) else { return nil }
            return key.publicKey == advertisement.maskPublicKey ? key : nil
        }
        guard let key else { return nil }
        var masks: [SignedMask] = []
        for survivor in neighbors(of: client) where survivors.contains(survivor) {
            guard let peerKey = roster[survivor]?.maskPublicKey else { throw .outOfOrder }
            try withCryptography { () throws(CryptographyError) in
                let mask = scheme.pairwiseMaskKey(
                    from: try key.sharedSecret(with: peerKey), between: client, key.publicKey, and: survivor, peerKey,
                    keys: keys)
                // As the survivor applied it.
                masks.append(SignedMask(generator: try MaskGenerator(key: mask), isAdded: client < survivor))
            }
        }
        return masks
    }
}
