// SPDX-License-Identifier: Apache-2.0

import Foundation

/// Lines on logarithmic axes, as SVG: panels side by side, each with its own legend below.
struct LogLogPlot {
    struct Series {
        let name: String
        /// What the legend says after the name.
        let note: String
        /// Which color and marker; the same number looks the same in every panel.
        let style: Int
        let points: [(x: Double, y: Double)]
    }

    struct Panel {
        let title: String
        let xLabel: String
        let series: [Series]
        /// A tick's label on the vertical axis.
        let yTick: (Double) -> String
    }

    let title: String
    let subtitle: String
    let panels: [Panel]

    /// The palette of Okabe and Ito, distinguishable with every kind of color vision.
    private static let colors = [
        "#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#555555", "#000000",
    ]

    // Sizes in pixels.
    private static let plotWidth = 350.0
    private static let plotHeight = 300.0
    private static let leftMargin = 78.0
    private static let rightMargin = 36.0
    private static let headHeight = 96.0
    private static let axisHeight = 56.0
    private static let legendLine = 20.0

    private static var panelWidth: Double { leftMargin + plotWidth + rightMargin }
    private var legendHeight: Double { Self.legendLine * Double(panels.map(\.series.count).max() ?? 0) + 12 }

    var svg: String {
        let width = Self.panelWidth * Double(max(1, panels.count))
        let height = Self.headHeight + Self.plotHeight + Self.axisHeight + legendHeight
        var lines = [
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 \(Self.number(width)) \(Self.number(height))\" "
                + "width=\"\(Self.number(width))\" height=\"\(Self.number(height))\" "
                + "font-family=\"DejaVu Sans, Helvetica, Arial, sans-serif\" font-size=\"12\" fill=\"#222222\">",
            "<title>\(Self.escaped(title))</title>",
            "<rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>",
            text(title, x: 20, y: 28, attributes: "font-size=\"16\" font-weight=\"bold\""),
            text(subtitle, x: 20, y: 48, attributes: "fill=\"#555555\""),
        ]
        for (position, panel) in panels.enumerated() {
            lines += draw(panel, left: Self.panelWidth * Double(position) + Self.leftMargin, top: Self.headHeight)
        }
        return (lines + ["</svg>"]).joined(separator: "\n") + "\n"
    }

    // MARK: One panel

    private func draw(_ panel: Panel, left: Double, top: Double) -> [String] {
        let points = panel.series.flatMap(\.points).filter { $0.x > 0 && $0.y > 0 }
        guard let xAxis = LogAxis(points.map(\.x)), let yAxis = LogAxis(points.map(\.y)) else {
            return [text("nothing to draw", x: left, y: top + 20)]
        }
        let (right, bottom) = (left + Self.plotWidth, top + Self.plotHeight)
        func x(_ value: Double) -> Double { left + Self.plotWidth * xAxis.position(of: value) }
        func y(_ value: Double) -> Double { bottom - Self.plotHeight * yAxis.position(of: value) }

        var lines = [text(panel.title, x: left, y: top - 14, attributes: "font-weight=\"bold\"")]
        // A label on the horizontal axis takes more of its length than one on the vertical axis.
        for tick in xAxis.ticks(labelingBelow: 1.6) {
            lines.append(line(x(tick.value), top, x(tick.value), bottom, color: tick.isDecade ? "#cccccc" : "#eeeeee"))
            guard tick.isLabeled else { continue }
            let label = Self.countLabel(tick.value)
            lines.append(text(label, x: x(tick.value), y: bottom + 18, attributes: "text-anchor=\"middle\""))
        }
        for tick in yAxis.ticks(labelingBelow: 2.5) {
            lines.append(line(left, y(tick.value), right, y(tick.value), color: tick.isDecade ? "#cccccc" : "#eeeeee"))
            guard tick.isLabeled else { continue }
            let label = panel.yTick(tick.value)
            lines.append(text(label, x: left - 8, y: y(tick.value) + 4, attributes: "text-anchor=\"end\""))
        }
        lines.append(
            "<rect x=\"\(Self.number(left))\" y=\"\(Self.number(top))\" width=\"\(Self.number(Self.plotWidth))\" "
                + "height=\"\(Self.number(Self.plotHeight))\" fill=\"none\" stroke=\"#888888\"/>")
        lines.append(text(panel.xLabel, x: (left + right) / 2, y: bottom + 40, attributes: "text-anchor=\"middle\""))

        for (position, series) in panel.series.enumerated() {
            let color = Self.colors[series.style % Self.colors.count]
            let places = series.points.filter { $0.x > 0 && $0.y > 0 }.sorted { $0.x < $1.x }
                .map { (x: x($0.x), y: y($0.y)) }
            let path = places.map { "\(Self.number($0.x)),\(Self.number($0.y))" }.joined(separator: " ")
            lines.append("<polyline points=\"\(path)\" fill=\"none\" stroke=\"\(color)\" stroke-width=\"2\"/>")
            for place in places { lines.append(marker(series.style, x: place.x, y: place.y, color: color)) }
            let legend = bottom + Self.axisHeight + Self.legendLine * (Double(position) + 0.5)
            lines.append(
                "<line x1=\"\(Self.number(left))\" y1=\"\(Self.number(legend))\" x2=\"\(Self.number(left + 28))\" "
                    + "y2=\"\(Self.number(legend))\" stroke=\"\(color)\" stroke-width=\"2\"/>")
            lines.append(marker(series.style, x: left + 14, y: legend, color: color))
            lines.append(text(series.name, x: left + 38, y: legend + 4))
            lines.append(
                text(series.note, x: right, y: legend + 4, attributes: "text-anchor=\"end\" fill=\"#555555\""))
        }
        return lines
    }

