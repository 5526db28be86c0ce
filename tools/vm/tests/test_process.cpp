// SPDX-License-Identifier: GPL-2.0-only
#include "process.hpp"

#include <csignal>
#include <sys/wait.h>

#include <chrono>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "files.hpp"

namespace hm::vm
{
namespace
{

using testing::HasSubstr;

bool alive(pid_t pid)
{
	// A zombie that its new parent has not reaped yet is not alive.
	const auto stat = read_file("/proc/" + std::to_string(pid) + "/stat");
	return stat && stat->find(") Z ") == std::string::npos;
}

TEST(Process, OutputAndStatus)
{
	const auto text = run_output(
		{.argv = {"sh", "-c", "echo $HM_X; pwd"}, .cwd = "/", .env = {{"HM_X", "42"}}});
	ASSERT_TRUE(text) << text.error().what;
	EXPECT_EQ(*text, "42\n/\n");
	const auto bad = run_output({.argv = {"sh", "-c", "echo why; exit 3"}});
	ASSERT_FALSE(bad);
	EXPECT_THAT(bad.error().what, HasSubstr("exit status 3: why"));
}

TEST(Process, MissingProgramIsNamed)
{
	const auto child = Child::start({.argv = {"hm-no-such-program"}});
	ASSERT_FALSE(child);
	EXPECT_THAT(child.error().what, HasSubstr("cannot start hm-no-such-program: No such file"));
}

TEST(Process, EndTakesTheWholeGroup)
{
	auto tmp = TempDir::make("hm-vm-test");
	ASSERT_TRUE(tmp);
	const auto file = tmp->path() / "pid";
	pid_t grandchild = 0;
	{
		auto child = Child::start({.argv = {"sh", "-c",
						    "trap '' TERM; sleep 1000 & echo $! > pid.new; "
						    "mv pid.new pid; wait"},
					   .cwd = tmp->path()});
		ASSERT_TRUE(child);
		for (int i = 0; i < 500 && !std::filesystem::exists(file); ++i)
			std::this_thread::sleep_for(std::chrono::milliseconds(10));
		grandchild = std::stoi(*read_file(file));
		EXPECT_TRUE(alive(grandchild));
	} // the destructor ends the group
	for (int i = 0; i < 500 && alive(grandchild); ++i)
		std::this_thread::sleep_for(std::chrono::milliseconds(10));
	EXPECT_FALSE(alive(grandchild));
}

TEST(Process, LogIsKept)
{
	auto tmp = TempDir::make("hm-vm-test");
	ASSERT_TRUE(tmp);
	const auto log = tmp->path() / "log/x.log";
	const auto status =
		run_logged({.argv = {"sh", "-c", "echo out; echo err >&2; exit 7"}}, log);
	ASSERT_TRUE(status);
	EXPECT_EQ(*status, 7);
	EXPECT_THAT(*read_file(log),
		    AllOf(HasSubstr("$ sh -c"), HasSubstr("out\n"), HasSubstr("err\n")));
}

TEST(Process, Starvation)
{
	const double mine = starved_seconds(::getpid());
	EXPECT_GE(mine, 0);
	EXPECT_LT(mine, 3600);
	EXPECT_EQ(starved_seconds(1 << 30), 0); // no such process
}

TEST(Process, DeathBySignal)
{
	auto child = Child::start({.argv = {"sh", "-c", "kill -KILL $$"}});
	ASSERT_TRUE(child);
	EXPECT_EQ(child->wait(), 128 + SIGKILL);
}

} // namespace
} // namespace hm::vm
