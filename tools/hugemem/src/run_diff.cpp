// SPDX-License-Identifier: GPL-2.0-only
#include "run_diff.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "number.hpp"

namespace hugemem
{
namespace
{

using nlohmann::ordered_json;

/// Standard deviations to each side that leave out 5 %.
constexpr double z95 = 1.96;

double in_ns(std::uint64_t value, std::uint64_t unit_ns)
{
	return static_cast<double>(value) * static_cast<double>(unit_ns);
}

/// The first and the last nanosecond of a bucket; all whole ones between belong to it.
double first_ns(const SavedBucket &b, std::uint64_t unit_ns)
{
	return in_ns(b.lower, unit_ns);
}

double last_ns(const SavedBucket &b, std::uint64_t unit_ns)
{
	const double end = b.upper ? static_cast<double>(b.upper) : std::ldexp(1.0, 64);
	return end * static_cast<double>(unit_ns) - 1;
}

double middle_ns(const SavedBucket &b, std::uint64_t unit_ns)
{
	return (first_ns(b, unit_ns) + last_ns(b, unit_ns)) / 2;
}

/// The bucket with the call of that rank, 1 for the fastest.
const SavedBucket &bucket_at(const std::vector<SavedBucket> &buckets, std::uint64_t rank)
{
	std::uint64_t seen = 0;
	for (const SavedBucket &b : buckets) {
		seen += b.count;
		if (seen >= rank)
			return b;
	}
	return buckets.back();
}

std::string heading(const Compared &c)
{
	return c.percent == 0 ? "mean" : "p" + number(c.percent);
}

/// What is missing in the counts of an event.
std::string told(const SavedLosses &losses)
{
	std::vector<std::string> words;
	for (const auto &[n, what] : {std::pair{losses.in_flight, "under way at the end"},
				      std::pair{losses.dropped, "dropped"},
				      std::pair{losses.returned_unseen, "returned unseen"},
				      std::pair{losses.missed, "missed"}})
		if (n)
			words.push_back(fmt::format("{} {}", n, what));
	return fmt::format("{}", fmt::join(words, ", "));
}

void note_run(RunDiff &diff, const SavedRun &run, std::string_view letter)
{
	if (run.intervals)
		diff.notes.push_back(fmt::format(
			"{} ended without a total: its {} interval{} added up, and what came after "
			"is not in it",
			letter, run.intervals, run.intervals == 1 ? " is" : "s are"));
	if (!run.ended)
		diff.notes.push_back(fmt::format(
			"{} has no last line: how many of its calls were missed is unknown",
			letter));
	for (const SavedEvent &event : run.events)
		if (event.losses && event.losses->any())
			diff.notes.push_back(fmt::format("{} does not have all of {}: {}", letter,
							 event.name, told(*event.losses)));
}

void note_events(RunDiff &diff)
{
	for (const EventDiff &e : diff.events)
		if (e.a->anchor != e.b->anchor)
			diff.notes.push_back(fmt::format(
				"{} was followed in different ways, which cost differently: {} in "
				"A, {} in B",
				e.a->name, e.a->anchor.empty() ? "not said" : e.a->anchor,
				e.b->anchor.empty() ? "not said" : e.b->anchor));
	for (const auto &[run, other, letter] :
	     {std::tuple{diff.a, diff.b, "A"}, std::tuple{diff.b, diff.a, "B"}})
		for (const SavedEvent &event : run->events)
			if (!other->find(event.name))
				diff.notes.push_back(
					fmt::format("{} is in {} only", event.name, letter));
}

EventDiff compare_event(const SavedEvent &a, const SavedRun &run_a, const SavedEvent &b,
			const SavedRun &run_b)
{
	EventDiff diff{.a = &a, .b = &b, .figures = {}, .incomparable = {}};
	if (a.per != b.per) {
		diff.incomparable = fmt::format("A counts by the {}, B by the {}", a.per, b.per);
		return diff;
	}
	if (!a.count || !b.count) {
		diff.incomparable = fmt::format("no calls in {}", a.count   ? "B"
								  : b.count ? "A"
									    : "either");
		return diff;
	}
	diff.figures.push_back(
		{.percent = 0, .a = *mean_of(a, run_a.unit_ns), .b = *mean_of(b, run_b.unit_ns)});
	for (const double p : told_percentiles)
		diff.figures.push_back({.percent = p,
					.a = *percentile_of(a, p, run_a.unit_ns),
					.b = *percentile_of(b, p, run_b.unit_ns)});
	for (Compared &c : diff.figures)
		c.shift = shift_of(c.a, c.b);
	return diff;
}

/// "1234±32" in a unit.
std::string with_error(const Estimate &e, double unit, const Style &style)
{
	std::string out = number(e.value / unit);
	if (e.error > 0)
		out += (style.utf8 ? "±" : "+-") + number(e.error / unit);
	return out;
}

/// Right-aligned to columns of the screen; the only character of two bytes is ±.
std::string column(const std::string &text, std::size_t width)
{
	const auto wide = static_cast<std::size_t>(
		std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xc0) != 0x80; }));
	return std::string(width > wide ? width - wide : 0, ' ') + text;
}

