// SPDX-License-Identifier: Apache-2.0

import RingArithmetic

extension SchemeBenchmark {
    /// Refuses sizes that cannot fit in memory, before anything is allocated.
    ///
    /// The need is estimated from below, so a run that is let through may still be too large.
    func checkMemory(available: Int) throws {
        let capacity = try SumCapacity(terms: clients, inputBits: bits)
        let elementBits = try Double(scheme.elementBits(clients: clients, width: capacity.width, parties))
        let (dimension, clients) = (Double(dimension), Double(clients))
        let vector = (elementBits <= 32 ? 4 : 8) * dimension
        // The inputs, the oracle, a server's sum, a vector on its way as words and packed.
        var need = 5 * vector
        switch scheme {
        // A contributor is done with its one message, and the next one is made after it.
        case .plain: break
        case .additive, .shamir: need += Double(parties.aggregators) * vector
        // Everybody's sums, a message for each pair of peers (66 bytes of it the header and a seed, in an array of its own), and
        // the shares that wait until all agree on who is in the sum; some clients may be lost.
        case .peerToPeer:
            need += clients * vector + clients * clients * (128 + elementBits / 8 * dimension / 2)
        // Everybody's vector, and an encrypted pair of shares for each pair of clients.
        case .secagg, .secaggPlus:
            let neighbors = Double(parties.masking(scheme, clients: Int(clients)).neighbors)
            need += clients * vector + 2_000 * clients * neighbors
        // A vector's ciphertexts as numbers and as bytes, at the client and at the server; all clients' where they are audited.
        case .paillier:
            let ciphertexts = 2 * (elementBits + 1) / 8 * dimension
            need += ciphertexts * (parties.keyHolderAudits ? 2 * clients : 6)
        }
        guard need <= Double(available) else {
            throw UsageError(
                "\(Int(clients)) clients × \(Int(dimension)) elements take at least \(Format.bytes(need)) under "
                    + "\(scheme.rawValue), and \(Format.bytes(Double(available))) of memory are available; use a smaller "
                    + "--dimension or fewer --clients.")
        }
    }
}
