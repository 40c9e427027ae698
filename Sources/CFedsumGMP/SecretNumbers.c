// SPDX-License-Identifier: Apache-2.0
//
// Secret numbers: GMP's functions that promise constant time, on memory of the caller, and masked look-ups.
#include "CFedsumGMP.h"
#include <gmp.h>
#include <string.h>

#define LIMBS(p) ((mp_limb_t *)(p))
#define CONST_LIMBS(p) ((const mp_limb_t *)(p))

void fedsum_wipe(uint64_t *limbs, size_t count) {
    memset(limbs, 0, count * sizeof *limbs);
    __asm__ volatile("" : : "r"(limbs) : "memory");
}

static size_t larger(size_t a, size_t b) { return a > b ? a : b; }

size_t fedsum_secret_scratch(size_t n) {
    mp_size_t size = (mp_size_t)n;
    size_t need = larger((size_t)mpn_sec_mul_itch(size, size), (size_t)mpn_sec_invert_itch(size));
    return larger(need, fedsum_dual_scratch(n) + 4 * n) + 8;
}

void fedsum_secret_multiply(
    uint64_t *r, const uint64_t *a, size_t an, const uint64_t *b, size_t bn, uint64_t *scratch) {
    mpn_sec_mul(LIMBS(r), CONST_LIMBS(a), (mp_size_t)an, CONST_LIMBS(b), (mp_size_t)bn, LIMBS(scratch));
}

// NB: not mpn_sec_div_r and mpn_sec_powm, which look parts of the modulus up in tables (invert_limb, binvert_limb).

void fedsum_secret_remainder(
    uint64_t *r, const uint64_t *a, size_t an, const uint64_t *m, size_t n, uint64_t *scratch) {
    uint64_t *square = scratch, *one = square + n, *part = one + n, *space = part + n;
    uint64_t inverse = fedsum_inverse_of_word(m[0]);
    fedsum_half_square_of_R(square, m, inverse, n, space);
    memset(one, 0, n * sizeof *one);
    one[0] = 1;
    memset(r, 0, n * sizeof *r);
    // From the highest n limbs down: r = r * R + part.
    for (size_t first = (an + n - 1) / n * n; first > 0;) {
        first -= n;
        size_t count = an - first < n ? an - first : n;
        memset(part, 0, n * sizeof *part);
        memcpy(part, a + first, count * sizeof *part);
        fedsum_half_multiply(part, part, square, m, inverse, n, 1, space);
        fedsum_half_multiply(part, part, one, m, inverse, n, 1, space);
        fedsum_half_multiply(r, r, square, m, inverse, n, 1, space);
        fedsum_half_add(r, r, part, m, n, space);
    }
    // m itself is 0: adding 0 makes it so.
    memset(part, 0, n * sizeof *part);
    fedsum_half_add(r, r, part, m, n, space);
}

void fedsum_secret_power(
    uint64_t *r, const uint64_t *b, const uint64_t *e, size_t bits, const uint64_t *m, size_t n, uint64_t *table,
    uint64_t *scratch) {
    enum { width = 5, entries = 1 << width };
    uint64_t *entry = scratch, *base = entry + n, *space = base + n;
    uint64_t inverse = fedsum_inverse_of_word(m[0]);
    fedsum_half_square_of_R(base, m, inverse, n, space);
    // 1 * R, and b * R.
    memset(entry, 0, n * sizeof *entry);
    entry[0] = 1;
    fedsum_half_multiply(entry, entry, base, m, inverse, n, 1, space);
    fedsum_half_multiply(base, b, base, m, inverse, n, 1, space);
    for (uint64_t i = 0; i < entries; i++) {
        fedsum_table_store(table, entries, n, i, entry);
        fedsum_half_multiply(entry, entry, base, m, inverse, n, 1, space);
    }
    for (size_t d = (bits + width - 1) / width, first = 1; d-- > 0; first = 0) {
        uint64_t digit = 0;
        for (size_t i = 0; i < width; i++) {
            size_t bit = d * width + i;
            if (bit < bits) digit |= (e[bit / 64] >> (bit % 64) & 1) << i;
        }
        fedsum_secret_lookup(entry, table, entries, n, digit);
        if (first) {
            memcpy(r, entry, n * sizeof *r);
            continue;
        }
        for (int i = 0; i < width; i++) fedsum_half_square(r, r, m, inverse, n, space);
        fedsum_half_multiply(r, r, entry, m, inverse, n, 1, space);
    }
    memset(entry, 0, n * sizeof *entry);
    entry[0] = 1;
    fedsum_half_multiply(r, r, entry, m, inverse, n, 1, space);
    memset(entry, 0, n * sizeof *entry);
    fedsum_half_add(r, r, entry, m, n, space);
}

