// SPDX-License-Identifier: Apache-2.0
//
// Public numbers: thin wrappers, whose temporaries are GMP's own.
#include "CFedsumGMP.h"
#include <gmp.h>
#include <stdlib.h>
#include <string.h>

_Static_assert(GMP_LIMB_BITS == 64 && GMP_NAIL_BITS == 0, "limbs of 64 bits");
_Static_assert(sizeof(mp_limb_t) == sizeof(uint64_t), "limbs of 64 bits");

#define LIMBS(p) ((mp_limb_t *)(p))
#define CONST_LIMBS(p) ((const mp_limb_t *)(p))

static size_t normalized(const uint64_t *a, size_t n) {
    while (n > 0 && a[n - 1] == 0) n--;
    return n;
}

/// Copies the absolute value of z, which has at most `room` limbs, and fills up with zeros.
static size_t take(uint64_t *r, size_t room, const mpz_t z) {
    size_t n = mpz_size(z);
    memcpy(r, mpz_limbs_read(z), n * sizeof *r);
    memset(r + n, 0, (room - n) * sizeof *r);
    return n;
}

#define READ_ONLY(name, p, n) \
    mpz_t name##_storage; \
    mpz_srcptr name = mpz_roinit_n(name##_storage, CONST_LIMBS(p), (mp_size_t)normalized(p, n))

uint64_t fedsum_add(uint64_t *r, const uint64_t *a, size_t an, const uint64_t *b, size_t bn) {
    return mpn_add(LIMBS(r), CONST_LIMBS(a), (mp_size_t)an, CONST_LIMBS(b), (mp_size_t)bn);
}

uint64_t fedsum_subtract(uint64_t *r, const uint64_t *a, size_t an, const uint64_t *b, size_t bn) {
    return mpn_sub(LIMBS(r), CONST_LIMBS(a), (mp_size_t)an, CONST_LIMBS(b), (mp_size_t)bn);
}

void fedsum_multiply(uint64_t *r, const uint64_t *a, size_t an, const uint64_t *b, size_t bn) {
    mpn_mul(LIMBS(r), CONST_LIMBS(a), (mp_size_t)an, CONST_LIMBS(b), (mp_size_t)bn);
}

void fedsum_divide(uint64_t *q, uint64_t *r, const uint64_t *a, size_t an, const uint64_t *b, size_t bn) {
    mpn_tdiv_qr(LIMBS(q), LIMBS(r), 0, CONST_LIMBS(a), (mp_size_t)an, CONST_LIMBS(b), (mp_size_t)bn);
}

uint64_t fedsum_modulo_word(const uint64_t *a, size_t an, uint64_t d) {
    return an == 0 ? 0 : mpn_mod_1(CONST_LIMBS(a), (mp_size_t)an, d);
}

size_t fedsum_power(
    uint64_t *r, const uint64_t *b, size_t bn, const uint64_t *e, size_t en, const uint64_t *m, size_t mn) {
    READ_ONLY(base, b, bn);
    READ_ONLY(exponent, e, en);
    READ_ONLY(modulus, m, mn);
    mpz_t z;
    mpz_init(z);
    mpz_powm(z, base, exponent, modulus);
    size_t n = take(r, mn, z);
    mpz_clear(z);
    return n;
}

size_t fedsum_gcd(uint64_t *r, const uint64_t *a, size_t an, const uint64_t *b, size_t bn) {
    READ_ONLY(x, a, an);
    READ_ONLY(y, b, bn);
    mpz_t z;
    mpz_init(z);
    mpz_gcd(z, x, y);
    size_t n = mpz_size(z);
    memcpy(r, mpz_limbs_read(z), n * sizeof *r);
    mpz_clear(z);
    return n;
}

int fedsum_inverse(uint64_t *r, size_t *rn, const uint64_t *a, size_t an, const uint64_t *m, size_t mn) {
    READ_ONLY(x, a, an);
    READ_ONLY(modulus, m, mn);
    mpz_t z;
    mpz_init(z);
    int exists = mpz_invert(z, x, modulus) != 0;
    *rn = exists ? take(r, mn, z) : 0;
    mpz_clear(z);
    return exists;
}

int fedsum_jacobi(const uint64_t *a, size_t an, const uint64_t *m, size_t mn) {
    READ_ONLY(x, a, an);
    READ_ONLY(modulus, m, mn);
    return mpz_jacobi(x, modulus);
}

int fedsum_is_perfect_power(const uint64_t *a, size_t an) {
    READ_ONLY(x, a, an);
    return mpz_perfect_power_p(x) != 0;
}

int fedsum_is_probably_prime(const uint64_t *a, size_t an, int rounds) {
    READ_ONLY(x, a, an);
    return mpz_probab_prime_p(x, rounds) != 0;
}

size_t fedsum_decimal(char *text, const uint64_t *a, size_t an) {
    READ_ONLY(x, a, an);
    mpz_get_str(text, 10, x);
    return strlen(text);
}

size_t fedsum_from_decimal(uint64_t *r, const unsigned char *digits, size_t count) {
    return (size_t)mpn_set_str(LIMBS(r), digits, count, 10);
}
