// SPDX-License-Identifier: Apache-2.0

/// The discrete Fourier transform of a power of two, radix 4 with decimation in frequency, in place.
///
/// X_k = Σ x_j·exp(−2πi·jk/n), left in digit-reversed order: X_k is at `position(of: k)`. Depth first, so that parts
/// that fit a cache stay in it. The error in the ℓ2 norm is below `relativeError` times the norm of the result, [Hig02]
/// Theorem 24.2 with twiddle factors that are within 4·2^−53.
package struct FourierTransform {
    /// A power of two, at least 16.
    package let count: Int
    /// exp(2πi·j/n).
    let circle: UnitCircle
    /// For each level, from the whole down to 16 elements: real and imaginary parts of the first, second and third power
    /// of exp(−2πi·j/size) for j < size/4, one after the other.
    private let twiddles: [[Double]]

    /// Bounds ‖error‖₂/‖X‖₂.
    package var relativeError: Double { 12 * Double(count.trailingZeroBitCount) * 0x1p-53 }

    package init(count: Int) {
        precondition(count >= 16 && count & (count - 1) == 0)
        self.count = count
        let circle = UnitCircle(count: count)
        self.circle = circle
        var levels: [[Double]] = []
        var size = count
        while size >= 16 {
            let quarter = size / 4
            if let above = levels.last {
                // Every fourth entry of the level above.
                levels.append(
                    (0..<6).flatMap { part in (0..<quarter).map { above[part * size + 4 * $0] } })
            } else {
                var values = [Double](repeating: 0, count: 6 * quarter)
                for power in 1...3 {
                    for index in 0..<quarter {
                        let point = circle[power * index]
                        values[(2 * power - 2) * quarter + index] = point.real
                        values[(2 * power - 1) * quarter + index] = -point.imaginary
                    }
                }
                levels.append(values)
            }
            size = quarter
        }
        twiddles = levels
    }

    /// Where X_k is.
    package func position(of index: Int) -> Int {
        var (rest, size, place) = (index & (count - 1), count, 0)
        while size >= 4 {
            size /= 4
            place += (rest & 3) * size
            rest >>= 2
        }
        return place + rest
    }

    /// Which k is at a position.
    package func index(at position: Int) -> Int {
        var (rest, size, index, shift) = (position, count, 0, 0)
        while size >= 4 {
            size /= 4
            index |= (rest / size) << shift
            rest &= size - 1
            shift += 2
        }
        return index | rest << shift
    }

    /// Transforms `count` numbers, given as real and imaginary parts.
    package func transform(real: inout [Double], imaginary: inout [Double]) {
        precondition(real.count == count && imaginary.count == count)
        unsafe real.withUnsafeMutableBufferPointer { real in
            unsafe imaginary.withUnsafeMutableBufferPointer { imaginary in
                guard let real = real.baseAddress, let imaginary = imaginary.baseAddress else { return }
                // SAFETY: both hold `count` elements, and blocks are inside them.
                unsafe transform(real, imaginary, size: count, level: 0)
            }
        }
    }

    private func transform(
        _ real: UnsafeMutablePointer<Double>, _ imaginary: UnsafeMutablePointer<Double>, size: Int, level: Int
    ) {
        let quarter = size / 4
        if size >= 16 {
            unsafe twiddles[level].withUnsafeBufferPointer { table in
                guard let table = table.baseAddress else { return }
                // SAFETY: `size` elements at both pointers and 6·size/4 in the table; size/4 is a multiple of 4.
                unsafe Self.pass(real, imaginary, quarter: quarter, table)
            }
            for part in 0..<4 {
                // SAFETY: the four quarters make up the block.
                unsafe transform(
                    real + part * quarter, imaginary + part * quarter, size: quarter, level: level + 1)
            }
        } else if size == 8 {
            // SAFETY: 8 elements at both pointers.
            unsafe Self.transformEight(real, imaginary)
        } else if size == 4 {
            // SAFETY: 4 elements at both pointers.
            unsafe Self.transformFour(real, imaginary)
        } else {
            // SAFETY: 2 elements at both pointers.
            unsafe Self.transformTwo(real, imaginary)
        }
    }

    private typealias Four = SIMD4<Double>

    @inline(__always)
    private static func load(_ pointer: UnsafePointer<Double>, _ index: Int) -> Four {
        // SAFETY: callers keep index + 4 inside the block.
        unsafe UnsafeRawPointer(pointer + index).loadUnaligned(as: Four.self)
    }

    @inline(__always)
    private static func store(_ value: Four, _ pointer: UnsafeMutablePointer<Double>, _ index: Int) {
        // SAFETY: callers keep index + 4 inside the block.
        unsafe UnsafeMutableRawPointer(pointer + index).storeBytes(of: value, as: Four.self)
    }

    /// One level of butterflies over a block, four at a time.
    private static func pass(
        _ real: UnsafeMutablePointer<Double>, _ imaginary: UnsafeMutablePointer<Double>, quarter: Int,
        _ table: UnsafePointer<Double>
    ) {
        var index = 0
        while index < quarter {
            // SAFETY: index + 4 ≤ quarter, so that index + 3·quarter + 4 ≤ size, and index + 5·quarter + 4 ≤ 6·quarter.
            let ar = unsafe load(real, index), ai = unsafe load(imaginary, index)
            let br = unsafe load(real, index + quarter), bi = unsafe load(imaginary, index + quarter)
            let cr = unsafe load(real, index + 2 * quarter), ci = unsafe load(imaginary, index + 2 * quarter)
            let dr = unsafe load(real, index + 3 * quarter), di = unsafe load(imaginary, index + 3 * quarter)
            let (t0r, t0i, t1r, t1i) = (ar + cr, ai + ci, ar - cr, ai - ci)
            // t3 = −i·(b − d).
            let (t2r, t2i, t3r, t3i) = (br + dr, bi + di, bi - di, dr - br)
            unsafe store(t0r + t2r, real, index)
            unsafe store(t0i + t2i, imaginary, index)
            let (y1r, y1i, y2r, y2i) = (t1r + t3r, t1i + t3i, t0r - t2r, t0i - t2i)
            let (y3r, y3i) = (t1r - t3r, t1i - t3i)
            let w1r = unsafe load(table, index), w1i = unsafe load(table, index + quarter)
            unsafe store(y1r * w1r - y1i * w1i, real, index + quarter)
            unsafe store(y1r * w1i + y1i * w1r, imaginary, index + quarter)
            let w2r = unsafe load(table, index + 2 * quarter), w2i = unsafe load(table, index + 3 * quarter)
            unsafe store(y2r * w2r - y2i * w2i, real, index + 2 * quarter)
            unsafe store(y2r * w2i + y2i * w2r, imaginary, index + 2 * quarter)
            let w3r = unsafe load(table, index + 4 * quarter), w3i = unsafe load(table, index + 5 * quarter)
            unsafe store(y3r * w3r - y3i * w3i, real, index + 3 * quarter)
            unsafe store(y3r * w3i + y3i * w3r, imaginary, index + 3 * quarter)
            index += 4
        }
    }

    @inline(__always)
    private static func transformTwo(_ real: UnsafeMutablePointer<Double>, _ imaginary: UnsafeMutablePointer<Double>) {
        // SAFETY: two elements at both pointers.
        let (ar, ai, br, bi) = unsafe (real[0], imaginary[0], real[1], imaginary[1])
        unsafe (real[0], imaginary[0], real[1], imaginary[1]) = (ar + br, ai + bi, ar - br, ai - bi)
    }

    @inline(__always)
    private static func transformFour(_ real: UnsafeMutablePointer<Double>, _ imaginary: UnsafeMutablePointer<Double>) {
        // SAFETY: four elements at both pointers.
        let (ar, br, cr, dr) = unsafe (real[0], real[1], real[2], real[3])
        let (ai, bi, ci, di) = unsafe (imaginary[0], imaginary[1], imaginary[2], imaginary[3])
        let (t0r, t0i, t1r, t1i) = (ar + cr, ai + ci, ar - cr, ai - ci)
        let (t2r, t2i, t3r, t3i) = (br + dr, bi + di, bi - di, dr - br)
        unsafe (real[0], real[1], real[2], real[3]) = (t0r + t2r, t1r + t3r, t0r - t2r, t1r - t3r)
        unsafe (imaginary[0], imaginary[1], imaginary[2], imaginary[3]) = (t0i + t2i, t1i + t3i, t0i - t2i, t1i - t3i)
    }

    /// Radix 4 on two interleaved quarters, then radix 2.
    @inline(__always)
    private static func transformEight(_ real: UnsafeMutablePointer<Double>, _ imaginary: UnsafeMutablePointer<Double>)
    {
        for index in 0..<2 {
            // SAFETY: eight elements at both pointers.
            let (ar, br, cr, dr) = unsafe (real[index], real[index + 2], real[index + 4], real[index + 6])
            let (ai, bi, ci, di) = unsafe (
                imaginary[index], imaginary[index + 2], imaginary[index + 4], imaginary[index + 6]
            )
            let (t0r, t0i, t1r, t1i) = (ar + cr, ai + ci, ar - cr, ai - ci)
            let (t2r, t2i, t3r, t3i) = (br + dr, bi + di, bi - di, dr - br)
            let (y1r, y1i, y2r, y2i) = (t1r + t3r, t1i + t3i, t0r - t2r, t0i - t2i)
            let (y3r, y3i) = (t1r - t3r, t1i - t3i)
            unsafe (real[index], imaginary[index]) = (t0r + t2r, t0i + t2i)
            if index == 0 {
                unsafe (real[2], imaginary[2], real[4], imaginary[4]) = (y1r, y1i, y2r, y2i)
                unsafe (real[6], imaginary[6]) = (y3r, y3i)
            } else {
                // exp(−πi/4), −i, exp(−3πi/4).
                let root = 0.707_106_781_186_547_524_4
                unsafe (real[3], imaginary[3]) = (root * (y1r + y1i), root * (y1i - y1r))
                unsafe (real[5], imaginary[5]) = (y2i, -y2r)
                unsafe (real[7], imaginary[7]) = (root * (y3i - y3r), -root * (y3r + y3i))
            }
        }
        for part in 0..<4 { unsafe transformTwo(real + 2 * part, imaginary + 2 * part) }
    }
}
