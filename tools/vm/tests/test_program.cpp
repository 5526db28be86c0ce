// SPDX-License-Identifier: GPL-2.0-only
// The program as a whole, with a QEMU and a kernel tree that are shell scripts: exit codes,
// messages, and that nothing is left behind when it is interrupted.
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <filesystem>
#include <optional>
#include <thread>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fd.hpp"
#include "files.hpp"

namespace fs = std::filesystem;

namespace hm::vm
{
namespace
{

using testing::HasSubstr;
using testing::Not;

struct Ended {
	int status = -1;  ///< exit status, or 128 + signal
	std::string text; ///< stdout and stderr
};

class Program : public testing::Test
{
protected:
	void SetUp() override
	{
		auto tmp = TempDir::make("hm-vm-test");
		ASSERT_TRUE(tmp);
		tmp_.emplace(std::move(*tmp));
		ASSERT_TRUE(make_dirs(at("bin")) && make_dirs(at("tmp")));
		ASSERT_TRUE(write_file(at("busybox"), "not dynamic"));
		ASSERT_TRUE(write_file(at("bzImage"), "kernel"));
		ASSERT_TRUE(write_file(at("s.sh"), "plan 1\nok a\n"));
		scenario(R"("timeout": 1)");
	}

	[[nodiscard]] fs::path at(const char *name) const { return tmp_->path() / name; }

	void scenario(const std::string &more)
	{
		ASSERT_TRUE(write_file(at("s.json"),
				       fmt::format(R"({{"name": "s", "about": "x", "script": "s.sh",
            "runs": [{{"name": "stock"}}], {}}})",
						   more)));
	}

	void script(const char *name, const std::string &body)
	{
		ASSERT_TRUE(write_file(at(name), "#!/bin/sh\n" + body));
		fs::permissions(at(name), fs::perms::owner_all);
	}

	/// Starts hm-vm with its output in the file "out".
	pid_t start(const std::vector<std::string> &args, const std::string &path)
	{
		const pid_t pid = ::fork();
		if (pid != 0)
			return pid;
		::setenv("PATH", path.c_str(), 1);
		::setenv("CACHE", at("cache").c_str(), 1);
		::setenv("TMPDIR", at("tmp").c_str(), 1);
		::setenv("BUSYBOX", at("busybox").c_str(), 1);
		::setenv("PIDFILE", at("pid").c_str(), 1);
		const Fd out(::open(at("out").c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0644));
		::dup2(out.get(), 1);
		::dup2(out.get(), 2);
		std::vector<char *> argv = {const_cast<char *>("hm-vm")};
		for (const std::string &arg : args)
			argv.push_back(const_cast<char *>(arg.c_str()));
		argv.push_back(nullptr);
		::execv(HM_VM_PROGRAM, argv.data());
		::_exit(126);
	}

	Ended finish(pid_t pid)
	{
		int status = 0;
		::waitpid(pid, &status, 0);
		return {WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status),
			*read_file(at("out"))};
	}

	Ended run(const std::vector<std::string> &args)
	{
		return finish(start(args, at("bin").string() + ":/usr/bin:/bin"));
	}

	std::vector<std::string> run_args(const std::vector<std::string> &more = {})
	{
		std::vector<std::string> args = {
			"run",     at("s.json"), "--kernel", "stock=" + at("bzImage").string(),
			"--accel", "tcg",        "--out",    at("results")};
		args.insert(args.end(), more.begin(), more.end());
		return args;
	}

	/// Waits for the process that wrote its id into the file "pid".
	pid_t wait_for_pid()
	{
		for (int i = 0; i < 1000; ++i) {
			const auto text = read_file(at("pid"));
			if (text && !text->empty() && text->back() == '\n')
				return std::stoi(*text);
			std::this_thread::sleep_for(std::chrono::milliseconds(10));
		}
		return -1;
	}

	static bool gone(pid_t pid)
	{
		for (int i = 0; i < 500; ++i) {
			const auto stat = read_file(fmt::format("/proc/{}/stat", pid));
			if (!stat || stat->find(") Z ") != std::string::npos)
				return true;
			std::this_thread::sleep_for(std::chrono::milliseconds(10));
		}
		return false;
	}

	std::optional<TempDir> tmp_;
};

constexpr const char *sleeper = "trap '' TERM; sleep 1000 & echo $! > $PIDFILE; wait\n";

TEST_F(Program, InterruptedRunLeavesNothing)
{
	for (const int signo : {SIGINT, SIGTERM}) {
		fs::remove(at("pid"));
		script("bin/qemu-system-x86_64", sleeper);
		scenario(R"("timeout": 100)");
		const pid_t pid = start(run_args(), at("bin").string() + ":/usr/bin:/bin");
		const pid_t guest = wait_for_pid();
		ASSERT_GT(guest, 0);
		::kill(pid, signo);
		const Ended ended = finish(pid);
		EXPECT_EQ(ended.status, 128 + signo) << ended.text;
		EXPECT_THAT(ended.text, HasSubstr("interrupted"));
		EXPECT_TRUE(gone(guest));
		EXPECT_TRUE(fs::is_empty(at("tmp")));
	}
}

