// SPDX-License-Identifier: GPL-2.0-only
#include "results.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace hm::vm
{
namespace
{

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

TEST(Results, SplitsTheStream)
{
	const auto out = parse_results("KTAP version 1\r\n1..1\r\nmetric used 2020.1 KiB\r\n"
				       "block picture\r\n one\r\n\r\nok 9 not a result\r\nend\r\n"
				       "ok 1 - a\r\nhm: note slow machine\r\nhm: exit 0 512\r\n");
	EXPECT_THAT(out.problems, IsEmpty());
	EXPECT_DOUBLE_EQ(out.metrics.at("used").value, 2020.1);
	EXPECT_EQ(out.metrics.at("used").unit, "KiB");
	EXPECT_THAT(out.blocks.at("picture"), ElementsAre(" one", "", "ok 9 not a result"));
	EXPECT_THAT(out.notes, ElementsAre("slow machine"));
	EXPECT_EQ(out.exit_status, 0);
	EXPECT_EQ(out.taint, 512U);
	EXPECT_EQ(out.ktap, "KTAP version 1\n1..1\nok 1 - a\n");
}

TEST(Results, NoExitLine)
{
	EXPECT_FALSE(parse_results("1..0\n").exit_status.has_value());
}

TEST(Results, MalformedMetrics)
{
	for (const char *line : {"metric x\n", "metric x y z\n", "metric x nan\n",
				 "metric x 1 KiB extra\n", "metric x 1,5\n"}) {
		const auto out = parse_results(line);
		EXPECT_THAT(out.problems, SizeIs(1)) << line;
		EXPECT_THAT(out.metrics, IsEmpty()) << line;
	}
}

TEST(Results, BlockWithoutEnd)
{
	const auto out = parse_results("block x\ntext\nhm: exit 0 0\n");
	ASSERT_THAT(out.problems, SizeIs(1));
	EXPECT_THAT(out.problems[0], HasSubstr("block \"x\" has no end"));
	EXPECT_FALSE(out.exit_status.has_value());
}

TEST(Results, LastValueCounts)
{
	EXPECT_DOUBLE_EQ(parse_results("metric a 1\nmetric a 2\n").metrics.at("a").value, 2);
}

} // namespace
} // namespace hm::vm
