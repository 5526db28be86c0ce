// SPDX-License-Identifier: GPL-2.0-only
#include "probe_cost.hpp"

#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <limits>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace hugemem
{
namespace
{

constexpr std::uint64_t calls_a_round = 1000;
constexpr int rounds = 9;

/// The calls that are timed: no lock, no argument in memory, rarely used by anybody.
constexpr std::pair<const char *, long> candidates[] = {
	{"__x64_sys_sched_get_priority_max", SYS_sched_get_priority_max},
	{"__x64_sys_sched_get_priority_min", SYS_sched_get_priority_min},
};

/// One call in nanoseconds: of the round that was disturbed the least.
double time_call(long number)
{
	using Clock = std::chrono::steady_clock;
	double best = std::numeric_limits<double>::max();
	for (int r = 0; r < rounds; r++) {
		const auto begin = Clock::now();
		for (std::uint64_t i = 0; i < calls_a_round; i++)
			::syscall(number, SCHED_OTHER);
		const std::chrono::duration<double, std::nano> took = Clock::now() - begin;
		best = std::min(best, took.count() / static_cast<double>(calls_a_round));
	}
	return best;
}

} // namespace

Result<ProbeCost> measure_cost(Attach kind, const Symbols &symbols, const KernelBtf *btf)
{
	std::optional<Error> trouble;
	for (const auto &[name, number] : candidates) {
		if (!symbols.has(name))
			continue;
		const Fit::Target target{.function = name,
					 .symbol = {.name = name, .clone = Clone::none}};
		const double without = time_call(number);
		// SCHED_OTHER has priority 0, so this is the path of a call that did its work.
		auto anchor = Anchor::attach(kind, target, HM_RET_ZERO, btf, {}, nullptr);
		if (!anchor) {
			trouble = anchor.error();
			continue;
		}
		const double with = time_call(number);
		const auto seen = anchor->counters();
		if (!seen)
			return tl::unexpected(seen.error());
		if (seen->done() < calls_a_round * rounds)
			return fail(Exit::environment, fmt::format("cost of {}", attach_name(kind)),
				    fmt::format("{} of {} calls were seen", seen->done(),
						calls_a_round * rounds));
		return ProbeCost{.kind = kind,
				 .symbol = name,
				 .calls = calls_a_round,
				 .without_ns = without,
				 .with_ns = with};
	}
	if (trouble)
		return tl::unexpected(*trouble);
	return fail(Exit::environment, fmt::format("cost of {}", attach_name(kind)),
		    "the kernel has none of the system calls that are timed for it");
}

std::string text_of(const ProbeCost &c)
{
	return fmt::format("{:.0f} ns a call by {} (a call of {} takes {:.0f} ns with, {:.0f} ns "
			   "without)",
			   c.ns(), attach_name(c.kind), c.symbol, c.with_ns, c.without_ns);
}

nlohmann::ordered_json json_of(const ProbeCost &c)
{
	return {{"attach", attach_name(c.kind)}, {"ns", c.ns()},       {"with_ns", c.with_ns},
		{"without_ns", c.without_ns},    {"symbol", c.symbol}, {"calls", c.calls}};
}

} // namespace hugemem
