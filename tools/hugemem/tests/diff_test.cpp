// SPDX-License-Identifier: GPL-2.0-only
// Saved runs: what `latency` writes, what is left of it when it is damaged, and what has
// shifted between two of them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstdio>
#include <filesystem>
#include <fstream>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "latency_report.hpp"
#include "number.hpp"
#include "run_diff.hpp"

namespace hugemem
{
namespace
{

using testing::HasSubstr;
using testing::Not;

const Unit ns{.name = "ns", .ns = 1};
const Unit us{.name = "us", .ns = 1000};

std::string begin_line(const std::string &unit = "ns")
{
	return R"({"schema":"hugemem.latency/1","type":"begin","kernel":{"release":"5.10.262",)"
	       R"("machine":"x86_64"},"unit":")" +
	       unit +
	       R"(","events":[{"event":"alloc","anchor":"alloc_fresh_huge_page by fentry"}]})"
	       "\n";
}

/// What `latency` would have counted, had calls taken so long.
Stretch stretch(const std::vector<std::uint64_t> &nanoseconds, const Unit &unit,
		const std::string &event = "alloc")
{
	Stretch s;
	s.event = event;
	s.per = "page";
	for (const std::uint64_t t : nanoseconds) {
		s.counters.starts++;
		s.counters.ends++;
		s.counters.sum_ns += t;
		s.counters.histogram.add(t / unit.ns);
		const Extremes e = s.extremes.value_or(Extremes{.min_ns = t, .max_ns = t});
		s.extremes =
			Extremes{.min_ns = std::min(e.min_ns, t), .max_ns = std::max(e.max_ns, t)};
	}
	return s;
}

std::string line(const char *type, const std::vector<Stretch> &stretches, const Unit &unit)
{
	nlohmann::ordered_json j = {{"type", type}, {"time", 1.5}};
	j["events"] = nlohmann::ordered_json::array();
	for (const Stretch &s : stretches)
		j["events"].push_back(json_of(s, unit));
	return j.dump() + "\n";
}

std::string end_line(std::uint64_t dropped = 0)
{
	Footing f;
	f.event = "alloc";
	f.counters.dropped = dropped;
	const nlohmann::ordered_json j = {{"type", "end"},
					  {"events", nlohmann::ordered_json::array({json_of(f)})}};
	return j.dump() + "\n";
}

std::string run_text(const std::vector<std::uint64_t> &nanoseconds, const Unit &unit = ns)
{
	return begin_line(unit.name) + line("total", {stretch(nanoseconds, unit)}, unit) +
	       end_line();
}

SavedRun run_of(const std::string &text, const std::string &name = "run")
{
	auto run = parse_saved_run(text, name);
	EXPECT_TRUE(run) << run.error().text();
	return run ? std::move(*run) : SavedRun{};
}

/// `n` calls around a time, as a machine at rest has them: all within 20 %.
std::vector<std::uint64_t> around(std::uint64_t middle, std::size_t n)
{
	std::vector<std::uint64_t> list;
	for (std::size_t i = 0; i < n; i++)
		list.push_back(middle - middle / 10 + i % 97 * middle / 485);
	return list;
}

// --- reading ---

TEST(SavedRun, AsLatencyWritesIt)
{
	const SavedRun run = run_of(run_text({5, 5, 5000, 70000}));
	EXPECT_EQ(run.kernel, "5.10.262 x86_64");
	EXPECT_EQ(run.unit, "ns");
	EXPECT_EQ(run.intervals, 0U);
	EXPECT_TRUE(run.ended);
	ASSERT_EQ(run.events.size(), 1U);
	const SavedEvent &e = run.events[0];
	EXPECT_EQ(e.name, "alloc");
	EXPECT_EQ(e.per, "page");
	EXPECT_EQ(e.anchor, "alloc_fresh_huge_page by fentry");
	EXPECT_EQ(e.count, 4U);
	EXPECT_EQ(e.sum_ns, 75010U);
	EXPECT_EQ(e.min_ns, 5U);
	EXPECT_EQ(e.max_ns, 70000U);
	ASSERT_EQ(e.buckets.size(), 3U);
	EXPECT_EQ(e.buckets[0], (SavedBucket{.lower = 5, .upper = 6, .count = 2}));
	ASSERT_TRUE(e.losses);
	EXPECT_FALSE(e.losses->any());
}

