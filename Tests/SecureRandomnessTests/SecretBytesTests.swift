// SPDX-License-Identifier: Apache-2.0

import Foundation
import SecureRandomness
import Testing

@Suite struct SecretBytesTests {
    @Test(arguments: [0, 1, 15, 16, 17, 4096])
    func `keeps what it was given`(count: Int) {
        let plain = pattern(count)
        #expect(SecretBytes(copying: plain).exposed == plain)
        #expect(SecretBytes(copying: plain.span).exposed == plain)
        #expect(SecretBytes(copying: plain).count == count)
        let written = SecretBytes(count: count) { (span) in
            for index in 0..<count {
                #expect(span[index] == 0)
                span[index] = plain[index]
            }
        }
        #expect(written.exposed == plain)
    }

    @Test func `does not follow the array that it copied`() {
        var plain = pattern(8)
        let secret = SecretBytes(copying: plain)
        plain[0] ^= 1
        #expect(secret.exposed == pattern(8))
    }

    @Test func `hands on the error of its initializer and of the body that reads it`() {
        struct Refusal: Error, Equatable {}
        #expect(throws: Refusal()) {
            try SecretBytes(count: 4) { (_: inout MutableSpan<UInt8>) throws(Refusal) in throw Refusal() }
        }
        #expect(throws: Refusal()) {
            try SecretBytes(copying: [1]).withSpan { (_: borrowing Span<UInt8>) throws(Refusal) in throw Refusal() }
        }
    }

    @Test func `is equal to the same bytes only`() {
        let plain = pattern(33)
        let secret = SecretBytes(copying: plain)
        #expect(secret.isEqual(to: secret))
        #expect(secret.isEqual(to: SecretBytes(copying: plain)))
        for index in plain.indices {
            for bit in 0..<8 {
                var other = plain
                other[index] ^= 1 << UInt8(bit)
                #expect(!secret.isEqual(to: SecretBytes(copying: other)))
            }
        }
        #expect(!secret.isEqual(to: SecretBytes(copying: plain + [0])))
        #expect(!secret.isEqual(to: SecretBytes(copying: Array(plain.dropLast()))))
        #expect(!secret.isEqual(to: SecretBytes(copying: [])))
        #expect(SecretBytes(copying: []).isEqual(to: SecretBytes(copying: [])))
    }

    @Test func `compares spans by length and content`() {
        func equal(_ a: [UInt8], _ b: [UInt8]) -> Bool { constantTimeEqual(a.span, b.span) }
        #expect(equal([1, 2, 3], [1, 2, 3]))
        #expect(!equal([1, 2, 3], [1, 2, 4]))
        // Differences that would cancel in a sum or in an exclusive or of all bytes.
        #expect(!equal([1, 2, 3], [2, 1, 3]))
        #expect(!equal([0x80, 0x80], [0, 0]))
        #expect(!equal([0, 0, 0, 0], [0, 0, 0]))
        #expect(!equal([], [0]))
        #expect(equal([], []))
    }

    @Test func `shows its length and no byte, however it is printed`() {
        struct Holder { let inner: SecretBytes }
        let secret = SecretBytes(copying: [201, 202, 203, 204])
        let holder = Holder(inner: secret)
        var dumped = ""
        dump(secret, to: &dumped)
        dump(holder, to: &dumped)
        dump([secret], to: &dumped)
        let texts = [
            "\(secret)", String(describing: secret), String(reflecting: secret), secret.description,
            secret.debugDescription, "\(holder)", String(reflecting: holder), "\([secret])",
            "\(Optional(secret) as Any)",
            dumped,
        ]
        for printed in texts {
            #expect(printed.contains("SecretBytes(4 bytes)"))
            // The name of a local type has the address of its context, random digits that may be those of a byte.
            let text = printed.replacing(/\$[0-9a-f]+/, with: "")
            for byte in 201...204 {
                #expect(!text.contains(String(byte)))
                #expect(!text.lowercased().contains(String(byte, radix: 16)))
            }
        }
        #expect(Mirror(reflecting: secret).children.isEmpty)
        // The same probe sees the bytes of a plain array.
        #expect("\([201, 202] as [UInt8])".contains("201"))
    }

    @Test func `cannot be compared, hashed or encoded by generic code`() {
        let secret: Any = SecretBytes(copying: [1])
        #expect(!(secret is any Equatable))
        #expect(!(secret is any Hashable))
        #expect(!(secret is any Encodable))
        #expect(!(secret is any Decodable))
        #expect(!(secret is any LosslessStringConvertible))
        #expect(!(secret is any Sequence))
        #expect(([1] as [UInt8] as Any) is any Encodable)
    }

    @Test func `wiping overwrites every byte and leaves earlier copies alone`() {
        for count in [0, 1, 31, 4097] {
            var plain = pattern(count)
            wipe(&plain)
            #expect(plain == [UInt8](repeating: 0, count: count))
        }
        let original = pattern(4)
        var copy = original
        wipe(&copy)
        #expect(copy == [0, 0, 0, 0] && original == pattern(4))
    }

    #if os(Linux)
    // The kernel reads the memory, so looking at freed memory is no undefined behavior here. If the page is gone, so is
    // the secret.

    @Test(.enabled(if: ownMemoryIsReadable))
    func `is not in memory any more once the last copy is gone`() throws {
        for count in [64, 1000, 8192, 300_000] {
            let plain = pattern(count)
            var first: SecretBytes? = SecretBytes(copying: plain)
            var second = first
            let address = first!.address
            #expect(ownMemory(at: address, count: count) == plain)
            first = nil
            #expect(ownMemory(at: address, count: count) == plain)
            #expect(second?.count == count)
            second = nil
            #expect(!remains(of: plain, at: address), "\(count) bytes")
        }
    }

    @Test(.enabled(if: ownMemoryIsReadable))
    func `is not in memory any more when the last copy goes during its use`() throws {
        let plain = pattern(2048)
        let box = Box(SecretBytes(copying: plain))
        let address = box.secret!.address
        box.secret!.withSpan { (span) in
            box.secret = nil
            #expect(span[2047] == plain[2047])
        }
        #expect(!remains(of: plain, at: address))
        let temporary = SecretBytes(copying: plain).address
        #expect(!remains(of: plain, at: temporary))
    }

    @Test(.enabled(if: ownMemoryIsReadable))
    func `is not in memory any more when its initializer fails`() throws {
        struct Refusal: Error {}
        // Larger than what an error on its way allocates over it.
        let plain = pattern(65_536)
        var address: UInt = 0
        #expect(throws: Refusal.self) {
            try SecretBytes(count: plain.count) { (span: inout MutableSpan<UInt8>) throws(Refusal) in
                for index in plain.indices { span[index] = plain[index] }
                address = unsafe span.withUnsafeMutableBytes { UInt(bitPattern: $0.baseAddress) }
                #expect(ownMemory(at: address, count: plain.count) == plain)
                throw Refusal()
            }
        }
        #expect(address != 0)
        #expect(!remains(of: plain, at: address))
    }
    #endif
}

