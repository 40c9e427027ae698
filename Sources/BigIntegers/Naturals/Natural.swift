// SPDX-License-Identifier: Apache-2.0

internal import CFedsumGMP

/// A number 0, 1, 2, … of any size that anybody may see: computing with it takes time that depends on its value.
///
/// Secret numbers are ``SecretNatural``. A value type; operations make new numbers.
public struct Natural: Hashable, Sendable {
    /// Little-endian, without zeros at the end.
    package private(set) var limbs: [UInt64]

    /// The number zero.
    public static let zero = Natural(limbs: [])
    /// The number one.
    public static let one = Natural(1)

    /// The number of these limbs, least significant first; zeros at the end are dropped.
    package init(limbs: [UInt64]) {
        var limbs = limbs
        while limbs.last == 0 { limbs.removeLast() }
        self.limbs = limbs
    }

    /// A machine word as a number.
    public init(_ word: UInt64) { limbs = word == 0 ? [] : [word] }

    /// 2^exponent.
    public static func powerOfTwo(_ exponent: Int) -> Natural {
        var limbs = [UInt64](repeating: 0, count: exponent / 64 + 1)
        limbs[exponent / 64] = 1 << UInt64(exponent % 64)
        return Natural(limbs: limbs)
    }

    /// Whether the number is 0.
    public var isZero: Bool { limbs.isEmpty }
    /// Whether the number is odd.
    public var isOdd: Bool { !limbs.isEmpty && limbs[0] & 1 == 1 }
    /// How many bits it takes to write the number; 0 for 0.
    public var bitWidth: Int { limbs.isEmpty ? 0 : 64 * limbs.count - limbs[limbs.count - 1].leadingZeroBitCount }
    /// The number as a machine word, if it is below 2^64.
    public var word: UInt64? { limbs.count > 1 ? nil : limbs.first ?? 0 }

    /// Whether bit `index`, counted from the least significant one, is set.
    public func bit(_ index: Int) -> Bool {
        index / 64 < limbs.count && limbs[index / 64] >> UInt64(index % 64) & 1 == 1
    }

    /// How many limbs there are.
    package var limbCount: Int { limbs.count }

    /// At least `count` limbs, with zeros at the end.
    package func padded(to count: Int) -> [UInt64] {
        limbs + [UInt64](repeating: 0, count: max(0, count - limbs.count))
    }
}

extension Natural: Comparable {
    /// Whether the first number is the smaller one.
    public static func < (a: Natural, b: Natural) -> Bool {
        if a.limbs.count != b.limbs.count { return a.limbs.count < b.limbs.count }
        for index in a.limbs.indices.reversed() where a.limbs[index] != b.limbs[index] {
            return a.limbs[index] < b.limbs[index]
        }
        return false
    }
}

extension Natural: ExpressibleByIntegerLiteral {
    /// A number as the source has it.
    public init(integerLiteral value: UInt64) { self.init(value) }
}