TEST(SavedRun, PercentilesAreThoseThatLatencyPrinted)
{
	const Stretch s = stretch(around(4000, 1234), ns);
	const SavedRun run = run_of(begin_line() + line("total", {s}, ns));
	for (const double p : {50.0, 90.0, 99.0, 99.9, 100.0}) {
		const auto printed = s.counters.histogram.percentile(p);
		const auto here = percentile_of(run.events[0], p, run.unit_ns);
		ASSERT_TRUE(printed && here);
		EXPECT_DOUBLE_EQ(here->value, printed->value) << p;
		EXPECT_DOUBLE_EQ(here->error, printed->error) << p;
	}
}

TEST(SavedRun, TheTotalCountsAndNotTheIntervals)
{
	const SavedRun run = run_of(begin_line() + line("interval", {stretch({5, 6}, ns)}, ns) +
				    line("snapshot", {stretch({7}, ns)}, ns) +
				    line("total", {stretch({5, 6, 7, 8}, ns)}, ns) + end_line());
	EXPECT_EQ(run.intervals, 0U);
	EXPECT_EQ(run.events.at(0).count, 4U);
}

TEST(SavedRun, IntervalsAddUpWhereThereIsNoTotal)
{
	const SavedRun run = run_of(begin_line() + line("interval", {stretch({5, 900}, ns)}, ns) +
				    line("snapshot", {stretch({7, 900, 5000}, ns)}, ns));
	EXPECT_EQ(run.intervals, 2U);
	EXPECT_FALSE(run.ended);
	const SavedEvent &e = run.events.at(0);
	const SavedRun whole = run_of(run_text({5, 900, 7, 900, 5000}));
	EXPECT_EQ(e.buckets, whole.events.at(0).buckets);
	EXPECT_EQ(e.count, 5U);
	EXPECT_EQ(e.sum_ns, 6812U);
	EXPECT_EQ(e.min_ns, 5U);
	EXPECT_EQ(e.max_ns, 5000U);
}

TEST(SavedRun, WhatALaterVersionAddsDoesNoHarm)
{
	std::string text = run_text({5});
	text.insert(text.find("\"unit\""), R"("new":[{}],)");
	text.insert(text.find('\n') + 1, "\n{\"type\":\"weather\",\"rain\":true}\r\n");
	EXPECT_EQ(run_of(text).events.size(), 1U);
	text.pop_back(); // the last newline
	EXPECT_EQ(run_of(text).events.size(), 1U);
}

TEST(SavedRun, LastBucketHasNoEnd)
{
	const SavedRun run = run_of(run_text({~0ULL}));
	EXPECT_EQ(run.events.at(0).buckets.at(0).upper, 0U);
	const auto p = percentile_of(run.events[0], 50, 1);
	ASSERT_TRUE(p);
	EXPECT_LE(p->value, std::ldexp(1.0, 64));
	EXPECT_GT(p->value, std::ldexp(1.0, 63));
}

struct Wrong {
	std::string text;
	Exit code;
	std::string says;
};

void refused(const Wrong &w)
{
	const auto run = parse_saved_run(w.text, "x.ndjson");
	ASSERT_FALSE(run) << w.says;
	EXPECT_EQ(run.error().code, w.code) << run.error().text();
	EXPECT_THAT(run.error().text(), HasSubstr(w.says));
	EXPECT_THAT(run.error().text(), HasSubstr("x.ndjson"));
	EXPECT_FALSE(run.error().way_out.empty());
}

TEST(SavedRunRefused, ForeignFiles)
{
	const std::string later = "{\"schema\":\"hugemem.latency/2\"}\n";
	for (const Wrong &w :
	     {Wrong{"", Exit::usage, "is empty"}, Wrong{"\n \r\n", Exit::usage, "is empty"},
	      Wrong{"@alloc_ns: 3 pages\n", Exit::usage, "line 1: this is no run"},
	      Wrong{"\n{\"a\":1}\n", Exit::usage, "line 2: this is no run"},
	      Wrong{"[1,2]\n", Exit::usage, "no schema"},
	      Wrong{"{\"schema\":7}\n", Exit::usage, "no schema"},
	      Wrong{std::string("\x7f"
				"ELF\0\0\1",
				7),
		    Exit::usage, "no JSON"},
	      Wrong{later, Exit::usage, "schema hugemem.latency/2"},
	      Wrong{begin_line("fortnights"), Exit::usage, "unit fortnights"},
	      Wrong{run_text({5}) + run_text({6}), Exit::usage, "line 4: a second run begins"}})
		refused(w);
}

