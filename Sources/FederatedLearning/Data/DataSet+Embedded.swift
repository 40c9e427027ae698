// SPDX-License-Identifier: Apache-2.0

internal import CFedsumData

extension DataSet {
    /// The SHA-256 of `digits().sourceBytes`, in hexadecimal.
    public static let digitsSHA256 = "6ebb3d2fee246a4e99363262ddf8a00a3c41bee6014c373ed9d9216ba7f651b8"

    /// The SHA-256 of `breastCancer().sourceBytes`, in hexadecimal.
    public static let breastCancerSHA256 = "fed3eb72d0575ef6192293f5093c6e801b1476b577d0386bf4455504522172ed"

    /// The UCI handwritten digits: 1,797 images of 8 × 8 pixels in [0, 1], 10 classes.
    ///
    /// The file holds integers from 0 to 16; they are divided by 16, exactly, and need no standardization. Parsed anew
    /// at each call, in milliseconds. Provenance: `Sources/CFedsumData/README.md`.
    public static func digits() -> DataSet {
        let raw = embedded("digits", digitsFile())
        return DataSet(raw, finiteFeatures: raw.features.map { $0 / 16 })
    }

    /// The Wisconsin diagnostic breast cancer data: 569 rows of 30 measurements, class 0 malignant, class 1 benign.
    ///
    /// The measurements are raw, of very different sizes: apply a `Standardization` from the training rows. Provenance:
    /// `Sources/CFedsumData/README.md`.
    public static func breastCancer() -> DataSet {
        embedded("breast-cancer", breastCancerFile())
    }

    private static func embedded(_ name: String, _ bytes: [UInt8]) -> DataSet {
        do {
            return try DataSet(csv: bytes, name: name)
        } catch {
            preconditionFailure("the embedded \(name) table is damaged: \(error)")
        }
    }

    private static func digitsFile() -> [UInt8] {
        // SAFETY: the C array is constant, lives as long as the program, and has exactly this length (its sizeof).
        unsafe Array(UnsafeBufferPointer(start: fedsum_digits_csv_bytes(), count: fedsum_digits_csv_length))
    }

    private static func breastCancerFile() -> [UInt8] {
        // SAFETY: the C array is constant, lives as long as the program, and has exactly this length (its sizeof).
        unsafe Array(
            UnsafeBufferPointer(start: fedsum_breast_cancer_csv_bytes(), count: fedsum_breast_cancer_csv_length)
        )
    }
}
