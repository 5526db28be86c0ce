// SPDX-License-Identifier: GPL-2.0-only
/// All huge pages taken together: totals, what was expected, the outcome.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "error.hpp"
#include "pools.hpp"
#include "strays.hpp"
#include "terminal.hpp"
#include "told.hpp"
#include "vmemmap.hpp"

namespace hugemem
{

/// What the user wants to be held true of all pages but those that are hosted: they are right
/// by keeping their memory map, whatever was said.
enum class Expect { as_told, on, off, any };
std::optional<Expect> expect_from_name(std::string_view name);

/// Pages of one size.
struct SizeTotals {
	std::uint64_t kib = 0;
	std::optional<std::uint64_t> in_pool; ///< nr_hugepages; nothing if not compared
	std::uint64_t found = 0;
	std::uint64_t proved = 0, not_optimised = 0, split_only = 0, hosted = 0, wrong = 0;
	std::uint64_t saved_frames = 0;
	std::uint64_t page_tables = 0;                 ///< PTE tables that map their memory map
	std::map<std::string, std::uint64_t> layouts;  ///< name -> pages
	std::map<std::uint64_t, std::uint64_t> shared; ///< frame for all -> pages on it
	std::uint64_t remapped = 0;        ///< pages that share frames, wrong ones included
	std::uint64_t remapped_frames = 0; ///< frames that these do without
	/// What the kernel itself says of both; nothing if not compared or not known to it
	std::optional<std::uint64_t> told_optimized, told_saved_bytes;

	[[nodiscard]] bool compared() const { return told_optimized || told_saved_bytes; }
	[[nodiscard]] bool counted() const { return !in_pool || *in_pool == found; }
	[[nodiscard]] bool optimized_agrees() const;
	[[nodiscard]] bool reconciles() const { return counted() && optimized_agrees(); }
};

struct Totals {
	std::vector<SizeTotals> sizes; ///< smallest first; those without any page are left out
	std::uint64_t unreadable = 0;  ///< pages that could not be looked at
	std::string unreadable_why;
	/// Frames marked as parts of huge pages that are not there; not looked for if a single
	/// page was asked for.
	std::vector<FrameRun> strays;
	std::uint64_t vanished = 0; ///< pages released while being looked at
	bool moving = false;        ///< the pools changed while they were counted
};

/// pools: nullptr when not to be compared (a single page was asked for).
Totals total(const std::vector<Seen> &pages, const std::vector<Pool> *pools);

/// Whether as many pages were found as the pools have, and as many of them share frames, and
/// save as much, as the kernel says.
bool reconciles(const Totals &totals);

/// The result of a run, and its one-line explanation.
struct Outcome {
	Exit code = Exit::cannot_tell;
	std::string text;
};
Outcome outcome(const Totals &totals, const Told &told, Expect expect);

std::string text_of(const Totals &totals, const Told &told, const Outcome &outcome,
		    const Style &style);
std::string ktap_of(const Totals &totals, const Told &told, const Outcome &outcome, Expect expect);

/// One page with its vmemmap pages as runs.
nlohmann::ordered_json json_of(const Seen &page);
nlohmann::ordered_json json_of(const Totals &totals, const Told &told, const Outcome &outcome);

} // namespace hugemem