TEST(SavedRunRefused, CutOffAnywhere)
{
	const std::string whole = run_text({5, 6, 7000});
	const std::size_t first = whole.find('\n');
	const std::size_t second = whole.find('\n', first + 1);
	for (std::size_t size = 0; size < whole.size(); size++) {
		const auto run = parse_saved_run(whole.substr(0, size), "x.ndjson");
		// From the end of the total on it has what is needed, and says what it lacks.
		const bool enough =
			size == second || size == second + 1 || size + 1 == whole.size();
		ASSERT_EQ(run.has_value(), enough) << size;
		if (!run && size > 30) {
			EXPECT_EQ(run.error().code, Exit::cannot_tell) << size;
			EXPECT_THAT(run.error().text(), HasSubstr(size <= first + 1    ? "line 1"
								  : size <= second + 1 ? "line 2"
										       : "line 3"))
				<< size;
		}
	}
}

/// A run whose total was tampered with.
std::string with(const std::string &from, const std::string &to)
{
	std::string text = run_text({5, 6, 7000});
	const std::size_t at = text.find(from, text.find('\n'));
	EXPECT_NE(at, std::string::npos) << from;
	return text.replace(at, from.size(), to);
}

TEST(SavedRunRefused, DamagedCounts)
{
	const std::string bad = "line 2";
	for (const auto &[from, to, says] :
	     {std::tuple{"\"count\":3", "\"count\":4", "buckets hold 3 calls"},
	      std::tuple{"\"count\":3", "\"count\":-3", "\"count\" is no whole number"},
	      std::tuple{"\"count\":3", "\"count\":3.5", "\"count\" is no whole number"},
	      std::tuple{"\"count\":3", "\"count\":1e999", "no counter can have"},
	      std::tuple{"\"count\":3", "\"count\":\"3\"", "\"count\" is no whole number"},
	      std::tuple{"\"count\":3", "\"count\":99999999999999999999", "no whole number"},
	      std::tuple{"\"sum_ns\":", "\"some_ns\":", "\"sum_ns\" is missing"},
	      std::tuple{"\"event\":\"alloc\"", "\"event\":\"\\u001b[2J\"", "\"event\" is no name"},
	      std::tuple{"\"unit\":\"ns\"", "\"unit\":\"us\"", "alloc is in us, the run in ns"},
	      std::tuple{"\"buckets\":[", "\"buckets\":[7,", "more than objects"},
	      std::tuple{"\"buckets\":[", "\"buckets\":{},\"b\":[", "\"buckets\" is no list"},
	      std::tuple{"\"hi\":6", "\"hi\":5", "from 5 to 5"},
	      std::tuple{"\"hi\":6", "\"hi\":null", "out of order"},
	      std::tuple{"\"hi\":6", "\"hi\":7", "out of order"},
	      std::tuple{"\"lo\":5,\"hi\":6,\"count\":1",
			 "\"lo\":5,\"hi\":6,\"count\":18446744073709551615", "more than 2^64"},
	      std::tuple{"\"min_ns\":5", "\"min_ns\":7001", "above \"max_ns\""},
	      std::tuple{"\"type\":\"total\"", "\"type\":7", "\"type\" is no name"},
	      std::tuple{"\"events\":[", "\"events\":[3,", "more than objects"}})
		refused({with(from, to), Exit::cannot_tell, says});
	refused({with("{\"type\":\"total\"", "[{\"type\":\"total\""), Exit::cannot_tell, bad});
	refused({with("\"per\":\"page\"", "\"per\":\"p\xff\""), Exit::cannot_tell, bad});
}

