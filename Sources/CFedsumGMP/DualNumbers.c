// SPDX-License-Identifier: Apache-2.0
//
// Numbers mod n^2 as a + b * n, in Montgomery's form with R = 2^(64 * L).
//
// Subtracting reduction: for T < n * R, q = T * n^-1 mod R and r = (T - q * n) / R, so T = r * R + q * n with
// -n < r ≤ n. The product (a + b * n) * (c + d * n) is a * c + (a * d + b * c) * n mod n^2, and with T = a * c
//     T / R = r + (q / R) * n,    so that    a' = r    and    b' = (a * d + b * c + q) / R mod n:
// the quotient that b needs falls out of reducing a. Where r is negative, a' = r + n and b' is one less, which is
// R less before its division by R.
//
// A place for vector kernels: everything goes through `step`, `multiply` and `square`.
#include "CFedsumGMP.h"
#include <gmp.h>
#include <string.h>

typedef mp_limb_t limb;

static inline void multiply(limb *r, const limb *x, const limb *y, size_t L, int secret, limb *space) {
    if (secret) {
        mpn_sec_mul(r, x, (mp_size_t)L, y, (mp_size_t)L, space);
    } else {
        mpn_mul_n(r, x, y, (mp_size_t)L);
    }
}

static inline void square(limb *r, const limb *x, size_t L, int secret, limb *space) {
    if (secret) {
        mpn_sec_sqr(r, x, (mp_size_t)L, space);
    } else {
        mpn_sqr(r, x, (mp_size_t)L);
    }
}

/// r = (T - q * n) / R mod R; returns 1 if that was negative. T has 2 * L limbs and is destroyed.
static inline limb reduce(limb *r, limb *q, limb *T, const limb *n, limb inverse, size_t L) {
    for (size_t i = 0; i < L; i++) {
        limb digit = T[i] * inverse;
        q[i] = digit;
        T[i] = mpn_submul_1(T + i, n, (mp_size_t)L, digit);
    }
    return mpn_sub_n(r, T + L, T, (mp_size_t)L);
}

/// a' and b' from T = a * c < n * R and U = a * d + b * c < n * R. Both are destroyed; q has L limbs.
static inline void step(limb *r, limb *T, limb *U, limb *q, const limb *n, limb inverse, size_t L) {
    limb negative = reduce(r, q, T, n, inverse, L);
    mpn_cnd_add_n(negative, r, r, n, (mp_size_t)L);
    // The high half changes by carry - negative, which is -1, 0 or 1.
    limb carry = mpn_add_n(U, U, q, (mp_size_t)L);
    limb word = carry - negative, extension = 0 - (word >> 63), borrowed = word >> 63;
    unsigned long long c = 0;
    for (size_t i = L; i < 2 * L; i++) {
        U[i] = __builtin_addcll(U[i], word, c, &c);
        word = extension;
    }
    limb below = borrowed & (1 - (limb)c);
    negative = reduce(r + L, q, U, n, inverse, L) | below;
    mpn_cnd_add_n(negative, r + L, r + L, n, (mp_size_t)L);
}

/// Brings U + carry * R^2 < 2 * n * R below n * R; q is scratch.
static inline void below_nR(limb *U, limb carry, const limb *n, size_t L) {
    limb borrow = mpn_sub_n(U + L, U + L, n, (mp_size_t)L);
    mpn_cnd_add_n(borrow & (1 - carry), U + L, U + L, n, (mp_size_t)L);
}

// Scratch: T and U of 2 * L limbs, V of 2 * L, q of L, and what GMP needs.
size_t fedsum_dual_scratch(size_t L) {
    mp_size_t size = (mp_size_t)L;
    size_t a = (size_t)mpn_sec_mul_itch(size, size), b = (size_t)mpn_sec_sqr_itch(size);
    return 7 * L + (a > b ? a : b) + 8;
}

void fedsum_dual_multiply(
    uint64_t *r_, const uint64_t *x_, const uint64_t *y_, const uint64_t *n_, uint64_t inverse, size_t L, int secret,
    uint64_t *scratch) {
    limb *r = (limb *)r_, *T = (limb *)scratch, *U = T + 2 * L, *V = U + 2 * L, *q = V + 2 * L, *space = q + L;
    const limb *x = (const limb *)x_, *y = (const limb *)y_, *n = (const limb *)n_;
    multiply(U, x, y + L, L, secret, space);
    multiply(V, x + L, y, L, secret, space);
    below_nR(U, mpn_add_n(U, U, V, (mp_size_t)(2 * L)), n, L);
    multiply(T, x, y, L, secret, space);
    step(r, T, U, q, n, inverse, L);
}

