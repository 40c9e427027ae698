// SPDX-License-Identifier: Apache-2.0

import Benchmark
import ProtocolCryptography
import RingArithmetic
@_spi(Simulation) import SecureRandomness

/// Masks, additions, packing and quantization of vectors of 2^20 elements.
func ringBenchmarks() throws {
    try wordBenchmarks(UInt32.self, bits: 32, packedBits: 23)
    try wordBenchmarks(UInt64.self, bits: 64, packedBits: 41)

    let quantizer = try FixedPointQuantizer(bits: 16, clip: 1)
    var generator = inputs(2)
    let values = (0..<elementCount).map { _ in Float(Int64(bitPattern: generator.next())) / Float(Int64.max) }
    Benchmark("quantize, 2^20 floats, 16 bits, system generator") { _ in
        var system = SystemRandomness()
        blackHole(mustSucceed { try quantizer.quantize(values, using: &system) })
    }
    let seeded = inputs(3)
    Benchmark("quantize, 2^20 floats, 16 bits, seeded generator") { _ in
        var generator = seeded
        blackHole(mustSucceed { try quantizer.quantize(values, using: &generator) })
    }
    var drawn = [UInt8](repeating: 0, count: elementCount)
    Benchmark("ChaCha20 generator, 2^20 bytes") { benchmark in
        var generator = seeded
        benchmark.startMeasurement()
        var span = drawn.mutableSpan
        mustSucceed { try generator.fill(&span) }
        benchmark.stopMeasurement()
        blackHole(drawn[elementCount - 1])
    }
}

private func wordBenchmarks<Word: MaskableElement & RingWord>(
    _: Word.Type, bits: Int, packedBits: Int
) throws {
    let width = try RingWidth(bits: bits)
    let mask = try MaskGenerator(key: inputs(4).oneSecret(32))
    let first = vector(Word.self, width: width, 1)
    let second = vector(Word.self, width: width, 5)
    let name = "2^20 × \(bits) bits"

    var masked = first
    try Word.add(mask, to: &masked, width: width)
    try Word.subtract(mask, from: &masked, width: width)
    check(masked == first, "mask expansion")

    Benchmark("mask expand and add, \(name)") { _ in
        mustSucceed { try Word.add(mask, to: &masked, width: width) }
    }
    let masks = try (0..<UInt8(21)).map { number in
        SignedMask(generator: try MaskGenerator(key: inputs(100 + number).oneSecret(32)), isAdded: number % 2 == 0)
    }
    let before = masked
    try Word.apply(masks, to: &masked, width: width, threads: 2)
    for mask in masks { try Word.apply([mask.opposite], to: &masked, width: width) }
    check(masked == before, "21 masks")
    for threads in 1...2 {
        Benchmark("21 masks expand and add, \(name), threads: \(threads)") { _ in
            mustSucceed { try Word.apply(masks, to: &masked, width: width, threads: threads) }
        }
    }
    var sum = first
    Benchmark("ring add, \(name)") { _ in Word.add(second, to: &sum) }
    let narrow = try RingWidth(bits: packedBits)
    Benchmark("ring reduce, 2^20 words of \(bits) bits to \(packedBits)") { _ in Word.reduce(&sum, to: narrow) }

    let reduced = vector(Word.self, width: narrow, 6)
    let packed = Word.pack(reduced, width: narrow)
    check(try Word.unpack(packed.span, count: elementCount, width: narrow) == reduced, "packing")
    Benchmark("pack, 2^20 × \(packedBits) bits") { _ in blackHole(Word.pack(reduced, width: narrow)) }
    Benchmark("unpack, 2^20 × \(packedBits) bits") { _ in
        blackHole(mustSucceed { try Word.unpack(packed.span, count: elementCount, width: narrow) })
    }
}

extension SeededGenerator {
    /// The first bytes of a generator that is used for nothing else.
    func oneSecret(_ count: Int) throws -> SecretBytes {
        var copy = self
        return try copy.secretBytes(count)
    }
}