TEST(SavedRunRefused, LinesThatDoNotGoTogether)
{
	const std::string total = line("total", {stretch({5}, ns)}, ns);
	const std::string interval = line("interval", {stretch({5}, ns)}, ns);
	const std::string twice = line("total", {stretch({5}, ns), stretch({6}, ns)}, ns);
	std::string other = interval;
	other.replace(other.find("\"page\""), 6, "\"batch\"");
	std::string wider = interval;
	wider.replace(wider.find("\"hi\":6"), 6, "\"hi\":9");
	std::string across = line("interval", {stretch({4}, ns)}, ns);
	across.replace(across.find("\"hi\":5"), 6, "\"hi\":6");
	for (const Wrong &w :
	     {Wrong{begin_line() + total + total, Exit::cannot_tell, "line 3: a second total"},
	      Wrong{begin_line() + total + interval, Exit::cannot_tell, "after the total"},
	      Wrong{begin_line() + total + end_line() + end_line(), Exit::cannot_tell, "line 4"},
	      Wrong{begin_line() + twice, Exit::cannot_tell, "alloc is there twice"},
	      Wrong{begin_line() + end_line(), Exit::cannot_tell, "neither a total"},
	      Wrong{begin_line() + interval + other, Exit::cannot_tell, "line 3"},
	      Wrong{begin_line() + interval + wider, Exit::cannot_tell, "line 3"},
	      Wrong{begin_line() + interval + across, Exit::cannot_tell, "line 3"}})
		refused(w);
}

TEST(SavedRunRefused, NestedDeeply)
{
	const std::string deep(200000, '[');
	refused({begin_line() + deep, Exit::cannot_tell, "line 2"});
	refused({begin_line() + deep + std::string(deep.size(), ']'), Exit::cannot_tell,
		 "no object"});
}

TEST(SavedRunRefused, WhatCannotBeRead)
{
	const auto none = read_saved_run("/nowhere/run.ndjson");
	ASSERT_FALSE(none);
	EXPECT_EQ(none.error().code, Exit::environment);
	EXPECT_THAT(none.error().text(), HasSubstr("/nowhere/run.ndjson"));
	EXPECT_FALSE(read_saved_run(testing::TempDir())); // a directory
}

TEST(SavedRun, NothingInItCommandsATerminal)
{
	std::string text = run_text({5});
	text.replace(text.find("5.10.262"), 8, "5.10\\u001b[31m\\u009b\\n");
	const SavedRun run = run_of(text);
	EXPECT_EQ(run.kernel.find('\x1b'), std::string::npos);
	EXPECT_EQ(run.kernel.find('\xc2'), std::string::npos);
	EXPECT_EQ(run.kernel.find('\n'), std::string::npos);
}

// --- estimating ---

TEST(Estimate, MoreCallsTellMore)
{
	const SavedRun few = run_of(run_text(around(4000, 10)));
	const SavedRun many = run_of(run_text(around(4000, 10000)));
	const auto a = *percentile_of(few.events[0], 90, 1);
	const auto b = *percentile_of(many.events[0], 90, 1);
	EXPECT_GT(a.high - a.low, b.high - b.low);
	EXPECT_LE(b.low, b.value);
	EXPECT_GE(b.high, b.value);
	// Ten calls say nothing about the slowest of a thousand.
	EXPECT_TRUE(std::isinf(percentile_of(few.events[0], 99.9, 1)->high));
	EXPECT_FALSE(std::isinf(percentile_of(many.events[0], 99.9, 1)->high));
	EXPECT_LT(mean_of(many.events[0], 1)->high - mean_of(many.events[0], 1)->low,
		  mean_of(few.events[0], 1)->high - mean_of(few.events[0], 1)->low);
}

TEST(Estimate, OfOneCall)
{
	const SavedRun one = run_of(run_text({5000}));
	EXPECT_TRUE(std::isinf(mean_of(one.events[0], 1)->high));
	EXPECT_EQ(mean_of(one.events[0], 1)->value, 5000);
	EXPECT_EQ(percentile_of(one.events[0], 50, 1)->low, 0);
}

TEST(Estimate, OfNone)
{
	EXPECT_FALSE(percentile_of(SavedEvent{}, 50, 1));
	EXPECT_FALSE(mean_of(SavedEvent{}, 1));
}

TEST(Estimate, AMicrosecondIsAThousandNanoseconds)
{
	const SavedRun run = run_of(run_text({5200, 5300, 5999}, us));
	const auto p = *percentile_of(run.events.at(0), 50, run.unit_ns);
	EXPECT_DOUBLE_EQ(p.value - p.error, 5000);
	EXPECT_DOUBLE_EQ(p.value + p.error, 5999);
}

