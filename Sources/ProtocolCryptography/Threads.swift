// SPDX-License-Identifier: Apache-2.0
//
// The one file of the package that speaks to Dispatch.

internal import Dispatch

/// Calls `body` with 0 ..< `count`, on as many threads at once as there are cores, and returns when every call has.
/// - Returns: what each call returned, in order.
package func concurrentMap<Value: Sendable>(_ count: Int, _ body: @Sendable (Int) -> Value) -> [Value] {
    guard count > 1 else { return count == 1 ? [body(0)] : [] }
    var results = [Value?](repeating: nil, count: count)
    unsafe results.withUnsafeMutableBufferPointer { (slots) in
        // SAFETY: 0 ≤ number < count, each slot is written by one call, and all of them end before the buffer does.
        nonisolated(unsafe) let slots = unsafe slots
        DispatchQueue.concurrentPerform(iterations: count) { (number) in
            unsafe slots[number] = body(number)
        }
    }
    return results.compactMap { $0 }
}

/// Calls `body` with 0 ..< `count`, on as many threads at once as there are cores, and returns when every call has.
/// - Returns: the failure with the least number, if there is one.
func concurrently(_ count: Int, _ body: @Sendable (Int) -> CryptographyError?) -> CryptographyError? {
    concurrentMap(count, body).lazy.compactMap { $0 }.first
}