    private func marker(_ style: Int, x: Double, y: Double, color: String) -> String {
        func polygon(_ corners: [(Double, Double)]) -> String {
            let points = corners.map { "\(Self.number(x + $0.0)),\(Self.number(y + $0.1))" }.joined(separator: " ")
            return "<polygon points=\"\(points)\" fill=\"\(color)\"/>"
        }
        return switch style % 4 {
        case 0: "<circle cx=\"\(Self.number(x))\" cy=\"\(Self.number(y))\" r=\"4\" fill=\"\(color)\"/>"
        case 1: polygon([(-4, -4), (4, -4), (4, 4), (-4, 4)])
        case 2: polygon([(0, -5.5), (5, 4), (-5, 4)])
        default: polygon([(0, -5.5), (5.5, 0), (0, 5.5), (-5.5, 0)])
        }
    }

    private func line(_ x1: Double, _ y1: Double, _ x2: Double, _ y2: Double, color: String) -> String {
        "<line x1=\"\(Self.number(x1))\" y1=\"\(Self.number(y1))\" x2=\"\(Self.number(x2))\" y2=\"\(Self.number(y2))\" "
            + "stroke=\"\(color)\"/>"
    }

    private func text(_ content: String, x: Double, y: Double, attributes: String = "") -> String {
        "<text x=\"\(Self.number(x))\" y=\"\(Self.number(y))\"\(attributes.isEmpty ? "" : " " + attributes)>"
            + "\(Self.escaped(content))</text>"
    }

    private static func number(_ value: Double) -> String {
        value == value.rounded() ? String(Int(value)) : String(format: "%.1f", value)
    }

    private static func escaped(_ text: String) -> String {
        text.replacingOccurrences(of: "&", with: "&amp;").replacingOccurrences(of: "<", with: "&lt;")
            .replacingOccurrences(of: ">", with: "&gt;").replacingOccurrences(of: "\"", with: "&quot;")
    }

    /// 30, 1,000, 100,000.
    static func countLabel(_ value: Double) -> String {
        var digits = String(format: "%.0f", value)
        var groups: [String] = []
        while digits.count > 3 {
            groups.insert(String(digits.suffix(3)), at: 0)
            digits.removeLast(3)
        }
        return ([digits] + groups).joined(separator: ",")
    }

    /// 1 µs, 20 ms, 5 s.
    static func durationLabel(_ seconds: Double) -> String {
        let (factor, unit) =
            seconds < 0.9e-6 ? (1e9, "ns") : seconds < 0.9e-3 ? (1e6, "µs") : seconds < 0.9 ? (1e3, "ms") : (1, "s")
        return countLabel((factor * seconds).rounded()) + " " + unit
    }
}

/// A logarithmic axis from one of 1, 2, 5 times a power of ten to another.
private struct LogAxis {
    struct Tick {
        let value: Double
        let isDecade: Bool
        let isLabeled: Bool
    }

    private let steps: [(digit: Int, power: Int)]

    init?(_ values: [Double]) {
        guard let least = values.min(), let most = values.max(), least > 0, most.isFinite else { return nil }
        let candidates = (-12...15).flatMap { power in (1...9).map { (digit: $0, power: power) } }
        let round = candidates.indices.filter { [1, 2, 5].contains(candidates[$0].digit) }
        // A little slack, since a decimal power is not exact in binary.
        guard let first = round.last(where: { Self.value(candidates[$0]) <= least * 1.000_001 }),
            var last = round.first(where: { Self.value(candidates[$0]) >= most * 0.999_999 })
        else { return nil }
        if last == first { last += 9 }
        guard last < candidates.count else { return nil }
        steps = Array(candidates[first...last])
    }

    private static func value(_ step: (digit: Int, power: Int)) -> Double {
        Double(step.digit) * pow(10, Double(step.power))
    }

    private var least: Double { Self.value(steps[0]) }
    private var most: Double { Self.value(steps[steps.count - 1]) }

    /// Between 0 at the axis' least value and 1 at its most.
    func position(of value: Double) -> Double { log10(value / least) / log10(most / least) }

    /// Labels lie between decades too where there are fewer of those than `decades`: then there is room, and need.
    func ticks(labelingBelow decades: Double) -> [Tick] {
        let labels = log10(most / least) < decades ? [1, 2, 5] : [1]
        return steps.map { step in
            Tick(value: Self.value(step), isDecade: step.digit == 1, isLabeled: labels.contains(step.digit))
        }
    }
}
