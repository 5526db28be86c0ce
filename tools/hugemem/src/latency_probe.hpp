// SPDX-License-Identifier: GPL-2.0-only
/// One event followed by the best rung of its ladder that this kernel allows.
#pragma once

#include <string>
#include <vector>

#include "anchor.hpp"
#include "ladder.hpp"

namespace hugemem
{

class LatencyProbe
{
public:
	/// Climbs down the ladder until a rung holds: a rung holds when every one of
	/// its functions that the kernel has can be followed. Errors: environment,
	/// with the cause of each rung.
	static Result<LatencyProbe> start(const Event &event, const Symbols &symbols,
					  const KernelBtf *btf, const ProbeOptions &options);

	[[nodiscard]] const Event &event() const { return *event_; }
	[[nodiscard]] std::size_t rung() const { return rung_; }
	[[nodiscard]] const std::vector<Anchor> &anchors() const { return anchors_; }
	/// Why better rungs and better ways to attach were passed over, one line each.
	[[nodiscard]] const std::vector<std::string> &passed_over() const { return passed_over_; }
	/// "alloc_fresh_huge_page by fentry+fexit"
	[[nodiscard]] std::string anchor_text() const;
	/// What is special about counts by this rung; may be empty.
	[[nodiscard]] std::string note() const;
	/// What one call stands for: "page" or "batch".
	[[nodiscard]] std::string per() const;

	[[nodiscard]] Result<Counters> counters() const { return anchors_.front().counters(); }
	/// See Anchor::missed(); over all anchors.
	[[nodiscard]] std::optional<std::uint64_t> missed() const;

	/// Ends the interval: returns its extremes and begins the next one.
	Result<std::optional<Extremes>> next_interval();
	void stop_entries();

private:
	const Event *event_ = nullptr;
	std::size_t rung_ = 0;
	std::uint64_t epoch_ = 1;
	std::vector<Anchor> anchors_;
	std::vector<std::string> passed_over_;
};

} // namespace hugemem
