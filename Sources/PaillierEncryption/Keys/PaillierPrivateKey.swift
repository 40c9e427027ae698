// SPDX-License-Identifier: Apache-2.0

public import BigIntegers
public import SecureRandomness

/// The factors of a Paillier modulus: whoever has them reads every ciphertext [Pai99].
///
/// Nothing here prints them; they are wiped when the last copy goes. Decryption takes time that depends on lengths only.
public struct PaillierPrivateKey: Sendable {
    /// What everybody may know.
    public let publicKey: PaillierPublicKey
    /// Whether p ≡ q ≡ 3 mod 4 and gcd(p − 1, q − 1) = 2, which fast encryption and proofs need. Keys of our making are so.
    public let isBlum: Bool
    /// The smaller factor, and the larger one.
    let p: PaillierFactor
    let q: PaillierFactor
    /// p^−1 mod q, and p^−2 mod q².
    let inverse: SecretNatural
    let squareInverse: SecretNatural

    /// Miller–Rabin rounds for factors that somebody else chose: a composite passes with probability 4^−64 = 2^−128.
    static let importRounds = 64

    /// The key of two factors, checked.
    ///
    /// The factors come in any order, and n must have the length `size`. Where `requiringBlum` is true, p ≡ q ≡ 3 mod 4 and
    /// gcd(p − 1, q − 1) = 2 are asked for. The generator gives the bases of the primality tests.
    /// - Throws: what ``PaillierPublicKey`` throws of n; then the first that applies of `.wrongProduct` (`expecting` is
    ///   another n), `.unequalLength`, `.compositeFactor`, `.factorsTooClose`, `.commonFactor`, `.notBlum`, `.commonDivisor`.
    public init(
        p first: SecretNatural, q second: SecretNatural, size: PaillierKeySize, expecting modulus: Natural? = nil,
        requiringBlum: Bool = true, using generator: inout some SecureRandomNumberGenerator
    ) throws(PaillierError) {
        let product = first.times(second).revealed
        let n = modulus ?? product
        let publicKey = try PaillierPublicKey(modulus: n, size: size)
        guard product == n, first.bitLength > 1, second.bitLength > 1 else { throw .wrongProduct }
        guard first.bitLength == size.bits / 2, second.bitLength == size.bits / 2 else { throw .unequalLength }
        for factor in [first, second] {
            guard try Self.isPrime(factor, bits: size.bits / 2, using: &generator) else { throw .compositeFactor }
        }
        try self.init(checked: first, second, publicKey: publicKey)
        if requiringBlum { try requireBlum() }
    }

    private static func isPrime(
        _ factor: SecretNatural, bits: Int, using generator: inout some SecureRandomNumberGenerator
    ) throws(PaillierError) -> Bool {
        // The test is for odd numbers.
        guard factor.isOdd else { return false }
        do {
            return try SafePrime.isPrime(factor, bits: bits, rounds: importRounds, using: &generator)
        } catch {
            throw PaillierError(error)
        }
    }

    /// The key of two primes of half the length each.
    private init(
        checked first: SecretNatural, _ second: SecretNatural, publicKey: PaillierPublicKey
    ) throws(PaillierError) {
        let bits = publicKey.size.bits / 2
        let limbs = (bits + 63) / 64
        var (p, q) = (first.resized(to: limbs), second.resized(to: limbs))
        // Which of them is the smaller one is public: it is how they are written.
        if p.minus(q).borrow == 0 { swap(&p, &q) }
        let distance = q.minus(p).difference
        guard distance.bitLength > bits - 100 else { throw .factorsTooClose }

        let one = SecretNatural(.one, bitCapacity: 64)
        let (below, above) = (p.minus(one).difference, q.minus(one).difference)
        // n and φ(n) have a common factor only if p divides q − 1, as p < q.
        guard !above.remainder(modulo: p).isZero else { throw .commonFactor }
        isBlum = p.isThreeModFour && q.isThreeModFour && below.halved.isCoprime(to: above.halved)
        blumFailure = p.isThreeModFour && q.isThreeModFour ? .commonDivisor : .notBlum
        self.publicKey = publicKey
        self.p = try PaillierFactor(p, other: q, bits: bits)
        self.q = try PaillierFactor(q, other: p, bits: bits)
        do throws(BigIntegerError) {
            inverse = try p.inverse(modulo: q)
            squareInverse = try self.p.square.inverse(modulo: self.q.square)
        } catch { throw .commonFactor }
    }

    /// What is missing where `isBlum` is false.
    private let blumFailure: PaillierError

    func requireBlum() throws(PaillierError) {
        guard isBlum else { throw blumFailure }
    }

    /// A new key of two safe primes: (p − 1)/2 and (q − 1)/2 are prime too, so that the generator of fast encryption
    /// generates as large a group as there is. Seconds at 3,072 bits, with a wide spread.
    ///
    /// `progress` is called after each primality test with the number of tests so far, a few hundred a second; the search
    /// ends when it returns false.
    /// - Throws: `.cancelled`, or `.randomness` if the source fails.
    public static func generate(
        size: PaillierKeySize = .standard, using generator: inout some SecureRandomNumberGenerator,
        progress: (Int) -> Bool = { _ in true }
    ) throws(PaillierError) -> PaillierPrivateKey {
        // [FIPS186-5] table B.1 asks for 5 rounds at 1,024 bits and 4 at 1,536, for random candidates.
        let rounds = 8
        var tests = 0
        while true {
            var primes: [SecretNatural] = []
            for _ in 0..<2 {
                let before = tests
                do throws(BigIntegerError) {
                    primes.append(
                        try SafePrime.generate(bits: size.bits / 2, rounds: rounds, using: &generator) { (count) in
                            tests = before + count
                            return progress(tests)
                        })
                } catch {
                    throw PaillierError(error)
                }
            }
            let n = primes[0].times(primes[1]).revealed
            let publicKey = try PaillierPublicKey(checked: n, size: size)
            let key = try PaillierPrivateKey(checked: primes[0], primes[1], publicKey: publicKey)
            if key.isBlum { return key }
        }
    }
}

extension PaillierPrivateKey: CustomStringConvertible, CustomReflectable {
    /// Says what it is, and nothing of the key.
    public var description: String { "PaillierPrivateKey(\(publicKey.size.bits) bits)" }
    /// Empty: `dump` shows nothing of the key.
    public var customMirror: Mirror { Mirror(self, children: []) }
}
