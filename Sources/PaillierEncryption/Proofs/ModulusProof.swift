// SPDX-License-Identifier: Apache-2.0

package import BigIntegers
internal import Crypto
public import SecureRandomness

/// A proof that n is a product of two different primes that are 3 mod 4, with gcd(n, φ(n)) = 1: Π^mod of [CGG+21] figure 16,
/// made non-interactive, with 128 rounds, bound to a session.
///
/// A wrong n passes with probability 2^−128 for each hash that a prover tries. It shows neither gcd(p − 1, q − 1) = 2 nor that
/// n has no small factor: the second is looked for up to 2^20 in every modulus.
public struct ModulusProof: Sendable {
    static let roundCount = 128
    static let label = "fedsum/1 paillier modulus"

    struct Round: Sendable {
        /// a + 2b, which say whether −1 and w are needed to make y a square.
        let signs: UInt8
        /// A fourth root of ±w^b·y, and an n-th root of y.
        let x: Natural
        let z: Natural
    }

    let size: PaillierKeySize
    let w: Natural
    let rounds: [Round]

    /// The hash from which the challenges are made.
    package static func transcript(_ n: Natural, _ size: PaillierKeySize, w: Natural, session: [UInt8]) -> [UInt8] {
        let name = Array("\(label) proof".utf8)
        let number = w.bigEndian(count: size.byteCount) ?? []
        return Array(
            SHA256.hash(
                data: [UInt8(name.count)] + name + [UInt8(session.count)] + session
                    + PaillierPublicKey.describe(n, size) + number))
    }

    /// The challenges, which depend on session, modulus and w.
    package static func challenges(
        _ n: Natural, _ size: PaillierKeySize, w: Natural, session: [UInt8]
    ) throws(PaillierError) -> [Natural] {
        let transcript = transcript(n, size, w: w, session: session)
        var result: [Natural] = []
        for index in 0..<roundCount {
            let input = transcript + bigEndianBytes(UInt64(index), count: 2)
            result.append(try HashedNumbers.unit("\(label) challenge", input, modulo: n))
        }
        return result
    }

    /// Checks the proof against a modulus that was checked itself, and a session of up to 255 bytes. About 0.3 s at 2,048 bits and 0.8 s at 3,072.
    /// - Throws: `.wrongProof` unless every round holds.
    public func verify(_ key: PaillierPublicKey, session: [UInt8]) throws(PaillierError) {
        let n = key.modulus
        guard session.count <= 255, size == key.size, rounds.count == Self.roundCount else { throw .wrongProof }
        guard !w.isZero, w < n, w.jacobiSymbol(modulo: n) == -1 else { throw .wrongProof }
        for (round, y) in zip(rounds, try Self.challenges(n, size, w: w, session: session)) {
            guard round.signs <= 3, !round.x.isZero, round.x < n, !round.z.isZero, round.z < n else {
                throw .wrongProof
            }
            guard round.z.power(n, modulo: n) == y else { throw .wrongProof }
            var square = y
            if round.signs & 2 == 2 { square = square * w % n }
            if round.signs & 1 == 1 { square = n - square }
            guard round.x.power(4, modulo: n) == square else { throw .wrongProof }
        }
    }
}

extension PaillierPrivateKey {
    /// A proof for this key and a session of up to 255 bytes. About 0.5 s at 2,048 bits.
    /// - Throws: `.notBlum` or `.commonDivisor` for a key of another form; `.randomness` if the source fails.
    public func proveModulus(
        session: [UInt8], using generator: inout some SecureRandomNumberGenerator
    ) throws(PaillierError) -> ModulusProof {
        try requireBlum()
        precondition(session.count <= 255, "A session has at most 255 bytes.")
        var w = Natural.zero
        let n = publicKey.modulus
        while w.isZero || w >= n || w.jacobiSymbol(modulo: n) != -1 {
            do { w = try Natural(randomBits: publicKey.size.bits, using: &generator) } catch {
                throw PaillierError(error)
            }
        }
        return try proveModulus(session: session, w: w)
    }

