// SPDX-License-Identifier: GPL-2.0-only
#include "verify_report.hpp"

#include <algorithm>
#include <set>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "page_table.hpp"
#include "picture.hpp"

namespace hugemem
{
namespace
{

using nlohmann::ordered_json;

constexpr const char *hosted_means =
	": their memory map lies in the hot-added memory itself, and stays";

/// The expectation that as_told stands for.
Expect settled(Expect expect, const Told &told)
{
	if (expect != Expect::as_told)
		return expect;
	return told.on ? Expect::on : Expect::off;
}

/// Pages of a size that are not as expected.
std::uint64_t unexpected(const SizeTotals &s, Expect e)
{
	switch (e) {
	case Expect::on:
		return s.not_optimised + s.split_only;
	case Expect::off:
		return s.proved;
	case Expect::as_told:
	case Expect::any:
		break;
	}
	return 0;
}

std::string pages(std::uint64_t n)
{
	return fmt::format("{} page{}", n, n == 1 ? "" : "s");
}

/// Both sides of what sysfs says of the optimised pages of a size.
std::string optimized_text(const SizeTotals &s)
{
	std::string told;
	if (s.told_optimized)
		told = fmt::format("{} optimised", *s.told_optimized);
	if (s.told_saved_bytes)
		told += fmt::format("{}{} bytes saved", told.empty() ? "" : ", ",
				    *s.told_saved_bytes);
	return fmt::format("{} remapped, {} bytes saved; {} by sysfs", s.remapped,
			   s.remapped_frames * page_bytes, told);
}

/// What is said of a run in which all is right.
std::string all_right(std::uint64_t proved, std::uint64_t hosted, std::uint64_t other,
		      Expect expect)
{
	std::string text;
	if (!proved && !hosted)
		return fmt::format("{}, none optimised, as {}", pages(other),
				   expect == Expect::as_told ? "the kernel was told"
							     : "is accepted");
	if (proved)
		text = fmt::format("{} proved to be remapped", pages(proved));
	if (hosted)
		text += fmt::format("{}{} hosted", proved ? ", " : "",
				    proved ? fmt::format("{}", hosted) : pages(hosted));
	if (other)
		text += fmt::format(", {} not optimised, as is accepted", other);
	return text;
}

} // namespace

std::optional<Expect> expect_from_name(std::string_view name)
{
	if (name == "told")
		return Expect::as_told;
	if (name == "on")
		return Expect::on;
	if (name == "off")
		return Expect::off;
	if (name == "any")
		return Expect::any;
	return std::nullopt;
}

Totals total(const std::vector<Seen> &seen, const std::vector<Pool> *pools)
{
	std::map<std::uint64_t, SizeTotals> by_size;
	std::map<std::uint64_t, std::set<std::uint64_t>> tables;
	if (pools)
		for (const Pool &pool : *pools) {
			// Without pages it says nothing, unless it claims that some are optimised.
			if (!pool.pages && !pool.optimized.value_or(0) &&
			    !pool.saved_bytes.value_or(0))
				continue;
			SizeTotals &s = by_size[pool.page_kib];
			s.in_pool = pool.pages;
			s.told_optimized = pool.optimized;
			s.told_saved_bytes = pool.saved_bytes;
		}

	for (const Seen &page : seen) {
		SizeTotals &s = by_size[page.kib()];
		if (pools && !s.in_pool)
			s.in_pool = 0;
		s.found++;
		const Judgement &j = page.judgement;
		switch (j.verdict) {
		case Verdict::proved:
			s.proved++;
			s.saved_frames += j.saved;
			break;
		case Verdict::not_optimised:
			s.not_optimised++;
			break;
		case Verdict::split_only:
			s.split_only++;
			break;
		case Verdict::hosted:
			s.hosted++;
			break;
		case Verdict::wrong:
			s.wrong++;
			break;
		}
		if (j.saved) {
			s.remapped++;
			s.remapped_frames += j.saved;
		}
		s.layouts[std::string(name_of(j.layout))]++;
		if (j.layout == Layout::one_for_all && j.shared_pfn)
			s.shared[*j.shared_pfn]++;
		for (const Mapping &m : page.boxes)
			if (m.present && m.level == 1)
				tables[page.kib()].insert(m.table);
	}
	Totals totals;
	for (auto &[kib, s] : by_size) {
		s.kib = kib;
		s.page_tables = tables[kib].size();
		totals.sizes.push_back(s);
	}
	return totals;
}

bool SizeTotals::optimized_agrees() const
{
	return (!told_optimized || *told_optimized == remapped) &&
	       (!told_saved_bytes || *told_saved_bytes == remapped_frames * page_bytes);
}

bool reconciles(const Totals &totals)
{
	return std::all_of(totals.sizes.begin(), totals.sizes.end(),
			   [](const SizeTotals &s) { return s.reconciles(); });
}

Outcome outcome(const Totals &totals, const Told &told, Expect expect)
{
	const Expect e = settled(expect, told);
	std::uint64_t found = 0;
	std::uint64_t wrong = 0;
	std::uint64_t against = 0;
	std::uint64_t proved = 0;
	std::uint64_t hosted = 0;
	for (const auto &s : totals.sizes) {
		found += s.found;
		wrong += s.wrong;
		against += unexpected(s, e);
		proved += s.proved;
		hosted += s.hosted;
	}
	if (wrong)
		return {Exit::mismatch, fmt::format("{} mapped wrongly", pages(wrong))};
	if (!totals.strays.empty())
		return {Exit::mismatch,
			fmt::format(
				"{} still marked as parts of huge pages that are gone: a release "
				"damaged their struct pages, and their memory is lost until the "
				"next "
				"boot",
				strays_text(totals.strays))};
	if (against && e == Expect::on)
		return {Exit::mismatch,
			fmt::format(
				"{} not optimised although {} (made before it was switched on, or "
				"refused? --expect any accepts them)",
				pages(against),
				expect == Expect::on ? "that was expected" : told.how)};
	if (against)
		return {Exit::mismatch,
			fmt::format("{} optimised although {} (made before it was switched off? "
				    "--expect any accepts them)",
				    pages(against),
				    expect == Expect::off ? "none was expected to be" : told.how)};
	if (totals.unreadable)
		return {Exit::cannot_tell,
			fmt::format("{} could not be looked at: {}", pages(totals.unreadable),
				    totals.unreadable_why)};
	if (!reconciles(totals) && totals.moving)
		return {Exit::cannot_tell,
			"the pools are being resized, so their pages cannot be counted; "
			"try again when they rest"};
	for (const auto &s : totals.sizes) {
		if (!s.counted())
			return {Exit::mismatch,
				"the pages found are not as many as the pools have"};
		if (!s.optimized_agrees())
			return {Exit::mismatch,
				fmt::format("of {} pages, sysfs does not say what the page tables "
					    "do: {}",
					    size_name(s.kib), optimized_text(s))};
	}
	if (!found)
		return {Exit::cannot_tell, "there is no huge page to look at; make some: echo 8 > "
					   "/proc/sys/vm/nr_hugepages"};
	return {Exit::ok, all_right(proved, hosted, found - proved - hosted, expect)};
}

std::string text_of(const Totals &totals, const Told &told, const Outcome &result,
		    const Style &style)
{
	std::string out;
	for (const auto &s : totals.sizes) {
		out += style.bold(size_name(s.kib)) + fmt::format(": {} found", pages(s.found));
		if (s.in_pool)
			out += s.counted() ? fmt::format(", {} in the pool", *s.in_pool)
					   : style.bad(fmt::format(", {} in the pool", *s.in_pool));
		out += '\n';
		const auto line = [&](std::uint64_t n, Verdict v) {
			if (n)
				out += fmt::format("  {:>8} {}{}\n", n,
						   v == Verdict::wrong    ? style.bad(name_of(v))
						   : v == Verdict::proved ? style.good(name_of(v))
									  : std::string(name_of(v)),
						   v == Verdict::hosted ? hosted_means : "");
		};
		line(s.proved, Verdict::proved);
		line(s.not_optimised, Verdict::not_optimised);
		line(s.split_only, Verdict::split_only);
		line(s.hosted, Verdict::hosted);
		line(s.wrong, Verdict::wrong);
		for (const auto &[frame, n] : s.shared)
			out += fmt::format("  frame {:x} serves the tails of {}\n", frame,
					   pages(n));
		if (s.found) {
			// Only proved pages save; the average is over all.
			const double each = static_cast<double>(s.kib) -
					    4.0 * static_cast<double>(s.saved_frames) /
						    static_cast<double>(s.found);
			out += fmt::format("  saved {} frames = {} KiB; {:.0f} KiB used per page\n",
					   s.saved_frames, s.saved_frames * 4, each);
			if (s.page_tables)
				out += fmt::format(
					"  {} page tables ({} KiB) map their memory map, "
					"shared with neighbours\n",
					s.page_tables, s.page_tables * 4);
		}
		if (s.compared())
			out += s.optimized_agrees()
				       ? "  sysfs says the same of pages and bytes\n"
				       : style.bad(fmt::format("  {}\n", optimized_text(s)));
	}
	if (!totals.strays.empty())
		out += style.bad(
			fmt::format("{} still marked as parts of huge pages that are gone\n",
				    strays_text(totals.strays)));
	if (totals.vanished)
		out += fmt::format("{} released while being looked at, left out\n",
				   pages(totals.vanished));
	if (totals.unreadable)
		out += style.bad(
			fmt::format("{} could not be looked at\n", pages(totals.unreadable)));
	out += fmt::format("{}\n", told.how);
	const std::string verdict = result.code == Exit::ok         ? style.good("ok")
				    : result.code == Exit::mismatch ? style.bad("MISMATCH")
								    : style.bad("CANNOT TELL");
	return out + fmt::format("{}: {}\n", verdict, result.text);
}

std::string ktap_of(const Totals &totals, const Told &told, const Outcome &result, Expect expect)
{
	const Expect e = settled(expect, told);
	std::string body;
	unsigned n = 0;
	const auto point = [&](bool ok, const std::string &name, const std::string &more) {
		body += fmt::format("{} {} {}\n", ok ? "ok" : "not ok", ++n, name);
		if (!more.empty())
			body += fmt::format("# {}\n", more);
	};
	for (const auto &s : totals.sizes) {
		const std::string name = fmt::format("hugepages-{}kB", s.kib);
		const auto compared = [&](bool agrees, const char *what, const std::string &more) {
			if (!agrees && totals.moving)
				body += fmt::format("ok {} {}.{} # SKIP the pools are being "
						    "resized\n",
						    ++n, name, what);
			else
				point(agrees, fmt::format("{}.{}", name, what), more);
		};
		if (s.in_pool)
			compared(s.counted(), "reconciles",
				 fmt::format("{} found, {} in the pool", s.found, *s.in_pool));
		if (s.compared())
			compared(s.optimized_agrees(), "optimized", optimized_text(s));
		point(!s.wrong, name + ".none_wrong",
		      fmt::format(
			      "{} proved, {} not optimised, {} split but not remapped, {} hosted, "
			      "{} wrong",
			      s.proved, s.not_optimised, s.split_only, s.hosted, s.wrong));
		point(!unexpected(s, e), name + ".as_expected",
		      fmt::format("{}; {} KiB saved", told.how, s.saved_frames * 4));
	}
	if (!totals.strays.empty())
		point(false, "no_strays", strays_text(totals.strays));
	if (totals.unreadable)
		point(false, "readable", totals.unreadable_why);
	if (!n)
		return fmt::format("KTAP version 1\n1..0 # SKIP {}\n", result.text);
	return fmt::format("KTAP version 1\n1..{}\n{}", n, body);
}

ordered_json json_of(const Seen &page)
{
	ordered_json runs = ordered_json::array();
	for (const BoxRun &r : runs_of(page.boxes)) {
		ordered_json j = {
			{"first", r.first}, {"last", r.last}, {"present", r.mapping.present}};
		if (r.mapping.present) {
			j["pfn"] = r.mapping.pfn;
			j["one_frame"] = r.one_frame;
			j["writable"] = r.mapping.writable;
			j["level"] = r.mapping.level;
		}
		runs.push_back(std::move(j));
	}
	ordered_json j = {
		{"pfn", page.pfn},
		{"kib", page.kib()},
		{"verdict", name_of(page.judgement.verdict)},
		{"layout", name_of(page.judgement.layout)},
		{"saved_frames", page.judgement.saved},
	};
	if (page.node)
		j["node"] = *page.node;
	if (!page.judgement.reason.empty())
		j["reason"] = page.judgement.reason;
	if (page.judgement.shared_pfn)
		j["shared_pfn"] = *page.judgement.shared_pfn;
	j["vmemmap"] = std::move(runs);
	return j;
}

ordered_json json_of(const Totals &totals, const Told &told, const Outcome &result)
{
	ordered_json sizes = ordered_json::array();
	for (const auto &s : totals.sizes) {
		ordered_json shared = ordered_json::array();
		for (const auto &[frame, n] : s.shared)
			shared.push_back({{"pfn", frame}, {"pages", n}});
		const auto known = [](const std::optional<std::uint64_t> &value) {
			return value ? ordered_json(*value) : ordered_json(nullptr);
		};
		ordered_json j = {
			{"kib", s.kib},
			{"found", s.found},
			{"in_pool", known(s.in_pool)},
			{"sysfs_optimized", known(s.told_optimized)},
			{"sysfs_saved_bytes", known(s.told_saved_bytes)},
			{"proved", s.proved},
			{"not_optimised", s.not_optimised},
			{"split_only", s.split_only},
			{"hosted", s.hosted},
			{"wrong", s.wrong},
			{"saved_kib", s.saved_frames * 4},
			{"page_tables", s.page_tables},
			{"layouts", s.layouts},
			{"shared_frames", std::move(shared)},
		};
		sizes.push_back(std::move(j));
	}
	ordered_json strays = ordered_json::array();
	for (const FrameRun &run : totals.strays)
		strays.push_back({{"pfn", run.pfn}, {"frames", run.frames}});
	return {
		{"sizes", std::move(sizes)},
		{"strays", std::move(strays)},
		{"unreadable", totals.unreadable},
		{"vanished", totals.vanished},
		{"moving", totals.moving},
		{"told", {{"known", told.known}, {"on", told.on}, {"how", told.how}}},
		{"outcome", {{"exit", static_cast<int>(result.code)}, {"text", result.text}}},
	};
}

} // namespace hugemem
