// SPDX-License-Identifier: GPL-2.0-only
// Counters of pins, and lines of the tracer, whole and damaged.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "pin_counters.hpp"
#include "pin_trace.hpp"
#include "trace_instance.hpp"

namespace hugemem
{
namespace
{

constexpr std::string_view patched = "nr_free_pages 1234\nnr_foll_pin_acquired 70000\n"
				     "nr_foll_pin_released 4464\npin_migrate_success 65536\n"
				     "pin_migrate_fail_isolate 0\npin_migrate_fail_busy 3\n"
				     "pin_migrate_fail_nomem 12\npin_migrate_lru_drain 2\n";

TEST(Vmstat, TakesWhatIsWhole)
{
	const auto values = parse_vmstat("a 1\nb\n 2\nc x\nd 3 4\ne 18446744073709551615\nf 5");
	EXPECT_EQ(values.size(), 3U);
	EXPECT_EQ(values.at("a"), 1U);
	EXPECT_EQ(values.at("e"), ~std::uint64_t{0});
	EXPECT_EQ(values.at("f"), 5U);
	EXPECT_TRUE(parse_vmstat("").empty());
}

TEST(PinCounters, OfAKernelThatCountsAll)
{
	const PinCounters c = pin_counters(parse_vmstat(patched));
	EXPECT_EQ(c.held(), 65536U);
	EXPECT_EQ(c.busy, 3U);
	const std::string text = pins_text(c);
	EXPECT_THAT(text, testing::HasSubstr("65536  pages are pinned now"));
	EXPECT_THAT(text, testing::HasSubstr("12  not pinned: no memory"));
	EXPECT_THAT(text, testing::Not(testing::HasSubstr("does not count")));
	EXPECT_THAT(text, testing::HasSubstr("in which zone, is not counted: --failures"));
	EXPECT_EQ(pins_json(c)["moved"], 65536);
	EXPECT_EQ(pins_json(c)["schema"], "hugemem-pins-1");
}

TEST(PinCounters, OfOneThatDoesNot)
{
	const PinCounters stock =
		pin_counters(parse_vmstat("nr_foll_pin_acquired 5\nnr_foll_pin_released 5\n"));
	EXPECT_EQ(stock.held(), 0U);
	EXPECT_EQ(stock.moved, std::nullopt);
	EXPECT_THAT(pins_text(stock),
		    testing::HasSubstr("does not count pages that pins have to move"));
	EXPECT_FALSE(pins_json(stock).contains("moved"));
	EXPECT_THAT(pins_line(stock, stock - stock), testing::HasSubstr(" -"));

	const PinCounters old = pin_counters({});
	EXPECT_EQ(old.held(), std::nullopt);
	EXPECT_THAT(pins_text(old), testing::HasSubstr("does not count pinned pages"));
}

TEST(PinCounters, NeverBelowNone)
{
	const PinCounters torn =
		pin_counters(parse_vmstat("nr_foll_pin_acquired 5\nnr_foll_pin_released 6\n"));
	EXPECT_EQ(torn.held(), 0U);
	EXPECT_EQ((pin_counters({}) - torn).acquired, std::nullopt);
	const PinCounters more = pin_counters(parse_vmstat(patched));
	EXPECT_EQ((more - torn).acquired, 69995U);
	EXPECT_EQ((torn - more).acquired, 0U);
}

TEST(PinFailure, OutOfALineOfTheTracer)
{
	const auto failure = parse_pin_failure("     kinds-x-98      [001] ....    12.345678: "
					       "mm_pin_migrate_fail: pfn=0x12a00 nid=0 "
					       "zone=Movable order=9 cause=busy");
	ASSERT_TRUE(failure);
	EXPECT_EQ(failure->task, (TracedTask{.name = "kinds-x", .pid = 98}));
	EXPECT_EQ(failure->pfn, "0x12a00");
	EXPECT_EQ(failure->zone, "Movable");
	EXPECT_EQ(failure->cause, "busy");
	EXPECT_EQ(failure->frames, 512U);
}

TEST(PinFailure, NotOutOfOthers)
{
	EXPECT_FALSE(parse_pin_failure(""));
	EXPECT_FALSE(parse_pin_failure("CPU:1 [LOST 12 EVENTS]"));
	EXPECT_FALSE(parse_pin_failure("x-1 [000] .... 1.0: mm_migrate_pages: a=b"));
	EXPECT_FALSE(parse_pin_failure("x [000] .... 1.0: mm_pin_migrate_fail: pfn=1"));
	EXPECT_FALSE(parse_pin_failure("x-y [000] .... 1.0: mm_pin_migrate_fail: pfn=1"));
	const auto odd =
		parse_pin_failure("x-1 [000] .... 1.0: mm_pin_migrate_fail: pfn=1 order=99");
	ASSERT_TRUE(odd);
	EXPECT_EQ(odd->frames, 1U << 30);
}

constexpr std::string_view moves_510 =
	"  hm-pin-98  [001] .... 12.345678: mm_migrate_pages: nr_succeeded=512 nr_failed=2 "
	"nr_thp_succeeded=0 nr_thp_failed=0 nr_thp_split=0 mode=MIGRATE_SYNC reason=longterm_pin";

TEST(PinMove, OutOfALineOfTheTracer)
{
	const auto move = parse_pin_move(moves_510);
	ASSERT_TRUE(move);
	EXPECT_EQ(move->task, (TracedTask{.name = "hm-pin", .pid = 98}));
	EXPECT_EQ(move->moved, 512U);
	EXPECT_EQ(move->failed, 2U);
}

TEST(PinMove, NotOutOfOthers)
{
	EXPECT_FALSE(parse_pin_move(""));
	EXPECT_FALSE(parse_pin_move("x-1 [0] .... 1.0: mm_migrate_pages: nr_succeeded=1 "
				    "nr_failed=2 mode=MIGRATE_SYNC reason=compaction"));
	EXPECT_FALSE(parse_pin_move("x-1 [0] .... 1.0: mm_migrate_pages: nr_succeeded=1 "
				    "mode=MIGRATE_SYNC reason=longterm_pin"));
	EXPECT_FALSE(parse_pin_move("x-1 [0] .... 1.0: mm_pin_migrate_fail: pfn=0x1"));
}

TEST(Lost, IsWhatTheTracerSays)
{
	EXPECT_EQ(parse_lost("CPU:1 [LOST 12 EVENTS]"), 12U);
	EXPECT_FALSE(parse_lost("CPU:1 [LOST  EVENTS]"));
	EXPECT_FALSE(parse_lost("CPU:1 [LOST EVENTS]"));
	EXPECT_FALSE(parse_lost(moves_510));
	EXPECT_FALSE(parse_lost(""));
}

TEST(LongtermReason, OutOfTheFormat)
{
	EXPECT_EQ(longterm_reason("print fmt: \"mode=%s reason=%s\", "
				  "__print_symbolic(REC->mode, {0, \"MIGRATE_ASYNC\"}), "
				  "__print_symbolic(REC->reason, {0, \"compaction\"}, "
				  "{ 6,\t\"contig_range\"}, { 7,\t\"longterm_pin\"})"),
		  7U);
	EXPECT_EQ(longterm_reason("{6, \"contig_range\"}, {7, \"cma\"}"), std::nullopt);
	EXPECT_EQ(longterm_reason("{ MR_LONGTERM_PIN, \"longterm_pin\"}"), std::nullopt);
	EXPECT_EQ(longterm_reason("\"longterm_pin\""), std::nullopt);
	EXPECT_EQ(longterm_reason("{\"longterm_pin\""), std::nullopt);
	EXPECT_EQ(longterm_reason(""), std::nullopt);
}

PinFailure failed(std::string task, std::string zone, std::string cause, std::uint64_t frames)
{
	return {.task = {.name = std::move(task), .pid = 1},
		.pfn = "0x1",
		.zone = std::move(zone),
		.cause = std::move(cause),
		.frames = frames};
}

TEST(PinTotals, OfAKernelThatTellsAll)
{
	PinTotals totals(true, true);
	totals.add(failed("busy", "Movable", "busy", 1));
	totals.add(failed("qemu", "Movable", "nomem", 512));
	totals.add(failed("qemu", "DMA32", "nomem", 1));
	totals.add({.task = {.name = "qemu", .pid = 1}, .moved = 500, .failed = 12});
	totals.add({.task = {.name = "dpdk", .pid = 2}, .moved = 4, .failed = 0});
	EXPECT_EQ(totals.text(),
		  "             3  pages could not be moved (514 base pages; each try counts)\n"
		  "             2  by cause: nomem\n"
		  "             1  by cause: busy\n"
		  "             2  by zone: Movable\n"
		  "             1  by zone: DMA32\n"
		  "             2  by task: qemu\n"
		  "             1  by task: busy\n"
		  "           504  pages were moved; no kernel tells their zone, which is Movable "
		  "but for CMA memory\n"
		  "           500  by task: qemu\n"
		  "             4  by task: dpdk\n");
	const auto j = totals.json();
	EXPECT_EQ(j["schema"], "hugemem-pin-totals-1");
	EXPECT_EQ(j["failures"]["by_cause"]["nomem"], 2);
	EXPECT_EQ(j["failures"]["by_zone"]["Movable"], 2);
	EXPECT_EQ(j["failures"]["by_task"]["busy"], 1);
	EXPECT_EQ(j["failures"]["base_pages"], 514);
	EXPECT_EQ(j["moved"]["pages"], 504);
	EXPECT_EQ(j["moved"]["by_task"]["dpdk"], 4);
	EXPECT_EQ(j["lost"], 0);
}

TEST(PinTotals, WhatAKernelDoesNotTellIsNotZero)
{
	PinTotals moves(false, true);
	moves.add(*parse_pin_move(moves_510));
	EXPECT_THAT(moves.text(),
		    testing::HasSubstr("2  pages could not be moved; this kernel tells neither"));
	EXPECT_THAT(moves.text(), testing::HasSubstr("2  by task: hm-pin"));
	EXPECT_THAT(moves.text(), testing::Not(testing::HasSubstr("by cause")));
	EXPECT_FALSE(moves.json()["failures"].contains("by_cause"));
	EXPECT_FALSE(moves.json()["failures"].contains("by_zone"));

	const PinTotals causes(true, false);
	EXPECT_THAT(causes.text(), testing::HasSubstr("does not tell who moved pages"));
	EXPECT_FALSE(causes.json().contains("moved"));
}

TEST(PinTotals, WhatIsLostIsSaid)
{
	PinTotals totals(true, true);
	EXPECT_THAT(totals.text(), testing::Not(testing::HasSubstr("lost")));
	totals.add_lost(12);
	EXPECT_THAT(totals.text(), testing::HasSubstr("12  lines were lost by the tracer"));
	EXPECT_EQ(totals.json()["lost"], 12);
}

TEST(TraceInstance, NoSuchEvent)
{
	const auto none = TraceInstance::open({{.name = "no/such_event", .filter = {}}});
	ASSERT_FALSE(none);
	EXPECT_EQ(none.error().code, Exit::environment);
	EXPECT_FALSE(event_format("/no", "migrate/mm_migrate_pages"));
}

} // namespace
} // namespace hugemem
