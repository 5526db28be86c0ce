// SPDX-License-Identifier: GPL-2.0-only
/// Metrics as text that Prometheus reads, in both of its formats at once.
///
/// The old text format and OpenMetrics disagree on counters: `foo_total` has the type line
/// `# TYPE foo_total counter` in the one and `# TYPE foo counter` in the other, and each takes
/// the other's for a mistake. So counters are written without a type, which both allow; their
/// names end in _total, and rate() works on them all the same. OpenMetrics ends with a line
/// `# EOF`, which the old format takes for a comment.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace hugemem
{

enum class MetricKind {
	gauge,
	counter, ///< only grows; its name has to end in _total
};

struct MetricSample {
	std::vector<std::pair<std::string, std::string>> labels; ///< name and value
	std::uint64_t value = 0;
	friend bool operator==(const MetricSample &, const MetricSample &) = default;
};

struct MetricFamily {
	std::string name; ///< letters, digits, '_'
	MetricKind kind = MetricKind::gauge;
	std::string help; ///< a clause without quotes, which the formats escape differently
	std::vector<MetricSample> samples;
};

/// All families that have samples, then `# EOF`. A family without samples is left out: what
/// is not known is not shown.
std::string exposition(const std::vector<MetricFamily> &families);

} // namespace hugemem