std::string paint(Shift shift, const Style &style)
{
	const std::string name(name_of(shift));
	return shift == Shift::slower   ? style.bad(name)
	       : shift == Shift::faster ? style.good(name)
					: style.dim(name);
}

std::string row(std::string_view head, const std::string &a, const std::string &b,
		const std::string &change, const std::string &rest)
{
	return fmt::format("  {:<8}{}{}{}{}{}\n", head, column(a, 18), column(b, 18),
			   column(change, 18), rest.empty() ? "" : "  ", rest);
}

/// Unsigned numbers side by side.
std::string count_row(std::string_view head, std::uint64_t a, std::uint64_t b)
{
	const std::string change = a == b  ? "0"
				   : b > a ? fmt::format("+{}", b - a)
					   : fmt::format("-{}", a - b);
	return row(head, fmt::format("{}", a), fmt::format("{}", b), change, "");
}

std::string signed_number(double value)
{
	const std::string s = number(value);
	return value > 0 && s != "0" ? "+" + s : s;
}

std::string figure_row(const Compared &c, double unit, const Style &style)
{
	const double shift = c.b.value - c.a.value;
	const double error = c.a.error + c.b.error;
	std::string change = signed_number(shift / unit);
	if (error > 0)
		change += (style.utf8 ? "±" : "+-") + number(error / unit);
	std::string rest;
	if (c.shift != Shift::same && c.a.value > 0)
		rest = fmt::format("{:>+7.1f} %  ", 100 * shift / c.a.value);
	else
		rest = fmt::format("{:11}", "");
	return row(heading(c), with_error(c.a, unit, style), with_error(c.b, unit, style), change,
		   rest + paint(c.shift, style));
}

std::string extreme_row(std::string_view head, const std::optional<std::uint64_t> &a,
			const std::optional<std::uint64_t> &b, double unit)
{
	if (!a || !b)
		return "";
	const auto x = static_cast<double>(*a);
	const auto y = static_cast<double>(*b);
	return row(head, number(x / unit), number(y / unit), signed_number((y - x) / unit), "");
}

ordered_json estimate_json(const Estimate &e)
{
	ordered_json j = {{"value_ns", e.value},
			  {"error_ns", e.error},
			  {"low_ns", e.low},
			  {"high_ns", e.high}};
	if (std::isinf(e.high))
		j["high_ns"] = nullptr;
	return j;
}

ordered_json event_json(const SavedEvent &e)
{
	ordered_json j = {{"count", e.count}, {"failed", e.failed}};
	if (e.min_ns)
		j["min_ns"] = *e.min_ns;
	if (e.max_ns)
		j["max_ns"] = *e.max_ns;
	j["anchor"] = e.anchor;
	return j;
}

ordered_json run_json(const SavedRun &run)
{
	return {{"file", run.name},
		{"kernel", run.kernel},
		{"unit", run.unit},
		{"intervals_added", run.intervals},
		{"ended", run.ended}};
}

} // namespace

std::optional<Estimate> percentile_of(const SavedEvent &event, double percent,
				      std::uint64_t unit_ns)
{
	if (!event.count || event.buckets.empty())
		return std::nullopt;
	const auto n = static_cast<double>(event.count);
	const double p = std::clamp(percent / 100, 0.0, 1.0);
	const auto at = [&](double rank) -> const SavedBucket & {
		return bucket_at(event.buckets, rank < 1    ? 1
						: rank >= n ? event.count
							    : static_cast<std::uint64_t>(rank));
	};
	// 99.9 % of 1000 is 999, not a hair more.
	const SavedBucket &here = at(std::ceil(n * p - 1e-9));
	Estimate e;
	e.value = middle_ns(here, unit_ns);
	e.error = e.value - first_ns(here, unit_ns);
	// How many of n calls are below the machine's own percentile spreads binomially around
	// n p; the calls at the ends of that spread bound it.
	const double spread = z95 * std::sqrt(n * p * (1 - p));
	const double lower = std::floor(n * p - spread);
	const double upper = std::ceil(n * p + spread) + 1;
	e.low = lower < 1 ? 0 : first_ns(at(lower), unit_ns);
	if (upper <= n)
		e.high = last_ns(at(upper), unit_ns);
	return e;
}

std::optional<Estimate> mean_of(const SavedEvent &event, std::uint64_t unit_ns)
{
	if (!event.count)
		return std::nullopt;
	const auto n = static_cast<double>(event.count);
	Estimate e;
	e.value = static_cast<double>(event.sum_ns) / n;
	if (event.count < 2)
		return e;
	double squares = 0;
	for (const SavedBucket &b : event.buckets) {
		const double off = middle_ns(b, unit_ns) - e.value;
		const double half = middle_ns(b, unit_ns) - first_ns(b, unit_ns);
		squares += static_cast<double>(b.count) * (off * off + half * half / 3);
	}
	const double wide = z95 * std::sqrt(squares / (n - 1) / n);
	e.low = std::max(0.0, e.value - wide);
	e.high = e.value + wide;
	return e;
}

