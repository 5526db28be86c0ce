// SPDX-License-Identifier: GPL-2.0-only
// hugemem pins --failures: which pages a long-term pin could not move, live, and totals.
#include "pins_failures.hpp"

#include <chrono>
#include <cstdio>
#include <optional>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "pin_trace.hpp"
#include "stop_signals.hpp"
#include "trace_instance.hpp"

namespace hugemem
{
namespace
{

using Clock = std::chrono::steady_clock;

constexpr const char *fail_event = "migrate/mm_pin_migrate_fail";
constexpr const char *move_event = "migrate/mm_migrate_pages";

/// What this kernel can tell.
struct Sources {
	bool causes = false;            ///< it has fail_event
	std::optional<unsigned> reason; ///< of long-term pins in move_event
};

Result<Sources> find_sources()
{
	const auto root = tracefs_root();
	if (!root)
		return tl::unexpected(root.error());
	Sources s;
	s.causes = event_format(*root, fail_event).has_value();
	if (const auto format = event_format(*root, move_event))
		s.reason = longterm_reason(*format);
	if (s.causes || s.reason)
		return s;
	return fail(Exit::environment, "pins --failures",
		    "this kernel does not tell which pages a pin could not move: it has neither "
		    "the tracepoint migrate:mm_pin_migrate_fail (the series') nor the reason "
		    "longterm_pin in migrate:mm_migrate_pages (later kernels')",
		    "pins --interval shows what it counts, pins --blockers who is pinned");
}

std::vector<TraceEvent> events_of(const Sources &s)
{
	std::vector<TraceEvent> events;
	if (s.causes)
		events.push_back({.name = fail_event, .filter = {}});
	if (s.reason)
		events.push_back(
			{.name = move_event, .filter = fmt::format("reason == {}", *s.reason)});
	return events;
}

/// Prints what a line says, and adds it up.
class Reader
{
public:
	Reader(const Sources &sources, bool json)
		: sources_(sources), json_(json),
		  totals_(sources.causes, sources.reason.has_value())
	{
	}
	void take(const std::string &line)
	{
		if (const auto failure = parse_pin_failure(line)) {
			totals_.add(*failure);
			show(*failure);
		} else if (const auto move = parse_pin_move(line)) {
			totals_.add(*move);
			if (move->failed && !sources_.causes)
				show(*move);
		} else if (const auto lost = parse_lost(line)) {
			totals_.add_lost(*lost);
		}
	}
	[[nodiscard]] double seconds() const
	{
		return std::chrono::duration<double>(Clock::now() - begin_).count();
	}
	void show_totals() const
	{
		if (json_)
			print(totals_.json());
		else
			fmt::print("{}", totals_.text());
	}

private:
	void show(const PinFailure &f) const
	{
		if (json_)
			print({{"schema", "hugemem-pin-failure-1"},
			       {"task", f.task.name},
			       {"pid", f.task.pid},
			       {"pfn", f.pfn},
			       {"zone", f.zone},
			       {"cause", f.cause}});
		else
			fmt::print("{:10.3f} s  {}-{}  pfn {} in {}: {}\n", seconds(), f.task.name,
				   f.task.pid, f.pfn, f.zone, f.cause);
		std::fflush(stdout);
	}
	void show(const PinMove &m) const
	{
		if (json_)
			print({{"schema", "hugemem-pin-failure-1"},
			       {"task", m.task.name},
			       {"pid", m.task.pid},
			       {"pages", m.failed}});
		else
			fmt::print("{:10.3f} s  {}-{}  {} page{}\n", seconds(), m.task.name,
				   m.task.pid, m.failed, m.failed == 1 ? "" : "s");
		std::fflush(stdout);
	}
	static void print(const nlohmann::ordered_json &json)
	{
		using Json = nlohmann::ordered_json;
		fmt::print("{}\n", json.dump(-1, ' ', false, Json::error_handler_t::replace));
	}

	Sources sources_;
	bool json_;
	Clock::time_point begin_ = Clock::now();
	PinTotals totals_;
};

} // namespace

Result<Exit> run_failures(const FailuresOptions &o)
{
	using namespace std::chrono_literals;
	const auto sources = find_sources();
	if (!sources)
		return tl::unexpected(sources.error());
	auto trace = TraceInstance::open(events_of(*sources));
	if (!trace)
		return tl::unexpected(trace.error());
	stop_on_signals();
	if (!sources->causes)
		fmt::print(
			stderr,
			"hugemem: this kernel tells neither cause nor zone "
			"(migrate:mm_pin_migrate_fail is the series'), and nothing of pages that "
			"could not be isolated\n");
	fmt::print(stderr, "hugemem: waiting for pages that a pin cannot move\n");
	Reader reader(*sources, o.json);
	while (!stopped() && (o.seconds <= 0 || reader.seconds() < o.seconds))
		if (const auto line = trace->next(100ms))
			reader.take(*line);
	// What was traced until now belongs to it, but what comes now would never end.
	trace->stop();
	while (const auto line = trace->next(0ms))
		reader.take(*line);
	reader.show_totals();
	return Exit::ok;
}

} // namespace hugemem
