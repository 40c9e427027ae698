// SPDX-License-Identifier: Apache-2.0
#ifndef FEDSUM_DATA_H
#define FEDSUM_DATA_H
#include <stddef.h>
#include <stdint.h>

/// A file of a data set, embedded in the binary so that it survives moving the executable.
/// The bytes are not zero-terminated.
extern const uint8_t fedsum_digits_csv[];
extern const size_t fedsum_digits_csv_length;
extern const uint8_t fedsum_breast_cancer_csv[];
extern const size_t fedsum_breast_cancer_csv_length;

// Swift does not import arrays of unknown length; these give it their first byte.
static inline const uint8_t *fedsum_digits_csv_bytes(void) { return fedsum_digits_csv; }
static inline const uint8_t *fedsum_breast_cancer_csv_bytes(void) { return fedsum_breast_cancer_csv; }

#endif
