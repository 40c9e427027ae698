// SPDX-License-Identifier: Apache-2.0

import FederatedLearning
import RingArithmetic
@_spi(Simulation) import SecureAggregation
@_spi(Simulation) import SecureRandomness
import Testing

@Suite struct FixedPointCodecTests {
    private func generator(_ purpose: String = "codec") -> SeededGenerator {
        SimulationRandomness(seed: 1).generator(purpose: purpose)
    }

    /// A codec of 8 bits whose value for the integer X is X − 127.5, so that such values encode without rounding.
    private func exactCodec(parameters: Int, clients: Int = 4, weight: Int = 9) throws -> FixedPointCodec<UInt32> {
        try FixedPointCodec(
            parameterCount: parameters,
            quantizer: FixedPointQuantizer(bits: 8, clip: 127.5),
            clients: clients,
            maximumWeight: weight
        )
    }

    @Test(arguments: [0, 1, 5, 9])
    func `an update becomes its weight, then weight times the integers of values, loss and accuracy`(weight: Int) throws
    {
        var generator = generator()
        // The integer of a loss is its share of 16 nats in steps of 1/255: 3.2 is 51 of them; accuracy 0.4 is 102.
        let (vector, clipped) = try exactCodec(parameters: 5).encode(
            ClientUpdate(values: [-127.5, 127.5, 0.5, -200, 1000], weight: weight, loss: 3.2, accuracy: 0.4),
            using: &generator
        )
        #expect(vector == [1, 0, 255, 128, 0, 255, 51, 102].map { UInt32(weight) * $0 })
        #expect(clipped == 2)
    }

    @Test(arguments: [8, 16, 23])
    func `values are rounded as the integer oracle rounds them`(bits: Int) throws {
        let values = arbitraryValues(1500, below: 1.1, seed: 3)
        let codec = try FixedPointCodec<UInt64>(
            parameterCount: 1500,
            quantizer: FixedPointQuantizer(bits: bits, clip: 1),
            clients: 10,
            maximumWeight: 200
        )
        var generator = generator()
        let (vector, clipped) = try codec.encode(
            ClientUpdate(values: values, weight: 173, loss: 1, accuracy: 0.5),
            using: &generator
        )
        var same = self.generator()
        let integers = try quantizedInIntegers(values, bits: bits, using: &same)
        #expect(Array(vector.dropFirst().dropLast(2)) == integers.map { 173 * $0 })
        #expect(clipped == values.count { abs($0) > 1 })
    }

    @Test func `a sum gives back the weighted mean, the total weight, loss and accuracy`() throws {
        let codec = try exactCodec(parameters: 2)
        // Weights 2 and 6; integers (10, 255) and (30, 255); losses 0 and 255 steps, accuracies 255 and 51 steps.
        let mean = try codec.decode([8, 2 * 10 + 6 * 30, 8 * 255, 6 * 255, 2 * 255 + 6 * 51])
        #expect(mean.totalWeight == 8)
        #expect(mean.values == [25 - 127.5, 127.5])
        #expect(abs(try #require(mean.loss) - 12) < 1e-5)
        #expect(abs(try #require(mean.accuracy) - 0.4) < 1e-6)
    }