std::string_view name_of(Shift shift)
{
	switch (shift) {
	case Shift::same:
		return "same";
	case Shift::chance:
		return "may be chance";
	case Shift::faster:
		return "faster";
	case Shift::slower:
		return "slower";
	}
	return "?";
}

Shift shift_of(const Estimate &a, const Estimate &b)
{
	if (std::abs(b.value - a.value) <= a.error + b.error)
		return Shift::same;
	if (b.value > a.value)
		return b.low > a.high ? Shift::slower : Shift::chance;
	return b.high < a.low ? Shift::faster : Shift::chance;
}

bool RunDiff::slower() const
{
	return std::any_of(events.begin(), events.end(), [](const EventDiff &e) {
		return std::any_of(e.figures.begin(), e.figures.end(),
				   [](const Compared &c) { return c.shift == Shift::slower; });
	});
}

bool RunDiff::incomplete() const
{
	return events.size() != a->events.size() || events.size() != b->events.size() ||
	       std::any_of(events.begin(), events.end(),
			   [](const EventDiff &e) { return !e.incomparable.empty(); });
}

Result<RunDiff> compare(const SavedRun &a, const SavedRun &b)
{
	RunDiff diff{.a = &a, .b = &b, .events = {}, .notes = {}};
	for (const SavedEvent &event : a.events)
		if (const SavedEvent *other = b.find(event.name))
			diff.events.push_back(compare_event(event, a, *other, b));
	if (diff.events.empty()) {
		const auto names = [](const SavedRun &run) {
			std::vector<std::string> list;
			for (const SavedEvent &event : run.events)
				list.push_back(event.name);
			return list.empty() ? std::string("nothing")
					    : fmt::format("{}", fmt::join(list, ", "));
		};
		return fail(Exit::cannot_tell, a.name + " and " + b.name,
			    fmt::format("have no event in common: {} and {}", names(a), names(b)),
			    "measure the same events in both: hugemem latency -e EVENT,...");
	}
	note_run(diff, a, "A");
	note_run(diff, b, "B");
	note_events(diff);
	return diff;
}

std::string text_of(const RunDiff &diff, const Style &style)
{
	// The coarser of both: the finer one would show digits that nobody has measured.
	const SavedRun &coarse = diff.a->unit_ns > diff.b->unit_ns ? *diff.a : *diff.b;
	const auto unit = static_cast<double>(coarse.unit_ns);

	std::string out;
	for (const auto &[letter, run] : {std::pair{"A", diff.a}, std::pair{"B", diff.b}})
		out += fmt::format(
			"{}  {}  {}{}\n", letter, run->name,
			run->kernel.empty() ? "kernel not said" : run->kernel,
			run->unit == coarse.unit ? "" : fmt::format(", measured in {}", run->unit));
	for (const EventDiff &e : diff.events) {
		out += '\n' +
		       style.bold(fmt::format("{}, {} a {}", e.a->name, coarse.unit,
					      e.a->per == e.b->per ? e.a->per : "call")) +
		       '\n';
		out += row("", "A", "B", "B - A", "");
		out += count_row("count", e.a->count, e.b->count);
		if (e.a->failed || e.b->failed)
			out += count_row("failed", e.a->failed, e.b->failed);
		if (!e.incomparable.empty()) {
			out += "  not compared: " + e.incomparable + '\n';
			continue;
		}
		out += extreme_row("min", e.a->min_ns, e.b->min_ns, unit);
		for (const Compared &c : e.figures)
			out += figure_row(c, unit, style);
		out += extreme_row("max", e.a->max_ns, e.b->max_ns, unit);
	}
	if (!diff.notes.empty())
		out += '\n';
	for (const std::string &note : diff.notes)
		out += "note: " + note + '\n';
	return out;
}

ordered_json json_of(const RunDiff &diff)
{
	ordered_json events = ordered_json::array();
	for (const EventDiff &e : diff.events) {
		ordered_json figures = ordered_json::array();
		for (const Compared &c : e.figures)
			figures.push_back({{"figure", heading(c)},
					   {"a", estimate_json(c.a)},
					   {"b", estimate_json(c.b)},
					   {"shift_ns", c.b.value - c.a.value},
					   {"error_ns", c.a.error + c.b.error},
					   {"verdict", name_of(c.shift)}});
		ordered_json one = {{"event", e.a->name},
				    {"per", e.a->per},
				    {"a", event_json(*e.a)},
				    {"b", event_json(*e.b)}};
		if (!e.incomparable.empty())
			one["not_compared"] = e.incomparable;
		one["figures"] = std::move(figures);
		events.push_back(std::move(one));
	}
	return {{"schema", "hugemem.diff/1"},
		{"a", run_json(*diff.a)},
		{"b", run_json(*diff.b)},
		{"events", std::move(events)},
		{"notes", diff.notes}};
}

} // namespace hugemem