TEST_F(Program, KilledRunTakesTheGuestWithIt)
{
	script("bin/qemu-system-x86_64", "echo $$ > $PIDFILE; exec sleep 1000\n");
	scenario(R"("timeout": 100)");
	const pid_t pid = start(run_args(), at("bin").string() + ":/usr/bin:/bin");
	const pid_t guest = wait_for_pid();
	ASSERT_GT(guest, 0);
	::kill(pid, SIGKILL);
	finish(pid);
	EXPECT_TRUE(gone(guest));
}

TEST_F(Program, HangIsAFailure)
{
	script("bin/qemu-system-x86_64", sleeper);
	const Ended ended = run(run_args());
	EXPECT_EQ(ended.status, 1);
	EXPECT_THAT(ended.text, HasSubstr("hang: not powered off after 1 s"));
	EXPECT_THAT(ended.text, HasSubstr("0 passed, 1 failed, 0 skipped"));
	EXPECT_TRUE(gone(wait_for_pid()));
	EXPECT_TRUE(fs::exists(at("results") / "s/stock/verdict.json"));
	EXPECT_TRUE(fs::is_empty(at("tmp")));
}

TEST_F(Program, QemuThatFailsIsQuoted)
{
	script("bin/qemu-system-x86_64", "echo 'cannot set up guest memory' >&2; exit 1\n");
	const Ended ended = run(run_args());
	EXPECT_EQ(ended.status, 1);
	EXPECT_THAT(ended.text, HasSubstr("QEMU ended with status 1"));
	EXPECT_THAT(ended.text, HasSubstr("cannot set up guest memory"));
}

TEST_F(Program, MissingQemuIsEnvironment)
{
	const Ended ended = finish(start(run_args(), at("bin")));
	EXPECT_EQ(ended.status, 3);
	EXPECT_THAT(ended.text, HasSubstr("apt-get install qemu-system-x86"));
}

TEST_F(Program, UsageErrors)
{
	struct Case {
		std::vector<std::string> args;
		const char *message;
	};
	const std::string s = at("s.json");
	const Case cases[] = {
		{{}, "subcommand"},
		{{"run"}, "scenario is required"},
		{{"run", s, "--kernle", "x"}, "--kernle"},
		{{"run", s}, "needs a stock kernel of variant tiny"},
		{{"run", s, "--kernel", "stock"}, "must be ROLE=DIR"},
		{{"run", s, "--kernel", "stock=/nonexistent"},
		 "/nonexistent: neither a kernel image"},
		{{"run", s, "--kernel", "stock=a", "--kernel", "stock=b"}, "given twice"},
		{{"run", s, "--only", "gone"}, "no scenario has such a run"},
		{{"run", s, "--accel", "fast"}, "--accel"},
		{{"run", "/nonexistent.json"}, "/nonexistent.json: No such file"},
		{{"kernel", "--src", "/tmp", "--out", at("k"), "--config", s},
		 "not a Linux kernel tree"},
		{{"initramfs", "--out", at("x"), "--add", "/nonexistent"}, "does not exist"},
		{{"shell", "--kernel", at("bzImage"), "--memory", "much"}, "not a size"},
	};
	script("bin/qemu-system-x86_64", "exit 1\n");
	for (const auto &[args, message] : cases) {
		const Ended ended = run(args);
		EXPECT_EQ(ended.status, 2) << ended.text;
		EXPECT_THAT(ended.text, HasSubstr(message));
	}
}

TEST_F(Program, PartialNamesWhatWasNotRun)
{
	const Ended ended =
		run({"run", at("s.json"), "--partial", "--accel", "tcg", "--out", at("results")});
	EXPECT_EQ(ended.status, 1); // nothing ran, so nothing was proved
	EXPECT_THAT(ended.text, HasSubstr("not run: no --kernel stock=DIR"));
	EXPECT_THAT(ended.text, HasSubstr("0 passed, 0 failed, 1 skipped"));
}

TEST_F(Program, MissingFilesOfAScenario)
{
	script("bin/qemu-system-x86_64", "exit 1\n");
	scenario(R"("files": [{"to": "/bin/x", "from": "bin:hm-nothing"}])");
	Ended ended = run(run_args());
	EXPECT_EQ(ended.status, 3);
	EXPECT_THAT(ended.text, HasSubstr("bin:hm-nothing is not there"));
	scenario(R"("files": [{"to": "/bin/x", "from": "bin:hm-nothing", "optional": true}])");
	ended = run(run_args());
	EXPECT_EQ(ended.status, 1); // this QEMU fails, but it got as far as that
	EXPECT_THAT(ended.text, HasSubstr("not built, left out: bin:hm-nothing"));
	EXPECT_EQ(run(run_args({"--complete"})).status, 3);
}

