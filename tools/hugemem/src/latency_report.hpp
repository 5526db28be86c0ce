// SPDX-License-Identifier: GPL-2.0-only
/// Latencies as text and as JSON; no BPF in here.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "anchor.hpp"
#include "pools.hpp"
#include "terminal.hpp"

namespace hugemem
{

/// The unit of the histogram.
struct Unit {
	std::string name;     ///< "ns", "us", "ms"
	std::uint64_t ns = 1; ///< nanoseconds
};

/// What one event did in one stretch of time.
struct Stretch {
	std::string event;
	std::string per;   ///< what one call stands for: "page" or "batch"
	Counters counters; ///< of the stretch alone
	std::optional<Extremes> extremes;
};

/// How an event was followed, and what was missed over the whole run.
struct Footing {
	std::string event;
	std::string anchor; ///< "FUNCTION by KIND, ..."
	std::string note;
	std::size_t rung = 0; ///< from 0
	std::size_t rungs = 0;
	std::vector<std::string> passed_over;
	Counters counters; ///< of the whole run
	std::optional<std::uint64_t> missed;
};

/// Counts against what sysfs says.
struct Reconciliation {
	enum class Verdict {
		agrees, ///< made - released is what the pools grew by
		differs,
		cannot_tell, ///< an event is not followed, or calls were missed or still under way
	};
	Verdict verdict = Verdict::cannot_tell;
	bool comparable = false; ///< both alloc and free were followed
	std::uint64_t made = 0;
	std::uint64_t released = 0;
	std::int64_t grown = 0; ///< sum of nr_hugepages over all sizes, after minus before
	std::string why;        ///< for differs and cannot_tell
};

/// footings: of the events followed; alloc and free both have to be among them.
Reconciliation reconcile(const std::vector<Footing> &footings, const std::vector<Pool> &before,
			 const std::vector<Pool> &after);

/// Histogram, then count, failures, minimum, average, maximum and percentiles.
std::string text_of(const Stretch &stretch, const Unit &unit, const Style &style);
/// The footer: how each event was followed and what was missed.
std::string text_of(const Footing &footing, const Style &style);
std::string text_of(const Reconciliation &r, const std::vector<Pool> &before,
		    const std::vector<Pool> &after, const Style &style);

nlohmann::ordered_json json_of(const Stretch &stretch, const Unit &unit);
nlohmann::ordered_json json_of(const Footing &footing);
nlohmann::ordered_json json_of(const Reconciliation &r, const std::vector<Pool> &before,
			       const std::vector<Pool> &after);

} // namespace hugemem
