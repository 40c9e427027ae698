// SPDX-License-Identifier: Apache-2.0

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Darwin)
internal import Darwin
#endif

// The only use of the platform's C library in this module: the two functions that Swift's standard library lacks.

/// e to the power `x`.
@inline(__always)
func exponential(_ x: Float) -> Float { exp(x) }

/// e to the power `x`.
@inline(__always)
func exponential(_ x: Double) -> Double { exp(x) }

/// The natural logarithm of `x`.
@inline(__always)
func logarithm(_ x: Double) -> Double { log(x) }
