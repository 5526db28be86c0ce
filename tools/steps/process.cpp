// SPDX-License-Identifier: GPL-2.0-only
#include "process.hpp"

#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <fmt/format.h>
#include <fstream>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>
#include <utility>
#include <vector>

namespace hm::steps
{
namespace
{

using Clock = std::chrono::steady_clock;
using std::chrono::duration_cast;
using std::chrono::milliseconds;

sigset_t ours()
{
	sigset_t set;
	sigemptyset(&set);
	for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGCHLD})
		sigaddset(&set, signal);
	return set;
}

std::string errno_text()
{
	return std::strerror(errno);
}

/// Parent process id of a process, from /proc/PID/stat; 0 when it is gone.
pid_t parent_of(const std::string &pid)
{
	std::ifstream in{"/proc/" + pid + "/stat"};
	std::string line;
	if (!std::getline(in, line))
		return 0;
	// the name, in parentheses, may hold anything
	const auto name_end = line.rfind(") ");
	if (name_end == std::string::npos || line.size() < name_end + 5)
		return 0;
	pid_t parent = 0;
	const auto *const from = line.data() + name_end + 4;
	std::from_chars(from, line.data() + line.size(), parent);
	return parent;
}

/// Processes whose parent is this one, alive or to be reaped.
std::vector<pid_t> children()
{
	std::vector<pid_t> out;
	std::error_code ec;
	for (const auto &entry : std::filesystem::directory_iterator{"/proc", ec}) {
		const auto name = entry.path().filename().string();
		pid_t pid = 0;
		const auto [end, bad] =
			std::from_chars(name.data(), name.data() + name.size(), pid);
		if (bad == std::errc{} && end == name.data() + name.size() &&
		    parent_of(name) == getpid())
			out.push_back(pid);
	}
	return out;
}

void reap_orphans()
{
	while (waitpid(-1, nullptr, WNOHANG) > 0)
		;
}

/// Ends every process that is left of a step: first asks, then does not ask.
void end_orphans(Signals &signals, milliseconds grace)
{
	reap_orphans();
	const auto until = Clock::now() + grace;
	for (bool asked = false;;) {
		const auto left = children();
		if (left.empty())
			return;
		const bool hard = Clock::now() >= until;
		if (!asked || hard)
			for (const auto pid : left)
				kill(pid, hard ? SIGKILL : SIGTERM);
		asked = true;
		signals.wait(milliseconds{50});
		reap_orphans();
	}
}

/// Whether a child has ended; it stays to be reaped.
bool has_ended(pid_t pid)
{
	siginfo_t info{};
	return waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
	       info.si_pid == pid;
}

/// The child's side: never returns.
[[noreturn]] void become(const Command &command, int log)
{
	setpgid(0, 0);
	const auto set = ours();
	sigprocmask(SIG_UNBLOCK, &set, nullptr);
	for (const auto &[name, value] : command.environment)
		setenv(name.c_str(), value.c_str(), 1);
	const int null = open("/dev/null", O_RDONLY);
	dup2(null, STDIN_FILENO);
	dup2(log, STDOUT_FILENO);
	dup2(log, STDERR_FILENO);
	if (chdir(command.directory.c_str()) == 0)
		execl("/bin/sh", "sh", "-e", "-c", command.script.c_str(),
		      static_cast<char *>(nullptr));
	dprintf(STDERR_FILENO, "cannot start in %s: %s\n", command.directory.c_str(),
		std::strerror(errno));
	_exit(126);
}

} // namespace

Result<Signals> Signals::take()
{
	const auto set = ours();
	sigprocmask(SIG_BLOCK, &set, nullptr);
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	const int fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (fd < 0)
		return fail(Exit::environment, fmt::format("signalfd: {}", errno_text()));
	return Signals{fd};
}

Signals::Signals(Signals &&other) noexcept : fd_(std::exchange(other.fd_, -1)), asked_(other.asked_)
{
}

Signals::~Signals()
{
	if (fd_ < 0)
		return;
	close(fd_);
	prctl(PR_SET_CHILD_SUBREAPER, 0);
	const auto set = ours();
	sigprocmask(SIG_UNBLOCK, &set, nullptr);
}

int Signals::wait(milliseconds limit)
{
	pollfd one{.fd = fd_, .events = POLLIN, .revents = 0};
	if (poll(&one, 1, static_cast<int>(limit.count())) <= 0)
		return 0;
	int now = 0;
	signalfd_siginfo info{};
	while (read(fd_, &info, sizeof info) == static_cast<ssize_t>(sizeof info))
		if (info.ssi_signo != SIGCHLD)
			now = asked_ = static_cast<int>(info.ssi_signo);
	return now;
}

Result<Ended> run_command(const Command &command, Signals &signals)
{
	const int log = open(command.log.c_str(),
			     O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0644);
	if (log < 0)
		return fail(Exit::environment,
			    fmt::format("{}: {}; CACHE= names a folder that can be "
					"written",
					command.log.string(), errno_text()));
	const auto begin = Clock::now();
	const auto pid = fork();
	if (pid == 0)
		become(command, log);
	close(log);
	if (pid < 0)
		return fail(Exit::environment, fmt::format("fork: {}", errno_text()));
	setpgid(pid, pid); // both sides: whoever comes first

	Ended ended;
	ended.limit = command.limit;
	bool ending = false;
	bool killed = false;
	auto kill_at = Clock::time_point::max();
	for (;;) {
		const int asked = signals.wait(command.tick);
		const auto now = Clock::now();
		ended.elapsed = duration_cast<milliseconds>(now - begin);
		if (has_ended(pid))
			break;
		if (!ending && (asked != 0 || ended.elapsed >= command.limit)) {
			ending = true;
			ended.how = asked != 0 ? Ended::How::interrupted : Ended::How::overran;
			ended.value = asked;
			kill_at = now + command.grace;
			kill(-pid, SIGTERM);
		} else if (ending && !killed && (now >= kill_at || asked != 0)) {
			killed = true; // its time is up, or the user asked twice
			kill(-pid, SIGKILL);
		}
	}
	kill(-pid, SIGTERM); // what it left in its group, whose number is still its own
	int status = 0;
	waitpid(pid, &status, 0);
	end_orphans(signals, command.grace);

	if (ending)
		return ended;
	if (WIFSIGNALED(status)) {
		ended.how = Ended::How::signalled;
		ended.value = WTERMSIG(status);
	} else {
		ended.value = WEXITSTATUS(status);
	}
	return ended;
}

} // namespace hm::steps
