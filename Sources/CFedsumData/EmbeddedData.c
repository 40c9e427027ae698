// SPDX-License-Identifier: Apache-2.0
// #embed is C23; clang has it as an extension in every mode, which is what the pragma is for.
#pragma clang diagnostic ignored "-Wc23-extensions"
#include "CFedsumData.h"

const uint8_t fedsum_digits_csv[] = {
#embed "digits.csv"
};
const size_t fedsum_digits_csv_length = sizeof fedsum_digits_csv;

const uint8_t fedsum_breast_cancer_csv[] = {
#embed "breast_cancer.csv"
};
const size_t fedsum_breast_cancer_csv_length = sizeof fedsum_breast_cancer_csv;
