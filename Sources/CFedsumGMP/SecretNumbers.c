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
    size_t need = larger((size_t)mpn_sec_mul_itch(size, size), (size_t)mpn_sec_div_r_itch(2 * size, size));
    need = larger(need, (size_t)mpn_sec_div_r_itch(size, size));
    need = larger(need, (size_t)mpn_sec_powm_itch(size, 64 * size, size));
    return larger(need, (size_t)mpn_sec_invert_itch(size)) + 8;
}

void fedsum_secret_multiply(
    uint64_t *r, const uint64_t *a, size_t an, const uint64_t *b, size_t bn, uint64_t *scratch) {
    mpn_sec_mul(LIMBS(r), CONST_LIMBS(a), (mp_size_t)an, CONST_LIMBS(b), (mp_size_t)bn, LIMBS(scratch));
}

void fedsum_secret_remainder(uint64_t *a, size_t an, const uint64_t *d, size_t dn, uint64_t *scratch) {
    mpn_sec_div_r(LIMBS(a), (mp_size_t)an, CONST_LIMBS(d), (mp_size_t)dn, LIMBS(scratch));
}

void fedsum_secret_power(
    uint64_t *r, const uint64_t *b, const uint64_t *e, size_t bits, const uint64_t *m, size_t n, uint64_t *scratch) {
    mpn_sec_powm(
        LIMBS(r), CONST_LIMBS(b), (mp_size_t)n, CONST_LIMBS(e), bits, CONST_LIMBS(m), (mp_size_t)n, LIMBS(scratch));
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
