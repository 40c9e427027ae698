// SPDX-License-Identifier: Apache-2.0
//
// What BigIntegers needs of libgmp, whose names are macros that Swift cannot see. Numbers are little-endian arrays of
// 64-bit limbs that the caller owns; sizes are in limbs. Functions of a name with `secret` take time that depends on
// sizes only, keep nothing of their operands but in `scratch` (and registers), and call only those of GMP that promise
// the same; all others are for public numbers.
#ifndef CFEDSUM_GMP_H
#define CFEDSUM_GMP_H

#include <stddef.h>
#include <stdint.h>

// ---- Public numbers. Results are not normalized; functions that return a size return the normalized one.

/// r = a + b, an ≥ bn ≥ 1; returns the carry.
uint64_t fedsum_add(uint64_t *r, const uint64_t *a, size_t an, const uint64_t *b, size_t bn);
/// r = a - b, an ≥ bn ≥ 1; returns the borrow.
uint64_t fedsum_subtract(uint64_t *r, const uint64_t *a, size_t an, const uint64_t *b, size_t bn);
/// r (an + bn limbs) = a * b, an ≥ bn ≥ 1, r overlaps neither.
void fedsum_multiply(uint64_t *r, const uint64_t *a, size_t an, const uint64_t *b, size_t bn);
/// q (an - bn + 1 limbs) and r (bn limbs) of a / b; an ≥ bn ≥ 1, b[bn - 1] ≠ 0.
void fedsum_divide(uint64_t *q, uint64_t *r, const uint64_t *a, size_t an, const uint64_t *b, size_t bn);
/// a mod the word d ≠ 0.
uint64_t fedsum_modulo_word(const uint64_t *a, size_t an, uint64_t d);
/// r (mn limbs) = b^e mod m, m ≠ 0; returns the size of r. Time depends on everything.
size_t fedsum_power(
    uint64_t *r, const uint64_t *b, size_t bn, const uint64_t *e, size_t en, const uint64_t *m, size_t mn);
/// r (min of the sizes, or the other's where one is zero) = gcd(a, b); returns its size.
size_t fedsum_gcd(uint64_t *r, const uint64_t *a, size_t an, const uint64_t *b, size_t bn);
/// r (mn limbs) = a^-1 mod m; returns 0 if there is none, else 1, with the size of r in `rn`.
int fedsum_inverse(uint64_t *r, size_t *rn, const uint64_t *a, size_t an, const uint64_t *m, size_t mn);
/// The Jacobi symbol (a/m), m odd.
int fedsum_jacobi(const uint64_t *a, size_t an, const uint64_t *m, size_t mn);
/// Whether a = r^k for some k ≥ 2.
int fedsum_is_perfect_power(const uint64_t *a, size_t an);
/// A Baillie-PSW test and `rounds` - 24 Miller-Rabin rounds of bases that GMP chooses; 0 means surely composite.
int fedsum_is_probably_prime(const uint64_t *a, size_t an, int rounds);
/// Decimal digits; `text` has room for 20 characters a limb and 2 more. Returns how many there are.
size_t fedsum_decimal(char *text, const uint64_t *a, size_t an);
/// r from `count` ≥ 1 decimal digit values (0 … 9, not characters); r has room for count / 16 + 2 limbs. Returns its size.
size_t fedsum_from_decimal(uint64_t *r, const unsigned char *digits, size_t count);

// ---- Secret numbers

/// Overwrites `count` limbs with zeros in a way that the optimizer may not remove.
void fedsum_wipe(uint64_t *limbs, size_t count);
/// Limbs of scratch that any of the next functions needs for operands of up to `n` limbs.
size_t fedsum_secret_scratch(size_t n);
/// r (an + bn limbs) = a * b, an ≥ bn ≥ 1.
void fedsum_secret_multiply(
    uint64_t *r, const uint64_t *a, size_t an, const uint64_t *b, size_t bn, uint64_t *scratch);
/// r (n limbs) = a mod the odd m, whose highest limb is not zero.
void fedsum_secret_remainder(uint64_t *r, const uint64_t *a, size_t an, const uint64_t *m, size_t n, uint64_t *scratch);
/// r (n limbs) = b^e mod the odd m, whose highest limb is not zero; b has n limbs, e has `bits` bits. `table` has
/// fedsum_table_size(32, n) limbs.
void fedsum_secret_power(
    uint64_t *r, const uint64_t *b, const uint64_t *e, size_t bits, const uint64_t *m, size_t n, uint64_t *table,
    uint64_t *scratch);
/// r (n limbs) = a^-1 mod the odd m; a is destroyed. Returns 0 if there is none.
int fedsum_secret_inverse(uint64_t *r, uint64_t *a, const uint64_t *m, size_t n, uint64_t *scratch);
/// a += b; returns the carry.
uint64_t fedsum_secret_add(uint64_t *a, const uint64_t *b, size_t n);
/// a -= b; returns the borrow.
uint64_t fedsum_secret_subtract(uint64_t *a, const uint64_t *b, size_t n);
/// a += b where `condition` is 1, nothing where it is 0.
uint64_t fedsum_secret_add_if(uint64_t condition, uint64_t *a, const uint64_t *b, size_t n);
/// 1 if a = b, else 0.
uint64_t fedsum_secret_equal(const uint64_t *a, const uint64_t *b, size_t n);
/// Copies the entry `index` of a table (see `fedsum_table_store`) to r, reading every entry in full.
void fedsum_secret_lookup(uint64_t *r, const uint64_t *table, size_t entries, size_t limbs, uint64_t index);

