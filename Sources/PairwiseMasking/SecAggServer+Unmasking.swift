// SPDX-License-Identifier: Apache-2.0

internal import ProtocolCryptography
internal import SecureAggregation
internal import SecureRandomness

/// What some clients left in the sum.
enum RemainingMasks: Sendable {
    case masks([SignedMask])
    /// The shares that were revealed do not give the secret of this client.
    case inconsistent(dealer: PartyID)
}

extension SecAggServer {
    /// The masks that clients of U2 left in the sum, found on ``SecAgg/unmaskingThreads`` threads. The clients are dealt
    /// out in turn: those that were lost take most of the time, and may stand next to one another.
    func masks(leftBy clients: [PartyID]) throws(AggregationError) -> RemainingMasks {
        let parts = max(1, min(scheme.unmaskingThreads, clients.count))
        let results = concurrentMap(parts) { (part) -> Result<RemainingMasks, AggregationError> in
            do throws(AggregationError) {
                var reconstruction = SecretReconstruction(threshold: scheme.threshold)
                var masks: [SignedMask] = []
                for client in stride(from: part, to: clients.count, by: parts).lazy.map({ clients[$0] }) {
                    guard let found = try self.masks(leftBy: client, using: &reconstruction) else {
                        return .success(.inconsistent(dealer: client))
                    }
                    masks += found
                }
                return .success(.masks(masks))
            } catch {
                return .failure(error)
            }
        }
        var all: [SignedMask] = []
        // The first of all, whatever the number of threads.
        var inconsistent: PartyID?
        for result in results {
            switch try result.get() {
            case .inconsistent(let dealer): inconsistent = min(dealer, inconsistent ?? dealer)
            case .masks(let masks): all += masks
            }
        }
        if let inconsistent { return .inconsistent(dealer: inconsistent) }
        return .masks(all)
    }

    /// The masks that a client of U2 left in the sum: its own if it survived, else those that its surviving neighbors
    /// share with it. Nil if the shares that were revealed do not give its secret.
    private func masks(
        leftBy client: PartyID, using reconstruction: inout SecretReconstruction
    ) throws(AggregationError) -> [SignedMask]? {
        guard let advertisement = roster[client], let maskBinding else { throw .outOfOrder }
        let keys = KeySchedule(session: maskBinding, round: round)
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
