// SPDX-License-Identifier: GPL-2.0-only
#include "pin_counters.hpp"

#include <charconv>

#include <fmt/format.h>

namespace hugemem
{
namespace
{

using Counter = std::optional<std::uint64_t> PinCounters::*;

/// Every counter: its line in vmstat, what it is called here, what it says.
struct Row {
	std::string_view vmstat;
	std::string_view name;
	std::string_view about;
	Counter counter;
};

constexpr Row rows[] = {
	{"nr_foll_pin_acquired", "acquired", "pages pinned since boot", &PinCounters::acquired},
	{"nr_foll_pin_released", "released", "pages let go of since boot", &PinCounters::released},
	{"pin_migrate_success", "moved", "moved, so that they could be pinned",
	 &PinCounters::moved},
	{"pin_migrate_fail_isolate", "isolate", "not pinned: they were moving all the time",
	 &PinCounters::isolate},
	{"pin_migrate_fail_busy", "busy", "not pinned: somebody else held them",
	 &PinCounters::busy},
	{"pin_migrate_fail_nomem", "nomem", "not pinned: no memory to move them to",
	 &PinCounters::nomem},
	{"pin_migrate_lru_drain", "drains", "times that all CPUs had to let go of pages",
	 &PinCounters::drains},
};

std::string count_text(const std::optional<std::uint64_t> &value)
{
	return value ? fmt::format("{}", *value) : "-";
}

} // namespace

std::map<std::string, std::uint64_t, std::less<>> parse_vmstat(std::string_view text)
{
	std::map<std::string, std::uint64_t, std::less<>> values;
	while (!text.empty()) {
		const std::size_t end = text.find('\n');
		const std::string_view line = text.substr(0, end);
		text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
		const std::size_t space = line.find(' ');
		if (space == std::string_view::npos || space == 0)
			continue;
		std::uint64_t value = 0;
		const char *last = line.data() + line.size();
		const auto [stop, bad] = std::from_chars(line.data() + space + 1, last, value);
		if (bad == std::errc{} && stop == last)
			values.emplace(line.substr(0, space), value);
	}
	return values;
}

std::optional<std::uint64_t> PinCounters::held() const
{
	if (!acquired || !released)
		return std::nullopt;
	return *acquired > *released ? *acquired - *released : 0;
}

PinCounters pin_counters(const std::map<std::string, std::uint64_t, std::less<>> &vmstat)
{
	PinCounters c;
	for (const Row &row : rows) {
		if (const auto it = vmstat.find(row.vmstat); it != vmstat.end())
			c.*row.counter = it->second;
	}
	return c;
}

PinCounters operator-(const PinCounters &after, const PinCounters &before)
{
	PinCounters change;
	for (const Row &row : rows) {
		const auto &a = after.*row.counter;
		const auto &b = before.*row.counter;
		if (a && b)
			change.*row.counter = *a > *b ? *a - *b : 0;
	}
	return change;
}

std::string pins_text(const PinCounters &c)
{
	std::string out;
	if (const auto held = c.held())
		out += fmt::format("{:>14}  pages are pinned now\n", *held);
	else
		out += "this kernel does not count pinned pages (nr_foll_pin_acquired, since "
		       "5.7)\n";
	for (const Row &row : rows) {
		if (const auto &value = c.*row.counter)
			out += fmt::format("{:>14}  {}\n", *value, row.about);
	}
	if (!c.moved)
		out += "this kernel does not count pages that pins have to move "
		       "(pin_migrate_success)\n";
	else
		out += "who failed, and in which zone, is not counted: --failures watches for it\n";
	return out;
}

std::string pins_heading()
{
	return fmt::format("{:>12} {:>12} {:>12} {:>12} {:>10} {:>10} {:>10}\n", "held", "acquired",
			   "released", "moved", "isolate", "busy", "nomem");
}

std::string pins_line(const PinCounters &now, const PinCounters &change)
{
	return fmt::format(
		"{:>12} {:>12} {:>12} {:>12} {:>10} {:>10} {:>10}\n", count_text(now.held()),
		count_text(change.acquired), count_text(change.released), count_text(change.moved),
		count_text(change.isolate), count_text(change.busy), count_text(change.nomem));
}

nlohmann::ordered_json pins_json(const PinCounters &c)
{
	nlohmann::ordered_json json = {{"schema", "hugemem-pins-1"}};
	if (const auto held = c.held())
		json["held"] = *held;
	for (const Row &row : rows) {
		if (const auto &value = c.*row.counter)
			json[std::string(row.name)] = *value;
	}
	return json;
}

} // namespace hugemem
