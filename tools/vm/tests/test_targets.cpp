// SPDX-License-Identifier: GPL-2.0-only
#include "targets.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "report.hpp"

namespace hm::vm
{
namespace
{

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

/// Runs "stock" with 1000 and "patched" with 1010.4 instructions, held to one target.
class Targets : public testing::Test
{
protected:
	void SetUp() override
	{
		outcome_.verdicts = {ran("stock", 1000), ran("patched", 1010.4)};
		row_.label = "grow";
		row_.metric = "p2m.grow";
		row_.digits = 0;
	}

	std::vector<std::string> hold(const Target &target, size_t verdict = 1)
	{
		row_.targets = {target};
		outcome_.scenario.rows = {row_};
		return fail_missed_targets(outcome_, outcome_.verdicts[verdict]);
	}

	static Verdict ran(const char *name, double value)
	{
		Verdict verdict;
		verdict.run = name;
		verdict.ran = true;
		verdict.results.metrics["p2m.grow"] = {value, "instr"};
		return verdict;
	}

	Outcome outcome_;
	ReportRow row_;
};

TEST_F(Targets, MetFailsNothing)
{
	EXPECT_THAT(hold({"patched", std::nullopt, 1010.4, ""}), IsEmpty());
	EXPECT_THAT(hold({"patched", 1010.4, std::nullopt, ""}), IsEmpty());
	EXPECT_THAT(hold({"patched", std::nullopt, 1.02, "stock"}), IsEmpty());
	EXPECT_TRUE(all_passed({outcome_}));
}

TEST_F(Targets, MissedNamesMetricRunValueAndTarget)
{
	const char *text =
		"target missed: metric p2m.grow of run \"patched\" is 1,010.4 instr, must be at most 1,010";
	EXPECT_THAT(hold({"patched", std::nullopt, 1010, ""}), ElementsAre(text));
	EXPECT_THAT(outcome_.verdicts[1].failures, ElementsAre(text));
	EXPECT_FALSE(all_passed({outcome_}));
	EXPECT_TRUE(outcome_.verdicts[0].passed());
}

TEST_F(Targets, MissedBelowTheLeast)
{
	EXPECT_THAT(hold({"patched", 1011, 2000, ""}),
		    ElementsAre(HasSubstr("must be at least 1,011, at most 2,000")));
}

TEST_F(Targets, RatioSaysWhatItIsOf)
{
	EXPECT_THAT(
		hold({"patched", std::nullopt, 1.01, "stock"}),
		ElementsAre(HasSubstr("is 1,010.4 instr, must be at most 1.01 x stock (1,000)")));
}

TEST_F(Targets, ScaleAndUnitAreTheRows)
{
	row_.scale = 0.5;
	row_.unit = "pairs";
	EXPECT_THAT(hold({"patched", std::nullopt, 1000, ""}),
		    ElementsAre(HasSubstr("is 505.2 pairs, must be at most 500")));
}

TEST_F(Targets, NotMeasuredIsAFailure)
{
	outcome_.verdicts[0].results.metrics.clear();
	EXPECT_THAT(hold({"patched", std::nullopt, 1.1, "stock"}),
		    ElementsAre(HasSubstr("must be at most 1.1 x stock, which has no value")));
	outcome_.verdicts[1].results.metrics.clear();
	EXPECT_THAT(hold({"patched", std::nullopt, 1, ""}),
		    ElementsAre(HasSubstr("is missing, must be at most 1")));
}

TEST_F(Targets, OtherRunsAndThoseNotRunStayAsTheyAre)
{
	const Target missed = {"patched", std::nullopt, 1, ""};
	EXPECT_THAT(hold(missed, 0), IsEmpty());
	outcome_.verdicts[1].ran = false;
	EXPECT_THAT(hold(missed), IsEmpty());
}

} // namespace
} // namespace hm::vm
