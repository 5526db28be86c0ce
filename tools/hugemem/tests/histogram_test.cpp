// SPDX-License-Identifier: GPL-2.0-only
#include "histogram.hpp"

#include <gtest/gtest.h>

#include <limits>

#include "hugemem_abi.h"

namespace hugemem
{
namespace
{

constexpr std::uint64_t top = std::numeric_limits<std::uint64_t>::max();

TEST(Buckets, SmallValuesHaveOneEach)
{
	for (unsigned v = 0; v < 2 * HM_SUB; v++) {
		EXPECT_EQ(Histogram::bucket_of(v), v);
		EXPECT_EQ(Histogram::range_of(v), (Range{v, v + 1}));
	}
}

TEST(Buckets, NeighboursTouchAndCoverEverything)
{
	std::uint64_t expected = 0;
	for (unsigned i = 0; i < HM_BUCKETS; i++) {
		const Range r = Histogram::range_of(i);
		ASSERT_EQ(r.lower, expected) << i;
		ASSERT_EQ(Histogram::bucket_of(r.lower), i);
		ASSERT_EQ(Histogram::bucket_of(r.upper - 1), i);
		expected = r.upper;
	}
	EXPECT_EQ(expected, 0U); // 2^64
	EXPECT_EQ(Histogram::bucket_of(top), HM_BUCKETS - 1);
}

TEST(Buckets, AreAtMostASixteenthWide)
{
	for (unsigned i = HM_SUB; i < HM_BUCKETS; i++) {
		const Range r = Histogram::range_of(i);
		EXPECT_LE(r.upper - r.lower, r.lower / HM_SUB) << i;
	}
}

TEST(Percentiles, NothingForNothing)
{
	EXPECT_FALSE(Histogram().percentile(50));
}

TEST(Percentiles, ExactForSmallValues)
{
	Histogram h;
	for (std::uint64_t v = 1; v <= 10; v++)
		h.add(v);
	for (const auto &[percent, value] : {std::pair{0.0, 1.0},
					     {10.0, 1.0},
					     {50.0, 5.0},
					     {90.0, 9.0},
					     {91.0, 10.0},
					     {100.0, 10.0}}) {
		const auto p = h.percentile(percent);
		ASSERT_TRUE(p);
		EXPECT_DOUBLE_EQ(p->value, value) << percent;
		EXPECT_DOUBLE_EQ(p->error, 0) << percent;
	}
}

TEST(Percentiles, TheTrueValueIsWithinTheError)
{
	Histogram h;
	for (std::uint64_t v = 1; v <= 100000; v++)
		h.add(v * 37);
	for (const double percent : {1.0, 50.0, 90.0, 99.0, 99.9}) {
		const auto p = h.percentile(percent);
		ASSERT_TRUE(p);
		const double truth = percent / 100 * 100000 * 37;
		EXPECT_LE(std::abs(p->value - truth), p->error + 37) << percent;
		EXPECT_LE(p->error, truth / 32) << percent;
	}
}

TEST(Percentiles, AreNotMovedByOneOutlier)
{
	Histogram h;
	h.add(8, 999);
	h.add(top);
	EXPECT_DOUBLE_EQ(h.percentile(99.9)->value, 8);
	EXPECT_GT(h.percentile(100)->value, 1e19);
}

TEST(Rows, AreThoseOfBpftrace)
{
	Histogram h;
	for (const std::uint64_t v : {0, 1, 2, 3, 4, 7, 8, 100})
		h.add(v);
	const auto rows = h.log2_rows();
	ASSERT_EQ(rows.size(), 8U);
	EXPECT_EQ(rows[0].range, (Range{0, 1}));
	EXPECT_EQ(rows[1].range, (Range{1, 2}));
	EXPECT_EQ(rows[2].range, (Range{2, 4}));
	EXPECT_EQ(rows[2].count, 2U);
	EXPECT_EQ(rows[3].count, 2U);
	EXPECT_EQ(rows[4].count, 1U);
	EXPECT_EQ(rows[5].count, 0U); // the gap is shown
	EXPECT_EQ(rows[7].range, (Range{64, 128}));
	EXPECT_EQ(rows[7].count, 1U);
}

TEST(Rows, CountEverythingWithoutACap)
{
	Histogram h;
	h.add(1ULL << 40, 3); // 18 minutes in nanoseconds
	h.add(top, 2);
	const auto rows = h.log2_rows();
	EXPECT_EQ(rows.front().range.lower, 1ULL << 40);
	EXPECT_EQ(rows.back().range.upper, 0U);
	std::uint64_t sum = 0;
	for (const auto &row : rows)
		sum += row.count;
	EXPECT_EQ(sum, h.total());
}

TEST(Rows, NoneForNothing)
{
	EXPECT_TRUE(Histogram().log2_rows().empty());
}

TEST(Labels, AreThoseOfBpftrace)
{
	EXPECT_EQ(log2_label({0, 1}), "[0]");
	EXPECT_EQ(log2_label({1, 2}), "[1]");
	EXPECT_EQ(log2_label({2, 4}), "[2, 4)");
	EXPECT_EQ(log2_label({512, 1024}), "[512, 1K)");
	EXPECT_EQ(log2_label({1024, 2048}), "[1K, 2K)");
	EXPECT_EQ(log2_label({1ULL << 20, 1ULL << 21}), "[1M, 2M)");
	EXPECT_EQ(log2_label({1ULL << 63, 0}), "[8E, 16E)");
}

TEST(Printing, BarsAreToScaleAnd52Wide)
{
	const std::string text = print_log2({{{4, 8}, 10}, {{8, 16}, 5}, {{16, 32}, 0}}, Style{});
	EXPECT_EQ(text, "[4, 8)                 10 |" + std::string(52, '@') + "|\n" +
				"[8, 16)                 5 |" + std::string(26, '@') +
				std::string(26, ' ') + "|\n" + "[16, 32)                0 |" +
				std::string(52, ' ') + "|\n");
}

TEST(Since, SubtractsAndForgetsNothing)
{
	Histogram early;
	early.add(5, 2);
	Histogram late = early;
	late.add(5);
	late.add(4096, 7);
	const Histogram d = late.since(early);
	EXPECT_EQ(d.count(Histogram::bucket_of(5)), 1U);
	EXPECT_EQ(d.count(Histogram::bucket_of(4096)), 7U);
	EXPECT_EQ(d.total(), 8U);
}

} // namespace
} // namespace hugemem
