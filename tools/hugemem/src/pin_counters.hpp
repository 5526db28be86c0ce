// SPDX-License-Identifier: GPL-2.0-only
/// What /proc/vmstat counts about pages that are pinned.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include "error.hpp"

namespace hugemem
{

/// The lines "NAME VALUE" of a file like /proc/vmstat; others are left out.
std::map<std::string, std::uint64_t, std::less<>> parse_vmstat(std::string_view text);

/// Counters since boot, in base pages but for `drains`. Each is there if the kernel has it.
struct PinCounters {
	std::optional<std::uint64_t> acquired; ///< nr_foll_pin_acquired, since 5.7
	std::optional<std::uint64_t> released; ///< nr_foll_pin_released
	std::optional<std::uint64_t> moved;    ///< pin_migrate_success, the series' and all below
	std::optional<std::uint64_t> isolate;  ///< gave up: not to be had, as they were moving
	std::optional<std::uint64_t> busy;     ///< gave up: somebody else held them
	std::optional<std::uint64_t> nomem;    ///< gave up: no memory to move them to
	std::optional<std::uint64_t> drains;   ///< times that all CPUs had to let go of pages

	/// Pages pinned now. Per-CPU counters are read one after the other, so a moment may
	/// show fewer than none; that is taken for none.
	[[nodiscard]] std::optional<std::uint64_t> held() const;
	friend bool operator==(const PinCounters &, const PinCounters &) = default;
};

PinCounters pin_counters(const std::map<std::string, std::uint64_t, std::less<>> &vmstat);

/// What happened between two readings; held() of it means nothing.
PinCounters operator-(const PinCounters &after, const PinCounters &before);

/// A list of what there is, and what the kernel does not count.
std::string pins_text(const PinCounters &c);

/// One line of an interval, under pins_heading().
std::string pins_heading();
std::string pins_line(const PinCounters &now, const PinCounters &change);

/// {"schema": "hugemem-pins-1", ...}, with what there is.
nlohmann::ordered_json pins_json(const PinCounters &c);

} // namespace hugemem