/// Bytes of which no 16 in a row are alike or zero.
private func pattern(_ count: Int) -> [UInt8] {
    (0..<count).map { UInt8(truncatingIfNeeded: ($0 &* 167 &+ $0 / 256 &* 29) % 251 + 1) }
}

/// A variable that a closure may change while another one reads it.
private final class Box {
    var secret: SecretBytes?
    init(_ secret: SecretBytes) { self.secret = secret }
}

extension SecretBytes {
    fileprivate var address: UInt {
        withSpan { span in unsafe span.withUnsafeBufferPointer { UInt(bitPattern: $0.baseAddress) } }
    }
}

#if os(Linux)
private let ownMemoryIsReadable = FileHandle(forReadingAtPath: "/proc/self/mem") != nil

/// What is at an address of this process, or nil if nothing is mapped there.
private func ownMemory(at address: UInt, count: Int) -> [UInt8]? {
    guard let file = FileHandle(forReadingAtPath: "/proc/self/mem") else { return nil }
    defer { try? file.close() }
    guard (try? file.seek(toOffset: UInt64(address))) != nil, let data = try? file.read(upToCount: count) else {
        return nil
    }
    return Array(data)
}

/// Whether any 16 bytes of `plain` are still where they were. An allocator may have put the memory to another use.
private func remains(of plain: [UInt8], at address: UInt) -> Bool {
    guard let now = ownMemory(at: address, count: plain.count), now.count == plain.count else { return false }
    return stride(from: 0, through: plain.count - 16, by: 16).contains { now[$0..<$0 + 16] == plain[$0..<$0 + 16] }
}
#endif