void fedsum_dual_square(
    uint64_t *r_, const uint64_t *x_, const uint64_t *n_, uint64_t inverse, size_t L, int secret, uint64_t *scratch) {
    limb *r = (limb *)r_, *T = (limb *)scratch, *U = T + 2 * L, *q = U + 4 * L, *space = q + L;
    const limb *x = (const limb *)x_, *n = (const limb *)n_;
    multiply(U, x, x + L, L, secret, space);
    below_nR(U, mpn_lshift(U, U, (mp_size_t)(2 * L), 1), n, L);
    square(T, x, L, secret, space);
    step(r, T, U, q, n, inverse, L);
}

void fedsum_dual_multiply_half(
    uint64_t *r_, const uint64_t *x_, const uint64_t *c_, const uint64_t *n_, uint64_t inverse, size_t L, int secret,
    uint64_t *scratch) {
    limb *r = (limb *)r_, *T = (limb *)scratch, *U = T + 2 * L, *q = U + 4 * L, *space = q + L;
    const limb *x = (const limb *)x_, *c = (const limb *)c_, *n = (const limb *)n_;
    multiply(U, x + L, c, L, secret, space);
    multiply(T, x, c, L, secret, space);
    step(r, T, U, q, n, inverse, L);
}

void fedsum_dual_from_number(
    uint64_t *r, const uint64_t *x, const uint64_t *n, uint64_t inverse, size_t L, uint64_t *scratch) {
    limb *T = (limb *)scratch, *U = T + 2 * L, *q = U + 4 * L;
    memcpy(T, x, 2 * L * sizeof *T);
    memset(U, 0, 2 * L * sizeof *U);
    step((limb *)r, T, U, q, (const limb *)n, inverse, L);
}

void fedsum_dual_reduce(
    uint64_t *r, const uint64_t *x, const uint64_t *n, uint64_t inverse, size_t L, uint64_t *scratch) {
    limb *T = (limb *)scratch, *U = T + 2 * L, *q = U + 4 * L;
    memcpy(T, x, L * sizeof *T);
    memset(T + L, 0, L * sizeof *T);
    memcpy(U, x + L, L * sizeof *U);
    memset(U + L, 0, L * sizeof *U);
    step((limb *)r, T, U, q, (const limb *)n, inverse, L);
}

/// x -= n if x ≥ n; returns 1 if so.
static limb subtract_once(limb *x, const limb *n, size_t L, limb *space) {
    limb enough = 1 - mpn_sub_n(space, x, n, (mp_size_t)L);
    mpn_cnd_sub_n(enough, x, x, n, (mp_size_t)L);
    return enough;
}

void fedsum_dual_normalize(uint64_t *x_, const uint64_t *n_, size_t L, uint64_t *scratch) {
    limb *x = (limb *)x_, *space = (limb *)scratch;
    const limb *n = (const limb *)n_;
    // a = n is 0 and one more n; b = n + 1 then does not overflow, since n = R - 1 leaves room for b = n only.
    limb more = subtract_once(x, n, L, space);
    subtract_once(x + L, n, L, space);
    for (size_t i = L; i < 2 * L; i++) {
        x[i] += more;
        more = x[i] < more;
    }
    subtract_once(x + L, n, L, space);
}

void fedsum_dual_to_number(uint64_t *r_, const uint64_t *x_, const uint64_t *n_, size_t L, uint64_t *scratch) {
    limb *r = (limb *)r_, *product = (limb *)scratch;
    const limb *x = (const limb *)x_;
    mpn_sec_mul(product, x + L, (mp_size_t)L, (const limb *)n_, (mp_size_t)L, product + 2 * L);
    unsigned long long carry = mpn_add_n(product, product, x, (mp_size_t)L);
    for (size_t i = L; i < 2 * L; i++) product[i] = __builtin_addcll(product[i], 0, carry, &carry);
    memcpy(r, product, 2 * L * sizeof *r);
}

