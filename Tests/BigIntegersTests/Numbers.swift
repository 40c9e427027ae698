// SPDX-License-Identifier: Apache-2.0

import BigIntegers
@_spi(Simulation) import SecureRandomness

/// A reproducible source of numbers.
struct Numbers {
    var generator: SeededGenerator

    init(_ seed: UInt8) { generator = SeededGenerator(key: [UInt8](repeating: seed, count: 32)) }

    mutating func word(below bound: UInt64) -> UInt64 { generator.next() % bound }

    /// Uniform limbs, or long runs of zeros and ones, or few bits.
    mutating func limbs(_ count: Int) -> [UInt64] {
        switch word(below: 4) {
        case 0: return (0..<count).map { _ in generator.next() }
        case 1: return (0..<count).map { _ in word(below: 2) == 0 ? 0 : .max }
        case 2:
            var limbs = [UInt64](repeating: word(below: 2) == 0 ? 0 : .max, count: count)
            limbs[Int(word(below: UInt64(count)))] = generator.next()
            return limbs
        default: return (0..<count).map { _ in word(below: 3) == 0 ? generator.next() : word(below: 2) == 0 ? 0 : .max }
        }
    }

    mutating func number(_ limbs: Int) -> Natural { Natural(limbs: self.limbs(limbs)) }

    /// An odd number of exactly `bits` bits.
    mutating func modulus(bits: Int) -> Natural {
        let count = (bits + 63) / 64
        var limbs = self.limbs(count)
        if bits % 64 != 0 { limbs[count - 1] &= (1 << UInt64(bits % 64)) - 1 }
        limbs[0] |= 1
        limbs[(bits - 1) / 64] |= 1 << UInt64((bits - 1) % 64)
        return Natural(limbs: limbs)
    }

    /// A number below `bound`, often next to 0, to `bound` or to n where `bound` is n².
    mutating func number(below bound: Natural, near n: Natural) -> Natural {
        let small = Natural(word(below: 4))
        switch word(below: 6) {
        case 0: return small % bound
        case 1: return bound - 1 - small % bound
        case 2: return (n + small) % bound
        case 3: return n - 1 - small % n
        case 4: return (n * number(bound.limbs.count) + small) % bound
        default: return number(bound.limbs.count) % bound
        }
    }
}

/// The moduli on which arithmetic is tried: runs of ones and zeros, all ones, and those next to powers of two.
func adversarialModuli() -> [Natural] {
    var numbers = Numbers(11)
    var moduli: [Natural] = [3, 5, 255, 0xFFFF_FFFF_FFFF_FFFF, 0x8000_0000_0000_0001]
    for bits in [64, 65, 127, 128, 256, 512, 576, 1024, 2048] {
        moduli.append(.powerOfTwo(bits) - 1)
        moduli.append(.powerOfTwo(bits - 1) + 1)
        moduli.append(.powerOfTwo(bits) - .powerOfTwo(bits / 2) - 1)
        moduli.append(.powerOfTwo(bits - 1) + .powerOfTwo(bits / 2) + 1)
        moduli += (0..<4).map { _ in numbers.modulus(bits: bits) }
    }
    return moduli
}
