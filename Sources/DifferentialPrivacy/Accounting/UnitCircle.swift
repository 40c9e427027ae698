// SPDX-License-Identifier: Apache-2.0

/// A complex number.
struct Complex: Equatable {
    var real: Double
    var imaginary: Double

    var squaredMagnitude: Double { real * real + imaginary * imaginary }

    static func * (a: Complex, b: Complex) -> Complex {
        Complex(
            real: a.real * b.real - a.imaginary * b.imaginary, imaginary: a.real * b.imaginary + a.imaginary * b.real)
    }

    /// The power by repeated squaring; its relative error is below 4·exponent·2^−53.
    func power(_ exponent: Int) -> Complex {
        var (result, square, rest) = (Complex(real: 1, imaginary: 0), self, exponent)
        while rest > 0 {
            if rest & 1 == 1 { result = result * square }
            rest >>= 1
            if rest > 0 { square = square * square }
        }
        return result
    }
}

/// exp(2πi·j/n) for all j, from two tables of about √n entries. Each value is within 4·2^−53 of the truth.
struct UnitCircle {
    /// A power of two, at least 8.
    let count: Int
    private let fineBits: Int
    private let fine: [Complex]
    private let coarse: [Complex]

    init(count: Int) {
        precondition(count >= 8 && count & (count - 1) == 0)
        self.count = count
        fineBits = count.trailingZeroBitCount / 2
        let fineCount = 1 << fineBits
        fine = (0..<fineCount).map { Self.value($0, of: count) }
        coarse = (0..<(count >> fineBits)).map { Self.value($0 * fineCount, of: count) }
    }

    /// The point at j modulo n.
    @inline(__always)
    subscript(index: Int) -> Complex {
        let reduced = index & (count - 1)
        return coarse[reduced >> fineBits] * fine[reduced & (1 << fineBits - 1)]
    }

    /// Reduced to angles of at most π/4, exactly.
    private static func value(_ index: Int, of count: Int) -> Complex {
        let octant = count / 8
        let turn = index / octant
        let rest = index % octant
        func point(_ index: Int) -> (cos: Double, sin: Double) {
            let angle = 6.283_185_307_179_586_476_925_286_766_559 * (Double(index) / Double(count))
            return (Elementary.cos(angle), Elementary.sin(angle))
        }
        // Odd octants are counted backward from their end.
        let (c, s) = turn & 1 == 0 ? point(rest) : point(octant - rest)
        return switch turn {
        case 0: Complex(real: c, imaginary: s)
        case 1: Complex(real: s, imaginary: c)
        case 2: Complex(real: -s, imaginary: c)
        case 3: Complex(real: -c, imaginary: s)
        case 4: Complex(real: -c, imaginary: -s)
        case 5: Complex(real: -s, imaginary: -c)
        case 6: Complex(real: s, imaginary: -c)
        default: Complex(real: c, imaginary: -s)
        }
    }
}
