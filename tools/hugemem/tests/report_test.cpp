// SPDX-License-Identifier: GPL-2.0-only
// Totals, outcomes and reconciliation: what a run is allowed to call a pass.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "latency_report.hpp"
#include "verify_report.hpp"

namespace hugemem
{
namespace
{

Seen page(Verdict verdict, Layout layout = Layout::one_for_all)
{
	Seen seen;
	seen.pfn = 512;
	seen.frames = 512;
	seen.judgement.verdict = verdict;
	seen.judgement.layout = layout;
	if (verdict == Verdict::proved) {
		seen.judgement.saved = 7;
		seen.judgement.shared_pfn = 0x55;
	}
	return seen;
}

std::vector<Pool> pool(std::uint64_t pages)
{
	return {{.page_kib = 2048, .pages = pages}};
}

const Told told_on{.known = true, .on = true, .how = "vm.hugetlb_optimize_vmemmap is 1"};
const Told told_off{.known = true, .on = false, .how = "vm.hugetlb_optimize_vmemmap is 0"};
const Told told_nothing{.known = false, .on = false, .how = "no switch"};

Exit code(const std::vector<Seen> &pages, std::uint64_t in_pool, const Told &told,
	  Expect expect = Expect::as_told)
{
	const auto pools = pool(in_pool);
	return outcome(total(pages, &pools), told, expect).code;
}

TEST(Outcome, WhatTheKernelWasTold)
{
	const Seen yes = page(Verdict::proved);
	const Seen no = page(Verdict::not_optimised, Layout::leaf);
	EXPECT_EQ(code({yes, yes}, 2, told_on), Exit::ok);
	EXPECT_EQ(code({no, no}, 2, told_off), Exit::ok);
	EXPECT_EQ(code({no, no}, 2, told_nothing), Exit::ok);
	EXPECT_EQ(code({yes, no}, 2, told_on), Exit::mismatch);
	EXPECT_EQ(code({yes, no}, 2, told_off), Exit::mismatch);
	EXPECT_EQ(code({page(Verdict::split_only)}, 1, told_on), Exit::mismatch);
	EXPECT_EQ(code({page(Verdict::split_only)}, 1, told_off), Exit::ok);
}

TEST(Outcome, WhatTheUserExpects)
{
	const Seen yes = page(Verdict::proved);
	const Seen no = page(Verdict::not_optimised, Layout::leaf);
	EXPECT_EQ(code({yes, no}, 2, told_on, Expect::any), Exit::ok);
	EXPECT_EQ(code({no}, 1, told_off, Expect::on), Exit::mismatch);
	EXPECT_EQ(code({yes}, 1, told_on, Expect::off), Exit::mismatch);
	EXPECT_EQ(code({yes}, 1, told_off, Expect::on), Exit::ok);
}

TEST(Outcome, HostedPagesAreRightWhateverWasSaid)
{
	const Seen yes = page(Verdict::proved);
	const Seen hosted = page(Verdict::hosted, Layout::leaf);
	for (const Expect e : {Expect::as_told, Expect::on, Expect::any})
		EXPECT_EQ(code({yes, hosted}, 2, told_on, e), Exit::ok);
	for (const Expect e : {Expect::as_told, Expect::off, Expect::any})
		EXPECT_EQ(code({hosted}, 1, told_off, e), Exit::ok);
	// They excuse no other page.
	EXPECT_EQ(code({yes, hosted, page(Verdict::not_optimised, Layout::leaf)}, 3, told_on),
		  Exit::mismatch);
}

TEST(Outcome, HostedPagesAreAClassOfTheirOwn)
{
	const auto pools = pool(3);
	const Seen hosted = page(Verdict::hosted, Layout::leaf);
	const Totals t = total({page(Verdict::proved), hosted, hosted}, &pools);
	const Outcome o = outcome(t, told_on, Expect::as_told);
	EXPECT_EQ(o.text, "1 page proved to be remapped, 2 hosted");
	EXPECT_NE(text_of(t, told_on, o, {}).find("         2 hosted: their memory map lies in"),
		  std::string::npos);
	EXPECT_EQ(json_of(t, told_on, o)["sizes"][0]["hosted"], 2);
	EXPECT_EQ(json_of(t, told_on, o)["sizes"][0]["not_optimised"], 0);
	const std::string ktap = ktap_of(t, told_on, o, Expect::as_told);
	EXPECT_NE(ktap.find("# 1 proved, 0 not optimised, 0 split but not remapped, 2 hosted, 0 "
			    "wrong\nok 3"),
		  std::string::npos)
		<< ktap;
	const Totals alone = total({hosted}, nullptr);
	EXPECT_EQ(outcome(alone, told_on, Expect::on).text, "1 page hosted");
}

TEST(Outcome, AWrongPageIsNeverAccepted)
{
	for (const Expect e : {Expect::as_told, Expect::on, Expect::off, Expect::any})
		EXPECT_EQ(code({page(Verdict::proved), page(Verdict::wrong)}, 2, told_on, e),
			  Exit::mismatch);
}

TEST(Outcome, DamagedStructPagesAreNeverAccepted)
{
	for (const Expect e : {Expect::as_told, Expect::on, Expect::off, Expect::any}) {
		Totals t = total({page(Verdict::proved)}, nullptr);
		t.strays = {{.pfn = 0x240, .frames = 448}};
		const Outcome o = outcome(t, told_on, e);
		EXPECT_EQ(o.code, Exit::mismatch);
		EXPECT_NE(o.text.find("448 frames"), std::string::npos);
		EXPECT_NE(text_of(t, told_on, o, {}).find("448 frames"), std::string::npos);
		EXPECT_NE(ktap_of(t, told_on, o, e).find("not ok 3 no_strays"), std::string::npos);
		EXPECT_EQ(json_of(t, told_on, o)["strays"][0]["frames"], 448);
	}
	// Even when there is no huge page left to look at
	Totals none;
	none.strays = {{.pfn = 0x240, .frames = 1}};
	EXPECT_EQ(outcome(none, told_off, Expect::as_told).code, Exit::mismatch);
}

TEST(Outcome, NotLookingIsNotAPass)
{
	EXPECT_EQ(code({}, 0, told_on), Exit::cannot_tell);
	Totals t = total({page(Verdict::proved)}, nullptr);
	t.unreadable = 1;
	EXPECT_EQ(outcome(t, told_on, Expect::as_told).code, Exit::cannot_tell);
}

TEST(Outcome, CountsHaveToReconcile)
{
	EXPECT_EQ(code({page(Verdict::proved)}, 2, told_on), Exit::mismatch);
	EXPECT_EQ(code({page(Verdict::proved)}, 0, told_on), Exit::mismatch);
	EXPECT_EQ(code({}, 3, told_on), Exit::mismatch);
}

/// A pool of the series', which says how many pages are optimised.
std::vector<Pool> telling(std::uint64_t pages, std::uint64_t optimized, std::uint64_t bytes)
{
	return {{.page_kib = 2048, .pages = pages, .optimized = optimized, .saved_bytes = bytes}};
}

TEST(Outcome, SysfsHasToSayWhatThePageTablesDo)
{
	constexpr std::uint64_t each = 7 * 4096;
	const Seen yes = page(Verdict::proved);
	const Seen no = page(Verdict::not_optimised, Layout::leaf);
	const auto judged = [&](const std::vector<Pool> &pools) {
		return outcome(total({yes, yes, no}, &pools), told_on, Expect::any);
	};
	EXPECT_EQ(judged(telling(3, 2, 2 * each)).code, Exit::ok);
	EXPECT_EQ(judged(telling(3, 3, 3 * each)).code, Exit::mismatch);
	EXPECT_EQ(judged(telling(3, 2, 3 * each)).code, Exit::mismatch);
	EXPECT_EQ(judged(telling(3, 1, 2 * each)).code, Exit::mismatch);
	EXPECT_EQ(judged(telling(3, 0, 0)).code, Exit::mismatch);
	EXPECT_EQ(judged(telling(3, 3, 3 * each)).text,
		  "of 2 MiB pages, sysfs does not say what the page tables do: 2 remapped, 57344 "
		  "bytes saved; 3 optimised, 86016 bytes saved by sysfs");

	// Optimised pages of a pool that has none
	const auto ghosts = telling(0, 1, each);
	EXPECT_EQ(outcome(total({}, &ghosts), told_on, Expect::any).code, Exit::mismatch);
	const auto empty = telling(0, 0, 0);
	EXPECT_TRUE(total({}, &empty).sizes.empty());
}

TEST(Outcome, WhatSysfsSaysIsComparedInEveryFormat)
{
	const auto good = telling(1, 1, 7 * 4096);
	const auto bad = telling(1, 0, 0);
	const Totals agree = total({page(Verdict::proved)}, &good);
	const Totals differ = total({page(Verdict::proved)}, &bad);
	const Outcome o = outcome(differ, told_on, Expect::as_told);
	EXPECT_NE(text_of(agree, told_on, o, {}).find("sysfs says the same"), std::string::npos);
	EXPECT_EQ(text_of(differ, told_on, o, {}).find("sysfs says the same"), std::string::npos);
	EXPECT_NE(ktap_of(agree, told_on, o, Expect::on).find("\nok 2 hugepages-2048kB.optimized"),
		  std::string::npos);
	EXPECT_NE(ktap_of(differ, told_on, o, Expect::on)
			  .find("\nnot ok 2 hugepages-2048kB.optimized\n# 1 remapped, 28672 bytes "
				"saved; 0 optimised, 0 bytes saved by sysfs\n"),
		  std::string::npos);
	const auto j = json_of(differ, told_on, o)["sizes"][0];
	EXPECT_EQ(j["sysfs_optimized"], 0);
	EXPECT_EQ(j["sysfs_saved_bytes"], 0);
	// Kernels that do not say are not taken for ones that say 0.
	const auto silent = pool(1);
	const Totals unsaid = total({page(Verdict::proved)}, &silent);
	EXPECT_TRUE(json_of(unsaid, told_on, o)["sizes"][0]["sysfs_optimized"].is_null());
	EXPECT_EQ(ktap_of(unsaid, told_on, o, Expect::on).find("optimized"), std::string::npos);

	// While pools are resized neither is a verdict.
	Totals moving = differ;
	moving.moving = true;
	EXPECT_EQ(outcome(moving, told_on, Expect::as_told).code, Exit::cannot_tell);
	EXPECT_NE(ktap_of(moving, told_on, o, Expect::on)
			  .find("\nok 2 hugepages-2048kB.optimized # SKIP"),
		  std::string::npos);
}

TEST(Outcome, AWrongPageThatSharesFramesCountsAsRemapped)
{
	const auto pools = telling(1, 1, 7 * 4096);
	Seen writable = page(Verdict::proved);
	writable.judgement.verdict = Verdict::wrong;
	const Totals t = total({writable}, &pools);
	EXPECT_TRUE(t.sizes[0].optimized_agrees());
	EXPECT_EQ(t.sizes[0].saved_frames, 0U);
}

TEST(Outcome, AMovingPoolCannotBeCounted)
{
	const auto pools = pool(2);
	Totals t = total({page(Verdict::proved)}, &pools);
	t.moving = true;
	EXPECT_EQ(outcome(t, told_on, Expect::as_told).code, Exit::cannot_tell);
	// A wrong page is wrong all the same.
	t = total({page(Verdict::wrong)}, &pools);
	t.moving = true;
	EXPECT_EQ(outcome(t, told_on, Expect::as_told).code, Exit::mismatch);
}

TEST(Totals, SavedAndShared)
{
	const auto pools = pool(3);
	const Totals t = total(
		{page(Verdict::proved), page(Verdict::proved), page(Verdict::split_only)}, &pools);
	ASSERT_EQ(t.sizes.size(), 1U);
	EXPECT_EQ(t.sizes[0].saved_frames, 14U);
	EXPECT_EQ(t.sizes[0].shared.at(0x55), 2U);
	EXPECT_EQ(t.sizes[0].proved, 2U);
	EXPECT_EQ(t.sizes[0].split_only, 1U);
}

TEST(Ktap, PlanAgreesWithPoints)
{
	const auto pools = pool(2);
	const Totals t = total({page(Verdict::proved), page(Verdict::wrong)}, &pools);
	const std::string text =
		ktap_of(t, told_on, outcome(t, told_on, Expect::as_told), Expect::as_told);
	EXPECT_EQ(text, "KTAP version 1\n1..3\n"
			"ok 1 hugepages-2048kB.reconciles\n# 2 found, 2 in the pool\n"
			"not ok 2 hugepages-2048kB.none_wrong\n"
			"# 1 proved, 0 not optimised, 0 split but not remapped, 0 hosted, 1 wrong\n"
			"ok 3 hugepages-2048kB.as_expected\n"
			"# vm.hugetlb_optimize_vmemmap is 1; 28 KiB saved\n");
}

TEST(Ktap, NothingToLookAtIsASkip)
{
	const Totals t;
	const std::string text =
		ktap_of(t, told_on, outcome(t, told_on, Expect::as_told), Expect::as_told);
	EXPECT_TRUE(text.starts_with("KTAP version 1\n1..0 # SKIP")) << text;
}

TEST(Json, OfAPageKeepsEveryMapping)
{
	Seen seen = page(Verdict::proved);
	for (unsigned i = 0; i < 8; i++)
		seen.boxes.push_back({.present = true,
				      .writable = i == 0,
				      .level = 1,
				      .pfn = i ? 5U : 9U,
				      .table = 1});
	EXPECT_FALSE(json_of(seen).contains("node"));
	seen.node = 3;
	const auto j = json_of(seen);
	EXPECT_EQ(j["verdict"], "proved");
	EXPECT_EQ(j["node"], 3);
	ASSERT_EQ(j["vmemmap"].size(), 2U);
	EXPECT_EQ(j["vmemmap"][1]["first"], 1);
	EXPECT_EQ(j["vmemmap"][1]["last"], 7);
	EXPECT_EQ(j["vmemmap"][1]["writable"], false);
}

Footing footing(const char *event, std::uint64_t starts, std::uint64_t ends,
		std::uint64_t failed = 0)
{
	Footing f;
	f.event = event;
	f.anchor = "f by kprobe+kretprobe";
	f.rungs = 3;
	f.counters.starts = starts;
	f.counters.ends = ends;
	f.counters.failed = failed;
	f.missed = 0;
	return f;
}

using RV = Reconciliation::Verdict;

TEST(Reconcile, MadeMinusReleasedIsTheGrowth)
{
	EXPECT_EQ(reconcile({footing("alloc", 10, 10), footing("free", 3, 3)}, pool(5), pool(12))
			  .verdict,
		  RV::agrees);
	EXPECT_EQ(reconcile({footing("alloc", 0, 0), footing("free", 5, 5)}, pool(5), pool(0))
			  .verdict,
		  RV::agrees);
	EXPECT_EQ(reconcile({footing("alloc", 10, 10), footing("free", 3, 3)}, pool(5), pool(13))
			  .verdict,
		  RV::differs);
}

TEST(Reconcile, FailedCallsMadeNothing)
{
	EXPECT_EQ(reconcile({footing("alloc", 10, 10, 4), footing("free", 0, 0)}, pool(0), pool(6))
			  .verdict,
		  RV::agrees);
}

TEST(Reconcile, HalfTheStoryIsEnoughOnlyIfItAccountsForEverything)
{
	EXPECT_EQ(reconcile({footing("alloc", 10, 10)}, pool(0), pool(10)).verdict, RV::agrees);
	EXPECT_EQ(reconcile({footing("free", 4, 4)}, pool(10), pool(6)).verdict, RV::agrees);
	EXPECT_EQ(reconcile({footing("alloc", 10, 10)}, pool(0), pool(9)).verdict, RV::cannot_tell);
	EXPECT_EQ(reconcile({footing("free", 4, 4)}, pool(10), pool(7)).verdict, RV::cannot_tell);
	EXPECT_EQ(reconcile({}, pool(0), pool(0)).verdict, RV::cannot_tell);
}

TEST(Reconcile, MissedCallsForbidAVerdict)
{
	EXPECT_EQ(reconcile({footing("alloc", 10, 9), footing("free", 0, 0)}, pool(0), pool(9))
			  .verdict,
		  RV::cannot_tell);
	Footing missed = footing("free", 1, 1);
	missed.missed = 2;
	EXPECT_EQ(reconcile({footing("alloc", 1, 1), missed}, pool(0), pool(0)).verdict,
		  RV::cannot_tell);
}

TEST(Counters, InFlightNeverWrapsAround)
{
	Counters c;
	c.ends = 3;
	EXPECT_EQ(c.in_flight(), 0U);
	c.starts = 10;
	c.dropped = 1;
	c.lost = 2;
	EXPECT_EQ(c.in_flight(), 4U);
}

Stretch stretch()
{
	Stretch s;
	s.event = "alloc";
	s.per = "page";
	s.counters.starts = s.counters.ends = 4;
	s.counters.failed = 1;
	s.counters.sum_ns = 3 * 6000;
	s.counters.failed_sum_ns = 100;
	s.counters.histogram.add(5000, 2);
	s.counters.histogram.add(8000);
	s.extremes = Extremes{.min_ns = 5000, .max_ns = 8000};
	return s;
}

TEST(LatencyText, CountFailuresAndPercentiles)
{
	const std::string text = text_of(stretch(), Unit{.name = "ns", .ns = 1}, Style{});
	EXPECT_EQ(text.substr(0, text.find('\n')),
		  "@alloc_ns: 3 pages, 1 failed (on average after 100 ns)");
	EXPECT_NE(text.find("[4K, 8K)                3 |@"), std::string::npos) << text;
	EXPECT_NE(text.find("min 5000  avg 6000  max 8000"), std::string::npos) << text;
	EXPECT_NE(text.find("p50 "), std::string::npos) << text;
}

TEST(LatencyText, TheHistogramHasTheLastWordOnExtremes)
{
	Stretch s = stretch();
	s.extremes = Extremes{.min_ns = 6000, .max_ns = 6000}; // both overwritten by a neighbour
	const auto j = json_of(s, Unit{.name = "ns", .ns = 1});
	EXPECT_LE(j["min_ns"].get<std::uint64_t>(), 5000U);
	EXPECT_GE(j["max_ns"].get<std::uint64_t>(), 8000U);
}

TEST(LatencyText, NothingIsSaidOfNothing)
{
	Stretch s;
	s.event = "free";
	s.per = "page";
	EXPECT_EQ(text_of(s, Unit{.name = "us", .ns = 1000}, Style{}), "@free_us: 0 pages\n");
}

TEST(LatencyJson, BucketsAddUp)
{
	const auto j = json_of(stretch(), Unit{.name = "ns", .ns = 1});
	std::uint64_t sum = 0;
	for (const auto &b : j["buckets"])
		sum += b["count"].get<std::uint64_t>();
	EXPECT_EQ(sum, j["count"].get<std::uint64_t>());
	EXPECT_EQ(j["count"], 3);
	EXPECT_EQ(j["failed"], 1);
}

} // namespace
} // namespace hugemem