/// A tree with as much of the kernel's build as hm-vm sees of it: it loses CONFIG_GONE.
class KernelCommand : public Program
{
protected:
	void SetUp() override
	{
		Program::SetUp();
		ASSERT_TRUE(write_file(
			at("tree/Makefile"),
			"allnoconfig:\n\tgrep -v CONFIG_GONE= $(KCONFIG_ALLCONFIG) > $(O)/.config\n"
			"olddefconfig:\n\tsed -i /CONFIG_GONE/d $(O)/.config\n"
			"bzImage:\n\tmkdir -p $(O)/arch/x86/boot; echo k > $(O)/arch/x86/boot/bzImage\n"
			"broken:\n\t@echo 'mm/x.c:1: error: no such thing'; exit 1\n"
			"slow:\n\techo $$$$ > $(PIDFILE); sleep 1000\n"));
		ASSERT_TRUE(make_dirs(at("tree/scripts/kconfig")));
		script("tree/scripts/kconfig/merge_config.sh", "exit 1\n"); // only looked for
		ASSERT_TRUE(write_file(at("tree/Kconfig"), "config KEPT\nconfig GONE\n"));
		ASSERT_TRUE(write_file(at("a.config"), "CONFIG_KEPT=y\n"));
		ASSERT_TRUE(write_file(at("feature"), "CONFIG_FEATURE=y\n"));
		for (const char *tool : {"flex", "bison", "bc"})
			script(fmt::format("bin/{}", tool).c_str(), "exit 0\n");
	}

	Ended kernel(const std::vector<std::string> &more)
	{
		std::vector<std::string> args = {"kernel",    "--src",    at("tree"),    "--out",
						 at("build"), "--config", at("a.config")};
		args.insert(args.end(), more.begin(), more.end());
		return run(args);
	}
};

TEST_F(KernelCommand, Builds)
{
	const Ended ended = kernel({"--target", "bzImage"});
	EXPECT_EQ(ended.status, 0) << ended.text;
	EXPECT_THAT(ended.text, HasSubstr("all 1 wanted lines are there"));
	EXPECT_TRUE(fs::exists(at("build/arch/x86/boot/bzImage")));
}

TEST_F(KernelCommand, LostOptionsAreNamed)
{
	ASSERT_TRUE(write_file(at("a.config"), "CONFIG_KEPT=y\nCONFIG_GONE=y\n"));
	const Ended ended = kernel({"--configure-only"});
	EXPECT_EQ(ended.status, 1);
	EXPECT_THAT(ended.text, HasSubstr("1 wanted options were lost"));
	EXPECT_THAT(ended.text,
		    HasSubstr("CONFIG_GONE=y (a.config:2) became n: a dependency is not met"));
	// The same again: a configuration that failed the check must not pass by being there
	// already.
	EXPECT_EQ(kernel({"--configure-only"}).status, 1);
}

TEST_F(KernelCommand, FeaturesOfTheSeriesOnStock)
{
	const Ended ended = kernel({"--fragment", at("feature"), "--configure-only", "--stock"});
	EXPECT_EQ(ended.status, 0) << ended.text;
	EXPECT_THAT(ended.text,
		    HasSubstr("CONFIG_FEATURE of feature is unknown to it and left out"));
	EXPECT_THAT(*read_file(at("build/.config")), Not(HasSubstr("FEATURE")));
	// Without --stock the tree is one with the series: its feature must be there.
	ASSERT_TRUE(write_file(at("feature"), "CONFIG_GONE=y\n"));
	EXPECT_EQ(kernel({"--fragment", at("feature"), "--configure-only"}).status, 1);
	// A feature that the stock tree knows and loses is an error as well.
	EXPECT_EQ(kernel({"--fragment", at("feature"), "--configure-only", "--stock"}).status, 1);
}

TEST_F(KernelCommand, VariantMayConfigureAFeatureOut)
{
	ASSERT_TRUE(write_file(at("a.config"), "# CONFIG_FEATURE is not set\n"));
	const Ended ended = kernel({"--fragment", at("feature"), "--configure-only"});
	EXPECT_EQ(ended.status, 0) << ended.text;
}

TEST_F(KernelCommand, BrokenBuildQuotesTheError)
{
	const Ended ended = kernel({"--target", "broken"});
	EXPECT_EQ(ended.status, 1);
	EXPECT_THAT(ended.text, HasSubstr("mm/x.c:1: error: no such thing"));
	EXPECT_THAT(ended.text, HasSubstr("cache/log/kernel-build.log"));
}

TEST_F(KernelCommand, TreeBuiltInPlaceIsRefused)
{
	ASSERT_TRUE(write_file(at("tree/.config"), ""));
	const Ended ended = kernel({});
	EXPECT_EQ(ended.status, 2);
	EXPECT_THAT(ended.text, HasSubstr("mrproper"));
}

TEST_F(KernelCommand, InterruptedBuildLeavesNoMake)
{
	const pid_t pid = start({"kernel", "--src", at("tree"), "--out", at("build"), "--config",
				 at("a.config"), "--target", "slow"},
				at("bin").string() + ":/usr/bin:/bin");
	const pid_t shell = wait_for_pid();
	ASSERT_GT(shell, 0);
	::kill(pid, SIGINT);
	EXPECT_EQ(finish(pid).status, 128 + SIGINT);
	EXPECT_TRUE(gone(shell));
}

} // namespace
} // namespace hm::vm
