// SPDX-License-Identifier: Apache-2.0

public import BigIntegers

extension PaillierPrivateKey {
    /// The plaintext of a ciphertext, by the two factors apart; 0 to n − 1.
    ///
    /// In time that depends on lengths only. About 2 ms at 2,048 bits.
    /// - Throws: `.wrongKey` for a ciphertext under another key; `.decryptionFailed` for whatever goes wrong inside.
    public func decrypt(_ ciphertext: PaillierCiphertext) throws(PaillierError) -> Natural {
        guard ciphertext.key == publicKey else { throw .wrongKey }
        return try decryptResidue(ciphertext.residue.naturals[0]).revealed
    }

    /// The plaintext of a number that was found from 1 to n² − 1 and a unit.
    func decryptResidue(_ number: Natural) throws(PaillierError) -> SecretNatural {
        let number = SecretNatural(number, bitCapacity: 2 * publicKey.size.bits)
        let (modP, isUnitModP) = p.decrypt(number)
        let (modQ, isUnitModQ) = q.decrypt(number)
        // A fault in either power shows here: it is 1 mod p for every unit, whatever the plaintext.
        guard isUnitModP, isUnitModQ else { throw .decryptionFailed }
        let plaintext = combine(modP, modQ)
        // A wrong recombination would give away a factor to whoever sees two plaintexts [BDL97].
        guard plaintext.remainder(modulo: p.prime).isEqual(to: modP),
            plaintext.remainder(modulo: q.prime).isEqual(to: modQ),
            plaintext.minus(SecretNatural(publicKey.modulus, bitCapacity: plaintext.bitCapacity)).borrow == 1
        else { throw .decryptionFailed }
        return plaintext
    }

    /// The number below n with these remainders.
    func combine(_ modP: SecretNatural, _ modQ: SecretNatural) -> SecretNatural {
        // modP is below p and so below q.
        let difference = modQ.minus(modP, modulo: q.prime)
        let factor = q.ring.secretHalfProduct(difference, inverse)
        return factor.times(p.prime).plus(modP)
    }

    /// The number below n² with these remainders mod p² and q².
    func combineSquares(_ modP: SecretNatural, _ modQ: SecretNatural) -> SecretNatural {
        let difference = modQ.minus(modP, modulo: q.square)
        let factor = q.ring.secretProduct(difference, squareInverse)
        return factor.times(p.square).plus(modP)
    }
}
