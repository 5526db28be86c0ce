// SPDX-License-Identifier: GPL-2.0-only
#include "scenario.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "files.hpp"

namespace hm::vm
{
namespace
{

using nlohmann::json;
using testing::HasSubstr;
using testing::SizeIs;

class ScenarioTest : public testing::Test
{
protected:
	void SetUp() override
	{
		auto tmp = TempDir::make("hm-vm-test");
		ASSERT_TRUE(tmp);
		tmp_.emplace(std::move(*tmp));
		ASSERT_TRUE(write_file(tmp_->path() / "s.sh", "plan 1\nok a\n"));
	}

	[[nodiscard]] Result<Scenario> parse(const json &document) const
	{
		return parse_scenario(document.dump(), tmp_->path() / "s.json");
	}

	/// The smallest scenario, changed by a merge patch (RFC 7396).
	[[nodiscard]] Result<Scenario> with(const char *patch) const
	{
		json document = {{"name", "s"},
				 {"about", "x"},
				 {"script", "s.sh"},
				 {"runs", {{{"name", "stock"}}}}};
		document.merge_patch(json::parse(patch));
		return parse(document);
	}

	std::optional<TempDir> tmp_;
};

TEST_F(ScenarioTest, SmallestOne)
{
	const auto scenario = with("{}");
	ASSERT_TRUE(scenario) << scenario.error().what;
	EXPECT_EQ(scenario->variant, "tiny");
	EXPECT_EQ(scenario->hardware.memory, "2G");
	ASSERT_THAT(scenario->runs, SizeIs(1));
	EXPECT_EQ(scenario->runs[0].kernel, "stock");
	EXPECT_EQ(scenario->runs[0].tests, TestsRule::pass);
}

struct Bad {
	const char *patch;
	const char *message;
};

TEST_F(ScenarioTest, MistakesAreNamed)
{
	const Bad cases[] = {
		{R"({"nmae": 1})", "nmae: unknown key"},
		{R"({"qemu": {"memroy": "1G"}})", "qemu.memroy: unknown key"},
		{R"({"runs": [{"name": "a", "kernle": "b"}]})", "runs[0].kernle: unknown key"},
		{R"({"name": null})", "name: is missing"},
		{R"({"name": 7})", "name: must be a string"},
		{R"({"name": "a/b"})", "name: may have only"},
		{R"({"about": ""})", "about: must be a string that is not empty"},
		{R"({"script": "absent.sh"})", "absent.sh does not exist"},
		{R"({"runs": null})", "runs: is missing"},
		{R"({"runs": []})", "runs: is empty"},
		{R"({"runs": {}})", "runs: must be a list"},
		{R"({"runs": ["stock"]})", "runs[0]: must be an object"},
		{R"({"runs": [{"name": "a"}, {"name": "a"}]})", "two runs are called \"a\""},
		{R"({"runs": [{"name": "a", "tests": "maybe"}]})",
		 "\"maybe\" is none of: pass, any, skip, none"},
		{R"({"runs": [{"name": "a", "tests": "any"}]})", "runs[0].reason: is missing"},
		{R"({"runs": [{"name": "a/b"}]})", "no '/'"},
		{R"({"timeout": 0})", "timeout: must be a number above 0"},
		{R"({"timeout": "60"})", "timeout: must be a number above 0"},
		{R"({"qemu": {"memory": "lots"}})", "\"lots\" is not a size"},
		{R"({"qemu": {"memory": "2GB"}})", "\"2GB\" is not a size"},
		{R"({"qemu": {"smp": 0}})", "qemu.smp: must be a whole number"},
		{R"({"qemu": {"machine": "icount"}})", "counting instructions needs"},
		{R"({"qemu": {"slots": 2}})", "slots and maxmem go together"},
		{R"({"qemu": {"numa": [{"memory": "1G"}]}})", "the nodes have 1024 MiB in all"},
		{R"({"files": [{"to": "bin/x", "from": "bin:x"}]})",
		 "files[0].to: must be an absolute path"},
		{R"({"files": [{"to": "/../x", "from": "bin:x"}]})", "must not contain"},
		{R"({"files": [{"to": "/x"}]})", "files[0].from: is missing"},
		{R"({"steps": [{"name": "a"}]})", "steps[0].do: is missing"},
		{R"({"steps": [{"name": "a", "do": [{"exec": "x"}]}]})",
		 "steps[0].do[0].exec: unknown key"},
		{R"({"steps": [{"name": "a", "do": []}, {"name": "a", "do": []}]})",
		 "two steps are called"},
		{R"({"bounds": [{"metric": "m"}]})", "a bound needs min, max or both"},
		{R"({"bounds": [{"metric": "m", "max": 1, "run": "gone"}]})",
		 "there is no run \"gone\""},
		{R"({"report": [{"label": "l", "metric": "m", "targets": [{"run": "gone", "max": 1}]}]})",
		 "there is no run \"gone\""},
		{R"({"must_fail": ["("]})", "is not a regular expression"},
		{R"({"allow_dmesg": [{"match": "x"}]})", "allow_dmesg[0].reason: is missing"},
		{R"({"allow_dmesg": [{"match": "(", "reason": "r"}]})",
		 "is not a regular expression"},
	};
	for (const auto &[patch, message] : cases) {
		const auto scenario = with(patch);
		ASSERT_FALSE(scenario) << patch;
		EXPECT_EQ(scenario.error().code, Exit::usage) << patch;
		EXPECT_THAT(scenario.error().what, HasSubstr(message)) << patch;
		EXPECT_THAT(scenario.error().what, HasSubstr("s.json")) << patch;
	}
}

TEST_F(ScenarioTest, NotJson)
{
	const auto scenario = parse_scenario("{ \"name\": ", tmp_->path() / "s.json");
	ASSERT_FALSE(scenario);
	EXPECT_THAT(scenario.error().what, HasSubstr("s.json: not valid JSON"));
	EXPECT_FALSE(parse_scenario("[]", tmp_->path() / "s.json"));
	EXPECT_FALSE(parse_scenario("", tmp_->path() / "s.json"));
}

TEST_F(ScenarioTest, RunMayChangeTheHardware)
{
	const auto scenario = with(R"({"qemu": {"memory": "4G", "smp": 2},
        "runs": [{"name": "a", "qemu": {"memory": "8G"}}, {"name": "b"}]})");
	ASSERT_TRUE(scenario) << scenario.error().what;
	ASSERT_TRUE(scenario->runs[0].hardware);
	EXPECT_EQ(scenario->runs[0].hardware->memory, "8G");
	EXPECT_EQ(scenario->runs[0].hardware->smp, 2U);
	EXPECT_FALSE(scenario->runs[1].hardware);
}

TEST(ScenarioSize, Sizes)
{
	EXPECT_EQ(*parse_size("512M"), 512ULL << 20);
	EXPECT_EQ(*parse_size("0"), 0ULL);
	EXPECT_EQ(*parse_size("3T"), 3ULL << 40);
	for (const char *bad : {"", "G", "1g", "-1G", "1.5G", "99999999999999T", "1 G"})
		EXPECT_FALSE(parse_size(bad)) << bad;
}

TEST(ScenarioFiles, AllOfOursAreWellFormed)
{
	int seen = 0;
	for (const auto &entry : std::filesystem::directory_iterator(HM_VM_SCENARIOS)) {
		if (entry.path().extension() != ".json")
			continue;
		const auto scenario = read_scenario(entry.path());
		EXPECT_TRUE(scenario) << scenario.error().what;
		if (scenario) {
			EXPECT_EQ(scenario->name, entry.path().stem().string());
		}
		++seen;
	}
	EXPECT_GT(seen, 0);
}

} // namespace
} // namespace hm::vm
