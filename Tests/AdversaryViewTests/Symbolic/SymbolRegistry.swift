// SPDX-License-Identifier: Apache-2.0

import ProtocolCryptography
import RingArithmetic
import SecureAggregation
import Synchronization

/// A quantity of which the proof knows nothing but its name.
enum Symbol: Hashable, Sendable {
    /// One coordinate of a client's vector in the aggregation of this number.
    case input(PartyID, coordinate: Int, run: Int)
    /// One element of the mask that a key expands to.
    case mask(MaskFingerprint, coordinate: Int)
}

/// Tells mask keys apart: the first 32 bytes of the keystream.
struct MaskFingerprint: Hashable, Sendable {
    private let words: [UInt64]

    init(of generator: MaskGenerator) throws(CryptographyError) {
        var words = [UInt64](repeating: 0, count: 4)
        // 64 bits is the width of every word, so nothing can be out of range.
        guard let width = try? RingWidth(bits: 64) else { throw .libraryFailure }
        try UInt64.add(generator, to: &words, width: width)
        self.words = words
    }
}

/// Numbers the symbols of one proof, and lends forms a handle under which they travel as bytes.
///
/// The parties have no place for it, so it is a task-local value.
final class SymbolRegistry: Sendable {
    @TaskLocal static var current = SymbolRegistry()

    private struct State {
        var symbols: [Symbol] = []
        var numbers: [Symbol: Int] = [:]
        var forms: [LinearForm] = [.zero]
        var handles: [LinearForm: UInt64] = [.zero: 0]
    }

    private let state = Mutex(State())

    /// All symbols, in the order of their numbers.
    var symbols: [Symbol] { state.withLock { $0.symbols } }

    /// The number of a symbol, a new one if need be.
    func number(of symbol: Symbol) -> Int {
        state.withLock { state in
            if let number = state.numbers[symbol] { return number }
            let number = state.symbols.count
            state.symbols.append(symbol)
            state.numbers[symbol] = number
            return number
        }
    }

    /// The form that is this symbol.
    func form(of symbol: Symbol) -> LinearForm { LinearForm(symbolNumber: number(of: symbol)) }

    /// What a form looks like on the wire: a small number.
    func handle(of form: LinearForm) -> UInt64 {
        state.withLock { state in
            if let handle = state.handles[form] { return handle }
            let handle = UInt64(state.forms.count)
            state.forms.append(form)
            state.handles[form] = handle
            return handle
        }
    }

    /// The form with a handle; nil if there is none.
    func form(withHandle handle: UInt64) -> LinearForm? {
        state.withLock { state in
            handle < UInt64(state.forms.count) ? state.forms[Int(handle)] : nil
        }
    }
}
