// swift-tools-version: 6.2
// SPDX-License-Identifier: Apache-2.0

import PackageDescription

// A package of its own, so that nobody who uses or builds Fedsum fetches a benchmark framework.
let package = Package(
    name: "fedsum-benchmarks",
    platforms: [.macOS(.v26)],
    dependencies: [
        // Named, since the identity of a path is its folder's name, which is anything in somebody's clone.
        .package(name: "fedsum", path: ".."),
        // Without its traits: they would put libraries of its own below every allocation, and are not needed for times.
        .package(url: "https://github.com/ordo-one/benchmark", from: "1.38.1", traits: []),
    ],
    targets: [
        .executableTarget(
            name: "Kernels",
            dependencies: [
                .product(name: "Benchmark", package: "benchmark"),
                .product(name: "SecureRandomness", package: "fedsum"),
                .product(name: "RingArithmetic", package: "fedsum"),
                .product(name: "SecretSharing", package: "fedsum"),
                .product(name: "ProtocolCryptography", package: "fedsum"),
                .product(name: "SecureAggregation", package: "fedsum"),
            ],
            path: "Kernels",
            swiftSettings: [
                .swiftLanguageMode(.v6),
                .enableUpcomingFeature("ExistentialAny"),
                .enableUpcomingFeature("InternalImportsByDefault"),
                .enableUpcomingFeature("MemberImportVisibility"),
            ],
            plugins: [.plugin(name: "BenchmarkPlugin", package: "benchmark")]
        )
    ]
)
