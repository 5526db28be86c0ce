// SPDX-License-Identifier: GPL-2.0-only
// Each gate: a good run passes, and one defect alone makes it fail with that defect named.
#include "verdict.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace hm::vm
{
namespace
{

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

Ending good()
{
	Ending ending;
	ending.powered_off = true;
	ending.shutdown_reason = "guest-shutdown";
	ending.console = "[    0.0] Linux version 5.10.262 (x@y)\n[    1.0] reboot: Power down\n";
	ending.results =
		"KTAP version 1\n1..2\nok 1 - a\nok 2 - b # SKIP why\nmetric m 5 KiB\nhm: exit 0 0\n";
	return ending;
}

class Gate : public testing::Test
{
protected:
	Verdict judged(const Ending &ending) { return judge(scenario_, run_, ending, {}); }
	void fails_with(const Ending &ending, const char *text)
	{
		const Verdict verdict = judged(ending);
		EXPECT_FALSE(verdict.passed());
		EXPECT_THAT(verdict.failures, Contains(HasSubstr(text)));
	}
	Scenario scenario_ = [] {
		Scenario scenario;
		scenario.timeout = 60;
		return scenario;
	}();
	RunSpec run_ = [] {
		RunSpec run;
		run.name = run.kernel = "stock";
		return run;
	}();
};

TEST_F(Gate, GoodRunPasses)
{
	const Verdict verdict = judged(good());
	EXPECT_THAT(verdict.failures, IsEmpty());
	EXPECT_TRUE(verdict.passed());
	EXPECT_EQ(verdict.release, "5.10.262");
	EXPECT_THAT(verdict.remarks, ElementsAre("skipped: b (why)"));
}

TEST_F(Gate, Hang)
{
	Ending ending = good();
	ending.powered_off = false;
	ending.timed_out = true;
	ending.limit = 60;
	ending.console += "[    2.0] stuck here\n";
	ending.diagnosis_from = ending.console.size();
	ending.console += "[   60.0] sysrq: Show Blocked State\n[   60.0] Call Trace:\n";
	EXPECT_EQ(judged(ending).failures.size(), 1U); // what we asked for is no complaint
	fails_with(ending, "hang: not powered off after 60 s");
	fails_with(ending, "stuck here");
}

TEST_F(Gate, Reset)
{
	Ending ending = good();
	ending.powered_off = false;
	ending.shutdown_reason = "guest-reset";
	fails_with(ending, "the guest reset itself");
}

TEST_F(Gate, QemuDied)
{
	Ending ending = good();
	ending.powered_off = false;
	ending.shutdown_reason.clear();
	ending.qemu_status = 1;
	ending.qemu_says = "qemu-system-x86_64: -m: invalid\n";
	fails_with(ending, "invalid");
}

TEST_F(Gate, Splat)
{
	Ending ending = good();
	ending.console += "[    2.0] WARNING: CPU: 0 PID: 1 at mm/x.c:1 f+0x1/0x2\n";
	fails_with(ending, "kernel log line 3: WARNING");
	scenario_.allow_dmesg.push_back(*dmesg::make_allow("mm/x.c:1 ", "known", "test"));
	EXPECT_TRUE(judged(ending).passed());
}

TEST_F(Gate, TaintWithoutText)
{
	Ending ending = good();
	ending.results = "1..1\nok 1 a\nhm: exit 0 512\n";
	fails_with(ending, "tainted (512)");
}

TEST_F(Gate, ScriptDidNotEnd)
{
	Ending ending = good();
	ending.results = "1..1\nok 1 a\n";
	fails_with(ending, "did not come to its end");
}

TEST_F(Gate, ScriptFailed)
{
	Ending ending = good();
	ending.results = "1..1\nok 1 a\nhm: exit 2 0\n";
	fails_with(ending, "ended with status 2");
}

TEST_F(Gate, NoPlan)
{
	Ending ending = good();
	ending.results = "ok 1 a\nhm: exit 0 0\n";
	fails_with(ending, "no plan");
}

TEST_F(Gate, NoResult)
{
	Ending ending = good();
	ending.results = "1..0\nhm: exit 0 0\n";
	fails_with(ending, "not one test result");
}

TEST_F(Gate, FailedTest)
{
	Ending ending = good();
	ending.results = "1..2\nok 1 a\nnot ok 2 b\nhm: exit 0 0\n";
	fails_with(ending, "not ok: b");
	run_.tests = TestsRule::any;
	EXPECT_TRUE(judged(ending).passed());
	run_.tests = TestsRule::skip;
	EXPECT_FALSE(judged(ending).passed());
}

TEST_F(Gate, AllSkipped)
{
	Ending ending = good();
	ending.results = "1..2\nok 1 a # SKIP x\nok 2 b # SKIP x\nhm: exit 0 0\n";
	fails_with(ending, "all 2 tests were skipped");
	run_.tests = TestsRule::skip;
	EXPECT_TRUE(judged(ending).passed());
	run_.tests = TestsRule::any;
	EXPECT_TRUE(judged(ending).passed());
}

TEST_F(Gate, ShouldHaveSkipped)
{
	run_.tests = TestsRule::skip;
	run_.reason = "no feature";
	fails_with(good(), "1 tests passed although all should be skipped (no feature)");
}

TEST_F(Gate, TooManySkipped)
{
	run_.max_skipped = 0;
	fails_with(good(), "1 tests skipped, at most 0 may be");
}

TEST_F(Gate, TooFewFailed)
{
	Ending ending = good();
	ending.results = "1..2\nnot ok 1 a\nok 2 b\nhm: exit 0 0\n";
	run_.tests = TestsRule::any;
	run_.reason = "stock pins there";
	run_.min_failed = 1;
	EXPECT_TRUE(judged(ending).passed());
	run_.min_failed = 2;
	fails_with(ending, "1 tests failed, at least 2 have to (stock pins there)");
}

TEST_F(Gate, BailOut)
{
	Ending ending = good();
	ending.results = "1..1\nok 1 a\nBail out! no memory\nhm: exit 0 0\n";
	fails_with(ending, "bail out: no memory");
}

TEST_F(Gate, MustFail)
{
	scenario_.must_fail = {"not ok: b", "status 3"};
	Ending ending = good();
	ending.results = "1..2\nok 1 a\nnot ok 2 b\nhm: exit 3 0\n";
	EXPECT_TRUE(judged(ending).passed());
	ending.results = "1..2\nok 1 a\nnot ok 2 b\nhm: exit 0 0\n";
	fails_with(ending, "no failure matches \"status 3\"");
	fails_with(good(), "no failure matches \"not ok: b\"");
}

TEST_F(Gate, Bounds)
{
	scenario_.bounds = {{"m", "", 4, 6, ""}};
	EXPECT_TRUE(judged(good()).passed());
	scenario_.bounds = {{"m", "stock", std::nullopt, 4, "why"}};
	fails_with(good(), "metric m is 5 KiB, must be at most 4 (why)");
	scenario_.bounds = {{"m", "other", std::nullopt, 4, ""}};
	EXPECT_TRUE(judged(good()).passed());
	scenario_.bounds = {{"gone", "", 0, std::nullopt, ""}};
	fails_with(good(), "metric gone is missing");
}

TEST_F(Gate, OnlyMeasures)
{
	run_.tests = TestsRule::none;
	Ending ending = good();
	fails_with(ending, "should only measure");
	ending.results = "metric m 1\nhm: exit 0 0\n";
	EXPECT_TRUE(judged(ending).passed());
}

TEST_F(Gate, JsonRoundTrip)
{
	Ending ending = good();
	ending.results = "1..1\nok 1 a\nmetric m 5 KiB\nblock b\nx\nend\nhm: exit 0 0\n";
	const Verdict verdict = judged(ending);
	const auto again = verdict_from_json(to_json(verdict), "x");
	ASSERT_TRUE(again);
	EXPECT_EQ(to_json(*again), to_json(verdict));
	EXPECT_FALSE(verdict_from_json(nlohmann::json::object(), "x"));
	EXPECT_FALSE(verdict_from_json(nlohmann::json(nlohmann::json::value_t::discarded), "x"));
}

} // namespace
} // namespace hm::vm