TEST(Shift, Verdicts)
{
	const auto at = [](double value, double error, double low, double high) {
		return Estimate{.value = value, .error = error, .low = low, .high = high};
	};
	const Estimate a = at(100, 3, 90, 110);
	EXPECT_EQ(shift_of(a, a), Shift::same);
	EXPECT_EQ(shift_of(a, at(106, 3, 96, 116)), Shift::same);
	EXPECT_EQ(shift_of(a, at(106.5, 3, 96, 116)), Shift::chance);
	EXPECT_EQ(shift_of(a, at(94, 2, 84, 104)), Shift::chance);
	EXPECT_EQ(shift_of(a, at(130, 3, 111, 140)), Shift::slower);
	EXPECT_EQ(shift_of(a, at(70, 3, 60, 89)), Shift::faster);
	EXPECT_EQ(shift_of(at(100, 3, 90, INFINITY), at(900, 3, 800, 990)), Shift::chance);
	EXPECT_EQ(shift_of(at(900, 3, 800, INFINITY), at(100, 3, 90, 110)), Shift::faster);
}

// --- comparing ---

Shift shift_in(const RunDiff &diff, double percent)
{
	for (const Compared &c : diff.events.at(0).figures)
		if (c.percent == percent)
			return c.shift;
	ADD_FAILURE() << "no p" << percent;
	return Shift::same;
}

TEST(Diff, ARunAndItselfAreTheSame)
{
	const SavedRun a = run_of(run_text(around(4000, 1000)));
	const auto diff = compare(a, a);
	ASSERT_TRUE(diff);
	for (const Compared &c : diff->events.at(0).figures)
		EXPECT_EQ(c.shift, Shift::same);
	EXPECT_FALSE(diff->slower());
	EXPECT_FALSE(diff->incomplete());
	EXPECT_TRUE(diff->notes.empty());
}

TEST(Diff, TwiceAsSlowIsSlower)
{
	const SavedRun a = run_of(run_text(around(4000, 1000)));
	const SavedRun b = run_of(run_text(around(8000, 1000)));
	const auto up = compare(a, b);
	ASSERT_TRUE(up);
	EXPECT_TRUE(up->slower());
	EXPECT_EQ(shift_in(*up, 50), Shift::slower);
	EXPECT_EQ(shift_in(*up, 0), Shift::slower);
	const auto down = compare(b, a);
	EXPECT_EQ(shift_in(*down, 50), Shift::faster);
	EXPECT_FALSE(down->slower());
}

TEST(Diff, AFewCallsProveNothing)
{
	const SavedRun a = run_of(run_text({4000, 4100, 4200}));
	const SavedRun b = run_of(run_text({4300, 4500, 9000}));
	const auto diff = compare(a, b);
	ASSERT_TRUE(diff);
	EXPECT_EQ(shift_in(*diff, 50), Shift::chance);
	EXPECT_EQ(shift_in(*diff, 99), Shift::chance);
	EXPECT_FALSE(diff->slower());
}

TEST(Diff, UnitsThatDifferAreConverted)
{
	const auto calls = around(40000, 1000);
	const SavedRun a = run_of(run_text(calls, ns));
	const SavedRun b = run_of(run_text(calls, us));
	const auto diff = compare(a, b);
	ASSERT_TRUE(diff);
	for (const Compared &c : diff->events.at(0).figures)
		EXPECT_EQ(c.shift, Shift::same) << c.percent;
	const std::string text = text_of(*diff, Style{});
	EXPECT_THAT(text, HasSubstr("alloc, us a page"));
	EXPECT_THAT(text, HasSubstr("measured in ns"));

	const SavedRun slow = run_of(run_text(around(80000, 1000), us));
	EXPECT_TRUE(compare(a, slow)->slower());
}

TEST(Diff, EventsOfOneRunOnly)
{
	const SavedRun a = run_of(begin_line() +
				  line("total", {stretch({5}, ns), stretch({6}, ns, "free")}, ns) +
				  end_line());
	const SavedRun b = run_of(run_text({5}));
	const auto diff = compare(a, b);
	ASSERT_TRUE(diff);
	EXPECT_EQ(diff->events.size(), 1U);
	EXPECT_THAT(diff->notes, testing::Contains("free is in A only"));
	EXPECT_TRUE(diff->incomplete());

	const SavedRun none =
		run_of(begin_line() + line("total", {stretch({6}, ns, "free")}, ns), "none");
	const auto no = compare(none, b);
	ASSERT_FALSE(no);
	EXPECT_EQ(no.error().code, Exit::cannot_tell);
	EXPECT_THAT(no.error().text(), HasSubstr("free and alloc"));
}