    @Test(arguments: [
        (1, 1, 1), (3, 1, 16), (10, 255, 16), (5, 127, 8), (1000, 1, 20), (7, 1, 29), (65_536, 65_536, 32),
    ])
    func `the largest sum fits its ring exactly, and no narrower ring is taken`(
        clients: Int,
        weight: Int,
        bits: Int
    ) throws {
        let quantizer = try FixedPointQuantizer(bits: bits, clip: 0.5)
        let codec = try FixedPointCodec<UInt64>(
            parameterCount: 3,
            quantizer: quantizer,
            clients: clients,
            maximumWeight: weight
        )
        var generator = generator()
        let extreme = ClientUpdate(
            values: [0.5, 7, .greatestFiniteMagnitude],
            weight: weight,
            loss: .infinity,
            accuracy: 1
        )
        let (vector, _) = try codec.encode(extreme, using: &generator)
        let largest = UInt128(clients) * UInt128(weight) * (UInt128(1) << UInt128(bits) - 1)
        let sums = vector.map { UInt128($0) * UInt128(clients) }
        #expect(sums[0] == UInt128(clients * weight))
        #expect(sums.dropFirst().allSatisfy { $0 == largest })
        #expect(sums.allSatisfy { $0 <= UInt128(codec.width.mask) })
        let mean = try codec.decode(sums.map { UInt64($0) })
        #expect(mean.values == [0.5, 0.5, 0.5])
        #expect(mean.loss == 16 && mean.accuracy == 1)
        #expect(mean.totalWeight == UInt64(clients * weight))

        // One bit fewer: the same sum would wrap. (Z/2 has no narrower ring.)
        let needed = codec.width.bits
        guard needed > 1 else { return }
        #expect(largest > UInt128(codec.width.mask >> 1))
        #expect(
            throws: RingError.capacityExceeded(
                terms: clients,
                maximumWeight: weight,
                inputBits: bits,
                neededBits: needed,
                availableBits: needed - 1
            )
        ) {
            try FixedPointCodec<UInt64>(
                parameterCount: 3,
                quantizer: quantizer,
                clients: clients,
                maximumWeight: weight,
                width: RingWidth(bits: needed - 1)
            )
        }
    }

    @Test func `a ring beyond 64 bits or beyond the word is refused`() throws {
        let quantizer = try FixedPointQuantizer(bits: 32, clip: 1)
        #expect(
            throws: RingError.capacityExceeded(
                terms: 65_537,
                maximumWeight: 65_536,
                inputBits: 32,
                neededBits: 65,
                availableBits: 64
            )
        ) {
            try FixedPointCodec<UInt64>(
                parameterCount: 1,
                quantizer: quantizer,
                clients: 65_537,
                maximumWeight: 65_536
            )
        }
        #expect(throws: RingError.elementTooNarrow(needed: 36, available: 32)) {
            try FixedPointCodec<UInt32>(parameterCount: 1, quantizer: quantizer, clients: 10, maximumWeight: 1)
        }
        #expect(throws: RingError.capacityNotPositive) {
            try FixedPointCodec<UInt32>(parameterCount: 1, quantizer: quantizer, clients: 0, maximumWeight: 1)
        }
        #expect(throws: RingError.capacityNotPositive) {
            try FixedPointCodec<UInt32>(parameterCount: 1, quantizer: quantizer, clients: 1, maximumWeight: 0)
        }
    }

    @Test(arguments: [-1, 10, .min, .max])
    func `a weight outside the bounds is refused`(weight: Int) throws {
        var generator = generator()
        let codec = try exactCodec(parameters: 1)
        #expect(throws: RingError.weightOutOfRange(weight, maximum: 9)) {
            try codec.encode(ClientUpdate(values: [0], weight: weight, loss: 0, accuracy: 0), using: &generator)
        }
    }

    @Test(arguments: [Float.nan, .infinity, -.infinity, .signalingNaN], [0, 2, 4])
    func `an update that is not finite is refused with its coordinate`(value: Float, coordinate: Int) throws {
        var generator = generator()
        var values: [Float] = [1, 2, 3, 4, 5]
        values[coordinate] = value
        let codec = try exactCodec(parameters: 5)
        #expect(throws: RingError.notFinite(coordinate: coordinate)) {
            try codec.encode(ClientUpdate(values: values, weight: 1, loss: 0, accuracy: 0), using: &generator)
        }
    }

    @Test func `loss and accuracy that are not numbers are refused as the coordinates after the values`() throws {
        var generator = generator()
        let codec = try exactCodec(parameters: 2)
        #expect(throws: RingError.notFinite(coordinate: 2)) {
            try codec.encode(ClientUpdate(values: [1, 2], weight: 1, loss: .nan, accuracy: 0), using: &generator)
        }
        #expect(throws: RingError.notFinite(coordinate: 3)) {
            try codec.encode(ClientUpdate(values: [1, 2], weight: 1, loss: 0, accuracy: .nan), using: &generator)
        }
    }

    @Test(arguments: [16.000001, 17, 1e300, .infinity])
    func `a loss above the bound counts as the bound`(loss: Double) throws {
        let codec = try exactCodec(parameters: 1)
        func vector(_ loss: Double) throws -> [UInt32] {
            var generator = generator()
            return try codec.encode(
                ClientUpdate(values: [0], weight: 7, loss: loss, accuracy: 0.5),
                using: &generator
            ).vector
        }
        #expect(try vector(loss) == vector(16))
        #expect(try vector(loss)[2] == 7 * 255)
        #expect(try vector(8) != vector(16))
    }

    @Test func `a vector of the wrong length is refused both ways`() throws {
        var generator = generator()
        let codec = try exactCodec(parameters: 3)
        for count in [0, 2, 4] {
            #expect(throws: RingError.lengthMismatch(expected: 3, actual: count)) {
                try codec.encode(
                    ClientUpdate(values: .init(repeating: 0, count: count), weight: 1, loss: 0, accuracy: 0),
                    using: &generator
                )
            }
        }
        for count in [0, 5, 7] {
            #expect(throws: RingError.lengthMismatch(expected: 6, actual: count)) {
                try codec.decode(.init(repeating: 1, count: count))
            }
        }
        #expect(throws: RingError.emptySum) { try codec.decode([0, 0, 0, 0, 0, 0]) }
    }

    @Test(arguments: [4, 8, 16, 24], [1, 2, 10])
    func `the mean of several updates is within one step of the true one`(bits: Int, clients: Int) throws {
        let codec = try FixedPointCodec<UInt64>(
            parameterCount: 200,
            quantizer: FixedPointQuantizer(bits: bits, clip: 0.5),
            clients: clients,
            maximumWeight: 50
        )
        var generator = generator()
        var sum = [UInt64](repeating: 0, count: codec.dimension)
        var expected = [Double](repeating: 0, count: 200)
        var (loss, accuracy, total) = (0.0, 0.0, 0.0)
        for client in 1...clients {
            let values = arbitraryValues(200, below: 0.5, seed: UInt64(client))
            let weight = 5 * client
            let update = ClientUpdate(
                values: values,
                weight: weight,
                loss: Double(client),
                accuracy: 1 / Double(client)
            )
            for (index, word) in try codec.encode(update, using: &generator).vector.enumerated() { sum[index] += word }
            for index in values.indices { expected[index] += Double(weight) * Double(values[index]) }
            loss += Double(weight * client)
            accuracy += Double(weight) / Double(client)
            total += Double(weight)
        }
        let mean = try codec.decode(sum)
        // Each integer is less than 1 from the scaled value, so each mean is less than a step from the true one; the
        // mean is then rounded to single precision, by 2^−25 at the most for values up to 1/2, and the scaling is done
        // in doubles.
        let bound = codec.quantizer.step + 0x1p-25 + 1e-12
        for index in expected.indices { #expect(abs(Double(mean.values[index]) - expected[index] / total) < bound) }
        let metricStep = 1 / Double(codec.quantizer.largest)
        #expect(abs(try #require(mean.loss) - loss / total) < 16 * (metricStep + 0x1p-25))
        #expect(abs(try #require(mean.accuracy) - accuracy / total) < metricStep + 0x1p-25)
    }

    @Test func `codecs that differ in anything are told apart by their parameters`() throws {
        func parameters(_ count: Int, _ bits: Int, _ clip: Double, _ clients: Int, _ weight: Int) throws -> [UInt8] {
            try FixedPointCodec<UInt64>(
                parameterCount: count,
                quantizer: FixedPointQuantizer(bits: bits, clip: clip),
                clients: clients,
                maximumWeight: weight
            ).encodedParameters
        }
        let all = try [
            parameters(3, 16, 1, 10, 5), parameters(4, 16, 1, 10, 5), parameters(3, 15, 1, 10, 5),
            parameters(3, 16, 1.5, 10, 5), parameters(3, 16, 1, 11, 5), parameters(3, 16, 1, 10, 6),
        ]
        #expect(Set(all).count == all.count)
        #expect(try parameters(3, 16, 1, 10, 5) == all[0])
    }
}
