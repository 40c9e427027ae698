// SPDX-License-Identifier: Apache-2.0

internal import RingArithmetic
internal import SecretSharing

extension PrimeFieldLagrange {
    /// The weights that take a polynomial's values at 0 and at `seededIndices`, in this order, to its value at `index`.
    ///
    /// With w_i the weights for the seeded indices alone, those with 0 among the abscissas are w_i · z / x_i, and what is
    /// missing to 1 belongs to the value at 0, since a constant polynomial has that value everywhere.
    static func dealerWeights(seededIndices: [UInt64], at index: UInt64, in field: PrimeField) throws(SharingError)
        -> [UInt64]
    {
        let weights = try PrimeFieldLagrange(indices: seededIndices, at: index, in: field).weights
        var atZero: UInt64 = 1
        var result: [UInt64] = []
        for (weight, seeded) in zip(weights, seededIndices) {
            let scaled = field.multiply(field.multiply(weight, index), field.inverse(of: seeded))
            result.append(scaled)
            atZero = field.subtract(atZero, scaled)
        }
        return [atZero] + result
    }
}
