// swift-tools-version: 6.2
// SPDX-License-Identifier: Apache-2.0

import PackageDescription

/// Scripts/check makes warnings errors. Nobody else gets that: a new compiler's new warning must not break a user's build.
let warningsAreErrors = Context.environment["FEDSUM_WARNINGS_AS_ERRORS"] == "1"

/// Every Swift target is held to the same rules; CONTRIBUTING.md says why each one is on.
let swiftSettings: [SwiftSetting] =
    (warningsAreErrors ? [.treatAllWarnings(as: .error)] : []) + [
        .swiftLanguageMode(.v6),
        .strictMemorySafety(),
        .enableUpcomingFeature("ExistentialAny"),
        .enableUpcomingFeature("InternalImportsByDefault"),
        .enableUpcomingFeature("MemberImportVisibility"),
    ]

/// C targets have the same switch.
let cSettings: [CSetting] = warningsAreErrors ? [.treatAllWarnings(as: .error)] : []

let crypto: Target.Dependency = .product(name: "Crypto", package: "swift-crypto")
let cryptoExtras: Target.Dependency = .product(name: "CryptoExtras", package: "swift-crypto")

/// A library target: floor 1 to 3 of the design.
func library(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
    .target(name: name, dependencies: dependencies, swiftSettings: swiftSettings)
}

func tests(of name: String, _ dependencies: [Target.Dependency] = [], resources: [Resource]? = nil) -> Target {
    .testTarget(
        name: name + "Tests",
        dependencies: [.init(stringLiteral: name)] + dependencies,
        resources: resources,
        swiftSettings: swiftSettings
    )
}

