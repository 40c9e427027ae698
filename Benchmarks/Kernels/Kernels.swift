// SPDX-License-Identifier: Apache-2.0

import Benchmark
import ProtocolCryptography
import RingArithmetic
import SecretSharing
import SecureAggregation
@_spi(Simulation) import SecureRandomness

/// The loops in which an aggregation spends its time, one benchmark each.
///
/// Wall clock and throughput only: they are what the framework measures finely enough on every system. One iteration is
/// one operation on the sizes that the name says; operations of a few microseconds are repeated inside an iteration, and
/// the framework divides.
let benchmarks: @Sendable () -> Void = {
    Benchmark.defaultConfiguration = .init(
        metrics: [.wallClock, .throughput], warmupIterations: 3, maxDuration: .seconds(2), maxIterations: 100_000)
    do {
        try ringBenchmarks()
        try sharingBenchmarks()
        try cryptographyBenchmarks()
        try wireBenchmarks()
    } catch {
        fatalError("A kernel cannot be set up: \(error)")
    }
}

/// The elements of a vector.
let elementCount = 1 << 20

/// Ends a benchmark whose operation failed: a figure for it would be false.
func mustSucceed<Result>(_ operation: () throws -> Result) -> Result {
    do { return try operation() } catch { fatalError("A kernel failed: \(error)") }
}

/// Stops when a kernel gave a wrong result.
func check(_ condition: Bool, _ name: String) {
    guard condition else { fatalError("\(name) gave a wrong result.") }
}

/// A generator that makes the same inputs on every run.
func inputs(_ number: UInt8) -> SeededGenerator { SeededGenerator(key: [UInt8](repeating: number, count: 32)) }

/// A vector that looks random.
func vector<Word: RingWord>(_: Word.Type, width: RingWidth, _ number: UInt8 = 1) -> [Word] {
    var generator = inputs(number)
    return (0..<elementCount).map { _ in Word(truncatingIfNeeded: generator.next() & width.mask) }
}
