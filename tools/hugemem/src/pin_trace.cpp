// SPDX-License-Identifier: GPL-2.0-only
#include "pin_trace.hpp"

#include <algorithm>
#include <charconv>
#include <utility>
#include <vector>

#include <fmt/format.h>

namespace hugemem
{
namespace
{

/// The value of NAME=VALUE in a line, up to a blank.
std::string_view value_of(std::string_view line, std::string_view name)
{
	const std::string key = fmt::format(" {}=", name);
	const std::size_t at = line.find(key);
	if (at == std::string_view::npos)
		return {};
	line.remove_prefix(at + key.size());
	return line.substr(0, line.find_first_of(" \n"));
}

template <typename T>
std::optional<T> number_in(std::string_view text)
{
	T value{};
	const char *end = text.data() + text.size();
	const auto [stop, bad] = std::from_chars(text.data(), end, value);
	if (bad != std::errc{} || stop != end)
		return std::nullopt;
	return value;
}

/// Of "       task-name-123     [001] ....  12.345678: EVENT: ..."; nothing if it is another
/// event's line.
std::optional<TracedTask> task_of(std::string_view line, std::string_view event)
{
	const std::size_t cpu = line.find(" [");
	if (cpu == std::string_view::npos ||
	    line.find(fmt::format(": {}: ", event)) == std::string_view::npos)
		return std::nullopt;
	std::string_view who = line.substr(0, cpu);
	while (who.ends_with(' '))
		who.remove_suffix(1);
	while (who.starts_with(' '))
		who.remove_prefix(1);
	const std::size_t dash = who.rfind('-');
	if (dash == std::string_view::npos)
		return std::nullopt;
	const auto pid = number_in<unsigned>(who.substr(dash + 1));
	if (!pid)
		return std::nullopt;
	return TracedTask{.name = std::string(who.substr(0, dash)), .pid = *pid};
}

/// Largest first, then by name.
std::vector<std::pair<std::string, std::uint64_t>>
ranked(const std::map<std::string, std::uint64_t> &counts)
{
	std::vector<std::pair<std::string, std::uint64_t>> list(counts.begin(), counts.end());
	std::stable_sort(list.begin(), list.end(),
			 [](const auto &a, const auto &b) { return a.second > b.second; });
	return list;
}

std::string table(std::string_view what, const std::map<std::string, std::uint64_t> &counts)
{
	std::string out;
	for (const auto &[name, count] : ranked(counts))
		out += fmt::format("{:>14}  {} {}\n", count, what, name);
	return out;
}

nlohmann::ordered_json object(const std::map<std::string, std::uint64_t> &counts)
{
	nlohmann::ordered_json json = nlohmann::ordered_json::object();
	for (const auto &[name, count] : counts)
		json[name] = count;
	return json;
}

} // namespace

std::optional<PinFailure> parse_pin_failure(std::string_view line)
{
	auto task = task_of(line, "mm_pin_migrate_fail");
	if (!task)
		return std::nullopt;
	constexpr unsigned most = 30; // no page is larger
	const auto order = number_in<unsigned>(value_of(line, "order"));
	return PinFailure{.task = std::move(*task),
			  .pfn = std::string(value_of(line, "pfn")),
			  .zone = std::string(value_of(line, "zone")),
			  .cause = std::string(value_of(line, "cause")),
			  .frames = 1ULL << std::min(order.value_or(0), most)};
}

std::optional<PinMove> parse_pin_move(std::string_view line)
{
	auto task = task_of(line, "mm_migrate_pages");
	if (!task || value_of(line, "reason") != "longterm_pin")
		return std::nullopt;
	const auto moved = number_in<std::uint64_t>(value_of(line, "nr_succeeded"));
	const auto failed = number_in<std::uint64_t>(value_of(line, "nr_failed"));
	if (!moved || !failed)
		return std::nullopt;
	return PinMove{.task = std::move(*task), .moved = *moved, .failed = *failed};
}

std::optional<std::uint64_t> parse_lost(std::string_view line)
{
	// "CPU:1 [LOST 12 EVENTS]"; a line of an event has a blank and a number before its bracket
	constexpr std::string_view begin = " [LOST ";
	constexpr std::string_view end = " EVENTS]";
	const std::size_t at = line.find(begin);
	if (!line.starts_with("CPU:") || at == std::string_view::npos || !line.ends_with(end))
		return std::nullopt;
	line.remove_suffix(end.size());
	return number_in<std::uint64_t>(line.substr(std::min(at + begin.size(), line.size())));
}

std::optional<unsigned> longterm_reason(std::string_view format)
{
	// "..., { 7, "longterm_pin" })"
	const std::size_t name = format.find("\"longterm_pin\"");
	if (name == std::string_view::npos)
		return std::nullopt;
	const std::size_t brace = format.rfind('{', name);
	if (brace == std::string_view::npos)
		return std::nullopt;
	std::string_view number = format.substr(brace + 1, name - brace - 1);
	number = number.substr(std::min(number.find_first_not_of(" \t"), number.size()));
	return number_in<unsigned>(number.substr(0, number.find(',')));
}

void PinTotals::add(const PinFailure &failure)
{
	failures_++;
	frames_ += failure.frames;
	by_cause_[failure.cause]++;
	by_zone_[failure.zone]++;
	by_task_[failure.task.name]++;
}

void PinTotals::add(const PinMove &move)
{
	moved_ += move.moved;
	not_moved_ += move.failed;
	if (move.moved)
		moved_by_task_[move.task.name] += move.moved;
	if (move.failed)
		not_moved_by_task_[move.task.name] += move.failed;
}

std::string PinTotals::text() const
{
	std::string out;
	if (causes_) {
		out += fmt::format("{:>14}  pages could not be moved ({} base pages; each try "
				   "counts)\n",
				   failures_, frames_);
		out += table("by cause:", by_cause_);
		out += table("by zone:", by_zone_);
		out += table("by task:", by_task_);
	} else {
		out += fmt::format("{:>14}  pages could not be moved; this kernel tells neither "
				   "cause nor zone\n",
				   not_moved_);
		out += table("by task:", not_moved_by_task_);
	}
	if (moves_) {
		out += fmt::format("{:>14}  pages were moved; no kernel tells their zone, which "
				   "is Movable but for CMA memory\n",
				   moved_);
		out += table("by task:", moved_by_task_);
	} else {
		out += "this kernel does not tell who moved pages (reason longterm_pin of "
		       "migrate:mm_migrate_pages)\n";
	}
	if (lost_)
		out += fmt::format("{:>14}  lines were lost by the tracer: the totals are too "
				   "low\n",
				   lost_);
	return out;
}

nlohmann::ordered_json PinTotals::json() const
{
	nlohmann::ordered_json json = {{"schema", "hugemem-pin-totals-1"}};
	if (causes_)
		json["failures"] = {{"pages", failures_},
				    {"base_pages", frames_},
				    {"by_cause", object(by_cause_)},
				    {"by_zone", object(by_zone_)},
				    {"by_task", object(by_task_)}};
	else
		json["failures"] = {{"pages", not_moved_}, {"by_task", object(not_moved_by_task_)}};
	if (moves_)
		json["moved"] = {{"pages", moved_}, {"by_task", object(moved_by_task_)}};
	json["lost"] = lost_;
	return json;
}

} // namespace hugemem
