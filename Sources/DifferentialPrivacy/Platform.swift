// SPDX-License-Identifier: Apache-2.0
//
// The one file of this module that imports the platform's C library, for elementary functions in double precision.
// What is rigorous elsewhere assumes errors of at most 5 units in the last place, which their makers' tables promise.

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#elseif canImport(Darwin)
internal import Darwin
#endif

/// Elementary functions of the platform's C library.
enum Elementary {
    @inline(__always) static func exp(_ x: Double) -> Double { libraryExp(x) }
    @inline(__always) static func expm1(_ x: Double) -> Double { libraryExpm1(x) }
    @inline(__always) static func log(_ x: Double) -> Double { libraryLog(x) }
    @inline(__always) static func log1p(_ x: Double) -> Double { libraryLog1p(x) }
    @inline(__always) static func erfc(_ x: Double) -> Double { libraryErfc(x) }
    @inline(__always) static func cos(_ x: Double) -> Double { libraryCos(x) }
    @inline(__always) static func sin(_ x: Double) -> Double { librarySin(x) }
}

private func libraryExp(_ x: Double) -> Double { exp(x) }
private func libraryExpm1(_ x: Double) -> Double { expm1(x) }
private func libraryLog(_ x: Double) -> Double { log(x) }
private func libraryLog1p(_ x: Double) -> Double { log1p(x) }
private func libraryErfc(_ x: Double) -> Double { erfc(x) }
private func libraryCos(_ x: Double) -> Double { cos(x) }
private func librarySin(_ x: Double) -> Double { sin(x) }
