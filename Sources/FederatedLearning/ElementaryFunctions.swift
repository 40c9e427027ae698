// SPDX-License-Identifier: Apache-2.0

internal import SecureRandomness

// The two functions that Swift's standard library lacks; the platform's C library has them.

/// e to the power `x`.
@inline(__always)
func exponential(_ x: Float) -> Float { Platform.exp(x) }

/// e to the power `x`.
@inline(__always)
func exponential(_ x: Double) -> Double { Platform.exp(x) }

/// The natural logarithm of `x`.
@inline(__always)
func logarithm(_ x: Double) -> Double { Platform.log(x) }
