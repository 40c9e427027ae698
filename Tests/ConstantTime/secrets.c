// SPDX-License-Identifier: Apache-2.0
//
// Runs what Sources/CFedsumGMP promises to do in constant time, with every secret marked as undefined memory: valgrind's
// memcheck then reports each branch and each address that depends on one. `Scripts/constant-time` builds and runs it.
//
//   secrets              the default paths: nothing may be reported
//   secrets planted      a table look-up by a secret index: must be reported
//   secrets time RUNS    Welch's t of the times of two classes of exponents and of ciphertexts on a small key
#include "CFedsumGMP.h"
#include <gmp.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <valgrind/memcheck.h>

#define SECRET(p, limbs) VALGRIND_MAKE_MEM_UNDEFINED(p, (limbs) * sizeof(uint64_t))
#define PUBLIC(p, limbs) VALGRIND_MAKE_MEM_DEFINED(p, (limbs) * sizeof(uint64_t))

static uint64_t state = 20261121;
static uint64_t word(void) {  // SplitMix64
    uint64_t z = state += 0x9E3779B97F4A7C15;
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9;
    z = (z ^ z >> 27) * 0x94D049BB133111EB;
    return z ^ z >> 31;
}

static uint64_t *limbs(size_t n) {
    void *memory = NULL;
    if (posix_memalign(&memory, 64, n * 8)) abort();
    memset(memory, 0, n * 8);
    return memory;
}

static void fill(uint64_t *p, size_t n) { for (size_t i = 0; i < n; i++) p[i] = word(); }

static uint64_t inverse_of(const uint64_t *n) {
    uint64_t x = 1;
    for (int i = 0; i < 6; i++) x *= 2 - n[0] * x;
    return x;
}

/// A modulus of L full limbs whose two highest bits are set, and everything that goes with it.
struct ring {
    size_t L;
    uint64_t *n, *one, *base, *entries, *scratch, inverse;
    fedsum_comb comb;
};

static struct ring make(size_t L, size_t exponentBits) {
    struct ring r = {.L = L};
    r.n = limbs(L);
    fill(r.n, L);
    r.n[0] |= 1;
    r.n[L - 1] |= 3ull << 62;
    r.inverse = inverse_of(r.n);
    r.one = limbs(2 * L);
    r.base = limbs(2 * L);
    fill(r.one, 2 * L);
    fill(r.base, 2 * L);
    r.one[L - 1] >>= 2, r.one[2 * L - 1] >>= 2, r.base[L - 1] >>= 2, r.base[2 * L - 1] >>= 2;
    r.scratch = limbs(fedsum_dual_scratch(L) + fedsum_secret_scratch(4 * L) + 8 * L);
    r.comb = (fedsum_comb){.teeth = 6, .columns = (exponentBits + 5) / 6, .tables = 4};
    r.comb.turns = (r.comb.columns + 3) / 4;
    size_t stride = fedsum_table_size(64, 2 * L);
    r.entries = limbs(4 * stride);
    for (size_t t = 0; t < 4; t++)
        for (uint64_t i = 0; i < 64; i++) {
            uint64_t *entry = limbs(2 * L);
            fill(entry, 2 * L);
            entry[L - 1] >>= 2, entry[2 * L - 1] >>= 2;
            fedsum_table_store(r.entries + t * stride, 64, 2 * L, i, entry);
            free(entry);
        }
    r.comb.entries = r.entries;
    return r;
}

/// Encryption: exponent and message are secret.
static void encrypt(size_t L, int isConstantTime) {
    struct ring r = make(L, 32 * L);
    uint64_t *exponent = limbs(L), *message = limbs(L), *result = limbs(2 * L);
    fill(exponent, L), fill(message, L);
    message[L - 1] >>= 2;
    SECRET(exponent, L), SECRET(message, L);
    fedsum_half_multiply(message, message, r.base, r.n, r.inverse, L, 1, r.scratch);
    fedsum_comb_power(result, &r.comb, exponent, 32 * L, message, r.n, r.inverse, L, isConstantTime, r.scratch);
    // What leaves is public, and how it is written.
    fedsum_dual_reduce(result, result, r.n, r.inverse, L, r.scratch);
    fedsum_dual_normalize(result, r.n, L, r.scratch);
    fedsum_dual_to_number(result, result, r.n, L, r.scratch);
    PUBLIC(result, 2 * L);
}

