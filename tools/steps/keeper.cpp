// SPDX-License-Identifier: GPL-2.0-only
#include "keeper.hpp"

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>
#include <utility>

namespace hm::steps
{
namespace
{

/// What the keeper says: one write, below PIPE_BUF.
struct Answer {
	Ended ended;
	Exit code = Exit::ok;           ///< not ok: it could not be started
	std::array<char, 512> why = {}; ///< a text that ends with 0
};

/// The keeper: never returns.
[[noreturn]] void keep(const Command &command, Signals &signals, int answer)
{
	setpgid(0, 0); // what the terminal sends comes by ask() alone, once
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	Answer said;
	if (const auto ended = run_command(command, signals)) {
		said.ended = *ended;
	} else {
		said.code = ended.error().code;
		ended.error().what.copy(said.why.data(), said.why.size() - 1);
	}
	const auto written = write(answer, &said, sizeof said);
	_exit(written == static_cast<ssize_t>(sizeof said) ? 0 : 1);
}

} // namespace

Result<Kept> Kept::start(const Command &command, Signals &signals)
{
	std::array<int, 2> ends{};
	if (pipe2(ends.data(), O_CLOEXEC | O_NONBLOCK) != 0)
		return fail(Exit::environment, fmt::format("pipe: {}", std::strerror(errno)));
	const auto pid = fork();
	if (pid == 0)
		keep(command, signals, ends[1]);
	close(ends[1]);
	if (pid < 0) {
		close(ends[0]);
		return fail(Exit::environment, fmt::format("fork: {}", std::strerror(errno)));
	}
	setpgid(pid, pid); // both sides: whoever comes first
	return Kept{pid, ends[0]};
}

Kept::Kept(Kept &&other) noexcept
	: pid_(std::exchange(other.pid_, -1)), answer_(std::exchange(other.answer_, -1)),
	  begin_(other.begin_)
{
}

Kept &Kept::operator=(Kept &&other) noexcept
{
	std::swap(pid_, other.pid_);
	std::swap(answer_, other.answer_);
	std::swap(begin_, other.begin_);
	return *this;
}

Kept::~Kept()
{
	if (pid_ > 0) {
		kill(pid_, SIGTERM);
		waitpid(pid_, nullptr, 0);
	}
	if (answer_ >= 0)
		close(answer_);
}

void Kept::ask(int signal) const
{
	if (pid_ > 0)
		kill(pid_, signal);
}

std::optional<Result<Ended>> Kept::ended()
{
	Answer said;
	const auto got = read(answer_, &said, sizeof said);
	if (got < 0)
		return std::nullopt;
	int status = 0;
	waitpid(std::exchange(pid_, -1), &status, 0);
	if (got != static_cast<ssize_t>(sizeof said))
		return fail(Exit::environment,
			    fmt::format("hm-steps' process beside it died (status {})", status));
	if (said.code != Exit::ok)
		return fail(said.code, said.why.data());
	return said.ended;
}

std::chrono::milliseconds Kept::elapsed() const
{
	return std::chrono::duration_cast<std::chrono::milliseconds>(
		std::chrono::steady_clock::now() - begin_);
}

} // namespace hm::steps
