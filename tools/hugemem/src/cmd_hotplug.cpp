// SPDX-License-Identifier: GPL-2.0-only
// hugemem hotplug: memory blocks as they are, and as they come and go.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <memory>
#include <optional>

#include <fmt/format.h>

#include "commands.hpp"
#include "hotplug_report.hpp"
#include "stop_signals.hpp"
#include "uevent.hpp"

namespace hugemem
{
namespace
{

using Clock = std::chrono::steady_clock;

struct HotplugOptions {
	bool all = false;
	bool json = false;
	bool watch = false;
	double seconds = 0; ///< 0: until a signal comes
};

double seconds_since(Clock::time_point when)
{
	return std::chrono::duration<double>(Clock::now() - when).count();
}

/// What became of a block, by the one who tells of it: when, which, and how long after the
/// event before.
void tell(const Uevent &event, std::uint64_t id, Clock::time_point begin, double step, bool json)
{
	if (json) {
		nlohmann::ordered_json line = {{"schema", "hugemem-hotplug-event-1"},
					       {"seconds", seconds_since(begin)},
					       {"step", step},
					       {"action", event.action},
					       {"block", id}};
		fmt::print("{}\n", line.dump());
	} else {
		fmt::print("{:10.6f} s  +{:.6f} s  memory{} {}\n", seconds_since(begin), step, id,
			   event.action);
	}
	std::fflush(stdout);
}

Result<Exit> watch_blocks(const HotplugOptions &o, UeventSocket &socket)
{
	stop_on_signals();
	const auto begin = Clock::now();
	auto before = begin;
	while (!stopped()) {
		using namespace std::chrono_literals;
		auto wait = 1000ms;
		if (o.seconds > 0) {
			const double left = o.seconds - seconds_since(begin);
			if (left <= 0)
				break;
			wait = std::min(wait, std::chrono::milliseconds(
						      static_cast<long>(left * 1000) + 1));
		}
		const auto event = socket.next(wait);
		if (!event)
			return tl::unexpected(event.error());
		if (!*event)
			continue;
		const auto subsystem = (*event)->values.find("SUBSYSTEM");
		const auto id = block_id(
			std::string_view((*event)->path).substr((*event)->path.rfind('/') + 1));
		if (!id || subsystem == (*event)->values.end() || subsystem->second != "memory")
			continue;
		tell(**event, *id, begin, seconds_since(before), o.json);
		before = Clock::now();
	}
	return Exit::ok;
}

Result<Exit> run_hotplug(const HotplugOptions &o)
{
	// Before the blocks are read, so that nothing falls between
	std::optional<UeventSocket> socket;
	if (o.watch) {
		auto opened = UeventSocket::open();
		if (!opened)
			return tl::unexpected(opened.error());
		socket = std::move(*opened);
	}
	const auto blocks = read_memory_blocks();
	if (!blocks)
		return tl::unexpected(blocks.error());
	if (o.json)
		fmt::print("{}\n", blocks_json(*blocks).dump());
	else
		fmt::print("{}", blocks_table(*blocks, o.all, Style::of_stdout()));
	std::fflush(stdout);
	return socket ? watch_blocks(o, *socket) : Result<Exit>(Exit::ok);
}

} // namespace

void add_hotplug(CLI::App &app, Run &run)
{
	auto options = std::make_shared<HotplugOptions>();
	CLI::App *cmd = app.add_subcommand(
		"hotplug", "memory blocks: state, zone, where their memory map is; live events");
	cmd->add_flag("--all", options->all, "a line for each block, also where they are alike");
	cmd->add_flag("--json", options->json,
		      "one line of JSON; with --watch one more for each event");
	CLI::Option *watch_flag = cmd->add_flag("-w,--watch", options->watch,
						"then tell of blocks that come, go and change");
	cmd->add_option("-d,--duration", options->seconds, "watch for so many seconds")
		->check(CLI::PositiveNumber)
		->needs(watch_flag);
	cmd->callback([options, &run] { run = [options] { return run_hotplug(*options); }; });
}

} // namespace hugemem
