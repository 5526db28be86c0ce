// SPDX-License-Identifier: GPL-2.0-only
// The bpftrace command a measurement stands for; costs and control groups as text.
#include "bpftrace_text.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "cgroup.hpp"
#include "probe_cost.hpp"

namespace hugemem
{
namespace
{

using testing::HasSubstr;

TEST(Bpftrace, OneFunction)
{
	BpftraceRequest request;
	request.events = {
		{.name = "alloc", .symbols = {"alloc_fresh_huge_page"}, .ret = HM_RET_NONZERO}};
	EXPECT_EQ(bpftrace_command(request),
		  "bpftrace -e 'kprobe:alloc_fresh_huge_page { @alloc_start[tid] = nsecs; } "
		  "kretprobe:alloc_fresh_huge_page /@alloc_start[tid]/ { if (retval != 0) { "
		  "@alloc_ns = hist(nsecs - @alloc_start[tid]); } delete(@alloc_start[tid]); } "
		  "END { clear(@alloc_start); }'");
}

TEST(Bpftrace, EverythingAtOnce)
{
	const std::string text = bpftrace_command(
		{.events = {{.name = "alloc",
			     .symbols = {"a", "b.isra.0"},
			     .ret = HM_RET_NONZERO,
			     .ret_bytes = 1},
			    {.name = "restore", .symbols = {"r"}, .ret = HM_RET_ZERO},
			    {.name = "free", .symbols = {"f"}}},
		 .unit = "us",
		 .unit_ns = 1000,
		 .pid = 7,
		 .cgroup = "/sys/fs/cgroup/it's",
		 .interval = 0.5,
		 .duration = 2});
	EXPECT_THAT(text, HasSubstr("kprobe:a, kprobe:b.isra.0 /pid == 7 && cgroup == "
				    "cgroupid(\"/sys/fs/cgroup/it'\\''s\") && "
				    "!@alloc_start[tid]/ {"));
	EXPECT_THAT(text, HasSubstr("if ((retval & 0xff) != 0) { @alloc_us = hist((nsecs - "
				    "@alloc_start[tid]) / 1000); }"));
	EXPECT_THAT(text, HasSubstr("if (retval == 0) { @restore_us"));
	EXPECT_THAT(text, HasSubstr("/@free_start[tid]/ { @free_us = hist("));
	EXPECT_THAT(text, HasSubstr("interval:ms:500 { print(@alloc_us); clear(@alloc_us); "));
	EXPECT_THAT(text, HasSubstr("interval:ms:2000 { exit(); }"));
}

TEST(ShellQuoted, OneWord)
{
	EXPECT_EQ(shell_quoted(""), "''");
	EXPECT_EQ(shell_quoted("a b$c"), "'a b$c'");
	EXPECT_EQ(shell_quoted("'"), "''\\'''");
}

TEST(ProbeCost, NeverBelowZero)
{
	ProbeCost cost{.kind = Attach::kprobe,
		       .symbol = "f",
		       .calls = 1000,
		       .without_ns = 50,
		       .with_ns = 250.4};
	EXPECT_DOUBLE_EQ(cost.ns(), 200.4);
	EXPECT_EQ(text_of(cost),
		  "200 ns a call by kprobe+kretprobe (a call of f takes 250 ns with, "
		  "50 ns without)");
	EXPECT_EQ(json_of(cost)["attach"], "kprobe+kretprobe");
	cost.with_ns = 40;
	EXPECT_EQ(cost.ns(), 0);
}

TEST(Cgroup, WhatIsNone)
{
	const auto missing = open_cgroup("no/such", "/proc");
	ASSERT_FALSE(missing);
	EXPECT_EQ(missing.error().code, Exit::usage);
	EXPECT_THAT(missing.error().text(), HasSubstr("/proc/no/such"));
	const auto other = open_cgroup("/proc");
	ASSERT_FALSE(other);
	EXPECT_THAT(other.error().text(), HasSubstr("not in a cgroup2"));
}

} // namespace
} // namespace hugemem
