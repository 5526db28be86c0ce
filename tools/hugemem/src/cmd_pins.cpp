// SPDX-License-Identifier: GPL-2.0-only
// hugemem pins: how many pages are pinned, what had to be moved for it, and what could not.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <memory>
#include <optional>
#include <thread>

#include <fmt/format.h>

#include "commands.hpp"
#include "pin_counters.hpp"
#include "pins_blockers.hpp"
#include "pins_failures.hpp"
#include "stop_signals.hpp"
#include "text_file.hpp"

namespace hugemem
{
namespace
{

using Clock = std::chrono::steady_clock;

struct PinsOptions {
	double interval = 0; ///< seconds; 0: once
	unsigned count = 0;  ///< intervals; 0: until a signal comes
	bool failures = false;
	bool blockers = false;
	bool all = false;
	std::optional<std::uint64_t> block;
	double seconds = 0;
	bool json = false;
};

Result<PinCounters> read_counters()
{
	const auto text = read_text("/proc/vmstat");
	if (!text)
		return tl::unexpected(text.error());
	return pin_counters(parse_vmstat(*text));
}

/// Sleeps, but not through a signal.
void sleep_for(double seconds)
{
	const auto until = Clock::now() + std::chrono::duration<double>(seconds);
	while (!stopped() && Clock::now() < until)
		std::this_thread::sleep_for(std::chrono::milliseconds(20));
}

Result<Exit> intervals(const PinsOptions &o)
{
	auto before = read_counters();
	if (!before)
		return tl::unexpected(before.error());
	stop_on_signals();
	for (unsigned i = 0; !stopped() && (!o.count || i < o.count); i++) {
		sleep_for(o.interval);
		const auto now = read_counters();
		if (!now)
			return tl::unexpected(now.error());
		const PinCounters change = *now - *before;
		if (o.json) {
			nlohmann::ordered_json line = pins_json(change);
			line["schema"] = "hugemem-pins-interval-1";
			line["held"] = now->held().value_or(0);
			fmt::print("{}\n", line.dump());
		} else {
			if (i % 20 == 0)
				fmt::print("{}", pins_heading());
			fmt::print("{}", pins_line(*now, change));
		}
		std::fflush(stdout);
		before = now;
	}
	return Exit::ok;
}

Result<Exit> run_pins(const PinsOptions &o)
{
	if (o.blockers)
		return run_blockers({.all = o.all, .json = o.json, .block = o.block});
	if (o.failures)
		return run_failures({.seconds = o.seconds, .json = o.json});
	if (o.interval > 0)
		return intervals(o);
	const auto counters = read_counters();
	if (!counters)
		return tl::unexpected(counters.error());
	if (o.json)
		fmt::print("{}\n", pins_json(*counters).dump());
	else
		fmt::print("{}", pins_text(*counters));
	return Exit::ok;
}

} // namespace

void add_pins(CLI::App &app, Run &run)
{
	auto options = std::make_shared<PinsOptions>();
	CLI::App *cmd = app.add_subcommand(
		"pins", "pinned pages: how many, what was moved for it, what could not be and why");
	CLI::Option *interval = cmd->add_option("-i,--interval", options->interval,
						"seconds between lines of what has changed");
	interval->check(CLI::PositiveNumber);
	cmd->add_option("--count", options->count, "so many lines")->needs(interval);
	CLI::Option *each = cmd->add_flag(
		"--failures", options->failures,
		"each page that could not be moved: who wanted it, its zone, the cause; then totals");
	each->excludes(interval);
	cmd->add_option("-d,--duration", options->seconds, "for so many seconds")
		->check(CLI::PositiveNumber)
		->needs(each);
	CLI::Option *blockers = cmd->add_flag(
		"--blockers", options->blockers,
		"the pinned pages that keep movable memory blocks from going offline");
	blockers->excludes(interval)->excludes(each);
	cmd->add_flag("--all", options->all,
		      "with --blockers: also pages that are held otherwise, or not movable")
		->needs(blockers);
	cmd->add_option("--block", options->block,
			"with --blockers: this memory block, whatever its zone")
		->needs(blockers);
	cmd->add_flag("--json", options->json, "JSON, one line each");
	cmd->callback([options, &run] { run = [options] { return run_pins(*options); }; });
}

} // namespace hugemem