void fedsum_half_multiply(
    uint64_t *r_, const uint64_t *x, const uint64_t *y, const uint64_t *n_, uint64_t inverse, size_t L, int secret,
    uint64_t *scratch) {
    limb *r = (limb *)r_, *T = (limb *)scratch, *q = T + 2 * L, *space = q + L;
    const limb *n = (const limb *)n_;
    multiply(T, (const limb *)x, (const limb *)y, L, secret, space);
    mpn_cnd_add_n(reduce(r, q, T, n, inverse, L), r, r, n, (mp_size_t)L);
}

void fedsum_half_add(
    uint64_t *r_, const uint64_t *x, const uint64_t *y, const uint64_t *n_, size_t L, uint64_t *scratch) {
    limb *r = (limb *)r_, *space = (limb *)scratch;
    const limb *n = (const limb *)n_;
    // x + y ≤ 2 * n, which may carry: subtract n, and add it again if that was too much.
    limb carry = mpn_add_n(space, (const limb *)x, (const limb *)y, (mp_size_t)L);
    limb borrow = mpn_sub_n(r, space, n, (mp_size_t)L);
    mpn_cnd_add_n(borrow & (1 - carry), r, r, n, (mp_size_t)L);
}

void fedsum_half_square(
    uint64_t *r_, const uint64_t *x, const uint64_t *n_, uint64_t inverse, size_t L, uint64_t *scratch) {
    limb *r = (limb *)r_, *T = (limb *)scratch, *q = T + 2 * L, *space = q + L;
    const limb *n = (const limb *)n_;
    square(T, (const limb *)x, L, 1, space);
    mpn_cnd_add_n(reduce(r, q, T, n, inverse, L), r, r, n, (mp_size_t)L);
}

void fedsum_dual_add(
    uint64_t *r_, const uint64_t *x, const uint64_t *y, const uint64_t *n_, size_t L, uint64_t *scratch) {
    limb *r = (limb *)r_, *space = (limb *)scratch, *one = space + L;
    const limb *n = (const limb *)n_;
    // a + c is at least n where subtracting n does not borrow, or the sum carries; b + d then is one more.
    limb carry = mpn_add_n(space, (const limb *)x, (const limb *)y, (mp_size_t)L);
    limb borrow = mpn_sub_n(one, space, n, (mp_size_t)L), less = borrow & (1 - carry);
    fedsum_half_add(r_ + L, x + L, y + L, n_, L, (uint64_t *)(one + L));
    mpn_cnd_add_n(less, r, one, n, (mp_size_t)L);
    memset(one, 0, L * sizeof *one);
    one[0] = 1 - less;
    fedsum_half_add(r_ + L, r_ + L, (uint64_t *)one, n_, L, (uint64_t *)(one + L));
}

uint64_t fedsum_inverse_of_word(uint64_t n) {
    uint64_t x = 1;
    // Each step of Newton's doubles the right bits.
    for (int i = 0; i < 6; i++) x *= 2 - n * x;
    return x;
}

/// 64 * L = odd * 2^squarings.
static size_t odd_part(size_t L, int *squarings) {
    size_t odd = 64 * L;
    for (*squarings = 0; odd % 2 == 0; odd /= 2) ++*squarings;
    return odd;
}

// 2^(64 * (L - 1)) is below n; 64 doublings make it R, `odd` more R * 2^odd, and each square R * 2^(2 * odd) and so on.
void fedsum_half_square_of_R(uint64_t *r, const uint64_t *n, uint64_t inverse, size_t L, uint64_t *scratch) {
    int squarings;
    size_t odd = odd_part(L, &squarings);
    memset(r, 0, L * sizeof *r);
    r[L - 1] = 1;
    for (size_t i = 0; i < 64 + odd; i++) fedsum_half_add(r, r, r, n, L, scratch);
    for (int i = 0; i < squarings; i++) fedsum_half_square(r, r, n, inverse, L, scratch);
}