int fedsum_secret_inverse(uint64_t *r, uint64_t *a, const uint64_t *m, size_t n, uint64_t *scratch) {
    return mpn_sec_invert(LIMBS(r), LIMBS(a), CONST_LIMBS(m), (mp_size_t)n, 128 * n, LIMBS(scratch));
}

uint64_t fedsum_secret_add(uint64_t *a, const uint64_t *b, size_t n) {
    return mpn_add_n(LIMBS(a), CONST_LIMBS(a), CONST_LIMBS(b), (mp_size_t)n);
}

uint64_t fedsum_secret_subtract(uint64_t *a, const uint64_t *b, size_t n) {
    return mpn_sub_n(LIMBS(a), CONST_LIMBS(a), CONST_LIMBS(b), (mp_size_t)n);
}

uint64_t fedsum_secret_add_if(uint64_t condition, uint64_t *a, const uint64_t *b, size_t n) {
    return mpn_cnd_add_n(condition, LIMBS(a), CONST_LIMBS(a), CONST_LIMBS(b), (mp_size_t)n);
}

/// All ones if x is zero, else zero; the compiler is not to know what comes out.
static inline uint64_t mask_of_zero(uint64_t x) {
    uint64_t mask = ((x | (0 - x)) >> 63) - 1;
    __asm__("" : "+r"(mask));
    return mask;
}

uint64_t fedsum_secret_equal(const uint64_t *a, const uint64_t *b, size_t n) {
    uint64_t difference = 0;
    for (size_t i = 0; i < n; i++) difference |= a[i] ^ b[i];
    return mask_of_zero(difference) & 1;
}

// ---- Tables

#define STRIPE 16

size_t fedsum_table_size(size_t entries, size_t limbs) {
    return entries * ((limbs + STRIPE - 1) / STRIPE) * STRIPE;
}

void fedsum_table_store(uint64_t *table, size_t entries, size_t limbs, uint64_t index, const uint64_t *entry) {
    for (size_t first = 0; first < limbs; first += STRIPE) {
        size_t count = limbs - first < STRIPE ? limbs - first : STRIPE;
        memcpy(table + entries * first + index * STRIPE, entry + first, count * sizeof *table);
    }
}

void fedsum_table_lookup_variable_time(
    uint64_t *r, const uint64_t *table, size_t entries, size_t limbs, uint64_t index) {
    for (size_t first = 0; first < limbs; first += STRIPE) {
        size_t count = limbs - first < STRIPE ? limbs - first : STRIPE;
        memcpy(r + first, table + entries * first + index * STRIPE, count * sizeof *table);
    }
}

typedef uint64_t vector __attribute__((vector_size(64), aligned(8)));

/// The body of the look-up; it is compiled for each instruction set, and vectors become what that has.
__attribute__((always_inline)) static inline void lookup(
    uint64_t *r, const uint64_t *table, size_t entries, size_t limbs, uint64_t index) {
    for (size_t first = 0; first < limbs; first += STRIPE) {
        const uint64_t *stripe = table + entries * first;
        vector low = {0}, high = {0};
        for (uint64_t i = 0; i < entries; i++) {
            vector mask = mask_of_zero(i ^ index) - (vector){0};
            low |= *(const vector *)(stripe + i * STRIPE) & mask;
            high |= *(const vector *)(stripe + i * STRIPE + 8) & mask;
        }
        if (limbs - first >= STRIPE) {
            *(vector *)(r + first) = low;
            *(vector *)(r + first + 8) = high;
        } else {
            uint64_t whole[STRIPE];
            *(vector *)whole = low;
            *(vector *)(whole + 8) = high;
            memcpy(r + first, whole, (limbs - first) * sizeof *r);
            fedsum_wipe(whole, STRIPE);
        }
    }
}

#if defined(__x86_64__)
__attribute__((target("avx512f"))) static void lookup_avx512(
    uint64_t *r, const uint64_t *table, size_t entries, size_t limbs, uint64_t index) {
    lookup(r, table, entries, limbs, index);
}

__attribute__((target("avx2"))) static void lookup_avx2(
    uint64_t *r, const uint64_t *table, size_t entries, size_t limbs, uint64_t index) {
    lookup(r, table, entries, limbs, index);
}
#endif

void fedsum_secret_lookup(uint64_t *r, const uint64_t *table, size_t entries, size_t limbs, uint64_t index) {
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx512f")) return lookup_avx512(r, table, entries, limbs, index);
    if (__builtin_cpu_supports("avx2")) return lookup_avx2(r, table, entries, limbs, index);
#endif
    lookup(r, table, entries, limbs, index);
}
