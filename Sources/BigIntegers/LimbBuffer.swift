// SPDX-License-Identifier: Apache-2.0

internal import CFedsumGMP

/// Memory of our own for limbs: zero at first, never moved, wiped when the last owner goes.
///
/// GMP's own numbers would leave copies behind wherever they were reallocated. Whoever writes owns the buffer alone;
/// after that it is only read.
@safe
final class LimbBuffer: @unchecked Sendable {
    let count: Int
    /// Aligned to a cache line, so that look-ups read whole ones.
    let base: UnsafeMutablePointer<UInt64>

    init(count: Int) {
        self.count = count
        let byteCount = max(1, count) * 8
        // SAFETY: memory of this size and alignment, bound to the type it is used with; freed once, in `deinit`.
        unsafe base = UnsafeMutableRawPointer.allocate(byteCount: byteCount, alignment: 64)
            .initializeMemory(as: UInt64.self, repeating: 0, count: max(1, count))
    }

    convenience init(_ limbs: [UInt64], count: Int) {
        precondition(limbs.count <= count, "The number has more limbs than the buffer.")
        self.init(count: count)
        // SAFETY: limbs.count ≤ count.
        for index in limbs.indices { unsafe base[index] = limbs[index] }
    }

    deinit {
        // SAFETY: the memory is ours, and nobody has it any more.
        unsafe fedsum_wipe(base, max(1, count))
        unsafe base.deallocate()
    }

    subscript(index: Int) -> UInt64 {
        get {
            precondition(index >= 0 && index < count, "The buffer ends here.")
            // SAFETY: 0 ≤ index < count.
            return unsafe base[index]
        }
        set {
            precondition(index >= 0 && index < count, "The buffer ends here.")
            // SAFETY: 0 ≤ index < count.
            unsafe base[index] = newValue
        }
    }

    /// A copy of `size` limbs from `offset` on, zeros after the end.
    func copy(from offset: Int = 0, count size: Int) -> LimbBuffer {
        let result = LimbBuffer(count: size)
        let available = max(0, min(size, count - offset))
        // SAFETY: available limbs exist in both.
        unsafe result.base.update(from: base + offset, count: available)
        return result
    }

    /// The limbs as a number that anybody may see.
    var natural: Natural {
        // SAFETY: the buffer has `count` limbs.
        Natural(limbs: unsafe Array(UnsafeBufferPointer(start: base, count: count)))
    }

    /// Writes `size` limbs from `offset` on as big-endian bytes of a fixed width.
    func write(from offset: Int = 0, count size: Int, into bytes: inout MutableSpan<UInt8>, at start: Int, width: Int) {
        for position in 0..<width {
            let place = width - 1 - position
            let limb = place / 8 < size ? self[offset + place / 8] : 0
            bytes[start + position] = UInt8(truncatingIfNeeded: limb >> UInt64(8 * (place % 8)))
        }
    }

    /// Reads big-endian bytes into `size` limbs from `offset` on; `width` ≤ 8 · size.
    func read(_ bytes: borrowing Span<UInt8>, at start: Int, width: Int, into offset: Int, count size: Int) {
        for index in 0..<size { self[offset + index] = 0 }
        for position in 0..<width {
            let place = width - 1 - position
            self[offset + place / 8] |= UInt64(bytes[start + position]) << UInt64(8 * (place % 8))
        }
    }
}
