// SPDX-License-Identifier: GPL-2.0-only
#include "runner.hpp"
#include "scratch.hpp"
#include "screen.hpp"

#include <csignal>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

namespace hm::steps
{
namespace
{

using State = Verdict::State;
using testing::HasSubstr;

/// Runs a plan given as text, with the screen's output taken away.
class Runner : public testing::Test
{
protected:
	Result<Summary> run(const std::string &text, std::chrono::milliseconds limit = {})
	{
		const auto plan = read_plan(scratch_.write("p.plan", text));
		if (!plan)
			return tl::unexpected<Error>{plan.error()};
		Options options;
		options.top = scratch_.path();
		options.log_dir = scratch_.path() / "logs";
		options.limit = limit;
		options.jobs = 4;
		options.grace = std::chrono::milliseconds{300};
		testing::internal::CaptureStdout();
		testing::internal::CaptureStderr();
		auto out = run_plan(*plan, options);
		err_ = testing::internal::GetCapturedStderr();
		out_ = testing::internal::GetCapturedStdout();
		return out;
	}

	static std::string step(const std::string &id, const std::string &run,
				const std::string &needs = "", const std::string &flags = "")
	{
		return "step " + id + "\ntitle T-" + id + "\nbudget 0.5\nrun " + run + "\n" +
		       (needs.empty() ? "" : "needs " + needs + "\n") +
		       (flags.empty() ? "" : "flags " + flags + "\n");
	}

	/// For a script that stands in for the user.
	const std::string ask = "kill -INT " + std::to_string(getpid()) + "; ";