    /// The proof for a given w of Jacobi symbol −1.
    package func proveModulus(session: [UInt8], w: Natural) throws(PaillierError) -> ModulusProof {
        let n = publicKey.modulus
        let roots = [RootTaker(p, n), RootTaker(q, n)]
        let signsOfW = roots.map { $0.isSquare(w) }
        var rounds: [ModulusProof.Round] = []
        for y in try ModulusProof.challenges(n, publicKey.size, w: w, session: session) {
            // Mod p and mod q, −1 is no square, and w is one for exactly one of them: so exactly one choice makes y a square
            // for both.
            let signsOfY = roots.map { $0.isSquare(y) }
            var choice: (signs: UInt8, square: Natural)?
            for signs: UInt8 in 0..<4 {
                let isSquare = (0..<2).allSatisfy { index in
                    let flips = (signs & 1 == 1) != (signs & 2 == 2 && !signsOfW[index])
                    return signsOfY[index] != flips
                }
                guard isSquare else { continue }
                var square = signs & 2 == 2 ? y * w % n : y
                if signs & 1 == 1 { square = n - square }
                choice = (signs, square)
            }
            guard let choice else { throw .notBlum }
            let x = combine(roots[0].fourthRoot(of: choice.square), roots[1].fourthRoot(of: choice.square)).revealed
            let z = combine(roots[0].nthRoot(of: y), roots[1].nthRoot(of: y)).revealed
            rounds.append(ModulusProof.Round(signs: choice.signs, x: x, z: z))
        }
        return ModulusProof(size: publicKey.size, w: w, rounds: rounds)
    }
}

/// Roots mod one prime that is 3 mod 4.
private struct RootTaker {
    private let factor: PaillierFactor
    /// ((p + 1)/4)² mod p − 1: two square roots at once, each the one that is a square itself.
    private let fourth: SecretNatural
    /// n^−1 mod p − 1, as a number mod p' and an odd one; see below.
    private let nth: SecretNatural
    private let half: SecretNatural

    init(_ factor: PaillierFactor, _ n: Natural) {
        self.factor = factor
        let prime = factor.prime
        let half = factor.exponent.halved
        self.half = half
        // Squares have odd order dividing p' = (p − 1)/2, so that exponents count mod p'.
        // (p + 1)/4 = (p' + 1)/2.
        let quarter = half.plus(SecretNatural(.one, bitCapacity: 64)).halved
        fourth = quarter.times(quarter).remainder(modulo: half.narrow).resized(to: prime.limbCount)
        // The inverse of n mod p' exists since gcd(n, φ(n)) = 1. Where it is even, p' more makes it odd, and then it is
        // the inverse mod p − 1 = 2p' too, since n is odd.
        let reduced = SecretNatural(n, bitCapacity: n.bitWidth).remainder(modulo: half.narrow)
        let inverse = ((try? reduced.inverse(modulo: half.narrow)) ?? reduced).resized(to: prime.limbCount)
        let isEven = 1 - inverse.lowestBit
        nth = inverse.plus(half, if: isEven)
    }

    private func power(_ y: Natural, _ exponent: SecretNatural) -> SecretNatural {
        let base = SecretNatural(y, bitCapacity: 64 * max(1, y.limbCount)).remainder(modulo: factor.prime)
        return base.power(exponent, bits: factor.bits, modulo: factor.prime)
    }

    /// Euler's criterion. The answer becomes public.
    func isSquare(_ y: Natural) -> Bool { power(y, half).isEqual(to: SecretNatural(.one, bitCapacity: 64)) }
    func fourthRoot(of y: Natural) -> SecretNatural { power(y, fourth) }
    func nthRoot(of y: Natural) -> SecretNatural { power(y, nth) }
}

extension ModulusProof {
    /// w and the rounds, without the header.
    var body: [UInt8] {
        let width = size.byteCount
        return rounds.reduce(into: w.bigEndian(count: width) ?? []) { bytes, round in
            bytes.append(round.signs)
            bytes += round.x.bigEndian(count: width) ?? []
            bytes += round.z.bigEndian(count: width) ?? []
        }
    }

    static func bodyByteCount(_ size: PaillierKeySize) -> Int { size.byteCount + roundCount * (1 + 2 * size.byteCount) }

    init(_ reader: inout ObjectReader, _ size: PaillierKeySize) {
        self.size = size
        w = reader.readNumber(size.byteCount)
        var rounds: [Round] = []
        for _ in 0..<Self.roundCount {
            let signs = UInt8(reader.readInteger(1))
            rounds.append(
                Round(signs: signs, x: reader.readNumber(size.byteCount), z: reader.readNumber(size.byteCount)))
        }
        self.rounds = rounds
    }

    /// The proof in bytes.
    public var serialized: [UInt8] {
        [1, ObjectType.modulusProof.rawValue] + bigEndianBytes(UInt64(size.bits), count: 2) + body
    }

    /// Reads a proof, without checking it.
    /// - Throws: a decoding error.
    public init(
        serialized bytes: [UInt8], allowing allowed: Set<PaillierKeySize> = PaillierKeySize.secure
    ) throws(PaillierError) {
        var reader = ObjectReader(bytes)
        let size = try reader.readKeyHeader(.modulusProof, allowing: allowed)
        try reader.expectRemaining(Self.bodyByteCount(size))
        self.init(&reader, size)
    }
}
