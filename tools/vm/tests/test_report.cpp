// SPDX-License-Identifier: GPL-2.0-only
#include "report.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "files.hpp"

namespace hm::vm
{
namespace
{

using testing::HasSubstr;
using testing::Not;

Verdict ran(const std::string &name, double value)
{
	Verdict verdict;
	verdict.run = verdict.kernel = name;
	verdict.ran = true;
	verdict.release = "5.10.262";
	verdict.results.metrics["m"] = {value, "KiB"};
	verdict.results.blocks["pic"] = {name + " picture"};
	return verdict;
}

Outcome sample()
{
	Outcome outcome;
	outcome.scenario.name = "s";
	outcome.scenario.about = "About it.";
	outcome.scenario.blocks = {"pic"};
	for (const char *name : {"stock", "patched", "third"}) {
		RunSpec run;
		run.name = name;
		outcome.scenario.runs.push_back(run);
	}
	ReportRow row;
	row.label = "memory";
	row.metric = "m";
	row.targets = {{"patched", std::nullopt, 2021, ""},
		       {"patched", std::nullopt, 0.5, "stock"},
		       {"third", 1, std::nullopt, ""}};
	outcome.scenario.rows = {row};
	outcome.verdicts = {ran("stock", 2048), ran("patched", 2020)};
	Verdict missing;
	missing.run = "third";
	missing.why_not = "no kernel";
	outcome.verdicts.push_back(missing);
	return outcome;
}

TEST(Report, Numbers)
{
	EXPECT_EQ(format_number(1234567, -1), "1,234,567");
	EXPECT_EQ(format_number(999, -1), "999");
	EXPECT_EQ(format_number(-1234.5, 1), "-1,234.5");
	EXPECT_EQ(format_number(2020.0626, -1), "2,020.063");
	EXPECT_EQ(format_number(0.5, -1), "0.5");
	EXPECT_EQ(format_number(0, 2), "0.00");
}

TEST(Report, TextShowsBothSides)
{
	const std::string text = scenario_text(sample(), 120);
	EXPECT_THAT(text, HasSubstr("2,048    2,020  not run"));
	EXPECT_THAT(text, HasSubstr("patched: at most 2,021 (met)"));
	EXPECT_THAT(text, HasSubstr("patched: at most 0.5 x stock (MISSED)"));
	EXPECT_THAT(text, HasSubstr("third: at least 1 (not measured)"));
	EXPECT_THAT(text, HasSubstr("stock picture   patched picture"));
	EXPECT_THAT(text, HasSubstr("third: not run"));
}

TEST(Report, NarrowTerminalStacksBlocks)
{
	EXPECT_THAT(side_by_side({"[a]", "[b]"}, {{"12345678"}, {"12345678"}}, 10),
		    HasSubstr("[a]:\n  12345678\n[b]:\n"));
	EXPECT_THAT(side_by_side({"[a]", "[b]"}, {{"12345678"}, {"x", "y"}}, 40),
		    HasSubstr("12345678   x\n           y\n"));
}

TEST(Report, DifferingTests)
{
	Outcome outcome = sample();
	outcome.verdicts[0].leaves = {{"same", ktap::Outcome::ok, "", false},
				      {"feature", ktap::Outcome::skip, "", false}};
	outcome.verdicts[1].leaves = {{"same", ktap::Outcome::ok, "", false},
				      {"feature", ktap::Outcome::ok, "", false}};
	const std::string text = scenario_text(outcome, 120);
	EXPECT_THAT(text, HasSubstr("Tests that differ:"));
	EXPECT_THAT(text, HasSubstr("feature  skip   ok"));
	EXPECT_THAT(text, Not(HasSubstr("same ")));
}

TEST(Report, TallyAndExit)
{
	Outcome outcome = sample();
	EXPECT_THAT(summary_text({outcome}), HasSubstr("\n2 passed, 0 failed, 1 skipped\n"));
	EXPECT_TRUE(all_passed({outcome}));
	outcome.verdicts[1].failures.emplace_back("bad");
	EXPECT_FALSE(all_passed({outcome}));
	EXPECT_THAT(summary_text({outcome}), HasSubstr("\n1 passed, 1 failed, 1 skipped\n"));
	for (Verdict &verdict : outcome.verdicts)
		verdict.ran = false;
	EXPECT_FALSE(all_passed({outcome})); // nothing ran: nothing was proved
	EXPECT_FALSE(all_passed({}));
}

TEST(Report, Markdown)
{
	const std::string text = markdown({sample()}, "make bench");
	EXPECT_THAT(text, HasSubstr("Command: `make bench`."));
	EXPECT_THAT(text, HasSubstr("| what | stock | patched | third | unit | to beat |"));
	EXPECT_THAT(text, HasSubstr("|---|---:|---:|---:|---|---|"));
	EXPECT_THAT(text, HasSubstr("| memory | 2,048 | 2,020 | not run | KiB |"));
	EXPECT_THAT(text, HasSubstr("third: not run"));
}

TEST(Report, KeptAndLoaded)
{
	auto tmp = TempDir::make("hm-vm-test");
	ASSERT_TRUE(tmp);
	const Outcome outcome = sample();
	for (const Verdict &verdict : {outcome.verdicts[0], outcome.verdicts[1]})
		ASSERT_TRUE(write_file(tmp->path() / "s" / verdict.run / "verdict.json",
				       to_json(verdict).dump()));
	const auto loaded = load_outcomes({outcome.scenario}, tmp->path());
	ASSERT_TRUE(loaded) << loaded.error().what;
	ASSERT_EQ((*loaded)[0].verdicts.size(), 3U);
	EXPECT_EQ((*loaded)[0].verdicts[1].results.metrics.at("m").value, 2020);
	EXPECT_FALSE((*loaded)[0].verdicts[2].ran);
	ASSERT_TRUE(write_file(tmp->path() / "s/stock/verdict.json", "{ half"));
	EXPECT_FALSE(load_outcomes({outcome.scenario}, tmp->path()));
}

} // namespace
} // namespace hm::vm
