// SPDX-License-Identifier: GPL-2.0-only
#include "process.hpp"
#include "scratch.hpp"

#include <csignal>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace hm::steps
{
namespace
{

using std::chrono::milliseconds;
using std::chrono::seconds;
using How = Ended::How;

class Process : public testing::Test
{
protected:
	Command command(std::string script, milliseconds limit = seconds{30})
	{
		Command out;
		out.script = std::move(script);
		out.directory = scratch_.path();
		out.log = scratch_.path() / "log";
		out.limit = limit;
		out.grace = milliseconds{300};
		out.tick = milliseconds{20};
		return out;
	}

	Ended run(const Command &what)
	{
		auto signals = Signals::take();
		EXPECT_TRUE(signals);
		auto ended = run_command(what, *signals);
		EXPECT_TRUE(ended) << ended.error().what;
		return ended.value_or(Ended{How::signalled, -1, {}, {}});
	}

	/// Whether the process whose number the script wrote to this file is alive.
	bool alive(const std::string &file) const
	{
		const auto text = scratch_.read(file);
		return !text.empty() && kill(std::stoi(text), 0) == 0;
	}

	Scratch scratch_;
};

TEST_F(Process, GivesTheExitCodeAndTheLog)
{
	const auto ended = run(command("echo out; echo err >&2; exit 7"));
	EXPECT_EQ(ended.how, How::exited);
	EXPECT_EQ(ended.value, 7);
	EXPECT_EQ(scratch_.read("log"), "out\nerr\n");
}

TEST_F(Process, StopsAtTheFirstFailingLine)
{
	EXPECT_NE(run(command("false\necho on")).value, 0);
	EXPECT_EQ(scratch_.read("log"), "");
}

TEST_F(Process, HasNoInput)
{
	EXPECT_EQ(run(command("! read -r line")).value, 0);
}

TEST_F(Process, ReportsTheSignal)
{
	const auto ended = run(command("kill -SEGV $$"));
	EXPECT_EQ(ended.how, How::signalled);
	EXPECT_EQ(ended.value, SIGSEGV);
}

TEST_F(Process, EndsAtItsLimit)
{
	const auto ended = run(command("sleep 60", milliseconds{200}));
	EXPECT_EQ(ended.how, How::overran);
	EXPECT_GE(ended.elapsed, milliseconds{200});
	EXPECT_LT(ended.elapsed, seconds{20});
}

TEST_F(Process, EndsEvenWhatIgnoresTheFirstSignal)
{
	const auto ended = run(command("trap '' TERM; echo $$ > pid; while :; do sleep 1; done",
				       milliseconds{300}));
	EXPECT_EQ(ended.how, How::overran);
	EXPECT_FALSE(alive("pid"));
}

TEST_F(Process, LeavesNothingOfItsGroupRunning)
{
	EXPECT_EQ(run(command("sleep 60 & echo $! > pid")).value, 0);
	EXPECT_FALSE(alive("pid"));
}

TEST_F(Process, LeavesNothingOfAnotherSessionRunning)
{
	const auto ended = run(command("setsid sh -c 'echo $$ > pid; exec sleep 60' & "
				       "while ! test -s pid; do sleep 0.05; done"));
	EXPECT_EQ(ended.value, 0);
	EXPECT_FALSE(alive("pid"));
}

TEST_F(Process, EndsWhenTheUserAsks)
{
	auto signals = Signals::take();
	ASSERT_TRUE(signals);
	const auto what = command("echo $$ > pid; kill -INT $PPID; exec sleep 60");
	const auto ended = run_command(what, *signals);
	ASSERT_TRUE(ended);
	EXPECT_EQ(ended->how, How::interrupted);
	EXPECT_EQ(ended->value, SIGINT);
	EXPECT_EQ(signals->asked(), SIGINT);
	EXPECT_FALSE(alive("pid"));
}

TEST_F(Process, AddsToTheEnvironment)
{
	auto what = command("echo $WHERE");
	what.environment["WHERE"] = "here";
	EXPECT_EQ(run(what).value, 0);
	EXPECT_EQ(scratch_.read("log"), "here\n");
}

TEST_F(Process, SaysWhereItCannotStart)
{
	auto what = command("true");
	what.directory = scratch_.path() / "gone";
	EXPECT_EQ(run(what).value, 126);
	EXPECT_THAT(scratch_.read("log"), testing::HasSubstr("gone"));
}

TEST_F(Process, NeedsALog)
{
	auto signals = Signals::take();
	ASSERT_TRUE(signals);
	auto what = command("true");
	what.log = scratch_.path() / "no" / "log";
	const auto ended = run_command(what, *signals);
	ASSERT_FALSE(ended);
	EXPECT_EQ(ended.error().code, Exit::environment);
	EXPECT_THAT(ended.error().what, testing::HasSubstr("no/log"));
}

} // namespace
} // namespace hm::steps
