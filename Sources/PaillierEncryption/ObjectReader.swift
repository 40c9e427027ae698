// SPDX-License-Identifier: Apache-2.0

internal import BigIntegers

/// The second byte of every serialized object; the first is the version, 1.
enum ObjectType: UInt8 {
    case publicKey = 0x70
    case provedPublicKey = 0x71
    case ciphertext = 0x72
    case packedVector = 0x73
    case privateKey = 0x74
    case modulusProof = 0x75

    /// Bytes before everything whose length depends on the key.
    var fixedByteCount: Int {
        switch self {
        case .publicKey, .provedPublicKey, .privateKey, .modulusProof: 4
        case .ciphertext: 34
        case .packedVector: 51
        }
    }
}

/// Reads the fields of a serialized object, one after the other; bytes of others never make it trap.
struct ObjectReader {
    private let bytes: [UInt8]
    private(set) var position = 0

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    /// Version and type, after the length of the fixed part.
    mutating func readHeader(_ type: ObjectType) throws(PaillierError) {
        guard bytes.count >= type.fixedByteCount else { throw .truncated }
        guard bytes[0] == 1 else { throw .wrongVersion(bytes[0]) }
        guard bytes[1] == type.rawValue else { throw .unknownType(bytes[1]) }
        position = 2
    }

    /// Header and length of an object that is about a key.
    mutating func readKeyHeader(
        _ type: ObjectType, allowing allowed: Set<PaillierKeySize>
    ) throws(PaillierError) -> PaillierKeySize {
        try readHeader(type)
        let bits = Int(readInteger(2))
        guard let size = allowed.first(where: { $0.bits == bits }) else { throw .wrongSize(bits: bits) }
        return size
    }

    /// Exactly `count` bytes must be left.
    func expectRemaining(_ count: Int) throws(PaillierError) {
        let left = bytes.count - position
        guard left >= count else { throw .truncated }
        guard left == count else { throw .trailingBytes }
    }

    /// The next bytes, which are known to be there.
    mutating func read(_ count: Int) -> [UInt8] {
        defer { position += count }
        return Array(bytes[position..<position + count])
    }

    mutating func readInteger(_ count: Int) -> UInt64 { read(count).reduce(0) { $0 << 8 | UInt64($1) } }

    mutating func readNumber(_ count: Int) -> Natural { Natural(bigEndian: read(count)) }

    /// Everything that is left.
    mutating func readRest() -> [UInt8] { read(bytes.count - position) }
}

/// The `count` bytes of an integer, most significant first.
func bigEndianBytes(_ value: UInt64, count: Int) -> [UInt8] {
    (0..<count).reversed().map { UInt8(truncatingIfNeeded: value >> UInt64(8 * $0)) }
}
