// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
struct Train: ParsableCommand {}
struct Sum: ParsableCommand {}
struct Bench: ParsableCommand {}
struct Vectors: ParsableCommand {}