let package = Package(
    name: "fedsum",
    platforms: [.macOS(.v26)],
    products: [
        .library(name: "SecureRandomness", targets: ["SecureRandomness"]),
        .library(name: "RingArithmetic", targets: ["RingArithmetic"]),
        .library(name: "SecretSharing", targets: ["SecretSharing"]),
        .library(name: "DifferentialPrivacy", targets: ["DifferentialPrivacy"]),
        .library(name: "DurableFiles", targets: ["DurableFiles"]),
        .library(name: "PrivacyLedger", targets: ["PrivacyLedger"]),
        .library(name: "BigIntegers", targets: ["BigIntegers"]),
        .library(name: "PaillierEncryption", targets: ["PaillierEncryption"]),
        .library(name: "ProtocolCryptography", targets: ["ProtocolCryptography"]),
        .library(name: "SecureAggregation", targets: ["SecureAggregation"]),
        .library(name: "SharingAggregation", targets: ["SharingAggregation"]),
        .library(name: "PairwiseMasking", targets: ["PairwiseMasking"]),
        .library(name: "PaillierAggregation", targets: ["PaillierAggregation"]),
        .library(name: "FederatedLearning", targets: ["FederatedLearning"]),
        .executable(name: "fedsum", targets: ["fedsum"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
        .package(url: "https://github.com/LebJe/TOMLKit", from: "0.6.0"),
    ],
    targets: [
        // Floor 1: mathematics, and what keeps records
        library("SecureRandomness"),
        library("RingArithmetic", ["SecureRandomness"]),
        library("SecretSharing", ["RingArithmetic", "SecureRandomness"]),
        library("DifferentialPrivacy", ["RingArithmetic", "SecureRandomness"]),
        library("ProtocolCryptography", ["RingArithmetic", "SecureRandomness", crypto, cryptoExtras]),
        library("DurableFiles"),
        library("PrivacyLedger", ["DifferentialPrivacy", "DurableFiles"]),
        // libgmp (Debian: libgmp-dev) behind functions of ours.
        .target(name: "CFedsumGMP", cSettings: cSettings, linkerSettings: [.linkedLibrary("gmp")]),
        library("BigIntegers", ["CFedsumGMP", "SecureRandomness"]),
        library("PaillierEncryption", ["BigIntegers", "SecureRandomness", crypto]),
        tests(of: "BigIntegers", ["SecureRandomness"]),
        tests(of: "PaillierEncryption", ["BigIntegers", "SecureRandomness", crypto]),
        tests(of: "SecureRandomness", ["FedsumTestVectors"]),
        tests(of: "RingArithmetic", ["SecureRandomness", "FedsumTestVectors"]),
        tests(of: "SecretSharing", ["RingArithmetic", "SecureRandomness", "FedsumTestVectors"]),
        tests(
            of: "ProtocolCryptography",
            ["RingArithmetic", "SecureRandomness", "FedsumTestVectors", crypto, cryptoExtras]
        ),
        tests(of: "DurableFiles"),
        tests(of: "PrivacyLedger", ["DifferentialPrivacy", "DurableFiles"]),
        tests(of: "DifferentialPrivacy", ["FedsumTestVectors", "RingArithmetic", "SecureRandomness"]),
        // Reads Tests/Vectors for the tests of the first floor.
        .target(name: "FedsumTestVectors", path: "Tests/FedsumTestVectors", swiftSettings: swiftSettings),
        // Floor 2: schemes
        library("SecureAggregation", ["RingArithmetic", "SecureRandomness", "ProtocolCryptography", "DurableFiles"]),
        tests(of: "SecureAggregation", ["RingArithmetic", "SecureRandomness", "ProtocolCryptography"]),
        library(
            "SharingAggregation",
            ["SecureAggregation", "SecretSharing", "RingArithmetic", "SecureRandomness", "ProtocolCryptography"]
        ),
        library(
            "PairwiseMasking",
            ["SecureAggregation", "SecretSharing", "RingArithmetic", "SecureRandomness", "ProtocolCryptography"]
        ),
        library(
            "PaillierAggregation",
            ["SecureAggregation", "PaillierEncryption", "RingArithmetic", "SecureRandomness", "ProtocolCryptography"]
        ),
        tests(of: "PairwiseMasking", ["FedsumTestVectors"]),
        tests(
            of: "PaillierAggregation",
            [
                "SecureAggregation", "PaillierEncryption", "BigIntegers", "RingArithmetic", "SecureRandomness",
                "ProtocolCryptography",
            ]
        ),
        .testTarget(
            name: "AggregationSchemesTests",
            dependencies: [
                "SharingAggregation", "PairwiseMasking", "PaillierAggregation", "PaillierEncryption",
                "SecureAggregation", "ProtocolCryptography", "RingArithmetic", "SecureRandomness", "DurableFiles",
            ],
            swiftSettings: swiftSettings
        ),
        // What a coalition sees: the proof of the linear layer, and statistics.
        .testTarget(
            name: "AdversaryViewTests",
            dependencies: [
                "SharingAggregation", "PairwiseMasking", "SecureAggregation", "SecretSharing", "ProtocolCryptography",
                "RingArithmetic", "SecureRandomness",
            ],
            swiftSettings: swiftSettings
        ),
        // Floor 3: trainer
        .target(
            name: "CFedsumData", exclude: ["README.md", "digits.csv", "breast_cancer.csv"], cSettings: cSettings),
        library(
            "FederatedLearning",
            [
                "SecureAggregation", "DifferentialPrivacy", "PrivacyLedger", "RingArithmetic", "SecureRandomness",
                "CFedsumData",
            ]
        ),
        tests(of: "FederatedLearning", [crypto]),
        .testTarget(
            name: "FederationTests",
            dependencies: [
                "FederatedLearning", "DifferentialPrivacy", "PrivacyLedger", "DurableFiles", "SharingAggregation",
                "PairwiseMasking",
                "PaillierAggregation", "PaillierEncryption", "SecureAggregation", "ProtocolCryptography",
                "RingArithmetic", "SecureRandomness",
            ],
            swiftSettings: swiftSettings
        ),
        // The pages
        .testTarget(
            name: "DocumentationTests",
            dependencies: [
                "SecureRandomness", "RingArithmetic", "SecretSharing", "DurableFiles", "DifferentialPrivacy",
                "PrivacyLedger",
                "ProtocolCryptography", "BigIntegers", "PaillierEncryption", "SecureAggregation",
                "SharingAggregation", "PairwiseMasking", "PaillierAggregation", "FederatedLearning",
            ],
            swiftSettings: swiftSettings
        ),
        // Floor 4: faces
        .executableTarget(
            name: "fedsum",
            dependencies: [
                "SecureRandomness", "RingArithmetic", "SecretSharing", "DurableFiles", "DifferentialPrivacy",
                "PrivacyLedger", "ProtocolCryptography", "BigIntegers", "PaillierEncryption", "SecureAggregation",
                "SharingAggregation", "PairwiseMasking", "PaillierAggregation", "FederatedLearning",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "TOMLKit", package: "TOMLKit"),
            ],
            swiftSettings: swiftSettings
        ),
        // The tests run the program, which every build of tests makes.
        .testTarget(name: "CommandLineTests", swiftSettings: swiftSettings),
    ]
)
