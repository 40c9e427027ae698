// SPDX-License-Identifier: Apache-2.0

import RingArithmetic

extension SchemeBenchmark {
    /// Refuses sizes that cannot fit in memory, before anything is allocated.
    ///
    /// The need is estimated from below, so a run that is let through may still be too large.
    func checkMemory(available: Int) throws {
        let capacity = try SumCapacity(terms: clients, inputBits: bits)
        let wordBytes: Double = capacity.width.bits <= 32 ? 4 : 8
        let (dimension, clients) = (Double(dimension), Double(clients))
        // The inputs, the oracle, a server's sum, a vector on its way as words and packed.
        let once = wordBytes * (5 * dimension + clients)
        let vectors = scheme.heldVectors(clients: clients) * wordBytes * dimension
        let need = once + vectors + scheme.heldBytes(clients: clients)
        guard need <= Double(available) else {
            throw UsageError(
                "\(Int(clients)) clients × \(Int(dimension)) elements take at least \(Format.bytes(need)) under "
                    + "\(scheme.rawValue), and \(Format.bytes(Double(available))) of memory are available; use a smaller "
                    + "--dimension or fewer --clients.")
        }
    }
}

extension SchemeName {
    /// The clients' vectors that exist at the same time.
    fileprivate func heldVectors(clients: Double) -> Double {
        switch self {
        // A client is done with its one message, so that the next one is made after it.
        case .plain, .additive: 0
        default: clients
        }
    }

    /// What parties hold for one another besides vectors, in bytes.
    fileprivate func heldBytes(clients: Double) -> Double {
        switch self {
        case .plain, .additive: 0
        // An encrypted pair of shares for each pair of clients.
        default: 92 * clients * clients
        }
    }
}
