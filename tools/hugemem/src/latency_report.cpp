// SPDX-License-Identifier: GPL-2.0-only
#include "latency_report.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "number.hpp"

namespace hugemem
{
namespace
{

using nlohmann::ordered_json;

double in_unit(std::uint64_t ns, const Unit &unit)
{
	return static_cast<double>(ns) / static_cast<double>(unit.ns);
}

std::string plural(std::uint64_t n, std::string_view word)
{
	return fmt::format("{} {}{}", n, word, n == 1 ? "" : word.ends_with("h") ? "es" : "s");
}

/// Two tasks that meet on one CPU can overwrite each other's extreme; the
/// histogram cannot lose one, so it has the last word.
Extremes sane(const Extremes &e, const Histogram &h, const Unit &unit)
{
	Extremes out = e;
	if (const auto low = h.lowest(); low && low->upper && out.min_ns / unit.ns >= low->upper)
		out.min_ns = low->lower * unit.ns;
	if (const auto high = h.highest(); high && out.max_ns / unit.ns < high->lower)
		out.max_ns = (high->upper ? high->upper : high->lower) * unit.ns;
	return out;
}

std::int64_t all_pages(const std::vector<Pool> &pools)
{
	std::int64_t sum = 0;
	for (const auto &pool : pools)
		sum += static_cast<std::int64_t>(pool.pages);
	return sum;
}

std::string_view verdict_name(Reconciliation::Verdict v)
{
	switch (v) {
	case Reconciliation::Verdict::agrees:
		return "agrees";
	case Reconciliation::Verdict::differs:
		return "differs";
	case Reconciliation::Verdict::cannot_tell:
		return "cannot tell";
	}
	return "?";
}

/// "2 MiB 0 -> 1024", for sizes whose pool is or was not empty.
std::string pool_changes(const std::vector<Pool> &before, const std::vector<Pool> &after)
{
	std::vector<std::string> words;
	for (const auto &now : after) {
		const auto was = std::find_if(before.begin(), before.end(), [&](const Pool &p) {
			return p.page_kib == now.page_kib;
		});
		const std::uint64_t old = was == before.end() ? 0 : was->pages;
		if (old || now.pages)
			words.push_back(fmt::format("{} {} -> {}", size_name(now.page_kib), old,
						    now.pages));
	}
	return words.empty() ? "all pools empty" : fmt::format("{}", fmt::join(words, ", "));
}

} // namespace

Reconciliation reconcile(const std::vector<Footing> &footings, const std::vector<Pool> &before,
			 const std::vector<Pool> &after)
{
	using V = Reconciliation::Verdict;
	Reconciliation r;
	r.grown = all_pages(after) - all_pages(before);
	bool alloc = false;
	bool release = false;
	for (const auto &f : footings) {
		if (f.event == "alloc") {
			alloc = true;
			r.made = f.counters.done();
		} else if (f.event == "free") {
			release = true;
			r.released = f.counters.done();
		} else {
			continue;
		}
		const Counters &c = f.counters;
		if (c.in_flight() || c.dropped || c.lost || f.missed.value_or(0))
			r.why = fmt::format("{}: calls still under way or missed", f.event);
	}
	r.comparable = alloc && release;
	if (!alloc && !release)
		r.why = "neither alloc nor free is followed";
	if (!r.why.empty())
		return r;
	const auto net = static_cast<std::int64_t>(r.made) - static_cast<std::int64_t>(r.released);
	// Half the story is enough when it accounts for everything.
	if (!r.comparable && net != r.grown) {
		r.why = "only one of alloc and free is followed";
		return r;
	}
	r.verdict = net == r.grown ? V::agrees : V::differs;
	if (r.verdict == V::differs)
		r.why = "pages came or went by another way (demotion, a release that failed and "
			"put its "
			"page back, an inlined copy of the function), or the pool changed just as "
			"the run "
			"began or ended";
	return r;
}

std::string text_of(const Stretch &s, const Unit &unit, const Style &style)
{
	const Counters &c = s.counters;
	std::string out = style.bold(fmt::format("@{}_{}", s.event, unit.name)) +
			  fmt::format(": {}", plural(c.done(), s.per));
	if (c.failed)
		out += style.bad(fmt::format(", {} failed", c.failed)) +
		       fmt::format(" (on average after {} {})",
				   number(in_unit(c.failed_sum_ns / c.failed, unit)), unit.name);
	out += '\n';
	if (!c.done())
		return out;

	out += print_log2(c.histogram.log2_rows(), style);
	out += "  ";
	const Extremes e = s.extremes ? sane(*s.extremes, c.histogram, unit) : Extremes{};
	if (s.extremes)
		out += fmt::format("min {}  ", number(in_unit(e.min_ns, unit)));
	out += fmt::format("avg {}  ",
			   number(static_cast<double>(c.sum_ns) / static_cast<double>(c.done()) /
				  static_cast<double>(unit.ns)));
	if (s.extremes)
		out += fmt::format("max {}  ", number(in_unit(e.max_ns, unit)));
	for (const double p : told_percentiles) {
		const auto at = c.histogram.percentile(p);
		if (!at)
			continue;
		out += fmt::format("p{} {}", number(p), number(at->value));
		if (at->error > 0)
			out += fmt::format("{}{}", style.utf8 ? "±" : "+-", number(at->error));
		out += "  ";
	}
	out += unit.name + '\n';
	return out;
}

std::string text_of(const Footing &f, const Style &style)
{
	const Counters &c = f.counters;
	std::string out =
		fmt::format("{}: {} (rung {} of {})", f.event, f.anchor, f.rung + 1, f.rungs);
	if (!f.note.empty())
		out += fmt::format(" - {}", f.note);
	out += '\n';
	const auto part = [&](std::uint64_t n, std::string_view word) {
		const std::string s = fmt::format(", {} {}", n, word);
		return n ? style.bad(s) : s;
	};
	out += fmt::format("  {}, {}", plural(c.starts, "start"), plural(c.ends, "end"));
	out += part(c.in_flight(), "in flight");
	out += part(c.dropped, "dropped (table full)");
	out += part(c.lost, "returned unseen");
	out += f.missed ? part(*f.missed, "missed (program busy)")
			: std::string(", missed: this kernel does not count them");
	if (c.unmatched)
		out += fmt::format(", {} entered before the start", c.unmatched);
	if (c.nested)
		out += fmt::format(", {} nested", c.nested);
	out += '\n';
	return out;
}

std::string text_of(const Reconciliation &r, const std::vector<Pool> &before,
		    const std::vector<Pool> &after, const Style &style)
{
	using V = Reconciliation::Verdict;
	std::string out = fmt::format("sysfs: {} ({:+}); counted {} made - {} released = {:+}: ",
				      pool_changes(before, after), r.grown, r.made, r.released,
				      static_cast<std::int64_t>(r.made) -
					      static_cast<std::int64_t>(r.released));
	if (r.verdict == V::agrees)
		return out + style.good("agrees") + "\n";
	return out + style.bad(verdict_name(r.verdict)) + " (" + r.why + ")\n";
}

ordered_json json_of(const Stretch &s, const Unit &unit)
{
	const Counters &c = s.counters;
	ordered_json j = {
		{"event", s.event},
		{"per", s.per},
		{"unit", unit.name},
		{"count", c.done()},
		{"failed", c.failed},
		{"sum_ns", c.sum_ns},
		{"failed_sum_ns", c.failed_sum_ns},
	};
	if (s.extremes && c.done()) {
		const Extremes e = sane(*s.extremes, c.histogram, unit);
		j["min_ns"] = e.min_ns;
		j["max_ns"] = e.max_ns;
	}
	ordered_json list = ordered_json::array();
	for (const double p : told_percentiles)
		if (const auto at = c.histogram.percentile(p))
			list.push_back(
				{{"percent", p}, {"value", at->value}, {"error", at->error}});
	j["percentiles"] = std::move(list);

	ordered_json buckets = ordered_json::array();
	for (unsigned i = 0; i < HM_BUCKETS; i++) {
		if (!c.histogram.count(i))
			continue;
		const Range r = Histogram::range_of(i);
		ordered_json b = {
			{"lo", r.lower}, {"hi", r.upper}, {"count", c.histogram.count(i)}};
		if (!r.upper)
			b["hi"] = nullptr;
		buckets.push_back(std::move(b));
	}
	j["buckets"] = std::move(buckets);
	return j;
}

ordered_json json_of(const Footing &f)
{
	const Counters &c = f.counters;
	ordered_json j = {
		{"event", f.event},
		{"anchor", f.anchor},
		{"rung", f.rung + 1},
		{"rungs", f.rungs},
		{"note", f.note},
		{"passed_over", f.passed_over},
		{"starts", c.starts},
		{"ends", c.ends},
		{"in_flight", c.in_flight()},
		{"dropped", c.dropped},
		{"returned_unseen", c.lost},
		{"unmatched", c.unmatched},
		{"nested", c.nested},
	};
	j["missed"] = f.missed ? ordered_json(*f.missed) : ordered_json(nullptr);
	return j;
}

ordered_json json_of(const Reconciliation &r, const std::vector<Pool> &before,
		     const std::vector<Pool> &after)
{
	ordered_json pools = ordered_json::array();
	for (const auto &now : after) {
		const auto was = std::find_if(before.begin(), before.end(), [&](const Pool &p) {
			return p.page_kib == now.page_kib;
		});
		pools.push_back({{"page_kib", now.page_kib},
				 {"before", was == before.end() ? 0 : was->pages},
				 {"after", now.pages}});
	}
	return {
		{"verdict", verdict_name(r.verdict)},
		{"made", r.made},
		{"released", r.released},
		{"grown", r.grown},
		{"why", r.why},
		{"pools", std::move(pools)},
	};
}

} // namespace hugemem