/// Limbs of a table of `entries` numbers of `limbs` limbs.
size_t fedsum_table_size(size_t entries, size_t limbs);
/// Stores an entry. Entries lie in stripes of sixteen limbs, so that reading them all is reading in order.
void fedsum_table_store(uint64_t *table, size_t entries, size_t limbs, uint64_t index, const uint64_t *entry);
/// Reads one entry only: the time tells which.
void fedsum_table_lookup_variable_time(
    uint64_t *r, const uint64_t *table, size_t entries, size_t limbs, uint64_t index);

// ---- Numbers mod n^2 as a + b * n, n odd of L limbs: a in the first L limbs, b in the next, both from 0 to n.
// Products are Montgomery's, with R = 2^(64 * L): x * y * R^-1. `inverse` is n^-1 mod 2^64. `secret` chooses between
// GMP's functions for secrets and its faster ones. Operands may be the result.

/// Limbs of scratch that the functions on a + b * n need.
size_t fedsum_dual_scratch(size_t L);
/// r = x * y / R.
void fedsum_dual_multiply(
    uint64_t *r, const uint64_t *x, const uint64_t *y, const uint64_t *n, uint64_t inverse, size_t L, int secret,
    uint64_t *scratch);
/// r = x^2 / R.
void fedsum_dual_square(
    uint64_t *r, const uint64_t *x, const uint64_t *n, uint64_t inverse, size_t L, int secret, uint64_t *scratch);
/// r = x * c / R, where c has L limbs and is at most n.
void fedsum_dual_multiply_half(
    uint64_t *r, const uint64_t *x, const uint64_t *c, const uint64_t *n, uint64_t inverse, size_t L, int secret,
    uint64_t *scratch);
/// r = x / R for a number x of 2 * L limbs in the usual form. Where x is not below n * R, a may be above n (but below R):
/// then r is only for being multiplied.
void fedsum_dual_from_number(
    uint64_t *r, const uint64_t *x, const uint64_t *n, uint64_t inverse, size_t L, uint64_t *scratch);
/// r = x / R.
void fedsum_dual_reduce(
    uint64_t *r, const uint64_t *x, const uint64_t *n, uint64_t inverse, size_t L, uint64_t *scratch);
/// Makes a and b the smallest ones.
void fedsum_dual_normalize(uint64_t *x, const uint64_t *n, size_t L, uint64_t *scratch);
/// r (2 * L limbs) = a + b * n, below n^2; x is normalized.
void fedsum_dual_to_number(uint64_t *r, const uint64_t *x, const uint64_t *n, size_t L, uint64_t *scratch);
/// r = x * y / R mod n, all of L limbs and at most n.
void fedsum_half_multiply(
    uint64_t *r, const uint64_t *x, const uint64_t *y, const uint64_t *n, uint64_t inverse, size_t L, int secret,
    uint64_t *scratch);
/// r = x^2 / R mod n, for secrets.
void fedsum_half_square(
    uint64_t *r, const uint64_t *x, const uint64_t *n, uint64_t inverse, size_t L, uint64_t *scratch);
/// r = x + y mod n; x and y at most n. The sum of n and 0 is 0.
void fedsum_half_add(uint64_t *r, const uint64_t *x, const uint64_t *y, const uint64_t *n, size_t L, uint64_t *scratch);

/// r = x + y mod n^2.
void fedsum_dual_add(uint64_t *r, const uint64_t *x, const uint64_t *y, const uint64_t *n, size_t L, uint64_t *scratch);
/// The inverse of an odd n mod 2^64.
uint64_t fedsum_inverse_of_word(uint64_t n);
/// R^2 mod n (L limbs), for an odd n > 1 whose highest limb is not zero.
void fedsum_half_square_of_R(uint64_t *r, const uint64_t *n, uint64_t inverse, size_t L, uint64_t *scratch);
/// R, R^3 and R^5 mod n^2, for such an n.
void fedsum_dual_powers_of_R(
    uint64_t *first, uint64_t *third, uint64_t *fifth, const uint64_t *n, uint64_t inverse, size_t L, uint64_t *scratch);

/// r = x^e in Montgomery's form (x * R to x^e * R); `one` is R as a + b * n, e has `bits` bits. Secret x, e and n.
/// `table` has fedsum_table_size(32, 2 * L) limbs.
void fedsum_secret_dual_power(
    uint64_t *r, const uint64_t *x, const uint64_t *e, size_t bits, const uint64_t *one, const uint64_t *n,
    uint64_t inverse, size_t L, uint64_t *table, uint64_t *scratch);

/// The comb of Lim and Lee over tables of entries (c, d): c * (1 + d * n / R) = base^(sum of the teeth) * R.
typedef struct {
    size_t teeth, columns, tables, turns;  // columns ≤ tables * turns
    const uint64_t *entries;               // `tables` tables of 2^teeth entries of 2 * L limbs
} fedsum_comb;

/// r = base^e * (1 + m * n) * R for an exponent of at most teeth * columns bits and m * R mod n in `message` (L limbs).
/// Secret e and m where `secret` is 1; else the time tells the exponent. `scratch`: fedsum_dual_scratch(L) + 6 * L.
void fedsum_comb_power(
    uint64_t *r, const fedsum_comb *comb, const uint64_t *e, size_t bits, const uint64_t *message, const uint64_t *n,
    uint64_t inverse, size_t L, int secret, uint64_t *scratch);

#endif