TEST(Diff, WhatCannotBeComparedSaysWhy)
{
	std::string batches = run_text({5});
	batches.replace(batches.find("\"page\""), 6, "\"batch\"");
	const SavedRun a = run_of(run_text({5}));
	const SavedRun b = run_of(batches);
	const auto diff = compare(a, b);
	ASSERT_TRUE(diff);
	EXPECT_THAT(text_of(*diff, Style{}), HasSubstr("A counts by the page, B by the batch"));
	EXPECT_TRUE(diff->incomplete());

	const SavedRun empty = run_of(run_text({}));
	EXPECT_THAT(text_of(*compare(a, empty), Style{}), HasSubstr("no calls in B"));
	EXPECT_THAT(text_of(*compare(empty, a), Style{}), HasSubstr("no calls in A"));
	EXPECT_THAT(text_of(*compare(empty, empty), Style{}), HasSubstr("no calls in either"));
}

TEST(Diff, NotesWhatAReaderHasToKnow)
{
	const std::string interval = line("interval", {stretch({5, 9}, ns)}, ns);
	const SavedRun a = run_of(begin_line() + interval + interval);
	std::string other = begin_line() + line("total", {stretch({5, 9}, ns)}, ns) + end_line(3);
	other.replace(other.find("fentry"), 6, "kprobe");
	const SavedRun b = run_of(other);
	const auto diff = compare(a, b);
	ASSERT_TRUE(diff);
	const std::string text = text_of(*diff, Style{});
	EXPECT_THAT(text, HasSubstr("note: A ended without a total: its 2 intervals are added up"));
	EXPECT_THAT(text, HasSubstr("note: A has no last line"));
	EXPECT_THAT(text, HasSubstr("note: B does not have all of alloc: 3 dropped"));
	EXPECT_THAT(text, HasSubstr("by fentry in A, alloc_fresh_huge_page by kprobe in B"));
}

TEST(Diff, Text)
{
	std::vector<std::uint64_t> slow(1000, 16400);
	std::vector<std::uint64_t> fast(900, 8200);
	const SavedRun a = run_of(run_text(slow), "before.ndjson");
	const SavedRun b = run_of(run_text(fast), "after.ndjson");
	const std::string text = text_of(*compare(a, b), Style{.utf8 = true, .colour = false});
	EXPECT_THAT(text, HasSubstr("A  before.ndjson  5.10.262 x86_64\n"));
	EXPECT_THAT(text, HasSubstr("  count                 1000               900"
				    "              -100\n"));
	EXPECT_THAT(text, HasSubstr("  p50            16896±511.5        8448±255.5"
				    "         -8448±767    -50.0 %  faster\n"))
		<< text;
	EXPECT_THAT(text, HasSubstr("  min                  16400              8200"
				    "             -8200\n"));
	EXPECT_THAT(text, Not(HasSubstr("failed")));
	EXPECT_THAT(text_of(*compare(a, b), Style{}), HasSubstr("+-"));
}

TEST(Diff, Json)
{
	const SavedRun a = run_of(run_text({4000, 4100, 4200}), "a");
	const SavedRun b = run_of(run_text({8000, 8100}), "b");
	const auto j = json_of(*compare(a, b));
	EXPECT_EQ(j["schema"], "hugemem.diff/1");
	EXPECT_EQ(j["a"]["file"], "a");
	EXPECT_EQ(j["events"][0]["event"], "alloc");
	EXPECT_EQ(j["events"][0]["a"]["count"], 3);
	EXPECT_EQ(j["events"][0]["b"]["max_ns"], 8100);
	const auto &p99 = j["events"][0]["figures"][3];
	EXPECT_EQ(p99["figure"], "p99");
	EXPECT_TRUE(p99["a"]["high_ns"].is_null()); // too few for a bound
	EXPECT_EQ(p99["verdict"], "may be chance");
	EXPECT_GT(p99["shift_ns"], 3000.0);
}

TEST(Number, FourDigits)
{
	EXPECT_EQ(number(0), "0");
	EXPECT_EQ(number(-0.0001), "0");
	EXPECT_EQ(number(-0.125), "-0.125");
	EXPECT_EQ(number(3.25), "3.25");
	EXPECT_EQ(number(12.345), "12.35");
	EXPECT_EQ(number(100), "100");
	EXPECT_EQ(number(123456.7), "123457");
	EXPECT_EQ(number(-1234.5), "-1234");
}

} // namespace
} // namespace hugemem
