// SPDX-License-Identifier: GPL-2.0-only
// Counters of pins, and lines of the tracer, whole and damaged.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "pin_counters.hpp"
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
					       "zone=Movable order=0 cause=busy");
	ASSERT_TRUE(failure);
	EXPECT_EQ(failure->task, "kinds-x");
	EXPECT_EQ(failure->pid, 98U);
	EXPECT_EQ(failure->pfn, "0x12a00");
	EXPECT_EQ(failure->zone, "Movable");
	EXPECT_EQ(failure->cause, "busy");
}

TEST(PinFailure, NotOutOfOthers)
{
	EXPECT_FALSE(parse_pin_failure(""));
	EXPECT_FALSE(parse_pin_failure("CPU:1 [LOST 12 EVENTS]"));
	EXPECT_FALSE(parse_pin_failure("x-1 [000] .... 1.0: mm_migrate_pages: a=b"));
	EXPECT_FALSE(parse_pin_failure("x [000] .... 1.0: mm_pin_migrate_fail: pfn=1"));
	EXPECT_FALSE(parse_pin_failure("x-y [000] .... 1.0: mm_pin_migrate_fail: pfn=1"));
}

TEST(TraceInstance, NoSuchEvent)
{
	const auto none = TraceInstance::open("no/such_event");
	ASSERT_FALSE(none);
	EXPECT_EQ(none.error().code, Exit::environment);
}

} // namespace
} // namespace hugemem
