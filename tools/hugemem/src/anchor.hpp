// SPDX-License-Identifier: GPL-2.0-only
/// One kernel function followed from entry to return.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "btf.hpp"
#include "error.hpp"
#include "histogram.hpp"
#include "ladder.hpp"

namespace hugemem
{

/// Ways of getting at entry and return of a function, best first.
enum class Attach {
	fentry,       ///< BPF trampoline, fentry and fexit
	kprobe_multi, ///< fprobe, entry and return
	kprobe,       ///< kprobe and kretprobe
};

/// "fentry+fexit", "kprobe.multi", "kprobe+kretprobe".
std::string_view attach_name(Attach kind);
/// The short name on the command line: fentry, multi, kprobe.
std::optional<Attach> attach_from_name(std::string_view name);
/// All kinds, best first.
const std::vector<Attach> &attach_kinds();

struct ProbeOptions {
	std::uint64_t unit_ns = 1;         ///< what the histogram counts, in nanoseconds
	std::uint32_t only_tgid = 0;       ///< 0: every process
	int cgroup_fd = -1;                ///< a cgroup2 directory; only tasks below it
	std::optional<Attach> only_attach; ///< nothing: the best that works
};

/// Counters of one event, summed over the CPUs. They only grow.
struct Counters {
	std::uint64_t starts = 0;    ///< outermost entries
	std::uint64_t ends = 0;      ///< outermost returns
	std::uint64_t failed = 0;    ///< of those, returned without having done the work
	std::uint64_t nested = 0;    ///< entries inside another one
	std::uint64_t unmatched = 0; ///< returns whose entry was before the start
	std::uint64_t dropped = 0;   ///< entries that found the table full
	std::uint64_t lost = 0;      ///< entries whose return was never seen
	std::uint64_t sum_ns = 0;    ///< of the calls that did the work
	std::uint64_t failed_sum_ns = 0;
	Histogram histogram; ///< of the calls that did the work, in the unit asked for

	/// Calls that did the work.
	[[nodiscard]] std::uint64_t done() const { return ends - failed; }
	/// Entered and not returned, as far as one knows.
	[[nodiscard]] std::uint64_t in_flight() const
	{
		const std::uint64_t over = ends + dropped + lost;
		return starts > over ? starts - over : 0;
	}
	[[nodiscard]] Counters since(const Counters &earlier) const;
};

/// Smallest and largest value in nanoseconds of one epoch.
struct Extremes {
	std::uint64_t min_ns = 0;
	std::uint64_t max_ns = 0;
};

/// A pair of programs on one function. Detached and unloaded when destroyed.
class Anchor
{
public:
	/// Loads and attaches. `first`: an anchor of the same event, whose maps are
	/// used; nullptr for the first. Errors: environment, cause with errno.
	static Result<Anchor> attach(Attach kind, const Fit::Target &target, hm_ret ret,
				     const KernelBtf *btf, const ProbeOptions &options,
				     const Anchor *first);
	Anchor(Anchor &&) noexcept;
	Anchor &operator=(Anchor &&) noexcept;
	~Anchor();

	[[nodiscard]] Attach kind() const;
	[[nodiscard]] const std::string &symbol() const;
	[[nodiscard]] Clone clone() const;

	/// Intervals are numbered from 1; later calls belong to interval `epoch`.
	void set_epoch(std::uint64_t epoch);
	/// No further entries; calls under way are still seen to their end.
	void stop_entries();

	/// Runs that the kernel left out because the program was already running on
	/// that CPU; nothing where the kernel does not count them (before 5.12).
	[[nodiscard]] std::optional<std::uint64_t> missed() const;

	/// The counters of the event. Errors: environment.
	[[nodiscard]] Result<Counters> counters() const;
	/// Nothing when no call ended in that epoch, or it is two or more epochs ago.
	[[nodiscard]] Result<std::optional<Extremes>> extremes(std::uint64_t epoch) const;

private:
	struct Impl;
	explicit Anchor(std::unique_ptr<Impl> impl);
	std::unique_ptr<Impl> impl_;
};

} // namespace hugemem
