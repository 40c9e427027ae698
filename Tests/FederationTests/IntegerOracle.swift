// SPDX-License-Identifier: Apache-2.0

import RingArithmetic
@_spi(Simulation) import SecureAggregation
@_spi(Simulation) import SecureRandomness

/// The quantizer with clip 1 once more, in integers only: X = ⌊y⌋ + [word/2^32 < y − ⌊y⌋] with y = (x + 1)·(2^q − 1)/2.
///
/// x is taken to 40 binary places. The quantizer computes y in doubles, so both may differ where a word comes within
/// about 2^−37 of the fraction: for the seeds of these tests it does not.
func quantizedInIntegers(
    _ values: [Float],
    bits: Int,
    using generator: inout SeededGenerator
) throws -> [UInt64] {
    // Four bytes a value, in blocks of 4096 bytes of which the rest is thrown away.
    let blocks = (4 * values.count + 4095) / 4096
    let bytes = try generator.bytes(4096 * blocks)
    return values.enumerated().map { index, value in
        let x = min(max(Int128((value * 0x1p40).rounded(.down)), -(1 << 40)), 1 << 40)
        let y = (x + (1 << 40)) * ((1 << Int128(bits)) - 1)  // 41 binary places
        let fraction = UInt64(truncatingIfNeeded: y) & ((1 << 41) - 1)
        let word = (0..<4).reduce(UInt64(0)) { $0 | UInt64(bytes[4 * index + $1]) << (8 * UInt64($1)) }
        return UInt64(y >> 41) + (word << 9 < fraction ? 1 : 0)
    }
}

/// The generator with which a client of a simulated federation rounds its update.
func encodingGenerator(of client: PartyID, task: String, round: UInt64, seed: UInt64) -> SeededGenerator {
    SimulationRandomness(seed: seed).generator(
        for: client,
        in: RoundContext(task: "encoding \(task)", round: round)
    )
}