	Scratch scratch_;
	std::string out_;
	std::string err_;
};

TEST_F(Runner, CountsAllSteps)
{
	const auto out =
		run(step("a", "true") + step("b", "echo 1..2; echo ok 1 x; echo ok 2 y '# SKIP'"));
	ASSERT_TRUE(out) << out.error().what;
	EXPECT_EQ(out->counts, (Counts{2, 0, 1}));
	EXPECT_EQ(out->exit, Exit::ok);
	EXPECT_THAT(scratch_.read("logs/results.tsv"), HasSubstr("b\tpassed\t"));
}

TEST_F(Runner, GoesOnAfterAFailureButNotBehindIt)
{
	const auto out =
		run(step("bad", "echo boom; false") + step("after", "touch after.ran", "bad") +
		    step("behind", "touch behind.ran", "after") + step("free", "touch free.ran"));
	ASSERT_TRUE(out);
	EXPECT_EQ(out->counts, (Counts{1, 3, 0}));
	EXPECT_EQ(out->exit, Exit::failed);
	EXPECT_EQ(out->verdicts[0].state, State::failed);
	EXPECT_EQ(out->verdicts[1].state, State::not_run);
	EXPECT_EQ(out->verdicts[2].state, State::not_run);
	EXPECT_EQ(out->verdicts[3].state, State::passed);
	EXPECT_FALSE(std::filesystem::exists(scratch_.path() / "after.ran"));
	EXPECT_FALSE(std::filesystem::exists(scratch_.path() / "behind.ran"));
	EXPECT_TRUE(std::filesystem::exists(scratch_.path() / "free.ran"));
	EXPECT_THAT(out_, HasSubstr("boom"));
	EXPECT_THAT(out_, HasSubstr("needs bad"));
}

TEST_F(Runner, MissingCommandFails)
{
	const auto out = run(step("a", "tools/there/is/none"));
	ASSERT_TRUE(out);
	EXPECT_EQ(out->exit, Exit::failed);
	EXPECT_THAT(out->verdicts[0].reason, HasSubstr("no such command"));
}

TEST_F(Runner, SkippedStepOfAllSkipsFails)
{
	const auto text = "echo 1..1; echo 'ok 1 # SKIP no'";
	EXPECT_EQ(run(step("a", text))->exit, Exit::failed);
	EXPECT_EQ(run(step("a", text, "", "allskip"))->exit, Exit::ok);
}

TEST_F(Runner, EnvironmentIsToldFromFailure)
{
	EXPECT_EQ(run(step("a", "exit 3") + step("b", "true", "a"))->exit, Exit::environment);
	EXPECT_EQ(run(step("a", "exit 3") + step("b", "exit 1"))->exit, Exit::failed);
}

TEST_F(Runner, OverrunFailsAndIsKilled)
{
	const auto out = run("step a\ntitle A\nbudget 0.003\nrun sleep 60\n");
	ASSERT_TRUE(out);
	EXPECT_EQ(out->exit, Exit::failed);
	EXPECT_THAT(out->verdicts[0].reason, HasSubstr("ran past its budget"));
	EXPECT_LT(out->elapsed[0], std::chrono::seconds{20});
}

TEST_F(Runner, LimitOfTheWholeRunEndsIt)
{
	const auto out = run(step("a", "sleep 60") + step("b", "touch b.ran"),
			     std::chrono::milliseconds{300});
	ASSERT_TRUE(out);
	EXPECT_EQ(out->exit, Exit::failed);
	EXPECT_THAT(out->verdicts[0].reason, HasSubstr("ran past its budget"));
	EXPECT_EQ(out->verdicts[1].state, State::not_run);
	EXPECT_THAT(out->verdicts[1].reason, HasSubstr("whole run"));
	EXPECT_EQ(out->counts, (Counts{0, 2, 0}));
	EXPECT_FALSE(std::filesystem::exists(scratch_.path() / "b.ran"));
}

TEST_F(Runner, LogThatCannotBeWrittenIsAFailureOfItsStep)
{
	std::filesystem::create_directories(scratch_.path() / "logs/a.log");
	const auto out = run(step("a", "true") + step("b", "true"));
	ASSERT_TRUE(out);
	EXPECT_EQ(out->verdicts[0].state, State::failed);
	EXPECT_TRUE(out->verdicts[0].environment);
	EXPECT_THAT(out->verdicts[0].reason, HasSubstr("a.log"));
	EXPECT_EQ(out->counts, (Counts{1, 1, 0}));
	EXPECT_EQ(out->exit, Exit::environment);
}

TEST_F(Runner, InterruptionNamesWhatWasNotRun)
{
	const auto out = run(step("a", ask + "sleep 60") + step("b", "touch b.ran"));
	ASSERT_TRUE(out);
	EXPECT_EQ(out->interrupted, SIGINT);
	EXPECT_EQ(out->verdicts[0].reason, "interrupted");
	EXPECT_EQ(out->verdicts[1].state, State::not_run);
	EXPECT_EQ(out->counts, (Counts{0, 2, 0}));
	EXPECT_FALSE(std::filesystem::exists(scratch_.path() / "b.ran"));
}

/// Shell: waits for a file.
std::string await(const std::string &file)
{
	return "until test -s " + file + "; do sleep 0.02; done; ";
}

TEST_F(Runner, LanesRunBesideEachOther)
{
	const auto out = run("lanes 2\n" + step("a", "echo 1 > a; " + await("b")) +
			     step("b", "echo 1 > b; " + await("a")) +
			     step("c", "test -s a && test -s b", "a b"));
	ASSERT_TRUE(out);
	EXPECT_EQ(out->counts, (Counts{3, 0, 0}));
}

TEST_F(Runner, NoMoreThanThereAreLanes)
{
	const auto alone = "mkdir only; sleep 0.2; rmdir only";
	const auto out = run(step("a", alone) + step("b", alone) + step("c", alone));
	ASSERT_TRUE(out);
	EXPECT_EQ(out->counts, (Counts{3, 0, 0}));
}

TEST_F(Runner, ProcessorsAreForThoseThatRunAtOnce)
{
	const auto out = run("lanes 2\n" + step("first", "test $JOBS = 4") +
			     step("a", "test $JOBS = 2; echo 1 > a; " + await("b"), "first") +
			     step("b", "test $JOBS = 2; echo 1 > b; " + await("a"), "first") +
			     step("last", "test $JOBS = 4", "a b"));
	ASSERT_TRUE(out);
	EXPECT_EQ(out->counts, (Counts{4, 0, 0})) << out_;
}

TEST_F(Runner, WhatOneLeavesIsEndedAndNothingOfAnother)
{
	const auto out = run(
		"lanes 2\n" + step("a", await("b") + "setsid sleep 60 & echo $! > a") +
		step("b", "setsid sleep 60 & mine=$!; echo 1 > b; " + await("a") +
				  "while kill -0 $(cat a); do sleep 0.02; done; kill -0 $mine"));
	ASSERT_TRUE(out);
	EXPECT_EQ(out->counts, (Counts{2, 0, 0})) << out_;
}

TEST_F(Runner, InterruptionEndsAll)
{
	const auto out = run("lanes 2\n" + step("a", "echo 1 > a; sleep 60") +
			     step("b", await("a") + ask + "sleep 60") + step("c", "true"));
	ASSERT_TRUE(out);
	EXPECT_EQ(out->interrupted, SIGINT);
	EXPECT_EQ(out->verdicts[0].reason, "interrupted");
	EXPECT_EQ(out->verdicts[1].reason, "interrupted");
	EXPECT_EQ(out->verdicts[2].state, State::not_run);
}

TEST_F(Runner, ShowsTheOutputOfAStepThatIsTheResult)
{
	ASSERT_TRUE(run(step("a", "echo quiet") + step("b", "echo the picture", "", "show")));
	EXPECT_THAT(out_, HasSubstr("the picture"));
	EXPECT_THAT(out_, testing::Not(HasSubstr("quiet")));
}

TEST_F(Runner, CircleIsRefusedBeforeTheFirstStep)
{
	const auto out =
		run(step("z", "touch z.ran") + step("a", "true", "b") + step("b", "true", "a"));
	ASSERT_FALSE(out);
	EXPECT_EQ(out.error().code, Exit::usage);
	EXPECT_FALSE(std::filesystem::exists(scratch_.path() / "z.ran"));
}

TEST_F(Runner, LogFolderThatCannotBeMade)
{
	scratch_.write("logs", "a file where the folder should be");
	const auto out = run(step("a", "true"));
	ASSERT_FALSE(out);
	EXPECT_EQ(out.error().code, Exit::environment);
	EXPECT_THAT(out.error().what, HasSubstr("logs"));
}

TEST(LastLine, IsCleanAndNotBlank)
{
	const Scratch scratch;
	EXPECT_EQ(last_line(scratch.write("a", "one\ntwo\x1b[31m red\x1b[0m\r\n\n   \n")),
		  "two red");
	EXPECT_EQ(last_line(scratch.write("b", "")), "");
	EXPECT_EQ(last_line(scratch.path() / "none"), "");
	EXPECT_EQ(last_line(scratch.write("c", std::string(10000, 'x') + "\nend")), "end");
}

} // namespace
} // namespace hm::steps
