// SPDX-License-Identifier: GPL-2.0-only
// hugemem verify: proves how the memory map of huge pages is mapped.
#include <charconv>
#include <chrono>
#include <cstdio>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <tuple>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "bpf_log.hpp"
#include "commands.hpp"
#include "fleet_map.hpp"
#include "kernel_view.hpp"
#include "machine.hpp"
#include "page_flags.hpp"
#include "page_place.hpp"
#include "picture.hpp"
#include "pools.hpp"
#include "privilege.hpp"
#include "told.hpp"
#include "verify_report.hpp"

namespace hugemem
{
namespace
{

using nlohmann::ordered_json;

struct VerifyOptions {
	std::string page;
	bool all = false;
	bool map = false;
	bool json = false;
	bool ktap = false;
	bool verbose = false;
	bool debug = false;
	std::string expect = "told";
};

/// A judgement against a page counts only when the page stays so for this long and
/// is a huge page before and after: a resize under way is not a fault.
constexpr auto doubt_pause = std::chrono::milliseconds(5);
constexpr int doubts = 8;

bool beyond_doubt(const Seen &seen)
{
	return seen.judgement.verdict == Verdict::proved ||
	       seen.judgement.verdict == Verdict::not_optimised ||
	       seen.judgement.verdict == Verdict::hosted;
}

/// Looks until it is sure. Nothing: the page was released meanwhile.
Result<std::optional<Seen>> look_twice(const KernelView &view, const PageFlags &flags,
				       PagePlaces &places, const HugePage &page)
{
	std::optional<Seen> last;
	std::optional<Error> trouble;
	int same = 0;
	// A page that keeps changing is given ten times as long as one that stands still.
	for (int attempt = 0; attempt < 10 * doubts; attempt++) {
		if (attempt)
			std::this_thread::sleep_for(doubt_pause);
		auto seen = look_at(*view.memory, view.tables(), view.map, page.pfn, page.frames);
		if (seen) {
			const PagePlace place = places.of(page.pfn, page.frames);
			seen->node = place.node;
			if (place.hosted)
				judge_hosted(*seen);
		}
		const auto still = huge_page_of(flags, page.pfn);
		if (!still)
			return tl::unexpected(still.error());
		if (!*still || **still != page)
			return std::nullopt;
		if (!seen) {
			trouble = seen.error();
			last.reset();
			same = 0;
			if (attempt >= doubts)
				break;
			continue;
		}
		if (beyond_doubt(*seen))
			return *seen;
		same = last && last->boxes == seen->boxes && last->judgement == seen->judgement
			       ? same + 1
			       : 0;
		last = std::move(*seen);
		trouble.reset();
		if (same >= doubts)
			return last;
	}
	if (trouble)
		return tl::unexpected(*trouble);
	return fail(Exit::cannot_tell, fmt::format("huge page at PFN {:#x}", page.pfn),
		    "its memory map keeps changing", "try again");
}

Result<std::uint64_t> parse_pfn(const std::string &text)
{
	const bool hex = text.starts_with("0x") || text.starts_with("0X");
	std::uint64_t pfn = 0;
	const char *end = text.data() + text.size();
	const auto [stop, ec] =
		std::from_chars(text.data() + (hex ? 2 : 0), end, pfn, hex ? 16 : 10);
	if (ec != std::errc{} || stop != end || pfn >> 40)
		return fail(Exit::usage, "--page " + text, "not a page frame number",
			    "decimal, or hexadecimal with 0x");
	return pfn;
}

/// Everything seen in one go over the huge pages.
struct Survey {
	std::vector<Seen> pages;
	std::vector<Spot> unreadable; // pages that could not be looked at
	Totals totals;
	std::vector<Pool> pools;
};

Result<Survey> survey_once(const KernelView &view, const PageFlags &flags)
{
	Survey survey;
	const auto pages = find_huge_pages(flags);
	if (!pages)
		return tl::unexpected(pages.error());
	std::uint64_t vanished = 0;
	std::string why;
	PagePlaces places;
	for (const HugePage &page : *pages) {
		auto seen = look_twice(view, flags, places, page);
		if (!seen) {
			survey.unreadable.push_back({.pfn = page.pfn,
						     .frames = page.frames,
						     .node = places.of(page.pfn, page.frames).node,
						     .verdict = std::nullopt});
			why = seen.error().text();
		} else if (!*seen) {
			vanished++;
		} else {
			survey.pages.push_back(std::move(**seen));
		}
	}
	cross_check(survey.pages);
	auto pools = read_pools();
	if (!pools)
		return tl::unexpected(pools.error());
	survey.pools = std::move(*pools);
	survey.totals = total(survey.pages, &survey.pools);
	survey.totals.unreadable = survey.unreadable.size();
	survey.totals.unreadable_why = std::move(why);
	survey.totals.vanished = vanished;
	return survey;
}

/// Whether the pools stay as they are for a while, looked at often enough to see one
/// that is resized to and fro.
bool at_rest(const std::vector<Pool> &pools)
{
	using namespace std::chrono_literals;
	for (int look = 0; look < 60; look++) {
		const auto now = read_pools();
		if (!now || *now != pools)
			return false;
		std::this_thread::sleep_for(5ms);
	}
	return true;
}

/// A pool that is being resized cannot be counted in one go, and pages stay huge pages
/// for a moment after they have left it. So a difference has to be found again after a
/// while in which nothing moved before it is one.
Result<Survey> survey(const KernelView &view, const PageFlags &flags)
{
	constexpr int attempts = 8;
	constexpr int enough = 3;
	int same = 0;
	std::optional<std::vector<Pool>> before;
	std::vector<std::uint64_t> last;
	for (int attempt = 1;; attempt++) {
		auto s = survey_once(view, flags);
		if (!s || reconciles(s->totals))
			return s;
		std::vector<std::uint64_t> pfns;
		for (const Seen &page : s->pages)
			pfns.push_back(page.pfn);
		const bool still = at_rest(s->pools) && s->totals.vanished == 0 &&
				   (!before || (*before == s->pools && last == pfns));
		same = still ? same + 1 : 0;
		before = s->pools;
		last = std::move(pfns);
		s->totals.moving = same < enough;
		if (same >= enough || attempt == attempts)
			return s;
	}
}

void put(const std::string &text)
{
	std::fwrite(text.data(), 1, text.size(), stdout);
}

std::string picture_of(const KernelView &view, const Seen &page, const Totals &totals,
		       const Style &style)
{
	Caption caption;
	caption.page_address = view.map.page_of(page.pfn);
	if (page.node)
		caption.node = static_cast<int>(*page.node);
	if (page.judgement.shared_pfn)
		for (const auto &s : totals.sizes)
			if (const auto it = s.shared.find(*page.judgement.shared_pfn);
			    it != s.shared.end())
				caption.sharers += it->second;
	return picture(page, caption, style);
}

/// The first page of every size, verdict and layout: what is to be seen, once each.
std::vector<const Seen *> examples(const std::vector<Seen> &pages)
{
	std::vector<const Seen *> out;
	std::set<std::tuple<std::uint64_t, Verdict, Layout>> had;
	for (const Seen &page : pages)
		if (had.emplace(page.frames, page.judgement.verdict, page.judgement.layout).second)
			out.push_back(&page);
	return out;
}

/// All of it if that is wanted, else what fits on a screen.
std::string map_of(const Survey &survey, bool whole, const Style &style)
{
	constexpr std::size_t screenful = 24;
	std::vector<Spot> spots = spots_of(survey.pages);
	spots.insert(spots.end(), survey.unreadable.begin(), survey.unreadable.end());
	const std::string map = fleet_map(std::move(spots), whole ? 0 : screenful, style);
	return map.empty() ? map : map + '\n';
}

ordered_json view_json(const KernelView &view)
{
	return {
		{"page_table_levels", view.space.levels},
		{"direct_map", fmt::format("{:#x}", view.space.direct_map)},
		{"vmemmap", fmt::format("{:#x}", view.map.base)},
		{"vmemmap_by", view.base_by},
		{"struct_page_bytes", view.map.page_size},
		{"compound_info", view.map.has_compound_info},
	};
}

Result<Exit> run_verify(const VerifyOptions &o)
{
	const auto expect = expect_from_name(o.expect);
	if (!expect)
		return fail(Exit::usage, "--expect " + o.expect, "unknown", "told, on, off or any");
	if (o.json && o.ktap)
		return fail(Exit::usage, "--json and --ktap", "are two formats", "give one");
	for (const auto &[given, name] : {std::pair{o.all, "--all"}, std::pair{o.map, "--map"}})
		if (given && !o.page.empty())
			return fail(Exit::usage, fmt::format("{} and --page", name),
				    "contradict each other", "give one");
	if (o.map && (o.json || o.ktap))
		return fail(Exit::usage, "--map", "is drawn in text only",
			    "--json has the verdict of every page");
	std::optional<std::uint64_t> wanted;
	if (!o.page.empty()) {
		const auto pfn = parse_pfn(o.page);
		if (!pfn)
			return tl::unexpected(pfn.error());
		wanted = *pfn;
	}
	if (auto ok = require_bpf(); !ok)
		return tl::unexpected(ok.error());
	if (auto ok = require_page_flags(); !ok)
		return tl::unexpected(ok.error());

	const BpfLog log(o.debug);
	auto view = KernelView::open();
	if (!view)
		return tl::unexpected(view.error());
	auto flags = open_page_flags();
	if (!flags)
		return tl::unexpected(flags.error());

	// The one page first, so that a mistyped number fails before all pages are read.
	std::optional<Seen> chosen;
	if (wanted) {
		const auto page = huge_page_of(**flags, *wanted);
		if (!page)
			return tl::unexpected(page.error());
		if (!*page)
			return fail(Exit::usage, fmt::format("--page {:#x}", *wanted),
				    "that frame belongs to no HugeTLB page",
				    "hugemem verify --json lists the pages");
		PagePlaces places;
		auto seen = look_twice(*view, **flags, places, **page);
		if (!seen)
			return tl::unexpected(seen.error());
		if (!*seen)
			return fail(Exit::cannot_tell, fmt::format("--page {:#x}", *wanted),
				    "the page was released while it was looked at");
		chosen = std::move(**seen);
	}
	auto all = survey(*view, **flags);
	if (!all)
		return tl::unexpected(all.error());
	if (!chosen) {
		auto strays = settled_strays(**flags);
		if (!strays)
			return tl::unexpected(strays.error());
		all->totals.strays = std::move(*strays);
	}

	const Told told = read_told();
	const Style style = Style::of_stdout();
	const Totals totals = chosen ? total({*chosen}, nullptr) : all->totals;
	const Outcome result = outcome(totals, told, *expect);
	if (o.ktap) {
		put(ktap_of(totals, told, result, *expect));
		return result.code;
	}
	if (o.json) {
		ordered_json pages = ordered_json::array();
		if (chosen)
			pages.push_back(json_of(*chosen));
		else
			for (const Seen &page : all->pages)
				pages.push_back(json_of(page));
		ordered_json j = {{"schema", "hugemem.verify/1"}, {"kernel", machine_json()}};
		j["view"] = view_json(*view);
		j.update(json_of(totals, told, result));
		j["pages"] = std::move(pages);
		put(j.dump(-1, ' ', false, ordered_json::error_handler_t::replace) + "\n");
		return result.code;
	}
	if (o.verbose)
		fmt::print(stderr,
			   "{} page table levels, direct map at {:#x}, vmemmap at {:#x} (by {})\n",
			   view->space.levels, view->space.direct_map, view->map.base,
			   view->base_by);
	std::string out;
	if (chosen)
		out += picture_of(*view, *chosen, all->totals, style) + '\n';
	else if (!o.all)
		for (const Seen *page : examples(all->pages))
			out += picture_of(*view, *page, all->totals, style) + '\n';
	if (!chosen && (o.map || !o.all))
		out += map_of(*all, o.map, style);
	out += text_of(totals, told, result, style);
	put(out);
	return result.code;
}

} // namespace

void add_verify(CLI::App &app, Run &run)
{
	auto o = std::make_shared<VerifyOptions>();
	auto *cmd = app.add_subcommand("verify",
				       "proves how the memory map of the HugeTLB pages is mapped");
	cmd->add_option("--page", o->page, "only the huge page that has this PFN, drawn");
	cmd->add_flag("--all", o->all, "the summary over all pages, without pictures");
	cmd->add_flag("--map", o->map, "every row of the map of all pages; with --all too");
	cmd->add_option("--expect", o->expect,
			"what every page has to be: told (as the kernel was told), on, off, any")
		->default_str("told");
	cmd->add_flag("--json", o->json, "one JSON object, with every page");
	cmd->add_flag("--ktap", o->ktap, "KTAP test points");
	cmd->add_flag("-v,--verbose", o->verbose, "where page tables and memory map were found");
	cmd->add_flag("--debug", o->debug, "libbpf's messages, on standard error");
	cmd->callback([o, &run] { run = [o] { return run_verify(*o); }; });
}

} // namespace hugemem