void fedsum_dual_powers_of_R(
    uint64_t *first, uint64_t *third, uint64_t *fifth, const uint64_t *n, uint64_t inverse, size_t L,
    uint64_t *scratch) {
    int squarings;
    size_t odd = odd_part(L, &squarings);
    memset(first, 0, 2 * L * sizeof *first);
    first[L - 1] = 1;
    for (size_t i = 0; i < 64; i++) fedsum_dual_add(first, first, first, n, L, scratch);
    memcpy(third, first, 2 * L * sizeof *third);
    for (size_t i = 0; i < odd; i++) fedsum_dual_add(third, third, third, n, L, scratch);
    for (int i = 0; i < squarings; i++) fedsum_dual_square(third, third, n, inverse, L, 1, scratch);
    // R^2 by now.
    fedsum_dual_multiply(third, third, third, n, inverse, L, 1, scratch);
    fedsum_dual_multiply(fifth, third, third, n, inverse, L, 1, scratch);
}

void fedsum_secret_dual_power(
    uint64_t *r, const uint64_t *x, const uint64_t *e, size_t bits, const uint64_t *one, const uint64_t *n,
    uint64_t inverse, size_t L, uint64_t *table, uint64_t *scratch) {
    enum { width = 5, entries = 1 << width };
    uint64_t *entry = scratch, *space = scratch + 2 * L;
    memcpy(entry, one, 2 * L * sizeof *entry);
    for (uint64_t i = 0; i < entries; i++) {
        fedsum_table_store(table, entries, 2 * L, i, entry);
        fedsum_dual_multiply(entry, entry, x, n, inverse, L, 1, space);
    }
    size_t digits = (bits + width - 1) / width;
    memcpy(r, one, 2 * L * sizeof *r);
    for (size_t d = digits; d-- > 0;) {
        if (d + 1 < digits) {
            for (int i = 0; i < width; i++) fedsum_dual_square(r, r, n, inverse, L, 1, space);
        }
        uint64_t digit = 0;
        for (size_t i = 0; i < width; i++) {
            size_t bit = d * width + i;
            if (bit < bits) digit |= (e[bit / 64] >> (bit % 64) & 1) << i;
        }
        fedsum_secret_lookup(entry, table, entries, 2 * L, digit);
        if (d + 1 < digits) {
            fedsum_dual_multiply(r, r, entry, n, inverse, L, 1, space);
        } else {
            memcpy(r, entry, 2 * L * sizeof *r);
        }
    }
}

// The running product is (a + b * n) * (1 + s * n / R). A factor c * (1 + d * n / R) then costs two half-size products
// and two reductions instead of three and two: d is only added to s, and s goes into b at the end.
void fedsum_comb_power(
    uint64_t *r, const fedsum_comb *comb, const uint64_t *e, size_t bits, const uint64_t *message, const uint64_t *n,
    uint64_t inverse, size_t L, int secret, uint64_t *scratch) {
    size_t entries = (size_t)1 << comb->teeth, stride = fedsum_table_size(entries, 2 * L);
    uint64_t *entry = scratch, *sum = entry + 2 * L, *space = sum + 2 * L;
    int started = 0;
    for (size_t turn = comb->turns; turn-- > 0;) {
        if (started) {
            fedsum_dual_square(r, r, n, inverse, L, secret, space);
            fedsum_half_add(sum, sum, sum, n, L, space);
        }
        for (size_t t = 0; t < comb->tables; t++) {
            size_t column = t * comb->turns + turn;
            if (column >= comb->columns) continue;
            uint64_t digit = 0;
            for (size_t tooth = 0; tooth < comb->teeth; tooth++) {
                size_t bit = tooth * comb->columns + column;
                if (bit < bits) digit |= (e[bit / 64] >> (bit % 64) & 1) << tooth;
            }
            const uint64_t *table = comb->entries + t * stride;
            if (secret) {
                fedsum_secret_lookup(entry, table, entries, 2 * L, digit);
            } else {
                fedsum_table_lookup_variable_time(entry, table, entries, 2 * L, digit);
            }
            if (started) {
                fedsum_dual_multiply_half(r, r, entry, n, inverse, L, secret, space);
                fedsum_half_add(sum, sum, entry + L, n, L, space);
            } else {
                memcpy(r, entry, L * sizeof *r);
                memset(r + L, 0, L * sizeof *r);
                memcpy(sum, entry + L, L * sizeof *sum);
                started = 1;
            }
        }
    }
    fedsum_half_add(sum, sum, message, n, L, space);
    fedsum_half_multiply(entry, sum, r, n, inverse, L, secret, space);
    fedsum_half_add(r + L, r + L, entry, n, L, space);
}