/// Decryption by one factor: the factor, its powers and the plaintext are secret.
static void decrypt(size_t L) {
    struct ring r = make(L, 32 * L);
    uint64_t *number = limbs(4 * L), *square = limbs(2 * L), *exponent = limbs(L), *result = limbs(2 * L),
             *pair = limbs(2 * L), *table = limbs(fedsum_table_size(32, 2 * L)), *other = limbs(L), *copy = limbs(L);
    fill(number, 4 * L), fill(exponent, L), fill(other, L);
    other[L - 1] >>= 2;
    SECRET(r.n, L), SECRET(exponent, L), SECRET(other, L), SECRET(&r.inverse, 1);
    uint64_t *fifth = limbs(2 * L), *high = limbs(2 * L);
    fedsum_dual_powers_of_R(r.one, pair, fifth, r.n, r.inverse, L, r.scratch);
    fedsum_dual_from_number(high, number + 2 * L, r.n, r.inverse, L, r.scratch);
    fedsum_dual_multiply(high, high, fifth, r.n, r.inverse, L, 1, r.scratch);
    fedsum_dual_add(pair, pair, high, r.n, L, r.scratch);
    fedsum_secret_dual_power(result, pair, exponent, 64 * L, r.one, r.n, r.inverse, L, table, r.scratch);
    fedsum_dual_reduce(result, result, r.n, r.inverse, L, r.scratch);
    fedsum_dual_normalize(result, r.n, L, r.scratch);
    fedsum_half_multiply(other, other, result + L, r.n, r.inverse, L, 1, r.scratch);
    // Putting together: remainders, differences, products, the check.
    fedsum_secret_remainder(number, result, 2 * L, r.n, L, r.scratch);
    uint64_t borrow = fedsum_secret_subtract(number, other, L);
    fedsum_secret_add_if(borrow, number, r.n, L);
    fedsum_secret_multiply(square, number, L, r.n, L, r.scratch);
    fedsum_secret_add(square, other, L);
    uint64_t equal = fedsum_secret_equal(square, number, L);
    PUBLIC(&equal, 1);
    memcpy(copy, other, L * 8);
    if (fedsum_secret_inverse(copy, other, r.n, L, r.scratch) < 0) abort();
}

/// Making keys and proofs: powers mod a secret number.
static void power(size_t L) {
    struct ring r = make(L, 32 * L);
    uint64_t *base = limbs(L), *exponent = limbs(L), *result = limbs(L), *table = limbs(fedsum_table_size(32, L));
    fill(base, L), fill(exponent, L);
    base[L - 1] >>= 2;
    SECRET(base, L), SECRET(exponent, L), SECRET(r.n, L);
    fedsum_secret_power(result, base, exponent, 64 * L, r.n, L, table, r.scratch);
}

// ---- Times

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

struct sample { double count, mean, squares; };

static void add(struct sample *s, double x) {
    s->count += 1;
    double d = x - s->mean;
    s->mean += d / s->count;
    s->squares += d * (x - s->mean);
}

/// Fixed against random exponents in random order; times above the median's fivefold are interrupts.
static double welch(int isConstantTime, long runs) {
    enum { L = 8 };
    struct ring r = make(L, 32 * L);
    uint64_t *fixed = limbs(L), *random = limbs(L), *given = limbs(L), *message = limbs(L), *result = limbs(2 * L);
    fill(message, L);
    message[L - 1] >>= 2;
    struct sample samples[2] = {{0}};
    double limit = 0;
    for (long i = -1000; i < runs; i++) {
        int class = (int)(word() & 1);
        fill(random, L);
        // The same work for both classes before the clock starts.
        for (int j = 0; j < L; j++) given[j] = class ? random[j] : fixed[j];
        double begin = now();
        fedsum_comb_power(result, &r.comb, given, 32 * L, message, r.n, r.inverse, L, isConstantTime, r.scratch);
        double time = now() - begin;
        if (i < 0) {
            limit = limit == 0 || time * 5 < limit ? time * 5 : limit;
        } else if (time < limit) {
            add(&samples[class], time);
        }
    }
    struct sample a = samples[0], b = samples[1];
    return (a.mean - b.mean) / sqrt(a.squares / (a.count - 1) / a.count + b.squares / (b.count - 1) / b.count);
}

int main(int argc, char **argv) {
    if (argc > 2 && !strcmp(argv[1], "time")) {
        long runs = atol(argv[2]);
        printf("Welch's t over %ld runs: constant time %.2f, variable time %.2f (above 4.5 is a difference)\n", runs,
               welch(1, runs), welch(0, runs));
        return 0;
    }
    if (argc > 1 && !strcmp(argv[1], "planted")) {
        encrypt(8, 0);
        return 0;
    }
    for (size_t L = 8; L <= 32; L += 8) encrypt(L, 1);
    for (size_t L = 4; L <= 16; L += 4) decrypt(L), power(L);
    return 0;
}
